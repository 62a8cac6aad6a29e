//! What the server says of itself, and servers of other versions.

use super::*;
use crate::protocol::{
    ClientBody, Digest, Feature, Rooms, ServerLimits, ServerMessage, Software, TEXT_MAX_BYTES,
    to_bytes,
};

/// A server that takes texts of so many bytes and has these features.
fn greeted(text_bytes: u64, features: Vec<Feature>) -> Desk {
    let mut desk = Desk::signed_in(Screen::interactive());
    desk.control(&ServerMessage::control(Greeting {
        text: "Welcome.".into(),
        online: 1,
        software: Some(Software {
            version: "9.9.9".into(),
            features,
        }),
        others: None,
        limits: Some(ServerLimits {
            text_bytes,
            file_bytes: 0,
            messages_per_second: None,
            bytes_per_second: None,
            bytes_per_day: None,
        }),
    }));
    desk.core.settle(desk.now);
    desk.screen.lines();
    desk
}

#[test]
fn text_longer_than_the_server_takes_is_refused_with_the_number_before_it_is_sent() {
    let mut desk = greeted(10, Vec::new());
    desk.type_line("message bob twelve bytes");
    let bodies = desk.bodies();
    assert_eq!(bodies, []);
    let lines = desk.screen.lines();
    assert!(
        lines[0].contains("12 bytes, and a message has at most 10"),
        "{lines:?}"
    );
    // A longer one than this version's own none of this version's readers would show.
    let mut desk = greeted(u64::MAX, Vec::new());
    desk.type_line(&format!("message bob {}", "x".repeat(TEXT_MAX_BYTES + 1)));
    assert_eq!(desk.bodies(), []);
}

#[test]
fn joining_is_not_proposed_where_it_creates_no_room() {
    for (features, proposed) in [
        (vec![Feature::RoomCreation, Feature::Other(200)], true),
        (Vec::new(), false),
    ] {
        let mut desk = greeted(10, features);
        desk.type_line("rooms");
        let Some(ClientBody::RoomsRequest(request)) = desk.bodies().pop() else {
            panic!("the rooms are asked for");
        };
        desk.control(&ServerMessage::control(Rooms {
            tag: request.tag,
            rooms: Vec::new(),
            more: false,
            pages: Some(1),
        }));
        let lines = desk.lines();
        assert_eq!(lines[0].contains("/join"), proposed, "{lines:?}");
    }
}

#[test]
fn message_of_a_newer_server_is_ignored_on_every_channel() {
    let mut desk = Desk::signed_in(Screen::interactive());
    for channel in Channel::ALL {
        for header in [(200_u8, 4_u8), (11, 200), (9, 32)] {
            let content = to_bytes(&(header, ("anything", 1_u8)));
            let bytes = Envelope {
                hop: Hop::default(),
                digest: Digest::of(&content),
                content: &content,
            }
            .encode();
            desk.core.handle_message(desk.now, channel, &bytes);
        }
    }
    assert_eq!(desk.bodies(), []);
    assert!(desk.screen.lines().is_empty());
    desk.type_line("message bob tea?");
    assert!(matches!(desk.bodies()[..], [.., ClientBody::Entry(_)]));
}

#[test]
fn endless_answer_to_hello_fills_no_memory() {
    // Each head of a list without end was kept until the end of the list.
    let mut desk = Desk::signed_in(Screen::interactive());
    for _ in 0..100 {
        let answer = HelloAnswer {
            heads: vec![head(PAIR, "bob", 0, 0, 0); 100],
            more: true,
        };
        desk.control(&ServerMessage::control(answer));
    }
    let account = desk.core.signed_in.as_ref().expect("erin is signed in");
    assert_eq!(account.parts.resync.heads.len(), 1);
}
