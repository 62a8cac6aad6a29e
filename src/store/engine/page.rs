//! A page of a log: what history, or a device that catches up, reads at once.
//!
//! It is read in three steps, so that the thread that executes requests need not wait for the segments:
//!
//! 1. *Plan*: the request is executed without its entries, which shows where those stand that it asks for.
//! 2. *Fetch*: they are read and checked. This needs no tables: any thread can do it, beside writes.
//! 3. *Answer*: the request is executed, and the answer is what stands at that moment. An entry that stands elsewhere
//!    since, was deleted, or has expired, is not asked for where it was fetched; one that was not fetched is read now, and
//!    what is wrong with it is found then.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::execute;
use crate::store::catch_panic::guard;
use crate::store::error::{Abort, StoreError};
use crate::store::ops::log::ENTRY_OVERHEAD_BYTES;
use crate::store::schema::tables::{Tables, WithEntries};
use crate::store::segments::stored::{EntryKey, LogRecord, Stored};
use crate::store::segments::{Place, SegmentReader};
use crate::store::{Read, Reply, Request};

/// The entries of a page.
pub(in crate::store) struct Page {
    segments: Arc<SegmentReader>,
    /// Those that are to be fetched, in the order in which they are asked for: more than fit, if they are not tiny.
    planned: Vec<(EntryKey, Place)>,
    /// How much fits, in bytes.
    max_bytes: usize,
    fetched: BTreeMap<EntryKey, (Place, Stored)>,
}

impl Page {
    /// How many bytes a request reads of a log at most; none if it reads no log.
    pub(in crate::store) const fn max_bytes(request: &Request) -> Option<usize> {
        match request {
            Request::Read(Read::Entries { max_bytes, .. } | Read::History { max_bytes, .. }) => {
                Some(*max_bytes)
            }
            _ => None,
        }
    }

    /// The first step; none if there is nothing to fetch.
    pub(super) fn plan(tables: &Tables, request: &Request) -> Option<Self> {
        let max_bytes = Self::max_bytes(request)?;
        let Request::Read(read) = request else {
            return None;
        };
        let segments = tables.segment_reader()?;
        let planned = RefCell::new(Vec::new());
        let entry = |key, place| {
            planned.borrow_mut().push((key, place));
            Some(Stored::new(LogRecord::lost(0), Vec::new(), 0))
        };
        // What is refused now, or cannot be read, is so when it is answered.
        drop(guard(|| {
            execute::answer(&WithEntries::new(tables, &entry), read)
        }));
        let planned = planned.into_inner();
        (!planned.is_empty()).then(|| Self {
            segments: Arc::clone(segments),
            planned,
            max_bytes,
            fetched: BTreeMap::new(),
        })
    }

    /// The second step.
    pub(in crate::store) fn fetch(&mut self) {
        let planned = std::mem::take(&mut self.planned);
        // What is not fetched is read by whoever answers, who finds what is wrong with it.
        let _ = guard(|| {
            let mut bytes = 0_usize;
            for ((conversation, entry), place) in planned {
                bytes = bytes.saturating_add(ENTRY_OVERHEAD_BYTES);
                if let Ok(stored) = self.segments.read(place, conversation, entry) {
                    bytes = bytes.saturating_add(stored.row().content.len());
                    self.fetched.insert((conversation, entry), (place, stored));
                }
                if bytes > self.max_bytes {
                    break;
                }
            }
            Ok::<_, StoreError>(())
        });
    }

