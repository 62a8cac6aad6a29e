//! Codes with which a forgotten password is set anew, or an account opened: what the operator is given, what the user types,
//! and what becomes of the sessions that there are.

use std::fs;

use serde_json::Value;

use crate::prompt::signed_in;
use crate::support::{Host, Person, Server, Workspace};

const NEW_PASSWORD: &str = "halibut in coffee";

/// What a command of the operator printed, as JSON, and what it said beside it.
fn issued(workspace: &Workspace, words: &[&str]) -> (Value, String) {
    let output = workspace.output(&[words, &["--json"]].concat());
    assert!(output.status.success(), "{words:?}: {output:?}");
    let told = String::from_utf8(output.stderr).expect("text");
    (serde_json::from_slice(&output.stdout).expect("JSON"), told)
}

fn code_of(issued: &Value) -> &str {
    issued["code"].as_str().expect("it has a code")
}

/// Somebody at the prompt whom nobody has signed in.
fn stranger(name: &str, server: &Server) -> Person {
    let address = server.address.to_string();
    let mut person = Person::connect(&Host::default(), name, &address, &["--accept-new"]);
    person.sees("Greetings from the Chat Room!");
    person
}

/// Types a code and a new password.
fn enrols(person: &mut Person, code: &str) {
    person.types(&format!("/enrol {}", person.name.clone()));
    person.sees("code: ");
    person.types(code);
    person.sees("new password (at least 12 characters): ");
    person.types(NEW_PASSWORD);
    person.sees("repeat password: ");
    person.types(NEW_PASSWORD);
    person.sees(&format!("{}> ", person.name.clone()));
}

#[test]
fn forgotten_password_is_set_by_a_code_which_signs_out_all_others_and_is_good_once() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let mut server = workspace.serve();
    let mut laptop = signed_in("alice", &server);
    let reset = ["user", "reset", "alice", "--host", "chat.example"];
    let (code, told) = issued(&workspace, &reset);
    assert!(
        told.contains("who has this code can become alice until"),
        "{told}"
    );
    let link = code["link"].as_str().expect("a link was asked for");
    assert!(
        link.starts_with("udpchat://chat.example:7777/?key=SHA256:"),
        "{link}"
    );
    assert_eq!(code["subject"], "alice");
    // It is hers alone.
    let mut bob = stranger("bob", &server);
    bob.types("/enrol bob");
    bob.sees("code: ");
    bob.types("correct horse");
    bob.sees("that is no code");
    bob.sees("code: ");
    bob.types(code_of(&code));
    bob.sees("the code is not good, or no longer, or not for this name");
    // It outlives the server.
    server.kill();
    server.restart();
    laptop.sees("is back");
    let mut phone = stranger("alice", &server);
    enrols(&mut phone, &code_of(&code).to_uppercase());
    laptop.sees("signed out: the password was reset with a code of the operator");
    laptop.types("/login alice");
    laptop.sees("password: ");
    laptop.types("swordfish in tea");
    laptop.sees("wrong password");
    laptop.sees("password: ");
    laptop.types(NEW_PASSWORD);
    laptop.sees("the operator has issued a code with which the password");
    laptop.sees("alice> ");
    // It is told once.
    laptop.types("/quit");
    laptop.ends();
    let mut thief = stranger("alice", &server);
    thief.types("/enrol alice");
    thief.sees("code: ");
    thief.types(code_of(&code));
    thief.sees("the code is not good");
    // Neither the log of actions nor the database has the code.
    let audit = workspace.run(&["audit"]).0;
    assert!(audit.contains("user reset  alice"), "{audit}");
    let plain = code_of(&code).replace('-', "");
    assert!(!audit.contains(code_of(&code)) && !audit.contains(&plain));
    for file in fs::read_dir(workspace.data()).expect("it is there") {
        let path = file.expect("it can be read").path();
        let bytes = fs::read(&path).unwrap_or_default();
        let has = |text: &str| bytes.windows(text.len()).any(|it| it == text.as_bytes());
        assert!(!has(code_of(&code)) && !has(&plain), "{}", path.display());
    }
}

#[test]
fn script_sets_its_password_by_a_code_from_a_file() {
    let workspace = Workspace::new(&["alice"]);
    // The server does not run meanwhile.
    let (code, _) = issued(&workspace, &["user", "reset", "alice"]);
    assert_eq!(code["link"], Value::Null);
    let server = workspace.serve();
    fs::write(workspace.path("code"), format!("{}\n", code_of(&code))).expect("a file");
    fs::write(workspace.path("new"), format!("{NEW_PASSWORD}\n")).expect("a file");
    let (address, file) = (server.address.to_string(), workspace.file("code"));
    let (state, new) = (workspace.file("state"), workspace.file("new"));
    let connect = ["connect", &address, "--user", "alice", "--accept-new"];
    let with_new = ["--password-file", &new, "--state", &state];
    let enrol = [&connect[..], &with_new, &["--code-file", &file]].concat();
    let (text, exit) = workspace.run_plain(&enrol);
    assert_eq!(exit, Some(0), "{text}");
    let (text, exit) = workspace.run_plain(&enrol);
    assert_eq!(exit, Some(4), "it is used up: {text}");
    let (text, exit) = workspace.run_plain(&[&connect[..], &with_new].concat());
    assert_eq!(exit, Some(0), "{text}");
    let bad = [&connect[..], &with_new, &["--code-file", &new]].concat();
    let (text, exit) = workspace.run_plain(&bad);
    assert_eq!(exit, Some(2), "{text}");
    assert!(!text.contains("halibut"), "{text}");
}

