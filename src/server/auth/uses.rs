//! When and where devices were last used, on the way to the store: at each sign-in and at each session's end, so that no
//! packet of theirs costs a write. In between, a device that is online is shown as such.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::protocol::{AccountId, DeviceId, RecipientData};
use crate::server::ctx::Ctx;
use crate::server::ctx::requests::Pending;
use crate::store::{DeviceUse, Outcome, Write};
use crate::transport::SessionId;

/// How long a use may wait to be written. Chosen: a crash loses a second of what is shown to the minute.
const WRITE_BEHIND: Duration = Duration::from_secs(1);

/// Uses in one write: some hundred kilobytes.
const WRITTEN_MAX: usize = 4096;

/// Uses that wait, for a store that fails. At the limit further ones are not noted.
const UNWRITTEN_MAX: usize = 65_536;

#[derive(Debug, Default)]
pub struct DeviceUses {
    unwritten: BTreeMap<(AccountId, DeviceId), (u64, Option<RecipientData>)>,
    write_at: Option<Instant>,
}

impl DeviceUses {
    /// The device of the user who is signed in on this session is used now.
    pub fn note(&mut self, ctx: &Ctx<'_>, id: SessionId) {
        let Some(user) = ctx.sessions.user(id) else {
            return;
        };
        let address = ctx.endpoint.remote(id).map(RecipientData::from);
        self.add((user.account, user.device), ctx.now.unix_ms, address);
        self.write_at.get_or_insert(ctx.now.instant + WRITE_BEHIND);
    }

    fn add(&mut self, device: (AccountId, DeviceId), time_ms: u64, address: Option<RecipientData>) {
        if self.unwritten.len() >= UNWRITTEN_MAX && !self.unwritten.contains_key(&device) {
            return;
        }
        let noted = self.unwritten.entry(device).or_insert((time_ms, address));
        *noted = (time_ms, address.or(noted.1));
    }

    pub const fn deadline(&self) -> Option<Instant> {
        self.write_at
    }

    pub fn on_timeout(&mut self, ctx: &mut Ctx<'_>) {
        if self.write_at.take_if(|at| *at <= ctx.now.instant).is_some() {
            self.write(ctx);
        }
    }

    /// Writes what waits, as far as the store has room.
    fn write(&mut self, ctx: &mut Ctx<'_>) {
        while !self.unwritten.is_empty() {
            let some = self.unwritten.iter().take(WRITTEN_MAX);
            let uses: Vec<DeviceUse> = some
                .map(|((account, device), (time_ms, address))| DeviceUse {
                    account: *account,
                    device: *device,
                    time_ms: *time_ms,
                    address: *address,
                })
                .collect();
            let pending = Pending::NoteUses(uses.clone());
            if !ctx.store.submit(pending, Write::NoteUses(uses.clone())) {
                self.write_at = Some(ctx.now.instant + WRITE_BEHIND);
                return;
            }
            for used in uses {
                self.unwritten.remove(&(used.account, used.device));
            }
        }
    }

    /// The server stops: all who are signed in were there until now.
    pub fn write_last(&mut self, ctx: &mut Ctx<'_>) {
        for id in ctx.sessions.ids() {
            self.note(ctx, id);
        }
        self.write(ctx);
    }

    /// They were written, or are written again with the next.
    pub fn on_written(&mut self, ctx: &Ctx<'_>, uses: Vec<DeviceUse>, outcome: &Outcome) {
        if *outcome != Outcome::Unknown {
            return;
        }
        for used in uses {
            // What was noted since is later.
            let device = (used.account, used.device);
            if !self.unwritten.contains_key(&device) {
                self.add(device, used.time_ms, used.address);
            }
        }
        self.write_at.get_or_insert(ctx.now.instant + WRITE_BEHIND);
    }
}
