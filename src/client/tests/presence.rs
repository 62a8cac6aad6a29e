//! Who comes and goes, and who is there.

use super::*;
use crate::protocol::{Alert, Contact, ListContacts, RecipientData};

#[test]
fn comings_and_goings_are_told_and_known_to_the_tab_key() {
    let mut desk = Desk::signed_in(Screen::interactive());
    let alert = |online| {
        ServerMessage::control(Alert {
            name: "dave".into(),
            online,
        })
    };
    desk.control(&alert(true));
    assert_eq!(desk.lines(), ["dave is online!"]);
    assert_eq!(desk.screen.names().users, ["bob", "dave"]);
    desk.wait(Duration::from_mins(1));
    desk.control(&alert(false));
    assert_eq!(desk.lines(), ["dave went offline"]);
    assert_eq!(
        desk.screen.names().users,
        ["bob"],
        "with whom one has talked"
    );
}

#[test]
fn reconnection_is_no_news_of_those_who_are_back_too() {
    // After a restart of the server everybody was welcomed again and told of each of the others, whom they had never
    // been told to have gone; of those who did not come back nobody was told.
    let mut desk = Desk::signed_in(Screen::interactive());
    let alert = |name: &str, online| {
        ServerMessage::control(Alert {
            name: name.into(),
            online,
        })
    };
    for name in ["bob", "carol", "dave", "zoe"] {
        desk.control(&alert(name, true));
    }
    desk.wait(Duration::from_mins(1));
    desk.lines();
    desk.core.link_lost(desk.now, "reset", None);
    desk.core.link_up(desk.now, KEY, HASH);
    desk.bodies();
    desk.control(&ServerMessage::control(session_start()));
    let asked = desk.settle_heads(vec![head(PAIR, "bob", 0, 0, 0)]);
    let tag = asked.iter().find_map(|body| match body {
        ClientBody::ContactsRequest(request) => Some(request.tag),
        _ => None,
    });
    desk.control(&ServerMessage::control(ListContacts {
        tag: tag.expect("the client asks who is there"),
        contacts: vec![Contact {
            account: BOB,
            name: "bob".into(),
            address: RecipientData::from(std::net::SocketAddr::from(([10, 0, 0, 1], 1))),
            bot: None,
        }],
        more: false,
    }));
    desk.control(&alert("carol", true));
    desk.control(&alert("eve", true));
    let lines = desk.lines();
    assert_eq!(
        lines[lines.len() - 2..],
        ["host:7777 is back", "eve is online!"]
    );
    desk.wait(Duration::from_secs(30));
    assert_eq!(desk.lines(), ["dave, zoe went offline"]);
    desk.control(&alert("dave", true));
    assert_eq!(desk.lines(), ["dave is online!"]);
}

#[test]
fn contacts_are_listed_with_their_addresses() {
    let mut desk = Desk::signed_in(Screen::interactive());
    desk.core.settle(desk.now);
    desk.type_line("contacts");
    let ClientBody::ContactsRequest(request) = desk.body() else {
        panic!("the client does not ask");
    };
    let contact = |name: &str, port: u16| Contact {
        account: BOB,
        name: name.into(),
        address: RecipientData::from(std::net::SocketAddr::from(([10, 0, 0, 1], port))),
        bot: None,
    };
    desk.control(&ServerMessage::control(ListContacts {
        tag: request.tag,
        contacts: vec![contact("bob", 1)],
        more: true,
    }));
    desk.control(&ServerMessage::control(ListContacts {
        tag: request.tag,
        contacts: vec![contact("erin", 2)],
        more: false,
    }));
    assert_eq!(
        desk.lines(),
        ["bob   10.0.0.1:1", "erin  10.0.0.1:2  (you)"]
    );
    assert_eq!(desk.screen.names().users, ["bob"]);
}
