//! `history`: shows the entries on this device, and fetches those that are missing from the server.
//!
//! Each entry names its predecessor, so the device knows where its copy has a gap: a page follows the entries, and asks
//! the server for the next one that is missing. Fetched entries are checked like deliveries and kept, but they do not
//! move the position.

pub(crate) mod asked;
pub(crate) mod chat_log;
mod ending;
pub(crate) mod export;
pub(crate) mod feed;
pub(crate) mod fetch;
mod holes;
mod left_off;
pub(crate) mod links;
mod page;
mod query;
mod record;
pub(crate) mod search;
mod transcript;

use crate::client::account::blocked::BlockedUsers;
use crate::client::account::ctx::Ctx;
use crate::client::account::ctx::focus::ToShow;
use crate::client::account::ctx::pending::PendingRequest;
use crate::client::account::mending::held;
use crate::client::account::reading;
use crate::client::account::rooms::joining::check_target;
use crate::client::env::Fault;
use crate::client::name::{canonical_target, is_room};
use crate::client::storage::StateError;
use crate::client::tail::TailOptions;
use crate::client::ui::render;
use crate::client::ui::time::HistoryAnchor;
use crate::protocol::{ConversationId, EntryId, Failure, History};
use asked::Asked;
use chat_log::ChatLog;
use ending::{Ending, PageKind};
use feed::Tail;
use fetch::Fetcher;
use left_off::LeftOff;
use page::{Bounds, Page, Shown};

/// How many entries a page has if no number is given. Chosen: most of a screen.
const PAGE: usize = 20;

/// How many it may have. Chosen: as many lines as a terminal keeps; at the limit the rest is the next page.
const PAGE_MAX: usize = 1_000;

/// A page of a user with whom this device has no conversation: the server is asked whether there is such a user.
#[derive(Debug)]
struct Unfound {
    named: String,
    before: HistoryAnchor,
    want: Option<usize>,
}

/// The page that was shown last, for the next one to go on where it ended.
#[derive(Debug, Clone, Copy)]
struct LastPage {
    conversation: ConversationId,
    /// Nothing if there is nothing before it.
    end: Option<EntryId>,
    want: usize,
    /// The last entry that was here when it began with the end of the log.
    newest: Option<EntryId>,
}

impl LastPage {
    /// Where the next page goes on: the same is asked for, and a first page is still the newest. Who has paged back
    /// further goes on whatever is said meanwhile, or could not page in a busy room.
    fn continued(&self, ctx: &Ctx<'_>, id: ConversationId, want: Option<usize>) -> Option<EntryId> {
        let known = ctx.conversations.get(id)?;
        let is_same = self.conversation == id && want.is_none_or(|want| length(want) == self.want);
        let is_behind = |newest: EntryId| newest < known.stored.received_up_to;
        self.end
            .filter(|_| is_same && !self.newest.is_some_and(is_behind))
    }
}

/// The page that is being put together, the last one, and what else reads what was said.
#[derive(Debug, Default)]
pub(crate) struct HistoryPager {
    unfound: Option<Unfound>,
    page: Option<Page>,
    last: Option<LastPage>,
    pub(crate) fetcher: Fetcher,
    pub(crate) tail: Tail,
    pub(crate) asked: Asked,
    pub(crate) chat_log: ChatLog,
}

