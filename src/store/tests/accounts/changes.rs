//! What users change of their own account: the password, a device, the account's end.

use super::check;
use crate::protocol::{
    AccountId, Change, ConversationId, DeviceId, EventKind, MemberRole, RecipientData,
};
use crate::store::testing::{
    Bench, User, append, change, join, leave, new_account, resolve, ticket,
};
use crate::store::{Account, DeviceUse, NewAccount, Outcome, Read, Refusal, Reply, Request, Write};

const FIRST: [u8; 16] = [4; 16];
const SECOND: [u8; 16] = [8; 16];

fn log_in(account: AccountId, proved: [u8; 16], device: Option<DeviceId>, with: u8) -> Write {
    Write::Login {
        account,
        proved,
        device,
        ticket: ticket(with),
        expires_ms: 1000,
        attempt: 1,
    }
}

fn resume((account, device): User, used: u8, next: u8) -> Write {
    Write::Resume {
        account,
        device,
        ticket: ticket(used),
        successor: ticket(next),
        now_ms: 10,
        expires_ms: 1000,
        attempt: 1,
    }
}

fn passwd((account, device): User, proved: [u8; 16], new: [u8; 16]) -> Write {
    Write::ChangePassword {
        account,
        proved,
        device,
        record: vec![new[0]; 192],
        credential_identifier: new,
    }
}

fn revoke(account: AccountId, device: DeviceId, proved: Option<[u8; 16]>) -> Write {
    Write::RevokeDevice {
        account,
        proved,
        device,
    }
}

const fn delete_account(account: AccountId, proved: Option<[u8; 16]>) -> Write {
    Write::DeleteAccount {
        account,
        proved,
        time_ms: 700,
    }
}

fn find(name: &str, skeleton: Option<&str>) -> Read {
    Read::FindAccount {
        name: name.into(),
        skeleton: skeleton.map(str::to_owned),
    }
}

/// The tables agree with each other.
fn device_of(bench: &mut Bench, account: AccountId, with: u8) -> DeviceId {
    match bench.done(log_in(account, FIRST, None, with)) {
        Reply::Device { device, .. } => device,
        other => panic!("expected a device, not {other:?}"),
    }
}

/// Alice with a laptop (ticket 1) and a phone (ticket 2).
fn two_devices(bench: &mut Bench) -> (AccountId, DeviceId, DeviceId) {
    let alice = bench.account("alice").id;
    let laptop = device_of(bench, alice, 1);
    let phone = device_of(bench, alice, 2);
    (alice, laptop, phone)
}

#[test]
fn new_password_voids_the_tickets_of_all_other_devices_also_after_a_crash() {
    let mut bench = Bench::new();
    let (alice, laptop, phone) = two_devices(&mut bench);
    // The laptop has a ticket before its current one, which a thief may have copied.
    bench.done(resume((alice, laptop), 1, 3));
    let changed = bench.done(passwd((alice, laptop), FIRST, SECOND));
    assert_eq!(changed, Reply::Revoked { devices: 1 });
    let mut bench = bench.crash();
    let Reply::Account(Account { record, .. }) = bench.done(find("alice", None)) else {
        panic!("she is there");
    };
    assert_eq!(record, vec![8; 192]);
    assert_eq!(bench.refused(resume((alice, phone), 2, 9)), Refusal::Ticket);
    assert_eq!(
        bench.refused(resume((alice, laptop), 1, 9)),
        Refusal::Ticket
    );
    bench.done(resume((alice, laptop), 3, 9));
    check(&mut bench);
}

