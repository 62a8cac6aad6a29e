//! What is printed above the line that is edited, and changed there in place.
//!
//! Only the editor's own thread knows where its line stands. So what is to be printed waits here until the editor draws next,
//! which it is nudged to do, and is written at the beginning of that drawing: then the cursor stands where the drawing
//! begins, directly below what was printed last. That can be written again as long as nothing else has come
//! between, and all of it is still on the screen. Whatever is not certain of it makes a line of its own.

use std::collections::VecDeque;
use std::fmt::Write as _;

use super::viewport;
use crate::client::Line;

/// Up one row and down again, since the editor prints only lines. In the first row it goes down one; see [`Above::take`].
pub const NUDGE: &str = "\x1b[A\n";

/// To the first row.
const HOME: &str = "\x1b[H";

/// From the cursor on nothing is left.
pub const ERASE_BELOW: &str = "\r\x1b[J";

/// What was printed, by the name under which it is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Printed {
    /// What the user said, by the number of the question that it answered.
    Own(u64),
    /// A line of the client, by its number.
    Line(u64),
    /// What nobody changes.
    Other,
}

/// Rows that stand directly above the line that is edited.
#[derive(Debug, Clone)]
pub struct Block {
    pub printed: Printed,
    pub rows: usize,
    /// The size of the terminal at that time.
    pub size: Option<viewport::Screen>,
    /// What the user said, to be laid out again.
    pub own: Option<Line>,
}

/// Rows that are to be printed.
#[derive(Debug)]
pub struct Laid {
    /// With line breaks between them.
    pub text: String,
    pub block: Block,
}

#[derive(Debug)]
pub struct Job {
    /// What is printed in the place of what, if that is still the last.
    pub instead: Option<(Printed, Laid)>,
    /// What is printed otherwise, if anything.
    pub line: Option<Laid>,
}

impl Job {
    pub const fn line(line: Laid) -> Self {
        Self {
            instead: None,
            line: Some(line),
        }
    }
}

/// How the line is drawn that stands below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Below {
    /// The most rows that were drawn of it since the last block was printed.
    pub most_rows: usize,
    /// Whether every terminal draws it in as many rows.
    pub is_certain: bool,
    /// Whether its drawing is as tall as the screen, and so begins in its first row.
    pub is_tall: bool,
}

impl Below {
    /// No line is edited.
    pub const NOTHING: Self = Self {
        most_rows: 0,
        is_certain: true,
        is_tall: false,
    };
}

#[derive(Debug, Default)]
pub struct Above {
    jobs: VecDeque<Job>,
    /// What calls the user to what is printed.
    rings: String,
    last: Option<Block>,
    /// Whether the screen was cleared, and nothing printed since.
    is_cleared: bool,
}

impl Above {
    pub fn push(&mut self, job: Job) {
        self.jobs.push_back(job);
    }

