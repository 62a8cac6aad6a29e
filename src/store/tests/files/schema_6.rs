//! How a database of schema 6 is brought forward, with the files of a real server.

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore as _, SeedableRng as _};
use redb::{ReadableDatabase as _, ReadableTable as _, TableDefinition};

use crate::kit::older::{End, file};
use crate::protocol::{AccountId, DeviceId};
use crate::store::files::fault_disk::MemoryDisk;
use crate::store::migration::old_journal::{OldNote, Reading};
use crate::store::migration::{STEPS, bring_forward, unwritten};
use crate::store::testing::{Bench, read};
use crate::store::{Engine, LogLoss, OpenError, Outcome, Read, Reply, StoreError, Write};

/// What stands before a record's payload, in bytes.
const HEADER: usize = 44;

fn tables(end: End) -> MemoryDisk {
    MemoryDisk::from_image(file(end, "udpchat.redb"))
}

fn journal(end: End) -> Vec<u8> {
    file(end, "udpchat.redb.journal")
}

/// Brings the tables on a disk forward.
fn forward(disk: &MemoryDisk, journal: &[u8]) -> Result<Option<LogLoss>, OpenError> {
    let files = disk.files().map_err(StoreError::from)?;
    let (_, loss) = bring_forward(files.database, journal, [1; 32], STEPS)?;
    Ok(loss)
}

/// All that a server answers that has these tables, in which nothing is wrong, and their epoch.
fn told(disk: MemoryDisk) -> (Vec<String>, u64) {
    let mut bench = Bench::on(disk);
    let report = bench.engine.snapshots().check().unwrap();
    assert!(report.is_sound(), "{report:?}");
    let mut told = Vec::new();
    for account in (1..=5).map(AccountId) {
        let hello = Write::Hello {
            account,
            device: DeviceId(1),
            epoch: None,
            positions: Vec::new(),
        };
        let Outcome::Done(Reply::Hello { standings, .. }) = bench.ask(hello) else {
            told.push(format!("{account:?} is not known"));
            continue;
        };
        for standing in &standings {
            let conversation = standing.conversation;
            let marks = Read::Marks {
                conversation,
                account,
                named_max: u32::MAX,
            };
            // Who was kicked is refused.
            for asked in [read(account, conversation, 0, usize::MAX), marks] {
                told.push(format!("{account:?} {:?}", bench.ask(asked)));
            }
        }
        let rooms = bench.ask(Read::Rooms {
            account,
            own: true,
            public: Vec::new(),
        });
        told.push(format!("{account:?} {standings:?} {rooms:?}"));
    }
    for all in [Read::ListAccounts, Read::ListRetained] {
        told.push(format!("{:?}", bench.done(all)));
    }
    (told, bench.engine.epoch())
}

/// What the tables of the server that was killed say of its journal.
fn note() -> OldNote {
    let database = tables(End::Killed).open().unwrap();
    unwritten::noted(&database).unwrap().expect("it has one")
}

#[test]
fn what_only_the_journal_has_is_done_as_the_version_before_did_it() {
    let [killed, stopped] = [End::Killed, End::Stopped].map(|end| {
        let disk = tables(end);
        assert_eq!(forward(&disk, &journal(end)).unwrap(), None);
        told(disk)
    });
    assert_eq!(killed, stopped);
    assert!(Reading::of(&journal(End::Killed), &note()).payloads.len() > 20);
}

#[test]
fn a_crash_at_any_step_is_no_hindrance_to_doing_it_again() {
    let (journal, end) = (journal(End::Killed), tables(End::Killed));
    forward(&end, &journal).unwrap();
    let (truth, epoch) = told(end);
    let mut left = [0; 2];
    for successes in 0.. {
        let disk = tables(End::Killed);
        disk.fail_after(Some(successes));
        let is_forward = forward(&disk, &journal).is_ok();
        let is_served = is_forward
            && disk
                .files()
                .is_ok_and(|files| Engine::new(files, [7; 32]).is_ok());
        disk.fail_after(None);
        disk.crash_keeping(|index| index % 2 == 0);
        // Once it is forward the journal is not needed.
        let again = if is_forward { &[][..] } else { &journal };
        assert_eq!(forward(&disk, again).unwrap(), None, "{successes}");
        assert_eq!(told(disk), (truth.clone(), epoch), "{successes}");
        if is_served {
            break;
        }
        left[usize::from(is_forward)] += 1;
    }
    assert!(left.iter().all(|failed| *failed > 3), "{left:?}");
}

/// Something that has happened to a journal, and what that is called.
type Mishap = (fn(&mut Vec<u8>, &[usize]), Option<LogLoss>);

