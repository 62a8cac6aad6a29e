//! When retention passes, and what those are told whom it overtakes.

use super::*;
use crate::server::peers::message::PeerMessage;
use crate::server::peers::{Introduction, PeerLink};
use crate::server::retention::{FIRST_AFTER, PASS_EVERY, STEP_EVERY};
use crate::store::{MEANING, Retention};

impl Bench {
    /// Lets time pass at once.
    fn skip(&mut self, time: Duration) {
        self.now.instant += time;
        self.now.unix_ms += u64::try_from(time.as_millis()).expect("it is short");
        self.settle();
    }

    /// Where the step of a pass begins that the store is asked for, which takes the request; none if it is asked for none.
    fn step(&mut self) -> Option<(RequestId, ConversationId)> {
        let waiting = self.store.take(SLOTS);
        let mut steps = waiting
            .into_iter()
            .filter_map(|(id, request)| match request {
                Request::Write(Write::Expire { from, keep, .. }) => {
                    assert_eq!(keep.messages, Some(2), "what the operator has said");
                    Some((id, from))
                }
                _ => None,
            });
        let step = steps.next();
        assert_eq!(steps.next(), None, "one step is under way at a time");
        step
    }

    fn answer(&mut self, id: RequestId, outcome: Outcome) {
        let completion = Completion::new(id, Request::Checkpoint, outcome);
        let input = Input::Completion(completion.into());
        self.hub.on_input(self.now, &mut self.server, input);
    }
}

fn retained() -> Retention {
    Retention {
        messages: Some(2),
        ..Retention::default()
    }
}

fn step_done(next: Option<u64>) -> Outcome {
    Outcome::Done(Reply::Expired {
        removed: 1,
        next: next.map(ConversationId),
        jumped_from_ms: None,
    })
}

#[test]
fn retention_passes_soon_after_the_start_and_then_each_hour_in_steps() {
    let mut bench = Bench::new();
    bench.hub.core.config.retention = retained();
    bench.is_held = true;
    let instant = Duration::from_millis(1);
    bench.skip(FIRST_AFTER.saturating_sub(instant));
    assert_eq!(bench.step(), None);
    for outcomes in [
        vec![step_done(Some(7)), step_done(Some(9)), step_done(None)],
        // A store that cannot, and one that answers anything else, is asked again at the next pass.
        vec![step_done(Some(7)), Outcome::Unknown],
        vec![Outcome::Done(Reply::Nothing)],
        vec![step_done(None)],
    ] {
        let mut due = ConversationId(0);
        let mut wait = instant;
        for outcome in outcomes {
            bench.skip(wait);
            let (id, from) = bench.step().expect("a step is due");
            assert_eq!(from, due);
            bench.skip(STEP_EVERY);
            assert_eq!(bench.step(), None, "the last step is under way still");
            if let Outcome::Done(Reply::Expired {
                next: Some(next), ..
            }) = &outcome
            {
                due = *next;
            }
            bench.answer(id, outcome);
            bench.skip(STEP_EVERY.saturating_sub(instant));
            assert_eq!(bench.step(), None);
            wait = instant;
        }
        bench.skip(PASS_EVERY.saturating_sub(STEP_EVERY));
        assert_eq!(bench.step(), None);
    }
}

/// Nobody hears what a server says.
struct Unheard;

impl PeerLink for Unheard {
    fn tell(&mut self, _message: Vec<u8>) {}
}

#[test]
fn of_several_servers_the_first_that_is_there_has_entries_expire_for_all() {
    let mut bench = Bench::new();
    bench.hub.core.config.retention = retained();
    bench.hub.services.peers.begin(Introduction {
        node: "two".into(),
        life: 2,
        meaning: MEANING,
        link: Box::new(Unheard),
    });
    bench.is_held = true;
    let heartbeat = PeerMessage::Heartbeat {
        life: 1,
        changes: 0,
        sessions: 0,
        meaning: MEANING,
    };
    bench.skip(FIRST_AFTER.saturating_sub(STEP_EVERY));
    let heard = Input::FromPeer("one".into(), heartbeat.encode());
    bench.hub.on_input(bench.now, &mut bench.server, heard);
    bench.skip(STEP_EVERY);
    assert_eq!(bench.step(), None, "it is for `one`");
    // It is not heard of again.
    bench.skip(PASS_EVERY);
    bench.step().expect("the next pass is for `two`");
}

#[test]
fn reader_whom_retention_overtakes_is_told_before_what_is_left() {
    // Who was connected, and slower than retention, was sent on from what was left without a word.
    let mut bench = Bench::new();
    bench.hub.core.config.retention = retained();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let pair = bench.pair(alice, "bob");
    let bobs = bench.signed_in("bob", bob);
    for number in 1..=5 {
        bench.append(pair, alice, number);
    }
    bench.skip(FIRST_AFTER);
    bench.pass(500);
    bench.heard(bobs);
    for (after, is_told) in [(0, true), (2, true), (3, false)] {
        let again = DeliverAgain {
            conversation: pair,
            after: EntryId(after),
        };
        bench.say(bobs, Channel::Chat, &ClientMessage::control(again));
        bench.pass(100);
        let heard = bench.heard(bobs);
        let expired = |body: &ServerBody| matches!(body, ServerBody::Failure(failure) if failure.code == ErrorCode::Expired && failure.conversation == Some(pair));
        assert_eq!(
            heard.iter().filter(|body| expired(body)).count(),
            usize::from(is_told)
        );
        assert_eq!(expired(&heard[0]), is_told, "it comes first");
        let texts = heard
            .iter()
            .filter(|body| matches!(body, ServerBody::Entry(_)));
        assert_eq!(texts.count(), 2);
    }
}

#[test]
fn what_a_purge_has_left_to_do_goes_on_at_once_after_a_restart() {
    // It waited for a minute, in which what was to be deleted could be read.
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let everyone = ConversationId::EVERYONE;
    for number in 1..=40 {
        bench.append(everyone, alice, number);
    }
    let name = "alice".to_owned();
    bench.done(Write::PurgeAccount { name, time_ms: 1 });
    bench.restart();
    bench.pass(500);
    let read = Read::Entries {
        conversation: everyone,
        reader: bob.0,
        after: EntryId(0),
        max_bytes: usize::MAX,
    };
    let Reply::Entries { entries, .. } = bench.done(read) else {
        panic!("entries were asked for");
    };
    let gone = entries.iter().filter(|entry| entry.deleted.is_some());
    assert_eq!(gone.count(), 40);
    // Then nothing is asked before the next pass.
    bench.is_held = true;
    bench.pass(5000);
    assert!(bench.store.take(SLOTS).is_empty());
}
