//! Tests of what is queued, numbered and stored.

use rand_core::SeedableRng;

use super::*;
use crate::client::account::testing::Workbench;
use crate::protocol::{AccountId, ClientBody, Resolved, Stored};

const PAIR: ConversationId = ConversationId(40);

fn sender() -> Sender {
    Sender::new(Vec::new(), ChaCha20Rng::from_seed([7; 32]))
}

fn send_text(bench: &mut Workbench, sender: &mut Sender, target: &str) {
    let blocked = BlockedUsers::default();
    let unsent = OutboxEntry::new(target.into(), "tea?".into());
    sender.send_text(&mut bench.ctx(), &blocked, unsent);
    sender.send_pending(&mut bench.ctx());
}

#[test]
fn text_to_a_name_that_is_not_known_waits_for_its_conversation_and_is_sent_then() {
    let mut bench = Workbench::new();
    let mut sender = sender();
    send_text(&mut bench, &mut sender, "Bob");
    sender.send_pending(&mut bench.ctx());
    let sent = bench.sent();
    let [ClientBody::Resolve(resolve)] = &sent[..] else {
        panic!("{sent:?} is not one request for the conversation");
    };
    let resolved = Resolved {
        tag: resolve.tag,
        account: AccountId(2),
        conversation: PAIR,
        name: "bob".into(),
        last_number: DeviceSeq(4),
        start: EntryId::START,
    };
    sender.handle_resolved(&mut bench.ctx(), &resolved);
    sender.send_pending(&mut bench.ctx());
    let sent = bench.sent();
    assert!(
        sent.iter().any(|body| matches!(body, ClientBody::Entry(_))),
        "{sent:?}"
    );
    assert_eq!(sender.outbox.last_number(PAIR), Some(DeviceSeq(5)));
}

#[test]
fn stored_text_leaves_the_outbox_for_the_history() {
    let mut bench = Workbench::new().knows(PAIR, "bob");
    let mut sender = sender();
    send_text(&mut bench, &mut sender, "bob");
    let stored = Stored {
        conversation: PAIR,
        number: DeviceSeq(1),
        entry: EntryId(9),
        prev: EntryId::START,
        time_ms: 1,
        recipients: 1,
        online: 1,
        last_seen_ms: None,
        away: None,
    };
    assert!(sender.handle_stored(&mut bench.ctx(), &stored).is_some());
    assert_eq!(sender.waiting(), 0);
    let kept = bench.shared.state.entry(PAIR, EntryId(9));
    assert!(kept.expect("memory does not fail").is_some());
    assert!(sender.handle_stored(&mut bench.ctx(), &stored).is_none());
}
