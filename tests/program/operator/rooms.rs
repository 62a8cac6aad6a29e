//! What the operator does to rooms and to what is said in them, and what they announce to all users.

use serde_json::{Value, json};

use crate::prompt::signed_in;
use crate::support::{Person, Workspace};

#[test]
fn announcement_is_seen_once_by_all_also_by_those_who_were_away() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let mut server = workspace.serve();
    let mut alice = signed_in("alice", &server);
    alice.types("/mute everyone");
    alice.sees("muted");
    let announce = ["announce", "The server", "moves\u{1b}[2J", "at six"];
    assert_eq!(workspace.does(&announce), "everyone is told\n");
    alice.sees("announcement by the operator: The server moves");
    server.kill();
    assert_eq!(
        workspace.tells(&["announce", "It has moved."]),
        json!({"action": "announce", "subject": "everyone"})
    );
    server.restart();
    let before = alice.sees("announcement by the operator: It has moved.");
    assert!(!before.contains("The server moves"), "{before:?}");
    let mut bob = signed_in("bob", &server);
    bob.types("/history everyone");
    let before = bob.sees("announcement by the operator: It has moved.");
    assert_eq!(before.matches("The server moves").count(), 1, "{before:?}");
    let audited = workspace.audited();
    assert_eq!(
        audited.last(),
        Some(
            &json!({"by": "operator", "action": "announce", "subject": "everyone", "detail": null})
        )
    );
    let long = "x".repeat(1025);
    for (text, code) in [(&*long, 1), (" ", 2), ("", 2)] {
        let (said, found) = workspace.run(&["announce", text]);
        assert_eq!(found, Some(code), "{said}");
    }
    let (said, _) = workspace.run(&["announce", &long]);
    assert!(said.contains("1,024 bytes"), "{said}");
    assert_eq!(workspace.audited(), audited);
}

/// The rooms as they are listed, without the times.
fn rooms(workspace: &Workspace) -> Vec<Value> {
    let text = workspace.does(&["room", "list", "--json"]);
    let lines = text.lines().map(|line| {
        let mut room: Value = serde_json::from_str(line).expect("an object a line");
        let fields = room.as_object_mut().expect("an object");
        assert!(fields.remove("last").is_some_and(|last| last.is_string()));
        room
    });
    lines.collect()
}

#[test]
fn members_of_a_deleted_room_are_told_and_out_of_it_and_its_name_is_free() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let mut server = workspace.serve();
    let mut alice = signed_in("alice", &server);
    let mut bob = signed_in("bob", &server);
    alice.types("/join #bridge");
    alice.sees("alice #bridge> ");
    bob.types("/join #bridge");
    bob.sees("bob #bridge> ");
    bob.types("tea at four?");
    bob.sees("received by alice");
    alice.sees("tea at four?");
    let delete = ["room", "delete", "bridge"];
    assert_eq!(workspace.does(&delete), "#bridge is deleted\n");
    alice.sees("the room #bridge was deleted by the operator");
    alice.sees("you are no longer in #bridge");
    // Their device keeps what was written there.
    alice.types("/history #bridge");
    alice.sees("tea at four?");
    alice.types("/join #bridge");
    alice.sees("#bridge: 1 member");
    let expected = json!({"room": "#bridge", "topic": "", "access": "public", "members": 1, "owners": ["alice"], "entries": 1, "bytes": 0});
    let mut found = rooms(&workspace);
    found[0]["bytes"] = json!(0);
    assert_eq!(found, [expected]);
    server.kill();
    assert_eq!(
        workspace.tells(&delete),
        json!({"action": "room delete", "subject": "#bridge"})
    );
    assert!(rooms(&workspace).is_empty());
    for words in [
        &["room", "delete", "bridge"][..],
        &["room", "show", "#bridge"],
        &["room", "access", "bridge", "readonly"],
        &["room", "owner", "bridge", "bob"],
        &["message", "delete", "1", "--room", "bridge"],
    ] {
        let (text, code) = workspace.run(words);
        assert_eq!(code, Some(5), "{text}");
        assert!(text.contains("there is no room \"#bridge\""), "{text}");
    }
    let odd = "\u{1b}[2J x";
    for words in [&["room", "delete", odd][..], &["room", "show", odd]] {
        let (text, code) = workspace.run(words);
        assert!(matches!(code, Some(1 | 2)), "{code:?} {text}");
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }
    let (text, code) = workspace.run(&["store", "check"]);
    assert_eq!(code, Some(0), "{text}");
    // Who was away is told when they come back.
    server.restart();
    alice.sees("the room #bridge was deleted by the operator");
    alice.types("/rooms");
    alice.sees("no rooms");
}

