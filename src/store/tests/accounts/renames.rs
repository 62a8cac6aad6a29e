//! Accounts that get another name.

use super::administration::{audited, told};
use super::check;
use crate::protocol::AccountId;
use crate::store::ops::accounts::FORMER_NAMES_MAX;
use crate::store::testing::{Bench, new_account, ticket};
use crate::store::{Account, Read, Refusal, Reply, StoreLimit, Write};

fn rename(account: AccountId, name: &str) -> Write {
    Write::Rename {
        account,
        name: name.into(),
        skeleton: name.into(),
    }
}

fn found(bench: &mut Bench, name: &str) -> Account {
    let read = Read::FindAccount {
        name: name.into(),
        skeleton: None,
    };
    match bench.done(read) {
        Reply::Account(account) => account,
        other => panic!("{other:?}"),
    }
}

#[test]
fn renamed_account_is_found_by_both_names_signs_in_as_before_and_leaves_its_old_one_to_nobody() {
    let mut bench = Bench::new();
    let (bob, carol) = (bench.account("bob"), bench.account("carol"));
    let log_in = |expires_ms| Write::Login {
        account: bob.id,
        proved: bob.credential_identifier,
        device: None,
        ticket: ticket(1),
        expires_ms,
        attempt: 1,
    };
    let Reply::Device { device, .. } = bench.done(log_in(1000)) else {
        panic!("bob signs in");
    };
    bench.done(audited(None, 1, rename(bob.id, "robert")));
    bench = bench.crash();
    check(&mut bench);
    for name in ["bob", "robert"] {
        let account = found(&mut bench, name);
        let renamed = Account {
            name: "robert".into(),
            ..bob.clone()
        };
        assert_eq!(account, renamed, "{name}");
    }
    let resume = Write::Resume {
        account: bob.id,
        device,
        ticket: ticket(1),
        successor: ticket(2),
        now_ms: 10,
        expires_ms: 1000,
        attempt: 1,
    };
    for sign_in in [resume, log_in(2000)] {
        let Reply::Device { name, .. } = bench.done(sign_in) else {
            panic!("he signs in");
        };
        assert_eq!(name, "robert");
    }
    // Neither a newcomer nor another account gets either of them.
    for name in ["bob", "robert"] {
        let new = Write::CreateAccount(crate::store::NewAccount {
            credential_identifier: [9; 16],
            ..new_account(name)
        });
        assert_eq!(bench.refused(new), Refusal::NameTaken);
        assert_eq!(bench.refused(rename(carol.id, name)), Refusal::NameTaken);
    }
    let like = |name: &str, skeleton: &str| Write::Rename {
        account: carol.id,
        name: name.into(),
        skeleton: skeleton.into(),
    };
    assert_eq!(bench.refused(like("b0b", "bob")), Refusal::NameTaken);
    let looks = Refusal::LooksLike("robert".into());
    assert_eq!(bench.refused(like("r0bert", "robert")), looks);
    let wished = Read::FindAccount {
        name: "b0b".into(),
        skeleton: Some("bob".into()),
    };
    assert_eq!(bench.refused(wished), Refusal::NameTaken);
    // He may have it again himself.
    bench.done(audited(None, 2, rename(bob.id, "bob")));
    let again = bench.done(audited(None, 3, rename(bob.id, "bob")));
    assert_eq!(again, Reply::Unchanged);
    assert_eq!(found(&mut bench, "robert").name, "bob");
    check(&mut bench);
    let log = [":user rename:bob:robert", ":user rename:robert:bob"];
    assert_eq!(told(&mut bench), log);
    bench.done(Write::DeleteAccount {
        account: bob.id,
        proved: None,
        time_ms: 9,
    });
    assert_eq!(bench.refused(rename(bob.id, "rob")), Refusal::NoSuchUser);
    assert_eq!(
        bench.refused(rename(carol.id, "robert")),
        Refusal::NameTaken
    );
    check(&mut bench);
}

#[test]
fn account_has_so_many_names_and_no_more_than_one_look() {
    let mut bench = Bench::new();
    let bob = bench.account("bob").id;
    // It may look like what it was called before.
    let alike = |name: &str| Write::Rename {
        account: bob,
        name: name.into(),
        skeleton: "bob".into(),
    };
    bench.done(alike("b0b"));
    check(&mut bench);
    for number in 0..FORMER_NAMES_MAX - 1 {
        bench.done(rename(bob, &format!("bob{number}")));
    }
    check(&mut bench);
    let limit = Refusal::LimitReached(StoreLimit::FormerNames);
    assert_eq!(bench.refused(rename(bob, "robert")), limit);
    // Nothing of that was written.
    check(&mut bench);
    bench.done(alike("bob"));
    bench = bench.crash();
    check(&mut bench);
    assert_eq!(found(&mut bench, "b0b").name, "bob");
}
