//! What a link says of a server: its key, and a room.

use super::*;
use crate::client::{LinkOptions, Trust};
use crate::protocol::fingerprint;

fn linked(room: Option<&str>, fingerprint: &str) -> Options {
    Options {
        accept_new: false,
        pinned_fingerprint: Some(fingerprint.to_owned()),
        linked: LinkOptions {
            has_key: true,
            room: room.map(str::to_owned),
        },
        ..with_password("erin", "secret")
    }
}

/// erin at a terminal or in a script, signed in by a link that names #bridge.
fn asked_to_join(screen: Screen) -> Desk {
    let mut desk = Desk::new(screen, linked(Some("#bridge"), &fingerprint(&KEY)));
    desk.core.link_up(desk.now, KEY, HASH);
    let mut server = Server::with_signed_in("erin", "secret");
    server.log_in(&mut desk);
    desk
}

#[test]
fn unknown_key_that_the_link_names_is_trusted_without_a_question_and_said() {
    let options = linked(None, &fingerprint(&KEY));
    let mut desk = Desk::new(Screen::interactive(), options);
    desk.files.set_trust(Trust::Unknown);
    desk.core.link_up(desk.now, KEY, HASH);
    let lines = desk.lines();
    assert!(
        lines[0].contains("has the key that the link names; it is trusted from now on"),
        "{lines:?}"
    );
    assert_eq!(desk.screen.asks(), []);
    assert!(matches!(desk.body(), ClientBody::Login(_)));
}

#[test]
fn key_of_a_link_that_is_not_the_servers_stops_the_client_whatever_is_on_file() {
    for trust in [Trust::Unknown, Trust::Known] {
        let mut desk = Desk::new(Screen::interactive(), linked(None, "SHA256:another"));
        desk.files.set_trust(trust);
        desk.core.link_up(desk.now, KEY, HASH);
        let told = desk.refused();
        assert!(told.contains("than the link says"), "{told}");
        assert!(told.contains("SHA256:another") && told.contains(&fingerprint(&KEY)));
        assert!(desk.sent().is_empty());
    }
}

#[test]
fn link_with_the_new_key_does_not_replace_the_one_on_file() {
    let mut desk = Desk::new(Screen::interactive(), linked(None, &fingerprint(&KEY)));
    desk.files.set_trust(Trust::Changed {
        known: "SHA256:old".into(),
        place: "known_servers, line 3".into(),
    });
    desk.core.link_up(desk.now, KEY, HASH);
    let told = desk.refused();
    assert!(
        told.contains("has changed") && told.contains("known_servers, line 3"),
        "{told}"
    );
}

#[test]
fn room_of_a_link_is_asked_about_after_the_sign_in_and_joined_only_after_a_yes() {
    for (answer, is_joined) in [("y", true), ("", false), ("no", false)] {
        let mut desk = asked_to_join(Screen::interactive());
        desk.settle_heads(vec![head(PAIR, "bob", 0, 0, 0)]);
        let question = Ask::Line("join #bridge, as the link asks? [y/N] ".into());
        assert_eq!(desk.screen.asks().pop(), Some(question));
        desk.type_line(answer);
        let bodies = desk.bodies();
        let joins = |body: &ClientBody| matches!(body, ClientBody::Join(join) if join.name == "#bridge" && join.must_exist == Some(true));
        assert_eq!(bodies.iter().any(joins), is_joined, "{bodies:?}");
        desk.lines();
        assert!(
            matches!(desk.screen.asks().pop(), None | Some(Ask::Command(_))),
            "it is asked once"
        );
    }
}

/// A room that did not exist was made, and the guest was alone in it.
#[test]
fn room_of_a_link_that_does_not_exist_is_not_made_and_that_is_said() {
    let mut desk = asked_to_join(Screen::interactive());
    desk.settle_heads(vec![head(PAIR, "bob", 0, 0, 0)]);
    desk.type_line("y");
    let bodies = desk.bodies();
    let tag = bodies.iter().find_map(|body| match body {
        ClientBody::Join(join) => Some(join.tag),
        _ => None,
    });
    desk.lines();
    let failure = crate::protocol::Failure {
        tag,
        ..crate::protocol::Failure::new(crate::protocol::ErrorCode::NoSuchRoom, "")
    };
    desk.control(&ServerMessage::error(
        crate::protocol::Command::Join,
        failure,
    ));
    assert_eq!(
        desk.lines(),
        ["there is no room \"#bridge\"; `/join #bridge` makes it"]
    );
}

#[test]
fn room_of_a_link_that_one_belongs_to_is_gone_to_after_a_yes() {
    let mut desk = asked_to_join(Screen::interactive());
    desk.lines();
    desk.settle_heads(vec![head(ConversationId(9), "#bridge", 0, 0, 0)]);
    let question = Ask::Line("go to #bridge, as the link asks? [y/N] ".into());
    assert_eq!(desk.screen.asks().pop(), Some(question));
    desk.lines();
    desk.type_line("y");
    assert_eq!(
        desk.lines(),
        ["in #bridge: what you type goes here; commands need a slash; `/back` returns"]
    );
}

#[test]
fn without_a_terminal_the_room_of_a_link_is_not_joined_and_that_is_said() {
    let mut desk = asked_to_join(Screen::plain());
    let bodies = desk.settle_heads(vec![head(PAIR, "bob", 0, 0, 0)]);
    assert!(
        !bodies
            .iter()
            .any(|body| matches!(body, ClientBody::Join(_))),
        "{bodies:?}"
    );
    let lines = desk.lines();
    let told = "the link's room #bridge is not joined, because there is no terminal to ask; `/join #bridge` joins it";
    assert_eq!(
        lines.iter().filter(|line| line.contains(told)).count(),
        1,
        "{lines:?}"
    );
}
