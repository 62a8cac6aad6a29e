//! Tickets: a good one is refused by nobody's failures, and a worthless one costs the store a look and no more.

use std::collections::BTreeSet;

use super::*;
use crate::protocol::{ClientMessage, Failure, Resume, ServerBody, SessionStart};
use crate::server::hash_ticket;

const TICKET: [u8; 32] = [9; 32];

/// The server's key in these tests.
const SERVER_KEY: [u8; 32] = [5; 32];

impl Bench {
    /// An account with a device whose ticket is [`TICKET`].
    fn ticket_of(&mut self, name: &str) -> Resume {
        let (account, _) = self.user(name);
        let request = Write::OpenDevice {
            account,
            device: None,
            ticket: hash_ticket(&SERVER_KEY, account, &TICKET),
            expires_ms: self.now.unix_ms + 1_000_000,
        };
        let Reply::Device { device, .. } = self.done(request) else {
            panic!("a device was asked for");
        };
        Resume {
            account,
            device,
            ticket: TICKET.to_vec().into(),
            attempt: 1,
        }
    }

    /// Begins many sessions at once, and says how both ends call each.
    fn connect_many(&mut self, count: usize) -> Vec<Link> {
        let before: BTreeSet<SessionId> = self.hub.core.sessions.iter().map(|(id, _)| id).collect();
        let clients: Vec<SessionId> = (0..count)
            .map(|_| {
                self.client
                    .connect(self.now.instant, ([198, 51, 100, 1], 7777).into())
            })
            .collect();
        self.pass(100);
        let servers: Vec<SessionId> = self
            .hub
            .core
            .sessions
            .iter()
            .map(|(id, _)| id)
            .filter(|id| !before.contains(id))
            .collect();
        assert_eq!(servers.len(), count, "all are connected");
        let both = clients.into_iter().zip(servers);
        both.map(|(client, server)| Link { client, server })
            .collect()
    }
}

/// What the transport lets in is another matter: here it is everybody.
fn bench() -> Bench {
    Bench::with(Limits::default())
}

fn start(heard: &[ServerBody]) -> Option<&SessionStart> {
    heard.iter().find_map(|body| match body {
        ServerBody::SessionStart(start) => Some(start),
        _ => None,
    })
}

fn refusals(heard: &[ServerBody], wanted: ErrorCode) -> usize {
    let of_code = |body: &&ServerBody| matches!(body, ServerBody::Failure(it) if it.code == wanted);
    heard.iter().filter(of_code).count()
}

/// How many tickets wait for the store.
fn asked(bench: &Bench) -> usize {
    let requests = bench.store.waiting().into_iter();
    requests
        .filter(|it| matches!(it, Request::Write(Write::Resume { .. })))
        .count()
}

#[test]
fn good_ticket_is_taken_within_two_seconds_whatever_others_have_tried_from_the_same_address() {
    // Worthless tickets took from what all sign-ins had in common: a user with a good one gave up. Each was a write as
    // well, which brought the store's cache back to its tables and waited for the disk.
    let mut bench = bench();
    let good = bench.ticket_of("bob");
    let worthless = Resume {
        ticket: vec![1; 32].into(),
        ..good.clone()
    };
    let nobodys = Resume {
        account: AccountId(77),
        ..good.clone()
    };
    let hostile = bench.connect_many(100);
    for _ in 0..40 {
        for link in &hostile {
            bench.say(
                *link,
                Channel::Control,
                &ClientMessage::control(worthless.clone()),
            );
            bench.say(
                *link,
                Channel::Control,
                &ClientMessage::control(nobodys.clone()),
            );
        }
        bench.pass(20);
        for link in &hostile {
            let heard = bench.heard_now(*link);
            assert_eq!(refusals(&heard, ErrorCode::TicketRefused), heard.len());
        }
    }
    let begun = bench.now.instant;
    let link = bench.connect();
    bench.say(
        link,
        Channel::Control,
        &ClientMessage::control(good.clone()),
    );
    bench.pass(100);
    let heard = bench.heard_now(link);
    let started = start(&heard).expect("signed in");
    assert_eq!(
        (started.account, started.device),
        (good.account, good.device)
    );
    assert!(bench.now.instant - begun < Duration::from_secs(2));
}

#[test]
fn session_has_one_look_at_a_worthless_ticket() {
    let mut bench = bench();
    let good = bench.ticket_of("bob");
    let worthless = Resume {
        ticket: vec![1; 32].into(),
        ..good.clone()
    };
    let link = bench.connect();
    bench.say(
        link,
        Channel::Control,
        &ClientMessage::control(worthless.clone()),
    );
    bench.pass(50);
    assert_eq!(refusals(&bench.heard(link), ErrorCode::TicketRefused), 1);
    bench.is_held = true;
    for _ in 0..100 {
        bench.say(
            link,
            Channel::Control,
            &ClientMessage::control(worthless.clone()),
        );
    }
    // A session on which nobody is signed in is read at its rate.
    bench.pass(60_000);
    assert_eq!(asked(&bench), 0, "no other one is looked at");
    assert_eq!(refusals(&bench.heard(link), ErrorCode::TicketRefused), 100);
}

