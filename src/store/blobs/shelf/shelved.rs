//! The blobs of a server that shares them: what is asked for is done here, on the shelf, or on both.

use std::collections::{BTreeMap, VecDeque};

use super::fetch::Fetch;
use super::put::Put;
use super::{Label, Mark, Shelf, ShelfAnswer, ShelfRequest, TakeAnswer, Ticket};
use crate::store::RequestId;
use crate::store::blobs::{BlobCompletion, BlobFiles, BlobKey, BlobOutcome, BlobRequest, Blobs};

/// What is done with an answer of the shelf.
#[derive(Debug)]
pub(super) enum Asked {
    /// An upload begins, of which so much is here.
    Begin(RequestId, BlobKey, BlobOutcome),
    Confirm(RequestId, BlobKey),
    Confirmed(RequestId, BlobKey),
    Shelve(RequestId, BlobKey),
    LookToCondemn(RequestId, BlobKey, Option<u64>),
    Condemn(RequestId),
    Told(RequestId),
    Put(BlobKey),
    Fetch(BlobKey),
    Nothing,
}

/// All blobs of a server that shares them with others.
pub struct ShelvedBlobs {
    pub(super) here: Blobs,
    /// The same whole blobs, and what has come of those that are fetched.
    pub(super) fetched: Blobs,
    shelf: Box<dyn Shelf>,
    tickets: u64,
    pub(super) asked: BTreeMap<Ticket, Asked>,
    /// Uploads of which it is being looked how much is here.
    begun: BTreeMap<RequestId, BlobKey>,
    /// Who waits until a blob is on the shelf, and of what they are told then; those of [`Self::puts`] included.
    pub(super) to_put: BTreeMap<BlobKey, Vec<(RequestId, BlobOutcome)>>,
    pub(super) put_next: VecDeque<BlobKey>,
    pub(super) puts: BTreeMap<BlobKey, (Put, Ticket)>,
    /// The ticket is that of what is under way; none while it waits for its turn.
    pub(super) fetches: BTreeMap<BlobKey, (Fetch, Option<Ticket>)>,
    pub(super) fetch_next: VecDeque<BlobKey>,
    pub(super) done: VecDeque<BlobCompletion>,
}

impl ShelvedBlobs {
    /// Those in these files, of which some may be fetched with the help of the second ones, and on this shelf.
    #[must_use]
    pub fn new(
        files: Box<dyn BlobFiles>,
        fetching: Box<dyn BlobFiles>,
        shelf: Box<dyn Shelf>,
    ) -> Self {
        Self {
            here: Blobs::new(files),
            fetched: Blobs::new(fetching),
            shelf,
            tickets: 0,
            asked: BTreeMap::new(),
            begun: BTreeMap::new(),
            to_put: BTreeMap::new(),
            put_next: VecDeque::new(),
            puts: BTreeMap::new(),
            fetches: BTreeMap::new(),
            fetch_next: VecDeque::new(),
            done: VecDeque::new(),
        }
    }

    /// Where the shelf's answers go from now on.
    pub(in crate::store::blobs) fn answer_to(&mut self, take: TakeAnswer) {
        self.shelf.answer_to(take);
    }

    /// Takes a request. Its completion is polled, now or later.
    pub fn execute(&mut self, id: RequestId, request: BlobRequest) {
        match request {
            BlobRequest::Begin(key) => match self.here.execute(id, BlobRequest::Begin(key)) {
                Some(done) => self.on_begun(id, key, done.outcome),
                None => drop(self.begun.insert(id, key)),
            },
            BlobRequest::Write { key, .. } => {
                let done = self.here.execute(id, request);
                match done.map(|done| done.outcome) {
                    Some(BlobOutcome::Complete) => self.put(key, id, BlobOutcome::Complete),
                    Some(outcome) => self.tell(id, outcome),
                    // Only a beginning takes longer.
                    None => self.tell(id, BlobOutcome::Failed { is_full: false }),
                }
            }
            BlobRequest::Read {
                key,
                offset,
                length,
            } => self.read(id, key, (offset, length)),
            BlobRequest::Drop(key) => {
                let outcome = self.drop_here(key);
                self.tell(id, outcome);
            }
            BlobRequest::Close(_) | BlobRequest::List(_) => {
                self.done.extend(self.here.execute(id, request));
            }
            BlobRequest::Confirm(key) => self.look(key, Asked::Confirm(id, key)),
            BlobRequest::Shelve(key) => self.look(key, Asked::Shelve(id, key)),
            BlobRequest::Condemn { key, until_ms } => {
                if until_ms.is_none() {
                    self.drop_here(key);
                }
                self.look(key, Asked::LookToCondemn(id, key, until_ms));
            }
            BlobRequest::Purge { key, through } => {
                self.ask(Asked::Told(id), ShelfRequest::Purge { key, through });
            }
            BlobRequest::ListShelved(first) => {
                self.ask(Asked::Told(id), ShelfRequest::List(first));
            }
        }
    }

