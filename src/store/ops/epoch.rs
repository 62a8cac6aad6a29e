//! Epochs: a database that was restored, or has lost something durable, gets another one.

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore as _;

use super::conversations;
use crate::store::ReplicaState;
use crate::store::error::StoreError;
use crate::store::schema::meta::{
    COPY, EPOCH, GENERATION, IDS_SKIPPED, Sequence, is_copy, number, optional, put,
};
use crate::store::schema::tables::Tables;
use crate::store::segments::note::Note;

/// Begins a service of the database: counts it, and gives the database a new epoch if it is a copy, or if `witness`
/// has seen a later generation of it. Returns the generation and whether the epoch is new.
pub(in crate::store) fn begin_service(
    tables: &mut Tables,
    witness: u64,
    rng: &mut ChaCha20Rng,
) -> Result<(u64, bool), StoreError> {
    let known = optional(tables, GENERATION)?.unwrap_or(0);
    let is_older = is_copy(tables)? || witness > known;
    let generation = known.max(witness).saturating_add(1);
    // The ids that a new epoch passes over are counted from it.
    put(tables, GENERATION, generation);
    // A replica's state follows from its log alone, so that all have the same; from a copy it goes on.
    let is_replica = ReplicaState::load(tables)?.is_some();
    if is_older {
        if !is_replica {
            renew_epoch(tables, rng)?;
        }
        // The log beside it goes on with what came after, or is that of the database in whose place it was put.
        let note = Note::load(tables)?.map_or_else(|| Note::new(rng), Note::cut);
        note.save(tables);
        put(tables, COPY, 0);
    }
    Ok((generation, is_older && !is_replica))
}

/// Gives the database another epoch than it has: something that was durable is not there. Its logs are noted as what
/// they have in common with those of before, and ids that were given out since are passed over.
pub(in crate::store) fn renew_epoch(
    tables: &mut Tables,
    rng: &mut ChaCha20Rng,
) -> Result<u64, StoreError> {
    let before = optional(tables, EPOCH)?;
    conversations::on_restore(tables, before.unwrap_or(0))?;
    let generation = optional(tables, GENERATION)?.unwrap_or(0).max(1);
    for sequence in Sequence::ALL {
        let next = number(tables, sequence.row())?;
        let next = next.saturating_add(generation.saturating_mul(IDS_SKIPPED));
        put(tables, sequence.row(), next);
    }
    let mut epoch = rng.next_u64();
    while before == Some(epoch) {
        epoch = rng.next_u64();
    }
    put(tables, EPOCH, epoch);
    Ok(epoch)
}
