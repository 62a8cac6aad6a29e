//! What is to happen in a run: a network, an attacker, and the troubles of the hosts; drawn from the seed, or made
//! for one purpose.

mod cluster;
mod ingredients;

use std::time::Duration;

use crate::attacker::Attack;
use crate::faults::Fault;
use crate::hostile::Hostile;
use crate::kit::{Link, Rng};
use crate::network::Host;
use crate::people::{programs::Speakers, retention::Keep};
pub use cluster::ClusterPlan;
use ingredients::INGREDIENTS;

/// How long texts may be that fill several packets, where nothing else is meant, in bytes.
pub const LONG_BYTES: usize = 4_000;

/// What is to happen in a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Plan {
    pub link: Link,
    pub attack: Attack,
    pub troubles: Troubles,
    pub cluster: ClusterPlan,
    /// People.
    pub clients: usize,
    /// Devices of each of them, all at once.
    pub devices: usize,
    /// Hosts that begin with a copy of another one's state directory, and run beside it: at most one for each person.
    pub copies: usize,
    /// Whether the last device of each comes only while the others talk.
    pub late_devices: bool,
    /// Whether everybody, once all is said, pages back to the beginning of each conversation, under the same faults of
    /// links and crashes.
    pub pages_back: bool,
    /// Whether people join, leave and talk in rooms instead of saying something to everyone.
    pub rooms: bool,
    /// How much of what is typed changes or answers what was said, as a share.
    pub mends: f64,
    /// How much of what is typed sends, saves or gives up a file, as a share.
    pub files: f64,
    pub speakers: Speakers,
    /// Lines that each client types.
    pub messages: usize,
    /// How long those may be that fill several packets, in bytes, if some do.
    pub long_texts: Option<usize>,
    /// How much the server keeps.
    pub keep: Keep,
    /// The time over which they are typed, and over which the troubles come.
    pub over: Duration,
}

/// How often each thing happens to hosts and paths.
#[derive(Debug, Clone, Copy, Default)]
pub struct Troubles {
    pub rebinds: u64,
    pub roams: u64,
    pub cuts_one_way: u64,
    pub cuts_both_ways: u64,
    pub black_holes: u64,
    pub server_crashes: u64,
    /// Orderly stops of the server.
    pub server_stops: u64,
    /// How often the server is given an older database.
    pub server_restores: u64,
    /// How often a client is given an older state directory.
    pub client_restores: u64,
    /// Server crashes in the middle of a commit.
    pub torn_commits: u64,
    /// The power fails at the server's write of this number, counted from the moment at which the talking begins.
    pub server_write: Option<u64>,
    /// The disk of a client fails at the write of this number, counted likewise.
    pub client_write: Option<u64>,
    pub client_crashes: u64,
    /// Clients that are away for most of the time.
    pub absences: u64,
    /// Client disks that fail in the middle of a commit.
    pub failing_disks: u64,
    pub clocks_forward: u64,
    pub clocks_back: u64,
    pub client_sleeps: u64,
    pub server_sleeps: u64,
    /// Crashes, of a client or of the server, while a file is on its way.
    pub interrupted_files: u64,
    /// Disks that have no room for files for a while.
    pub full_disks: u64,
}

/// Something that happens at one moment.
#[derive(Debug, Clone, Copy)]
pub enum Event {
    Rebind {
        client: usize,
        is_roaming: bool,
    },
    Cut {
        client: usize,
        up: bool,
        down: bool,
    },
    CarryAtMost {
        client: usize,
        bytes: usize,
    },
    CrashServer {
        down: Duration,
    },
    TearCommit {
        down: Duration,
    },
    StartServer,
    StopServer {
        down: Duration,
    },
    /// While the server runs, or else while it is stopped.
    BackUpServer {
        runs: bool,
    },
    /// By `store restore`, or else by hand.
    RestoreServer {
        by_hand: bool,
        down: Duration,
    },
    BackUpClient {
        client: usize,
    },
    RestoreClient {
        client: usize,
        down: Duration,
    },
    CopyClient {
        from: usize,
        to: usize,
    },
    CrashClient {
        client: usize,
        down: Duration,
    },
    Retain,
    FailAtWrite {
        operations: u64,
    },
    FailDisk {
        client: usize,
        operations: Option<u64>,
    },
    StartClient {
        client: usize,
    },
    SetClock {
        host: Host,
        by_ms: i64,
    },
    /// As soon as a file is on its way.
    CrashMidFile {
        is_server: bool,
        down: Duration,
    },
    FillDisk {
        host: Host,
        is_full: bool,
    },
    Sleep {
        host: Host,
        span: Duration,
    },
    PauseLog {
        span: Duration,
    },
    KillNode {
        node: usize,
        down: Duration,
    },
    /// The power fails in its next checkpoint.
    TearCheckpoint {
        node: usize,
    },
    StartNode {
        node: usize,
    },
    /// It cannot reach the log, or can again.
    CutNode {
        node: usize,
        is_cut: bool,
    },
}

