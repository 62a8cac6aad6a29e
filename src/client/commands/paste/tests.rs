//! What a draft does on Enter.

use super::*;

fn notice(draft: &str, inside: Option<&str>) -> String {
    let draft = Draft::of(draft, inside);
    draft.map_or_else(String::new, |draft| draft.notice())
}

fn commands(lines: &[&str]) -> Draft {
    let lines = lines.iter().map(ToString::to_string);
    Draft::Commands(lines.collect())
}

fn text(line: &str, target: &str) -> Draft {
    Draft::Text {
        line: line.into(),
        count: line.lines().count(),
        target: target.into(),
    }
}

/// Bob got both lines as one text.
#[test]
fn lines_that_are_all_commands_are_run_one_after_the_other() {
    let draft = "message bob meeting at 9\n\n/msg carol the secret plan\ncontacts\n";
    let each = [
        "/message bob meeting at 9",
        "/msg carol the secret plan",
        "/contacts",
    ];
    assert_eq!(Draft::of(draft, None), Some(commands(&each)));
    // In a conversation a command takes a slash.
    let each = ["/message bob one", "/message carol two"];
    assert_eq!(
        Draft::of(&each.join("\n"), Some("#deck")),
        Some(commands(&each))
    );
}

/// Only the first line lost its indent, and what followed was its text.
#[test]
fn indent_that_all_lines_have_changes_nothing() {
    let each = ["/message bob one", "/message carol two"];
    for indent in ["    ", "\t", " \t ", "\u{a0}"] {
        let draft = format!("\n{indent}\n{indent}{}\n\n{indent}{}\n", each[0], each[1]);
        assert_eq!(Draft::of(&draft, Some("#deck")), Some(commands(&each)));
        assert_eq!(
            Draft::of(&draft.replace('/', ""), None),
            Some(commands(&each))
        );
    }
    assert_eq!(
        Draft::of("  message bob tea\n    at four", None),
        Some(text("/message bob tea\n  at four", "bob"))
    );
    // The first alone is indented, and is text.
    assert!(notice("  message bob one\nmessage carol two", None).contains("line 1 is not"));
}

#[test]
fn text_of_several_lines_names_who_gets_it() {
    for (draft, line, target) in [
        (
            "message bob tea\n  at four",
            "/message bob tea\n  at four",
            "bob",
        ),
        (
            "/msg #deck tea\n\nat four",
            "/msg #deck tea\n\nat four",
            "#deck",
        ),
        (
            "message* tea\nat four",
            "/message* tea\nat four",
            "everyone",
        ),
        (
            "message bob\ntea at four",
            "/message bob\ntea at four",
            "bob",
        ),
        // Indented, a line that would be a command is text.
        (
            "message bob try\n  message carol hi\n//message",
            "/message bob try\n  message carol hi\n//message",
            "bob",
        ),
    ] {
        assert_eq!(
            Draft::of(draft, None),
            Some(text(line, target)),
            "{draft:?}"
        );
    }
    assert_eq!(
        Draft::of("/message bob tea\nat four", Some("#deck")),
        Some(text("/message bob tea\nat four", "bob"))
    );
    assert_eq!(
        notice("message bob tea\nat four", None),
        "[one text of 2 lines for bob: Enter sends it, Ctrl-C clears it]"
    );
    assert!(notice("message b\u{202e}ob tea\nat four", None).contains("for bob:"));
}

/// Code lost a slash of its first line, and its indent.
#[test]
fn text_in_a_conversation_is_said_as_it_was_pasted() {
    for said in [
        "tea\nat four",
        "// a comment\nint x;",
        "    // a comment\n    int x;",
        "  /usr/bin\n  /usr/lib",
        "the path\n/usr/bin\n//x\n/* y */",
        "message from bob\nmesage it was",
    ] {
        let Some(Draft::Text { line, target, .. }) = Draft::of(said, Some("#deck")) else {
            panic!("{said:?} is no text");
        };
        assert_eq!(text_inside(trimmed(&line)), Some(said));
        assert_eq!(target, "#deck");
    }
}

