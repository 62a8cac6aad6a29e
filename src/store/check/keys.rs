//! Each idempotency key must belong to an entry, and stand in the order in which the oldest are forgotten.

use super::super::error::StoreError;
use super::Walk;
use crate::store::ops::log::keys::KEYS_MAX;
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::ReadTables as _;

pub(super) fn keys(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "keys";
    for row in walk.tables.keys().rows()? {
        let ((account, high, low), record) = row?;
        let place = format!("account {account}, key {high:016x}{low:016x}");
        let Some(record) = walk.report.row(TABLE, &place, record) else {
            continue;
        };
        let order = walk.tables.key_order().get(&(account, record.count));
        let log = walk.conversations.get(&record.conversation);
        let report = &mut walk.report;
        if log.is_none_or(|log| record.entry > log.record.head) {
            report.find(TABLE, place, "its entry is outside of the log");
        } else if !matches!(order, Ok(Some(halves)) if halves == (high, low)) {
            report.find(TABLE, place, "it has no place in the order");
        }
    }
    Ok(())
}

pub(super) fn order(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "key_order";
    let mut first = (0, 0);
    for row in walk.tables.key_order().rows()? {
        let ((account, count), halves) = row?;
        let place = format!("account {account}, count {count}");
        walk.report.row(TABLE, &place, halves);
        if first.0 != account {
            first = (account, count);
        } else if count - first.1 >= KEYS_MAX {
            let problem = "more are kept than one account may have";
            walk.report.find(TABLE, place, problem);
        }
    }
    Ok(())
}
