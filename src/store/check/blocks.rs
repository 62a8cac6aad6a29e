//! Who blocks whom, and what is withheld for it: the pairs' records say the same as the tables.

use super::super::error::StoreError;
use super::Walk;
use crate::protocol::AccountId;
use crate::store::schema::pair_ids;
use crate::store::schema::records::{ConversationRecord, Kind, Side};
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::ReadTables;

pub(super) fn blocked(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "blocked";
    let (tables, report) = (walk.tables, &mut walk.report);
    for row in tables.blocked().rows()? {
        let ((account, other), kept) = row?;
        let place = format!("account {account}, blocking {other}");
        report.row(TABLE, &place, kept);
        for id in [account, other] {
            if !tables.accounts().has(&id)? {
                report.find(TABLE, &place, "an account is missing");
            }
        }
        let pair = pair_ids::id_of(AccountId(account), AccountId(other));
        let pair = pair.and_then(|id| walk.conversations.get(&id.0));
        if pair.is_some_and(|pair| !pair.record.side(AccountId(account)).is_blocking) {
            report.find(TABLE, place, "their conversation does not know of it");
        }
    }
    Ok(())
}

pub(super) fn withheld(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "withheld";
    let (tables, report) = (walk.tables, &mut walk.report);
    // The rows of one account in one conversation follow each other.
    let mut before = (0, 0, 0);
    for row in tables.withheld().rows()? {
        let ((id, account, first), last) = row?;
        let place = format!("conversation {id}, account {account}, entry {first}");
        let Some(last) = report.row(TABLE, &place, last) else {
            continue;
        };
        let side = walk.conversations.get(&id).and_then(|one| {
            let record = &one.record;
            record.peer(AccountId(account))?;
            Some(record.side(AccountId(account)))
        });
        let Some(side) = side else {
            report.find(TABLE, place, "it is of no pair that the account is one of");
            continue;
        };
        let is_in_turn = before.0 != id || before.1 != account || before.2 < first;
        if !is_in_turn || first == 0 || last < first || last >= side.run.0 {
            report.find(TABLE, place, "its entries are others' as well");
        }
        before = (id, account, last);
    }
    Ok(())
}

pub(super) fn sides(walk: &mut Walk<'_>) -> Result<(), StoreError> {
    const TABLE: &str = "conversations";
    let (tables, report) = (walk.tables, &mut walk.report);
    for (id, conversation) in &walk.conversations {
        let record = &conversation.record;
        let Kind::Pair(low, high) = record.kind else {
            if record.sides.0 != [Side::default(); 2] {
                report.find(TABLE, id, "something is withheld in what is no pair");
            }
            continue;
        };
        for (account, other) in [(low, high), (high, low)] {
            let side = record.side(AccountId(account));
            if side.is_blocking && !tables.blocked().has(&(account, other))? {
                let problem = format!("account {account} blocks the other in it, and nowhere else");
                report.find(TABLE, id, problem);
            }
            if !is_in_log(record, side) {
                report.find(TABLE, id, "what is withheld in it is ahead of the log");
            }
        }
    }
    Ok(())
}

fn is_in_log(record: &ConversationRecord, side: Side) -> bool {
    let (first, last) = side.run;
    let is_run = (first == 0) == (last == 0) && first <= last;
    is_run && last <= record.head && side.silent_until <= record.head
}
