//! From schema 6 to 7: the entries leave redb for the segments of a log.
//!
//! They stay in the table `log` here, where a copy has them too: the server takes them over when it begins its service. What
//! counts against limits no longer depends on how an entry is kept, so it is counted again, and what devices have used their
//! numbers for is one row for each of them. The requests that only the journal has are replayed on that (`unwritten`).

use std::collections::{BTreeMap, VecDeque};

use redb::{ReadableTable as _, TableDefinition, WriteTransaction};
use serde::Deserialize;

use crate::protocol::Digest;
use crate::store::error::StoreError;
use crate::store::schema::checksum::decode;
use crate::store::schema::records::{
    ConversationRecord, EpochHistory, Kind, LogRow, SenderRecord, Sent, Sides,
};
use crate::store::schema::table::Bulk;

#[derive(Deserialize)]
struct OldConversation {
    kind: Kind,
    head: u64,
    log_start: u64,
    time_ms: u64,
    members: u32,
    _bytes: u64,
    earlier: EpochHistory,
    #[serde(default)]
    sides: Sides,
}

#[derive(Deserialize)]
struct OldSent {
    number: u64,
    digest: Digest,
    entry: u64,
    readers: u32,
}

type Raw<K> = TableDefinition<'static, K, &'static [u8]>;

/// Takes the step.
///
/// # Errors
/// If the tables cannot be read or written.
pub(super) fn to_7(transaction: &WriteTransaction) -> Result<(), StoreError> {
    let counted = counted(transaction)?;
    conversations(transaction, &counted.logs)?;
    let mut usage = Bulk::<u64, u64>::open("usage", transaction)?;
    usage.clear()?;
    for (account, bytes) in &counted.accounts {
        usage.insert(account, bytes)?;
    }
    senders(transaction)
}

/// What entries count, in bytes.
struct Counted {
    logs: BTreeMap<u64, u64>,
    accounts: BTreeMap<u64, u64>,
}

fn counted(transaction: &WriteTransaction) -> Result<Counted, StoreError> {
    let (mut logs, mut accounts) = (BTreeMap::new(), BTreeMap::new());
    let log = transaction.open_table::<(u64, u64), &[u8]>(Raw::new("log"))?;
    for row in log.iter()? {
        let (key, row) = row?;
        // What is damaged counts as nothing, as ever.
        let Ok(row) = decode::<LogRow>("log", &key.value(), row.value()) else {
            continue;
        };
        let bytes = row.record().counted_bytes();
        for (counts, key) in [(&mut logs, key.value().0), (&mut accounts, 0)] {
            *counts.entry(key).or_default() += bytes;
        }
        if row.author != 0 {
            *accounts.entry(row.author).or_default() += bytes;
        }
    }
    Ok(Counted { logs, accounts })
}

fn conversations(
    transaction: &WriteTransaction,
    bytes: &BTreeMap<u64, u64>,
) -> Result<(), StoreError> {
    const TABLE: &str = "conversations";
    let mut records = Vec::new();
    {
        let table = transaction.open_table::<u64, &[u8]>(Raw::<u64>::new(TABLE))?;
        for row in table.iter()? {
            let (id, row) = row?;
            // One that is damaged stays so.
            if let Ok(old) = decode::<OldConversation>(TABLE, &id.value(), row.value()) {
                records.push((id.value(), old));
            }
        }
    }
    let mut table = Bulk::<u64, ConversationRecord>::open(TABLE, transaction)?;
    for (id, old) in records {
        let record = ConversationRecord {
            head: old.head,
            log_start: old.log_start,
            time_ms: old.time_ms,
            members: old.members,
            bytes: bytes.get(&id).copied().unwrap_or(0),
            open_places: old.log_start + 1,
            earlier: old.earlier,
            sides: old.sides,
            ..ConversationRecord::empty(old.kind)
        };
        table.insert(&id, &record)?;
    }
    Ok(())
}

fn senders(transaction: &WriteTransaction) -> Result<(), StoreError> {
    let mut records = BTreeMap::<(u64, u64), SenderRecord>::new();
    {
        let table = transaction.open_table::<(u64, u64), &[u8]>(Raw::new("senders"))?;
        for row in table.iter()? {
            let (key, last) = row?;
            if let Ok(last) = decode::<u64>("senders", &key.value(), last.value()) {
                records.insert(
                    key.value(),
                    SenderRecord {
                        last,
                        sent: VecDeque::new(),
                    },
                );
            }
        }
        let table = transaction.open_table::<(u64, u64, u64), &[u8]>(Raw::new("sent"))?;
        for row in table.iter()? {
            let (key, row) = row?;
            let (conversation, device, _) = key.value();
            if let Ok(old) = decode::<OldSent>("sent", &key.value(), row.value())
                && let Some(record) = records.get_mut(&(conversation, device))
            {
                record.sent.push_back(Sent {
                    number: old.number,
                    digest: Sent::part_of(old.digest),
                    entry: old.entry,
                    readers: old.readers,
                });
            }
        }
    }
    transaction.delete_table(Raw::<(u64, u64, u64)>::new("sent"))?;
    let mut table = Bulk::<(u64, u64), SenderRecord>::open("senders", transaction)?;
    for (key, mut record) in records {
        record
            .sent
            .make_contiguous()
            .sort_unstable_by_key(|sent| sent.number);
        table.insert(&key, &record)?;
    }
    Ok(())
}
