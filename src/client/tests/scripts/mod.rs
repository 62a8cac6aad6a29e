//! A client without a terminal: which failures count, which lines wait for the server, and for how long.

use super::chat::stored;
use super::receiving::deliver;
mod keys;
mod program;

use super::*;
use crate::client::Tone;
use crate::protocol::{Command, DeviceSeq, ErrorCode, Failure, Resolved};

const TIMEOUT: Duration = Duration::from_secs(30);

pub(super) fn script() -> Desk {
    Desk::signed_in(Screen::plain())
}

/// A line is read, and what follows from it.
pub(super) fn reads(desk: &mut Desk, line: &str) {
    desk.settle();
    desk.type_line(line);
    desk.settle();
}

pub(super) fn errors(desk: &Desk) -> Vec<String> {
    let lines = std::mem::take(&mut desk.screen.seen().lines);
    let errors = lines.into_iter().filter(|(tone, _)| *tone == Tone::Error);
    errors.map(|(_, line)| line).collect()
}

fn is_asked_for_the_next(desk: &Desk) -> bool {
    !desk.screen.asks().is_empty()
}

fn loses_the_server(desk: &mut Desk) {
    desk.core.link_lost(desk.now, "gone", None);
    desk.settle();
}

#[test]
fn each_failure_is_told_with_its_line_and_the_worst_counts() {
    let mut desk = script();
    assert_eq!(desk.core.fault(), None);
    let long = format!("message bob {}", "z".repeat(17_000));
    for (line, fault) in [
        ("block erin", Fault::Failed),
        (&*long, Fault::Usage),
        ("mesage bob tea", Fault::Usage),
        ("message bob", Fault::Usage),
        ("history bob --before noon", Fault::Usage),
        ("message erin tea", Fault::NoRecipient),
        ("message #bridge tea", Fault::NoRecipient),
        ("history #nowhere", Fault::NoRecipient),
        // A milder one changes nothing.
        ("message bob", Fault::NoRecipient),
    ] {
        reads(&mut desk, line);
        assert_eq!(desk.core.fault(), Some(fault), "{line:.40}");
    }
    let errors = errors(&desk);
    assert!(errors[1].starts_with("line 2: the text is too long"));
    assert!(errors[2].starts_with("line 3: unknown command \"mesage\""));
    assert_eq!(errors.len(), 9, "{errors:?}");
}

#[test]
fn message_of_an_earlier_run_that_is_refused_is_no_failure_of_this_one() {
    let mut desk = script();
    reads(&mut desk, "message bob tea?");
    let mut options = options();
    options.user = Some("erin".into());
    let mut desk = desk.restarted(Screen::plain(), options);
    desk.bodies();
    desk.control(&ServerMessage::control(session_start()));
    desk.settle_heads(vec![head(PAIR, "bob", 0, 0, 0)]);
    let refused = Failure::of_number(ErrorCode::QuotaFull, PAIR, DeviceSeq(1));
    let refused = ServerMessage::error(Command::SendMessage, refused);
    let bytes = encode(&refused, Hop::default());
    desk.core.handle_message(desk.now, Channel::Chat, &bytes);
    desk.settle();
    let errors = errors(&desk);
    assert!(errors[0].starts_with("not sent: "), "{errors:?}");
    assert_eq!(desk.core.fault(), None);
}

#[test]
fn message_that_is_refused_later_is_told_with_its_own_line() {
    let mut desk = script();
    reads(&mut desk, "message bob tea?");
    reads(&mut desk, "help message");
    let refused = Failure::of_number(ErrorCode::QuotaFull, PAIR, DeviceSeq(1));
    let bytes = encode(
        &ServerMessage::error(Command::SendMessage, refused),
        Hop::default(),
    );
    desk.core.handle_message(desk.now, Channel::Chat, &bytes);
    desk.settle();
    assert!(errors(&desk)[0].starts_with("line 1: not sent: "));
    assert_eq!(desk.core.fault(), Some(Fault::Failed));
}

#[test]
fn line_that_cannot_be_read_counts_as_one() {
    let mut desk = script();
    desk.settle();
    desk.core
        .handle_input(desk.now, Input::Skipped("too long".into()));
    reads(&mut desk, "nonsense");
    let errors = errors(&desk);
    assert_eq!(errors[0], "line 1: too long");
    assert!(errors[1].starts_with("line 2: "));
}

