//! What the blocked one is told, and what the one who blocks is not.

use super::*;
use crate::protocol::{Block, ClientMessage, DeviceId, EntryId, Mark, ServerBody, Text};

/// Alice and bob with a conversation; alice on one device, bob on two.
struct Pair {
    bench: Bench,
    talk: ConversationId,
    alice: (AccountId, DeviceId),
    alices: Link,
    bob: (AccountId, DeviceId),
    bobs: Link,
    phone: Link,
    said: u64,
}

impl Pair {
    fn new() -> Self {
        let mut bench = Bench::new();
        let (alice, bob) = (bench.user("alice"), bench.user("bob"));
        let talk = bench.pair(alice, "bob");
        let Reply::Device { device: phone, .. } = bench.done(Write::OpenDevice {
            account: bob.0,
            device: None,
            ticket: TicketHash([1; 32]),
            expires_ms: 0,
        }) else {
            panic!("a device was asked for");
        };
        let alices = bench.signed_in("alice", alice);
        let bobs = bench.signed_in("bob", bob);
        let phone = bench.signed_in("bob", (bob.0, phone));
        let mut pair = Self {
            bench,
            talk,
            alice,
            alices,
            bob,
            bobs,
            phone,
            said: 0,
        };
        pair.heard_by_bob();
        pair.bench.heard(pair.alices);
        pair
    }

    fn block(&mut self, name: &str, blocking: bool) {
        let name = name.into();
        let block = Block {
            tag: 5,
            name,
            blocking,
        };
        self.bench
            .say(self.bobs, Channel::Control, &ClientMessage::control(block));
        self.bench.pass(50);
    }

    fn alice_says(&mut self, said: &str) {
        self.said += 1;
        let origin = Origin {
            conversation: self.talk,
            device: self.alice.1,
            number: DeviceSeq(self.said),
        };
        let message = text(said, origin);
        self.bench.say(self.alices, Channel::Chat, &message);
        self.bench.pass(100);
    }

    fn heard_by_bob(&mut self) -> Vec<ServerBody> {
        let mut heard = self.bench.heard(self.bobs);
        heard.extend(self.bench.heard(self.phone));
        heard
    }

    fn bob_received(&mut self, entry: u64) {
        let received = Received {
            conversation: self.talk,
            entry: EntryId(entry),
        };
        for link in [self.bobs, self.phone] {
            self.bench.say(
                link,
                Channel::Chat,
                &ClientMessage::control(received.clone()),
            );
        }
        self.bench.pass(100);
    }

    /// The receipts that alice has been told.
    fn told_to_alice(&mut self) -> Vec<Mark> {
        let heard = self.bench.heard(self.alices);
        let receipts = heard.into_iter().filter_map(|body| match body {
            ServerBody::Receipts(receipts) => Some(receipts.marks),
            _ => None,
        });
        receipts.flatten().collect()
    }
}

fn texts(heard: &[ServerBody]) -> Vec<String> {
    let texts = heard.iter().filter_map(|body| match body {
        ServerBody::Entry(body) => Some(body.read::<Text>().ok()?.text),
        _ => None,
    });
    texts.collect()
}

#[test]
fn blocked_user_is_told_stored_and_no_device_of_the_other_is_given_it() {
    let mut pair = Pair::new();
    pair.alice_says("before");
    assert_eq!(texts(&pair.heard_by_bob()), ["before", "before"]);
    let stored = |heard: &[ServerBody]| {
        let stored = heard.iter().find_map(|body| match body {
            ServerBody::Stored(stored) => {
                Some((stored.recipients, stored.online, stored.last_seen_ms))
            }
            _ => None,
        });
        stored.expect("it is stored")
    };
    let before = stored(&pair.bench.heard(pair.alices));
    pair.block("alice", true);
    let heard = pair.heard_by_bob();
    let lists = heard.iter().filter_map(|body| match body {
        ServerBody::Blocked(list) => Some((list.tag, list.users[0].account)),
        _ => None,
    });
    // The one that asked, and the other one as news.
    assert_eq!(
        lists.collect::<Vec<_>>(),
        [(Some(5), pair.alice.0), (None, pair.alice.0)]
    );
    pair.alice_says("while blocked");
    assert!(texts(&pair.heard_by_bob()).is_empty());
    let heard = pair.bench.heard(pair.alices);
    assert_eq!(stored(&heard), before, "the answer is the same: {heard:?}");

    // Asked for, it is not given either: not what follows, and not what was before.
    let again = DeliverAgain {
        conversation: pair.talk,
        after: EntryId(1),
    };
    pair.bench
        .say(pair.phone, Channel::Chat, &ClientMessage::control(again));
    let history = crate::protocol::HistoryRequest {
        tag: 3,
        conversation: pair.talk,
        before: EntryId(9),
        limit: 9,
    };
    pair.bench
        .say(pair.phone, Channel::Bulk, &ClientMessage::control(history));
    pair.bench.pass(100);
    let heard = pair.heard_by_bob();
    assert!(texts(&heard).is_empty(), "{heard:?}");
    let entries = heard.iter().find_map(|body| match body {
        ServerBody::History(history) => Some(history.entries.len()),
        _ => None,
    });
    assert_eq!(entries, Some(1));

    pair.block("alice", false);
    pair.heard_by_bob();
    pair.alice_says("after");
    assert_eq!(texts(&pair.heard_by_bob()), ["after", "after"]);
}

