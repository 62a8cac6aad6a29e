//! The list of the devices of one's own account.

use crate::protocol::{Command, Device, Devices, DevicesRequest};
use crate::server::ctx::Ctx;
use crate::server::ctx::reply::failure_of;
use crate::server::ctx::requests::{Pending, RequestOrigin};
use crate::store::{Outcome, Read, Reply};
use crate::transport::{Channel, SessionId};

pub fn list(ctx: &mut Ctx<'_>, id: SessionId, channel: Channel, body: &DevicesRequest) {
    let Some(origin) = ctx.request_origin(id, channel, body.tag) else {
        return;
    };
    let request = Read::Devices {
        account: origin.account,
    };
    let pending = Pending::Devices(origin);
    ctx.submit_for(origin, Command::Devices, pending, request);
}

pub fn on_listed(ctx: &mut Ctx<'_>, origin: RequestOrigin, outcome: &Outcome) {
    let Outcome::Done(Reply::Devices(known)) = outcome else {
        return ctx.send_error_if_connected(origin, Command::Devices, failure_of(outcome));
    };
    let now_ms = ctx.now.unix_ms;
    let mut devices: Vec<Device> = known
        .iter()
        .map(|known| Device {
            device: known.device,
            has_ticket: now_ms < known.expires_ms,
            online: false,
            used_ms: known.used_ms,
            address: known.address,
        })
        .collect();
    // Of those that are here now more is known than was written.
    for id in ctx.sessions_of(origin.account) {
        let Some(user) = ctx.sessions.user(id) else {
            continue;
        };
        if let Some(device) = devices.iter_mut().find(|it| it.device == user.device) {
            device.online = true;
            device.used_ms = Some(now_ms);
            device.address = ctx.endpoint.remote(id).map(Into::into).or(device.address);
        }
    }
    let tag = origin.tag;
    ctx.respond_if_connected(origin, Devices { tag, devices });
}
