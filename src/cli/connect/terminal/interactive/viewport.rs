//! A draft that is taller than the screen, drawn as the part of it around the cursor.
//!
//! The editor draws a draft whole. Before it draws it again, it moves up by as many rows as were drawn, and clears them;
//! but what has scrolled out of the screen cannot be cleared, so that each key and each line printed above left another
//! copy of the draft's beginning behind. A terminal does not move the cursor beyond its edge (CUU and CUD, ECMA-48), so
//! that a drawing of exactly as many rows as the screen has is cleared whole, however far the editor moves. It ends with
//! the draft, if the cursor is within that; otherwise it begins with the cursor's row, to which the editor then moves.

use std::ops::Range;

use rustyline::GraphemeClusterMode;
use unicode_segmentation::UnicodeSegmentation as _;

/// The distance of tab stops, as the editor counts.
const TAB_COLUMNS: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    pub rows: usize,
    pub columns: usize,
}

/// What the editor draws, one behind the other.
#[derive(Debug, Clone, Copy)]
pub struct Drawing<'a> {
    pub prompt: &'a str,
    pub line: &'a str,
    /// In bytes of the line.
    pub cursor: usize,
    /// Below the line.
    pub notice: &'a str,
}

/// What is drawn of it instead.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct View {
    pub prompt: String,
    pub line: String,
    pub notice: String,
}

/// Nothing if the drawing fits the screen.
pub fn view(drawing: Drawing<'_>, screen: Screen, mode: GraphemeClusterMode) -> Option<View> {
    let walk = |drawn: &mut dyn FnMut(usize, Glyph<'_>)| drawing.walk(screen.columns, mode, drawn);
    let (cursor, end) = walk(&mut |_, _| ());
    if end.row < screen.rows {
        return None;
    }
    let shown = shown(cursor, &end, drawing, screen.rows);
    let mut parts = [String::new(), String::new(), String::new()];
    walk(&mut |part, glyph| glyph.draw(&shown, &mut parts[part]));
    let [prompt, line, notice] = parts;
    Some(View {
        prompt,
        line,
        notice,
    })
}

/// How many rows the editor believes to draw.
pub fn rows(drawing: Drawing<'_>, columns: usize, mode: GraphemeClusterMode) -> usize {
    let (_, end) = drawing.walk(columns, mode, &mut |_, _| ());
    end.row + 1
}

impl Drawing<'_> {
    /// Passes each glyph on with the number of its part. Returns the cursor's row, and the place after the last glyph.
    fn walk(
        self,
        columns: usize,
        mode: GraphemeClusterMode,
        drawn: &mut dyn FnMut(usize, Glyph<'_>),
    ) -> (usize, Place) {
        let mut place = Place::new(columns.max(1), mode);
        place.walk(self.prompt, &mut |glyph| drawn(0, glyph));
        let (before, behind) = self
            .line
            .split_at_checked(self.cursor)
            .unwrap_or((self.line, ""));
        place.walk(before, &mut |glyph| drawn(1, glyph));
        let cursor = place.row;
        place.walk(behind, &mut |glyph| drawn(1, glyph));
        place.walk(self.notice, &mut |glyph| drawn(2, glyph));
        (cursor, place)
    }
}

/// The rows that are drawn.
fn shown(cursor: usize, end: &Place, drawing: Drawing<'_>, rows: usize) -> Range<usize> {
    if end.row - cursor < rows {
        return end.row + 1 - rows..end.row + 1;
    }
    // Behind a last row that is full the editor begins another one, whatever is drawn before it.
    let last = if drawing.notice.is_empty() {
        drawing.line
    } else {
        drawing.notice
    };
    let begins_row = end.column == 0 && !last.ends_with('\n');
    cursor..cursor + rows - usize::from(begins_row)
}

/// A character on its way to the screen, and the rows where it begins and ends.
struct Glyph<'a> {
    text: &'a str,
    from: usize,
    to: usize,
    /// Of a tab, the blanks at the end of one row and at the beginning of the next.
    blanks: usize,
}

impl Glyph<'_> {
    fn draw(&self, shown: &Range<usize>, drawn: &mut String) {
        match self.text {
            "\n" if shown.contains(&self.from) && shown.contains(&self.to) => drawn.push('\n'),
            "\n" => {}
            _ if !shown.contains(&self.to) => {}
            "\t" => drawn.extend(std::iter::repeat_n(' ', self.blanks)),
            text => drawn.push_str(text),
        }
    }
}

/// Where the editor believes itself to be: it counts like this, part by part.
struct Place {
    columns: usize,
    mode: GraphemeClusterMode,
    row: usize,
    column: usize,
}

