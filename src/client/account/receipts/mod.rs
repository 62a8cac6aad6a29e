//! Who has received this user's messages, and when a receipt is shown.
//!
//! A receipt means that a member's mark has passed an entry: it covers every own entry up to there. For a message to
//! everyone the names are gathered, until all who were online when it was stored have it or [`GATHER`] has passed, so
//! that twenty receipts are one line. So are the receipts of messages that were sent one after the other to one user.
//!
//! A receipt is shown at least once. Before its line is given to the console, the intention is durable; once the console
//! has printed it, the fact is. A crash in between shows the line again, marked as such.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::client::name::truncate_name;
use crate::client::storage::records::Awaited;
use crate::protocol::{AccountId, ConversationId, Count, EntryId, Mark};
use own::{Own, counted, named};
use stored::Silence;

/// How long the receipts of those who were online are gathered before each line, and when somebody who is online and does
/// not answer is told of. Chosen: a few round trips over a bad path, and not so long that a user wonders.
pub(crate) const GATHER: Duration = Duration::from_secs(2);

/// How many own messages may wait for receipts. At the limit the oldest is forgotten: no line tells of it any
/// more.
pub(crate) const AWAITED_MAX: usize = 1_000;

/// Within which time of each other the silence about several messages is told of in one line. Chosen: hardly noticed.
const TOGETHER: Duration = Duration::from_millis(500);

/// How many members' marks are remembered. At the limit a further member's mark counts for the messages that
/// wait at that moment, and is then forgotten.
const MARKS_MAX: usize = 10_000;

/// How many recipients of one message are told. At the limit receipts of further ones are not.
const TOLD_MAX: usize = 10_000;

/// Within which time after it was typed a message that is the last one needs no name in its receipt. Chosen: as long as
/// nobody has forgotten what they said.
const PROMPT: Duration = Duration::from_secs(10);

/// What is told of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct News {
    pub(crate) conversation: ConversationId,
    pub(crate) entry: EntryId,
    /// Who has it, those told before not repeated.
    pub(crate) names: Vec<String>,
    /// The same with those who were told before in this run.
    pub(crate) all_names: Vec<String>,
    /// From typing to the receipt, if it was typed in this run.
    pub(crate) elapsed: Option<Duration>,
    /// For everyone and rooms: how many have it by now, and how many it is for, online or not.
    pub(crate) count: Option<(usize, u32)>,
    pub(crate) is_counted: bool,
    /// Whether the message must be named: it is not the last one, or was typed long ago or in an earlier run.
    pub(crate) is_late: bool,
    /// Whether an earlier run may have shown it.
    pub(crate) is_again: bool,
    /// What must be durable before the line is given to the screen.
    pub(crate) awaited: Awaited,
    /// What is handed in to [`Receipts::on_screen`] once it stands there.
    pub(crate) told: ToldReceipt,
}

