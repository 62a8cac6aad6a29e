//! What the two ends say to each other: the message, its header, and every body.
//!
//! A body has no tag of its own. Which one a message carries follows from its header, from the pair of
//! `command` (what the sender wants) and `message_type` (which family the message is of); the table at the end
//! of this file is that relation, and the codec, the manual and the tests are read off it.

use std::net::{IpAddr, SocketAddr};

use serde::de::{self, DeserializeSeed, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_bytes::ByteBuf;

use super::digest::Digest;
use super::ids::{AccountId, ConversationId, DeviceId, EntryId, Number};
use super::wire::{field, skip_surplus, wire_enum, wire_struct};

wire_enum! {
    /// What the sender of a message wants.
    pub enum Command {
        /// Open an account, first half.
        SignUp = 1 => "SIGN_UP",
        /// Open an account, second half.
        SignUpFinish = 2 => "SIGN_UP_FINISH",
        /// Prove a password, first half.
        Login = 3 => "LOGIN",
        /// Prove a password, second half.
        LoginFinish = 4 => "LOGIN_FINISH",
        /// Sign in by the ticket of an earlier session.
        Resume = 5 => "RESUME",
        /// Leave, and forget the ticket.
        Logout = 6 => "LOGOUT",
        /// Say where this device stands, and learn what there is.
        Hello = 7 => "HELLO",
        /// Find the conversation with a user.
        Resolve = 8 => "RESOLVE",
        /// A private message.
        SendMessage = 9 => "SEND_MESSAGE",
        /// A message to everyone.
        SendAllMessage = 10 => "SEND_ALL_MESSAGE",
        /// Who is online.
        Contacts = 11 => "CONTACTS",
        /// Somebody came or went.
        Presence = 12 => "PRESENCE",
        /// A device has made an entry durable.
        Receive = 13 => "RECEIVE",
        /// Use up a number without an entry.
        Void = 14 => "VOID",
        /// The receipts of a conversation.
        Receipts = 15 => "RECEIPTS",
    }
}

wire_enum! {
    /// The family of a message: 1 to 15 are command messages, 16 to 31 control, 32 and above data transfer.
    pub enum MessageType {
        /// A command message: a session of a signed-in user begins.
        StartSession = 1 => "START_SESSION",
        /// A command message: it ends.
        EndSession = 2 => "END_SESSION",
        /// A command message: something is asked for.
        Request = 3 => "REQUEST",
        /// A command message: what was asked for.
        Response = 4 => "RESPONSE",
        /// A control message: something has arrived and is safe.
        Acknowledgement = 16 => "ACKNOWLEDGEMENT",
        /// A control message: something was refused.
        Error = 17 => "ERROR",
        /// A control message: say it once more.
        Retransmission = 18 => "RETRANSMISSION",
        /// Data transfer: what one user says to others.
        MessageExchange = 32 => "MESSAGE_EXCHANGE",
        /// Data transfer: the server's welcome.
        Greeting = 33 => "GREETING",
        /// Data transfer: somebody came online or went.
        Alert = 34 => "ALERT",
        /// Data transfer: who is online.
        ListContacts = 35 => "LIST_CONTACTS",
    }
}

wire_enum! {
    /// Why a request was refused.
    pub enum ErrorCode {
        /// The SHA-256 digest does not fit the content.
        Digest = 1 => "DIGEST",
        /// The content could not be decoded.
        Malformed = 2 => "MALFORMED",
        /// This server does not know this command or message type.
        Unsupported = 3 => "UNSUPPORTED",
        /// Only a signed-in session may ask this.
        NotSignedIn = 4 => "NOT_SIGNED_IN",
        /// The session is signed in already.
        AlreadySignedIn = 5 => "ALREADY_SIGNED_IN",
        /// There is no account of this name.
        NoSuchUser = 6 => "NO_SUCH_USER",
        /// The name is taken.
        NameTaken = 7 => "NAME_TAKEN",
        /// The name is not a user name; the detail says why.
        BadName = 8 => "BAD_NAME",
        /// The name looks like another one; the detail names it.
        NameLooksLike = 9 => "NAME_LOOKS_LIKE",
        /// Accounts are opened by the operator only.
        RegistrationClosed = 10 => "REGISTRATION_CLOSED",
        /// The login failed: a wrong password, or somebody in the middle.
        LoginFailed = 11 => "LOGIN_FAILED",
        /// The ticket is unknown, used up or expired; a password is needed.
        TicketRefused = 12 => "TICKET_REFUSED",
        /// Too many attempts; `wait_ms` says how long to wait.
        TooManyAttempts = 13 => "TOO_MANY_ATTEMPTS",
        /// Nobody sends messages to oneself.
        ToOneself = 14 => "TO_ONESELF",
        /// The sender, receiver or conversation of a message does not fit the session.
        NotPermitted = 15 => "NOT_PERMITTED",
        /// The text is empty.
        TextEmpty = 16 => "TEXT_EMPTY",
        /// The text is longer than [`super::TEXT_MAX_BYTES`].
        TextTooLong = 17 => "TEXT_TOO_LONG",
        /// The number is higher than the next one; `number` is the one expected.
        Expect = 18 => "EXPECT",
        /// The number was used before for other content: this device's state was copied or restored.
        Conflict = 19 => "CONFLICT",
        /// The number is so old that its digest is no longer kept.
        UnknownNumber = 20 => "UNKNOWN_NUMBER",
        /// There is no such conversation.
        NoSuchConversation = 21 => "NO_SUCH_CONVERSATION",
        /// The server cannot do it now (storage, load); ask again later with the same id.
        Unavailable = 22 => "UNAVAILABLE",
        /// The request came out of turn.
        OutOfTurn = 23 => "OUT_OF_TURN",
    }
}

wire_enum! {
    /// Why a server, or a client, ends a signed-in session.
    pub enum EndReason {
        /// The user asked for it.
        LoggedOut = 1 => "LOGGED_OUT",
        /// The server stops.
        ServerStopping = 2 => "SERVER_STOPPING",
        /// The same device has signed in again elsewhere, or too many of the account's devices have.
        Superseded = 3 => "SUPERSEDED",
        /// The account, its password or its tickets were changed.
        Revoked = 4 => "REVOKED",
    }
}

/// The address of this hop's receiver, as its sender sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecipientData {
    /// IPv4 or IPv6, never a v4-mapped form.
    pub ip_address: IpAddr,
    /// The UDP port.
    pub port_number: u16,
}

