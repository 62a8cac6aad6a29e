//! Files: brought, named, fetched, and all that peers can do wrong with them.

use super::super::limits::{self as server_limits, Limit};
use super::*;
use crate::protocol::{
    Attachment, CHUNK_BYTES, ClientMessage, DownloadPiece, DownloadRequest, EntryBody, EntryKind,
    Failure, FileTree, HistoryRequest, PIECE_MAX_BYTES, UploadPiece, UploadRequest, UploadState,
};
use crate::server::files::PER_ACCOUNT;
use crate::store::{BlobKey, FoundBlob};

const BULK: Channel = Channel::Bulk;

/// A file on a client's side: its key at the server, and its stream.
struct LocalFile {
    tree: FileTree,
    stream: Vec<u8>,
}

impl LocalFile {
    fn new(bytes: usize) -> Self {
        Self::of(bytes, 0)
    }

    /// One of several of the same length.
    fn of(bytes: usize, number: usize) -> Self {
        let mut content: Vec<u8> = (0..bytes).map(|at| (at % 251) as u8).collect();
        if let Some(beginning) = content.first_chunk_mut() {
            *beginning = number.to_le_bytes();
        }
        let tree = FileTree::read(&mut &content[..]).unwrap();
        let stream = [tree.as_bytes(), &content].concat();
        Self { tree, stream }
    }

    fn request(&self, tag: u32) -> ClientMessage {
        ClientMessage::control(UploadRequest {
            tag,
            root: self.tree.root(),
            size: self.tree.size().bytes(),
        })
    }

    fn piece(&self, tag: u32, offset: usize) -> ClientMessage {
        let end = self.stream.len().min(offset + PIECE_MAX_BYTES);
        piece(tag, offset, &self.stream[offset..end])
    }

    fn key(&self, account: AccountId) -> BlobKey {
        BlobKey {
            account,
            root: self.tree.root(),
            size: self.tree.size(),
        }
    }
}

fn piece(tag: u32, offset: usize, bytes: &[u8]) -> ClientMessage {
    ClientMessage::control(UploadPiece {
        tag,
        offset: offset as u64,
        bytes: bytes.to_vec().into(),
    })
}

/// What was told of uploads, in order.
fn states(heard: &[ServerBody]) -> Vec<UploadState> {
    let states = heard.iter().filter_map(|body| match body {
        ServerBody::UploadState(state) => Some(state.clone()),
        _ => None,
    });
    states.collect()
}

fn failures(heard: &[ServerBody]) -> Vec<Failure> {
    let failures = heard.iter().filter_map(|body| match body {
        ServerBody::Failure(failure) => Some(failure.clone()),
        _ => None,
    });
    failures.collect()
}

fn pieces(heard: Vec<ServerBody>) -> Vec<DownloadPiece> {
    let pieces = heard.into_iter().filter_map(|body| match body {
        ServerBody::DownloadPiece(piece) => Some(piece),
        _ => None,
    });
    pieces.collect()
}

fn state(tag: u32, taken: usize, is_complete: bool) -> UploadState {
    UploadState {
        tag,
        taken: taken as u64,
        is_complete,
    }
}

impl Bench {
    fn tell(&mut self, link: Link, message: &ClientMessage) -> Vec<ServerBody> {
        self.say(link, BULK, message);
        self.pass(50);
        self.heard(link)
    }

    /// Sends a stream from a place on, and hears what comes until it is complete.
    fn bring(&mut self, link: Link, file: &LocalFile, tag: u32, from: usize) -> Vec<ServerBody> {
        let mut heard = Vec::new();
        for offset in (from..file.stream.len()).step_by(PIECE_MAX_BYTES) {
            self.say(link, BULK, &file.piece(tag, offset));
            self.pass(50);
            heard.extend(self.heard(link));
        }
        heard
    }

