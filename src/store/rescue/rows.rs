//! Every row that can be reached, of each table: forward to the first page that cannot be read, backward to the last,
//! and what can be found between them.

use std::collections::{BTreeSet, VecDeque};
use std::ops::Bound;
use std::path::Path;

use redb::{
    Key, ReadOnlyDatabase, ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTable,
    TableDefinition, Value,
};

use super::super::error::StoreError;
use super::super::guard::guard;
use super::super::meta::{self, SCHEMA, SCHEMA_VERSION};
use super::super::open::{OpenError, from_redb};
use super::super::rooms::Invitation;
use super::super::seal;
use super::super::tables::{Look as _, Tables};
use super::Rescued;
use super::bare::{self, Commit};

/// How often it is tried to find rows between two damaged pages of a table. Chosen: enough to step around some ten
/// pages, and over in a moment.
const PROBES_MAX: u32 = 512;

/// A commit that is read from.
pub(super) struct Source {
    transaction: ReadTransaction,
    _database: ReadOnlyDatabase,
}

impl Source {
    /// The last commit of a file and the one before it, as far as they can be opened.
    pub(super) fn all(path: &Path) -> Result<Vec<Self>, OpenError> {
        let mut sources = Vec::new();
        let mut reason = None;
        for commit in [Commit::Last, Commit::BeforeLast] {
            match guard(|| Ok::<_, StoreError>(Self::open(path, commit))) {
                Ok(Ok(source)) => sources.push(source),
                Ok(Err(error)) => reason = reason.or(Some(error)),
                Err(error) => reason = reason.or(Some(error.into())),
            }
        }
        match reason {
            Some(error) if sources.is_empty() => Err(error),
            _ => Ok(sources),
        }
    }

    fn open(path: &Path, commit: Commit) -> Result<Self, OpenError> {
        let database = bare::open(path, commit).map_err(|error| from_redb(path, 0, error))?;
        let transaction = database.begin_read().map_err(StoreError::from)?;
        let source = Self {
            transaction,
            _database: database,
        };
        match source.schema() {
            Some(found) if found > SCHEMA_VERSION => Err(OpenError::NewerSchema {
                found,
                known: SCHEMA_VERSION,
            }),
            Some(found) if found < SCHEMA_VERSION => Err(OpenError::OlderSchema { found }),
            _ => Ok(source),
        }
    }

    /// The schema, where that can be read.
    fn schema(&self) -> Option<u64> {
        let found = guard(|| -> Result<_, StoreError> {
            let meta = TableDefinition::<&str, u64>::new("meta");
            let meta = self.transaction.open_table(meta)?;
            Ok(meta.get(SCHEMA)?.map(|schema| schema.value()))
        });
        found.ok().flatten()
    }

    fn table<K: Key + 'static, V: Value + 'static>(
        &self,
        name: &str,
    ) -> Option<ReadOnlyTable<K, V>> {
        let opened = guard(|| -> Result<_, StoreError> {
            Ok(self.transaction.open_table(TableDefinition::new(name))?)
        });
        opened.ok()
    }
}

/// A key, kept beside its row.
trait Place: Ord + Clone {
    /// A key between two others.
    fn between(low: Option<&Self>, high: Option<&Self>) -> Option<Self>;
}

impl Place for u64 {
    fn between(low: Option<&Self>, high: Option<&Self>) -> Option<Self> {
        let (low, high) = (
            low.copied().unwrap_or(0),
            high.copied().unwrap_or(Self::MAX),
        );
        Some(low.midpoint(high)).filter(|middle| low < *middle && *middle < high)
    }
}

impl Place for (u64, u64) {
    fn between(low: Option<&Self>, high: Option<&Self>) -> Option<Self> {
        let wide = |(first, second): Self| u128::from(first) << 64 | u128::from(second);
        let low = low.map_or(0, |low| wide(*low));
        let high = high.map_or(u128::MAX, |high| wide(*high));
        let middle = low.midpoint(high);
        let narrow = |half: u128| u64::try_from(half).unwrap_or(u64::MAX);
        (low < middle && middle < high)
            .then(|| (narrow(middle >> 64), narrow(middle & u128::from(u64::MAX))))
    }
}

