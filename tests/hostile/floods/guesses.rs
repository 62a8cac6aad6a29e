//! Guesses at tickets and passwords, from many addresses.

use std::net::IpAddr;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use udpchat::client::opaque::LoginBegun;
use udpchat::protocol::{ClientMessage, Login, Resume, TICKET_BYTES};
use udpchat::transport::Channel;

use super::{ADDRESSES, Attacker, Scene, is_asked_for};
use crate::kit::{Pass, Peer, address};

/// Sends this message from each of these addresses again and again, on a new session whenever one is over.
fn repeater(message: ClientMessage, addresses: Range<u16>, seed: u64) -> Attacker {
    Box::new(move |server, is_over| {
        let mut peers: Vec<Peer> = addresses
            .map(|number| Peer::dial(server, address(number), seed + u64::from(number)))
            .collect();
        while !is_over.load(Ordering::Relaxed) {
            for peer in &mut peers {
                peer.take_inbox();
                if peer.is_open() {
                    let _ = peer.send(Channel::Control, &message);
                } else if peer.why_closed().is_some() {
                    peer.redial();
                }
            }
            thread::sleep(Duration::from_millis(1));
        }
    })
}

/// Sends worthless tickets for this account.
fn ticket_guesser(pass: &Pass, addresses: Range<u16>) -> Attacker {
    let resume = Resume {
        account: pass.account,
        device: pass.device,
        ticket: vec![7; TICKET_BYTES].into(),
        attempt: 1,
    };
    repeater(ClientMessage::control(resume), addresses, 5000)
}

/// Begins logins for this name.
fn password_guesser(name: &str, addresses: Range<u16>) -> Attacker {
    let mut random = ChaCha20Rng::seed_from_u64(9);
    let (_, request) = LoginBegun::new(&mut random, b"a guess").expect("it begins");
    let name = name.into();
    repeater(
        ClientMessage::control(Login { name, request }),
        addresses,
        7000,
    )
}

#[test]
fn flood_of_worthless_tickets_keeps_no_owner_out() {
    if !is_asked_for() {
        return;
    }
    let mut scene = Scene::new();
    let attackers = |pass: &Pass| vec![ticket_guesser(pass, 0..ADDRESSES)];
    let pass = scene.pass.clone();
    scene.withstands("256 addresses with worthless tickets", attackers(&pass));
    let server = scene.server.address;
    let owner: IpAddr = [127, 200, 0, 1].into();
    let mut known = Peer::connect_from(server, owner, 31);
    known.sign_up("carol").unwrap();
    let pass = known.log_in("carol", None).unwrap();
    drop(known);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for attacker in attackers(&pass) {
            let is_over = &is_over;
            scope.spawn(move || attacker(server, is_over));
        }
        thread::sleep(Duration::from_secs(10));
        let begun = Instant::now();
        let entered =
            Peer::connect_from(server, owner, 32).resume(pass.account, pass.device, &pass.ticket);
        let took = begun.elapsed();
        is_over.store(true, Ordering::Relaxed);
        println!("owner by ticket: {took:?}, {:?}", entered.is_ok());
        assert!(entered.is_ok(), "{entered:?}");
        assert!(took <= Duration::from_secs(2), "{took:?}");
    });
}

#[test]
fn flood_of_logins_keeps_no_owner_out() {
    if !is_asked_for() {
        return;
    }
    let mut scene = Scene::new();
    let guessers = || vec![password_guesser("alice", 0..ADDRESSES)];
    scene.withstands("256 addresses that guess at one name", guessers());
    let server = scene.server.address;
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for guesser in guessers() {
            let is_over = &is_over;
            scope.spawn(move || guesser(server, is_over));
        }
        thread::sleep(Duration::from_secs(10));
        let begun = Instant::now();
        let mut owner = Peer::connect_from(server, [127, 200, 0, 1].into(), 33);
        let entered = loop {
            match owner.log_in("alice", None) {
                Err(Some(failure))
                    if failure.wait_ms.is_some() && begun.elapsed().as_secs() < 60 =>
                {
                    let wait = Duration::from_millis(failure.wait_ms.unwrap_or(0));
                    owner.wait(wait, |_| false);
                }
                other => break other.map(drop),
            }
        };
        let took = begun.elapsed();
        is_over.store(true, Ordering::Relaxed);
        println!("owner by password on a new device: {took:?}");
        assert!(entered.is_ok(), "{entered:?}");
        assert!(took <= Duration::from_secs(30), "{took:?}");
    });
}
