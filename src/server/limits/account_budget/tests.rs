//! What an account may do in a while.

use super::*;
use crate::protocol::{ContactsRequest, EntryBody};
use crate::testing::instant;

const ERIN: AccountId = AccountId(5);

fn text() -> ClientBody {
    ClientBody::Entry(EntryBody(vec![7; 64].into()))
}

/// How many messages of so many bytes to so many readers are taken at once.
fn taken(budgets: &mut Budgets, now: Instant, readers: usize, bytes: usize) -> usize {
    let cost = Cost::of(&text(), || readers);
    let mut taken = 0;
    while budgets.check(now, ERIN, Channel::Chat).is_ok() {
        budgets.charge(now, ERIN, cost, bytes);
        taken += 1;
    }
    taken
}

#[test]
fn message_to_many_readers_counts_as_several() {
    let now = instant();
    for (readers, expected) in [(2, 200), (63, 200), (100, 100), (1000, 13)] {
        let mut budgets = Budgets::new(&Limits::default());
        assert_eq!(
            taken(&mut budgets, now, readers, 100),
            expected,
            "{readers}"
        );
    }
    assert_eq!(Cost::of(&text(), || 1000).weight(), 16);
}

#[test]
fn limits_that_change_fill_the_budgets_and_the_same_ones_do_not() {
    let now = instant();
    let mut budgets = Budgets::new(&Limits::default());
    assert_eq!(taken(&mut budgets, now, 2, 100), 200);
    budgets.set_rates(&Limits::default());
    assert_eq!(taken(&mut budgets, now, 2, 100), 0);
    budgets.set_rates(&Limits {
        messages: Allowance::of(20, 7),
        ..Limits::default()
    });
    assert_eq!(taken(&mut budgets, now, 2, 100), 7);
}

#[test]
fn what_is_longer_than_a_bucket_is_taken_and_made_up_for() {
    let mut now = instant();
    let limits = Limits {
        bytes: Allowance::of(1000, 1),
        ..Limits::default()
    };
    let mut budgets = Budgets::new(&limits);
    assert_eq!(taken(&mut budgets, now, 1, 5000), 1);
    now += Duration::from_millis(4999);
    assert_eq!(taken(&mut budgets, now, 1, 5000), 0);
    now += Duration::from_millis(2);
    assert_eq!(taken(&mut budgets, now, 1, 5000), 1);
}

#[test]
fn day_of_bytes_comes_in_evenly_and_who_has_used_it_can_still_say_something() {
    let mut now = instant();
    let limits = Limits {
        messages: Allowance::NONE,
        bytes: Allowance::NONE,
        ..Limits::default()
    };
    let mut budgets = Budgets::new(&limits);
    let mebibyte = 1 << 20;
    assert_eq!(taken(&mut budgets, now, 1, mebibyte), 200);
    let pause = budgets.check(now, ERIN, Channel::Chat).unwrap_err();
    assert!(pause.until > now);
    now += Duration::from_hours(6);
    assert_eq!(taken(&mut budgets, now, 1, mebibyte), 50);
    now += Duration::from_secs(1);
    assert_eq!(taken(&mut budgets, now, 1, 100), 25);
    assert_eq!(budgets.check(now, ERIN, Channel::Control), Ok(()));
}

#[test]
fn user_is_told_of_a_pause_that_is_long_or_has_lasted() {
    let mut now = instant();
    let mut budgets = Budgets::new(&Limits::default());
    taken(&mut budgets, now, 1, 10);
    let mut first_long = None;
    for step in 0..100 {
        taken(&mut budgets, now, 1, 10);
        let pause = budgets.check(now, ERIN, Channel::Chat).unwrap_err();
        if pause.is_long {
            first_long.get_or_insert(step);
        }
        now += Duration::from_millis(50);
    }
    assert!((38..=41).contains(&first_long.unwrap()), "{first_long:?}");
    // A single short pause, long after, is not told.
    now += Duration::from_mins(1);
    taken(&mut budgets, now, 1, 10);
    let pause = budgets.check(now, ERIN, Channel::Chat).unwrap_err();
    assert!(!pause.is_long);
}

#[test]
fn accounts_whose_buckets_are_full_again_are_forgotten_and_without_limits_nothing_is_kept() {
    let mut now = instant();
    let mut budgets = Budgets::new(&Limits::default());
    let mut unlimited = Budgets::new(&Limits::unlimited());
    let contacts = ClientBody::ContactsRequest(ContactsRequest { tag: 1 });
    for number in 0..20_000 {
        now += Duration::from_millis(10);
        let cost = Cost::of(&contacts, || 0);
        budgets.charge(now, AccountId(number), cost, 20);
        unlimited.charge(now, AccountId(number), cost, 20);
    }
    assert!(budgets.accounts.len() <= KEPT_MAX);
    assert!(unlimited.accounts.is_empty());
}
