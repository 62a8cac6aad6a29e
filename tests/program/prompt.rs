//! The prompt at a pseudo-terminal: what the keys do, what is printed above a line that is being typed, and the
//! mistakes that only a terminal lets one make.

use crate::support::{Host, Person, Server, Workspace};

const ACCOUNTS: &[&str] = &["alice", "bob"];

/// Somebody at the password prompt.
pub fn at_password(name: &str, server: &Server) -> Person {
    let mut person = Person::comes(name, server, &[]);
    person.sees("password: ");
    person
}

/// Somebody who is signed in.
pub fn signed_in(name: &str, server: &Server) -> Person {
    Person::signed_in(name, server, &[])
}

#[test]
fn wrong_or_empty_password_asks_again() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let mut alice = at_password("alice", &server);
    alice.types("sardine");
    alice.sees("login failed: wrong password");
    alice.sees("password: ");
    alice.types("");
    alice.sees("a password cannot be empty");
    alice.sees("password: ");
    alice.types("swordfish in tea");
    alice.sees("alice> ");
}

#[test]
fn control_c_clears_the_line_and_on_an_empty_one_asks_for_a_second() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let mut alice = signed_in("alice", &server);
    alice.types_without_enter("message bob never sent");
    alice.sees("never sent");
    alice.presses('c');
    alice.presses('c');
    alice.sees("press Ctrl-C again to quit");
    alice.sees("alice> ");
    // A line in between takes the first one back.
    alice.types("contacts");
    alice.sees("(you)");
    alice.presses('c');
    alice.sees("press Ctrl-C again to quit");
    // So does any key.
    alice.types_without_enter("abc");
    alice.presses('c');
    alice.presses('c');
    alice.sees("press Ctrl-C again to quit");
    alice.presses('c');
    assert_eq!(alice.ends(), 130);
}

/// A message to bob, recalled in a room, went to everyone in it.
#[test]
fn recalled_line_means_what_it_meant() {
    const UP: &str = "\x1b[A";
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let mut bob = signed_in("bob", &server);
    let mut alice = signed_in("alice", &server);
    alice.types("message bob my secret");
    bob.sees("alice: my secret");
    alice.types("join #deck");
    alice.sees("alice #deck> ");
    alice.types("kick him out");
    alice.sees("#deck has no other members");
    alice.types_without_enter(&format!("{UP}{UP}{UP}"));
    alice.sees("/message bob my secret");
    alice.types("");
    bob.sees("alice: my secret");
    alice.types("/back");
    alice.sees("alice> ");
    // What was said in the room is no command here.
    alice.types_without_enter(&format!("{UP}{UP}{UP}"));
    alice.sees("/join #deck");
    alice.presses('c');
    alice.types("quit");
    assert_eq!(alice.ends(), 0);
}

/// A message to bob, typed in a room without its slash, was said to all of it.
#[test]
fn private_message_typed_in_a_room_goes_back_into_the_editor() {
    const HOME: &str = "\x01";
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let mut bob = signed_in("bob", &server);
    let mut alice = signed_in("alice", &server);
    bob.types("/join #deck");
    bob.sees("bob #deck> ");
    alice.types("/join #deck");
    alice.sees("alice #deck> ");
    // The second Enter comes at once, and is not meant for what is said below the line.
    alice.types_without_enter("  Message bob my secret\r\r");
    alice.sees("looks like a command: / before it runs it, Enter sends it");
    alice.types_without_enter(&format!("{HOME}/\r"));
    alice.sees("received by bob");
    alice.types("all of you");
    let seen = bob.sees("alice: all of you");
    assert!(seen.contains("alice to (you): my secret"), "{seen}");
    assert!(!seen.contains("#deck alice"), "{seen}");
    // So does the name of a command alone.
    alice.types_without_enter("contacts\r");
    alice.sees("looks like a command: / before it runs it, Enter sends it");
    // A line that comes meanwhile does not take away why the line is still there.
    bob.types("what now?");
    alice.sees("bob: what now?");
    alice.sees("looks like a command: / before it runs it, Enter sends it");
    alice.types_without_enter(&format!("{HOME}/\r"));
    alice.sees("(you)");
}

#[test]
fn control_c_gives_up_a_question_and_not_the_client() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let mut alice = at_password("alice", &server);
    alice.presses('c');
    alice.sees("> ");
    alice.types("login");
    alice.sees("username: ");
    alice.presses('c');
    alice.sees("> ");
    alice.types("login alice");
    alice.sees("password: ");
    alice.types("swordfish in tea");
    alice.sees("alice> ");
}

/// It ended the client.
#[test]
fn control_d_at_a_question_goes_back_to_the_prompt() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let mut alice = at_password("alice", &server);
    alice.presses('d');
    alice.sees("\n");
    alice.sees("> ");
    alice.types("/login");
    alice.sees("username: ");
    alice.presses('d');
    alice.sees("> ");
    alice.types("/login alice");
    alice.sees("password: ");
    alice.types("swordfish in tea");
    alice.sees("alice> ");
    alice.presses('d');
    assert_eq!(alice.ends(), 0);
}

