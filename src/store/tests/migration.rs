//! Databases of older programs.

use redb::{Key, ReadableTable, ReadableTableMetadata as _, TableDefinition, WriteTransaction};
use std::fs;

use super::super::journal::Note;
use super::super::memory::MemoryDisk;
use super::super::record::Kind;
use super::super::seal;
use super::super::testing::{Bench, new_account};
use super::super::{
    DATABASE_FILE, Engine, Finding, NewAccount, OpenError, Refusal, Reply, Request, migrate,
    open_current,
};
use super::fixture::{Truth, populated};

const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const LOG: TableDefinition<'_, (u64, u64), &[u8]> = TableDefinition::new("log");

/// How many bytes of check value stand behind a record.
const SUM_BYTES: usize = 4;

/// The rows of a table, as they are.
fn rows<K: for<'a> Key<SelfType<'a> = K> + Copy + 'static>(
    transaction: &WriteTransaction,
    name: &str,
) -> Vec<(K, Vec<u8>)> {
    let table = TableDefinition::<K, &[u8]>::new(name);
    let table = transaction.open_table(table).unwrap();
    let rows = table.iter().unwrap().map(|row| {
        let (key, value) = row.unwrap();
        (key.value(), value.value().to_vec())
    });
    rows.collect()
}

/// Writes each record of a table as another one.
fn rewrite<K: for<'a> Key<SelfType<'a> = K> + Copy + 'static>(
    transaction: &WriteTransaction,
    name: &str,
    older: impl Fn(&[u8]) -> Vec<u8>,
) {
    for (key, value) in rows::<K>(transaction, name) {
        let record = older(&value[..value.len() - SUM_BYTES]);
        let table = TableDefinition::<K, &[u8]>::new(name);
        let mut table = transaction.open_table(table).unwrap();
        table.insert(key, &*record).unwrap();
    }
}

/// Replaces a table by one without check values.
macro_rules! unseal {
    ($transaction:expr, $name:literal, $key:ty, $sealed:ty => $plain:ty, $turn:expr) => {{
        let sealed = TableDefinition::<$key, $sealed>::new($name);
        let table = $transaction.open_table(sealed).unwrap();
        let rows: Vec<_> = table
            .iter()
            .unwrap()
            .map(|row| {
                let (key, value) = row.unwrap();
                (key.value(), $turn(value.value()))
            })
            .collect();
        drop(table);
        $transaction.delete_table(sealed).unwrap();
        let plain = TableDefinition::<$key, $plain>::new($name);
        let mut table = $transaction.open_table(plain).unwrap();
        for (key, value) in rows {
            table.insert(key, value).unwrap();
        }
    }};
}

/// Has `meta` say how far the tables have the journal, as schema 3 does.
fn journal_in_meta(transaction: &WriteTransaction) {
    let secrets = TableDefinition::<&str, &[u8]>::new("secrets");
    let mut secrets = transaction.open_table(secrets).unwrap();
    let note = secrets.remove("journal").unwrap().unwrap();
    let note: Note = seal::decode("secrets", "journal", note.value()).unwrap();
    let sums = TableDefinition::<&str, u32>::new("meta_sums");
    for (row, number) in [("journal", note.applied), ("server schema", 3)] {
        let mut meta = transaction.open_table(META).unwrap();
        meta.insert(row, number).unwrap();
        let mut sums = transaction.open_table(sums).unwrap();
        let sum = seal::number_sum("meta", row, number);
        sums.insert(row, sum).unwrap();
    }
}

