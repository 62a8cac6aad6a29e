//! A peer that holds the keys and does not keep the rules: each clause of "a peer is not believed".

use std::time::Duration;

use proptest::prelude::*;

use super::network::{Datagram, Network, PLAIN};
use crate::testing::instant;
use crate::transport::connection::Connection;
use crate::transport::wire::frame;
use crate::transport::wire::packet::{DATA_HEADER_LEN, encode_data_header};
use crate::transport::{Channel, CloseReason, Event, SessionId};

/// Lets the client send a packet with these frames, made with its own keys and its next packet number.
fn inject(network: &mut Network, client: SessionId, write: impl FnOnce(&mut Vec<u8>)) {
    let connection: &mut Connection = network.client.connection_mut(client);
    let bytes = connection.forge(|buffer, remote_id, phase, number| {
        encode_data_header(buffer, remote_id, phase, number);
        assert_eq!(buffer.len(), DATA_HEADER_LEN);
        write(buffer);
    });
    let (from, to) = (network.client_address, network.server_address);
    network.deliver(Datagram { from, to, bytes });
    network.flush();
}

fn closed_for(frames: impl FnOnce(&mut Vec<u8>)) -> &'static str {
    let (mut network, client, session) = Network::connected(1, PLAIN);
    network.run(Duration::from_secs(1));
    inject(&mut network, client, frames);
    let reason = match network.server_events.back() {
        Some(Event::Closed {
            reason: CloseReason::Violation(text),
            session: closed,
        }) => {
            assert_eq!(*closed, session);
            *text
        }
        other => panic!("{other:?}"),
    };
    network.run(Duration::from_secs(1));
    let told = network.client_events.back();
    assert!(
        matches!(
            told,
            Some(Event::Closed {
                reason: CloseReason::Peer { code: 256.., .. },
                ..
            })
        ),
        "{told:?}"
    );
    reason
}

#[test]
fn an_acknowledgement_of_what_was_never_sent_closes() {
    let reason = closed_for(|buffer| frame::encode_ack(buffer, std::iter::once(0..1000), 0, 0));
    assert_eq!(reason, "a packet was acknowledged that was never sent");
}

#[test]
fn an_acknowledgement_of_a_skipped_number_closes() {
    let (mut network, client, session) = Network::connected(2, PLAIN);
    for _ in 0..1200 {
        network.send_from_server(session, Channel::Chat, b"x");
        network.run(Duration::from_millis(50));
        while network
            .client
            .receive(network.now, client, Channel::Chat)
            .is_some()
        {}
    }
    let next = network.server.connection_mut(session).next_number();
    assert!(next > 1201, "some were skipped");
    let range = next - 700..next;
    inject(&mut network, client, |buffer| {
        frame::encode_ack(buffer, std::iter::once(range), 0, 0);
    });
    assert!(matches!(
        network.server_events.back(),
        Some(Event::Closed {
            reason: CloseReason::Violation("a packet was acknowledged that was never sent"),
            ..
        })
    ));
}

#[test]
fn more_than_the_window_closes() {
    let reason = closed_for(|buffer| {
        frame::encode_stream(
            buffer,
            Channel::Chat,
            false,
            16 * 1024 - 1,
            (b"two bytes", b""),
        );
    });
    assert_eq!(reason, "a channel's window was exceeded");
}

#[test]
fn more_than_the_sessions_window_closes_though_each_channel_keeps_to_its_own() {
    let reason = closed_for(|buffer| {
        for channel in Channel::ALL {
            frame::encode_stream(buffer, channel, false, 11_000, (b"x", b""));
        }
    });
    assert_eq!(reason, "the session's window was exceeded");
}

#[test]
fn overlapping_fragments_that_disagree_close() {
    let reason = closed_for(|buffer| {
        frame::encode_stream(buffer, Channel::Chat, false, 10, (b"tea at four", b""));
        frame::encode_stream(buffer, Channel::Chat, false, 14, (b"at five", b""));
    });
    assert_eq!(reason, "overlapping fragments disagree");
}

#[test]
fn a_message_that_is_too_long_closes() {
    let reason = closed_for(|buffer| {
        frame::encode_stream(buffer, Channel::Chat, false, 0, (&[0xc6, 0, 2, 0, 0], b""));
    });
    assert_eq!(reason, "a message is too long");
}

#[test]
fn a_stream_that_is_no_sequence_of_messages_closes() {
    let reason = closed_for(|buffer| {
        frame::encode_stream(buffer, Channel::Chat, false, 0, (&[0x93, 1, 2, 3], b""));
    });
    assert_eq!(reason, "a channel's stream is not a sequence of messages");
}

