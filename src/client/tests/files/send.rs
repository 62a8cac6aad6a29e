//! From `/file` to the entry that names it.

use super::*;

/// A desk whose user has a file of so many bytes.
fn with_file(bytes: usize) -> (Desk, FileServer, FileRoot) {
    let desk = Desk::signed_in(Screen::interactive());
    let content = content(bytes);
    desk.files.transfers.put("chart.pdf", &content);
    let root = FileTree::read(&mut &content[..]).unwrap().root();
    (desk, FileServer::default(), root)
}

#[test]
fn file_is_brought_and_then_said_and_what_is_typed_after_it_goes_ahead() {
    let (mut desk, mut server, root) = with_file(300_000);
    desk.run("file bob chart.pdf the new one");
    desk.run("message bob hi");
    let sent = desk.sent();
    let (header, _) = entry(&sent.into_iter().map(|(_, message)| message).collect());
    assert_eq!((header.kind, header.origin.number.0), (EntryKind::Text, 1));
    let (header, body) = entry(&desk.talk(&mut server));
    assert_eq!((header.kind, header.origin.number.0), (EntryKind::File, 2));
    assert_eq!(header.root, Some(root));
    let file: Attachment = body.read().unwrap();
    assert_eq!((&*file.name, file.size), ("chart.pdf", 300_000));
    assert_eq!(
        (&*file.media_type, &*file.text),
        ("application/pdf", "the new one")
    );
    assert!(server.kept[&root].stream[5 * 32..] == content(300_000));
    // The copy is needed until the message is stored: the server may lose the file before that.
    assert_eq!(desk.files.transfers.copies().len(), 1);
    desk.screen.lines();
    desk.chat(stored(1, 1, 0, 1));
    desk.chat(stored(2, 2, 1, 1));
    let lines = desk.lines();
    let own = "14:02 (you) to bob: [file] chart.pdf, 300 kB, PDF: the new one";
    assert!(lines.iter().any(|line| line == own), "{lines:?}");
    assert!(desk.files.transfers.copies().is_empty());
}

#[test]
fn what_becomes_of_the_file_after_it_was_copied_does_not_matter() {
    let (mut desk, mut server, root) = with_file(100_000);
    desk.run("file bob chart.pdf");
    desk.disk();
    desk.files.transfers.remove("chart.pdf");
    entry(&desk.talk(&mut server));
    assert_eq!(server.taken(root), 100_000 + 2 * 32);
}

#[test]
fn file_that_cannot_be_read_is_told_of_and_nothing_waits() {
    let (mut desk, mut server, _) = with_file(10);
    desk.run("file bob \"no such.pdf\"");
    let others = desk.talk(&mut server);
    assert!(entries(&others).is_empty());
    assert_eq!(
        desk.lines(),
        ["not sent: no such.pdf: No such file or directory"]
    );
    desk.run("files");
    let lines = desk.lines();
    assert!(lines[0].starts_with("no file is on its way"), "{lines:?}");
}

#[test]
fn upload_goes_on_where_the_server_is_after_a_lost_link_and_after_a_kill() {
    let (mut desk, mut server, root) = with_file(3_000_000);
    desk.run("file bob chart.pdf");
    server.cut_after = Some(10);
    desk.talk(&mut server);
    let first = server.taken(root);
    assert!(first > 0 && first < 1_500_000, "{first}");
    desk.reconnected(&mut server);
    server.cut_after = Some(12);
    desk.talk(&mut server);
    let second = server.taken(root);
    assert!(second > first);
    let mut desk = desk.killed(&mut server);
    let (header, _) = entry(&desk.talk(&mut server));
    assert_eq!(header.root, Some(root));
    // What was under way at the two breaks comes again, and nothing else.
    let needed = 3_000_000_usize.div_ceil(PIECE_MAX_BYTES);
    assert!(server.pieces < needed + 3 * 34, "{}", server.pieces);
}

#[test]
fn file_that_the_server_has_already_is_not_brought_again() {
    let (mut desk, mut server, _) = with_file(200_000);
    desk.run("file bob chart.pdf");
    desk.talk(&mut server);
    let pieces = server.pieces;
    desk.run("file bob chart.pdf again");
    let (header, _) = entry(&desk.talk(&mut server));
    assert_eq!(header.origin.number.0, 2);
    assert_eq!(server.pieces, pieces);
}

#[test]
fn file_that_the_server_has_lost_is_brought_again_and_said_under_another_number() {
    let (mut desk, mut server, root) = with_file(200_000);
    desk.run("file bob chart.pdf");
    entry(&desk.talk(&mut server));
    desk.run("message bob behind it");
    desk.talk(&mut server);
    server.kept.clear();
    let failure = Failure::of_number(ErrorCode::NoSuchFile, PAIR, DeviceSeq(1));
    desk.control(&ServerMessage::error(Command::SendMessage, failure));
    let others = desk.talk(&mut server);
    let is_void = |message: &ClientMessage| {
        let void = Void {
            conversation: PAIR,
            number: DeviceSeq(1),
        };
        message.body == ClientBody::Void(void)
    };
    assert!(others.iter().any(is_void), "{others:?}");
    let (header, _) = entry(&others);
    assert_eq!((header.root, header.origin.number.0), (Some(root), 3));
    assert!(server.taken(root) > 200_000);
}