/// A link with the delays of a country and no faults.
pub fn plain_link() -> Link {
    Link {
        delay: Duration::from_millis(25),
        jitter: Duration::from_millis(5),
        ..Link::default()
    }
}

/// The same, which loses nothing, a twentieth or a tenth, as the seed has it.
pub fn lossy_link(seed: u64) -> Link {
    Link {
        loss: 0.05 * (seed % 3) as f64,
        ..plain_link()
    }
}

impl Troubles {
    /// Crashes of both sides, commits cut short and outages, how many of each the seed has.
    pub fn crashes_and_cuts(seed: u64) -> Self {
        Self {
            client_crashes: seed % 4,
            server_crashes: seed % 3,
            torn_commits: seed % 2,
            cuts_both_ways: seed % 2,
            ..Self::default()
        }
    }
}

impl Plan {
    /// Three people who talk for a while over a network without faults.
    pub fn plain() -> Self {
        Self {
            link: plain_link(),
            clients: 3,
            devices: 1,
            messages: 5,
            over: Duration::from_secs(15),
            ..Self::default()
        }
    }

    /// Several kinds of trouble at once, which ones and how much of each decides the seed.
    pub fn mixed(seed: u64) -> Self {
        let rng = &mut Rng::new(seed, 3);
        let mut plan = Self::plain();
        plan.clients = 2 + rng.index(3);
        plan.messages = 2 + rng.index(4);
        plan.over = rng.ms(8_000, 40_000);
        plan.link.delay = rng.ms(1, 150);
        plan.link.jitter = plan.link.delay.mul_f64(rng.share(0.5));
        plan.long_texts = rng.happens(0.3).then_some(LONG_BYTES);
        for _ in 0..3 + rng.below(4) {
            INGREDIENTS[rng.index(INGREDIENTS.len())](&mut plan, rng);
        }
        // A device that an older database does not know becomes another one, and cannot say what became of its lines. Who
        // was given an older state is expected to hold all from the beginning.
        let restores = plan.troubles.server_restores + plan.troubles.client_restores;
        plan.late_devices &= restores == 0;
        // An older state does not know which files were sent and saved since, and a slow path takes minutes for one.
        let may_send_files = restores == 0 && plan.copies == 0 && plan.link.rate == 0;
        if may_send_files && rng.happens(0.3) {
            plan.files = 0.3;
            plan.troubles.full_disks = rng.below(2);
            plan.troubles.interrupted_files = rng.below(3);
        }
        plan
    }

    /// Whoever tries to change what is not theirs to change, where people change anything.
    pub fn hostile(&self, rng: &mut Rng) -> Option<Hostile> {
        (self.mends > 0.0).then(|| Hostile::new(rng.seed()))
    }

    /// Whether clocks are put, and what is a day old cannot be told.
    pub const fn puts_clocks(&self) -> bool {
        self.troubles.clocks_forward + self.troubles.clocks_back > 0
    }

    /// How many hosts there are beside the server.
    pub const fn hosts(&self) -> usize {
        self.devices() + self.copies
    }

    /// How many of them do not begin with a copy.
    pub const fn devices(&self) -> usize {
        self.clients * self.devices
    }