#[test]
fn failures_at_a_terminal_are_told_without_a_line_and_do_not_count() {
    let mut desk = Desk::signed_in(Screen::interactive());
    reads(&mut desk, "nonsense");
    assert!(errors(&desk)[0].starts_with("unknown command"));
    assert_eq!(desk.core.fault(), None);
}

/// Once the server had stopped, no further line was read, and the client never ended.
#[test]
fn lines_go_on_without_the_server_and_what_needs_it_waits_no_longer_than_the_timeout() {
    let mut desk = script();
    loses_the_server(&mut desk);
    for line in ["message bob tea?", "help", "search tea", "status"] {
        desk.screen.asks();
        reads(&mut desk, line);
        assert!(is_asked_for_the_next(&desk), "{line}");
    }
    desk.screen.lines();
    reads(&mut desk, "contacts");
    desk.wait(TIMEOUT / 2);
    desk.settle();
    assert!(desk.screen.lines().is_empty() && !is_asked_for_the_next(&desk));
    desk.wait(TIMEOUT / 2);
    desk.settle();
    desk.settle();
    assert!(errors(&desk)[0].starts_with("line 5: not connected"));
    assert!(is_asked_for_the_next(&desk));
    // The next one does not wait again.
    reads(&mut desk, "members #bridge");
    assert!(is_asked_for_the_next(&desk));
    desk.core.handle_input(desk.now, Input::EndOfInput);
    desk.settle();
    assert_eq!(desk.core.end(), None);
    desk.wait(TIMEOUT);
    desk.settle();
    assert_eq!(desk.core.end(), Some(&End::Quit));
    assert_eq!(desk.core.fault(), Some(Fault::NoRecipient));
    let errors = errors(&desk);
    let last = errors.last().unwrap();
    assert_eq!(last, "line 1: not stored yet: message to bob: \"tea?\"");
}

#[test]
fn command_that_waits_for_the_server_is_carried_out_when_it_is_back() {
    let mut desk = script();
    loses_the_server(&mut desk);
    reads(&mut desk, "contacts");
    desk.wait(TIMEOUT / 2);
    desk.core.link_up(desk.now, KEY, HASH);
    desk.bodies();
    desk.control(&ServerMessage::control(session_start()));
    desk.settle_heads(vec![head(PAIR, "bob", 0, 0, 0)]);
    desk.settle();
    assert!(desk.core.fault().is_none());
    assert!(
        !desk
            .screen
            .seen()
            .lines
            .iter()
            .any(|(tone, _)| *tone == Tone::Error)
    );
}

#[test]
fn end_without_the_server_waits_for_nothing_if_everything_is_stored() {
    let mut desk = script();
    reads(&mut desk, "message bob tea?");
    desk.bodies();
    desk.chat(stored(1, 3, 0, 0));
    desk.settle();
    loses_the_server(&mut desk);
    desk.core.handle_input(desk.now, Input::EndOfInput);
    desk.settle();
    assert_eq!(desk.core.end(), Some(&End::Quit));
    assert_eq!(desk.core.fault(), None);
}

#[test]
fn sign_in_that_is_not_answered_ends_at_the_timeout() {
    let options = Options {
        program: ProgramOptions::new(Duration::from_secs(5)),
        ..with_password("erin", "secret")
    };
    let unreachable = |desk: &mut Desk| {
        desk.settle();
        assert_eq!(desk.core.end(), None);
        desk.wait(Duration::from_secs(5));
        desk.settle();
        let end = desk.core.end();
        assert!(
            matches!(end, Some(End::Unreachable(text)) if text.contains("within 5 s")),
            "{end:?}"
        );
    };
    let mut unresolved = Desk::new(Screen::plain(), options.clone());
    unreachable(&mut unresolved);
    let end = format!("{:?}", unresolved.core.end());
    assert!(
        end.contains("host:7777 could not be resolved within 5 s"),
        "{end}"
    );
    let mut resolved = Desk::new(Screen::plain(), options.clone());
    resolved.core.resolved();
    unreachable(&mut resolved);
    let end = format!("{:?}", resolved.core.end());
    assert!(end.contains("no answer from host:7777 within 5 s"), "{end}");
    unreachable(&mut Desk::connected(Screen::plain(), options.clone()));
    // The server has accepted the sign-in, and says nothing more.
    let mut desk = Desk::connected(Screen::plain(), options);
    Server::with_signed_in("erin", "secret").log_in(&mut desk);
    unreachable(&mut desk);
}

