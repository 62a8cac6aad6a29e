//! What is kept: limits, what is dropped, what is swept, and what a kill or a full disk leaves.

use super::*;
use crate::store::BlobFiles as _;

#[test]
fn thousands_of_begun_uploads_hold_no_more_than_an_account_may() {
    let (mut bench, two) = Bench::two();
    let mut refused = 0;
    for (tag, number) in (1..).zip(0..500) {
        let file = LocalFile::of(2 * CHUNK_BYTES, number);
        let heard = bench.tell(two.erins, &file.request(tag));
        refused += failures(&heard).len();
        if let Some(failure) = failures(&heard).first() {
            // The client keeps the message, and asks again.
            assert_eq!(
                (failure.code, failure.wait_ms),
                (ErrorCode::LimitReached, Some(15_000))
            );
            let told = "4 of your uploads are under way: wait for one of them";
            assert_eq!(failure.detail, told);
        }
    }
    assert_eq!(refused, 500 - PER_ACCOUNT);
    assert_eq!(bench.on_disk().len(), PER_ACCOUNT);
    let tags = &bench.user_of(two.erins).transfers.tags;
    assert!(tags.len() <= crate::server::session::transfers::TAGS_MAX);
    // Those that were interrupted make room, and what had come of them goes.
    bench.may_close = true;
    bench
        .client
        .close(bench.now.instant, two.erins.client, 0, "");
    bench.pass(50);
    let erins = bench.signed_in("erin", two.erin);
    bench.upload(erins, &LocalFile::of(2 * CHUNK_BYTES, 1000), 1);
    assert_eq!(bench.on_disk().len(), PER_ACCOUNT);
}

#[test]
fn account_and_server_keep_no_more_than_their_limits_and_what_is_under_way_counts() {
    let (mut bench, two) = Bench::two();
    let bytes = 2 * CHUNK_BYTES;
    bench.limit(server_limits::Limits {
        file_account_bytes: Limit::of(2 * bytes as u64),
        file_all_bytes: Limit::of(3 * bytes as u64),
        ..server_limits::Limits::default()
    });
    let file = |number| LocalFile::of(bytes, number);
    let refused = |heard: Vec<ServerBody>| {
        let failure = failures(&heard).pop();
        failure.map(|it| (it.code, it.detail, it.wait_ms.is_some()))
    };
    bench.upload(two.erins, &file(1), 1);
    assert_eq!(refused(bench.tell(two.erins, &file(2).request(2))), None);
    let full = (
        ErrorCode::QuotaFull,
        "file quota used up (262 kB): delete messages with files".to_owned(),
        true,
    );
    assert_eq!(
        refused(bench.tell(two.erins, &file(3).request(3))),
        Some(full)
    );
    assert_eq!(refused(bench.tell(two.bobs, &file(1).request(1))), None);
    let full = (
        ErrorCode::QuotaFull,
        "the server's room for files is full".to_owned(),
        true,
    );
    assert_eq!(
        refused(bench.tell(two.bobs, &file(2).request(2))),
        Some(full)
    );
    let limits = bench.hub.counters().at_file_limits;
    assert_eq!((limits.account, limits.all), (1, 1));
    // What is kept is in the way until something is deleted.
    bench.bring(two.erins, &file(2), 2, 0);
    let heard = bench.tell(two.erins, &file(3).request(4));
    assert_eq!(refused(heard).map(|it| it.2), Some(false));
}

#[test]
fn bytes_of_a_day_are_told_when_they_are_used_up_and_come_in_again() {
    let (mut bench, two) = Bench::two();
    let bytes = 2 * CHUNK_BYTES;
    bench.limit(server_limits::Limits {
        file_day_bytes: Limit::of(3 * bytes as u64),
        ..server_limits::Limits::default()
    });
    let file = |number| LocalFile::of(bytes, number);
    bench.upload(two.erins, &file(1), 1);
    bench.upload(two.erins, &file(2), 2);
    let heard = bench.tell(two.erins, &file(3).request(3));
    let refused = &failures(&heard)[0];
    assert_eq!(refused.code, ErrorCode::LimitReached);
    assert_eq!(
        refused.detail,
        "393 kB of files a day; try again in a minute"
    );
    bench.pass(refused.wait_ms.unwrap() + 50);
    // The messages' budget has not suffered.
    bench.upload(two.erins, &file(3), 4);
}

