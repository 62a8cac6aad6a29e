//! Messages that were sent while the user was away: gathered until complete, then shown under one line that counts them. If
//! they are too many, or too slow, they are shown as they come, and the count stands below them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::client::effects::Effects;
use crate::client::env::Tone;
use crate::client::line::Line;
use crate::client::ui::render;
use crate::protocol::{ConversationId, EntryId};

/// The wait for the next missing entry. Chosen: a bad path's round trips, and not so long that a user wonders. What comes
/// later is shown as it comes.
const WAIT: Duration = Duration::from_secs(2);

/// The wait for the next missing entry before those that came are counted. Chosen: longer than a client takes to notice that
/// its link is lost, and to connect again.
const COUNT_WAIT: Duration = Duration::from_mins(1);

/// Maximum lines that are gathered. At the limit they are shown, and what follows is shown as it comes.
const LINES_MAX: usize = 500;

/// The gathering of one sign-in.
#[derive(Debug)]
pub(crate) struct Backlog {
    missing: BTreeMap<ConversationId, EntryId>,
    counts: BTreeMap<String, usize>,
    /// With the time by which they are sorted.
    lines: Vec<(u64, Line)>,
    /// The time of each conversation's last line.
    times: BTreeMap<ConversationId, u64>,
    /// Whether lines were shown without their count.
    has_begun: bool,
    last_old_at: Instant,
}

/// A line among those that were missed.
#[derive(Debug)]
pub(crate) struct MissedLine {
    pub(crate) conversation: ConversationId,
    /// When it was sent; 0 for the program's own.
    pub(crate) time_ms: u64,
    pub(crate) line: Line,
    /// Whether it was there when the session began.
    pub(crate) is_old: bool,
}

impl Backlog {
    /// Waits for these entries, the last of each conversation when the session began. What an earlier session has left is
    /// counted with them.
    pub(crate) fn new(
        now: Instant,
        missing: BTreeMap<ConversationId, EntryId>,
        earlier: Option<Self>,
    ) -> Self {
        let earlier = earlier.unwrap_or(Self {
            missing: BTreeMap::new(),
            counts: BTreeMap::new(),
            lines: Vec::new(),
            times: BTreeMap::new(),
            has_begun: false,
            last_old_at: now,
        });
        Self {
            missing,
            last_old_at: now,
            ..earlier
        }
    }

    /// Adds a line; `counted` is the name under which it counts, if others sent it before the sign-in.
    pub(crate) fn add(&mut self, now: Instant, line: MissedLine, counted: Option<&str>) {
        if let Some(name) = counted {
            *self.counts.entry(name.to_owned()).or_default() += 1;
        }
        if line.is_old {
            self.last_old_at = now;
        }
        // A conversation's order is that of its entries, also where the server's clock was set back.
        let time_ms = self.times.entry(line.conversation).or_default();
        *time_ms = line.time_ms.max(*time_ms);
        self.lines.push((*time_ms, line.line));
    }

    /// Whether an entry was there when the session began.
    pub(crate) fn is_old(&self, conversation: ConversationId, entry: EntryId) -> bool {
        self.missing
            .get(&conversation)
            .is_some_and(|head| entry <= *head)
    }

    /// The device now stands here.
    pub(crate) fn reached(&mut self, conversation: ConversationId, position: EntryId) {
        if self
            .missing
            .get(&conversation)
            .is_some_and(|head| *head <= position)
        {
            self.missing.remove(&conversation);
        }
    }

    /// Whether lines wait to be shown.
    pub(crate) const fn holds_lines(&self) -> bool {
        !self.lines.is_empty()
    }

    /// Whether missing entries may still come, so that a script's end waits for them.
    pub(crate) fn is_awaited(&self, now: Instant) -> bool {
        self.holds_lines() || now < self.last_old_at + WAIT
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.last_old_at + if self.has_begun { COUNT_WAIT } else { WAIT }
    }

    /// Shows what is due; `true` once all is shown and counted.
    pub(crate) fn show(&mut self, now: Instant, effects: &mut Effects) -> bool {
        if self.missing.is_empty() || now >= self.last_old_at + COUNT_WAIT {
            let total = (!self.counts.is_empty()).then(|| render::away(&self.counts));
            let (above, below) = if self.has_begun {
                (None, total)
            } else {
                (total, None)
            };
            if let Some(total) = above {
                effects.show(Tone::Notice, total);
            }
            self.show_lines(effects);
            if let Some(total) = below {
                effects.show(Tone::Notice, total);
            }
            return true;
        }
        let is_late = now >= self.last_old_at + WAIT;
        if is_late || self.lines.len() >= LINES_MAX {
            if !self.has_begun && !self.counts.is_empty() {
                effects.show(Tone::Notice, render::AWAY_UNCOUNTED);
            }
            self.has_begun = true;
        }
        if self.has_begun {
            self.show_lines(effects);
        }
        false
    }

