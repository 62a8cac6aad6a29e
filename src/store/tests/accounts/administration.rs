//! What the operator does to accounts, and the audit log of it.

use super::check;
use crate::protocol::AccountId;
use crate::store::ops::administration::audit::{KEPT_MAX, PAGE_MAX};
use crate::store::testing::{Bench, new_account, ticket};
use crate::store::{
    Audited, AuditedAction, Outcome, Read, Refusal, Reply, Request, Retention, Write,
};

const PROVED: [u8; 16] = [4; 16];

fn log_in(account: AccountId) -> Write {
    Write::Login {
        account,
        proved: PROVED,
        device: None,
        ticket: ticket(1),
        expires_ms: 1000,
        attempt: 1,
    }
}

fn disable(account: AccountId, reason: Option<&str>) -> Write {
    Write::Disable {
        account,
        reason: reason.map(str::to_owned),
    }
}

pub(super) fn audited(by: Option<AccountId>, time_ms: u64, write: Write) -> Write {
    Write::Audited(Audited {
        by,
        time_ms,
        write: Box::new(write),
    })
}

fn audit(bench: &mut Bench, before: u64, count: usize) -> Vec<AuditedAction> {
    match bench.done(Read::Audit { before, count }) {
        Reply::Audit(actions) => actions,
        other => panic!("{other:?}"),
    }
}

/// What is told of actions, oldest first.
pub(super) fn told(bench: &mut Bench) -> Vec<String> {
    let actions = audit(bench, u64::MAX, PAGE_MAX).into_iter().rev();
    actions
        .map(|it| format!("{}:{}:{}:{}", it.by, it.action, it.subject, it.detail))
        .collect()
}

#[test]
fn disabled_account_is_signed_in_to_by_nobody_until_it_is_enabled_also_after_a_crash() {
    let mut bench = Bench::new();
    let alice = bench.account("alice").id;
    let Reply::Device { device, .. } = bench.done(log_in(alice)) else {
        panic!("she signs in");
    };
    let resume = Write::Resume {
        account: alice,
        device,
        ticket: ticket(1),
        successor: ticket(2),
        now_ms: 10,
        expires_ms: 1000,
        attempt: 1,
    };
    assert_eq!(bench.done(disable(alice, Some("spam"))), Reply::Nothing);
    bench = bench.crash();
    let refused = Refusal::Disabled("spam".into());
    assert_eq!(bench.refused(log_in(alice)), refused);
    assert_eq!(bench.refused(resume.clone()), refused);
    // Nobody learns it who has neither password nor ticket.
    let wrong = Write::Login {
        account: alice,
        proved: [9; 16],
        device: None,
        ticket: ticket(1),
        expires_ms: 1000,
        attempt: 1,
    };
    assert_eq!(bench.refused(wrong), Refusal::Password);
    let Reply::Accounts { disabled, .. } = bench.done(Read::ListAccounts) else {
        panic!("they can be listed");
    };
    assert_eq!(disabled, [(alice, "spam".to_owned())].into());
    check(&mut bench);
    // Saying it once more, and not why, takes no reason back.
    bench.done(disable(alice, Some("")));
    assert_eq!(bench.refused(log_in(alice)), refused);
    bench.done(disable(alice, None));
    bench = bench.crash();
    assert!(matches!(bench.done(resume), Reply::Device { .. }));
    check(&mut bench);
    // One that is deleted is disabled no longer, and cannot be.
    bench.done(disable(alice, Some("")));
    bench.done(Write::DeleteAccount {
        account: alice,
        proved: None,
        time_ms: 5,
    });
    assert_eq!(bench.refused(disable(alice, Some(""))), Refusal::NoSuchUser);
    check(&mut bench);
}

#[test]
fn audit_log_has_what_was_done_and_by_whom_under_the_names_of_that_time_and_not_what_was_refused() {
    let mut bench = Bench::new();
    let alice = bench.account("alice").id;
    let new = audited(None, 1, Write::CreateAccount(new_account("bob")));
    let Reply::Account(bob) = bench.done(new.clone()) else {
        panic!("there is a bob now");
    };
    bench.done(audited(Some(alice), 2, disable(bob.id, Some("spam"))));
    bench.done(audited(None, 3, disable(bob.id, None)));
    let is_bot = true;
    let account = bob.id;
    bench.done(audited(None, 4, Write::MarkBot { account, is_bot }));
    let keep = Retention {
        days: Some(3),
        messages: Some(0),
        megabytes: None,
    };
    let name = "everyone".to_owned();
    bench.done(audited(None, 5, Write::Retain { name, keep }));
    let delete = Write::DeleteAccount {
        account,
        proved: None,
        time_ms: 6,
    };
    let Reply::Deleted(_) = bench.done(audited(None, 6, delete)) else {
        panic!("bob is deleted");
    };
    let refused = bench.refused(audited(None, 7, disable(account, None)));
    assert_eq!(refused, Refusal::NoSuchUser);
    // What no administrator does is not done this way.
    for write in [log_in(alice), audited(None, 8, disable(alice, None))] {
        let refused = bench.refused(audited(None, 8, write));
        assert_eq!(refused, Refusal::NotPermitted);
    }
    let done = [
        ":user add:bob:",
        "alice:user disable:bob:spam",
        ":user enable:bob:",
        ":user bot:bob:on",
        ":store retain:everyone:days 3, messages 0",
        ":user delete:bob:",
    ];
    assert_eq!(told(&mut bench), done);
    bench = bench.crash();
    assert_eq!(told(&mut bench), done);
    check(&mut bench);
    let newest = audit(&mut bench, u64::MAX, 2);
    assert_eq!(
        newest.iter().map(|it| it.time_ms).collect::<Vec<_>>(),
        [6, 5]
    );
    let next = audit(&mut bench, newest[1].number, 100);
    assert_eq!(
        next.iter().map(|it| it.time_ms).collect::<Vec<_>>(),
        [4, 3, 2, 1]
    );
    assert_eq!(audit(&mut bench, 0, 100), []);
}

#[test]
fn audit_log_keeps_the_newest_and_is_never_longer_than_its_limit() {
    let mut bench = Bench::new();
    let alice = bench.account("alice").id;
    let action = |time_ms| {
        let reason = (time_ms % 2 == 0).then_some("spam");
        Request::from(audited(None, time_ms, disable(alice, reason)))
    };
    let all = KEPT_MAX + 5;
    for first in (0..all).step_by(5_000) {
        let some = (first..all.min(first + 5_000)).map(action).collect();
        let outcomes = bench.outcomes(some);
        assert!(outcomes.iter().all(|it| matches!(it, Outcome::Done(_))));
    }
    check(&mut bench);
    let newest = audit(&mut bench, u64::MAX, usize::MAX);
    assert_eq!((newest.len(), newest[0].time_ms), (PAGE_MAX, all - 1));
    let oldest = audit(&mut bench, 10, usize::MAX);
    assert_eq!(
        oldest.iter().map(|it| it.time_ms).collect::<Vec<_>>(),
        [9, 8, 7, 6, 5]
    );
}