#[test]
fn text_that_arrives_leaves_the_line_that_is_being_typed_intact() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let mut alice = signed_in("alice", &server);
    let mut bob = signed_in("bob", &server);
    alice.sees("bob is online");
    alice.types_without_enter("message bob tea at fo");
    alice.sees("tea at fo");
    bob.types("message alice hello");
    alice.sees_like(r"\d\d:\d\d ✉ bob: hello");
    // The line is drawn again below it, as far as it was typed.
    alice.sees("alice> message bob tea at fo");
    bob.sees("Message received by alice");
    alice.types("ur?");
    bob.sees_like(r"\d\d:\d\d ✉ alice: tea at four\?");
}

#[test]
fn text_that_arrives_while_a_password_is_typed_leaves_the_question() {
    let workspace = Workspace::new(ACCOUNTS);
    let mut server = workspace.serve();
    let mut alice = at_password("alice", &server);
    alice.types_without_enter("sword");
    assert!(server.signal("TERM").success());
    alice.sees("is stopping");
    alice.sees("password: ");
    server.restart();
    alice.sees("is back");
    alice.sees("password: ");
    alice.types("fish in tea");
    alice.sees("alice> ");
}

#[test]
fn tab_completes_commands_and_the_names_of_those_online() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let mut alice = signed_in("alice", &server);
    let mut bob = signed_in("bob", &server);
    alice.sees("bob is online");
    alice.types_without_enter("con\t");
    alice.sees("contacts ");
    alice.types("");
    alice.sees("(you)");
    // Two commands begin with `mes`: completed is what they share.
    alice.types_without_enter("/mes\t b\tby tab");
    alice.types("");
    bob.sees("alice: by tab");
    bob.types("quit");
    assert_eq!(bob.ends(), 0);
    // Somebody with whom one has talked, online or not.
    alice.types("message B\thello");
    alice.sees("stored; bob is offline");
}

/// It was refused only after a password had been typed twice.
#[test]
fn name_that_cannot_be_had_is_refused_before_a_password_is_asked_for() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let mut alice = signed_in("alice", &server);
    alice.types("logout");
    alice.sees("logged out");
    // The o is Cyrillic.
    alice.types("login b\u{43e}b");
    alice.sees("choose another name: this one looks like one that is taken: bob");
    alice.types("login i\u{307}van");
    alice.sees("a user name cannot contain a dot above a letter that has one");
    alice.types("quit");
    assert_eq!(alice.ends(), 0);
    let (listed, _) = workspace.run(&["user", "list"]);
    assert_eq!(listed.lines().count(), 2, "{listed}");
}

/// The name's being taken came out only after a password had been typed twice, and Ctrl-D left the error on the
/// line of the question.
#[test]
fn operator_is_told_of_a_taken_name_before_a_password_is_asked_for() {
    let workspace = Workspace::new(ACCOUNTS);
    let _server = workspace.serve();
    let add = |name: &str| {
        let mut command = Host::default().udpchat();
        command.args(["user", "add", name, "--data"]);
        command.arg(workspace.data());
        Person::runs(command, "operator")
    };
    let mut operator = add("Alice");
    operator.sees("cannot add \"Alice\": the name is taken");
    assert_eq!(operator.ends(), 1);
    let mut operator = add("carol");
    operator.sees("password for carol: ");
    operator.presses('d');
    operator.sees("\nudpchat: no password was given");
    assert_eq!(operator.ends(), 1);
    let mut operator = add("carol");
    operator.sees("password for carol: ");
    operator.types("swordfish in tea");
    operator.sees("repeat password: ");
    operator.types("swordfish in tea");
    operator.sees("added carol");
    assert_eq!(operator.ends(), 0);
}

/// After Ctrl-Z and `fg` the terminal stayed as the shell had left it, and everything typed was shown twice: the
/// signal stopped another thread first, and the editor had already made the terminal its own again.
#[test]
fn terminal_is_the_clients_again_after_it_was_stopped_and_goes_on() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let mut bob = signed_in("bob", &server);
    let mut shell = Host::default().command("bash");
    shell
        .args(["--norc", "--noprofile", "-i"])
        .env("PS1", "shell$ ");
    let mut alice = Person::runs(shell, "alice");
    alice.sees("shell$ ");
    alice.types(&format!(
        "{} connect {} --accept-new --user alice --state {}",
        env!("CARGO_BIN_EXE_udpchat"),
        server.address,
        workspace.path("state").display()
    ));
    alice.sees("password: ");
    alice.types("swordfish in tea");
    alice.sees("alice> ");
    bob.sees("alice is online");
    for round in 0..3 {
        alice.types_without_enter("half");
        alice.sees("half");
        alice.presses('z');
        alice.sees("Stopped");
        alice.sees("shell$ ");
        alice.types("fg");
        alice.sees("alice> half");
        alice.presses('c');
        let line = format!("message bob round {round}");
        alice.types(&line);
        let shown = alice.sees("Message received by bob");
        assert!(shown.matches(&line).count() <= 1, "{shown:?}");
        bob.sees(&format!("alice: round {round}"));
    }
    alice.types("quit");
    alice.sees("shell$ ");
    alice.types("exit");
    assert_eq!(alice.ends(), 0);
}

