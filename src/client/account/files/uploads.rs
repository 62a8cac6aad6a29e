//! Brings files to the server, so that entries can name them.
//!
//! What is to be brought stands in the outbox, and a copy of each in the state directory. How far one has come only the server
//! knows: each session asks that first, and goes on from there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_bytes::ByteBuf;

use super::quarters::Quarters;
use super::{Moved, REPORT_EVERY, RETRY_WAIT, STALL_WAIT};
use crate::client::account::ctx::Ctx;
use crate::client::account::sender::files::{drop_file, file_is_there};
use crate::client::account::sender::outbox::Outbox;
use crate::client::account::sender::refused::is_temporary;
use crate::client::env::Fault;
use crate::client::name::canonical_target;
use crate::client::program::Report;
use crate::client::storage::records::{OutboxEntry, QueuedFile};
use crate::client::transfers::{TransferId, Transfers};
use crate::client::ui::{files, render};
use crate::protocol::{
    ConversationId, EVERYONE_NAME, ErrorCode, Failure, FileRoot, FileSize, Message,
    PIECE_MAX_BYTES, UploadPiece, UploadRequest, UploadState,
};
use crate::text::system_error::words;
use crate::transport::Channel;

/// How many files are brought at a time. Chosen: a small one does not wait for a large one, and a server that allows few is not
/// asked for more. At the limit the others wait, in the order typed.
const UPLOADS_MAX: usize = 2;

/// How much may be under way of one file beyond what the server has taken, in bytes. Chosen: what fills a fast path.
const WINDOW_BYTES: u64 = 1024 * 1024;

/// How often in a row the server may find what comes of a file damaged. At the limit the message is given up: what damages it is the
/// disk that its copy is on.
const DAMAGED_MAX: u32 = 3;

/// The same for what its limits do not allow as long as others are under way.
const LIMIT_WAIT: Duration = Duration::from_secs(10);

/// The longest such wait that the server can ask for.
const RETRY_WAIT_MAX: Duration = Duration::from_hours(24);

/// From which wait on the user is told of it.
const TOLD_WAIT: Duration = Duration::from_secs(10);

#[derive(Debug)]
struct Upload {
    /// Its message in the outbox.
    sequence: u64,
    tag: u32,
    id: TransferId,
    root: FileRoot,
    size: FileSize,
    /// Whether the server has said how far it has come.
    is_answered: bool,
    /// So much of its stream is at the server.
    taken: u64,
    /// From here on it is to be sent.
    next: u64,
    damaged: u32,
    /// When it last came further.
    moved_at: Instant,
    told_at: Option<Instant>,
    quarters: Quarters,
}

/// The files that are being brought.
#[derive(Debug, Default)]
pub(crate) struct Uploads {
    active: Vec<Upload>,
    /// The copies that are here, as far as this run knows.
    copies: BTreeSet<TransferId>,
    /// Messages that wait until the server can take their files, by their numbers.
    later: BTreeMap<u64, Instant>,
    /// Those of them of which the user knows.
    told: BTreeSet<u64>,
}

impl Uploads {
    /// These copies are here.
    pub(super) fn note_copies(&mut self, copies: impl IntoIterator<Item = TransferId>) {
        self.copies.extend(copies);
    }

    /// The link is lost, and with it what was under way.
    pub(super) fn forget_session(&mut self) {
        self.active.clear();
        self.later.clear();
        self.told.clear();
    }

    /// How much of a file's content is at the server, if it is being brought.
    pub(super) fn taken(&self, sequence: u64) -> Option<u64> {
        let upload = self.active.iter().find(|one| one.sequence == sequence)?;
        Some(upload.size.content_within(upload.taken))
    }

    /// What is being brought, and how far it has come.
    pub(super) fn moving(&self) -> impl Iterator<Item = Moved> {
        self.active.iter().map(|one| Moved {
            done: one.size.content_within(one.taken),
            of: one.size.bytes(),
        })
    }

    /// How many messages of earlier runs wait until the server takes their files, which may be a day: nobody waits for that.
    pub(super) fn put_off(&self, outbox: &Outbox) -> usize {
        let is_put_off = |at: &u64| {
            let is_earlier = outbox.typed(*at).is_none();
            is_earlier && self.later.contains_key(at) && self.told.contains(at)
        };
        let put_off = outbox.uploads().map(|(at, ..)| at).filter(is_put_off);
        put_off.map(|at| 1 + outbox.waiting_for(at).len()).sum()
    }

