//! Several servers over one shelf: what one has taken the others have, whatever is wrong with one of them or with the shelf.

use std::collections::BTreeMap;

use super::*;
use crate::protocol::{AccountId, CHUNK_BYTES, FileTree, PIECE_MAX_BYTES};
use crate::store::RequestId;
use crate::store::blobs::{BlobOutcome, BlobRequest, MemoryBlobs};

/// A file of three pieces and a bit, and the stream as which it travels.
fn file() -> (BlobKey, Vec<u8>) {
    let content: Vec<u8> = (0..=250).cycle().take(6 * CHUNK_BYTES + 17).collect();
    let tree = FileTree::read(&mut &content[..]).unwrap();
    let key = BlobKey {
        account: AccountId(7),
        root: tree.root(),
        size: tree.size(),
    };
    (key, [tree.as_bytes(), &content].concat())
}

/// A server: its disk, and how it reaches the shelf.
struct Site {
    blobs: ShelvedBlobs,
    disk: MemoryBlobs,
    shelf: MemoryShelf,
    asked: u64,
    done: BTreeMap<RequestId, BlobOutcome>,
}

impl Site {
    fn new(shelf: &MemoryShelf) -> Self {
        Self::on(MemoryBlobs::default(), shelf)
    }

    fn on(disk: MemoryBlobs, shelf: &MemoryShelf) -> Self {
        let shelf = shelf.for_another();
        let (files, fetching) = (Box::new(disk.clone()), Box::new(disk.fetching()));
        Self {
            blobs: ShelvedBlobs::new(files, fetching, Box::new(shelf.clone())),
            disk,
            shelf,
            asked: 0,
            done: BTreeMap::new(),
        }
    }

    fn submit(&mut self, request: BlobRequest) -> RequestId {
        self.asked += 1;
        let id = RequestId(self.asked);
        self.blobs.execute(id, request);
        self.take_done();
        id
    }

    /// Does the next thing that can be done; whether there was one.
    fn step(&mut self) -> bool {
        let is_idle = if self.blobs.has_steps() {
            self.blobs.step();
            false
        } else if let Some((ticket, answer)) = self.shelf.poll() {
            self.blobs.on_answer(ticket, answer);
            false
        } else {
            true
        };
        self.take_done();
        !is_idle
    }

    fn take_done(&mut self) {
        while let Some(done) = self.blobs.poll() {
            let before = self.done.insert(done.id, done.outcome);
            assert_eq!(before, None, "it was answered twice");
        }
    }

    fn outcome(&mut self, id: RequestId) -> BlobOutcome {
        while self.step() {}
        self.done.remove(&id).expect("it was answered")
    }

    fn ask(&mut self, request: BlobRequest) -> BlobOutcome {
        let id = self.submit(request);
        self.outcome(id)
    }

    /// Brings a file from where the server wants it; what came of its last piece, or of its beginning.
    fn bring(&mut self, key: BlobKey, stream: &[u8]) -> BlobOutcome {
        let mut last = self.ask(BlobRequest::Begin(key));
        let BlobOutcome::Taken(from) = last else {
            return last;
        };
        let from = usize::try_from(from).unwrap();
        for (at, piece) in stream[from..].chunks(PIECE_MAX_BYTES).enumerate() {
            let offset = (from + at * PIECE_MAX_BYTES) as u64;
            let bytes = piece.to_vec();
            last = self.ask(BlobRequest::Write { key, offset, bytes });
        }
        last
    }

    fn read(&mut self, key: BlobKey, from: usize, length: usize) -> BlobOutcome {
        self.ask(read(key, from, length))
    }

    fn reads_all(&mut self, key: BlobKey, stream: &[u8]) {
        for from in (0..stream.len()).step_by(PIECE_MAX_BYTES) {
            let end = stream.len().min(from + PIECE_MAX_BYTES);
            let outcome = self.read(key, from, PIECE_MAX_BYTES);
            let is_it = outcome == BlobOutcome::Read(stream[from..end].to_vec());
            assert!(is_it, "another thing stands at {from}");
        }
    }
}

fn read(key: BlobKey, from: usize, length: usize) -> BlobRequest {
    BlobRequest::Read {
        key,
        offset: from as u64,
        length,
    }
}

fn condemn(key: BlobKey) -> BlobRequest {
    BlobRequest::Condemn {
        key,
        until_ms: None,
    }
}

