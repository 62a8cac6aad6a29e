//! Files of a server that is one of several: what they have in common is on a shelf.

use super::*;
use crate::store::shelf::{Mark, MemoryShelf};

/// One server after another has the database, as if each had applied the same log; disks of files are their own.
fn at_another_server(bench: &mut Bench, shelf: &MemoryShelf) {
    bench.disk = MemoryBlobs::default();
    bench.restart();
    share(bench, shelf);
}

/// From now on the server is one of several.
fn share(bench: &mut Bench, shelf: &MemoryShelf) {
    bench.blobs = QueuedBlobs::shelved(&bench.disk, shelf, SLOTS);
    let config = bench.hub.core.config.clone();
    bench.hub = hub(bench.now, config, &bench.store, &bench.blobs);
    bench.server = endpoint(bench.now, Limits::default());
    bench.may_close = true;
}

/// erin and bob at the first one.
fn two() -> (Bench, Two, MemoryShelf) {
    let (mut bench, mut two) = Bench::two();
    let shelf = MemoryShelf::default();
    share(&mut bench, &shelf);
    sign_in(&mut bench, &mut two);
    (bench, two, shelf)
}

fn sign_in(bench: &mut Bench, two: &mut Two) {
    two.erins = bench.signed_in("erin", two.erin);
    two.bobs = bench.signed_in("bob", two.bob);
}

#[test]
fn file_is_fetched_at_a_server_that_never_had_it_and_a_lost_or_damaged_one_is_told() {
    let (mut bench, mut two, shelf) = two();
    let file = LocalFile::new(3 * CHUNK_BYTES);
    bench.upload(two.erins, &file, 1);
    bench.attach(two.erins, two.erin, two.conversation, 1, &file);
    let key = file.key(two.erin.0);
    assert_eq!(shelf.mark(&key), Some(Mark::Whole));

    at_another_server(&mut bench, &shelf);
    sign_in(&mut bench, &mut two);
    let entry = (two.conversation, EntryId(1));
    bench.fetch(two.bobs, 1, entry, (0, file.stream.len()));
    let came: Vec<u8> = pieces(bench.heard(two.bobs))
        .into_iter()
        .flat_map(|piece| piece.bytes.into_vec())
        .collect();
    assert!(came == file.stream);

    for is_lost in [true, false] {
        at_another_server(&mut bench, &shelf);
        sign_in(&mut bench, &mut two);
        shelf.change(&key, 1, |mut piece| {
            piece[7] ^= 1;
            (!is_lost).then_some(piece)
        });
        bench.fetch(two.bobs, 1, entry, (file.stream.len() - 9, 9));
        let heard = bench.heard(two.bobs);
        let told = failures(&heard);
        assert_eq!(told[0].code, ErrorCode::NoSuchFile, "{told:?}");
        assert_eq!(pieces(heard), []);
        // It comes again with the same message.
        assert_eq!(shelf.mark(&key), Some(Mark::Condemned));
        bench.upload(two.erins, &file, 2);
        assert_eq!(
            (shelf.mark(&key), shelf.pieces(&key)),
            (Some(Mark::Whole), 2)
        );
    }
}

#[test]
fn upload_is_over_only_when_it_is_on_the_shelf_and_goes_on_at_another_server() {
    let (mut bench, mut two, shelf) = two();
    let file = LocalFile::new(3 * CHUNK_BYTES);
    shelf.set_full(true);
    bench.tell(two.erins, &file.request(1));
    let heard = bench.bring(two.erins, &file, 1, 0);
    assert!(states(&heard).iter().all(|state| !state.is_complete));
    assert_eq!(failures(&heard)[0].code, ErrorCode::QuotaFull);
    let heard = bench.attach(two.erins, two.erin, two.conversation, 1, &file);
    assert_eq!(failures(&heard)[0].code, ErrorCode::NoSuchFile);
    shelf.set_full(false);
    // Begun here, and broken off.
    let other = LocalFile::of(3 * CHUNK_BYTES, 1);
    bench.tell(two.erins, &other.request(2));
    bench.tell(two.erins, &other.piece(2, 0));
    at_another_server(&mut bench, &shelf);
    sign_in(&mut bench, &mut two);
    for (tag, file) in [(1, &file), (2, &other)] {
        bench.upload(two.erins, file, tag);
    }
}

#[test]
fn file_of_a_deleted_message_goes_from_the_shelf_and_what_nobody_keeps_goes_after_a_day() {
    let (mut bench, two, shelf) = two();
    shelf.set_time(bench.now.unix_ms);
    let [file, unknown] = [0, 1].map(|number| LocalFile::of(3 * CHUNK_BYTES, number));
    let [gone, key] = [&file, &unknown].map(|file| file.key(two.erin.0));
    bench.upload(two.erins, &file, 1);
    bench.attach(two.erins, two.erin, two.conversation, 1, &file);
    bench.delete(&two, 2, 1);
    assert_eq!(bench.on_disk(), []);
    assert_eq!((shelf.mark(&gone), shelf.pieces(&gone)), (None, 0));

    // The server dies before anybody knows of this one.
    bench.tell(two.erins, &unknown.request(2));
    bench.is_held = true;
    bench.bring(two.erins, &unknown, 2, 0);
    bench.is_held = false;
    at_another_server(&mut bench, &shelf);
    bench.elapse(Duration::from_hours(20));
    assert_eq!(shelf.pieces(&key), 2);
    bench.elapse(Duration::from_hours(9));
    assert_eq!((shelf.mark(&key), shelf.pieces(&key)), (None, 0));
}

#[test]
fn files_of_a_server_that_was_alone_are_put_on_the_shelf_soon_after_its_start() {
    let (mut bench, mut two) = Bench::two();
    let file = LocalFile::new(3 * CHUNK_BYTES);
    bench.upload(two.erins, &file, 1);
    bench.attach(two.erins, two.erin, two.conversation, 1, &file);
    let shelf = MemoryShelf::default();
    share(&mut bench, &shelf);
    bench.elapse(Duration::from_hours(3));
    let key = file.key(two.erin.0);
    assert_eq!(
        (shelf.mark(&key), shelf.pieces(&key)),
        (Some(Mark::Whole), 2)
    );
    at_another_server(&mut bench, &shelf);
    sign_in(&mut bench, &mut two);
    bench.fetch(two.bobs, 1, (two.conversation, EntryId(1)), (0, 9));
    assert_eq!(pieces(bench.heard(two.bobs))[0].bytes[..], file.stream[..9]);
}
