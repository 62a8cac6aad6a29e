//! The log of a cluster in a simulation: one vector, and what goes wrong between it and each server.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use udpchat::cluster::{Event, Log};

use super::Rng;

/// How often something goes wrong, in percent.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogFaults {
    /// Publishing: it is in the log and nothing is said of it; it never is; it is much later; it is twice.
    pub ack_lost: u64,
    pub lost: u64,
    pub late: u64,
    pub twice: u64,
    /// The live feed: a record does not come, comes twice, or out of its order.
    pub feed_lost: u64,
    pub feed_twice: u64,
    pub feed_late: u64,
    /// A reading is answered by a copy that is behind, or not at all.
    pub stale: u64,
    pub unread: u64,
}

impl LogFaults {
    /// Some of each.
    pub const ALL: Self = Self {
        ack_lost: 20,
        lost: 10,
        late: 5,
        twice: 5,
        feed_lost: 10,
        feed_twice: 5,
        feed_late: 10,
        stale: 20,
        unread: 10,
    };
}

/// What has gone wrong, by kind.
pub type Counts = BTreeMap<&'static str, u64>;

/// What happens at a moment.
enum Due {
    Commit(usize, Arc<[u8]>, bool),
    Tell(usize, Event),
}

struct Inner {
    now: Duration,
    rng: Rng,
    faults: LogFaults,
    records: Vec<Arc<[u8]>>,
    due: BTreeMap<(Duration, u64), Due>,
    next: u64,
    inboxes: Vec<VecDeque<Event>>,
    /// Which servers cannot reach it, and until when nothing is written.
    cut: Vec<bool>,
    paused_until: Duration,
    /// When each server was told last how the log stands; none if nobody is.
    told_standing: Option<Vec<Duration>>,
    counts: Counts,
}

/// The log.
#[derive(Clone)]
pub struct SharedLog(Arc<Mutex<Inner>>);

/// A server's way to it.
pub struct LogEnd {
    log: SharedLog,
    server: usize,
}

/// How long after having told a server how it stands it does so again.
const TELL_AFTER: Duration = Duration::from_secs(1);

/// How many records a reading brings at most.
const READ_MAX: usize = 64;

impl SharedLog {
    pub fn new(servers: usize, faults: LogFaults, seed: u64) -> Self {
        let inner = Inner {
            now: Duration::ZERO,
            rng: Rng::new(seed, 31),
            faults,
            records: Vec::new(),
            due: BTreeMap::new(),
            next: 0,
            inboxes: (0..servers).map(|_| VecDeque::new()).collect(),
            cut: vec![false; servers],
            paused_until: Duration::ZERO,
            told_standing: None,
            counts: Counts::new(),
        };
        Self(Arc::new(Mutex::new(inner)))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().expect("no test panics while it holds this")
    }

    /// A server's way to it; what was under way to an earlier one is lost.
    pub fn end(&self, server: usize) -> LogEnd {
        let mut inner = self.inner();
        inner.inboxes[server].clear();
        inner
            .due
            .retain(|_, due| !matches!(due, Due::Tell(to, _) if *to == server));
        LogEnd {
            log: self.clone(),
            server,
        }
    }

    /// It is so late now; what is due happens.
    pub fn advance(&self, now: Duration) {
        let mut inner = self.inner();
        loop {
            let due = inner.due.first_entry().filter(|due| due.key().0 <= now);
            let Some(due) = due else {
                break;
            };
            let ((at, _), due) = due.remove_entry();
            inner.now = at;
            match due {
                Due::Commit(from, record, is_told) => inner.commit(from, record, is_told),
                Due::Tell(to, event) => {
                    if inner.cut[to] {
                        inner.count("cut off");
                    } else {
                        inner.inboxes[to].push_back(event);
                    }
                }
            }
        }
        inner.now = now;
    }

    /// When something is due.
    pub fn deadline(&self) -> Option<Duration> {
        let inner = self.inner();
        inner.due.first_key_value().map(|((at, _), _)| *at)
    }

    /// A server can reach it no longer, or again.
    pub fn cut(&self, server: usize, is_cut: bool) {
        self.inner().cut[server] = is_cut;
    }

    /// Nothing is written for so long: its leader is gone.
    pub fn pause(&self, time: Duration) {
        let mut inner = self.inner();
        inner.count("leader gone");
        inner.paused_until = inner.now + time;
    }

    /// What a server has published and is not written yet is written so much later.
    pub fn delay(&self, server: usize, time: Duration) {
        let mut inner = self.inner();
        let is_its = |due: &Due| matches!(due, Due::Commit(from, ..) if *from == server);
        let due = inner.due.iter().filter(|(_, due)| is_its(due));
        let keys: Vec<_> = due.map(|(key, _)| *key).collect();
        for key in keys {
            if let Some(due) = inner.due.remove(&key) {
                inner.count("written late");
                inner.schedule(key.0 + time, due);
            }
        }
    }

    /// From now on nothing goes wrong.
    pub fn heal(&self) {
        let mut inner = self.inner();
        inner.faults = LogFaults::default();
        inner.cut.fill(false);
    }

    pub fn counts(&self) -> Counts {
        self.inner().counts.clone()
    }

    pub fn written(&self) -> usize {
        self.inner().records.len()
    }