#[test]
fn who_has_proved_a_password_that_is_the_accounts_no_longer_is_refused() {
    // Two devices proved the old one at the same time, and a login had proved it just before it was changed.
    let mut bench = Bench::new();
    let (alice, laptop, phone) = two_devices(&mut bench);
    let change = passwd((alice, laptop), FIRST, SECOND);
    bench.done(change.clone());
    for write in [
        passwd((alice, phone), FIRST, [7; 16]),
        revoke(alice, laptop, Some(FIRST)),
        delete_account(alice, Some(FIRST)),
        log_in(alice, FIRST, Some(phone), 5),
        log_in(alice, FIRST, None, 5),
    ] {
        assert_eq!(bench.refused(write), Refusal::Password);
    }
    // The same change, asked for again, is done already.
    assert!(matches!(bench.done(change), Reply::Revoked { .. }));
    bench.done(log_in(alice, SECOND, Some(phone), 5));
    bench.done(resume((alice, phone), 5, 6));
}

#[test]
fn revoked_device_signs_in_by_password_only_and_as_a_new_one() {
    let mut bench = Bench::new();
    let (alice, laptop, phone) = two_devices(&mut bench);
    let other = bench.account("bob").id;
    assert_eq!(
        bench.refused(revoke(other, phone, None)),
        Refusal::NoSuchDevice
    );
    bench.done(revoke(alice, phone, Some(FIRST)));
    assert_eq!(bench.refused(resume((alice, phone), 2, 9)), Refusal::Ticket);
    bench.done(resume((alice, laptop), 1, 9));
    assert_eq!(
        bench.refused(revoke(alice, phone, Some(FIRST))),
        Refusal::NoSuchDevice
    );
    let Reply::Device { device, .. } = bench.done(log_in(alice, FIRST, Some(phone), 4)) else {
        panic!("expected a device");
    };
    assert!(device > phone);
    check(&mut bench);
}

#[test]
fn earlier_login_that_comes_late_voids_no_ticket_of_its_device() {
    let mut bench = Bench::new();
    let (alice, laptop, phone) = two_devices(&mut bench);
    let log_in = |device, with, attempt| Write::Login {
        account: alice,
        proved: FIRST,
        device,
        ticket: ticket(with),
        expires_ms: 1000,
        attempt,
    };
    bench.done(log_in(Some(laptop), 5, 200));
    let late = log_in(Some(laptop), 6, 100);
    assert_eq!(bench.refused(late), Refusal::Attempt(200));
    // One that came before it by ticket is no less late, nor is one after the device was signed out.
    let by_ticket = |used, next, attempt| Write::Resume {
        account: alice,
        device: laptop,
        ticket: ticket(used),
        successor: ticket(next),
        now_ms: 10,
        expires_ms: 1000,
        attempt,
    };
    bench.done(by_ticket(5, 7, 300));
    let late = log_in(Some(laptop), 6, 299);
    assert_eq!(bench.refused(late.clone()), Refusal::Attempt(300));
    bench.done(by_ticket(7, 8, 301));
    bench.done(Write::RevokeTickets {
        account: alice,
        device: laptop,
    });
    assert_eq!(bench.refused(late), Refusal::Attempt(301));
    // Other devices have attempts of their own, and a new one has none.
    bench.done(log_in(Some(phone), 6, 100));
    bench.done(log_in(None, 6, 0));
    bench.done(log_in(Some(laptop), 9, 302));
    check(&mut bench);
}

#[test]
fn last_use_of_a_device_stays_with_it_until_the_next() {
    let mut bench = Bench::new();
    let (alice, laptop, phone) = two_devices(&mut bench);
    let here = RecipientData::from(std::net::SocketAddr::from(([192, 0, 2, 7], 4000)));
    let used = |device, time_ms, address| DeviceUse {
        account: alice,
        device,
        time_ms,
        address,
    };
    bench.done(Write::NoteUses(vec![
        used(laptop, 100, Some(here)),
        used(DeviceId(99), 100, None),
    ]));
    // The address is not always known.
    bench.done(Write::NoteUses(vec![used(laptop, 200, None)]));
    bench.done(resume((alice, laptop), 1, 3));
    bench.done(log_in(alice, FIRST, Some(laptop), 4));
    bench.done(Write::RevokeTickets {
        account: alice,
        device: laptop,
    });
    let mut bench = bench.crash();
    let Reply::Devices(devices) = bench.done(Read::Devices { account: alice }) else {
        panic!("expected devices");
    };
    let told: Vec<_> = devices
        .iter()
        .map(|it| (it.device, it.expires_ms, it.used_ms, it.address))
        .collect();
    assert_eq!(
        told,
        [
            (laptop, 0, Some(200), Some(here)),
            (phone, 1000, None, None)
        ]
    );
}

