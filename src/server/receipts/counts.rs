//! How many members of a large conversation have received each of its entries.
//!
//! To send each mark to each subscriber would cost members times subscribers for every message. Instead the marks of a
//! conversation with subscribers are read once; each mark that advances moves one step of a stair, and at most once a
//! second the upper end of the stair is sent to all subscribers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::protocol::{AccountId, ConversationId, Count, EntryId, Mark};
use crate::store::MemberMark;

/// How often the counts of a conversation are told. Chosen: an author sees the number grow, and what a thousand members have
/// received costs each author one message a second.
const PUBLISH_INTERVAL: Duration = Duration::from_secs(1);

/// Steps that are told, the newest: below them nothing is claimed. Chosen: more than there are messages whose receipts
/// somebody still looks at, and 500 bytes.
const STEPS_MAX: usize = 64;

/// What one member has received: what comes after `since`, up to `entry`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    since: EntryId,
    entry: EntryId,
}

/// The spans of one conversation's members.
#[derive(Debug, Default)]
pub struct ConversationCounts {
    members: u32,
    spans: BTreeMap<AccountId, Span>,
    /// At each entry, by how much the count of what comes after it differs from the count up to it.
    changes: BTreeMap<EntryId, i64>,
    /// The store has said how far everybody was.
    is_loaded: bool,
    /// The store was asked.
    is_asked: bool,
}

impl ConversationCounts {
    fn put(&mut self, account: AccountId, span: Span) {
        self.take(account);
        self.spans.insert(account, span);
        self.change(span.since, 1);
        self.change(span.entry, -1);
    }

    fn take(&mut self, account: AccountId) -> Option<Span> {
        let span = self.spans.remove(&account)?;
        self.change(span.since, -1);
        self.change(span.entry, 1);
        Some(span)
    }

    fn change(&mut self, at: EntryId, by: i64) {
        let change = self.changes.entry(at).or_default();
        *change += by;
        if *change == 0 {
            self.changes.remove(&at);
        }
    }

    /// A member's mark has moved; whether that was news.
    fn advance(&mut self, account: AccountId, since: EntryId, entry: EntryId) -> bool {
        let known = self.spans.get(&account).copied();
        let span = match known {
            Some(span) if span.since >= since => Span {
                since: span.since,
                entry: span.entry.max(entry),
            },
            _ => Span {
                since,
                entry: entry.max(since),
            },
        };
        if known == Some(span) {
            return false;
        }
        self.put(account, span);
        true
    }

    /// The stair from its upper end, without one account's own part: each count holds for the entries after that of
    /// the step before it, up to its own.
    fn steps_without(&mut self, own: AccountId) -> Vec<Count> {
        let span = self.take(own);
        let mut members = 0;
        let mut steps = Vec::new();
        for (entry, change) in self.changes.iter().rev() {
            members -= change;
            let is_last = steps.len() + 1 == STEPS_MAX;
            steps.push(Count {
                entry: *entry,
                members: if is_last {
                    0
                } else {
                    u32::try_from(members).unwrap_or(0)
                },
            });
            if is_last {
                break;
            }
        }
        if let Some(span) = span {
            self.put(own, span);
        }
        steps.reverse();
        steps
    }
}

/// The tallies of all conversations that are large and watched.
#[derive(Debug, Default)]
pub struct CountTable {
    counted: BTreeMap<ConversationId, ConversationCounts>,
    /// Those of which there is news.
    changed: BTreeSet<ConversationId>,
    published_at: Option<Instant>,
    due: Option<Instant>,
}

impl CountTable {
    /// Counts a conversation from now on, or has its number of members corrected.
    pub fn count(&mut self, conversation: ConversationId, members: u32) {
        self.counted.entry(conversation).or_default().members = members;
    }

    #[must_use]
    pub fn is_counted(&self, conversation: ConversationId) -> bool {
        self.counted.contains_key(&conversation)
    }

    /// Whether a conversation is counted, and how far everybody was is known.
    #[must_use]
    pub fn is_loaded(&self, conversation: ConversationId) -> bool {
        let counts = self.counted.get(&conversation);
        counts.is_some_and(|counts| counts.is_loaded)
    }

    /// Counts a conversation no longer; whether it was counted.
    pub fn forget(&mut self, conversation: ConversationId) -> bool {
        self.changed.remove(&conversation);
        self.counted.remove(&conversation).is_some()
    }

    /// Whether the store is to be asked how far everybody was.
    #[must_use]
    pub fn is_waiting(&self, conversation: ConversationId) -> bool {
        let counts = self.counted.get(&conversation);
        counts.is_some_and(|counts| !counts.is_loaded && !counts.is_asked)
    }

    /// Those for which the store is to be asked.
    #[must_use]
    pub fn waiting(&self) -> Vec<ConversationId> {
        let all = self.counted.keys().copied();
        all.filter(|it| self.is_waiting(*it)).collect()
    }

    /// The store was asked, or its answer was no use.
    pub fn set_asked(&mut self, conversation: ConversationId, is_asked: bool) {
        if let Some(counts) = self.counted.get_mut(&conversation) {
            counts.is_asked = is_asked;
        }
    }

    /// The store has said how far everybody was when it was asked. What has moved since stays.
    pub fn load(
        &mut self,
        now: Instant,
        conversation: ConversationId,
        members: u32,
        marks: &[MemberMark],
    ) {
        let Some(counts) = self.counted.get_mut(&conversation) else {
            return;
        };
        counts.members = members;
        for mark in marks {
            counts.advance(mark.account, mark.joined_after, mark.entry);
        }
        counts.is_loaded = true;
        self.note(now, conversation);
    }

