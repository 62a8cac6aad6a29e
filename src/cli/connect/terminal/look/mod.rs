//! How a line looks: its rows, colours and symbols, as the terminal, the environment and the user's theme have it.

mod colour;
mod hue;
mod layout;
pub mod rows;
mod symbols;
mod theme;

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use clap::ValueEnum;
use jiff::tz::TimeZone;

pub use self::colour::Depth;
use self::layout::Style;
pub use self::rows::Rows;
pub use self::symbols::Symbols;
pub use self::theme::{Setting, Theme};
use crate::client::{Clock, Head, Line, Place, Progress, Tone, Who};
use crate::protocol::{EVERYONE_NAME, NOTES_NAME};
use crate::text::printable;

/// Whether lines are coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum When {
    /// As the terminal and the environment say.
    #[default]
    Auto,
    /// Also where the output is no terminal.
    Always,
    Never,
}

/// How lines look on one output.
#[derive(Debug, Clone)]
pub struct Look {
    /// None for lines without colours.
    palette: Option<(Theme, Depth)>,
    symbols: Symbols,
    zone: TimeZone,
    /// The day of the last line that had one, on this output.
    day: Arc<Mutex<Option<String>>>,
}

impl Look {
    pub fn new(palette: Option<(Theme, Depth)>, symbols: Symbols, zone: TimeZone) -> Self {
        Self {
            palette,
            symbols,
            zone,
            day: Arc::default(),
        }
    }

    /// What the reader says now, or nothing where a line that was written stays as it is, since it is read aloud.
    pub fn own(&self, now_ms: u64, target: &str, is_here: bool, text: &str) -> Option<Line> {
        if self.symbols.is_read_aloud() {
            return None;
        }
        let clock = Clock {
            now_ms,
            zone: &self.zone,
        };
        let place = match target {
            EVERYONE_NAME => Place::Everyone,
            NOTES_NAME => Place::Notes,
            _ if target.starts_with('#') => Place::Room(printable::line(target).into_owned()),
            _ => Place::Pair(printable::line(target).into_owned()),
        };
        let head = Head {
            time: clock.show(now_ms),
            day: clock.day_of(now_ms),
            place,
            names_place: !is_here,
            who: Some(Who::Own),
            manner: crate::client::Manner::default(),
        };
        Some(Line::said(head, text))
    }

    /// The rows of a line on a terminal, with line breaks between them, below the name of its day if that is another than
    /// the last one's.
    pub fn rows(&self, line: &Line, rows: Rows) -> String {
        let lines = layout::lines(line, self.symbols);
        let shown = rows.of_lines(&lines, |style, text| self.paint(style, text));
        match self.day_rows(line, rows) {
            Some(day) => format!("{day}\n{shown}"),
            None => shown,
        }
    }

    /// The name of the line's day, if that is another than the last one's.
    pub fn day_rows(&self, line: &Line, rows: Rows) -> Option<String> {
        let day = vec![vec![(Style::Day, self.new_day(line)?)]];
        Some(rows.of_lines(&day, |style, text| self.paint(style, text)))
    }

    /// The rows of what the reader said, which has come so far.
    pub fn own_rows(&self, line: &Line, progress: Progress, rows: Rows) -> String {
        let style = match progress {
            Progress::Queued => Style::Remark,
            Progress::Stored => Style::Text(Tone::Event),
            Progress::Received => Style::Text(Tone::Receipt),
            Progress::Failed => Style::Text(Tone::Error),
        };
        let mut lines = layout::lines(line, self.symbols);
        if let Some(first) = lines.first_mut() {
            first.insert(0, (style, self.symbols.progress(progress).to_owned()));
        }
        rows.of_lines(&lines, |style, text| self.paint(style, text))
    }

    /// A line as a script reads it.
    pub fn flat(&self, line: &Line) -> String {
        if self.palette.is_none() {
            return line.to_string();
        }
        let pieces = layout::flat(line).into_iter();
        pieces
            .map(|(style, text)| self.paint(style, &text))
            .collect()
    }

    /// A remark of the program, such as what a draft does.
    pub fn remark(&self, text: &str) -> String {
        self.paint(Style::Text(Tone::Notice), &self.text(text))
    }