    /// Servers that read it are told how it stands, too, every second.
    pub fn tells_standing(&self) {
        let mut inner = self.inner();
        inner.told_standing = Some(vec![Duration::ZERO; inner.cut.len()]);
    }

    /// Forgets all but the first records.
    pub fn truncate(&self, records: usize) {
        self.inner().records.truncate(records);
    }

    /// What stands at a position, if something does.
    pub fn record(&self, position: u64) -> Option<Arc<[u8]>> {
        let index = usize::try_from(position).ok()?.checked_sub(1)?;
        self.inner().records.get(index).cloned()
    }

    /// Whether something has come for a server.
    pub fn has_news(&self, server: usize) -> bool {
        !self.inner().inboxes[server].is_empty()
    }

    /// Puts something else in the place of a record.
    pub fn change(&self, position: usize, change: impl FnOnce(&mut Vec<u8>)) {
        let mut inner = self.inner();
        let record = &mut inner.records[position - 1];
        let mut bytes = record.to_vec();
        change(&mut bytes);
        *record = bytes.into();
    }

    /// Takes a record out, so that those after it stand one earlier.
    pub fn remove(&self, position: usize) {
        self.inner().records.remove(position - 1);
    }
}

impl Inner {
    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    fn happens(&mut self, percent: u64, what: &'static str) -> bool {
        let happens = self.rng.below(100) < percent;
        if happens {
            self.count(what);
        }
        happens
    }

    fn within(&mut self, least_ms: u64, most_ms: u64) -> Duration {
        let micros = self.rng.below((most_ms - least_ms) * 1000 + 1);
        Duration::from_millis(least_ms) + Duration::from_micros(micros)
    }

    fn schedule(&mut self, at: Duration, due: Due) {
        self.next += 1;
        self.due.insert((at, self.next), due);
    }

    fn tell(&mut self, after: Duration, to: usize, event: Event) {
        self.schedule(self.now + after, Due::Tell(to, event));
    }

    fn append(&mut self, from: usize, record: &Arc<[u8]>) {
        if self.cut[from] {
            return;
        }
        let faults = self.faults;
        if self.happens(faults.lost, "not written") {
            return;
        }
        let is_told = !self.happens(faults.ack_lost, "written and not said");
        let mut at = self.now + self.within(1, 3);
        if self.happens(faults.late, "written late") {
            at += self.within(500, 12_000);
        }
        at = at.max(self.paused_until);
        self.schedule(at, Due::Commit(from, Arc::clone(record), is_told));
        if self.happens(faults.twice, "written twice") {
            let later = at + self.within(0, 3000);
            self.schedule(later, Due::Commit(from, Arc::clone(record), false));
        }
    }

    fn commit(&mut self, from: usize, record: Arc<[u8]>, is_told: bool) {
        self.records.push(Arc::clone(&record));
        let at = self.records.len() as u64;
        if is_told {
            let after = self.within(0, 1);
            self.tell(after, from, Event::Stored(at));
        }
        let faults = self.faults;
        for to in 0..self.inboxes.len() {
            if self.happens(faults.feed_lost, "feed lost") {
                continue;
            }
            let mut after = self.within(0, 1);
            if self.happens(faults.feed_late, "feed late") {
                after += self.within(1, 400);
            }
            self.tell(after, to, Event::Record(at, Arc::clone(&record)));
            if self.happens(faults.feed_twice, "feed twice") {
                let after = self.within(0, 50);
                self.tell(after, to, Event::Record(at, Arc::clone(&record)));
            }
        }
    }

    fn read(&mut self, server: usize, from: u64) {
        let faults = self.faults;
        if self.cut[server] || self.happens(faults.unread, "not answered") {
            return;
        }
        let mut end = self.records.len();
        if self.happens(faults.stale, "answered by a stale copy") {
            let behind = self.rng.below(8);
            end = end.saturating_sub(usize::try_from(behind).expect("it is small"));
        }
        let after = self.within(1, 4);
        let first = usize::try_from(from).expect("it is a position");
        let mut through = 0;
        for at in first..=end.min(first + READ_MAX - 1) {
            through = at as u64;
            let record = Arc::clone(&self.records[at - 1]);
            self.tell(after, server, Event::Record(through, record));
        }
        let end = end as u64;
        self.tell(after, server, Event::ReadOver { through, end });
        self.tell_standing(server);
    }

    /// The leader says how it stands, if there is one.
    fn tell_standing(&mut self, server: usize) {
        let last = self.records.len() as u64;
        let now = self.now;
        let has_leader = self.paused_until <= now;
        let told = self.told_standing.as_mut().map(|told| &mut told[server]);
        let Some(told) = told.filter(|told| has_leader && **told + TELL_AFTER <= now) else {
            return;
        };
        *told = now;
        let after = self.within(1, 4);
        self.tell(after, server, Event::Stands { first: 1, last });
    }
}

impl Log for LogEnd {
    fn append(&mut self, record: Arc<[u8]>) {
        self.log.inner().append(self.server, &record);
    }

    fn read(&mut self, from: u64) {
        self.log.inner().read(self.server, from);
    }

    fn poll(&mut self) -> Option<Event> {
        self.log.inner().inboxes[self.server].pop_front()
    }
}
