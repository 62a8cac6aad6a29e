//! `udpchat tail`: what was said and what comes, for a program.
//!
//! Each conversation is first followed back to where the program begins to read, and what this device does not hold of that is
//! fetched. Then its entries are given to the console in order. A position is recorded once the console has written what stands
//! before it, so that a kill repeats lines and loses none.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use super::ending::Ending;
use super::page::Page;
use super::{record, transcript};
use crate::client::account::blocked::BlockedUsers;
use crate::client::account::ctx::Ctx;
use crate::client::account::ctx::pending::PendingRequest;
use crate::client::env::{Fault, Files};
use crate::client::name::{canonical_target, is_room};
use crate::client::storage::StateError;
use crate::client::storage::entry::{Entry, Said};
use crate::client::tail::{Positions, Since, TailOptions};
use crate::client::ui::render;
use crate::protocol::{ConversationId, EntryId, History};

/// Lines of a conversation that are printed of what was said before. As tail(1).
const NEWEST: usize = 10;

/// How many lines the console may be behind. Chosen: a pipe's worth; at the limit the rest waits in the tables.
const LINES_BEHIND_MAX: usize = 1_024;

/// Entries that are read at once.
const ENTRIES_MAX: usize = 256;

/// How often it is looked at what the console has written. Chosen: a reader does not notice it.
const OUTPUT_WAIT: Duration = Duration::from_millis(20);

/// What a program is told, and how far it has come.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Tail {
    options: Option<TailOptions>,
    /// The names of the conversations that are meant; all if there is none.
    wanted: BTreeSet<String>,
    /// Up to where programs were told before, once that was read.
    saved: Option<Positions>,
    /// Whether none was told before.
    is_first: bool,
    /// Up to which entry each conversation was given to the console.
    given: BTreeMap<ConversationId, EntryId>,
    /// Those whose entries are all here, from there on.
    followed: BTreeSet<ConversationId>,
    /// What is being followed back.
    page: Option<Page>,
    /// What the console has not written yet: the number of its line, and the entry up to which it goes.
    queued: VecDeque<(u64, ConversationId, EntryId)>,
    /// The conversation of the last line.
    last: Option<ConversationId>,
    /// Whether all that the server has was given to the console.
    is_caught_up: bool,
    /// Whether the user was told of names that are none.
    is_checked: bool,
    /// Whether it cannot go on.
    is_broken: bool,
    due: Option<Instant>,
}

impl Tail {
    pub(crate) fn new(options: Option<TailOptions>) -> Self {
        let named = options.iter().flat_map(|options| &options.conversations);
        Self {
            wanted: named.map(|name| canonical_target(name)).collect(),
            options,
            ..Self::default()
        }
    }

    /// Whether the program was not told all that the server has.
    pub(crate) fn is_behind(&self) -> bool {
        self.options.is_some() && !self.is_broken && !(self.is_caught_up && self.queued.is_empty())
    }

    pub(crate) const fn deadline(&self) -> Option<Instant> {
        self.due
    }

    /// The link is lost: what this device holds may have a gap afterwards.
    pub(crate) fn forget_session(&mut self) {
        self.followed.clear();
        self.page = None;
    }

    /// There will be no answer.
    pub(crate) fn give_up(&mut self) {
        self.page = None;
    }

    /// Whether it cannot go on, for a reason that the user was told.
    pub(crate) const fn is_broken(&self) -> bool {
        self.is_broken
    }

    fn keeps_position(&self) -> bool {
        let options = self.options.as_ref();
        options.is_some_and(|options| options.since == Since::Last)
    }

    /// The console has written so many lines: that is recorded.
    pub(crate) fn on_printed(&mut self, ctx: &mut Ctx<'_>, files: &mut dyn Files, printed: u64) {
        if self.options.is_none() || self.is_broken {
            return;
        }
        if self.keeps_position() && self.saved.is_none() {
            match files.tail_positions() {
                Ok(saved) => {
                    self.is_first = saved.is_none();
                    self.saved = Some(saved.unwrap_or_default());
                }
                Err(error) => return self.fail(ctx, &format!("cannot read the position: {error}")),
            }
        }
        let mut has_moved = false;
        while let Some((_, id, entry)) = self.queued.pop_front_if(|(last, _, _)| *last <= printed) {
            if let Some(saved) = &mut self.saved {
                let known = saved.entry(id.0).or_default();
                has_moved |= *known != entry.0;
                *known = entry.0;
            }
        }
        if has_moved
            && let Some(saved) = &self.saved
            && let Err(error) = files.put_tail_positions(saved)
        {
            self.fail(ctx, &format!("cannot record the position: {error}"));
        }
    }

