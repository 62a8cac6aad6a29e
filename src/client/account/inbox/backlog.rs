//! Messages that were sent while the user was away: gathered until complete, then shown under one line that counts them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::client::effects::Effects;
use crate::client::env::Tone;
use crate::client::ui::render;
use crate::protocol::{ConversationId, EntryId};

/// How long the next missing entry is waited for. Chosen: a bad path's round trips, and not so long that a user
/// wonders. What comes later is shown as it comes.
const WAIT: Duration = Duration::from_secs(2);

/// How many lines are gathered. At the limit they are shown, and gathering begins again.
const LINES_MAX: usize = 500;

/// The gathering of one sign-in.
#[derive(Debug)]
pub(crate) struct Backlog {
    missing: BTreeMap<ConversationId, EntryId>,
    counts: BTreeMap<String, usize>,
    /// With the time at which each was said.
    lines: Vec<(u64, Tone, String)>,
    due: Instant,
}

impl Backlog {
    /// Waits for these entries, the last of each conversation when the session began.
    pub(crate) fn new(now: Instant, missing: BTreeMap<ConversationId, EntryId>) -> Self {
        Self {
            missing,
            counts: BTreeMap::new(),
            lines: Vec::new(),
            due: now + WAIT,
        }
    }

    /// Adds a line of what was said at a time; `counted` is the name under which it counts, if it was said by others
    /// before the sign-in.
    pub(crate) fn add(
        &mut self,
        now: Instant,
        time_ms: u64,
        tone: Tone,
        text: String,
        counted: Option<&str>,
    ) {
        if let Some(name) = counted {
            *self.counts.entry(name.to_owned()).or_default() += 1;
        }
        self.lines.push((time_ms, tone, text));
        self.due = now + WAIT;
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

    pub(crate) const fn deadline(&self) -> Instant {
        self.due
    }

    /// Shows what was gathered if that is due; `true` once nothing more is to be gathered.
    pub(crate) fn show(&mut self, now: Instant, effects: &mut Effects) -> bool {
        let is_over = self.missing.is_empty() || now >= self.due;
        if is_over || self.lines.len() >= LINES_MAX {
            self.show_all(effects);
        }
        is_over
    }

    /// Shows what was gathered, complete or not.
    pub(crate) fn show_all(&mut self, effects: &mut Effects) {
        let counts: Vec<(String, usize)> = std::mem::take(&mut self.counts).into_iter().collect();
        if !counts.is_empty() {
            effects.show(Tone::Notice, render::away(&counts));
        }
        // The server sends one conversation after the other. Within each the times never fall, and what was said at the
        // same time stays as it came.
        self.lines.sort_by_key(|(time_ms, ..)| *time_ms);
        for (_, tone, text) in self.lines.drain(..) {
            effects.show(tone, text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::testing::{Screen, instant};

    const BOB: ConversationId = ConversationId(7);

    fn lines(effects: &mut Effects) -> Vec<String> {
        let screen = Screen::plain();
        effects.flush_lines(&mut *screen.console());
        screen.lines()
    }

    #[test]
    fn lines_wait_for_the_last_one_and_stand_under_their_count() {
        let now = instant();
        let mut effects = Effects::default();
        let mut backlog = Backlog::new(now, BTreeMap::from([(BOB, EntryId(5))]));
        backlog.add(now, 1, Tone::Said, "one".into(), Some("bob"));
        backlog.reached(BOB, EntryId(4));
        assert!(!backlog.show(now, &mut effects));
        assert!(!effects.has_lines());
        backlog.add(now, 2, Tone::Said, "two".into(), Some("bob"));
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
        let mut backlog = Backlog::new(now, BTreeMap::from([(BOB, EntryId(5))]));
        for (time_ms, text) in [
            (1, "one"),
            (4, "four"),
            (4, "four too"),
            (2, "two"),
            (3, "three"),
        ] {
            backlog.add(now, time_ms, Tone::Said, text.into(), None);
        }
        backlog.show_all(&mut effects);
        assert_eq!(
            lines(&mut effects),
            ["one", "two", "three", "four", "four too"]
        );
    }

    #[test]
    fn missing_entry_holds_the_others_up_for_two_seconds_only() {
        let now = instant();
        let mut effects = Effects::default();
        let mut backlog = Backlog::new(now, BTreeMap::from([(BOB, EntryId(5))]));
        backlog.add(now, 1, Tone::Said, "one".into(), Some("bob"));
        assert!(backlog.show(now + WAIT, &mut effects));
        assert_eq!(lines(&mut effects).len(), 2);
    }

    #[test]
    fn nothing_missed_says_nothing() {
        let mut effects = Effects::default();
        let now = instant();
        assert!(Backlog::new(now, BTreeMap::new()).show(now, &mut effects));
        assert!(!effects.has_lines());
    }
}