impl From<SocketAddr> for RecipientData {
    fn from(address: SocketAddr) -> Self {
        Self {
            ip_address: address.ip().to_canonical(),
            port_number: address.port(),
        }
    }
}

impl From<RecipientData> for SocketAddr {
    fn from(data: RecipientData) -> Self {
        Self::new(data.ip_address, data.port_number)
    }
}

impl Serialize for RecipientData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let octets = match self.ip_address {
            IpAddr::V4(ip) => ByteBuf::from(ip.octets()),
            IpAddr::V6(ip) => ByteBuf::from(ip.octets()),
        };
        (octets, self.port_number).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RecipientData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (octets, port_number) = <(ByteBuf, u16)>::deserialize(deserializer)?;
        let ip_address = if let Ok(four) = <[u8; 4]>::try_from(octets.as_slice()) {
            IpAddr::from(four)
        } else if let Ok(sixteen) = <[u8; 16]>::try_from(octets.as_slice()) {
            IpAddr::from(sixteen)
        } else {
            return Err(de::Error::invalid_length(octets.len(), &"4 or 16 octets"));
        };
        Ok(Self {
            ip_address: ip_address.to_canonical(),
            port_number,
        })
    }
}

wire_struct! {
    /// Where a chat message stands among those of its device: part of what the digest covers.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Origin {
        /// The conversation that it was written for.
        pub conversation: ConversationId,
        /// The device that wrote it.
        pub device: DeviceId,
        /// The device's count in this conversation.
        pub number: Number,
    }
}

