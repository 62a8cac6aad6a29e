//! Enrolment codes: what each is good for, how often, and until when, also after a crash at any write.

use super::check;
use crate::protocol::{AccountId, DeviceId};
use crate::store::ops::administration::codes::OPEN_MAX;
use crate::store::testing::{Bench, new_account, ticket};
use crate::store::{
    Audited, CodeHash, CodeUse, NewAccount, NewCode, OpenCode, Outcome, Read, Refusal, Reply,
    Request, StoreLimit, Write, invitation_number,
};

const HOUR_MS: u64 = 3_600_000;
/// The credential identifiers of the passwords: the first, and those that are set by a code.
const FIRST: [u8; 16] = [4; 16];
const SECOND: [u8; 16] = [5; 16];

fn code(with: u8) -> CodeHash {
    CodeHash([with; 32])
}

fn make(account: Option<AccountId>, with: u8, uses: u32) -> Write {
    Write::MakeCode(NewCode {
        account,
        code: code(with),
        uses,
        by: None,
        time_ms: 10,
        expires_ms: 10 + HOUR_MS,
    })
}

fn reset_at(account: AccountId, with: u8, time_ms: u64) -> Write {
    Write::ResetPassword {
        account,
        code: code(with),
        record: vec![7; 192],
        credential_identifier: SECOND,
        time_ms,
    }
}

fn reset(account: AccountId, with: u8) -> Write {
    reset_at(account, with, 20)
}

fn invited(name: &str, with: u8) -> Write {
    let account = NewAccount {
        time_ms: 20,
        ..new_account(name)
    };
    let code = code(with);
    Write::CreateInvited { account, code }
}

fn find(name: &str, with: u8, now_ms: u64) -> Read {
    Read::FindCode {
        name: name.into(),
        skeleton: new_account(name).skeleton,
        code: code(with),
        now_ms,
    }
}

fn log_in(account: AccountId, proved: [u8; 16], device: Option<DeviceId>) -> Write {
    Write::Login {
        account,
        proved,
        device,
        ticket: ticket(1),
        expires_ms: 1000,
        attempt: 1,
    }
}

fn resume(account: AccountId, device: DeviceId) -> Write {
    Write::Resume {
        account,
        device,
        ticket: ticket(1),
        successor: ticket(1),
        now_ms: 30,
        expires_ms: 1000,
        attempt: 1,
    }
}

/// The device of a sign-in, and the reset that it is told of.
fn signed_in(bench: &mut Bench, write: Write) -> (DeviceId, Option<u64>) {
    match bench.done(write) {
        Reply::Device {
            device, reset_ms, ..
        } => (device, reset_ms),
        other => panic!("{other:?}"),
    }
}

fn codes(bench: &mut Bench) -> Vec<OpenCode> {
    match bench.done(Read::ListCodes) {
        Reply::Codes(codes) => codes,
        other => panic!("{other:?}"),
    }
}

#[test]
fn code_sets_the_password_of_its_account_once_and_voids_all_tickets_after_a_crash_at_each_write() {
    let mut bench = Bench::new();
    let alice = bench.account("alice").id;
    let bob = bench.account("bob").id;
    let (laptop, told) = signed_in(&mut bench, log_in(alice, FIRST, None));
    assert_eq!(told, None);
    bench.done(make(Some(alice), 1, 1));
    bench = bench.crash();
    // Neither another code, nor hers for somebody else or for another account.
    assert_eq!(bench.refused(reset(alice, 2)), Refusal::Code);
    assert_eq!(bench.refused(reset(bob, 1)), Refusal::Code);
    assert_eq!(bench.refused(invited("carol", 1)), Refusal::Code);
    for (name, with) in [("alice", 2), ("bob", 1), ("carol", 1), ("carol", 2)] {
        assert_eq!(bench.refused(find(name, with, 20)), Refusal::Code, "{name}");
    }
    assert_eq!(
        bench.done(find("alice", 1, 20)),
        Reply::Code(CodeUse::Reset(alice))
    );
    // Until it is used the old password and the ticket hold.
    signed_in(&mut bench, resume(alice, laptop));
    assert_eq!(
        bench.done(reset(alice, 1)),
        Reply::Revoked { devices: 1 },
        "her device had a ticket"
    );
    bench = bench.crash();
    assert_eq!(bench.refused(resume(alice, laptop)), Refusal::Ticket);
    assert_eq!(
        bench.refused(log_in(alice, FIRST, Some(laptop))),
        Refusal::Password
    );
    assert_eq!(bench.refused(reset(alice, 1)), Refusal::Code);
    assert_eq!(bench.refused(find("alice", 1, 20)), Refusal::Code);
    assert_eq!(codes(&mut bench), []);
    check(&mut bench);
}

