//! Who is banned is not let in, and does not stay.

use super::*;
use crate::protocol::{EndReason, Failure, Resume, SessionEnd};
use crate::server::ctx::{CODE_ACCOUNT_BANNED, CODE_ADDRESS_BANNED, CODE_ENDED};
use crate::store::{Ban, BanSubject, Prefix};

const TICKET: [u8; 32] = [9; 32];

fn prefix(typed: &str) -> BanSubject {
    BanSubject::Prefix(Prefix::parse(typed).expect("it can be banned"))
}

/// The addresses at which clients are: in the ban's prefix, and elsewhere.
const BANNED: &str = "192.0.2.9:4000";
const MAPPED: &str = "[::ffff:192.0.2.9]:4000";
const ELSEWHERE: &str = "203.0.113.1:4000";

impl Bench {
    /// The operator wants this, and the hub does it.
    pub(super) fn operate(&mut self, write: Write) {
        let (reply, answer) = std::sync::mpsc::sync_channel(1);
        self.hub.on_input(
            self.now,
            &mut self.server,
            Input::Write(Box::new(write), reply),
        );
        self.pass(50);
        if !self.is_held {
            let outcome = answer.try_recv().expect("it was done");
            assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
        }
    }

    fn ban(&mut self, subject: BanSubject, for_ms: Option<u64>) {
        let ban = Ban {
            until_ms: for_ms.map(|ms| self.now.unix_ms + ms),
            reason: "spam".into(),
            since_ms: self.now.unix_ms,
        };
        self.operate(Write::Ban { subject, ban });
    }

    pub(super) fn at(&mut self, place: &str) {
        self.place = place.parse().expect("an address");
    }

    /// Tries to connect from here: how the server has closed the session, if it has.
    fn try_connect(&mut self) -> Option<(u16, String)> {
        self.may_close = true;
        let client = self
            .client
            .connect(self.now.instant, ([198, 51, 100, 1], 7777).into());
        self.pass(100);
        self.goodbye(client)
    }

    /// How the server has closed this session.
    pub(super) fn goodbye(&self, client: SessionId) -> Option<(u16, String)> {
        let closed = self.closed.iter().find(|(id, _)| *id == client)?;
        match &closed.1 {
            CloseReason::Peer { code, reason } => Some((*code, reason.clone())),
            other => panic!("{other:?}"),
        }
    }

    /// What a device with a ticket is answered.
    pub(super) fn resume(
        &mut self,
        link: Link,
        (account, device): (AccountId, DeviceId),
    ) -> Vec<ServerBody> {
        let resume = Resume {
            account,
            device,
            ticket: TICKET.to_vec().into(),
            attempt: 1,
        };
        self.say(link, Channel::Control, &ClientMessage::control(resume));
        self.pass(50);
        self.heard(link)
    }

    /// An account with a device that has a ticket.
    pub(super) fn with_ticket(&mut self, name: &str) -> (AccountId, DeviceId) {
        let (account, device) = self.user(name);
        self.done(Write::OpenDevice {
            account,
            device: Some(device),
            ticket: super::super::hash_ticket(&[5; 32], account, &TICKET),
            expires_ms: self.now.unix_ms + 1_000_000,
        });
        (account, device)
    }
}

fn is_let_in(heard: &[ServerBody]) -> bool {
    let start = |body: &ServerBody| matches!(body, ServerBody::SessionStart(_));
    heard.iter().any(start)
}

fn refusal(heard: &[ServerBody]) -> Option<&Failure> {
    heard.iter().find_map(|body| match body {
        ServerBody::Failure(failure) => Some(failure),
        _ => None,
    })
}

