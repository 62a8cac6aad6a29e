//! `udpchat tail` and `udpchat bot`: what was said and what comes, for a program.
//!
//! Each conversation is first followed back to where the program begins to read, and what this device does not hold of that is
//! fetched. Then its entries are given to the console in order. A position is recorded once the console has written what stands
//! before it, or the bot has acknowledged it, so that a kill repeats lines and loses none.

mod acks;
mod positions;
mod teller;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use super::ending::Ending;
use super::page::{Bounds, Page, before_joining};
use crate::client::account::blocked::BlockedUsers;
use crate::client::account::ctx::Ctx;
use crate::client::account::ctx::pending::PendingRequest;
use crate::client::env::{Fault, Files};
use crate::client::name::{canonical_target, is_room};
use crate::client::storage::StateError;
use crate::client::tail::{Since, TailOptions};
use crate::client::ui::render;
use crate::protocol::{ConversationId, EntryId, History};
use acks::Acks;
use positions::Kept;
use teller::Teller;

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
    /// Up to where programs were told before.
    kept: Kept,
    /// Up to which entry each conversation was given to the console.
    given: BTreeMap<ConversationId, EntryId>,
    /// Those whose entries are all here, from there on.
    followed: BTreeSet<ConversationId>,
    /// What is being followed back.
    page: Option<Page>,
    /// What the console has not written yet: the number of its line, and the entry up to which it goes.
    queued: VecDeque<(u64, ConversationId, EntryId)>,
    /// The same of a bot: what it has not acknowledged.
    acks: Acks,
    teller: Teller,
    /// Whether a first bot begins, which is not recorded yet.
    has_begun: bool,
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
        let wanted: BTreeSet<String> = named.map(|name| canonical_target(name)).collect();
        Self {
            teller: Teller::new(options.as_ref(), wanted.len() == 1),
            kept: Kept::new(options.as_ref()),
            wanted,
            options,
            ..Self::default()
        }
    }

    /// Whether a program was not told all that the server has. A bot ends when it wishes.
    pub(crate) fn is_behind(&self) -> bool {
        let is_caught_up = self.is_caught_up && self.queued.is_empty();
        self.options.is_some() && !self.kept.is_of_bot() && !self.is_broken && !is_caught_up
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

    /// The console has written so many lines: that is recorded.
    pub(crate) fn on_printed(&mut self, ctx: &mut Ctx<'_>, files: &mut dyn Files, printed: u64) {
        if self.options.is_none() || self.is_broken {
            return;
        }
        if let Err(error) = self.kept.read(ctx.now.instant, files) {
            return self.fail(ctx, &format!("cannot read the position: {error}"));
        }
        let mut has_moved = false;
        while let Some((_, id, entry)) = self.queued.pop_front_if(|(last, _, _)| *last <= printed) {
            has_moved |= self.kept.put(ctx, id, entry);
        }
        if has_moved {
            self.record(ctx, files);
        }
    }

    /// Whether it is known where it begins.
    pub(crate) const fn has_positions(&self) -> bool {
        self.kept.are_read()
    }

    /// Records the positions. Returns whether that was done.
    fn record(&mut self, ctx: &mut Ctx<'_>, files: &mut dyn Files) -> bool {
        let recorded = self.kept.record(files);
        if let Err(error) = &recorded {
            self.fail(ctx, &format!("cannot record the position: {error}"));
        }
        recorded.is_ok()
    }

    /// A bot has dealt with everything of a conversation up to this entry. Returns whether that is recorded; if it is not, the bot
    /// was told why.
    pub(crate) fn acknowledge(
        &mut self,
        ctx: &mut Ctx<'_>,
        files: &mut dyn Files,
        (name, entry): (&str, u64),
    ) -> bool {
        let id = ctx.conversations.by_name(&canonical_target(name));
        let given = id.and_then(|id| Some((id, *self.given.get(&id)?)));
        let Some((id, given)) = given.filter(|(_, given)| entry <= given.0) else {
            let text = format!("entry {entry} of {name} was not sent to this bot");
            ctx.fail(Fault::Failed, text);
            return false;
        };
        self.acks.acknowledge(id, EntryId(entry));
        let position = self.acks.position(id, given);
        !self.kept.put(ctx, id, position) || self.record(ctx, files)
    }

    /// Records where a first bot begins.
    pub(crate) fn record_beginning(&mut self, ctx: &mut Ctx<'_>, files: &mut dyn Files) {
        if self.has_begun {
            self.close(ctx, files);
        }
    }

    /// Records what was told to nobody, at the end.
    pub(crate) fn close(&mut self, ctx: &mut Ctx<'_>, files: &mut dyn Files) {
        if !self.kept.is_of_bot() || self.is_broken {
            return;
        }
        let mut has_moved = std::mem::take(&mut self.has_begun);
        for (id, given) in &self.given {
            has_moved |= self.kept.put(ctx, *id, self.acks.position(*id, *given));
        }
        if has_moved {
            self.record(ctx, files);
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
        if !self.kept.are_read() {
            self.due = Some(ctx.now.instant + OUTPUT_WAIT);
            return;
        }
        self.follow_rewinding(ctx);
        if !is_complete {
            self.is_caught_up = false;
        } else if let Err(error) = self.go_through(ctx, blocked, lines) {
            self.fail(ctx, &error.to_string());
        }
        if !self.queued.is_empty() {
            self.due = Some(ctx.now.instant + OUTPUT_WAIT);
        }
    }

    /// The server's database was restored: what this device receives again is told again.
    fn follow_rewinding(&mut self, ctx: &Ctx<'_>) {
        for (id, given) in &mut self.given {
            let known = ctx.conversations.get(*id);
            let end = known.map_or(*given, |known| known.stored.received_up_to);
            if end < *given {
                *given = end;
                self.acks.drop_behind(*id, end);
            }
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
        if self.is_caught_up && std::mem::take(&mut self.kept.is_first) {
            self.has_begun = true;
            if !self.kept.is_of_bot() {
                self.begin_others(ctx, lines);
            }
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
            .is_some_and(|page| page.fetched.asked_at == Some(page.cursor))
        {
            return Ok(false);
        }
        if let Some(begin) = self.joined_now(ctx, id) {
            self.begin(id, begin);
            return Ok(true);
        }
        let page = self.begin_page(ctx, id);
        self.fill(ctx, blocked, page)
    }

    /// Where what a bot is told of a room begins that it has joined in this session: what was said there before is not for it.
    fn joined_now(&self, ctx: &Ctx<'_>, id: ConversationId) -> Option<EntryId> {
        let known = ctx
            .conversations
            .get(id)
            .filter(|known| known.is_joined_here)?;
        let is_saved = self.kept.of(id).is_some();
        if !self.kept.is_of_bot() || is_saved || self.given.contains_key(&id) {
            return None;
        }
        Some(before_joining(ctx, id, known.stored.received_up_to))
    }

    fn begin(&mut self, id: ConversationId, begin: EntryId) {
        self.given.insert(id, begin);
        self.followed.insert(id);
    }

    fn begin_page(&self, ctx: &Ctx<'_>, id: ConversationId) -> Page {
        let known = ctx.conversations.get(id);
        let last = known.map_or(EntryId::START, |known| known.stored.received_up_to);
        Page {
            bounds: self.bounds(ctx, id, last),
            ..Page::before((id, EntryId(u64::MAX)), Some(last))
        }
    }

    /// Where the beginning of a conversation is for whoever reads, of which this is the last entry.
    fn bounds(&self, ctx: &Ctx<'_>, id: ConversationId, last: EntryId) -> Bounds {
        let all = Bounds::default();
        if let Some(given) = self.given.get(&id) {
            return Bounds {
                after: *given,
                ..all
            };
        }
        match self.options.as_ref().map(|options| options.since) {
            Some(Since::Time(since_ms)) => Bounds {
                since_ms: Some(since_ms),
                ..all
            },
            Some(Since::Last) if !self.kept.is_first => self.after_told(ctx, id),
            // A bot begins with what comes.
            Some(Since::Acknowledged) if self.kept.is_first => Bounds { after: last, ..all },
            Some(Since::Acknowledged) => Bounds {
                // What was said in a room before it was in there is not for it.
                ends_at_joining: self.kept.of(id).is_none() && is_room(ctx.name_of(id)),
                ..self.after_told(ctx, id)
            },
            _ => Bounds {
                want: Some(NEWEST),
                ..all
            },
        }
    }

    /// It ends after what programs were told. In another epoch of the server's database the same numbers are those of
    /// other entries, and what is new may stand before the one that was told last: only times tell.
    fn after_told(&self, ctx: &Ctx<'_>, id: ConversationId) -> Bounds {
        let all = Bounds::default();
        match self.kept.of(id) {
            None => all,
            Some(told) if told.epoch == ctx.session.epoch => Bounds {
                after: EntryId(told.entry),
                ..all
            },
            Some(told) => Bounds {
                since_ms: Some(told.time_ms.saturating_add(1)),
                ..all
            },
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
        self.begin(id, begin);
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
            if given >= end || self.queued.len() >= LINES_BEHIND_MAX || self.acks.is_full() {
                return Ok(());
            }
            let entries = ctx.state.entries_after(id, given, end, ENTRIES_MAX)?;
            let is_all = entries.len() < ENTRIES_MAX;
            for (at, entry) in entries {
                if self.acks.is_full() {
                    return Ok(());
                }
                if let Some(text) = self.teller.text_of(ctx, blocked, (id, at), &entry) {
                    *lines += 1;
                    ctx.effects.tell(text);
                    if self.kept.is_of_bot() {
                        self.acks.add(id, at);
                    }
                }
                if !self.kept.is_of_bot() {
                    self.queued.push_back((*lines, id, at));
                }
                self.given.insert(id, at);
            }
            if is_all {
                self.given.insert(id, end);
            }
        }
    }
}
