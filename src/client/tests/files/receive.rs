//! From the message that is a file to the file in its place.

use super::*;

/// A desk to which bob has sent a file of so many bytes.
fn offered(bytes: usize) -> (Desk, FileServer, Vec<u8>) {
    let mut desk = Desk::signed_in(Screen::interactive());
    let mut server = FileServer::default();
    let content = content(bytes);
    let tree = server.give(1, &content);
    let file = attachment("chart.pdf", bytes as u64, "the new one");
    deliver_file(&mut desk, 1, tree.root(), &file);
    desk.settle();
    (desk, server, content)
}

/// How much was asked for, in bytes.
fn asked(server: &FileServer) -> u64 {
    server.asked.iter().map(|asked| asked.length).sum()
}

#[test]
fn file_is_shown_with_how_to_save_it_and_saved_under_its_name() {
    let (mut desk, mut server, content) = offered(3_000_000);
    assert_eq!(
        desk.lines(),
        ["14:01 bob: [file] chart.pdf, 3 MB, PDF: the new one  `/save --in bob #1` saves it"]
    );
    desk.run("save --in bob #1");
    desk.talk(&mut server);
    let lines = desk.lines();
    assert_eq!(
        lines,
        [
            "● saving chart.pdf, 3 MB",
            "● saved as /downloads/chart.pdf"
        ]
    );
    assert!(desk.files.transfers.saved("/downloads/chart.pdf") == Some(content));
    assert!(desk.files.transfers.parts().is_empty());
    assert_eq!(asked(&server), 3_000_000 + 46 * 32);
    // In a conversation no number is needed, and another place can be named.
    desk.run("enter bob");
    desk.settle();
    desk.run("/save");
    desk.talk(&mut server);
    desk.run("/save #1 \"/elsewhere/my chart.pdf\"");
    desk.talk(&mut server);
    assert_eq!(
        desk.files.transfers.all_saved(),
        [
            "/downloads/chart.pdf",
            "/downloads/chart.pdf (2)",
            "/elsewhere/my chart.pdf"
        ]
    );
}

/// `/save 2` saved the last file under the name 2, and words behind a path were dropped.
#[test]
fn number_without_its_sign_and_words_behind_a_path_are_mistakes() {
    let (mut desk, mut server, _) = offered(3000);
    desk.run("enter bob");
    desk.settle();
    desk.lines();
    for (typed, told) in [
        (
            "/save 2",
            "`/save #2` saves the file of that message, `/save ./2` the last one under that name",
        ),
        (
            "/save #1 one two",
            "one name or path at a time; put one with blanks in quotation marks",
        ),
        (
            "/save #1 #2",
            "one file at a time: `/save #2` saves that one",
        ),
    ] {
        desk.run(typed);
        desk.talk(&mut server);
        assert_eq!(desk.lines(), [told], "{typed}");
    }
    assert_eq!(desk.files.transfers.all_saved(), [""; 0]);
    desk.run("/save #1 2");
    desk.talk(&mut server);
    assert_eq!(desk.files.transfers.all_saved(), ["2"]);
}

/// A file that came a moment ago was not durable yet, and the one before it was saved in its place.
#[test]
fn file_that_comes_with_the_command_is_the_last_one() {
    let (mut desk, mut server, _) = offered(1_000);
    let content = content(2_000);
    let tree = server.give(2, &content);
    deliver_file(&mut desk, 2, tree.root(), &attachment("b.pdf", 2_000, ""));
    desk.run("save --in bob");
    desk.talk(&mut server);
    assert_eq!(desk.files.transfers.all_saved(), ["/downloads/b.pdf"]);
}

#[test]
fn only_files_below_the_size_that_the_user_wants_are_saved_by_themselves() {
    let options = Options {
        save_files_below: 100_000,
        ..with_password("erin", "secret")
    };
    let mut desk = Desk::signed_in_with(Screen::interactive(), options);
    let mut server = FileServer::default();
    for (entry, bytes) in [(1, 99_999), (2, 100_000), (3, 0)] {
        let tree = server.give(entry, &content(bytes));
        let file = attachment(&format!("{bytes}.pdf"), bytes as u64, "");
        deliver_file(&mut desk, entry, tree.root(), &file);
        desk.settle();
        // It comes once more.
        deliver_file(&mut desk, entry, tree.root(), &file);
        desk.talk(&mut server);
    }
    let saved = desk.files.transfers.all_saved();
    assert_eq!(saved, ["/downloads/0.pdf", "/downloads/99999.pdf"]);
    desk.run("ignore bob");
    desk.talk(&mut server);
    let tree = server.give(4, &content(5));
    deliver_file(&mut desk, 4, tree.root(), &attachment("no.pdf", 5, ""));
    desk.talk(&mut server);
    assert_eq!(desk.files.transfers.all_saved().len(), 2);
    // Without the option none is.
    let (mut desk, mut server, _) = offered(10);
    desk.talk(&mut server);
    assert!(desk.files.transfers.all_saved().is_empty());
}

