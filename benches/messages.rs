//! What one message costs in the protocol layer: encoding with its digest, and opening.

use criterion::{Criterion, criterion_group, criterion_main};
use udpchat::protocol::{
    AccountId, Bytes, ClientMessage, ConversationId, DeviceId, DeviceSeq, Envelope, Hop, Origin,
    ServerBody, Text, encode,
};

fn messages(criterion: &mut Criterion) {
    let origin = Origin {
        conversation: ConversationId(5),
        device: DeviceId(9),
        number: DeviceSeq(300),
    };
    let text = Text {
        sender: AccountId(7),
        receiver: origin.conversation,
        salt: Bytes([7; 16]),
        text: "x".repeat(64),
    };
    let message = ClientMessage::chat(origin, &text);
    let bytes = encode(&message, Hop::default());
    criterion.bench_function("encode a message of 64 bytes", |bencher| {
        bencher.iter(|| encode(&message, Hop::default()));
    });
    criterion.bench_function("open a message of 64 bytes", |bencher| {
        bencher
            .iter(|| Envelope::decode(&bytes).and_then(|envelope| envelope.open::<ServerBody>()));
    });
}

criterion_group!(benches, messages);
criterion_main!(benches);
