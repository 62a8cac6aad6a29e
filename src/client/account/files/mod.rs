//! Files on their way: those that the user sends, and those that are saved.
//!
//! A file that is sent waits in the outbox like anything else that is said. First a copy of it is made in the state directory, then
//! `uploads` brings that to the server, and then its message takes its place among the others. What others have sent stays at
//! the server until the user has it saved; `downloads` fetches it.
//!
//! Reading and writing these files is done once what they follow from is durable, in [`FileTransfers::step`].

mod ask;
mod daily;
mod downloads;
mod list;
mod quarters;
mod sent;
mod stream;
mod uploads;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore as _;

use super::blocked::BlockedUsers;
use super::ctx::Ctx;
use super::sender::Sender;
use super::sender::outbox::{Outbox, Typed};
use crate::client::effects::Effects;
use crate::client::env::Fault;
use crate::client::storage::records::{OutboxEntry, QueuedFile, Referred};
use crate::client::storage::transfers::Download;
use crate::client::transfers::{CopiedFile, TransferId, Transfers};
use crate::client::ui::files;
use crate::protocol::{
    Command, ConversationId, DownloadPiece, EntryId, EntryKind, FILE_NAME_MAX_BYTES, Failure,
    MEDIA_TYPE_MAX_BYTES, UploadState,
};
use crate::text::number::percent;
pub(crate) use ask::{File, Save, cancel, save, save_small, send, send_typed};
use daily::SavedToday;
use downloads::Downloads;
pub(crate) use list::list;
use uploads::Uploads;

/// How long a transfer is waited for that comes no further, before it is asked for again. Chosen: much longer than a chunk takes
/// on a path that is any use.
const STALL_WAIT: Duration = Duration::from_mins(1);

/// After how long the server is asked again for what it could not do.
const RETRY_WAIT: Duration = Duration::from_secs(2);

/// How often it is told at most how far a transfer has come.
const REPORT_EVERY: Duration = Duration::from_millis(500);

/// How many files may be in the making as copies. Chosen: what somebody types while a disk is slow. At the limit a further one is refused
/// by name.
const COPYING_MAX: usize = 16;

/// How far a transfer has come, in bytes of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Moved {
    done: u64,
    of: u64,
}

/// A file of which a copy is being made.
#[derive(Debug)]
struct Copying {
    target: String,
    text: String,
    key: Option<String>,
    /// The entry that it answers.
    answers: Option<EntryId>,
    typed: Typed,
    /// As it was named.
    path: String,
}

/// The files that are on their way.
pub(crate) struct FileTransfers {
    copying: BTreeMap<TransferId, Copying>,
    uploads: Uploads,
    downloads: Downloads,
    /// Files that are smaller are saved by themselves, in bytes.
    save_below: u64,
    saved_today: SavedToday,
    random: ChaCha20Rng,
    /// Whether what earlier runs have left was looked through.
    is_swept: bool,
    /// Counts each time that something came further.
    moves: u64,
    /// What the prompt says of the transfers, and since when.
    shown: Option<(Instant, String)>,
}

impl FileTransfers {
    pub(super) fn load(
        downloads: Vec<((ConversationId, EntryId), Download)>,
        save_below: u64,
        mut random: ChaCha20Rng,
    ) -> Self {
        // The salts of messages come from the same seed.
        random.set_stream(1);
        Self {
            copying: BTreeMap::new(),
            uploads: Uploads::default(),
            downloads: Downloads::load(downloads),
            save_below,
            saved_today: SavedToday::default(),
            random,
            is_swept: false,
            moves: 0,
            shown: None,
        }
    }

    fn new_id(&mut self) -> TransferId {
        TransferId(self.random.next_u64())
    }

    /// How many files are being copied, so that they can be sent.
    pub(crate) fn copying(&self) -> usize {
        self.copying.len()
    }

    /// How many messages wait until the server takes their files, and need not be waited for.
    pub(crate) fn put_off(&self, outbox: &Outbox) -> usize {
        self.uploads.put_off(outbox)
    }

    /// Whether something is still to be saved.
    pub(crate) fn are_saving(&self) -> bool {
        self.downloads.are_busy()
    }