/// Tables that are made anew from others need not be searched.
impl Place for (u64, u64, u64) {
    fn between(_: Option<&Self>, _: Option<&Self>) -> Option<Self> {
        None
    }
}

/// Takes a key and a value.
type Take<'t, K, V> = dyn FnMut(K, <V as Value>::SelfType<'_>) -> Result<(), StoreError> + 't;

/// How far a reading went.
struct Reach<P> {
    /// The first and the last key that were read.
    first: Option<P>,
    last: Option<P>,
    /// Whether it came to its end.
    is_whole: bool,
}

/// Reads rows in one direction, until the end, a page that cannot be read, or a key that is out of order (a damaged page
/// can lead in a circle).
fn run<K, V>(
    table: &ReadOnlyTable<K, V>,
    range: (Bound<K>, Bound<K>),
    backward: bool,
    take: &mut Take<'_, K, V>,
) -> Result<Reach<K>, StoreError>
where
    K: for<'a> Key<SelfType<'a> = K> + Place + Copy + 'static,
    V: Value + 'static,
{
    let mut reach = Reach {
        first: None,
        last: None,
        is_whole: false,
    };
    let mut failed = None;
    let read: Result<(), StoreError> = guard(|| {
        let mut rows = table.range::<K>(range)?;
        loop {
            let row = if backward {
                rows.next_back()
            } else {
                rows.next()
            };
            let Some(row) = row else {
                reach.is_whole = true;
                return Ok(());
            };
            let (key, value) = row?;
            let key = key.value();
            let is_ordered = reach
                .last
                .is_none_or(|last| if backward { key < last } else { last < key });
            if !is_ordered {
                return Ok(());
            }
            reach.first = reach.first.or(Some(key));
            reach.last = Some(key);
            if let Err(error) = take(key, value.value()) {
                failed = Some(error);
                return Ok(());
            }
        }
    });
    // What cannot be read is what this is about; what cannot be written is not.
    failed.map_or(Ok(()), Err)?;
    reach.is_whole &= read.is_ok();
    Ok(reach)
}