wire_struct! {
    /// Where an entry stands in its log, told with each delivery. It is not covered by the digest: the server
    /// gives it, and the author cannot know it.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Delivery {
        /// The conversation in whose log the entry stands.
        pub conversation: ConversationId,
        /// The entry.
        pub entry: EntryId,
        /// The entry before it that this reader was permitted; the reader accepts only what follows where it
        /// stands.
        pub prev: EntryId,
        /// Who wrote it.
        pub author: AccountId,
        /// When the server stored it, in milliseconds since 1970 (UTC).
        pub time_ms: u64,
    }
}

/// What stands before a message's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// What the sender wants.
    pub command: Command,
    /// The family of the message.
    pub message_type: MessageType,
    /// For chat messages: conversation, device and number.
    pub origin: Option<Origin>,
}

wire_struct! {
    /// The part of a message that may change from hop to hop, and that the digest does not cover.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Hop {
        /// The address of this hop's receiver, as the sender sees it.
        pub recipient_data: Option<RecipientData>,
        /// Where the entry stands in its log, if this delivers one.
        pub delivery: Option<Delivery>,
    }
}

/// A message's immutable part, decoded: what the author's digest covers.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Command, message type and origin.
    pub header: Header,
    /// The body that this header calls for.
    pub body: Body,
}

impl Message {
    /// A message that is not a chat message: its header follows from its body.
    #[must_use]
    pub fn control(body: impl Into<Body>) -> Self {
        let body = body.into();
        let (command, message_type) = body.kind();
        Self {
            header: Header {
                command,
                message_type,
                origin: None,
            },
            body,
        }
    }

    /// A chat message with its number. The receiver [`EVERYONE_NAME`] makes it a message to everyone.
    #[must_use]
    pub fn chat(origin: Origin, text: Text) -> Self {
        let command = if origin.conversation == ConversationId::EVERYONE {
            Command::SendAllMessage
        } else {
            Command::SendMessage
        };
        let header = Header {
            command,
            message_type: MessageType::MessageExchange,
            origin: Some(origin),
        };
        Self {
            header,
            body: Body::Text(text),
        }
    }

    /// Something was refused: the command that asked for it, and why.
    #[must_use]
    pub fn error(command: Command, failure: Failure) -> Self {
        let header = Header {
            command,
            message_type: MessageType::Error,
            origin: None,
        };
        Self {
            header,
            body: Body::Failure(failure),
        }
    }
}

/// The name under which everyone is addressed; no account can have it.
pub const EVERYONE_NAME: &str = "everyone";

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Header {
            command,
            message_type,
            origin,
        } = &self.header;
        (command, message_type, origin, &self.body).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts;
        impl<'de> Visitor<'de> for Parts {
            type Value = Message;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("command, message type, origin and body")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Message, A::Error> {
                let command = field(&mut seq, "command")?;
                let message_type = field(&mut seq, "message_type")?;
                let origin = field(&mut seq, "origin")?;
                let header = Header {
                    command,
                    message_type,
                    origin,
                };
                let body = seq
                    .next_element_seed(BodyOf(command, message_type))?
                    .ok_or_else(|| de::Error::missing_field("body"))?;
                skip_surplus(&mut seq)?;
                Ok(Message { header, body })
            }
        }
        deserializer.deserialize_seq(Parts)
    }
}

/// Reads the body that a command and a message type call for.
struct BodyOf(Command, MessageType);

