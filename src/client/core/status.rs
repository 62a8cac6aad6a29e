//! The text of `status`: the transport's statistics of the link.

use std::net::SocketAddr;
use std::time::Duration;

use crate::transport::Statistics;

/// The link, as the transport sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LinkStatus {
    pub(crate) remote: SocketAddr,
    pub(crate) statistics: Statistics,
}

pub(super) fn lines(server: &str, status: &LinkStatus) -> [String; 4] {
    let Statistics {
        rtt_us,
        min_rtt_us,
        congestion_window_bytes,
        bytes_in_flight,
        packets_sent,
        packets_received,
        bytes_sent,
        bytes_received,
        packets_lost,
        retransmissions,
        copies_sent,
        loss_sent_permille,
        loss_received_permille,
    } = status.statistics;
    let remote = status.remote.to_string();
    let at = if remote == server {
        String::new()
    } else {
        format!(" at {remote}")
    };
    [
        format!(
            "link to {server}{at}: round trip {}, at least {}",
            milliseconds(rtt_us),
            milliseconds(min_rtt_us)
        ),
        format!(
            "loss {} up, {} down; {packets_lost} packets lost, {retransmissions} retransmissions, {copies_sent} early copies",
            percent(loss_sent_permille),
            percent(loss_received_permille)
        ),
        format!(
            "sent {packets_sent} packets, {bytes_sent} bytes; received {packets_received} packets, {bytes_received} \
             bytes"
        ),
        format!("congestion window {congestion_window_bytes} bytes, {bytes_in_flight} in flight"),
    ]
}

fn milliseconds(us: u64) -> String {
    format!("{}.{} ms", us / 1000, us / 100 % 10)
}

fn percent(permille: u16) -> String {
    format!("{}.{} %", permille / 10, permille % 10)
}

/// A time in its two largest units.
pub(super) fn lasting(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_says_every_figure_of_the_link() {
        let statistics = Statistics {
            rtt_us: 52_340,
            min_rtt_us: 50_010,
            congestion_window_bytes: 12_000,
            bytes_in_flight: 214,
            packets_sent: 300,
            packets_received: 298,
            bytes_sent: 27_862,
            bytes_received: 33_717,
            packets_lost: 6,
            retransmissions: 17,
            copies_sent: 9,
            loss_sent_permille: 41,
            loss_received_permille: 8,
        };
        let remote = "192.0.2.1:7777".parse().unwrap();
        let text = lines("example:7777", &LinkStatus { remote, statistics }).join("\n");
        assert_eq!(
            text,
            "link to example:7777 at 192.0.2.1:7777: round trip 52.3 ms, at least 50.0 ms\n\
             loss 4.1 % up, 0.8 % down; 6 packets lost, 17 retransmissions, 9 early copies\n\
             sent 300 packets, 27862 bytes; received 298 packets, 33717 bytes\n\
             congestion window 12000 bytes, 214 in flight"
        );
    }

    #[test]
    fn times_are_said_in_their_two_largest_units() {
        let said = [59, 61, 3_700, 90_000].map(|seconds| lasting(Duration::from_secs(seconds)));
        assert_eq!(said, ["59 s", "1 min 1 s", "1 h 1 min", "1 d 1 h"]);
    }
}
