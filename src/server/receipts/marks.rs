//! Marks on their way to the disk, and receipts on their way to those who wait for them.
//!
//! A mark is the furthest entry that any device of a member has made durable. It is written behind, by at most
//! [`WRITE_BEHIND`], because clients say again where they stand at every sign-in; the receipt, the news that it
//! has moved, goes out at once, and once for all that came together.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::protocol::{AccountId, ConversationId, EntryId, Mark};

/// How long a mark may wait to be written.
pub const WRITE_BEHIND: Duration = Duration::from_secs(1);

/// Marks that wait for the disk before they are written without waiting for the second to end; it bounds the
/// table.
pub const UNWRITTEN_MAX: usize = 4096;

/// Marks that moved.
#[derive(Debug, Default)]
pub struct DeliveryMarks {
    unwritten: BTreeMap<(ConversationId, AccountId), EntryId>,
    seen: BTreeMap<AccountId, u64>,
    /// In the order in which they moved; one may have moved several times.
    news: Vec<(ConversationId, Mark)>,
    write_at: Option<Instant>,
    /// Writing has failed, and waits for its time.
    has_failed: bool,
}

impl DeliveryMarks {
    /// A device of the member has made everything up to the mark's entry durable; whether that is to be told.
    pub fn advance(&mut self, now: Instant, conversation: ConversationId, mark: &Mark) -> bool {
        let unwritten = self
            .unwritten
            .entry((conversation, mark.account))
            .or_insert(EntryId::START);
        if *unwritten >= mark.entry {
            return false;
        }
        *unwritten = mark.entry;
        self.write_soon(now);
        true
    }

    /// Sends a mark that is durable already: the position a device reports may be news to those whose receipts were
    /// lost with the server's last second.
    pub fn queue_receipt(&mut self, conversation: ConversationId, mark: Mark) {
        self.news.push((conversation, mark));
    }

    /// The account was online until now.
    pub fn seen(&mut self, now: Instant, account: AccountId, time_ms: u64) {
        self.seen.insert(account, time_ms);
        self.write_soon(now);
    }

    /// The receipts that nobody has been told yet, by conversation and account: one for each.
    pub fn take_news(&mut self) -> Vec<(ConversationId, Mark)> {
        let mut news = std::mem::take(&mut self.news);
        let place = |(conversation, mark): &(_, Mark)| (*conversation, mark.account);
        // The furthest comes first, and stays.
        news.sort_unstable_by_key(|told| (place(told), Reverse(told.1.entry)));
        news.dedup_by_key(|told| place(told));
        news
    }

    /// Everything that waits to be written.
    #[expect(clippy::type_complexity, reason = "the two halves of Write::Advance")]
    pub fn take_unwritten(
        &mut self,
    ) -> Option<(
        Vec<(ConversationId, AccountId, EntryId)>,
        Vec<(AccountId, u64)>,
    )> {
        self.write_at = None;
        self.has_failed = false;
        if self.unwritten.is_empty() && self.seen.is_empty() {
            return None;
        }
        let marks = std::mem::take(&mut self.unwritten);
        let seen = std::mem::take(&mut self.seen);
        Some((
            marks
                .into_iter()
                .map(|((conversation, account), entry)| (conversation, account, entry))
                .collect(),
            seen.into_iter().collect(),
        ))
    }

    /// Writing failed: it is tried again, and no receipt is sent twice.
    pub fn restore(
        &mut self,
        now: Instant,
        marks: Vec<(ConversationId, AccountId, EntryId)>,
        seen: Vec<(AccountId, u64)>,
    ) {
        for (conversation, account, entry) in marks {
            let unwritten = self
                .unwritten
                .entry((conversation, account))
                .or_insert(EntryId::START);
            *unwritten = (*unwritten).max(entry);
        }
        for (account, time_ms) in seen {
            // What was noted since is later, whatever the clock says.
            self.seen.entry(account).or_insert(time_ms);
        }
        self.has_failed = true;
        self.write_soon(now);
    }

    /// Whether so many wait that they should be written now; not while the store fails, which would be asked without
    /// a pause.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.unwritten.len() >= UNWRITTEN_MAX && !self.has_failed
    }

    /// When to write.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.write_at
    }

    fn write_soon(&mut self, now: Instant) {
        self.write_at.get_or_insert(now + WRITE_BEHIND);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    const ROOM: ConversationId = ConversationId(9);
    const BOB: AccountId = AccountId(2);

    fn bob(entry: u64) -> Mark {
        let (entry, since) = (EntryId(entry), EntryId::START);
        Mark {
            account: BOB,
            name: "bob".into(),
            entry,
            since,
        }
    }

    #[test]
    fn mark_never_goes_back_and_is_told_once() {
        let now = instant();
        let mut marks = DeliveryMarks::default();
        for entry in [7, 5] {
            if marks.advance(now, ROOM, &bob(entry)) {
                marks.queue_receipt(ROOM, bob(entry));
            }
        }
        let news = marks.take_news();
        assert_eq!(news, [(ROOM, bob(7))]);
        assert!(marks.take_news().is_empty());
        assert_eq!(
            marks.take_unwritten(),
            Some((vec![(ROOM, BOB, EntryId(7))], vec![]))
        );
        assert_eq!(marks.take_unwritten(), None);
    }

    #[test]
    fn full_table_that_cannot_be_written_waits_for_its_time() {
        // A store that fails was asked again as soon as it had answered, as fast as two threads could.
        let now = instant();
        let mut marks = DeliveryMarks::default();
        for conversation in 0..UNWRITTEN_MAX as u64 {
            marks.advance(now, ConversationId(conversation), &bob(7));
        }
        assert!(marks.is_full());
        let (written, seen) = marks.take_unwritten().unwrap();
        marks.restore(now, written, seen);
        assert!(!marks.is_full());
        assert_eq!(marks.deadline(), Some(now + WRITE_BEHIND));
    }

    #[test]
    fn mark_that_could_not_be_written_waits_for_the_next_time() {
        let now = instant();
        let mut marks = DeliveryMarks::default();
        marks.advance(now, ROOM, &bob(7));
        let (written, seen) = marks.take_unwritten().unwrap();
        marks.advance(now, ROOM, &bob(8));
        marks.restore(now, written, seen);
        assert_eq!(
            marks.take_unwritten(),
            Some((vec![(ROOM, BOB, EntryId(8))], vec![]))
        );
        assert_eq!(marks.deadline(), None);
    }
}