    fn upload(&mut self, link: Link, file: &LocalFile, tag: u32) {
        let heard = self.tell(link, &file.request(tag));
        let told = states(&heard);
        assert_eq!(told.len(), 1, "{heard:?}");
        if told[0].is_complete {
            return;
        }
        let from = usize::try_from(told[0].taken).unwrap();
        let heard = self.bring(link, file, tag, from);
        let last = states(&heard).pop();
        assert_eq!(last, Some(state(tag, file.stream.len(), true)), "{heard:?}");
    }

    /// Says the entry of a file.
    fn attach(
        &mut self,
        link: Link,
        (account, device): (AccountId, DeviceId),
        conversation: ConversationId,
        number: u64,
        file: &LocalFile,
    ) -> Vec<ServerBody> {
        let attachment = Attachment {
            sender: account,
            receiver: conversation,
            salt: Bytes([7; 16]),
            name: "chart.pdf".into(),
            size: file.tree.size().bytes(),
            media_type: "application/pdf".into(),
            text: String::new(),
        };
        let origin = Origin {
            conversation,
            device,
            number: DeviceSeq(number),
        };
        let body = EntryBody::of(&attachment);
        let mut message = ClientMessage::entry(origin, (EntryKind::File, None), body);
        if let Some(entry) = &mut message.header.entry {
            entry.root = Some(file.tree.root());
        }
        self.say(link, Channel::Chat, &message);
        self.pass(50);
        self.heard(link)
    }

    fn fetch(
        &mut self,
        link: Link,
        tag: u32,
        (conversation, entry): (ConversationId, EntryId),
        (offset, length): (usize, usize),
    ) {
        let request = DownloadRequest {
            tag,
            conversation,
            entry,
            offset: offset as u64,
            length: length as u64,
        };
        self.say(link, BULK, &ClientMessage::control(request));
        self.pass(100);
    }

    fn on_disk(&self) -> Vec<FoundBlob> {
        use crate::store::BlobFiles as _;
        let lists = (0..=u8::MAX).map(|first| self.disk.list(first).unwrap());
        lists.flatten().collect()
    }

    /// erin with bob beside her, each with a session, and their conversation.
    fn two() -> (Self, Two) {
        let mut bench = Self::new();
        let (erin, bob) = (bench.user("erin"), bench.user("bob"));
        let conversation = bench.pair(erin, "bob");
        let (erins, bobs) = (bench.signed_in("erin", erin), bench.signed_in("bob", bob));
        let two = Two {
            erin,
            erins,
            bobs,
            conversation,
        };
        (bench, two)
    }

    fn limit(&mut self, limits: server_limits::Limits) {
        let config = HubConfig {
            limits,
            ..HubConfig::default()
        };
        self.hub.core.configure(config);
    }
}

#[derive(Clone, Copy)]
struct Two {
    erin: (AccountId, DeviceId),
    erins: Link,
    bobs: Link,
    conversation: ConversationId,
}

#[test]
fn file_is_brought_named_and_fetched_by_the_one_it_is_for() {
    let (mut bench, two) = Bench::two();
    for (number, bytes) in [(1, 0), (2, 1), (3, 3 * CHUNK_BYTES + 5)] {
        let file = LocalFile::new(bytes);
        let refused = failures(&bench.attach(two.erins, two.erin, two.conversation, number, &file));
        assert_eq!(refused[0].code, ErrorCode::NoSuchFile);
        bench.upload(two.erins, &file, 9);
        let heard = bench.attach(two.erins, two.erin, two.conversation, number, &file);
        let stored = heard
            .iter()
            .any(|body| matches!(body, ServerBody::Stored(_)));
        assert!(stored, "{heard:?}");
        bench.heard(two.bobs);
        let entry = EntryId(number);
        let mut fetched = Vec::new();
        while fetched.len() < file.stream.len() {
            let at = (fetched.len(), 100_000);
            bench.fetch(two.bobs, 3, (two.conversation, entry), at);
            let pieces = pieces(bench.heard(two.bobs));
            assert!(!pieces.is_empty());
            for piece in pieces {
                assert_eq!(piece.offset, fetched.len() as u64);
                assert_eq!(piece.size, bytes as u64);
                fetched.extend(piece.bytes.into_vec());
            }
        }
        assert_eq!(fetched, file.stream);
        // Behind the end there is nothing, which is told too.
        let end = (file.stream.len(), 9);
        bench.fetch(two.bobs, 4, (two.conversation, entry), end);
        let last = pieces(bench.heard(two.bobs));
        assert!(last.len() == 1 && last[0].bytes.is_empty() && last[0].tag == 4);
    }
}

