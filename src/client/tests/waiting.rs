//! What the user has of the prompt while the server does not answer.

use super::*;
use crate::client::Ask;
use crate::protocol::{
    Access, Away, Blocked, ClientBody, Joined, MemberRole, Members, Moderated, Muted, Room,
    ServerMessage,
};

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
    let desk = Desk::with_conversations(vec![
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
    let bodies = desk.bodies();
    let is_sent = |kind: fn(&ClientBody) -> bool| bodies.iter().filter(|body| kind(body)).count();
    assert_eq!(is_sent(|body| matches!(body, ClientBody::Join(_))), 1);
    assert_eq!(is_sent(|body| matches!(body, ClientBody::Entry(_))), 1);
}

/// The answer to a request, as a server gives it that carries it out.
fn answer(body: &ClientBody) -> ServerMessage {
    match body {
        ClientBody::Mute(mute) => ServerMessage::control(Muted {
            tag: Some(mute.tag),
            conversation: mute.conversation,
            until_ms: mute.until_ms,
        }),
        ClientBody::Block(block) => ServerMessage::control(Blocked {
            tag: Some(block.tag),
            users: Vec::new(),
        }),
        ClientBody::Moderate(change) => ServerMessage::control(Moderated {
            tag: change.tag,
            conversation: change.conversation,
            changed: false,
        }),
        ClientBody::AwayRequest(away) => ServerMessage::control(Away {
            tag: Some(away.tag),
            text: away.text.clone(),
        }),
        ClientBody::MembersRequest(asked) => ServerMessage::control(Members {
            tag: asked.tag,
            conversation: asked.conversation,
            members: Vec::new(),
            more: false,
            history: None,
        }),
        ClientBody::Join(join) => ServerMessage::control(joined(join.tag, &join.name)),
        other => panic!("{other:?}"),
    }
}

fn joined(tag: u32, name: &str) -> Joined {
    Joined {
        tag,
        room: Room {
            conversation: ConversationId(61),
            name: name.into(),
            topic: String::new(),
            access: Access::Public,
            role: Some(MemberRole::Member),
            members: 1,
            history: None,
        },
        last_number: DeviceSeq(0),
        start: EntryId(1),
    }
}

#[test]
fn request_that_is_not_answered_in_time_is_named_and_its_answer_shown_when_it_comes() {
    // "No answer from the server; try again" was said four times of what then happened, and the answers were not shown.
    let changes = "it may still happen";
    let shown = "it is shown when it comes";
    let cases = [
        ("mute bob", "/mute bob", changes, "bob is muted"),
        ("/block zoe", "/block zoe", changes, "you block zoe"),
        ("topic #bridge tea", "/topic #bridge tea", changes, "topic"),
        (
            "away gone fishing",
            "/away gone fishing",
            changes,
            "you are away: gone fishing",
        ),
        ("/join #ops", "/join #ops", changes, "#ops"),
    ];
    let mut desk = member();
    let mut asked = Vec::new();
    for (line, ..) in cases {
        type_at_prompt(&mut desk, line);
        let bodies = desk.bodies();
        assert_eq!(bodies.len(), 1, "{line}: {bodies:?}");
        asked.extend(bodies);
        desk.wait(Duration::from_secs(2));
        desk.lines();
    }
    desk.wait(Duration::from_secs(15));
    let told = cases.map(|(_, command, what, _)| format!("no answer yet to `{command}`; {what}"));
    assert_eq!(desk.lines(), told);
    for (body, (line, .., words)) in asked.iter().zip(cases) {
        desk.control(&answer(body));
        let lines = desk.lines();
        assert!(
            lines.iter().any(|shown| shown.contains(words)),
            "{line}: {lines:?}"
        );
    }
    desk.screen.asks();
    desk.type_line("help back");
    assert_eq!(prompts(&mut desk), [inside("#ops")]);
    desk.bodies();

    type_at_prompt(&mut desk, "/members #bridge");
    let asked = desk.bodies();
    desk.wait(Duration::from_secs(15));
    assert_eq!(
        desk.lines().last(),
        Some(&format!("no answer yet to `/members #bridge`; {shown}"))
    );
    desk.control(&answer(&asked[0]));
    type_at_prompt(&mut desk, "/members #bridge");
    assert_eq!(desk.bodies().len(), 1, "the late one is answered");
}

#[test]
fn room_that_is_joined_late_takes_nobody_from_where_they_went_since() {
    for (line, stands) in [
        ("enter bob", inside("bob")),
        ("back", Ask::Command("erin> ".into())),
    ] {
        let mut desk = member();
        type_at_prompt(&mut desk, "join #ops");
        let asked = desk.bodies();
        desk.wait(Duration::from_secs(15));
        type_at_prompt(&mut desk, line);
        desk.control(&answer(&asked[0]));
        desk.lines();
        desk.screen.asks();
        // The prompt that is open is answered, and the next one shows where the user stands.
        type_at_prompt(&mut desk, "/status");
        assert_eq!(prompts(&mut desk), [stands], "{line}");
    }
}

#[test]
fn link_that_is_lost_names_the_commands_that_have_no_answer() {
    let mut desk = member();
    for (line, is_late) in [("mute bob", true), ("/members #bridge", false)] {
        type_at_prompt(&mut desk, line);
        desk.bodies();
        desk.wait(Duration::from_secs(if is_late { 15 } else { 2 }));
        desk.lines();
    }
    desk.core.link_lost(desk.now, "reset", None);
    let lines = desk.lines();
    let lost = "the connection was lost before the answer to";
    for told in [
        format!("{lost} `/mute bob`; it may have happened: check, then try again"),
        format!("{lost} `/members #bridge`; try again"),
    ] {
        assert!(lines.contains(&told), "{lines:?}");
    }
}
