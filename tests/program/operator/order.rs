//! Whom the operator keeps out, and which sessions there are.

use serde_json::{Value, json};

use crate::prompt::signed_in;
use crate::support::{Host, Person, Server, Workspace};
use crate::two_hosts::hosts;

fn lines(text: &str) -> Vec<Value> {
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("an object a line"))
        .collect()
}

#[test]
fn banned_user_is_signed_out_and_told_why_also_after_a_restart_until_the_ban_is_lifted() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let mut server = workspace.serve();
    let mut alice = signed_in("alice", &server);
    let bob = signed_in("bob", &server);
    let ban = [
        "ban",
        "add",
        "Alice",
        "--for",
        "36500d",
        "--reason",
        "selling watches",
    ];
    let said = workspace.does(&ban);
    assert!(said.starts_with("alice is banned until "), "{said:?}");
    alice.sees("this account is banned until");
    alice.sees("signed out: this server has banned this account");
    drop(bob);
    alice.types("/login alice");
    alice.sees("this server has banned this account until");
    alice.sees("selling");
    server.kill();
    server.restart();
    alice.sees("is back");
    alice.types("/login alice");
    alice.sees("this server has banned this account until");
    server.kill();
    let lift = ["ban", "remove", "alice"];
    assert_eq!(workspace.does(&lift), "alice is no longer banned\n");
    server.restart();
    alice.sees("is back");
    alice.types("/login alice");
    let before = alice.sees("Greetings");
    assert!(!before.contains("password"), "{before:?}");
}

