//! What stands in exports and logs, what is found and counted, and what is done to a message that is a file.

use super::*;

fn offered() -> Desk {
    let mut desk = Desk::signed_in(Screen::interactive());
    let file = attachment("Quarterly chart.pdf", 5_240_000, "the new one");
    deliver_file(&mut desk, 1, Bytes([7; 32]), &file);
    desk.settle();
    desk
}

#[test]
fn file_is_exported_with_what_describes_it() {
    let mut desk = offered();
    desk.run("export bob bob.txt");
    assert_eq!(
        desk.files.written(),
        "2026-03-17 14:01:00 bob: [file] Quarterly chart.pdf, 5.2 MB, PDF: the new one\n"
    );
    desk.run("export bob bob.jsonl");
    let written = desk.files.written();
    let record: serde_json::Value = serde_json::from_str(&written).unwrap();
    assert_eq!(record["kind"], "file");
    assert_eq!(record["text"], "the new one");
    let root = "07".repeat(32);
    let file = serde_json::json!({
        "name": "Quarterly chart.pdf", "size": 5_240_000, "type": "application/pdf", "root": root,
    });
    assert_eq!(record["file"], file);
}

#[test]
fn file_is_found_by_its_name_and_its_text() {
    for words in ["quarterly", "chart", "new one"] {
        let mut desk = offered();
        desk.screen.lines();
        desk.run(&format!("search {words}"));
        let lines = desk.lines();
        assert!(lines[0].contains("[file] Quarterly chart.pdf"), "{lines:?}");
    }
}

#[test]
fn file_is_answered_and_reacted_to_by_its_name() {
    let mut desk = offered();
    desk.screen.lines();
    desk.run("reply --in bob #1 thanks");
    let sent: Others = desk
        .sent()
        .into_iter()
        .map(|(_, message)| message)
        .collect();
    assert_eq!(entry(&sent).0.refers_to, Some(EntryId(1)));
    desk.chat(stored(1, 2, 1, 1));
    let lines = desk.lines();
    let answer = "to \"Quarterly chart.pdf: the new one\" of bob";
    assert!(lines.iter().any(|line| line.contains(answer)), "{lines:?}");
}

#[test]
fn text_of_an_own_file_can_be_edited_while_it_waits_and_then() {
    let mut desk = Desk::signed_in(Screen::interactive());
    let mut server = FileServer::default();
    desk.files.transfers.put("chart.pdf", &content(1_000));
    desk.run("file bob chart.pdf old words");
    desk.disk();
    desk.settle();
    desk.screen.lines();
    desk.run("edit --in bob new words");
    let (_, body) = entry(&desk.talk(&mut server));
    assert_eq!(body.read::<Attachment>().unwrap().text, "new words");
    desk.chat(stored(1, 1, 0, 1));
    desk.settle();
    desk.run("edit --in bob newer words");
    let (header, _) = entry(&desk.talk(&mut server));
    assert_eq!(
        (header.kind, header.refers_to),
        (EntryKind::Edit, Some(EntryId(1)))
    );
    desk.chat(stored(2, 2, 1, 1));
    let told = "edited the text of chart.pdf: \"newer words\"";
    let lines = desk.lines();
    assert!(lines.iter().any(|line| line.contains(told)), "{lines:?}");
    desk.run("history bob");
    let lines = desk.lines();
    let edited = "[file] chart.pdf, 1 kB, PDF: newer words  (edited)";
    assert!(lines.iter().any(|line| line.contains(edited)), "{lines:?}");
    for words in ["newer", "chart"] {
        desk.run(&format!("search {words}"));
        assert!(desk.lines()[0].contains("chart.pdf"), "{words}");
    }
    desk.run("delete --in bob");
    let (header, _) = entry(&desk.talk(&mut server));
    assert_eq!(
        (header.kind, header.refers_to),
        (EntryKind::Delete, Some(EntryId(1)))
    );
    desk.chat(stored(3, 3, 2, 1));
    let (told, lines) = ("deleted the file chart.pdf", desk.lines());
    assert!(lines.iter().any(|line| line.contains(told)), "{lines:?}");
}

#[test]
fn file_counts_as_unread_and_in_what_was_missed() {
    let mut desk = Desk::with_conversations(vec![head(PAIR, "bob", 1, 0, 0)]);
    let file = attachment("chart.pdf", 10, "");
    deliver_file(&mut desk, 1, Bytes([7; 32]), &file);
    let lines = desk.lines();
    assert!(
        lines
            .iter()
            .any(|line| line.contains("1 message while you were away: bob 1")),
        "{lines:?}"
    );
    assert!(
        lines.iter().any(|line| line.contains("chart.pdf")),
        "{lines:?}"
    );
}