/// Whoever acknowledges all numbers that there are, in as many ranges as a frame holds, costs the whole endpoint no
/// more than a packet does: the session is over at the first, and the others do not notice.
#[test]
fn wide_claims_cost_the_endpoint_what_was_sent_and_no_more() {
    let (mut network, client, session) = Network::connected(21, PLAIN);
    let other = network.client.connect(network.now, network.server_address);
    network.run(Duration::from_secs(1));
    let liar = session;
    network.send_from_server(liar, Channel::Chat, b"one packet");
    network.flush();
    let records = network.server.connection_mut(liar).records();
    let widest = frame::MAX_PACKET_NUMBER;
    let began = instant();
    for number in 0..200_u64 {
        inject(&mut network, client, |buffer| {
            let step = widest / 64;
            let ranges = (0..32_u64).map(|range| {
                let end = widest - range * 2 * step - number;
                end - step..end
            });
            let ranges: Vec<_> = ranges.collect();
            frame::encode_ack(buffer, ranges.into_iter(), u64::MAX, 1000);
        });
    }
    let took = began.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert!(records <= 8, "{records} records of one packet");
    assert!(matches!(
        network.server_events.back(),
        Some(Event::Closed {
            session,
            reason: CloseReason::Violation("a packet was acknowledged that was never sent"),
        }) if *session == liar
    ));
    network.send_from_client(other, Channel::Chat, b"and we go on");
    network.run(Duration::from_secs(1));
    let readable = |event: &Event| matches!(event, Event::Readable { .. });
    assert!(network.server_events.iter().any(readable));
}

#[test]
fn token_from_a_client_closes() {
    let reason = closed_for(|buffer| frame::encode_new_token(buffer, &[7; 20]));
    assert_eq!(reason, "a packet with a malformed frame");
}

/// The claim is wide and true of nothing that is still under way: it costs no more than what is.
#[test]
fn acknowledging_again_what_was_acknowledged_long_ago_changes_nothing() {
    let (mut network, client, session) = Network::connected(6, PLAIN);
    for _ in 0..50 {
        network.send_from_server(session, Channel::Chat, b"x");
        network.run(Duration::from_millis(60));
        let _read = network.client.receive(network.now, client, Channel::Chat);
    }
    network.run(Duration::from_secs(1));
    let before = network.server.statistics(session).expect("it is open");
    for _ in 0..100 {
        inject(&mut network, client, |buffer| {
            frame::encode_ack(buffer, std::iter::once(0..10), 0, 0);
        });
    }
    let after = network.server.statistics(session).expect("it is open");
    assert_eq!(after.rtt_us, before.rtt_us);
    assert_eq!(
        after.congestion_window_bytes,
        before.congestion_window_bytes
    );
}

#[test]
fn a_narrower_window_than_before_takes_nothing_back() {
    let (mut network, client, session) = Network::connected(7, PLAIN);
    inject(&mut network, client, |buffer| {
        frame::encode_window(buffer, Channel::Chat, 0);
        frame::encode_session_window(buffer, 0);
    });
    network.send_from_server(session, Channel::Chat, b"all the same");
    network.run(Duration::from_secs(1));
    let message = network.client.receive(network.now, client, Channel::Chat);
    assert_eq!(message.as_deref(), Some(&b"all the same"[..]));
}

/// A peer that claims that everything is lost makes its own session's copies, within the window, and no more.
#[test]
fn a_wild_claim_of_loss_makes_copies_within_the_window_only() {
    let (mut network, client, session) = Network::connected(8, PLAIN);
    network.server.set_signed_in(network.now, session, true);
    network.send_from_server(session, Channel::Chat, b"first");
    network.flush();
    let number = network.server.connection_mut(session).next_number() - 1;
    inject(&mut network, client, |buffer| {
        frame::encode_ack(buffer, std::iter::once(number..number + 1), 0, 1000);
    });
    network.link.loss = 1.0;
    for _ in 0..40 {
        network.send_from_server(session, Channel::Chat, &[1; 500]);
        network.run(Duration::from_millis(1));
        let figures = network.server.statistics(session).expect("it is open");
        // Probes alone go beyond it, one for each time-out, which doubles from the fourth on.
        let probes = 6 * 1200;
        assert!(figures.bytes_in_flight <= figures.congestion_window_bytes + probes);
    }
}

#[test]
fn a_server_that_asks_a_client_to_save_packets_closes() {
    let (mut network, client, session) = Network::connected(9, PLAIN);
    network.run(Duration::from_secs(1));
    let connection = network.server.connection_mut(session);
    let bytes = connection.forge(|buffer, remote_id, phase, number| {
        encode_data_header(buffer, remote_id, phase, number);
        frame::encode_frugal(buffer);
    });
    let (from, to) = (network.server_address, network.client_address);
    network.deliver(Datagram { from, to, bytes });
    network.flush();
    let closed = CloseReason::Violation("a packet with a malformed frame");
    assert_eq!(
        network.client_events.back(),
        Some(&Event::Closed {
            session: client,
            reason: closed
        })
    );
}

