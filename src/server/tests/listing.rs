//! Many rooms: how many somebody makes, and which of them a newcomer is shown.

use super::*;
use crate::protocol::{Access, ClientMessage, Failure, Join, Room, RoomsRequest, ServerBody};

impl Bench {
    /// A page of the rooms, and how many pages there are.
    fn rooms_on(&mut self, link: Link, page: Option<u32>) -> (Vec<Room>, u32) {
        let request = RoomsRequest { tag: 3, page };
        self.say(link, Channel::Control, &ClientMessage::control(request));
        self.pass(100);
        let (mut rooms, mut pages) = (Vec::new(), None);
        for body in self.heard(link) {
            if let ServerBody::Rooms(part) = body {
                assert_eq!(part.tag, 3);
                rooms.extend(part.rooms);
                pages = pages.or(part.pages);
            }
        }
        (rooms, pages.expect("an answer"))
    }
}

fn names(rooms: &[Room]) -> Vec<&str> {
    rooms.iter().map(|room| &*room.name).collect()
}

#[test]
fn newcomer_is_shown_the_rooms_in_which_somebody_is_however_many_others_were_made() {
    // 36 accounts made 1,080 rooms in 0.8 s, and the list, the first thousand by name, showed none that was there before.
    let mut bench = Bench::new();
    for maker in 0..5 {
        let mallory = bench.user(&format!("mallory{maker}"));
        for number in 0..60 {
            let name = format!("#a{maker}x{number}");
            bench.join_room(mallory, &name, Access::Public);
        }
    }
    let people: Vec<_> = ["alice", "bob", "carol"]
        .map(|name| bench.user(name))
        .into();
    for user in &people {
        bench.join_room(*user, "#zebra", Access::Public);
    }
    bench.join_room(people[0], "#yard", Access::Public);
    bench.join_room(people[1], "#yard", Access::Public);
    bench.join_room(people[0], "#attic", Access::Private);
    let dave = bench.user("dave");
    let link = bench.signed_in("dave", dave);
    let (first, pages) = bench.rooms_on(link, None);
    assert_eq!(names(&first)[..2], ["#zebra", "#yard"]);
    assert_eq!((first.len(), pages), (100, 4));
    let mut all: Vec<String> = first.into_iter().map(|room| room.name).collect();
    for page in 1..4 {
        let (rooms, _) = bench.rooms_on(link, Some(page));
        all.extend(rooms.into_iter().map(|room| room.name));
    }
    assert_eq!(all.len(), 302);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 302, "each once, and none that is private");
    assert_eq!(bench.rooms_on(link, Some(4)).0, []);

    let alice = bench.signed_in("alice", people[0]);
    let (first, _) = bench.rooms_on(alice, Some(0));
    assert_eq!(names(&first)[..3], ["#attic", "#yard", "#zebra"], "her own");
    assert!(
        bench
            .rooms_on(alice, Some(1))
            .0
            .iter()
            .all(|room| room.role.is_none())
    );
}

#[test]
fn room_that_was_closed_since_is_on_no_page() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    bench.join_room(alice, "#bridge", Access::Public);
    let dave = bench.user("dave");
    let link = bench.signed_in("dave", dave);
    let (rooms, _) = bench.rooms_on(link, None);
    assert_eq!(names(&rooms), ["#bridge"]);
    bench.done(Write::ChangeRoom {
        conversation: rooms[0].conversation,
        actor: alice.0,
        change: crate::protocol::Change {
            kind: crate::protocol::EventKind::Access,
            subject: None,
            text: None,
            role: None,
            access: Some(Access::Private),
        },
        time_ms: 2,
    });
    assert_eq!(bench.rooms_on(link, None).0, []);
}

#[test]
fn accounts_that_make_rooms_are_held_up_and_join_those_that_there_are() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    bench.join_room(alice, "#bridge", Access::Public);
    let mallory = bench.user("mallory");
    let link = bench.signed_in("mallory", mallory);
    let mut answers = Vec::new();
    let join = |bench: &mut Bench, name: &str| {
        let join = Join {
            tag: 1,
            name: name.into(),
            access: None,
            must_exist: None,
        };
        bench.say(link, Channel::Control, &ClientMessage::control(join));
        bench.pass(50);
        let heard = bench.heard(link);
        let answer = heard.iter().find_map(|body| match body {
            ServerBody::Joined(_) => Some(Ok(())),
            ServerBody::Failure(Failure { code, wait_ms, .. }) => {
                Some(Err((*code, wait_ms.is_some())))
            }
            _ => None,
        });
        answer.expect("an answer")
    };
    for number in 0..15 {
        answers.push(join(&mut bench, &format!("#mine{number}")));
    }
    let made = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(made, 10);
    assert_eq!(answers[14], Err((ErrorCode::TooManyAttempts, true)));
    assert_eq!(join(&mut bench, "#bridge"), Ok(()));
    assert_eq!(join(&mut bench, "#mine3"), Ok(()));
}
