//! Devices and their resume tickets, of which only hashes are kept.

use super::{accounts, log};
use crate::protocol::{AccountId, DeviceId};
use crate::store::error::{Abort, StoreError, skip_damaged};
use crate::store::schema::meta;
use crate::store::schema::meta::Sequence;
use crate::store::schema::records::{DeviceRecord, TicketRecord};
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables, Tables};
use crate::store::{Refusal, Reply, TicketHash};

/// How many devices of an account are known; one more login without a device forgets the one whose ticket is the
/// oldest, those without a ticket first: it signs in by password the next time, and becomes a new device. Chosen: more
/// than anybody owns, and few enough to be looked through at a login.
pub(in crate::store) const DEVICES_MAX: usize = 64;

/// Gives an account a device after a login: the one named, if it is the account's, else a new one. All earlier
/// tickets of the device are void.
pub(in crate::store) fn open(
    tables: &mut Tables,
    epoch: u64,
    account: AccountId,
    wanted: Option<DeviceId>,
    ticket: TicketHash,
    expires_ms: u64,
) -> Result<Reply, Abort> {
    let name = accounts::load(tables, account)?
        .ok_or(Refusal::NoSuchUser)?
        .name;
    let known = match wanted {
        Some(device) => load(tables, account, device)?.map(|_| device),
        None => None,
    };
    let device = if let Some(device) = known {
        device
    } else {
        forget_surplus(tables, account)?;
        DeviceId(meta::next_id(tables, Sequence::Device)?)
    };
    let record = DeviceRecord {
        current: Some(TicketRecord::new(ticket, expires_ms)),
        previous: None,
    };
    tables.devices.insert((account.0, device.0), record);
    Ok(Reply::Device {
        account,
        name,
        device,
        epoch,
    })
}

/// Makes room for another device. Of those that it forgets the ids are not given out again and the last numbers stay
/// (28 bytes in each conversation that the device spoke in), so what is still under way from one of them stands once.
/// What it sent under its numbers (some 4 KB there) is forgotten: no ticket lets the device in again, and a session of
/// it that still lives and repeats itself is told that it conflicts, and becomes a new device.
fn forget_surplus(tables: &mut Tables, account: AccountId) -> Result<(), StoreError> {
    let mut known = Vec::new();
    for row in tables
        .devices()
        .range((account.0, 0)..=(account.0, u64::MAX))?
    {
        let ((_, device), record) = row?;
        // A damaged one is as good as without a ticket.
        let record = skip_damaged(record)?;
        known.push((record.unwrap_or_default().expires_ms(), device));
    }
    known.sort_unstable();
    let surplus = (known.len() + 1).saturating_sub(DEVICES_MAX);
    for (_, device) in &known[..surplus] {
        tables.devices.remove(&(account.0, *device));
        log::forget_sent(tables, account, DeviceId(*device))?;
    }
    Ok(())
}

/// The device's ticket that this one is.
fn admitted(
    tables: &impl ReadTables,
    (account, device): (AccountId, DeviceId),
    ticket: TicketHash,
    now_ms: u64,
) -> Result<TicketRecord, Abort> {
    let record = load(tables, account, device)?.ok_or(Refusal::Ticket)?;
    let known = [record.current, record.previous].into_iter().flatten();
    let admitted = known.into_iter().find(|known| known.admits(ticket, now_ms));
    Ok(admitted.ok_or(Refusal::Ticket)?)
}

/// What signs in by ticket.
pub(in crate::store) struct Resumption {
    pub(in crate::store) account: AccountId,
    pub(in crate::store) device: DeviceId,
    pub(in crate::store) ticket: TicketHash,
    pub(in crate::store) successor: TicketHash,
    pub(in crate::store) now_ms: u64,
    pub(in crate::store) expires_ms: u64,
}

/// Signs in by ticket. The ticket used stays good until its successor has been used, so that an answer which is
/// lost on the way locks nobody out; a successor that was never used is replaced.
pub(in crate::store) fn resume(
    tables: &mut Tables,
    epoch: u64,
    resumption: &Resumption,
) -> Result<Reply, Abort> {
    let Resumption {
        account,
        device,
        ticket,
        ..
    } = *resumption;
    let used = admitted(tables, (account, device), ticket, resumption.now_ms)?;
    let name = accounts::require(tables, account)?.name;
    let record = DeviceRecord {
        current: Some(TicketRecord::new(
            resumption.successor,
            resumption.expires_ms,
        )),
        previous: Some(used),
    };
    tables.devices.insert((account.0, device.0), record);
    Ok(Reply::Device {
        account,
        name,
        device,
        epoch,
    })
}

/// Forgets a device's tickets; the device and its numbers stay.
pub(in crate::store) fn revoke(
    tables: &mut Tables,
    account: AccountId,
    device: DeviceId,
) -> Result<Reply, Abort> {
    if load(tables, account, device)?.is_some() {
        tables
            .devices
            .insert((account.0, device.0), DeviceRecord::default());
    }
    Ok(Reply::Nothing)
}

/// A device's record. One that is damaged admits no ticket: its user signs in by password, and it becomes a new device.
fn load(
    tables: &impl ReadTables,
    account: AccountId,
    device: DeviceId,
) -> Result<Option<DeviceRecord>, StoreError> {
    Ok(skip_damaged(tables.devices().get(&(account.0, device.0)))?.flatten())
}
