//! Lines as rows of a terminal: none reaches its edge, and only a line's first row begins at the left.
//!
//! A terminal that wraps a line itself begins the next row at the left, where text would look like a line of its own:
//! padded with blanks, that somebody else has said something, or that a message was received. So lines are wrapped
//! here, and each row but the first is indented. How wide a character is drawn is the terminal's to decide; what it
//! draws wider than is counted here is cut off at the edge and does not go on in the next row ([`Rows::guarded`]).
//!
//! A window that is made narrower wraps again what it shows, as it likes. [`ROW_MAX_COLUMNS`] keeps that from happening
//! down to that width; below, what was printed before can no longer be relied on.

use std::borrow::Cow;
use std::ops::Range;

use terminal_size::{Width, terminal_size_of};
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The longest row, in columns, however wide the terminal is. Chosen: as the help; longer ones are hard to read, and are
/// wrapped again by a window that is made narrower.
const ROW_MAX_COLUMNS: usize = 100;

/// The width of a terminal that does not tell it, in columns.
const DEFAULT_COLUMNS: usize = 80;

/// How far the second row of a line and those after it are indented, in columns. Chosen: the text follows the time.
const INDENT_COLUMNS: usize = 6;

/// The narrowest terminal in which they are indented so far. Chosen: in a narrower one little room would be left.
const WIDE_ENOUGH_COLUMNS: usize = 30;

/// How far apart tabs are set, from the indent on. As terminals have it.
const TAB_COLUMNS: usize = 8;

/// The shortest row, in columns: even the widest cluster goes on in the next one.
const ROW_MIN_COLUMNS: usize = 4;

/// Keeps the terminal from going on in the next row where a row is longer than it is wide (DECAWM), and lets it again.
const WRAP_OFF: &str = "\x1b[?7l";
const WRAP_ON: &str = "\x1b[?7h";

/// How rows are made for a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rows {
    columns: usize,
}

impl Rows {
    /// For a terminal as wide as this one is now.
    pub fn of(terminal: impl std::os::fd::AsFd) -> Self {
        let width = terminal_size_of(terminal).map(|(Width(columns), _)| usize::from(columns));
        Self::new(
            width
                .filter(|columns| *columns > 0)
                .unwrap_or(DEFAULT_COLUMNS),
        )
    }

    pub const fn new(columns: usize) -> Self {
        Self { columns }
    }

    /// How far every row but the first is indented.
    const fn indent(self) -> usize {
        if self.columns >= WIDE_ENOUGH_COLUMNS {
            INDENT_COLUMNS
        } else {
            1
        }
    }

    /// Rows, with line breaks between them, of several lines that stand under one another; only the first row begins at the
    /// left. Each piece of a line is painted alone.
    pub fn of_lines<S: Copy>(
        self,
        lines: &[Vec<(S, String)>],
        paint: impl Fn(S, &str) -> String,
    ) -> String {
        // The last column stays free: there some terminals go on by themselves.
        let most = self
            .columns
            .saturating_sub(1)
            .clamp(ROW_MIN_COLUMNS, ROW_MAX_COLUMNS);
        let mut rows = String::new();
        for (number, pieces) in lines.iter().enumerate() {
            let line: String = pieces.iter().map(|(_, text)| text.as_str()).collect();
            let mut wrapping = Wrapping::new(&line, most, self.indent(), number == 0);
            wrapping.wrap();
            for (row, range) in wrapping.rows.into_iter().enumerate() {
                if number + row > 0 {
                    rows.push('\n');
                }
                let shown = &line[range.clone()];
                if number + row > 0 && !shown.is_empty() {
                    rows.push_str(&" ".repeat(self.indent()));
                }
                let mut start = 0;
                for (style, text) in pieces {
                    let end = start + text.len();
                    let (from, to) = (range.start.max(start), range.end.min(end));
                    if from < to {
                        rows.push_str(&paint(*style, &line[from..to]));
                    }
                    start = end;
                }
            }
        }
        rows
    }

