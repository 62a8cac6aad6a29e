//! Each page of a database is damaged in turn: that is found, or it is harmless; wrong data is never shown.

use std::fmt::Debug;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::pages::{Spot, check_disk, damaged_at, spots};
use crate::protocol::{ConversationId, DeviceSeq, Digest};
use crate::store::catch_panic::guard;
use crate::store::check::Report;
use crate::store::files::fault_disk::MemoryDisk;
use crate::store::testing::{append, read};
use crate::store::tests::fixture::{Truth, hello, populated};
use crate::store::{
    Engine, Entry, OpenError, Outcome, Read, Refusal, Reply, Request, RequestId, StoreError,
};
use crate::testing::variable;

fn found(disk: &MemoryDisk) -> bool {
    !check_disk(disk).is_ok_and(|report| report.is_sound())
}

/// Whether a server that runs is told of it, which cannot have every page read.
fn found_running(disk: &MemoryDisk) -> bool {
    let checked: Result<Result<Report, OpenError>, StoreError> = guard(|| {
        let Ok(database) = disk.files() else {
            return Ok(Err(OpenError::Foreign));
        };
        Ok(Engine::new(database, [1; 32]).and_then(|engine| Ok(engine.snapshots().check()?)))
    });
    !matches!(checked, Ok(Ok(report)) if report.is_sound())
}

/// Somebody who asks a damaged database, and notes what did not come. What comes must be what was once written.
struct Asker<'t> {
    truth: &'t Truth,
    engine: Engine,
    page: Spot,
    missed: Vec<String>,
}

/// Asks for everything; returns what of it did not come.
fn shown(truth: &Truth, disk: &MemoryDisk, page: Spot) -> Vec<String> {
    let Some(engine) = engine(disk) else {
        return vec!["everything".into()];
    };
    let mut asker = Asker {
        truth,
        engine,
        page,
        missed: Vec::new(),
    };
    asker.identities();
    asker.logs();
    asker.rooms();
    asker.standings();
    asker.missed
}