    /// The last step.
    pub(super) fn answer(self, tables: &Tables, read: &Read) -> Result<Reply, Abort> {
        let fetched = RefCell::new(self.fetched);
        let entry = |key, place| {
            let (fetched_at, stored) = fetched.borrow_mut().remove(&key)?;
            (fetched_at == place).then_some(stored)
        };
        execute::answer(&WithEntries::new(tables, &entry), read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{ConversationId, Digest, EntryId};
    use crate::store::testing::{Bench, User, expire, read};
    use crate::store::{Completion, Entry, Outcome, RequestId, Write};

    const EVERYONE: ConversationId = ConversationId::EVERYONE;

    /// How much is said: some twenty segments.
    const SAID: u64 = 600;

    fn talked() -> (Bench, User) {
        let mut bench = Bench::new();
        let alice = bench.user("alice");
        for number in 1..=SAID {
            let text = format!("{number}: {}", "x".repeat(400));
            bench.say(alice, EVERYONE, number, &text);
        }
        bench.done(Request::Checkpoint);
        (bench, alice)
    }

    fn history(user: User, before: u64) -> Read {
        Read::History {
            conversation: EVERYONE,
            reader: user.0,
            before: EntryId(before),
            max_entries: 200,
            max_bytes: 40 * 1024,
        }
    }

    /// A page from the beginning, and one before an entry.
    fn both(user: User) -> [Read; 2] {
        [read(user.0, EVERYONE, 0, 32 * 1024), history(user, 80)]
    }

    fn entries(outcome: Outcome) -> Vec<Entry> {
        match outcome {
            Outcome::Done(Reply::Entries { entries, .. } | Reply::History { entries, .. }) => {
                entries
            }
            other => panic!("{other:?}"),
        }
    }

    fn planned_page(bench: &Bench, read: &Read) -> Page {
        let planned = bench.engine.plan(&read.clone().into());
        planned.expect("there are entries")
    }

    fn answer(bench: &mut Bench, read: &Read, page: Option<Page>) -> Outcome {
        let asked = Completion::new(RequestId(0), read.clone().into(), Outcome::Unknown);
        let mut alone = [asked.into()];
        bench.engine.answer(&mut alone, page);
        let [asked] = alone;
        asked.outcome
    }

    /// Answers pages that were planned or fetched before something happened. Each must be as if it were read now.
    fn answered(
        bench: &mut Bench,
        before: &[Read],
        happen: impl FnOnce(&mut Bench),
    ) -> Vec<Outcome> {
        let planned: Vec<_> = before
            .iter()
            .map(|read| planned_page(bench, read))
            .collect();
        let mut fetched: Vec<_> = before
            .iter()
            .map(|read| planned_page(bench, read))
            .collect();
        for page in &mut fetched {
            page.fetch();
        }
        happen(bench);
        let mut outcomes = Vec::new();
        for ((read, mut planned), fetched) in before.iter().zip(planned).zip(fetched) {
            planned.fetch();
            let now = answer(bench, read, None);
            for page in [planned, fetched] {
                assert_eq!(answer(bench, read, Some(page)), now);
            }
            outcomes.push(now);
        }
        outcomes
    }

    #[test]
    fn nothing_is_read_of_the_segments_once_a_page_is_fetched() {
        let (mut bench, alice) = talked();
        for request in both(alice) {
            let there = bench.ask(request.clone());
            let mut page = planned_page(&bench, &request);
            page.fetch();
            let segments = bench.disk.segments();
            bench.disk.set_segments(BTreeMap::new());
            assert_eq!(answer(&mut bench, &request, Some(page)), there);
            assert!(entries(there).len() > 60);
            bench.disk.set_segments(segments);
        }
    }

    #[test]
    fn entry_that_is_deleted_meanwhile_is_answered_as_deleted() {
        let (mut bench, alice) = talked();
        let outcomes = answered(&mut bench, &both(alice), |bench| {
            bench.done(Write::Delete {
                conversation: EVERYONE,
                actor: alice.0,
                entry: EntryId(40),
                time_ms: 9000,
            });
            // Its content is overwritten.
            bench.done(Request::Checkpoint);
        });
        for outcome in outcomes {
            for entry in entries(outcome) {
                let is_deleted = entry.entry == EntryId(40);
                assert_eq!(
                    (entry.content.is_empty(), entry.deleted.is_some()),
                    (is_deleted, is_deleted)
                );
            }
        }
    }

    #[test]
    fn segments_may_go_while_a_page_is_fetched() {
        let (mut bench, alice) = talked();
        let before = bench.disk.segments().len();
        let requests = [
            read(alice.0, EVERYONE, 0, 32 * 1024),
            history(alice, 80),
            // What is left of a segment is moved to another.
            history(alice, SAID + 1),
        ];
        let outcomes = answered(&mut bench, &requests, |bench| {
            expire(bench, 3);
            for _ in 0..400 {
                bench.done(Request::Checkpoint);
            }
        });
        let after = bench.disk.segments().len();
        assert!(before > 15 && after < 6, "{before} segments, then {after}");
        let left: Vec<_> = outcomes.into_iter().map(|one| entries(one).len()).collect();
        assert_eq!(left, [3, 0, 3]);
    }

    #[test]
    fn damaged_entry_of_a_page_is_answered_as_damaged_and_hides_no_other() {
        let (mut bench, alice) = talked();
        let (first, image) = bench.disk.segments().pop_first().expect("there are some");
        let marked = image.windows(7).position(|bytes| bytes == b"11: xxx");
        let place = marked.expect("a text stands there");
        let outcomes = both(alice).map(|read| bench.ask(read));
        assert!(bench.disk.flip_segment(first, place));
        let damaged = answered(&mut bench, &both(alice), |_| {});
        for (was, is) in outcomes.into_iter().zip(damaged) {
            let (was, is) = (entries(was), entries(is));
            for (was, is) in was.iter().zip(&is) {
                let is_damaged = is.digest == Digest::default();
                assert_eq!(is_damaged, is.entry == EntryId(11));
                assert!(is_damaged || is.content == was.content);
            }
        }
    }

    #[test]
    fn what_is_refused_has_no_page() {
        let (mut bench, _) = talked();
        let (bob, _) = bench.user("bob");
        let request = read(bob, ConversationId(77), 0, 1000);
        assert!(bench.engine.plan(&request.clone().into()).is_none());
        let outcome = answer(&mut bench, &request, None);
        assert!(matches!(outcome, Outcome::Refused(_)));
    }
}