impl HistoryPager {
    pub(crate) fn new(tail: Option<TailOptions>) -> Self {
        Self {
            tail: Tail::new(tail),
            ..Self::default()
        }
    }

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
        let last = self.last.take();
        let found = match &named {
            Some(name) => ctx.conversations.by_name(&canonical_target(name)),
            None => last.map(|last| last.conversation),
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
            ctx.notice(render::nothing_with(&named));
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

    /// Begins a page of a conversation; it goes on where the last one ended if the same was asked for.
    fn begin(
        &mut self,
        ctx: &mut Ctx<'_>,
        blocked: &BlockedUsers,
        (id, last): (ConversationId, Option<LastPage>),
        before: HistoryAnchor,
        want: Option<usize>,
    ) {
        let continued = last.and_then(|last| last.continued(ctx, id, want));
        let (cursor, before_ms) = match (before, continued) {
            (HistoryAnchor::Entry(entry), _) | (HistoryAnchor::Now, Some(entry)) => (entry, None),
            (HistoryAnchor::Time(time_ms), _) => (EntryId(u64::MAX), Some(time_ms)),
            (HistoryAnchor::Now, None) => (EntryId(u64::MAX), None),
        };
        let want = length(want.unwrap_or(PAGE));
        self.page = Some(page(ctx, id, (cursor, before_ms), want));
        self.load_more(ctx, blocked);
    }

    /// Shows what is unread in the conversation that the user has just switched to, or what newcomers may read of the room
    /// that they have just joined.
    pub(crate) fn show_unread(
        &mut self,
        ctx: &mut Ctx<'_>,
        blocked: &BlockedUsers,
    ) -> Result<(), StateError> {
        let Some(to_show) = ctx.focus.to_show.take() else {
            return Ok(());
        };
        // What has just come is part of it.
        ctx.state.commit()?;
        let (id, cursor, kind) = match to_show {
            ToShow::Unread(id, unread) => (id, EntryId(u64::MAX), PageKind::Unread(unread)),
            ToShow::Before(id, entry) => (id, entry, PageKind::Joined),
        };
        let page = page(ctx, id, (cursor, None), PAGE);
        self.page = Some(Page { kind, ..page });
        self.load_more(ctx, blocked);
        Ok(())
    }

    /// Puts a page together as far as it can be, and asks for the rest or shows it.
    fn load_more(&mut self, ctx: &mut Ctx<'_>, blocked: &BlockedUsers) {
        let Some(mut page) = self.page.take() else {
            return;
        };
        match page.fill(ctx, blocked) {
            Ok(Some(ending)) => self.show_page(ctx, page, &ending),
            Ok(None) => {
                if page.ask(ctx, PendingRequest::History) {
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
        let mark = page.mark();
        for (index, line) in page.shown.lines.drain(..).enumerate().rev() {
            if mark == Some(index) {
                ctx.plain(render::UNREAD);
            }
            ctx.effects.show_line(line);
        }
        if page.newest.is_some() {
            reading::look_at(ctx, page.conversation);
        }
        if page.fetched.damaged > 0 {
            ctx.fail(
                Fault::Failed,
                format!(
                    "{}: {} damaged messages were left out",
                    name, page.fetched.damaged
                ),
            );
        }
        if page.shown.hidden > 0 {
            let text = format!("{name}: messages from users whom you block or ignore are hidden");
            ctx.notice(text);
        }
        if matches!(ending, Ending::Begin | Ending::Expired) {
            page.note_begin(ctx);
        }
        match ending.follow_up(page.kind, page.shown.oldest, &name) {
            Some(text) if matches!(ending, Ending::NoLink) => {
                ctx.fail(Fault::Unreachable, text);
            }
            Some(text) => ctx.notice(text),
            None => {}
        }
        if matches!(page.kind, PageKind::Unread(_)) {
            // Nobody has asked for a page yet: the first one begins at the end.
            return;
        }
        let end = page.shown.oldest.unwrap_or(page.cursor);
        let goes_on = !matches!(ending, Ending::Begin | Ending::Expired);
        self.last = (end.0 != u64::MAX).then_some(LastPage {
            conversation: page.conversation,
            end: goes_on.then_some(end),
            want: page.bounds.want.unwrap_or(PAGE),
            newest: page.newest,
        });
    }

    /// Older entries have come. They are checked and kept; the position stays.
    pub(crate) fn handle_answer(
        &mut self,
        ctx: &mut Ctx<'_>,
        blocked: &BlockedUsers,
        answer: History,
    ) -> Result<(), StateError> {
        let asked = ctx.pending.take(answer.tag);
        if asked == Some(PendingRequest::Fetch) {
            return self.fetcher.handle_answer(ctx, answer);
        }
        if asked == Some(PendingRequest::Tail) {
            return self.tail.handle_answer(ctx, blocked, answer);
        }
        if asked == Some(PendingRequest::Read) {
            return self.asked.handle_answer(ctx, blocked, answer);
        }
        let is_asked = asked == Some(PendingRequest::History);
        let Some(mut page) = self
            .page
            .take_if(|page| is_asked && page.conversation == answer.conversation)
        else {
            return Ok(());
        };
        page.take(ctx, answer);
        ctx.state.commit()?;
        self.page = Some(page);
        self.load_more(ctx, blocked);
        Ok(())
    }

    /// There will be no answer: what is here is shown.
    pub(crate) fn give_up(&mut self, ctx: &mut Ctx<'_>) {
        self.fetcher.give_up(ctx);
        self.tail.give_up();
        self.asked.give_up(ctx);
        if let Some(page) = self.page.take() {
            self.show_page(ctx, page, &Ending::NoLink);
        }
    }

    /// The next `history` begins from the end again.
    pub(crate) const fn reset_paging(&mut self) {
        self.last = None;
    }
}

/// How many lines a page has for which so many are wanted.
fn length(want: usize) -> usize {
    want.clamp(1, PAGE_MAX)
}

/// A page of a conversation that goes back from this entry, and this time.
fn page(
    ctx: &mut Ctx<'_>,
    id: ConversationId,
    (cursor, before_ms): (EntryId, Option<u64>),
    want: usize,
) -> Page {
    let is_end = cursor.0 == u64::MAX;
    let expected = if is_end {
        let known = ctx.conversations.get(id);
        known.map(|known| known.stored.received_up_to)
    } else {
        prev_of(ctx, id, cursor)
    };
    let newest = expected.filter(|_| is_end && before_ms.is_none());
    Page {
        bounds: Bounds {
            want: Some(want),
            before_ms,
            ..Bounds::default()
        },
        shown: Shown::new(LeftOff::of(ctx, id)),
        newest,
        ..Page::before((id, cursor), expected)
    }
}

/// The named conversation, or all.
fn scope(ctx: &Ctx<'_>, named: Option<&str>) -> Result<Option<ConversationId>, (Fault, String)> {
    let found = |named: &str| {
        let id = ctx.conversations.by_name(&canonical_target(named));
        id.ok_or_else(|| (Fault::NoRecipient, render::nothing_with(named)))
    };
    named.map(found).transpose()
}

/// Nothing of this user is here, and whether there is one only the server knows.
fn not_here(ctx: &mut Ctx<'_>, named: &str) {
    let nothing = render::nothing_with(named);
    let text = format!("{nothing} on this device, and the server is not answering now");
    ctx.fail(Fault::Unreachable, text);
}

fn prev_of(ctx: &mut Ctx<'_>, id: ConversationId, entry: EntryId) -> Option<EntryId> {
    held(ctx, (id, entry)).map(|found| found.prev)
}