/// The fixture as an older program had it. Schema 3: the journal in `meta`. Schema 2: check values behind records only, which do not count the key.
/// Schema 1: none, no bytes in a conversation's record, no table of limits.
fn older(schema: u64) -> (MemoryDisk, Truth) {
    let (disk, truth) = populated();
    let database = disk.open().unwrap();
    let transaction = database.begin_write().unwrap();
    journal_in_meta(&transaction);
    let usage = TableDefinition::<u64, (u64, u32)>::new("usage");
    transaction.delete_table(usage).unwrap();
    let blocked = TableDefinition::<(u64, u64), u32>::new("blocked");
    transaction.delete_table(blocked).unwrap();
    let withheld = TableDefinition::<(u64, u64, u64), (u64, u32)>::new("withheld");
    transaction.delete_table(withheld).unwrap();
    if schema == 3 {
        transaction.commit().unwrap();
        drop(database);
        return (disk, truth);
    }
    let plain = |record: &[u8]| {
        let sum = crc32fast::hash(record).to_le_bytes();
        let sum: &[u8] = if schema == 1 { &[] } else { &sum };
        [record, sum].concat()
    };
    for name in ["accounts", "rooms", "retention"] {
        rewrite::<u64>(&transaction, name, plain);
    }
    for name in ["devices", "members"] {
        rewrite::<(u64, u64)>(&transaction, name, plain);
    }
    rewrite::<u64>(&transaction, "conversations", |record| {
        // (kind, head, floor, time, members, bytes) as an array, and nothing for a database that was restored.
        let (kind, head, floor, time_ms, members, bytes, ()): (Kind, u64, u64, u64, u32, u64, ()) =
            rmp_serde::from_slice(record).unwrap();
        if schema == 1 {
            rmp_serde::to_vec(&(kind, head, floor, time_ms, members)).unwrap()
        } else {
            plain(&rmp_serde::to_vec(&(kind, head, floor, time_ms, members, bytes)).unwrap())
        }
    });
    if schema == 1 {
        rewrite::<(u64, u64)>(&transaction, "log", <[u8]>::to_vec);
        let retention = TableDefinition::<u64, &[u8]>::new("retention");
        transaction.delete_table(retention).unwrap();
    }
    {
        let secrets = TableDefinition::<&str, &[u8]>::new("secrets");
        let mut secrets = transaction.open_table(secrets).unwrap();
        secrets.insert("a key", &*truth.secret).unwrap();
    }
    {
        // Keys of names cannot be taken out of their row.
        let sealed = TableDefinition::<(u8, &str), (u64, u32)>::new("names");
        let mut names = Vec::new();
        for row in transaction.open_table(sealed).unwrap().iter().unwrap() {
            let (key, value) = row.unwrap();
            names.push((key.value().0, key.value().1.to_owned(), value.value().0));
        }
        transaction.delete_table(sealed).unwrap();
        let plain = TableDefinition::<(u8, &str), u64>::new("names");
        let mut table = transaction.open_table(plain).unwrap();
        for (kind, name, id) in names {
            table.insert((kind, &*name), id).unwrap();
        }
    }
    let number = |(number, _): (u64, u32)| number;
    unseal!(transaction, "pairs", (u64, u64), (u64, u32) => u64, number);
    unseal!(transaction, "rooms_of", (u64, u64), (u64, u32) => u64, number);
    unseal!(transaction, "senders", (u64, u64), (u64, u32) => u64, number);
    unseal!(transaction, "joined", (u64, u64), u32 => (), |_: u32| ());
    unseal!(transaction, "invited", (u64, u64), u32 => (), |_: u32| ());
    unseal!(
        transaction, "sent", (u64, u64, u64), (u64, [u8; 32], u64, u32) => (u64, [u8; 32], u64),
        |(number, digest, entry, _): (u64, [u8; 32], u64, u32)| (number, digest, entry)
    );
    let sums = TableDefinition::<&str, u32>::new("meta_sums");
    transaction.delete_table(sums).unwrap();
    transaction
        .open_table(META)
        .unwrap()
        .insert("server schema", schema)
        .unwrap();
    transaction.commit().unwrap();
    drop(database);
    (disk, truth)
}

fn schema_1() -> MemoryDisk {
    older(1).0
}

/// The database is of this schema and holds what it held; schema 1 had no limits.
fn whole(disk: MemoryDisk, mut truth: Truth, schema: u64) {
    let mut bench = Bench::on(disk);
    let report = bench.engine.snapshots().check().unwrap();
    assert!(report.is_sound(), "{report:?}");
    if schema == 1 {
        truth.retained.clear();
    }
    assert_eq!(truth.asked_again(&mut bench), truth);
}

#[test]
fn older_schemas_are_brought_forward_whole() {
    for schema in [1, 2, 3] {
        let (disk, truth) = older(schema);
        let database = disk.open().unwrap();
        migrate(&database, [5; 32]).unwrap();
        drop(database);
        whole(disk, truth, schema);
    }
}