fn owner(name: &str) -> Change {
    Change {
        kind: EventKind::Role,
        subject: Some(name.into()),
        text: None,
        role: Some(MemberRole::Owner),
        access: None,
    }
}

fn room_of(bench: &mut Bench, user: User, name: &str) -> ConversationId {
    match bench.done(join(user, name)) {
        Reply::Joined(joined) => joined.standing.conversation,
        other => panic!("expected a room, not {other:?}"),
    }
}

#[test]
fn deleted_account_leaves_its_rooms_to_others_and_its_words_stand() {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.user("alice"), bench.user("bob"));
    let pair = bench.resolve(alice, "bob").conversation;
    bench.say(alice, pair, 1, "tea?");
    let bridge = room_of(&mut bench, alice, "#bridge");
    bench.done(join(bob, "#bridge"));
    let galley = room_of(&mut bench, alice, "#galley");
    bench.done(join(bob, "#galley"));
    bench.done(change(alice, galley, owner("bob")));
    let left = room_of(&mut bench, alice, "#hold");
    bench.done(leave(alice, left));
    let Reply::Deleted(events) = bench.done(delete_account(alice.0, Some(FIRST))) else {
        panic!("it is deleted");
    };
    let rooms: Vec<_> = events
        .iter()
        .map(|event| (event.conversation, event.kind, event.author))
        .collect();
    assert_eq!(
        rooms,
        [
            (bridge, EventKind::Left, alice.0),
            (galley, EventKind::Left, alice.0)
        ]
    );
    let mut bench = bench.crash();
    let Reply::Members { members, .. } = bench.done(Read::Members {
        conversation: bridge,
        account: bob.0,
    }) else {
        panic!("expected members");
    };
    let members: Vec<_> = members.iter().map(|it| (&*it.name, it.role)).collect();
    assert_eq!(members, [("bob", MemberRole::Owner)]);
    let said = bench.read(bob.0, pair, 0);
    assert_eq!(said.len(), 1);
    assert_eq!(said[0].peer_name.as_deref(), Some("alice"));
    // Asked for again, it is done.
    let again = bench.done(delete_account(alice.0, None));
    assert_eq!(again, Reply::Deleted(Vec::new()));
    check(&mut bench);
}

#[test]
fn nobody_signs_in_to_a_deleted_account_nor_writes_to_it_nor_gets_its_name() {
    let mut bench = Bench::new();
    let (alice, bob, carol) = (bench.user("alice"), bench.user("bob"), bench.user("carol"));
    let pair = bench.resolve(bob, "alice").conversation;
    bench.say(bob, pair, 1, "tea?");
    let room = room_of(&mut bench, bob, "#bridge");
    bench.done(delete_account(alice.0, None));
    // An operator's list, and those who are counted, go without it.
    assert_eq!(bench.engine.account_count().unwrap(), 2);
    let Reply::Accounts { accounts, .. } = bench.done(Read::ListAccounts) else {
        panic!("expected accounts");
    };
    assert_eq!(accounts.len(), 2);
    let known = bench.done(Read::Acquaintances { account: bob.0 });
    assert_eq!(known, Reply::Acquaintances(Vec::new()));
    let whois = Read::Acquaintance {
        account: bob.0,
        name: "alice".into(),
    };
    assert_eq!(bench.refused(whois), Refusal::Deleted);
    assert_eq!(bench.refused(find("alice", None)), Refusal::NoSuchUser);
    assert_eq!(
        bench.refused(find("alice", Some("alice"))),
        Refusal::Deleted
    );
    assert_eq!(
        bench.refused(find("a1ice", Some("alice"))),
        Refusal::LooksLike("alice".into())
    );
    let again = NewAccount {
        record: vec![9; 192],
        ..new_account("alice")
    };
    assert_eq!(
        bench.refused(Write::CreateAccount(again)),
        Refusal::NameTaken
    );
    assert_eq!(bench.refused(resume(alice, 0, 1)), Refusal::Ticket);
    for proved in [FIRST, [0; 16]] {
        let refused = bench.refused(log_in(alice.0, proved, None, 3));
        assert_eq!(refused, Refusal::Password);
    }
    assert_eq!(bench.refused(append(bob, pair, 2, "two")), Refusal::Deleted);
    // What stands is said to stand; where something was said before it is still found.
    bench.say(bob, pair, 1, "tea?");
    bench.resolve(bob, "alice");
    assert_eq!(bench.refused(resolve(carol, "alice")), Refusal::Deleted);
    let invite = Change {
        kind: EventKind::Invited,
        role: None,
        ..owner("alice")
    };
    assert_eq!(bench.refused(change(bob, room, invite)), Refusal::Deleted);
    check(&mut bench);
}

