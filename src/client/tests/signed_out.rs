//! Users whom the server signs out: what they are told, what they keep, and that they stay out until they say otherwise.

use super::*;
use crate::protocol::{ClientBody, DeviceId, EndReason, ServerMessage, SessionEnd};

/// What is sent of messages: number, device, text.
fn said(desk: &mut Desk) -> Vec<(DeviceSeq, DeviceId, String)> {
    let sent = desk.sent();
    sent.into_iter()
        .filter_map(|(_, message)| {
            let origin = message.header.entry?.origin;
            Some((origin.number, origin.device, message.text()?.text))
        })
        .collect()
}

/// The client of erin, who has said something that was not called stored when the server ended her session.
fn too_many(screen: Screen) -> Desk {
    let mut desk = Desk::signed_in(screen);
    desk.core.settle(desk.now);
    desk.type_line("message bob tea at four?");
    let sent = [(DeviceSeq(1), DEVICE, "tea at four?".to_owned())];
    assert_eq!(said(&mut desk), sent);
    desk.control(&ServerMessage::control(SessionEnd {
        reason: EndReason::TooManySessions,
    }));
    desk
}

/// The end that the closing of the link tells of, and the link that is made anew after it.
fn link_again(desk: &mut Desk, ended: EndReason) {
    desk.core
        .link_lost(desk.now, "closed by the other end", Some(ended));
    desk.core.link_up(desk.now, KEY, HASH);
}

#[test]
fn superseded_device_does_not_drive_the_other_one_out_in_turn() {
    let mut desk = Desk::signed_in(Screen::interactive());
    link_again(&mut desk, EndReason::Superseded);
    assert!(desk.bodies().is_empty());
    assert_eq!(desk.core.user(), None);
}

#[test]
fn oldest_of_too_many_sessions_is_told_and_keeps_its_device_and_what_it_has_to_send() {
    // It was told that its device had signed in elsewhere, gave up its device, and showed what it had just sent as
    // unconfirmed: because the account had a session more than the server allows.
    let mut desk = too_many(Screen::interactive());
    let lines = desk.lines();
    let tells = |text: &str| lines.iter().any(|line| line.starts_with(text));
    assert!(
        tells("● 1 message is not stored yet; kept here"),
        "{lines:?}"
    );
    assert!(tells("signed out: the account has"), "{lines:?}");
    link_again(&mut desk, EndReason::TooManySessions);
    desk.core.settle(desk.now);
    desk.type_line("login erin");
    let flight = desk.bodies();
    let [ClientBody::Resume(resume)] = &flight[..] else {
        panic!("not by its ticket: {flight:?}");
    };
    assert_eq!(resume.device, DEVICE);
    desk.control(&ServerMessage::control(session_start()));
    desk.sent();
    let heads = vec![
        head(PAIR, "bob", 0, 0, 0),
        head(ConversationId::EVERYONE, EVERYONE_NAME, 0, 0, 0),
    ];
    desk.control(&ServerMessage::control(HelloAnswer { heads, more: false }));
    let sent = [(DeviceSeq(1), DEVICE, "tea at four?".to_owned())];
    assert_eq!(said(&mut desk), sent);
}

#[test]
fn oldest_of_too_many_sessions_drives_no_other_out_in_turn() {
    let mut desk = too_many(Screen::interactive());
    assert_eq!(desk.core.user(), None);
    link_again(&mut desk, EndReason::TooManySessions);
    assert_eq!(desk.bodies(), []);
    desk.wait(Duration::from_mins(1));
    assert_eq!(desk.bodies(), []);
}

#[test]
fn oldest_of_too_many_sessions_learns_it_from_the_closing_of_the_link_alone() {
    // The message before it may be lost.
    let mut desk = Desk::signed_in(Screen::interactive());
    link_again(&mut desk, EndReason::TooManySessions);
    assert_eq!(desk.bodies(), []);
    let lines = desk.lines();
    let told = |line: &String| line.starts_with("signed out: the account has");
    assert_eq!(
        lines.iter().filter(|line| told(line)).count(),
        1,
        "{lines:?}"
    );
}

#[test]
fn script_whose_session_was_one_too_many_ends_as_refused() {
    let mut desk = too_many(Screen::plain());
    assert!(desk.refused().starts_with("signed out: the account has"));
    let lines = desk.lines();
    assert!(
        lines.iter().any(|line| line.contains("kept here")),
        "{lines:?}"
    );
}

#[test]
fn user_whom_a_later_server_signs_out_for_a_reason_unknown_here_stays_out() {
    // It was said that the password or the account had been changed.
    let mut desk = Desk::signed_in(Screen::interactive());
    desk.control(&ServerMessage::control(SessionEnd {
        reason: EndReason::Other(99),
    }));
    assert_eq!(desk.lines(), ["signed out by the server"]);
    link_again(&mut desk, EndReason::Other(99));
    assert_eq!(desk.bodies(), []);
}

/// It was said that the user was no longer in the conversation.
#[test]
fn line_that_is_entered_after_the_user_was_signed_out_is_given_back_whole_and_says_why() {
    for reason in [
        EndReason::PasswordChanged,
        EndReason::Revoked,
        EndReason::Superseded,
        EndReason::TooManySessions,
        EndReason::AccountDeleted,
    ] {
        let mut desk = Desk::signed_in(Screen::interactive());
        desk.settle();
        desk.type_line("/enter bob");
        desk.settle();
        assert_eq!(desk.screen.asks().last(), Some(&inside("bob")));
        desk.control(&ServerMessage::control(SessionEnd { reason }));
        let told = desk.lines();
        assert!(
            told.iter().any(|line| line.starts_with("signed out: ")),
            "{told:?}"
        );
        let text = "a line that is longer than forty characters, for all who are there";
        desk.type_line(text);
        let told = format!("not sent: nobody is signed in; `/login` first: \"{text}\"");
        assert_eq!(desk.lines(), [told]);
        assert_eq!(desk.screen.asks(), [Ask::Command("> ".into())]);
    }
}