#[test]
fn room_has_another_owner_and_access_and_its_members_are_shown() {
    let workspace = Workspace::new(&["alice", "bob", "carol"]);
    workspace.does(&[
        "room",
        "add",
        "deck",
        "--owner",
        "alice",
        "--private",
        "--read-only",
    ]);
    let server = workspace.serve();
    let mut alice = signed_in("alice", &server);
    let mut bob = signed_in("bob", &server);
    alice.types("/rooms");
    alice.sees("private and read-only");
    assert_eq!(
        workspace.does(&["room", "owner", "deck", "bob"]),
        "bob owns #deck; 1 former owner is a moderator\n"
    );
    alice.sees("bob joined #deck");
    alice.sees("bob is owner of #deck now, by the operator");
    bob.sees("you belong to #deck now");
    workspace.does(&["room", "access", "deck", "readonly"]);
    bob.sees("the operator made #deck read-only");
    let mut carol = signed_in("carol", &server);
    carol.types("/join #deck");
    carol.sees("carol #deck> ");
    carol.types("may I?");
    carol.sees("only moderators and owners write in this room");
    bob.types("/message #deck no");
    carol.sees("bob: no");
    bob.types("/access public #deck");
    carol.sees("bob made #deck public");
    carol.types("and now?");
    bob.sees("and now?");
    let shown = workspace.does(&["room", "show", "deck"]);
    let mut lines = shown.lines();
    let first = lines.next().expect("a line");
    assert!(
        first.starts_with("#deck  public  3 members  owner bob  "),
        "{first}"
    );
    assert_eq!(
        lines.collect::<Vec<_>>(),
        ["alice  moderator", "bob  owner", "carol  member"]
    );
    let told = workspace.tells(&["room", "show", "deck"]);
    assert_eq!(told["members"][1], json!({"name": "bob", "role": "owner"}));
    let audited = workspace.audited();
    let done = |action: &str, detail: &str| json!({"by": "operator", "action": action, "subject": "#deck", "detail": detail});
    assert_eq!(
        audited[audited.len() - 3..],
        [
            done("room add", "private-readonly, owner alice"),
            done("room owner", "bob"),
            done("room access", "readonly")
        ]
    );
    let (text, code) = workspace.run(&["room", "owner", "deck", "dave"]);
    assert_eq!(code, Some(5), "{text}");
}

#[test]
fn message_that_the_operator_deletes_goes_from_all_devices() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let mut server = workspace.serve();
    let mut alice = signed_in("alice", &server);
    let mut bob = signed_in("bob", &server);
    alice.types("/message bob buy my watches");
    bob.sees("buy my watches");
    alice.types("/message* cheap watches");
    bob.sees("cheap watches");
    assert_eq!(
        workspace.does(&["message", "delete", "1", "--user", "alice", "bob"]),
        "message 1 between alice and bob is deleted\n"
    );
    bob.sees("the operator deleted a message of alice");
    alice.sees("the operator deleted a message of");
    assert_eq!(
        workspace.does(&["message", "delete", "1", "--everyone"]),
        "message 1 in everyone is deleted\n"
    );
    bob.sees("the operator deleted a message of alice");
    bob.types("/history alice");
    let before = bob.sees("(deleted by the operator)");
    assert!(!before.contains("watches"), "{before}");
    let (text, code) = workspace.run(&["message", "delete", "1", "--everyone"]);
    assert_eq!(code, Some(5), "{text}");
    assert!(text.contains("that message was deleted"), "{text}");
    let (text, code) = workspace.run(&["message", "delete", "77", "--everyone"]);
    assert_eq!(code, Some(5), "{text}");
    assert!(text.contains("there is no such message"), "{text}");
    for words in [
        &["message", "delete", "1"][..],
        &["message", "delete", "x", "--everyone"],
        &["message", "delete", "1", "--everyone", "--room", "deck"],
    ] {
        assert_eq!(workspace.run(words).1, Some(2));
    }
    server.kill();
    let audited = workspace.audited();
    let done = |subject: &str| json!({"by": "operator", "action": "message delete", "subject": subject, "detail": "1"});
    assert_eq!(
        audited[audited.len() - 2..],
        [done("alice bob"), done("everyone")]
    );
    let text = workspace.does(&["audit"]);
    assert!(!text.contains("watches"), "{text}");
}

#[test]
fn what_a_purged_account_has_said_goes_with_it_and_is_deleted_on_devices() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let mut server = workspace.serve();
    let mut alice = signed_in("alice", &server);
    let mut bob = signed_in("bob", &server);
    for number in 1..=40 {
        alice.types(&format!("/message* watch {number} of alice"));
        bob.sees(&format!("watch {number} of alice"));
    }
    bob.types("/message* enough of it");
    alice.sees("enough of it");
    assert_eq!(
        workspace.does(&["user", "delete", "alice", "--purge"]),
        "alice is deleted, and what it has said goes\n"
    );
    alice.sees("signed out");
    for _ in 1..=40 {
        bob.sees("the operator deleted a message of alice");
    }
    bob.types("/history everyone");
    let shown = bob.sees("enough of it");
    assert!(!shown.contains("watch 39"), "{shown}");
    server.kill();
    // What is asked for while it does not run is done at once.
    workspace.does(&["user", "delete", "bob", "--purge"]);
    let (text, code) = workspace.run(&["store", "check"]);
    assert_eq!(code, Some(0), "{text}");
    let (text, code) = workspace.run(&["user", "delete", "carol", "--purge"]);
    assert_eq!(code, Some(5), "{text}");
    let audited = workspace.audited();
    assert_eq!(
        audited.last(),
        Some(
            &json!({"by": "operator", "action": "user delete", "subject": "bob", "detail": "purge"})
        )
    );
}

#[test]
fn at_a_terminal_the_name_of_what_is_deleted_is_typed_once_more() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let asks = |more: &[&str]| {
        let command = workspace.command(&[&["user", "delete", "alice"], more].concat());
        Person::runs(command, "the operator")
    };
    let mut operator = asks(&[]);
    operator.sees("the account alice will be deleted for good. Type its name to go on: ");
    operator.types("yes");
    operator.sees("nothing is deleted");
    assert_eq!(operator.ends(), 1);
    let mut operator = asks(&[]);
    operator.sees("Type its name to go on: ");
    operator.types("alice");
    operator.sees("alice is deleted");
    assert_eq!(operator.ends(), 0);
    let mut operator = {
        let command = workspace.command(&["user", "delete", "bob", "--yes"]);
        Person::runs(command, "the operator")
    };
    let before = operator.sees("bob is deleted");
    assert!(!before.contains("Type its name"), "{before}");
}
