//! A line as pieces that are painted apart.

use super::hue;
use super::rows;
use super::symbols::Symbols;
use crate::client::{Head, INDENT, Line, Part, Place, Tone, Who};

/// What a piece of a line is, for its paint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Time,
    /// Somebody else's name, by its hash.
    Name(u16),
    Own,
    Room,
    Private,
    Everyone,
    /// What is said, and what the program sets around names.
    Text(Tone),
    Remark,
    Day,
}

type Pieces = Vec<(Style, String)>;

/// The lines that stand under one another, each in its pieces, for a terminal with these symbols.
pub fn lines(line: &Line, symbols: Symbols) -> Vec<Pieces> {
    let body = Style::Text(line.tone);
    let (mark, text) = symbols.mark(line);
    let mut pieces = vec![(body, mark.to_owned())];
    if let Some(head) = &line.head {
        let parts = parts(head, line.tone);
        pieces.extend(parts.map(|(style, text)| (style, symbols.text(text).into_owned())));
        // Behind the time and its blank.
        let private = symbols.private(&head.place, head.who.as_ref());
        pieces.insert(3, (Style::Private, private.to_owned()));
    }
    let mut lines = Vec::new();
    for text in text.split('\n') {
        let text = symbols.text(text);
        pieces.push((body, rows::without_tabs(&text).into_owned()));
        lines.push(joined(std::mem::take(&mut pieces)));
    }
    if let (Some(note), Some(last)) = (&line.note, lines.last_mut()) {
        last.push((Style::Remark, format!("  {}", symbols.text(note))));
    }
    lines
}

/// Pieces of which no two neighbours are painted alike.
fn joined(pieces: Pieces) -> Pieces {
    let mut joined = Pieces::new();
    for (style, text) in pieces {
        match joined.last_mut() {
            _ if text.is_empty() => {}
            Some((last, before)) if *last == style => before.push_str(&text),
            _ => joined.push((style, text)),
        }
    }
    joined
}

/// What a script reads, in the same pieces.
pub fn flat(line: &Line) -> Pieces {
    let body = Style::Text(line.tone);
    let mut pieces = Vec::new();
    if let Some(head) = &line.head {
        pieces.extend(parts(head, line.tone).map(|(style, text)| (style, text.to_owned())));
    }
    for (number, text) in line.text.split('\n').enumerate() {
        if number > 0 {
            pieces.push((body, format!("\n{INDENT}")));
        }
        pieces.push((body, text.to_owned()));
    }
    if let Some(note) = &line.note {
        pieces.push((Style::Remark, format!("  {note}")));
    }
    pieces
}

/// The beginning of a line.
fn parts(head: &Head, tone: Tone) -> impl Iterator<Item = (Style, &str)> {
    let place = match &head.place {
        Place::Pair(_) | Place::Notes => Style::Private,
        Place::Room(_) => Style::Room,
        Place::Everyone => Style::Everyone,
    };
    let who = match &head.who {
        Some(Who::Other(name)) => Style::Name(hue::hash(name)),
        Some(Who::Own) | None => Style::Own,
    };
    head.parts().into_iter().map(move |(part, text)| {
        let style = match part {
            Part::Time => Style::Time,
            Part::Place => place,
            Part::Who => who,
            Part::Word => Style::Text(tone),
        };
        (style, text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(place: Place, who: Who, names_place: bool, symbols: Symbols) -> Pieces {
        let line = Line {
            head: Some(Head::of_today(place, who, names_place)),
            ..Line::of(Tone::Said, "hi")
        };
        let flat: String = flat(&line).into_iter().map(|(_, text)| text).collect();
        assert_eq!(flat, line.to_string());
        lines(&line, symbols).concat()
    }

    fn text(pieces: &Pieces) -> String {
        pieces.iter().map(|(_, text)| text.as_str()).collect()
    }

    #[test]
    fn private_lines_and_rooms_are_told_apart_without_colours() {
        let bob = || Who::Other("bob".into());
        let pair = || Place::Pair("bob".into());
        for (symbols, line) in [
            (Symbols::Unicode, "14:02 ✉ bob: hi"),
            (Symbols::Ascii, "14:02 [private] bob: hi"),
            (Symbols::Words, "14:02 private: bob: hi"),
        ] {
            assert_eq!(text(&shown(pair(), bob(), false, symbols)), line);
        }
        let room = Place::Room("#deck".into());
        let room = shown(room, bob(), true, Symbols::Unicode);
        assert_eq!(text(&room), "14:02 #deck bob: hi");
        assert!(room.contains(&(Style::Room, "#deck".to_owned())));
    }

    #[test]
    fn own_lines_have_a_paint_that_no_name_has() {
        let own = shown(Place::Pair("bob".into()), Who::Own, true, Symbols::Unicode);
        assert_eq!(text(&own), "14:02 ✉ (you) to bob: hi");
        assert!(own.contains(&(Style::Own, "(you)".to_owned())));
        let imitated = Who::Other("you".into());
        let other = shown(Place::Everyone, imitated, true, Symbols::Unicode);
        assert!(other.contains(&(Style::Name(hue::hash("you")), "you".to_owned())));
    }
}