#[test]
fn blob_is_read_at_a_server_that_never_took_it_and_then_without_the_shelf() {
    let shelf = MemoryShelf::default();
    let (key, stream) = file();
    let mut one = Site::new(&shelf);
    assert_eq!(one.bring(key, &stream), BlobOutcome::Complete);
    assert_eq!(shelf.pieces(&key), 4);
    // With its disk.
    drop(one);
    let mut two = Site::new(&shelf);
    // In the middle of its tree, and beyond a piece's end.
    let across = two.read(key, 100, 3 * CHUNK_BYTES);
    assert!(across == BlobOutcome::Read(stream[100..100 + 3 * CHUNK_BYTES].to_vec()));
    shelf.set_silent(true);
    two.reads_all(key, &stream);
    let end = two.read(key, stream.len(), 9);
    assert_eq!(end, BlobOutcome::Read(Vec::new()));
}

#[test]
fn nothing_is_complete_before_all_of_it_is_on_the_shelf() {
    let shelf = MemoryShelf::default();
    let (key, stream) = file();
    let mut one = Site::new(&shelf);
    let (first, last) = stream.split_at(stream.len() - 1);
    assert_eq!(
        one.bring(key, first),
        BlobOutcome::Taken(stream.len() as u64 - 17),
        "a chunk that has not come in full does not count"
    );
    let id = one.submit(BlobRequest::Write {
        key,
        offset: first.len() as u64,
        bytes: last.to_vec(),
    });
    while !one.done.contains_key(&id) {
        let mark = shelf.mark(&key);
        assert!(one.step(), "it was never answered");
        if one.done.contains_key(&id) {
            assert_eq!(mark, Some(Mark::Whole));
        }
    }
    assert_eq!(one.done.remove(&id), Some(BlobOutcome::Complete));
    assert_eq!(shelf.pieces(&key), 4);
}

#[test]
fn full_or_silent_shelf_is_told_and_what_is_here_need_not_be_brought_again() {
    let shelf = MemoryShelf::default();
    let (key, stream) = file();
    let mut one = Site::new(&shelf);
    shelf.set_full(true);
    let full = BlobOutcome::Failed { is_full: true };
    assert_eq!(one.bring(key, &stream), full);
    shelf.set_full(false);
    shelf.set_silent(true);
    let failed = BlobOutcome::Failed { is_full: false };
    assert_eq!(one.ask(BlobRequest::Begin(key)), failed);
    shelf.set_silent(false);
    assert_eq!(one.ask(BlobRequest::Begin(key)), BlobOutcome::Complete);
    shelf.set_silent(true);
    let mut two = Site::new(&shelf);
    assert_eq!(two.read(key, 0, 9), failed);
    shelf.set_silent(false);
    two.reads_all(key, &stream);
}

#[test]
fn damaged_or_missing_piece_is_told_and_never_read_and_the_blob_can_be_brought_again() {
    let (key, stream) = file();
    let flipped: Change = |mut piece| {
        piece[99_000] ^= 1;
        Some(piece)
    };
    let cut: Change = |mut piece| {
        piece.truncate(9);
        Some(piece)
    };
    let changes: [(u64, Change); 4] = [(0, flipped), (2, flipped), (2, cut), (2, |_| None)];
    for (number, change) in changes {
        let shelf = MemoryShelf::default();
        let mut one = Site::new(&shelf);
        one.bring(key, &stream);
        drop(one);
        shelf.change(&key, number, change);
        let mut two = Site::new(&shelf);
        let last = two.read(key, stream.len() - 9, 9);
        let is_told = matches!(last, BlobOutcome::Damaged(_) | BlobOutcome::Missing);
        assert!(is_told, "{number}: {last:?}");
        let begun = two.ask(BlobRequest::Begin(key));
        assert_eq!(begun, BlobOutcome::Taken(0), "{number}");
        assert_eq!(two.bring(key, &stream), BlobOutcome::Complete);
        Site::new(&shelf).reads_all(key, &stream);
    }
}

#[test]
fn copy_that_comes_undamaged_at_another_try_is_read() {
    let shelf = MemoryShelf::default();
    let (key, stream) = file();
    Site::new(&shelf).bring(key, &stream);
    let right = std::cell::RefCell::new(Vec::new());
    shelf.change(&key, 1, |piece| {
        right.borrow_mut().clone_from(&piece);
        Some(vec![0; piece.len()])
    });
    let mut two = Site::new(&shelf);
    let id = two.submit(read(key, 0, stream.len()));
    for _ in 0..8 {
        assert!(two.step());
    }
    shelf.change(&key, 1, |_| Some(right.take()));
    assert!(two.outcome(id) == BlobOutcome::Read(stream));
}

