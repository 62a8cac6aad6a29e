//! Entries of a conversation, put together backwards: those that this device holds, and what the server gives of the
//! others.

use std::ops::ControlFlow;

use serde_bytes::ByteBuf;

use crate::client::account::blocked::BlockedUsers;
use crate::client::account::ctx::Ctx;
use crate::client::account::ctx::pending::PendingRequest;
use crate::client::account::mending;
use crate::client::account::reading;
use crate::client::line::Line;
use crate::client::name::truncate_name;
use crate::client::storage::StateError;
use crate::client::storage::entry::{Entry, Said};
use crate::protocol::{
    ConversationId, Deletion, Digest, EntryId, EventKind, History, HistoryRequest,
};
use crate::transport::Channel;

use super::ending::{Ending, PageKind};
use super::left_off::LeftOff;

/// How many entries are asked for at once. A server gives fewer where they fit no message.
const FETCH: u32 = 100;

/// How often one page asks the server. Chosen: some thousand entries. At the limit the page ends, and the next
/// `history` goes on from there.
const FETCHES_MAX: u32 = 50;

/// A page that is being put together, newest first.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) conversation: ConversationId,
    pub(super) kind: PageKind,
    pub(super) bounds: Bounds,
    /// The last entry that was here when it began, if it begins with the end of the log.
    pub(super) newest: Option<EntryId>,
    /// Entries from here on have been handled.
    pub(super) cursor: EntryId,
    /// The entry that comes next, where that is known.
    pub(super) expected: Option<EntryId>,
    pub(super) shown: Shown,
    pub(super) fetched: Fetched,
}

/// What a page is to have.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bounds {
    /// How many lines; nothing for a page that has none, and only fetches what is missing.
    pub(super) want: Option<usize>,
    pub(super) before_ms: Option<u64>,
    /// It ends after this entry.
    pub(super) after: EntryId,
    /// It ends with the first entry of this moment.
    pub(super) since_ms: Option<u64>,
    /// Whether it ends with the user's joining.
    pub(super) ends_at_joining: bool,
}

/// The lines of a page, newest first.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) lines: Vec<Line>,
    pub(super) oldest: Option<EntryId>,
    /// How many messages of blocked users were left out.
    pub(super) hidden: usize,
    /// How many of the lines can be unread.
    missable: u32,
    left_off: LeftOff,
}

/// What a page has asked the server for, and what came of it.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    /// Where the server was last asked, so that it is not asked twice about one gap.
    pub(super) asked_at: Option<EntryId>,
    requests: u32,
    /// How many entries it gave.
    pub(super) entries: usize,
    pub(super) damaged: usize,
}

impl Page {
    /// Entries before a place, of which the next is known or not.
    pub(super) fn before(
        (conversation, cursor): (ConversationId, EntryId),
        expected: Option<EntryId>,
    ) -> Self {
        Self {
            conversation,
            kind: PageKind::Asked,
            bounds: Bounds::default(),
            newest: None,
            cursor,
            expected,
            shown: Shown::new(LeftOff::NONE),
            fetched: Fetched::default(),
        }
    }

    /// Asks the server for what comes next; `false` if too many requests are open.
    pub(super) fn ask(&mut self, ctx: &mut Ctx<'_>, pending: PendingRequest) -> bool {
        self.fetched.asked_at = Some(self.cursor);
        self.fetched.requests += 1;
        let request = |tag| HistoryRequest {
            tag,
            conversation: self.conversation,
            before: self.cursor,
            limit: FETCH,
        };
        ctx.try_request(Channel::Bulk, pending, request)
    }

    /// Checks and keeps what the server gave.
    pub(super) fn take(&mut self, ctx: &mut Ctx<'_>, answer: History) {
        let id = self.conversation;
        let mut before = self.cursor;
        for old in answer.entries.into_iter().rev() {
            if old.entry >= before || old.prev >= old.entry {
                break;
            }
            before = old.entry;
            if old.deleted.is_none() && Digest::of(&old.content) != old.digest {
                self.fetched.damaged += 1;
                continue;
            }
            let entry = Entry {
                author: old.author,
                time_ms: old.time_ms,
                content: match old.deleted {
                    Some(_) => ByteBuf::new(),
                    None => old.content,
                },
                digest: old.digest,
                prev: old.prev,
                author_name: old.author_name.map(truncate_name),
                deleted: old.deleted,
                was_amendment: old.deleted.is_some_and(Deletion::was_amendment),
            };
            let said = entry.said(id, ctx.own()).unwrap_or(Said::Unknown);
            mending::keep_late(ctx, (id, old.entry), entry, &said);
            self.fetched.entries += 1;
        }
    }

