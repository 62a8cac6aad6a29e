//! The uploads under way, and what is left of those that were interrupted.
//!
//! An upload belongs to an account and not to a session: it survives its session, and goes on where it was on the next one.
//! If several sessions bring one file, the newest of them does, and the others are told how far it comes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::protocol::{AccountId, Bytes, FileSize};
use crate::server::ctx::requests::RequestOrigin;
use crate::store::{BlobKey, counted_bytes};
use crate::transport::SessionId;

/// Uploads of one account, interrupted ones too. Chosen: one for each of the files that a person sends at once; a part takes
/// room on the disk until its upload goes on. At the limit the one that was interrupted longest ago is dropped, and if none was,
/// another is refused.
pub const PER_ACCOUNT: usize = 4;

/// Uploads of all accounts together for which something is in memory: a tree and a chunk. Chosen: with the trees of files
/// of the default limit it is 30 MB. At the limit one that has been silent for [`SILENT`] has to begin again, or one of an account
/// that has more than the one that asks ([`Uploads::gives_way`]); if there is none, another is refused.
pub const OPEN_MAX: usize = 256;

/// Uploads of all accounts together, interrupted ones too. Chosen: what is kept of them is a megabyte. At the limit the one
/// that was interrupted longest ago is dropped.
const KEPT_MAX: usize = 4096;

/// After so long without a piece an upload can make room for another. Chosen: longer than a link that is merely bad.
const SILENT: Duration = Duration::from_mins(1);

/// For so long an upload goes on before it gives way to one of an account that has none, where all have as many. Chosen: a file of
/// the default limit is over by then on a link of 2 Mbit/s.
const TURN: Duration = Duration::from_mins(10);

/// After so long nothing of it is kept in memory. Chosen: longer than most interruptions, after which its part is not
/// verified again.
const CLOSED_AFTER: Duration = Duration::from_mins(10);

/// How often what came of an upload may not fit its root. Chosen: a fault of a disk or a memory is rarer, and a file that is not
/// what it is called never fits.
pub const DAMAGED_MAX: u32 = 8;

/// How far an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It waits for the store, which is asked whether the file is there.
    Asked,
    /// It waits for the blobs, which are asked how much of it is.
    Beginning,
    /// Pieces are taken.
    Streaming,
    /// All is there; the store is to note that.
    Adding,
    /// Nobody brings it for now.
    Closed,
}

/// One upload.
#[derive(Debug)]
pub struct Upload {
    pub stage: Stage,
    /// Who is told of it; the last one brings it.
    pub attached: Vec<RequestOrigin>,
    /// So much of the stream is verified and written, as far as the hub knows.
    pub taken: u64,
    /// Where the next piece begins.
    pub expected: u64,
    /// Pieces that begin elsewhere are dropped, and that was said.
    pub is_resyncing: bool,
    /// It is to be said where to go on, once nothing is being written.
    pub is_answer_due: bool,
    /// Pieces that are being written.
    pub writes: usize,
    /// How often something did not fit the root.
    pub damaged: u32,
    /// The store has noted the file already.
    pub has_row: bool,
    /// When something came of it last.
    pub active: Instant,
    /// When it was begun, the last time.
    pub begun: Instant,
}

impl Upload {
    pub const fn new(now: Instant) -> Self {
        Self {
            stage: Stage::Asked,
            attached: Vec::new(),
            taken: 0,
            expected: 0,
            is_resyncing: false,
            is_answer_due: false,
            writes: 0,
            damaged: 0,
            has_row: false,
            active: now,
            begun: now,
        }
    }

    /// The same while nobody brings it.
    pub fn closed(self) -> Self {
        Self {
            stage: Stage::Closed,
            attached: Vec::new(),
            ..self
        }
    }

    /// The session brings it from now on.
    pub fn attach(&mut self, now: Instant, origin: RequestOrigin) {
        self.active = now;
        self.attached
            .retain(|other| other.session != origin.session);
        self.attached.push(origin);
    }

    /// Whether the pieces with this tag of this session are taken.
    #[must_use]
    pub fn is_writer(&self, session: SessionId, tag: u32) -> bool {
        let is_it = |origin: &RequestOrigin| origin.session == session && origin.tag == tag;
        self.attached.last().is_some_and(is_it)
    }

    /// Whether a piece from this offset on is to be taken. Where it is not, it is said once where to go on.
    pub fn expects(&mut self, offset: u64) -> bool {
        if self.stage != Stage::Streaming || self.is_answer_due {
            return false;
        }
        if offset == self.expected {
            self.is_resyncing = false;
            return true;
        }
        if !self.is_resyncing {
            self.go_back();
        }
        false
    }

    /// It goes on from what is taken, which is to be said. What is under way is dropped without another word.
    pub const fn go_back(&mut self) {
        self.is_answer_due = true;
        self.is_resyncing = true;
    }

