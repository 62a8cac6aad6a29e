//! What a pass of retention may remove, worked out once more: from the starts of the logs, and no further than the limits
//! say.

use std::collections::{BTreeMap, BTreeSet};

use udpchat::store::Retention;

use crate::entries::{Log, Logged};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const MEGABYTE: u64 = 1_000_000;

/// What an operator says is to be kept. The limits of a conversation count from when it is there.
#[derive(Debug, Clone, Copy, Default)]
pub struct Keep {
    /// Of every conversation.
    pub all: Retention,
    /// Of these, by name.
    pub own: &'static [(&'static str, Retention)],
}

impl Keep {
    /// Whether anything is ever removed.
    pub fn has_limits(&self) -> bool {
        self.all != Retention::default() || !self.own.is_empty()
    }

    /// What is kept of the conversation of this name.
    fn of(&self, name: Option<&str>) -> Retention {
        let own = self.own.iter().find(|(own, _)| Some(*own) == name);
        let own = own.map_or(Retention::default(), |(_, own)| *own);
        let limit = |own: Option<u64>, all: Option<u64>| own.or(all).filter(|limit| *limit > 0);
        Retention {
            days: limit(own.days, self.all.days),
            messages: limit(own.messages, self.all.messages),
            megabytes: limit(own.megabytes, self.all.megabytes),
        }
    }
}

/// A pass of retention over the server's log.
pub struct Pass {
    pub before: Log,
    pub after: Log,
    /// What conversations are called, also where nothing has been said.
    pub names: BTreeMap<u64, String>,
    /// The server's time.
    pub now_ms: u64,
    /// It was skipped, since the clock had jumped.
    pub has_jumped: bool,
}

impl Pass {
    /// What it has removed, if that is what the limits say.
    pub fn removed(self, keep: &Keep, retained: &BTreeSet<&'static str>) -> Log {
        let mut expected = if self.has_jumped {
            self.before.clone()
        } else {
            self.left(keep, retained)
        };
        let mut after = self.after;
        let differs = |one: &Log, other: &Log| one.keys().any(|key| !other.contains_key(key));
        assert!(
            !differs(&after, &expected) && !differs(&expected, &after),
            "a pass left {:?} of {:?}, and was to leave {:?}",
            after.keys().collect::<Vec<_>>(),
            self.before.keys().collect::<Vec<_>>(),
            expected.keys().collect::<Vec<_>>()
        );
        let mut removed = self.before;
        removed.retain(|key, _| expected.remove(key).or(after.remove(key)).is_none());
        removed
    }

    /// What is to be left of the log.
    fn left(&self, keep: &Keep, retained: &BTreeSet<&'static str>) -> Log {
        let mut conversations: BTreeMap<u64, Log> = BTreeMap::new();
        for (key, logged) in &self.before {
            let of = conversations.entry(key.0).or_default();
            of.insert(*key, logged.clone());
        }
        let mut left = Log::new();
        for (conversation, mut entries) in conversations {
            let name = self.names.get(&conversation).map(String::as_str);
            let limits = keep.of(name.filter(|name| retained.contains(name)));
            let mut bytes: u64 = entries.values().map(|logged| logged.bytes).sum();
            let from_ms = limits
                .days
                .map_or(0, |days| self.now_ms.saturating_sub(days * DAY_MS));
            loop {
                // A time that has not come yet tells nothing: the next one counts.
                let mut times = entries.values().map(|logged| logged.time_ms);
                let known = times.find(|time_ms| *time_ms <= self.now_ms);
                let Some(first) = entries.first_entry() else {
                    break;
                };
                let count = first.get().bytes;
                let is_over = limits
                    .megabytes
                    .is_some_and(|limit| bytes > limit * MEGABYTE)
                    || known.is_some_and(|time_ms| time_ms < from_ms);
                let is_many = limits.messages;
                if !is_over && is_many.is_none_or(|limit| entries.len() as u64 <= limit) {
                    break;
                }
                bytes -= count;
                entries.pop_first();
            }
            left.extend(entries);
        }
        left
    }
}

#[test]
fn limits_of_a_room_are_worked_out_before_anything_is_said_in_it() {
    // The name of a room was taken from what was said in it. Three had joined and nobody had spoken when a pass removed
    // the first of their entries, as the room's limit says: the model expected all of them to stay. (Seed 224.)
    const OWN: &[(&str, Retention)] = &[(
        "#bridge",
        Retention {
            days: None,
            messages: Some(2),
            megabytes: None,
        },
    )];
    let keep = Keep {
        all: Retention::default(),
        own: OWN,
    };
    let joined = |conversation| {
        let entries = ["a", "b", "c"].into_iter().zip(1..);
        entries
            .map(move |(name, entry)| ((conversation, entry), Logged::joining(conversation, name)))
    };
    let before: Log = joined(2).chain(joined(3)).collect();
    let mut after = before.clone();
    after.remove(&(2, 1));
    let pass = Pass {
        before,
        after,
        names: BTreeMap::from([(2, "#bridge".to_owned()), (3, "#deck".to_owned())]),
        now_ms: 0,
        has_jumped: false,
    };
    let removed = pass.removed(&keep, &BTreeSet::from(["#bridge"]));
    assert!(removed.into_keys().eq([(2, 1)]));
}