// Anybody in a room could fill the disk with many small files.
#[test]
fn files_save_themselves_up_to_a_limit_a_day_and_the_user_is_told_once() {
    let options = Options {
        save_files_below: 600_000_000,
        ..with_password("erin", "secret")
    };
    let mut desk = Desk::signed_in_with(Screen::interactive(), options);
    let deliver = |desk: &mut Desk, entry: u64| {
        let file = attachment("chart.pdf", 500_000_000, "");
        deliver_file(desk, entry, Bytes([7; 32]), &file);
        let lines = desk.lines();
        let about = |what: &str| lines.iter().filter(|line| line.contains(what)).count();
        (about("saving chart.pdf"), about("is not saved"))
    };
    let told: Vec<_> = (1..=4).map(|entry| deliver(&mut desk, entry)).collect();
    assert_eq!(told, [(1, 0), (1, 0), (0, 1), (0, 0)]);
    desk.wait(Duration::from_hours(24));
    assert_eq!(deliver(&mut desk, 5), (1, 0));
}

#[test]
fn empty_file_and_one_of_a_single_chunk_are_saved() {
    for bytes in [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1] {
        let (mut desk, mut server, content) = offered(bytes);
        desk.run("save --in bob");
        desk.talk(&mut server);
        let saved = desk.files.transfers.saved("/downloads/chart.pdf");
        assert!(saved == Some(content), "{bytes}");
    }
}

#[test]
fn download_goes_on_where_it_was_after_a_lost_link() {
    let (mut desk, mut server, content) = offered(3_000_000);
    desk.run("save --in bob");
    server.cut_after = Some(20);
    desk.talk(&mut server);
    desk.reconnected(&mut server);
    server.asked.clear();
    desk.talk(&mut server);
    assert!(desk.files.transfers.saved("/downloads/chart.pdf") == Some(content));
    let written = 20 * PIECE_MAX_BYTES - CHUNK_BYTES - 46 * 32;
    assert!(asked(&server) <= 3_000_000 - written as u64);
}

#[test]
fn download_goes_on_after_a_kill_with_what_is_good_of_what_was_written() {
    for damaged in [None, Some(200_000)] {
        let (mut desk, mut server, content) = offered(3_000_000);
        desk.run("save --in bob");
        server.cut_after = Some(40);
        desk.talk(&mut server);
        let [(_, written)] = desk.files.transfers.parts()[..] else {
            panic!("a part is here");
        };
        assert!(written >= 18 * CHUNK_BYTES);
        if let Some(at) = damaged {
            desk.files.transfers.damage_parts(at);
        }
        let mut desk = desk.killed(&mut server);
        server.asked.clear();
        desk.talk(&mut server);
        assert!(desk.files.transfers.saved("/downloads/chart.pdf") == Some(content));
        assert!(desk.files.transfers.parts().is_empty());
        let good = damaged.map_or(written, |at| at / CHUNK_BYTES * CHUNK_BYTES) as u64;
        assert_eq!(asked(&server), 3_000_000 - good + 46 * 32, "{damaged:?}");
    }
}

#[test]
fn file_that_was_complete_at_a_kill_is_saved_once() {
    let (mut desk, mut server, content) = offered(100_000);
    desk.run("save --in bob");
    // All has come, and is about to be given its place.
    for body in desk.bodies() {
        let ClientBody::DownloadRequest(request) = body else {
            continue;
        };
        for piece in server.send(request) {
            desk.bulk(piece);
        }
    }
    desk.settle();
    assert_eq!(desk.files.transfers.answers().len(), 1);
    let mut desk = desk.killed(&mut server);
    desk.talk(&mut server);
    assert_eq!(desk.files.transfers.all_saved(), ["/downloads/chart.pdf"]);
    assert!(desk.files.transfers.saved("/downloads/chart.pdf") == Some(content));
}

