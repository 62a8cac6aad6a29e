//! Who has not signed in gets nothing but the way in.

use std::net::Ipv4Addr;
use std::time::Duration;

use udpchat::protocol::{
    AccountId, Bytes, ClientMessage, Command, ContactsRequest, ConversationId, DeviceId, DeviceSeq,
    ErrorCode, Origin, ServerBody, ServerMessage, Text,
};
use udpchat::transport::Channel;

use crate::kit::{PATIENCE, Peer};
use crate::support::Workspace;

#[test]
fn honest_use_of_the_kit_is_served() {
    let workspace = Workspace::new(&[]);
    let server = workspace.serve();
    let here = Ipv4Addr::LOCALHOST.into();
    let (mut alice, pass) = Peer::enter(server.address, here, "alice", 1);
    let (mut bob, _) = Peer::enter(server.address, here, "bob", 2);
    let pair = alice.resolve("bob").unwrap();
    let line = Peer::line(&pass, pair.conversation, 1, "tea at four?");
    alice.say(&line).unwrap();
    let heard = bob.next(PATIENCE, ServerMessage::text);
    assert_eq!(heard.map(|text| text.text).as_deref(), Some("tea at four?"));
    let mut again = Peer::connect(server.address, 3);
    let second = again
        .resume(pass.account, pass.device, &pass.ticket)
        .unwrap();
    assert_eq!(second.account, pass.account);
}

#[test]
fn stranger_can_neither_speak_nor_ask() {
    let workspace = Workspace::new(&[]);
    let server = workspace.serve();
    let mut stranger = Peer::connect(server.address, 1);
    stranger.ask(ContactsRequest { tag: 1 });
    let refused = stranger.answer(Command::Contacts, |_| None::<()>);
    let code = refused.unwrap_err().map(|failure| failure.code);
    assert_eq!(code, Some(ErrorCode::NotSignedIn));
    let origin = Origin {
        conversation: ConversationId::EVERYONE,
        device: DeviceId(1),
        number: DeviceSeq(1),
    };
    let text = Text {
        sender: AccountId(1),
        receiver: ConversationId::EVERYONE,
        salt: Bytes([7; 16]),
        text: "the server moves to another address".into(),
    };
    let _ = stranger.send(Channel::Chat, &ClientMessage::chat(origin, &text));
    let stored = stranger.next(Duration::from_secs(1), |message| {
        matches!(message.body, ServerBody::Stored(_)).then_some(())
    });
    assert_eq!(stored, None);
}
