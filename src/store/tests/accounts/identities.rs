//! Accounts, names, devices, tickets and secrets.

use crate::protocol::{AccountId, ConversationId, DeviceId, EVERYONE_NAME, EntryId};
use crate::store::ops::devices::DEVICES_MAX;
use crate::store::testing::{Bench, append, new_account, resolve, ticket};
use crate::store::{Outcome, Read, Refusal, Reply, Request, TicketHash, Write};

fn find(name: &str) -> Read {
    Read::FindAccount {
        name: name.into(),
        skeleton: None,
    }
}

fn resume((account, device): (AccountId, DeviceId), used: u8, next: u8, now_ms: u64) -> Write {
    Write::Resume {
        account,
        device,
        ticket: ticket(used),
        successor: ticket(next),
        now_ms,
        expires_ms: 1000,
        attempt: now_ms,
    }
}

#[test]
fn an_account_is_found_by_its_name_with_all_that_was_given() {
    let mut bench = Bench::new();
    let alice = bench.account("alice");
    assert_eq!(alice.id, AccountId(1));
    assert_eq!(alice.created_ms, 5);
    assert_eq!(alice.record, vec![3; 192]);
    assert_eq!(alice.credential_identifier, [4; 16]);
    assert_eq!(bench.done(find("alice")), Reply::Account(alice));
    assert_eq!(bench.refused(find("bob")), Refusal::NoSuchUser);
    assert_eq!(bench.engine.account_count().unwrap(), 1);
}

#[test]
fn accounts_are_listed_by_name() {
    let mut bench = Bench::new();
    let names = ["carol", "alice", "bob"].map(|name| bench.account(name).name);
    let Reply::Accounts { accounts, .. } = bench.done(Read::ListAccounts) else {
        panic!("expected accounts");
    };
    let listed: Vec<_> = accounts.into_iter().map(|account| account.name).collect();
    assert_eq!(listed, ["alice", "bob", "carol"]);
    assert_eq!(names, ["carol", "alice", "bob"]);
}

#[test]
fn a_name_is_given_once_and_nothing_that_looks_like_it() {
    let mut bench = Bench::new();
    let alice = bench.account("alice");
    let mut other = new_account("alice");
    other.record = vec![9];
    assert_eq!(
        bench.refused(Write::CreateAccount(other)),
        Refusal::NameTaken
    );
    let mut twin = new_account("a1ice");
    twin.skeleton = new_account("alice").skeleton;
    assert_eq!(
        bench.refused(Write::CreateAccount(twin)),
        Refusal::LooksLike("alice".into())
    );
    // The very same account again: the first answer was lost.
    assert_eq!(bench.account("alice"), alice);
    assert_eq!(bench.engine.account_count().unwrap(), 1);
}

#[test]
fn two_of_one_name_in_one_batch_make_one_account_and_spoil_nothing() {
    let mut bench = Bench::new();
    let mut second = new_account("alice");
    second.credential_identifier = [8; 16];
    let outcomes = bench.outcomes(vec![
        Request::from(Write::CreateAccount(new_account("alice"))),
        Write::CreateAccount(second).into(),
        Write::CreateAccount(new_account("bob")).into(),
        find("bob").into(),
    ]);
    assert!(matches!(outcomes[0], Outcome::Done(_)));
    assert_eq!(outcomes[1], Outcome::Refused(Refusal::NameTaken));
    assert!(matches!(outcomes[2], Outcome::Done(_)));
    assert_eq!(outcomes[3], outcomes[2]);
}

#[test]
fn a_new_account_belongs_to_everyone() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let standings = bench.hello(alice, vec![]);
    assert_eq!(standings.len(), 1);
    assert_eq!(standings[0].conversation, ConversationId::EVERYONE);
    assert_eq!(standings[0].name, EVERYONE_NAME);
    assert_eq!(standings[0].start, EntryId::START);
}

