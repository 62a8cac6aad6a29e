//! The list of rooms, page by page.

use super::*;
use crate::protocol::{
    ClientBody, HISTORY_ALL, MUTED_FOR_GOOD, MemberRole, Members, Muted, RoomMember, Rooms,
    RoomsRequest, ServerMessage,
};

/// What the client asks for with this line.
fn asked(desk: &mut Desk, line: &str) -> RoomsRequest {
    type_at_prompt(desk, line);
    match desk.bodies().pop() {
        Some(ClientBody::RoomsRequest(request)) => request,
        other => panic!("{line}: {other:?}"),
    }
}

fn answer(desk: &mut Desk, tag: u32, rooms: Vec<Room>, pages: Option<u32>) -> Vec<String> {
    desk.lines();
    desk.control(&ServerMessage::control(Rooms {
        tag,
        rooms,
        more: false,
        pages,
    }));
    desk.lines()
}

#[test]
fn page_of_rooms_tells_how_to_see_the_next() {
    let mut desk = member();
    let request = asked(&mut desk, "rooms");
    assert_eq!(request.page, Some(0));
    let lines = answer(&mut desk, request.tag, vec![bridge()], Some(3));
    assert_eq!(
        lines.last().map(String::as_str),
        Some("page 1 of 3; `/rooms 2` shows more")
    );
    let request = asked(&mut desk, "rooms 3");
    assert_eq!(request.page, Some(2));
    let lines = answer(&mut desk, request.tag, vec![bridge()], Some(3));
    assert_eq!(lines.len(), 1, "the last page has no next: {lines:?}");
    let request = asked(&mut desk, "rooms 9");
    let lines = answer(&mut desk, request.tag, Vec::new(), Some(3));
    assert_eq!(lines, ["page 9 of the rooms is empty; there are 3 pages"]);
}

#[test]
fn members_are_listed_with_what_newcomers_may_read() {
    let mut desk = member();
    for (history, told) in [
        (
            Some(0),
            Some("newcomers of #bridge read no earlier messages"),
        ),
        (
            Some(20),
            Some("newcomers of #bridge read the last 20 earlier messages"),
        ),
        (
            Some(HISTORY_ALL),
            Some("newcomers of #bridge read all earlier messages"),
        ),
        (None, None),
    ] {
        type_at_prompt(&mut desk, "/members #bridge");
        let Some(ClientBody::MembersRequest(request)) = desk.bodies().pop() else {
            panic!("no members are asked for");
        };
        desk.lines();
        let bob = RoomMember {
            account: BOB,
            name: "bob".into(),
            role: MemberRole::Owner,
            online: true,
            bot: None,
        };
        desk.control(&ServerMessage::control(Members {
            tag: request.tag,
            conversation: BRIDGE,
            members: vec![bob],
            more: false,
            history,
        }));
        let lines = desk.lines();
        assert_eq!(lines[0], "bob  owner  online");
        assert_eq!(lines.get(1).map(String::as_str), told);
    }
}

#[test]
fn server_that_knows_no_pages_has_one() {
    let mut desk = member();
    let request = asked(&mut desk, "rooms");
    let lines = answer(&mut desk, request.tag, vec![bridge()], None);
    assert_eq!(lines.len(), 1, "{lines:?}");
    for line in ["rooms 0", "rooms x"] {
        type_at_prompt(&mut desk, line);
        assert_eq!(desk.lines(), ["a page is a number, as in `/rooms 2`"]);
    }
}

#[test]
fn list_says_which_room_is_muted() {
    let mut desk = member();
    for (until_ms, is_said) in [(MUTED_FOR_GOOD, true), (0, false)] {
        desk.control(&ServerMessage::control(Muted {
            tag: None,
            conversation: BRIDGE,
            until_ms,
        }));
        let request = asked(&mut desk, "rooms");
        let lines = answer(&mut desk, request.tag, vec![bridge()], Some(1));
        assert_eq!(lines[0].contains("muted"), is_said, "{lines:?}");
    }
}
