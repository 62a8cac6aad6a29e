//! Fetches files that others have sent, and has them saved.
//!
//! What is to be fetched is durable, and so is what has come of it, so that it goes on where it was after any break. A file that
//! could not be saved stays until the user says where to, or that it is not wanted any more.

use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, Instant};

use super::quarters::Quarters;
use super::sent::SentRequests;
use super::stream::{Step, Stream};
use super::{Moved, RETRY_WAIT, STALL_WAIT};
use crate::client::account::ctx::Ctx;
use crate::client::account::sender::refused::is_temporary;
use crate::client::env::Fault;
use crate::client::storage::transfers::Download;
use crate::client::transfers::{SaveAs, TransferId, Transfers};
use crate::client::ui::{files, render};
use crate::protocol::{
    ConversationId, DownloadPiece, DownloadRequest, EntryId, ErrorCode, Failure, FileSize, Message,
};
use crate::text::printable;
use crate::text::system_error::words;
use crate::transport::Channel;

/// How many files may wait to be fetched. Chosen: all that a long evening's room has. At the limit a further one is refused by name.
pub(super) const DOWNLOADS_WAITING_MAX: usize = 64;

/// How many are fetched at a time. At the limit the others wait.
const DOWNLOADS_MAX: usize = 2;

/// A conversation and an entry of it.
pub(super) type Place = (ConversationId, EntryId);

/// How far a file has come.
#[derive(Debug)]
pub(super) enum Phase {
    /// It is fetched when others are done, or from this moment on.
    Waiting(Option<Instant>),
    /// It is being fetched; when it last came further.
    Going(Box<Stream>, Instant),
    /// It is complete, and is being given its place.
    Saving,
    /// It could not be written or saved, for this reason. What is here of it stays.
    Stuck(String),
}

#[derive(Debug)]
pub(super) struct Fetch {
    pub(super) row: Download,
    pub(super) phase: Phase,
    /// The line of a script that asked for it.
    line: Option<u64>,
    quarters: Option<Quarters>,
}

impl Fetch {
    /// How much of the content is here, as far as it is being fetched.
    pub(super) fn done(&self) -> u64 {
        match &self.phase {
            Phase::Going(stream, _) => stream.done(),
            Phase::Saving => self.row.size,
            Phase::Waiting(_) | Phase::Stuck(_) => 0,
        }
    }

    fn stream(&mut self) -> Option<&mut Stream> {
        match &mut self.phase {
            Phase::Going(stream, _) => Some(stream),
            _ => None,
        }
    }
}

/// The files that are being fetched.
#[derive(Debug, Default)]
pub(crate) struct Downloads {
    pub(super) all: BTreeMap<Place, Fetch>,
    /// What is here of files that are not fetched any longer.
    dropped: Vec<TransferId>,
    /// Whether there is more to do than one step did.
    goes_on: Option<Instant>,
    /// What the server has yet to answer, also of what is no longer wanted.
    requests: SentRequests,
}

impl Downloads {
    pub(super) fn load(rows: Vec<(Place, Download)>) -> Self {
        let fetch = |row| Fetch {
            row,
            phase: Phase::Waiting(None),
            line: None,
            quarters: None,
        };
        let all = rows.into_iter().map(|(place, row)| (place, fetch(row)));
        Self {
            all: all.collect(),
            ..Self::default()
        }
    }

    /// What is here of files.
    pub(super) fn parts(&self) -> impl Iterator<Item = TransferId> {
        self.all.values().map(|fetch| fetch.row.id)
    }

    /// Whether no further one may wait.
    pub(super) fn are_full(&self) -> bool {
        self.all.len() >= DOWNLOADS_WAITING_MAX
    }

    /// Whether something is still to come: what is stuck waits for the user.
    pub(super) fn are_busy(&self) -> bool {
        let is_busy = |fetch: &Fetch| !matches!(fetch.phase, Phase::Stuck(_));
        self.all.values().any(is_busy)
    }

    /// What is still to come, with its line of a script.
    pub(super) fn unsaved(&self) -> impl Iterator<Item = (Option<u64>, String)> {
        let all = self.all.values();
        let busy = all.filter(|fetch| !matches!(fetch.phase, Phase::Stuck(_)));
        busy.map(|fetch| (fetch.line, files::name(&fetch.row.name)))
    }

