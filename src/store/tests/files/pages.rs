//! Pages of a database that tests damage, as a disk might.

use rand_core::RngCore;

use crate::store::testing::Bench;

/// redb's page, in bytes (its default on most machines; only where damage is done depends on it).
pub(in crate::store::tests) const PAGE: usize = 4096;

/// Bits of a page that are changed at a time.
const BITS: usize = 8;

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

/// Damages each page on which one of these texts stands so that redb cannot read it, below whoever has the database
/// open.
pub(in crate::store::tests) fn break_pages(bench: &Bench, texts: impl Iterator<Item = String>) {
    let image = bench.disk.image();
    for text in texts {
        bench.disk.flip(page_of(&image, &text) * PAGE);
    }
}

/// The page on which a text stands.
pub(in crate::store::tests) fn page_of(image: &[u8], text: &str) -> usize {
    let place = image
        .windows(text.len())
        .position(|window| window == text.as_bytes());
    place.expect("it was stored") / PAGE
}
