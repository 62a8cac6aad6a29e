//! Servers that tell each other who is online, over links that lose what they carry.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::message::PeerMessage;
use super::{Introduction, PeerLink, Peers, SILENCE};
use crate::protocol::{AccountId, ConversationId};
use crate::server::ctx::testing::Parts;
use crate::server::receipts::Receipts;
use crate::server::roster::alerts::Alerts;
use crate::store::{MEANING, Request, Write};
use crate::transport::Now;

const ALICE: AccountId = AccountId(1);
const BOB: AccountId = AccountId(2);
const ROOM: ConversationId = ConversationId(9);

/// What a server has said and nobody has heard yet.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<Vec<u8>>>>);

impl PeerLink for Said {
    fn tell(&mut self, message: Vec<u8>) {
        self.0.lock().unwrap().push(message);
    }
}

impl Said {
    fn take(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

struct Server {
    name: &'static str,
    parts: Parts,
    peers: Peers,
    alerts: Alerts,
    receipts: Receipts,
    said: Said,
}

impl Server {
    fn new(name: &'static str, life: u64) -> Self {
        let mut parts = Parts::new();
        let said = Said::default();
        let now = parts.ctx().now.instant;
        let mut peers = Peers::none(now);
        peers.begin(Introduction {
            node: name.into(),
            life,
            meaning: MEANING,
            link: Box::new(said.clone()),
        });
        parts.ctx().presence.tell_changes();
        Self {
            name,
            parts,
            peers,
            alerts: Alerts::new(now),
            receipts: Receipts::default(),
            said,
        }
    }

    fn at(&mut self, now: Now) {
        self.parts.now = now;
        let ctx = &mut self.parts.ctx();
        self.peers.on_timeout(ctx, &mut self.alerts);
        self.peers.publish(ctx, &mut self.receipts);
    }

    fn hear(&mut self, from: &str, message: &[u8]) {
        let ctx = &mut self.parts.ctx();
        let concerned = (&mut self.alerts, &mut self.receipts);
        self.peers.on_message(ctx, concerned, from, message);
    }

    fn is_online(&mut self, account: AccountId) -> bool {
        self.parts.ctx().presence.is_online(account)
    }
}

/// Both say what they have to say, and each hears what is not lost of it, for so long.
fn talk(one: &mut Server, two: &mut Server, time: Duration, mut is_lost: impl FnMut() -> bool) {
    let mut now = one.parts.ctx().now;
    let until = now.instant + time;
    while now.instant < until {
        now.instant += Duration::from_millis(100);
        one.at(now);
        two.at(now);
        for message in one.said.take() {
            if !is_lost() {
                two.hear(one.name, &message);
            }
        }
        for message in two.said.take() {
            if !is_lost() {
                one.hear(two.name, &message);
            }
        }
    }
}

#[test]
fn who_is_online_elsewhere_is_online_until_their_server_says_otherwise_or_nothing() {
    let (mut one, mut two) = (Server::new("one", 1), Server::new("two", 2));
    let alices = one.parts.signed_in(ALICE, "alice");
    one.parts.ctx().presence.enter(ALICE, ROOM);
    let second = Duration::from_secs(1);
    talk(&mut one, &mut two, second, || false);
    assert!(two.is_online(ALICE) && !two.is_online(BOB));
    let ctx = two.parts.ctx();
    assert_eq!(ctx.presence.online_count(), 1);
    assert_eq!(ctx.presence.others_in_room(BOB, ROOM), 1);
    // On both: counted once, and still there when one of them says that it has gone.
    two.parts.signed_in(ALICE, "alice");
    talk(&mut one, &mut two, second, || false);
    assert_eq!(two.parts.ctx().presence.online_count(), 1);
    one.parts.ctx().presence.leave(ALICE, alices);
    talk(&mut one, &mut two, second, || false);
    assert!(one.is_online(ALICE) && two.is_online(ALICE));
    one.parts.signed_in(BOB, "bob");
    talk(&mut one, &mut two, second, || false);
    assert!(two.is_online(BOB));
    assert!(one.peers.is_first() && !two.peers.is_first());
    talk(&mut one, &mut two, SILENCE + second, || true);
    assert!(!two.is_online(BOB) && two.is_online(ALICE));
    // Each is the only one that it knows of.
    assert!(one.peers.is_first() && two.peers.is_first());
    assert_eq!(two.parts.ctx().presence.online_count(), 1);
    talk(&mut one, &mut two, 3 * second, || false);
    assert!(two.is_online(BOB));
}

#[test]
fn what_is_lost_is_told_again() {
    let mut number = 0_u32;
    let (mut one, mut two) = (Server::new("one", 1), Server::new("two", 2));
    let mut sessions = Vec::new();
    for round in 0..60 {
        let account = AccountId(round % 7);
        sessions.push((account, one.parts.signed_in(account, "somebody")));
        if round % 3 == 0 {
            let (account, session) = sessions.remove(0);
            one.parts.ctx().presence.leave(account, session);
        }
        let tenth = Duration::from_millis(100);
        talk(&mut one, &mut two, tenth, || {
            number += 1;
            number.is_multiple_of(3)
        });
    }
    talk(&mut one, &mut two, Duration::from_secs(4), || false);
    for account in (0..7).map(AccountId) {
        assert_eq!(
            two.is_online(account),
            one.is_online(account),
            "{account:?}"
        );
    }
}

#[test]
fn words_that_are_not_known_are_passed_over() {
    let mut one = Server::new("one", 1);
    for bytes in [&b""[..], b"\xc1", b"\x81\xa3999\x01", &[0x91; 2000]] {
        one.hear("two", bytes);
    }
    assert_eq!(one.peers.status().unwrap().others, [""; 0]);
    let ask = PeerMessage::Ask("one".into()).encode();
    one.hear("two", &ask);
    assert_eq!(one.said.take().len(), 1);
}

/// The meanings that a server has asked for to be in force.
fn raised(server: &mut Server) -> Vec<u64> {
    let asked = server.parts.store.take(usize::MAX);
    let raised = asked.into_iter().filter_map(|(_, request)| match request {
        Request::Write(Write::Raise { meaning }) => Some(meaning),
        _ => None,
    });
    raised.collect()
}

#[test]
fn server_that_has_just_started_does_not_take_itself_for_the_only_one() {
    // It put its own meaning into force before it had heard of anybody, and all that were not updated yet stopped.
    let (mut one, mut two) = (Server::new("one", 1), Server::new("two", 2));
    one.peers.meanings.known = MEANING + 1;
    talk(&mut one, &mut two, SILENCE + Duration::from_secs(3), || {
        false
    });
    assert_eq!(raised(&mut one), [0; 0]);
    let mut alone = Server::new("alone", 3);
    alone.peers.meanings.known = MEANING + 1;
    talk(
        &mut alone,
        &mut two,
        SILENCE + Duration::from_secs(3),
        || true,
    );
    assert!(raised(&mut alone).starts_with(&[MEANING + 1]));
}

#[test]
fn another_meaning_is_in_force_once_all_servers_that_are_there_know_it_and_not_before() {
    let (mut one, mut two) = (Server::new("one", 1), Server::new("two", 2));
    let second = Duration::from_secs(1);
    talk(&mut one, &mut two, 3 * second, || false);
    assert_eq!(raised(&mut one), [0; 0], "all is in force that is known");
    // The first one is updated, then the other one.
    one.peers.meanings.known = MEANING + 1;
    talk(&mut one, &mut two, 3 * second, || false);
    assert_eq!((raised(&mut one), raised(&mut two)), (vec![], vec![]));
    two.peers.meanings.known = MEANING + 2;
    talk(&mut one, &mut two, SILENCE, || false);
    assert!(raised(&mut one).starts_with(&[MEANING + 1]));
    assert_eq!(raised(&mut two), [0; 0], "one asks for all");
    one.peers.on_raised(MEANING + 1);
    talk(&mut one, &mut two, 3 * second, || false);
    assert_eq!(raised(&mut one), [0; 0]);
    // One that is not there any more does not count.
    talk(&mut one, &mut two, SILENCE + second, || true);
    two.peers.on_raised(MEANING + 1);
    assert!(raised(&mut two).starts_with(&[MEANING + 2]));
}