#[test]
fn no_receipt_of_who_blocks_reaches_the_blocked_and_later_ones_leave_out_what_was_withheld() {
    let mut pair = Pair::new();
    pair.alice_says("one");
    pair.block("alice", true);
    pair.bob_received(1);
    assert!(pair.told_to_alice().is_empty(), "from the block on");
    pair.alice_says("two");
    let origin = Origin {
        conversation: pair.talk,
        device: pair.bob.1,
        number: DeviceSeq(1),
    };
    let own = text("three", origin);
    pair.bench.say(pair.bobs, Channel::Chat, &own);
    pair.bench.pass(100);
    pair.bob_received(3);
    assert!(
        pair.told_to_alice().is_empty(),
        "though he stands behind it"
    );
    let asks = ReceiptsRequest {
        conversation: pair.talk,
    };
    pair.bench
        .say(pair.alices, Channel::Chat, &ClientMessage::control(asks));
    pair.bench.pass(100);
    assert!(pair.told_to_alice().is_empty(), "nor where she asks");

    pair.block("alice", false);
    pair.alice_says("four");
    pair.bob_received(4);
    let told = pair.told_to_alice();
    let spans: Vec<_> = told
        .iter()
        .map(|mark| (mark.since.0, mark.entry.0))
        .collect();
    assert_eq!(spans, [(3, 4)]);
}

#[test]
fn who_blocks_is_not_told_of_the_coming_and_going_of_the_blocked_who_is_told_of_theirs() {
    let mut pair = Pair::new();
    pair.bench.may_close = true;
    pair.block("alice", true);
    pair.heard_by_bob();
    let alerts = |heard: &[ServerBody]| {
        let alerts = heard
            .iter()
            .filter(|body| matches!(body, ServerBody::Alert(_)));
        alerts.count()
    };
    let now = pair.bench.now.instant;
    pair.bench.client.close(now, pair.alices.client, 0, "bye");
    pair.bench.pass(100);
    pair.alices = pair.bench.signed_in("alice", pair.alice);
    pair.bench
        .run(|services, ctx| services.alerts.announce(ctx, pair.alice.0, "alice", true));
    pair.bench
        .run(|services, ctx| services.alerts.announce(ctx, pair.bob.0, "bob", true));
    pair.bench.pass(100);
    assert_eq!(alerts(&pair.heard_by_bob()), 0);
    assert_eq!(alerts(&pair.bench.heard(pair.alices)), 1);
    for (link, names) in [
        (pair.bobs, vec!["bob"]),
        (pair.alices, vec!["alice", "bob"]),
    ] {
        pair.bench.say(link, Channel::Control, &contacts());
        pair.bench.pass(100);
        let heard = pair.bench.heard(link);
        let list = heard.iter().find_map(|body| match body {
            ServerBody::ListContacts(list) => Some(&list.contacts),
            _ => None,
        });
        let listed = list.expect("it was asked for").iter();
        assert_eq!(listed.map(|one| &*one.name).collect::<Vec<_>>(), names);
    }
}

#[test]
fn device_that_signs_in_is_told_whom_its_user_blocks_before_anything_is_delivered() {
    let mut pair = Pair::new();
    pair.block("alice", true);
    pair.heard_by_bob();
    let link = pair.bench.connect();
    let user = User::new(pair.bob.0, "bob", DeviceId(99));
    let session = pair.bench.hub.core.sessions.get_mut(link.server);
    session.expect("it is connected").sign_in(user);
    pair.bench
        .say(link, Channel::Control, &ClientMessage::control(hello()));
    pair.bench.pass(50);
    let heard = pair.bench.heard(link);
    assert!(
        matches!(&heard[0], ServerBody::Blocked(list) if list.tag.is_none() && list.users[0].name == "alice"),
        "{heard:?}"
    );
    assert!(matches!(heard[1], ServerBody::HelloAnswer(_)), "{heard:?}");
}

#[test]
fn nobody_blocks_who_does_not_exist_or_themselves() {
    let mut pair = Pair::new();
    for (name, code) in [
        ("bob", ErrorCode::ToOneself),
        ("nobody", ErrorCode::NoSuchUser),
        ("\u{7}", ErrorCode::NoSuchUser),
    ] {
        pair.block(name, true);
        let heard = pair.heard_by_bob();
        assert!(
            heard
                .iter()
                .any(|body| matches!(body, ServerBody::Failure(failure)
                if failure.code == code && failure.tag == Some(5))),
            "{name:?}: {heard:?}"
        );
    }
}
