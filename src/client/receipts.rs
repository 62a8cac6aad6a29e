//! Who has received what this user wrote, and when there is something to say about it.
//!
//! A receipt is the news that a member's mark has passed an entry: it covers every own entry up to there. For a
//! message to everyone the names are gathered, until all who were online when it was stored have it or
//! [`GATHER`] has passed, so that twenty receipts are one line.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::name::short;
use crate::protocol::{AccountId, ConversationId, Count, EntryId, Mark};

/// How long the receipts of those who were online are gathered before the first line. Chosen: a few round trips
/// over a bad path, and not so long that a user wonders.
pub(super) const GATHER: Duration = Duration::from_secs(2);

/// How long after a count the next one is said, unless it is the last. Chosen: people of a large room come for hours,
/// and a line for each would be the noise that counting is to spare.
const COUNT_AGAIN: Duration = Duration::from_secs(60);

/// How many own messages may wait for receipts. At the limit the oldest is forgotten: no line tells of it any
/// more.
pub(super) const AWAITED_MAX: usize = 1_000;

/// How many members' marks are remembered. At the limit a further member's mark counts for the messages that
/// wait at that moment, and is then forgotten.
const MARKS_MAX: usize = 10_000;

/// How many recipients of one message are told. At the limit receipts of further ones are not.
const TOLD_MAX: usize = 10_000;

/// An own entry whose receipts have not all come: what is durable of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Awaited {
    /// How many accounts it is for.
    pub(super) recipients: u32,
    /// How many of these were online when it was stored.
    pub(super) online: u32,
    /// Whose receipts have been told.
    pub(super) told: Vec<AccountId>,
    /// How many receipts have been told where they are counted and not named.
    #[serde(default)]
    pub(super) counted: u32,
}

#[derive(Debug)]
struct Own {
    awaited: Awaited,
    /// Whether more than one reads it, so that receipts are gathered.
    is_many: bool,
    /// The last count of receipts.
    count: u32,
    typed: Option<Instant>,
    due: Instant,
    fresh: Vec<(AccountId, String)>,
}

/// A line to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct News {
    /// The conversation of the message.
    pub(super) conversation: ConversationId,
    /// The message.
    pub(super) entry: EntryId,
    /// Who has it, those told before not repeated.
    pub(super) names: Vec<String>,
    /// From typing to the receipt, if it was typed in this run.
    pub(super) elapsed: Option<Duration>,
    /// For everyone and rooms: how many have it by now, and how many it is for, online or not.
    pub(super) count: Option<(usize, u32)>,
    /// Whether there are no names.
    pub(super) is_counted: bool,
    /// What is durable from now on; nothing once all have it.
    pub(super) awaited: Option<Awaited>,
}

/// All own messages that wait for receipts.
#[derive(Debug, Default)]
pub(super) struct Receipts {
    own: BTreeMap<(ConversationId, EntryId), Own>,
    marks: BTreeMap<(ConversationId, AccountId), Mark>,
}

impl Receipts {
    /// A message is stored and waits from now on. What had to be forgotten to make room is returned.
    pub(super) fn track(
        &mut self,
        now: Instant,
        (conversation, is_many): (ConversationId, bool),
        entry: EntryId,
        awaited: Awaited,
        typed: Option<Instant>,
    ) -> Option<(ConversationId, EntryId)> {
        let fresh = self
            .marks
            .iter()
            .filter(|((place, account), mark)| {
                *place == conversation && covers(mark, entry) && !awaited.told.contains(account)
            })
            .map(|((_, account), mark)| (*account, mark.name.clone()))
            .collect();
        let own = Own {
            is_many,
            count: awaited.counted,
            awaited,
            typed,
            due: now + GATHER,
            fresh,
        };
        self.own.insert((conversation, entry), own);
        if self.own.len() > AWAITED_MAX {
            return self.own.pop_first().map(|(key, _)| key);
        }
        None
    }

    /// A member has received everything up to the mark's entry, from where they began to read.
    pub(super) fn mark(&mut self, conversation: ConversationId, mark: &Mark) {
        if mark.since >= mark.entry {
            return;
        }
        let (account, key) = (mark.account, (conversation, mark.account));
        if self.marks.len() < MARKS_MAX || self.marks.contains_key(&key) {
            let known = self.marks.entry(key).or_insert_with(|| Mark {
                name: short(mark.name.clone()),
                ..mark.clone()
            });
            if mark.since > known.since {
                // What lies between has expired before they had it.
                known.since = mark.since;
            }
            known.entry = known.entry.max(mark.entry);
        }
        let covered = (conversation, mark.since.next())..=(conversation, mark.entry);
        for (_, own) in self.own.range_mut(covered) {
            let is_known = own.awaited.told.contains(&account)
                || own.fresh.iter().any(|(known, _)| *known == account);
            let told = own.awaited.told.len() + own.fresh.len();
            if !is_known && told < TOLD_MAX {
                own.fresh.push((account, short(mark.name.clone())));
            }
        }
    }

