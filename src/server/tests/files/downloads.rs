//! Downloads: readers who are slow, and those who may not read.

use super::*;
use crate::store::BlobStore as _;

#[test]
fn reader_who_takes_nothing_costs_a_few_pieces_and_gets_all_when_he_does() {
    let (mut bench, two) = Bench::two();
    let file = LocalFile::new(40 * CHUNK_BYTES);
    bench.upload(two.erins, &file, 1);
    bench.attach(two.erins, two.erin, two.conversation, 1, &file);
    let entry = (two.conversation, EntryId(1));
    bench.heard(two.bobs);
    let length = file.stream.len();
    bench.fetch(two.bobs, 1, entry, (0, length / 2));
    bench.fetch(two.bobs, 2, entry, (length / 2, length));
    bench.pass(2000);
    let transfers = &bench.user_of(two.bobs).begin_transfers();
    assert!(transfers.pieces.len() <= 4 && transfers.ahead() <= 4);
    assert_eq!(bench.blobs.waiting(), 0);
    // A page of history and a message do not wait for it.
    let history = HistoryRequest {
        tag: 9,
        conversation: two.conversation,
        before: EntryId(5),
        limit: 9,
    };
    bench.say(two.bobs, BULK, &ClientMessage::control(history));
    let mut fetched = Vec::new();
    let mut has_history = false;
    for _ in 0..200 {
        for body in bench.heard(two.bobs) {
            match body {
                ServerBody::DownloadPiece(piece) => {
                    assert_eq!(piece.offset, fetched.len() as u64);
                    fetched.extend(piece.bytes.into_vec());
                }
                ServerBody::History(_) => has_history = true,
                _ => {}
            }
        }
    }
    assert!(has_history);
    assert_eq!(fetched, file.stream);
}

#[test]
fn download_is_refused_to_who_is_not_given_the_entry_and_where_there_is_no_file() {
    let (mut bench, two) = Bench::two();
    let file = LocalFile::new(CHUNK_BYTES);
    bench.upload(two.erins, &file, 1);
    bench.attach(two.erins, two.erin, two.conversation, 1, &file);
    bench.append(two.conversation, two.erin, 2);
    let carol = bench.user("carol");
    let carols = bench.signed_in("carol", carol);
    bench.heard(two.bobs);
    let code = |bench: &mut Bench, link, entry| {
        bench.fetch(link, 1, (two.conversation, EntryId(entry)), (0, 9));
        failures(&bench.heard(link))
            .pop()
            .map(|failure| failure.code)
    };
    assert_eq!(code(&mut bench, two.bobs, 1), None);
    assert_eq!(code(&mut bench, two.bobs, 2), Some(ErrorCode::NoSuchFile));
    assert_eq!(code(&mut bench, two.bobs, 3), Some(ErrorCode::NoSuchFile));
    assert_eq!(code(&mut bench, carols, 1), Some(ErrorCode::NotPermitted));
    // Behind the server's back.
    let key = file.key(two.erin.0);
    bench.disk.change(&key, false, |bytes| bytes.truncate(3));
    assert_eq!(code(&mut bench, two.bobs, 1), Some(ErrorCode::NoSuchFile));
    // Its author brings it again.
    bench.upload(two.erins, &file, 2);
    assert_eq!(code(&mut bench, two.bobs, 1), None);
    for tag in 0..9 {
        let request = DownloadRequest {
            tag,
            conversation: two.conversation,
            entry: EntryId(1),
            offset: 0,
            length: 9,
        };
        bench.is_held = true;
        bench.say(two.bobs, BULK, &ClientMessage::control(request));
    }
    bench.pass(50);
    bench.is_held = false;
    bench.pass(50);
    let heard = bench.heard(two.bobs);
    assert_eq!((failures(&heard).len(), pieces(heard).len()), (5, 4));
}

#[test]
fn who_has_left_a_room_fetches_no_file_of_it() {
    let (mut bench, two) = Bench::two();
    let bob = bench.user_of(two.bobs).account;
    let bob = (bob, bench.user_of(two.bobs).device);
    let room = bench.join_room(two.erin, "#ops", Access::Public);
    bench.join_room(bob, "#ops", Access::Public);
    // The sessions know it from their next HELLO.
    let (erins, bobs) = (
        bench.signed_in("erin", two.erin),
        bench.signed_in("bob", bob),
    );
    let file = LocalFile::new(9);
    bench.upload(erins, &file, 1);
    let heard = bench.attach(erins, two.erin, room, 1, &file);
    let stored = heard.iter().find_map(|body| match body {
        ServerBody::Stored(stored) => Some(stored.entry),
        _ => None,
    });
    let entry = (room, stored.unwrap());
    bench.heard(bobs);
    bench.fetch(bobs, 1, entry, (0, 9));
    assert_eq!(pieces(bench.heard(bobs)).len(), 1);
    let leave = crate::protocol::Leave {
        tag: 2,
        conversation: room,
    };
    bench.say(bobs, Channel::Control, &ClientMessage::control(leave));
    bench.pass(50);
    bench.append(room, two.erin, 2);
    bench.heard(bobs);
    // What they were given they may fetch.
    bench.fetch(bobs, 3, entry, (0, 9));
    assert_eq!(pieces(bench.heard(bobs)).len(), 1);
    // What came after their leaving they may not.
    let other = LocalFile::new(10);
    bench.upload(erins, &other, 2);
    let heard = bench.attach(erins, two.erin, room, 3, &other);
    let stored = heard.iter().find_map(|body| match body {
        ServerBody::Stored(stored) => Some(stored.entry),
        _ => None,
    });
    bench.fetch(bobs, 4, (room, stored.unwrap()), (0, 9));
    let heard = bench.heard(bobs);
    assert!(!failures(&heard).is_empty() && pieces(heard).is_empty());
}

