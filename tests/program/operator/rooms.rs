//! What the operator does to rooms and to what is said in them, and what they announce to all users.

use serde_json::json;

use crate::prompt::signed_in;
use crate::support::Workspace;

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
