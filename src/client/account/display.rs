//! Records what the user has seen: a line counts as shown once the console has printed it. Lines that a crash may have
//! kept from the screen are shown again, marked as such.

use std::time::{Duration, Instant};

use crate::client::account::blocked::BlockedUsers;
use crate::client::account::ctx::{Ctx, Shared};
use crate::client::account::mending;
use crate::client::account::reading;
use crate::client::account::receipts::{Receipts, ToldReceipt};
use crate::client::account::sender::Sender;
use crate::client::storage::StateError;
use crate::client::storage::entry::Said;
use crate::client::ui::render;
use crate::protocol::{ConversationId, EntryId};
use crate::transport::Now;

/// How long it may take until the mark of what was shown is durable, in a quiet session. As the server's marks.
const MARK_DELAY: Duration = Duration::from_secs(1);

/// How many lines that a crash may have kept from being shown are shown again, per conversation. At the limit
/// the older ones stay in the history only.
const UNDISPLAYED_MAX: usize = 50;

/// Lines on their way to the screen: the count of the last one, the entries up to which they go, and the receipts that
/// they tell.
struct QueuedLines {
    last: u64,
    entries: Vec<(ConversationId, EntryId)>,
    receipts: Vec<ToldReceipt>,
}

/// What was handed to the console, and is not recorded as shown yet.
#[derive(Default)]
pub(crate) struct Display {
    queued: Option<QueuedLines>,
    /// Receipts that were shown since.
    receipts: Vec<ToldReceipt>,
    /// When the marks of what was shown are saved at the latest.
    mark_due: Option<Instant>,
}

impl Display {
    /// Receipts are shown with this batch.
    pub(crate) fn add_receipts(&mut self, shown: Vec<ToldReceipt>) {
        self.receipts.extend(shown);
    }

    /// Saves the marks of what was shown, if that is due.
    pub(crate) fn handle_timeout(&mut self, ctx: &mut Ctx<'_>) {
        if self
            .mark_due
            .take_if(|due| *due <= ctx.now.instant)
            .is_none()
        {
            return;
        }
        for id in std::mem::take(&mut ctx.conversations.undisplayed) {
            ctx.save_conversation(id);
            let stored = ctx.conversations.get(id).map(|known| &known.stored);
            if stored.is_some_and(|stored| stored.displayed_up_to < stored.received_up_to) {
                // What came with this very batch is shown after it.
                ctx.conversations.undisplayed.insert(id);
            }
        }
    }

    pub(crate) const fn deadline(&self) -> Option<Instant> {
        self.mark_due
    }

    /// What was to be shown was given to the console, so many lines in all, of which so many are on the screen. That is
    /// recorded, as far as it is on the screen, with the next change, or soon. What is still gathered as said while the
    /// user was away is not shown yet.
    pub(crate) fn on_lines_queued(
        &mut self,
        (shared, receipts): (&mut Shared, &mut Receipts),
        now: Now,
        (lines, printed): (u64, u64),
        is_gathering: bool,
    ) {
        self.on_lines_printed(shared, receipts, printed);
        let conversations = &shared.conversations;
        let has_shown = !is_gathering && !conversations.undisplayed.is_empty();
        if self.queued.is_none() && (has_shown || !self.receipts.is_empty()) {
            let received = |id: &ConversationId| {
                let known = conversations.get(*id)?;
                Some((*id, known.stored.received_up_to))
            };
            let shown = conversations.undisplayed.iter().filter(|_| has_shown);
            self.queued = Some(QueuedLines {
                last: lines,
                entries: shown.filter_map(received).collect(),
                receipts: std::mem::take(&mut self.receipts),
            });
            self.on_lines_printed(shared, receipts, printed);
        }
        let is_owed = has_shown || self.queued.is_some() || shared.state.has_changes();
        if is_owed && self.mark_due.is_none() {
            self.mark_due = Some(now.instant + MARK_DELAY);
        }
    }