/// Of what had come in one go the prompt took the first line and threw the rest away: pasted commands, and every
/// key that was pressed while a slow machine was busy.
#[test]
fn lines_that_come_in_one_go_are_all_taken() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let mut bob = signed_in("bob", &server);
    let mut alice = signed_in("alice", &server);
    alice.types_without_enter("message bob one\nmessage bob two\nmessage bob three\n");
    for text in ["one", "two", "three"] {
        bob.sees(&format!("alice: {text}"));
    }
    alice.types_without_enter("half a line\u{3}\u{3}\u{3}");
    assert_eq!(alice.ends(), 130);
}

/// While a command waited for a server that did not answer, what was typed stood raw on the terminal, and the prompt was
/// kept back for as long as the session lasted.
#[test]
fn line_that_is_typed_while_the_server_is_waited_for_stands_at_the_next_prompt_only() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let mut shell = Host::default().command("bash");
    // A terminal of these tests does not show what is typed, one of a person does.
    shell.args(["-c", "stty echo && exec \"$@\"", "bash"]);
    shell.arg(env!("CARGO_BIN_EXE_udpchat")).arg("connect");
    shell.args([
        &server.address.to_string(),
        "--accept-new",
        "--user",
        "alice",
    ]);
    shell.arg("--state").arg(workspace.path("state"));
    let mut alice = Person::runs(shell, "alice");
    alice.sees("password: ");
    alice.types("swordfish in tea");
    alice.sees("alice> ");
    alice.types("contacts");
    alice.sees("nobody else is online");
    server.pauses();
    alice.types("enter bob");
    // The editor has let go of the terminal by then.
    std::thread::sleep(std::time::Duration::from_millis(300));
    alice.types_without_enter("message bob half");
    let before = alice.sees("still waiting for the server's answer");
    assert!(!before.contains("\nmessage"), "{before:?}");
    alice.sees("alice> message bob half");
    server.goes_on();
    alice.sees("in bob: ");
    alice.types(" a line");
    alice.sees("stored; bob is offline");
}

#[test]
fn terminal_that_cannot_edit_lines_is_used_as_plain_input_and_output() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let mut command = Host::default().udpchat();
    command
        .env("TERM", "dumb")
        .args(["connect", &server.address.to_string(), "--accept-new"])
        .args(["--user", "alice", "--password-file"])
        .arg(workspace.password_file("alice"))
        .arg("--state")
        .arg(workspace.path("state"));
    let mut alice = Person::runs(command, "alice");
    alice.sees("nobody else is online");
    alice.types("contacts");
    alice.sees("(you)");
    // It cannot take a line back to be edited.
    alice.types("/join #deck");
    alice.sees("alice #deck> ");
    alice.types("message bob my secret");
    alice.sees("not sent: it looks like a command");
    alice.types("/quit");
    assert_eq!(alice.ends(), 0);
}

/// A byte of Latin-1 ended the client without a word and with exit code 0, and what had been typed was lost.
#[test]
fn byte_that_is_no_text_is_replaced_and_the_line_is_kept() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let bob = workspace.sign_in(server.address, "bob");
    let mut alice = signed_in("alice", &server);
    alice.types_without_enter("message bob caf");
    alice.sees("caf");
    // The byte is known to be wrong only by the one behind it.
    alice.types_bytes(b"\xe9 ");
    alice.sees("caf\u{fffd}");
    alice.types(" au lait");
    bob.sees(1, "alice: caf\u{fffd} au lait");
    // In the middle of a line.
    alice.types_without_enter("message bob ab\u{1b}[D");
    alice.types_bytes(b"\xff");
    alice.sees("a\u{fffd}b");
    alice.types("");
    bob.sees(1, "alice: a\u{fffd}b");
}

/// The editor drops what it has read behind such a byte, and with it the mark of the paste's end: what was typed next was
/// taken for the paste, and a rest of it would have been run.
#[test]
fn paste_that_is_no_text_is_left_out_whole() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let bob = workspace.sign_in(server.address, "bob");
    let mut alice = signed_in("alice", &server);
    alice.types_without_enter("message bob kept");
    alice.sees("kept");
    let rest = b"message bob from the paste\r".repeat(100);
    let paste = [b"\x1b[200~caf\xe9 au lait\r", &*rest, b"\x1b[201~"].concat();
    alice.types_bytes(&paste);
    alice.sees("the paste is not UTF-8; it was left out");
    alice.sees("message bob kept");
    alice.types(" and sent");
    bob.sees(1, "alice: kept and sent");
    assert!(!bob.lines().concat().contains("from the paste"));
}