    /// What is being fetched, and how far it has come.
    pub(super) fn moving(&self) -> impl Iterator<Item = Moved> {
        let going = self.all.values();
        let going = going.filter(|fetch| matches!(fetch.phase, Phase::Going(..)));
        going.map(|fetch| Moved {
            done: fetch.done(),
            of: fetch.row.size,
        })
    }

    /// The link is lost, and with it what was under way.
    pub(super) fn forget_session(&mut self) {
        self.requests = SentRequests::default();
        for fetch in self.all.values_mut() {
            match &mut fetch.phase {
                Phase::Going(stream, _) => stream.forget_asked(),
                Phase::Waiting(until) => *until = None,
                Phase::Saving | Phase::Stuck(_) => {}
            }
        }
    }

    /// When something is to be done without anything having come.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let can_begin = self.going() < DOWNLOADS_MAX;
        let due = self.all.values().filter_map(|fetch| match &fetch.phase {
            Phase::Going(stream, moved_at) if stream.is_asked() => Some(*moved_at + STALL_WAIT),
            Phase::Waiting(until) if can_begin => *until,
            _ => None,
        });
        due.chain(self.goes_on)
            .chain(self.requests.deadline())
            .min()
    }

    /// How many are being fetched.
    fn going(&self) -> usize {
        let is_going = |fetch: &&Fetch| matches!(fetch.phase, Phase::Going(..));
        self.all.values().filter(is_going).count()
    }

    /// Has a file fetched and saved; one that could not be saved, saved elsewhere.
    pub(super) fn begin(&mut self, ctx: &mut Ctx<'_>, place: Place, row: Download) {
        let line = ctx.effects.script_line;
        let name = files::name(&row.name);
        if let Some(fetch) = self.all.get_mut(&place) {
            if !matches!(fetch.phase, Phase::Stuck(_)) {
                let progress = files::progress(fetch.done(), fetch.row.size);
                let text = format!("{name} is being saved already, {progress}");
                if fetch.row.save_as == row.save_as {
                    return ctx.notice(text);
                }
                let (old, new) = (where_to(&fetch.row.save_as), where_to(&row.save_as));
                let text = format!("{text}: {old}, not {new}; `/save` it again once it is there");
                return ctx.fail(Fault::Failed, text);
            }
            fetch.row.save_as = row.save_as;
            fetch.line = line;
            fetch.phase = Phase::Waiting(None);
            return ctx.state.put_download(place, &fetch.row);
        }
        if self.are_full() {
            let text = format!(
                "{DOWNLOADS_WAITING_MAX} files wait to be saved; `/files` shows them, `/cancel` gives one up"
            );
            return ctx.fail(Fault::Failed, text);
        }
        ctx.notice(format!("● saving {name}, {}", files::size(row.size)));
        ctx.state.put_download(place, &row);
        let phase = Phase::Waiting(None);
        let fetch = Fetch {
            row,
            phase,
            line,
            quarters: None,
        };
        self.all.insert(place, fetch);
    }

    /// Fetches a file no longer. Returns what it was.
    pub(super) fn remove(&mut self, ctx: &mut Ctx<'_>, place: Place) -> Option<Download> {
        let fetch = self.all.remove(&place)?;
        ctx.state.remove_download(place);
        self.dropped.push(fetch.row.id);
        Some(fetch.row)
    }

    /// The same, for this reason.
    fn give_up(&mut self, ctx: &mut Ctx<'_>, place: Place, why: &str) {
        let line = self.all.get(&place).and_then(|fetch| fetch.line);
        if let Some(row) = self.remove(ctx, place) {
            let text = format!("not saved: {}: {why}", files::name(&row.name));
            ctx.effects.fail_at(line, Fault::Failed, text);
        }
    }

    /// Does what there is to do: begins, writes what has come, and asks for more. Returns whether something came further.
    pub(super) fn step(&mut self, ctx: &mut Ctx<'_>, disk: &mut dyn Transfers) -> bool {
        self.goes_on = None;
        for id in std::mem::take(&mut self.dropped) {
            if let Err(error) = disk.remove_part(id) {
                ctx.trouble(format!("a part of a file is left behind: {error}"));
            }
        }
        self.requests.forget_unanswered(ctx.now.instant);
        self.start(ctx, disk);
        let going = self.all.iter();
        let going = going.filter(|(_, fetch)| matches!(fetch.phase, Phase::Going(..)));
        let going: Vec<Place> = going.map(|(place, _)| *place).collect();
        let mut is_further = false;
        for place in going {
            is_further |= self.step_one(ctx, place, disk);
        }
        is_further
    }

    /// Lets as many begin as may be fetched at a time.
    fn start(&mut self, ctx: &mut Ctx<'_>, disk: &mut dyn Transfers) {
        let mut going = self.going();
        let mut failed = Vec::new();
        for (place, fetch) in &mut self.all {
            if going >= DOWNLOADS_MAX {
                break;
            }
            let is_due = match fetch.phase {
                Phase::Waiting(until) => until.is_none_or(|until| until <= ctx.now.instant),
                _ => false,
            };
            if !is_due {
                continue;
            }
            let Some(size) = FileSize::new(fetch.row.size) else {
                failed.push(*place);
                continue;
            };
            match disk.part_bytes(fetch.row.id) {
                Ok(written) => {
                    let stream = Stream::new((fetch.row.root, size), written);
                    fetch.phase = Phase::Going(Box::new(stream), ctx.now.instant);
                    going += 1;
                }
                Err(error) => get_stuck(ctx, fetch, &words(&error)),
            }
        }
        for place in failed {
            self.give_up(ctx, place, "it is larger than files can be");
        }
    }

    fn step_one(&mut self, ctx: &mut Ctx<'_>, place: Place, disk: &mut dyn Transfers) -> bool {
        // All are answered in turn, so that one waits as long as another comes further.
        let heard_at = self.requests.heard_at();
        let Some(fetch) = self.all.get_mut(&place) else {
            return false;
        };
        let Phase::Going(stream, moved_at) = &mut fetch.phase else {
            return false;
        };
        let before = stream.done();
        let step = stream.step(fetch.row.id, disk);
        let is_further = stream.done() > before;
        *moved_at = heard_at.map_or(*moved_at, |at| at.max(*moved_at));
        if is_further {
            *moved_at = ctx.now.instant;
            let now = ctx.now.instant;
            let quarters = fetch.quarters.get_or_insert(Quarters::new(now));
            let (done, of) = (stream.done(), fetch.row.size);
            if ctx.me.is_told_progress && quarters.is_due(now, (done, of)) {
                let (name, progress) = (files::name(&fetch.row.name), files::progress(done, of));
                ctx.notice(format!("↓ {name} {progress}"));
            }
        } else if stream.is_asked() && *moved_at + STALL_WAIT <= ctx.now.instant {
            stream.forget_asked();
            *moved_at = ctx.now.instant;
        }
        match step {
            Ok(Step::Waits | Step::GoesOn) => {
                if matches!(step, Ok(Step::GoesOn)) {
                    self.goes_on = Some(ctx.now.instant);
                }
                if ctx.session.is_settled {
                    let was_asked = stream.is_asked();
                    ask(ctx, place, stream, &mut self.requests);
                    if !was_asked && stream.is_asked() {
                        *moved_at = ctx.now.instant;
                    }
                }
            }
            Ok(Step::Complete) => {
                disk.save_part(fetch.row.id, &fetch.row.save_as);
                fetch.phase = Phase::Saving;
            }
            Ok(Step::Damaged) => {
                let why = "what the server has is not the file that was sent";
                self.give_up(ctx, place, why);
            }
            Err(error) => get_stuck(ctx, fetch, &why_not_written(&error)),
        }
        is_further
    }

    /// A piece of a file has come.
    pub(super) fn handle_piece(&mut self, ctx: &mut Ctx<'_>, piece: &DownloadPiece) {
        self.requests.note_piece(ctx.now.instant, piece);
        let Some((place, fetch)) = self.of_tag(piece.tag) else {
            return;
        };
        let expected = fetch.row.size;
        if piece.size != expected {
            let why = format!(
                "its message says {}, and the file has {}",
                files::size(expected),
                files::size(piece.size)
            );
            return self.give_up(ctx, place, &why);
        }
        if let Some(stream) = fetch.stream() {
            stream.take(piece);
        }
    }

    /// The server does not send what was asked for.
    pub(super) fn handle_failure(&mut self, ctx: &mut Ctx<'_>, failure: &Failure) {
        if let Some(tag) = failure.tag {
            self.requests.end(tag);
        }
        let found = failure.tag.and_then(|tag| self.of_tag(tag));
        let Some((place, fetch)) = found else {
            return;
        };
        match failure.code {
            ErrorCode::NoSuchFile | ErrorCode::BadReference => {
                let why = match &*failure.detail {
                    "" => "it is no longer at the server".into(),
                    detail => printable::line(detail),
                };
                self.give_up(ctx, place, &why);
            }
            ErrorCode::FileDamaged | ErrorCode::Digest => {
                if let Some(stream) = fetch.stream() {
                    stream.note_damage();
                }
            }
            // The server has a limit of its own for what is under way.
            code if is_temporary(code)
                || code == ErrorCode::LimitReached
                || failure.wait_ms.is_some() =>
            {
                let wait = failure.wait_ms.map_or(RETRY_WAIT, Duration::from_millis);
                let until = ctx.now.instant + wait.clamp(RETRY_WAIT, STALL_WAIT);
                fetch.phase = Phase::Waiting(Some(until));
            }
            _ => {
                let why = render::refusal(failure, "");
                self.give_up(ctx, place, &why);
            }
        }
    }

    /// Something came on the way that could not be read: it may have been part of any file.
    pub(super) fn note_damage(&mut self) {
        for stream in self.all.values_mut().filter_map(Fetch::stream) {
            if stream.is_asked() {
                stream.note_damage();
            }
        }
    }

    /// A file was given its place, or could not be.
    pub(super) fn handle_saved(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: TransferId,
        path: Result<String, String>,
    ) {
        let mut all = self.all.iter_mut();
        let found =
            all.find(|(_, fetch)| fetch.row.id == id && matches!(fetch.phase, Phase::Saving));
        let Some((place, fetch)) = found else {
            // It was given up when this was under way.
            if let Ok(path) = path {
                let path = printable::line(&path).into_owned();
                ctx.notice(format!("● it was saved before that, as {path}"));
            }
            return;
        };
        match path {
            Ok(path) => {
                let path = printable::line(&path).into_owned();
                ctx.notice(format!("● saved as {path}"));
                let place = *place;
                self.remove(ctx, place);
            }
            Err(why) => get_stuck(ctx, fetch, &why),
        }
    }

    fn of_tag(&mut self, tag: u32) -> Option<(Place, &mut Fetch)> {
        let mut all = self.all.iter_mut();
        let asked = |fetch: &mut Fetch| fetch.stream().is_some_and(|stream| stream.has_asked(tag));
        all.find_map(|(place, fetch)| asked(fetch).then_some((*place, fetch)))
    }
}

