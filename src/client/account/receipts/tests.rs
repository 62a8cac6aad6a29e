//! Which receipts are told when, in which line, and what of it is durable.

use super::own::COUNT_AGAIN;
use super::*;
use crate::client::testing::instant;

const PAIR: ConversationId = ConversationId(7);
const BOB: AccountId = AccountId(2);
const CAROL: AccountId = AccountId(3);
const DAVE: AccountId = AccountId(4);

fn awaited(recipients: u32, online: u32) -> Awaited {
    Awaited::new(recipients, online)
}

/// What is durable once what was told stands on the screen.
fn durable(receipts: &mut Receipts, news: &News) -> Option<Awaited> {
    receipts.on_screen(news.told)
}

/// The lines that are due while nothing else is sent.
fn due(receipts: &mut Receipts, now: Instant) -> Vec<News> {
    receipts.news(now, |_| false)
}

fn mark(account: AccountId, name: &str, entry: u64) -> Mark {
    Mark {
        account,
        name: name.into(),
        entry: EntryId(entry),
        since: EntryId::START,
    }
}

#[test]
fn one_mark_is_the_receipt_of_every_message_up_to_it_and_of_none_behind() {
    let now = instant();
    let mut receipts = Receipts::default();
    for entry in [3, 5, 8] {
        receipts.track(now, (PAIR, false), EntryId(entry), awaited(1, 1), Some(now));
    }
    receipts.mark(PAIR, &mark(BOB, "bob", 6));
    let heard_at = now + Duration::from_millis(84);
    assert!(
        due(&mut receipts, heard_at).is_empty(),
        "the third may follow"
    );
    assert_eq!(receipts.deadline(), Some(now + GATHER));
    let news = due(&mut receipts, now + GATHER);
    let entries: Vec<u64> = news.iter().map(|news| news.entry.0).collect();
    assert_eq!(entries, [3, 5]);
    assert_eq!(news[0].elapsed, Some(Duration::from_millis(84)));
    assert_eq!(news[0].count, None);
    receipts.mark(PAIR, &mark(BOB, "bob", 6));
    assert!(due(&mut receipts, now).is_empty(), "nothing is told twice");
}

#[test]
fn receipt_that_came_before_the_message_was_known_to_be_stored_counts() {
    let now = instant();
    let mut receipts = Receipts::default();
    receipts.mark(PAIR, &mark(BOB, "bob", 9));
    receipts.track(now, (PAIR, false), EntryId(9), awaited(1, 1), None);
    assert_eq!(due(&mut receipts, now).len(), 1);
}

#[test]
fn receipts_of_everyone_online_are_one_line_of_how_many_in_all_and_later_ones_follow() {
    // The first line said `(2 of 2)`, as if all had it, and the next one `(3 of 3)`.
    let now = instant();
    let everyone = ConversationId::EVERYONE;
    let mut receipts = Receipts::default();
    receipts.track(now, (everyone, true), EntryId(1), awaited(3, 2), Some(now));
    receipts.mark(everyone, &mark(CAROL, "carol", 1));
    assert!(due(&mut receipts, now).is_empty());
    assert!(receipts.awaits_online());
    receipts.mark(everyone, &mark(BOB, "bob", 1));
    let first = due(&mut receipts, now).remove(0);
    assert_eq!(first.names, ["bob", "carol"]);
    assert_eq!(first.count, Some((2, 3)));
    assert!(!receipts.awaits_online());
    receipts.mark(everyone, &mark(DAVE, "dave", 4));
    let news = due(&mut receipts, now);
    assert_eq!(news[0].names, ["dave"]);
    assert_eq!(news[0].count, Some((3, 3)));
    assert_eq!(
        durable(&mut receipts, &first).map(|kept| kept.told),
        Some(vec![CAROL, BOB])
    );
    assert_eq!(durable(&mut receipts, &news[0]), None);
}

#[test]
fn those_who_have_it_are_told_after_two_seconds_without_the_rest() {
    let now = instant();
    let everyone = ConversationId::EVERYONE;
    let mut receipts = Receipts::default();
    receipts.track(now, (everyone, true), EntryId(1), awaited(2, 2), Some(now));
    receipts.mark(everyone, &mark(BOB, "bob", 1));
    assert_eq!(receipts.deadline(), Some(now + GATHER));
    let news = due(&mut receipts, now + GATHER);
    assert_eq!(news[0].count, Some((1, 2)));
    assert_eq!(receipts.deadline(), None);
}

