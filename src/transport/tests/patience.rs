//! What nobody waits for, and what becomes of the sender's time-outs meanwhile.

use std::time::Duration;

use super::network::{Network, PLAIN};
use crate::kit::Link;
use crate::transport::limits::KEEP_ALIVE;
use crate::transport::{Channel, Event, Sending, SessionId};

/// A session over a path of this delay, on which the server has just sent what nobody waits for.
fn with_news(delay: Duration) -> (Network, SessionId, SessionId) {
    let (mut network, client, session) = Network::connected(3, PLAIN);
    network.server.set_signed_in(network.now, session, true);
    network.link.delay = delay;
    for _ in 0..4 {
        network.send_from_server(session, Channel::Chat, b"a line");
        network.run(Duration::from_secs(12));
        let line = network.client.receive(network.now, client, Channel::Chat);
        assert!(line.is_some());
    }
    network.link.loss = 1.0;
    network
        .server
        .send_message(
            network.now,
            session,
            Channel::Chat,
            b"stored",
            Sending::unasked(true),
        )
        .expect("there is room");
    network.run(Duration::from_millis(10));
    (network, client, session)
}

fn is_delivered(network: &mut Network, client: SessionId) -> bool {
    network.link.loss = 0.0;
    network.run(Duration::from_secs(40));
    let message = network.client.receive(network.now, client, Channel::Chat);
    message.as_deref() == Some(b"stored")
}

#[test]
fn lost_news_of_a_slow_path_is_probed_for_once_a_time_out() {
    for delay in [25, 3000] {
        let (mut network, client, session) = with_news(Duration::from_millis(delay));
        let sent = |network: &Network| {
            let figures = network.server.statistics(session);
            figures.expect("it is open").packets_sent
        };
        let before = sent(&network);
        network.run(Duration::from_secs(30));
        let probes = sent(&network) - before;
        assert!((2..=20).contains(&probes), "{probes} at {delay} ms");
        assert!(is_delivered(&mut network, client), "{delay}");
    }
}

/// A time-out that lay in the past was due again when it had been handled, and the endpoint handled it for ever.
#[test]
fn host_that_slept_while_news_was_under_way_goes_on() {
    let (mut network, client, session) = with_news(Duration::from_millis(25));
    for pause in [60, 9, 1] {
        network.now += Duration::from_secs(pause);
        network.server.handle_timeout(network.now);
        network.flush();
    }
    assert!(network.server.statistics(session).is_some());
    assert!(is_delivered(&mut network, client));
}

/// A PING with an acknowledgement beside it counted as nothing, so that its loss was found after ten seconds of silence.
#[test]
fn lost_keep_alive_is_probed_for_where_packets_carry_acknowledgements() {
    let link = Link { loss: 0.1, ..PLAIN };
    let (mut network, client, session) = Network::connected(5, link);
    network.server.set_signed_in(network.now, session, true);
    for _ in 0..40 {
        network.send_from_client(client, Channel::Chat, b"a line");
        network.send_from_server(session, Channel::Chat, b"another");
        network.run(Duration::from_millis(500));
        while network
            .client
            .receive(network.now, client, Channel::Chat)
            .is_some()
        {}
        while network
            .server
            .receive(network.now, session, Channel::Chat)
            .is_some()
        {}
    }
    network.link.loss = 0.0;
    network.run(Duration::from_secs(2));
    network.client_events.clear();
    for _ in 0..3 {
        let sent = network.sent.len();
        network.link.loss = 1.0;
        let end = network.now + KEEP_ALIVE * 2;
        while network.sent.len() == sent && network.now < end {
            network.run(Duration::from_millis(100));
        }
        assert!(network.sent.len() > sent, "a keep-alive was sent");
        network.link.loss = 0.0;
        network.run(Duration::from_secs(5));
    }
    let is_silence = |event: &Event| matches!(event, Event::Silent { .. });
    assert!(!network.client_events.iter().any(is_silence));
    assert!(network.client.is_drained(client));
}

#[test]
fn who_waits_until_all_has_arrived_need_not_be_patient() {
    for hurries in [true, false] {
        let (mut network, _, session) = with_news(Duration::from_millis(25));
        network.link.loss = 0.0;
        network.run(Duration::from_secs(40));
        let begin = network.now;
        network
            .server
            .send_message(
                begin,
                session,
                Channel::Chat,
                b"received",
                Sending::unasked(true),
            )
            .expect("there is room");
        if hurries {
            network.server.hurry(begin, session);
        }
        while !network.server.is_drained(session) {
            network.run(Duration::from_millis(1));
        }
        let took = network.now - begin;
        assert_eq!(took < Duration::from_millis(100), hurries, "{took:?}");
    }
}
