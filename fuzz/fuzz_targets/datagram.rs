//! Any bytes as a datagram from a stranger: no panic, and no answer that is larger.
#![no_main]

use std::net::SocketAddr;
use std::time::Instant;

use libfuzzer_sys::fuzz_target;
use udpchat::transport::{Endpoint, Limits, ServerConfig};

fuzz_target!(|bytes: &[u8]| {
    let now = Instant::now();
    let config = ServerConfig { static_key: [1; 32], reset_key: [2; 32], unix_ms: 0, limits: Limits::default() };
    let mut endpoint = Endpoint::server(now, config, [3; 32]);
    let stranger = SocketAddr::from(([192, 0, 2, 1], 40_000));
    endpoint.handle_datagram(now, None, stranger, None, &mut bytes.to_vec());
    let mut buffer = Vec::new();
    let mut answered = 0;
    while let Some(transmit) = endpoint.poll_transmit(now, &mut buffer) {
        answered += transmit.len;
    }
    assert!(answered <= bytes.len());
});
