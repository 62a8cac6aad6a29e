//! A hostile client with an account: it asks the store for what its user may not do to entries of others, of other
//! conversations, of itself, and of what was deleted. All of that must be refused, and change nothing.
//!
//! It asks in the server's own process, where what its messages say has been read: who may do what is decided there. That
//! headers are read well is tested over the network (`tests/hostile`).

use std::collections::BTreeSet;

use udpchat::protocol::{
    AccountId, Bytes, ConversationId, DeviceId, DeviceSeq, EntryBody, EntryId, EntryKind, Origin,
    ServerMessage, Text, seal,
};
use udpchat::store::{Append, Completion, Outcome, Refusal, Relation, Reply, Request, Write};

use crate::kit::Rng;

/// How many entries are remembered. At the limit the oldest is forgotten.
const ENTRIES_MAX: usize = 64;

/// Conversations from this number on are of two accounts.
const PAIRS: u64 = 1 << 31;

/// An entry that was stored.
#[derive(Debug, Clone, Copy)]
struct Target {
    conversation: ConversationId,
    entry: EntryId,
    author: AccountId,
    kind: EntryKind,
}

/// What a hostile client knows: all that it was ever sent, and more.
pub struct Hostile {
    rng: Rng,
    devices: BTreeSet<(AccountId, DeviceId)>,
    entries: Vec<Target>,
    deleted: BTreeSet<(ConversationId, EntryId)>,
}

impl Hostile {
    pub fn new(seed: [u8; 32]) -> Self {
        let seed = u64::from_le_bytes(seed[..8].try_into().expect("it is long enough"));
        Self {
            rng: Rng::new(seed, 6),
            devices: BTreeSet::new(),
            entries: Vec::new(),
            deleted: BTreeSet::new(),
        }
    }

    /// Learns what others have had stored.
    pub fn learn(&mut self, done: &[Completion]) {
        for completion in done {
            let (Request::Write(Write::Append(append)), Outcome::Done(Reply::Stored(stored))) =
                (&completion.request, &completion.outcome)
            else {
                continue;
            };
            self.devices.insert((append.author, append.device));
            if self.entries.len() == ENTRIES_MAX {
                self.entries.remove(0);
            }
            self.entries.push(Target {
                conversation: append.conversation,
                entry: stored.entry,
                author: append.author,
                kind: append.relation.map_or(EntryKind::Text, |it| it.kind),
            });
            if let Some(Relation {
                kind: EntryKind::Delete,
                refers_to,
            }) = append.relation
            {
                self.deleted.insert((append.conversation, refers_to));
            }
        }
    }

    /// Something that may not be done, by one of the accounts.
    pub fn draw(&mut self, now_ms: u64) -> Option<Append> {
        let rng = &mut self.rng;
        let target = *self.entries.get(rng.index(self.entries.len().max(1)))?;
        let devices: Vec<_> = self.devices.iter().copied().collect();
        let (author, device) = *devices.get(rng.index(devices.len().max(1)))?;
        let is_own = author == target.author;
        let is_deleted = self.deleted.contains(&(target.conversation, target.entry));
        let is_pair = target.conversation.0 >= PAIRS;
        let is_room = !is_pair && target.conversation != ConversationId::EVERYONE;
        let is_said = target.kind == EntryKind::Text;
        let may = |kind: EntryKind| match kind {
            EntryKind::Edit => is_own && is_said && !is_deleted,
            // In a room it may moderate.
            EntryKind::Delete => {
                let has_content =
                    is_said || matches!(target.kind, EntryKind::Edit | EntryKind::React);
                (is_own || is_room) && has_content && !is_deleted
            }
            EntryKind::React => is_said && !is_deleted,
            _ => target.conversation != ConversationId::EVERYONE,
        };
        let kinds = [
            EntryKind::Edit,
            EntryKind::Delete,
            EntryKind::React,
            EntryKind::Pin,
            EntryKind::Unpin,
        ];
        let kind = kinds[rng.index(kinds.len())];
        let refers_to = if rng.happens(0.2) {
            // Itself, or what comes later.
            EntryId(target.entry.0 + ENTRIES_MAX as u64 * 16)
        } else if may(kind) {
            return None;
        } else {
            target.entry
        };
        Some(self.append(
            (target.conversation, author, device),
            (kind, refers_to),
            now_ms,
        ))
    }

    fn append(
        &mut self,
        (conversation, author, device): (ConversationId, AccountId, DeviceId),
        (kind, refers_to): (EntryKind, EntryId),
        time_ms: u64,
    ) -> Append {
        let number = DeviceSeq(1);
        let mut salt = [0; 16];
        self.rng.fill(&mut salt);
        let body = EntryBody::of(&Text {
            sender: author,
            receiver: conversation,
            salt: Bytes(salt),
            text: "forged".into(),
        });
        let origin = Origin {
            conversation,
            device,
            number,
        };
        let (content, digest) = seal(&ServerMessage::entry(origin, (kind, Some(refers_to)), body));
        Append {
            conversation,
            author,
            device,
            number,
            digest,
            content,
            time_ms,
            quota: udpchat::store::Quota::default(),
            relation: Some(Relation { kind, refers_to }),
            has_file: false,
            key: None,
        }
    }

    /// Asks for it until its number is the right one. Returns whether it was refused for what it is.
    pub fn attack(mut append: Append, mut execute: impl FnMut(Request) -> Vec<Completion>) -> bool {
        for _ in 0..2 {
            let done = execute(Write::Append(append.clone()).into());
            match &done[0].outcome {
                Outcome::Refused(Refusal::Expect(expected)) => append.number = *expected,
                Outcome::Refused(_) => return true,
                Outcome::Unknown => return false,
                Outcome::Done(_) => panic!("a hostile client was let: {append:?}"),
            }
        }
        false
    }
}