#[test]
fn thousand_users_behind_one_address_are_back_within_five_seconds_of_a_restart() {
    // Of one address ten tickets a second were taken, two hundred at once: the last of a ship's thousand users waited
    // for more than a minute.
    let mut bench = bench();
    let tickets: Vec<Resume> = (0..1000)
        .map(|number| bench.ticket_of(&format!("user{number}")))
        .collect();
    let begun = bench.now.instant;
    let mut back = 0;
    for wave in tickets.chunks(40) {
        let links = bench.connect_many(wave.len());
        for (link, ticket) in links.iter().zip(wave) {
            bench.say(
                *link,
                Channel::Control,
                &ClientMessage::control(ticket.clone()),
            );
        }
        bench.pass(50);
        for link in links {
            let heard = bench.heard_now(link);
            back += usize::from(start(&heard).is_some());
        }
    }
    assert_eq!(back, 1000);
    assert!(bench.now.instant - begun < Duration::from_secs(5));
}

#[test]
fn account_that_resumes_without_end_waits_for_its_own_bucket_and_nobody_else_does() {
    // One account wrote 1,129 tickets a second, each durably, for nothing.
    let mut bench = bench();
    // Each ends the session of before, of the same device.
    bench.may_close = true;
    let others = bench.ticket_of("alice");
    let good = bench.ticket_of("bob");
    let waves: Vec<Vec<Failure>> = (0..8)
        .map(|_| {
            let links = bench.connect_many(40);
            for link in &links {
                bench.say(
                    *link,
                    Channel::Control,
                    &ClientMessage::control(good.clone()),
                );
            }
            bench.pass(50);
            let heard = links.into_iter().flat_map(|link| bench.heard_now(link));
            let failures = heard.filter_map(|body| match body {
                ServerBody::Failure(failure) => Some(failure),
                _ => None,
            });
            let failures: Vec<Failure> = failures.collect();
            // Those that were superseded are gone.
            bench.pass(500);
            failures
        })
        .collect();
    assert!(waves[..4].concat().is_empty(), "a burst is taken");
    assert_eq!(waves[7].len(), 40, "all of them wait");
    let too_many = |failure: &Failure| failure.code == ErrorCode::TooManyAttempts;
    assert!(waves[7].iter().all(too_many));
    let wait_ms = waves[7][0].wait_ms.expect("it says for how long");
    let link = bench.connect();
    bench.say(link, Channel::Control, &ClientMessage::control(others));
    bench.pass(10);
    assert!(
        start(&bench.heard_now(link)).is_some(),
        "alice waits for nothing"
    );
    bench.pass(wait_ms);
    let link = bench.connect();
    bench.say(link, Channel::Control, &ClientMessage::control(good));
    bench.pass(10);
    assert!(
        start(&bench.heard_now(link)).is_some(),
        "the ticket is as good as before"
    );
}

#[test]
fn worthless_tickets_of_an_account_cost_it_nothing() {
    let mut bench = bench();
    let good = bench.ticket_of("bob");
    let worthless = Resume {
        ticket: vec![1; 32].into(),
        ..good.clone()
    };
    for _ in 0..30 {
        for link in bench.connect_many(20) {
            bench.say(
                link,
                Channel::Control,
                &ClientMessage::control(worthless.clone()),
            );
        }
        bench.pass(10);
    }
    let now = bench.now.instant;
    assert_eq!(
        bench.hub.core.budgets.time_to_resume(now, good.account),
        None
    );
    let link = bench.connect();
    bench.say(link, Channel::Control, &ClientMessage::control(good));
    bench.pass(20);
    assert!(start(&bench.heard_now(link)).is_some());
}

#[test]
fn sign_in_of_a_session_that_was_given_up_does_not_void_the_ticket_of_the_next() {
    // A client gave a session up whose path had failed, and signed in on another one. When the path was back, what it had sent on
    // the first one arrived: its ticket was the one before by now, and the session that had gone on was ended.
    let mut bench = bench();
    let ticket = bench.ticket_of("bob");
    let at = |attempt| {
        ClientMessage::control(Resume {
            attempt,
            ..ticket.clone()
        })
    };
    let (given_up, next) = (bench.connect(), bench.connect());
    bench.say(next, Channel::Control, &at(200));
    bench.pass(10);
    assert!(start(&bench.heard_now(next)).is_some());
    bench.say(given_up, Channel::Control, &at(100));
    bench.pass(10);
    let heard = bench.heard_now(given_up);
    assert!(
        matches!(&heard[..], [ServerBody::Failure(failure)]
            if failure.code == ErrorCode::EarlierAttempt && failure.expected == Some(201)),
        "{heard:?}"
    );
    assert_eq!(bench.heard_now(next), [], "it goes on");
    // Whoever waits for the answer is told what is later, once.
    bench.say(given_up, Channel::Control, &at(199));
    bench.pass(10);
    assert_eq!(
        refusals(&bench.heard_now(given_up), ErrorCode::TicketRefused),
        1
    );
}
