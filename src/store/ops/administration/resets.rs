//! Accounts whose password was set by an enrolment code, and which of their devices have not been told yet.

use crate::protocol::{AccountId, DeviceId};
use crate::store::error::{StoreError, skip_damaged};
use crate::store::ops::devices;
use crate::store::schema::admin_records::ResetRecord;
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables, Tables};

/// The password was set: the devices that there are will be told.
pub(super) fn note(tables: &mut Tables, id: AccountId, time_ms: u64) -> Result<(), StoreError> {
    let untold = devices::ids(tables, id)?;
    let record = ResetRecord { time_ms, untold };
    tables.resets.insert(id.0, record);
    Ok(())
}

/// When it was last set, if a device that signs in by password is to be told; one that is new always is. It is told again until
/// it signs in by the ticket that it is given: then it has heard it.
pub(in crate::store) fn to_tell(
    tables: &impl ReadTables,
    id: AccountId,
    device: Option<DeviceId>,
) -> Result<Option<u64>, StoreError> {
    let record = skip_damaged(tables.resets().get(&id.0))?.flatten();
    let is_untold =
        |record: &ResetRecord| device.is_none_or(|device| record.untold.contains(&device.0));
    Ok(record.filter(is_untold).map(|record| record.time_ms))
}

/// A device has signed in by a ticket, so it was told.
pub(in crate::store) fn told(
    tables: &mut Tables,
    id: AccountId,
    device: DeviceId,
) -> Result<(), StoreError> {
    if let Some(mut record) = skip_damaged(tables.resets().get(&id.0))?.flatten()
        && record.untold.contains(&device.0)
    {
        record.untold.retain(|untold| *untold != device.0);
        tables.resets.insert(id.0, record);
    }
    Ok(())
}
