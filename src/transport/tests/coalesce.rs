//! What may wait for company does, and not for long.

use std::time::Duration;

use super::network::{Network, PLAIN};
use crate::transport::connection::HOLD;
use crate::transport::{Channel, Sending, SessionId};

const STEP: Duration = Duration::from_millis(1);

/// A server's session that has nothing to say or to acknowledge.
fn quiet() -> (Network, SessionId, SessionId) {
    let (mut network, client, server) = Network::connected(1, PLAIN);
    network.server.set_signed_in(network.now, server, true);
    network.run(Duration::from_secs(1));
    network.sent.clear();
    (network, client, server)
}

fn news(network: &mut Network, server: SessionId, message: &[u8]) {
    network
        .server
        .send_message(
            network.now,
            server,
            Channel::Chat,
            message,
            Sending::unasked(true),
        )
        .expect("there is room");
}

/// What the client has received, message by message.
fn received(network: &mut Network, client: SessionId) -> Vec<Vec<u8>> {
    let now = network.now;
    std::iter::from_fn(|| network.client.receive(now, client, Channel::Chat)).collect()
}

#[test]
fn news_goes_out_by_itself_when_its_wait_is_over() {
    let (mut network, client, server) = quiet();
    news(&mut network, server, b"stored");
    network.run(HOLD.saturating_sub(STEP));
    assert!(network.sent.is_empty());
    news(&mut network, server, b"received");
    network.run(STEP);
    assert_eq!(
        network.sent.len(),
        1,
        "the second does not prolong the wait"
    );
    network.run(Duration::from_secs(1));
    assert_eq!(
        received(&mut network, client),
        [&b"stored"[..], b"received"]
    );
}

#[test]
fn news_shares_the_packet_of_what_does_not_wait() {
    let (mut network, client, server) = quiet();
    news(&mut network, server, b"stored");
    network.run(STEP);
    network.send_from_server(server, Channel::Chat, b"a line");
    network.run(Duration::ZERO);
    assert_eq!(network.sent.len(), 1);
    // After that there is nothing left to wait, and what comes next waits anew.
    news(&mut network, server, b"received");
    network.run(STEP);
    assert_eq!(network.sent.len(), 1);
    network.run(Duration::from_secs(1));
    let expected = [&b"stored"[..], b"a line", b"received"];
    assert_eq!(received(&mut network, client), expected);
}

#[test]
fn news_behind_what_does_not_wait_does_not_hold_it_up() {
    let (mut network, _, server) = quiet();
    network.send_from_server(server, Channel::Chat, b"a line");
    news(&mut network, server, b"stored");
    network.run(Duration::ZERO);
    assert_eq!(network.sent.len(), 1);
}

#[test]
fn acknowledgement_that_is_due_takes_news_along() {
    let (mut network, client, server) = quiet();
    // Two packets that ask for an acknowledgement make it due at once (RFC 9000 §13.2.2).
    for _ in 0..2 {
        network.send_from_client(client, Channel::Control, b"a line");
        network.run(Duration::ZERO);
    }
    network.run(network.link.delay.saturating_sub(STEP));
    news(&mut network, server, b"stored");
    network.sent.clear();
    network.run(STEP);
    assert_eq!(network.sent.len(), 1);
    network.run(Duration::from_millis(25));
    assert_eq!(received(&mut network, client), [b"stored"]);
}
