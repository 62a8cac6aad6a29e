//! The prompt's row: who and where the user is, and at its right edge what else they should know.
//!
//! The editor reckons with the width that the prompt had when its line was begun. So what stands before the line keeps that
//! width until Enter, and what changes most stands at the right edge, where the editor does not know of it.

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// Where a line begins.
const SIGN: &str = "> ";

/// The column after the status, in a terminal that is wider. Chosen: as the rows of lines, so that it stays in sight.
const EDGE_COLUMN: usize = 100;

/// The blanks that are left between the line and the status at least.
const GAP_COLUMNS: usize = 2;

/// What a prompt says of a place, such as `erin #bridge> `.
pub fn prompt(place: &str) -> String {
    format!("{place}{SIGN}")
}

/// The same as wide as another prompt, which may say less.
pub fn fitted(place: &str, begun: &str) -> String {
    let columns = begun.width().saturating_sub(SIGN.width());
    let mut shown = String::new();
    for cluster in place.graphemes(true) {
        if shown.width() + cluster.width() > columns {
            break;
        }
        shown.push_str(cluster);
    }
    let blanks = " ".repeat(columns - shown.width());
    format!("{shown}{blanks}{SIGN}")
}

/// The row in which a line begins.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    pub prompt: &'a str,
    pub line: &'a str,
    pub columns: usize,
}

impl Row<'_> {
    /// What moves the cursor from the left edge to where this stands; nothing if there is no room, or nothing to be said.
    pub fn before(self, state: &str) -> Option<String> {
        if state.is_empty() {
            return None;
        }
        // The last column stays free: there some terminals go on by themselves.
        let edge = self.columns.saturating_sub(1).min(EDGE_COLUMN);
        let start = edge.checked_sub(state.width())?;
        let (line, _) = self.line.split_once('\n').unwrap_or((self.line, ""));
        // As wide as any terminal draws it.
        let each: usize = line.chars().map(width).sum();
        let used = self.prompt.width() + each.max(line.width());
        (used + GAP_COLUMNS <= start).then(|| format!("\x1b[{}G", start + 1))
    }
}

/// A tab is drawn as at most eight blanks.
fn width(character: char) -> usize {
    match character {
        '\t' => 8,
        other => unicode_width::UnicodeWidthChar::width(other).map_or(0, |width| width.max(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompt_keeps_its_width_while_a_line_is_typed() {
        for (place, begun, shown) in [
            ("erin #deck", "erin #deck> ", "erin #deck> "),
            ("erin", "erin #deck> ", "erin      > "),
            ("", "erin> ", "    > "),
            ("erin #deck", "erin> ", "erin> "),
            ("世界", "世> ", "世> "),
            ("世", "abc> ", "世 > "),
        ] {
            assert_eq!(fitted(place, begun), shown);
        }
    }

    #[test]
    fn status_stands_at_the_right_edge_while_the_line_leaves_room() {
        fn before(line: &str, columns: usize) -> Option<String> {
            let row = Row {
                prompt: "erin> ",
                line,
                columns,
            };
            row.before("(2)")
        }
        assert_eq!(before("", 80).as_deref(), Some("\x1b[77G"));
        assert_eq!(before("", 200).as_deref(), Some("\x1b[98G"));
        assert_eq!(before(&"x".repeat(68), 80).as_deref(), Some("\x1b[77G"));
        assert_eq!(before(&"x".repeat(69), 80), None);
        assert_eq!(
            before("a\nlonger than the first", 24).as_deref(),
            Some("\x1b[21G")
        );
        assert_eq!(before("", 4), None);
        let row = Row {
            prompt: "> ",
            line: "",
            columns: 80,
        };
        assert_eq!(row.before(""), None);
    }
}
