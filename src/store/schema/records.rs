//! The records that tables hold, as `MessagePack` arrays.
//!
//! An array may grow at its end: a later field that carries `#[serde(default)]` reads older records too, so that
//! most changes of the schema need no rewriting of what is there.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_bytes::{ByteArray, ByteBuf, Bytes};

pub(in crate::store) use super::room_records::{History, RoomRecord};
use crate::protocol::{AccountId, AccountRole, Digest, EntryKind, MemberRole, RecipientData};
use crate::store::segments::stored::{Deletion, EntryKey, LogRecord, Stored};
use crate::store::{Account, Relation, TicketHash};

/// A row of `accounts`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::store) struct AccountRecord {
    pub(in crate::store) name: String,
    #[serde(with = "serde_bytes")]
    pub(in crate::store) record: Vec<u8>,
    pub(in crate::store) credential_identifier: ByteArray<16>,
    pub(in crate::store) created_ms: u64,
    /// When it was last seen, as schema 7 noted it: what was noted since is in the table `seen`.
    pub(in crate::store) seen_ms: u64,
    /// How many rooms it has made.
    pub(in crate::store) rooms_made: u32,
    /// What sets it apart, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::store) mark: Option<AccountMark>,
}

/// What sets an account apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(in crate::store) enum AccountMark {
    /// It was deleted then, in milliseconds since 1970 (UTC). Its name stays, so that it is not given out again and what
    /// was said under it keeps its author; the record and the credential identifier are gone.
    Deleted(u64),
    /// Whether it is a bot's.
    Bot(bool),
    /// The same, and what it may do at the server, if that is more than others may.
    Role(bool, AccountRole),
}

impl AccountRecord {
    pub(in crate::store) const fn is_deleted(&self) -> bool {
        matches!(self.mark, Some(AccountMark::Deleted(_)))
    }

    pub(in crate::store) const fn is_bot(&self) -> bool {
        matches!(
            self.mark,
            Some(AccountMark::Bot(true) | AccountMark::Role(true, _))
        )
    }

    pub(in crate::store) const fn role(&self) -> AccountRole {
        match self.mark {
            Some(AccountMark::Role(_, role)) => role,
            _ => AccountRole::Member,
        }
    }

    /// The same with these marks.
    pub(in crate::store) fn marked(self, is_bot: bool, role: AccountRole) -> Self {
        let mark = match (is_bot, role) {
            (false, AccountRole::Member) => None,
            (true, AccountRole::Member) => Some(AccountMark::Bot(true)),
            _ => Some(AccountMark::Role(is_bot, role)),
        };
        Self { mark, ..self }
    }

    /// The account as the hub sees it.
    pub(in crate::store) fn into_account(self, id: AccountId) -> Account {
        Account {
            id,
            is_bot: self.is_bot(),
            role: self.role(),
            name: self.name,
            record: self.record,
            credential_identifier: self.credential_identifier.into_array(),
            created_ms: self.created_ms,
        }
    }
}

/// A ticket's hash and the end of its life.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(in crate::store) struct TicketRecord {
    hash: ByteArray<32>,
    expires_ms: u64,
}

impl TicketRecord {
    /// A ticket that is good before `expires_ms`.
    pub(in crate::store) fn new(hash: TicketHash, expires_ms: u64) -> Self {
        Self {
            hash: ByteArray::new(hash.0),
            expires_ms,
        }
    }

    /// Whether this ticket, used now, is this one and still good.
    pub(in crate::store) fn admits(&self, hash: TicketHash, now_ms: u64) -> bool {
        *self.hash == hash.0 && now_ms < self.expires_ms
    }
}

/// A row of `devices`.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(in crate::store) struct DeviceRecord {
    /// The ticket given out last.
    pub(in crate::store) current: Option<TicketRecord>,
    /// The ticket that was used to get it: good until `current` has been used, in case the answer was lost.
    pub(in crate::store) previous: Option<TicketRecord>,
    /// When and where it was last used, if that was noted.
    #[serde(default)]
    pub(in crate::store) used: Option<UseRecord>,
    /// The latest attempt at a sign-in that has made one of its tickets.
    #[serde(default)]
    pub(in crate::store) attempt: u64,
}

/// When a device was last used, in milliseconds since 1970 (UTC), and at which address, if that was known.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(in crate::store) struct UseRecord {
    pub(in crate::store) time_ms: u64,
    pub(in crate::store) address: Option<RecipientData>,
}

impl DeviceRecord {
    /// When the ticket given out last ends: the later, the more lately the device signed in; zero without one.
    pub(in crate::store) fn expires_ms(&self) -> u64 {
        self.current.map_or(0, |ticket| ticket.expires_ms)
    }
}

/// Who belongs to a conversation by its nature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) enum Kind {
    /// Every account.
    Everyone,
    /// Two accounts, the lower id first.
    Pair(u64, u64),
    /// Those who have joined it and not left; its name and the like are in `rooms`.
    Room,
    /// One account, which notes something for itself.
    Notes(u64),
}