#[test]
fn each_device_is_told_of_a_reset_until_it_has_signed_in_by_the_ticket_that_it_was_given() {
    let mut bench = Bench::new();
    let alice = bench.account("alice").id;
    let (laptop, _) = signed_in(&mut bench, log_in(alice, FIRST, None));
    let (phone, _) = signed_in(&mut bench, log_in(alice, FIRST, None));
    bench.done(make(Some(alice), 1, 1));
    bench.done(reset(alice, 1));
    for _ in 0..2 {
        // The answer may have been lost.
        let told = signed_in(&mut bench, log_in(alice, SECOND, Some(laptop)));
        assert_eq!(told, (laptop, Some(20)));
        bench = bench.crash();
    }
    assert_eq!(signed_in(&mut bench, resume(alice, laptop)).1, None);
    bench = bench.crash();
    let again = signed_in(&mut bench, log_in(alice, SECOND, Some(laptop)));
    assert_eq!(again, (laptop, None));
    // It says nothing of the other, nor of one that is new.
    let told = signed_in(&mut bench, log_in(alice, SECOND, Some(phone)));
    assert_eq!(told, (phone, Some(20)));
    let (_, told) = signed_in(&mut bench, log_in(alice, SECOND, None));
    assert_eq!(told, Some(20));
    check(&mut bench);
}

#[test]
fn second_code_for_an_account_voids_the_first_and_one_that_has_expired_is_good_for_nothing() {
    let mut bench = Bench::new();
    let alice = bench.account("alice").id;
    let bob = bench.account("bob").id;
    bench.done(make(Some(alice), 1, 1));
    bench.done(make(Some(bob), 3, 1));
    bench.done(make(Some(alice), 2, 1));
    assert_eq!(bench.refused(reset(alice, 1)), Refusal::Code);
    let end_ms = 10 + HOUR_MS;
    assert_eq!(bench.refused(reset_at(alice, 2, end_ms)), Refusal::Code);
    assert_eq!(bench.refused(find("alice", 2, end_ms)), Refusal::Code);
    bench.done(find("alice", 2, end_ms - 1));
    bench = bench.crash();
    bench.done(reset_at(alice, 2, end_ms - 1));
    // What has expired goes when another is made.
    let later = NewCode {
        account: None,
        code: code(4),
        uses: 1,
        by: None,
        time_ms: end_ms,
        expires_ms: end_ms + 1,
    };
    bench.done(Write::MakeCode(later));
    let left = codes(&mut bench);
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(left[0].account, None);
    check(&mut bench);
}

#[test]
fn code_that_is_used_twice_in_one_group_is_good_once() {
    let mut bench = Bench::new();
    let alice = bench.account("alice").id;
    bench.done(make(Some(alice), 1, 1));
    let twice = vec![reset(alice, 1), reset(alice, 1)];
    let outcomes = bench.outcomes(twice);
    assert!(matches!(outcomes[0], Outcome::Done(Reply::Revoked { .. })));
    assert_eq!(outcomes[1], Outcome::Refused(Refusal::Code));
    bench.done(make(None, 2, 1));
    let outcomes = bench.outcomes(vec![invited("carol", 2), invited("dave", 2)]);
    assert!(matches!(outcomes[0], Outcome::Done(Reply::Account(_))));
    assert_eq!(outcomes[1], Outcome::Refused(Refusal::Code));
    check(&mut bench);
}

