//! Whether the server is reached at all: route, UDP, version.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use super::report::Finding;
use super::session::{ProbeSession, Wire};
use crate::cli::exit::Exit;
use crate::net;
use crate::transport::CloseReason;

/// How long the handshake goes on after an ICMP message, which anybody can send and which may be about one packet only.
const AFTER_ICMP: Duration = Duration::from_millis(1500);

/// Those of these addresses to which there is a route.
pub fn route(addresses: &[SocketAddr]) -> (Vec<SocketAddr>, Finding) {
    let (mut routed, mut found) = (Vec::new(), Vec::new());
    for &address in addresses {
        match Wire::open(address).and_then(|wire| wire.local()) {
            Ok(local) => {
                routed.push(address);
                found.push(format!("{address} from {}", local.ip()));
            }
            Err(error) => found.push(format!("no route to {address}: {error}")),
        }
    }
    let found = found.join("; ");
    if routed.is_empty() {
        let advice = "is this machine connected? `ip route` lists its routes";
        return (routed, Finding::failed(Exit::Unreachable, found, advice));
    }
    (routed, Finding::ok(found))
}

/// Completes a handshake with the server at the first of these addresses that answers.
pub fn dial_any(
    addresses: &[SocketAddr],
    patience: Duration,
) -> anyhow::Result<(Option<ProbeSession>, Finding)> {
    let mut failed: Vec<(SocketAddr, Finding)> = Vec::new();
    for &address in addresses {
        let (session, finding) = dial(address, patience)?;
        let Some(session) = session else {
            failed.push((address, finding));
            continue;
        };
        return Ok((Some(session), answered(address, &failed, finding)));
    }
    let first = failed.into_iter().next().map(|(_, finding)| finding);
    let none = || Finding::failed(Exit::Unreachable, "there is no address", "check the name");
    Ok((None, first.unwrap_or_else(none)))
}

/// A server that has answered, perhaps not at its first address.
fn answered(address: SocketAddr, failed: &[(SocketAddr, Finding)], finding: Finding) -> Finding {
    if failed.is_empty() {
        return finding;
    }
    let others = failed.iter();
    let others: Vec<String> = others
        .map(|(address, finding)| format!("{address}: {}", finding.found))
        .collect();
    Finding::warning(
        format!("{} at {address}; {}", finding.found, others.join("; ")),
        "`udpchat connect` tries all addresses, which takes longer: remove the others from the name, or mend the way there",
    )
}

/// Completes a handshake with the server, if it answers.
fn dial(
    address: SocketAddr,
    patience: Duration,
) -> anyhow::Result<(Option<ProbeSession>, Finding)> {
    let mut session = ProbeSession::dial(address)?;
    let start = net::now().instant;
    let is_answered = |session: &ProbeSession| session.key.is_some() || session.closed.is_some();
    // An ICMP error says less than an answer.
    session.run(start + patience, |session| {
        is_answered(session) || session.icmp().is_some()
    });
    session.run(start + patience.min(AFTER_ICMP), is_answered);
    if session.key.is_some() || session.closed == Some(CloseReason::Version) {
        let found = match session.icmp() {
            Some(kind) => format!("the server answers, after an ICMP error ({})", said(kind)),
            None => "the server answers".into(),
        };
        return Ok((Some(session), Finding::ok(found)));
    }
    Ok((None, unreached(&session, address, patience)))
}

fn unreached(session: &ProbeSession, address: SocketAddr, patience: Duration) -> Finding {
    let failed = |found: String, advice: &str| Finding::failed(Exit::Unreachable, found, advice);
    let port = address.port();
    match session.icmp() {
        Some(ErrorKind::ConnectionRefused) => failed(
            format!("nothing listens on UDP port {port} there (ICMP: port unreachable)"),
            "is the server running, and is this its port? its first line shows where it listens",
        ),
        Some(kind) => failed(
            format!("UDP is refused on the way (ICMP: {})", said(kind)),
            "a router or a firewall refuses it: ask its operator to let UDP pass to that address and port",
        ),
        None => failed(
            format!(
                "silence: no answer within {} s, and no ICMP error",
                patience.as_secs()
            ),
            "is UDP blocked on the way, or does no server run there? firewalls must let that UDP port pass",
        ),
    }
}

/// Whether both sides speak the same version, which the answer to the handshake has told.
pub fn version(session: &ProbeSession) -> Finding {
    if session.closed == Some(CloseReason::Version) {
        return Finding::failed(
            Exit::Failure,
            "the server speaks another version of the protocol",
            "use the same version of udpchat on both sides: `udpchat --version`",
        );
    }
    let own = env!("CARGO_PKG_VERSION");
    Finding::ok(format!("the same protocol as udpchat {own}"))
}

fn said(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::ConnectionRefused => "port unreachable",
        ErrorKind::HostUnreachable => "host unreachable",
        ErrorKind::NetworkUnreachable => "network unreachable",
        _ => "prohibited",
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::Verdict;
    use super::*;

    #[test]
    fn address_that_does_not_answer_beside_one_that_does_is_a_warning() {
        let [six, four]: [SocketAddr; 2] =
            ["[2001:db8::1]:7", "10.0.0.1:7"].map(|it| it.parse().unwrap());
        let failed = [(
            six,
            Finding::failed(Exit::Unreachable, "silence", "let it pass"),
        )];
        let found = answered(four, &failed, Finding::ok("the server answers"));
        assert_eq!(found.verdict, Verdict::Warning);
        assert_eq!(
            found.found,
            "the server answers at 10.0.0.1:7; [2001:db8::1]:7: silence"
        );
        assert_eq!(answered(four, &[], Finding::ok("yes")), Finding::ok("yes"));
    }
}
