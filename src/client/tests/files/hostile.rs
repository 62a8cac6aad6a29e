//! Servers and authors that lie.

use super::*;

/// A desk that has asked for a file of bob's, and the requests.
fn asking(file: &Attachment, root: FileRoot) -> (Desk, Vec<DownloadRequest>) {
    let mut desk = Desk::signed_in(Screen::interactive());
    deliver_file(&mut desk, 1, root, file);
    desk.settle();
    desk.sent();
    desk.screen.lines();
    desk.run("save --in bob");
    let requests = requests(&mut desk);
    (desk, requests)
}

fn piece(request: &DownloadRequest, size: u64, bytes: &[u8]) -> ServerBody {
    ServerBody::DownloadPiece(DownloadPiece {
        tag: request.tag,
        size,
        offset: request.offset,
        bytes: ByteBuf::from(bytes),
    })
}

#[test]
fn file_of_other_bytes_than_its_root_says_is_asked_for_a_few_times_and_never_written() {
    for bytes in [1_000, 200_000] {
        let mut desk = Desk::signed_in(Screen::interactive());
        let mut server = FileServer::default();
        let mut other = content(bytes);
        let root = FileTree::read(&mut &other[..]).unwrap().root();
        other[bytes - 1] ^= 1;
        server.give(1, &other);
        let file = attachment("chart.pdf", bytes as u64, "");
        deliver_file(&mut desk, 1, root, &file);
        desk.lines();
        desk.run("save --in bob");
        desk.talk(&mut server);
        let lines = desk.lines();
        let told = "not saved: chart.pdf: what the server has is not the file that was sent";
        assert_eq!(lines.last().unwrap(), told, "{lines:?}");
        assert!(server.asked.len() <= 8, "{}", server.asked.len());
        assert!(desk.files.transfers.parts().is_empty());
        assert!(desk.files.transfers.all_saved().is_empty());
    }
}

#[test]
fn damaged_chunk_is_asked_for_again_and_what_was_good_stays() {
    let content = content(300_000);
    let tree = FileTree::read(&mut &content[..]).unwrap();
    let file = attachment("chart.pdf", 300_000, "");
    let (mut desk, asked) = asking(&file, tree.root());
    let mut server = FileServer::default();
    server.give(1, &content);
    let good = server.send(asked[0].clone());
    let damaged = good.into_iter().enumerate().map(|(number, answer)| {
        let ServerBody::DownloadPiece(mut piece) = answer else {
            panic!("{answer:?}");
        };
        if number == 5 {
            piece.bytes[0] ^= 1;
        }
        piece
    });
    for piece in damaged {
        desk.bulk(ServerBody::DownloadPiece(piece));
    }
    desk.settle();
    let [(_, written)] = desk.files.transfers.parts()[..] else {
        panic!("a part is here");
    };
    assert_eq!(written, 2 * CHUNK_BYTES);
    server.asked.clear();
    desk.talk(&mut server);
    assert_eq!(server.asked[0].offset, 2 * CHUNK_BYTES as u64 + 5 * 32);
    assert!(desk.files.transfers.saved("/downloads/chart.pdf") == Some(content));
}

#[test]
fn file_that_is_larger_than_its_message_says_is_not_fetched() {
    let file = attachment("chart.pdf", 1_000, "");
    let (mut desk, asked) = asking(&file, Bytes([7; 32]));
    assert_eq!(asked[0].length, 1_000);
    desk.bulk(piece(&asked[0], 9_000_000, &[0; 1_000]));
    let lines = desk.lines();
    let told = "not saved: chart.pdf: its message says 1 kB, and the file has 9 MB";
    assert_eq!(lines.last().unwrap(), told, "{lines:?}");
    assert!(desk.files.transfers.parts().is_empty());
}

#[test]
fn piece_that_was_not_asked_for_changes_nothing_and_wrong_ones_do_not_go_on_for_ever() {
    let content = content(3_000_000);
    let tree = FileTree::read(&mut &content[..]).unwrap();
    let file = attachment("chart.pdf", 3_000_000, "");
    let (mut desk, mut asked) = asking(&file, tree.root());
    assert_eq!(asked.len(), 2);
    let unknown = DownloadRequest {
        tag: 4_000_000_000,
        ..asked[0].clone()
    };
    for _ in 0..1_000 {
        desk.bulk(piece(&unknown, 3_000_000, &vec![1; PIECE_MAX_BYTES]));
    }
    assert_eq!(requests(&mut desk), []);
    let mut rounds = 0;
    while !asked.is_empty() {
        rounds += 1;
        assert!(rounds < 10, "they go on for ever");
        // Another offset, none at all, more than a piece has, and the second request before the first.
        let wrong = match rounds {
            1 => DownloadRequest {
                offset: 99,
                ..asked[0].clone()
            },
            4 => asked[1].clone(),
            _ => asked[0].clone(),
        };
        let bytes = match rounds {
            2 => vec![],
            3 => vec![0; PIECE_MAX_BYTES + 1],
            _ => vec![0; 10],
        };
        desk.bulk(piece(&wrong, 3_000_000, &bytes));
        asked = requests(&mut desk);
    }
    let lines = desk.lines();
    assert!(lines.last().unwrap().starts_with("not saved"), "{lines:?}");
}

