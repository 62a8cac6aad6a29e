//! Whom the operator does not let in.

use super::administration::{audited, told};
use super::check;
use crate::protocol::AccountId;
use crate::store::ops::administration::bans::{BANS_MAX, PAGE_MAX};
use crate::store::testing::Bench;
use crate::store::{
    BAN_REASON_MAX_BYTES, Ban, BanOf, BanSubject, Outcome, Prefix, Read, Refusal, Reply, Request,
    StoreLimit, Write,
};

fn prefix(typed: &str) -> BanSubject {
    BanSubject::Prefix(Prefix::parse(typed).expect("it can be banned"))
}

fn ban(until_ms: Option<u64>, reason: &str, since_ms: u64) -> Ban {
    Ban {
        until_ms,
        reason: reason.into(),
        since_ms,
    }
}

fn add(subject: BanSubject, ban: Ban) -> Write {
    Write::Ban { subject, ban }
}

/// Two pages at most.
fn bans(bench: &mut Bench) -> Vec<BanOf> {
    let mut all: Vec<BanOf> = Vec::new();
    loop {
        let after = all.last().map(|last| last.subject);
        let Reply::Bans { bans, has_more } = bench.done(Read::Bans { after }) else {
            panic!("bans were asked for");
        };
        assert!(bans.len() <= PAGE_MAX);
        all.extend(bans);
        if !has_more {
            return all;
        }
    }
}

/// What is listed, a line for each.
fn listed(bench: &mut Bench) -> Vec<String> {
    let line = |it: BanOf| match it.subject {
        BanSubject::Account(_) => format!("{} {}", it.name, it.ban),
        BanSubject::Prefix(prefix) => format!("{prefix} {}", it.ban),
    };
    bans(bench).into_iter().map(line).collect()
}

#[test]
fn bans_are_kept_over_a_crash_replaced_and_lifted_and_told_of_in_the_audit_log() {
    let mut bench = Bench::new();
    let alice = bench.account("alice").id;
    let alices = BanSubject::Account(alice);
    let (v4, v6) = (prefix("192.0.2.0/24"), prefix("2001:db8::1"));
    for (subject, ban) in [
        (alices, ban(None, "spam", 5)),
        (v6, ban(Some(9_000), "", 5)),
        (v4, ban(None, "first", 5)),
        (v4, ban(None, "second", 6)),
    ] {
        bench.done(audited(None, ban.since_ms, add(subject, ban)));
    }
    let all = [
        "alice for good: spam",
        "192.0.2.0/24 for good: second",
        "2001:db8::/64 until 1970-01-01 00:00 UTC",
    ];
    assert_eq!(listed(&mut bench), all);
    check(&mut bench);
    bench = bench.crash();
    assert_eq!(listed(&mut bench), all);
    let lift = |subject| Write::Unban { subject };
    bench.done(audited(None, 7, lift(v4)));
    let refused = bench.refused(audited(None, 8, lift(prefix("192.0.2.0/25"))));
    assert_eq!(refused, Refusal::NoSuchBan);
    check(&mut bench);
    // With the account goes its ban, and there is none of who is not there.
    bench.done(Write::DeleteAccount {
        account: alice,
        proved: None,
        time_ms: 9,
    });
    assert_eq!(listed(&mut bench), all[2..]);
    check(&mut bench);
    let again = bench.refused(add(alices, ban(None, "", 10)));
    assert_eq!(again, Refusal::NoSuchUser);
    let nobody = BanSubject::Account(AccountId(77));
    assert_eq!(
        bench.refused(add(nobody, ban(None, "", 10))),
        Refusal::NoSuchUser
    );
    let long = "x".repeat(BAN_REASON_MAX_BYTES + 1);
    let refused = bench.refused(add(v4, ban(None, &long, 10)));
    assert_eq!(refused, Refusal::LimitReached(StoreLimit::TopicBytes));
    let end = Write::EndSessions {
        account: None,
        session: Some(4),
    };
    bench.done(audited(None, 11, end));
    assert_eq!(
        told(&mut bench),
        [
            ":ban add:alice:for good: spam",
            ":ban add:2001:db8::/64:until 1970-01-01 00:00 UTC",
            ":ban add:192.0.2.0/24:for good: first",
            ":ban add:192.0.2.0/24:for good: second",
            ":ban remove:192.0.2.0/24:",
            ":session end::session 4",
        ]
    );
}

#[test]
fn bans_that_have_ended_make_room_and_there_are_never_more_than_the_limit() {
    let mut bench = Bench::new();
    let one = |number: u64, until_ms, now_ms| {
        let address = std::net::Ipv4Addr::from_bits(0x0a00_0000 + u32::try_from(number).unwrap());
        let subject = prefix(&address.to_string());
        Request::from(add(subject, ban(until_ms, "", now_ms)))
    };
    let mut number = 0;
    let mut add_some = |bench: &mut Bench, count: u64, until_ms, now_ms| {
        let mut done = 0;
        for _ in 0..count.div_ceil(5_000) {
            let some = (0..count.min(5_000)).map(|_| {
                number += 1;
                one(number, until_ms, now_ms)
            });
            let outcomes = bench.outcomes(some.collect());
            let is_done = |outcome: &&Outcome| matches!(outcome, Outcome::Done(_));
            done += outcomes.iter().filter(is_done).count();
            let full = Outcome::Refused(Refusal::LimitReached(StoreLimit::Bans));
            assert!(outcomes.iter().all(|it| is_done(&it) || *it == full));
        }
        done as u64
    };
    // Of those that end at 10 most are gone once there are a few later ones.
    assert_eq!(add_some(&mut bench, 100, Some(10), 1), 100);
    assert_eq!(add_some(&mut bench, 40, None, 11), 40);
    assert!(bans(&mut bench).len() < 64, "{:?}", bans(&mut bench).len());
    check(&mut bench);
    let left = BANS_MAX - bans(&mut bench).len() as u64;
    assert_eq!(
        add_some(&mut bench, left.next_multiple_of(5_000), Some(50), 12),
        left
    );
    assert_eq!(bans(&mut bench).len() as u64, BANS_MAX);
    check(&mut bench);
    // One that is there can still be changed.
    bench.done(add(prefix("10.0.0.140"), ban(None, "changed", 13)));
    assert_eq!(add_some(&mut bench, 1, None, 49), 0);
    assert_eq!(add_some(&mut bench, 1, None, 50), 1);
    assert_eq!(bans(&mut bench).len(), 41);
    check(&mut bench);
}