#[test]
fn a_device_is_kept_by_its_own_account_only() {
    let mut bench = Bench::new();
    let (alice, laptop) = bench.user("alice");
    let (bob, _) = bench.user("bob");
    let mut open = |account, device| {
        bench.done(Write::OpenDevice {
            account,
            device,
            ticket: ticket(1),
            expires_ms: 1000,
        })
    };
    let device = |reply| match reply {
        Reply::Device { device, .. } => device,
        other => panic!("expected a device, not {other:?}"),
    };
    assert_eq!(device(open(alice, Some(laptop))), laptop);
    let bobs = device(open(bob, Some(laptop)));
    assert_ne!(bobs, laptop);
    assert_ne!(device(open(alice, None)), laptop);
    assert_ne!(device(open(alice, Some(bobs))), bobs);
}

#[test]
fn an_account_that_does_not_exist_gets_no_device() {
    let mut bench = Bench::new();
    let request = Write::OpenDevice {
        account: AccountId(7),
        device: None,
        ticket: ticket(1),
        expires_ms: 1000,
    };
    assert_eq!(bench.refused(request), Refusal::NoSuchUser);
}

#[test]
fn a_ticket_stays_good_until_its_successor_is_used() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let epoch = bench.engine.epoch();
    let signed_in = Reply::Device {
        account: alice.0,
        name: "alice".into(),
        is_bot: false,
        role: crate::protocol::AccountRole::Member,
        device: alice.1,
        epoch,
        reset_ms: None,
    };
    assert_eq!(bench.done(resume(alice, 0, 1, 10)), signed_in);
    // The answer with ticket 1 was lost: ticket 0 signs in again, and 1 is replaced.
    assert_eq!(bench.done(resume(alice, 0, 2, 20)), signed_in);
    assert_eq!(bench.refused(resume(alice, 1, 9, 30)), Refusal::Ticket);
    assert_eq!(bench.done(resume(alice, 2, 3, 40)), signed_in);
    // Ticket 2 was used: 0 is void now.
    assert_eq!(bench.refused(resume(alice, 0, 9, 50)), Refusal::Ticket);
    assert_eq!(bench.done(resume(alice, 2, 4, 60)), signed_in);
}

#[test]
fn a_ticket_ends_with_its_time_with_its_device_and_when_revoked() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let bob = bench.user("bob");
    assert_eq!(bench.refused(resume(alice, 0, 1, 1000)), Refusal::Ticket);
    assert_eq!(
        bench.refused(resume((alice.0, bob.1), 0, 1, 10)),
        Refusal::Ticket
    );
    bench.done(resume(alice, 0, 1, 999));
    let (account, device) = alice;
    bench.done(Write::RevokeTickets { account, device });
    for used in [0, 1] {
        assert_eq!(bench.refused(resume(alice, used, 2, 10)), Refusal::Ticket);
    }
    bench.done(resume(bob, 0, 1, 10));
}

#[test]
fn a_login_voids_the_earlier_tickets_of_its_device() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    bench.done(resume(alice, 0, 1, 10));
    bench.done(Write::OpenDevice {
        account: alice.0,
        device: Some(alice.1),
        ticket: TicketHash([5; 32]),
        expires_ms: 1000,
    });
    for used in [0, 1] {
        assert_eq!(bench.refused(resume(alice, used, 2, 10)), Refusal::Ticket);
    }
    bench.done(resume(alice, 5, 6, 10));
}

#[test]
fn both_of_a_pair_find_one_conversation() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let bob = bench.user("bob");
    let hers = bench.resolve(alice, "bob");
    let his = bench.resolve(bob, "alice");
    assert_eq!(hers.conversation, his.conversation);
    assert_ne!(hers.conversation, ConversationId::EVERYONE);
    assert_eq!((&*hers.name, &*his.name), ("bob", "alice"));
    assert_eq!(bench.refused(resolve(alice, "alice")), Refusal::ToOneself);
    assert_eq!(bench.refused(resolve(alice, "carol")), Refusal::NoSuchUser);
}