    /// The faults that a run of this plan is to see.
    pub fn faults(&self) -> Vec<Fault> {
        let (link, attack, troubles) = (&self.link, &self.attack, &self.troubles);
        let moves = troubles.rebinds + troubles.roams;
        let torn = troubles.torn_commits > 0 || troubles.server_write.is_some();
        let failing = troubles.failing_disks > 0 || troubles.client_write.is_some();
        let crashes = troubles.server_crashes + troubles.torn_commits;
        // Elsewhere there are too few of them.
        let is_about_files = self.files >= 0.5;
        [
            (link.loss > 0.0, Fault::Lost),
            (link.burst > 0.0, Fault::BurstLost),
            (link.duplicate > 0.0, Fault::Duplicated),
            (link.reorder > 0.0, Fault::Reordered),
            (link.corrupt > 0.0, Fault::Corrupted),
            (link.rate > 0, Fault::Queued),
            (link.rate > 0, Fault::QueueDropped),
            (troubles.cuts_one_way > 0, Fault::CutOneWay),
            (troubles.cuts_both_ways > 0, Fault::CutBothWays),
            (troubles.black_holes > 0, Fault::BlackHoled),
            (troubles.rebinds > 0, Fault::Rebound),
            (troubles.roams > 0, Fault::Roamed),
            (moves > 0, Fault::Misaddressed),
            (attack.replay > 0.0, Fault::Replayed),
            (attack.replay_elsewhere > 0.0, Fault::ReplayedElsewhere),
            (attack.hold > 0.0, Fault::Held),
            (attack.forge > 0.0, Fault::Forged),
            (attack.mutate > 0.0, Fault::Mutated),
            (attack.overtake > 0.0, Fault::Overtaken),
            (attack.steal > 0.0, Fault::Stolen),
            (attack.relay > 0.0, Fault::Relayed),
            (crashes > 0, Fault::ServerCrashed),
            (torn, Fault::CommitTorn),
            (troubles.server_stops > 0, Fault::ServerStopped),
            (troubles.server_restores > 0, Fault::ServerRestored),
            (troubles.client_restores > 0, Fault::ClientRestored),
            (self.copies > 0, Fault::ClientCopied),
            (troubles.client_crashes > 0, Fault::ClientCrashed),
            (failing, Fault::ClientDiskFailed),
            (troubles.clocks_forward > 0, Fault::ClockForward),
            (troubles.clocks_back > 0, Fault::ClockBack),
            (troubles.client_sleeps > 0, Fault::ClientSlept),
            (troubles.server_sleeps > 0, Fault::ServerSlept),
            (self.keep.has_limits(), Fault::Expired),
            (
                self.keep.has_limits() && troubles.absences > 0,
                Fault::Missed,
            ),
            (self.rooms, Fault::Joined),
            // Few join again of the few whose rooms outlive an older database.
            (self.rooms && troubles.server_restores == 0, Fault::Rejoined),
            (self.rooms, Fault::MembershipEnded),
            (
                self.rooms && self.messages > 10 && self.mends == 0.0,
                Fault::SaidOutside,
            ),
            (self.mends > 0.0, Fault::Edited),
            (self.mends > 0.0, Fault::Deleted),
            (self.mends > 0.0, Fault::Reacted),
            (self.mends > 0.0, Fault::Pinned),
            (self.mends > 0.0 && self.cluster.nodes == 0, Fault::Repelled),
            (self.speakers.are_programs(), Fault::SaidAgain),
            (self.files > 0.0, Fault::FileSaved),
            (is_about_files, Fault::MidFile),
            (is_about_files, Fault::UploadResumed),
            (is_about_files, Fault::DownloadResumed),
            (is_about_files, Fault::FileGivenUp),
            (is_about_files, Fault::FileDeleted),
            (troubles.full_disks > 0, Fault::DiskFull),
            (self.late_devices, Fault::LateDevice),
            (self.pages_back, Fault::PagedBack),
            (self.pages_back && self.late_devices, Fault::Fetched),
            (self.pages_back && crashes > 0, Fault::PageCutShort),
        ]
        .into_iter()
        .filter_map(|(is_planned, fault)| is_planned.then_some(fault))
        .chain(self.cluster.faults())
        .collect()
    }

