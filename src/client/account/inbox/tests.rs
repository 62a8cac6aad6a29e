//! What the inbox takes, asks for and acknowledges.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;
use crate::client::account::testing::Workbench;
use crate::client::env::AttentionOptions;
use crate::protocol::{
    AccountId, Bytes, ClientBody, DeviceId, DeviceSeq, Hop, Origin, ServerMessage, Text, encode,
};

const PAIR: ConversationId = ConversationId(40);
const BOB: AccountId = AccountId(2);

fn deliver(bench: &mut Workbench, inbox: &mut Inbox, entry: u64, prev: u64) -> Outcome {
    let text = Text {
        sender: BOB,
        receiver: PAIR,
        salt: Bytes([7; 16]),
        text: format!("text {entry}"),
    };
    let origin = Origin {
        conversation: PAIR,
        device: DeviceId(77),
        number: DeviceSeq(entry),
    };
    let delivery = Delivery {
        conversation: PAIR,
        entry: EntryId(entry),
        prev: EntryId(prev),
        author: BOB,
        time_ms: 0,
        author_name: None,
        peer_name: Some("bob"),
        deleted: None,
        bot: None,
    };
    let bytes = encode(&ServerMessage::chat(origin, &text), Hop::default());
    let envelope = Envelope::decode(&bytes).expect("encoded above");
    let mut sender = Sender::new(Vec::new(), ChaCha20Rng::from_seed([7; 32]));
    let mut blocked = BlockedUsers::default();
    let mut attention = Attention::new(AttentionOptions::default(), "erin", false);
    let others = (&mut sender, &mut blocked, &mut attention);
    inbox.handle_delivery(&mut bench.ctx(), others, &envelope, delivery)
}

#[test]
fn delivery_is_taken_only_where_the_device_stands_and_a_gap_is_asked_for_once() {
    let mut bench = Workbench::new().knows(PAIR, "bob");
    let mut inbox = Inbox::default();
    deliver(&mut bench, &mut inbox, 2, 1);
    deliver(&mut bench, &mut inbox, 3, 2);
    let again = DeliverAgain {
        conversation: PAIR,
        after: EntryId::START,
    };
    assert_eq!(bench.sent(), [ClientBody::from(again)]);
    assert!(bench.lines().is_empty());
    for entry in 1..=3 {
        let outcome = deliver(&mut bench, &mut inbox, entry, entry - 1);
        assert_eq!((outcome.event, outcome.is_conflict), (None, false));
    }
    assert_eq!(bench.lines().len(), 3);
    inbox.send_acks(&mut bench.ctx());
    let received = Received {
        conversation: PAIR,
        entry: EntryId(3),
    };
    assert_eq!(bench.sent(), [ClientBody::from(received)]);
}

#[test]
fn entry_that_comes_twice_is_acknowledged_twice_and_shown_once() {
    let mut bench = Workbench::new().knows(PAIR, "bob");
    let mut inbox = Inbox::default();
    for _ in 0..2 {
        deliver(&mut bench, &mut inbox, 1, 0);
        inbox.send_acks(&mut bench.ctx());
    }
    assert_eq!(bench.sent().len(), 2);
    assert_eq!(bench.lines().len(), 1);
}
