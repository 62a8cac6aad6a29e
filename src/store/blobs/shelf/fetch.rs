//! The way of a blob from the shelf: piece by piece, each verified before anybody is given it.

use std::collections::VecDeque;

use super::shelved::{Asked, ShelvedBlobs};
use super::{Mark, SHELF_PIECE_BYTES, ShelfAnswer, ShelfRequest, Ticket};
use crate::store::RequestId;
use crate::store::blobs::{BlobKey, BlobOutcome, BlobRequest};

/// How many blobs are fetched at once. Chosen: with a piece of each under way it is half a megabyte in memory, and one that is
/// large does not hold up the others. At the limit they wait, each for its turn.
const FETCHES_MAX: usize = 4;

/// How many reads may wait for what is fetched. Chosen: a quarter of all that may be under way, so that a shelf that does not answer
/// keeps nobody from what is here. At the limit another one fails, and is asked for again by who wants it.
const WAITING_MAX: usize = 256;

/// How often what comes may not fit the root, of one blob. Chosen: a shelf has at most five copies, which are asked in turn.
const DAMAGED_MAX: u32 = 10;

/// A read that waits for what is fetched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waiting {
    pub(super) id: RequestId,
    /// Where in the stream it begins, and where it ends.
    pub(super) from: u64,
    pub(super) to: u64,
}

/// A blob that is fetched.
#[derive(Debug)]
pub(super) struct Fetch {
    key: BlobKey,
    /// So much of the stream has come, in bytes.
    came: u64,
    damaged: u32,
    /// Who waits, in the order in which they are answered.
    pub(super) waiting: VecDeque<Waiting>,
}

impl Fetch {
    pub(super) const fn new(key: BlobKey) -> Self {
        Self {
            key,
            came: 0,
            damaged: 0,
            waiting: VecDeque::new(),
        }
    }

    /// What the shelf is asked for next.
    pub(super) const fn request(&self) -> ShelfRequest {
        ShelfRequest::Get {
            key: self.key,
            number: self.came / SHELF_PIECE_BYTES as u64,
            damaged: self.damaged,
        }
    }

    /// The part of a piece that goes on where the stream is, if it is that piece, and where that is.
    pub(super) fn takes<'p>(&self, piece: &'p [u8]) -> Option<(u64, &'p [u8])> {
        let number = self.came / SHELF_PIECE_BYTES as u64;
        let (from, length) = super::put::piece(&self.key, number);
        if piece.len() != length {
            return None;
        }
        let within = usize::try_from(self.came - from).ok()?;
        Some((self.came, piece.get(within..)?))
    }

    /// So much of the stream has come, in bytes.
    pub(super) const fn came(&self) -> u64 {
        self.came
    }

    /// So much of the stream has come.
    pub(super) const fn has(&mut self, bytes: u64) {
        self.came = bytes;
    }

    /// What has come does not fit, and so much does; whether it is tried again.
    pub(super) const fn tries_again(&mut self, bytes: u64) -> bool {
        self.came = bytes;
        self.damaged += 1;
        self.damaged < DAMAGED_MAX
    }
}

impl ShelvedBlobs {
    pub(super) fn read(&mut self, id: RequestId, key: BlobKey, (offset, length): (u64, usize)) {
        if !self.fetches.contains_key(&key) {
            let request = BlobRequest::Read {
                key,
                offset,
                length,
            };
            match self.here.execute(id, request) {
                Some(done) if done.outcome == BlobOutcome::Missing => {}
                Some(done) => return self.done.push_back(done),
                // Only a beginning takes longer.
                None => return self.tell(id, BlobOutcome::Failed { is_full: false }),
            }
        }
        let waiting: usize = self
            .fetches
            .values()
            .map(|(fetch, _)| fetch.waiting.len())
            .sum();
        if waiting >= WAITING_MAX {
            return self.tell(id, BlobOutcome::Failed { is_full: false });
        }
        let end = offset.saturating_add(length as u64);
        let waiting = Waiting {
            id,
            from: offset,
            to: end.min(key.size.stream_bytes()).max(offset),
        };
        if let Some((fetch, _)) = self.fetches.get_mut(&key) {
            fetch.waiting.push_back(waiting);
            return self.answer_waiting(key);
        }
        let mut fetch = Fetch::new(key);
        fetch.waiting.push_back(waiting);
        self.fetches.insert(key, (fetch, None));
        self.fetch_next.push_back(key);
        self.begin_fetches();
    }

    fn begin_fetches(&mut self) {
        let under_way = |(_, ticket): &&(Fetch, Option<Ticket>)| ticket.is_some();
        while self.fetches.values().filter(under_way).count() < FETCHES_MAX
            && let Some(key) = self.fetch_next.pop_front()
        {
            let ticket = self.ticket();
            let Some((_, under_way)) = self.fetches.get_mut(&key) else {
                continue;
            };
            *under_way = Some(ticket);
            match self
                .fetched
                .execute(RequestId(ticket.0), BlobRequest::Begin(key))
            {
                Some(done) => self.on_fetched(key, ticket, done.outcome),
                None => drop(self.asked.insert(ticket, Asked::Fetch(key))),
            }
        }
    }