    /// When what happens, counted from the moment at which the talking begins; unsorted.
    pub fn agenda(&self, rng: &mut Rng) -> Vec<(Duration, Event)> {
        let troubles = &self.troubles;
        let over = self.over.as_millis() as u64;
        let mut agenda = Vec::new();
        for (count, is_roaming) in [(troubles.rebinds, false), (troubles.roams, true)] {
            for _ in 0..count {
                let client = rng.index(self.hosts());
                agenda.push((rng.ms(0, over), Event::Rebind { client, is_roaming }));
            }
        }
        let cuts = troubles.cuts_one_way + troubles.cuts_both_ways;
        for number in 0..cuts {
            let (client, at) = (rng.index(self.hosts()), rng.ms(0, over));
            let both = number >= troubles.cuts_one_way;
            let up = both || rng.happens(0.5);
            let down = both || !up;
            let mend = (false, false);
            for (at, (up, down)) in [(at, (up, down)), (at + rng.ms(500, 30_000), mend)] {
                agenda.push((at, Event::Cut { client, up, down }));
            }
        }
        for _ in 0..troubles.black_holes {
            let (client, at) = (rng.index(self.hosts()), rng.ms(0, over));
            let until = at + rng.ms(5_000, 40_000);
            for (at, bytes) in [(at, 1_000 + rng.index(200)), (until, usize::MAX)] {
                agenda.push((at, Event::CarryAtMost { client, bytes }));
            }
        }
        for _ in 0..troubles.server_crashes {
            let down = rng.ms(50, 8_000);
            agenda.push((rng.ms(0, over), Event::CrashServer { down }));
        }
        for _ in 0..troubles.torn_commits {
            let down = rng.ms(50, 8_000);
            agenda.push((rng.ms(0, over), Event::TearCommit { down }));
        }
        self.restores(rng, &mut agenda);
        for _ in 0..troubles.client_crashes {
            let (client, down) = (rng.index(self.hosts()), rng.ms(50, 8_000));
            agenda.push((rng.ms(0, over), Event::CrashClient { client, down }));
        }
        for _ in 0..troubles.failing_disks {
            let client = rng.index(self.hosts());
            let event = Event::FailDisk {
                client,
                operations: None,
            };
            agenda.push((rng.ms(0, over), event));
        }
        for _ in 0..troubles.absences {
            let client = rng.index(self.hosts());
            let down = rng.ms(over / 4, over);
            agenda.push((rng.ms(0, over / 2), Event::CrashClient { client, down }));
        }
        if !self.keep.own.is_empty() {
            // Rooms come to be as people join them.
            for part in 0..4 {
                agenda.push((self.over / 4 * part, Event::Retain));
            }
        }
        if self.keep.all.days.is_some() {
            // In steps after which a pass is not skipped.
            for _ in 0..4 {
                let (host, by_ms) = (Host::Server, 20 * 3_600_000);
                agenda.push((rng.ms(0, over), Event::SetClock { host, by_ms }));
            }
        }
        let now = Duration::ZERO;
        if let Some(operations) = troubles.server_write {
            agenda.push((now, Event::FailAtWrite { operations }));
        }
        if let Some(operations) = troubles.client_write {
            let event = Event::FailDisk {
                client: rng.index(self.hosts()),
                operations: Some(operations),
            };
            agenda.push((now, event));
        }
        for (count, sign) in [(troubles.clocks_forward, 1), (troubles.clocks_back, -1)] {
            for _ in 0..count {
                let host = self.any_host(rng);
                // From a second to 40 days, each order of magnitude as likely as the others.
                let most = [60, 3_600, 86_400, 3_456_000][rng.index(4)] * 1_000;
                let by_ms = sign * (1_000 + rng.below(most) as i64);
                agenda.push((rng.ms(0, over), Event::SetClock { host, by_ms }));
            }
        }
        self.file_troubles(rng, &mut agenda);
        self.cluster.agenda(rng, self.over, &mut agenda);
        for number in 0..troubles.client_sleeps + troubles.server_sleeps {
            let host = if number < troubles.client_sleeps {
                Host::Client(rng.index(self.hosts()))
            } else {
                Host::Server
            };
            let longest = [10_000, 90_000, 1_200_000][rng.index(3)];
            let span = rng.ms(1_000, longest);
            agenda.push((rng.ms(0, over), Event::Sleep { host, span }));
        }
        agenda
    }

    /// What happens to files on their way.
    fn file_troubles(&self, rng: &mut Rng, agenda: &mut Vec<(Duration, Event)>) {
        let troubles = &self.troubles;
        let over = self.over.as_millis() as u64;
        for number in 0..troubles.interrupted_files {
            let (is_server, down) = (number % 2 > 0, rng.ms(50, 8_000));
            agenda.push((rng.ms(0, over), Event::CrashMidFile { is_server, down }));
        }
        for _ in 0..troubles.full_disks {
            let (host, at) = (self.any_host(rng), rng.ms(0, over));
            for (at, is_full) in [(at, true), (at + rng.ms(1_000, 10_000), false)] {
                agenda.push((at, Event::FillDisk { host, is_full }));
            }
        }
    }

    /// Backups, and what is done with them.
    fn restores(&self, rng: &mut Rng, agenda: &mut Vec<(Duration, Event)>) {
        let troubles = &self.troubles;
        let over = self.over.as_millis() as u64;
        for _ in 0..troubles.server_stops {
            let down = rng.ms(50, 8_000);
            agenda.push((rng.ms(0, over), Event::StopServer { down }));
        }
        for _ in 0..troubles.server_restores {
            let made = rng.below(over * 3 / 4);
            let runs = rng.happens(0.7);
            agenda.push((Duration::from_millis(made), Event::BackUpServer { runs }));
            let (by_hand, down) = (rng.happens(0.5), rng.ms(50, 8_000));
            let event = Event::RestoreServer { by_hand, down };
            agenda.push((rng.ms(made, over), event));
        }
        for _ in 0..troubles.client_restores {
            let client = rng.index(self.devices());
            let made = rng.below(over * 3 / 4);
            agenda.push((Duration::from_millis(made), Event::BackUpClient { client }));
            let down = rng.ms(50, 8_000);
            let event = Event::RestoreClient { client, down };
            agenda.push((rng.ms(made, over), event));
        }
        for number in 0..self.copies {
            let (from, to) = (number, self.devices() + number);
            agenda.push((rng.ms(0, over), Event::CopyClient { from, to }));
        }
    }

    fn any_host(&self, rng: &mut Rng) -> Host {
        match rng.index(self.hosts() + 1) {
            0 => Host::Server,
            number => Host::Client(number - 1),
        }
    }
}
