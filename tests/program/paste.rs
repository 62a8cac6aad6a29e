//! What is pasted at the prompt is one text or several commands, and the prompt says which before anything is sent.

use crate::prompt::{at_password, signed_in};
use crate::support::{Person, Workspace};

/// Pastes as a terminal with bracketed paste does, and does not press Enter.
fn paste(person: &mut Person, text: &str) {
    person.types_without_enter(&format!("\x1b[200~{text}\x1b[201~"));
}

/// Both lines went to bob, as one text.
#[test]
fn pasted_commands_are_shown_and_on_enter_run_each_on_its_own() {
    let workspace = Workspace::new(&["alice", "bob", "carol"]);
    let server = workspace.serve();
    let mut bob = signed_in("bob", &server);
    let mut carol = signed_in("carol", &server);
    let mut alice = signed_in("alice", &server);
    paste(
        &mut alice,
        "message bob meeting at 9\nmessage carol the secret plan\n",
    );
    alice.sees("[2 commands: Enter runs one after the other, Ctrl-C clears them]");
    alice.types("");
    alice.sees("Message received by");
    carol.sees("alice: the secret plan");
    bob.sees("alice: meeting at 9");
    alice.types("message bob last");
    let seen = bob.sees("alice: last");
    assert!(!seen.contains("secret"), "{seen:?}");
    // Where the first leads, the second is still a command.
    paste(&mut alice, "enter bob\r\nmessage carol for you\r\n");
    alice.sees("[2 commands");
    alice.types("");
    carol.sees("alice: for you");
}

#[test]
fn pasted_text_of_several_lines_names_who_gets_it_and_is_sent_as_one() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let mut bob = signed_in("bob", &server);
    let mut alice = signed_in("alice", &server);
    // In the midst of a draft, with each end of line, a tab, an escape sequence and control characters.
    alice.types_without_enter("message bob see: ");
    paste(
        &mut alice,
        "one\rtwo\r\n\tthree\x1b[A\x03\x07\n\x1b[31mfour\x1b[0m\x1b]0;title\x07\n\n",
    );
    alice.sees("[one text of 4 lines for bob: Enter sends it, Ctrl-C clears it]");
    alice.types("end");
    // As it was pasted, and no line of it at the left.
    bob.sees("alice: see: one\r\n      two\r\n              three\r\n      four\r\n      end");
    alice.types("enter bob");
    alice.sees("alice bob> ");
    paste(&mut alice, "tea\nat four");
    alice.sees("[one text of 2 lines for bob");
    alice.presses('c');
    alice.types("never mind");
    let seen = bob.sees("alice: never mind");
    assert!(!seen.contains("tea"), "{seen:?}");
}

#[test]
fn paste_that_could_be_either_is_not_sent_and_stays() {
    let workspace = Workspace::new(&["alice", "bob", "carol"]);
    let server = workspace.serve();
    let mut bob = signed_in("bob", &server);
    let mut alice = signed_in("alice", &server);
    paste(
        &mut alice,
        "message bob one\nmesage carol two\nmessage carol three",
    );
    alice.sees("[line 1 is a command, line 2 is not: nothing is sent");
    alice.types("");
    alice.sees("nothing is sent");
    alice.presses('c');
    alice.types("message bob after");
    let seen = bob.sees("alice: after");
    assert!(!seen.contains("alice: one"), "{seen:?}");
    // A question takes one line.
    alice.types("logout");
    alice.sees("logged out");
    alice.types("login");
    alice.sees("username [alice]: ");
    paste(&mut alice, "alice\nmessage bob x");
    alice.sees("[an answer has one line: nothing is sent");
    alice.presses('c');
    paste(&mut alice, "alice\n");
    alice.types("");
    alice.sees("password: ");
}

