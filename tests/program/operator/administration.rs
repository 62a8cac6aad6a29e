//! What the operator does to accounts while the server runs and while it does not, and the audit log of it.

mod codes;

use serde_json::{Value, json};

use crate::prompt::signed_in;
use crate::support::Workspace;

impl Workspace {
    /// What a command of the operator printed, which succeeds.
    pub fn does(&self, words: &[&str]) -> String {
        let output = self.output(words);
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).expect("text")
    }

    /// The same, as the JSON of its only line.
    pub fn tells(&self, words: &[&str]) -> Value {
        let text = self.does(&[words, &["--json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text:?}"))
    }

    /// What the audit log has, without the times.
    pub fn audited(&self) -> Vec<Value> {
        let text = self.does(&["audit", "--json"]);
        let lines = text.lines().map(|line| {
            let mut value: Value = serde_json::from_str(line).expect("an object a line");
            let fields = value.as_object_mut().expect("an object");
            assert!(fields.remove("time").is_some() && fields.remove("number").is_some());
            value
        });
        lines.collect()
    }
}

#[test]
fn disabled_user_is_signed_out_and_told_why_and_signs_in_by_the_same_ticket_once_enabled() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let mut server = workspace.serve();
    let mut alice = signed_in("alice", &server);
    let mut bob = signed_in("bob", &server);
    let disable = ["user", "disable", "alice", "--reason", "selling watches"];
    assert_eq!(workspace.does(&disable), "alice is disabled\n");
    alice.sees("signed out: the operator has disabled the account");
    bob.sees("alice went offline");
    assert!(workspace.does(&["user", "list"]).contains("disabled"));
    let show = ["user", "show", "alice"];
    assert!(workspace.does(&show).contains("disabled  selling watches"));
    let shown = workspace.tells(&show);
    assert_eq!(shown["disabled"], true);
    assert_eq!(shown["reason"], "selling watches");
    assert_eq!(
        shown["devices"].as_array().map(Vec::len),
        Some(1),
        "{shown}"
    );
    alice.types("/login alice");
    let refused = "the operator has disabled this account: selling watches";
    alice.sees(refused);
    // What is said to her meanwhile waits.
    bob.types("/message alice come back");
    bob.sees("stored");
    // Also where the server is restarted in between, and while it does not run.
    server.kill();
    let enable = ["user", "enable", "alice"];
    assert_eq!(
        workspace.tells(&enable),
        json!({"action": "user enable", "subject": "alice", "changed": true})
    );
    server.restart();
    alice.sees("is back");
    alice.types("/login alice");
    let before = alice.sees("come back");
    assert!(!before.contains("password"), "{before:?}");
}

#[test]
fn audit_log_has_what_was_done_on_both_ways_and_not_what_was_refused() {
    let workspace = Workspace::new(&["alice"]);
    let mut server = workspace.serve();
    workspace.add("bob");
    workspace.does(&["user", "bot", "bob"]);
    workspace.does(&["room", "add", "deck", "--owner", "alice", "--private"]);
    workspace.does(&["store", "retain", "deck", "--days", "7"]);
    workspace.does(&["user", "disable", "bob"]);
    let (text, code) = workspace.run(&["user", "disable", "carol"]);
    assert_eq!(code, Some(5), "{text}");
    let reason = "x".repeat(600);
    let (text, code) = workspace.run(&["user", "disable", "bob", "--reason", &reason]);
    assert_eq!(code, Some(1), "{text}");
    server.kill();
    workspace.does(&["user", "delete", "bob"]);
    let (text, code) = workspace.run(&["user", "enable", "bob"]);
    assert_eq!(code, Some(5), "{text}");
    let done = |action: &str, subject: &str, detail: Option<&str>| json!({"by": "operator", "action": action, "subject": subject, "detail": detail});
    let expected = [
        done("user add", "alice", None),
        done("user add", "bob", None),
        done("user bot", "bob", Some("on")),
        done("room add", "#deck", Some("private, owner alice")),
        done("store retain", "#deck", Some("days 7")),
        done("user disable", "bob", None),
        done("user delete", "bob", None),
    ];
    assert_eq!(workspace.audited(), expected);
    let _server = workspace.serve();
    assert_eq!(workspace.audited(), expected);
    let last = workspace.does(&["audit", "--last", "1"]);
    assert_eq!(last.lines().count(), 1, "{last}");
    assert!(last.ends_with("  operator  user delete  bob\n"), "{last}");
    let again = workspace.try_add("bob");
    assert_eq!(
        again.status.code(),
        Some(1),
        "a deleted name stays taken: {again:?}"
    );
}

