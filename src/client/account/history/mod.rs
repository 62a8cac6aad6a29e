//! `history`: shows the entries on this device, and fetches those that are missing from the server.
//!
//! Each entry names its predecessor, so the device knows where its copy has a gap: a page follows the entries, and asks
//! the server for the next one that is missing. Fetched entries are checked like deliveries and kept, but they do not
//! move the position.

pub(crate) mod search;

use crate::client::account::blocked::BlockedUsers;
use crate::client::account::ctx::Ctx;
use crate::client::account::ctx::pending::PendingRequest;
use crate::client::account::rooms::joining::check_target;
use crate::client::env::Fault;
use crate::client::line::Line;
use crate::client::name::{canonical_target, is_room, truncate_name};
use crate::client::storage::StateError;
use crate::client::storage::entry::Entry;
use crate::client::ui::render;
use crate::client::ui::time::HistoryAnchor;
use crate::protocol::{ConversationId, Digest, EntryId, Failure, History, HistoryRequest};
use crate::transport::Channel;

/// How many entries a page has if no number is given. Chosen: most of a screen.
const PAGE: usize = 20;

/// How many it may have. Chosen: as many lines as a terminal keeps; at the limit the rest is the next page.
const PAGE_MAX: usize = 1_000;

/// How many entries are asked for at once. A server gives fewer where they fit no message.
const FETCH: u32 = 100;

/// How often one `history` asks the server. Chosen: some thousand entries. At the limit the page ends, and the next
/// `history` goes on from there.
const FETCHES_MAX: u32 = 50;

/// A page that is being put together, newest first.
#[derive(Debug)]
struct Page {
    conversation: ConversationId,
    want: usize,
    before_ms: Option<u64>,
    /// Entries from here on have been handled.
    cursor: EntryId,
    /// The entry that comes next, where that is known.
    expected: Option<EntryId>,
    lines: Vec<Line>,
    oldest: Option<EntryId>,
    /// Where the server was last asked, so that it is not asked twice about one gap.
    asked_at: Option<EntryId>,
    fetches: u32,
    damaged: usize,
    /// How many messages of blocked users were left out.
    hidden: usize,
}

enum Ending {
    Full,
    /// It reached the first entry for this user.
    Begin,
    /// The server has removed older entries.
    Expired,
    /// Older entries are on the server, which does not answer.
    NoLink,
}

/// A page of a user with whom this device has no conversation: the server is asked whether there is such a user.
#[derive(Debug)]
struct Unfound {
    named: String,
    before: HistoryAnchor,
    want: Option<usize>,
}

/// The page that is being put together, and where the last one ended.
#[derive(Debug, Default)]
pub(crate) struct HistoryPager {
    unfound: Option<Unfound>,
    page: Option<Page>,
    page_end: Option<(ConversationId, EntryId)>,
}

impl HistoryPager {
    /// Shows a page: of the named conversation, else of the focus, else the page before the last one.
    pub(crate) fn show(
        &mut self,
        ctx: &mut Ctx<'_>,
        blocked: &BlockedUsers,
        named: Option<&str>,
        before: HistoryAnchor,
        want: Option<usize>,
    ) {
        let named = named
            .map(str::to_owned)
            .or_else(|| ctx.focus.current.clone());
        let last = self.page_end.take();
        let found = match &named {
            Some(name) => ctx.conversations.by_name(&canonical_target(name)),
            None => last.map(|(id, _)| id),
        };
        match (found, named) {
            (Some(id), _) => self.begin(ctx, blocked, (id, last), before, want),
            (None, Some(named)) => self.look_for(ctx, named, before, want),
            (None, None) => ctx.fail(
                Fault::Usage,
                "whose history? `/history USER`, `/history #ROOM` or `/history everyone`",
            ),
        }
    }

    /// Asks the server whether there is a user of this name, unless the answer is known.
    fn look_for(
        &mut self,
        ctx: &mut Ctx<'_>,
        named: String,
        before: HistoryAnchor,
        want: Option<usize>,
    ) {
        let name = canonical_target(&named);
        if let Err(refused) = check_target(ctx, &name) {
            ctx.fail(Fault::NoRecipient, refused);
        } else if is_room(&name) || name == ctx.me.name {
            // A room that is about to be joined, or the user themselves.
            ctx.notice(format!("no messages with {named}"));
        } else if ctx.can_ask() && ctx.resolve(&named) {
            let unfound = Unfound {
                named,
                before,
                want,
            };
            let replaced = self.unfound.replace(unfound);
            if let Some(replaced) =
                replaced.filter(|replaced| !self.is_looking_for(&replaced.named))
            {
                not_here(ctx, &replaced.named);
            }
        } else {
            not_here(ctx, &named);
        }
    }

    /// Whether the server is asked for a user whose page is to be shown.
    pub(crate) const fn is_looking_for_user(&self) -> bool {
        self.unfound.is_some()
    }