#[test]
fn member_who_came_later_has_not_received_what_was_said_before() {
    // dave signed up after entry 1 and received entry 4; his mark was taken for a receipt of entry 1.
    let now = instant();
    let everyone = ConversationId::EVERYONE;
    let mut receipts = Receipts::default();
    let dave = Mark {
        since: EntryId(1),
        ..mark(DAVE, "dave", 4)
    };
    receipts.track(now, (everyone, true), EntryId(1), awaited(1, 1), Some(now));
    receipts.mark(everyone, &dave);
    receipts.track(now, (everyone, true), EntryId(2), awaited(1, 1), Some(now));
    let entries: Vec<EntryId> = due(&mut receipts, now)
        .iter()
        .map(|news| news.entry)
        .collect();
    assert_eq!(entries, [EntryId(2)]);
}

#[test]
fn mark_that_has_passed_what_expired_is_no_receipt_of_that() {
    let now = instant();
    let mut receipts = Receipts::default();
    receipts.mark(PAIR, &mark(BOB, "bob", 2));
    let later = Mark {
        since: EntryId(4),
        ..mark(BOB, "bob", 5)
    };
    receipts.mark(PAIR, &later);
    // Its answer was lost, and comes only now.
    receipts.track(now, (PAIR, false), EntryId(3), awaited(1, 0), None);
    receipts.track(now, (PAIR, false), EntryId(5), awaited(1, 0), None);
    let entries: Vec<EntryId> = due(&mut receipts, now)
        .iter()
        .map(|news| news.entry)
        .collect();
    assert_eq!(entries, [EntryId(5)]);
}

#[test]
fn receipts_of_a_server_without_end_fill_no_memory() {
    // A server could name ever new accounts, and each was kept with the message, on disk too.
    let now = instant();
    let mut receipts = Receipts::default();
    receipts.track(now, (PAIR, false), EntryId(1), awaited(u32::MAX, 1), None);
    let mut told = 0;
    for account in 0..2 * TOLD_MAX as u64 {
        receipts.mark(PAIR, &mark(AccountId(account), "x", 1));
        if account % 100 == 99 {
            for news in due(&mut receipts, now) {
                told += news.names.len();
                durable(&mut receipts, &news);
            }
        }
    }
    assert_eq!(told, TOLD_MAX);
}

#[test]
fn receipt_for_what_a_restored_server_has_lost_is_none_for_what_takes_its_place() {
    // bob had received entry 9; a backup was restored that ends with entry 4. The next message became entry 5, and
    // was said to be received by bob at once; so was, later, the lost one.
    let now = instant();
    let mut receipts = Receipts::default();
    receipts.mark(PAIR, &mark(BOB, "bob", 9));
    receipts.track(now, (PAIR, false), EntryId(10), awaited(1, 1), None);
    assert_eq!(receipts.forget_after(PAIR, EntryId(4)), [EntryId(10)]);
    receipts.track(now, (PAIR, false), EntryId(5), awaited(1, 1), None);
    assert!(due(&mut receipts, now).is_empty());
    receipts.mark(PAIR, &mark(BOB, "bob", 12));
    let entries: Vec<EntryId> = due(&mut receipts, now)
        .iter()
        .map(|news| news.entry)
        .collect();
    assert_eq!(entries, [EntryId(5)]);
}

#[test]
fn counts_are_said_first_when_those_online_have_it_then_by_the_minute_and_at_the_end() {
    let now = instant();
    let mut receipts = Receipts::default();
    let step = |entry, members| Count {
        entry: EntryId(entry),
        members,
    };
    receipts.track(now, (PAIR, true), EntryId(5), awaited(400, 120), Some(now));
    receipts.count(PAIR, 400, &[step(5, 60)]);
    assert!(due(&mut receipts, now).is_empty());
    receipts.count(PAIR, 400, &[step(4, 300), step(9, 120)]);
    assert_eq!(due(&mut receipts, now)[0].count, Some((120, 400)));
    receipts.count(PAIR, 400, &[step(5, 130)]);
    assert!(due(&mut receipts, now + GATHER).is_empty());
    assert_eq!(receipts.deadline(), Some(now + COUNT_AGAIN));
    assert_eq!(
        due(&mut receipts, now + COUNT_AGAIN)[0].count,
        Some((130, 400))
    );
    receipts.count(PAIR, 500, &[step(5, 400)]);
    let last = due(&mut receipts, now + COUNT_AGAIN);
    assert_eq!(last[0].count, Some((400, 400)));
    assert_eq!(durable(&mut receipts, &last[0]), None);
}

