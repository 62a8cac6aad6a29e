//! What a process does when it is woken.

use std::net::SocketAddr;
use std::time::Instant;

use udpchat::transport::{App, Endpoint, Now};

/// The largest datagram that may be sent before a larger one has been proved to arrive.
const DATAGRAM_MAX: usize = 1200;

/// How often an application may ask to be called again at once: more than it has messages to take.
const TURNS_MAX: usize = 10_000;

/// Lets an application and its endpoint do all that they can do now, and hands over what they send.
pub fn settle<A: App>(
    now: Now,
    endpoint: &mut Endpoint,
    app: &mut A,
    mut send: impl FnMut(SocketAddr, &[u8]),
) {
    let is_due = |deadline: Option<Instant>| deadline.is_some_and(|due| due <= now.instant);
    if is_due(endpoint.poll_timeout()) {
        endpoint.handle_timeout(now.instant);
    }
    if is_due(app.poll_timeout()) {
        app.on_timeout(now, endpoint);
    }
    let mut buffer = Vec::new();
    let mut turns = 0;
    loop {
        let mut is_quiet = true;
        while let Some(event) = endpoint.poll_event() {
            app.on_event(now, endpoint, event);
            is_quiet = false;
        }
        app.on_settled(now, endpoint);
        while let Some(transmit) = endpoint.poll_transmit(now.instant, &mut buffer) {
            let size = transmit.segment_size.unwrap_or(transmit.len).max(1);
            for datagram in buffer[..transmit.len].chunks(size) {
                let length = datagram.len();
                assert!(length <= DATAGRAM_MAX, "a datagram has {length} bytes");
                send(transmit.remote, datagram);
            }
            is_quiet = false;
        }
        // A hub that has given each channel a turn asks to be called for the next one at once.
        if is_due(app.poll_timeout()) && turns < TURNS_MAX {
            app.on_timeout(now, endpoint);
            turns += 1;
            is_quiet = false;
        }
        if is_quiet {
            break;
        }
    }
    assert!(
        !is_due(endpoint.poll_timeout()) && !is_due(app.poll_timeout()),
        "a deadline survived being polled"
    );
}
