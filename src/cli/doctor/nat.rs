//! How long a NAT on the way keeps the binding of a client that is silent. The session goes silent for a while and then
//! goes on at another port: the server, before it believes that, sends a challenge to the port before (RFC 9000 §9.3.3),
//! and that arrives only if the binding is still there.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::report::Finding;
use super::session::{ProbeSession, Wire};
use crate::cli::exit::Exit;
use crate::net;

/// The silences that are tried, all at the same time, in seconds. A server forgets after a minute who has not signed in.
const SILENCES_S: [u64; 7] = [10, 14, 18, 22, 29, 40, 55];

/// Sessions for each of them, because a challenge is sent once and can be lost.
const SESSIONS_EACH: usize = 3;

/// A client's keep-alive, with its jitter, in seconds: a binding that lives longer is never noticed.
const KEEP_ALIVE_S: u64 = 28;

/// Until nothing is under way any longer that was caused by the handshake.
const SETTLED: Duration = Duration::from_millis(200);

/// How long the challenge is waited for; shorter than the time between two silences.
const CHALLENGE_WAIT: Duration = Duration::from_secs(2);

/// How long one session runs before another one does.
const SLICE: Duration = Duration::from_millis(25);

/// Sessions that are silent until they are due.
struct Silence {
    seconds: u64,
    sessions: Vec<ProbeSession>,
    since: Instant,
}

pub fn binding_time(address: SocketAddr, patience: Duration) -> anyhow::Result<Finding> {
    let mut silences = Vec::new();
    for seconds in SILENCES_S {
        let mut sessions = Vec::new();
        for _ in 0..SESSIONS_EACH {
            let mut session = ProbeSession::dial(address)?;
            let start = net::now().instant;
            session.run(start + patience, |session| {
                session.key.is_some() || session.closed.is_some()
            });
            session.run(net::now().instant + SETTLED, |_| false);
            if session.key.is_some() {
                sessions.push(session);
            }
        }
        let since = net::now().instant;
        silences.push(Silence {
            seconds,
            sessions,
            since,
        });
    }
    let mut kept: Vec<(u64, bool)> = Vec::new();
    for mut silence in silences {
        let due = silence.since + Duration::from_secs(silence.seconds);
        keep_silent(due);
        if let Some(is_kept) = is_kept(&mut silence.sessions, address)? {
            kept.push((silence.seconds, is_kept));
        }
        for session in silence.sessions {
            session.hang_up();
        }
        if kept.last().is_some_and(|(_, is_kept)| !is_kept) {
            break;
        }
    }
    Ok(verdict(&kept))
}

#[expect(
    clippy::disallowed_methods,
    reason = "nothing is awaited: the silence is what is measured"
)]
fn keep_silent(until: Instant) {
    std::thread::sleep(until.saturating_duration_since(net::now().instant));
}

/// Whether a challenge comes to one of the ports before; nothing if no session goes on at the new one either.
fn is_kept(sessions: &mut [ProbeSession], address: SocketAddr) -> anyhow::Result<Option<bool>> {
    let received = |sessions: &[ProbeSession]| -> u64 {
        let all = sessions.iter().filter_map(ProbeSession::statistics);
        all.map(|statistics| statistics.packets_received).sum()
    };
    let before = received(sessions);
    let mut old = Vec::new();
    for session in &mut *sessions {
        let mut wire = session.move_to(Wire::open(address)?);
        // What came late to the silent port is no challenge.
        while wire.receive().is_some() {}
        old.push(wire);
    }
    let end = net::now().instant + CHALLENGE_WAIT;
    while net::now().instant < end {
        for session in &mut *sessions {
            session.run(net::now().instant + SLICE, |_| false);
        }
        if old.iter_mut().any(|wire| wire.receive().is_some()) {
            return Ok(Some(true));
        }
    }
    Ok((received(sessions) > before).then_some(false))
}

fn verdict(kept: &[(u64, bool)]) -> Finding {
    let longest = kept.iter().filter(|(_, kept)| *kept).map(|(s, _)| *s).max();
    let lost = kept.iter().filter(|(_, kept)| !kept).map(|(s, _)| *s);
    let shortest = lost
        .filter(|seconds| longest.is_none_or(|longest| *seconds > longest))
        .min();
    match (longest, shortest) {
        (None, None) => Finding::failed(
            Exit::Unreachable,
            "no session outlived its silence",
            "try again: the path may have been interrupted",
        ),
        (Some(longest), None) => Finding::ok(format!(
            "a silence of {longest} s breaks nothing (longer ones were not tried)"
        )),
        (longest, Some(shortest)) => {
            let found = match longest {
                Some(longest) => format!(
                    "a NAT or firewall on the way forgets a silent client after {longest} to {shortest} s"
                ),
                None => format!(
                    "a NAT or firewall on the way forgets a silent client within {shortest} s"
                ),
            };
            if longest.is_some_and(|longest| longest >= KEEP_ALIVE_S) {
                return Finding::ok(found);
            }
            Finding::warning(
                found,
                "udpchat sends something every 25 s, so messages to you can come that much later: let it keep UDP for 60 s or more",
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::Verdict;
    use super::*;

    #[test]
    fn time_is_named_by_the_last_silence_that_was_survived_and_the_next_that_was_not() {
        let kept = |until: u64| SILENCES_S.map(|seconds| (seconds, seconds <= until));
        let found = verdict(&kept(20));
        assert_eq!(found.verdict, Verdict::Warning);
        assert!(found.found.ends_with("after 18 to 22 s"), "{found:?}");
        assert_eq!(verdict(&kept(28)).verdict, Verdict::Warning);
        assert_eq!(verdict(&kept(30)).verdict, Verdict::Ok);
        assert_eq!(verdict(&kept(60)).verdict, Verdict::Ok);
        assert!(verdict(&kept(5)).found.ends_with("within 10 s"));
        assert_eq!(verdict(&[]).verdict, Verdict::Failed);
    }
}