    fn is_looking_for(&self, target: &str) -> bool {
        self.unfound
            .as_ref()
            .is_some_and(|unfound| unfound.named == target)
    }

    fn take_unfound(&mut self, target: &str) -> Option<Unfound> {
        self.unfound.take_if(|unfound| unfound.named == target)
    }

    /// There is this user, and now a conversation with them.
    pub(crate) fn handle_found(
        &mut self,
        ctx: &mut Ctx<'_>,
        blocked: &BlockedUsers,
        (target, id): (&str, ConversationId),
    ) {
        if let Some(Unfound { before, want, .. }) = self.take_unfound(target) {
            self.begin(ctx, blocked, (id, None), before, want);
        }
    }

    /// The server says why it does not name this user's conversation.
    pub(crate) fn handle_not_found(&mut self, ctx: &mut Ctx<'_>, target: &str, failure: &Failure) {
        if self.take_unfound(target).is_some() {
            ctx.fail(Fault::of(failure.code), render::refusal(failure, target));
        }
    }

    /// The server does not say whether there is this user. Returns whether that was waited for.
    pub(crate) fn stop_looking_for(&mut self, ctx: &mut Ctx<'_>, target: &str) -> bool {
        let unfound = self.take_unfound(target);
        if let Some(Unfound { named, .. }) = &unfound {
            not_here(ctx, named);
        }
        unfound.is_some()
    }

    /// Begins a page of a conversation; it goes on where the last one ended if that was the same's.
    fn begin(
        &mut self,
        ctx: &mut Ctx<'_>,
        blocked: &BlockedUsers,
        (id, last): (ConversationId, Option<(ConversationId, EntryId)>),
        before: HistoryAnchor,
        want: Option<usize>,
    ) {
        let continued = last.filter(|(of, _)| *of == id).map(|(_, entry)| entry);
        let (cursor, before_ms) = match (before, continued) {
            (HistoryAnchor::Entry(entry), _) | (HistoryAnchor::Now, Some(entry)) => (entry, None),
            (HistoryAnchor::Time(time_ms), _) => (EntryId(u64::MAX), Some(time_ms)),
            (HistoryAnchor::Now, None) => (EntryId(u64::MAX), None),
        };
        let expected = if cursor.0 == u64::MAX {
            ctx.conversations
                .get(id)
                .map(|known| known.stored.received_up_to)
        } else {
            prev_of(ctx, id, cursor)
        };
        self.page = Some(Page {
            conversation: id,
            want: want.unwrap_or(PAGE).clamp(1, PAGE_MAX),
            before_ms,
            cursor,
            expected,
            lines: Vec::new(),
            oldest: None,
            asked_at: None,
            fetches: 0,
            damaged: 0,
            hidden: 0,
        });
        self.load_more(ctx, blocked);
    }

    /// Puts a page together as far as it can be, and asks for the rest or shows it.
    fn load_more(&mut self, ctx: &mut Ctx<'_>, blocked: &BlockedUsers) {
        let Some(mut page) = self.page.take() else {
            return;
        };
        match page.fill(ctx, blocked) {
            Ok(Some(ending)) => self.show_page(ctx, page, &ending),
            Ok(None) => {
                page.asked_at = Some(page.cursor);
                page.fetches += 1;
                let request = |tag| HistoryRequest {
                    tag,
                    conversation: page.conversation,
                    before: page.cursor,
                    limit: FETCH,
                };
                if ctx.try_request(Channel::Bulk, PendingRequest::History, request) {
                    self.page = Some(page);
                } else {
                    self.show_page(ctx, page, &Ending::NoLink);
                }
            }
            Err(error) => ctx.fail(Fault::Failed, error.to_string()),
        }
    }

    fn show_page(&mut self, ctx: &mut Ctx<'_>, mut page: Page, ending: &Ending) {
        let name = ctx.name_of(page.conversation).to_owned();
        for line in page.lines.drain(..).rev() {
            ctx.effects.show_line(line);
        }
        if page.damaged > 0 {
            ctx.fail(
                Fault::Failed,
                format!("{}: {} damaged messages were left out", name, page.damaged),
            );
        }
        if page.hidden > 0 {
            let text = format!("{name}: messages from blocked users are hidden");
            ctx.notice(text);
        }
        let text = match (ending, page.oldest) {
            (Ending::Full, Some(oldest)) => {
                format!("{name}: repeat `/history` for older messages, or use `--before {oldest}`")
            }
            (Ending::Full, None) => {
                format!("{name}: not that far back yet; repeat `/history` to continue")
            }
            (Ending::Begin, _) => format!("{name}: start of your history"),
            (Ending::Expired, _) => format!("{name}: older messages have expired"),
            (Ending::NoLink, _) => {
                format!("{name}: older messages are on the server, which is not answering now")
            }
        };
        if matches!(ending, Ending::NoLink) {
            ctx.fail(Fault::Unreachable, text);
        } else {
            ctx.notice(text);
        }
        self.page_end = page
            .oldest
            .or_else(|| (page.cursor.0 != u64::MAX).then_some(page.cursor))
            .map(|oldest| (page.conversation, oldest));
    }

