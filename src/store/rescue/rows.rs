//! Every row that redb can still read, of each table.
//!
//! A table is read forward to the first page that redb cannot read, then backward to the last: what stands between the
//! two is lost. A row is taken only if its check value fits.

use redb::{
    Database, Key, ReadTransaction, ReadableDatabase as _, ReadableTable as _, Table,
    TableDefinition,
};

use super::Rescued;
use crate::store::catch_panic::guard;
use crate::store::error::StoreError;
use crate::store::schema::checksum::{self, RowKey};
use crate::store::schema::tables::Tables;

/// How many rows of a table are read in one direction at most: a damaged page can lead in a circle. Chosen: more than any
/// table has.
const ROWS_MAX: u64 = 1 << 32;

/// Copies every row that can be read and whose check value fits; says of each table what was lost.
///
/// # Errors
/// If a row cannot be written.
pub(super) fn copy(
    from: &Database,
    to: &mut Tables<'_>,
    rescued: &mut Rescued,
) -> Result<(), StoreError> {
    let from = from.begin_read()?;
    table(&from, "numbers", &mut to.numbers, rescued)?;
    table(&from, "secrets", &mut to.secrets, rescued)?;
    table(&from, "names", &mut to.names, rescued)?;
    table(&from, "accounts", &mut to.accounts, rescued)?;
    table(&from, "devices", &mut to.devices, rescued)?;
    table(&from, "conversations", &mut to.conversations, rescued)?;
    table(&from, "members", &mut to.members, rescued)?;
    table(&from, "rooms", &mut to.rooms, rescued)?;
    table(&from, "invited", &mut to.invited, rescued)?;
    table(&from, "blocked", &mut to.blocked, rescued)?;
    table(&from, "withheld", &mut to.withheld, rescued)?;
    table(&from, "senders", &mut to.senders, rescued)?;
    table(&from, "log", &mut to.log, rescued)?;
    table(&from, "retention", &mut to.retention, rescued)
}

fn table<K: Key + 'static>(
    from: &ReadTransaction,
    name: &'static str,
    to: &mut Table<'_, K, &'static [u8]>,
    rescued: &mut Rescued,
) -> Result<(), StoreError>
where
    for<'k> K::SelfType<'k>: RowKey,
{
    let (mut damaged, mut is_whole) = (0_u64, false);
    let rows = guard(|| -> Result<_, StoreError> {
        Ok(from.open_table(TableDefinition::<K, &[u8]>::new(name))?)
    });
    for is_backward in [false, true] {
        let Ok(rows) = &rows else { break };
        if is_whole {
            break;
        }
        // What cannot be read is lost, which is no error; what cannot be written is one.
        let mut written = Ok(());
        let read: Result<bool, StoreError> = guard(|| {
            let mut rows = rows.iter()?;
            for _ in 0..ROWS_MAX {
                let row = if is_backward {
                    rows.next_back()
                } else {
                    rows.next()
                };
                let Some(row) = row else { return Ok(true) };
                let (key, value) = row?;
                if checksum::open(name, key.value(), value.value()).is_none() {
                    damaged += 1;
                    continue;
                }
                match to.insert(key.value(), value.value()) {
                    Ok(before) => rescued.rows += u64::from(before.is_none()),
                    Err(error) => {
                        written = Err(error);
                        break;
                    }
                }
            }
            Ok(false)
        });
        written?;
        is_whole = matches!(read, Ok(true));
    }
    if damaged > 0 {
        rescued.lose(format!("{name}: {damaged} damaged rows"));
    }
    if !is_whole {
        rescued.lose(format!("{name}: all rows on pages that cannot be read"));
    }
    Ok(())
}
