//! The beginning without a server: what this device has is shown, and what is typed is kept.

use super::*;
use crate::protocol::{Command, ErrorCode, Failure, MUTED_FOR_GOOD, Muted};

const LINK_WAIT: Duration = Duration::from_secs(1);

/// A client with the files of erin, who was signed in before, and no link.
fn begun(screen: Screen) -> Desk {
    let Desk { core, files, .. } = Desk::signed_in(Screen::interactive());
    drop(core);
    let mut desk = Desk::with_files(screen, options(), files);
    assert!(desk.core.begin_offline(desk.now));
    desk.settle();
    desk
}

fn refuse_ticket(desk: &mut Desk) {
    for (command, code) in [
        (Command::Resume, ErrorCode::TicketRefused),
        (Command::Hello, ErrorCode::NotSignedIn),
    ] {
        let failure = Failure::new(code, "");
        desk.control(&ServerMessage::error(command, failure));
    }
}

#[test]
fn last_user_is_at_the_prompt_at_once_and_signed_in_when_there_is_a_link() {
    let mut desk = begun(Screen::interactive());
    assert_eq!(desk.screen.asks(), [Ask::Command("erin> ".into())]);
    desk.type_line("message bob tea?");
    assert_eq!(
        desk.lines(),
        ["● queued; will be sent when the server answers"]
    );
    desk.type_line("/history bob");
    assert!(!desk.lines().is_empty());
    desk.wait(LINK_WAIT);
    let told = desk.lines();
    assert!(
        told[0].starts_with("offline: no answer from host:7777"),
        "{told:?}"
    );
    desk.wait(LINK_WAIT);
    assert!(desk.lines().is_empty());
    desk.core.link_up(desk.now, KEY, HASH);
    let told = desk.lines();
    assert_eq!(told, ["connected to host:7777"]);
    let sent = desk.core.take_messages();
    assert_eq!(sent.len(), 2, "the ticket, and where this device stands");
    desk.control(&ServerMessage::control(session_start()));
    let sent = desk.settle_heads(vec![head(PAIR, "bob", 0, 0, 0)]);
    let is_text = |body: &ClientBody| matches!(body, ClientBody::Entry(_));
    assert!(sent.iter().any(is_text), "{sent:?}");
}

/// It was said that one should log in again, and the messages that had been queued went nowhere.
#[test]
fn refused_ticket_asks_for_the_password_and_keeps_what_is_typed_meanwhile() {
    let mut server = Server::with_signed_in("erin", "secret");
    let mut desk = begun(Screen::interactive());
    desk.core.link_up(desk.now, KEY, HASH);
    desk.sent();
    desk.screen.asks();
    refuse_ticket(&mut desk);
    let told = ["the earlier sign-in is no longer valid; Enter asks for the password"];
    assert_eq!(desk.lines(), told);
    desk.type_line("message bob tea?");
    desk.settle();
    assert_eq!(desk.screen.asks(), [Ask::Secret("password: ".into())]);
    desk.type_line("secret");
    server.log_in(&mut desk);
    // It would say "offline" until the next line.
    assert_eq!(desk.screen.asks(), []);
    let sent = desk.bodies();
    assert!(matches!(&sent[..], [ClientBody::Hello(_)]), "{sent:?}");
    let sent = desk.settle_heads(vec![head(PAIR, "bob", 0, 0, 0)]);
    let is_text = |body: &ClientBody| matches!(body, ClientBody::Entry(_));
    assert!(sent.iter().any(is_text), "{sent:?}");
}

#[test]
fn who_gives_no_password_for_a_refused_ticket_is_at_the_prompt_of_nobody() {
    let mut desk = begun(Screen::interactive());
    desk.core.link_up(desk.now, KEY, HASH);
    desk.sent();
    refuse_ticket(&mut desk);
    desk.type_line("");
    desk.settle();
    desk.screen.asks();
    desk.core.handle_input(desk.now, Input::Cancelled);
    desk.settle();
    assert_eq!(desk.screen.asks(), [Ask::Command("> ".into())]);
}

#[test]
fn link_that_comes_soon_is_not_worth_a_word() {
    let mut desk = begun(Screen::interactive());
    desk.core.link_up(desk.now, KEY, HASH);
    desk.wait(LINK_WAIT);
    assert!(desk.lines().is_empty());
}

#[test]
fn device_without_a_ticket_begins_at_the_sign_in() {
    let mut desk = Desk::signed_in(Screen::interactive());
    desk.type_line("/logout");
    desk.settle();
    let mut desk = Desk::with_files(Screen::interactive(), options(), desk.files);
    assert!(!desk.core.begin_offline(desk.now));
}