#[test]
fn reads_are_answered_in_order_and_as_soon_as_what_they_want_has_come() {
    let shelf = MemoryShelf::default();
    let (key, stream) = file();
    Site::new(&shelf).bring(key, &stream);
    let mut two = Site::new(&shelf);
    let first = two.submit(read(key, 0, 9));
    while !two.done.contains_key(&first) {
        assert!(two.step());
    }
    let last = two.submit(read(key, stream.len() - 9, 9));
    let early = two.submit(read(key, 0, 9));
    assert!(
        !two.done.contains_key(&early),
        "one that was asked for earlier waits"
    );
    assert!(two.step() && !two.done.contains_key(&last));
    let end = stream[stream.len() - 9..].to_vec();
    assert_eq!(two.outcome(last), BlobOutcome::Read(end));
    assert_eq!(two.outcome(early), BlobOutcome::Read(stream[..9].to_vec()));
}

#[test]
fn what_another_server_has_put_on_the_shelf_is_not_brought_again() {
    let shelf = MemoryShelf::default();
    let (key, stream) = file();
    let mut two = Site::new(&shelf);
    two.ask(BlobRequest::Begin(key));
    let bytes = stream[..PIECE_MAX_BYTES].to_vec();
    two.ask(BlobRequest::Write {
        key,
        offset: 0,
        bytes,
    });
    two.ask(BlobRequest::Close(key));
    Site::new(&shelf).bring(key, &stream);
    assert_eq!(two.ask(BlobRequest::Begin(key)), BlobOutcome::Complete);
    assert_eq!(two.ask(BlobRequest::Confirm(key)), BlobOutcome::Complete);
    let found = two.ask(BlobRequest::List(key.root.0[0]));
    assert_eq!(found, BlobOutcome::Found(Vec::new()), "its part is left");
}

#[test]
fn what_was_here_before_there_was_a_shelf_is_put_there_once() {
    let (key, stream) = file();
    let shelf = MemoryShelf::default();
    let mut before = Site::new(&shelf);
    before.bring(key, &stream);
    let shelf = MemoryShelf::default();
    let mut one = Site::on(before.disk, &shelf);
    let list = BlobRequest::ListShelved(key.root.0[0]);
    assert_eq!(one.ask(list.clone()), BlobOutcome::Shelved(Vec::new()));
    assert_eq!(one.ask(BlobRequest::Shelve(key)), BlobOutcome::Done);
    assert_eq!(one.ask(list), BlobOutcome::Shelved(vec![key]));
    shelf.set_full(true);
    assert_eq!(one.ask(BlobRequest::Shelve(key)), BlobOutcome::Done);
    Site::new(&shelf).reads_all(key, &stream);
}

#[test]
fn condemned_blob_is_gone_once_it_is_purged_and_a_young_one_is_not_condemned_by_a_pass() {
    let shelf = MemoryShelf::default();
    let (key, stream) = file();
    let mut one = Site::new(&shelf);
    shelf.set_time(5000);
    one.bring(key, &stream);
    let until_ms = Some(4999);
    let young = one.ask(BlobRequest::Condemn { key, until_ms });
    assert_eq!(
        (young, shelf.mark(&key)),
        (BlobOutcome::Done, Some(Mark::Whole))
    );
    one.reads_all(key, &stream);
    let until_ms = Some(5000);
    let BlobOutcome::Condemned(through) = one.ask(BlobRequest::Condemn { key, until_ms }) else {
        panic!("it is old");
    };
    assert_eq!(shelf.pieces(&key), 4);
    one.ask(BlobRequest::Purge { key, through });
    assert_eq!((shelf.pieces(&key), shelf.mark(&key)), (0, None));
    assert_eq!(one.read(key, 0, 9), BlobOutcome::Missing);
}

#[test]
fn fetch_of_a_blob_that_is_dropped_ends_and_another_one_begins_anew() {
    let shelf = MemoryShelf::default();
    let (key, stream) = file();
    Site::new(&shelf).bring(key, &stream);
    let mut two = Site::new(&shelf);
    for steps in 0..5 {
        let id = two.submit(read(key, stream.len() - 9, 9));
        for _ in 0..steps {
            two.step();
        }
        two.submit(BlobRequest::Drop(key));
        assert_eq!(two.outcome(id), BlobOutcome::Missing, "{steps}");
    }
    two.reads_all(key, &stream);
}

/// What becomes of a piece: nothing, or another one.
type Change = fn(Vec<u8>) -> Option<Vec<u8>>;

