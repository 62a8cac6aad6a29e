//! Up to where programs were told before: whose positions count, and when they can be read.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use crate::client::account::ctx::Ctx;
use crate::client::env::Files;
use crate::client::tail::{Positions, Since, TailOptions, Told, ToldUpTo};
use crate::protocol::{ConversationId, EntryId};

/// How long the positions are waited for while another bot has them. Chosen: a bot has ended by then whose program was killed, and
/// is started again at once.
const WAIT: Duration = Duration::from_secs(3);

/// The positions, once they were read.
#[derive(Debug, Default)]
pub(super) struct Kept {
    whose: Option<Told>,
    saved: Option<Positions>,
    /// Whether there were none.
    pub(super) is_first: bool,
    /// Until when they are waited for.
    until: Option<Instant>,
}

impl Kept {
    pub(super) fn new(options: Option<&TailOptions>) -> Self {
        let whose = match options.map(|options| options.since) {
            Some(Since::Last) => Some(Told::Tail),
            Some(Since::Acknowledged) => Some(Told::Bot),
            Some(Since::Newest | Since::Time(_)) | None => None,
        };
        Self {
            whose,
            ..Self::default()
        }
    }

    pub(super) fn is_of_bot(&self) -> bool {
        self.whose == Some(Told::Bot)
    }

    /// Whether it is known where it begins, or none have to be known.
    pub(super) const fn are_read(&self) -> bool {
        self.whose.is_none() || self.saved.is_some()
    }

    /// Reads them, unless that was done, or another bot has them and may be about to end.
    pub(super) fn read(&mut self, now: Instant, files: &mut dyn Files) -> io::Result<()> {
        let Some(whose) = self.whose.filter(|_| self.saved.is_none()) else {
            return Ok(());
        };
        match files.positions(whose) {
            Ok(saved) => {
                self.is_first = saved.is_none();
                self.saved = Some(saved.unwrap_or_default());
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                let until = *self.until.get_or_insert(now + WAIT);
                if now < until { Ok(()) } else { Err(error) }
            }
            Err(error) => Err(error),
        }
    }

    /// Records them.
    pub(super) fn record(&self, files: &mut dyn Files) -> io::Result<()> {
        match (self.whose, &self.saved) {
            (Some(whose), Some(saved)) => files.put_positions(whose, saved),
            _ => Ok(()),
        }
    }

    pub(super) fn of(&self, id: ConversationId) -> Option<ToldUpTo> {
        self.saved.as_ref()?.get(&id.0).copied()
    }

    /// Moves one. Returns whether it stood elsewhere.
    pub(super) fn put(&mut self, ctx: &Ctx<'_>, id: ConversationId, entry: EntryId) -> bool {
        let Some(saved) = &mut self.saved else {
            return false;
        };
        let epoch = ctx.session.epoch;
        let is_there = |told: &ToldUpTo| (told.entry, told.epoch) == (entry.0, epoch);
        if saved.get(&id.0).is_some_and(is_there) {
            return false;
        }
        let held = ctx.state.entry(id, entry).ok().flatten();
        let told = ToldUpTo {
            entry: entry.0,
            time_ms: held.map_or(ctx.now.unix_ms, |entry| entry.time_ms),
            epoch,
        };
        saved.insert(id.0, told);
        true
    }
}
