//! What strangers on the network can do to a running server, and what they can read: nothing.

use std::net::UdpSocket;
use std::time::Duration;

use crate::support::relay::{Badness, Relay};
use crate::support::{PASSWORD, Workspace};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

const SECRET: &str = "the treasure lies under the oak";

fn contains(haystack: &[u8], needle: &str) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window.eq_ignore_ascii_case(needle.as_bytes()))
}

#[test]
fn nothing_of_a_login_or_a_message_can_be_read_on_the_wire() {
    let workspace = Workspace::new(&[]);
    let server = workspace.serve();
    let relay = Relay::start(server.address, Badness::default());
    let bob = workspace.sign_in(relay.address, "bobolink");
    let mut alice = workspace.sign_in(relay.address, "alicette");
    alice.types(&format!("message bobolink {SECRET}"));
    bob.sees(1, SECRET);
    alice.sees(1, "Message received by bobolink");
    let passed = relay.passed();
    assert!(
        passed.len() > 20,
        "only {} datagrams were captured",
        passed.len()
    );
    for datagram in &passed {
        for word in [PASSWORD, SECRET, "alicette", "bobolink", "treasure"] {
            assert!(
                !contains(datagram, word),
                "{word:?} can be read in {datagram:?}"
            );
        }
    }
}

#[test]
fn hundred_thousand_wrong_datagrams_leave_the_server_as_it_was() {
    let workspace = Workspace::new(&[]);
    let server = workspace.serve();
    let relay = Relay::start(server.address, Badness::default());
    let bob = workspace.sign_in(relay.address, "bob");
    let mut alice = workspace.sign_in(relay.address, "alice");
    alice.types("message bob before");
    alice.sees(1, "Message received by bob");
    let samples = relay.passed();
    let mut rng = ChaCha20Rng::from_seed([3; 32]);
    let mut largest_factor = 0.0_f64;
    let mut answers = 0;
    // The first part warms everything up that is allocated once.
    let mut before = 0;
    for part in 0..10 {
        for _ in 0..100 {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            socket.connect(server.address).unwrap();
            let mut sent = Vec::new();
            for _ in 0..100 {
                let datagram = wrong(&mut rng, &samples);
                sent.push(datagram.len());
                // A full socket buffer loses it, as the network would.
                let _ = socket.send(&datagram);
            }
            socket
                .set_read_timeout(Some(Duration::from_millis(1)))
                .unwrap();
            let mut chunk = [0; 2048];
            let mut received = 0;
            while let Ok(length) = socket.recv(&mut chunk) {
                answers += 1;
                received += length;
                assert!(
                    length <= *sent.iter().max().unwrap(),
                    "an answer of {length} bytes"
                );
            }
            #[allow(clippy::cast_precision_loss, reason = "a few kilobytes")]
            let factor = received as f64 / sent.iter().sum::<usize>() as f64;
            largest_factor = largest_factor.max(factor);
        }
        if part == 1 {
            before = server.resident_kib();
        }
    }
    std::thread::sleep(Duration::from_millis(500));
    let after = server.resident_kib();
    println!(
        "{answers} answers, at most {largest_factor:.3} bytes for one; {before} to {after} KiB"
    );
    assert!(largest_factor <= 1.0);
    assert!(
        (after - before).abs() <= 1024,
        "memory went from {before} to {after} KiB"
    );
    alice.types("message bob after");
    bob.sees(1, "after");
    alice.sees(2, "Message received by bob");
    let said = alice.errors() + &bob.errors();
    assert!(
        !said.contains("damaged") && !said.contains("lost"),
        "{said}"
    );
}

/// A datagram that no honest peer sends: noise, or a captured one changed or cut.
fn wrong(rng: &mut ChaCha20Rng, samples: &[Vec<u8>]) -> Vec<u8> {
    let mut below = |bound: usize| rng.next_u32() as usize % bound;
    let mut datagram = match below(3) {
        0 => vec![0; below(1300)],
        _ => samples[below(samples.len())].clone(),
    };
    let is_noise = datagram.iter().all(|byte| *byte == 0);
    if is_noise {
        rng.fill_bytes(&mut datagram);
        if let Some(first) = datagram.first_mut() {
            // Half of them look like a packet of ours at the first glance.
            if *first >= 128 {
                *first %= 8;
            }
        }
        return datagram;
    }
    for _ in 0..=rng.next_u32() % 4 {
        let at = rng.next_u32() as usize % datagram.len();
        datagram[at] ^= 1 << (rng.next_u32() % 8);
    }
    if rng.next_u32().is_multiple_of(3) {
        datagram.truncate(rng.next_u32() as usize % (datagram.len() + 1));
    }
    datagram
}
