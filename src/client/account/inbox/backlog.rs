//! Messages that were sent while the user was away: gathered until complete, then shown under one line that counts them.
//!
//! At a terminal the last ones of each conversation are shown, with how to see the others. A script is given all of them; if
//! they are too many, or too slow, they are shown as they come, and the count stands below them.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use crate::client::effects::Effects;
use crate::client::env::Tone;
use crate::client::line::Line;
use crate::client::ui::render;
use crate::protocol::{ConversationId, EntryId};

/// The wait for the next missing entry. Chosen: a bad path's round trips, and not so long that a user wonders. What comes
/// later is shown as it comes.
const WAIT: Duration = Duration::from_secs(2);

/// The wait for the next missing entry before those that came are counted. Chosen: longer than a client takes to notice that
/// its link is lost, and to connect again.
const COUNT_WAIT: Duration = Duration::from_mins(1);

/// Maximum lines that are gathered. At the limit a script is shown them, and what follows as it comes; at a terminal the
/// oldest is left out.
const LINES_MAX: usize = 500;

/// How many lines of one conversation are shown at a terminal. Chosen: as many as a page of history; the others are counted,
/// and the user is told how to see them.
const LAST_MAX: usize = 20;

/// A line with the time by which it is sorted.
#[derive(Debug)]
struct Timed {
    time_ms: u64,
    line: Line,
}

/// What is gathered of one conversation.
#[derive(Debug, Default)]
struct Gathered {
    lines: VecDeque<Timed>,
    /// The time of its last line.
    time_ms: u64,
    /// The name under which its messages count, and how many do.
    counted: Option<(String, usize)>,
    /// How many lines were left out, and are not told yet.
    left_out: usize,
}

/// The gathering of one sign-in.
#[derive(Debug)]
pub(crate) struct Backlog {
    missing: BTreeMap<ConversationId, EntryId>,
    gathered: BTreeMap<ConversationId, Gathered>,
    /// How many were not missed, since they were read on another device, by conversation.
    read_elsewhere: BTreeMap<String, usize>,
    lines: usize,
    /// Whether only the last lines of each conversation are shown.
    is_folding: bool,
    /// Whether lines were shown without their count.
    has_begun: bool,
    last_old_at: Instant,
}

/// A line among those that were missed.
#[derive(Debug)]
pub(crate) struct MissedLine {
    pub(crate) conversation: ConversationId,
    /// When it was sent; 0 for the program's own.
    pub(crate) time_ms: u64,
    pub(crate) line: Line,
    /// Whether it was there when the session began.
    pub(crate) is_old: bool,
}

impl Backlog {
    /// Waits for these entries, the last of each conversation when the session began. What an earlier session has left is
    /// counted with them.
    pub(crate) fn new(
        now: Instant,
        missing: BTreeMap<ConversationId, EntryId>,
        earlier: Option<Self>,
    ) -> Self {
        let earlier = earlier.unwrap_or(Self {
            missing: BTreeMap::new(),
            gathered: BTreeMap::new(),
            read_elsewhere: BTreeMap::new(),
            lines: 0,
            is_folding: false,
            has_begun: false,
            last_old_at: now,
        });
        Self {
            missing,
            last_old_at: now,
            ..earlier
        }
    }

    /// The same, of which only the last lines of each conversation are shown, if somebody reads them.
    pub(crate) fn folding(self, is_folding: bool) -> Self {
        Self { is_folding, ..self }
    }

    /// Adds a line; `counted` is the name under which it counts, if others sent it before the sign-in.
    pub(crate) fn add(&mut self, now: Instant, line: MissedLine, counted: Option<&str>) {
        if line.is_old {
            self.last_old_at = now;
        }
        let gathered = self.gathered.entry(line.conversation).or_default();
        if let Some(name) = counted {
            let counted = gathered.counted.get_or_insert((name.to_owned(), 0));
            counted.1 += 1;
        }
        // A conversation's order is that of its entries, also where the server's clock was set back.
        gathered.time_ms = line.time_ms.max(gathered.time_ms);
        gathered.lines.push_back(Timed {
            time_ms: gathered.time_ms,
            line: line.line,
        });
        self.lines += 1;
        if self.is_folding {
            self.fold(line.conversation);
        }
    }

    /// Leaves out what is too much to be shown, now that a conversation has a line more.
    fn fold(&mut self, last: ConversationId) {
        let is_long = |gathered: &&mut Gathered| gathered.lines.len() > LAST_MAX;
        let oldest = if self.lines > LINES_MAX {
            let with_lines = self.gathered.iter();
            let times = with_lines.filter_map(|(id, it)| Some((it.lines.front()?.time_ms, *id)));
            times.min().map(|(_, id)| id)
        } else {
            None
        };
        let longest = self.gathered.get_mut(&last).filter(is_long).map(|_| last);
        if let Some(gathered) = longest.or(oldest).and_then(|id| self.gathered.get_mut(&id))
            && gathered.lines.pop_front().is_some()
        {
            gathered.left_out += 1;
            self.lines -= 1;
        }
    }