/// The rule of schema 3 told `b0b` from `bob`. Both keep their names, and nobody else takes one that looks like them.
#[test]
fn names_that_an_earlier_rule_told_apart_are_kept_and_no_more_are_added() {
    let mut bench = Bench::new();
    for (name, form) in [("b0b", "bOb"), ("bob", "bob"), ("will", "will")] {
        bench.done(Request::CreateAccount(NewAccount {
            skeleton: form.into(),
            ..new_account(name)
        }));
    }
    let disk = bench.disk.clone();
    drop(bench);
    let database = disk.open().unwrap();
    let transaction = database.begin_write().unwrap();
    journal_in_meta(&transaction);
    transaction.commit().unwrap();
    migrate(&database, [5; 32]).unwrap();
    drop(database);
    let mut bench = Bench::on(disk);
    let report = bench.engine.snapshots().check().unwrap();
    assert!(report.is_sound(), "{report:?}");
    for name in ["b0b", "bob", "will"] {
        let name = name.to_owned();
        let found = bench.done(Request::FindAccount { name: name.clone() });
        assert!(matches!(found, Reply::Account(account) if account.name == name));
    }
    for (name, taken) in [("B0B", "b0b"), ("vvill", "will")] {
        let new = Request::CreateAccount(new_account(name));
        assert_eq!(bench.refused(new), Refusal::LooksLike(taken.into()));
    }
}

#[test]
fn row_that_was_damaged_before_stays_damaged() {
    let (disk, truth) = older(2);
    let database = disk.open().unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let accounts = TableDefinition::<u64, &[u8]>::new("accounts");
        let mut accounts = transaction.open_table(accounts).unwrap();
        let mut row = accounts.get(2).unwrap().unwrap().value().to_vec();
        row[3] ^= 1;
        accounts.insert(2, &*row).unwrap();
    }
    transaction.commit().unwrap();
    migrate(&database, [5; 32]).unwrap();
    drop(database);
    let mut bench = Bench::on(disk);
    let report = bench.engine.snapshots().check().unwrap();
    let named = |finding: &Finding| finding.table == "accounts" && finding.key == "2";
    assert!(report.findings.iter().any(named), "{report:?}");
    let Reply::Accounts {
        accounts,
        unreadable,
    } = bench.done(Request::ListAccounts)
    else {
        panic!("expected accounts");
    };
    let others = truth.accounts.iter().filter(|account| account.id.0 != 2);
    assert!(accounts.iter().eq(others));
    assert_eq!(unreadable, 1);
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
    let (disk, truth) = older(1);
    let image = disk.image();
    let mut failed = 0;
    for successes in 0.. {
        let disk = MemoryDisk::from_image(image.clone());
        let database = disk.open().unwrap();
        disk.fail_after(Some(successes));
        let outcome = migrate(&database, [5; 32]);
        disk.crash_keeping(|index| index % 2 == 0);
        drop(database);
        let database = disk.open().unwrap();
        if outcome.is_ok() {
            drop(database);
            whole(disk, truth.clone(), 1);
            break;
        }
        failed += 1;
        migrate(&database, [5; 32]).unwrap();
        drop(database);
        whole(disk, truth.clone(), 1);
    }
    assert!(failed > 3, "the disk failed in the middle too: {failed}");
}

#[test]
fn a_copy_is_made_before_and_named_after_schema_and_day() {
    let directory = super::opening::private_directory();
    let path = directory.path().join(DATABASE_FILE);
    let (disk, truth) = older(1);
    super::opening::write(&path, &disk.image());
    let (database, copy) = open_current(directory.path(), 1_773_756_120_000, [5; 32]).unwrap();
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
        transaction.open_table(LOG).unwrap().len().unwrap(),
        u64::try_from(
            truth
                .logs
                .iter()
                .map(|(_, _, log)| log.len())
                .sum::<usize>()
        )
        .unwrap()
    );
    let (_, again) = open_current(directory.path(), 0, [5; 32]).unwrap();
    assert_eq!(again, None, "what is current is not copied");
}