    /// Older entries have come. They are checked and kept; the position stays.
    pub(crate) fn handle_answer(
        &mut self,
        ctx: &mut Ctx<'_>,
        blocked: &BlockedUsers,
        answer: History,
    ) -> Result<(), StateError> {
        let is_asked = matches!(ctx.pending.take(answer.tag), Some(PendingRequest::History));
        let Some(mut page) = self
            .page
            .take_if(|page| is_asked && page.conversation == answer.conversation)
        else {
            return Ok(());
        };
        let id = page.conversation;
        let mut before = page.cursor;
        for old in answer.entries.into_iter().rev() {
            if old.entry >= before || old.prev >= old.entry {
                break;
            }
            before = old.entry;
            if Digest::of(&old.content) != old.digest {
                page.damaged += 1;
                continue;
            }
            let entry = Entry {
                author: old.author,
                time_ms: old.time_ms,
                content: old.content,
                digest: old.digest,
                prev: old.prev,
                author_name: old.author_name.map(truncate_name),
            };
            ctx.state.put_entry(id, old.entry, &entry);
        }
        ctx.state.commit()?;
        self.page = Some(page);
        self.load_more(ctx, blocked);
        Ok(())
    }

    /// There will be no answer: what is here is shown.
    pub(crate) fn give_up(&mut self, ctx: &mut Ctx<'_>) {
        if let Some(page) = self.page.take() {
            self.show_page(ctx, page, &Ending::NoLink);
        }
    }

    /// The next `history` begins from the end again.
    pub(crate) const fn reset_paging(&mut self) {
        self.page_end = None;
    }
}

impl Page {
    /// Takes entries from this device until the page ends; nothing if the server is to be asked first.
    fn fill(
        &mut self,
        ctx: &Ctx<'_>,
        blocked: &BlockedUsers,
    ) -> Result<Option<Ending>, StateError> {
        let id = self.conversation;
        let floor = ctx
            .conversations
            .get(id)
            .map_or(EntryId::START, |known| known.floor);
        while self.lines.len() < self.want {
            let found = match self.expected {
                Some(EntryId::START) => return Ok(Some(Ending::Begin)),
                Some(expected) => ctx
                    .state
                    .entry(id, expected)?
                    .map(|entry| (expected, entry)),
                None => ctx.state.entry_before(id, self.cursor)?,
            };
            let Some((entry, what)) = found else {
                let was_asked = self.asked_at == Some(self.cursor);
                if !was_asked && ctx.can_ask() {
                    let may_ask = self.fetches < FETCHES_MAX;
                    return Ok((!may_ask).then_some(Ending::Full));
                }
                // The server has nothing between. What this device kept from before is still here.
                if self.expected.take().is_some()
                    && ctx.state.entry_before(id, self.cursor)?.is_some()
                {
                    continue;
                }
                let is_expired = floor > EntryId::START;
                return Ok(Some(match (was_asked, is_expired) {
                    (false, _) => Ending::NoLink,
                    (true, true) => Ending::Expired,
                    (true, false) => Ending::Begin,
                }));
            };
            self.cursor = entry;
            self.expected = Some(what.prev);
            if self.before_ms.is_some_and(|before| what.time_ms >= before) {
                continue;
            }
            self.add(ctx, blocked, entry, &what);
        }
        Ok(Some(Ending::Full))
    }

    /// Adds the line of an entry, if it is shown.
    fn add(&mut self, ctx: &Ctx<'_>, blocked: &BlockedUsers, at: EntryId, entry: &Entry) {
        let id = self.conversation;
        let said = entry.said(id, ctx.own());
        if said
            .as_ref()
            .is_some_and(|said| blocked.hides(entry.author, said))
        {
            self.hidden += 1;
            return;
        }
        self.lines.push(if let Some(said) = said {
            ctx.entry_line((id, at), entry, &said)
        } else {
            ctx.told_line(
                id,
                entry,
                &format!("a message that cannot be shown (entry {at})"),
            )
        });
        self.oldest = Some(at);
    }
}

/// Nothing of this user is here, and whether there is one only the server knows.
fn not_here(ctx: &mut Ctx<'_>, named: &str) {
    let text =
        format!("no messages with {named} on this device, and the server is not answering now");
    ctx.fail(Fault::Unreachable, text);
}

fn prev_of(ctx: &mut Ctx<'_>, id: ConversationId, entry: EntryId) -> Option<EntryId> {
    match ctx.state.entry(id, entry) {
        Ok(found) => found.map(|found| found.prev),
        Err(error) => {
            ctx.fail(Fault::Failed, error.to_string());
            None
        }
    }
}
