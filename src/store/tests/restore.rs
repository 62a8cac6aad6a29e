//! A database that was restored: what it has in common with the logs that its readers know, and ids that are not used
//! again.

use redb::{ReadableDatabase as _, ReadableTableMetadata as _, TableDefinition};

use super::super::testing::{Bench, User, append, position, under_key};
use super::super::{
    Engine, OpenError, Refusal, Reply, Request, Write, begin_service_after, mark_as_copy,
};
use crate::protocol::{ConversationId, Position};
use crate::store::files::fault_disk::MemoryDisk;

/// A store whose database is restored, as often as a test likes.
struct Service {
    bench: Bench,
    generation: u64,
    epoch: u64,
}

impl Service {
    fn begin(disk: MemoryDisk, generation: u64) -> Self {
        let database = disk.open().unwrap();
        let seed = [u8::try_from(generation).unwrap() + 1; 32];
        let begun = begin_service_after(&database, generation, seed);
        let generation = begun
            .unwrap()
            .map_or(generation, |(generation, _)| generation);
        drop(database);
        let bench = Bench::on(disk);
        let epoch = bench.engine.epoch();
        Self {
            bench,
            generation,
            epoch,
        }
    }

    fn back_up(&mut self) -> Vec<u8> {
        self.bench.done(Request::Checkpoint);
        let copy = MemoryDisk::new();
        let database = copy.open().unwrap();
        self.bench
            .engine
            .snapshots()
            .back_up_into(&database)
            .unwrap();
        drop(database);
        copy.image()
    }

    fn restore(self, backup: &[u8]) -> Self {
        let disk = MemoryDisk::from_image(backup.to_vec());
        mark_as_copy(&disk.open().unwrap()).unwrap();
        Self::begin(disk, self.generation)
    }

    /// Where a device begins that stood at a place in the logs of an epoch.
    fn start(&mut self, (account, device): User, epoch: u64, position: Position) -> u64 {
        let conversation = position.conversation;
        let request = Write::Hello {
            account,
            device,
            epoch: Some(epoch),
            positions: vec![position],
        };
        let Reply::Hello { standings, .. } = self.bench.done(request) else {
            panic!("HELLO is answered by standings");
        };
        let mut standings = standings.into_iter();
        let standing = standings.find(|standing| standing.conversation == conversation);
        standing.expect("it belongs to the conversation").start.0
    }
}

/// Alice and bob in a conversation of two entries, and the backup of that.
fn service() -> (Service, Vec<u8>, (User, User), ConversationId) {
    let mut service = Service::begin(MemoryDisk::new(), 0);
    let (alice, bob) = (service.bench.user("alice"), service.bench.user("bob"));
    let conversation = service.bench.resolve(alice, "bob").conversation;
    service.bench.say(alice, conversation, 1, "one");
    service.bench.say(alice, conversation, 2, "two");
    let backup = service.back_up();
    (service, backup, (alice, bob), conversation)
}

#[test]
fn device_that_stood_behind_the_backup_is_sent_all_that_was_said_since() {
    // A backup of two entries was restored under bob, who had four. Before he came alice said something, which became
    // the third; his position was ahead of the log's end, so he was told to begin there, and never saw it. (Seed 2 of
    // the simulator's older databases.)
    let (mut service, backup, (alice, bob), conversation) = service();
    service.bench.say(alice, conversation, 3, "three");
    service.bench.say(alice, conversation, 4, "four");
    let epoch = service.epoch;
    let mut service = service.restore(&backup);
    service.bench.say(alice, conversation, 3, "another three");
    let four = position(conversation, 4, "four");
    assert_eq!(service.start(bob, epoch, four), 2);
    // He has what both have in common.
    let marks = service.bench.marks(alice.0, conversation);
    assert_eq!(marks, [("bob".to_owned(), 2)]);
}

#[test]
fn same_message_at_the_same_place_of_another_log_is_not_taken_for_the_same_log() {
    // What was under way when the server failed is sent again with its number, and may come to stand where it stood
    // before, after something else.
    let (mut service, backup, (alice, bob), conversation) = service();
    service.bench.say(bob, conversation, 1, "lost");
    service.bench.say(alice, conversation, 3, "again");
    let epoch = service.epoch;
    let mut service = service.restore(&backup);
    service.bench.say(bob, conversation, 1, "new");
    service.bench.say(alice, conversation, 3, "again");
    let again = position(conversation, 4, "again");
    assert_eq!(service.start(bob, epoch, again), 2);
    let epoch = service.epoch;
    assert_eq!(service.start(bob, epoch, again), 4, "of this log it is");
}

#[test]
fn device_of_an_epoch_that_this_database_does_not_know_begins_at_the_beginning() {
    // Monday's backup was restored, and then Tuesday's: what is common with the time between nobody can tell.
    let (mut service, monday, (alice, bob), conversation) = service();
    service.bench.say(alice, conversation, 3, "three");
    let (tuesday, first) = (service.back_up(), service.epoch);
    let mut service = service.restore(&monday);
    service.bench.say(alice, conversation, 3, "another three");
    let between = service.epoch;
    let mut service = service.restore(&tuesday);
    let another = position(conversation, 3, "another three");
    assert_eq!(service.start(bob, between, another), 0);
    let three = position(conversation, 3, "three");
    assert_eq!(service.start(bob, first, three), 3);
}