    /// So many members have received: by entry, ascending, with falling counts.
    pub(super) fn count(&mut self, conversation: ConversationId, members: u32, steps: &[Count]) {
        let all = (conversation, EntryId::START)..=(conversation, EntryId(u64::MAX));
        for ((_, entry), own) in self.own.range_mut(all) {
            // Who has received up to a later entry has received this one.
            let step = steps.iter().find(|step| step.entry >= *entry);
            let count = step.map_or(0, |step| step.members.min(members));
            own.count = own.count.max(count.min(own.awaited.recipients));
        }
    }

    /// The server's log is another one (a restored backup): marks of before say nothing about what it will hold.
    pub(super) fn forget_marks(&mut self) {
        self.marks.clear();
    }

    /// A conversation's log is another one behind this place: what waited there is lost. It is returned.
    pub(super) fn forget_after(
        &mut self,
        conversation: ConversationId,
        place: EntryId,
    ) -> Vec<EntryId> {
        self.marks.retain(|(of, _), _| *of != conversation);
        let lost: Vec<EntryId> = self
            .own
            .keys()
            .filter(|(of, entry)| *of == conversation && *entry > place)
            .map(|(_, entry)| *entry)
            .collect();
        for entry in &lost {
            self.own.remove(&(conversation, *entry));
        }
        lost
    }

    /// What is to be said by now.
    pub(super) fn news(&mut self, now: Instant) -> Vec<News> {
        let mut news = Vec::new();
        self.own.retain(|(conversation, entry), own| {
            if own.count > own.awaited.counted {
                return match counted(now, own) {
                    None => true,
                    Some(is_done) => {
                        news.push(News {
                            conversation: *conversation,
                            entry: *entry,
                            names: Vec::new(),
                            elapsed: None,
                            count: Some((own.count as usize, own.awaited.recipients)),
                            is_counted: true,
                            awaited: (!is_done).then(|| own.awaited.clone()),
                        });
                        !is_done
                    }
                };
            }
            if own.fresh.is_empty() {
                return true;
            }
            let is_pair = !own.is_many;
            let have = own.awaited.told.len() + own.fresh.len();
            let all_online = u32::try_from(have).is_ok_and(|have| have >= own.awaited.online);
            if !(is_pair || all_online || now >= own.due || !own.awaited.told.is_empty()) {
                return true;
            }
            let mut names = Vec::with_capacity(own.fresh.len());
            for (account, name) in own.fresh.drain(..) {
                own.awaited.told.push(account);
                names.push(name);
            }
            names.sort();
            let have_u32 = u32::try_from(have).unwrap_or(u32::MAX);
            let of = own.awaited.recipients.max(have_u32);
            let is_done = have_u32 >= own.awaited.recipients;
            news.push(News {
                conversation: *conversation,
                entry: *entry,
                names,
                elapsed: own.typed.map(|typed| now.saturating_duration_since(typed)),
                count: (!is_pair).then_some((have, of)),
                is_counted: false,
                awaited: (!is_done).then(|| own.awaited.clone()),
            });
            !is_done
        });
        news
    }

    /// When [`Receipts::news`] has something to say without another receipt.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.own
            .values()
            .filter(|own| !own.fresh.is_empty() || own.count > own.awaited.counted)
            .map(|own| own.due)
            .min()
    }

    /// Whether somebody who was online when a message of this run was stored has not received it yet.
    pub(super) fn awaits_online(&self) -> bool {
        self.own.values().any(|own| {
            let have = own.awaited.told.len().max(own.awaited.counted as usize);
            own.typed.is_some() && u32::try_from(have).is_ok_and(|have| have < own.awaited.online)
        })
    }

    /// The conversations in which messages wait.
    pub(super) fn conversations(&self) -> Vec<ConversationId> {
        let mut all: Vec<ConversationId> = self.own.keys().map(|(id, _)| *id).collect();
        all.dedup();
        all
    }
}