#[test]
fn paste_of_nothing_or_too_much_changes_nothing_and_one_without_an_end_can_be_left() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let mut bob = signed_in("bob", &server);
    let mut alice = signed_in("alice", &server);
    alice.types_without_enter("message bob a");
    for nothing in ["", "\x1b[1m"] {
        paste(&mut alice, nothing);
    }
    paste(&mut alice, &"x".repeat(40_000));
    alice.sees("a line has at most 32768 bytes; the paste was left out");
    // The editor alone would take the end of this paste for a part of it.
    paste(&mut alice, "b\x1b");
    alice.types("c");
    bob.sees("alice: abc");
    alice.types_without_enter("\x1b[200~message bob lost\x1b[");
    alice.types_without_enter("\x1b[201~");
    std::thread::sleep(std::time::Duration::from_millis(1_200));
    alice.presses('c');
    alice.types("message bob after");
    bob.sees("alice: after");
}

/// Both were one line, and went to bob.
#[test]
fn pastes_in_a_row_are_lines_of_their_own() {
    let workspace = Workspace::new(&["alice", "bob", "carol"]);
    let server = workspace.serve();
    let mut bob = signed_in("bob", &server);
    let mut carol = signed_in("carol", &server);
    let mut alice = signed_in("alice", &server);
    paste(&mut alice, "/message bob one\n");
    paste(&mut alice, "/message carol two\n");
    alice.sees("[2 commands");
    alice.types("");
    carol.sees("alice: two");
    alice.types("enter bob");
    alice.sees("alice bob> ");
    paste(&mut alice, "hello bob\n");
    paste(&mut alice, "/message carol the secret\n");
    alice.sees("[line 2 is a command, line 1 is not: nothing is sent");
    alice.presses('c');
    paste(&mut alice, "    // a comment\n    int x;\n");
    alice.sees("[one text of 2 lines for bob");
    alice.types("");
    let seen = bob.sees("// a comment");
    assert!(!seen.contains("secret"), "{seen:?}");
}

/// The paste was run line by line, without Enter.
#[test]
fn paste_is_one_whatever_key_was_pressed_before_it() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let mut bob = signed_in("bob", &server);
    let mut alice = signed_in("alice", &server);
    for key in [
        "\x16", "\x11", "\x18", "\x1d", "\x1b\x1d", "\x1bO", "\x1b[", "\x1b\x1b", "\x12",
    ] {
        alice.types_without_enter(key);
        paste(&mut alice, "message bob leaked\nmessage bob this too\n");
        alice.sees("[2 commands");
        alice.presses('c');
    }
    alice.types("message bob last");
    let seen = bob.sees("alice: last");
    assert!(!seen.contains("leaked"), "{seen:?}");
}

/// What followed in the paste was run as a command, or was the answer to the next question.
#[test]
fn password_is_the_first_line_of_a_paste() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let mut bob = signed_in("bob", &server);
    let mut alice = at_password("alice", &server);
    alice.types_without_enter("swordfish in tea\r\nmessage bob leaked\n");
    alice.sees("only the first line was taken; the rest of the paste was dropped");
    alice.sees("alice> ");
    alice.types("message bob last");
    let seen = bob.sees("alice: last");
    assert!(!seen.contains("leaked"), "{seen:?}");
    alice.types("logout");
    alice.sees("logged out");
    alice.types("login carol");
    alice.sees("Sign up? [Y/n]");
    alice.types("y");
    for question in [
        "new password (at least 12 characters): ",
        "repeat password: ",
    ] {
        alice.sees(question);
        alice.types_without_enter("swordfish in tea\r\n");
    }
    alice.sees("carol> ");
}

/// It ended the client, or came too late.
#[test]
fn control_c_stops_pasted_commands_that_still_wait() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let mut bob = signed_in("bob", &server);
    let mut alice = signed_in("alice", &server);
    paste(
        &mut alice,
        "enter bob\nmessage bob unsaid\nmessage bob unsaid too\n",
    );
    alice.sees("[3 commands");
    server.pauses();
    alice.types("");
    // The first waits for the server.
    std::thread::sleep(std::time::Duration::from_millis(300));
    alice.presses('c');
    alice.sees("stopped: 2 of the pasted commands not run");
    server.goes_on();
    alice.sees("alice bob> ");
    alice.types("last");
    let seen = bob.sees("alice: last");
    assert!(!seen.contains("unsaid"), "{seen:?}");
}
