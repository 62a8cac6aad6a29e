//! Commands about what was said, at a pseudo-terminal: which line they mean where they name none, and what they leave behind.

use std::fs;

use crate::prompt::signed_in;
use crate::support::{Host, Person, Script, Server, Workspace};

const ACCOUNTS: &[&str] = &["alice", "bob"];

/// Alice at a terminal, in the conversation with bob, who has received this from her.
fn alice_has_said(workspace: &Workspace, server: &Server, text: &str) -> (Person, Script) {
    let bob = workspace.sign_in(server.address, "bob");
    let mut alice = signed_in("alice", server);
    alice.types("/enter bob");
    alice.sees("alice bob> ");
    alice.types(text);
    bob.sees(1, text);
    alice.sees("received by bob");
    (alice, bob)
}

#[test]
fn line_that_comes_while_one_types_is_not_the_one_that_is_meant() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let (mut alice, mut bob) = alice_has_said(&workspace, &server, "my first");
    let mut phone = workspace.sign_in(server.address, "alice");
    let begins = |alice: &mut Person, command: &str| {
        alice.types_without_enter(command);
        alice.sees(command);
    };
    begins(&mut alice, "/edit my");
    phone.types("/message bob from my phone");
    alice.sees("from my phone");
    alice.types(" second");
    bob.sees(1, "edited: \"my second\" (was \"my first\")");
    alice.sees("edited: ");
    begins(&mut alice, "/delete");
    phone.types("/message bob again from my phone");
    alice.sees("again from my phone");
    alice.types("");
    bob.sees(1, "alice deleted a message");
    bob.types("/history alice");
    bob.sees(2, "alice: again from my phone");
    bob.sees(1, "(deleted by alice)");
    bob.types("/message alice one");
    alice.sees("bob: one");
    begins(&mut alice, "/reply yes");
    bob.types("/message alice two");
    alice.sees("bob: two");
    alice.types(" indeed");
    bob.sees(1, "to \"one\" of (you): yes indeed");
    alice.sees("received by bob");
    begins(&mut alice, "/react");
    bob.types("/message alice three");
    alice.sees("bob: three");
    alice.types(" +1");
    bob.sees(1, "reacted +1 to \"two\"");
}

#[test]
fn pins_and_the_life_of_a_message_are_shown() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let (mut alice, mut bob) = alice_has_said(&workspace, &server, "tea at four");
    bob.types("/message alice who brings milk?");
    alice.sees("who brings milk?");
    alice.types("/lines");
    alice.sees_like(r"#1 .*\d\d:\d\d \(you\): tea at four");
    alice.types("/why #1");
    for seen in [
        r"queued +\d\d:\d\d",
        r"numbered +1 of this device",
        r"stored +\d\d:\d\d by the server's clock, as entry 1",
        r"received +by bob, heard \d\d:\d\d, [0-9.]+ m?s after it was queued",
    ] {
        alice.sees_like(seen);
    }
    alice.types("/pins");
    alice.sees("nothing is pinned in bob");
    alice.types("/pin #1");
    bob.sees(1, "alice pinned \"tea at four\"");
    alice.sees("pinned \"tea at four\"");
    alice.types("/pins");
    alice.sees_like(r"#1 .*\d\d:\d\d \(you\): tea at four");
    bob.types("/pins --in alice");
    bob.sees(1, "#1 ");
    alice.types("/unpin #1");
    bob.sees(1, "alice unpinned \"tea at four\"");
    alice.sees("unpinned \"tea at four\"");
    alice.types("/pins");
    alice.sees("nothing is pinned in bob");
}

/// A deleted message stood in the file of what was typed.
#[test]
fn nothing_of_a_deleted_message_is_left_in_any_file_of_its_author() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    let mut command = Host::default().udpchat();
    command.args(["connect", &server.address.to_string(), "--accept-new"]);
    command.args(["--user", "alice", "--state"]);
    command.arg(workspace.path("state"));
    let mut alice = Person::runs(command, "alice");
    alice.signs_in("alice");
    alice.types("/message bob the safe is at 4711");
    alice.sees("stored; bob is offline");
    alice.types("/edit --in bob the safe is at 4712");
    alice.sees("edited: ");
    alice.types("/message bob hello");
    alice.sees("stored; bob is offline");
    alice.types("/delete --in bob #1");
    alice.sees("deleted a message");
    // Nor is it recalled at the next prompt.
    alice.types("/pins --in bob");
    alice.sees("nothing is pinned in bob");
    alice.types_without_enter("\x1b[A\x1b[A\x1b[A");
    alice.sees("/message bob hello");
    alice.types_without_enter("\x1b[A\x1b[Bx");
    let seen = alice.sees("x");
    assert!(!seen.contains("the safe"), "{seen:?}");
    alice.presses('c');
    alice.types("/quit");
    assert_eq!(alice.ends(), 0);
    let mut folders = vec![workspace.path("state")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let bytes = fs::read(&path).unwrap();
            let is_left = bytes.windows(8).any(|window| window == b"the safe");
            assert!(!is_left, "{}", path.display());
        }
    }
    assert!(files > 2, "{files}");
}
