//! Sending files, and saving those of others: against a server that keeps them as the real one does.

#![allow(clippy::cast_possible_truncation, reason = "these files are small")]

mod hostile;
mod programs;
mod receive;
mod records;
mod send;
mod stalls;

use std::collections::BTreeMap;

use super::chat::stored;
use super::receiving::delivery;
use super::*;
use crate::protocol::{
    Attachment, CHUNK_BYTES, Command, Delivery, DownloadPiece, DownloadRequest, EntryBody,
    EntryHeader, EntryKind, ErrorCode, Failure, FileRoot, FileSize, FileTree, Origin,
    PIECE_MAX_BYTES, ServerLimits, UploadPiece, UploadRequest, UploadState, Void,
};

/// Bytes that are not alike anywhere.
fn content(bytes: usize) -> Vec<u8> {
    let mut content = vec![0; bytes];
    blake3::Hasher::new().finalize_xof().fill(&mut content);
    content
}

/// What the server has of a file: its stream, as far as it has come and is verified, and what follows that.
#[derive(Default)]
struct Kept {
    size: u64,
    stream: Vec<u8>,
    behind: Vec<u8>,
}

/// The server's side of files, for one account that sends and one file that is fetched.
#[derive(Default)]
struct FileServer {
    kept: BTreeMap<FileRoot, Kept>,
    /// The uploads of this session, by their tags.
    uploads: BTreeMap<u32, FileRoot>,
    /// What can be fetched, by its entry.
    given: BTreeMap<u64, (u64, Vec<u8>)>,
    /// The last entry of the conversation with bob.
    head: u64,
    /// How many pieces have come in all.
    pieces: usize,
    /// How many more pieces it handles before the link is cut.
    cut_after: Option<usize>,
    /// Each request to download, as it came.
    asked: Vec<DownloadRequest>,
}

/// What the client has sent beside what is about files.
type Others = Vec<ClientMessage>;

impl FileServer {
    /// The next session.
    fn forget_session(&mut self) {
        self.uploads.clear();
        for kept in self.kept.values_mut() {
            kept.behind.clear();
        }
        self.cut_after = None;
    }

    /// Has this file belong to an entry.
    fn give(&mut self, entry: u64, content: &[u8]) -> FileTree {
        let tree = FileTree::read(&mut &content[..]).unwrap();
        let stream = [tree.as_bytes(), content].concat();
        self.head = self.head.max(entry);
        self.given.insert(entry, (content.len() as u64, stream));
        tree
    }

    fn is_cut(&mut self) -> bool {
        match &mut self.cut_after {
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        }
    }

    fn handle(&mut self, message: ClientMessage) -> Result<Vec<ServerBody>, Box<ClientMessage>> {
        Ok(match message.body {
            ClientBody::UploadRequest(request) => vec![self.begin(&request)],
            ClientBody::UploadPiece(piece) => {
                self.pieces += 1;
                self.take(&piece).into_iter().collect()
            }
            ClientBody::DownloadRequest(request) => self.send(request),
            _ => return Err(Box::new(message)),
        })
    }

    fn begin(&mut self, request: &UploadRequest) -> ServerBody {
        self.uploads.insert(request.tag, request.root);
        let kept = self.kept.entry(request.root).or_default();
        kept.size = request.size;
        kept.behind.clear();
        kept.state(request.tag)
    }

    fn take(&mut self, piece: &UploadPiece) -> Option<ServerBody> {
        let root = *self.uploads.get(&piece.tag)?;
        let kept = self.kept.get_mut(&root)?;
        let expected = kept.stream.len() + kept.behind.len();
        if piece.offset != expected as u64 {
            return Some(kept.state(piece.tag));
        }
        assert!((1..=PIECE_MAX_BYTES).contains(&piece.bytes.len()));
        kept.behind.extend_from_slice(&piece.bytes);
        let before = kept.stream.len();
        if kept.verify(root) {
            return (kept.stream.len() > before).then(|| kept.state(piece.tag));
        }
        kept.behind.clear();
        Some(ServerBody::Failure(Failure {
            tag: Some(piece.tag),
            ..Failure::new(ErrorCode::FileDamaged, "")
        }))
    }