#[test]
fn endless_pieces_fill_no_memory() {
    let content = content(3_000_000);
    let tree = FileTree::read(&mut &content[..]).unwrap();
    let file = attachment("chart.pdf", 3_000_000, "");
    let (mut desk, asked) = asking(&file, tree.root());
    let mut server = FileServer::default();
    server.give(1, &content);
    // The same answer over and over, within one batch: only what was asked for is kept.
    let pieces = server.send(asked[0].clone());
    for _ in 0..50 {
        for answer in &pieces {
            desk.bulk(answer.clone());
        }
    }
    desk.settle();
    let [(_, written)] = desk.files.transfers.parts()[..] else {
        panic!("a part is here");
    };
    assert!(written <= 1024 * 1024);
}

#[test]
fn file_larger_than_files_can_be_is_none_and_so_is_one_without_a_root_or_of_another_author() {
    let mut desk = Desk::signed_in(Screen::interactive());
    let large = attachment("chart.pdf", u64::MAX, "");
    deliver_file(&mut desk, 1, Bytes([7; 32]), &large);
    let nameless = attachment("", 1, "");
    deliver_file(&mut desk, 2, Bytes([7; 32]), &nameless);
    let named = attachment(&"x".repeat(256), 1, "");
    deliver_file(&mut desk, 3, Bytes([7; 32]), &named);
    let foreign = Attachment {
        sender: ERIN,
        ..attachment("chart.pdf", 1, "")
    };
    deliver_file(&mut desk, 4, Bytes([7; 32]), &foreign);
    let lines = desk.lines();
    assert_eq!(lines.len(), 4);
    for line in &lines {
        assert!(
            line.contains("a message that this version cannot show"),
            "{lines:?}"
        );
    }
}

#[test]
fn name_of_an_author_forges_no_line_and_leads_nowhere_else() {
    let names = [
        "../../.ssh/authorized_keys",
        "a\n14:02 carol: I agree",
        "\u{1b}]0;title\u{7}x",
        "gpj.\u{202e}exe",
        "\u{200b}",
    ];
    for name in names {
        let mut desk = Desk::signed_in(Screen::interactive());
        let mut server = FileServer::default();
        let content = content(10);
        let tree = server.give(1, &content);
        let file = Attachment {
            media_type: "image/\u{1b}[2J".into(),
            ..attachment(name, 10, "")
        };
        deliver_file(&mut desk, 1, tree.root(), &file);
        let lines = desk.lines();
        assert_eq!(lines.len(), 1);
        let is_harmless = |sign: char| !sign.is_control() && sign != '\u{202e}';
        assert!(lines[0].chars().all(is_harmless), "{lines:?}");
        desk.run("save --in bob");
        desk.talk(&mut server);
        for line in desk.lines() {
            assert!(line.chars().all(is_harmless), "{line:?}");
        }
    }
}

#[test]
fn upload_that_the_server_never_finishes_is_asked_about_and_sends_nothing_twice_for_it() {
    let mut desk = Desk::signed_in(Screen::interactive());
    desk.files.transfers.put("chart.pdf", &content(100_000));
    desk.run("file bob chart.pdf");
    desk.disk();
    let Some(ClientBody::UploadRequest(request)) = desk.bodies().pop() else {
        panic!("the file is brought");
    };
    let state = |tag, taken| {
        ServerBody::UploadState(UploadState {
            tag,
            taken,
            is_complete: false,
        })
    };
    desk.bulk(state(request.tag, 0));
    assert_eq!(desk.bodies().len(), 4);
    // More than there is, and then nothing.
    desk.bulk(state(request.tag, u64::MAX));
    assert_eq!(desk.bodies(), []);
    desk.wait(Duration::from_secs(59));
    assert_eq!(desk.bodies(), []);
    desk.wait(Duration::from_secs(2));
    let Some(ClientBody::UploadRequest(again)) = desk.bodies().pop() else {
        panic!("it is asked about");
    };
    assert_ne!(again.tag, request.tag);
    // The old tag says nothing any more.
    desk.bulk(state(request.tag, 0));
    assert_eq!(desk.bodies(), []);
    desk.bulk(state(again.tag, 65_536 + 64));
    assert_eq!(desk.bodies().len(), 2);
}