#[test]
fn deletion_is_refused_as_a_whole_or_done_as_a_whole() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let room = room_of(&mut bench, alice, "#bridge");
    assert_eq!(
        bench.refused(delete_account(alice.0, Some(SECOND))),
        Refusal::Password
    );
    assert_eq!(
        bench.refused(delete_account(AccountId(99), None)),
        Refusal::NoSuchUser
    );
    bench.say(alice, room, 1, "still here");
    let batch: Vec<Request> = vec![
        delete_account(alice.0, Some(FIRST)).into(),
        append(alice, room, 2, "gone").into(),
        // It was under way: nobody would ever take the account out of the room again.
        join(alice, "#bridge").into(),
    ];
    let outcomes = bench.outcomes(batch);
    assert!(matches!(outcomes[0], Outcome::Done(Reply::Deleted(_))));
    assert_eq!(outcomes[1], Outcome::Refused(Refusal::NotPermitted));
    assert_eq!(outcomes[2], Outcome::Refused(Refusal::NoSuchUser));
}

#[test]
fn account_is_marked_as_a_bot_s_until_the_mark_is_taken_back_or_it_is_deleted_also_after_a_crash() {
    let mut bench = Bench::new();
    let (alice, laptop, _) = two_devices(&mut bench);
    let bob = bench.account("bob").id;
    let mark = |is_bot| Write::MarkBot {
        account: alice,
        is_bot,
    };
    let is_bot = |bench: &mut Bench| {
        bench.done(Request::Checkpoint);
        let whois = Read::Acquaintance {
            account: bob,
            name: "alice".into(),
        };
        let Reply::Acquaintance(found, _) = bench.done(whois) else {
            panic!("she is there");
        };
        let Reply::Accounts { accounts, .. } = bench.done(Read::ListAccounts) else {
            panic!("they can be listed");
        };
        assert_eq!(accounts[0].is_bot, found.is_bot);
        found.is_bot
    };
    assert!(!is_bot(&mut bench));
    for (marked, reply) in [
        (true, Reply::Nothing),
        (true, Reply::Unchanged),
        (false, Reply::Nothing),
        (true, Reply::Nothing),
    ] {
        assert_eq!(bench.done(mark(marked)), reply);
        bench = bench.crash();
        assert_eq!(is_bot(&mut bench), marked);
        let signed_in = bench.done(log_in(alice, FIRST, Some(laptop), 4));
        assert!(matches!(signed_in, Reply::Device { is_bot, .. } if is_bot == marked));
    }
    check(&mut bench);
    // A password that is changed leaves it as it is, and a deletion takes its place.
    bench.done(passwd((alice, laptop), FIRST, SECOND));
    assert!(is_bot(&mut bench));
    bench.done(delete_account(alice, None));
    assert_eq!(bench.refused(mark(true)), Refusal::NoSuchUser);
    check(&mut bench);
}