#[test]
fn full_disk_stops_it_and_the_user_goes_on() {
    let (mut desk, mut server, content) = offered(3_000_000);
    desk.run("save --in bob");
    desk.screen.lines();
    desk.files.transfers.set_full(true);
    desk.talk(&mut server);
    let lines = desk.lines();
    assert_eq!(
        lines,
        ["not saved: chart.pdf: the disk is full; `/save` tries again"]
    );
    desk.run("files");
    let lines = desk.lines();
    assert!(
        lines[0].ends_with("not saved: the disk is full"),
        "{lines:?}"
    );
    assert_eq!(
        desk.bodies(),
        [],
        "nothing is asked for that cannot be kept"
    );
    desk.files.transfers.set_full(false);
    desk.run("save --in bob");
    desk.talk(&mut server);
    assert!(desk.files.transfers.saved("/downloads/chart.pdf") == Some(content));
}

#[test]
fn file_that_is_deleted_while_it_is_fetched_is_not_saved_and_nothing_of_it_stays() {
    let (mut desk, mut server, _) = offered(3_000_000);
    desk.run("save --in bob");
    server.cut_after = Some(70);
    desk.talk(&mut server);
    assert_eq!(desk.files.transfers.parts().len(), 1);
    server.cut_after = None;
    server.given.clear();
    desk.reconnected(&mut server);
    desk.screen.lines();
    desk.talk(&mut server);
    assert_eq!(
        desk.lines(),
        ["not saved: chart.pdf: it is no longer at the server"]
    );
    assert!(desk.files.transfers.parts().is_empty());
    assert!(desk.files.transfers.all_saved().is_empty());
}

#[test]
fn cancelled_download_leaves_nothing_here() {
    let (mut desk, mut server, _) = offered(3_000_000);
    desk.run("save --in bob");
    server.cut_after = Some(40);
    desk.talk(&mut server);
    desk.screen.lines();
    desk.run("save --in bob");
    let lines = desk.lines();
    assert!(
        lines[0].starts_with("chart.pdf is being saved already, "),
        "{lines:?}"
    );
    // Another place was dropped without a word.
    desk.run("save --in bob ./other.pdf");
    let lines = desk.lines();
    assert!(
        lines[0].contains(": under its own name, not as ./other.pdf; `/save` it again"),
        "{lines:?}"
    );
    desk.run("files");
    let lines = desk.lines();
    assert!(
        lines[0].starts_with("#1") && lines[0].contains('↓'),
        "{lines:?}"
    );
    desk.run("cancel");
    assert_eq!(desk.lines(), ["not saved: chart.pdf"]);
    assert!(desk.files.transfers.parts().is_empty());
    // Nothing of it begins again.
    let mut desk = desk.killed(&mut server);
    server.asked.clear();
    desk.talk(&mut server);
    assert!(server.asked.is_empty());
    assert!(desk.files.transfers.all_saved().is_empty());
}

#[test]
fn two_are_fetched_at_a_time() {
    let (mut desk, mut server, content) = offered(200_000);
    for entry in 2..=3 {
        let tree = server.give(entry, &content);
        let file = attachment("chart.pdf", 200_000, "");
        deliver_file(&mut desk, entry, tree.root(), &file);
    }
    for entry in 1..=3 {
        desk.run(&format!("save --in bob #{entry}"));
    }
    let bodies = desk.bodies();
    let requests = bodies
        .iter()
        .filter(|body| matches!(body, ClientBody::DownloadRequest(_)));
    assert_eq!(requests.count(), 2, "{bodies:?}");
    desk.reconnected(&mut server);
    desk.talk(&mut server);
    assert_eq!(desk.files.transfers.all_saved().len(), 3);
}

#[test]
fn what_is_no_file_is_not_saved() {
    let mut desk = Desk::signed_in(Screen::interactive());
    super::super::receiving::deliver(&mut desk, "tea?", 1, 0);
    desk.lines();
    desk.run("save --in bob #1");
    assert_eq!(desk.lines(), ["#1 in bob is not a file"]);
    desk.run("save --in bob");
    let lines = desk.lines();
    assert!(
        lines[0].starts_with("this device has no file in bob"),
        "{lines:?}"
    );
}

