//! `fetch`: gets what this device does not hold of its conversations, so that it is found and exported.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::ending::Ending;
use super::holes::Holes;
use super::page::Page;
use super::scope;
use crate::client::account::blocked::BlockedUsers;
use crate::client::account::ctx::pending::PendingRequest;
use crate::client::account::ctx::{Ctx, NO_LINK};
use crate::client::env::Fault;
use crate::client::storage::StateError;
use crate::protocol::{ConversationId, EntryId, History};

/// How often it is said how far it has come. Chosen: a sign of life on a slow link, and not a line for each request on a
/// quick one.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// Conversations that are being fetched, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Fetcher {
    page: Option<Page>,
    /// Those that come after it.
    waiting: VecDeque<ConversationId>,
    /// When it was last said that it fetches, or how far it has come.
    told_at: Option<Instant>,
}

impl Fetcher {
    /// Whether the server is asked for more.
    pub(crate) const fn is_busy(&self) -> bool {
        self.page.is_some()
    }

    /// Gets what is missing of a conversation, or of all.
    pub(crate) fn fetch(&mut self, ctx: &mut Ctx<'_>, named: Option<&str>) {
        if self.is_busy() {
            return ctx.fail(Fault::Failed, "still fetching; wait until it is done");
        }
        if !ctx.can_ask() {
            return ctx.fail(Fault::Unreachable, NO_LINK);
        }
        let scope = match scope(ctx, named) {
            Ok(scope) => scope,
            Err((fault, text)) => return ctx.fail(fault, text),
        };
        let holes = Holes::here(ctx, scope);
        let Some(holes) = ctx.read(holes) else {
            return;
        };
        self.waiting = holes.missing().into_iter().collect();
        if self.waiting.is_empty() {
            ctx.notice(format!(
                "all of {} is on this device",
                named.unwrap_or("your history")
            ));
        }
        self.tell_begin(ctx);
        self.begin_next(ctx);
    }

    fn tell_begin(&mut self, ctx: &mut Ctx<'_>) {
        let what = match (self.waiting.front(), self.waiting.len()) {
            (None, _) => return,
            (Some(id), 1) => ctx.name_of(*id).to_owned(),
            (Some(_), count) => format!("{count} conversations"),
        };
        self.told_at = Some(ctx.now.instant);
        ctx.notice(format!("fetching what is missing of {what}"));
    }

    /// Says how far it has come, if it is time.
    fn tell_progress(&mut self, ctx: &mut Ctx<'_>, name: &str, fetched: usize) {
        let now = ctx.now.instant;
        if fetched > 0 && self.told_at.is_none_or(|at| at + TELL_EVERY <= now) {
            self.told_at = Some(now);
            ctx.notice(format!("{name}: {fetched} fetched so far"));
        }
    }

    fn begin_next(&mut self, ctx: &mut Ctx<'_>) {
        while let Some(id) = self.waiting.pop_front() {
            let known = ctx.conversations.get(id);
            let last = known.map(|known| known.stored.received_up_to);
            self.page = Some(Page::before((id, EntryId(u64::MAX)), last));
            if self.go_on(ctx).is_some() {
                return;
            }
        }
    }

    /// Asks for what is missing next; nothing if it is at its end.
    fn go_on(&mut self, ctx: &mut Ctx<'_>) -> Option<()> {
        let mut page = self.page.take()?;
        let name = ctx.name_of(page.conversation).to_owned();
        let full = ctx.state.is_full();
        let filled =
            full.and_then(|is_full| Ok((is_full, page.fill(ctx, &BlockedUsers::default())?)));
        match filled {
            Ok((false, None)) => {
                self.tell_progress(ctx, &name, page.fetched.entries);
                if page.ask(ctx, PendingRequest::Fetch) {
                    self.page = Some(page);
                    return Some(());
                }
                self.stop(ctx, &page);
            }
            Ok((true, None)) => {
                let text = format!(
                    "{name}: {} fetched; this device has no room for older ones, which `/history` shows",
                    page.fetched.entries
                );
                ctx.notice(text);
            }
            Ok((_, Some(Ending::NoLink))) => self.stop(ctx, &page),
            Ok((_, Some(ending))) => end(ctx, &page, &ending),
            Err(error) => ctx.fail(Fault::Failed, error.to_string()),
        }
        None
    }

    /// Older entries have come.
    pub(crate) fn handle_answer(
        &mut self,
        ctx: &mut Ctx<'_>,
        answer: History,
    ) -> Result<(), StateError> {
        if let Some(page) = self
            .page
            .as_mut()
            .filter(|page| page.conversation == answer.conversation)
        {
            page.take(ctx, answer);
            ctx.state.commit()?;
            if self.go_on(ctx).is_none() {
                self.begin_next(ctx);
            }
        }
        Ok(())
    }

    /// There will be no answer: what came is kept.
    pub(crate) fn give_up(&mut self, ctx: &mut Ctx<'_>) {
        if let Some(page) = self.page.take() {
            self.stop(ctx, &page);
        }
    }

    fn stop(&mut self, ctx: &mut Ctx<'_>, page: &Page) {
        self.waiting.clear();
        let name = ctx.name_of(page.conversation);
        let text = format!(
            "{name}: {} fetched; the server does not answer now, `/fetch` again goes on",
            page.fetched.entries
        );
        ctx.fail(Fault::Unreachable, text);
    }
}

/// All that the server has is here.
fn end(ctx: &mut Ctx<'_>, page: &Page, ending: &Ending) {
    page.note_begin(ctx);
    let name = ctx.name_of(page.conversation).to_owned();
    let rest = match ending {
        Ending::Expired => "older messages have expired",
        _ => "all of it is on this device now",
    };
    let text = format!("{name}: {} fetched; {rest}", page.fetched.entries);
    ctx.notice(text);
    if page.fetched.damaged > 0 {
        let text = format!(
            "{name}: {} damaged messages were left out",
            page.fetched.damaged
        );
        ctx.fail(Fault::Failed, text);
    }
}