#[test]
fn server_that_keeps_no_file_is_not_brought_it_for_ever() {
    let (mut desk, mut server, _) = with_file(1_000);
    desk.run("file bob chart.pdf");
    let mut said = 0;
    for number in 1..20 {
        let others = desk.talk(&mut server);
        if entries(&others).is_empty() {
            break;
        }
        said += 1;
        server.kept.clear();
        let failure = Failure::of_number(ErrorCode::NoSuchFile, PAIR, DeviceSeq(number));
        desk.control(&ServerMessage::error(Command::SendMessage, failure));
    }
    assert_eq!(said, 5);
    let lines = desk.lines();
    assert!(
        lines.last().unwrap().contains("the file chart.pdf"),
        "{lines:?}"
    );
    assert!(desk.files.transfers.copies().is_empty());
}

#[test]
fn larger_file_than_the_server_takes_is_refused_before_it_is_copied() {
    let (mut desk, mut server, _) = with_file(200_000);
    desk.greet(100_000);
    desk.run("file bob chart.pdf");
    assert!(entries(&desk.talk(&mut server)).is_empty());
    let lines = desk.lines();
    assert_eq!(
        lines,
        ["not sent: chart.pdf: it has more than 100000 bytes"]
    );
    assert!(desk.files.transfers.copies().is_empty());
    desk.greet(0);
    desk.run("file bob chart.pdf");
    assert_eq!(desk.files.transfers.answers().len(), 0);
    assert_eq!(desk.lines(), ["this server takes no files"]);
}

#[test]
fn file_that_was_queued_without_a_server_is_refused_by_the_size_that_it_says_then() {
    let (mut desk, mut server, _) = with_file(200_000);
    desk.core.link_lost(desk.now, "lost", None);
    desk.run("file bob chart.pdf");
    desk.disk();
    let lines = desk.lines();
    assert!(
        lines.iter().any(|line| line.starts_with("● queued")),
        "{lines:?}"
    );
    desk.core.link_up(desk.now, KEY, HASH);
    desk.bodies();
    desk.control(&ServerMessage::control(session_start()));
    desk.sent();
    desk.greet(100_000);
    desk.meet(0);
    desk.talk(&mut server);
    assert_eq!(server.pieces, 0);
    assert!(desk.files.transfers.copies().is_empty());
}

#[test]
fn refusal_is_told_and_what_is_only_refused_for_now_waits() {
    let (mut desk, _, _) = with_file(200_000);
    let begin = |desk: &mut Desk| {
        desk.run("file bob chart.pdf");
        desk.disk();
        let bodies = desk.bodies();
        let Some(ClientBody::UploadRequest(request)) = bodies.last() else {
            panic!("{bodies:?} begins no upload");
        };
        desk.screen.lines();
        request.tag
    };
    let tag = begin(&mut desk);
    desk.bulk(ServerBody::Failure(Failure {
        tag: Some(tag),
        ..Failure::new(ErrorCode::QuotaFull, "your files have 1 GB of at most 1 GB")
    }));
    let lines = desk.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("the file chart.pdf"), "{lines:?}");
    assert!(lines[0].contains("1 GB of at most 1 GB"), "{lines:?}");
    assert!(desk.files.transfers.copies().is_empty());
    let tag = begin(&mut desk);
    desk.bulk(ServerBody::Failure(Failure {
        tag: Some(tag),
        wait_ms: Some(3_600_000),
        ..Failure::new(ErrorCode::LimitReached, "2 GB a day")
    }));
    let lines = desk.lines();
    // It is nothing that the user has to do anything about.
    assert_eq!(
        lines,
        ["● chart.pdf waits: a limit is reached: 2 GB a day; it goes on by itself at 15:02"]
    );
    assert!(!desk.files.transfers.copies().is_empty());
    assert_eq!(desk.bodies(), []);
    desk.wait(Duration::from_secs(3_601));
    let bodies = desk.bodies();
    assert!(
        matches!(bodies[..], [.., ClientBody::UploadRequest(_)]),
        "{bodies:?}"
    );
}

#[test]
fn no_such_user_gets_no_file_and_nothing_of_it_is_brought() {
    let (mut desk, mut server, _) = with_file(200_000);
    desk.run("file nobody chart.pdf");
    let others = desk.talk(&mut server);
    let [
        ClientMessage {
            body: ClientBody::Resolve(resolve),
            ..
        },
    ] = &others[..]
    else {
        panic!("{others:?}");
    };
    assert_eq!(server.pieces, 0);
    let failure = Failure {
        tag: Some(resolve.tag),
        ..Failure::new(ErrorCode::NoSuchUser, "")
    };
    desk.screen.lines();
    desk.control(&ServerMessage::error(Command::Resolve, failure));
    let lines = desk.lines();
    assert!(
        lines[0].contains("not sent: the file chart.pdf"),
        "{lines:?}"
    );
    assert!(desk.files.transfers.copies().is_empty());
}

