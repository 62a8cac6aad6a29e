//! Uploads: pieces that are wrong, sessions that come and go, disks that are busy.

use super::*;

#[test]
fn upload_goes_on_where_it_was_on_another_session_and_after_a_restart_of_the_blobs() {
    let (mut bench, two) = Bench::two();
    let file = LocalFile::new(6 * CHUNK_BYTES);
    let tree_bytes = 6 * 32;
    bench.tell(two.erins, &file.request(1));
    for offset in [0, PIECE_MAX_BYTES, 2 * PIECE_MAX_BYTES] {
        bench.tell(two.erins, &file.piece(1, offset));
    }
    let taken = tree_bytes + CHUNK_BYTES;
    bench.may_close = true;
    let now = bench.now.instant;
    bench.client.close(now, two.erins.client, 0, "");
    bench.pass(50);
    let erins = bench.signed_in("erin", two.erin);
    let told = states(&bench.tell(erins, &file.request(7)));
    // What had come of the next chunk comes again.
    assert_eq!(told, [state(7, taken, false)]);
    bench.tell(erins, &file.piece(7, taken));
    // Nobody goes on with it for long, so that nothing is kept of it in memory.
    bench.client.close(bench.now.instant, erins.client, 0, "");
    bench.pass(11 * 60 * 1000);
    let erins = bench.signed_in("erin", two.erin);
    let told = states(&bench.tell(erins, &file.request(8)));
    assert_eq!(told, [state(8, taken, false)]);
    let heard = bench.bring(erins, &file, 8, taken);
    assert_eq!(
        states(&heard).pop(),
        Some(state(8, file.stream.len(), true))
    );
}

#[test]
fn piece_that_begins_elsewhere_is_dropped_with_all_behind_it_and_that_is_told_once() {
    let (mut bench, two) = Bench::two();
    let file = LocalFile::new(8 * CHUNK_BYTES);
    bench.tell(two.erins, &file.request(1));
    let from = PIECE_MAX_BYTES;
    for step in 1..7 {
        bench.say(two.erins, BULK, &file.piece(1, from * step));
    }
    bench.pass(1000);
    let heard = bench.heard(two.erins);
    assert_eq!(states(&heard), [state(1, 0, false)], "{heard:?}");
    assert!(failures(&heard).is_empty());
    let heard = bench.bring(two.erins, &file, 1, 0);
    assert_eq!(
        states(&heard).pop(),
        Some(state(1, file.stream.len(), true))
    );
}

#[test]
fn damaged_chunk_is_told_and_asked_for_again_until_that_has_happened_too_often() {
    let (mut bench, two) = Bench::two();
    let file = LocalFile::new(2 * CHUNK_BYTES);
    bench.tell(two.erins, &file.request(1));
    bench.tell(two.erins, &piece(1, 0, &file.stream[..64]));
    let other = LocalFile::of(2 * CHUNK_BYTES, 1);
    for time in 1..=8 {
        let mut heard = Vec::new();
        // A chunk, and what was under way after it.
        for offset in [64, 64 + PIECE_MAX_BYTES, 64 + CHUNK_BYTES] {
            bench.say(two.erins, BULK, &other.piece(1, offset));
        }
        bench.pass(50);
        heard.extend(bench.heard(two.erins));
        let refused = failures(&heard);
        assert_eq!(refused.len(), 1, "{heard:?}");
        assert_eq!(
            (refused[0].code, refused[0].tag),
            (ErrorCode::FileDamaged, Some(1))
        );
        let expected = if time < 8 {
            vec![state(1, 64, false)]
        } else {
            Vec::new()
        };
        assert_eq!(states(&heard), expected, "{time}");
        assert_eq!(refused[0].detail.is_empty(), time < 8);
    }
    assert_eq!(bench.on_disk(), []);
    // It can be brought after all.
    bench.upload(two.erins, &file, 2);
}