#[test]
fn copy_whose_entries_are_being_taken_over_loses_nothing_to_a_crash() {
    // More than there is between two checkpoints, so that a part is in the tables and a part is not.
    const LENGTH: usize = 15_000;
    const SAID: u64 = 5_000;
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    let text = |number: u64| format!("{number:0>LENGTH$}");
    for first in (1..=SAID).step_by(500) {
        let say = |number| append(alice, ConversationId::EVERYONE, number, &text(number));
        bench.outcomes((first..first + 500).map(say).collect());
    }
    bench.done(Request::Checkpoint);
    let copy = MemoryDisk::new();
    let database = copy.open().unwrap();
    bench.engine.snapshots().back_up_into(&database).unwrap();
    drop((database, bench));
    let (mut failed, mut partly) = (0, 0);
    for successes in (0..).step_by(4) {
        let disk = copy.copy();
        disk.fail_after(Some(successes));
        let files = disk.files().map_err(|error| OpenError::Store(error.into()));
        let opened = files.and_then(|files| Engine::new(files, [1; 32]));
        let is_open = opened.is_ok();
        disk.crash_keeping(|index| index % 2 == 0);
        drop(opened);
        let database = disk.copy().open().unwrap();
        let rows = database.begin_read().unwrap();
        let rows = rows
            .open_table(TableDefinition::<(u64, u64), &[u8]>::new("log"))
            .unwrap();
        partly += u32::from(!is_open && rows.len().unwrap() < SAID);
        drop((rows, database));
        let mut bench = Bench::on(disk);
        assert_eq!(bench.engine.loss(), None, "after {successes} steps");
        let report = bench.engine.snapshots().check().unwrap();
        assert!(report.is_sound(), "after {successes} steps: {report:?}");
        assert_eq!(report.entries, SAID, "after {successes} steps");
        let last = bench.read(alice.0, ConversationId::EVERYONE, SAID - 1);
        assert_eq!(last[0].content, text(SAID).as_bytes());
        // What an attempt has left behind is removed.
        let used = bench
            .disk
            .segments()
            .into_values()
            .map(|image| image.len())
            .sum::<usize>();
        assert!(used < 2 * LENGTH * usize::try_from(SAID).unwrap(), "{used}");
        if is_open {
            break;
        }
        failed += 1;
    }
    assert!(failed > 5 && partly > 1, "{failed}, {partly}");
}

#[test]
fn damaged_row_of_a_copy_costs_that_entry_alone() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    for number in 1..=200 {
        bench.say(alice, ConversationId::EVERYONE, number, &number.to_string());
    }
    bench.done(Request::Checkpoint);
    let copy = MemoryDisk::new();
    let database = copy.open().unwrap();
    bench.engine.snapshots().back_up_into(&database).unwrap();
    let transaction = database.begin_write().unwrap();
    let mut log = transaction
        .open_table(TableDefinition::<(u64, u64), &[u8]>::new("log"))
        .unwrap();
    let lost = [1, 7, 8, 64, 65, 200];
    for entry in lost {
        log.insert((1, entry), &[0xc1; 30][..]).unwrap();
    }
    drop(log);
    transaction.commit().unwrap();
    drop(database);
    let mut bench = Bench::on(copy);
    for _ in 0..2 {
        assert_eq!(bench.engine.loss(), None);
        let entries = bench.read(alice.0, ConversationId::EVERYONE, 0);
        assert_eq!(entries.len(), 200);
        for entry in entries {
            let number = entry.entry.0;
            let expected = if lost.contains(&number) {
                String::new()
            } else {
                number.to_string()
            };
            assert_eq!(entry.content, expected.as_bytes(), "{number}");
        }
        let report = bench.engine.snapshots().check().unwrap();
        let named = report
            .findings
            .iter()
            .filter(|finding| finding.table == "log");
        assert_eq!(named.count(), lost.len(), "{report:?}");
        bench = bench.crash();
    }
    assert_eq!(
        bench
            .say(alice, ConversationId::EVERYONE, 201, "on")
            .entry
            .0,
        201
    );
}

#[test]
fn ids_of_what_was_lost_are_not_given_out_again_however_often_a_backup_is_restored() {
    // A conversation that was begun after the backup got the id of another one that was lost, and a device that had
    // stood in that one was taken to have received the first message of this one. (Seed 11 of the simulator's older
    // databases, where the same backup was restored twice.)
    let (mut service, backup, (alice, _), _) = service();
    let mut given = Vec::new();
    for _ in 0..3 {
        let carol = service.bench.user("carol");
        let conversation = service.bench.resolve(alice, "carol").conversation;
        given.push((carol.0.0, carol.1.0, conversation.0));
        service = service.restore(&backup);
    }
    for pair in given.windows(2) {
        let (earlier, later) = (pair[0], pair[1]);
        assert!(later.0 > earlier.0 && later.1 > earlier.1 && later.2 > earlier.2);
    }
}

#[test]
fn key_of_what_the_backup_has_is_used_and_of_what_was_lost_is_not() {
    let (mut service, _, (alice, _), conversation) = service();
    let said = |number, key| under_key(append(alice, conversation, number, "tea?"), key);
    service.bench.done(said(3, 7));
    let backup = service.back_up();
    service.bench.done(said(4, 8));
    let mut service = service.restore(&backup);
    let refused = service.bench.refused(said(4, 7));
    assert!(matches!(refused, Refusal::SaidBefore(before) if before.entry.0 == 3));
    service.bench.done(said(4, 8));
    let refused = service.bench.refused(said(5, 8));
    assert!(matches!(refused, Refusal::SaidBefore(before) if before.entry.0 == 4));
}