/// It was said, and then there was no prompt until the server was back.
#[test]
fn user_who_signs_out_without_a_link_has_a_prompt_and_is_told_that_there_is_none() {
    let mut desk = begun(Screen::interactive());
    desk.screen.asks();
    desk.type_line("/logout");
    let told = "logged out here; no answer from host:7777 yet, still trying; `/quit` leaves";
    assert_eq!(desk.lines(), [told]);
    assert_eq!(desk.screen.asks(), [Ask::Command("> ".into())]);
    desk.type_line("/history bob");
    assert_eq!(desk.lines(), ["sign in first, with `/login`"]);
    desk.type_line("/quit");
    desk.settle();
    assert_eq!(desk.core.end(), Some(&End::Quit));
}

/// What stood behind a command that waited for the server was neither sent nor named.
#[test]
fn script_without_its_server_keeps_what_stands_behind_a_command_that_waits_for_it() {
    let mut desk = begun(Screen::plain());
    desk.wait(LINK_WAIT);
    desk.settle();
    desk.type_line("/contacts");
    desk.settle();
    desk.wait(Duration::from_secs(29));
    let told = [desk.lines(), desk.lines()].concat();
    let failed = "line 1: not connected; try again when the connection is back".to_owned();
    assert!(told.contains(&failed), "{told:?}");
    desk.type_line("/message bob tea?");
    desk.settle();
    assert!(desk.core.end().is_none());
    desk.core.handle_input(desk.now, Input::EndOfInput);
    let told = desk.lines();
    let not_stored = "line 2: not stored yet: message to bob: \"tea?\"".to_owned();
    assert!(told.contains(&not_stored), "{told:?}");
    assert_eq!(desk.core.end(), Some(&End::Quit));
    assert_eq!(desk.core.fault(), Some(Fault::Unconfirmed));
}

#[test]
fn script_without_its_server_does_not_wait_for_lines_after_the_timeout() {
    let mut desk = begun(Screen::plain());
    desk.wait(LINK_WAIT);
    desk.settle();
    desk.wait(Duration::from_secs(29));
    desk.settle();
    assert!(desk.core.end().is_none());
    desk.wait(Duration::from_secs(1));
    desk.settle();
    assert!(matches!(desk.core.end(), Some(End::Unreachable(_))));
}

/// A script did nothing at all without its server, and what it had to say was lost.
#[test]
fn script_without_its_server_keeps_what_it_says_until_the_timeout() {
    for (line, end, fault) in [
        ("message bob tea?", End::Quit, Some(Fault::Unconfirmed)),
        ("/history bob", End::Unreachable(String::new()), None),
    ] {
        let mut desk = begun(Screen::plain());
        assert!(desk.screen.asks().is_empty());
        desk.wait(LINK_WAIT);
        desk.settle();
        assert_eq!(desk.screen.asks().len(), 1);
        desk.type_line(line);
        desk.settle();
        assert!(desk.core.end().is_none());
        desk.core.handle_input(desk.now, Input::EndOfInput);
        desk.wait(Duration::from_secs(30));
        desk.settle();
        let ended = desk.core.end().expect("the timeout has passed");
        assert_eq!(
            std::mem::discriminant(ended),
            std::mem::discriminant(&end),
            "{line}: {ended:?}"
        );
        assert_eq!(desk.core.fault(), fault, "{line}");
    }
}

#[test]
fn device_that_signs_in_by_its_ticket_reads_and_mutes_as_one_that_gave_a_password() {
    for (screen, is_attended) in [(Screen::interactive(), true), (Screen::plain(), false)] {
        let mut desk = begun(screen);
        desk.core.link_up(desk.now, KEY, HASH);
        desk.core.take_messages();
        desk.control(&ServerMessage::control(session_start()));
        desk.settle_heads(vec![head(PAIR, "bob", 0, 0, 0)]);
        desk.control(&ServerMessage::control(Muted {
            tag: None,
            conversation: PAIR,
            until_ms: MUTED_FOR_GOOD,
        }));
        desk.lines();
        receiving::deliver(&mut desk, "psst", 1, 0);
        assert_eq!(desk.lines().is_empty(), is_attended);
    }
}

/// The device knows its account by the name of its last sign-in, and the password of the command line went with another one.
#[test]
fn refused_ticket_of_a_renamed_account_is_replaced_by_the_password_of_either_name() {
    for user in ["erin", "lizzy"] {
        let Desk { core, files, .. } = Desk::signed_in(Screen::interactive());
        drop(core);
        let mut desk = Desk::with_files(Screen::plain(), with_password(user, "secret"), files);
        assert!(desk.core.begin_offline(desk.now));
        desk.core.link_up(desk.now, KEY, HASH);
        desk.sent();
        refuse_ticket(&mut desk);
        assert!(desk.core.end().is_none(), "{:?}", desk.core.end());
        let sent = desk.bodies();
        let is_login = |body: &ClientBody| matches!(body, ClientBody::Login(_));
        assert!(sent.iter().any(is_login), "{user}: {sent:?}");
    }
}