    /// It goes on from what is taken, which is to be said to one who asks for the first time.
    pub const fn begin(&mut self) {
        self.is_answer_due = true;
        self.is_resyncing = false;
    }

    /// Whether it is to be said now where to go on; once.
    pub fn take_answer(&mut self) -> bool {
        let is_now = self.is_answer_due && self.writes == 0;
        if is_now {
            self.is_answer_due = false;
            self.expected = self.taken;
        }
        is_now
    }

    /// Whether it can make room for another, since nobody seems to bring it.
    fn is_silent(&self, now: Instant) -> bool {
        matches!(self.stage, Stage::Streaming | Stage::Closed)
            && self.writes == 0
            && now.saturating_duration_since(self.active) >= SILENT
    }

    fn is_interrupted(&self) -> bool {
        self.attached.is_empty() && self.is_resting()
    }

    fn is_resting(&self) -> bool {
        matches!(self.stage, Stage::Streaming | Stage::Closed) && self.writes == 0
    }
}

/// Which other upload makes room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Room {
    /// There is room.
    Free,
    /// What there is of this one is dropped.
    Drop(BlobKey),
    /// Nothing of this one is kept in memory.
    Close(BlobKey),
    /// This one has to go on later, though it is being brought.
    Interrupt(BlobKey),
    /// There is none for now; the sentence says why.
    None(String),
}

/// What the account is told that has as many as it may.
pub fn per_account() -> String {
    format!("{PER_ACCOUNT} of your uploads are under way: wait for one of them")
}

/// All uploads.
#[derive(Debug, Default)]
pub struct Uploads {
    uploads: BTreeMap<BlobKey, Upload>,
}

impl Uploads {
    pub fn get(&self, key: &BlobKey) -> Option<&Upload> {
        self.uploads.get(key)
    }

    pub fn get_mut(&mut self, key: &BlobKey) -> Option<&mut Upload> {
        self.uploads.get_mut(key)
    }

    pub fn insert(&mut self, key: BlobKey, upload: Upload) {
        self.uploads.insert(key, upload);
    }

    pub fn remove(&mut self, key: &BlobKey) -> Option<Upload> {
        self.uploads.remove(key)
    }

    pub fn len(&self) -> usize {
        self.uploads.len()
    }

    /// An earlier server has left so much of one; what has to go for it.
    pub fn adopt(&mut self, key: BlobKey, taken: u64, active: Instant) -> Option<BlobKey> {
        if let Some(upload) = self.uploads.get_mut(&key) {
            // It is to go on already.
            upload.taken = taken;
            return None;
        }
        let mut upload = Upload::new(active).closed();
        upload.taken = taken;
        self.uploads.insert(key, upload);
        if self.of_account(key.account).count() > PER_ACCOUNT {
            return self
                .oldest(|other, upload| other.account == key.account && upload.is_interrupted());
        }
        if self.uploads.len() > KEPT_MAX {
            return self.oldest(|_, upload| upload.is_interrupted());
        }
        None
    }

    /// The one of these from which nothing has come for the longest time.
    fn oldest(&self, is_one: impl Fn(&BlobKey, &Upload) -> bool) -> Option<BlobKey> {
        let candidates = self
            .uploads
            .iter()
            .filter(|(key, upload)| is_one(key, upload));
        let oldest = candidates.min_by_key(|(_, upload)| upload.active);
        oldest.map(|(key, _)| *key)
    }

    /// The store's row of a file is gone; whether the file is being brought.
    pub fn forget_row(&mut self, key: &BlobKey) -> bool {
        let upload = self.uploads.get_mut(key);
        upload.is_some_and(|upload| {
            upload.has_row = false;
            true
        })
    }

    /// Whether it is being brought now, or was within [`CLOSED_AFTER`].
    pub fn is_open(&self, key: &BlobKey) -> bool {
        let upload = self.uploads.get(key);
        upload.is_some_and(|upload| upload.stage != Stage::Closed)
    }

    /// Bytes that the uploads will take when they are complete, and of those that nobody brings, or not for [`SILENT`], what has
    /// come: the account's, and all. `key` is not counted.
    pub fn reserved(&self, now: Instant, key: &BlobKey) -> (u64, u64) {
        let (mut own, mut all) = (0, 0);
        for (other, upload) in &self.uploads {
            if other != key && !upload.has_row {
                let bytes = match upload.stage {
                    // One that the user has cancelled is silent, too. If it goes on, the store has the last word.
                    _ if upload.is_silent(now) => other.size.bytes().min(upload.taken),
                    Stage::Closed => other.size.bytes().min(upload.taken),
                    _ => other.size.bytes(),
                };
                let bytes = counted_bytes(bytes);
                all += bytes;
                own += if other.account == key.account {
                    bytes
                } else {
                    0
                };
            }
        }
        (own, all)
    }