#[test]
fn cancelled_file_leaves_nothing_here_and_is_not_said() {
    let (mut desk, mut server, _) = with_file(3_000_000);
    desk.run("file bob chart.pdf");
    server.cut_after = Some(5);
    desk.talk(&mut server);
    desk.screen.lines();
    desk.run("files");
    let lines = desk.lines();
    assert!(lines[0].starts_with("+1"), "{lines:?}");
    assert!(
        lines[0].contains("↑") && lines[0].contains("of 3 MB"),
        "{lines:?}"
    );
    desk.run("cancel +1");
    assert_eq!(desk.lines(), ["not sent: the file chart.pdf"]);
    assert!(desk.files.transfers.copies().is_empty());
    server.cut_after = None;
    assert!(entries(&desk.talk(&mut server)).is_empty());
    desk.run("cancel");
    assert_eq!(desk.lines(), ["no file is on its way"]);
}

#[test]
fn two_are_brought_at_a_time_and_one_content_once() {
    let (mut desk, mut server, _) = with_file(2_000_000);
    for (name, bytes) in [("a", 1_900_000), ("b", 1_800_000)] {
        desk.files.transfers.put(name, &content(bytes));
    }
    for name in ["chart.pdf", "a", "b", "chart.pdf"] {
        desk.run(&format!("file bob {name}"));
    }
    desk.disk();
    let begun = desk.bodies();
    let requests = begun
        .iter()
        .filter(|body| matches!(body, ClientBody::UploadRequest(_)));
    let lines = desk.screen.lines();
    assert_eq!(requests.count(), 2, "{begun:?} {lines:?}");
    // The requests of this batch were not answered; the next session asks again.
    desk.reconnected(&mut server);
    let others = desk.talk(&mut server);
    assert_eq!(entries(&others).len(), 4);
    assert_eq!(server.kept.len(), 3);
    let needed = [2_000_000, 1_900_000, 1_800_000_usize].map(|bytes| bytes / PIECE_MAX_BYTES + 2);
    assert!(server.pieces <= needed.iter().sum(), "{}", server.pieces);
}

#[test]
fn damaged_copy_is_given_up_after_a_few_times() {
    let (mut desk, mut server, _) = with_file(200_000);
    desk.run("file bob chart.pdf");
    desk.disk();
    desk.files.transfers.damage_copies(150_000);
    let others = desk.talk(&mut server);
    assert!(entries(&others).is_empty());
    let lines = desk.lines();
    let told = lines.last().unwrap();
    assert!(
        told.contains("its copy on this device is damaged"),
        "{lines:?}"
    );
    assert!(desk.files.transfers.copies().is_empty());
}

#[test]
fn copies_that_no_message_needs_are_removed_at_the_next_start() {
    let (mut desk, mut server, _) = with_file(200_000);
    desk.run("file bob chart.pdf");
    // Killed when the copy was made, and before that was known.
    desk.settle();
    assert_eq!(desk.files.transfers.answers().len(), 1);
    assert_eq!(desk.files.transfers.copies().len(), 1);
    let mut desk = desk.killed(&mut server);
    desk.talk(&mut server);
    assert!(desk.files.transfers.copies().is_empty());
}

#[test]
fn files_that_are_being_copied_count_among_those_that_wait() {
    let (mut desk, _, _) = with_file(10);
    desk.core.link_lost(desk.now, "lost", None);
    for _ in 0..62 {
        desk.run("file bob chart.pdf");
        desk.disk();
    }
    desk.screen.lines();
    for _ in 0..3 {
        desk.run("file bob chart.pdf");
    }
    let lines = desk.lines();
    let refused = lines.iter().filter(|line| line.contains("wait already"));
    assert_eq!(refused.count(), 1, "{lines:?}");
}

#[test]
fn file_answers_the_message_that_is_named() {
    let (mut desk, mut server, _) = with_file(1_000);
    let tree = FileTree::read(&mut &content(9)[..]).unwrap();
    deliver_file(&mut desk, 1, tree.root(), &attachment("old.pdf", 9, ""));
    desk.settle();
    desk.screen.lines();
    desk.run("file --reply #1 bob chart.pdf the new one");
    let (header, body) = entry(&desk.talk(&mut server));
    let file: Attachment = body.read().unwrap();
    assert_eq!(
        (header.kind, header.refers_to, &*file.text),
        (EntryKind::File, Some(EntryId(1)), "the new one")
    );
    desk.chat(stored(1, 2, 1, 1));
    let lines = desk.lines();
    let own = "14:02 (you) to bob, to \"old.pdf\" of bob: [file] chart.pdf, 1 kB, PDF: the new one";
    assert!(lines.iter().any(|line| line == own), "{lines:?}");
    for (line, told) in [
        ("file --reply #7 bob chart.pdf", "#7"),
        ("file --reply it bob chart.pdf", "which message?"),
    ] {
        desk.run(line);
        let lines = desk.lines();
        assert!(lines[0].contains(told), "{line}: {lines:?}");
        assert!(entries(&desk.talk(&mut server)).is_empty());
    }
}
