//! What is left of a damaged database, in a new one.
//!
//! redb repairs a file that was not closed in order by walking all of it, and does not get past a page that is
//! damaged: then nothing opens the file any more, though most of it can be read. Here it is opened without a repair
//! and without its checksums ([`bare`]); every row that can be reached is read, from the last commit and, where that
//! fails, from the one before it, and is taken if its own check value fits ([`rows`]); what cannot be reached is looked
//! for in all pages of the file ([`leaves`]); then what the tables say of each other is made to agree again ([`mend`]). What that cannot bring back is said. The damaged file stays as it is.

mod bare;
mod blocks;
mod conversations;
mod identities;
mod leaves;
mod memberships;
mod numbers;
mod rows;

use std::path::Path;

use redb::Database;

use super::backup;
use super::check;
use super::error::StoreError;
use super::guard::guard;
use super::meta;
use super::new_file::NewFile;
use super::open::{OpenError, open_new};
use super::tables::{State, Tables};
use rows::Source;

/// What a rescue has brought back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rescued {
    /// How many rows were taken over.
    pub rows: u64,
    /// What was lost, or made anew; nothing if the database was whole. No more than 1,000 are told.
    pub lost: Vec<String>,
}

/// How much is said of what was lost, in sentences. Chosen: nobody reads more.
const LOST_MAX: usize = 1000;

impl Rescued {
    fn lose(&mut self, what: impl Into<String>) {
        if self.lost.len() < LOST_MAX {
            self.lost.push(what.into());
        }
    }
}

/// Reads what can be read of a damaged database file that no server holds, and writes it into a database of its own,
/// which is whole: `check` finds nothing wrong with it, and who opens it for service gives it a new epoch, so that
/// clients compare what they have with what is left. `secrets` are the names of those that a server has, `seed` is for the
/// epoch.
///
/// # Errors
/// If the file is held by a server, is no database or one of another schema, or the new one cannot be written.
pub fn rescue(
    file: &Path,
    path: &Path,
    secrets: &[&str],
    seed: [u8; 32],
) -> Result<Rescued, OpenError> {
    let new = NewFile::at(path)?;
    // Refused while a server holds it; that it is damaged is no reason.
    if is_held(file) {
        return Err(OpenError::InUse { path: file.into() });
    }
    let sources = Source::all(file)?;
    let rescued = fill(file, &sources, open_new(&new)?, secrets, seed)?;
    new.place()?;
    Ok(rescued)
}

fn is_held(file: &Path) -> bool {
    let looked: Result<bool, StoreError> = guard(|| {
        let opened = check::open_to_look(file);
        Ok(matches!(opened, Err(OpenError::InUse { .. })))
    });
    looked.unwrap_or(false)
}

fn fill(
    file: &Path,
    sources: &[Source],
    to: Database,
    secrets: &[&str],
    seed: [u8; 32],
) -> Result<Rescued, OpenError> {
    let mut rescued = Rescued::default();
    let mut is_journal_known = false;
    let copied: Result<(), OpenError> = guard(|| {
        let transaction = to.begin_write().map_err(StoreError::from)?;
        let state = State::default();
        {
            let mut tables = Tables::open(&transaction, &state)?;
            let incomplete = rows::copy(sources, &mut tables, &mut rescued)?;
            if incomplete.contains("accounts") {
                leaves::accounts(file, &mut tables, &mut rescued)?;
            }
            if incomplete.contains("conversations") {
                leaves::conversations(file, &mut tables, &mut rescued)?;
            }
            if incomplete.contains("log") {
                leaves::entries(file, &mut tables, &mut rescued)?;
            }
            // Asked before it is marked as a copy, which may have none.
            is_journal_known = meta::journal(&tables).is_ok();
            mend(&mut tables, secrets, seed, &mut rescued)?;
        }
        transaction.commit().map_err(StoreError::from)?;
        Ok(())
    });
    copied?;
    let (to, loss) = check::with_journal(to, file, seed)?;
    if loss.is_some() || !is_journal_known {
        rescued.lose("the journal: some of what was said last, as it does not fit what is left");
    }
    // The copy gets a journal of its own.
    backup::mark_as_copy(&to)?;
    Ok(rescued)
}

/// Makes the tables agree again. Each step relies on those before it.
fn mend(
    tables: &mut Tables<'_>,
    secrets: &[&str],
    seed: [u8; 32],
    rescued: &mut Rescued,
) -> Result<(), StoreError> {
    let mut talk = numbers::scan(tables)?;
    identities::accounts(tables, &talk, rescued)?;
    conversations::records(tables, &mut talk, rescued)?;
    conversations::logs(tables, &talk, rescued)?;
    conversations::rooms(tables, rescued)?;
    identities::names(tables)?;
    memberships::members(tables, rescued)?;
    memberships::lists(tables)?;
    blocks::blocks(tables)?;
    numbers::senders(tables, &talk)?;
    conversations::limits(tables)?;
    identities::secrets(tables, secrets, rescued)?;
    meta::mend(tables, talk.next_device, seed)
}