    fn fail(&mut self, ctx: &mut Ctx<'_>, text: &str) {
        self.is_broken = true;
        ctx.fail(Fault::Failed, text);
    }

    /// Gives the console what it was not given, which has so many lines already. Nothing is certain until the server has
    /// delivered what this device missed.
    pub(crate) fn go_on(
        &mut self,
        ctx: &mut Ctx<'_>,
        blocked: &BlockedUsers,
        (lines, is_complete): (u64, bool),
    ) {
        self.due = None;
        if self.options.is_none() || self.is_broken {
            return;
        }
        if !is_complete {
            self.is_caught_up = false;
        } else if let Err(error) = self.go_through(ctx, blocked, lines) {
            self.fail(ctx, &error.to_string());
        }
        if !self.queued.is_empty() {
            self.due = Some(ctx.now.instant + OUTPUT_WAIT);
        }
    }

    fn go_through(
        &mut self,
        ctx: &mut Ctx<'_>,
        blocked: &BlockedUsers,
        mut lines: u64,
    ) -> Result<(), StateError> {
        self.check_names(ctx);
        let known = ctx.conversations.iter();
        let known: Vec<(ConversationId, EntryId)> = known
            .filter(|(_, known)| self.is_wanted(&known.stored.name))
            .map(|(id, known)| (id, known.stored.received_up_to))
            .collect();
        self.is_caught_up = true;
        for (id, end) in known {
            if !self.followed.contains(&id) && !self.follow_back(ctx, blocked, id)? {
                self.is_caught_up = false;
                continue;
            }
            self.give(ctx, blocked, (id, end), &mut lines)?;
            self.is_caught_up &= self.given.get(&id).is_some_and(|given| *given >= end);
        }
        if self.is_caught_up && std::mem::take(&mut self.is_first) {
            self.begin_others(ctx, lines);
        }
        Ok(())
    }

    /// The name of a new room is being learnt.
    fn is_wanted(&self, name: &str) -> bool {
        !name.is_empty()
            && (self.wanted.is_empty() || self.wanted.contains(&canonical_target(name)))
    }

    /// Says which of the names are none. Somebody may yet write.
    fn check_names(&mut self, ctx: &mut Ctx<'_>) {
        let is_following = self
            .options
            .as_ref()
            .is_some_and(|options| options.is_following);
        if std::mem::replace(&mut self.is_checked, true) {
            return;
        }
        for name in &self.wanted {
            let is_known = ctx.conversations.by_name(name).is_some();
            if is_known || (is_following && !is_room(name)) {
                continue;
            }
            let text = if is_room(name) {
                format!("you are not a member of {name}")
            } else {
                render::nothing_with(name)
            };
            ctx.fail(Fault::NoRecipient, text);
        }
    }

    /// What was said before the first run is no news for a later one, whichever conversations that names.
    fn begin_others(&mut self, ctx: &Ctx<'_>, lines: u64) {
        for (id, known) in ctx.conversations.iter() {
            if !self.given.contains_key(&id) {
                let up_to = known.stored.received_up_to;
                self.queued.push_back((lines, id, up_to));
            }
        }
        // Even if there is none.
        if let Some((id, up_to)) = self.given.iter().next_back() {
            self.queued.push_back((lines, *id, *up_to));
        }
    }

    /// Follows a conversation back to where it begins. Returns whether all entries from there on are here.
    fn follow_back(
        &mut self,
        ctx: &mut Ctx<'_>,
        blocked: &BlockedUsers,
        id: ConversationId,
    ) -> Result<bool, StateError> {
        if self
            .page
            .as_ref()
            .is_some_and(|page| page.conversation != id)
        {
            return Ok(false);
        }
        if self
            .page
            .as_ref()
            .is_some_and(|page| page.asked_at == Some(page.cursor))
        {
            return Ok(false);
        }
        let page = self.begin_page(ctx, id);
        self.fill(ctx, blocked, page)
    }

