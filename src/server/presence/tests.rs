//! Who is online, here and at other servers.

use super::*;

const ERIN: AccountId = AccountId(5);

#[test]
fn account_is_online_while_one_of_its_sessions_is_awake() {
    let (laptop, phone) = (SessionId(1), SessionId(2));
    let mut presence = Presence::default();
    presence.set_active(ERIN, "erin", laptop);
    presence.set_active(ERIN, "erin", phone);
    assert!(!presence.set_idle(ERIN, laptop).has_gone);
    assert!(presence.set_idle(ERIN, phone).has_gone);
    assert_eq!((presence.online().count(), presence.online_count()), (0, 0));
    assert_eq!(presence.sessions().count(), 2);
    presence.set_active(ERIN, "erin", laptop);
    assert!(!presence.leave(ERIN, phone).has_gone);
    assert!(presence.leave(ERIN, laptop).has_gone);
    assert!(presence.get(ERIN).is_none());
}

#[test]
fn others_are_told_of_the_first_and_the_last_session_that_is_not_unannounced() {
    // A monitoring system that sent a line every minute was reported online and offline every minute.
    let (laptop, phone, cron) = (SessionId(1), SessionId(2), SessionId(3));
    let mut presence = Presence::default();
    assert!(!presence.set_active(ERIN, "erin", cron));
    assert_eq!(presence.online_count(), 1);
    assert!(!presence.set_active(ERIN, "erin", laptop), "before HELLO");
    assert_eq!(presence.set_announced(ERIN, cron, false), None);
    assert_eq!(presence.set_announced(ERIN, laptop, true), Some(true));
    presence.set_active(ERIN, "erin", phone);
    assert_eq!(presence.set_announced(ERIN, phone, true), None);
    assert!(!presence.set_idle(ERIN, laptop).is_news);
    assert!(presence.set_idle(ERIN, phone).is_news);
    assert!(presence.set_active(ERIN, "erin", laptop));
    assert!(!presence.leave(ERIN, phone).is_news);
    let gone = Departure {
        has_gone: false,
        is_news: true,
    };
    assert_eq!(presence.leave(ERIN, laptop), gone);
    let gone = Departure {
        has_gone: true,
        is_news: false,
    };
    assert_eq!(presence.leave(ERIN, cron), gone);
}

#[test]
fn device_that_takes_the_place_of_its_session_before_has_not_gone() {
    // Each reconnection was a departure and an arrival for everybody else.
    let (before, after) = (SessionId(1), SessionId(2));
    let mut presence = Presence::default();
    presence.set_active(ERIN, "erin", before);
    presence.set_announced(ERIN, before, true);
    presence.set_active(ERIN, "erin", after);
    assert!(!presence.leave(ERIN, before).is_news);
    assert_eq!(presence.set_announced(ERIN, after, true), None);
    presence.set_active(ERIN, "erin", before);
    assert!(!presence.leave(ERIN, after).is_news);
    assert_eq!(presence.set_announced(ERIN, before, false), Some(false));
}

#[test]
fn account_with_most_sessions_gives_one_first_and_then_the_longest_silent() {
    let (erin, bob, carol) = (ERIN, AccountId(6), AccountId(7));
    let mut presence = Presence::default();
    for session in 1..=3 {
        presence.set_active(erin, "erin", SessionId(session));
    }
    presence.set_active(bob, "bob", SessionId(4));
    presence.set_active(bob, "bob", SessionId(5));
    presence.set_active(carol, "carol", SessionId(6));
    presence.set_idle(carol, SessionId(6));
    presence.set_idle(erin, SessionId(2));
    assert_eq!(presence.session_count(), 6);
    let mut gone = Vec::new();
    while let Some(session) = presence.eviction_candidate() {
        gone.push(session.0);
        for account in [erin, bob, carol] {
            presence.leave(account, session);
        }
    }
    // Erin has three and then as many as bob, who is last in that order.
    assert_eq!(gone, [2, 4, 1, 6]);
    assert_eq!(
        presence.session_count(),
        2,
        "those who are there with one device stay"
    );
    presence.leave(erin, SessionId(3));
    presence.leave(bob, SessionId(5));
    assert_eq!(presence.session_count(), 0);
    assert!(presence.several.is_empty() && presence.silent.is_empty());
}

#[test]
fn account_is_in_its_rooms_until_it_leaves_them_or_its_last_session_is_over() {
    let (laptop, phone) = (SessionId(1), SessionId(2));
    let (bridge, galley) = (ConversationId(7), ConversationId(8));
    let mut presence = Presence::default();
    presence.enter(ERIN, bridge);
    assert_eq!(presence.in_room(bridge).count(), 0);
    presence.set_active(ERIN, "erin", laptop);
    presence.set_active(ERIN, "erin", phone);
    presence.enter(ERIN, bridge);
    presence.enter(ERIN, galley);
    presence.exit(ERIN, galley);
    presence.leave(ERIN, laptop);
    assert!(presence.is_in(ERIN, bridge) && !presence.is_in(ERIN, galley));
    assert_eq!(presence.in_room(bridge).count(), 1);
    presence.leave(ERIN, phone);
    assert!(presence.rooms.is_empty());
}