    /// When something is to be done without anything having come.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let stalled = self.active.iter().map(|one| one.moved_at + STALL_WAIT);
        stalled.chain(self.later.values().copied()).min()
    }

    /// Does what there is to do: removes the copies of what is no longer to be sent, begins, and sends.
    pub(super) fn step(
        &mut self,
        ctx: &mut Ctx<'_>,
        outbox: &mut Outbox,
        disk: &mut dyn Transfers,
    ) {
        self.drop_copies(ctx, outbox, disk);
        let is_here = |one: &Upload| outbox.uploads().any(|(at, ..)| at == one.sequence);
        self.active.retain(is_here);
        if !ctx.session.is_settled {
            return;
        }
        self.later.retain(|_, at| *at > ctx.now.instant);
        Self::refuse_large(ctx, outbox);
        self.begin(ctx, outbox);
        for one in &mut self.active {
            if one.moved_at + STALL_WAIT <= ctx.now.instant {
                one.ask(ctx);
            }
        }
        self.send(ctx, outbox, disk);
    }

    pub(super) fn drop_copies(
        &mut self,
        ctx: &mut Ctx<'_>,
        outbox: &Outbox,
        disk: &mut dyn Transfers,
    ) {
        if self.copies.is_empty() {
            return;
        }
        let needed: BTreeSet<TransferId> = outbox.files().map(|file| file.id).collect();
        let left: Vec<TransferId> = self.copies.difference(&needed).copied().collect();
        for id in left {
            self.copies.remove(&id);
            if let Err(error) = disk.remove_copy(id) {
                ctx.trouble(format!("the copy of a file is left behind: {error}"));
            }
        }
    }

    /// Gives up what the server has said that it does not take.
    fn refuse_large(ctx: &mut Ctx<'_>, outbox: &mut Outbox) {
        let Some(max) = ctx.session.server.file_max else {
            return;
        };
        let large = outbox
            .uploads()
            .filter(|(_, _, file)| file.size > max || max == 0);
        let large: Vec<(u64, u64)> = large.map(|(at, _, file)| (at, file.size)).collect();
        for (sequence, size) in large {
            let why = super::too_large(size, max);
            drop_file(ctx, outbox, sequence, (Fault::Failed, &why));
        }
    }

    fn begin(&mut self, ctx: &mut Ctx<'_>, outbox: &Outbox) {
        for (sequence, unsent, file) in outbox.uploads() {
            if self.active.len() >= UPLOADS_MAX {
                return;
            }
            // Two messages with one file need it once.
            let is_under_way = self.active.iter().any(|one| one.root == file.root);
            if is_under_way || self.later.contains_key(&sequence) || !is_addressed(ctx, unsent) {
                continue;
            }
            let Some(mut upload) = Upload::of(ctx.now.instant, sequence, file) else {
                continue;
            };
            upload.ask(ctx);
            self.active.push(upload);
        }
    }

    fn send(&mut self, ctx: &mut Ctx<'_>, outbox: &mut Outbox, disk: &mut dyn Transfers) {
        let mut unreadable = Vec::new();
        for one in &mut self.active {
            if let Err(why) = one.send(ctx, disk) {
                unreadable.push((one.sequence, why));
            }
        }
        for (sequence, why) in unreadable {
            self.active.retain(|one| one.sequence != sequence);
            let why = format!("its copy on this device cannot be read: {why}");
            drop_file(ctx, outbox, sequence, (Fault::Failed, &why));
        }
    }

    /// The server has said how far a file has come. Returns whether that is further than before.
    pub(super) fn handle_state(
        &mut self,
        ctx: &mut Ctx<'_>,
        outbox: &mut Outbox,
        state: &UploadState,
    ) -> bool {
        let found = self.active.iter().position(|one| one.tag == state.tag);
        let Some(at) = found else {
            return false;
        };
        let one = &mut self.active[at];
        let taken = state.taken.min(one.size.stream_bytes());
        let is_further = taken > one.taken || state.is_complete;
        // If the server names no further byte than before, the pieces sent since are lost.
        one.next = if one.is_answered && taken > one.taken {
            one.next.max(taken)
        } else {
            taken
        };
        one.is_answered = true;
        one.taken = taken;
        if is_further {
            one.moved_at = ctx.now.instant;
            one.damaged = 0;
        }
        if state.is_complete {
            one.taken = one.size.stream_bytes();
        }
        one.report(ctx, outbox.line(one.sequence), state.is_complete);
        one.tell(ctx, outbox);
        if state.is_complete {
            let one = self.active.swap_remove(at);
            self.told.remove(&one.sequence);
            file_is_there(ctx, outbox, (one.root, one.size.bytes()));
        }
        is_further
    }

    /// The server does not take a file, or what came of it.
    pub(super) fn handle_failure(
        &mut self,
        ctx: &mut Ctx<'_>,
        outbox: &mut Outbox,
        failure: &Failure,
    ) {
        let found = self
            .active
            .iter()
            .position(|one| Some(one.tag) == failure.tag);
        let Some(at) = found else {
            return;
        };
        let one = &mut self.active[at];
        if failure.code == ErrorCode::FileDamaged && one.damaged < DAMAGED_MAX {
            one.damaged += 1;
            one.ask(ctx);
            return;
        }
        let one = self.active.swap_remove(at);
        let wait = failure.wait_ms.map(Duration::from_millis);
        // What is too large for a server that tells its limit was not begun.
        let is_limit =
            failure.code == ErrorCode::LimitReached && ctx.session.server.file_max.is_some();
        match failure.code {
            ErrorCode::FileDamaged => {
                let why = "its copy on this device is damaged; send it again".to_owned();
                drop_file(ctx, outbox, one.sequence, (Fault::Failed, &why));
            }
            code if is_temporary(code) || is_limit || wait.is_some() => {
                let usual = if is_limit { LIMIT_WAIT } else { RETRY_WAIT };
                let wait = wait.unwrap_or(usual).clamp(RETRY_WAIT, RETRY_WAIT_MAX);
                self.later.insert(one.sequence, ctx.now.instant + wait);
                if wait >= TOLD_WAIT && self.told.insert(one.sequence) {
                    tell_waiting(ctx, outbox, one.sequence, (failure, wait));
                }
            }
            code => {
                let why = render::refusal(failure, "");
                drop_file(ctx, outbox, one.sequence, (Fault::of(code), &why));
            }
        }
    }
}