    fn begin_page(&self, ctx: &Ctx<'_>, id: ConversationId) -> Page {
        let known = ctx.conversations.get(id);
        let last = known.map_or(EntryId::START, |known| known.stored.received_up_to);
        let page = Page::before((id, EntryId(u64::MAX)), Some(last));
        let newest = Page {
            want: Some(NEWEST),
            ..Page::before((id, EntryId(u64::MAX)), Some(last))
        };
        if let Some(given) = self.given.get(&id) {
            return Page {
                after: *given,
                ..page
            };
        }
        match self.options.as_ref().map(|options| options.since) {
            Some(Since::Time(since_ms)) => Page {
                since_ms: Some(since_ms),
                ..page
            },
            Some(Since::Last) if !self.is_first => {
                let saved = self.saved.as_ref().and_then(|saved| saved.get(&id.0));
                let after = saved.map_or(EntryId::START, |entry| EntryId(*entry));
                Page { after, ..page }
            }
            _ => newest,
        }
    }

    /// Goes on with a page. Returns whether it is at its end.
    fn fill(
        &mut self,
        ctx: &mut Ctx<'_>,
        blocked: &BlockedUsers,
        mut page: Page,
    ) -> Result<bool, StateError> {
        let filled = page.fill(ctx, blocked)?;
        match filled {
            Some(Ending::NoLink) => return Ok(false),
            None if !ctx.state.is_full()? => {
                if page.ask(ctx, PendingRequest::Tail) {
                    self.page = Some(page);
                }
                return Ok(false);
            }
            None => {
                let text = format!(
                    "{}: this device has no room for all of it; older entries are left out",
                    ctx.name_of(page.conversation)
                );
                ctx.fail(Fault::Failed, text);
            }
            Some(_) => {}
        }
        let id = page.conversation;
        let last = ctx.conversations.get(id);
        let last = last.map_or(EntryId::START, |known| known.stored.received_up_to);
        let begin = match page.cursor.0 {
            u64::MAX => last,
            first => EntryId(first.saturating_sub(1)),
        };
        self.given.insert(id, begin);
        self.followed.insert(id);
        Ok(true)
    }

    /// Older entries have come.
    pub(crate) fn handle_answer(
        &mut self,
        ctx: &mut Ctx<'_>,
        blocked: &BlockedUsers,
        answer: History,
    ) -> Result<(), StateError> {
        let is_meant = |page: &mut Page| page.conversation == answer.conversation;
        if let Some(mut page) = self.page.take_if(is_meant) {
            page.take(ctx, answer);
            ctx.state.commit()?;
            self.fill(ctx, blocked, page)?;
        }
        Ok(())
    }

    /// Gives the console what is durable of a conversation.
    fn give(
        &mut self,
        ctx: &mut Ctx<'_>,
        blocked: &BlockedUsers,
        (id, end): (ConversationId, EntryId),
        lines: &mut u64,
    ) -> Result<(), StateError> {
        loop {
            let given = self.given.get(&id).copied().unwrap_or(end);
            if given >= end || self.queued.len() >= LINES_BEHIND_MAX {
                return Ok(());
            }
            let entries = ctx.state.entries_after(id, given, end, ENTRIES_MAX)?;
            let is_all = entries.len() < ENTRIES_MAX;
            for (at, entry) in entries {
                if let Some(text) = self.told(ctx, blocked, (id, at), &entry) {
                    *lines += 1;
                    ctx.effects.tell(text);
                }
                self.queued.push_back((*lines, id, at));
                self.given.insert(id, at);
            }
            if is_all {
                self.given.insert(id, end);
            }
        }
    }

    /// What the program is told of an entry, with the line breaks.
    fn told(
        &mut self,
        ctx: &Ctx<'_>,
        blocked: &BlockedUsers,
        (id, at): (ConversationId, EntryId),
        entry: &Entry,
    ) -> Option<String> {
        let said = entry.said(id, ctx.own()).unwrap_or(Said::Unknown);
        if blocked.hides(entry.author, &said) {
            return None;
        }
        // Nothing is told of a change that does not count.
        let text = transcript::as_it_came(ctx, (id, at), entry)?;
        if self.options.as_ref()?.is_json {
            return record::as_it_came(ctx, (id, at), entry, &said).ok();
        }
        let before = self.last.replace(id);
        if self.wanted.len() == 1 || before == Some(id) {
            return Some(text);
        }
        let gap = if before.is_some() { "\n" } else { "" };
        Some(format!("{gap}==> {} <==\n{text}", ctx.name_of(id)))
    }
}
