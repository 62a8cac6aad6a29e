//! A database that was restored: what it has in common with the logs that its readers know, and ids that are not used
//! again.

use super::super::testing::{Bench, User, position};
use super::super::{Reply, Request, Write, begin_service_after, mark_as_copy};
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
    // before, behind something else.
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