/// A number below another one, by a seed that goes on.
fn below(seed: &mut u64, most: u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    (*seed >> 33) % most
}

/// Two servers, of which one brings a blob and the other removes it, in an order that a seed decides.
struct Race {
    seed: u64,
    one: Site,
    two: Site,
    /// Whether the servers' log says that it is kept.
    is_noted: bool,
    removing: Option<RequestId>,
    /// What is to be purged up to there, which the shelf is not told yet.
    to_purge: Option<u64>,
    bringing: Option<RequestId>,
    /// It is here, and the log does not say so yet.
    is_whole: bool,
    confirming: Option<RequestId>,
    is_confirmed: bool,
    purges: u64,
}

impl Race {
    fn new(seed: u64, shelf: &MemoryShelf, key: BlobKey) -> Self {
        let (one, mut two) = (Site::new(shelf), Site::new(shelf));
        let bringing = Some(two.submit(BlobRequest::Begin(key)));
        Self {
            seed,
            one,
            two,
            is_noted: false,
            removing: None,
            to_purge: None,
            bringing,
            is_whole: false,
            confirming: None,
            is_confirmed: false,
            purges: 0,
        }
    }

    /// The one that removes it does the next thing.
    fn remove(&mut self, key: BlobKey) {
        self.one.step();
        if let Some(through) = self.to_purge {
            if below(&mut self.seed, 16) == 0 {
                self.to_purge = None;
                self.purges += 1;
                self.one.submit(BlobRequest::Purge { key, through });
            }
            return;
        }
        let Some(id) = self.removing else {
            if !self.is_noted && below(&mut self.seed, 8) == 0 {
                self.removing = Some(self.one.submit(condemn(key)));
            }
            return;
        };
        match self.one.done.get(&id) {
            Some(BlobOutcome::Condemned(through)) if below(&mut self.seed, 4) == 0 => {
                // The log is asked now, and the shelf told some steps later.
                self.to_purge = (!self.is_noted).then_some(*through);
                self.removing = None;
            }
            Some(BlobOutcome::Done) => self.removing = None,
            _ => {}
        }
    }

    /// The one that brings it does the next thing.
    fn bring(&mut self, key: BlobKey, stream: &[u8]) {
        self.two.step();
        if self.is_whole && below(&mut self.seed, 4) == 0 {
            (self.is_whole, self.is_noted) = (false, true);
            self.confirming = Some(self.two.submit(BlobRequest::Confirm(key)));
        }
        let brought = self.bringing.and_then(|id| self.two.done.remove(&id));
        match brought {
            Some(BlobOutcome::Taken(from)) => {
                let bytes = stream[usize::try_from(from).unwrap()..].to_vec();
                let offset = from;
                let write = BlobRequest::Write { key, offset, bytes };
                self.bringing = Some(self.two.submit(write));
            }
            Some(BlobOutcome::Complete) => self.is_whole = true,
            // Labels have changed too often under it.
            Some(BlobOutcome::Failed { .. }) => self.begin(key),
            Some(other) => panic!("{other:?}"),
            None => {}
        }
        let confirmed = self.confirming.and_then(|id| self.two.done.remove(&id));
        match confirmed {
            Some(BlobOutcome::Complete) => self.is_confirmed = true,
            // It is neither here nor there any longer: it is brought again.
            Some(BlobOutcome::Missing | BlobOutcome::Failed { .. }) => self.begin(key),
            Some(other) => panic!("{other:?}"),
            None => {}
        }
    }

    fn begin(&mut self, key: BlobKey) {
        self.bringing = Some(self.two.submit(BlobRequest::Begin(key)));
    }
}

#[test]
fn blob_that_comes_again_while_it_is_removed_elsewhere_stays_whole_whatever_is_first() {
    let (key, stream) = file();
    let mut purges = 0;
    for seed in 0..1000 {
        let shelf = MemoryShelf::default();
        Site::new(&shelf).bring(key, &stream);
        let mut race = Race::new(seed, &shelf, key);
        while !race.is_confirmed || race.removing.is_some() || race.to_purge.is_some() {
            if below(&mut race.seed, 2) == 0 {
                race.remove(key);
            } else {
                race.bring(key, &stream);
            }
        }
        while race.one.step() {}
        assert_eq!(shelf.pieces(&key), 4, "{seed}");
        Site::new(&shelf).reads_all(key, &stream);
        purges += race.purges;
    }
    assert!(purges > 100, "{purges}");
}
