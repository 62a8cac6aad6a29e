//! What a body is to either end, and the macro that makes the bodies of both from one table.
//!
//! A client's message and a server's are different types, so that neither end can send, or has to handle, what only
//! the other may send.

use serde::{Deserializer, Serialize};

use super::entry::EntryBody;
use super::parts::Failure;
use super::words::{Command, MessageType};

/// How far a session must be for a message to be taken on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nobody has signed in.
    SignIn,
    /// Somebody has, and HELLO is not answered yet.
    Hello,
    /// Somebody has, whether or not HELLO is answered.
    SignedIn,
    /// HELLO is answered.
    Ready,
}

/// The channel that a client's message belongs on, with the transport's number. A server also takes it on a less urgent
/// one, which has a higher number, and on no other: each channel has limits of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Lane {
    /// Sign-in, presence, requests.
    Control = 0,
    /// What people say, and its receipts.
    Chat = 1,
    /// Long answers.
    Bulk = 2,
}

impl Lane {
    /// What documents and refusals call it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Chat => "chat",
            Self::Bulk => "bulk",
        }
    }
}

/// The bodies that one of the two ends sends.
pub trait Body: Serialize + From<Failure> + From<EntryBody> + Sized {
    /// The command and message type that call for this body. Bodies that several commands share answer with one of
    /// them, or with command 0.
    fn kind(&self) -> (Command, MessageType);

    /// The body of an entry, if this is one.
    fn entry(&self) -> Option<&EntryBody>;

    /// Reads the body that a command and a message type call for, of a message that is no entry.
    ///
    /// # Errors
    /// If it is of another shape.
    fn read<'de, D: Deserializer<'de>>(
        kind: (Command, MessageType),
        deserializer: D,
    ) -> Result<Self, D::Error>;
}

