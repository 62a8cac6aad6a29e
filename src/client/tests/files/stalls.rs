//! Transfers that stand still: a slow server, one at its limits, and no server at all.

use super::*;

/// A desk to which bob has sent files of 3 MB, all of which are to be saved.
fn saving(files: u64) -> (Desk, FileServer) {
    let mut desk = Desk::signed_in(Screen::interactive());
    let mut server = FileServer::default();
    let content = content(3_000_000);
    for entry in 1..=files {
        let tree = server.give(entry, &content);
        let file = attachment("chart.pdf", 3_000_000, "");
        deliver_file(&mut desk, entry, tree.root(), &file);
    }
    desk.settle();
    desk.sent();
    for entry in 1..=files {
        desk.run(&format!("save --in bob #{entry}"));
    }
    (desk, server)
}

fn refuse(desk: &mut Desk, tag: u32, code: ErrorCode) {
    let failure = Failure {
        tag: Some(tag),
        ..Failure::new(code, "")
    };
    desk.bulk_as(ServerBody::Failure(failure), Some(Command::Download));
}

/// A desk that has begun to bring a file of 3 MB, and the tag of its request.
fn sending() -> (Desk, u32) {
    let mut desk = Desk::signed_in(Screen::interactive());
    desk.greet(10_000_000);
    desk.files.transfers.put("chart.pdf", &content(3_000_000));
    desk.run("file bob chart.pdf");
    desk.disk();
    let tag = upload_tag(&mut desk).expect("the file is brought");
    desk.screen.lines();
    (desk, tag)
}

fn upload_tag(desk: &mut Desk) -> Option<u32> {
    match desk.bodies().pop()? {
        ClientBody::UploadRequest(request) => Some(request.tag),
        _ => None,
    }
}

// The time at which a download was to be asked for again was never moved while nothing could be asked: the client was woken by it
// over and over, and took a whole processor.
#[test]
fn client_without_a_server_has_nothing_to_do_for_its_downloads() {
    let (mut desk, mut server) = saving(1);
    server.cut_after = Some(20);
    desk.talk(&mut server);
    desk.core.link_lost(desk.now, "lost", None);
    desk.wait(Duration::from_secs(61));
    desk.settle();
    assert!(!desk.is_due());
}

// The same where its turn had come, and others were being fetched.
#[test]
fn download_whose_turn_has_come_waits_for_others_without_waking_the_client() {
    let (mut desk, mut server) = saving(3);
    let asked = requests(&mut desk);
    refuse(&mut desk, asked[0].tag, ErrorCode::Unavailable);
    desk.settle();
    desk.wait(Duration::from_secs(5));
    desk.settle();
    assert!(!desk.is_due());
    desk.reconnected(&mut server);
    desk.talk(&mut server);
    assert_eq!(desk.files.transfers.all_saved().len(), 3);
}

// Two downloads have as many requests under way as a server takes. Those that were asked for again after a minute were too many,
// and what the server said then ended the downloads.
#[test]
fn request_counts_until_it_is_answered_also_when_nobody_waits_for_it() {
    let (mut desk, mut server) = saving(2);
    let asked = requests(&mut desk);
    assert_eq!(asked.len(), 4);
    desk.wait(Duration::from_secs(61));
    assert_eq!(requests(&mut desk), []);
    for answer in server.send(asked[0].clone()) {
        desk.bulk(answer);
    }
    assert_eq!(requests(&mut desk).len(), 1, "one is answered");
    // A server that answers nothing more is asked again in the end.
    desk.wait(Duration::from_secs(121));
    assert_eq!(requests(&mut desk).len(), 4);
    desk.reconnected(&mut server);
    desk.talk(&mut server);
    assert_eq!(desk.files.transfers.all_saved().len(), 2);
}

#[test]
fn download_goes_on_when_the_server_has_refused_a_request_for_its_limit() {
    let (mut desk, mut server) = saving(1);
    let asked = requests(&mut desk);
    refuse(&mut desk, asked[0].tag, ErrorCode::LimitReached);
    desk.settle();
    desk.wait(Duration::from_secs(3));
    desk.talk(&mut server);
    assert_eq!(desk.files.transfers.all_saved().len(), 1);
}

// A tree that took longer than a minute was asked for again and again, and never came.
#[test]
fn download_is_not_begun_again_as_long_as_pieces_of_it_come() {
    let (mut desk, mut server) = saving(2);
    let asked = requests(&mut desk);
    let pieces = server.send(asked[0].clone());
    for answer in pieces {
        desk.wait(Duration::from_secs(59));
        assert_eq!(requests(&mut desk), []);
        desk.bulk(answer);
    }
    let next = requests(&mut desk);
    assert_eq!(next.len(), 1);
    assert_eq!(next[0].offset, 2 * 1024 * 1024);
}

// A limit of the server's for what is under way ended the message, and its copy was removed.
#[test]
fn upload_waits_when_the_server_is_at_its_limit_and_the_user_is_told_once() {
    let (mut desk, tag) = sending();
    let failure = |tag| Failure {
        tag: Some(tag),
        ..Failure::new(ErrorCode::LimitReached, "wait for one of them")
    };
    desk.bulk(ServerBody::Failure(failure(tag)));
    let lines = desk.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("chart.pdf waits"), "{lines:?}");
    assert_eq!(desk.files.transfers.copies().len(), 1);
    desk.wait(Duration::from_secs(11));
    let tag = upload_tag(&mut desk).expect("it is begun again");
    desk.bulk(ServerBody::Failure(failure(tag)));
    assert_eq!(desk.lines(), Vec::<String>::new());
    desk.wait(Duration::from_secs(11));
    assert!(upload_tag(&mut desk).is_some());
}

// The server drops what comes behind a piece that it could not take, and says so once.
#[test]
fn upload_goes_back_to_where_the_server_says_again_that_it_is() {
    let (mut desk, tag) = sending();
    let state = |taken: u64| {
        ServerBody::UploadState(UploadState {
            tag,
            taken,
            is_complete: false,
        })
    };
    let offsets = |desk: &mut Desk| -> Vec<u64> {
        let pieces = desk.bodies().into_iter().filter_map(|body| match body {
            ClientBody::UploadPiece(piece) => Some(piece.offset),
            _ => None,
        });
        pieces.collect()
    };
    desk.bulk(state(0));
    assert_eq!(offsets(&mut desk).len(), 32);
    let chunk = CHUNK_BYTES as u64;
    desk.bulk(state(chunk));
    assert_eq!(
        offsets(&mut desk).first(),
        Some(&(32 * PIECE_MAX_BYTES as u64))
    );
    desk.bulk(state(chunk));
    assert_eq!(offsets(&mut desk).first(), Some(&chunk));
}