impl News {
    /// Whether one line can tell of both: the same have received both.
    fn is_like(&self, other: &Self) -> bool {
        let who = |news: &Self| {
            (
                news.conversation,
                news.count,
                news.is_counted,
                news.is_again,
            )
        };
        let names = |news: &Self| [news.names.clone(), news.all_names.clone()];
        who(self) == who(other) && names(self) == names(other)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ToldReceipt {
    pub(crate) conversation: ConversationId,
    pub(crate) entry: EntryId,
    names: usize,
    count: u32,
}

/// All own messages that wait for receipts.
#[derive(Debug, Default)]
pub(crate) struct Receipts {
    own: BTreeMap<(ConversationId, EntryId), Own>,
    /// The last message of this run to a room or to everyone: their receipts do not tell where it was said.
    last_to_many: Option<(ConversationId, EntryId)>,
    marks: BTreeMap<(ConversationId, AccountId), Mark>,
    stored: stored::StoredLines,
    /// Who has received which message, as far as that is new.
    heard: Vec<(ConversationId, EntryId, AccountId, String)>,
}

impl Receipts {
    /// A message is stored and waits from now on. What had to be forgotten to make room is returned.
    pub(crate) fn track(
        &mut self,
        now: Instant,
        (conversation, is_many): (ConversationId, bool),
        entry: EntryId,
        mut awaited: Awaited,
        typed: Option<Instant>,
    ) -> Option<(ConversationId, EntryId)> {
        let perhaps = std::mem::take(&mut awaited.telling);
        let perhaps_count = std::mem::take(&mut awaited.counting);
        let fresh: Vec<(AccountId, String)> = self
            .marks
            .iter()
            .filter(|((place, account), mark)| {
                *place == conversation && covers(mark, entry) && !awaited.told.contains(account)
            })
            .map(|((_, account), mark)| (*account, mark.name.clone()))
            .collect();
        let heard = fresh
            .iter()
            .map(|(account, name)| (conversation, entry, *account, name.clone()));
        self.heard.extend(heard);
        let own = Own {
            is_many,
            count: awaited.counted,
            awaited,
            typed,
            due: now + GATHER,
            silence_due: None,
            heard_at: None,
            fresh,
            named: Vec::new(),
            perhaps,
            perhaps_count,
        };
        if is_many && typed.is_some() {
            self.last_to_many = Some((conversation, entry));
        }
        self.own.insert((conversation, entry), own);
        if self.own.len() > AWAITED_MAX {
            return self.own.pop_first().map(|(key, _)| key);
        }
        None
    }

    /// A member has received everything up to the mark's entry, from where they began to read.
    pub(crate) fn mark(&mut self, conversation: ConversationId, mark: &Mark) {
        if mark.since >= mark.entry {
            return;
        }
        let (account, key) = (mark.account, (conversation, mark.account));
        if self.marks.len() < MARKS_MAX || self.marks.contains_key(&key) {
            let known = self.marks.entry(key).or_insert_with(|| Mark {
                name: truncate_name(mark.name.clone()),
                ..mark.clone()
            });
            if mark.since > known.since {
                // What lies between has expired before they had it.
                known.since = mark.since;
            }
            known.entry = known.entry.max(mark.entry);
        }
        let covered = (conversation, mark.since.next())..=(conversation, mark.entry);
        for ((_, entry), own) in self.own.range_mut(covered) {
            let is_known = own.awaited.told.contains(&account)
                || own.awaited.telling.contains(&account)
                || own.fresh.iter().any(|(known, _)| *known == account);
            let told = own.awaited.named() + own.fresh.len();
            if !is_known && told < TOLD_MAX {
                let name = truncate_name(mark.name.clone());
                own.fresh.push((account, name.clone()));
                self.heard.push((conversation, *entry, account, name));
            }
        }
    }

    /// What each member of a conversation has received, as far as that was heard in this run: their name, and up to where.
    pub(crate) fn delivered(
        &self,
        conversation: ConversationId,
    ) -> impl Iterator<Item = (AccountId, &str, EntryId)> {
        let of = self
            .marks
            .iter()
            .filter(move |((id, _), _)| *id == conversation);
        of.map(|((_, account), mark)| (*account, &*mark.name, mark.entry))
    }

    /// So many members have received: by entry, ascending, with falling counts.
    pub(crate) fn count(&mut self, conversation: ConversationId, members: u32, steps: &[Count]) {
        let all = (conversation, EntryId::START)..=(conversation, EntryId(u64::MAX));
        for ((_, entry), own) in self.own.range_mut(all) {
            // Who has received up to a later entry has received this one.
            let step = steps.iter().find(|step| step.entry >= *entry);
            let count = step.map_or(0, |step| step.members.min(members));
            own.count = own.count.max(count.min(own.awaited.recipients));
        }
    }

    /// The server's log is another one (a restored backup): marks of before say nothing about what it will hold.
    pub(crate) fn forget_marks(&mut self) {
        self.marks.clear();
    }

    /// A conversation's log is another one after this place: what waited there is lost. It is returned.
    pub(crate) fn forget_after(
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

    /// The message that was stored just now is told of if those who are online do not answer.
    pub(crate) fn watch_silence(&mut self, now: Instant, key: (ConversationId, EntryId)) {
        if let Some(own) = self.own.get_mut(&key).filter(|own| own.awaited.online > 0) {
            own.silence_due = Some(now + GATHER);
        }
    }

    /// The messages that nobody who was online has received in time, by conversation; each is told of once.
    pub(crate) fn unanswered(&mut self, now: Instant) -> BTreeMap<ConversationId, Silence> {
        let is_due = |own: &Own, until| own.silence_due.is_some_and(|due| due <= until);
        let all = self.own.iter();
        let due: BTreeSet<ConversationId> = all
            .filter(|(_, own)| is_due(own, now))
            .map(|((id, _), _)| *id)
            .collect();
        let mut silent: BTreeMap<ConversationId, Silence> = BTreeMap::new();
        for ((conversation, entry), own) in &mut self.own {
            if due.contains(conversation) && is_due(own, now + TOGETHER) {
                own.silence_due = None;
                if own.is_unheard() {
                    let silence = silent.entry(*conversation).or_default();
                    silence.messages += 1;
                    silence.last = *entry;
                    silence.is_late = own.elapsed(now).is_none_or(|elapsed| elapsed > PROMPT);
                }
            }
        }
        for (conversation, silence) in &mut silent {
            silence.is_late |= !self.is_last((*conversation, silence.last));
        }
        silent
    }

    /// The lines that are due. Of some conversations further messages `are_sent` at this moment.
    pub(crate) fn news(
        &mut self,
        now: Instant,
        are_sent: impl Fn(ConversationId) -> bool,
    ) -> Vec<News> {
        let with_news = self.own.iter().filter(|(_, own)| own.has_news());
        let keys: Vec<(ConversationId, EntryId)> = with_news.map(|(key, _)| *key).collect();
        keys.into_iter()
            .filter_map(|key| {
                let is_last = self.is_last(key);
                let is_followed = are_sent(key.0) || self.is_followed(key);
                let own = self.own.get_mut(&key)?;
                own.heard_at.get_or_insert(now);
                if !own.is_many && is_followed && now < own.due {
                    // What follows is received with it, or soon, and is one line with it.
                    return None;
                }
                let mut news = if own.count > own.awaited.last_count() {
                    counted(now, key, own)
                } else {
                    named(now, key, own)
                }?;
                own.heard_at = None;
                own.silence_due = None;
                news.is_late = !is_last || news.elapsed.is_none_or(|elapsed| elapsed > PROMPT);
                Some(news)
            })
            .collect()
    }

    /// Whether the receipt of a later message to the same user may come soon.
    fn is_followed(&self, (conversation, entry): (ConversationId, EntryId)) -> bool {
        let later = (conversation, entry.next())..=(conversation, EntryId(u64::MAX));
        self.own.range(later).any(|(_, own)| own.is_expected())
    }

    /// Whether a receipt without a name is understood as this message's: the last one to that user, or the last to many.
    fn is_last(&self, (conversation, entry): (ConversationId, EntryId)) -> bool {
        let is_many = |own: &Own| own.is_many;
        if self.own.get(&(conversation, entry)).is_some_and(is_many) {
            return self.last_to_many == Some((conversation, entry));
        }
        let later = (conversation, entry.next())..=(conversation, EntryId(u64::MAX));
        self.own.range(later).next().is_none()
    }

    /// A line that told of receipts stands on the screen. Returns what is durable of the message from now on: nothing
    /// once all have it, or if it is waited for no more.
    pub(crate) fn on_screen(&mut self, told: ToldReceipt) -> Option<Awaited> {
        let key = (told.conversation, told.entry);
        let own = self.own.get_mut(&key)?;
        let awaited = &mut own.awaited;
        let names = told.names.min(awaited.telling.len());
        awaited.told.extend(awaited.telling.drain(..names));
        awaited.counted = awaited.counted.max(told.count);
        if awaited.counting <= told.count {
            awaited.counting = 0;
        }
        if awaited.is_done() {
            self.own.remove(&key);
            return None;
        }
        Some(own.durable())
    }

    /// When [`Receipts::news`] has something to say without another receipt.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let news = self.own.values().filter(|own| own.has_news());
        let silence = self.own.values().filter_map(|own| own.silence_due);
        let due = news.map(|own| own.due).chain(silence);
        due.chain(self.stored.deadline()).min()
    }

    /// Whether somebody who was online when a message of this run was stored has not received it yet.
    pub(crate) fn awaits_online(&self) -> bool {
        self.own.values().any(|own| {
            let have = own.awaited.named().max(own.awaited.last_count() as usize);
            own.typed.is_some() && u32::try_from(have).is_ok_and(|have| have < own.awaited.online)
        })
    }

    /// Whether somebody for whom a message of this run is has not received it yet.
    pub(crate) fn awaits_all(&self) -> bool {
        self.own.values().any(|own| own.typed.is_some())
    }

    pub(crate) fn conversations(&self) -> Vec<ConversationId> {
        let mut all: Vec<ConversationId> = self.own.keys().map(|(id, _)| *id).collect();
        all.dedup();
        all
    }
}

/// Whether the member has received this entry.
fn covers(mark: &Mark, entry: EntryId) -> bool {
    mark.since < entry && entry <= mark.entry
}

mod own;
mod show;
mod stored;
#[cfg(test)]
mod tests;