/// Reads every row that can be found; says whether that was all.
fn each<K, V>(table: &ReadOnlyTable<K, V>, take: &mut Take<'_, K, V>) -> Result<bool, StoreError>
where
    K: for<'a> Key<SelfType<'a> = K> + Place + Copy + 'static,
    V: Value + 'static,
{
    let above = |key: Option<K>| key.map_or(Bound::Unbounded, Bound::Excluded);
    let forward = run(table, (Bound::Unbounded, Bound::Unbounded), false, take)?;
    if forward.is_whole {
        return Ok(true);
    }
    let low = forward.last;
    let backward = run(table, (above(low), Bound::Unbounded), true, take)?;
    let mut gaps = VecDeque::from([(low, backward.last)]);
    for _ in 0..PROBES_MAX {
        let Some((low, high)) = gaps.pop_front() else {
            break;
        };
        let Some(middle) = K::between(low.as_ref(), high.as_ref()) else {
            continue;
        };
        let found = run(table, (Bound::Included(middle), above(high)), false, take)?;
        gaps.push_back((
            low,
            Some(found.first.map_or(middle, |first| first.min(middle))),
        ));
        if !found.is_whole {
            gaps.push_back((Some(found.last.unwrap_or(middle)), high));
        }
    }
    Ok(false)
}

/// Copies every row that can be read and whose check value fits, from the newest source in which it is so. Returns the
/// tables of which that was not all.
pub(super) fn copy(
    sources: &[Source],
    to: &mut Tables<'_>,
    rescued: &mut Rescued,
) -> Result<BTreeSet<&'static str>, StoreError> {
    let mut incomplete = BTreeSet::new();
    for (age, source) in sources.iter().enumerate() {
        macro_rules! copy {
            ($($name:ident: $key:ty => $value:ty, |$place:ident, $row:ident| $sound:expr;)*) => {$(
                let name = stringify!($name);
                let is_whole = match source.table::<$key, $value>(name) {
                    Some(table) if age == 0 || incomplete.contains(name) => {
                        each(&table, &mut |$place, $row| {
                            if !$sound {
                                incomplete.insert(name);
                            } else if to.$name.get($place)?.is_none() {
                                to.$name.insert($place, $row)?;
                                rescued.rows += 1;
                            }
                            Ok(())
                        })?
                    }
                    Some(_) => true,
                    None => false,
                };
                if !is_whole {
                    incomplete.insert(name);
                }
            )*};
        }
        copy! {
            accounts: u64 => &[u8], |id, row| seal::open("accounts", id, row).is_ok();
            devices: (u64, u64) => &[u8], |key, row| seal::open("devices", key, row).is_ok();
            pairs: (u64, u64) => (u64, u32), |key, row| seal::open_number("pairs", key, row).is_ok();
            conversations: u64 => &[u8], |id, row| seal::open("conversations", id, row).is_ok();
            members: (u64, u64) => &[u8], |key, row| seal::open("members", key, row).is_ok();
            rooms: u64 => &[u8], |id, row| seal::open("rooms", id, row).is_ok();
            rooms_of: (u64, u64) => (u64, u32), |key, row| seal::open_number("rooms_of", key, row).is_ok();
            invited: (u64, u64) => u32, |key, row| Invitation::open(key, row).is_ok();
            blocked: (u64, u64) => u32, |key, row| seal::check_presence("blocked", key, row).is_ok();
            withheld: (u64, u64, u64) => (u64, u32), |key, row| seal::open_number("withheld", key, row).is_ok();
            senders: (u64, u64) => (u64, u32), |key, row| seal::open_number("senders", key, row).is_ok();
            sent: (u64, u64, u64) => (u64, [u8; 32], u64, u32), |key, row| seal::open_sent(key, row).is_ok();
            log: (u64, u64) => &[u8], |key, row| seal::decode_entry(key.0, key.1, row).is_ok();
            retention: u64 => &[u8], |id, row| seal::open("retention", id, row).is_ok();
        }
        words(source, age, to, rescued, &mut incomplete);
    }
    for name in &incomplete {
        rescued.lose(format!("{name}: not every row could be read"));
    }
    Ok(incomplete)
}

/// The tables whose keys are words: forward and backward only, as there is nothing between two words to try.
fn words(
    source: &Source,
    age: usize,
    to: &mut Tables<'_>,
    rescued: &mut Rescued,
    incomplete: &mut BTreeSet<&'static str>,
) {
    macro_rules! words {
        ($($name:ident: $key:ty => $value:ty, $most:expr, |$place:ident, $row:ident| $sound:expr;)*) => {$(
            let name = stringify!($name);
            let mut is_whole = false;
            if age > 0 && !incomplete.contains(name) {
                is_whole = true;
            } else if let Some(table) = source.table::<$key, $value>(name) {
                for backward in [false, true] {
                    let mut left: u64 = $most;
                    let read: Result<bool, StoreError> = guard(|| {
                        let mut rows = table.range::<$key>(..)?;
                        while left > 0 {
                            let row = if backward { rows.next_back() } else { rows.next() };
                            let Some(row) = row else { return Ok(true) };
                            left -= 1;
                            let (key, value) = row?;
                            let ($place, $row) = (key.value(), value.value());
                            if !$sound {
                                incomplete.insert(name);
                            } else if to.$name().get($place)?.is_none() {
                                to.$name.insert($place, $row)?;
                                rescued.rows += 1;
                            }
                        }
                        Ok(false)
                    });
                    is_whole |= matches!(read, Ok(true));
                    if is_whole {
                        break;
                    }
                }
            }
            if !is_whole {
                incomplete.insert(name);
            }
        )*};
    }
    // A damaged page can lead in a circle; nobody has as many secrets, or as many names.
    words! {
        meta_sums: &str => u32, 1000, |_row, _sum| true;
        meta: &str => u64, 1000, |row, number| meta::is_sealed(to, row, number);
        secrets: &str => &[u8], 1000, |name, secret| seal::open(meta::SECRETS, name, secret).is_ok();
        names: (u8, &str) => (u64, u32), u64::from(u32::MAX), |key, id| seal::open_number("names", key, id).is_ok();
    }
}
