//! A server's announcement in the local network, for as long as it runs.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use anyhow::Context as _;
use mdns_sd::{IfKind, ServiceDaemon, ServiceInfo};

use super::{KEY, SERVICE};
use crate::protocol::{Digest, fingerprint};
use crate::text::printable;

/// The longest name of a service, one label of DNS (RFC 1035 §2.3.4).
const NAME_MAX_BYTES: usize = 63;

/// How long the end of a server waits until its announcement is withdrawn. Chosen: one packet on each interface.
const WITHDRAWAL_WAIT: Duration = Duration::from_secs(1);

/// Withdrawn when this is dropped.
pub struct Announcement {
    daemon: ServiceDaemon,
    fullname: String,
}

/// A name under which a server can be announced.
pub fn name(text: &str) -> Result<String, String> {
    if text.trim().is_empty() || printable::line(text) != text {
        return Err("a name is one line of visible characters".into());
    }
    if text.len() > NAME_MAX_BYTES {
        return Err(format!("a name has at most {NAME_MAX_BYTES} bytes"));
    }
    Ok(text.to_owned())
}

impl Announcement {
    /// Announces a server that listens on these addresses.
    pub fn begin(name: &str, listen: &[SocketAddr], key: &[u8; 32]) -> anyhow::Result<Self> {
        const WHAT: &str = "cannot announce the server in the local network";
        let port = listen.first().map_or(0, SocketAddr::port);
        // With another port than the first one's an address would need a service of its own.
        let ips = listen.iter().filter(|address| address.port() == port);
        let ips: Vec<IpAddr> = ips.map(SocketAddr::ip).collect();
        let is_everywhere = ips.iter().any(IpAddr::is_unspecified);
        let own: &[IpAddr] = if is_everywhere { &[] } else { &ips };
        let properties = [(KEY, fingerprint(key))];
        let info = ServiceInfo::new(SERVICE, name, &host(key), own, port, &properties[..]);
        let mut info = info.context(WHAT)?;
        let kinds: Vec<IfKind> = if is_everywhere {
            families(&ips)
        } else {
            ips.iter().copied().map(IfKind::Addr).collect()
        };
        info.set_interfaces(kinds);
        if is_everywhere {
            info = info.enable_addr_auto();
        }
        let fullname = info.get_fullname().to_owned();
        let daemon = ServiceDaemon::new().context(WHAT)?;
        daemon.register(info).context(WHAT)?;
        Ok(Self { daemon, fullname })
    }
}

/// The families of the addresses that stand for every one.
fn families(ips: &[IpAddr]) -> Vec<IfKind> {
    let has = |is: fn(&IpAddr) -> bool, kind| ips.iter().any(is).then_some(kind);
    let kinds = [
        has(IpAddr::is_ipv4, IfKind::IPv4),
        has(IpAddr::is_ipv6, IfKind::IPv6),
    ];
    kinds.into_iter().flatten().collect()
}

/// A host name of the server's own, with 64 bits of its key's digest: that of the machine may be announced by another program, with other addresses.
fn host(key: &[u8; 32]) -> String {
    let mut first = [0; 8];
    first.copy_from_slice(&Digest::of(key).0[..8]);
    format!("udpchat-{:016x}.local.", u64::from_be_bytes(first))
}

impl Drop for Announcement {
    fn drop(&mut self) {
        // If it fails, the announcement expires by itself.
        if let Ok(done) = self.daemon.unregister(&self.fullname) {
            let _ = done.recv_timeout(WITHDRAWAL_WAIT);
        }
        if let Ok(done) = self.daemon.shutdown() {
            let _ = done.recv_timeout(WITHDRAWAL_WAIT);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_is_one_visible_line_of_one_label() {
        assert_eq!(name("MV Erin, bridge"), Ok("MV Erin, bridge".into()));
        assert!(name(&"x".repeat(NAME_MAX_BYTES)).is_ok());
        let long = "x".repeat(NAME_MAX_BYTES + 1);
        for bad in ["", " ", "a\nb", "a\u{1b}[2J", "a\u{202e}", &long] {
            assert!(name(bad).is_err(), "{bad:?}");
        }
    }
}
