//! What can be done to packets and hosts, and how often it was done: a run in which no packet was replayed proves
//! nothing about replay.

use std::fmt;
use std::ops::AddAssign;

use crate::kit::shared_log::Counts;

macro_rules! faults {
    ($($name:ident: $text:literal,)*) => {
        /// Something that goes wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault {
            $($name,)*
        }

        impl Fault {
            pub const ALL: &[Self] = &[$(Self::$name,)*];
            const TEXTS: &[&str] = &[$($text,)*];
        }
    };
}

faults! {
    Lost: "lost",
    BurstLost: "lost in bursts",
    Duplicated: "duplicated",
    Reordered: "reordered",
    Corrupted: "corrupted",
    Queued: "queued at a bottleneck",
    QueueDropped: "dropped from a full queue",
    CutOneWay: "cut off one way",
    CutBothWays: "cut off both ways",
    BlackHoled: "too large for the path",
    Rebound: "NAT rebindings",
    Roamed: "changes of address",
    Misaddressed: "sent to an old address",
    Replayed: "replayed",
    ReplayedElsewhere: "replayed from another address",
    Held: "held back",
    Forged: "forged",
    Mutated: "mutated",
    Overtaken: "overtaken from another address",
    Stolen: "stolen by another address",
    Relayed: "relayed from there",
    ServerCrashed: "server crashes",
    CommitTorn: "commits torn by one",
    ClientCrashed: "client crashes",
    ClientDiskFailed: "client disks that failed",
    ClientGaveUp: "clients that found nobody and were started again",
    ClockForward: "clocks put forward",
    ClockBack: "clocks put back",
    ClientSlept: "clients that slept",
    ServerSlept: "server sleeps",
    Joined: "joined rooms",
    Rejoined: "joined again",
    MembershipEnded: "left or were kicked",
    SaidOutside: "refused because their author belonged to the room no more",
    SaidAgain: "refused because they were said before",
    LateDevice: "devices that came later",
    PagedBack: "conversations paged back to their beginning",
    Fetched: "entries that this fetched",
    PageCutShort: "pages cut short",
    ServerStopped: "orderly stops of the server",
    ServerRestored: "older databases given to the server",
    ClientRestored: "older states given to clients",
    ClientCopied: "copies of client states",
    Edited: "edits",
    Deleted: "deletions",
    Moderated: "of them by moderators",
    Reacted: "reactions",
    Pinned: "pins and ends of pins",
    Repelled: "forged changes refused",
    FileSaved: "files saved",
    MidFile: "crashes while a file was on its way",
    UploadResumed: "uploads resumed",
    DownloadResumed: "downloads resumed",
    FileGivenUp: "files given up",
    FileDeleted: "files deleted",
    FileMissed: "of them before somebody had them",
    DiskFull: "disks full for a while",
    Expired: "entries expired",
    Missed: "of them before somebody had them",
    LogAckLost: "records written and not said",
    LogLost: "records not written",
    LogLate: "records written late",
    LogTwice: "records written twice",
    FeedLost: "records lost on the live feed",
    FeedTwice: "doubled there",
    FeedLate: "late there",
    LogStale: "readings answered by a stale copy",
    LogUnread: "readings not answered",
    LogCutOff: "answers of the log cut off",
    LeaderGone: "leaders of the log gone",
    NodeKilled: "servers of a cluster killed",
    CheckpointTorn: "of them in a checkpoint",
    NodeHalted: "that stopped by themselves",
    PeerLost: "messages between servers lost",
}

/// What the log of a cluster calls what it has done.
const OF_THE_LOG: [(&str, Fault); 11] = [
    ("written and not said", Fault::LogAckLost),
    ("not written", Fault::LogLost),
    ("written late", Fault::LogLate),
    ("written twice", Fault::LogTwice),
    ("feed lost", Fault::FeedLost),
    ("feed twice", Fault::FeedTwice),
    ("feed late", Fault::FeedLate),
    ("answered by a stale copy", Fault::LogStale),
    ("not answered", Fault::LogUnread),
    ("cut off", Fault::LogCutOff),
    ("leader gone", Fault::LeaderGone),
];

/// What was done, and how long it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Faults {
    counts: [u64; Fault::ALL.len()],
    pub packets: u64,
    /// Virtual time that passed, in milliseconds.
    pub elapsed_ms: u64,
    /// The longest time from the end of the faults until everything had arrived, in milliseconds.
    pub slowest_ms: u64,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            counts: [0; Fault::ALL.len()],
            packets: 0,
            elapsed_ms: 0,
            slowest_ms: 0,
        }
    }
}

impl Faults {
    pub fn count(&mut self, fault: Fault) {
        self.count_many(fault, 1);
    }

    pub fn count_many(&mut self, fault: Fault, times: usize) {
        self.counts[fault as usize] += times as u64;
    }

    /// Counts what the log of a cluster has done.
    pub fn count_log(&mut self, counts: &Counts) {
        for (name, count) in counts {
            let is_it = |(of_log, _): &&(&str, Fault)| of_log == name;
            let (_, fault) = OF_THE_LOG.iter().find(is_it).expect("all are known");
            self.count_many(*fault, *count as usize);
        }
    }

    pub fn has(&self, fault: Fault) -> bool {
        self.counts[fault as usize] > 0
    }
}

impl AddAssign for Faults {
    fn add_assign(&mut self, other: Self) {
        for (sum, count) in self.counts.iter_mut().zip(other.counts) {
            *sum += count;
        }
        self.packets += other.packets;
        self.elapsed_ms += other.elapsed_ms;
        self.slowest_ms = self.slowest_ms.max(other.slowest_ms);
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} s, at most {} ms until all was there; {} packets",
            self.elapsed_ms / 1000,
            self.slowest_ms,
            self.packets
        )?;
        for (count, text) in self.counts.iter().zip(Fault::TEXTS) {
            if *count > 0 {
                write!(f, ", {count} {text}")?;
            }
        }
        Ok(())
    }
}
