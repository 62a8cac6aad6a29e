//! What a server hears of the log: the records that have come and wait for their turn, when the log is to be read because some
//! have not, and when it is as good as gone.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Event, Halt, Log};

/// So long nothing may be heard of the log before it is read.
const SILENCE: Duration = Duration::from_millis(300);

/// So long a record may be known of and not be there before the log is read; and a reading that has brought nothing is not
/// begun again for so long. Chosen: many times what the live feed takes.
const OVERDUE: Duration = Duration::from_millis(50);

/// How long a reading may take before another one is begun.
const READ_WITHIN: Duration = Duration::from_secs(1);

/// How long a record may be missing, or be known of and not be applied, or nothing be heard of the log at all. Chosen: its engine
/// needs up to 8 s to elect another leader, and the clients are elsewhere within 10 s after that.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// How often it is noted how far the log has come.
const NOTED_EVERY: Duration = Duration::from_secs(1);

/// A process that does nothing for so long was stopped: it always has something to do earlier.
const STOPPED_FOR: Duration = Duration::from_secs(3);

/// How many records are kept that have come too early, and how many bytes. Chosen: a second of a busy log; what does not fit is
/// read again.
const AHEAD_MAX: usize = 1024;
const AHEAD_MAX_BYTES: usize = 32 * 1024 * 1024;

/// What has come of the log, and when.
pub(super) struct Reading {
    /// Records that came before their turn.
    ahead: BTreeMap<u64, Arc<[u8]>>,
    ahead_bytes: usize,
    /// The furthest position that was heard of,
    end: u64,
    /// and where it was at some moments of the last [`PATIENCE`], as far as that was not applied yet.
    ends: VecDeque<(Instant, u64)>,
    heard_at: Instant,
    /// When the log's leader was heard of last, and another server, if one ever was.
    leader_at: Instant,
    peer_at: Option<Instant>,
    /// When it was looked at last.
    ran_at: Instant,
    /// Since when a record is known of that was not applied.
    lagging_since: Option<Instant>,
    /// When the last reading began that is not over.
    begun: Option<Instant>,
    /// Before that moment no other one begins.
    read_after: Instant,
    /// Since when the next record is missing in a copy that has later ones.
    missing_since: Option<Instant>,
    /// Since when the log is said to end before what had been applied then, and how far that was. A leader that does not know yet
    /// that it is none any more says so for a moment, and what is said may be older than a record that came at the same time.
    short_since: Option<(Instant, u64)>,
}

impl Reading {
    pub(super) const fn new(now: Instant, applied: u64) -> Self {
        Self {
            ahead: BTreeMap::new(),
            ahead_bytes: 0,
            end: applied,
            ends: VecDeque::new(),
            heard_at: now,
            leader_at: now,
            peer_at: None,
            ran_at: now,
            lagging_since: None,
            begun: None,
            read_after: now,
            missing_since: None,
            short_since: None,
        }
    }

    /// How many records the log is known to have behind this position.
    pub(super) const fn lag(&self, applied: u64) -> u64 {
        self.end.saturating_sub(applied)
    }

    /// Takes what the log says, of which so much was applied. Of records only those that come after that.
    pub(super) fn on_event(
        &mut self,
        now: Instant,
        applied: u64,
        event: Event,
    ) -> Result<(), Halt> {
        self.heard_at = now;
        match event {
            Event::Record(at, record) => {
                self.end = self.end.max(at);
                if at > applied {
                    self.keep(at, record);
                }
            }
            Event::Stored(at) => {
                self.leader_at = now;
                self.end = self.end.max(at);
            }
            Event::Peer { applied } => {
                self.peer_at = Some(now);
                // If the log has less by now, it was cut off, and this server does not get there.
                self.end = self.end.max(applied);
            }
            Event::ReadOver { through, end } => self.on_read_over(now, applied, (through, end)),
            Event::Stands { first, last } => {
                self.leader_at = now;
                if first > applied + 1 {
                    return Err(Halt::TooOld { applied, first });
                }
                let before = self.short_since.filter(|(_, applied)| last < *applied);
                let (since, applied_then) = before.unwrap_or((now, applied));
                self.short_since = (last < applied).then_some((since, applied_then));
                if last < applied && now.saturating_duration_since(since) >= PATIENCE {
                    return Err(Halt::CutShort { applied, last });
                }
                self.end = self.end.max(last);
            }
        }
        Ok(())
    }

    fn on_read_over(&mut self, now: Instant, applied: u64, (through, end): (u64, u64)) {
        self.begun = None;
        self.end = self.end.max(end);
        if through > applied && self.ahead.contains_key(&(applied + 1)) {
            return;
        }
        self.read_after = now + OVERDUE;
        if through > applied && self.missing_since.is_none() {
            self.missing_since = Some(now);
            tracing::error!(
                "position {} is missing in a copy of the cluster's log that has later ones: look at the servers of the log",
                applied + 1
            );
        }
    }

    /// Keeps a record for its turn. Where there is no room the furthest goes.
    fn keep(&mut self, at: u64, record: Arc<[u8]>) {
        self.ahead_bytes += record.len();
        let before = self.ahead.insert(at, record);
        self.ahead_bytes -= before.map_or(0, |before| before.len());
        while self.ahead.len() > AHEAD_MAX || self.ahead_bytes > AHEAD_MAX_BYTES {
            let Some((_, furthest)) = self.ahead.pop_last() else {
                return;
            };
            self.ahead_bytes -= furthest.len();
        }
    }

