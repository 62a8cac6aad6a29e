//! Every row that redb can still read, of each table.
//!
//! A table is read forward to the first page that redb cannot read, then backward to the last: what stands between the
//! two is lost. A row is taken only if its check value fits.

use redb::{Database, ReadTransaction, ReadableDatabase as _, ReadableTable as _, TableDefinition};

use super::super::error::StoreError;
use super::Rescued;
use crate::store::files::catch_panic::guard;
use crate::store::ops::rooms::Invitation;
use crate::store::schema::checksum;
use crate::store::schema::meta;
use crate::store::schema::tables::{Look as _, Tables};

/// How many rows of a table are read in one direction at most: a damaged page can lead in a circle. Chosen: more than any
/// table has.
const ROWS_MAX: u64 = 1 << 32;

/// What was read of one table.
#[derive(Default)]
struct Found {
    /// Rows whose check value does not fit.
    damaged: u64,
    /// Whether redb has read all of it.
    is_whole: bool,
}

impl Found {
    fn report(&self, name: &str, rescued: &mut Rescued) {
        if self.damaged > 0 {
            rescued.lose(format!("{name}: {} damaged rows", self.damaged));
        }
        if !self.is_whole {
            rescued.lose(format!("{name}: all rows on pages that cannot be read"));
        }
    }
}

/// Copies every row that can be read and whose check value fits; says of each table what was lost.
///
/// # Errors
/// If a row cannot be written.
pub(super) fn copy(
    from: &Database,
    to: &mut Tables<'_>,
    rescued: &mut Rescued,
) -> Result<(), StoreError> {
    let from: ReadTransaction = from.begin_read()?;
    macro_rules! copy {
        ($($name:ident: $key:ty => $value:ty, |$place:ident, $row:ident| $sound:expr;)*) => {$(
            let name = stringify!($name);
            let mut found = Found::default();
            let table = guard(|| -> Result<_, StoreError> {
                Ok(from.open_table(TableDefinition::<$key, $value>::new(name))?)
            });
            for is_backward in [false, true] {
                let Ok(table) = &table else { break };
                if found.is_whole {
                    break;
                }
                // What cannot be read is lost, which is no error; what cannot be written is one.
                let mut written = Ok(());
                let read: Result<bool, StoreError> = guard(|| {
                    let mut rows = table.range::<$key>(..)?;
                    for _ in 0..ROWS_MAX {
                        let row = if is_backward { rows.next_back() } else { rows.next() };
                        let Some(row) = row else { return Ok(true) };
                        let (key, value) = row?;
                        let ($place, $row) = (key.value(), value.value());
                        if !$sound {
                            found.damaged += 1;
                            continue;
                        }
                        let is_new = to.$name().get($place).map(|there| there.is_none());
                        written = is_new.and_then(|is_new| {
                            if is_new {
                                to.$name.insert($place, $row)?;
                                rescued.rows += 1;
                            }
                            Ok(())
                        });
                        if written.is_err() {
                            break;
                        }
                    }
                    Ok(false)
                });
                written?;
                found.is_whole = matches!(read, Ok(true));
            }
            found.report(name, rescued);
        )*};
    }
    copy! {
        meta_sums: &str => u32, |_row, _sum| true;
        meta: &str => u64, |row, number| meta::is_sealed(to, row, number);
        secrets: &str => &[u8], |name, secret| checksum::open(meta::SECRETS, name, secret).is_ok();
        names: (u8, &str) => (u64, u32), |key, id| checksum::open_number("names", key, id).is_ok();
        accounts: u64 => &[u8], |id, row| checksum::open("accounts", id, row).is_ok();
        devices: (u64, u64) => &[u8], |key, row| checksum::open("devices", key, row).is_ok();
        conversations: u64 => &[u8], |id, row| checksum::open("conversations", id, row).is_ok();
        members: (u64, u64) => &[u8], |key, row| checksum::open("members", key, row).is_ok();
        rooms: u64 => &[u8], |id, row| checksum::open("rooms", id, row).is_ok();
        invited: (u64, u64) => u32, |key, row| Invitation::open(key, row).is_ok();
        blocked: (u64, u64) => u32, |key, row| checksum::check_presence("blocked", key, row).is_ok();
        withheld: (u64, u64, u64) => (u64, u32), |key, row| checksum::open_number("withheld", key, row).is_ok();
        senders: (u64, u64) => (u64, u32), |key, row| checksum::open_number("senders", key, row).is_ok();
        log: (u64, u64) => &[u8], |key, row| checksum::decode_entry(key.0, key.1, row).is_ok();
        retention: u64 => &[u8], |id, row| checksum::open("retention", id, row).is_ok();
    }
    Ok(())
}