#[test]
fn prompt_says_how_far_the_files_are() {
    let (mut desk, mut server, _) = offered(3_000_000);
    desk.run("save --in bob");
    server.cut_after = Some(40);
    desk.talk(&mut server);
    desk.wait(Duration::from_secs(1));
    desk.settle();
    let state = desk.screen.seen().status.state.clone();
    assert!(
        state.starts_with("↓ 3") || state.starts_with("↓ 4"),
        "{state}"
    );
    desk.run("cancel");
    desk.wait(Duration::from_secs(1));
    desk.settle();
    assert_eq!(desk.screen.seen().status.state, "");
}

#[test]
fn file_that_was_saved_when_it_was_cancelled_is_told_of() {
    let (mut desk, mut server, _) = offered(100_000);
    desk.run("save --in bob");
    for body in desk.bodies() {
        if let ClientBody::DownloadRequest(request) = body {
            for piece in server.send(request) {
                desk.bulk(piece);
            }
        }
    }
    desk.settle();
    let answers = desk.files.transfers.answers();
    desk.screen.lines();
    desk.run("cancel");
    for answer in answers {
        desk.core.handle_input(desk.now, answer);
    }
    assert_eq!(
        desk.lines(),
        [
            "not saved: chart.pdf",
            "● it was saved before that, as /downloads/chart.pdf"
        ]
    );
}

/// The whole file came before that was noticed.
#[test]
fn folder_that_is_not_there_is_told_before_anything_is_fetched() {
    let (mut desk, mut server, _) = offered(3_000_000);
    desk.screen.lines();
    desk.run("save --in bob /nope/");
    desk.talk(&mut server);
    assert_eq!(
        desk.lines(),
        ["not saved: chart.pdf: there is no folder /nope: make it first"]
    );
    assert!(server.asked.is_empty());
    desk.run("files");
    let lines = desk.lines();
    assert!(lines[0].starts_with("no file is on its way"), "{lines:?}");
}

#[test]
fn reader_is_told_why_the_server_has_a_file_no_longer() {
    let (mut desk, mut server, _) = offered(3_000_000);
    desk.run("save --in bob");
    desk.screen.lines();
    let tag = requests(&mut desk)[0].tag;
    let failure = Failure {
        tag: Some(tag),
        ..Failure::new(ErrorCode::NoSuchFile, "that message was deleted")
    };
    desk.bulk_as(ServerBody::Failure(failure), Some(Command::Download));
    desk.talk(&mut server);
    assert_eq!(
        desk.lines(),
        ["not saved: chart.pdf: that message was deleted"]
    );
}

#[test]
fn nothing_is_offered_to_who_may_not_save() {
    let options = Options {
        is_restricted: true,
        ..with_password("erin", "secret")
    };
    let mut desk = Desk::connected(Screen::interactive(), options);
    Server::with_signed_in("erin", "secret").log_in(&mut desk);
    desk.settle_heads(vec![head(PAIR, "bob", 0, 0, 0)]);
    desk.screen.lines();
    let tree = FileTree::read(&mut &content(9)[..]).unwrap();
    deliver_file(&mut desk, 1, tree.root(), &attachment("chart.pdf", 9, ""));
    assert_eq!(desk.lines(), ["14:01 bob: [file] chart.pdf, 9 bytes, PDF"]);
}

/// Nothing was told for as long as it took.
#[test]
fn terminal_whose_prompt_cannot_tell_how_far_a_file_is_gets_a_line_now_and_then() {
    let mut desk = Desk::signed_in(Screen::without_editor());
    let mut server = FileServer::default();
    let tree = server.give(1, &content(8_000_000));
    deliver_file(
        &mut desk,
        1,
        tree.root(),
        &attachment("chart.pdf", 8_000_000, ""),
    );
    desk.run("save --in bob");
    desk.screen.lines();
    server.cut_after = Some(30);
    desk.talk(&mut server);
    desk.wait(Duration::from_secs(4));
    server.cut_after = None;
    desk.reconnected(&mut server);
    desk.talk(&mut server);
    let lines = desk.lines();
    let told = lines.iter().filter(|line| line.starts_with("↓ chart.pdf"));
    assert_eq!(told.count(), 1, "{lines:?}");
}
