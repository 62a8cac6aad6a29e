//! What is kept: limits, what is dropped, what is swept, and what a kill or a full disk leaves.

use super::*;
use crate::store::BlobFiles as _;
use std::collections::BTreeSet;

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
    let tags = &bench.user_of(two.erins).begin_transfers().tags;
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
    bench.limit_files(FileLimits {
        account_bytes: Limit::of(2 * bytes as u64),
        all_bytes: Limit::of(3 * bytes as u64),
        ..FileLimits::default()
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
    bench.limit_files(FileLimits {
        day_bytes: Limit::of(3 * bytes as u64),
        ..FileLimits::default()
    });
    let file = |number| LocalFile::of(bytes, number);
    bench.upload(two.erins, &file(1), 1);
    bench.upload(two.erins, &file(2), 2);
    let heard = bench.tell(two.erins, &file(3).request(3));
    let refused = &failures(&heard)[0];
    assert_eq!(refused.code, ErrorCode::LimitReached);
    assert_eq!(refused.detail, "393 kB of files a day");
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
    bench.delete(&two, 3, 1);
    assert_eq!(bench.on_disk().len(), 1);
    bench.heard(two.bobs);
    bench.fetch(two.bobs, 1, (two.conversation, EntryId(1)), (0, 9));
    let refused = failures(&bench.heard(two.bobs));
    assert_eq!(refused[0].code, ErrorCode::NoSuchFile);
    bench.delete(&two, 4, 2);
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
    // The store knows nothing of these, of which one is as old as can be.
    let (stray, new) = (LocalFile::of(9, 4), LocalFile::of(9, 6));
    let (stray, new) = (stray.key(AccountId(99)), new.key(AccountId(99)));
    bench.disk.open_part(&new).unwrap();
    bench.disk.complete(&new).unwrap();
    bench.disk.set_time(0);
    bench.disk.open_part(&stray).unwrap();
    bench.disk.complete(&stray).unwrap();
    bench
        .disk
        .open_part(&LocalFile::of(9, 5).key(AccountId(99)))
        .unwrap();
    assert_eq!(bench.on_disk().len(), 6);
    bench.pass(2 * 60 * 1000);
    let mut kept: Vec<BlobKey> = bench.on_disk().iter().map(|blob| blob.key).collect();
    kept.sort_unstable();
    let [noted, unknown, part] = [noted, unknown, part].map(|file| file.key(two.erin.0));
    let mut expected = vec![noted, unknown, part, new];
    expected.sort_unstable();
    assert_eq!(kept, expected);
    // Nobody goes on with any of it.
    let day = Duration::from_hours(24);
    bench.may_close = true;
    bench.jump(day);
    bench.elapse(Duration::from_hours(4));
    let kept: BTreeSet<BlobKey> = bench.on_disk().iter().map(|blob| blob.key).collect();
    assert_eq!(kept, BTreeSet::from([noted, part]));
    bench.jump(5 * day);
    bench.elapse(Duration::from_hours(4));
    assert_eq!(bench.on_disk().len(), 2);
    bench.jump(day);
    bench.elapse(Duration::from_hours(4));
    assert_eq!(bench.on_disk().len(), 1);
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
    bench.delete(&two, 2, 1);
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
    pub(super) fn elapse(&mut self, time: Duration) {
        for _ in 0..time.as_secs().div_ceil(20) {
            self.jump(Duration::from_secs(20));
            self.settle();
        }
    }

    pub(super) fn jump(&mut self, time: Duration) {
        self.now.instant += time;
        self.now.unix_ms += u64::try_from(time.as_millis()).unwrap();
    }
}

#[test]
fn upload_that_nobody_goes_on_with_takes_no_more_room_than_has_come() {
    let (mut bench, two) = Bench::two();
    let bytes = 4 * CHUNK_BYTES;
    bench.limit_files(FileLimits {
        all_bytes: Limit::of(5 * CHUNK_BYTES as u64),
        ..FileLimits::default()
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
    bench.limit_files(FileLimits {
        account_bytes: Limit::of(4096),
        ..FileLimits::default()
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

#[test]
fn what_an_earlier_server_left_of_uploads_counts_and_is_gone_on_with() {
    // An account could fill the disk by waiting for restarts: parts counted only once somebody went on with them.
    let (mut bench, two) = Bench::two();
    let bytes = 4 * CHUNK_BYTES;
    let limits = FileLimits {
        account_bytes: Limit::of(2 * bytes as u64),
        ..FileLimits::default()
    };
    bench.limit_files(limits);
    let left = LocalFile::of(bytes, 1);
    bench.tell(two.erins, &left.request(1));
    let length = left.stream.len();
    for offset in (0..length - PIECE_MAX_BYTES).step_by(PIECE_MAX_BYTES) {
        bench.tell(two.erins, &left.piece(1, offset));
    }
    bench.restart();
    bench.are_blobs_held = true;
    let erins = bench.signed_in("erin", two.erin);
    // It waits until the server knows what is there.
    let file = LocalFile::of(2 * bytes - 2 * CHUNK_BYTES, 2);
    assert_eq!(bench.tell(erins, &file.request(2)), []);
    bench.are_blobs_held = false;
    bench.pass(50);
    let heard = bench.heard(erins);
    let refused = &failures(&heard)[0];
    assert_eq!((refused.tag, refused.code), (Some(2), ErrorCode::QuotaFull));
    let told = states(&bench.tell(erins, &left.request(3)));
    let taken = usize::try_from(told[0].taken).unwrap();
    assert_eq!(taken, length - CHUNK_BYTES);
    let heard = bench.bring(erins, &left, 3, taken);
    assert_eq!(states(&heard).pop(), Some(state(3, length, true)));
}

#[test]
fn of_more_parts_than_an_account_may_have_the_newest_are_kept_over_a_restart() {
    let (mut bench, two) = Bench::two();
    let keys: Vec<BlobKey> = (0..PER_ACCOUNT + 3)
        .map(|number| LocalFile::of(CHUNK_BYTES, number).key(two.erin.0))
        .collect();
    let now = bench.now.unix_ms;
    for (key, age) in keys.iter().zip((0..).map(|it| it * 60_000)) {
        bench.disk.set_time(now - age);
        bench.disk.open_part(key).unwrap();
    }
    bench.restart();
    bench.pass(50);
    let kept: BTreeSet<BlobKey> = bench.on_disk().iter().map(|blob| blob.key).collect();
    assert_eq!(kept, keys[..PER_ACCOUNT].iter().copied().collect());
}

#[test]
fn days_bytes_are_reserved_by_what_is_begun_and_given_back_by_what_does_not_come() {
    // Four uploads that were begun at once passed the day's limit, which was only looked at when each began.
    let (mut bench, two) = Bench::two();
    let bytes = 4 * CHUNK_BYTES;
    bench.limit_files(FileLimits {
        day_bytes: Limit::of(3 * (bytes as u64 + 128)),
        ..FileLimits::default()
    });
    let other = bench.signed_in("erin", two.erin);
    let file = |number| LocalFile::of(bytes, number);
    let mut heard = Vec::new();
    for (number, link) in [two.erins, other, two.erins, other].into_iter().enumerate() {
        let tag = u32::try_from(number).unwrap();
        bench.say(link, BULK, &file(number).request(tag));
    }
    bench.pass(100);
    for link in [two.erins, other] {
        heard.extend(bench.heard(link));
    }
    let refused = failures(&heard);
    assert_eq!((states(&heard).len(), refused.len()), (3, 1), "{heard:?}");
    assert_eq!(refused[0].code, ErrorCode::LimitReached);
    assert!(refused[0].wait_ms.is_some());
    // Others are not concerned.
    assert_eq!(states(&bench.tell(two.bobs, &file(1).request(1))).len(), 1);
    // What has come stays used, and the rest is given back.
    bench.tell(two.erins, &file(0).piece(0, 0));
    bench.may_close = true;
    bench.elapse(Duration::from_mins(11));
    let erins = bench.signed_in("erin", two.erin);
    for number in [10, 11] {
        bench.upload(erins, &file(number), u32::try_from(number).unwrap());
    }
    assert_eq!(failures(&bench.tell(erins, &file(12).request(12))).len(), 1);
}

#[test]
fn restart_gives_nobody_another_day_of_bytes() {
    let (mut bench, two) = Bench::two();
    let bytes = 4 * CHUNK_BYTES;
    bench.limit_files(FileLimits {
        day_bytes: Limit::of(4 * (bytes as u64 + 128)),
        ..FileLimits::default()
    });
    let file = |number| LocalFile::of(bytes, number);
    bench.upload(two.erins, &file(1), 1);
    bench.upload(two.erins, &file(2), 2);
    // Of this one only a part comes.
    bench.tell(two.erins, &file(3).request(3));
    bench.bring(two.erins, &file(3), 3, 0);
    bench.tell(two.erins, &file(4).request(4));
    for offset in [0, PIECE_MAX_BYTES, 2 * PIECE_MAX_BYTES] {
        bench.tell(two.erins, &file(4).piece(4, offset));
    }
    for _ in 0..2 {
        bench.restart();
        let erins = bench.signed_in("erin", two.erin);
        let refused = failures(&bench.tell(erins, &file(5).request(1)));
        assert_eq!(refused.len(), 1);
        assert_eq!(refused[0].code, ErrorCode::LimitReached);
    }
    // Half a day later half of it has come in again.
    bench.jump(Duration::from_hours(12));
    bench.restart();
    let erins = bench.signed_in("erin", two.erin);
    bench.upload(erins, &file(5), 1);
    let refused = failures(&bench.tell(erins, &LocalFile::of(3 * bytes, 6).request(2)));
    assert_eq!(refused.len(), 1);
}

#[test]
fn newcomer_has_a_turn_where_others_hold_all_uploads() {
    let (mut bench, two) = Bench::two();
    let mut links = Vec::new();
    for number in 0..OPEN_MAX / PER_ACCOUNT {
        let name = format!("user{number}");
        let user = bench.user(&name);
        links.push(bench.signed_in(&name, user));
    }
    for tag in 0..PER_ACCOUNT {
        for link in &links {
            let request = LocalFile::of(4 * CHUNK_BYTES, tag).request(u32::try_from(tag).unwrap());
            bench.say(*link, BULK, &request);
        }
        bench.pass(50);
    }
    let file = LocalFile::of(4 * CHUNK_BYTES, 1);
    bench.upload(two.erins, &file, 1);
    let mut refused = Vec::new();
    for link in links {
        let heard = bench.heard(link);
        assert_eq!(states(&heard).len(), PER_ACCOUNT);
        refused.extend(failures(&heard));
    }
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].code, ErrorCode::LimitReached);
    assert!(refused[0].wait_ms.is_some());
}

/// The user was told to delete files, or had to wait, for what never has room.
#[test]
fn file_that_is_larger_than_all_may_be_is_told_so_and_need_not_wait() {
    let (mut bench, two) = Bench::two();
    bench.limit_files(FileLimits {
        account_bytes: Limit::of(100_000),
        ..FileLimits::default()
    });
    let file = LocalFile::new(200_000);
    let refused = failures(&bench.tell(two.erins, &file.request(1)));
    assert_eq!(
        (refused[0].code, refused[0].wait_ms),
        (ErrorCode::QuotaFull, None)
    );
    assert_eq!(
        refused[0].detail,
        "larger than all files together may be (100 kB)"
    );
}