    /// A member's mark has moved.
    pub fn advance(&mut self, now: Instant, conversation: ConversationId, mark: &Mark) {
        let counts = self.counted.get_mut(&conversation);
        if counts.is_some_and(|counts| counts.advance(mark.account, mark.since, mark.entry)) {
            self.note(now, conversation);
        }
    }

    /// A member has left.
    pub fn leave(&mut self, now: Instant, conversation: ConversationId, account: AccountId) {
        let counts = self.counted.get_mut(&conversation);
        if counts.is_some_and(|counts| counts.take(account).is_some()) {
            self.note(now, conversation);
        }
    }

    /// What to tell one account: how many others there are, and the steps.
    pub fn steps(
        &mut self,
        conversation: ConversationId,
        own: AccountId,
    ) -> Option<(u32, Vec<Count>)> {
        let counts = self.counted.get_mut(&conversation)?;
        Some((counts.members.saturating_sub(1), counts.steps_without(own)))
    }

    /// Those of which there is news, if it is time to tell it.
    pub fn take_due(&mut self, now: Instant) -> BTreeSet<ConversationId> {
        if self.due.is_none_or(|due| due > now) {
            return BTreeSet::new();
        }
        self.due = None;
        self.published_at = Some(now);
        std::mem::take(&mut self.changed)
    }

    /// When to tell.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.due
    }

    fn note(&mut self, now: Instant, conversation: ConversationId) {
        self.changed.insert(conversation);
        let soonest = self
            .published_at
            .map_or(now, |at| (at + PUBLISH_INTERVAL).max(now));
        self.due.get_or_insert(soonest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    const ROOM: ConversationId = ConversationId(9);

    fn mark(account: u64, since: u64, entry: u64) -> Mark {
        Mark {
            account: AccountId(account),
            name: String::new(),
            entry: EntryId(entry),
            since: EntryId(since),
        }
    }

    /// What the steps say of one entry.
    fn count(steps: &[Count], entry: u64) -> u32 {
        let step = steps.iter().find(|step| step.entry >= EntryId(entry));
        step.map_or(0, |step| step.members)
    }

    #[test]
    fn counts_are_those_of_every_single_span() {
        // By how many of the others each entry was received, against counting them one by one; also where one begins
        // to read just where another has stopped.
        let now = instant();
        let spans = [(1, 0, 9), (2, 0, 5), (3, 5, 9), (4, 5, 7), (5, 7, 7)];
        let mut counts = CountTable::default();
        counts.count(ROOM, 5);
        for (account, since, entry) in spans {
            counts.advance(now, ROOM, &mark(account, since, since));
            counts.advance(now, ROOM, &mark(account, since, entry));
        }
        for own in 1..=6 {
            let (members, steps) = counts.steps(ROOM, AccountId(own)).unwrap();
            assert_eq!(members, 4);
            for entry in 1..12 {
                let others = spans.iter().filter(|(account, ..)| *account != own);
                let received =
                    others.filter(|(_, since, mark)| (since + 1..=*mark).contains(&entry));
                let expected = u32::try_from(received.count()).unwrap();
                assert_eq!(
                    count(&steps, entry),
                    expected,
                    "{entry} for {own}: {steps:?}"
                );
            }
        }
    }

    #[test]
    fn long_stair_claims_nothing_below_its_upper_end() {
        let now = instant();
        let mut counts = CountTable::default();
        counts.count(ROOM, 1000);
        for account in 1..=1000 {
            counts.advance(now, ROOM, &mark(account, 0, account));
        }
        let (_, steps) = counts.steps(ROOM, AccountId(5)).unwrap();
        assert_eq!(steps.len(), STEPS_MAX);
        assert_eq!(count(&steps, 1000), 1);
        assert_eq!(count(&steps, 991), 10);
        assert_eq!(count(&steps, 100), 0);
    }

    #[test]
    fn news_is_told_at_once_and_then_once_a_second() {
        let now = instant();
        let mut counts = CountTable::default();
        counts.count(ROOM, 40);
        counts.advance(now, ROOM, &mark(1, 0, 3));
        assert_eq!(counts.take_due(now).len(), 1);
        counts.advance(now, ROOM, &mark(1, 0, 3));
        assert_eq!(counts.deadline(), None);
        counts.advance(now, ROOM, &mark(2, 0, 3));
        assert_eq!(counts.take_due(now).len(), 0);
        assert_eq!(counts.deadline(), Some(now + PUBLISH_INTERVAL));
        assert_eq!(counts.take_due(now + PUBLISH_INTERVAL).len(), 1);
    }

    #[test]
    fn what_moves_while_the_store_is_asked_is_not_taken_back() {
        let now = instant();
        let mut counts = CountTable::default();
        counts.count(ROOM, 40);
        counts.advance(now, ROOM, &mark(1, 0, 7));
        let stored = MemberMark {
            account: AccountId(1),
            name: String::new(),
            entry: EntryId(5),
            joined_after: EntryId(0),
        };
        counts.load(now, ROOM, 40, &[stored]);
        let (_, steps) = counts.steps(ROOM, AccountId(2)).unwrap();
        assert_eq!(count(&steps, 7), 1);
    }
}