    /// Takes what is done.
    pub fn poll(&mut self) -> Option<BlobCompletion> {
        self.done.pop_front()
    }

    /// Whether what was there before is still to be verified.
    #[must_use]
    pub fn has_steps(&self) -> bool {
        self.here.has_steps() || self.fetched.has_steps()
    }

    /// Verifies a little of what was there before.
    pub fn step(&mut self) {
        if let Some(done) = self.here.step()
            && let Some(key) = self.begun.remove(&done.id)
        {
            self.on_begun(done.id, key, done.outcome);
        }
        if let Some(done) = self.fetched.step() {
            let ticket = Ticket(done.id.0);
            if let Some(Asked::Fetch(key)) = self.asked.remove(&ticket) {
                self.on_fetched(key, ticket, done.outcome);
            }
        }
    }

    /// The shelf has answered.
    pub fn on_answer(&mut self, ticket: Ticket, answer: ShelfAnswer) {
        match self.asked.remove(&ticket) {
            Some(Asked::Begin(id, key, here)) => self.on_looked(id, key, here, &answer),
            Some(Asked::Confirm(id, key)) => self.confirm(id, key, &answer),
            Some(Asked::Confirmed(id, key)) => match answer {
                ShelfAnswer::Put(_) => self.tell(id, BlobOutcome::Complete),
                ShelfAnswer::Changed => self.put(key, id, BlobOutcome::Complete),
                answer => {
                    let is_full = answer == ShelfAnswer::Full;
                    self.tell(id, BlobOutcome::Failed { is_full });
                }
            },
            Some(Asked::Shelve(id, key)) => self.on_found(id, key, BlobOutcome::Done, &answer),
            Some(Asked::LookToCondemn(id, key, until_ms)) => {
                self.condemn(id, key, until_ms, &answer);
            }
            Some(Asked::Condemn(id)) => {
                let outcome = match answer {
                    ShelfAnswer::Put(position) => BlobOutcome::Condemned(position),
                    // Somebody puts it there again.
                    ShelfAnswer::Changed => BlobOutcome::Done,
                    _ => BlobOutcome::Failed { is_full: false },
                };
                self.tell(id, outcome);
            }
            Some(Asked::Told(id)) => {
                let outcome = match answer {
                    ShelfAnswer::Done => BlobOutcome::Done,
                    ShelfAnswer::Found(found) => BlobOutcome::Shelved(found),
                    _ => BlobOutcome::Failed { is_full: false },
                };
                self.tell(id, outcome);
            }
            Some(Asked::Put(key)) => self.on_put(key, ticket, &answer),
            Some(Asked::Fetch(key)) => self.on_piece(key, ticket, answer),
            Some(Asked::Nothing) | None => {}
        }
    }

    pub(super) fn tell(&mut self, id: RequestId, outcome: BlobOutcome) {
        self.done.push_back(BlobCompletion { id, outcome });
    }

    pub(super) fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    pub(super) fn ask(&mut self, asked: Asked, request: ShelfRequest) -> Ticket {
        let ticket = self.ticket();
        self.asked.insert(ticket, asked);
        self.shelf.ask(ticket, request);
        ticket
    }