/// Declares every body, and which command and message type call for it.
macro_rules! bodies {
    ($($(#[$doc:meta])* ($command:ident, $message_type:ident) => $name:ident {
        $($(#[$fdoc:meta])* $field:ident: $type:ty,)*
    })*) => {
        $(wire_struct! {
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq)]
            pub struct $name { $($(#[$fdoc])* pub $field: $type,)* }
        }

        impl From<$name> for Body {
            fn from(body: $name) -> Self {
                Self::$name(body)
            }
        })*

        /// What a message says.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Body {
            $(#[doc = concat!("See [`", stringify!($name), "`].")] $name($name),)*
            /// What users say to each other. Its command is SEND_MESSAGE or SEND_ALL_MESSAGE.
            Text(Text),
            /// Why a request was refused. Its command is that of the request.
            Failure(Failure),
            /// A pair of command and message type that this version does not know.
            Unsupported,
        }

        impl Body {
            /// The command and message type that call for this body. [`Body::Text`] answers for a private
            /// message, and the two bodies that many commands share ([`Body::Failure`] and
            /// [`Body::Unsupported`]) answer with command 0.
            #[must_use]
            pub const fn kind(&self) -> (Command, MessageType) {
                match self {
                    $(Self::$name(_) => (Command::$command, MessageType::$message_type),)*
                    Self::Text(_) => (Command::SendMessage, MessageType::MessageExchange),
                    Self::Failure(_) => (Command::Other(0), MessageType::Error),
                    Self::Unsupported => (Command::Other(0), MessageType::Other(0)),
                }
            }
        }

        impl Serialize for Body {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $(Self::$name(body) => body.serialize(serializer),)*
                    Self::Text(body) => body.serialize(serializer),
                    Self::Failure(body) => body.serialize(serializer),
                    Self::Unsupported => serializer.serialize_unit(),
                }
            }
        }

        impl<'de> DeserializeSeed<'de> for BodyOf {
            type Value = Body;
            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Body, D::Error> {
                match (self.0, self.1) {
                    $((Command::$command, MessageType::$message_type) => {
                        $name::deserialize(deserializer).map(Body::$name)
                    })*
                    (Command::SendMessage | Command::SendAllMessage, MessageType::MessageExchange) => {
                        Text::deserialize(deserializer).map(Body::Text)
                    }
                    (_, MessageType::Error) => Failure::deserialize(deserializer).map(Body::Failure),
                    _ => IgnoredAny::deserialize(deserializer).map(|_| Body::Unsupported),
                }
            }
        }
    };
}

wire_struct! {
    /// What one user says to another, or to everyone.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Text {
        /// The author's user name.
        pub sender: String,
        /// The user name it is for, or [`EVERYONE_NAME`].
        pub receiver: String,
        /// What is said; at most [`super::TEXT_MAX_BYTES`] of UTF-8, never empty.
        pub text: String,
    }
}

wire_struct! {
    /// Why a request was refused.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Failure {
        /// The reason.
        pub code: ErrorCode,
        /// The reason in words, for a person; may be empty.
        pub detail: String,
        /// The `tag` of the request that failed, where it had one.
        pub tag: Option<u32>,
        /// The conversation of the message that was refused.
        pub conversation: Option<ConversationId>,
        /// The number of the message that was refused.
        pub number: Option<Number>,
        /// With [`ErrorCode::Expect`], the number that the server expects instead.
        pub expected: Option<Number>,
        /// How long to wait before the next attempt, in milliseconds.
        pub wait_ms: Option<u64>,
    }
}

impl Failure {
    /// A refusal with a reason in words and nothing else.
    #[must_use]
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self {
            code,
            detail,
            tag: None,
            conversation: None,
            number: None,
            expected: None,
            wait_ms: None,
        }
    }

    /// The refusal of one chat message.
    #[must_use]
    pub fn of_number(code: ErrorCode, conversation: ConversationId, number: Number) -> Self {
        Self {
            conversation: Some(conversation),
            number: Some(number),
            ..Self::new(code, "")
        }
    }
}