#[test]
fn a_secret_is_made_once_and_outlives_a_crash_as_the_epoch_does() {
    let mut bench = Bench::new();
    let secret = bench.engine.secret("key", |_| vec![1, 2, 3]).unwrap();
    assert_eq!(secret, [1, 2, 3]);
    let epoch = bench.engine.epoch();
    let mut bench = bench.crash();
    let secret = bench
        .engine
        .secret("key", |_| panic!("it is there already"))
        .unwrap();
    assert_eq!(secret, [1, 2, 3]);
    assert_eq!(bench.engine.epoch(), epoch);
}

#[test]
fn devices_of_an_account_are_bounded_and_the_longest_unused_is_forgotten_with_its_numbers_safe() {
    // A row was written at each login without a device and none was ever removed.
    let mut bench = Bench::new();
    let (alice, first) = bench.user("alice");
    bench.say((alice, first), ConversationId::EVERYONE, 1, "one");
    let kept = bench.device(alice);
    let login = |device, expires_ms| Write::OpenDevice {
        account: alice,
        device,
        ticket: ticket(1),
        expires_ms,
    };
    bench.done(login(Some(kept), 5000));
    let mut seen = vec![first, kept];
    for expires_ms in (2000..).take(DEVICES_MAX - 1) {
        match bench.done(login(None, expires_ms)) {
            Reply::Device { device, .. } => seen.push(device),
            other => panic!("expected a device, not {other:?}"),
        }
    }
    let resume = |device| Write::Resume {
        account: alice,
        device,
        ticket: ticket(1),
        successor: ticket(1),
        now_ms: 1,
        expires_ms: 5000,
        attempt: 1,
    };
    bench.done(resume(kept));
    assert_eq!(
        bench.refused(Write::Resume {
            account: alice,
            device: first,
            ticket: ticket(0),
            successor: ticket(1),
            now_ms: 1,
            expires_ms: 5000,
            attempt: 1,
        }),
        Refusal::Ticket
    );
    // What it sent is forgotten with it, all but the number: 64 digests and entries stayed for each device and
    // conversation, for good. A repetition that is still under way stands once all the same.
    let again = append((alice, first), ConversationId::EVERYONE, 1, "one");
    assert_eq!(bench.refused(again), Refusal::Conflict);
    assert_eq!(bench.read(alice, ConversationId::EVERYONE, 0).len(), 1);
    let Reply::Device { device, .. } = bench.done(login(Some(first), 6000)) else {
        panic!("expected a device");
    };
    assert!(!seen.contains(&device), "an id is never given out again");
    bench.done(resume(kept));
    assert_eq!(bench.refused(resume(seen[2])), Refusal::Ticket);
    bench.done(resume(seen[3]));
}

#[test]
fn earlier_sign_in_by_a_ticket_that_comes_late_voids_nothing() {
    // The client had given it up and had signed in again by the same ticket. Then it came, from a network or from a server of a
    // cluster that had died, and put a ticket that nobody had got in the place of the one of the session that went on.
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let by = |used, next, attempt| Write::Resume {
        account: alice.0,
        device: alice.1,
        ticket: ticket(used),
        successor: ticket(next),
        now_ms: 10,
        expires_ms: 1000,
        attempt,
    };
    bench.done(by(0, 2, 200));
    let mut bench = bench.crash();
    assert_eq!(bench.refused(by(0, 1, 100)), Refusal::Attempt(200));
    assert_eq!(bench.refused(by(1, 9, 300)), Refusal::Ticket);
    // Who has the ticket of the session is later, whatever its clock says, and does not lower what was known.
    bench.done(by(2, 3, 50));
    assert_eq!(bench.refused(by(2, 4, 199)), Refusal::Attempt(200));
    // An answer was lost: the ticket used is good.
    bench.done(by(2, 4, 201));
    bench.done(by(4, 5, 202));
}