/// A row of `conversations`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(in crate::store) struct ConversationRecord {
    pub(in crate::store) kind: Kind,
    /// The last entry; zero in an empty log.
    pub(in crate::store) head: u64,
    /// The last entry that retention has removed; zero if none.
    pub(in crate::store) log_start: u64,
    /// The time label of the last entry: the next is no earlier.
    pub(in crate::store) time_ms: u64,
    /// In a room, how many belong to it now.
    pub(in crate::store) members: u32,
    /// What the entries of its log count, in bytes, for retention by size.
    pub(in crate::store) bytes: u64,
    /// The first entry of the last of its rows in `places`.
    pub(in crate::store) open_places: u64,
    /// What it has in common with the logs that were served before the database was put back.
    pub(in crate::store) earlier: EpochHistory,
    /// In a pair, what each of the two is not given of what the other says.
    #[serde(default, skip_serializing_if = "Sides::is_none")]
    pub(in crate::store) sides: Sides,
}

impl ConversationRecord {
    /// A conversation in which nothing has been said.
    pub(in crate::store) const fn empty(kind: Kind) -> Self {
        Self {
            kind,
            head: 0,
            log_start: 0,
            time_ms: 0,
            members: 0,
            bytes: 0,
            open_places: 1,
            earlier: EpochHistory::NONE,
            sides: Sides::NONE,
        }
    }
}

/// For how many of the last times that a database was put back it is known what its logs have in common with those of
/// before. Chosen: more than happens while a device is away. Who was away for longer reads again from the beginning.
const EPOCHS_MAX: usize = 4;

/// The epochs before each restore of a backup: an epoch, and the entry up to which this log agrees with the log that was
/// served in it. The last ones first; an entry of zero means none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Option<EpochRows>", into = "Option<EpochRows>")]
pub(in crate::store) struct EpochHistory(EpochRows);

type EpochRows = [(u64, u64); EPOCHS_MAX];

impl From<Option<EpochRows>> for EpochHistory {
    fn from(rows: Option<EpochRows>) -> Self {
        rows.map_or(Self::NONE, Self)
    }
}

impl From<EpochHistory> for Option<EpochRows> {
    /// One byte where no backup was ever restored.
    fn from(earlier: EpochHistory) -> Self {
        (earlier != EpochHistory::NONE).then_some(earlier.0)
    }
}

impl EpochHistory {
    const NONE: Self = Self([(0, 0); EPOCHS_MAX]);

    /// Notes that a backup of this epoch was restored, in which the log ends at `head`.
    pub(in crate::store) fn on_restore(&mut self, epoch: u64, head: u64) {
        self.0.rotate_right(1);
        self.0[0] = (epoch, head);
    }

    /// Up to which entry this log is the one that was served in another epoch; zero if that is not known.
    pub(in crate::store) fn common(self, epoch: u64) -> u64 {
        let known = self.0.iter().find(|(known, _)| *known == epoch);
        known.map_or(0, |(_, entry)| *entry)
    }
}

/// In a pair, what one of the two is not given of what the other says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct Side {
    /// Whether they block the other now: the row of `blocked` says so too.
    pub(in crate::store) is_blocking: bool,
    /// The last entries in a row that were withheld from them, from the first to the last of these; zeros for none. EpochHistory
    /// ones are rows of `withheld`.
    pub(in crate::store) run: (u64, u64),
    /// The other is told their receipts only of what comes after this entry: where they unblocked last.
    pub(in crate::store) silent_until: u64,
}

/// Both sides of a pair, that of the lower account first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct Sides(pub(in crate::store) [Side; 2]);

impl Sides {
    const NONE: Self = Self(
        [Side {
            is_blocking: false,
            run: (0, 0),
            silent_until: 0,
        }; 2],
    );

    /// Whether neither has ever blocked the other; then the record goes without.
    fn is_none(&self) -> bool {
        *self == Self::NONE
    }
}

/// A row of `members`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(in crate::store) struct MemberRecord {
    /// The member is sent what comes after this entry.
    pub(in crate::store) joined_after: u64,
    /// The furthest entry that a device of theirs has made durable.
    pub(in crate::store) delivered_up_to: u64,
    /// Who has left a room reads nothing after this entry: that they left, or were removed.
    pub(in crate::store) until: Option<u64>,
    /// In a room, what they may do.
    pub(in crate::store) role: MemberRole,
    #[serde(default, skip_serializing_if = "ReadingRecord::is_plain")]
    pub(in crate::store) reading: ReadingRecord,
}

/// What concerns a member's reading, and nobody else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct ReadingRecord {
    /// They may also read what follows this entry, although it was said before they joined.
    pub(in crate::store) after: Option<u64>,
    /// The last entry that they have read, on any device.
    pub(in crate::store) up_to: u64,
    /// Until when they have muted the conversation, in milliseconds since 1970 (UTC); 0 if not.
    pub(in crate::store) muted_until_ms: u64,
}