#[test]
fn client_whose_output_is_closed_carries_out_what_its_input_holds_and_ends() {
    let mut desk = script();
    desk.settle();
    desk.core.handle_input(desk.now, Input::OutputClosed);
    desk.settle();
    desk.wait(Duration::from_millis(900));
    reads(&mut desk, "message bob tea?");
    desk.wait(Duration::from_millis(900));
    desk.settle();
    assert_eq!(desk.core.end(), None);
    desk.wait(Duration::from_millis(100));
    desk.settle();
    desk.chat(stored(1, 3, 0, 0));
    desk.settle();
    assert_eq!(desk.core.end(), Some(&End::Quit));
    assert_eq!(desk.core.fault(), None);
}

#[test]
fn input_that_cannot_be_read_any_more_is_a_failure() {
    for (screen, end) in [
        (Screen::plain(), End::Quit),
        (Screen::interactive(), End::Failed("why".into())),
    ] {
        let mut desk = Desk::signed_in(screen);
        desk.settle();
        desk.core
            .handle_input(desk.now, Input::Broken("why".into()));
        desk.settle();
        assert_eq!(desk.core.end(), Some(&end));
        assert_eq!(desk.core.fault().is_some(), end == End::Quit);
    }
}

/// More messages than may be under way were read only as fast as they were stored: with a full disk, for ever.
#[test]
fn messages_are_read_on_if_none_is_stored_for_long_and_the_outbox_stays_bounded() {
    let mut desk = script();
    for number in 0..64 {
        reads(&mut desk, &format!("message bob {number}"));
    }
    desk.screen.asks();
    desk.settle();
    assert!(!is_asked_for_the_next(&desk));
    desk.wait(TIMEOUT);
    desk.settle();
    assert!(is_asked_for_the_next(&desk));
    reads(&mut desk, "message bob 64");
    assert!(is_asked_for_the_next(&desk));
}

/// A reader of the output that paused lost lines, and the script went on.
#[test]
fn script_waits_for_an_output_that_is_far_behind() {
    let mut desk = script();
    desk.settle();
    desk.screen.hold();
    for _ in 0..200 {
        desk.type_line("help");
        desk.settle();
    }
    desk.screen.asks();
    desk.type_line("help");
    desk.settle();
    assert!(!is_asked_for_the_next(&desk));
    desk.screen.seen().held_at = None;
    desk.wait(Duration::from_millis(50));
    desk.settle();
    assert!(is_asked_for_the_next(&desk));
}

/// A script of erin's with this time-out.
fn script_with_timeout(timeout: Duration) -> Desk {
    let options = Options {
        program: ProgramOptions::new(timeout),
        ..with_password("erin", "secret")
    };
    let mut desk = Desk::connected(Screen::plain(), options);
    Server::with_signed_in("erin", "secret").log_in(&mut desk);
    desk.settle_heads(vec![
        head(PAIR, "bob", 9, 0, 9),
        head(ConversationId(60), "#bridge", 0, 0, 0),
    ]);
    desk.screen.lines();
    desk
}

/// A command that had been sent when the server stopped was waited for as long as at a terminal, and each that followed
/// as long again.
#[test]
fn answer_is_waited_for_as_long_as_the_timeout_says_and_then_no_other() {
    for (line, seconds) in [
        ("contacts", 3),
        ("contacts", 60),
        ("members #bridge", 3),
        ("leave #bridge", 3),
        ("join #ops", 3),
        ("block bob", 3),
        ("rooms", 3),
        ("history zoe", 3),
        ("history bob", 3),
    ] {
        let timeout = Duration::from_secs(seconds);
        let mut desk = script_with_timeout(timeout);
        reads(&mut desk, line);
        desk.screen.asks();
        desk.wait(timeout * 9 / 10);
        desk.settle();
        assert!(!is_asked_for_the_next(&desk), "{line}");
        desk.wait(timeout / 10);
        desk.settle();
        let told = errors(&desk).join("\n");
        assert!(told.starts_with("line 1: "), "{line}: {told:?}");
        assert_eq!(desk.core.fault(), Some(Fault::Unreachable), "{line}");
        assert!(is_asked_for_the_next(&desk), "{line}");
        reads(&mut desk, "/contacts");
        let told = errors(&desk);
        let expected = "line 2: not connected";
        assert!(told[0].starts_with(expected), "{line}: {told:?}");
        assert!(is_asked_for_the_next(&desk), "{line}");
    }
}

