//! Devices and their resume tickets, of which only hashes are kept.

use super::administration::{disabled, resets};
use super::{accounts, log};
use crate::protocol::{AccountId, DeviceId};
use crate::store::error::{Abort, StoreError, skip_damaged};
use crate::store::schema::meta;
use crate::store::schema::meta::Sequence;
use crate::store::schema::records::{DeviceRecord, TicketRecord, UseRecord};
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables, Tables};
use crate::store::{Device, DeviceUse, Refusal, Reply, TicketHash};

/// How many devices of an account are known; one more login without a device forgets the one whose ticket is the
/// oldest, those without a ticket first: it signs in by password the next time, and becomes a new device. Chosen: more
/// than anybody owns, and few enough to be looked through at a login.
pub(in crate::store) const DEVICES_MAX: usize = 64;

/// A device that is opened by a login, or by whoever may do without one.
pub(in crate::store) struct Opening {
    pub(in crate::store) account: AccountId,
    /// The device that is meant, if it is to be no new one.
    pub(in crate::store) device: Option<DeviceId>,
    pub(in crate::store) ticket: TicketHash,
    pub(in crate::store) expires_ms: u64,
    /// Which attempt of the client's it is; without one it comes behind all of them.
    pub(in crate::store) attempt: Option<u64>,
}

/// Gives an account a device after a login: the one named, if it is the account's, else a new one. All earlier
/// tickets of the device are void, unless they were made by a later attempt: then the login is.
pub(in crate::store) fn open(
    tables: &mut Tables,
    epoch: u64,
    opening: &Opening,
) -> Result<Reply, Abort> {
    let Opening {
        account, attempt, ..
    } = *opening;
    let owner = accounts::load(tables, account)?.ok_or(Refusal::NoSuchUser)?;
    disabled::refuse(tables, account)?;
    let (is_bot, role, name) = (owner.is_bot(), owner.role(), owner.name);
    let known = match opening.device {
        Some(device) => load(tables, account, device)?.map(|record| (device, record)),
        None => None,
    };
    if let (Some(attempt), Some((_, record))) = (attempt, &known) {
        refuse_earlier(attempt, record)?;
    }
    let known_device = known.map(|(device, _)| device);
    let reset_ms = resets::to_tell(tables, account, known_device)?;
    let (device, known) = if let Some((device, record)) = known {
        (device, record)
    } else {
        forget_surplus(tables, account)?;
        let device = DeviceId(meta::next_id(tables, Sequence::Device)?);
        (device, DeviceRecord::default())
    };
    let record = DeviceRecord {
        current: Some(TicketRecord::new(opening.ticket, opening.expires_ms)),
        previous: None,
        attempt: known.attempt.max(attempt.unwrap_or_default()),
        ..known
    };
    tables.devices.insert((account.0, device.0), record);
    Ok(Reply::Device {
        account,
        name,
        is_bot,
        role,
        device,
        epoch,
        reset_ms,
    })
}

/// Makes room for another device. Of those that it forgets the ids are not given out again and the last numbers stay
/// (28 bytes in each conversation that the device spoke in), so what is still under way from one of them stands once.
/// What it sent under its numbers (some 4 KB there) is forgotten: no ticket lets the device in again, and a session of
/// it that still lives and repeats itself is told that it conflicts, and becomes a new device.
fn forget_surplus(tables: &mut Tables, account: AccountId) -> Result<(), StoreError> {
    // A damaged one is as good as without a ticket.
    let known = all(tables, account)?.into_iter();
    let mut known: Vec<(u64, DeviceId)> = known
        .map(|(device, record)| (record.unwrap_or_default().expires_ms(), device))
        .collect();
    known.sort_unstable();
    let surplus = (known.len() + 1).saturating_sub(DEVICES_MAX);
    for (_, device) in &known[..surplus] {
        tables.devices.remove(&(account.0, device.0));
        log::forget_sent(tables, account, *device)?;
    }
    Ok(())
}

/// An attempt that is earlier than the one that made the device's ticket has been on its way for long: in a network, or to the
/// log of a cluster after the server that asked has died. Its client has come in by another one meanwhile.
fn refuse_earlier(attempt: u64, known: &DeviceRecord) -> Result<(), Refusal> {
    if attempt >= known.attempt {
        return Ok(());
    }
    Err(Refusal::Attempt(known.attempt))
}

/// The device, which of its tickets this one is, and whether that is the current one.
fn admitted(
    tables: &impl ReadTables,
    (account, device): (AccountId, DeviceId),
    ticket: TicketHash,
    now_ms: u64,
) -> Result<(DeviceRecord, TicketRecord, bool), Abort> {
    let record = load(tables, account, device)?.ok_or(Refusal::Ticket)?;
    let known = [(record.current, true), (record.previous, false)];
    let admitted = known.into_iter().find_map(|(known, is_current)| {
        let known = known.filter(|known| known.admits(ticket, now_ms))?;
        Some((record, known, is_current))
    });
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
    /// Which attempt of the client's it is.
    pub(in crate::store) attempt: u64,
}