    /// The lines of a conversation that are gathered are shown otherwise.
    pub(crate) fn forget_lines(&mut self, conversation: ConversationId) {
        if let Some(gathered) = self.gathered.get_mut(&conversation) {
            self.lines -= gathered.lines.len();
            gathered.lines.clear();
            gathered.left_out = 0;
        }
    }

    /// A message was not missed: it was read on another device.
    pub(crate) fn skip(&mut self, name: &str) {
        *self.read_elsewhere.entry(name.to_owned()).or_default() += 1;
    }

    /// Whether an entry was there when the session began.
    pub(crate) fn is_old(&self, conversation: ConversationId, entry: EntryId) -> bool {
        self.missing
            .get(&conversation)
            .is_some_and(|head| entry <= *head)
    }

    /// The device now stands here.
    pub(crate) fn reached(&mut self, conversation: ConversationId, position: EntryId) {
        if self
            .missing
            .get(&conversation)
            .is_some_and(|head| *head <= position)
        {
            self.missing.remove(&conversation);
        }
    }

    /// Whether lines wait to be shown.
    pub(crate) const fn holds_lines(&self) -> bool {
        self.lines > 0
    }

    /// Whether missing entries may still come, so that a script's end waits for them.
    pub(crate) fn is_awaited(&self, now: Instant) -> bool {
        self.holds_lines() || now < self.last_old_at + WAIT
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.last_old_at + if self.has_begun { COUNT_WAIT } else { WAIT }
    }

    /// Shows what is due; the conversations of which lines were left out are added to `unseen`. `true` once all is shown and
    /// counted.
    pub(crate) fn show(
        &mut self,
        now: Instant,
        effects: &mut Effects,
        unseen: &mut Vec<ConversationId>,
    ) -> bool {
        if self.missing.is_empty() || now >= self.last_old_at + COUNT_WAIT {
            let total = self.total();
            let (above, below) = if self.has_begun {
                (None, total)
            } else {
                (total, None)
            };
            if let Some(total) = above {
                effects.show(Tone::Notice, total);
            }
            self.missing.clear();
            self.show_lines(effects, unseen);
            if let Some(total) = below {
                effects.show(Tone::Notice, total);
            }
            if !self.read_elsewhere.is_empty() {
                let text = render::read_elsewhere(&self.read_elsewhere);
                effects.show(Tone::Notice, text);
            }
            return true;
        }
        let is_late = now >= self.last_old_at + WAIT;
        if is_late || (self.lines >= LINES_MAX && !self.is_folding) {
            if !self.has_begun && self.total().is_some() {
                effects.show(Tone::Notice, render::AWAY_UNCOUNTED);
            }
            self.has_begun = true;
        }
        if self.has_begun {
            self.show_lines(effects, unseen);
        }
        false
    }

    /// How many messages were missed, if any.
    fn total(&self) -> Option<String> {
        let counted = self.gathered.values().filter_map(|it| it.counted.clone());
        let mut counts = BTreeMap::<String, usize>::new();
        for (name, count) in counted {
            *counts.entry(name).or_default() += count;
        }
        (!counts.is_empty()).then(|| render::away(&counts))
    }

    /// Shows the lines of all conversations; where only the last ones are shown, of those that are complete.
    fn show_lines(&mut self, effects: &mut Effects, unseen: &mut Vec<ConversationId>) {
        let (mut lines, mut folded) = (Vec::new(), Vec::new());
        for (id, gathered) in &mut self.gathered {
            if self.is_folding && self.missing.contains_key(id) {
                continue;
            }
            lines.extend(gathered.lines.drain(..));
            let left_out = std::mem::take(&mut gathered.left_out);
            if left_out > 0 {
                unseen.push(*id);
                let name = gathered.counted.as_ref().map(|(name, _)| name.clone());
                folded.extend(name.map(|name| (name, left_out)));
            }
        }
        self.lines -= lines.len();
        // The server sends one conversation after the other. What was sent at the same time stays as it came.
        lines.sort_by_key(|timed| timed.time_ms);
        for timed in lines {
            effects.show_line(timed.line);
        }
        for (name, left_out) in folded {
            effects.show(Tone::Notice, render::left_out(&name, left_out, LAST_MAX));
        }
    }
}

#[cfg(test)]
mod tests;