/// By a former name it was done, and told of under that one; what changed nothing was told and noted as if it had.
#[test]
fn action_is_told_under_the_present_name_and_once() {
    let workspace = Workspace::new(&["anna", "bob"]);
    workspace.does(&["room", "add", "deck", "--owner", "bob"]);
    workspace.does(&["user", "rename", "anna", "lizzy"]);
    let mut server = workspace.serve();
    for is_running in [true, false] {
        if !is_running {
            server.kill();
        }
        let before = workspace.audited().len();
        for (words, now, already) in [
            (
                &["user", "role", "anna", "moderator"][..],
                "lizzy is a moderator now",
                "lizzy is a moderator already",
            ),
            (
                &["user", "role", "anna", "member"],
                "lizzy is a member now",
                "lizzy is a member already",
            ),
            (
                &["user", "bot", "anna"],
                "lizzy is marked as a bot",
                "lizzy is marked as a bot already",
            ),
            (
                &["user", "bot", "anna", "off"],
                "lizzy is no longer marked as a bot",
                "lizzy is not marked as a bot",
            ),
            (
                &["user", "disable", "anna", "--reason", "spam"],
                "lizzy is disabled",
                "lizzy is disabled already",
            ),
            (
                &["user", "enable", "anna"],
                "lizzy is enabled",
                "lizzy is enabled already",
            ),
            (
                &["ban", "add", "anna", "--reason", "rude"],
                "lizzy is banned for good",
                "lizzy is banned already for good",
            ),
            (
                &["room", "owner", "deck", "anna"],
                "lizzy owns #deck; 1 former owner is a moderator",
                "lizzy owns #deck already",
            ),
            (
                &["room", "owner", "deck", "bob"],
                "bob owns #deck; 1 former owner is a moderator",
                "bob owns #deck already",
            ),
            (
                &["room", "access", "deck", "private"],
                "#deck is private",
                "#deck is private already",
            ),
            (
                &["room", "access", "deck", "public"],
                "#deck is public",
                "#deck is public already",
            ),
        ] {
            let entries = || workspace.tells(&["room", "show", "deck"])["entries"].clone();
            assert_eq!(workspace.does(words), format!("{now}\n"));
            let said = entries();
            assert_eq!(workspace.does(words), format!("{already}\n"));
            assert_eq!(workspace.tells(words)["changed"], false, "{words:?}");
            assert_eq!(entries(), said, "{words:?}: it is not announced once more");
        }
        let lifted = workspace.does(&["ban", "remove", "anna"]);
        assert_eq!(lifted, "lizzy is no longer banned\n");
        let same = workspace.does(&["user", "rename", "anna", "lizzy"]);
        assert_eq!(same, "lizzy is called lizzy already\n");
        let noted = workspace.audited().split_off(before);
        assert_eq!(noted.len(), 12, "{noted:?}");
        let has_former = |line: &Value| line.to_string().contains("anna");
        assert!(!noted.iter().any(has_former), "{noted:?}");
    }
    let told = workspace.tells(&["user", "role", "anna", "moderator"]);
    assert_eq!(
        told,
        json!({"action": "user role", "subject": "lizzy", "role": "moderator", "changed": true})
    );
    let code = workspace.tells(&["user", "reset", "anna"]);
    assert_eq!(code["subject"], "lizzy");
}
