//! One own message that waits for receipts, and the lines that tell of them.

use std::time::{Duration, Instant};

use super::{GATHER, News, ToldReceipt};
use crate::client::storage::records::Awaited;
use crate::protocol::{AccountId, ConversationId, EntryId};

/// How long after a count the next one is said, unless it is the last. Chosen: people of a large room come for hours,
/// and a line for each would be the noise that counting is to spare.
pub(super) const COUNT_AGAIN: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub(super) struct Own {
    pub(super) awaited: Awaited,
    /// Whether more than one reads it, so that receipts are gathered.
    pub(super) is_many: bool,
    /// The last count of receipts.
    pub(super) count: u32,
    pub(super) typed: Option<Instant>,
    pub(super) due: Instant,
    /// When to tell that it is stored and that nobody has received it, unless somebody has.
    pub(super) silence_due: Option<Instant>,
    /// When the receipts that are not told yet began to come.
    pub(super) heard_at: Option<Instant>,
    pub(super) fresh: Vec<(AccountId, String)>,
    /// Who was named in lines of this run.
    pub(super) named: Vec<String>,
    /// Whose receipts an earlier run was telling when it was killed, and up to which count.
    pub(super) perhaps: Vec<AccountId>,
    pub(super) perhaps_count: u32,
}

impl Own {
    pub(super) fn has_news(&self) -> bool {
        !self.fresh.is_empty() || self.count > self.awaited.last_count()
    }

    /// What is durable of it. What an earlier run was telling stays in it until this run has told it: a second crash must not
    /// make it unheard of.
    pub(super) fn durable(&self) -> Awaited {
        let mut awaited = self.awaited.clone();
        let untold = self.perhaps.iter().filter(|account| {
            !self.awaited.told.contains(account) && !self.awaited.telling.contains(account)
        });
        awaited.telling.extend(untold);
        if self.perhaps_count > awaited.last_count() {
            awaited.counting = self.perhaps_count;
        }
        awaited
    }

    /// From typing to the receipt, if it was typed in this run.
    pub(super) fn elapsed(&self, now: Instant) -> Option<Duration> {
        let typed = self.typed?;
        let heard_at = self.heard_at.unwrap_or(now);
        Some(heard_at.saturating_duration_since(typed))
    }

    /// Whether nobody has received it, as far as this client has heard.
    pub(super) fn is_unheard(&self) -> bool {
        !self.has_news() && self.awaited.named() == 0 && self.awaited.last_count() == 0
    }

    /// Whether the receipt of somebody who was online may come soon.
    pub(super) fn is_expected(&self) -> bool {
        self.typed.is_some() && self.awaited.online > 0 && self.is_unheard()
    }
}

/// A line of names, if it is due.
pub(super) fn named(now: Instant, key: (ConversationId, EntryId), own: &mut Own) -> Option<News> {
    let (is_pair, before) = (!own.is_many, own.awaited.named());
    let have = before + own.fresh.len();
    let have_u32 = u32::try_from(have).unwrap_or(u32::MAX);
    let is_done = have_u32 >= own.awaited.recipients;
    let is_first_of_online = before == 0 && have_u32 >= own.awaited.online;
    if !(is_pair || is_done || is_first_of_online || now >= own.due) {
        return None;
    }
    own.due = now + GATHER;
    let mut names = Vec::with_capacity(own.fresh.len());
    let mut is_again = false;
    for (account, name) in own.fresh.drain(..) {
        is_again |= own.perhaps.contains(&account);
        own.awaited.telling.push(account);
        names.push(name);
    }
    names.sort();
    own.named.extend(names.iter().cloned());
    own.named.sort();
    let of = own.awaited.recipients.max(have_u32);
    Some(News {
        count: (!is_pair).then_some((have, of)),
        is_counted: false,
        is_again,
        told: told(key, names.len(), 0),
        names,
        all_names: own.named.clone(),
        ..said(now, key, own)
    })
}

/// A line with the count, if it is due.
pub(super) fn counted(now: Instant, key: (ConversationId, EntryId), own: &mut Own) -> Option<News> {
    let is_done = own.count >= own.awaited.recipients;
    let is_first_of_online = own.awaited.last_count() == 0 && own.count >= own.awaited.online;
    if !is_done && !is_first_of_online && now < own.due {
        return None;
    }
    own.awaited.counting = own.count;
    own.due = now + COUNT_AGAIN;
    Some(News {
        count: Some((own.count as usize, own.awaited.recipients)),
        is_counted: true,
        is_again: own.count <= own.perhaps_count,
        told: told(key, 0, own.count),
        ..said(now, key, own)
    })
}

/// What both kinds of news have.
fn said(now: Instant, key: (ConversationId, EntryId), own: &Own) -> News {
    News {
        conversation: key.0,
        entry: key.1,
        names: Vec::new(),
        all_names: Vec::new(),
        elapsed: own.elapsed(now),
        count: None,
        is_counted: false,
        is_late: false,
        is_again: false,
        awaited: own.durable(),
        told: told(key, 0, 0),
    }
}

const fn told(
    (conversation, entry): (ConversationId, EntryId),
    names: usize,
    count: u32,
) -> ToldReceipt {
    ToldReceipt {
        conversation,
        entry,
        names,
        count,
    }
}