    /// Rows for a terminal that obeys escape sequences: what it draws wider than was counted is cut off.
    pub fn guarded(rows: &str) -> String {
        format!("{WRAP_OFF}{rows}{WRAP_ON}")
    }
}

/// A text with blanks up to the next stop in the place of its tabs, the text being set from its indent on.
pub fn without_tabs(text: &str) -> Cow<'_, str> {
    if !text.contains('\t') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut used = 0;
    for cluster in text.graphemes(true) {
        if cluster == "\t" {
            let blanks = TAB_COLUMNS - used % TAB_COLUMNS;
            plain.push_str(&" ".repeat(blanks));
            used += blanks;
        } else {
            plain.push_str(cluster);
            used += columns(cluster);
        }
    }
    Cow::Owned(plain)
}

/// The most columns that a terminal may draw a cluster with: those that know the sequence, or those that draw each of
/// its characters.
fn columns(cluster: &str) -> usize {
    let each = |character: char| match character {
        // Half a flag; some draw each as a picture.
        '\u{1f1e6}'..='\u{1f1ff}' => 2,
        other => other.width().unwrap_or(0),
    };
    cluster.width().max(cluster.chars().map(each).sum())
}

/// A line on its way into rows, as ranges of its bytes.
struct Wrapping<'l> {
    line: &'l str,
    most: usize,
    indent: usize,
    rows: Vec<Range<usize>>,
    /// Where the row begins.
    start: usize,
    used: usize,
    /// Whether the row holds something but blanks, or is where its author began a line.
    is_begun: bool,
    /// Where the row may be broken, in bytes and in columns.
    may_break: Option<(usize, usize)>,
}

impl<'l> Wrapping<'l> {
    const fn new(line: &'l str, most: usize, indent: usize, is_first: bool) -> Self {
        Self {
            line,
            most,
            indent,
            rows: Vec::new(),
            start: 0,
            used: if is_first { 0 } else { indent },
            is_begun: true,
            may_break: None,
        }
    }

    fn wrap(&mut self) {
        for (at, cluster) in self.line.grapheme_indices(true) {
            if columns(cluster) + self.indent > self.most {
                // No row could hold it, if it is drawn as wide as that: joined pictures without end.
                for (inner, character) in cluster.char_indices() {
                    let length = character.len_utf8();
                    self.push(at + inner, &cluster[inner..inner + length]);
                }
            } else {
                self.push(at, cluster);
            }
        }
        self.end_row(self.line.len());
    }

    fn push(&mut self, at: usize, cluster: &str) {
        let is_blank = cluster.chars().all(char::is_whitespace);
        let columns = columns(cluster);
        if self.used + columns > self.most {
            self.break_row(at, if is_blank { None } else { Some(columns) });
        }
        let end = at + cluster.len();
        if is_blank && !self.is_begun {
            self.start = end;
            return;
        }
        self.is_begun = true;
        // Scripts that are drawn in wide characters are written without blanks.
        let is_wide = columns > 1;
        if is_wide {
            self.may_break = Some((at, self.used));
        }
        self.used += columns;
        if is_blank || is_wide {
            self.may_break = Some((end, self.used));
        }
    }

    /// Begins a row at this byte, with the word that has no room in the one before it, if it has room in this one; what comes
    /// next takes so many columns.
    fn break_row(&mut self, at: usize, next: Option<usize>) {
        let word = next.and_then(|next| {
            let (word, before) = self.may_break?;
            let columns = self.used - before;
            let fits = word > self.start && self.indent + columns + next <= self.most;
            fits.then_some((word, columns))
        });
        let (start, columns) = word.unwrap_or((at, 0));
        self.end_row(start);
        self.start = start;
        self.used = self.indent + columns;
        self.is_begun = columns > 0;
        self.may_break = None;
    }