    /// The console has printed this many of the lines that it was given.
    pub(crate) fn on_lines_printed(
        &mut self,
        shared: &mut Shared,
        receipts: &mut Receipts,
        printed: u64,
    ) {
        let Some(queued) = self.queued.take_if(|queued| queued.last <= printed) else {
            return;
        };
        for (id, entry) in queued.entries {
            if let Some(known) = shared.conversations.get_mut(id) {
                // The position may have been moved back meanwhile, by a server that was restored.
                let stored = &mut known.stored;
                let shown = stored.displayed_up_to.max(entry);
                stored.displayed_up_to = shown.min(stored.received_up_to);
            }
            if reading::is_looked_at(&shared.conversations, &shared.focus, id) {
                shared.conversations.read(id, entry);
            }
        }
        confirm(shared, receipts, queued.receipts);
    }

    /// Records at the end what was printed, and nothing else.
    pub(crate) fn close_unprinted(shared: &mut Shared) {
        for id in std::mem::take(&mut shared.conversations.undisplayed) {
            if let Some(known) = shared.conversations.get(id) {
                shared.state.put_conversation(id, &known.stored);
            }
        }
    }

    /// Records at the end what was shown: nothing but a crash stops the console now.
    pub(crate) fn close(
        &mut self,
        shared: &mut Shared,
        receipts: &mut Receipts,
        is_gathering: bool,
    ) {
        self.on_lines_printed(shared, receipts, u64::MAX);
        confirm(shared, receipts, std::mem::take(&mut self.receipts));
        for id in std::mem::take(&mut shared.conversations.undisplayed) {
            if let Some(known) = shared.conversations.get_mut(id) {
                // What came with the very message that ended it is on its way to the console; what was gathered is not.
                if !is_gathering {
                    known.stored.displayed_up_to = known.stored.received_up_to;
                }
                shared.state.put_conversation(id, &known.stored);
            }
        }
    }
}

/// Records that these receipts are on the screen.
fn confirm(shared: &mut Shared, receipts: &mut Receipts, shown: Vec<ToldReceipt>) {
    for told in shown {
        let awaited = receipts.on_screen(told);
        shared
            .state
            .put_awaited(told.conversation, told.entry, awaited.as_ref());
    }
}

/// Shows lines that stand in the history, but whose showing was not recorded before the last run ended, or which, if
/// `is_certain`, only a program has read.
pub(crate) fn show_undisplayed(
    ctx: &mut Ctx<'_>,
    sender: &Sender,
    blocked: &BlockedUsers,
    is_certain: bool,
) -> Result<(), StateError> {
    let all = ctx.conversations.iter().map(|(id, known)| {
        let stored = &known.stored;
        (id, stored.displayed_up_to, stored.received_up_to)
    });
    let undisplayed: Vec<_> = all
        .filter(|(_, shown, received)| shown < received)
        .collect();
    for (id, shown, received) in undisplayed {
        let entries = ctx
            .state
            .last_entries(id, shown, received, UNDISPLAYED_MAX)?;
        for (at, entry) in entries {
            let is_own = entry.author == ctx.me.id;
            let origin = entry.origin();
            let from_here = origin.filter(|origin| is_own && origin.device == ctx.me.device);
            let is_written_here = from_here.is_some_and(|origin| {
                sender.has_written(ctx, (id, at), origin.number, &entry.digest)
            });
            if let Some(said) = entry.said(id, ctx.own())
                && !is_written_here
                && !blocked.hides(entry.author, &said)
            {
                let line = match &said {
                    Said::Deleted(_) => None,
                    Said::Amendment(amendment) => mending::tell_late(ctx, id, (&entry, amendment))
                        .map(|told| ctx.amendment_line(id, &entry, &told)),
                    said => Some(ctx.live_line((id, at), &entry, said, true)),
                };
                if let Some(line) = line {
                    ctx.effects.show_line(if is_certain {
                        line
                    } else {
                        line.with_note(render::AGAIN)
                    });
                }
            }
        }
        ctx.conversations.undisplayed.insert(id);
    }
    Ok(())
}