/// Whether it is known for whom a message is.
fn is_addressed(ctx: &Ctx<'_>, unsent: &OutboxEntry) -> bool {
    let name = canonical_target(&unsent.target);
    let id = if name == EVERYONE_NAME {
        Some(ConversationId::EVERYONE)
    } else {
        ctx.conversations.by_name(&name)
    };
    let known = id.and_then(|id| ctx.conversations.get(id));
    known.is_some_and(|known| known.last_number.is_some())
}

/// Tells that a file is kept, and that the server takes it later.
fn tell_waiting(
    ctx: &mut Ctx<'_>,
    outbox: &Outbox,
    sequence: u64,
    (failure, wait): (&Failure, Duration),
) {
    let mut all = outbox.uploads();
    if let Some((.., file)) = all.find(|(at, ..)| *at == sequence) {
        let (name, why) = (files::name(&file.name), render::refusal(failure, ""));
        let when = if wait < Duration::from_mins(1) {
            format!("in {} s", wait.as_secs())
        } else {
            let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            let at_ms = ctx.now.unix_ms.saturating_add(wait_ms);
            format!("at {}", ctx.clock().show(at_ms))
        };
        ctx.notice(format!(
            "● {name} waits: {why}; it goes on by itself {when}"
        ));
    }
}

impl Upload {
    fn of(now: Instant, sequence: u64, file: &QueuedFile) -> Option<Self> {
        Some(Self {
            sequence,
            tag: 0,
            id: file.id,
            root: file.root,
            size: FileSize::new(file.size)?,
            is_answered: false,
            taken: 0,
            next: 0,
            damaged: 0,
            moved_at: now,
            told_at: None,
            quarters: Quarters::new(now),
        })
    }

    /// Asks how far it has come; it goes on from there.
    fn ask(&mut self, ctx: &mut Ctx<'_>) {
        self.tag = ctx.pending.next_tag();
        self.is_answered = false;
        self.moved_at = ctx.now.instant;
        let request = UploadRequest {
            tag: self.tag,
            root: self.root,
            size: self.size.bytes(),
        };
        ctx.effects.send(Channel::Bulk, &Message::control(request));
    }

    /// Sends what may be under way.
    fn send(&mut self, ctx: &mut Ctx<'_>, disk: &mut dyn Transfers) -> Result<(), String> {
        if !self.is_answered {
            return Ok(());
        }
        let end = self.size.stream_bytes().min(self.taken + WINDOW_BYTES);
        while self.next < end {
            let wanted = (end - self.next).min(PIECE_MAX_BYTES as u64);
            let mut bytes = vec![0; usize::try_from(wanted).unwrap_or(PIECE_MAX_BYTES)];
            let read = disk.read_copy(self.id, self.next, &mut bytes);
            if read.map_err(|error| words(&error))? != bytes.len() {
                return Err("it has been cut off".into());
            }
            let piece = UploadPiece {
                tag: self.tag,
                offset: self.next,
                bytes: ByteBuf::from(bytes),
            };
            ctx.effects.send(Channel::Bulk, &Message::control(piece));
            self.next += wanted;
        }
        Ok(())
    }

    /// Tells somebody whose prompt cannot how far it has come.
    fn tell(&mut self, ctx: &mut Ctx<'_>, outbox: &Outbox) {
        let (done, of) = (self.size.content_within(self.taken), self.size.bytes());
        if !ctx.me.is_told_progress || !self.quarters.is_due(ctx.now.instant, (done, of)) {
            return;
        }
        let mut all = outbox.uploads();
        if let Some((.., file)) = all.find(|(at, ..)| *at == self.sequence) {
            let (name, progress) = (files::name(&file.name), files::progress(done, of));
            ctx.notice(format!("↑ {name} {progress}"));
        }
    }

    /// Tells a program how far it has come, not more often than [`REPORT_EVERY`] but for the end.
    fn report(&mut self, ctx: &mut Ctx<'_>, line: Option<u64>, is_complete: bool) {
        let is_due = self
            .told_at
            .is_none_or(|at| at + REPORT_EVERY <= ctx.now.instant);
        if let Some(said) = line.filter(|_| is_due || is_complete) {
            self.told_at = Some(ctx.now.instant);
            ctx.effects.report(Report::Progress {
                said,
                sent: self.size.content_within(self.taken),
                size: self.size.bytes(),
            });
        }
    }
}