#[test]
fn download_ends_once_its_reader_is_not_given_the_entry_any_longer() {
    // A request was looked at when it came, and went on to its end, though its message was deleted or its reader banned.
    let (mut bench, two) = Bench::two();
    let file = LocalFile::new(100 * CHUNK_BYTES);
    bench.upload(two.erins, &file, 1);
    for number in [1, 2] {
        bench.attach(two.erins, two.erin, two.conversation, number, &file);
    }
    bench.heard(two.bobs);
    let length = file.stream.len();
    bench.fetch(two.bobs, 1, (two.conversation, EntryId(1)), (0, length));
    bench.pass(500);
    bench.delete(&two, 3, 1);
    let (mut fetched, mut refused) = (0, Vec::new());
    for _ in 0..200 {
        let heard = bench.heard(two.bobs);
        refused.extend(failures(&heard));
        fetched += pieces(heard).iter().map(|it| it.bytes.len()).sum::<usize>();
    }
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].code, ErrorCode::NoSuchFile);
    assert_eq!(refused[0].tag, Some(1));
    // Two windows and what was allowed.
    assert!(fetched < length - CHUNK_BYTES, "{fetched}");
    // The other message has the file, all of it.
    bench.fetch(two.bobs, 2, (two.conversation, EntryId(2)), (0, length));
    let mut fetched = 0;
    for _ in 0..200 {
        let pieces = pieces(bench.heard(two.bobs));
        fetched += pieces.iter().map(|it| it.bytes.len()).sum::<usize>();
    }
    assert_eq!(fetched, length);
}

#[test]
fn readers_take_turns_where_all_together_want_more_than_the_disk_gives() {
    // The sessions with the lowest numbers were served again and again, and the others waited for their end.
    let (mut bench, two) = Bench::two();
    let file = LocalFile::new(100 * CHUNK_BYTES);
    bench.upload(two.erins, &file, 1);
    bench.attach(two.erins, two.erin, two.conversation, 1, &file);
    let links: Vec<Link> = (0..12).map(|_| bench.signed_in("bob", two.bob)).collect();
    bench.are_blobs_held = true;
    for link in &links {
        bench.fetch(
            *link,
            1,
            (two.conversation, EntryId(1)),
            (0, file.stream.len()),
        );
    }
    // How many have something of the last six.
    let begun = |bench: &mut Bench| {
        let ahead = |link: &Link| bench.user_of(*link).begin_transfers().ahead();
        links[6..].iter().map(ahead).filter(|it| *it > 0).count()
    };
    assert_eq!(begun(&mut bench), 0);
    // What becomes free goes to one that waits, and not to the one that had it.
    let now = bench.now;
    for (number, completion) in bench.blobs.execute().into_iter().enumerate() {
        let input = Input::Blob(completion);
        bench.hub.on_input(now, &mut bench.server, input);
        if number == 0 {
            assert_eq!(begun(&mut bench), 1);
        }
    }
    assert_eq!(begun(&mut bench), 6);
    // Uploads have room beside them.
    assert!(bench.blobs.room() >= 32);
}

/// The reader was told that the server had lost the file, and its log asked for `store check`.
#[test]
fn reader_in_the_middle_of_a_file_learns_that_its_message_was_deleted() {
    let (mut bench, two) = Bench::two();
    let file = LocalFile::new(40 * CHUNK_BYTES);
    bench.upload(two.erins, &file, 1);
    bench.attach(two.erins, two.erin, two.conversation, 1, &file);
    let entry = (two.conversation, EntryId(1));
    bench.heard(two.bobs);
    // He takes nothing for now.
    bench.fetch(two.bobs, 1, entry, (0, file.stream.len()));
    bench.delete(&two, 2, 1);
    assert_eq!(bench.on_disk(), []);
    let mut heard = Vec::new();
    for _ in 0..20 {
        heard.extend(bench.heard(two.bobs));
        bench.pass(50);
    }
    let told = |failure: &Failure| (failure.tag, failure.code, failure.detail.clone());
    let told: Vec<_> = failures(&heard).iter().map(told).collect();
    let deleted = "that message was deleted".to_owned();
    assert_eq!(told, [(Some(1), ErrorCode::NoSuchFile, deleted.clone())]);
    assert!(!pieces(heard).is_empty());
    bench.fetch(two.bobs, 2, entry, (0, 9));
    assert_eq!(failures(&bench.heard(two.bobs))[0].detail, deleted);
    // Nothing is left of the first.
    assert!(
        bench
            .user_of(two.bobs)
            .begin_transfers()
            .downloads
            .is_empty()
    );
}