impl ReadingRecord {
    /// Whether it says nothing; then the record goes without.
    fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

impl MemberRecord {
    /// The member may read what comes after this entry. Deliveries and receipts begin where they joined.
    pub(in crate::store) fn reads_after(&self) -> u64 {
        let after = self.reading.after.unwrap_or(self.joined_after);
        after.min(self.joined_after)
    }
}

impl From<u64> for MemberRecord {
    /// A member from this head on.
    fn from(head: u64) -> Self {
        Self {
            joined_after: head,
            delivered_up_to: head,
            until: None,
            role: MemberRole::Member,
            reading: ReadingRecord::default(),
        }
    }
}

/// An entry where a copy keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::store) struct LogRow {
    pub(in crate::store) prev: u64,
    pub(in crate::store) author: u64,
    pub(in crate::store) device: u64,
    pub(in crate::store) number: u64,
    pub(in crate::store) time_ms: u64,
    pub(in crate::store) digest: Digest,
    pub(in crate::store) content: ByteBuf,
    #[serde(default)]
    pub(in crate::store) deleted: Option<Deletion>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::store) relation: Option<Relation>,
}

impl LogRow {
    pub(in crate::store) fn new(entry: u64, record: &LogRecord<'_>) -> Self {
        Self {
            prev: entry - 1,
            author: record.author,
            device: record.device,
            number: record.number,
            time_ms: record.time_ms,
            digest: record.digest,
            content: record.content.to_owned(),
            deleted: record.deleted,
            relation: record.relation,
        }
    }

    pub(in crate::store) fn record(&self) -> LogRecord<'_> {
        LogRecord {
            content: Bytes::new(&self.content),
            ..self.head()
        }
    }

    pub(in crate::store) fn into_stored(self) -> Stored {
        Stored::new(self.head(), self.content.into_vec(), 0)
    }

    fn head(&self) -> LogRecord<'static> {
        LogRecord {
            author: self.author,
            device: self.device,
            number: self.number,
            time_ms: self.time_ms,
            digest: self.digest,
            content: Bytes::new(&[]),
            relation: self.relation,
            deleted: self.deleted,
        }
    }
}

/// A row of `segments`. A segment without one holds nothing that is still to be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct SegmentRecord {
    /// How many entries were put into it.
    pub(in crate::store) entries: u64,
    /// How many of them are still read there.
    pub(in crate::store) read: u64,
}

/// A row of `erasing`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(in crate::store) struct ErasingRecord {
    /// How long the content is, in bytes.
    pub(in crate::store) len: u64,
    /// Whose it was.
    pub(in crate::store) key: EntryKey,
}

/// A row of `refs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct RefRecord {
    pub(in crate::store) kind: EntryKind,
    /// Whose the entry is that refers to the other.
    pub(in crate::store) author: u64,
}

/// A row of `keys`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct KeyRecord {
    pub(in crate::store) conversation: u64,
    pub(in crate::store) entry: u64,
    /// When the entry was stored, in milliseconds since 1970 (UTC).
    pub(in crate::store) time_ms: u64,
    /// How many could read it then, where they are counted; else 0.
    pub(in crate::store) readers: u32,
    /// Its row of `key_order`.
    pub(in crate::store) count: u64,
}

/// A row of `senders`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct SenderRecord {
    /// The last number that the device has used in the conversation.
    pub(in crate::store) last: u64,
    /// What is kept of its last numbers, in their order.
    pub(in crate::store) sent: VecDeque<Sent>,
}

/// What is kept of a number that a device has used for an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct Sent {
    pub(in crate::store) number: u64,
    /// The first eight bytes of the digest. Chosen: only the device itself could make two texts that share them.
    pub(in crate::store) digest: u64,
    pub(in crate::store) entry: u64,
    /// How many read the conversation when it was stored, so that a repetition is told the same; 0 if that is not known.
    pub(in crate::store) readers: u32,
}

impl Sent {
    /// What is kept of a digest.
    pub(in crate::store) fn part_of(digest: Digest) -> u64 {
        let mut part = [0; 8];
        part.copy_from_slice(&digest.0[..8]);
        u64::from_le_bytes(part)
    }
}

/// A row of `retention`: what of a conversation is kept, where the operator has said so for this one. None: as for
/// all others; zero: without a limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct RetentionRecord {
    pub(in crate::store) days: Option<u64>,
    pub(in crate::store) messages: Option<u64>,
    pub(in crate::store) megabytes: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversation_grows_only_by_what_it_has() {
        let mut record = ConversationRecord::empty(Kind::Pair(1, 2));
        let again = |record: &ConversationRecord| {
            let bytes = rmp_serde::to_vec(record).expect("writing to a Vec cannot fail");
            let read: ConversationRecord = rmp_serde::from_slice(&bytes).expect("written just now");
            assert_eq!((read.sides, read.earlier), (record.sides, record.earlier));
            bytes.len()
        };
        let short = again(&record);
        record.sides.0[1].run = (2, 3);
        assert!(again(&record) > short);
        record.earlier.on_restore(77, 3);
        again(&record);
        record.sides = Sides::NONE;
        record.earlier = EpochHistory::NONE;
        assert_eq!(again(&record), short);
    }
}
