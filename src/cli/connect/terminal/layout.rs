//! A line as pieces that are painted apart, and the rows that they make.

use super::rows::{self, Rows};
use super::style::{Style, mark, paint};
use crate::client::Line;

/// The rows of a line, with line breaks between them.
pub fn rows(line: &Line, rows: Rows, in_colour: bool) -> String {
    rows.of_lines(&lines(line), |style, text| paint(style, text, in_colour))
}

/// The lines that a line has, each in its pieces.
fn lines(line: &Line) -> Vec<Vec<(Style, String)>> {
    let body = Style::Body(line.tone);
    let mut first: Vec<(Style, String)> = Vec::new();
    if let Some(mark) = mark(line.tone, &line.text) {
        first.push((body, format!("{mark} ")));
    }
    if let Some(head) = &line.head {
        let parts = head.parts().into_iter();
        first.extend(parts.map(|(part, text)| (Style::Head(part), text.to_owned())));
    }
    let mut lines = Vec::new();
    for (number, text) in line.text.split('\n').enumerate() {
        let piece = (body, rows::without_tabs(text).into_owned());
        if number == 0 {
            first.push(piece);
            lines.push(std::mem::take(&mut first));
        } else {
            lines.push(vec![piece]);
        }
    }
    if let (Some(note), Some(last)) = (&line.note, lines.last_mut()) {
        last.push((Style::Note, format!("  {note}")));
    }
    lines
}
