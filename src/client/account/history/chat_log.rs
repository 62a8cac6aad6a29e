//! `connect --log-chat`: what is said in each conversation is added to a file of its own, as it comes.
//!
//! What stands in the file is recorded after it was written, so that a kill between the two repeats a line and loses none.
//! A file that cannot be written costs nothing but a word: what is missing there is added once it can be.

use std::collections::BTreeSet;
use std::io;
use std::time::{Duration, Instant};

use thiserror::Error;

use super::transcript;
use crate::client::account::blocked::BlockedUsers;
use crate::client::account::ctx::Ctx;
use crate::client::env::{Fault, Files};
use crate::client::storage::StateError;
use crate::client::storage::entry::Said;
use crate::protocol::{ConversationId, EntryId};

/// After which time a file that could not be written is tried again. Chosen: somebody who has made room looks for it then.
const RETRY: Duration = Duration::from_secs(30);

/// Entries of one conversation that are written in one batch, so that what was missing for long does not hold up the
/// others. At the limit the rest follows in the next one.
const ENTRIES_MAX: usize = 1_024;

#[derive(Debug, Error)]
enum LogError {
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    File(#[from] io::Error),
}

/// The logs of all conversations.
#[derive(Debug, Default)]
pub(crate) struct ChatLog {
    is_on: bool,
    /// Those whose file could not be written, until the next attempt.
    failed: BTreeSet<ConversationId>,
    /// Whether the user was told of it.
    is_told: bool,
    /// When there is more to write, or to try again.
    due: Option<Instant>,
}

impl ChatLog {
    /// Logs what comes from now on, and what an earlier run that kept logs has not written.
    pub(crate) fn begin(ctx: &mut Ctx<'_>, is_on: bool, was_on: bool) -> Self {
        if is_on != was_on {
            ctx.state.put_logs_chat(is_on);
        }
        if is_on && !was_on {
            let ids: Vec<ConversationId> = ctx.conversations.iter().map(|(id, _)| id).collect();
            for id in ids {
                if let Some(known) = ctx.conversations.get_mut(id) {
                    known.stored.logged_up_to = known.stored.received_up_to;
                }
                ctx.save_conversation(id);
            }
        }
        Self {
            is_on,
            ..Self::default()
        }
    }

    pub(crate) const fn deadline(&self) -> Option<Instant> {
        self.due
    }

    /// Writes what is durable and not in its log yet.
    pub(crate) fn write(
        &mut self,
        ctx: &mut Ctx<'_>,
        files: &mut dyn Files,
        blocked: &BlockedUsers,
    ) {
        if !self.is_on {
            return;
        }
        if self.due.take_if(|due| *due <= ctx.now.instant).is_some() {
            self.failed.clear();
        }
        let behind = ctx.conversations.iter().filter(|(id, known)| {
            let stored = &known.stored;
            // The name of a new room is being learnt.
            stored.logged_up_to < stored.received_up_to
                && !stored.name.is_empty()
                && !self.failed.contains(id)
        });
        let behind: Vec<ConversationId> = behind.map(|(id, _)| id).collect();
        for id in behind {
            let (upto, result) = write_conversation(ctx, files, blocked, id);
            if let Some(known) = ctx.conversations.get_mut(id) {
                known.stored.logged_up_to = upto;
                if upto < known.stored.received_up_to && result.is_ok() {
                    self.due = Some(ctx.now.instant);
                }
            }
            ctx.save_conversation(id);
            if let Err(error) = result {
                self.fail(ctx, id, &error);
            }
        }
        if self.failed.is_empty() && std::mem::take(&mut self.is_told) {
            ctx.notice("the chat log is written again; nothing is missing in it");
        }
    }

    fn fail(&mut self, ctx: &mut Ctx<'_>, id: ConversationId, error: &LogError) {
        self.failed.insert(id);
        self.due = Some(ctx.now.instant + RETRY);
        if !std::mem::replace(&mut self.is_told, true) {
            ctx.effects.count(Fault::Failed);
            ctx.trouble(format!(
                "cannot write the chat log of {}: {error}; what is missing there is added once it can be written",
                ctx.name_of(id)
            ));
        }
    }
}

/// Adds to a conversation's log what is missing there. Returns up to which entry it is written now, and why not further.
fn write_conversation(
    ctx: &Ctx<'_>,
    files: &mut dyn Files,
    blocked: &BlockedUsers,
    id: ConversationId,
) -> (EntryId, Result<(), LogError>) {
    let Some(known) = ctx.conversations.get(id) else {
        return (EntryId::START, Ok(()));
    };
    let mut upto = known.stored.logged_up_to;
    let end = known.stored.received_up_to;
    let mut write = || {
        let entries = ctx.state.entries_after(id, upto, end, ENTRIES_MAX)?;
        let is_all = entries.len() < ENTRIES_MAX;
        let mut day = match entries.first() {
            Some((first, _)) => {
                let before = ctx.state.entry_before(id, *first)?;
                before.map(|(_, entry)| ctx.clock().show_day(entry.time_ms))
            }
            None => None,
        };
        let mut file = None;
        for (at, entry) in entries {
            let said = entry.said(id, ctx.own()).unwrap_or(Said::Unknown);
            let is_hidden = blocked.hides(entry.author, &said);
            let text = transcript::as_it_came(ctx, (id, at), &entry).filter(|_| !is_hidden);
            let today = ctx.clock().show_day(entry.time_ms);
            if let Some(text) = text {
                let file = match &mut file {
                    Some(file) => file,
                    none => none.insert(files.open_log(&ctx.me.name, ctx.name_of(id))?),
                };
                let text = match &day {
                    Some(day) if *day != today => format!("--- {today}\n{text}"),
                    _ => text,
                };
                // One write, so that no other program's line comes between.
                file.write_all(text.as_bytes())?;
                day = Some(today);
            }
            upto = at;
        }
        if is_all {
            upto = end;
        }
        Ok(())
    };
    let result = write();
    (upto, result)
}