    /// What is still to be saved, with its line of a script.
    pub(crate) fn unsaved(&self) -> impl Iterator<Item = (Option<u64>, String)> {
        self.downloads.unsaved()
    }

    /// Says of which files no copy has been made: they are not sent.
    pub(crate) fn fail_copying(&mut self, effects: &mut Effects) {
        for copying in std::mem::take(&mut self.copying).into_values() {
            let name = files::name(&copying.path);
            let text = format!("not sent: {name}: there was no time to copy it");
            effects.refuse(copying.typed.line, Fault::Failed, &text);
        }
    }

    /// How often something came further in this run.
    pub(crate) const fn moves(&self) -> u64 {
        self.moves
    }

    /// The link is lost, and with it what was under way.
    pub(super) fn forget_session(&mut self) {
        self.uploads.forget_session();
        self.downloads.forget_session();
    }

    /// When [`FileTransfers::step`] has something to do without anything having come.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let shown = self.shown.as_ref().map(|(at, _)| *at + REPORT_EVERY);
        let dues = [self.uploads.deadline(), self.downloads.deadline(), shown];
        dues.into_iter().flatten().min()
    }

    /// Does what there is to do, now that all of which it follows is durable.
    pub(super) fn step(
        &mut self,
        ctx: &mut Ctx<'_>,
        outbox: &mut Outbox,
        disk: &mut dyn Transfers,
    ) {
        if !std::mem::replace(&mut self.is_swept, true) {
            self.sweep(ctx, outbox, disk);
        }
        self.uploads.step(ctx, outbox, disk);
        if self.downloads.step(ctx, disk) {
            self.moves += 1;
        }
        self.show(ctx.now.instant, ctx.session.is_settled);
    }

    /// Removes the copies of files that are not to be sent any more, now that this is durable.
    pub(super) fn drop_copies(
        &mut self,
        ctx: &mut Ctx<'_>,
        outbox: &Outbox,
        disk: &mut dyn Transfers,
    ) {
        self.uploads.drop_copies(ctx, outbox, disk);
    }

    /// Removes what earlier runs have left of files that are not on their way any more.
    fn sweep(&mut self, ctx: &mut Ctx<'_>, outbox: &Outbox, disk: &mut dyn Transfers) {
        let copies: Vec<TransferId> = outbox.files().map(|file| file.id).collect();
        let parts = self.downloads.parts();
        let kept = copies.iter().copied().chain(parts);
        let kept: Vec<TransferId> = kept.chain(self.copying.keys().copied()).collect();
        if let Err(error) = disk.keep(&kept) {
            ctx.trouble(format!(
                "what earlier runs left of files is still here: {error}"
            ));
        }
        self.uploads.note_copies(copies);
    }

    /// Has the prompt say how far the transfers have come, not more often than [`REPORT_EVERY`].
    fn show(&mut self, now: Instant, is_linked: bool) {
        let is_fresh = |(at, _): &(Instant, String)| *at + REPORT_EVERY > now;
        if self.shown.as_ref().is_some_and(is_fresh) {
            return;
        }
        let total = |moving: &mut dyn Iterator<Item = Moved>| {
            moving.fold(None, |total: Option<Moved>, one| {
                let total = total.unwrap_or(Moved { done: 0, of: 0 });
                Some(Moved {
                    done: total.done + one.done,
                    of: total.of + one.of,
                })
            })
        };
        let up = total(&mut self.uploads.moving());
        let down = total(&mut self.downloads.moving());
        let part = |sign: char, moved: Option<Moved>| {
            moved.map(|moved| format!("{sign} {} %", percent(moved.done, moved.of)))
        };
        let parts: Vec<String> = [part('↑', up), part('↓', down)]
            .into_iter()
            .flatten()
            .collect();
        self.shown = (is_linked && !parts.is_empty()).then(|| (now, parts.join(" ")));
    }

    /// What the prompt says of the transfers, such as `↑ 40 %`.
    pub(crate) fn shown(&self) -> Option<&str> {
        self.shown.as_ref().map(|(_, text)| &**text)
    }

    /// A user's file was copied, or not. Returns whether it is one that is awaited.
    pub(crate) fn handle_copied(
        &mut self,
        ctx: &mut Ctx<'_>,
        (sender, blocked): (&mut Sender, &BlockedUsers),
        (id, file): (TransferId, Result<Box<CopiedFile>, String>),
    ) -> bool {
        let Some(copying) = self.copying.remove(&id) else {
            return false;
        };
        let line = copying.typed.line;
        let not_sent = |ctx: &mut Ctx<'_>, why: String| {
            let text = format!("not sent: {}: {why}", files::name(&copying.path));
            ctx.effects.fail_at(line, Fault::Failed, text);
            true
        };
        let file = match file {
            Ok(file) => file,
            Err(why) => return not_sent(ctx, why),
        };
        self.uploads.note_copies([id]);
        let size = file.tree.size().bytes();
        let max = ctx.session.server.file_max;
        if let Some(max) = max.filter(|max| size > *max) {
            return not_sent(ctx, too_large(size, max));
        }
        let Copying {
            target,
            text,
            key,
            answers,
            typed,
            ..
        } = copying;
        // The server says whether the key is used before anything is brought.
        let queued = queued(id, *file, key.is_some());
        let name = files::name(&queued.name);
        let unsent = OutboxEntry {
            kind: EntryKind::File,
            refers_to: answers.map(Referred::Entry),
            key,
            file: Some(queued),
            ..OutboxEntry::new(target.clone(), text)
        };
        let sequence = sender.queue_typed(ctx, blocked, unsent, typed);
        if let Some(sequence) = sequence.filter(|_| ctx.is_linked() && line.is_none()) {
            let size = files::size(size);
            ctx.notice(format!(
                "● sending {name}, {size}, to {target} (+{sequence})"
            ));
        }
        true
    }

    /// A file was given its place, or could not be.
    pub(crate) fn handle_saved(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: TransferId,
        path: Result<String, String>,
    ) {
        self.downloads.handle_saved(ctx, id, path);
        self.moves += 1;
    }

    /// The server has said how far a file has come.
    pub(super) fn handle_state(
        &mut self,
        ctx: &mut Ctx<'_>,
        outbox: &mut Outbox,
        state: &UploadState,
    ) {
        if self.uploads.handle_state(ctx, outbox, state) {
            self.moves += 1;
        }
    }

    /// A piece of a file has come.
    pub(super) fn handle_piece(&mut self, ctx: &mut Ctx<'_>, piece: &DownloadPiece) {
        self.downloads.handle_piece(ctx, piece);
    }

    /// The server does not take a file, or does not send one. Returns whether that is what it says.
    pub(super) fn handle_failure(
        &mut self,
        ctx: &mut Ctx<'_>,
        outbox: &mut Outbox,
        (command, failure): (Command, &Failure),
    ) -> bool {
        match command {
            Command::Upload => self.uploads.handle_failure(ctx, outbox, failure),
            Command::Download => self.downloads.handle_failure(ctx, failure),
            _ => return false,
        }
        true
    }

    /// Something on the bulk channel could not be read.
    pub(super) fn note_damage(&mut self) {
        self.downloads.note_damage();
    }
}

