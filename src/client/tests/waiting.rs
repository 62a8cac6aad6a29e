//! What the user has of the prompt while the server does not answer.

use super::*;
use crate::client::Ask;
use crate::protocol::{Access, ClientBody, Joined, MemberRole, Room, ServerMessage};

fn type_at_prompt(desk: &mut Desk, line: &str) {
    desk.core.settle(desk.now);
    desk.screen.asks();
    desk.type_line(line);
}

fn prompts(desk: &mut Desk) -> Vec<Ask> {
    desk.core.settle(desk.now);
    desk.screen.asks()
}

/// Erin, a member of #bridge who stands outside of it.
fn member() -> Desk {
    let mut desk = Desk::connected(Screen::interactive(), with_password("erin", "secret"));
    Server::with_signed_in("erin", "secret").log_in(&mut desk);
    desk.settle_heads(vec![
        head(PAIR, "bob", 0, 0, 0),
        head(ConversationId(60), "#bridge", 0, 0, 0),
    ]);
    desk.screen.lines();
    desk
}

const NO_LINK: &str = "not connected; try again when the connection is back";

#[test]
fn late_answer_is_told_of_and_the_prompt_given_back() {
    // On a link that had died the prompt was kept back for 15 s by `join`, and for as long as the session lasted by
    // `enter`; what was typed meanwhile stood on the bare terminal.
    for line in ["join #ops", "enter zoe", "members #bridge", "contacts"] {
        let mut desk = member();
        type_at_prompt(&mut desk, line);
        assert!(desk.lines().is_empty(), "{line}");
        desk.wait(Duration::from_secs(2));
        assert_eq!(desk.lines(), ["still waiting for the server's answer"]);
        desk.wait(Duration::from_secs(2));
        assert!(desk.lines().is_empty(), "it is said once");
    }
    let mut desk = Desk::signed_in(Screen::interactive());
    type_at_prompt(&mut desk, "join #bridge");
    let Some(ClientBody::Join(join)) = desk.bodies().pop() else {
        panic!("a join is asked for");
    };
    assert!(prompts(&mut desk).is_empty());
    desk.wait(Duration::from_secs(2));
    assert_eq!(prompts(&mut desk), [Ask::Command("erin> ".into())]);
    // The answer comes after all. What was typed until then is meant as the prompt said.
    desk.control(&ServerMessage::control(Joined {
        tag: join.tag,
        room: Room {
            conversation: ConversationId(60),
            name: "#bridge".into(),
            topic: String::new(),
            access: Access::Public,
            role: Some(MemberRole::Member),
            members: 3,
            history: None,
        },
        last_number: DeviceSeq(0),
        start: EntryId(4),
    }));
    desk.type_line("help back");
    assert_eq!(prompts(&mut desk), [inside("#bridge")]);
}

#[test]
fn link_that_is_known_to_be_silent_is_not_asked_and_that_is_said_at_once() {
    let mut desk = member();
    desk.core.link_silent("no answer from host:7777 for 10 s");
    desk.lines();
    for line in ["contacts", "topic #bridge tea", "members #bridge"] {
        type_at_prompt(&mut desk, line);
        assert_eq!(desk.lines(), [NO_LINK], "{line}");
        assert_eq!(prompts(&mut desk), [Ask::Command("erin offline> ".into())]);
        assert!(desk.bodies().is_empty(), "{line}");
    }
    type_at_prompt(&mut desk, "message bob tea?");
    assert_eq!(
        desk.lines(),
        ["● queued; will be sent when the server answers"]
    );
    type_at_prompt(&mut desk, "join #ops");
    assert_eq!(
        desk.lines(),
        ["● #ops will be joined when the server answers"]
    );
    desk.bodies();
    desk.core.link_awake(desk.now, "host:7777 is back");
    assert!(matches!(desk.bodies()[..], [ClientBody::Join(_)]));
}
