//! The session that the README shows.

use crate::support::{Host, Person, Workspace};

/// Plays it between a server and people who may be on other hosts.
pub fn transcript(workspace: &Workspace, people: &Host, address: &str) {
    workspace.add("alice");
    let mut bob = Person::connect(people, "bob", address, &[]);
    bob.signs_up();
    let mut carol = Person::connect(people, "carol", address, &[]);
    carol.signs_up();
    bob.sees("carol is online");
    let mut erin = Person::connect(people, "erin", address, &["--color", "always"]);
    erin.signs_up();
    bob.sees("erin is online");
    erin.types("message bob tea at four?");
    bob.sees_like(r"\d\d:\d\d .*erin.*: tea at four\?");
    // In green.
    erin.sees_like("\u{1b}\\[[0-9;]*32m.*✓ Message received by bob \\([0-9.]+ m?s\\)");
    erin.types("message* lifeboat drill at three");
    // alice has an account, and has never been here.
    erin.sees("✓ Message received by bob, carol (2 of 3)");
    bob.sees("lifeboat drill at three");
    carol.sees("lifeboat drill at three");
    erin.types("join #bridge");
    erin.sees("in #bridge: what you type goes here");
    bob.types("join #bridge");
    erin.sees("bob joined #bridge");
    erin.types("who has the dog watch?");
    bob.sees_like(r"\d\d:\d\d .*erin.*: who has the dog watch\?");
    erin.sees("✓ Message received by bob (1 of 1)");
    bob.types("I have");
    erin.sees_like(r"\d\d:\d\d.* .*bob.*: I have");
    erin.types("/invite carol");
    erin.sees("you invited carol to #bridge");
    carol.sees("erin invites you to #bridge");
    carol.types("join #bridge");
    erin.sees("carol joined #bridge");
    erin.types("/invite carol");
    erin.sees("carol is already a member of #bridge, or invited");
    erin.types("/back");
    let mut dave = Person::connect(people, "dave", address, &[]);
    dave.signs_up();
    erin.sees("dave is online");
    erin.types("contacts");
    for name in ["bob", "carol", "dave"] {
        erin.sees_like(&format!(r"{name}\s.*:\d+"));
    }
    erin.types("message erin hello me");
    erin.sees_like("yourself|oneself");
    erin.types("message zoe hello");
    erin.sees_like("(?i)no .*\"zoe\"");
    erin.types("mesage bob typo");
    erin.sees("message");
    erin.types("login");
    erin.sees("already logged in as erin");
    dave.types("quit");
    assert_eq!(dave.ends(), 0);
    erin.types("logout");
    erin.sees("> ");
    erin.types("quit");
    assert_eq!(erin.ends(), 0);
    bob.types("/contacts");
    bob.sees_like(r"carol\s.*:\d+");
    bob.presses('d');
    assert_eq!(bob.ends(), 0);
    carol.types_without_enter("half a line");
    carol.presses('c');
    carol.presses('c');
    carol.presses('c');
    assert_eq!(carol.ends(), 130);
}