/// Asks for what is to come next.
fn ask(
    ctx: &mut Ctx<'_>,
    (conversation, entry): Place,
    stream: &mut Stream,
    requests: &mut SentRequests,
) {
    for asked in stream.ask(ctx.pending, requests.room()) {
        requests.note_sent(ctx.now.instant, asked);
        let request = DownloadRequest {
            tag: asked.tag,
            conversation,
            entry,
            offset: asked.offset,
            length: asked.length,
        };
        ctx.effects.send(Channel::Bulk, &Message::control(request));
    }
}

/// Where a file is saved, in words.
fn where_to(save_as: &SaveAs) -> String {
    match save_as {
        SaveAs::Named(_) => "under its own name".into(),
        SaveAs::Chosen { path, .. } => format!("as {}", printable::line(path)),
    }
}

/// Leaves a file for the user to say what is to become of it.
fn get_stuck(ctx: &mut Ctx<'_>, fetch: &mut Fetch, why: &str) {
    let name = files::name(&fetch.row.name);
    let text = match &fetch.row.save_as {
        SaveAs::Named(_) => format!("not saved: {name}: {why}; `/save` tries again"),
        SaveAs::Chosen { path, .. } => format!(
            "not saved as {}: {why}; `/save` can name another",
            printable::line(path)
        ),
    };
    ctx.effects.fail_at(fetch.line, Fault::Failed, text);
    fetch.phase = Phase::Stuck(why.to_owned());
}

fn why_not_written(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk is full".into(),
        _ => words(error),
    }
}