    /// A text as this terminal can show it.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.symbols.text(text)
    }

    fn paint(&self, style: Style, text: &str) -> String {
        match &self.palette {
            Some((theme, depth)) => theme.paint(style, text, *depth),
            None => text.to_owned(),
        }
    }

    /// What separates a line from those of another day. The first day is named unless it is today.
    fn new_day(&self, line: &Line) -> Option<String> {
        let day = &line.head.as_ref()?.day;
        let mut shown = self.day.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = match &*shown {
            Some(last) => *last != day.name,
            None => !day.is_today,
        };
        *shown = Some(day.name.clone());
        is_new.then(|| self.symbols.day(&day.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Day;

    fn look() -> Look {
        Look::new(None, Symbols::Unicode, TimeZone::UTC)
    }

    fn rows(look: &Look, line: &Line) -> Vec<String> {
        let rows = look.rows(line, Rows::new(80));
        rows.split('\n').map(str::to_owned).collect()
    }

    fn said(day: &str, is_today: bool) -> Line {
        let day = Day {
            name: day.into(),
            is_today,
        };
        let (place, who) = (Place::Room("#deck".into()), Who::Other("bob".into()));
        let head = Head {
            day,
            ..Head::of_today(place, who, true)
        };
        Line {
            head: Some(head),
            ..Line::of(Tone::Said, "hi")
        }
    }

    #[test]
    fn day_is_named_where_it_changes() {
        let look = look();
        let line = "14:02 #deck bob: hi";
        assert_eq!(rows(&look, &said("Mon 30 Nov", true)), [line]);
        assert_eq!(rows(&look, &said("Mon 30 Nov", true)), [line]);
        // From the history, and then as it comes.
        assert_eq!(
            rows(&look, &said("Sun 29 Nov", false)),
            ["── Sun 29 Nov ──", line]
        );
        assert_eq!(
            rows(&look, &said("Mon 30 Nov", true)),
            ["── Mon 30 Nov ──", line]
        );
        // What has no time belongs to no day.
        let told = Line::of(Tone::Notice, "carol is online");
        assert_eq!(rows(&look, &told), ["● carol is online"]);
        // Midnight.
        assert_eq!(
            rows(&look, &said("Tue 1 Dec", true)),
            ["── Tue 1 Dec ──", line]
        );
    }

    #[test]
    fn first_line_is_set_apart_only_if_it_is_of_an_earlier_day() {
        let seen = rows(&look(), &said("Sun 29 Nov", false));
        assert_eq!(seen[0], "── Sun 29 Nov ──");
    }

    #[test]
    fn what_the_reader_says_is_a_line_with_its_time() {
        let own = |target, is_here, text| look().own(50_400_000, target, is_here, text).unwrap();
        assert_eq!(
            rows(&look(), &own("#deck", true, "a\n b")),
            ["14:00 (you): a", "       b"]
        );
        let private = rows(&look(), &own("bob\u{1b}[2J", false, "hi"));
        assert_eq!(private, ["14:00 ✉ (you) to bob: hi"]);
        assert_eq!(
            rows(&look(), &own("everyone", false, "hi")),
            ["14:00 (you) to everyone: hi"]
        );
        let aloud = Look::new(None, Symbols::Words, TimeZone::UTC);
        assert_eq!(aloud.own(0, "bob", true, "hi"), None);
    }

    #[test]
    fn script_reads_the_same_with_colours_but_for_the_colours() {
        let theme = Theme::default();
        let coloured = Look::new(
            Some((theme, Depth::Sixteen)),
            Symbols::Unicode,
            TimeZone::UTC,
        );
        let mut line = said("Sun 29 Nov", false);
        line.text = "one\n\ttwo".into();
        line.note = Some("(again)".into());
        let text = coloured.flat(&line);
        assert!(text.contains('\u{1b}'));
        let plain = text
            .split('\u{1b}')
            .map(|piece| match piece.strip_prefix('[') {
                Some(rest) => rest.split_once('m').expect("every sequence ends").1,
                None => piece,
            });
        assert_eq!(plain.collect::<String>(), line.to_string());
    }
}