    pub(super) fn on_piece(&mut self, key: BlobKey, ticket: Ticket, answer: ShelfAnswer) {
        let Some((fetch, _)) = self.fetches.get(&key).filter(|(_, of)| *of == Some(ticket)) else {
            return;
        };
        let bytes = match answer {
            ShelfAnswer::Piece(Some(bytes)) => bytes,
            ShelfAnswer::Piece(None) => return self.fail_to_fetch(key, &BlobOutcome::Missing),
            _ => return self.end_fetch(key, &BlobOutcome::Failed { is_full: false }),
        };
        let outcome = match fetch.takes(&bytes) {
            Some((offset, bytes)) => {
                let bytes = bytes.to_vec();
                let end = offset + bytes.len() as u64;
                let request = BlobRequest::Write { key, offset, bytes };
                let done = self.fetched.execute(RequestId(ticket.0), request);
                match done.map(|done| done.outcome) {
                    Some(BlobOutcome::Taken(_)) => BlobOutcome::Taken(end),
                    Some(outcome) => outcome,
                    None => BlobOutcome::Failed { is_full: false },
                }
            }
            None => BlobOutcome::Damaged(fetch.came()),
        };
        self.on_fetched(key, ticket, outcome);
    }

    /// Something of a blob has come, or what had come was looked at.
    pub(super) fn on_fetched(&mut self, key: BlobKey, ticket: Ticket, outcome: BlobOutcome) {
        let Some((fetch, _)) = self
            .fetches
            .get_mut(&key)
            .filter(|(_, of)| *of == Some(ticket))
        else {
            // It was dropped since: what was opened for it is of no use.
            self.fetched.execute(RequestId(0), BlobRequest::Close(key));
            return;
        };
        match outcome {
            BlobOutcome::Taken(bytes) => fetch.has(bytes),
            BlobOutcome::Damaged(bytes) => {
                if !fetch.tries_again(bytes) {
                    return self.fail_to_fetch(key, &BlobOutcome::Damaged(bytes));
                }
            }
            BlobOutcome::Complete => return self.have_fetched(key),
            BlobOutcome::Failed { .. } => return self.end_fetch(key, &outcome),
            _ => return self.end_fetch(key, &BlobOutcome::Failed { is_full: false }),
        }
        self.answer_waiting(key);
        if let Some((fetch, _)) = self.fetches.get(&key) {
            let request = fetch.request();
            let ticket = self.ask(Asked::Fetch(key), request);
            if let Some((_, under_way)) = self.fetches.get_mut(&key) {
                *under_way = Some(ticket);
            }
        }
    }

    /// Answers the reads of what has come, in order.
    fn answer_waiting(&mut self, key: BlobKey) {
        while let Some((fetch, _)) = self.fetches.get_mut(&key)
            && let Some(next) = fetch.waiting.front().copied()
            && let Some(bytes) = self.fetched.verified(&key, next.from, next.to)
        {
            fetch.waiting.pop_front();
            self.tell(next.id, BlobOutcome::Read(bytes));
        }
    }

    fn have_fetched(&mut self, key: BlobKey) {
        let Some((fetch, _)) = self.fetches.remove(&key) else {
            return;
        };
        for Waiting { id, from, to } in fetch.waiting {
            let length = usize::try_from(to - from).unwrap_or(usize::MAX);
            let request = BlobRequest::Read {
                key,
                offset: from,
                length,
            };
            self.done.extend(self.here.execute(id, request));
        }
        self.begin_fetches();
    }

    /// No copy on the shelf has all of a blob as it has to be: it has to be brought again to be there.
    fn fail_to_fetch(&mut self, key: BlobKey, outcome: &BlobOutcome) {
        tracing::error!(
            root = ?key.root,
            account = key.account.0,
            "an attached file is missing or damaged where all servers should have it"
        );
        let request = ShelfRequest::Label {
            key,
            mark: Mark::Condemned,
            after: None,
        };
        self.ask(Asked::Nothing, request);
        self.end_fetch(key, outcome);
    }

    /// Nothing more of a blob is fetched. What has come stays, and is gone on with when it is read again.
    pub(super) fn end_fetch(&mut self, key: BlobKey, outcome: &BlobOutcome) {
        self.fetch_next.retain(|next| *next != key);
        if let Some((fetch, _)) = self.fetches.remove(&key) {
            for waiting in fetch.waiting {
                self.tell(waiting.id, outcome.clone());
            }
            self.fetched.execute(RequestId(0), BlobRequest::Close(key));
            self.begin_fetches();
        }
    }
}
