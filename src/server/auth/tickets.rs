//! The tickets that devices sign in with: what is stored of one, and how long it is good.

use rand_core::RngCore;

use crate::protocol::{AccountId, TICKET_BYTES};
use crate::store::TicketHash;
use crate::transport::Now;

/// How long a ticket is good: 30 days, in milliseconds (the design's figure).
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