#[test]
fn pieces_without_an_upload_and_such_as_no_file_has_are_refused_and_change_nothing() {
    let (mut bench, two) = Bench::two();
    let file = LocalFile::new(2 * CHUNK_BYTES);
    let code = |heard: &[ServerBody]| failures(heard).first().map(|failure| failure.code);
    let heard = bench.tell(two.erins, &file.piece(1, 0));
    assert_eq!(code(&heard), Some(ErrorCode::OutOfTurn));
    let ends = [
        (0, vec![]),
        (0, vec![0; PIECE_MAX_BYTES + 1]),
        (file.stream.len(), vec![0]),
        (usize::MAX, vec![0; 9]),
    ];
    for (tag, (offset, bytes)) in (2..).zip(ends) {
        bench.tell(two.erins, &file.request(tag));
        let heard = bench.tell(two.erins, &piece(tag, offset, &bytes));
        assert_eq!(code(&heard), Some(ErrorCode::Malformed));
        // What was under way after it is not answered.
        assert!(bench.tell(two.erins, &file.piece(tag, 0)).is_empty());
    }
    bench.upload(two.erins, &file, 9);
    for (size, tag) in [((100 << 20) + 1, 10), (u64::MAX, 11)] {
        let root = file.tree.root();
        let request = UploadRequest { tag, root, size };
        let heard = bench.tell(two.erins, &ClientMessage::control(request));
        let refused = &failures(&heard)[0];
        assert_eq!(refused.code, ErrorCode::LimitReached);
        assert_eq!(refused.detail, "files may be at most 104 MB");
    }
}

#[test]
fn newest_session_brings_a_file_and_the_other_learns_how_far_it_comes() {
    let (mut bench, two) = Bench::two();
    let other = super::super::rates::device(&mut bench, two.erin.0);
    let second = bench.signed_in("erin", (two.erin.0, other));
    let file = LocalFile::new(4 * CHUNK_BYTES);
    bench.tell(two.erins, &file.request(1));
    bench.tell(two.erins, &file.piece(1, 0));
    let tree_bytes = 4 * 32;
    let told = states(&bench.tell(second, &file.request(5)));
    assert_eq!(told, [state(5, tree_bytes, false)]);
    bench.heard(two.erins);
    // What the first still sends is dropped.
    assert!(
        bench
            .tell(two.erins, &file.piece(1, PIECE_MAX_BYTES))
            .is_empty()
    );
    bench.tell(second, &file.piece(5, tree_bytes));
    bench.tell(second, &file.piece(5, tree_bytes + PIECE_MAX_BYTES));
    let told = states(&bench.heard(two.erins));
    let taken = tree_bytes + CHUNK_BYTES;
    assert_eq!(told, [state(1, taken, false)]);
    // The second goes; the first is told to go on.
    bench.may_close = true;
    bench.client.close(bench.now.instant, second.client, 0, "");
    bench.pass(50);
    assert_eq!(states(&bench.heard(two.erins)), [state(1, taken, false)]);
    let heard = bench.bring(two.erins, &file, 1, taken);
    assert_eq!(
        states(&heard).pop(),
        Some(state(1, file.stream.len(), true))
    );
}

#[test]
fn nothing_of_a_transfer_is_read_while_the_disk_is_busy_and_messages_go_on() {
    let (mut bench, two) = Bench::two();
    let file = LocalFile::new(64 * CHUNK_BYTES);
    bench.tell(two.erins, &file.request(1));
    bench.are_blobs_held = true;
    let mut offset = 0;
    for _ in 0..200 {
        let message = encode(&file.piece(1, offset), Hop::default());
        let now = bench.now.instant;
        if bench
            .client
            .send(now, two.erins.client, BULK, &message)
            .is_ok()
        {
            offset += PIECE_MAX_BYTES;
        }
        bench.pass(20);
    }
    let most = crate::server::session::transfers::WRITES_MAX;
    assert_eq!(bench.blobs.waiting(), most);
    // The window stays full, and nothing else.
    assert!(offset < 2 * 1024 * 1024, "{offset}");
    let origin = Origin {
        conversation: two.conversation,
        device: two.erin.1,
        number: DeviceSeq(1),
    };
    bench.say(two.erins, Channel::Chat, &text("tea?", origin));
    bench.pass(100);
    let heard = bench.heard(two.erins);
    let stored = heard
        .iter()
        .any(|body| matches!(body, ServerBody::Stored(_)));
    assert!(stored, "{heard:?}");
    bench.are_blobs_held = false;
    bench.pass(2000);
    let told = states(&bench.heard(two.erins)).pop().unwrap();
    assert!(told.taken + CHUNK_BYTES as u64 > offset as u64, "{told:?}");
}