#[test]
fn who_connects_from_a_banned_address_is_told_why_and_nothing_is_taken_from_them() {
    let mut bench = Bench::new();
    bench.ban(prefix("192.0.2.0/24"), Some(60_000));
    let closed = (
        CODE_ADDRESS_BANNED,
        "until 2026-03-17 14:03 UTC: spam".to_owned(),
    );
    for (place, expected) in [
        (BANNED, Some(closed.clone())),
        (MAPPED, Some(closed)),
        (ELSEWHERE, None),
        ("127.0.0.1:4000", None),
    ] {
        bench.at(place);
        let before = bench.hub.core.sessions.len();
        assert_eq!(bench.try_connect(), expected, "{place}");
        let is_let_in = usize::from(expected.is_none());
        assert_eq!(bench.hub.core.sessions.len(), before + is_let_in, "{place}");
    }
    // It ends by itself.
    bench.at(BANNED);
    bench.pass(60_000);
    assert_eq!(bench.try_connect(), None);
    // And holds over a restart for as long as it lasts, from the first session on.
    bench.ban(prefix("192.0.2.9"), None);
    bench.restart();
    let (code, reason) = bench.try_connect().expect("it is closed");
    assert_eq!(
        (code, reason.as_str()),
        (CODE_ADDRESS_BANNED, "for good: spam")
    );
    bench.operate(Write::Unban {
        subject: prefix("192.0.2.9"),
    });
    assert_eq!(bench.try_connect(), None);
}

#[test]
fn ban_of_an_address_ends_the_sessions_there() {
    let mut bench = Bench::new();
    bench.may_close = true;
    let alice = bench.user("alice");
    bench.at(BANNED);
    let hers = bench.signed_in("alice", alice);
    let nobody = bench.connect();
    bench.ban(prefix("192.0.3.0/24"), None);
    assert_eq!(bench.goodbye(hers.client), None);
    bench.ban(prefix("192.0.2.0/24"), None);
    for link in [hers, nobody] {
        let closed = bench.goodbye(link.client).expect("it is closed");
        assert_eq!(closed, (CODE_ADDRESS_BANNED, "for good: spam".to_owned()));
        assert!(bench.hub.core.sessions.get(link.server).is_none());
    }
    assert!(bench.hub.core.presence.get(alice.0).is_none());
}

#[test]
fn session_ends_that_moves_to_a_banned_address() {
    let mut bench = Bench::new();
    bench.may_close = true;
    let bob = bench.user("bob");
    bench.at(ELSEWHERE);
    let link = bench.signed_in("bob", bob);
    bench.ban(prefix("192.0.2.0/24"), None);
    bench.pass(2_000);
    assert_eq!(bench.goodbye(link.client), None);
    bench.at(BANNED);
    bench.say(link, Channel::Control, &contacts());
    bench.pass(2_000);
    let closed = bench.goodbye(link.client).expect("it is closed");
    assert_eq!(closed.0, CODE_ADDRESS_BANNED);
    assert!(bench.hub.core.sessions.is_empty());
    assert!(bench.hub.core.presence.get(bob.0).is_none());
}

#[test]
fn session_is_not_closed_by_a_packet_of_it_that_somebody_sends_on_from_a_banned_address() {
    let mut bench = Bench::new();
    let bob = bench.user("bob");
    bench.at(ELSEWHERE);
    let link = bench.signed_in("bob", bob);
    bench.ban(prefix("192.0.2.0/24"), None);
    bench.say(link, Channel::Control, &contacts());
    let mut packet = Vec::new();
    let now = bench.now.instant + Duration::from_millis(5);
    let sent = bench.client.poll_transmit(now, &mut packet);
    assert!(sent.is_some());
    let from = BANNED.parse().expect("an address");
    bench
        .server
        .handle_datagram(now, None, from, None, &mut packet);
    let events: Vec<Event> = std::iter::from_fn(|| bench.server.poll_event()).collect();
    assert!(
        events.iter().any(|it| matches!(it, Event::Moved { .. })),
        "{events:?}"
    );
    for event in events {
        bench.hub.on_event(bench.now, &mut bench.server, event);
    }
    bench.pass(5_000);
    assert_eq!(bench.goodbye(link.client), None);
    assert!(!bench.heard(link).is_empty());
    let at = bench.server.remote(link.server);
    assert_eq!(at, Some(ELSEWHERE.parse().expect("an address")));
}

