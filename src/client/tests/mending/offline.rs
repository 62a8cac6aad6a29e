//! What is said and changed while the server does not answer.

use super::*;

/// One that is in the conversation with bob, while the server is known not to answer.
fn silent() -> Desk {
    let mut desk = in_conversation();
    desk.core.link_silent("no answer from host:7777 for 10 s");
    desk.lines();
    desk
}

fn say(desk: &mut Desk, line: &str) -> Vec<String> {
    desk.settle();
    desk.screen.asks();
    desk.type_line(line);
    desk.lines()
}

const QUEUED: &str = "● queued; will be sent when the server answers";

#[test]
fn line_that_is_typed_while_the_server_is_known_not_to_answer_is_changed_where_it_waits() {
    // It had its number at once: when the link was back, the others saw the text, then its edit, then its deletion.
    let mut desk = silent();
    assert_eq!(say(&mut desk, "a slip"), [QUEUED]);
    assert_eq!(
        say(&mut desk, "/edit better"),
        ["● queued instead: \"better\""]
    );
    assert_eq!(say(&mut desk, "never mind"), [QUEUED]);
    assert_eq!(say(&mut desk, "/delete"), ["not sent: \"never mind\""]);
    assert_eq!(
        say(&mut desk, "/lines").last().unwrap(),
        "+2 14:02 queued: \"better\""
    );
    assert!(entries(&mut desk).is_empty());
    desk.core.link_awake(desk.now, "host:7777 is back");
    let sent = entries(&mut desk);
    let [(header, body)] = &sent[..] else {
        panic!("{sent:?} is not one entry");
    };
    assert_eq!(header.kind, EntryKind::Text);
    assert_eq!(body.read::<Text>().expect("a text").text, "better");
}

#[test]
fn lines_show_what_waits_about_them() {
    let mut desk = in_conversation();
    // These are under way, and may be stored already.
    say(&mut desk, "one");
    say(&mut desk, "two");
    assert_eq!(entries(&mut desk).len(), 2);
    say(&mut desk, "/edit +2 uno");
    say(&mut desk, "/delete +3");
    say(&mut desk, "/edit #2 at five");
    say(&mut desk, "/react #1 👍");
    say(&mut desk, "/pin #3");
    say(&mut desk, "/delete #3");
    let waiting = [
        "#1 14:01 bob: tea?  (👍 queued)",
        "#2 14:02 (you): at four  (edit queued: \"at five\")",
        "#3 14:01 bob: yes  (pin queued)",
        "+2 14:02 queued: \"one\"  (edit queued: \"uno\")",
        "+3 14:02 queued: \"two\"  (deletion queued)",
    ];
    assert_eq!(say(&mut desk, "/lines"), waiting);
    // What is to be deleted is not the last line that is meant.
    say(&mut desk, "/delete");
    let lines = say(&mut desk, "/lines");
    assert_eq!(
        lines[3],
        "+2 14:02 queued: \"one\"  (edit queued: \"uno\") (deletion queued)"
    );
    let mut desk = desk.killed_and_back();
    desk.settle_heads(vec![head(PAIR, "bob", 3, 1, 3)]);
    desk.lines();
    let lines = say(&mut desk, "/lines --in bob");
    assert_eq!(
        lines[3],
        "+2 14:02 queued: \"one\"  (edit queued: \"uno\") (deletion queued)"
    );
}

#[test]
fn change_that_the_server_does_not_store_in_time_is_said_to_wait() {
    let mut desk = in_conversation();
    for line in ["/edit at five", "/react 👍", "/reply ok", "/pin"] {
        assert!(say(&mut desk, line).is_empty(), "{line}");
    }
    desk.wait(Duration::from_millis(1_900));
    assert!(desk.lines().is_empty());
    desk.wait(Duration::from_millis(100));
    let told = "● queued: the edit \"at five\", the reaction 👍, \"ok\", the pin; will be sent when the server answers";
    assert_eq!(queued(&mut desk), [told]);
    desk.wait(Duration::from_secs(5));
    assert!(queued(&mut desk).is_empty(), "it is said once");
    // What was stored in time is not.
    desk.chat(stored(2, 4, 3, 1));
    desk.chat(stored(3, 5, 4, 1));
    desk.chat(stored(4, 6, 5, 1));
    desk.settle();
    desk.chat(stored(5, 7, 6, 1));
    desk.lines();
    say(&mut desk, "/edit #2 at six");
    desk.chat(stored(6, 8, 7, 1));
    desk.lines();
    desk.wait(Duration::from_secs(2));
    assert!(queued(&mut desk).is_empty());
}

/// What is said to be queued.
fn queued(desk: &mut Desk) -> Vec<String> {
    let mut lines = desk.lines();
    lines.retain(|line| line.starts_with("● queued"));
    lines
}