#[test]
fn bans_are_listed_and_lifted_on_both_ways_and_audited() {
    let workspace = Workspace::new(&["alice"]);
    let mut server = workspace.serve();
    let end = "2999-12-24T18:00:00.000Z";
    assert_eq!(
        workspace.does(&["ban", "add", "192.0.2.77/24", "--until", end]),
        format!("192.0.2.0/24 is banned until {end}\n")
    );
    let json = ["ban", "add", "2001:db8::1", "--reason", "spam", "--json"];
    assert_eq!(
        lines(&workspace.does(&json)),
        [
            json!({"action": "ban add", "subject": "2001:db8::/64", "until": null, "users": [], "changed": true})
        ]
    );
    server.kill();
    workspace.does(&["ban", "add", "alice"]);
    let expected = [
        json!({"subject": "alice", "kind": "account", "until": null, "reason": ""}),
        json!({"subject": "192.0.2.0/24", "kind": "address", "until": end, "reason": ""}),
        json!({"subject": "2001:db8::/64", "kind": "address", "until": null, "reason": "spam"}),
    ];
    let listed = |workspace: &Workspace| {
        let mut listed = lines(&workspace.does(&["ban", "list", "--json"]));
        for line in &mut listed {
            let fields = line.as_object_mut().expect("an object");
            assert!(fields.remove("since").is_some());
        }
        listed
    };
    assert_eq!(listed(&workspace), expected);
    server.restart();
    assert_eq!(listed(&workspace), expected);
    assert_eq!(
        workspace.does(&["ban", "list"]),
        "alice  for good\n192.0.2.0/24  until 2999-12-24 18:00 UTC\n2001:db8::/64  for good: spam\n"
    );
    workspace.does(&["ban", "remove", "192.0.2.0/24"]);
    for (words, code) in [
        (&["ban", "remove", "192.0.2.0/24"][..], 5),
        (&["ban", "remove", "carol"], 5),
        (&["ban", "add", "carol"], 5),
        (&["ban", "add", "0.0.0.0/0"], 1),
        (&["ban", "add", "127.0.0.1"], 1),
        (&["ban", "add", "192.0.2.0/x"], 1),
        (&["ban", "add", "alice", "--until", "2001-01-01"], 1),
        (&["ban", "add", "alice", "--until", "tomorrow"], 2),
        (&["ban", "add", "alice", "--for", "3"], 2),
        // It was for good, and the time its reason.
        (&["ban", "add", "alice", "--reason", "1h rude"], 2),
        (&["ban", "add", "alice", "--reason", " \u{200b}"], 2),
        (&["user", "disable", "alice", "--reason", " \u{200b}"], 2),
        (&["announce", " \u{200b} \u{2060}"], 2),
        (
            &[
                "ban",
                "add",
                "alice",
                "--for",
                "3d",
                "--until",
                "2999-01-01",
            ],
            2,
        ),
        (&["session", "end", "alice"], 5),
        (&["session", "end", "77"], 5),
    ] {
        let (text, found) = workspace.run(words);
        assert_eq!(found, Some(code), "{words:?}: {text}");
    }
    let audited: Vec<String> = workspace
        .audited()
        .iter()
        .skip(1)
        .map(|line| format!("{} {} {}", line["action"], line["subject"], line["detail"]))
        .collect();
    assert_eq!(
        audited,
        [
            r#""ban add" "192.0.2.0/24" "until 2999-12-24 18:00 UTC""#,
            r#""ban add" "2001:db8::/64" "for good: spam""#,
            r#""ban add" "alice" "for good""#,
            r#""ban remove" "192.0.2.0/24" null"#,
        ]
    );
    let (text, code) = workspace.run(&["store", "check"]);
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn sessions_are_listed_and_ended_and_their_users_sign_in_again_without_a_password() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let mut server = workspace.serve();
    let mut alice = signed_in("alice", &server);
    let _bob = signed_in("bob", &server);
    let listed = lines(&workspace.does(&["session", "list", "--json"]));
    let users: Vec<&Value> = listed.iter().map(|line| &line["user"]).collect();
    assert_eq!(users, ["alice", "bob"]);
    for line in &listed {
        let address = line["address"].as_str().expect("text");
        assert!(address.starts_with("127.0.0.1:"), "{line}");
        assert!(
            line["device"].is_u64() && line["since"].is_string(),
            "{line}"
        );
        assert!(
            line["idle_s"].as_u64().is_some_and(|idle| idle < 60),
            "{line}"
        );
    }
    let text = workspace.does(&["session", "list"]);
    assert!(text.contains("  bob  device "), "{text}");
    let number = listed[0]["session"].to_string();
    assert_eq!(
        workspace.does(&["session", "end", &number]),
        "ended 1 session\n"
    );
    alice.sees("signed out: the operator has ended this session");
    alice.types("/login alice");
    let before = alice.sees("Greetings");
    assert!(!before.contains("password"), "{before:?}");
    let ended = workspace.tells(&["session", "end", "alice"]);
    let expected = json!({"action": "session end", "subject": "alice", "sessions": 1});
    assert_eq!(ended, expected);
    alice.sees("signed out: the operator has ended this session");
    let audited = workspace.audited();
    let of_number = &audited[audited.len() - 2];
    assert_eq!(of_number["subject"], "alice");
    assert_eq!(of_number["detail"], format!("session {number}"));
    server.kill();
    let (text, code) = workspace.run(&["session", "list"]);
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("no server is running"), "{text}");
}

#[test]
fn banned_address_is_told_so_and_its_programs_end_and_who_was_there_is_named_to_the_operator() {
    let Some(hosts) = hosts("b") else {
        return;
    };
    let workspace = Workspace::on(hosts.server.clone(), &["alice"]);
    let listen = "10.98.2.2:7777";
    let _server = Server::start(&hosts.server, &workspace.data(), &[listen], &[]);
    let come = || workspace.connect(&hosts.network, listen, "alice", "alice");
    let alice = come();
    alice.sees(1, "Greetings from the Chat Room!");
    let ban = workspace.output(&["ban", "add", "10.98.2.0/24", "--reason", "spam", "--json"]);
    let told = String::from_utf8_lossy(&ban.stderr);
    assert!(told.contains("signed in there were alice; "), "{told}");
    let json: Value = serde_json::from_slice(&ban.stdout).expect("JSON");
    assert_eq!(json["users"], json!(["alice"]));
    let banned = format!("{listen} has banned your address for good: spam");
    for mut client in [alice, come()] {
        client.sees(1, &banned);
        assert_eq!(client.ends(), Some(4));
    }
    workspace.does(&["ban", "remove", "10.98.2.0/24"]);
    come().sees(1, "Greetings from the Chat Room!");
}