const MISHAPS: [Mishap; 10] = [
    (|journal, _| journal.clear(), Some(LogLoss::Missing)),
    (|journal, _| journal.fill(0), Some(LogLoss::Missing)),
    // Both headers.
    (
        |journal, _| [0, 4096].into_iter().for_each(|at| journal[at] ^= 1),
        Some(LogLoss::Damaged),
    ),
    // Another identity in both.
    (
        |journal, _| [20, 4116].into_iter().for_each(|at| journal[at] ^= 1),
        Some(LogLoss::Foreign),
    ),
    // That of the same database, started once more.
    (
        |journal, _| *journal = self::journal(End::Stopped),
        Some(LogLoss::Newer),
    ),
    (
        |journal, _| journal.truncate(journal.len() - 100),
        Some(LogLoss::Truncated),
    ),
    // The header of a record, and the content of one.
    (
        |journal, records| journal[records[5]] ^= 1,
        Some(LogLoss::Damaged),
    ),
    (
        |journal, records| journal[records[5] + HEADER] ^= 1,
        Some(LogLoss::Damaged),
    ),
    // The last one can have been under way.
    (
        |journal, records| journal[records[records.len() - 1] + HEADER] ^= 1,
        None,
    ),
    (
        |journal, records| journal[records[records.len() - 1]..].fill(0),
        None,
    ),
];

#[test]
fn what_is_wrong_with_a_journal_is_told_and_gives_a_new_epoch() {
    let (note, whole) = (note(), journal(End::Killed));
    let reading = Reading::of(&whole, &note);
    // A payload is a part of the whole.
    let at = |payload: &&[u8]| payload.as_ptr() as usize - whole.as_ptr() as usize - HEADER;
    let records: Vec<usize> = reading.payloads.iter().map(at).collect();
    let (_, epoch) = told({
        let disk = tables(End::Killed);
        forward(&disk, &whole).unwrap();
        disk
    });
    for (number, (mishap, loss)) in MISHAPS.into_iter().enumerate() {
        let mut journal = whole.clone();
        mishap(&mut journal, &records);
        let disk = tables(End::Killed);
        assert_eq!(forward(&disk, &journal).unwrap(), loss, "mishap {number}");
        let (_, found) = told(disk);
        assert_eq!(found != epoch, loss.is_some(), "mishap {number}");
    }
    // After an orderly stop nobody needs it.
    let disk = tables(End::Stopped);
    assert_eq!(forward(&disk, &[]).unwrap(), None);
    assert_eq!(told(disk).1, epoch);
}

#[test]
fn requests_that_meet_a_damaged_row_are_lost_and_the_others_are_done() {
    const CONVERSATIONS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("conversations");
    let database = tables(End::Killed).open().unwrap();
    let transaction = database.begin_read().unwrap();
    let rows = transaction.open_table(CONVERSATIONS).unwrap();
    let ids = rows.iter().unwrap().map(|row| row.unwrap().0.value());
    let (mut unfit, mut known) = (0, 0);
    for id in ids {
        let disk = tables(End::Killed);
        let database = disk.open().unwrap();
        let transaction = database.begin_write().unwrap();
        let mut damaged = transaction.open_table(CONVERSATIONS).unwrap();
        damaged.insert(id, &b"damaged"[..]).unwrap();
        drop(damaged);
        transaction.commit().unwrap();
        drop(database);
        let loss = forward(&disk, &journal(End::Killed)).unwrap();
        assert!(loss.is_none_or(|loss| loss == LogLoss::Unfit), "{loss:?}");
        unfit += usize::from(loss.is_some());
        // The first that only the journal has.
        let mut bench = Bench::on(disk);
        known += usize::from(bench.engine.account_count().unwrap() == 5);
    }
    assert!(unfit > 2 && known > 2, "{unfit} {known}");
}

#[test]
fn journal_with_changed_bytes_has_nothing_that_was_not_written() {
    let (note, whole) = (note(), journal(End::Killed));
    let written = Reading::of(&whole, &note).payloads;
    let mut rng = ChaCha20Rng::seed_from_u64(6);
    let mut below = |limit: usize| rng.next_u32() as usize % limit;
    let used = written.len() * 1024 + 8192;
    for _ in 0..300 {
        let mut journal = whole.clone();
        for _ in 0..=below(4) {
            // Something that stands elsewhere in it, or anything.
            let (from, to, len) = (below(used), below(used), below(1500));
            let part = whole[from..from + len].to_vec();
            journal[to..to + len].copy_from_slice(&part);
            journal[below(used)] = 0xA5;
        }
        journal.truncate(journal.len() - below(2) * below(whole.len()));
        let reading = Reading::of(&journal, &note);
        assert!(written.starts_with(&reading.payloads));
    }
}
