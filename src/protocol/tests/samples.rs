//! Values of every type of the protocol, for the property tests: what a type is made of makes its samples.

use std::net::IpAddr;

use proptest::prelude::*;
use proptest::strategy::BoxedStrategy;
use serde_bytes::ByteBuf;

use super::super::*;

/// A type whose values a property test can make up.
pub(in crate::protocol) trait Sample:
    Sized + std::fmt::Debug + 'static
{
    fn samples() -> BoxedStrategy<Self>;
}

impl Sample for u64 {
    fn samples() -> BoxedStrategy<Self> {
        prop_oneof![0..200_u64, any::<u64>()].boxed()
    }
}

impl Sample for String {
    fn samples() -> BoxedStrategy<Self> {
        ".{0,40}".boxed()
    }
}

impl Sample for ByteBuf {
    fn samples() -> BoxedStrategy<Self> {
        any::<Vec<u8>>().prop_map(ByteBuf::from).boxed()
    }
}

impl Sample for Digest {
    fn samples() -> BoxedStrategy<Self> {
        any::<[u8; 32]>().prop_map(Digest).boxed()
    }
}

impl<const LENGTH: usize> Sample for Bytes<LENGTH> {
    fn samples() -> BoxedStrategy<Self> {
        prop::array::uniform(any::<u8>()).prop_map(Bytes).boxed()
    }
}

impl Sample for RecipientData {
    fn samples() -> BoxedStrategy<Self> {
        (any::<IpAddr>(), any::<u16>())
            .prop_map(|address| std::net::SocketAddr::from(address).into())
            .boxed()
    }
}

impl<T: Sample> Sample for Option<T> {
    fn samples() -> BoxedStrategy<Self> {
        prop::option::of(T::samples()).boxed()
    }
}

impl<T: Sample> Sample for Box<T> {
    fn samples() -> BoxedStrategy<Self> {
        T::samples().prop_map(Self::new).boxed()
    }
}

impl<T: Sample> Sample for Vec<T> {
    fn samples() -> BoxedStrategy<Self> {
        prop::collection::vec(T::samples(), 0..4).boxed()
    }
}

macro_rules! any_is_a_sample {
    ($($type:ty),*) => {
        $(impl Sample for $type {
            fn samples() -> BoxedStrategy<Self> {
                any::<$type>().boxed()
            }
        })*
    };
}

any_is_a_sample!(u16, u32, bool);

macro_rules! number_is_a_sample {
    ($($type:ident),*) => {
        $(impl Sample for $type {
            fn samples() -> BoxedStrategy<Self> {
                u64::samples().prop_map($type).boxed()
            }
        })*
    };
}

number_is_a_sample!(AccountId, ConversationId, DeviceId, EntryId, DeviceSeq);

/// A message of every kind that a client sends.
pub(super) fn client_messages() -> impl Strategy<Value = Vec<ClientMessage>> {
    let controls = ClientBody::each().prop_map(controls);
    (
        controls,
        Origin::samples(),
        Text::samples(),
        Failure::samples(),
    )
        .prop_map(|(mut messages, origin, text, failure)| {
            messages.push(Message::chat(origin, &text));
            messages.push(Message::error(Command::Receive, failure));
            messages
        })
}

/// A message of every kind that a server sends or stores.
pub(super) fn server_messages() -> impl Strategy<Value = Vec<ServerMessage>> {
    let controls = ServerBody::each().prop_map(controls);
    let entries = (Origin::samples(), Text::samples(), RoomEvent::samples());
    (controls, entries, Failure::samples()).prop_map(
        |(mut messages, (origin, text, event), failure)| {
            messages.push(Message::chat(origin, &text));
            messages.push(Message::event(origin.conversation, &event));
            messages.push(Message::error(Command::Resolve, failure));
            messages
        },
    )
}

fn controls<B: Body>(bodies: Vec<B>) -> Vec<Message<B>> {
    bodies.into_iter().map(Message::control).collect()
}
