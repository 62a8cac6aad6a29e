//! Rooms that are made, and what is not told to those who try.

use super::*;

#[test]
fn closed_server_does_not_say_whether_a_private_room_exists() {
    let mut bench = Bench::new();
    bench.hub.core.config.rooms = crate::server::RoomCreationPolicy::Closed;
    let mallory = bench.user("mallory");
    let link = bench.signed_in("mallory", mallory);
    bench.is_held = true;
    for refusal in [Refusal::NotInvited, Refusal::NoSuchRoom] {
        let join = Join {
            tag: 7,
            name: "#secret".into(),
            access: None,
            must_exist: None,
        };
        bench.say(link, Channel::Control, &ClientMessage::control(join));
        bench.pass(50);
        let request = bench.answer_next(Outcome::Refused(refusal));
        assert!(matches!(
            request,
            Request::Write(Write::Join {
                may_make: false,
                ..
            })
        ));
        let heard = bench.heard(link);
        assert!(
            matches!(&heard[..], [ServerBody::Failure(failure)] if failure.code == ErrorCode::RoomsClosed && failure.tag == Some(7)),
            "{heard:?}"
        );
    }
}

#[test]
fn room_that_is_to_exist_is_not_made() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let link = bench.signed_in("alice", alice);
    let mut join = |must_exist| {
        bench.heard(link);
        let join = Join {
            tag: 7,
            name: "#bridge".into(),
            access: None,
            must_exist,
        };
        bench.say(link, Channel::Control, &ClientMessage::control(join));
        bench.pass(50);
        bench.heard(link)
    };
    let heard = join(Some(true));
    assert!(
        matches!(&heard[..], [ServerBody::Failure(failure)] if failure.code == ErrorCode::NoSuchRoom),
        "{heard:?}"
    );
    for must_exist in [None, Some(true)] {
        let heard = join(must_exist);
        let is_joined = |body: &ServerBody| matches!(body, ServerBody::Joined(_));
        assert!(heard.iter().any(is_joined), "{heard:?}");
    }
}

#[test]
fn room_that_the_operator_makes_is_the_owners_at_once() {
    // A server whose users make no rooms had no way to have one.
    let mut bench = Bench::new();
    bench.hub.core.config.rooms = crate::server::RoomCreationPolicy::Closed;
    let alice = bench.user("alice");
    let link = bench.signed_in("alice", alice);
    let alice = alice.0;
    bench.heard(link);
    bench.is_held = true;
    let room = crate::server::CreateRoom {
        name: crate::server::RoomName::parse("#Bridge").expect("a name"),
        owner: alice,
        access: Access::Private,
    };
    let (reply, answer) = std::sync::mpsc::sync_channel(1);
    let (now, input) = (bench.now, Input::Write(Box::new(room.request(1)), reply));
    bench.hub.on_input(now, &mut bench.server, input);
    let joined = Joined {
        event: Some(event(EventKind::Joined, alice, 1)),
        ..bridge_joined(EntryId::START)
    };
    let request = bench.answer_next(Outcome::Done(Reply::Joined(Box::new(joined))));
    assert!(
        matches!(&request, Request::Write(Write::MakeRoom { owner, name, access: Access::Private, .. }) if *owner == alice && name == "#bridge"),
        "{request:?}"
    );
    assert!(matches!(answer.try_recv(), Ok(Outcome::Done(_))));
    assert_eq!(events(&bench.heard(link)), [EventKind::Joined]);
    assert!(bench.hub.core.presence.is_in(alice, BRIDGE));
}

#[test]
fn who_joins_a_look_alike_of_a_room_is_not_told_which_room_that_is() {
    // The refusal named the room, a private one too, to whoever tried names that look like it.
    let mut bench = Bench::new();
    let mallory = bench.user("mallory");
    let link = bench.signed_in("mallory", mallory);
    bench.is_held = true;
    let join = Join {
        tag: 7,
        name: "#s\u{435}cret".into(),
        access: None,
        must_exist: None,
    };
    bench.say(link, Channel::Control, &ClientMessage::control(join));
    bench.pass(50);
    bench.answer_next(Outcome::Refused(Refusal::LooksLike("#secret".into())));
    let heard = bench.heard(link);
    let [ServerBody::Failure(failure)] = &heard[..] else {
        panic!("{heard:?}");
    };
    assert_eq!(failure.code, ErrorCode::NameLooksLike);
    assert_eq!(failure.detail, "");
}

#[test]
fn who_joins_without_end_is_made_to_wait() {
    let mut bench = Bench::new();
    let mallory = bench.user("mallory");
    let link = bench.signed_in("mallory", mallory);
    let mut refused = 0;
    for tag in 0..60 {
        let join = Join {
            tag,
            name: "#bridge".into(),
            access: None,
            must_exist: None,
        };
        bench.say(link, Channel::Control, &ClientMessage::control(join));
        bench.pass(20);
        for body in bench.heard(link) {
            if let ServerBody::Failure(failure) = body
                && failure.code == ErrorCode::TooManyAttempts
            {
                assert!(failure.wait_ms.is_some() && failure.tag.is_some());
                refused += 1;
            }
        }
    }
    assert!((20..=30).contains(&refused), "{refused}");
}