impl Place {
    const fn new(columns: usize, mode: GraphemeClusterMode) -> Self {
        Self {
            columns,
            mode,
            row: 0,
            column: 0,
        }
    }

    fn walk(&mut self, part: &str, drawn: &mut dyn FnMut(Glyph<'_>)) {
        for text in part.graphemes(true) {
            let from = self.row;
            let mut blanks = 0;
            if text == "\n" {
                self.row += 1;
                self.column = 0;
            } else {
                let width = if text == "\t" {
                    TAB_COLUMNS - self.column % TAB_COLUMNS
                } else {
                    usize::from(self.mode.width(text))
                };
                blanks = width;
                self.column += width;
                if self.column > self.columns {
                    self.row += 1;
                    self.column = width;
                }
            }
            let to = self.row;
            drawn(Glyph {
                text,
                from,
                to,
                blanks,
            });
        }
        if self.column == self.columns {
            self.column = 0;
            self.row += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MODE: GraphemeClusterMode = GraphemeClusterMode::WcWidth;
    const SCREEN: Screen = Screen {
        rows: 4,
        columns: 10,
    };

    fn drawing<'a>(line: &'a str, cursor: usize, notice: &'a str) -> Drawing<'a> {
        let prompt = "> ";
        Drawing {
            prompt,
            line,
            cursor,
            notice,
        }
    }

    fn seen(line: &str, cursor: usize, notice: &str) -> Option<(String, String, String)> {
        let view = view(drawing(line, cursor, notice), SCREEN, MODE)?;
        Some((view.prompt, view.line, view.notice))
    }

    #[test]
    fn draft_that_fits_is_left_to_the_editor() {
        assert_eq!(seen("", 0, ""), None);
        assert_eq!(seen("a\nb\nc\nd", 7, ""), None);
        assert_eq!(seen("a\nb\nc", 5, "\n[notice]"), None);
    }

    #[test]
    fn tall_draft_ends_at_the_bottom_of_the_screen_while_the_cursor_is_there() {
        let text = |line: &str, notice: &str| Some((String::new(), line.into(), notice.into()));
        let draft = "one\ntwo\nthree\nfour\nfive\nsix";
        assert_eq!(
            seen(draft, draft.len(), "\n[notice]"),
            text("four\nfive\nsix", "\n[notice]")
        );
        assert_eq!(
            seen(draft, draft.len(), ""),
            text("three\nfour\nfive\nsix", "")
        );
        assert_eq!(seen(draft, 8, ""), text("three\nfour\nfive\nsix", ""));
        // A line that the terminal wraps.
        let draft = "12345678abcdefghij".to_owned() + &"x".repeat(30);
        assert_eq!(seen(&draft, draft.len(), ""), text(&"x".repeat(30), ""));
    }

    #[test]
    fn tall_draft_is_drawn_from_the_cursor_on_where_that_is_above() {
        let draft = "one\ntwo\nthree\nfour\nfive\nsix";
        assert_eq!(
            seen(draft, 0, "\n[notice]"),
            Some(("> ".into(), "one\ntwo\nthree\nfour".into(), String::new()))
        );
        assert_eq!(
            seen(draft, 4, "\n[notice]"),
            Some((
                String::new(),
                "two\nthree\nfour\nfive".into(),
                String::new()
            ))
        );
    }

    #[test]
    fn tab_is_drawn_as_the_blanks_that_were_counted() {
        let draft = "one\ntwo\nthree\nfour\n\tfive";
        let (_, line, _) = seen(draft, draft.len(), "").unwrap();
        // Behind the tab two columns are left, and the rest is in the next row.
        assert_eq!(line, "three\nfour\n        five");
    }

    proptest! {
        /// More rows would scroll, and a copy would stay behind.
        #[test]
        fn drawing_has_as_many_rows_as_the_screen(
            line in "[a-z\t\n世 ]{0,120}",
            at in 0_usize..120,
            has_notice: bool,
        ) {
            let cursor = line.floor_char_boundary(at.min(line.len()));
            let notice = if has_notice { "\n[notice]" } else { "" };
            let drawing = drawing(&line, cursor, notice);
            let view = view(drawing, SCREEN, MODE);
            prop_assume!(view.is_some());
            let view = view.expect("there is one");
            let mut place = Place::new(SCREEN.columns, MODE);
            place.walk(&(view.prompt + &view.line + &view.notice), &mut |_| ());
            prop_assert!(place.row <= SCREEN.rows, "{}", place.row);
        }
    }
}