#[test]
fn moderator_bans_from_the_prompt_until_the_role_is_taken_away_and_the_audit_log_names_them() {
    let workspace = Workspace::new(&["alice", "bob", "carol"]);
    let server = workspace.serve();
    let mut alice = signed_in("alice", &server);
    let mut bob = signed_in("bob", &server);
    alice.types("/ban bob --for 1h");
    alice.sees("`/ban` needs the role moderator");
    assert_eq!(
        workspace.does(&["user", "role", "alice", "moderator"]),
        "alice is a moderator now\n"
    );
    workspace.does(&["user", "role", "carol", "administrator"]);
    alice.types("/ban bob --for 1h selling watches");
    alice.sees("bob is banned until");
    alice.sees("selling watches");
    bob.sees("signed out: this server has banned this account");
    for (typed, seen) in [
        // It was for good, and the time its reason.
        (
            "/ban bob 1h rude",
            "a time needs `--for`, as in `/ban bob --for 1h`",
        ),
        ("/ban bob --for 1h \u{200b}", "nothing visible"),
        ("/ban bob", "only administrators ban addresses"),
        (
            "/ban carol --for 1h",
            "the role of carol is not below yours",
        ),
        (
            "/appoint bob moderator",
            "`/appoint` needs the role administrator",
        ),
        ("/kick bob", "bob is not signed in"),
        ("/ban nobody --for 1h", "there is no user \"nobody\""),
        ("/unban bob", "bob is no longer banned"),
        ("/unban bob", "there is no ban of bob"),
    ] {
        alice.types(typed);
        alice.sees(seen);
    }
    let user = workspace.does(&["user", "show", "alice", "--json"]);
    assert_eq!(lines(&user)[0]["role"], "moderator");
    assert_eq!(
        workspace.does(&["user", "role", "alice", "member"]),
        "alice is a member now\n"
    );
    alice.types("/unban bob");
    alice.sees("`/unban` needs the role moderator");
    let audited = workspace.audited();
    let by_alice: Vec<&Value> = audited.iter().filter(|it| it["by"] == "alice").collect();
    assert_eq!(by_alice.len(), 2, "{audited:?}");
    assert_eq!(by_alice[0]["action"], "ban add");
    assert_eq!(by_alice[1]["action"], "ban remove");
}

/// Bob's client with this state directory, asked to sign in under a name.
fn bob_as(name: &str, server: &Server, state: &std::path::Path) -> Person {
    let mut command = Host::default().udpchat();
    command
        .arg("connect")
        .arg(server.address.to_string())
        .args(["--accept-new", "--user", name, "--state"])
        .arg(state);
    Person::runs(command, "bob")
}

#[test]
fn renamed_user_stays_signed_in_and_comes_back_by_either_name_with_ticket_or_password() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let state = workspace.path("bobs");
    let mut alice = signed_in("alice", &server);
    let mut bob = bob_as("bob", &server, &state);
    bob.signs_in("bob");
    alice.types("/message bob tea at four?");
    bob.sees("tea at four?");
    assert_eq!(
        workspace.does(&["user", "rename", "bob", "Robert"]),
        "bob is called robert now\n"
    );
    bob.sees("you are robert now, and no longer bob");
    alice.sees("robert is online!");
    // Who knows only the old name reaches him.
    alice.types("/message bob with milk?");
    bob.sees("with milk?");
    bob.types("/message alice yes");
    alice.sees("robert");
    alice.sees("yes");
    bob.types("/quit");
    assert_eq!(bob.ends(), 0);
    for name in ["robert", "bob"] {
        let mut again = bob_as(name, &server, &state);
        let before = again.sees("robert> ");
        assert!(!before.contains("password"), "{before:?}");
        again.types("/history alice");
        again.sees("tea at four?");
        again.types("/quit");
        assert_eq!(again.ends(), 0);
    }
    // On another device the password is the same.
    for (number, name) in ["robert", "bob"].into_iter().enumerate() {
        let other = workspace.path(&format!("other-{number}"));
        let mut again = bob_as(name, &server, &other);
        again.signs_in("robert");
        again.types("/quit");
        assert_eq!(again.ends(), 0);
    }
    for (words, code) in [
        (&["user", "rename", "alice", "bob"][..], 1),
        (&["user", "rename", "alice", "r0bert"], 1),
        (&["user", "rename", "nobody", "carol"], 5),
        (&["user", "rename", "alice", "not a name"], 2),
    ] {
        let (text, found) = workspace.run(words);
        assert_eq!(found, Some(code), "{words:?}: {text}");
    }
    let json = workspace.does(&["user", "rename", "bob", "bob", "--json"]);
    let expected =
        json!({"action": "user rename", "subject": "robert", "name": "bob", "changed": true});
    assert_eq!(lines(&json), [expected]);
    // An old name was called a damaged record, and what cannot be undone did not say whose account it was.
    let shown = workspace.does(&["user", "show", "robert"]);
    assert!(shown.starts_with("bob\n"), "{shown}");
    let deleted = workspace.does(&["user", "delete", "robert"]);
    assert_eq!(deleted, "bob is deleted\n");
}

