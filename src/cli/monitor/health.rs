//! What is wrong with a running server: for `udpchat status --check` and the like.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::snapshot::Snapshot;
use super::text::span;
use crate::text::number::size;

/// A disk is nearly full with less than this, and less than a part of it, free. Chosen: large enough for an hour of what a
/// hundred users may write, and a small disk is not full from the start.
const FREE_MIN_BYTES: u64 = 1 << 30;

/// The part of a disk, as above.
const FREE_MIN_SHARE: u64 = 10;

/// A thread that is busy for so long makes every user wait. Chosen: what a person takes for a failure.
const STALL_US: u64 = 1_000_000;

/// Something is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// A stable name: `store`, `disk`, `stall` or `backup`.
    pub name: String,
    /// A few words.
    pub text: String,
}

/// All that is wrong, the worst first.
pub fn problems(snapshot: &Snapshot) -> Vec<Problem> {
    let found = [
        ("store", store(snapshot)),
        ("disk", disk(snapshot)),
        ("stall", stall(snapshot)),
        ("backup", backup(snapshot)),
    ];
    let found = found.into_iter().filter_map(|(name, text)| {
        Some(Problem {
            name: name.to_owned(),
            text: text?,
        })
    });
    found.collect()
}

fn store(snapshot: &Snapshot) -> Option<String> {
    if snapshot.store.is_displaced {
        return Some("nothing is stored: the database's files were removed or replaced".into());
    }
    (!snapshot.store.is_serving).then(|| "the store does not answer (see the log)".into())
}

fn disk(snapshot: &Snapshot) -> Option<String> {
    let (free, all) = (snapshot.sizes.disk_free_bytes?, snapshot.sizes.disk_bytes?);
    (free < FREE_MIN_BYTES && free < all / FREE_MIN_SHARE)
        .then(|| format!("the disk is nearly full: {} left", size(free)))
}

fn stall(snapshot: &Snapshot) -> Option<String> {
    let stall_us = snapshot.recent_stall_us;
    (stall_us >= STALL_US).then(|| {
        let tenths = stall_us / 100_000;
        format!(
            "the server stood still for {}.{} s in the last minutes",
            tenths / 10,
            tenths % 10
        )
    })
}

fn backup(snapshot: &Snapshot) -> Option<String> {
    let backup = snapshot.backup.as_ref()?;
    let every_ms = u64::try_from(backup.every.as_millis()).unwrap_or(u64::MAX);
    let since_ms = backup.last_ms.unwrap_or(snapshot.started_ms);
    let age_ms = snapshot.unix_ms.saturating_sub(since_ms);
    let longest_ms = match (&backup.failure, backup.last_ms) {
        (Some(_), None) => 0,
        (Some(_), Some(_)) => every_ms,
        // One may be under way.
        (None, _) => every_ms.saturating_mul(2),
    };
    if age_ms <= longest_ms {
        return None;
    }
    let why = backup.failure.as_ref();
    let why = why.map_or(String::new(), |why| format!(" ({why})"));
    let age = span(Duration::from_millis(age_ms));
    Some(match backup.last_ms {
        Some(_) => format!("the last backup is {age} old{why}"),
        None => format!("no backup was made for {age}{why}"),
    })
}
