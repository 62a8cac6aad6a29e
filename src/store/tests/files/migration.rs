//! How a database of an older schema is migrated, with one step as an example.

use std::fs;

use redb::{ReadableDatabase as _, ReadableTable as _, TableDefinition, WriteTransaction};

use super::opening::{private_directory, write_database};
use crate::store::files::fault_disk::MemoryDisk;
use crate::store::migration::{Step, migrate, open_with};
use crate::store::testing::Bench;
use crate::store::tests::fixture::{Truth, populated};
use crate::store::{DATABASE_FILE, Engine, OpenError, SCHEMA_VERSION, StoreError, open_current};

const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const USAGE: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("usage");

/// The schema that the example is of, in which what accounts have written was counted in a table of another name.
const OLDER: u64 = SCHEMA_VERSION - 1;

const SPENT: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("spent");

const STEPS: &[Step] = &[Step {
    change: rename_spent,
    rewrites: true,
}];

fn rename_spent(transaction: &WriteTransaction) -> Result<(), StoreError> {
    rename(transaction, (SPENT, USAGE))
}

/// A table whose records have changed their form since.
type OldTable<'n> = TableDefinition<'n, u64, &'static [u8]>;

fn rename(
    transaction: &WriteTransaction,
    (from, to): (OldTable<'_>, OldTable<'_>),
) -> Result<(), StoreError> {
    {
        let (from, mut to) = (transaction.open_table(from)?, transaction.open_table(to)?);
        for row in from.iter()? {
            let (key, value) = row?;
            to.insert(key.value(), value.value())?;
        }
    }
    transaction.delete_table(from)?;
    Ok(())
}

/// The fixture as an older program would have it.
fn older() -> (MemoryDisk, Truth) {
    let (disk, truth) = populated();
    let database = disk.open().unwrap();
    let transaction = database.begin_write().unwrap();
    rename(&transaction, (USAGE, SPENT)).unwrap();
    let mut meta = transaction.open_table(META).unwrap();
    meta.insert("server schema", OLDER).unwrap();
    drop(meta);
    transaction.commit().unwrap();
    drop(database);
    (disk, truth)
}

/// The database is of the current schema and holds what it held.
fn whole(disk: MemoryDisk, truth: &Truth) {
    let mut bench = Bench::on(disk);
    let report = bench.engine.snapshots().check().unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(truth.asked_again(&mut bench), *truth);
}

#[test]
fn older_schema_is_migrated_whole() {
    let (disk, truth) = older();
    migrate(&disk.open().unwrap(), STEPS).unwrap();
    whole(disk, &truth);
}

#[test]
fn an_engine_refuses_an_older_schema_that_nobody_has_copied() {
    let files = older().0.files().unwrap();
    let error = Engine::new(files, [0; 32]).err().unwrap();
    assert!(matches!(error, OpenError::OlderSchema { found: OLDER, .. }));
}

#[test]
fn schema_without_a_step_is_neither_copied_nor_changed() {
    let directory = private_directory();
    let path = directory.path().join(DATABASE_FILE);
    let (disk, _) = older();
    let database = disk.open().unwrap();
    let transaction = database.begin_write().unwrap();
    let older_still = OLDER - 2;
    transaction
        .open_table(META)
        .unwrap()
        .insert("server schema", older_still)
        .unwrap();
    transaction.commit().unwrap();
    drop(database);
    write_database(&path, &disk);
    let (files, migrated) = open_current(directory.path(), 0, [0; 32]).unwrap();
    assert_eq!(migrated, None);
    let error = Engine::new(files, [0; 32]).err().unwrap();
    let told = error.to_string();
    assert!(told.contains(&format!("schema {older_still}")) && told.contains("new data directory"));
}

#[test]
fn a_crash_at_any_step_leaves_one_schema_or_the_other() {
    let (disk, truth) = older();
    let mut failed = 0;
    for successes in 0.. {
        let disk = disk.copy();
        let database = disk.open().unwrap();
        disk.fail_after(Some(successes));
        let outcome = migrate(&database, STEPS);
        disk.crash_keeping(|index| index % 2 == 0);
        drop(database);
        migrate(&disk.open().unwrap(), STEPS).unwrap();
        whole(disk, &truth);
        if outcome.is_ok() {
            break;
        }
        failed += 1;
    }
    assert!(failed > 3, "the disk failed in the middle too: {failed}");
}

#[test]
fn a_copy_is_made_before_and_named_after_schema_and_day() {
    let directory = private_directory();
    let path = directory.path().join(DATABASE_FILE);
    let (disk, truth) = older();
    write_database(&path, &disk);
    let (files, migrated) = open_with(directory.path(), 1_773_756_120_000, [0; 32], STEPS).unwrap();
    let migrated = migrated.expect("an older schema is migrated");
    let copy = migrated.copy.expect("it is copied");
    let name = copy.file_name().unwrap().to_string_lossy().into_owned();
    assert_eq!(name, format!("udpchat.redb.schema-{OLDER}.2026-03-17"));
    Engine::new(files, [0; 32]).unwrap();
    let old = disk.with_tables(fs::read(&copy).unwrap());
    let database = old.open().unwrap();
    let transaction = database.begin_read().unwrap();
    let meta = transaction.open_table(META).unwrap();
    assert_eq!(meta.get("server schema").unwrap().unwrap().value(), OLDER);
    drop(database);
    migrate(&old.open().unwrap(), STEPS).unwrap();
    whole(old, &truth);
    let (_, again) = open_with(directory.path(), 0, [0; 32], STEPS).unwrap();
    assert_eq!(again, None, "what is current is not copied");
}

#[test]
fn rows_of_schema_7_are_rows_of_schema_8() {
    let (disk, truth) = populated();
    let database = disk.open().unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let mut meta = transaction.open_table(META).unwrap();
        meta.insert("server schema", 7).unwrap();
    }
    transaction.commit().unwrap();
    migrate(&database, crate::store::migration::STEPS).unwrap();
    drop(database);
    whole(disk, &truth);
}