    fn look(&mut self, key: BlobKey, asked: Asked) {
        self.ask(asked, ShelfRequest::Look(key));
    }

    /// It is known how much of a blob is here: what is on the shelf need not be brought.
    fn on_begun(&mut self, id: RequestId, key: BlobKey, here: BlobOutcome) {
        match here {
            BlobOutcome::Complete | BlobOutcome::Taken(_) => {
                self.look(key, Asked::Begin(id, key, here));
            }
            outcome => self.tell(id, outcome),
        }
    }

    fn on_looked(&mut self, id: RequestId, key: BlobKey, here: BlobOutcome, answer: &ShelfAnswer) {
        match (is_whole(answer), here) {
            (Some(true), BlobOutcome::Taken(_)) => {
                // What has come of it is not needed.
                self.here.execute(id, BlobRequest::Drop(key));
                self.tell(id, BlobOutcome::Complete);
            }
            (Some(false), BlobOutcome::Complete) => self.put(key, id, BlobOutcome::Complete),
            (Some(_), here) => self.tell(id, here),
            (None, _) => self.tell(id, BlobOutcome::Failed { is_full: false }),
        }
    }

    /// It was looked whether a blob is on the shelf, where it has to be.
    fn on_found(&mut self, id: RequestId, key: BlobKey, told: BlobOutcome, answer: &ShelfAnswer) {
        match is_whole(answer) {
            Some(true) => self.tell(id, told),
            Some(false) => self.put(key, id, told),
            None => self.tell(id, BlobOutcome::Failed { is_full: false }),
        }
    }

    /// The label is put once more: who only looks may be told what has been true, and one that is put says what is.
    fn confirm(&mut self, id: RequestId, key: BlobKey, answer: &ShelfAnswer) {
        let ShelfAnswer::Label(Some(label)) = answer else {
            return self.on_found(id, key, BlobOutcome::Complete, answer);
        };
        if label.mark != Mark::Whole {
            return self.put(key, id, BlobOutcome::Complete);
        }
        let request = ShelfRequest::Label {
            key,
            mark: Mark::Whole,
            after: Some(label.position),
        };
        self.ask(Asked::Confirmed(id, key), request);
    }

    fn condemn(
        &mut self,
        id: RequestId,
        key: BlobKey,
        until_ms: Option<u64>,
        answer: &ShelfAnswer,
    ) {
        let ShelfAnswer::Label(label) = answer else {
            return self.tell(id, BlobOutcome::Failed { is_full: false });
        };
        let is_old = |label: &Label| until_ms.is_none_or(|until_ms| label.time_ms <= until_ms);
        let Some(label) = label.filter(is_old) else {
            return self.tell(id, BlobOutcome::Done);
        };
        if until_ms.is_some() {
            self.drop_here(key);
        }
        let request = ShelfRequest::Label {
            key,
            mark: Mark::Condemned,
            after: Some(label.position),
        };
        self.ask(Asked::Condemn(id), request);
    }

    /// Removes what there is of a blob here. Who waits for it is told that it is gone.
    fn drop_here(&mut self, key: BlobKey) -> BlobOutcome {
        self.put_next.retain(|next| *next != key);
        self.puts.remove(&key);
        for (id, _) in self.to_put.remove(&key).unwrap_or_default() {
            self.tell(id, BlobOutcome::Missing);
        }
        self.begin_puts();
        self.end_fetch(key, &BlobOutcome::Missing);
        let id = RequestId(0);
        let outcomes = [&mut self.here, &mut self.fetched].map(|blobs| {
            let done = blobs.execute(id, BlobRequest::Drop(key));
            done.map_or(BlobOutcome::Done, |done| done.outcome)
        });
        let [here, fetched] = outcomes;
        if here == BlobOutcome::Done {
            fetched
        } else {
            here
        }
    }
}

/// Whether a blob is on the shelf, by its label; none if the shelf does not say.
fn is_whole(answer: &ShelfAnswer) -> Option<bool> {
    let ShelfAnswer::Label(label) = answer else {
        return None;
    };
    Some(label.is_some_and(|label| label.mark == Mark::Whole))
}