#[test]
fn full_disk_is_told_and_the_upload_goes_on_when_there_is_room() {
    let (mut bench, two) = Bench::two();
    let file = LocalFile::new(4 * CHUNK_BYTES);
    bench.tell(two.erins, &file.request(1));
    bench.tell(two.erins, &file.piece(1, 0));
    bench.disk.set_full(true);
    let heard = bench.bring(two.erins, &file, 1, PIECE_MAX_BYTES);
    let refused = failures(&heard);
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].code, ErrorCode::QuotaFull);
    assert_eq!(refused[0].detail, "the server's disk is full");
    bench.disk.set_full(false);
    bench.upload(two.erins, &file, 2);
}

#[test]
fn file_of_a_deleted_message_goes_and_one_that_another_message_has_stays() {
    let (mut bench, two) = Bench::two();
    let file = LocalFile::new(CHUNK_BYTES);
    bench.upload(two.erins, &file, 1);
    for number in [1, 2] {
        bench.attach(two.erins, two.erin, two.conversation, number, &file);
    }
    let delete = |bench: &mut Bench, number: u64, entry: u64| {
        let origin = Origin {
            conversation: two.conversation,
            device: two.erin.1,
            number: DeviceSeq(number),
        };
        let body = EntryBody::of(&crate::protocol::Reference {
            sender: two.erin.0,
            receiver: two.conversation,
        });
        let kind = (EntryKind::Delete, Some(EntryId(entry)));
        let message = ClientMessage::entry(origin, kind, body);
        bench.say(two.erins, Channel::Chat, &message);
        bench.pass(50);
        bench.heard(two.erins);
    };
    delete(&mut bench, 3, 1);
    assert_eq!(bench.on_disk().len(), 1);
    bench.heard(two.bobs);
    bench.fetch(two.bobs, 1, (two.conversation, EntryId(1)), (0, 9));
    let refused = failures(&bench.heard(two.bobs));
    assert_eq!(refused[0].code, ErrorCode::NoSuchFile);
    delete(&mut bench, 4, 2);
    assert_eq!(bench.on_disk(), []);
}

#[test]
fn what_nobody_needs_is_swept_and_what_is_under_way_is_not() {
    let (mut bench, two) = Bench::two();
    let (noted, unknown, part) = (
        LocalFile::of(CHUNK_BYTES, 1),
        LocalFile::of(CHUNK_BYTES, 2),
        LocalFile::of(CHUNK_BYTES, 3),
    );
    for (file, tag) in [(&noted, 1), (&unknown, 2)] {
        bench.upload(two.erins, file, tag);
    }
    bench.attach(two.erins, two.erin, two.conversation, 1, &noted);
    bench.tell(two.erins, &part.request(3));
    bench.tell(two.erins, &piece(3, 0, &part.stream[..9]));
    // Blobs in memory are as old as can be; the store knows nothing of this one.
    let stray = LocalFile::of(CHUNK_BYTES, 4).key(AccountId(99));
    bench.disk.open_part(&stray).unwrap();
    bench.disk.complete(&stray).unwrap();
    bench
        .disk
        .open_part(&LocalFile::of(9, 5).key(AccountId(99)))
        .unwrap();
    assert_eq!(bench.on_disk().len(), 5);
    bench.pass(2 * 60 * 1000);
    let mut kept: Vec<BlobKey> = bench.on_disk().iter().map(|blob| blob.key).collect();
    kept.sort_unstable();
    let mut expected = [&noted, &unknown, &part].map(|file| file.key(two.erin.0));
    expected.sort_unstable();
    assert_eq!(kept, expected);
}

#[test]
fn blob_that_was_not_noted_before_a_kill_is_noted_without_being_brought_again() {
    let (mut bench, two) = Bench::two();
    let file = LocalFile::new(3 * CHUNK_BYTES);
    let key = file.key(two.erin.0);
    bench.disk.open_part(&key).unwrap();
    bench
        .disk
        .change(&key, true, |bytes| bytes.extend(&file.stream));
    bench.disk.complete(&key).unwrap();
    let refused = failures(&bench.attach(two.erins, two.erin, two.conversation, 1, &file));
    assert_eq!(refused[0].code, ErrorCode::NoSuchFile);
    let told = states(&bench.tell(two.erins, &file.request(1)));
    assert_eq!(told, [state(1, file.stream.len(), true)]);
    let heard = bench.attach(two.erins, two.erin, two.conversation, 1, &file);
    let stored = heard
        .iter()
        .any(|body| matches!(body, ServerBody::Stored(_)));
    assert!(stored, "{heard:?}");
}

