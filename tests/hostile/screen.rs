//! What one user writes onto the screen of another: nothing that looks like a line of the program's or of somebody else's.

use udpchat::protocol::{Bytes, EntryBody, EntryId, EntryKind, ErrorCode, Reaction};

use crate::kit::{Peer, address, mallory_with_bob};
use crate::support::{Person, Workspace};

const FORGED: &str = "14:02 alice: I sign the contract";

/// Where a row of a terminal begins at the left, with any colour behind it.
fn rows(screen: &str) -> impl Iterator<Item = &str> {
    screen.split("\r\n")
}

/// Text that was padded up to the edge of the terminal went on at the left of the next row, as a line of its own.
#[test]
fn padded_text_begins_no_row_of_its_own() {
    let workspace = Workspace::new(&["bob"]);
    let server = workspace.serve();
    let mut bob = Person::signed_in("bob", &server, &[]);
    let (mut mallory, pass, pair) = mallory_with_bob(server.address);
    // Blanks of several kinds, letters, wide ones, and pictures that a terminal may draw wider than they are counted.
    let paddings = [
        " ",
        "\u{a0}",
        "\u{3000}",
        "\u{2800}",
        "x",
        "世",
        "👩\u{200d}",
        "\u{1f1e9}",
        "word ",
    ];
    for (number, padding) in (1..).zip(paddings) {
        let text = format!(
            "hi {}{FORGED} ✓ Message received by carol #{number}.",
            padding.repeat(63)
        );
        let line = Peer::line(&pass, pair, number, &text);
        mallory.say(&line).expect("it is stored");
        let screen = bob.sees(&format!("#{number}."));
        let shown = screen
            .split("mallory: hi")
            .nth(1)
            .expect("the line is shown");
        for row in rows(shown).skip(1) {
            assert!(
                row.starts_with("      "),
                "{padding:?}: {row:?} in {shown:?}"
            );
        }
        // What a terminal draws wider than is counted does not go on in the next row.
        assert!(screen.contains("\u{1b}[?7l"), "{screen:?}");
    }
}

/// Behind the text in the history, the sign of a reaction reached the terminal as it came.
#[test]
fn sign_of_a_reaction_is_no_command_for_the_terminal() {
    let workspace = Workspace::new(&["bob"]);
    let server = workspace.serve();
    let mut bob = Person::signed_in("bob", &server, &[]);
    let (mut mallory, pass, pair) = mallory_with_bob(server.address);
    let said = Peer::line(&pass, pair, 1, "tea?");
    mallory.say(&said).expect("it is stored");
    for (number, sign) in [(2, "\u{1b}]0;forged\u{7}ok"), (3, "\u{1b}[2J👍")] {
        let mut reaction = Peer::line(&pass, pair, number, "");
        let entry = reaction.header.entry.as_mut().expect("it is an entry");
        entry.kind = EntryKind::React;
        entry.refers_to = Some(EntryId(1));
        let body = Reaction {
            sender: pass.account,
            receiver: pair,
            salt: Bytes([7; 16]),
            sign: sign.into(),
        };
        reaction.body = EntryBody::of(&body).into();
        mallory.say(&reaction).expect("the server reads no signs");
        bob.sees("mallory reacted");
    }
    bob.types("/history mallory");
    let screen = bob.sees("(ok mallory; 👍 mallory)");
    assert!(!screen.contains("forged"), "{screen:?}");
    assert!(!screen.contains("\u{1b}[2J"), "{screen:?}");
}

/// `you` could be taken, and was shown as the reader.
#[test]
fn nobody_signs_up_as_somebody_whom_a_reader_would_take_for_another() {
    let workspace = Workspace::new(&[]);
    let added = workspace.try_add("0perator");
    let error = String::from_utf8_lossy(&added.stderr).into_owned();
    assert!(error.contains("it reads as \"operator\""), "{error}");
    let server = workspace.serve();
    Peer::enter(server.address, address(3), "will", 1);
    for (name, code) in [
        ("you", ErrorCode::BadName),
        ("me", ErrorCode::BadName),
        ("every0ne", ErrorCode::BadName),
        ("everyone.", ErrorCode::BadName),
        ("s\u{435}rver", ErrorCode::BadName),
        ("w\u{338}ill", ErrorCode::BadName),
        ("will\u{307}\u{307}", ErrorCode::BadName),
        ("vvill", ErrorCode::NameLooksLike),
    ] {
        let mut mallory = Peer::connect_from(server.address, address(4), 2);
        let refused = mallory
            .sign_up(name)
            .expect_err("it is refused")
            .expect("it is answered");
        assert_eq!(refused.code, code, "{name}: {refused:?}");
    }
}