/// Declares the bodies: a struct for each row, and for each end an enumeration of those that it sends.
///
/// A row is `(COMMAND, MESSAGE TYPE) sender => Name { fields }`. The sender is `client(phase, lane)`, with `tagged` as a
/// third word if a refusal names the request's `tag`; `server()`; or `both(phase, lane)`. The word `may_wait` says that
/// nobody waits for it, so that it can ride with the next packet.
macro_rules! bodies {
    (@row [$($client:tt)*] [$($server:tt)*]
        $(#[$doc:meta])* ($($kind:ident),*) client($phase:ident, $lane:ident $(, $word:ident)?) => $name:ident $fields:tt
        $($rest:tt)*
    ) => {
        bodies!(@struct $(#[$doc])* $name $fields);
        bodies!(@row
            [$($client)* { ($($kind),*) $name $phase $lane [$($word)?] }] [$($server)*] $($rest)*);
    };
    (@row [$($client:tt)*] [$($server:tt)*]
        $(#[$doc:meta])* ($($kind:ident),*) server($($may_wait:ident)?) => $name:ident $fields:tt
        $($rest:tt)*
    ) => {
        bodies!(@struct $(#[$doc])* $name $fields);
        bodies!(@row [$($client)*] [$($server)* { ($($kind),*) $name [$($may_wait)?] }] $($rest)*);
    };
    (@row [$($client:tt)*] [$($server:tt)*]
        $(#[$doc:meta])* ($($kind:ident),*) both($phase:ident, $lane:ident) => $name:ident $fields:tt
        $($rest:tt)*
    ) => {
        bodies!(@struct $(#[$doc])* $name $fields);
        bodies!(@row
            [$($client)* { ($($kind),*) $name $phase $lane [] }] [$($server)* { ($($kind),*) $name [] }] $($rest)*);
    };
    (@row
        [$({ $ckind:tt $cname:ident $phase:ident $lane:ident [$($word:ident)?] })*]
        [$({ $skind:tt $sname:ident [$($may_wait:ident)?] })*]
    ) => {
        bodies!(@enum
            /// What a client says. Each variant is what its struct says.
            ClientBody $($ckind $cname)*);
        bodies!(@enum
            /// What a server says. Each variant is what its struct says.
            ServerBody $($skind $sname)*);

        #[allow(clippy::match_same_arms, reason = "one arm for each row of the table")]
        impl ClientBody {
            /// How far a session must be for this to be taken; nothing for what this version does not know.
            #[must_use]
            pub const fn phase(&self) -> Option<Phase> {
                match self {
                    $(Self::$cname(_) => Some(Phase::$phase),)*
                    Self::Entry(_) | Self::Failure(_) => Some(Phase::Ready),
                    Self::Unsupported => None,
                }
            }

            /// The channel that this belongs on.
            #[must_use]
            pub const fn lane(&self) -> Lane {
                match self {
                    $(Self::$cname(_) => Lane::$lane,)*
                    Self::Entry(_) | Self::Failure(_) => Lane::Chat,
                    Self::Unsupported => Lane::Control,
                }
            }

            /// Whether nobody waits for this: it tells of what has happened.
            #[must_use]
            pub const fn may_wait(&self) -> bool {
                match self {
                    $(Self::$cname(_) => bodies!(@is $($word)?),)*
                    Self::Entry(_) | Self::Failure(_) | Self::Unsupported => false,
                }
            }

            /// The tag of a request, where it has one: a refusal names it.
            #[must_use]
            pub const fn tag(&self) -> Option<u32> {
                match self {
                    $(Self::$cname(_body) => bodies!(@tag _body $($word)?),)*
                    Self::Entry(_) | Self::Failure(_) | Self::Unsupported => None,
                }
            }
        }

        #[allow(clippy::match_same_arms, reason = "one arm for each row of the table")]
        impl ServerBody {
            /// Whether nobody waits for this: it tells of what has happened.
            #[must_use]
            pub const fn may_wait(&self) -> bool {
                match self {
                    $(Self::$sname(_) => bodies!(@is $($may_wait)?),)*
                    Self::Entry(_) | Self::Failure(_) | Self::Unsupported => false,
                }
            }
        }
    };
    (@struct $(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $type:ty,)* }) => {
        wire_struct! {
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq)]
            pub struct $name { $($(#[$fdoc])* pub $field: $type,)* }
        }
    };
    (@enum $(#[$doc:meta])* $body:ident $(($command:ident, $message_type:ident) $name:ident)*) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        #[allow(missing_docs, reason = "each variant is what its struct says")]
        pub enum $body {
            $($name($name),)*
            /// What is to stand, or stands, in a log. What it is its header says.
            Entry(EntryBody),
            /// Why a request was refused. Its command is that of the request.
            Failure(Failure),
            /// A pair of command and message type that this version does not know, or that only the other end sends.
            Unsupported,
        }

        $(impl From<$name> for $body {
            fn from(body: $name) -> Self {
                Self::$name(body)
            }
        })*

        impl From<EntryBody> for $body {
            fn from(body: EntryBody) -> Self {
                Self::Entry(body)
            }
        }

        impl From<Failure> for $body {
            fn from(failure: Failure) -> Self {
                Self::Failure(failure)
            }
        }

        impl Body for $body {
            fn kind(&self) -> (Command, MessageType) {
                match self {
                    $(Self::$name(_) => (Command::$command, MessageType::$message_type),)*
                    Self::Entry(_) => (Command::SendMessage, MessageType::MessageExchange),
                    Self::Failure(_) => (Command::Other(0), MessageType::Error),
                    Self::Unsupported => (Command::Other(0), MessageType::Other(0)),
                }
            }

            fn entry(&self) -> Option<&EntryBody> {
                if let Self::Entry(body) = self { Some(body) } else { None }
            }

            fn read<'de, D: Deserializer<'de>>(
                kind: (Command, MessageType),
                deserializer: D,
            ) -> Result<Self, D::Error> {
                match kind {
                    $((Command::$command, MessageType::$message_type) => {
                        $name::deserialize(deserializer).map(Self::$name)
                    })*
                    (_, MessageType::Error) => Failure::deserialize(deserializer).map(Self::Failure),
                    _ => IgnoredAny::deserialize(deserializer).map(|_| Self::Unsupported),
                }
            }
        }

        #[cfg(test)]
        impl $body {
            /// Samples of each row of the table.
            pub(super) fn each() -> Vec<proptest::strategy::BoxedStrategy<Self>> {
                use super::tests::Sample;
                use proptest::strategy::Strategy;
                vec![$($name::samples().prop_map(Self::$name).boxed(),)*]
            }
        }

        impl Serialize for $body {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $(Self::$name(body) => body.serialize(serializer),)*
                    Self::Entry(body) => body.serialize(serializer),
                    Self::Failure(body) => body.serialize(serializer),
                    Self::Unsupported => serializer.serialize_unit(),
                }
            }
        }
    };
    (@tag $body:ident) => { None };
    (@tag $body:ident may_wait) => { None };
    (@tag $body:ident tagged) => { Some($body.tag) };
    (@is) => { false };
    (@is tagged) => { false };
    (@is may_wait) => { true };
    ($(#[$doc:meta])* ($command:ident, $message_type:ident) $($rest:tt)*) => {
        bodies!(@row [] [] $(#[$doc])* ($command, $message_type) $($rest)*);
    };
}

pub(super) use bodies;
