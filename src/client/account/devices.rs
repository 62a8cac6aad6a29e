//! The list of the account's devices.

use std::net::SocketAddr;

use crate::client::account::ctx::Ctx;
use crate::client::account::ctx::pending::PendingRequest;
use crate::client::env::Tone;
use crate::client::ui::time::Clock;
use crate::protocol::{Device, DeviceId, Devices, DevicesRequest};

/// How many devices of one answer are shown. The server keeps at most as many.
const SHOWN_MAX: usize = 64;

/// Asks the server for the list.
pub(crate) fn list(ctx: &mut Ctx<'_>) {
    ctx.request(PendingRequest::Devices, |tag| DevicesRequest { tag });
}

/// The list has come.
pub(super) fn handle_list(ctx: &mut Ctx<'_>, mut told: Devices) {
    if ctx.pending.take(told.tag) != Some(PendingRequest::Devices) {
        return;
    }
    told.devices.truncate(SHOWN_MAX);
    let (own, clock) = (ctx.me.device, ctx.clock());
    let rows = rows(&told.devices, own, clock);
    ctx.effects.show_table(Tone::Plain, &rows);
    if told.devices.len() > 1 {
        ctx.notice("`/devices revoke N` signs one out and forgets it");
    }
}

fn rows(devices: &[Device], own: DeviceId, clock: Clock<'_>) -> Vec<Vec<String>> {
    let row = |device: &Device| {
        let state = if device.device == own {
            "this device"
        } else if device.online {
            "online"
        } else if device.has_ticket {
            "signed in"
        } else {
            "signed out"
        };
        let used = match device.used_ms {
            _ if device.online => "now".into(),
            Some(time_ms) => format!("last used {}", clock.show(time_ms)),
            None => "last use not known".into(),
        };
        let address = device.address.map(SocketAddr::from);
        let address = address.map(|address| address.ip().to_string());
        let number = format!("device {}", device.device.0);
        [number, state.to_owned(), used]
            .into_iter()
            .chain(address)
            .collect()
    };
    devices.iter().map(row).collect()
}