#[test]
fn an_unknown_frame_closes() {
    assert_eq!(
        closed_for(|buffer| buffer.push(0x7f)),
        "a packet with a malformed frame"
    );
}

#[test]
fn a_packet_whose_frames_were_dropped_is_never_acknowledged() {
    let (mut network, client, session) = Network::connected(3, PLAIN);
    network.run(Duration::from_secs(1));
    for hole in 0..65_u64 {
        inject(&mut network, client, |buffer| {
            frame::encode_stream(buffer, Channel::Chat, false, 10 + 2 * hole, (b"x", b""));
        });
    }
    let server = network.server.connection_mut(session);
    let forged = network.client.connection_mut(client).next_number() - 1;
    assert!(
        !server.has_received(forged),
        "the last fragment made one hole too many"
    );
    assert!(server.has_received(forged - 1));
}

#[test]
fn a_wild_acknowledgement_delay_is_not_believed() {
    let (mut network, client, session) = Network::connected(4, PLAIN);
    network.send_from_server(session, Channel::Chat, b"hello");
    network.flush();
    let number = network.server.connection_mut(session).next_number() - 1;
    network.now += Duration::from_millis(100);
    inject(&mut network, client, |buffer| {
        frame::encode_ack(buffer, std::iter::once(number..number + 1), u64::MAX, 0);
    });
    let statistics = network.server.statistics(session).expect("it is open");
    assert!(statistics.rtt_us >= 40_000, "{statistics:?}");
}

/// Frames that a peer might send, with wild fields.
fn wild_frame() -> impl Strategy<Value = Vec<u8>> {
    let number = || prop_oneof![0..40_u64, 0..20_000_u64, any::<u64>()];
    let channel = || prop::sample::select(&Channel::ALL[..]);
    let written = |write: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = Vec::new();
        write(&mut bytes);
        bytes
    };
    prop_oneof![
        prop::collection::vec(any::<u8>(), 1..40),
        (number(), 1..50_u64, number(), any::<u16>()).prop_map(move |(start, len, delay, loss)| {
            let range = start..start.saturating_add(len);
            written(&|out| frame::encode_ack(out, std::iter::once(range.clone()), delay, loss))
        }),
        (
            channel(),
            number(),
            prop::collection::vec(any::<u8>(), 0..100)
        )
            .prop_map(move |(channel, offset, data)| {
                written(&|out| frame::encode_stream(out, channel, false, offset, (&data, &[])))
            }),
        (channel(), number()).prop_map(move |(channel, max)| written(&|out| frame::encode_window(
            out, channel, max
        ))),
        any::<[u8; 8]>()
            .prop_map(move |token| written(&|out| frame::encode_path_challenge(out, token))),
        any::<[u8; 8]>()
            .prop_map(move |token| written(&|out| frame::encode_path_response(out, token))),
        number().prop_map(move |max| written(&|out| frame::encode_session_window(out, max))),
        any::<u16>().prop_map(move |code| written(&|out| frame::encode_close(out, code, "why"))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn wild_frames_never_panic_and_the_session_ends_in_order(
        frames in prop::collection::vec(wild_frame(), 1..40),
    ) {
        let (mut network, client, session) = Network::connected(5, PLAIN);
        let _closed_or_full = network.server.send(network.now, session, Channel::Chat, &[1; 5000]);
        for bytes in frames {
            inject(&mut network, client, |buffer| buffer.extend_from_slice(&bytes));
            if network.client.statistics(client).is_none() {
                break;
            }
        }
        network.run(Duration::from_secs(1000));
        prop_assert_eq!(network.server.held(), 0, "nobody has signed in");
        prop_assert_eq!(network.server.poll_timeout(), None);
    }
}

#[test]
fn challenges_without_end_leave_no_records_behind() {
    // Each PATH_RESPONSE was kept until it would be acknowledged, and no window bounds those: 45 bytes from a
    // stranger who had proved an address cost 350 bytes of memory, for the ten minutes of its session.
    let (mut network, client, session) = Network::connected(6, PLAIN);
    network.run(Duration::from_secs(1));
    for _ in 0..1000 {
        inject(&mut network, client, |buffer| {
            frame::encode_path_challenge(buffer, [7; 8]);
        });
    }
    let records = network.server.connection_mut(session).records();
    assert!(records < 10, "{records} records");
}