#[test]
fn receipt_that_a_kill_may_have_kept_from_the_screen_is_told_again_and_marked() {
    // It counted as told when its line was made; a client killed before the line was printed never showed it.
    let now = instant();
    let mut receipts = Receipts::default();
    let everyone = ConversationId::EVERYONE;
    receipts.track(now, (everyone, true), EntryId(1), awaited(3, 1), Some(now));
    receipts.mark(everyone, &mark(BOB, "bob", 1));
    let first = due(&mut receipts, now).remove(0);
    assert!(!first.is_again);
    receipts.mark(everyone, &mark(CAROL, "carol", 1));
    assert!(due(&mut receipts, now).is_empty());
    let second = due(&mut receipts, now + GATHER).remove(0);
    assert_eq!(second.count, Some((2, 3)));
    let kept = durable(&mut receipts, &first).expect("two have not received it");

    let mut receipts = Receipts::default();
    receipts.track(now, (everyone, true), EntryId(1), kept, None);
    for (account, name) in [(BOB, "bob"), (CAROL, "carol")] {
        receipts.mark(everyone, &mark(account, name, 1));
    }
    let again = due(&mut receipts, now + GATHER).remove(0);
    assert_eq!(
        (&*again.names, again.is_again),
        (&["carol".into()][..], true)
    );
    receipts.mark(everyone, &mark(DAVE, "dave", 1));
    let new = due(&mut receipts, now).remove(0);
    assert_eq!((&*new.names, new.is_again), (&["dave".into()][..], false));
    assert!(durable(&mut receipts, &again).is_some());
    assert_eq!(durable(&mut receipts, &new), None);
}

#[test]
fn count_that_a_kill_may_have_kept_from_the_screen_is_told_again_and_marked() {
    let now = instant();
    let step = [Count {
        entry: EntryId(5),
        members: 120,
    }];
    let mut receipts = Receipts::default();
    receipts.track(now, (PAIR, true), EntryId(5), awaited(400, 120), Some(now));
    receipts.count(PAIR, 400, &step);
    let kept = due(&mut receipts, now).remove(0).awaited;
    let mut receipts = Receipts::default();
    receipts.track(now, (PAIR, true), EntryId(5), kept, None);
    receipts.count(PAIR, 400, &step);
    assert!(due(&mut receipts, now).remove(0).is_again);
}

#[test]
fn receipt_names_its_message_unless_that_is_the_last_one_and_was_just_said() {
    // Of a message of yesterday, or of one of several under way, nobody could tell which had been received.
    let now = instant();
    let late = |receipts: &mut Receipts, at| {
        let news = due(receipts, at);
        news.iter().map(|news| news.is_late).collect::<Vec<_>>()
    };
    let mut receipts = Receipts::default();
    receipts.track(now, (PAIR, false), EntryId(2), awaited(1, 0), None);
    for entry in [3, 4] {
        receipts.track(now, (PAIR, false), EntryId(entry), awaited(1, 1), Some(now));
    }
    receipts.mark(PAIR, &mark(BOB, "bob", 4));
    assert_eq!(late(&mut receipts, now), [true, true, false]);
    receipts.track(now, (PAIR, false), EntryId(9), awaited(1, 1), Some(now));
    receipts.mark(PAIR, &mark(BOB, "bob", 9));
    let minute = now + Duration::from_mins(1);
    assert_eq!(late(&mut receipts, minute), [true]);

    let room = ConversationId(8);
    receipts.track(now, (room, true), EntryId(1), awaited(1, 1), Some(now));
    let everyone = ConversationId::EVERYONE;
    receipts.track(now, (everyone, true), EntryId(1), awaited(1, 1), Some(now));
    receipts.mark(everyone, &mark(BOB, "bob", 1));
    receipts.mark(room, &mark(BOB, "bob", 1));
    assert_eq!(late(&mut receipts, now), [false, true]);
}

#[test]
fn oldest_is_forgotten_at_the_limit() {
    let now = instant();
    let mut receipts = Receipts::default();
    for entry in 1..=AWAITED_MAX as u64 {
        let forgotten = receipts.track(now, (PAIR, false), EntryId(entry), awaited(1, 0), None);
        assert_eq!(forgotten, None);
    }
    let forgotten = receipts.track(now, (PAIR, false), EntryId(5_000), awaited(1, 0), None);
    assert_eq!(forgotten, Some((PAIR, EntryId(1))));
}

#[test]
fn what_a_crash_may_have_kept_from_the_screen_is_still_told_as_such_after_a_second_crash() {
    // bob's receipt was on its way to the screen in the first run. In the second only carol's came again, and what was kept
    // of the message was written without bob's: the third run told it as if for the first time.
    let now = instant();
    let everyone = ConversationId::EVERYONE;
    let first = Awaited {
        telling: vec![BOB],
        ..awaited(3, 3)
    };
    let mut second = Receipts::default();
    second.track(now, (everyone, true), EntryId(1), first, None);
    second.mark(everyone, &mark(CAROL, "carol", 1));
    let news = due(&mut second, now + GATHER).remove(0);
    assert!(!news.is_again);
    let killed_before_the_screen = news.awaited.clone();
    let killed_after_it = durable(&mut second, &news).expect("two are still to come");
    for kept in [killed_before_the_screen, killed_after_it] {
        let mut third = Receipts::default();
        third.track(now, (everyone, true), EntryId(1), kept, None);
        third.mark(everyone, &mark(BOB, "bob", 1));
        let news = due(&mut third, now + GATHER).remove(0);
        assert_eq!(news.names, ["bob"]);
        assert!(news.is_again);
    }
}