impl Asker<'_> {
    fn ask(&mut self, request: impl Into<Request>) -> Option<Reply> {
        let request = request.into();
        if let Outcome::Done(reply) = ask(&mut self.engine, request.clone()) {
            return Some(reply);
        }
        self.missed.push(format!("{request:?}"));
        None
    }

    /// Notes whether all of what was there came; what came must have been there.
    fn compare<T: PartialEq + Debug>(&mut self, came: &[T], there: &[T]) {
        for one in came {
            let page = self.page;
            assert!(there.contains(one), "{page:?}: {one:?}, not of {there:?}");
        }
        if came.len() != there.len() {
            self.missed.push(format!("all but {came:?}"));
        }
    }

    fn identities(&mut self) {
        let secret = |_: &mut ChaCha20Rng| panic!("a lost secret was made anew");
        match self.engine.secret("a key", secret) {
            Ok(secret) => assert_eq!(secret, self.truth.secret, "{:?}", self.page),
            Err(error) => self.missed.push(error.to_string()),
        }
        for account in &self.truth.accounts {
            let name = account.name.clone();
            if let Some(Reply::Account(found)) = self.ask(Read::FindAccount {
                name,
                skeleton: None,
            }) {
                assert_eq!(&found, account, "{:?}", self.page);
            }
        }
        if let Some(Reply::Accounts { accounts, .. }) = self.ask(Read::ListAccounts) {
            self.compare(&accounts, &self.truth.accounts);
        }
        if let Some(Reply::Retained(retained)) = self.ask(Read::ListRetained) {
            let mut there = self.truth.retained.clone();
            // A name that cannot be read is told as a number.
            let ids = [ConversationId::EVERYONE.0, self.truth.members[0].0.0];
            for (place, id) in ids.into_iter().enumerate() {
                let name = format!("conversation {id}");
                if retained.iter().any(|(found, _)| *found == name) {
                    there[place].0.clone_from(&name);
                    self.missed.push(name);
                }
            }
            self.compare(&retained, &there);
        }
    }

    fn logs(&mut self) {
        for (conversation, reader, there) in &self.truth.logs {
            let request = read(*reader, *conversation, 0, usize::MAX);
            if let Some(Reply::Entries { entries, .. }) = self.ask(request) {
                // One that cannot be read says so of itself.
                let (told, whole): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| {
                    entry.digest == Digest::default() && entry.content.is_empty()
                });
                assert!(told.len() + whole.len() <= there.len());
                let whole: Vec<_> = whole
                    .into_iter()
                    .map(|entry| self.named(entry, there))
                    .collect();
                self.compare(&whole, there);
            }
        }
        for (conversation, account, there) in &self.truth.marks {
            let request = Read::Marks {
                conversation: *conversation,
                account: *account,
                named_max: u32::MAX,
            };
            if let Some(Reply::Marks { marks, .. }) = self.ask(request) {
                let marks = marks.into_iter().map(|mark| (mark.name, mark.entry.0));
                self.compare(&marks.collect::<Vec<_>>(), there);
            }
        }
    }

    /// An entry with the names that were there, if they cannot be read.
    fn named(&mut self, mut entry: Entry, there: &[Entry]) -> Entry {
        let Some(known) = there.iter().find(|known| known.entry == entry.entry) else {
            return entry;
        };
        if (entry.peer_name.is_none(), entry.author_name.is_none())
            != (known.peer_name.is_none(), known.author_name.is_none())
        {
            self.missed.push(format!("a name in {entry:?}"));
        }
        entry.peer_name = entry.peer_name.or_else(|| known.peer_name.clone());
        entry.author_name = entry.author_name.or_else(|| known.author_name.clone());
        entry
    }

    fn rooms(&mut self) {
        for ((account, _), there) in self.truth.users.iter().zip(&self.truth.rooms) {
            let request = Read::Rooms {
                account: *account,
                own: true,
                public: Vec::new(),
            };
            if let Some(Reply::Rooms(rooms)) = self.ask(request) {
                self.compare(&rooms, there);
            }
        }
        for (conversation, account, there) in &self.truth.members {
            let request = Read::Members {
                conversation: *conversation,
                account: *account,
            };
            if let Some(Reply::Members { members, .. }) = self.ask(request) {
                let members = members.into_iter().map(|member| (member.name, member.role));
                self.compare(&members.collect::<Vec<_>>(), there);
            }
        }
    }

    fn standings(&mut self) {
        for ((account, _), there) in self.truth.users.iter().zip(&self.truth.standings) {
            let Some(Reply::Hello { standings, .. }) = self.ask(hello(*account)) else {
                continue;
            };
            // Zero is also what is said of a number that cannot be read: the device finds out when it sends.
            let mut there = there.clone();
            for known in &mut there {
                let found = standings
                    .iter()
                    .find(|one| one.conversation == known.conversation);
                if found.is_some_and(|found| found.last_number < known.last_number) {
                    self.missed.push(format!("the last number in {known:?}"));
                    known.last_number = DeviceSeq(0);
                }
            }
            self.compare(&standings, &there);
        }
    }
}

#[test]
fn a_damaged_page_is_found_or_harmless_and_wrong_data_is_never_shown() {
    let (disk, truth) = populated();
    let seed = variable("UDPCHAT_DAMAGE_SEED").map_or(5, |seed| {
        seed.parse().expect("UDPCHAT_DAMAGE_SEED is a number")
    });
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let (mut pages, mut detected, mut incomplete) = (0, 0, 0);
    for page in spots(&disk) {
        let damaged = damaged_at(&disk, page, &mut rng);
        pages += 1;
        let is_found = found(&damaged.copy());
        let is_told = found_running(&damaged.copy());
        let missed = shown(&truth, &damaged, page);
        let is_whole = missed.is_empty();
        detected += u32::from(is_found);
        incomplete += u32::from(!is_whole);
        assert!(
            is_found || is_whole,
            "{page:?} was lost without a word: {missed:?}"
        );
        assert!(
            is_told || is_whole,
            "{page:?}: a running server is not told: {missed:?}"
        );
    }
    println!(
        "seed {seed}: {pages} pages damaged, {detected} of them found, the others harmless; of {incomplete} something was \
         missed, which a running server is told too"
    );
    assert!(detected > 0);
}

