//! Idempotency keys: what a program says again under the same one, from whatever device of the account, is said once. The server
//! decides that; it is told a hash of the key.

use super::outbox::Outbox;
use crate::client::storage::State;
use crate::client::storage::records::OutboxEntry;
use crate::protocol::{AccountId, Bytes};

/// The longest key. Chosen: what a program puts together from a few names and times.
pub const KEY_MAX_BYTES: usize = 256;

/// What the hash is made for (BLAKE3 `derive_key`).
const CONTEXT: &str = "udpchat 1: idempotency key";

/// What the server is told of a key (udpchat-protocol(7), Sending). It is another one for each account, so that nobody can
/// tell whether two accounts use the same.
pub(super) fn hashed(account: AccountId, key: &str) -> Bytes<16> {
    let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
    hasher.update(&account.0.to_le_bytes());
    hasher.update(key.as_bytes());
    let mut half = [0; 16];
    hasher.finalize_xof().fill(&mut half);
    Bytes(half)
}

/// Whether this can be a key; else why not.
///
/// # Errors
/// What is wrong with it, in words.
pub fn check_key(key: &str) -> Result<(), String> {
    match key.len() {
        0 => Err("an id cannot be empty".into()),
        1..=KEY_MAX_BYTES => Ok(()),
        bytes => Err(format!(
            "the id is too long: {bytes} bytes, and one has at most {KEY_MAX_BYTES}"
        )),
    }
}

