//! Whatever a server sends, the client goes on.

use proptest::prelude::*;

use super::*;
use crate::protocol::{Command, Delivery, Digest, MessageType};

fn channel(is_chat: bool) -> Channel {
    if is_chat {
        Channel::Chat
    } else {
        Channel::Control
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_do_no_harm(messages in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..64)), 1..8)) {
        let mut desk = Desk::signed_in(Screen::interactive());
        for (is_chat, bytes) in messages {
            desk.core.handle_message(desk.now, channel(is_chat), &bytes);
        }
        desk.core.settle(desk.now);
        prop_assert_eq!(desk.core.end(), None);
    }

    #[test]
    fn any_body_with_the_right_digest_does_no_harm(
        command in 0..17_u8,
        message_type in 0..40_u8,
        fields in prop::collection::vec(0..3_u64, 0..9),
        is_chat: bool,
        delivery: Option<(u64, u64, u64)>,
    ) {
        let mut desk = Desk::signed_in(Screen::interactive());
        let header = (Command::from_number(command), MessageType::from_number(message_type));
        let content = crate::protocol::to_bytes(&(header, fields));
        let hop = Hop {
            recipient_data: None,
            delivery: delivery.map(|(conversation, entry, prev)| Delivery {
                conversation: ConversationId(conversation),
                entry: EntryId(entry),
                prev: EntryId(prev),
                author: BOB,
                time_ms: u64::MAX,
                author_name: None,
                peer_name: Some("bob"),
                deleted: None,
            bot: None,}),
        };
        let bytes = Envelope { hop, content: &content, digest: Digest::of(&content) }.encode();
        desk.core.handle_message(desk.now, channel(is_chat), &bytes);
        desk.core.settle(desk.now);
        desk.wait(Duration::from_secs(3));
        desk.core.settle(desk.now);
    }
}