#[test]
fn server_that_is_heard_again_is_asked_again() {
    let timeout = Duration::from_secs(3);
    let mut desk = script_with_timeout(timeout);
    reads(&mut desk, "contacts");
    desk.wait(timeout);
    desk.settle();
    deliver(&mut desk, "late", 10, 9);
    desk.bodies();
    reads(&mut desk, "members #bridge");
    assert!(matches!(
        desk.bodies()[..],
        [.., ClientBody::MembersRequest(_)]
    ));
}

/// The history of a user with whom nothing was said failed as if there were no such user.
#[test]
fn history_with_a_user_that_exists_is_no_failure_and_one_that_does_not_is() {
    let asks = |desk: &mut Desk| {
        reads(desk, "history zoe");
        match &desk.bodies()[..] {
            [ClientBody::Resolve(asked)] => asked.tag,
            other => panic!("{other:?}"),
        }
    };
    let mut desk = script();
    let tag = asks(&mut desk);
    assert!(!is_asked_for_the_next(&desk));
    desk.control(&ServerMessage::control(Resolved {
        tag,
        account: AccountId(6),
        conversation: ConversationId(61),
        name: "zoe".into(),
        last_number: DeviceSeq(0),
        start: EntryId(0),
    }));
    assert_eq!(desk.lines(), ["zoe: start of your history"]);
    assert!(is_asked_for_the_next(&desk));
    assert_eq!(desk.core.fault(), None);
    let mut desk = script();
    let tag = asks(&mut desk);
    let mut failure = Failure::new(ErrorCode::NoSuchUser, "");
    failure.tag = Some(tag);
    desk.control(&ServerMessage::error(Command::Resolve, failure));
    desk.settle();
    assert_eq!(errors(&desk), ["line 1: there is no user \"zoe\" here"]);
    assert_eq!(desk.core.fault(), Some(Fault::NoRecipient));
}

#[test]
fn password_of_the_command_line_is_for_whoever_a_script_signs_in() {
    let options = |user: Option<&str>| Options {
        user: user.map(str::to_owned),
        ..with_password("erin", "secret")
    };
    let mut desk = Desk::connected(Screen::plain(), options(None));
    reads(&mut desk, "login erin");
    let sent = desk.body();
    assert!(matches!(sent, ClientBody::Login(_)), "{sent:?}");
    // It is nobody else's.
    assert!(options(Some("erin")).password_of(Some("bob")).is_none());
    assert!(options(Some("erin")).password_of(Some("Erin")).is_some());
}

/// They were recorded as shown before the output had taken them, and a client that was ended while its reader paused
/// never showed them.
#[test]
fn lines_that_were_not_printed_are_shown_again_after_a_signal_and_waited_for_without_one() {
    for is_interrupted in [true, false] {
        let mut desk = script();
        desk.settle();
        desk.screen.hold();
        deliver(&mut desk, "tea?", 1, 0);
        desk.settle();
        desk.core.handle_input(desk.now, Input::EndOfInput);
        desk.settle();
        assert_eq!(desk.core.end(), Some(&End::Quit));
        assert!(!desk.core.is_closed());
        let due = desk.core.deadline().expect("the output is looked at again");
        assert!(due <= desk.now.instant + Duration::from_millis(50));
        if is_interrupted {
            desk.core.handle_input(desk.now, Input::Interrupt);
        } else {
            desk.screen.seen().held_at = None;
        }
        desk.settle();
        assert!(desk.core.is_closed());
        let screen = Screen::interactive();
        let mut options = options();
        options.user = Some("erin".into());
        let mut desk = desk.restarted(screen, options);
        desk.bodies();
        desk.control(&ServerMessage::control(session_start()));
        assert_eq!(desk.lines_again().len(), usize::from(is_interrupted));
    }
}
