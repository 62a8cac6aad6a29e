//! The tickets that devices sign in with: what is stored of one, and how long it is good.

use rand_core::RngCore;

use crate::protocol::{AccountId, TICKET_BYTES};
use crate::store::TicketHash;
use crate::transport::Now;

/// How long a ticket is good, in milliseconds. Chosen: a device that is used once a month never asks for the password, since each
/// sign-in gives it a new one; the ticket of one that was lost or sold is worth nothing after that.
const TICKET_LIFE_MS: u64 = 30 * 24 * 60 * 60 * 1000;

pub fn new_ticket(rng: &mut impl RngCore) -> Vec<u8> {
    let mut ticket = vec![0; TICKET_BYTES];
    rng.fill_bytes(&mut ticket);
    ticket
}

/// When a ticket that is made now expires, in Unix milliseconds.
pub fn expiry(now: Now) -> u64 {
    now.unix_ms.saturating_add(TICKET_LIFE_MS)
}

/// What the store keeps of a ticket of this account with the server of this public key.
#[must_use]
pub fn hash_ticket(server_key: &[u8; 32], account: AccountId, ticket: &[u8]) -> TicketHash {
    let mut hasher = blake3::Hasher::new_derive_key("udpchat 1 resume ticket");
    hasher
        .update(server_key)
        .update(&account.0.to_be_bytes())
        .update(ticket);
    TicketHash(*hasher.finalize().as_bytes())
}
