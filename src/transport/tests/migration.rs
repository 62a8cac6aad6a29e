//! How sessions move: from one address, port or network to another.

use std::time::Duration;

use super::network::{Network, PLAIN};
use crate::transport::{Channel, Event};

#[test]
fn a_new_address_is_challenged_and_then_used() {
    let (mut network, client, session) = Network::connected(2, PLAIN);
    network.client_address = ([203, 0, 113, 9], 4001).into();
    network.send_from_client(client, Channel::Chat, b"from the train");
    network.run(Duration::from_secs(2));
    let remote = network.client_address;
    let channel = Channel::Chat;
    let events: Vec<&Event> = network.server_events.iter().rev().take(3).collect();
    let expected = [
        &Event::PathValidated { session },
        &Event::Readable { session, channel },
        &Event::Moved { session, remote },
    ];
    assert_eq!(events, expected);
    network.send_from_server(session, Channel::Chat, &[1; 5000]);
    network.run(Duration::from_secs(2));
    assert!(
        network
            .client
            .receive(network.now, client, Channel::Chat)
            .is_some()
    );
    assert!(network.server.is_drained(session));
    assert_eq!(network.server.remote(session), Some(remote));
}

#[test]
fn an_address_that_does_not_answer_gets_little_and_the_session_goes_back() {
    let (mut network, client, session) = Network::connected(3, PLAIN);
    let home = network.client_address;
    network.server.set_signed_in(network.now, session, true);
    network.run(Duration::from_millis(200));
    network.send_from_client(client, Channel::Chat, b"stolen on its way");
    network.flush();
    let mut stolen = network.sent.last().expect("it went out").clone();
    stolen.from = ([203, 0, 113, 66], 666).into();
    let (thief, size) = (stolen.from, stolen.bytes.len());
    network.deliver(stolen);
    network.send_from_server(session, Channel::Bulk, &[0; 10_000]);
    network.flush();
    assert_eq!(network.server.remote(session), Some(thief));
    network.link.loss = 1.0;
    network.run(Duration::from_secs(20));
    let sent: usize = network
        .sent
        .iter()
        .filter(|datagram| datagram.to == thief)
        .map(|datagram| datagram.bytes.len())
        .sum();
    assert!(sent <= 3 * size, "{sent} bytes for {size}");
    assert_eq!(network.server.remote(session), Some(home));
}

#[test]
fn an_address_from_which_only_the_first_packet_came_has_proved_nothing() {
    // A thief on the path had the packet that completes the handshake arrive from another address, and the server
    // took that for proven: it sent there whatever it had to say.
    let mut network = Network::new(3, PLAIN);
    let home = network.client_address;
    network.client.connect(network.now, network.server_address);
    let is_first_data = |network: &mut Network| {
        let last = network.sent.last();
        last.is_some_and(|last| last.from == home && last.bytes[0] == 4)
    };
    assert!(network.run_until(Duration::from_secs(4), is_first_data));
    let mut stolen = network.sent.last().expect("it went out").clone();
    stolen.from = ([203, 0, 113, 66], 666).into();
    let (thief, size) = (stolen.from, stolen.bytes.len());
    network.deliver(stolen);
    network.flush();
    let session = network.server_session().expect("the handshake is complete");
    network.send_from_server(session, Channel::Bulk, &[0; 10_000]);
    network.link.loss = 1.0;
    network.run(Duration::from_secs(20));
    let to_thief = network.sent.iter().filter(|sent| sent.to == thief);
    let sent: usize = to_thief.map(|datagram| datagram.bytes.len()).sum();
    assert!(sent <= 3 * size, "{sent} bytes for {size}");
    assert_eq!(network.server.remote(session), Some(home));
}

#[test]
fn the_true_client_takes_a_stolen_session_back_at_once() {
    let (mut network, client, session) = Network::connected(3, PLAIN);
    let home = network.client_address;
    network.send_from_client(client, Channel::Chat, b"stolen on its way");
    network.flush();
    let mut stolen = network.sent.last().expect("it went out").clone();
    stolen.from = ([203, 0, 113, 66], 666).into();
    network.deliver(stolen);
    network.run(Duration::from_millis(200));
    assert_eq!(
        network.server.remote(session),
        Some(home),
        "it answered the challenge to the address before"
    );
}

#[test]
fn after_a_change_of_network_no_backoff_is_waited_out() {
    let (mut network, client, session) = Network::connected(13, PLAIN);
    network.server.set_signed_in(network.now, session, true);
    network.run(Duration::from_secs(1));
    network.link.loss = 1.0;
    network.send_from_client(client, Channel::Chat, b"in the tunnel");
    network.run(Duration::from_mins(1));
    assert!(network.client.unanswered_since(client).is_some());
    network.link.loss = 0.0;
    network.client_address = ([203, 0, 113, 9], 4001).into();
    network.client.network_changed(network.now);
    network.run(Duration::from_millis(25));
    let message = network.server.receive(network.now, session, Channel::Chat);
    assert_eq!(message.as_deref(), Some(&b"in the tunnel"[..]));
    network.run(Duration::from_secs(1));
    assert_eq!(network.client.unanswered_since(client), None);
}

#[test]
fn a_link_local_address_keeps_its_scope() {
    let mut network = Network::new(14, PLAIN);
    let scoped = std::net::SocketAddrV6::new("fe80::1".parse().unwrap(), 7777, 0, 3);
    let session = network.client.connect(network.now, scoped.into());
    assert_eq!(network.client.remote(session), Some(scoped.into()));
}

#[test]
fn an_old_packet_from_elsewhere_does_not_move_the_session() {
    let (mut network, client, session) = Network::connected(15, PLAIN);
    network.run(Duration::from_secs(1));
    let home = network.client_address;
    network.link.loss = 1.0;
    network.send_from_client(client, Channel::Chat, b"held back");
    network.flush();
    let mut held_back = network.sent.last().expect("it went out").clone();
    network.link.loss = 0.0;
    network.send_from_client(client, Channel::Chat, b"sent after it");
    network.run(Duration::from_millis(25));
    held_back.from = ([203, 0, 113, 66], 666).into();
    network.deliver(held_back);
    network.flush();
    let first = network.server.receive(network.now, session, Channel::Chat);
    assert_eq!(first.as_deref(), Some(&b"held back"[..]), "it counts");
    assert_eq!(network.server.remote(session), Some(home));
}

#[test]
fn another_port_is_spoken_from_at_once_even_when_the_window_is_full() {
    let (mut network, client, session) = Network::connected(21, PLAIN);
    network.server.set_signed_in(network.now, session, true);
    network.run(Duration::from_secs(1));
    network.link.loss = 1.0;
    network.send_from_client(client, Channel::Bulk, &vec![1; 60_000]);
    network.run(Duration::from_secs(10));
    network.link.loss = 0.0;
    network.client_address.set_port(5000);
    let hopped = network.now;
    network.client.port_changed(network.now);
    network.run(Duration::from_millis(45));
    assert_eq!(network.server.remote(session), Some(network.client_address));
    let since = network.client.unanswered_since(client);
    assert!(since.is_none_or(|since| since > hopped), "it was answered");
}
