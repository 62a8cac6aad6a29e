//! The example of udpchat-store(7), by which another program can be checked.

use redb::{ReadableDatabase as _, TableHandle as _};

use super::rig::Said;
use crate::protocol::{AccountId, DeviceId};
use crate::store::Write;
use crate::store::schema::checksum;
use crate::store::schema::places::row_of;
use crate::store::schema::tables::SECRETS;
use crate::store::segments::batch::Batch;
use crate::store::segments::layout::{FIRST, RecordHeader, SegmentHeader};
use crate::store::segments::note::Note;
use crate::store::segments::{Place, commands};
use crate::store::testing::Bench;

const MANUAL: &str = include_str!("../../../../man/udpchat-store.7");

/// The numbers from this one on.
fn counted<const N: usize>(from: u8) -> [u8; N] {
    let mut next = from;
    [(); N].map(|()| {
        next += 1;
        next - 1
    })
}

/// The manual has these bytes, sixteen in a line.
fn has(bytes: &[u8]) {
    for line in bytes.chunks(16) {
        let hex: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(MANUAL.contains(&hex.join(" ")), "{bytes:02x?}");
    }
}

#[test]
fn example_of_the_manual_is_what_this_program_writes() {
    let header = SegmentHeader {
        number: 1,
        first_record: 1,
        before: [0; 16],
        salt: counted(48),
    };
    let mut note = Note {
        secret: counted(0),
        identity: counted(32),
        applied: 0,
        segment: 0,
        offset: 0,
        last: None,
    };
    has(&header.encode(&note));

    let key = header.key(&note);
    let mut batch = Batch::default();
    batch.begin(1, FIRST, key);
    let said = Said {
        conversation: 5,
        entry: 1,
        numbers: [3, 9, 1, 1_773_756_120_000],
        content: b"tea at four?".to_vec(),
    };
    let place = batch.add(&said.frame()).expect("there is room");
    let revoke = Write::RevokeTickets {
        account: AccountId(3),
        device: DeviceId(9),
    };
    let commands = commands::encode(&[None, Some(&revoke)]);
    let record = RecordHeader::of(&key, FIRST, 1, batch.entries(), &commands);
    let record = record.expect("it is short");
    has(batch.seal(&record.encode(&key, FIRST), &commands));

    assert_eq!((place.segment, place.offset), (1, 8240));
    let places = [0, 100, 200].map(|offset| {
        Some(Place {
            segment: 1,
            offset: 8240 + offset,
        })
    });
    has(&row_of((5, 1), &places));

    note.applied = 1;
    note.segment = 1;
    note.offset = u32::try_from(record.next(FIRST).expect("it is short")).expect("it is short");
    note.last = Some((8192, record.own_check(&key, FIRST)));
    let (name, row) = note.row();
    has(&checksum::encode(SECRETS, &name, &row));
}

#[test]
fn every_table_is_in_the_manual() {
    let Bench { engine, disk, .. } = Bench::new();
    drop(engine);
    let database = disk.open().expect("nobody has it open");
    let transaction = database.begin_read().expect("it can be read");
    let tables = transaction.list_tables().expect("it can be read");
    let names: Vec<String> = tables.map(|table| table.name().to_owned()).collect();
    assert!(names.len() > 15, "{names:?}");
    for name in names.iter().filter(|name| *name != "meta") {
        let has_row = |line: &str| line.split_whitespace().next() == Some(name);
        assert!(MANUAL.lines().any(has_row), "{name}");
    }
}
