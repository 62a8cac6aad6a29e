//! What who administers the server says to all users.

use super::administration::{audited, told};
use super::check;
use crate::protocol::{
    ANNOUNCEMENT_MAX_BYTES, AccountId, ConversationId, EntryId, EventKind, ServerMessage, open,
};
use crate::store::testing::Bench;
use crate::store::{Refusal, StoreLimit, Write};

fn announce(author: Option<AccountId>, text: &str) -> Write {
    let announce = Write::Announce {
        author,
        text: text.to_owned(),
        time_ms: 5,
    };
    audited(author, 5, announce)
}

#[test]
fn announcement_is_an_event_of_everyone_by_the_operator_or_an_account_also_after_a_crash() {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    bench.done(announce(None, "tea"));
    bench.done(announce(Some(alice.0), "at four"));
    bench = bench.crash();
    let entries = bench.read(bob.0, ConversationId::EVERYONE, 0);
    let said: Vec<_> = entries
        .iter()
        .map(|entry| {
            let message: ServerMessage = open(&entry.content, &entry.digest).expect("it is whole");
            let event = message.room_event().expect("an event");
            assert_eq!(event.kind, EventKind::Announced);
            (entry.entry, entry.author, event.actor, event.text)
        })
        .collect();
    let of = |n, author, actor: &str, text: &str| {
        (EntryId(n), author, actor.to_owned(), Some(text.to_owned()))
    };
    assert_eq!(
        said,
        [
            of(1, AccountId::OPERATOR, "", "tea"),
            of(2, alice.0, "alice", "at four")
        ]
    );
    // What they weigh is counted once, and is nobody's quota.
    check(&mut bench);
    assert_eq!(
        told(&mut bench),
        [":announce:everyone:", "alice:announce:everyone:"]
    );
}

#[test]
fn announcement_that_is_too_long_is_refused_and_not_noted() {
    let mut bench = Bench::new();
    let long = "x".repeat(ANNOUNCEMENT_MAX_BYTES + 1);
    let refused = Refusal::LimitReached(StoreLimit::AnnouncementBytes);
    assert_eq!(bench.refused(announce(None, &long)), refused);
    bench.done(announce(None, &long[1..]));
    assert_eq!(told(&mut bench).len(), 1);
}