#[test]
fn count_that_a_crash_may_have_kept_from_the_screen_is_told_as_such_after_a_second_crash() {
    let now = instant();
    let everyone = ConversationId::EVERYONE;
    let first = Awaited {
        counting: 30,
        ..awaited(40, 40)
    };
    let count = |receipts: &mut Receipts, members| {
        let step = Count {
            entry: EntryId(1),
            members,
        };
        receipts.count(everyone, 40, &[step]);
        due(receipts, now + GATHER).remove(0)
    };
    let mut second = Receipts::default();
    second.track(now, (everyone, true), EntryId(1), first, None);
    let news = count(&mut second, 20);
    assert!(news.is_again);
    let kept = durable(&mut second, &news).expect("others are still to come");
    let mut third = Receipts::default();
    third.track(now, (everyone, true), EntryId(1), kept, None);
    assert!(count(&mut third, 30).is_again);
    assert!(!count(&mut third, 40).is_again);
}

/// Each receipt of twelve messages that were sent one after the other was a line.
#[test]
fn receipts_of_a_burst_are_told_once_the_last_one_has_come_or_two_seconds_have_passed() {
    let now = instant();
    let entries = |news: &[News]| news.iter().map(|news| news.entry.0).collect::<Vec<_>>();
    for ends in [true, false] {
        let mut receipts = Receipts::default();
        for entry in 1..=3 {
            receipts.track(now, (PAIR, false), EntryId(entry), awaited(1, 1), Some(now));
        }
        receipts.mark(PAIR, &mark(BOB, "bob", 1));
        assert!(due(&mut receipts, now).is_empty());
        receipts.mark(PAIR, &mark(BOB, "bob", if ends { 3 } else { 2 }));
        if ends {
            assert!(receipts.news(now, |_| true).is_empty(), "a fourth is sent");
            let news = due(&mut receipts, now);
            assert_eq!(entries(&news), [1, 2, 3]);
            assert_eq!(news.chunk_by(News::is_like).count(), 1);
        } else {
            assert_eq!(receipts.deadline(), Some(now + GATHER));
            assert_eq!(entries(&due(&mut receipts, now + GATHER)), [1, 2]);
        }
    }
}

#[test]
fn names_of_a_room_that_come_one_by_one_are_gathered_after_the_first_line_too() {
    let now = instant();
    let room = ConversationId(8);
    let mut receipts = Receipts::default();
    receipts.track(now, (room, true), EntryId(1), awaited(4, 1), Some(now));
    receipts.mark(room, &mark(BOB, "bob", 1));
    assert_eq!(due(&mut receipts, now).remove(0).count, Some((1, 4)));
    receipts.mark(room, &mark(CAROL, "carol", 1));
    receipts.mark(room, &mark(DAVE, "dave", 1));
    assert!(due(&mut receipts, now).is_empty());
    let news = due(&mut receipts, now + GATHER).remove(0);
    assert_eq!((news.names.len(), news.count), (2, Some((3, 4))));
    receipts.mark(room, &mark(AccountId(9), "eve", 1));
    assert_eq!(
        due(&mut receipts, now + GATHER).remove(0).count,
        Some((4, 4))
    );
}

/// Nothing was shown for a minute where the other one was online and did not answer.
#[test]
fn silence_of_those_who_are_online_is_told_of_after_two_seconds_and_once() {
    let now = instant();
    let mut receipts = Receipts::default();
    for (entry, online) in [(1, 0), (2, 1), (3, 1), (4, 1)] {
        let place = (PAIR, false);
        receipts.track(now, place, EntryId(entry), awaited(1, online), Some(now));
        receipts.watch_silence(now, (PAIR, EntryId(entry)));
    }
    let early = Mark {
        since: EntryId(1),
        ..mark(BOB, "bob", 2)
    };
    receipts.mark(PAIR, &early);
    assert!(receipts.unanswered(now).is_empty());
    assert_eq!(receipts.deadline(), Some(now + GATHER));
    due(&mut receipts, now + GATHER);
    let silent = receipts.unanswered(now + GATHER);
    let messages = silent.values().map(|silence| silence.messages);
    assert_eq!(messages.collect::<Vec<_>>(), [2]);
    assert!(receipts.unanswered(now + 2 * GATHER).is_empty());
    assert_eq!(receipts.deadline(), None);
}
