//! Every row that redb can still read, of each table.
//!
//! A table is read forward to the first page that redb cannot read, then backward to the last: what stands between the
//! two is lost. A row is taken only if its check value fits.

use redb::{
    Database, ReadTransaction, ReadableDatabase as _, ReadableTable as _, TableDefinition,
    WriteTransaction,
};
use serde_bytes::ByteBuf;

use super::Rescued;
use crate::store::Ban;
use crate::store::catch_panic::guard;
use crate::store::error::StoreError;
use crate::store::schema::admin_records::{
    AuditRecord, ChoreRecord, CodeRecord, DisabledRecord, ResetRecord,
};
use crate::store::schema::file_records::{FileKey, FileRecord};
use crate::store::schema::key::Key;
use crate::store::schema::places::PlacesRecord;
use crate::store::schema::records::{
    AccountRecord, ConversationRecord, DeviceRecord, KeyRecord, LogRow, MemberRecord,
    RetentionRecord, RoomRecord, SenderRecord,
};
use crate::store::schema::table::{Bulk, Record};

/// How many rows of a table are read in one direction at most: a damaged page can lead in a circle. Chosen: more than any
/// table has.
const ROWS_MAX: u64 = 1 << 32;

/// Copies every row that can be read and whose check value fits; says of each table what was lost.
///
/// # Errors
/// If a row cannot be written.
pub(super) fn copy(
    from: &Database,
    to: &WriteTransaction,
    rescued: &mut Rescued,
) -> Result<(), StoreError> {
    let from = &from.begin_read()?;
    let mut copy = Copying { from, rescued };
    copy.table(Bulk::<String, u64>::open("numbers", to)?)?;
    copy.table(Bulk::<String, ByteBuf>::open("secrets", to)?)?;
    copy.table(Bulk::<(u8, String), u64>::open("names", to)?)?;
    copy.table(Bulk::<u64, AccountRecord>::open("accounts", to)?)?;
    copy.table(Bulk::<(u64, u64), DeviceRecord>::open("devices", to)?)?;
    copy.table(Bulk::<u64, ConversationRecord>::open("conversations", to)?)?;
    copy.table(Bulk::<(u64, u64), MemberRecord>::open("members", to)?)?;
    copy.table(Bulk::<u64, u64>::open("seen", to)?)?;
    copy.table(Bulk::<u64, DisabledRecord>::open("disabled", to)?)?;
    copy.table(Bulk::<(u64, u64, u64), Ban>::open("bans", to)?)?;
    copy.table(Bulk::<u64, AuditRecord>::open("audit", to)?)?;
    copy.table(Bulk::<(u64, [u8; 32]), CodeRecord>::open("codes", to)?)?;
    copy.table(Bulk::<u64, ResetRecord>::open("resets", to)?)?;
    copy.table(Bulk::<(u64, u64), ChoreRecord>::open("chores", to)?)?;
    copy.table(Bulk::<u64, RoomRecord>::open("rooms", to)?)?;
    copy.table(Bulk::<(u64, u64), bool>::open("invited", to)?)?;
    copy.table(Bulk::<(u64, u64), ()>::open("blocked", to)?)?;
    copy.table(Bulk::<(u64, u64, u64), u64>::open("withheld", to)?)?;
    copy.table(Bulk::<(u64, u64), SenderRecord>::open("senders", to)?)?;
    copy.table(Bulk::<(u64, u64, u64), KeyRecord>::open("keys", to)?)?;
    copy.table(Bulk::<(u64, u64), (u64, u64)>::open("key_order", to)?)?;
    copy.table(Bulk::<FileKey, FileRecord>::open("files", to)?)?;
    copy.table(Bulk::<(u64, u64), LogRow>::open("log", to)?)?;
    copy.table(Bulk::<(u64, u64), PlacesRecord>::open("places", to)?)?;
    copy.table(Bulk::<u64, RetentionRecord>::open("retention", to)?)
}

/// Where rows come from, and what has become of them.
struct Copying<'a> {
    from: &'a ReadTransaction,
    rescued: &'a mut Rescued,
}

impl Copying<'_> {
    fn table<K: Key, V: Record>(&mut self, mut to: Bulk<'_, K, V>) -> Result<(), StoreError> {
        let Self { from, rescued } = self;
        let name = to.name();
        let (mut damaged, mut is_whole) = (0_u64, false);
        let rows = guard(|| -> Result<_, StoreError> {
            Ok(from.open_table(TableDefinition::<K::Redb, &[u8]>::new(name))?)
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
                    match to.insert_sealed(key.value(), value.value()) {
                        Ok(None) => damaged += 1,
                        Ok(Some(is_new)) => rescued.rows += u64::from(is_new),
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
}