    fn send(&mut self, request: DownloadRequest) -> Vec<ServerBody> {
        let Some((size, stream)) = self.given.get(&request.entry.0) else {
            return vec![ServerBody::Failure(Failure {
                tag: Some(request.tag),
                ..Failure::new(ErrorCode::NoSuchFile, "")
            })];
        };
        let begin = (request.offset as usize).min(stream.len());
        let end = (begin + request.length as usize).min(stream.len());
        let pieces = stream[begin..end].chunks(PIECE_MAX_BYTES).enumerate();
        let pieces = pieces.map(|(number, bytes)| {
            ServerBody::DownloadPiece(DownloadPiece {
                tag: request.tag,
                size: *size,
                offset: request.offset + (number * PIECE_MAX_BYTES) as u64,
                bytes: ByteBuf::from(bytes),
            })
        });
        let pieces = pieces.collect();
        self.asked.push(request);
        pieces
    }

    /// How much of a file is here, in bytes of its stream.
    fn taken(&self, root: FileRoot) -> usize {
        self.kept.get(&root).map_or(0, |kept| kept.stream.len())
    }
}

impl Kept {
    fn state(&self, tag: u32) -> ServerBody {
        let size = FileSize::new(self.size).unwrap();
        ServerBody::UploadState(UploadState {
            tag,
            taken: self.stream.len() as u64,
            is_complete: self.stream.len() as u64 == size.stream_bytes(),
        })
    }

    /// Moves what is whole and fits after what is verified; whether all of that fits.
    fn verify(&mut self, root: FileRoot) -> bool {
        let size = FileSize::new(self.size).unwrap();
        let tree_bytes = size.tree_bytes() as usize;
        if self.stream.len() < tree_bytes {
            if self.behind.len() < tree_bytes {
                return true;
            }
            let tree: Vec<u8> = self.behind.drain(..tree_bytes).collect();
            if FileTree::verify(root, size, &tree).is_none() {
                return false;
            }
            self.stream = tree;
        }
        let tree = FileTree::verify(root, size, &self.stream[..tree_bytes]).unwrap();
        loop {
            let chunk = ((self.stream.len() - tree_bytes) / CHUNK_BYTES) as u64;
            let length = size.chunk_bytes(chunk);
            if length == 0 || self.behind.len() < length {
                return true;
            }
            let bytes: Vec<u8> = self.behind.drain(..length).collect();
            if !tree.is_chunk(chunk, &bytes) {
                return false;
            }
            self.stream.extend(bytes);
        }
    }
}

impl Desk {
    fn bulk(&mut self, body: ServerBody) {
        let command = match &body {
            ServerBody::Failure(_) => Some(Command::Upload),
            _ => None,
        };
        self.bulk_as(body, command);
    }

    /// The same with the command that a failure is about.
    fn bulk_as(&mut self, body: ServerBody, command: Option<Command>) {
        let message = match (body, command) {
            (ServerBody::Failure(failure), Some(command)) => ServerMessage::error(command, failure),
            (body, _) => ServerMessage::control(body),
        };
        let bytes = encode(&message, Hop::default());
        self.core.handle_message(self.now, Channel::Bulk, &bytes);
    }

    /// What was begun on the disk is done, and the client hears of it.
    fn disk(&mut self) -> usize {
        let answers = self.files.transfers.answers();
        let count = answers.len();
        for answer in answers {
            assert!(self.core.handle_input(self.now, answer).is_none());
        }
        count
    }

    /// Lets client and server talk until neither has anything to say, or the link is cut. Returns what was sent beside files.
    fn talk(&mut self, server: &mut FileServer) -> Others {
        let mut others = Vec::new();
        for _ in 0..20_000 {
            let sent = self.sent();
            let is_quiet = sent.is_empty();
            let is_asking =
                |message: &ClientMessage| matches!(message.body, ClientBody::DownloadRequest(_));
            let asked = sent.iter().filter(|(_, message)| is_asking(message));
            assert!(asked.count() <= 4, "a server refuses the fifth");
            for (channel, message) in sent {
                let is_download = matches!(message.body, ClientBody::DownloadRequest(_));
                let command = if is_download {
                    Command::Download
                } else {
                    Command::Upload
                };
                match server.handle(message) {
                    Ok(answers) => {
                        assert_eq!(channel, Channel::Bulk);
                        for answer in answers {
                            if server.is_cut() {
                                self.settle();
                                return others;
                            }
                            self.bulk_as(answer, Some(command));
                        }
                    }
                    Err(other) => others.push(*other),
                }
            }
            if self.disk() == 0 && is_quiet && !self.is_due() {
                return others;
            }
        }
        panic!("they go on for ever");
    }