/// It is not known whether a message is stored under its number. With a key it can be sent under another. Returns whether
/// that is so.
pub(super) fn say_again(state: &mut State, outbox: &mut Outbox, sequence: u64) -> bool {
    let unsent = outbox.get(sequence);
    if !unsent.is_some_and(OutboxEntry::can_be_said_again) {
        return false;
    }
    if let Some(unsent) = outbox.unnumber(sequence) {
        state.put_unsent(sequence, unsent);
    }
    true
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;

    use super::*;
    use crate::client::account::blocked::BlockedUsers;
    use crate::client::account::sender::Sender;
    use crate::client::account::testing::Workbench;
    use crate::protocol::{
        ClientBody, ConversationId, DeviceSeq, EntryId, ErrorCode, Failure, SaidBefore,
    };

    const PAIR: ConversationId = ConversationId(40);

    fn sender(outbox: Vec<(u64, OutboxEntry)>) -> Sender {
        Sender::new(outbox, ChaCha20Rng::from_seed([7; 32]))
    }

    fn say(bench: &mut Workbench, sender: &mut Sender, text: &str, key: &str) {
        let unsent = OutboxEntry {
            key: Some(key.into()),
            ..OutboxEntry::new("bob".into(), text.into())
        };
        let blocked = BlockedUsers::default();
        sender.send_text(&mut bench.ctx(), &blocked, unsent);
        sender.send_pending(&mut bench.ctx());
    }

    fn said_before(number: u64, conversation: ConversationId) -> Failure {
        Failure {
            said_before: Some(Box::new(SaidBefore {
                conversation,
                entry: EntryId(9),
                time_ms: 1,
                recipients: 1,
                online: 0,
            })),
            ..Failure::of_number(ErrorCode::SaidBefore, PAIR, DeviceSeq(number))
        }
    }

    #[test]
    fn key_is_hashed_for_its_account_and_otherwise_always_the_same() {
        let hash = hashed(AccountId(5), "backup 2026-11-29");
        assert_eq!(hash, hashed(AccountId(5), "backup 2026-11-29"));
        assert_ne!(hash, hashed(AccountId(6), "backup 2026-11-29"));
        assert_ne!(hash, hashed(AccountId(5), "backup 2026-11-30"));
        // Another version must not say again what this one has said.
        let manual = include_str!("../../../../man/udpchat-protocol.7");
        let hex = format!("\n{:032x}.\n", u128::from_be_bytes(hash.0));
        assert!(manual.contains(&hex), "{hex}");
    }

    #[test]
    fn number_of_what_was_said_before_is_used_up_and_it_counts_as_stored() {
        let mut bench = Workbench::new().knows(PAIR, "bob");
        let mut sender = sender(Vec::new());
        say(&mut bench, &mut sender, "tea?", "k1");
        let sent = bench.sent();
        let is_entry = |body: &ClientBody| matches!(body, ClientBody::Entry(_));
        assert!(sent.iter().any(is_entry), "{sent:?}");
        let taken = sender.take_said_before(&mut bench.ctx(), &said_before(1, PAIR));
        assert_eq!(taken.map(|(before, _)| before.entry), Some(EntryId(9)));
        assert_eq!(sender.stored(), 1);
        assert_eq!(
            bench.lines(),
            ["● not sent again: its id was used at 00:00: \"tea?\""]
        );
        sender.send_pending(&mut bench.ctx());
        let sent = bench.sent();
        let is_void = |body: &ClientBody| matches!(body, ClientBody::Void(_));
        assert!(sent.iter().any(is_void), "{sent:?}");
        // Killed here, the next run does the same.
        bench.ctx().state.commit().expect("memory does not fail");
        let kept = bench.ctx().state.load().expect("memory does not fail");
        assert!(kept.outbox[0].1.refused);
        sender.handle_voided(&mut bench.ctx(), PAIR, DeviceSeq(1));
        assert_eq!(sender.waiting(), 0);
    }

    #[test]
    fn what_has_no_key_cannot_have_been_said_before() {
        let mut bench = Workbench::new().knows(PAIR, "bob");
        let mut sender = sender(Vec::new());
        let unsent = OutboxEntry::new("bob".into(), "tea?".into());
        let blocked = BlockedUsers::default();
        sender.send_text(&mut bench.ctx(), &blocked, unsent);
        sender.send_pending(&mut bench.ctx());
        let failure = said_before(1, PAIR);
        let taken = sender.take_said_before(&mut bench.ctx(), &failure);
        assert_eq!(taken, None);
        assert!(!sender.handle_refused(&mut bench.ctx(), &failure));
        let lines = bench.lines();
        assert!(lines[0].starts_with("not sent: "), "{lines:?}");
    }

    #[test]
    fn what_an_earlier_run_left_under_the_key_is_sent_and_not_queued_again() {
        let mut bench = Workbench::new().knows(PAIR, "bob");
        let waiting = OutboxEntry {
            key: Some("k1".into()),
            ..OutboxEntry::new("bob".into(), "tea?".into())
        };
        let mut sender = sender(vec![(3, waiting)]);
        say(&mut bench, &mut sender, "tea?", "k1");
        assert_eq!(sender.waiting(), 1);
        assert!(sender.outbox.typed(3).is_some());
        // Said again in this run, or as another text, it is for the server to refuse.
        say(&mut bench, &mut sender, "tea?", "k1");
        say(&mut bench, &mut sender, "coffee?", "k1");
        assert_eq!(sender.waiting(), 3);
    }

    #[test]
    fn message_with_a_key_is_sent_under_another_number_where_it_is_not_known_whether_it_is_stored()
    {
        let mut bench = Workbench::new().knows(PAIR, "bob");
        let mut sender = sender(Vec::new());
        say(&mut bench, &mut sender, "tea?", "k1");
        bench.sent();
        let unknown = Failure::of_number(ErrorCode::UnknownNumber, PAIR, DeviceSeq(1));
        assert!(!sender.handle_refused(&mut bench.ctx(), &unknown));
        assert!(bench.lines().is_empty(), "nothing is unconfirmed");
        sender.send_pending(&mut bench.ctx());
        assert_eq!(sender.outbox.last_number(PAIR), Some(DeviceSeq(2)));
        // The device's numbers are another's.
        let ctx = &mut bench.ctx();
        sender.give_up(ctx.state, ctx.effects);
        assert_eq!(sender.outbox.unnumbered().len(), 1);
    }

    #[test]
    fn key_that_cannot_be_one_is_refused_before_anything_waits() {
        let mut bench = Workbench::new().knows(PAIR, "bob");
        let mut sender = sender(Vec::new());
        say(&mut bench, &mut sender, "tea?", "");
        say(
            &mut bench,
            &mut sender,
            "tea?",
            &"x".repeat(KEY_MAX_BYTES + 1),
        );
        assert_eq!(sender.waiting(), 0);
        assert_eq!(bench.lines().len(), 2);
    }
}
