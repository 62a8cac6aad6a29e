//! Files: brought, named, fetched, and all that peers can do wrong with them.

use super::super::limits::{self as server_limits, Allowance, FileLimits, Limit};
use super::*;
use crate::protocol::{
    Attachment, CHUNK_BYTES, ClientMessage, DownloadPiece, DownloadRequest, EntryBody, EntryKind,
    Failure, FileTree, HistoryRequest, PIECE_MAX_BYTES, UploadPiece, UploadRequest, UploadState,
};
use crate::server::files::{OPEN_MAX, PER_ACCOUNT};
use crate::store::{BlobKey, FoundBlob};

mod downloads;
mod hostile;
mod kept;
mod shelved;
mod uploads;

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
        let mut content: Vec<u8> = (0..=250).cycle().take(bytes).collect();
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

    fn delete(&mut self, two: &Two, number: u64, entry: u64) {
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
        self.say(two.erins, Channel::Chat, &message);
        self.pass(50);
        self.heard(two.erins);
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
            bob,
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
        self.hub.core.configure(self.now, config);
    }

    fn limit_files(&mut self, files: FileLimits) {
        self.limit(server_limits::Limits {
            files,
            ..server_limits::Limits::default()
        });
    }
}

#[derive(Clone, Copy)]
struct Two {
    erin: (AccountId, DeviceId),
    bob: (AccountId, DeviceId),
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
    let counted = bench.hub.counters().uploaded_bytes;
    assert_eq!(counted, file.stream.len() as u64);
    let told = states(&bench.tell(two.erins, &file.request(2)));
    assert_eq!(told, [state(2, file.stream.len(), true)]);
    let told = states(&bench.tell(two.bobs, &file.request(1)));
    assert_eq!(told, [state(1, 0, false)]);
}