#[test]
fn blob_that_is_gone_while_the_store_has_its_row_is_brought_again() {
    let (mut bench, two) = Bench::two();
    let file = LocalFile::new(3 * CHUNK_BYTES);
    bench.upload(two.erins, &file, 1);
    bench.attach(two.erins, two.erin, two.conversation, 1, &file);
    bench.disk.remove(&file.key(two.erin.0)).unwrap();
    let told = states(&bench.tell(two.erins, &file.request(2)));
    assert_eq!(told, [state(2, 0, false)]);
    // The message goes while its file comes: the file is noted again at its end, and nothing is dropped under it.
    let origin = Origin {
        conversation: two.conversation,
        device: two.erin.1,
        number: DeviceSeq(2),
    };
    let body = EntryBody::of(&crate::protocol::Reference {
        sender: two.erin.0,
        receiver: two.conversation,
    });
    let kind = (EntryKind::Delete, Some(EntryId(1)));
    let delete = ClientMessage::entry(origin, kind, body);
    bench.say(two.erins, Channel::Chat, &delete);
    bench.pass(50);
    bench.heard(two.erins);
    let heard = bench.bring(two.erins, &file, 2, 0);
    assert_eq!(
        states(&heard).pop(),
        Some(state(2, file.stream.len(), true))
    );
    let heard = bench.attach(two.erins, two.erin, two.conversation, 3, &file);
    let stored = heard
        .iter()
        .any(|body| matches!(body, ServerBody::Stored(_)));
    assert!(stored, "{heard:?}");
}

#[test]
fn account_that_is_deleted_in_the_middle_leaves_nothing_but_a_part_that_is_swept() {
    let (mut bench, two) = Bench::two();
    let file = LocalFile::new(2 * CHUNK_BYTES);
    bench.tell(two.erins, &file.request(1));
    bench.tell(two.erins, &file.piece(1, 0));
    bench.may_close = true;
    let delete = Write::DeleteAccount {
        account: two.erin.0,
        proved: None,
        time_ms: 1,
    };
    bench.done(delete);
    // Its session goes on for a moment.
    let heard = bench.bring(two.erins, &file, 1, PIECE_MAX_BYTES);
    assert_eq!(states(&heard).iter().filter(|it| it.is_complete).count(), 0);
    assert_eq!(failures(&heard)[0].code, ErrorCode::NoSuchUser);
    assert_eq!(bench.on_disk(), []);
}

impl Bench {
    /// So long nothing happens but what is due.
    fn elapse(&mut self, time: Duration) {
        for _ in 0..time.as_secs().div_ceil(20) {
            self.now.instant += Duration::from_secs(20);
            self.now.unix_ms += 20_000;
            self.settle();
        }
    }
}

#[test]
fn upload_that_nobody_goes_on_with_takes_no_more_room_than_has_come() {
    let (mut bench, two) = Bench::two();
    let bytes = 4 * CHUNK_BYTES;
    bench.limit(server_limits::Limits {
        file_all_bytes: Limit::of(5 * CHUNK_BYTES as u64),
        ..server_limits::Limits::default()
    });
    let (begun, other) = (LocalFile::of(bytes, 1), LocalFile::of(bytes, 2));
    bench.tell(two.erins, &begun.request(1));
    bench.tell(two.erins, &begun.piece(1, 0));
    let refused = failures(&bench.tell(two.bobs, &other.request(1)));
    assert_eq!(refused[0].code, ErrorCode::QuotaFull);
    bench.may_close = true;
    bench.elapse(Duration::from_mins(11));
    let bob = bench.signed_in("bob", two.bob);
    bench.upload(bob, &other, 2);
}

#[test]
fn size_that_the_file_does_not_have_gets_past_no_limit() {
    let (mut bench, two) = Bench::two();
    bench.limit(server_limits::Limits {
        file_account_bytes: Limit::of(4096),
        ..server_limits::Limits::default()
    });
    let file = LocalFile::of(100, 1);
    bench.upload(two.erins, &file, 1);
    let larger = ClientMessage::control(UploadRequest {
        tag: 2,
        root: file.tree.root(),
        size: 64 * 1024 * 1024,
    });
    let heard = bench.tell(two.erins, &larger);
    assert_eq!(failures(&heard)[0].code, ErrorCode::QuotaFull, "{heard:?}");
    assert_eq!(bench.on_disk().len(), 1);
}