    /// Takes the record at a position, which is applied now, if it has come.
    pub(super) fn take(&mut self, at: u64) -> Option<Arc<[u8]>> {
        let record = self.ahead.remove(&at)?;
        self.ahead_bytes -= record.len();
        self.missing_since = None;
        Some(record)
    }

    /// Whether the server has to stop: the log cannot be reached, a record is missing, or one that `is_up` does not keep up.
    pub(super) fn look(&mut self, now: Instant, applied: u64, is_up: bool) -> Result<(), Halt> {
        let seconds = PATIENCE.as_secs();
        if now.saturating_duration_since(self.ran_at) >= STOPPED_FOR {
            // The process was stopped, and hears now what was said meanwhile.
            self.heard_at = now;
            self.leader_at = now;
            self.ends.clear();
        }
        self.ran_at = now;
        if self.is_cut_off(now) {
            return Err(Halt::CutOff { seconds });
        }
        if self
            .missing_since
            .is_some_and(|since| since + PATIENCE <= now)
        {
            return Err(Halt::Missing { at: applied + 1 });
        }
        if self.lag(applied) == 0 {
            self.lagging_since = None;
        } else {
            self.lagging_since.get_or_insert(now);
        }
        // One that hears nothing is not slow.
        let hears = now.saturating_duration_since(self.heard_at) < SILENCE;
        if is_up && hears && self.is_behind(now, applied) {
            let behind = self.lag(applied);
            return Err(Halt::Behind { seconds, behind });
        }
        Ok(())
    }

    /// Whether nothing is heard of the log, or neither of its leader nor of any other server, as where the copy that answers is cut
    /// off itself. Where all are without a leader they hear each other, and wait.
    fn is_cut_off(&self, now: Instant) -> bool {
        let is_long = |at: Instant| now.saturating_duration_since(at) >= PATIENCE;
        is_long(self.heard_at) || is_long(self.leader_at) && self.peer_at.is_some_and(is_long)
    }

    /// Whether what was known of long ago was not applied yet.
    fn is_behind(&mut self, now: Instant, applied: u64) -> bool {
        while self.ends.front().is_some_and(|(_, end)| *end <= applied) {
            self.ends.pop_front();
        }
        let is_due = |(noted, _): &(Instant, u64)| *noted + NOTED_EVERY <= now;
        if self.end > applied && self.ends.back().is_none_or(is_due) {
            self.ends.push_back((now, self.end));
        }
        let oldest = self.ends.front();
        oldest.is_some_and(|(noted, _)| *noted + PATIENCE <= now)
    }

    /// Has the log read from the next position on, if that is due.
    pub(super) fn read_if_due(&mut self, now: Instant, applied: u64, log: &mut impl Log) {
        if self.read_at() <= now {
            self.begun = Some(now);
            log.read(applied + 1);
        }
    }

    /// When the log is to be read.
    fn read_at(&self) -> Instant {
        if let Some(begun) = self.begun {
            return begun + READ_WITHIN;
        }
        let silent = self.heard_at + SILENCE;
        let wanted = match self.lagging_since {
            _ if !self.ahead.is_empty() => self.read_after,
            Some(since) => silent.min(since + OVERDUE),
            None => silent,
        };
        wanted.max(self.read_after)
    }

    /// When there is something to do if nothing happens before.
    pub(super) fn deadline(&self) -> Instant {
        let missing = self.missing_since.map(|since| since + PATIENCE);
        let silent = self.heard_at + PATIENCE;
        let read = self.read_at().min(silent);
        missing.map_or(read, |missing| read.min(missing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    /// Whether a server stops within a minute that has applied everything up to so many seconds ago, of a log that goes on.
    fn stops(seconds_behind: u32, is_up: bool) -> Option<Halt> {
        let start = instant();
        let mut reading = Reading::new(start, 0);
        for tick in 1..600_u32 {
            let now = start + Duration::from_millis(100) * tick;
            let applied = u64::from(tick.saturating_sub(seconds_behind * 10));
            let stored = Event::Stored(u64::from(tick));
            reading.on_event(now, applied, stored).unwrap();
            if let Err(halt) = reading.look(now, applied, is_up) {
                return Some(halt);
            }
        }
        None
    }

    #[test]
    fn log_that_is_said_to_end_earlier_each_time_and_grows_was_not_cut_off() {
        let start = instant();
        let mut reading = Reading::new(start, 0);
        for second in 0..60 {
            let now = start + Duration::from_secs(second);
            // What is applied came faster than what is said.
            let (applied, last) = (100 * second + 2, 100 * second);
            let stands = Event::Stands { first: 1, last };
            assert_eq!(reading.on_event(now, applied, stands), Ok(()));
        }
    }

    #[test]
    fn server_that_does_not_keep_up_stops_and_one_that_is_some_seconds_late_does_not() {
        assert_eq!(stops(0, true), None);
        assert_eq!(stops(9, true), None);
        let halt = stops(12, true);
        assert!(matches!(halt, Some(Halt::Behind { behind, .. }) if behind > 99));
        // It has all the time that it needs before it is up.
        assert_eq!(stops(12, false), None);
    }
}
