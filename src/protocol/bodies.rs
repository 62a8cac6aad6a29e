//! The table of all bodies: which command and message type call for each, who sends it, when and on which channel.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_bytes::ByteBuf;

use super::address::RecipientData;
use super::body::{Body, Lane, Phase, bodies};
use super::bytes::Bytes;
use super::entry::EntryBody;
use super::ids::{AccountId, ConversationId, DeviceId, DeviceSeq, EntryId};
use super::parts::{
    AccountChange, AuditEntry, BlockedUser, Change, Contact, Count, Device, Failure, Head,
    HistoryEntry, Mark, Person, Position, Room, RoomMember, ServerLimits, Software,
};
use super::wire::wire_struct;
use super::words::{Access, AccountRole, AdminAction, Command, EndReason, MessageType};

bodies! {
    /// The client's first half of a sign-up.
    (SignUp, Request) client(SignIn, Control) => SignUp {
        /// The wished user name, as typed.
        name: String,
        /// OPAQUE's registration request.
        request: ByteBuf,
    }
    /// The server's answer to it.
    (SignUp, Response) server() => SignUpAnswer {
        /// OPAQUE's registration response.
        response: ByteBuf,
    }
    /// The client's second half; the session remembers for which name it began.
    (SignUpFinish, Request) client(SignIn, Control) => SignUpFinish {
        /// OPAQUE's registration upload.
        upload: ByteBuf,
    }
    /// The account exists. A login follows.
    (SignUpFinish, Acknowledgement) server() => SignedUp {
        /// Its name in canonical form.
        name: String,
    }
    /// Somebody has an enrolment code: the first half of setting the password of the account that it is for, or of opening one.
    (Enrol, Request) client(SignIn, Control) => Enrol {
        /// The user name, as typed: the account's, or the wished one.
        name: String,
        code: Bytes<16>,
        /// OPAQUE's registration request.
        request: ByteBuf,
    }
    /// The server's answer to it.
    (Enrol, Response) server() => EnrolAnswer {
        /// OPAQUE's registration response.
        response: ByteBuf,
        /// Whether an account is to be opened; else the password of one is set.
        is_new: bool,
    }
    /// The client's second half; the session remembers for what it began.
    (EnrolFinish, Request) client(SignIn, Control) => EnrolFinish {
        /// OPAQUE's registration upload.
        upload: ByteBuf,
    }
    /// It is done, and the code has one use less. A login follows.
    (EnrolFinish, Acknowledgement) server() => Enrolled {
        /// The account's name in canonical form.
        name: String,
    }
    /// The client's first half of a login.
    (Login, Request) client(SignIn, Control) => Login {
        /// The user name, as typed.
        name: String,
        /// OPAQUE's credential request (KE1).
        request: ByteBuf,
    }
    /// The server's answer to it.
    (Login, Response) server() => LoginAnswer {
        /// OPAQUE's credential response (KE2).
        response: ByteBuf,
        /// The name in canonical form.
        name: String,
    }
    /// The client's second half, and which device it is.
    (LoginFinish, Request) client(SignIn, Control) => LoginFinish {
        /// OPAQUE's credential finalization (KE3).
        finalization: ByteBuf,
        /// The device that this state directory already is on this account; without one a new one is made.
        device: Option<DeviceId>,
        /// Which attempt at a sign-in of this device it is: a number above those of all earlier ones.
        attempt: u64,
    }
    /// Sign in by ticket.
    (Resume, Request) client(SignIn, Control) => Resume {
        /// The account that the ticket is for.
        account: AccountId,
        /// The device that the ticket is for.
        device: DeviceId,
        /// The ticket, [`super::TICKET_BYTES`] long.
        ticket: ByteBuf,
        /// Which attempt at a sign-in of this device it is: a number above those of all earlier ones.
        attempt: u64,
    }
    /// A user's session begins.
    (LoginFinish, StartSession) server() => SessionStart {
        account: AccountId,
        /// Its name in canonical form.
        name: String,
        /// The device that this session is.
        device: DeviceId,
        /// The database's epoch: random, another after a backup was restored.
        epoch: u64,
        /// The ticket for the next sign-in. The one used now stays good until this one has been used.
        ticket: ByteBuf,
        /// When the password was set by an enrolment code, if this device has not been told, in milliseconds since 1970 (UTC).
        reset_ms: Option<u64>,
    }
    /// A user's session ends: from the client a request, from the server the news.
    (Logout, EndSession) both(SignedIn, Control) => SessionEnd {
        /// Why.
        reason: EndReason,
    }
    /// Where this device stands. May come in parts.
    (Hello, Request) client(Hello, Control) => Hello {
        /// Its position in each conversation that it knows.
        positions: Vec<Position>,
        /// Whether another part follows.
        more: bool,
        /// The epoch of the database in whose logs these positions are, if the device knows that.
        epoch: Option<u64>,
        software: Option<Software>,
        /// Whether others are not to be told that this session comes and goes: it is a program's, not a person's. In the
        /// last part.
        unannounced: Option<bool>,
        /// Whether it is there to send only: nothing is delivered to it in this session. In the last part.
        sends_only: Option<bool>,
    }
    /// What the server has for it. May come in parts; deliveries begin after the last one.
    (Hello, Response) server() => HelloAnswer {
        /// Every conversation that the account belongs to.
        heads: Vec<Head>,
        /// Whether another part follows.
        more: bool,
    }
    /// The server's welcome, once a device is known and its positions are settled.
    (Hello, Greeting) server() => Greeting {
        /// A line of text from the operator.
        text: String,
        /// How many others are online.
        online: u32,
        software: Option<Software>,
        limits: Option<ServerLimits>,
        /// Where other servers of its cluster are, which can take its place.
        others: Option<Vec<RecipientData>>,
    }
    /// Find the conversation with a user. It begins with the first message in it.
    (Resolve, Request) client(Ready, Control, tagged) => Resolve {
        tag: u32,
        /// The user name, as typed.
        name: String,
    }
    /// The conversation that was asked for.
    (Resolve, Response) server() => Resolved {
        tag: u32,
        conversation: ConversationId,
        /// The user name in canonical form.
        name: String,
        /// The other user's account.
        account: AccountId,
        /// The last number that the server has from this device in it.
        last_number: DeviceSeq,
        /// Where deliveries of this conversation to this device begin, if it has no position in it.
        start: EntryId,
    }
    /// A chat message is durable. For the device that wrote it this takes the place of the delivery.
    (SendMessage, Acknowledgement) server(may_wait) => Stored {
        conversation: ConversationId,
        number: DeviceSeq,
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
        /// In a pair: what the other says of being away.
        away: Option<String>,
    }
    /// The server asks a device to send again all that it has not yet called stored: something came damaged.
    (SendMessage, Retransmission) server() => SendAgain {
        /// How many damaged messages this session has had so far.
        damaged: u32,
    }
    /// A device asks for one entry once more: it came damaged.
    (Receive, Retransmission) client(Ready, Chat) => DeliverAgain {
        conversation: ConversationId,
        /// The entry after which to begin.
        after: EntryId,
    }
    /// A device has made everything up to this entry durable.
    (Receive, Acknowledgement) client(Ready, Chat, may_wait) => Received {
        conversation: ConversationId,
        entry: EntryId,
    }
    /// Use up a number without an entry: the message that had it was refused for good.
    (Void, Request) client(Ready, Chat) => Void {
        conversation: ConversationId,
        number: DeviceSeq,
    }
    /// The number is used up.
    (Void, Acknowledgement) server() => Voided {
        conversation: ConversationId,
        number: DeviceSeq,
    }
    /// Tell me the receipts of this conversation, now and as they come.
    (Receipts, Request) client(Ready, Chat) => ReceiptsRequest {
        conversation: ConversationId,
    }
    /// How far members have received.
    (Receipts, Acknowledgement) server(may_wait) => Receipts {
        conversation: ConversationId,
        /// The members of whom there is news.
        marks: Vec<Mark>,
    }
    /// How far a conversation of many members has received: in steps, at most once a second. It takes the place
    /// of the marks above [`super::NAMED_RECEIPTS_MAX`] members.
    (Receipts, Response) server(may_wait) => ReceiptCounts {
        conversation: ConversationId,
        /// How many belong to it, the one who is told not counted.
        members: u32,
        /// By entry, ascending, with falling counts.
        steps: Vec<Count>,
    }
    /// Become a member of a room.
    (Join, Request) client(Ready, Control, tagged) => Join {
        tag: u32,
        /// The room's name with its `#`, as typed.
        name: String,
        /// Who else may join it, if this makes the room; without it, everybody.
        access: Option<Access>,
        /// Whether none is to be made.
        must_exist: Option<bool>,
    }
    /// The user is a member: now, or was before.
    (Join, Response) server() => Joined {
        tag: u32,
        room: Room,
        /// The last number that the server has from this device in it.
        last_number: DeviceSeq,
        /// Where deliveries of this conversation to this device begin, if it has no position in it or one that is
        /// before this.
        start: EntryId,
    }
    /// Be a member of a room no longer.
    (Leave, Request) client(Ready, Control, tagged) => Leave {
        tag: u32,
        conversation: ConversationId,
    }
    /// The user is no member (any more).
    (Leave, Response) server() => Left {
        tag: u32,
        conversation: ConversationId,
    }
    /// Which rooms are there?
    (Rooms, Request) client(Ready, Control, tagged) => RoomsRequest {
        tag: u32,
        /// Which page of those that everybody may join, from 0 on; without it, the first.
        page: Option<u32>,
    }
    /// The rooms that the user belongs to, is invited to, or may join. May come in parts.
    (Rooms, Response) server() => Rooms {
        tag: u32,
        /// The rooms: on the first page those that the user belongs to, and is invited to, by name; then those that
        /// everybody may join, the most used first.
        rooms: Vec<Room>,
        /// Whether another part follows.
        more: bool,
        /// How many pages there are.
        pages: Option<u32>,
    }
    /// Who belongs to a room?
    (Members, Request) client(Ready, Control, tagged) => MembersRequest {
        tag: u32,
        conversation: ConversationId,
    }
    /// Who belongs to a room. May come in parts.
    (Members, Response) server() => Members {
        tag: u32,
        conversation: ConversationId,
        /// The members, by name.
        members: Vec<RoomMember>,
        /// Whether another part follows.
        more: bool,
        /// What newcomers may read, as in [`Room`].
        history: Option<u64>,
    }
    /// Change a room or its members.
    (Moderate, Request) client(Ready, Control, tagged) => Moderate {
        tag: u32,
        conversation: ConversationId,
        change: Change,
    }
    /// It is changed (or was so already).
    (Moderate, Response) server() => Moderated {
        tag: u32,
        conversation: ConversationId,
        /// Whether there was something to change, so that an entry tells of it.
        changed: bool,
    }
    /// The entries before a place, please: those that this device never had, or has forgotten.
    (History, Request) client(Ready, Bulk, tagged) => HistoryRequest {
        tag: u32,
        conversation: ConversationId,
        /// The place; its own entry is not wanted.
        before: EntryId,
        /// At most so many.
        limit: u32,
    }
    /// Entries of a log, or as many of them as fit one message.
    (History, Response) server() => History {
        tag: u32,
        conversation: ConversationId,
        /// The entries, oldest first; the last ones before the place that was asked for.
        entries: Vec<HistoryEntry>,
        /// Whether this reader may read others before them.
        more: bool,
    }
    /// A file is to be brought: its stream (see [`super::FileTree`]) begins or goes on.
    (Upload, Request) client(Ready, Bulk, tagged) => UploadRequest {
        tag: u32,
        root: Bytes<32>,
        /// Of the file, in bytes.
        size: u64,
    }
    /// The next part of the stream of the upload with this tag.
    (Upload, MessageExchange) client(Ready, Bulk, tagged) => UploadPiece {
        tag: u32,
        /// Where in the stream it begins.
        offset: u64,
        /// At most [`super::PIECE_MAX_BYTES`], and at least one.
        bytes: ByteBuf,
    }
    /// How much of a stream is at the server: the answer to the request, and news as it comes.
    (Upload, Response) server() => UploadState {
        /// The upload's.
        tag: u32,
        /// So many bytes of it are verified and written. The upload goes on from there.
        taken: u64,
        /// Whether the file is there, durably, so that an entry may name it.
        is_complete: bool,
    }
    /// A part of the stream of the file that belongs to an entry, please.
    (Download, Request) client(Ready, Bulk, tagged) => DownloadRequest {
        tag: u32,
        conversation: ConversationId,
        entry: EntryId,
        /// Where in the stream it begins.
        offset: u64,
        /// So many bytes, or up to the stream's end; it comes in as many pieces as it takes.
        length: u64,
    }
    /// A part of a stream, in order.
    (Download, Response) server() => DownloadPiece {
        tag: u32,
        /// Of the file, in bytes.
        size: u64,
        offset: u64,
        /// At most [`super::PIECE_MAX_BYTES`]; none where the stream ended before the offset.
        bytes: ByteBuf,
    }
    /// Be given no more of what a user says to this one, or again.
    (Block, Request) client(Ready, Control, tagged) => Block {
        tag: u32,
        /// The user name, as typed.
        name: String,
        /// Whether to block them; else to block them no longer.
        blocking: bool,
    }
    /// Whom this user blocks: the answer to a request, and news at the beginning of a session and when another device has
    /// changed it.
    (Block, Response) server() => Blocked {
        /// The request's tag; none in news.
        tag: Option<u32>,
        /// All of them, by name; at most [`super::BLOCKED_MAX`].
        users: Vec<BlockedUser>,
    }
    /// Which devices does the account have?
    (Devices, Request) client(Ready, Control, tagged) => DevicesRequest {
        tag: u32,
    }
    /// The account's devices.
    (Devices, Response) server() => Devices {
        tag: u32,
        /// All of them, by id.
        devices: Vec<Device>,
    }
    /// The first half of a proof of the account's password, for the next change of the account on this session.
    (Prove, Request) client(Ready, Control, tagged) => Prove {
        tag: u32,
        /// OPAQUE's credential request (KE1).
        request: ByteBuf,
        /// OPAQUE's registration request for the new password, where it is to be changed.
        registration: Option<ByteBuf>,
    }
    /// The server's answer to it.
    (Prove, Response) server() => ProveAnswer {
        tag: u32,
        /// OPAQUE's credential response (KE2).
        response: ByteBuf,
        /// OPAQUE's registration response, where that was asked for.
        registration: Option<ByteBuf>,
    }
    /// The second half of the proof, and what it is for.
    (Account, Request) client(Ready, Control, tagged) => ChangeAccount {
        tag: u32,
        /// OPAQUE's credential finalization (KE3), which answers the last PROVE on this session.
        finalization: ByteBuf,
        change: AccountChange,
    }
    /// It is changed.
    (Account, Response) server() => AccountChanged {
        tag: u32,
        /// How many other devices had tickets, which are void now.
        devices: u32,
    }
    /// The user has read a conversation up to this entry. It is no receipt: only the account's own devices learn of it.
    (Read, Request) client(Ready, Chat, may_wait) => ReadUpTo {
        conversation: ConversationId,
        entry: EntryId,
    }
    /// The user has read a conversation up to this entry, on another device.
    (Read, Response) server(may_wait) => ReadElsewhere {
        conversation: ConversationId,
        entry: EntryId,
    }
    /// Mute a conversation on all of the user's devices, or no longer.
    (Mute, Request) client(Ready, Control, tagged) => Mute {
        tag: u32,
        conversation: ConversationId,
        /// Until when, in milliseconds since 1970 (UTC); 0 for no longer, [`super::MUTED_FOR_GOOD`] for good.
        until_ms: u64,
    }
    /// It is muted, or no longer: the answer to a request, and news when another device has asked for it.
    (Mute, Response) server() => Muted {
        /// The request's tag; none in news.
        tag: Option<u32>,
        conversation: ConversationId,
        /// As in the request.
        until_ms: u64,
    }
    /// Do something to the server that only accounts with a role may. But for what is announced, done twice it is the same
    /// as done once.
    (Administer, Request) client(Ready, Control, tagged) => Administer {
        tag: u32,
        action: AdminAction,
        /// Whom it is about, as typed: a user's name; in a ban, also an address or a prefix of addresses; in a deletion, a
        /// room's name, or "everyone".
        subject: Option<String>,
        /// Why, as the subject is told it; or the new name, or what is announced.
        text: Option<String>,
        /// How long a ban lasts (without it, for good), or an invitation is good, in milliseconds.
        for_ms: Option<u64>,
        /// The subject's role from now on.
        role: Option<AccountRole>,
        /// Of what was done before: such with lower numbers only.
        before: Option<u64>,
        /// The entry to be deleted.
        entry: Option<EntryId>,
        /// The hash of an invitation's code: [`hash_code`](super::hash_code).
        code: Option<Bytes<32>>,
        /// How many accounts the code opens.
        uses: Option<u32>,
    }
    /// It is done.
    (Administer, Response) server() => Administered {
        tag: u32,
        /// Whom it was about, as written: an account's canonical name, or a prefix of addresses.
        subject: Option<String>,
        /// Of a ban: until when, and why, in words. Of another name: that, in canonical form. Of an invitation: its number, in
        /// hexadecimal.
        text: Option<String>,
        /// How many sessions of the subject are to end.
        sessions: Option<u32>,
        /// Who is signed in at addresses that were banned, by name.
        users: Vec<String>,
        /// What was done before, the newest first: at most 32.
        actions: Vec<AuditEntry>,
        /// Whether anything has changed; without it, yes.
        changed: Option<bool>,
    }
    /// Who is online?
    (Contacts, Request) client(SignedIn, Control, tagged) => ContactsRequest {
        tag: u32,
    }
    /// Who is online. May come in parts.
    (Contacts, ListContacts) server() => ListContacts {
        tag: u32,
        /// Those who are online, the asker included, by name.
        contacts: Vec<Contact>,
        /// Whether another part follows.
        more: bool,
    }
    /// Whom does the user know?
    (Roster, Request) client(Ready, Control, tagged) => RosterRequest {
        tag: u32,
    }
    /// Those with whom the user shares a room or a direct conversation. May come in parts.
    (Roster, Response) server() => Roster {
        tag: u32,
        /// By name.
        people: Vec<Person>,
        /// Whether another part follows.
        more: bool,
    }
    /// Who is this?
    (Whois, Request) client(Ready, Control, tagged) => WhoisRequest {
        tag: u32,
        /// The user name, as typed.
        name: String,
    }
    /// What is known of a user.
    (Whois, Response) server() => Whois {
        tag: u32,
        person: Person,
        /// The rooms that both belong to, by name.
        rooms: Vec<String>,
    }
    /// The user is away, or back.
    (Away, Request) client(Ready, Control, tagged) => AwayRequest {
        tag: u32,
        /// What they say of it, at most [`super::TOPIC_MAX_BYTES`]; none if they are back.
        text: Option<String>,
    }
    /// It is noted; also the news of it to the user's other sessions. It ends with the last of them.
    (Away, Response) server() => Away {
        /// The request's tag; none in news.
        tag: Option<u32>,
        text: Option<String>,
    }
    /// Somebody came online, or went.
    (Presence, Alert) server() => Alert {
        name: String,
        /// Whether they are online now.
        online: bool,
    }
}