/// Takes a count over if it is to be said now; then, whether it was the last.
fn counted(now: Instant, own: &mut Own) -> Option<bool> {
    let is_done = own.count >= own.awaited.recipients;
    let is_first_of_online = own.awaited.counted == 0 && own.count >= own.awaited.online;
    if !is_done && !is_first_of_online && now < own.due {
        return None;
    }
    own.awaited.counted = own.count;
    own.due = now + COUNT_AGAIN;
    Some(is_done)
}

/// Whether the member has received this entry.
fn covers(mark: &Mark, entry: EntryId) -> bool {
    mark.since < entry && entry <= mark.entry
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::testing::instant;

    const PAIR: ConversationId = ConversationId(7);
    const BOB: AccountId = AccountId(2);
    const CAROL: AccountId = AccountId(3);
    const DAVE: AccountId = AccountId(4);

    fn awaited(recipients: u32, online: u32) -> Awaited {
        Awaited {
            recipients,
            online,
            told: Vec::new(),
            counted: 0,
        }
    }

    fn mark(account: AccountId, name: &str, entry: u64) -> Mark {
        Mark {
            account,
            name: name.into(),
            entry: EntryId(entry),
            since: EntryId::START,
        }
    }

    #[test]
    fn one_mark_is_the_receipt_of_every_message_up_to_it_and_of_none_behind() {
        let now = instant();
        let mut receipts = Receipts::default();
        for entry in [3, 5, 8] {
            receipts.track(now, (PAIR, false), EntryId(entry), awaited(1, 1), Some(now));
        }
        receipts.mark(PAIR, &mark(BOB, "bob", 6));
        let news = receipts.news(now + Duration::from_millis(84));
        let entries: Vec<u64> = news.iter().map(|news| news.entry.0).collect();
        assert_eq!(entries, [3, 5]);
        assert_eq!(news[0].elapsed, Some(Duration::from_millis(84)));
        assert_eq!(news[0].count, None);
        receipts.mark(PAIR, &mark(BOB, "bob", 6));
        assert!(receipts.news(now).is_empty(), "nothing is told twice");
    }

    #[test]
    fn receipt_that_came_before_the_message_was_known_to_be_stored_counts() {
        let now = instant();
        let mut receipts = Receipts::default();
        receipts.mark(PAIR, &mark(BOB, "bob", 9));
        receipts.track(now, (PAIR, false), EntryId(9), awaited(1, 1), None);
        assert_eq!(receipts.news(now).len(), 1);
    }

    #[test]
    fn receipts_of_everyone_online_are_one_line_of_how_many_in_all_and_later_ones_follow() {
        // The first line said `(2 of 2)`, as if all had it, and the next one `(3 of 3)`.
        let now = instant();
        let everyone = ConversationId::EVERYONE;
        let mut receipts = Receipts::default();
        receipts.track(now, (everyone, true), EntryId(1), awaited(3, 2), Some(now));
        receipts.mark(everyone, &mark(CAROL, "carol", 1));
        assert!(receipts.news(now).is_empty());
        assert!(receipts.awaits_online());
        receipts.mark(everyone, &mark(BOB, "bob", 1));
        let news = receipts.news(now);
        assert_eq!(news[0].names, ["bob", "carol"]);
        assert_eq!(news[0].count, Some((2, 3)));
        assert!(!receipts.awaits_online());
        receipts.mark(everyone, &mark(DAVE, "dave", 4));
        let news = receipts.news(now);
        assert_eq!(news[0].names, ["dave"]);
        assert_eq!(news[0].count, Some((3, 3)));
        assert_eq!(news[0].awaited, None);
    }

    #[test]
    fn those_who_have_it_are_told_after_two_seconds_without_the_rest() {
        let now = instant();
        let everyone = ConversationId::EVERYONE;
        let mut receipts = Receipts::default();
        receipts.track(now, (everyone, true), EntryId(1), awaited(2, 2), Some(now));
        receipts.mark(everyone, &mark(BOB, "bob", 1));
        assert_eq!(receipts.deadline(), Some(now + GATHER));
        let news = receipts.news(now + GATHER);
        assert_eq!(news[0].count, Some((1, 2)));
        assert_eq!(receipts.deadline(), None);
    }

    #[test]
    fn member_who_came_later_has_not_received_what_was_said_before() {
        // dave signed up after entry 1 and received entry 4; his mark was taken for a receipt of entry 1.
        let now = instant();
        let everyone = ConversationId::EVERYONE;
        let mut receipts = Receipts::default();
        let dave = Mark {
            since: EntryId(1),
            ..mark(DAVE, "dave", 4)
        };
        receipts.track(now, (everyone, true), EntryId(1), awaited(1, 1), Some(now));
        receipts.mark(everyone, &dave);
        receipts.track(now, (everyone, true), EntryId(2), awaited(1, 1), Some(now));
        let entries: Vec<EntryId> = receipts.news(now).iter().map(|news| news.entry).collect();
        assert_eq!(entries, [EntryId(2)]);
    }

    #[test]
    fn mark_that_has_passed_what_expired_is_no_receipt_of_that() {
        let now = instant();
        let mut receipts = Receipts::default();
        receipts.mark(PAIR, &mark(BOB, "bob", 2));
        let later = Mark {
            since: EntryId(4),
            ..mark(BOB, "bob", 5)
        };
        receipts.mark(PAIR, &later);
        // Its answer was lost, and comes only now.
        receipts.track(now, (PAIR, false), EntryId(3), awaited(1, 0), None);
        receipts.track(now, (PAIR, false), EntryId(5), awaited(1, 0), None);
        let entries: Vec<EntryId> = receipts.news(now).iter().map(|news| news.entry).collect();
        assert_eq!(entries, [EntryId(5)]);
    }

    #[test]
    fn receipts_of_a_server_without_end_fill_no_memory() {
        // A server could name ever new accounts, and each was kept with the message, on disk too.
        let now = instant();
        let mut receipts = Receipts::default();
        receipts.track(now, (PAIR, false), EntryId(1), awaited(u32::MAX, 1), None);
        let mut told = 0;
        for account in 0..2 * TOLD_MAX as u64 {
            receipts.mark(PAIR, &mark(AccountId(account), "x", 1));
            if account % 100 == 99 {
                told += receipts
                    .news(now)
                    .iter()
                    .map(|news| news.names.len())
                    .sum::<usize>();
            }
        }
        assert_eq!(told, TOLD_MAX);
    }

    #[test]
    fn receipt_for_what_a_restored_server_has_lost_is_none_for_what_takes_its_place() {
        // bob had received entry 9; a backup was restored that ends with entry 4. The next message became entry 5, and
        // was said to be received by bob at once; so was, later, the lost one.
        let now = instant();
        let mut receipts = Receipts::default();
        receipts.mark(PAIR, &mark(BOB, "bob", 9));
        receipts.track(now, (PAIR, false), EntryId(10), awaited(1, 1), None);
        assert_eq!(receipts.forget_after(PAIR, EntryId(4)), [EntryId(10)]);
        receipts.track(now, (PAIR, false), EntryId(5), awaited(1, 1), None);
        assert!(receipts.news(now).is_empty());
        receipts.mark(PAIR, &mark(BOB, "bob", 12));
        let entries: Vec<EntryId> = receipts.news(now).iter().map(|news| news.entry).collect();
        assert_eq!(entries, [EntryId(5)]);
    }

    #[test]
    fn counts_are_said_first_when_those_online_have_it_then_by_the_minute_and_at_the_end() {
        let now = instant();
        let mut receipts = Receipts::default();
        let step = |entry, members| Count {
            entry: EntryId(entry),
            members,
        };
        receipts.track(now, (PAIR, true), EntryId(5), awaited(400, 120), Some(now));
        receipts.count(PAIR, 400, &[step(5, 60)]);
        assert!(receipts.news(now).is_empty());
        receipts.count(PAIR, 400, &[step(4, 300), step(9, 120)]);
        assert_eq!(receipts.news(now)[0].count, Some((120, 400)));
        receipts.count(PAIR, 400, &[step(5, 130)]);
        assert!(receipts.news(now + GATHER).is_empty());
        assert_eq!(receipts.deadline(), Some(now + COUNT_AGAIN));
        assert_eq!(receipts.news(now + COUNT_AGAIN)[0].count, Some((130, 400)));
        receipts.count(PAIR, 500, &[step(5, 400)]);
        let last = receipts.news(now + COUNT_AGAIN);
        assert_eq!((last[0].count, &last[0].awaited), (Some((400, 400)), &None));
    }

    #[test]
    fn oldest_is_forgotten_at_the_limit() {
        let now = instant();
        let mut receipts = Receipts::default();
        for entry in 1..=AWAITED_MAX as u64 {
            let forgotten = receipts.track(now, (PAIR, false), EntryId(entry), awaited(1, 0), None);
            assert_eq!(forgotten, None);
        }
        let forgotten = receipts.track(now, (PAIR, false), EntryId(5_000), awaited(1, 0), None);
        assert_eq!(forgotten, Some((PAIR, EntryId(1))));
    }
}
