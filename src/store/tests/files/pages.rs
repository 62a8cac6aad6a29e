//! Pages of a database and blocks of its log that tests damage, as a disk might.

use std::path::Path;
use std::sync::Arc;

use rand_core::RngCore;

use crate::store::catch_panic::guard;
use crate::store::check::{Report, check_database, with_segments};
use crate::store::files::fault_disk::MemoryDisk;
use crate::store::{OpenError, StoreError};

/// redb's page, in bytes (its default on most machines; only where damage is done depends on it).
pub(in crate::store::tests) const PAGE: usize = 4096;

/// Bits of a page that are changed at a time.
const BITS: usize = 8;

/// A page of one of a store's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store::tests) enum Spot {
    Tables(usize),
    /// Of the segment of this number.
    Log(u32, usize),
}

/// Every page of the tables and of the log on which anything stands.
pub(in crate::store::tests) fn spots(disk: &MemoryDisk) -> Vec<Spot> {
    let used = |image: Vec<u8>| (0..image.len() / PAGE).filter(move |page| is_used(&image, *page));
    let tables = used(disk.image()).map(Spot::Tables);
    let log = disk.segments().into_iter();
    let log = log.flat_map(|(number, image)| used(image).map(move |page| Spot::Log(number, page)));
    tables.chain(log).collect()
}

/// A copy of the disk with some bits of a page changed.
pub(in crate::store::tests) fn damaged_at(
    disk: &MemoryDisk,
    spot: Spot,
    rng: &mut impl RngCore,
) -> MemoryDisk {
    let copy = disk.copy();
    match spot {
        Spot::Tables(page) => copy.set_tables(damaged(&disk.image(), page, rng)),
        Spot::Log(number, page) => {
            let image = damaged(&disk.segment_image(number), page, rng);
            copy.set_segment(number, Some(image));
        }
    }
    copy
}

/// Whether anything stands on a page: most of a small file is free space.
pub(in crate::store::tests) fn is_used(image: &[u8], page: usize) -> bool {
    image[page * PAGE..][..PAGE].iter().any(|byte| *byte != 0)
}

/// The database with some bits of a page changed.
pub(in crate::store::tests) fn damaged(
    image: &[u8],
    page: usize,
    rng: &mut impl RngCore,
) -> Vec<u8> {
    let mut damaged = image.to_vec();
    for _ in 0..BITS {
        let place = page * PAGE + rng.next_u32() as usize % PAGE;
        damaged[place] ^= 1 << (rng.next_u32() % 8);
    }
    damaged
}

/// Damages each page of the tables on which one of these stands so that redb cannot read it.
pub(in crate::store::tests) fn break_pages(
    disk: &MemoryDisk,
    needles: impl IntoIterator<Item = Vec<u8>>,
) {
    let image = disk.image();
    let pages: std::collections::BTreeSet<usize> = needles
        .into_iter()
        .map(|needle| page_of(&image, &needle))
        .collect();
    for page in pages {
        // How many rows it has. Its kind is looked at by a debug build of redb as it opens the file.
        disk.flip(page * PAGE + 3);
    }
}

/// The page on which something stands.
pub(in crate::store::tests) fn page_of(image: &[u8], needle: &[u8]) -> usize {
    place_of(image, needle).expect("it was stored") / PAGE
}

/// Where something stands.
pub(in crate::store::tests) fn place_of(image: &[u8], needle: &[u8]) -> Option<usize> {
    image
        .windows(needle.len())
        .position(|window| window == needle)
}

/// Where something stands in the log: the segment, and the place in it.
pub(in crate::store::tests) fn place_in_log(disk: &MemoryDisk, needle: &[u8]) -> (u32, usize) {
    let segments = disk.segments();
    let mut found = segments
        .iter()
        .filter_map(|(number, image)| Some((*number, place_of(image, needle)?)));
    found.next().expect("it was said")
}

/// What is wrong with the database on a disk, which nobody has open, down to every page and with its log.
pub(in crate::store::tests) fn check_disk(disk: &MemoryDisk) -> Result<Report, OpenError> {
    let checked: Result<Result<Report, OpenError>, StoreError> = guard(|| {
        let database = match disk.open() {
            Ok(database) => database,
            Err(error) => return Ok(Err(OpenError::Store(error.into()))),
        };
        let segments = Arc::new(disk.clone());
        let looked = match with_segments(database.into(), segments, Path::new("on a disk"), [0; 32])
        {
            Ok(looked) => looked,
            Err(error) => return Ok(Err(error)),
        };
        if let Some(loss) = looked.loss {
            return Ok(Err(OpenError::LacksLog {
                path: "on a disk".into(),
                loss,
            }));
        }
        Ok(check_database(looked))
    });
    checked.unwrap_or_else(|error| Err(OpenError::Store(error)))
}
