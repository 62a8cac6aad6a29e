//! Sessions that are held, of strangers and of accounts, and what the server keeps for them.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use udpchat::protocol::{ClientMessage, ConversationId, Digest, EntryId, Hello, Position};
use udpchat::transport::Channel;

use super::{ADDRESSES, Attacker, Scene, hold, is_asked_for, signed_in};
use crate::crowd::Crowd;
use crate::kit::{Peer, address};

/// Opens sessions from these addresses and holds them.
fn squatter(addresses: Range<u16>, each: u32) -> Attacker {
    Box::new(move |server, is_over| {
        let mut crowds: Vec<Crowd> = addresses
            .map(|number| Crowd::new(server, address(number), 20_000 + u64::from(number)))
            .collect();
        let mut dialled = 0;
        while !is_over.load(Ordering::Relaxed) {
            for crowd in &mut crowds {
                if dialled < each {
                    crowd.dial(1);
                }
                let lost = std::mem::take(&mut crowd.lost);
                crowd.dial(lost);
                crowd.turn();
            }
            dialled = (dialled + 1).min(each);
            thread::sleep(Duration::from_millis(5));
        }
        let open: u32 = crowds.iter().map(|crowd| crowd.open).sum();
        println!("{open} strangers' sessions are open at the end");
    })
}

#[test]
fn flood_of_strangers_shuts_nobody_out() {
    if !is_asked_for() {
        return;
    }
    let mut scene = Scene::new();
    let before = scene.server.resident_kib();
    let server = scene.server.address;
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let over = &is_over;
        scope.spawn(move || squatter(0..ADDRESSES, 128)(server, over));
        let beside = scene.converse(Duration::from_secs(25));
        println!("strangers: p99 {:?} beside", beside.percentile(99));
        scene.has_held("strangers", before);
        let begun = Instant::now();
        let (mut newcomer, _) = Peer::enter(server, [127, 201, 0, 1].into(), "newcomer", 41);
        println!("a newcomer is in after {:?}", begun.elapsed());
        newcomer.turn();
        is_over.store(true, Ordering::Relaxed);
    });
    scene.withstands(
        "256 addresses of strangers",
        vec![squatter(0..ADDRESSES, 128)],
    );
}

impl Scene {
    /// [`Scene::withstands`], and at the end the server holds no more than the budget.
    fn withstands_within_budget(&mut self, name: &str, attackers: Vec<Attacker>) {
        let before = self.server.resident_kib();
        self.withstands(name, attackers);
        self.has_held(name, before);
    }
}

/// Says HELLO in parts and never the last, on so many sessions of as many accounts.
#[test]
fn flood_of_unfinished_hellos_costs_no_more_than_its_budget() {
    if !is_asked_for() {
        return;
    }
    let attacker: Attacker = Box::new(|server, is_over| {
        let mut peers = signed_in(server, "hello", 48);
        for part in 0..400_u64 {
            for (peer, _) in &mut peers {
                let positions = (0..400)
                    .map(|place| Position {
                        conversation: ConversationId(part * 400 + place + 1),
                        entry: EntryId(1),
                        digest: Digest::of(b"anything"),
                    })
                    .collect();
                let hello = Hello {
                    positions,
                    more: true,
                    epoch: None,
                    software: None,
                    unannounced: None,
                    sends_only: None,
                };
                let _ = peer.send(Channel::Control, &ClientMessage::control(hello));
                peer.take_inbox();
            }
            if is_over.load(Ordering::Relaxed) {
                return;
            }
        }
        hold(peers, is_over);
    });
    Scene::new().withstands_within_budget("unfinished HELLOs", vec![attacker]);
}

/// Every session begins a message of 60,000 bytes on each of its channels and falls silent before the end.
#[test]
fn flood_of_unfinished_messages_costs_no_more_than_its_budget() {
    if !is_asked_for() {
        return;
    }
    let attacker: Attacker = Box::new(|server, is_over| {
        let mut peers = signed_in(server, "half", 96);
        for (peer, _) in &mut peers {
            peer.datagrams_left = 3 * 60_000 / 1200 - 10;
            for channel in Channel::ALL {
                let _ = peer.send_bytes(channel, &vec![0; 60_000]);
            }
        }
        hold(peers, is_over);
    });
    Scene::new().withstands_within_budget("unfinished messages", vec![attacker]);
}

/// Sessions that take nothing of what is said to everyone.
#[test]
fn flood_of_readers_who_read_nothing_costs_no_more_than_its_budget() {
    if !is_asked_for() {
        return;
    }
    let attacker: Attacker = Box::new(|server, is_over| {
        let mut peers = signed_in(server, "deaf", 96);
        for (peer, _) in &mut peers {
            peer.is_reading = false;
        }
        let text = "y".repeat(16 * 1024);
        for number in 1..=40 {
            let (speaker, pass) = &mut peers[0];
            let line = Peer::line(pass, ConversationId::EVERYONE, number, &text);
            let _ = speaker.send(Channel::Chat, &line);
        }
        hold(peers, is_over);
    });
    Scene::new().withstands_within_budget("readers who read nothing", vec![attacker]);
}
