//! What moderators delete of what others have said, and the invitations that administrators make.

use super::*;
use crate::protocol::{Bytes, hash_code};

/// A code, of which the server is told the hash.
const CODE: [u8; 16] = [7; 16];

pub(super) fn delete(of: &str, entry: u64) -> Administer {
    Administer {
        subject: Some(of.into()),
        entry: Some(EntryId(entry)),
        ..on_bob(AdminAction::Delete)
    }
}

pub(super) fn invite(uses: u32, for_ms: u64) -> Administer {
    Administer {
        subject: None,
        for_ms: Some(for_ms),
        code: Some(hash_code(&CODE)),
        uses: Some(uses),
        ..on_bob(AdminAction::Invite)
    }
}

impl Bench {
    /// Which entries of a conversation have lost their content.
    fn deleted(&mut self, conversation: ConversationId, account: AccountId) -> Vec<u64> {
        let read = Read::Entries {
            conversation,
            reader: account,
            after: EntryId(0),
            max_bytes: usize::MAX,
        };
        let Reply::Entries { entries, .. } = self.done(read) else {
            panic!("entries were asked for");
        };
        let gone = entries.into_iter().filter(|entry| entry.deleted.is_some());
        gone.map(|entry| entry.entry.0).collect()
    }
}

#[test]
fn moderator_deletes_what_others_say_to_everyone_and_in_any_room_and_readers_are_told() {
    let mut bench = Bench::new();
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| bench.user(name));
    let everyone = ConversationId::EVERYONE;
    let room = bench.join_room(bob, "#bridge", Access::Private);
    bench.append(everyone, bob, 1);
    bench.append(everyone, bob, 2);
    bench.append(room, bob, 1);
    bench.append(everyone, alice, 1);
    bench.append(everyone, carol, 1);
    let hers = bench.signed_in("alice", alice);
    let his = bench.signed_in("bob", bob);
    bench.set_role(alice, AccountRole::Moderator);
    bench.set_role(carol, AccountRole::Administrator);
    let done = bench.administer(hers, delete("everyone", 1)).unwrap();
    assert_eq!(done.subject.as_deref(), Some("everyone"));
    let heard = bench.heard(his).into_iter();
    let told = heard.filter(|body| matches!(body, ServerBody::Entry(_)));
    assert_eq!(told.count(), 1);
    assert_eq!(bench.deleted(everyone, bob.0), [1]);
    // The room is private, and she does not belong to it: somebody has told her of it. The name is as she types it.
    let done = bench.administer(hers, delete("#Bridge", 2)).unwrap();
    assert_eq!(done.subject.as_deref(), Some("#bridge"));
    assert_eq!(bench.deleted(room, bob.0), [2]);
    // What is her own takes no role above her own.
    bench.administer(hers, delete("everyone", 3)).unwrap();
    let refused = bench.refuses(hers, delete("everyone", 4));
    assert_eq!(refused, (ErrorCode::Outranked, String::new()));
    assert_eq!(bench.deleted(everyone, bob.0), [1, 3]);
    let log = bench.log();
    assert_eq!(
        log,
        [
            "alice:message delete:everyone:1",
            "alice:message delete:#bridge:2",
            "alice:message delete:everyone:3",
        ]
    );
}

#[test]
fn what_two_say_to_each_other_and_what_is_no_message_is_nobodys_to_delete() {
    let mut bench = Bench::new();
    let [alice, bob] = ["alice", "bob"].map(|name| bench.user(name));
    bench.user("carol");
    let pair = bench.pair(bob, "carol");
    bench.append(pair, bob, 1);
    bench.append(ConversationId::EVERYONE, bob, 1);
    bench.join_room(bob, "#bridge", Access::Public);
    let hers = bench.signed_in("alice", alice);
    bench.set_role(alice, AccountRole::Administrator);
    let none = |body| Administer {
        entry: None,
        ..body
    };
    for (body, code) in [
        (delete("bob", 1), ErrorCode::NoSuchRoom),
        (delete("notes", 1), ErrorCode::NoSuchRoom),
        (delete("", 1), ErrorCode::NoSuchRoom),
        (delete("#deck", 1), ErrorCode::NoSuchRoom),
        (delete("#\u{202e}", 1), ErrorCode::NoSuchRoom),
        // An event.
        (delete("#bridge", 1), ErrorCode::BadReference),
        (delete("everyone", 0), ErrorCode::BadReference),
        (delete("everyone", 9), ErrorCode::BadReference),
        (delete("everyone", u64::MAX), ErrorCode::BadReference),
        (none(delete("everyone", 1)), ErrorCode::Malformed),
    ] {
        bench.pass(10_000);
        assert_eq!(bench.refuses(hers, body.clone()).0, code, "{body:?}");
    }
    assert_eq!(bench.deleted(pair, bob.0), Vec::<u64>::new());
    assert_eq!(bench.log(), Vec::<String>::new());
}

#[test]
fn administrator_makes_an_invitation_within_the_operators_limits() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let hers = bench.signed_in("alice", alice);
    bench.set_role(alice, AccountRole::Administrator);
    let done = bench.administer(hers, invite(30, 2 * DAY_MS)).unwrap();
    // Sent twice it is one.
    let again = bench.administer(hers, invite(30, 2 * DAY_MS)).unwrap();
    assert_eq!(again, done);
    let Reply::Codes(codes) = bench.done(Read::ListCodes) else {
        panic!("codes were asked for");
    };
    let [code] = &codes[..] else {
        panic!("one was made: {codes:?}");
    };
    assert_eq!(done.text, Some(format!("{:08x}", code.number)));
    assert_eq!((code.account, code.uses), (None, 30));
    assert_eq!(code.expires_ms - code.made_ms, 2 * DAY_MS);
    let name = ("dora", "dora");
    let found = Read::FindCode {
        name: name.0.into(),
        skeleton: name.1.into(),
        code: crate::server::hash_code(&CODE),
        now_ms: code.made_ms,
    };
    assert!(matches!(
        bench.done(found),
        Reply::Code(crate::store::CodeUse::Invitation)
    ));
    let without = |body| Administer { code: None, ..body };
    for (body, code) in [
        (invite(0, DAY_MS), ErrorCode::BadReference),
        (invite(10_001, DAY_MS), ErrorCode::BadReference),
        (invite(1, 0), ErrorCode::BadReference),
        (invite(1, 366 * DAY_MS + 1), ErrorCode::BadReference),
        (without(invite(1, DAY_MS)), ErrorCode::Malformed),
    ] {
        bench.pass(10_000);
        assert_eq!(bench.refuses(hers, body.clone()).0, code, "{body:?}");
    }
    let expected = format!("alice:invite create::{:08x}, uses 30", code.number);
    assert_eq!(bench.log(), [expected.clone(), expected]);
    // Bytes of another length are no hash.
    assert_ne!(hash_code(&CODE), Bytes([7; 32]));
}
