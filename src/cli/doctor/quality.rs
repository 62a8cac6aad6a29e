//! How well the path carries packets: round trips, losses in each direction, sizes.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use super::report::Finding;
use super::session::{ProbeSession, Wire};
use crate::cli::exit::Exit;
use crate::net;
use crate::transport::SizeProbe;

/// Requests in a session: a server takes twenty at once from somebody who is not signed in, and then two a second.
const REQUESTS: u32 = 18;

/// Sessions. Chosen: with as many requests in all a loss of a tenth shows itself, and it takes a few seconds.
const SESSIONS: u32 = 4;

/// Time between two of them.
const REQUEST_INTERVAL: Duration = Duration::from_millis(50);

/// How long the last answers are waited for.
const ANSWER_WAIT: Duration = Duration::from_secs(8);

/// From here on a loss is worth a warning, in packets of a thousand. Chosen: a good wireless network stays below.
const LOSS_PERMILLE: u32 = 50;

/// What was measured on all sessions.
#[derive(Debug, Default)]
struct Measured {
    asked: usize,
    trips: Vec<Duration>,
    /// Sums, in packets of a thousand.
    up: u32,
    down: u32,
}

/// Sends requests, and measures how long answers take and what is lost in each direction. Returns the median, too.
pub fn round_trips(address: SocketAddr, patience: Duration) -> anyhow::Result<(Duration, Finding)> {
    let mut measured = Measured::default();
    for _ in 0..SESSIONS {
        let mut session = ProbeSession::dial(address)?;
        let start = net::now().instant;
        session.run(start + patience, |session| {
            session.key.is_some() || session.closed.is_some()
        });
        measured.asked += REQUESTS as usize;
        measure(&mut session, &mut measured);
        session.hang_up();
    }
    measured.trips.sort_unstable();
    let median = measured.trips.get(measured.trips.len() / 2);
    let median = median.copied().unwrap_or_default();
    Ok((median, judge(&measured)))
}

fn measure(session: &mut ProbeSession, measured: &mut Measured) {
    let mut asked: Vec<Instant> = Vec::new();
    for number in 0..REQUESTS {
        let now = net::now().instant;
        asked.push(now);
        session.ask(number);
        session.run(now + REQUEST_INTERVAL, |_| false);
    }
    let is_complete =
        |session: &ProbeSession| session.answers.len() >= asked.len() || session.closed.is_some();
    session.run(net::now().instant + ANSWER_WAIT, is_complete);
    // The channel keeps their order.
    let pairs = asked.iter().zip(&session.answers);
    let trips = pairs.map(|(asked, answered)| answered.saturating_duration_since(*asked));
    measured.trips.extend(trips);
    let statistics = session.statistics().unwrap_or_default();
    measured.up += u32::from(statistics.loss_sent_permille);
    measured.down += u32::from(statistics.loss_received_permille);
}

/// The round trips are sorted.
fn judge(measured: &Measured) -> Finding {
    let trips = &measured.trips;
    let (Some(median), Some(longest)) = (trips.get(trips.len() / 2), trips.last()) else {
        return Finding::failed(
            Exit::Unreachable,
            "the handshake was answered, and nothing after it",
            "try again; if it stays so, a firewall on the way may forget UDP too soon",
        );
    };
    let (up, down) = (measured.up / SESSIONS, measured.down / SESSIONS);
    let found = format!(
        "{} of {} answers, median {:.1} ms, longest {:.1} ms; loss {} up, {} down",
        trips.len(),
        measured.asked,
        median.as_secs_f64() * 1000.0,
        longest.as_secs_f64() * 1000.0,
        percent(up),
        percent(down)
    );
    let direction = match (up >= LOSS_PERMILLE, down >= LOSS_PERMILLE) {
        (false, false) if trips.len() == measured.asked => return Finding::ok(found),
        (true, false) => "upwards, from here to the server",
        (false, true) => "downwards, from the server to here",
        _ => "in both directions",
    };
    Finding::warning(
        found,
        format!(
            "packets are lost {direction}: lost ones are sent again, so messages arrive later; look at the wireless network or \
             the uplink"
        ),
    )
}

fn percent(permille: u32) -> String {
    format!("{}.{} %", permille / 10, permille % 10)
}

/// Sizes of IP packets that are tried, largest first: Ethernet, PPPoE, tunnels, the least of IPv6, what udpchat sends.
const SIZES: [usize; 9] = [1500, 1492, 1450, 1420, 1400, 1360, 1320, 1280, 1248];

/// The UDP payload of udpchat's longest packets, in bytes.
const LONGEST: usize = 1200;

/// How often a size is tried before it is taken not to pass. Chosen: at 30 % loss in one direction five are lost once in 400.
const TRIES: u32 = 5;

/// The least wait for answers.
const SIZE_WAIT: Duration = Duration::from_millis(300);

/// Finds the longest packet that reaches the server.
pub fn path_mtu(address: SocketAddr, round_trip: Duration) -> anyhow::Result<Finding> {
    let headers = if address.is_ipv4() { 28 } else { 48 };
    let mut random = ChaCha20Rng::from_seed(net::seed()?);
    let mut wire = Wire::open(address)?;
    let mut probes = SIZES.map(|size| (size, SizeProbe::new(&mut random), false));
    for _ in 0..TRIES {
        for (size, probe, _) in probes.iter().filter(|(_, _, is_answered)| !is_answered) {
            wire.send(&probe.datagram(size - headers));
        }
        let until = net::now().instant + SIZE_WAIT.max(4 * round_trip);
        while net::now().instant < until && probes.iter().any(|(_, _, is_answered)| !is_answered) {
            wire.wait(until);
            while let Some(datagram) = wire.receive() {
                for (_, probe, is_answered) in &mut probes {
                    *is_answered |= probe.is_answered_by(&datagram);
                }
            }
        }
        if probes.iter().all(|(_, _, is_answered)| *is_answered) {
            break;
        }
    }
    Ok(verdict(
        &probes.map(|(size, _, is_answered)| (size, is_answered)),
        headers,
    ))
}

fn verdict(sizes: &[(usize, bool)], headers: usize) -> Finding {
    let needed = LONGEST + headers;
    let passing = sizes.iter().position(|(_, is_answered)| *is_answered);
    match passing {
        Some(0) => Finding::ok(format!("packets of {} bytes pass", sizes[0].0)),
        Some(index) => {
            let (size, next) = (sizes[index].0, sizes[index - 1].0);
            Finding::ok(format!(
                "the path MTU is {size}: packets of {size} bytes pass, of {next} bytes not; udpchat needs {needed}"
            ))
        }
        None => Finding::warning(
            format!("the path MTU is below {needed}: packets of that size do not pass"),
            "udpchat sends smaller packets there, after some losses; a tunnel on the way may be set up with too small an MTU",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::Verdict;
    use super::*;

    #[test]
    fn largest_size_that_passes_is_named_and_one_that_is_too_small_for_udpchat_is_a_warning() {
        let sizes = |from: usize| SIZES.map(|size| (size, size <= from));
        assert_eq!(
            verdict(&sizes(9000), 28).found,
            "packets of 1500 bytes pass"
        );
        let found = verdict(&sizes(1280), 28);
        assert_eq!(found.verdict, Verdict::Ok);
        assert!(
            found.found.starts_with("the path MTU is 1280: "),
            "{found:?}"
        );
        assert_eq!(verdict(&sizes(1100), 48).verdict, Verdict::Warning);
    }
}
