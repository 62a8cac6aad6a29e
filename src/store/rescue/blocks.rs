//! Who blocks whom, and what is withheld for it, made to agree with what is left of accounts and pairs.

use std::collections::BTreeMap;

use redb::ReadableTable;

use super::super::error::StoreError;
use crate::protocol::{AccountId, ConversationId};
use crate::store::schema::checksum::decode;
use crate::store::schema::records::{ConversationRecord, Kind};
use crate::store::schema::tables::Tables;

/// The pairs' records say what the tables do. Of a pair whose record was lost the last entries in a row that were withheld
/// are lost too, and are given out.
pub(super) fn blocks(tables: &mut Tables<'_>) -> Result<(), StoreError> {
    let mut blocked = Vec::new();
    for row in tables.blocked.iter()? {
        let (account, other) = row?.0.value();
        let are_there =
            tables.accounts.get(account)?.is_some() && tables.accounts.get(other)?.is_some();
        if are_there && account != other {
            blocked.push((account, other));
        }
    }
    tables.blocked.retain(|key, _| blocked.contains(&key))?;
    let mut runs = BTreeMap::<(u64, u64), Vec<(u64, u64)>>::new();
    for row in tables.withheld.iter()? {
        let (key, last) = row?;
        let ((id, account, first), (last, _)) = (key.value(), last.value());
        let of = runs.entry((id, account)).or_default();
        let is_in_turn = of.last().is_none_or(|(_, before)| *before < first);
        if is_in_turn && first > 0 && first <= last {
            of.push((first, last));
        }
    }
    let mut records = Vec::new();
    for row in tables.conversations.iter()? {
        let (id, value) = row?;
        let record: ConversationRecord = decode("conversations", id.value(), value.value())?;
        records.push((ConversationId(id.value()), record));
    }
    let mut kept = Vec::new();
    for (id, mut record) in records {
        let Kind::Pair(low, high) = record.kind else {
            continue;
        };
        let head = record.head;
        for (account, other) in [(low, high), (high, low)] {
            let Some(side) = record.side_mut(AccountId(account)) else {
                continue;
            };
            side.is_blocking = blocked.contains(&(account, other));
            side.silent_until = side.silent_until.min(head);
            let mut earlier = runs.remove(&(id.0, account)).unwrap_or_default();
            earlier.retain(|(_, last)| *last <= head);
            if side.run.0 == 0 || side.run.1 > head || side.run.0 > side.run.1 {
                side.run = earlier.pop().unwrap_or_default();
            }
            let run = side.run;
            let before = earlier.into_iter().filter(|(_, last)| *last < run.0);
            kept.extend(before.map(|(first, _)| (id.0, account, first)));
        }
        crate::store::ops::conversations::save(tables, id, &record)?;
    }
    tables.withheld.retain(|key, _| kept.contains(&key))?;
    Ok(())
}
