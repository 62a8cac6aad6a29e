//! Databases of older programs.

use redb::{ReadableTable, TableDefinition};
use std::fs;

use super::super::memory::MemoryDisk;
use super::super::record::Kind;
use super::super::testing::Bench;
use super::super::{DATABASE_FILE, Engine, OpenError, migrate, open_current};
use crate::protocol::ConversationId;

const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const LOG: TableDefinition<'_, (u64, u64), &[u8]> = TableDefinition::new("log");
const CONVERSATIONS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("conversations");

/// A database as schema 1 had it: no checksums behind the records, no bytes in a conversation's record, no table of
/// limits.
fn schema_1() -> MemoryDisk {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    bench.user("bob");
    let pair = bench.resolve(alice, "bob").conversation;
    for number in 1..=3 {
        bench.say(alice, ConversationId::EVERYONE, number, "to everyone");
        bench.say(alice, pair, number, "to bob");
    }
    let disk = bench.disk.clone();
    drop(bench);
    let database = disk.open().unwrap();
    let transaction = database.begin_write().unwrap();
    macro_rules! strip {
        ($name:literal, $key:ty) => {{
            let definition = TableDefinition::<$key, &[u8]>::new($name);
            let mut table = transaction.open_table(definition).unwrap();
            let rows: Vec<_> = table
                .iter()
                .unwrap()
                .map(|row| {
                    let (key, value) = row.unwrap();
                    (key.value(), value.value().to_vec())
                })
                .collect();
            for (key, value) in rows {
                let record = &value[..value.len() - 4];
                table.insert(key, record).unwrap();
            }
        }};
    }
    strip!("accounts", u64);
    strip!("devices", (u64, u64));
    strip!("members", (u64, u64));
    strip!("log", (u64, u64));
    strip!("conversations", u64);
    {
        let mut table = transaction.open_table(CONVERSATIONS).unwrap();
        let rows: Vec<_> = table
            .iter()
            .unwrap()
            .map(|row| {
                let (key, value) = row.unwrap();
                (key.value(), value.value().to_vec())
            })
            .collect();
        for (key, value) in rows {
            // (kind, head, floor, time, members, bytes) as an array.
            let (kind, head, floor, time_ms, _, _): (Kind, u64, u64, u64, u32, u64) =
                rmp_serde::from_slice(&value).unwrap();
            let older = rmp_serde::to_vec(&(kind, head, floor, time_ms)).unwrap();
            table.insert(key, &*older).unwrap();
        }
        transaction
            .open_table(META)
            .unwrap()
            .insert("server schema", 1)
            .unwrap();
    }
    let retention = TableDefinition::<u64, &[u8]>::new("retention");
    transaction.delete_table(retention).unwrap();
    transaction.commit().unwrap();
    drop(database);
    disk
}

fn whole(disk: MemoryDisk) {
    let mut bench = Bench::on(disk);
    let report = bench.engine.snapshots().check().unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(report.entries, 6);
    let alice = bench.done(super::super::Request::FindAccount {
        name: "alice".into(),
    });
    let super::super::Reply::Account(alice) = alice else {
        panic!("alice has gone");
    };
    let entries = bench.read(alice.id, ConversationId::EVERYONE, 0);
    assert_eq!(entries.len(), 3);
    assert_eq!(entries[0].content, b"to everyone");
}

#[test]
fn schema_1_is_brought_forward_whole() {
    let disk = schema_1();
    let database = disk.open().unwrap();
    migrate(&database).unwrap();
    drop(database);
    whole(disk);
}

#[test]
fn an_engine_refuses_an_older_schema_that_nobody_has_copied() {
    let error = Engine::new(schema_1().files().unwrap(), [0; 32])
        .err()
        .unwrap();
    assert!(matches!(error, OpenError::OlderSchema { found: 1 }));
}

#[test]
fn a_crash_at_any_step_leaves_one_schema_or_the_other() {
    let image = schema_1().image();
    let mut failed = 0;
    for successes in 0.. {
        let disk = MemoryDisk::from_image(image.clone());
        let database = disk.open().unwrap();
        disk.fail_after(Some(successes));
        let outcome = migrate(&database);
        disk.crash_keeping(|index| index % 2 == 0);
        drop(database);
        let database = disk.open().unwrap();
        if outcome.is_ok() {
            drop(database);
            whole(disk);
            break;
        }
        failed += 1;
        migrate(&database).unwrap();
        drop(database);
        whole(disk);
    }
    assert!(failed > 3, "the disk failed in the middle too: {failed}");
}

#[test]
fn a_copy_is_made_before_and_named_after_schema_and_day() {
    let directory = super::opening::private_directory();
    let path = directory.path().join(DATABASE_FILE);
    super::opening::write(&path, &schema_1().image());
    let (database, copy) = open_current(directory.path(), 1_773_756_120_000).unwrap();
    let copy = copy.expect("an older schema is copied");
    let name = copy.file_name().unwrap().to_string_lossy().into_owned();
    assert_eq!(name, "udpchat.redb.schema-1.2026-03-17");
    Engine::new(database, [0; 32]).unwrap();
    let old = MemoryDisk::from_image(fs::read(&copy).unwrap());
    let database = old.open().unwrap();
    let transaction = redb::ReadableDatabase::begin_read(&database).unwrap();
    let schema = transaction.open_table(META).unwrap();
    assert_eq!(schema.get("server schema").unwrap().unwrap().value(), 1);
    assert_eq!(
        transaction.open_table(LOG).unwrap().iter().unwrap().count(),
        6
    );
    let (_, again) = open_current(directory.path(), 0).unwrap();
    assert_eq!(again, None, "what is current is not copied");
}
