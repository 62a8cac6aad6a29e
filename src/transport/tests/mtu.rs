//! Paths that carry no large packets, and those that only seemed not to.

use std::time::Duration;

use super::network::{Network, PLAIN};
use crate::kit::Link;
use crate::transport::{Channel, SessionId};

/// What the smaller size of packets is, with the UDP payload's rest.
const SMALL: usize = 1000;

fn signed_in(seed: u64, link: Link) -> (Network, SessionId, SessionId) {
    let (mut network, client, server) = Network::connected(seed, link);
    network.server.set_signed_in(network.now, server, true);
    network.run(Duration::from_secs(1));
    (network, client, server)
}

/// Sends a message of 40 KB on the bulk channel and takes it at the other end; how many of its packets were large.
fn send_much(network: &mut Network, client: SessionId, server: SessionId) -> usize {
    network.sent.clear();
    network.send_from_client(client, Channel::Bulk, &vec![7; 40_000]);
    let arrived = network.run_until(Duration::from_secs(20), |network| {
        let now = network.now;
        network.server.receive(now, server, Channel::Bulk).is_some()
    });
    assert!(arrived);
    network.run(Duration::from_secs(2));
    let sent = network.sent.iter();
    sent.filter(|datagram| datagram.bytes.len() > SMALL).count()
}

#[test]
fn short_outage_does_not_leave_packets_small_for_good() {
    // Two time-outs with a large packet under way made a session's packets small until its path changed, and an outage
    // of a second is enough for that.
    let (mut network, client, server) = signed_in(1, PLAIN);
    assert!(send_much(&mut network, client, server) > 30);
    network.swallows = Some(|_| true);
    network.send_from_client(client, Channel::Bulk, &vec![7; 40_000]);
    network.run(Duration::from_secs(3));
    network.swallows = None;
    network.run(Duration::from_secs(8));
    let now = network.now;
    assert!(network.server.receive(now, server, Channel::Bulk).is_some());
    assert_eq!(send_much(&mut network, client, server), 0, "it is small");
    network.run(Duration::from_secs(15));
    assert!(send_much(&mut network, client, server) > 0, "one is tried");
    assert!(send_much(&mut network, client, server) > 30);
}

#[test]
fn path_that_swallows_large_packets_is_tried_with_one_at_a_time_and_not_taken_for_full() {
    let link = Link {
        largest: 1100,
        ..PLAIN
    };
    let (mut network, client, server) = signed_in(2, link);
    send_much(&mut network, client, server);
    let window = |network: &Network| {
        let statistics = network.client.statistics(client);
        statistics.map(|figures| figures.congestion_window_bytes)
    };
    let mut tries = 0;
    for _ in 0..30 {
        network.run(Duration::from_secs(10));
        let before = window(&network);
        let large = send_much(&mut network, client, server);
        tries += large;
        assert!(large <= 1, "{large} large packets");
        assert!(window(&network) >= before, "no sign of congestion");
    }
    assert!((3..=5).contains(&tries), "{tries} tries in 6 minutes");
}