#[test]
fn addresses_are_shown_to_moderators_alone_where_the_operator_says_so() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let settings = workspace.data().join("server.toml");
    std::fs::write(&settings, "show-addresses = \"moderators\"\n").expect("a file");
    let server = workspace.serve();
    let mut alice = signed_in("alice", &server);
    let _bob = signed_in("bob", &server);
    let bobs = |alice: &mut Person| {
        alice.types("/contacts");
        alice.sees_like("lbob[^\r]*\r")
    };
    assert!(!bobs(&mut alice).contains("127.0.0.1"));
    workspace.does(&["user", "role", "alice", "moderator"]);
    assert!(bobs(&mut alice).contains("127.0.0.1"));
    std::fs::write(&settings, "show-addresses = \"nobody\"\n").expect("a file");
    workspace.does(&["reload"]);
    assert!(!bobs(&mut alice).contains("127.0.0.1"));
    workspace.does(&["user", "role", "alice", "member"]);
    std::fs::write(&settings, "").expect("a file");
    workspace.does(&["reload"]);
    assert!(bobs(&mut alice).contains("127.0.0.1"));
}

#[test]
fn moderator_removes_what_others_write_and_the_readers_are_told_that_it_is_gone() {
    let workspace = Workspace::new(&["alice", "bob", "carol"]);
    let server = workspace.serve();
    let [mut alice, mut bob] = ["alice", "bob"].map(|name| signed_in(name, &server));
    bob.types("/message everyone buy watches");
    alice.sees("buy watches");
    bob.types("/join #shop");
    bob.sees("#shop");
    bob.types("/message #shop cheap watches");
    bob.sees("cheap watches");
    bob.types("/message carol a private word");
    bob.sees("a private word");
    alice.types("/remove --in everyone #1");
    alice.sees("`/remove` needs the role moderator");
    alice.types("/delete --in everyone #1");
    alice.sees("moderators of the server use `/remove`");
    workspace.does(&["user", "role", "alice", "moderator"]);
    alice.types("/remove #1");
    alice.sees("in which conversation?");
    alice.types("/remove --in everyone #1");
    alice.sees("the message in everyone is deleted");
    bob.sees("the operator deleted a message of (you)");
    // She does not belong to it.
    alice.types("/remove --in #shop #2");
    alice.sees("the message in #shop is deleted");
    bob.sees("the operator deleted a message of (you)");
    for (line, refused) in [
        ("/remove --in carol #1", "only they and the operator delete"),
        ("/remove --in notes #1", "only they and the operator delete"),
        ("/remove --in #shop #9", "there is no such message"),
        ("/remove --in #shop #2", "that message was deleted"),
        ("/remove --in #none #1", "there is no room \"#none\""),
        ("/remove --in everyone +1", "takes back what waits"),
    ] {
        alice.types(line);
        alice.sees(refused);
    }
    let done = |subject: &str, number: &str| json!({"by": "alice", "action": "message delete", "subject": subject, "detail": number});
    let audited = workspace.audited();
    assert_eq!(
        audited[audited.len() - 2..],
        [done("everyone", "1"), done("#shop", "2")]
    );
}