#[test]
fn account_is_opened_by_an_invitation_alone_until_that_is_used_up_or_revoked() {
    let workspace = Workspace::new(&["alice"]);
    let mut server = workspace.serve_with(&["--registration", "invitation"]);
    let mut carol = stranger("carol", &server);
    carol.types("/signup carol");
    carol.sees("accounts are opened by invitation here");
    let create = ["invite", "create", "--uses", "2", "--expires", "1d"];
    let (code, told) = issued(&workspace, &create);
    assert!(
        told.contains("who has this code can open accounts, 2 at most"),
        "{told}"
    );
    enrols(&mut carol, code_of(&code));
    let listed = workspace.run(&["invite", "list"]).0;
    let id = code["id"].as_str().expect("it has an id");
    assert!(
        listed.starts_with(id) && listed.ends_with("1 of 2 left\n"),
        "{listed}"
    );
    // A name that is taken costs nothing.
    let mut dave = stranger("dave", &server);
    dave.types("/enrol alice");
    dave.sees("code: ");
    dave.types(code_of(&code));
    dave.sees("the name \"alice\" is taken");
    enrols(&mut dave, code_of(&code));
    let mut erin = stranger("erin", &server);
    erin.types("/enrol erin");
    erin.sees("code: ");
    erin.types(code_of(&code));
    erin.sees("the code is not good");
    assert_eq!(workspace.run(&["invite", "list"]).0, "");
    let (second, _) = issued(&workspace, &["invite", "create"]);
    let id = second["id"].as_str().expect("it has an id");
    let (text, exit) = workspace.run(&["invite", "revoke", id]);
    assert_eq!(
        (&*text, exit),
        (&*format!("{id} is good no longer\n"), Some(0))
    );
    let (text, exit) = workspace.run(&["invite", "revoke", id]);
    assert_eq!(exit, Some(5), "{text}");
    erin.types("/enrol erin");
    erin.sees("code: ");
    erin.types(code_of(&second));
    erin.sees("the code is not good");
    // Where registration is closed an invitation is worth nothing.
    let (third, _) = issued(&workspace, &["invite", "create"]);
    server.kill();
    let server = workspace.serve_with(&["--registration", "closed"]);
    let mut erin = stranger("erin", &server);
    erin.types("/enrol erin");
    erin.sees("code: ");
    erin.types(code_of(&third));
    erin.sees("registration is closed");
}

#[test]
fn disabled_user_is_told_so_by_a_code_of_theirs_and_a_deleted_one_gets_none() {
    let workspace = Workspace::new(&["alice"]);
    let server = workspace.serve();
    let (code, _) = issued(&workspace, &["user", "reset", "alice"]);
    workspace.run(&["user", "disable", "alice", "--reason", "selling watches"]);
    let mut alice = stranger("alice", &server);
    alice.types("/enrol alice");
    alice.sees("code: ");
    alice.types(code_of(&code));
    alice.sees("the operator has disabled this account: selling watches");
    workspace.run(&["user", "delete", "alice"]);
    alice.types("/enrol alice");
    alice.sees("code: ");
    alice.types(code_of(&code));
    alice.sees("the code is not good");
    let (text, exit) = workspace.run(&["user", "reset", "alice"]);
    assert_eq!(exit, Some(5), "{text}");
}

#[test]
fn administrator_makes_an_invitation_at_the_prompt_which_is_shown_once_and_in_no_file() {
    let workspace = Workspace::new(&["alice"]);
    let server = workspace.serve_with(&["--registration", "invitation"]);
    let mut alice = signed_in("alice", &server);
    alice.types("/invite-code");
    alice.sees("`/invite-code` needs the role administrator");
    workspace.does(&["user", "role", "alice", "administrator"]);
    for (line, refused) in [
        ("/invite-code --uses 0", "`--uses` takes a number from 1"),
        ("/invite-code --uses many", "`--uses` takes a number from 1"),
        ("/invite-code --expires soon", "a time is such as 30m"),
        (
            "/invite-code --uses 10001",
            "an invitation opens at most 10000 accounts, within 366 days",
        ),
        (
            "/invite-code --expires 367d",
            "an invitation opens at most 10000 accounts, within 366 days",
        ),
    ] {
        alice.types(line);
        alice.sees(refused);
    }
    alice.types("/invite-code --uses 2 --expires 1d");
    let code = alice.sees_like("([0-9a-z]{4}-){6}[0-9a-z]{2}");
    alice.sees("who has it can open accounts, 2 at most,");
    let listed = workspace.run(&["invite", "list"]).0;
    assert!(listed.ends_with("2 of 2 left\n"), "{listed}");
    enrols(&mut stranger("carol", &server), &code);
    let listed = workspace.run(&["invite", "list"]).0;
    assert!(listed.ends_with("1 of 2 left\n"), "{listed}");
    let audit = workspace.run(&["audit"]).0;
    assert!(audit.contains("alice  invite create"), "{audit}");
    assert!(!audit.contains(&code), "{audit}");
}