    fn end_row(&mut self, end: usize) {
        let row = self.line[self.start..end].trim_end();
        // Blanks alone that had no room make no row.
        if !row.is_empty() || self.rows.is_empty() {
            self.rows.push(self.start..self.start + row.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(columns: usize, text: &str) -> Vec<String> {
        let line = |line: &str| vec![((), without_tabs(line).into_owned())];
        let lines: Vec<_> = text.split('\n').map(line).collect();
        let rows = Rows::new(columns).of_lines(&lines, |(), text| text.to_owned());
        rows.split('\n').map(str::to_owned).collect()
    }

    #[test]
    fn line_that_fits_is_one_row() {
        assert_eq!(rows(80, "14:02 bob: hi"), ["14:02 bob: hi"]);
        assert_eq!(rows(14, "14:02 bob: hi"), ["14:02 bob: hi"]);
    }

    /// A text was padded to the terminal's edge, so that its second row read `14:02 alice: I sign the contract`.
    #[test]
    fn text_begins_no_row_at_the_left() {
        let forged = "14:02 alice: I sign the contract";
        for blanks in 0..100 {
            let line = format!("14:01 mallory: hi{}{forged}", " ".repeat(blanks));
            for row in &rows(80, &line)[1..] {
                assert!(row.starts_with("      "), "{blanks}: {row:?}");
            }
            let line = format!("14:01 mallory: {}{forged}", "x".repeat(blanks));
            assert!(
                rows(80, &line)[1..]
                    .iter()
                    .all(|row| row.starts_with("      "))
            );
        }
    }

    #[test]
    fn line_of_a_text_begins_no_row_at_the_left() {
        let text = rows(31, "14:02 bob: see\n\ta\tb\n\n✓ Message received by carol");
        assert_eq!(
            text,
            [
                "14:02 bob: see",
                "              a       b",
                "",
                "      ✓ Message received by",
                "      carol"
            ]
        );
    }

    #[test]
    fn words_stay_whole_where_they_can() {
        assert_eq!(
            rows(31, "14:02 bob: the tea is ready, come to the galley"),
            ["14:02 bob: the tea is ready,", "      come to the galley"]
        );
        assert_eq!(
            rows(31, "14:02 bob: 0123456789012345678901234567890123456789"),
            [
                "14:02 bob:",
                "      012345678901234567890123",
                "      4567890123456789"
            ]
        );
    }

    #[test]
    fn wide_characters_are_broken_between() {
        assert_eq!(
            rows(31, "14:02 bob: 世界世界世界世界世界世界"),
            ["14:02 bob: 世界世界世界世界世", "      界世界"]
        );
    }

    #[test]
    fn cluster_is_counted_as_wide_as_any_terminal_draws_it() {
        for (cluster, width) in [
            ("a", 1),
            ("世", 2),
            ("e\u{301}", 1),
            ("❤\u{fe0f}", 2),
            ("👍🏽", 4),
            ("🇩🇪", 4),
            ("👩\u{200d}👩\u{200d}👧\u{200d}👦", 8),
            ("1\u{fe0f}\u{20e3}", 2),
        ] {
            assert_eq!(columns(cluster), width, "{cluster}");
        }
    }

    #[test]
    fn row_is_no_longer_than_is_wrapped_again_by_a_narrower_window() {
        let line = "word ".repeat(100);
        assert!(
            rows(300, &line)
                .iter()
                .all(|row| row.width() <= ROW_MAX_COLUMNS)
        );
    }

    proptest! {
        #[test]
        fn no_row_reaches_the_edge_and_nothing_but_blanks_is_lost(
            line in "([a-z0-9 :.世界\u{301}👩\u{200d}]|🇩🇪|👍🏽){0,300}",
            columns in 1_usize..140,
        ) {
            let rows = rows(columns, &line);
            for (index, row) in rows.iter().enumerate() {
                let used: usize = row.graphemes(true).map(super::columns).sum();
                prop_assert!(used < columns.max(ROW_MIN_COLUMNS + 1), "{:?}", row);
                prop_assert!(index == 0 || row.starts_with(' '), "{:?}", row);
            }
            let seen = |text: &str| -> String { text.chars().filter(|c| !c.is_whitespace()).collect() };
            prop_assert_eq!(seen(&rows.concat()), seen(&line));
        }
    }
}