/// That a file is larger than the server takes.
fn too_large(size: u64, max: u64) -> String {
    if max == 0 {
        return "this server takes no files".into();
    }
    let shown = match (files::size(size), files::size(max)) {
        // Rounded they do not tell why.
        (size_shown, max_shown) if size_shown == max_shown => {
            (format!("{size} bytes"), format!("{max} bytes"))
        }
        shown => shown,
    };
    format!(
        "it has {}, and this server takes at most {}",
        shown.0, shown.1
    )
}

/// A file of which there is a copy now, as it waits in the outbox.
fn queued(id: TransferId, file: CopiedFile, is_there: bool) -> QueuedFile {
    let media_type = Some(file.media_type);
    QueuedFile {
        id,
        name: fitting_name(&file.name),
        media_type: media_type
            .filter(|media_type| media_type.len() <= MEDIA_TYPE_MAX_BYTES)
            .unwrap_or_default(),
        root: file.tree.root(),
        size: file.tree.size().bytes(),
        is_there,
        missed: 0,
    }
}

/// A file's name as it is sent: as long as names are, and never empty.
fn fitting_name(name: &str) -> String {
    match &name[..name.floor_char_boundary(FILE_NAME_MAX_BYTES)] {
        "" => "file".into(),
        name => name.to_owned(),
    }
}
