//! Tickets of devices that have signed out, until the store has forgotten them. Meanwhile they are refused.

use std::collections::BTreeSet;

use crate::protocol::{AccountId, DeviceId};
use crate::server::ctx::Ctx;
use crate::server::ctx::requests::Pending;
use crate::store::{Outcome, Write};

/// Devices whose tickets the store has still to forget. At the limit, which takes a store that fails for long, a sign-out
/// is refused.
const UNREVOKED_MAX: usize = 4096;

#[derive(Debug, Default)]
pub struct Revocations {
    devices: BTreeSet<(AccountId, DeviceId)>,
}

impl Revocations {
    pub fn is_revoked(&self, account: AccountId, device: DeviceId) -> bool {
        self.devices.contains(&(account, device))
    }

    /// Asks the store to forget the tickets of a device; whether it can.
    pub fn revoke(&mut self, ctx: &mut Ctx<'_>, account: AccountId, device: DeviceId) -> bool {
        let is_asked = self.devices.len() < UNREVOKED_MAX && submit(ctx, account, device);
        if is_asked {
            self.devices.insert((account, device));
        }
        is_asked
    }

    /// The device has proved its password: its earlier tickets end with this login, and the new one must not end with
    /// them.
    pub fn forget(&mut self, account: AccountId, device: DeviceId) {
        self.devices.remove(&(account, device));
    }

    /// The store has forgotten the tickets of a device, or is asked again until it has.
    pub fn on_revoked(
        &mut self,
        ctx: &mut Ctx<'_>,
        account: AccountId,
        device: DeviceId,
        outcome: &Outcome,
    ) {
        if *outcome == Outcome::Unknown {
            ctx.retry_soon();
        } else {
            self.devices.remove(&(account, device));
        }
    }

    /// Asks the store again for what it could not do.
    pub fn retry(&self, ctx: &mut Ctx<'_>) {
        for (account, device) in &self.devices {
            if !submit(ctx, *account, *device) {
                return ctx.retry_soon();
            }
        }
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.devices.is_empty()
    }
}

fn submit(ctx: &mut Ctx<'_>, account: AccountId, device: DeviceId) -> bool {
    let request = Write::RevokeTickets { account, device };
    ctx.store
        .submit(Pending::Revoke { account, device }, request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::ctx::testing::Parts;

    #[test]
    fn tickets_are_refused_until_the_store_has_forgotten_them_however_often_it_must_be_asked() {
        let (bob, phone) = (AccountId(2), DeviceId(9));
        let mut parts = Parts::new();
        let mut revocations = Revocations::default();
        assert!(revocations.revoke(&mut parts.ctx(), bob, phone));
        assert!(revocations.is_revoked(bob, phone));
        revocations.on_revoked(&mut parts.ctx(), bob, phone, &Outcome::Unknown);
        assert!(parts.core.store.retry_deadline().is_some());
        revocations.retry(&mut parts.ctx());
        assert_eq!(parts.store.waiting().len(), 2);
        assert!(revocations.is_revoked(bob, phone));
        let done = Outcome::Done(crate::store::Reply::Nothing);
        revocations.on_revoked(&mut parts.ctx(), bob, phone, &done);
        assert!(!revocations.is_revoked(bob, phone));
    }
}