#[test]
fn lines_that_could_be_either_are_not_sent() {
    for (draft, inside, reason) in [
        (
            "message bob a\nmessage carol b\nand more",
            None,
            "line 1 is a command, line 3 is not",
        ),
        (
            "message bob a\nand more\nmessage carol b",
            None,
            "line 1 is a command, line 2 is not",
        ),
        (
            "see this\nmessage carol b",
            None,
            "line 2 is a command, line 1 is not",
        ),
        (
            "see this\n/message carol b",
            Some("bob"),
            "line 2 is a command, line 1 is not",
        ),
        ("contacts\nmore", None, "line 2 is not a command"),
        ("help message\nplease", None, "line 2 is not a command"),
        ("search tea\nfor two", None, "line 2 is not a command"),
        ("kick bob\nhe is rude", None, "line 2 is not a command"),
        ("tea\nat four", None, "line 1 is not a command"),
        ("/usr/bin\n/tmp", Some("bob"), "line 1 is not a command"),
    ] {
        let says = notice(draft, inside);
        assert!(
            says.contains(&format!("[{reason}: nothing is sent")),
            "{draft:?} {says}"
        );
    }
    let many = "contacts\n".repeat(COMMANDS_MAX + 1);
    assert!(notice(&many, None).starts_with("[101 commands, and at most 100 at once"));
}

/// What was meant for carol went to bob, as the second line of his text.
#[test]
fn line_that_nearly_is_a_command_is_not_sent_as_text() {
    for (line, is_inside_too) in [
        ("/mesage carol secret", true),
        ("/xyz carol secret", true),
        ("/ mesage carol secret", true),
        ("/message carol", true),
        ("/message:carol secret", true),
        ("mesage carol secret", false),
        ("mgs carol secret", false),
        ("message carol", false),
        ("\u{200b}mesage carol secret", false),
        ("\u{2060} message carol secret", false),
    ] {
        let draft = format!("message bob a\n\n{line}");
        let says = notice(&draft, None);
        assert!(
            says.contains("line 3 looks like a command"),
            "{line:?} {says}"
        );
        let says = notice(&format!("tea\n\n{line}"), Some("bob"));
        let is_refused = says.contains("line 3 looks like a command");
        assert_eq!(is_refused, is_inside_too, "{line:?} {says}");
    }
    for line in [
        "at four",
        "he said so",
        "to bob",
        "his",
        "how are you",
        "why not",
        "see",
        "more",
        "in time",
        "the end",
        "/usr/bin",
        "/* comment */",
        "//message",
        "https://example.org",
        "- one",
        "2",
        "",
    ] {
        let says = notice(&format!("message bob a\n{line}\nb"), None);
        assert!(says.contains("one text of 3 lines"), "{line:?} {says}");
    }
}

#[test]
fn command_is_one_however_it_is_written() {
    for line in [
        "Message carol secret",
        "/MESSAGE carol secret",
        "\u{200b}message carol secret",
        "mes\u{ad}sage carol secret",
        "\u{ff4d}essage carol secret",
        "\u{ff0f}message carol secret",
        "\u{200b}/message carol secret",
    ] {
        let draft = format!("message bob a\n\n{line}");
        assert_eq!(
            notice(&draft, None),
            "[2 commands: Enter runs one after the other, Ctrl-C clears them]",
            "{line:?}"
        );
    }
    for line in [
        "\u{ff0f}message carol secret",
        "\u{200b}/message carol secret",
    ] {
        let says = notice(&format!("tea\n\n{line}"), Some("bob"));
        assert!(says.contains("line 3 looks like a command"), "{says}");
    }
}

/// It was announced, and lost on Enter.
#[test]
fn text_that_is_too_long_is_not_sent() {
    let reason = "the text has 16385 bytes, and a message at most 16384: nothing is sent";
    let long = "x".repeat(TEXT_MAX_BYTES - 1);
    for (before, inside) in [
        ("", Some("bob")),
        ("message bob ", None),
        ("/message* ", Some("bob")),
    ] {
        for end in ["yz", "\ny"] {
            let says = notice(&format!("{before}{long}{end}"), inside);
            assert!(says.contains(reason), "{says}");
        }
        assert_eq!(Draft::of(&format!("{before}{long}y\n"), inside), None);
    }
}

#[test]
fn one_line_is_what_it_was() {
    for draft in [
        "",
        "\n",
        "tea",
        "message bob tea\n",
        "\n\nmessage bob tea\n\n",
        "  Message bob tea",
    ] {
        assert_eq!(Draft::of(draft, None), None, "{draft:?}");
    }
}