    /// Takes entries from this device until the page ends; nothing if the server is to be asked first.
    pub(super) fn fill(
        &mut self,
        ctx: &Ctx<'_>,
        blocked: &BlockedUsers,
    ) -> Result<Option<Ending>, StateError> {
        let (id, bounds) = (self.conversation, self.bounds);
        while bounds.want.is_none_or(|want| self.shown.lines.len() < want) {
            if self.is_all_unread() {
                return Ok(Some(Ending::LeftOff));
            }
            let found = match self.expected {
                Some(EntryId::START) => return Ok(Some(Ending::Begin)),
                Some(expected) if expected <= bounds.after => return Ok(Some(Ending::Full)),
                Some(expected) => ctx
                    .state
                    .entry(id, expected)?
                    .map(|entry| (expected, entry)),
                None => ctx.state.entry_before(id, self.cursor)?,
            };
            let Some((entry, what)) = found else {
                match self.handle_missing(ctx)? {
                    ControlFlow::Continue(()) => continue,
                    ControlFlow::Break(ended) => return Ok(ended),
                }
            };
            let is_before = |since| what.time_ms < since;
            if entry <= bounds.after || bounds.since_ms.is_some_and(is_before) {
                return Ok(Some(Ending::Full));
            }
            self.cursor = entry;
            self.expected = Some(what.prev);
            if bounds.ends_at_joining && is_joining(ctx, id, &what) {
                return Ok(Some(Ending::Full));
            }
            let is_behind = |before| what.time_ms >= before;
            if bounds.before_ms.is_some_and(is_behind) {
                continue;
            }
            if bounds.want.is_some() {
                self.shown.add(ctx, blocked, (id, entry), &what);
            }
        }
        Ok(Some(Ending::Full))
    }

    /// This device does not have the entry that comes next. Goes on if it has an older one; else the page ends, or the server is
    /// to be asked.
    fn handle_missing(&mut self, ctx: &Ctx<'_>) -> Result<ControlFlow<Option<Ending>>, StateError> {
        let was_asked = self.fetched.asked_at == Some(self.cursor);
        if !was_asked && ctx.can_ask() {
            let may_ask = self.bounds.want.is_none() || self.fetched.requests < FETCHES_MAX;
            return Ok(ControlFlow::Break((!may_ask).then_some(Ending::Full)));
        }
        let id = self.conversation;
        // The server has nothing between. What this device kept from before is still here.
        if self.expected.take().is_some() && ctx.state.entry_before(id, self.cursor)?.is_some() {
            return Ok(ControlFlow::Continue(()));
        }
        let known = ctx.conversations.get(id);
        let is_expired = known.is_some_and(|known| known.floor > EntryId::START);
        Ok(ControlFlow::Break(Some(match (was_asked, is_expired) {
            (false, _) => Ending::NoLink,
            (true, true) => Ending::Expired,
            (true, false) => Ending::Begin,
        })))
    }

    /// It has come to the first entry that the server has for this user.
    pub(super) fn note_begin(&self, ctx: &mut Ctx<'_>) {
        if let Some(known) = ctx.conversations.get_mut(self.conversation) {
            let before = EntryId(self.cursor.0.saturating_sub(1));
            let stored = &mut known.stored;
            stored.nothing_before = Some(before.min(stored.received_up_to));
            ctx.save_conversation(self.conversation);
        }
    }

    /// Whether all that is unread is on it, if that is what it is for. What another device has received was counted there.
    fn is_all_unread(&self) -> bool {
        let PageKind::Unread(unread) = self.kind else {
            return false;
        };
        self.shown.missable >= unread || self.shown.left_off.is_at(self.expected)
    }

    /// Above which line, counted back from the newest, the mark stands that says what is unread.
    pub(super) fn mark(&self) -> Option<usize> {
        match self.kind {
            PageKind::Unread(_) => self.shown.lines.len().checked_sub(1),
            PageKind::Asked | PageKind::Joined => self.shown.left_off.mark(self.expected),
        }
    }
}

impl Shown {
    /// None yet.
    pub(super) const fn new(left_off: LeftOff) -> Self {
        Self {
            lines: Vec::new(),
            oldest: None,
            hidden: 0,
            missable: 0,
            left_off,
        }
    }

    /// Adds the line of an entry, if it is shown.
    fn add(
        &mut self,
        ctx: &Ctx<'_>,
        blocked: &BlockedUsers,
        (id, at): (ConversationId, EntryId),
        entry: &Entry,
    ) {
        let said = entry.said(id, ctx.own());
        if said
            .as_ref()
            .is_some_and(|said| blocked.hides(entry.author, said))
        {
            self.hidden += 1;
            return;
        }
        if entry.was_amendment || matches!(said, Some(Said::Amendment(_))) {
            // It is shown where the entry stands that it changes.
            return;
        }
        self.missable += u32::from(reading::is_missable(entry, said.as_ref(), ctx.me.id));
        self.lines.push(if let Some(said) = said {
            ctx.entry_line((id, at), entry, &said)
        } else {
            ctx.told_line(
                id,
                entry,
                &format!("a message that cannot be shown (entry {at})"),
            )
        });
        self.left_off.add(at, self.lines.len());
        self.oldest = Some(at);
    }
}

/// How many entries are looked through for the user's joining. Chosen: what comes in one moment; at the limit nothing before now
/// counts.
const JOINED_WITHIN: usize = 256;

/// The entry before the user's joining of a room, which was answered just now; the last one if it has not come yet.
pub(super) fn before_joining(ctx: &Ctx<'_>, id: ConversationId, last: EntryId) -> EntryId {
    let mut at = EntryId(last.0.saturating_add(1));
    for _ in 0..JOINED_WITHIN {
        let Some((found, entry)) = ctx.state.entry_before(id, at).ok().flatten() else {
            break;
        };
        at = found;
        if is_joining(ctx, id, &entry) {
            return EntryId(found.0.saturating_sub(1));
        }
    }
    last
}

/// Whether an entry tells that the user has joined the room.
fn is_joining(ctx: &Ctx<'_>, id: ConversationId, entry: &Entry) -> bool {
    let is_joined = |said| matches!(said, Said::Event(event) if event.kind == EventKind::Joined);
    entry.author == ctx.me.id && entry.said(id, ctx.own()).is_some_and(is_joined)
}