wire_struct! {
    /// Where a device stands in one conversation.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Position {
        /// The conversation.
        pub conversation: ConversationId,
        /// The last entry that the device has made durable.
        pub entry: EntryId,
        /// That entry's digest; all zero at [`EntryId::START`].
        pub digest: Digest,
    }
}

wire_struct! {
    /// What the server knows of one conversation.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Head {
        /// The conversation.
        pub conversation: ConversationId,
        /// The other user's name in a pair; [`EVERYONE_NAME`] for everyone.
        pub name: String,
        /// The last entry of its log.
        pub head: EntryId,
        /// The last number that the server has from this device.
        pub last_number: Number,
        /// Where deliveries to this device begin: its own position if it fits the log, else the place to which
        /// it must go back (a restored backup) or, for a conversation new to it, where its account stands.
        pub start: EntryId,
    }
}

wire_struct! {
    /// Somebody who is online.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Contact {
        /// The account.
        pub account: AccountId,
        /// Its user name.
        pub name: String,
        /// The address that its session is seen at.
        pub address: RecipientData,
    }
}

wire_struct! {
    /// How far one member of a conversation has received.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Mark {
        /// The member.
        pub account: AccountId,
        /// The member's user name.
        pub name: String,
        /// The furthest entry that a device of theirs has made durable.
        pub entry: EntryId,
        /// They read only what comes after this entry: what stands before it they have not received.
        pub since: EntryId,
    }
}