    /// Calls the user, once what waits is printed.
    pub fn ring(&mut self, sequence: &str) {
        // One call is as good as many.
        if self.rings.is_empty() {
            self.rings.push_str(sequence);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// Something else stands above the line now, or may.
    pub fn forget_last(&mut self) {
        self.last = None;
    }

    /// The screen is cleared, so that the line stands in its first row.
    pub fn clear(&mut self) {
        self.last = None;
        self.is_cleared = true;
    }

    /// What the user said stands in the place of the draft, or a line that nobody changes.
    pub fn entered(&mut self, block: Option<Block>) {
        self.last = block;
        self.is_cleared = false;
    }

    /// The line that the user has typed last, if it is still the last.
    pub fn own(&self, number: u64) -> Option<&Line> {
        let last = self.last.as_ref()?;
        last.own
            .as_ref()
            .filter(|_| last.printed == Printed::Own(number))
    }

    /// What is to be written where the drawing begins, and whether anything was printed.
    pub fn take(&mut self, below: Below, size: Option<viewport::Screen>) -> (String, bool) {
        let mut written = String::new();
        if below.is_tall || self.is_cleared {
            // The nudge has moved the cursor down.
            written.push_str(HOME);
        }
        let mut below = below;
        let mut has_printed = false;
        while let Some(job) = self.jobs.pop_front() {
            let instead = job.instead.and_then(|(of, laid)| {
                let up = self.rows_up(of, below, size)?;
                // Writing to a String cannot fail.
                let _ = write!(written, "\x1b[{up}A{ERASE_BELOW}");
                Some(laid)
            });
            let Some(laid) = instead.or(job.line) else {
                continue;
            };
            written.push_str(&laid.text);
            written.push_str("\r\n");
            self.last = Some(laid.block);
            self.is_cleared = false;
            has_printed = true;
            // What is drawn below from here on.
            below = Below::NOTHING;
        }
        written.push_str(&std::mem::take(&mut self.rings));
        (written, has_printed)
    }

    /// How far up this begins, if it is the last and all of it is on the screen.
    fn rows_up(
        &self,
        printed: Printed,
        below: Below,
        size: Option<viewport::Screen>,
    ) -> Option<usize> {
        let last = self.last.as_ref().filter(|last| last.printed == printed)?;
        let size = size.filter(|size| Some(*size) == last.size)?;
        let is_on_screen = last.rows + below.most_rows <= size.rows;
        (is_on_screen && below.is_certain && !below.is_tall && printed != Printed::Other)
            .then_some(last.rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Option<viewport::Screen> = Some(viewport::Screen {
        rows: 24,
        columns: 80,
    });

    fn below(most_rows: usize) -> Below {
        Below {
            most_rows,
            ..Below::NOTHING
        }
    }

    fn laid(text: &str, printed: Printed) -> Laid {
        Laid {
            text: text.into(),
            block: Block {
                printed,
                rows: text.matches('\n').count() + 1,
                size: SIZE,
                own: None,
            },
        }
    }

    fn job(text: &str, printed: Printed, of: Option<Printed>) -> Job {
        Job {
            instead: of.map(|of| (of, laid(&format!("{text} instead"), printed))),
            line: Some(laid(text, printed)),
        }
    }

    fn taken(above: &mut Above, below: Below, job: Job) -> String {
        above.push(job);
        above.take(below, SIZE).0
    }

    #[test]
    fn last_line_is_written_again_in_its_place() {
        let mut above = Above::default();
        let one = Printed::Line(1);
        assert_eq!(
            taken(&mut above, below(1), job("a\nb", one, None)),
            "a\nb\r\n"
        );
        let two = Printed::Line(2);
        let changed = taken(&mut above, below(3), job("c", two, Some(one)));
        assert_eq!(changed, "\x1b[2A\r\x1b[Jc instead\r\n");
        // It is another one now.
        assert_eq!(
            taken(&mut above, below(1), job("d", one, Some(one))),
            "d\r\n"
        );
    }

    #[test]
    fn line_that_is_not_the_last_stays_and_another_one_follows() {
        for come_between in [
            |above: &mut Above| above.forget_last(),
            |above: &mut Above| above.entered(None),
            |above: &mut Above| drop(taken(above, below(1), job("x", Printed::Other, None))),
        ] {
            let mut above = Above::default();
            let one = Printed::Line(1);
            taken(&mut above, below(1), job("a", one, None));
            come_between(&mut above);
            let two = Printed::Line(2);
            assert_eq!(
                taken(&mut above, below(1), job("b", two, Some(one))),
                "b\r\n"
            );
        }
    }

    #[test]
    fn what_may_have_left_the_screen_or_been_wrapped_again_is_not_written_over() {
        let one = Printed::Line(1);
        let narrower = viewport::Screen {
            rows: 24,
            columns: 60,
        };
        let uncertain = Below {
            is_certain: false,
            ..below(1)
        };
        let tall = Below {
            is_tall: true,
            ..below(24)
        };
        for (below, size, is_changed) in [
            (below(22), SIZE, true),
            (below(23), SIZE, false),
            (uncertain, SIZE, false),
            (tall, SIZE, false),
            (below(1), Some(narrower), false),
            (below(1), None, false),
        ] {
            let mut above = Above::default();
            taken(&mut above, Below::NOTHING, job("a\nb", one, None));
            above.push(job("c", Printed::Line(2), Some(one)));
            let (written, _) = above.take(below, size);
            assert_eq!(written.contains("\x1b[2A"), is_changed, "{below:?}");
            let shown = if is_changed { "c instead\r\n" } else { "c\r\n" };
            assert!(written.ends_with(shown));
        }
    }

    #[test]
    fn change_of_what_is_not_the_last_is_left_out() {
        let mut above = Above::default();
        let own = Printed::Own(1);
        let change = || Job {
            line: None,
            ..job("✓ hi", own, Some(own))
        };
        assert_eq!(taken(&mut above, below(1), change()), "");
        above.entered(Some(laid("hi", own).block));
        let changed = taken(&mut above, below(1), change());
        assert_eq!(changed, "\x1b[1A\r\x1b[J✓ hi instead\r\n");
    }

    #[test]
    fn call_comes_behind_the_line_that_it_is_for() {
        let mut above = Above::default();
        above.push(job("a", Printed::Other, None));
        above.ring("\x07");
        above.ring("\x07");
        assert_eq!(above.take(below(1), SIZE).0, "a\r\n\x07");
        assert_eq!(above.take(below(1), SIZE).0, "");
    }

    #[test]
    fn first_row_of_a_cleared_screen_stays_the_first() {
        let mut above = Above::default();
        above.clear();
        let first = taken(&mut above, below(1), job("a", Printed::Other, None));
        assert_eq!(first, "\x1b[Ha\r\n");
        let second = taken(&mut above, below(1), job("b", Printed::Other, None));
        assert_eq!(second, "b\r\n");
    }
}