#[test]
fn invitation_opens_as_many_accounts_as_it_has_uses_and_none_once_it_is_revoked() {
    let mut bench = Bench::new();
    bench.account("alice");
    bench.done(make(None, 1, 2));
    bench = bench.crash();
    assert_eq!(
        bench.done(find("carol", 1, 20)),
        Reply::Code(CodeUse::Invitation)
    );
    assert_eq!(bench.refused(find("alice", 1, 20)), Refusal::NameTaken);
    assert_eq!(bench.refused(find("alice", 9, 20)), Refusal::Code);
    assert_eq!(
        bench.refused(find("a1ice", 1, 20)),
        Refusal::LooksLike("alice".into())
    );
    // A name that is refused costs no use, and neither does the same account asked for again.
    assert_eq!(
        bench.refused(invited("a1ice", 1)),
        Refusal::LooksLike("alice".into())
    );
    let Reply::Account(carol) = bench.done(invited("carol", 1)) else {
        panic!("she is invited");
    };
    bench = bench.crash();
    assert_eq!(bench.done(invited("carol", 1)), Reply::Account(carol));
    assert_eq!(codes(&mut bench)[0].uses_left, 1);
    bench.done(invited("dave", 1));
    bench = bench.crash();
    assert_eq!(bench.refused(invited("erin", 1)), Refusal::Code);
    bench.done(make(None, 2, 5));
    let number = invitation_number(code(2));
    assert_eq!(codes(&mut bench)[0].number, number);
    bench.done(Write::RevokeInvitation { number });
    bench = bench.crash();
    assert_eq!(bench.refused(invited("erin", 2)), Refusal::Code);
    assert_eq!(
        bench.refused(Write::RevokeInvitation { number }),
        Refusal::NoSuchInvitation
    );
    check(&mut bench);
}

#[test]
fn disabled_account_is_not_reset_and_a_deleted_one_has_no_code() {
    let mut bench = Bench::new();
    let alice = bench.account("alice").id;
    bench.done(make(Some(alice), 1, 1));
    let disable = |reason: Option<&str>| Write::Disable {
        account: alice,
        reason: reason.map(str::to_owned),
    };
    bench.done(disable(Some("spam")));
    let refused = Refusal::Disabled("spam".into());
    assert_eq!(bench.refused(reset(alice, 1)), refused);
    assert_eq!(bench.refused(find("alice", 1, 20)), refused);
    // Without the code nobody learns it.
    assert_eq!(bench.refused(find("alice", 2, 20)), Refusal::Code);
    bench.done(disable(None));
    bench.done(reset(alice, 1));
    bench.done(make(Some(alice), 2, 1));
    bench.done(Write::DeleteAccount {
        account: alice,
        proved: None,
        time_ms: 25,
    });
    bench = bench.crash();
    assert_eq!(codes(&mut bench), []);
    assert_eq!(bench.refused(reset(alice, 2)), Refusal::Code);
    assert_eq!(bench.refused(make(Some(alice), 3, 1)), Refusal::NoSuchUser);
    bench.done(make(None, 4, 1));
    assert_eq!(bench.refused(find("alice", 4, 20)), Refusal::Deleted);
    check(&mut bench);
}

#[test]
fn audit_log_names_the_user_or_the_invitation_and_has_no_code() {
    let mut bench = Bench::new();
    let alice = bench.account("alice").id;
    let number = invitation_number(code(2));
    let writes = [
        make(Some(alice), 1, 1),
        make(None, 2, 3),
        Write::RevokeInvitation { number },
    ];
    for write in writes {
        bench.done(Write::Audited(Audited {
            by: None,
            time_ms: 1,
            write: Box::new(write),
        }));
    }
    let Reply::Audit(actions) = bench.done(Read::Audit {
        before: u64::MAX,
        count: 10,
    }) else {
        panic!("it can be read");
    };
    let told: Vec<String> = actions
        .into_iter()
        .rev()
        .map(|it| format!("{}:{}:{}", it.action, it.subject, it.detail))
        .collect();
    let expected = [
        "user reset:alice:".to_owned(),
        format!("invite create::{number:08x}, uses 3"),
        format!("invite revoke::{number:08x}"),
    ];
    assert_eq!(told, expected);
}

#[test]
fn only_so_many_codes_are_open_at_once() {
    let mut bench = Bench::new();
    let alice = bench.account("alice").id;
    let many = |index: usize| {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&index.to_be_bytes());
        Request::from(Write::MakeCode(NewCode {
            account: None,
            code: CodeHash(hash),
            uses: 1,
            by: None,
            time_ms: 10,
            expires_ms: 11,
        }))
    };
    let outcomes = bench.outcomes((0..OPEN_MAX).map(many).collect());
    assert!(outcomes.iter().all(|it| matches!(it, Outcome::Done(_))));
    assert_eq!(
        bench.refused(make(Some(alice), 1, 1)),
        Refusal::LimitReached(StoreLimit::Codes)
    );
    // Those that have expired make room.
    let later = NewCode {
        account: Some(alice),
        code: code(1),
        uses: 1,
        by: None,
        time_ms: 11,
        expires_ms: 12,
    };
    bench.done(Write::MakeCode(later));
    assert_eq!(codes(&mut bench).len(), 1);
    check(&mut bench);
}
