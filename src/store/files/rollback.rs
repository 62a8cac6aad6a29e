//! How a server notices that its database is an older one than it has served: a backup that was put back.
//!
//! Every opening for service counts the database's generation up and then writes the number into a small file beside
//! it. A database that is put back by hand, from a copy made while the server was stopped, is of an earlier
//! generation than that file; a copy made by `udpchat store backup` says itself that it is one. Either gets a new
//! epoch, by which clients notice.
//!
//! What this cannot tell: a copy of the whole directory that is put back whole. (A database copied from under a running
//! server and put back before its next start does not fit its message log.) Clients still notice that where their
//! position is ahead of the log or its digest differs.

use crate::store::files::schema as schema_file;
use crate::store::ops::epoch;
use std::io;
use std::path::Path;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use redb::Database;

use super::new_file::{NewFile, NewFileError};
use super::open::OpenError;
use super::regular::read_regular;
use crate::store::catch_panic::guard;
use crate::store::schema::tables::update;

/// The file's name in the server's data directory.
pub(in crate::store) const GENERATION_FILE: &str = "udpchat.generation";

/// No database is opened so often: a file that says so says nothing. Chosen: once a second for a century, and the ids that a new
/// epoch passes over, as many times 2^20, do not come to their end.
const GENERATIONS_MAX: u64 = 1 << 32;

/// Begins a service of the database of a data directory: returns whether it was found to be an older one, and has a
/// new epoch. `seed` is for the epoch. A database without a schema is left alone.
///
/// # Errors
/// If the database or the file cannot be written.
pub fn begin_service(
    data_dir: &Path,
    database: &Database,
    seed: [u8; 32],
) -> Result<bool, OpenError> {
    let path = data_dir.join(GENERATION_FILE);
    let failed = |cause| OpenError::Io {
        path: path.clone(),
        cause,
    };
    let witness = read(&path).map_err(failed)?;
    let Some((generation, is_older)) = begin_service_after(database, witness, seed)? else {
        return Ok(false);
    };
    // Only now: were the file ahead of the database, the next start would take this one for an older one.
    write(&path, generation)?;
    Ok(is_older)
}

/// Begins a service of a database beside which the generation `witness` was seen last (zero: none). Returns the
/// generation that is to be seen beside it from now on, and whether the database was found to be an older one, and
/// has a new epoch; nothing if it has no schema yet, and is left alone.
///
/// # Errors
/// If the database cannot be read or written.
pub fn begin_service_after(
    database: &Database,
    witness: u64,
    seed: [u8; 32],
) -> Result<Option<(u64, bool)>, OpenError> {
    if guard(|| schema_file::check(database))?.is_none() {
        return Ok(None);
    }
    let mut rng = ChaCha20Rng::from_seed(seed);
    let begin = || {
        update(database, |tables| {
            epoch::begin_service(tables, witness, &mut rng)
        })
    };
    Ok(Some(guard(begin)?))
}

/// The generation that was last seen here; zero if none was, or the file says nothing that could be one.
fn read(path: &Path) -> io::Result<u64> {
    match read_regular(path) {
        Ok(bytes) => {
            let text = std::str::from_utf8(&bytes).unwrap_or_default();
            let generation = text.trim().parse().ok();
            Ok(generation
                .filter(|generation| *generation < GENERATIONS_MAX)
                .unwrap_or(0))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

fn write(path: &Path, generation: u64) -> Result<(), NewFileError> {
    let mut new = NewFile::beside(path)?;
    new.fill(format!("{generation}\n").as_bytes())?;
    new.replace()
}