#[test]
fn file_that_is_there_is_not_brought_again_and_one_that_only_another_has_is() {
    let (mut bench, two) = Bench::two();
    let file = LocalFile::new(2 * CHUNK_BYTES);
    bench.upload(two.erins, &file, 1);
    let told = states(&bench.tell(two.erins, &file.request(2)));
    assert_eq!(told, [state(2, file.stream.len(), true)]);
    let told = states(&bench.tell(two.bobs, &file.request(1)));
    assert_eq!(told, [state(1, 0, false)]);
}

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
        // A chunk, and what was under way behind it.
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
        // What was under way behind it is not answered.
        assert!(bench.tell(two.erins, &file.piece(tag, 0)).is_empty());
    }
    bench.upload(two.erins, &file, 9);
    for (size, tag) in [((100 << 20) + 1, 10), (u64::MAX, 11)] {
        let root = file.tree.root();
        let request = UploadRequest { tag, root, size };
        let heard = bench.tell(two.erins, &ClientMessage::control(request));
        let refused = &failures(&heard)[0];
        assert_eq!(refused.code, ErrorCode::LimitReached);
        assert_eq!(refused.detail, "a file may have 100 MiB here");
    }
}

#[test]
fn newest_session_brings_a_file_and_the_other_learns_how_far_it_comes() {
    let (mut bench, two) = Bench::two();
    let other = super::rates::device(&mut bench, two.erin.0);
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
fn thousands_of_begun_uploads_hold_no_more_than_an_account_may() {
    let (mut bench, two) = Bench::two();
    let mut refused = 0;
    for number in 0..500 {
        let file = LocalFile::of(2 * CHUNK_BYTES, number);
        let heard = bench.tell(two.erins, &file.request(1 + number as u32));
        refused += failures(&heard).len();
        if let Some(failure) = failures(&heard).first() {
            assert_eq!(failure.code, ErrorCode::LimitReached);
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
    let refused = |heard: Vec<ServerBody>| failures(&heard).pop().map(|it| (it.code, it.detail));
    bench.upload(two.erins, &file(1), 1);
    assert_eq!(refused(bench.tell(two.erins, &file(2).request(2))), None);
    let full = (
        ErrorCode::QuotaFull,
        "your 256 KiB of files at this server are full: delete messages with files".to_owned(),
    );
    assert_eq!(
        refused(bench.tell(two.erins, &file(3).request(3))),
        Some(full)
    );
    assert_eq!(refused(bench.tell(two.bobs, &file(1).request(1))), None);
    let full = (
        ErrorCode::QuotaFull,
        "this server's room for files is full".to_owned(),
    );
    assert_eq!(
        refused(bench.tell(two.bobs, &file(2).request(2))),
        Some(full)
    );
    let limits = bench.hub.counters().at_file_limits;
    assert_eq!((limits.account, limits.all), (1, 1));
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
        "384 KiB of files a day; try again in a minute"
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
    let transfers = &bench.user_of(two.bobs).transfers;
    assert!(transfers.pieces.len() <= 4 && transfers.ahead() <= 4);
    assert_eq!(bench.blobs.waiting(), 0);
    // A page of history and a message are not behind it.
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
    use crate::store::BlobFiles as _;
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