/// What became of things said in a damaged database.
#[derive(Debug, Default)]
struct Written {
    said: usize,
    /// Refused, or not answered.
    refused: usize,
    /// Called stored, and not there after a new beginning.
    missing: usize,
}

/// An engine for a damaged database, which opens it again after a failure; none if it cannot be opened.
fn engine(disk: &MemoryDisk) -> Option<Engine> {
    let opened: Result<_, StoreError> = guard(|| Ok(disk.files()));
    let files = opened.ok()?.ok()?;
    let made = guard(|| Ok::<_, StoreError>(Engine::new(files, [1; 32])));
    let again = disk.clone();
    let reopen = move || {
        again
            .files()
            .map_err(|error| OpenError::Store(error.into()))
    };
    Some(made.ok()?.ok()?.with_reopen(Box::new(reopen)))
}

fn ask(engine: &mut Engine, request: impl Into<Request>) -> Outcome {
    if engine.is_broken() {
        let _ = guard(|| engine.recover());
    }
    let batch = vec![(RequestId(0), request.into())];
    engine.execute(batch).remove(0).outcome
}

/// Says something in each conversation, twice, with a checkpoint after it, and begins again; none if the database cannot
/// be opened before or after.
fn written(truth: &Truth, disk: &MemoryDisk) -> Option<Written> {
    let mut before = engine(disk)?;
    let mut written = Written::default();
    let mut stored = Vec::new();
    for text in ["one", "two"] {
        for (conversation, reader, _) in &truth.logs {
            let author = truth.users.iter().find(|user| user.0 == *reader);
            let author = *author.expect("readers are users");
            let mut say = |number| ask(&mut before, append(author, *conversation, number, text));
            let outcome = match say(u64::MAX) {
                Outcome::Refused(Refusal::Expect(number)) => say(number.0),
                other => other,
            };
            written.said += 1;
            match outcome {
                Outcome::Done(Reply::Stored(one)) => stored.push((*conversation, *reader, one)),
                _ => written.refused += 1,
            }
        }
        ask(&mut before, Request::Checkpoint);
    }
    drop(before);
    let mut after = engine(disk)?;
    for (conversation, reader, one) in stored {
        let request = read(reader, conversation, one.prev.0, 10_000);
        let is_there = match ask(&mut after, request) {
            Outcome::Done(Reply::Entries { entries, .. }) => {
                entries.first().map(|first| first.entry) == Some(one.entry)
            }
            _ => false,
        };
        written.missing += usize::from(!is_there);
    }
    Some(written)
}

#[test]
fn what_is_called_stored_in_a_damaged_database_is_there_and_few_are_refused() {
    // Entries wait in memory for the checkpoint: what cannot be written there has to be refused when it is said.
    let (disk, truth) = populated();
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let (mut pages, mut opened, mut refused, mut said) = (0, 0, 0, 0);
    for page in spots(&disk) {
        let damaged = damaged_at(&disk, page, &mut rng);
        pages += 1;
        let Some(written) = written(&truth, &damaged) else {
            continue;
        };
        opened += 1;
        assert_eq!(written.missing, 0, "{page:?}: {written:?}");
        refused += written.refused;
        said += written.said;
    }
    println!(
        "{pages} pages damaged; with {opened} of them the server can begin, and {refused} of {said} messages are refused"
    );
    assert!(opened * 10 >= pages * 8 && refused * 10 <= said);
}