    fn show_lines(&mut self, effects: &mut Effects) {
        // The server sends one conversation after the other. What was sent at the same time stays as it came.
        self.lines.sort_by_key(|(time_ms, ..)| *time_ms);
        for (_, line) in self.lines.drain(..) {
            effects.show_line(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::testing::{Screen, instant};

    const BOB: ConversationId = ConversationId(7);
    const DECK: ConversationId = ConversationId(8);

    fn lines(effects: &mut Effects) -> Vec<String> {
        let screen = Screen::plain();
        effects.flush_lines(&mut *screen.console());
        screen.lines()
    }

    fn gather(now: Instant, missing: &[(ConversationId, u64)]) -> Backlog {
        let missing = missing.iter().map(|(id, head)| (*id, EntryId(*head)));
        Backlog::new(now, missing.collect(), None)
    }

    /// A line of bob's.
    fn said(time_ms: u64, text: &str) -> MissedLine {
        MissedLine {
            conversation: BOB,
            time_ms,
            line: Line::of(Tone::Said, text),
            is_old: true,
        }
    }

    #[test]
    fn lines_wait_for_the_last_one_and_stand_under_their_count() {
        let now = instant();
        let mut effects = Effects::default();
        let mut backlog = gather(now, &[(BOB, 5)]);
        backlog.add(now, said(1, "one"), Some("bob"));
        backlog.reached(BOB, EntryId(4));
        assert!(!backlog.show(now, &mut effects));
        assert!(!effects.has_lines());
        backlog.add(now, said(2, "two"), Some("bob"));
        backlog.reached(BOB, EntryId(5));
        assert!(backlog.show(now, &mut effects));
        assert_eq!(
            lines(&mut effects),
            ["2 messages while you were away: bob 2", "one", "two"]
        );
    }

    #[test]
    fn lines_of_several_conversations_stand_in_the_order_in_which_they_were_said() {
        // A question in a room stood behind the answer to it in another conversation.
        let now = instant();
        let mut effects = Effects::default();
        let mut backlog = gather(now, &[]);
        for (conversation, time_ms, text) in [
            (BOB, 1, "one"),
            (BOB, 4, "four"),
            (BOB, 4, "four too"),
            (DECK, 2, "two"),
            (DECK, 3, "three"),
        ] {
            let line = MissedLine {
                conversation,
                ..said(time_ms, text)
            };
            backlog.add(now, line, None);
        }
        assert!(backlog.show(now, &mut effects));
        assert_eq!(
            lines(&mut effects),
            ["one", "two", "three", "four", "four too"]
        );
    }

    #[test]
    fn clock_that_was_set_back_changes_no_order_within_a_conversation() {
        let now = instant();
        let mut effects = Effects::default();
        let mut backlog = gather(now, &[]);
        for (time_ms, text) in [(1, "one"), (900, "ten years ahead"), (2, "two")] {
            backlog.add(now, said(time_ms, text), None);
        }
        let line = MissedLine {
            conversation: DECK,
            ..said(3, "elsewhere")
        };
        backlog.add(now, line, None);
        assert!(backlog.show(now, &mut effects));
        let order = ["one", "elsewhere", "ten years ahead", "two"];
        assert_eq!(lines(&mut effects), order);
    }

    /// Two thousand missed messages were counted in 71 lines, and nowhere together.
    #[test]
    fn many_or_slow_lines_are_shown_as_they_come_and_counted_once_below() {
        let mut now = instant();
        let mut effects = Effects::default();
        let mut backlog = gather(now, &[(BOB, 2_001), (DECK, 1)]);
        for number in 0..2_000 {
            // Each burst comes later than one waits for it.
            if number % 300 == 0 {
                now += WAIT + Duration::from_secs(1);
            }
            backlog.add(now, said(number, "x"), Some("bob"));
            assert!(!backlog.show(now, &mut effects));
        }
        // The link was lost, and came back.
        let missing = BTreeMap::from([(BOB, EntryId(2_001))]);
        let mut backlog = Backlog::new(now, missing, Some(backlog));
        backlog.add(now, said(2_000, "last"), Some("bob"));
        backlog.reached(BOB, EntryId(2_001));
        assert!(backlog.show(now, &mut effects));
        let lines = lines(&mut effects);
        assert_eq!(lines.len(), 2_003);
        assert_eq!(lines[0], render::AWAY_UNCOUNTED);
        assert_eq!(lines[2_001], "last");
        let total = "2001 messages while you were away: bob 2001";
        assert_eq!(lines[2_002], total);
    }

    #[test]
    fn missing_entry_holds_the_others_up_for_two_seconds_and_their_count_for_a_minute() {
        let now = instant();
        let mut effects = Effects::default();
        let mut backlog = gather(now, &[(BOB, 5)]);
        backlog.add(now, said(1, "one"), Some("bob"));
        assert!(!backlog.show(backlog.deadline(), &mut effects));
        assert_eq!(lines(&mut effects), [render::AWAY_UNCOUNTED, "one"]);
        // What is new is not held up, and does not put the end off.
        let new = MissedLine {
            is_old: false,
            ..said(2, "new")
        };
        backlog.add(now + COUNT_WAIT / 2, new, None);
        assert!(!backlog.show(now + COUNT_WAIT / 2, &mut effects));
        assert_eq!(lines(&mut effects), ["new"]);
        assert_eq!(backlog.deadline(), now + COUNT_WAIT);
        assert!(backlog.show(backlog.deadline(), &mut effects));
        let total = "1 message while you were away: bob 1";
        assert_eq!(lines(&mut effects), [total]);
    }

    #[test]
    fn nothing_missed_says_nothing() {
        let mut effects = Effects::default();
        let now = instant();
        assert!(gather(now, &[]).show(now, &mut effects));
        assert!(!effects.has_lines());
    }
}
