//! What the terminal is sent to call a user who looks elsewhere, at a pseudo-terminal: these very bytes, or none.

use crate::support::{Person, Workspace};

const BELL: char = '\x07';

#[test]
fn terminal_rings_its_bell_or_shows_a_notification_with_the_name_alone() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let mut alice = workspace.sign_in(server.address, "alice");
    for (arguments, sent) in [
        (&[][..], "\x07"),
        (&["--notify-by", "osc9"], "\x1b]9;udpchat: alice\x07"),
        (
            &["--notify-by", "osc777"],
            "\x1b]777;notify;udpchat;alice\x07",
        ),
    ] {
        let mut bob = Person::signed_in("bob", &server, arguments);
        alice.types("/message bob \x1b]9;from the text\x07 tea?");
        let text = bob.sees("tea?");
        // Of the text nothing is run.
        let is_one = text.contains(BELL) || text.contains("\x1b]");
        assert!(!is_one, "{text:?}");
        let between = bob.sees(sent);
        assert!(!between.contains(BELL), "{between:?}");
        bob.types("/quit");
        assert_eq!(bob.ends(), 0);
    }
}

#[test]
fn nothing_rings_for_what_is_muted_ignored_or_not_to_disturb() {
    let workspace = Workspace::new(&["alice", "bob", "carol"]);
    let server = workspace.serve();
    let mut alice = workspace.sign_in(server.address, "alice");
    let mut carol = workspace.sign_in(server.address, "carol");
    let mut bob = Person::signed_in("bob", &server, &["--notify", "all"]);
    alice.types("/message bob one");
    bob.sees("alice: one");
    bob.sees("\x07");
    bob.types("/mute alice");
    let mut seen = bob.sees("alice is muted");
    alice.types("/message bob two");
    alice.sees(2, "Message received by bob");
    bob.types("/unmute alice");
    seen += &bob.sees("alice is no longer muted");
    bob.types("/ignore alice");
    seen += &bob.sees("alice's messages are hidden on this device");
    alice.types("/message bob three");
    alice.sees(3, "Message received by bob");
    bob.types("/dnd on");
    seen += &bob.sees("do not disturb");
    carol.types("/message bob four");
    seen += &bob.sees("carol: four");
    bob.types("/dnd off");
    seen += &bob.sees("you are told of what comes");
    assert!(!seen.contains(BELL), "{seen:?}");
}
