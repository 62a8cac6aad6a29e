//! Accounts that have the server do as much as it lets them.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use udpchat::protocol::{ClientMessage, Join};
use udpchat::transport::Channel;

use super::{Attacker, Scene, is_asked_for, signed_in};
use crate::kit::{Peer, address};

/// Says texts of 16 KiB to itself's partner as fast as the transport takes them.
fn speaker(number: u16, sessions: usize) -> Attacker {
    Box::new(move |server, is_over| {
        let name = format!("flooder{number}");
        let from = address(number);
        let (mut first, pass) = Peer::enter(server, from, &name, 100 + u64::from(number));
        let conversation = first.resolve("bob").unwrap().conversation;
        let mut speakers = vec![(first, pass, 0)];
        for session in 1..sessions {
            let mut peer = Peer::connect_from(server, from, 1000 + session as u64);
            let pass = peer.log_in(&name, None).unwrap();
            peer.hello();
            speakers.push((peer, pass, 0));
        }
        let text = "x".repeat(16 * 1024);
        while !is_over.load(Ordering::Relaxed) {
            for (peer, pass, said) in &mut speakers {
                let line = Peer::line(pass, conversation, *said + 1, &text);
                if peer.send(Channel::Chat, &line).is_ok() {
                    *said += 1;
                }
                peer.take_inbox();
            }
            thread::sleep(Duration::from_micros(500));
        }
    })
}

#[test]
fn flood_of_one_account_delays_nobody() {
    if is_asked_for() {
        Scene::new().withstands("one account, one session", vec![speaker(0, 1)]);
    }
}

#[test]
fn flood_of_one_account_with_four_sessions_delays_nobody() {
    if is_asked_for() {
        Scene::new().withstands("one account, four sessions", vec![speaker(0, 4)]);
    }
}

#[test]
fn flood_of_new_accounts_delays_nobody() {
    if !is_asked_for() {
        return;
    }
    let attacker: Attacker = Box::new(|server, is_over| {
        let mut peers: Vec<Peer> = (0..20)
            .map(|number| Peer::connect_from(server, address(number), 600 + u64::from(number)))
            .collect();
        let mut opened = 0;
        for name in 0.. {
            for (from, peer) in peers.iter_mut().enumerate() {
                if is_over.load(Ordering::Relaxed) {
                    return println!("{opened} accounts were opened");
                }
                opened += u32::from(peer.sign_up(&format!("new{from}x{name}")).is_ok());
            }
        }
    });
    Scene::new().withstands("20 addresses that open accounts", vec![attacker]);
}

#[test]
fn flood_of_new_rooms_delays_nobody() {
    if !is_asked_for() {
        return;
    }
    let attacker: Attacker = Box::new(|server, is_over| {
        let mut peers = signed_in(server, "maker", 36);
        for room in 0.. {
            for (maker, (peer, _)) in peers.iter_mut().enumerate() {
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
                let join = Join {
                    tag: room,
                    name: format!("#r{maker}x{room}"),
                    access: None,
                    must_exist: None,
                };
                let _ = peer.send(Channel::Control, &ClientMessage::control(join));
                peer.take_inbox();
            }
            thread::sleep(Duration::from_millis(1));
        }
    });
    Scene::new().withstands("36 accounts that make rooms", vec![attacker]);
}