#[test]
fn ban_of_an_account_ends_its_sessions_and_its_ticket_is_refused_until_it_is_over() {
    let mut bench = Bench::new();
    bench.may_close = true;
    let (alice, bob) = (bench.with_ticket("alice"), bench.user("bob"));
    let hers = bench.signed_in("alice", alice);
    let his = bench.signed_in("bob", bob);
    bench.ban(BanSubject::Account(alice.0), Some(10_000));
    let words = "until 2026-03-17 14:02 UTC: spam";
    let closed = bench.goodbye(hers.client).expect("it is closed");
    assert_eq!(closed, (CODE_ACCOUNT_BANNED, words.to_owned()));
    assert_eq!(bench.goodbye(his.client), None);
    let link = bench.connect();
    let heard = bench.resume(link, alice);
    let refused = refusal(&heard).expect("it is refused");
    assert_eq!(
        (refused.code, refused.detail.as_str()),
        (ErrorCode::Banned, words)
    );
    // Who has no ticket of hers learns nothing.
    let heard = bench.resume(link, (alice.0, DeviceId(alice.1.0 + 1)));
    assert_eq!(
        refusal(&heard).map(|it| it.code),
        Some(ErrorCode::TicketRefused)
    );
    bench.pass(10_000);
    let link = bench.connect();
    let heard = bench.resume(link, alice);
    assert!(is_let_in(&heard), "{heard:?}");
}

#[test]
fn ban_that_comes_while_a_sign_in_is_under_way_is_not_too_late() {
    // Before the store has answered the ticket, and so that the ban is applied first, or after it.
    for is_ban_first in [true, false] {
        let mut bench = Bench::new();
        bench.may_close = true;
        let alice = bench.with_ticket("alice");
        let link = bench.connect();
        bench.is_held = true;
        if is_ban_first {
            bench.ban(BanSubject::Account(alice.0), None);
        }
        bench.resume(link, alice);
        if !is_ban_first {
            bench.ban(BanSubject::Account(alice.0), None);
        }
        bench.is_held = false;
        bench.pass(50);
        assert!(
            bench.hub.core.presence.get(alice.0).is_none(),
            "{is_ban_first}"
        );
        if is_ban_first {
            let heard = bench.heard(link);
            assert_eq!(refusal(&heard).map(|it| it.code), Some(ErrorCode::Banned));
        } else {
            let closed = bench.goodbye(link.client).expect("it is closed");
            assert_eq!(closed.0, CODE_ACCOUNT_BANNED);
        }
    }
}

#[test]
fn session_that_the_operator_ends_is_told_so_and_the_others_stay() {
    let mut bench = Bench::new();
    bench.may_close = true;
    let alice = bench.user("alice");
    let other = (alice.0, bench.user("bob").1);
    let first = bench.signed_in("alice", alice);
    let second = bench.signed_in("alice", other);
    let end = |account, session: Option<Link>| Write::EndSessions {
        account,
        session: session.map(|link| link.server.0),
    };
    // Not that of another account, should the number be another's by now.
    bench.operate(end(None, Some(first)));
    bench.operate(end(Some(AccountId(77)), Some(first)));
    assert_eq!(bench.goodbye(first.client), None);
    bench.operate(end(Some(alice.0), Some(first)));
    let ended = SessionEnd {
        reason: EndReason::EndedByOperator,
    };
    let heard = bench.heard_now(first);
    assert!(heard.contains(&ServerBody::SessionEnd(ended)), "{heard:?}");
    assert_eq!(bench.goodbye(first.client).map(|it| it.0), Some(CODE_ENDED));
    assert_eq!(bench.goodbye(second.client), None);
    bench.operate(end(Some(alice.0), None));
    assert_eq!(
        bench.goodbye(second.client).map(|it| it.0),
        Some(CODE_ENDED)
    );
    // One on which nobody is signed in.
    let nobody = bench.connect();
    bench.operate(end(None, Some(nobody)));
    assert_eq!(
        bench.goodbye(nobody.client).map(|it| it.0),
        Some(CODE_ENDED)
    );
}

#[test]
fn flood_of_handshakes_from_a_banned_address_leaves_nothing_behind_at_the_hub() {
    let mut bench = Bench::new();
    bench.may_close = true;
    bench.ban(prefix("192.0.2.0/24"), None);
    bench.at(BANNED);
    for _ in 0..20 {
        for _ in 0..20 {
            bench
                .client
                .connect(bench.now.instant, ([198, 51, 100, 1], 7777).into());
        }
        bench.pass(20);
        assert!(bench.hub.core.sessions.is_empty());
    }
    // Those who are not banned still find room.
    bench.at(ELSEWHERE);
    let alice = bench.user("alice");
    bench.signed_in("alice", alice);
    let usage = bench.server.usage();
    assert!(usage.strangers < usage.strangers_limit, "{usage:?}");
    bench.pass(30_000);
    assert_eq!(bench.server.usage().strangers, 0);
}