    /// Whether the client wants to go on at once.
    fn is_due(&self) -> bool {
        let now = self.now.instant;
        self.core.deadline().is_some_and(|due| due <= now)
    }

    /// The link is lost, and another session begins.
    fn reconnected(&mut self, server: &mut FileServer) {
        self.core.link_lost(self.now, "lost", None);
        server.forget_session();
        self.sent();
        self.core.link_up(self.now, KEY, HASH);
        let bodies = self.bodies();
        assert!(
            matches!(bodies[..], [ClientBody::Resume(_), ..]),
            "{bodies:?}"
        );
        self.control(&ServerMessage::control(session_start()));
        self.meet(server.head);
    }

    /// The server answers HELLO; what the client sends then waits.
    fn meet(&mut self, at: u64) {
        self.sent();
        let everyone = head(ConversationId::EVERYONE, EVERYONE_NAME, 0, 0, 0);
        self.control(&ServerMessage::control(HelloAnswer {
            heads: vec![head(PAIR, "bob", at, 0, at), everyone],
            more: false,
        }));
    }

    /// Types a line and has it carried out.
    fn run(&mut self, line: &str) {
        self.type_line(line);
        self.settle();
    }

    /// The same with another process.
    fn killed(self, server: &mut FileServer) -> Self {
        server.forget_session();
        self.files.transfers.kill();
        let mut desk = self.killed_and_back();
        desk.meet(server.head);
        desk
    }

    /// The server says how large files may be.
    fn greet(&mut self, file_bytes: u64) {
        self.control(&ServerMessage::control(Greeting {
            text: "Welcome.".into(),
            online: 1,
            software: None,
            others: None,
            limits: Some(ServerLimits {
                text_bytes: 4_096,
                file_bytes,
                messages_per_second: None,
                bytes_per_second: None,
                bytes_per_day: None,
            }),
        }));
        self.settle();
        self.screen.lines();
    }
}

/// The entries among what was sent.
fn entries(others: &Others) -> Vec<(EntryHeader, EntryBody)> {
    let entry = |message: &ClientMessage| match &message.body {
        ClientBody::Entry(body) => Some((message.header.entry?, body.clone())),
        _ => None,
    };
    others.iter().filter_map(entry).collect()
}

/// The only entry among what was sent.
fn entry(others: &Others) -> (EntryHeader, EntryBody) {
    let mut entries = entries(others);
    assert_eq!(entries.len(), 1, "{others:?}");
    entries.remove(0)
}

/// A file of bob's as its message describes it.
fn attachment(name: &str, size: u64, text: &str) -> Attachment {
    Attachment {
        sender: BOB,
        receiver: PAIR,
        salt: Bytes([7; 16]),
        name: name.into(),
        size,
        media_type: "application/pdf".into(),
        text: text.into(),
    }
}

/// Bob's message that is a file comes.
fn deliver_file(desk: &mut Desk, entry: u64, root: FileRoot, file: &Attachment) {
    let origin = Origin {
        conversation: PAIR,
        device: DeviceId(77),
        number: DeviceSeq(entry),
    };
    let body = EntryBody::of(file);
    let mut message = ServerMessage::entry(origin, (EntryKind::File, None), body);
    message.header.entry.as_mut().unwrap().root = Some(root);
    let delivery: Delivery<'static> = delivery(entry, entry - 1);
    let hop = Hop {
        recipient_data: None,
        delivery: Some(delivery),
    };
    let bytes = encode(&message, hop);
    desk.core.handle_message(desk.now, Channel::Chat, &bytes);
}

/// The parts of files that the desk has asked for, of what it has sent since the last look.
fn requests(desk: &mut Desk) -> Vec<DownloadRequest> {
    let bodies = desk.bodies().into_iter();
    let request = |body| match body {
        ClientBody::DownloadRequest(request) => Some(request),
        _ => None,
    };
    bodies.filter_map(request).collect()
}