/// Signs in by ticket. The ticket used stays good until its successor has been used, so that an answer which is
/// lost on the way locks nobody out; a successor that was never used is replaced, by a later attempt only: an earlier one
/// would void the ticket with which the client has come in since. Whoever has the successor is later than who made it.
pub(in crate::store) fn resume(
    tables: &mut Tables,
    epoch: u64,
    resumption: &Resumption,
) -> Result<Reply, Abort> {
    let Resumption {
        account,
        device,
        ticket,
        attempt,
        ..
    } = *resumption;
    let (known, used, is_current) = admitted(tables, (account, device), ticket, resumption.now_ms)?;
    // Only who has the ticket learns it.
    disabled::refuse(tables, account)?;
    if !is_current {
        refuse_earlier(attempt, &known)?;
    }
    let owner = accounts::require(tables, account)?;
    let (is_bot, role, name) = (owner.is_bot(), owner.role(), owner.name);
    let record = DeviceRecord {
        current: Some(TicketRecord::new(
            resumption.successor,
            resumption.expires_ms,
        )),
        previous: Some(used),
        attempt: known.attempt.max(attempt),
        ..known
    };
    resets::told(tables, account, device)?;
    tables.devices.insert((account.0, device.0), record);
    Ok(Reply::Device {
        account,
        name,
        is_bot,
        role,
        device,
        epoch,
        reset_ms: None,
    })
}

/// Forgets a device's tickets; the device and its numbers stay.
pub(in crate::store) fn revoke(
    tables: &mut Tables,
    account: AccountId,
    device: DeviceId,
) -> Result<Reply, Abort> {
    if let Some(known) = load(tables, account, device)? {
        void_tickets(tables, account, device, known);
    }
    Ok(Reply::Nothing)
}

fn void_tickets(tables: &mut Tables, account: AccountId, device: DeviceId, known: DeviceRecord) {
    let record = DeviceRecord {
        current: None,
        previous: None,
        ..known
    };
    tables.devices.insert((account.0, device.0), record);
}

/// Voids the tickets of all devices of an account but this one, which keeps the one that it was given last.
pub(in crate::store) fn revoke_others(
    tables: &mut Tables,
    account: AccountId,
    kept: DeviceId,
) -> Result<Reply, Abort> {
    let mut devices = 0;
    for (device, record) in all(tables, account)? {
        let record = record.unwrap_or_default();
        if device == kept {
            let record = DeviceRecord {
                previous: None,
                ..record
            };
            tables.devices.insert((account.0, device.0), record);
        } else {
            devices += u32::from(record.current.is_some());
            void_tickets(tables, account, device, record);
        }
    }
    Ok(Reply::Revoked { devices })
}

/// Voids the tickets of all devices of an account.
pub(in crate::store) fn revoke_all(
    tables: &mut Tables,
    account: AccountId,
) -> Result<Reply, Abort> {
    let mut devices = 0;
    for (device, record) in all(tables, account)? {
        let record = record.unwrap_or_default();
        devices += u32::from(record.current.is_some());
        void_tickets(tables, account, device, record);
    }
    Ok(Reply::Revoked { devices })
}

/// The devices of an account, at most [`DEVICES_MAX`].
pub(in crate::store) fn ids(
    tables: &impl ReadTables,
    account: AccountId,
) -> Result<Vec<u64>, StoreError> {
    let all = all(tables, account)?.into_iter();
    Ok(all.map(|(device, _)| device.0).collect())
}

/// Forgets a device, as one that is too many is forgotten.
pub(in crate::store) fn forget(
    tables: &mut Tables,
    account: AccountId,
    device: DeviceId,
) -> Result<Reply, Abort> {
    if !tables.devices().has(&(account.0, device.0))? {
        return Err(Refusal::NoSuchDevice.into());
    }
    tables.devices.remove(&(account.0, device.0));
    log::forget_sent(tables, account, device)?;
    Ok(Reply::Revoked { devices: 1 })
}

/// Forgets the devices of an account that nobody signs in to again.
pub(in crate::store) fn forget_all(
    tables: &mut Tables,
    account: AccountId,
) -> Result<(), StoreError> {
    for (device, _) in all(tables, account)? {
        tables.devices.remove(&(account.0, device.0));
    }
    Ok(())
}

/// The devices of an account, by id.
pub(in crate::store) fn list(tables: &impl ReadTables, account: AccountId) -> Result<Reply, Abort> {
    let devices = all(tables, account)?.into_iter().map(|(device, record)| {
        let record = record.unwrap_or_default();
        Device {
            device,
            expires_ms: record.expires_ms(),
            used_ms: record.used.map(|used| used.time_ms),
            address: record.used.and_then(|used| used.address),
        }
    });
    Ok(Reply::Devices(devices.collect()))
}

/// Notes when and where devices were last used.
pub(in crate::store) fn note_uses(tables: &mut Tables, uses: &[DeviceUse]) -> Result<Reply, Abort> {
    for noted in uses {
        let Some(known) = load(tables, noted.account, noted.device)? else {
            continue;
        };
        let address = known.used.and_then(|used| used.address);
        let record = DeviceRecord {
            used: Some(UseRecord {
                time_ms: noted.time_ms,
                address: noted.address.or(address),
            }),
            ..known
        };
        let key = (noted.account.0, noted.device.0);
        tables.devices.insert(key, record);
    }
    Ok(Reply::Nothing)
}

/// The devices of an account with their records, by id; a damaged one has none.
fn all(
    tables: &impl ReadTables,
    account: AccountId,
) -> Result<Vec<(DeviceId, Option<DeviceRecord>)>, StoreError> {
    let mut all = Vec::new();
    for row in tables
        .devices()
        .range((account.0, 0)..=(account.0, u64::MAX))?
    {
        let ((_, device), record) = row?;
        all.push((DeviceId(device), skip_damaged(record)?));
    }
    Ok(all)
}

/// A device's record. One that is damaged admits no ticket: its user signs in by password, and it becomes a new device.
fn load(
    tables: &impl ReadTables,
    account: AccountId,
    device: DeviceId,
) -> Result<Option<DeviceRecord>, StoreError> {
    Ok(skip_damaged(tables.devices().get(&(account.0, device.0)))?.flatten())
}