bodies! {
    /// The client's first half of a sign-up.
    (SignUp, Request) => SignUp {
        /// The wished user name, as typed.
        name: String,
        /// OPAQUE's registration request.
        request: ByteBuf,
    }
    /// The server's answer to it.
    (SignUp, Response) => SignUpAnswer {
        /// OPAQUE's registration response.
        response: ByteBuf,
        /// The name in canonical form: OPAQUE's client identity.
        name: String,
    }
    /// The client's second half; the session remembers for which name it began.
    (SignUpFinish, Request) => SignUpFinish {
        /// OPAQUE's registration upload.
        upload: ByteBuf,
    }
    /// The account exists. A login follows.
    (SignUpFinish, Acknowledgement) => SignedUp {
        /// Its name in canonical form.
        name: String,
    }
    /// The client's first half of a login.
    (Login, Request) => Login {
        /// The user name, as typed.
        name: String,
        /// OPAQUE's credential request (KE1).
        request: ByteBuf,
    }
    /// The server's answer to it.
    (Login, Response) => LoginAnswer {
        /// OPAQUE's credential response (KE2).
        response: ByteBuf,
        /// The name in canonical form: OPAQUE's client identity.
        name: String,
    }
    /// The client's second half, and which device it is.
    (LoginFinish, Request) => LoginFinish {
        /// OPAQUE's credential finalization (KE3).
        finalization: ByteBuf,
        /// The device that this state directory already is on this account; without one a new one is made.
        device: Option<DeviceId>,
    }
    /// Sign in by ticket.
    (Resume, Request) => Resume {
        /// The account that the ticket is for.
        account: AccountId,
        /// The device that the ticket is for.
        device: DeviceId,
        /// The ticket, [`super::TICKET_BYTES`] long.
        ticket: ByteBuf,
    }
    /// A user's session begins.
    (LoginFinish, StartSession) => SessionStart {
        /// The account.
        account: AccountId,
        /// Its name in canonical form.
        name: String,
        /// The device that this session is.
        device: DeviceId,
        /// The database's epoch: random, another after a backup was restored.
        epoch: u64,
        /// The ticket for the next sign-in. The one used now stays good until this one has been used.
        ticket: ByteBuf,
    }
    /// A user's session ends: from the client a request, from the server the news.
    (Logout, EndSession) => SessionEnd {
        /// Why.
        reason: EndReason,
    }
    /// Where this device stands. May come in parts.
    (Hello, Request) => Hello {
        /// Its position in each conversation that it knows.
        positions: Vec<Position>,
        /// Whether another part follows.
        more: bool,
    }
    /// What the server has for it. May come in parts; deliveries begin after the last one.
    (Hello, Response) => HelloAnswer {
        /// Every conversation that the account belongs to.
        heads: Vec<Head>,
        /// Whether another part follows.
        more: bool,
    }
    /// The server's welcome, once a device is known and its positions are settled.
    (Hello, Greeting) => Greeting {
        /// A line of text from the operator.
        text: String,
        /// How many others are online.
        online: u32,
    }
    /// Find the conversation with a user; it is made if it does not exist yet.
    (Resolve, Request) => Resolve {
        /// Chosen by the client, given back in the answer.
        tag: u32,
        /// The user name, as typed.
        name: String,
    }
    /// The conversation that was asked for.
    (Resolve, Response) => Resolved {
        /// The request's tag.
        tag: u32,
        /// The conversation.
        conversation: ConversationId,
        /// The user name in canonical form.
        name: String,
        /// The other user's account.
        account: AccountId,
        /// The last number that the server has from this device in it.
        last_number: Number,
        /// Where deliveries of this conversation to this device begin, if it has no position in it.
        start: EntryId,
    }
    /// A chat message is durable. For the device that wrote it this takes the place of the delivery.
    (SendMessage, Acknowledgement) => Stored {
        /// The conversation.
        conversation: ConversationId,
        /// The device's number.
        number: Number,
        /// The entry that it has become.
        entry: EntryId,
        /// The entry before it.
        prev: EntryId,
        /// When it was stored, in milliseconds since 1970 (UTC).
        time_ms: u64,
        /// How many accounts it is for, the author not counted.
        recipients: u32,
        /// How many of these were online when it was stored.
        online: u32,
        /// In a pair: when the other was last online, if not now; milliseconds since 1970 (UTC).
        last_seen_ms: Option<u64>,
    }
    /// The server asks a device to send again all that it has not yet called stored: something came damaged.
    (SendMessage, Retransmission) => SendAgain {
        /// How many damaged messages this session has had so far.
        damaged: u32,
    }
    /// A device asks for one entry once more: it came damaged.
    (Receive, Retransmission) => DeliverAgain {
        /// The conversation.
        conversation: ConversationId,
        /// The entry after which to begin.
        after: EntryId,
    }
    /// A device has made everything up to this entry durable.
    (Receive, Acknowledgement) => Received {
        /// The conversation.
        conversation: ConversationId,
        /// The entry.
        entry: EntryId,
    }
    /// Use up a number without an entry: the message that had it was refused for good.
    (Void, Request) => Void {
        /// The conversation.
        conversation: ConversationId,
        /// The number.
        number: Number,
    }
    /// The number is used up.
    (Void, Acknowledgement) => Voided {
        /// The conversation.
        conversation: ConversationId,
        /// The number.
        number: Number,
    }
    /// Tell me the receipts of this conversation, now and as they come.
    (Receipts, Request) => ReceiptsRequest {
        /// The conversation.
        conversation: ConversationId,
    }
    /// How far members have received.
    (Receipts, Acknowledgement) => Receipts {
        /// The conversation.
        conversation: ConversationId,
        /// The members of whom there is news.
        marks: Vec<Mark>,
    }
    /// Who is online?
    (Contacts, Request) => ContactsRequest {
        /// Chosen by the client, given back in the answer.
        tag: u32,
    }
    /// Who is online. May come in parts.
    (Contacts, ListContacts) => ListContacts {
        /// The request's tag.
        tag: u32,
        /// Those who are online, the asker included, by name.
        contacts: Vec<Contact>,
        /// Whether another part follows.
        more: bool,
    }
    /// Somebody came online, or went.
    (Presence, Alert) => Alert {
        /// Who.
        name: String,
        /// Whether they are online now.
        online: bool,
    }
}