    /// What makes room for an upload of this account.
    pub fn room_for(&self, now: Instant, key: &BlobKey) -> Room {
        let others = || self.uploads.iter().filter(|(other, _)| *other != key);
        let oldest = |is_one: &dyn Fn(&BlobKey, &Upload) -> bool| {
            self.oldest(|other, upload| other != key && is_one(other, upload))
        };
        if self
            .of_account(key.account)
            .filter(|(other, _)| *other != key)
            .count()
            >= PER_ACCOUNT
        {
            let own =
                oldest(&|other, upload| other.account == key.account && upload.is_interrupted());
            return own.map_or(Room::None(per_account()), Room::Drop);
        }
        if others()
            .filter(|(_, upload)| upload.stage != Stage::Closed)
            .count()
            >= OPEN_MAX
        {
            let silent =
                oldest(&|_, upload| upload.stage != Stage::Closed && upload.is_silent(now));
            let gives_way = || self.gives_way(now, key.account).map(Room::Interrupt);
            let found = silent.map(Room::Close).or_else(gives_way);
            return found.unwrap_or_else(|| {
                Room::None(format!("the server takes {OPEN_MAX} uploads at once"))
            });
        }
        if others().count() >= KEPT_MAX {
            let left = oldest(&|_, upload| upload.is_interrupted());
            return left.map_or(
                Room::None("the server keeps as many unfinished uploads as it may".into()),
                Room::Drop,
            );
        }
        Room::Free
    }

    /// The upload that goes on later so that another account has a turn: one of those that have the most, if they have at least
    /// two more, or one more for [`TURN`]. So nobody keeps others out for ever, and no two take turns at each other's cost.
    fn gives_way(&self, now: Instant, asker: AccountId) -> Option<BlobKey> {
        let mut open = BTreeMap::<AccountId, usize>::new();
        for (key, upload) in &self.uploads {
            if upload.stage != Stage::Closed {
                *open.entry(key.account).or_default() += 1;
            }
        }
        let own = open.get(&asker).copied().unwrap_or(0);
        let has_more = |key: &BlobKey, upload: &Upload| {
            let theirs = open.get(&key.account).copied().unwrap_or(0);
            let had_turn = now.saturating_duration_since(upload.begun) >= TURN;
            upload.stage == Stage::Streaming && theirs > if had_turn { own } else { own + 1 }
        };
        let candidates = self
            .uploads
            .iter()
            .filter(|(key, upload)| has_more(key, upload));
        let first = candidates.min_by_key(|(key, upload)| {
            let most = open.get(&key.account).copied();
            (std::cmp::Reverse(most), upload.begun)
        });
        first.map(|(key, _)| *key)
    }

    /// Bytes that are still to come of an account's uploads, but for this one.
    pub fn to_come(&self, key: &BlobKey) -> u64 {
        let others = self
            .of_account(key.account)
            .filter(|(other, _)| *other != key);
        let to_come = others.map(|(other, upload)| {
            let came = match upload.stage {
                Stage::Beginning => upload.taken,
                Stage::Streaming => upload.expected,
                Stage::Asked | Stage::Adding | Stage::Closed => return 0,
            };
            other.size.stream_bytes().saturating_sub(came)
        });
        to_come.sum()
    }

    fn of_account(&self, account: AccountId) -> impl Iterator<Item = (&BlobKey, &Upload)> {
        let bound = |byte: u8, bytes: u64| BlobKey {
            account,
            root: Bytes([byte; 32]),
            size: FileSize::new(bytes).unwrap_or_else(FileSize::largest),
        };
        self.uploads.range(bound(0, 0)..=bound(0xff, u64::MAX))
    }

    /// A session is over: nobody is told there. Those whose turn it is then.
    pub fn detach(&mut self, now: Instant, session: SessionId) -> Vec<BlobKey> {
        let mut inherited = Vec::new();
        for (key, upload) in &mut self.uploads {
            let was_writer = upload
                .attached
                .last()
                .is_some_and(|it| it.session == session);
            upload.attached.retain(|it| it.session != session);
            if was_writer {
                upload.active = now;
                if !upload.attached.is_empty() && upload.stage == Stage::Streaming {
                    inherited.push(*key);
                }
            }
        }
        inherited
    }

    /// Those of which nothing has come for long.
    pub fn idle(&self, now: Instant) -> Vec<BlobKey> {
        let is_idle = |upload: &Upload| {
            upload.stage == Stage::Streaming
                && upload.is_resting()
                && now.saturating_duration_since(upload.active) >= CLOSED_AFTER
        };
        let idle = self.uploads.iter().filter(|(_, upload)| is_idle(upload));
        idle.map(|(key, _)| *key).collect()
    }

    /// When the next one will have been idle for long.
    pub fn deadline(&self) -> Option<Instant> {
        let open = self.uploads.values();
        let open = open.filter(|upload| upload.stage == Stage::Streaming && upload.is_resting());
        open.map(|upload| upload.active + CLOSED_AFTER).min()
    }
}
