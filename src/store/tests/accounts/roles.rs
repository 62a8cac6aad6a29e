//! What accounts may do at the server, and what is done by one.

use super::administration::told;
use super::check;
use crate::protocol::{AccountId, AccountRole, ConversationId, EntryId, NOTES_NAME};
use crate::store::testing::Bench;
use crate::store::{LogOf, Read, Refusal, Reply, Write};

fn set_role(account: AccountId, role: AccountRole) -> Write {
    Write::SetRole { account, role }
}

fn by(by: AccountId, role: AccountRole, write: Write) -> Write {
    Write::Delegated {
        by,
        role,
        time_ms: 7,
        write: Box::new(write),
    }
}

fn end(account: AccountId) -> Write {
    Write::EndSessions {
        account: Some(account),
        session: None,
    }
}

#[test]
fn role_is_kept_over_a_crash_beside_the_mark_of_a_bot_and_ends_with_the_account() {
    let mut bench = Bench::new();
    let alice = bench.account("alice").id;
    let account = |bench: &mut Bench| match bench.done(Read::ListAccounts) {
        Reply::Accounts { mut accounts, .. } => accounts.pop().map(|it| (it.is_bot, it.role)),
        other => panic!("{other:?}"),
    };
    let mark = |is_bot| Write::MarkBot {
        account: alice,
        is_bot,
    };
    let (none, some) = (AccountRole::Member, AccountRole::Moderator);
    for (write, expected) in [
        (set_role(alice, some), (false, some)),
        (mark(true), (true, some)),
        (set_role(alice, none), (true, none)),
        (set_role(alice, some), (true, some)),
        (mark(false), (false, some)),
        (set_role(alice, none), (false, none)),
    ] {
        bench.done(write);
        bench = bench.crash();
        assert_eq!(account(&mut bench), Some(expected));
        check(&mut bench);
    }
    bench.done(set_role(alice, some));
    bench.done(Write::DeleteAccount {
        account: alice,
        proved: None,
        time_ms: 9,
    });
    assert_eq!(bench.refused(set_role(alice, some)), Refusal::NoSuchUser);
    let acts = by(alice, some, end(alice));
    assert_eq!(bench.refused(acts), Refusal::NotPermitted);
}

#[test]
fn what_an_account_does_needs_the_role_it_had_when_it_asked_and_one_above_the_subjects() {
    let mut bench = Bench::new();
    let [alice, bob] = ["alice", "bob"].map(|name| bench.account(name).id);
    let (none, some, more) = (
        AccountRole::Member,
        AccountRole::Moderator,
        AccountRole::Administrator,
    );
    bench.done(set_role(alice, some));
    bench.done(by(alice, some, end(bob)));
    // Taken away, or changed, since the server looked.
    for now in [none, more] {
        bench.done(set_role(alice, now));
        let refused = bench.refused(by(alice, some, end(bob)));
        assert_eq!(refused, Refusal::NotPermitted);
    }
    assert_eq!(
        bench.refused(by(alice, more, end(alice))),
        Refusal::Outranked
    );
    bench.done(set_role(bob, more));
    for write in [end(bob), set_role(bob, none)] {
        assert_eq!(bench.refused(by(alice, more, write)), Refusal::Outranked);
    }
    bench.done(set_role(bob, some));
    let make_equal = by(alice, more, set_role(bob, more));
    assert_eq!(bench.refused(make_equal), Refusal::Outranked);
    bench.done(by(alice, more, set_role(bob, none)));
    // Nothing that is no administrator's matter, nor that within another.
    let within = by(alice, more, by(alice, more, end(bob)));
    assert_eq!(bench.refused(within), Refusal::NotPermitted);
    let log = ["alice:session end:bob:", "alice:user role:bob:member"];
    assert_eq!(told(&mut bench), log);
    bench = bench.crash();
    assert_eq!(told(&mut bench), log);
    check(&mut bench);
}

#[test]
fn moderator_deletes_only_what_lower_roles_say_and_never_between_two_others() {
    let mut bench = Bench::new();
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| bench.user(name));
    let (some, more) = (AccountRole::Moderator, AccountRole::Administrator);
    bench.done(set_role(alice.0, some));
    bench.done(set_role(carol.0, more));
    let everyone = ConversationId::EVERYONE;
    for user in [alice, bob, carol] {
        bench.say(user, everyone, 1, "tea?");
    }
    let pair = bench.resolve(bob, "carol").conversation;
    bench.say(bob, pair, 1, "tea?");
    let notes = bench.resolve(bob, NOTES_NAME).conversation;
    bench.say(bob, notes, 1, "tea?");
    let delete = |log, entry| Write::DeleteEntry {
        log,
        entry: EntryId(entry),
        time_ms: 9,
    };
    for log in [LogOf::Pair(bob.0, carol.0), LogOf::Pair(bob.0, bob.0)] {
        for (by_whom, role) in [(alice, some), (carol, more)] {
            let write = by(by_whom.0, role, delete(log.clone(), 1));
            assert_eq!(bench.refused(write), Refusal::NotPermitted);
        }
    }
    let all = || LogOf::Everyone;
    let refused = bench.refused(by(alice.0, some, delete(all(), 3)));
    assert_eq!(refused, Refusal::Outranked);
    // A role that was taken away deletes nothing, not even what is one's own.
    let refused = bench.refused(by(bob.0, some, delete(all(), 2)));
    assert_eq!(refused, Refusal::NotPermitted);
    bench.done(by(alice.0, some, delete(all(), 1)));
    bench.done(by(alice.0, some, delete(all(), 2)));
    let log = [
        "alice:message delete:everyone:1",
        "alice:message delete:everyone:2",
    ];
    for _ in 0..2 {
        let entries = bench.read(bob.0, everyone, 0);
        let gone = entries.iter().filter(|entry| entry.deleted.is_some());
        let gone: Vec<u64> = gone.map(|entry| entry.entry.0).collect();
        assert_eq!(gone, [1, 2]);
        assert_eq!(told(&mut bench), log);
        bench = bench.crash();
    }
    check(&mut bench);
}
