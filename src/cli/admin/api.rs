//! Requests of an operator, and the answers.

use std::fs::File;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::access::{Role, RoomAccess};
use super::status::Status;
use crate::cli::logging::LogLevel;
use crate::store::{Ban, BanSubject, Report, Retention};

/// Bytes are in base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// [`Answer::Status`].
    Status,
    /// [`Answer::Users`].
    UserList,
    /// The first half of a sign-up: [`Answer::Start`].
    UserAddStart {
        /// The name as typed.
        name: String,
        request: String,
    },
    /// The second half, on the same connection: [`Answer::Added`].
    UserAddFinish {
        /// The same as in the first half.
        name: String,
        upload: String,
    },
    /// Marks an account as a bot's, or no longer: [`Answer::Done`].
    UserBot {
        /// As typed.
        name: String,
        is_bot: bool,
    },
    /// Gives an account another name: [`Answer::Renamed`].
    UserRename {
        /// As typed.
        name: String,
        /// As typed.
        new: String,
    },
    /// What an account may do at the server from now on: [`Answer::Done`].
    UserRole {
        /// As typed.
        name: String,
        role: Role,
    },
    /// Nobody signs in to an account any longer: [`Answer::Done`].
    UserDisable {
        /// As typed.
        name: String,
        /// Why, as the user is told it; may be empty.
        reason: String,
    },
    /// Its user signs in again: [`Answer::Done`].
    UserEnable {
        /// As typed.
        name: String,
    },
    /// Deletes an account for good: [`Answer::Done`].
    UserDelete {
        /// As typed.
        name: String,
        /// Whether what it has said goes too.
        #[serde(default)]
        purge: bool,
    },
    /// An enrolment code sets the password of an account: [`Answer::Code`].
    UserReset {
        /// As typed.
        name: String,
        /// The code's hash, in hexadecimal digits.
        code: String,
    },
    /// An enrolment code opens accounts: [`Answer::Code`].
    InviteCreate {
        /// The code's hash, in hexadecimal digits.
        code: String,
        uses: u32,
        /// How long it is good, in milliseconds.
        for_ms: u64,
    },
    /// [`Answer::Invitations`].
    InviteList,
    /// [`Answer::Done`].
    InviteRevoke { number: u32 },
    /// Bans an account or the addresses with a prefix: [`Answer::Banned`].
    BanAdd {
        /// As typed: a name, an address, or an address and a length.
        who: String,
        /// In milliseconds since 1970 (UTC); none: for good.
        until_ms: Option<u64>,
        /// As those are told it whom it is of; may be empty.
        reason: String,
    },
    /// Lifts a ban: [`Answer::Unbanned`].
    BanRemove {
        /// As typed.
        who: String,
    },
    /// The bans after this one, so many as fit: [`Answer::Bans`].
    BanList { after: Option<BanSubject> },
    /// [`Answer::Sessions`].
    SessionList,
    /// Ends sessions: [`Answer::Ended`].
    SessionEnd {
        /// As typed: a user, or the number of a session.
        who: String,
    },
    /// Says something to all users: [`Answer::Done`].
    Announce { text: String },
    /// [`Answer::User`].
    UserShow {
        /// As typed.
        name: String,
    },
    /// The last actions with lower numbers, so many at most: [`Answer::Audit`].
    Audit { before: u64, count: u64 },
    /// [`Answer::Added`].
    RoomAdd {
        /// As typed, with or without its `#`.
        name: String,
        /// As typed.
        owner: String,
        access: RoomAccess,
    },
    /// The rooms after this one, so many as fit: [`Answer::Rooms`].
    RoomList { after: String },
    /// A room, and its members after this one, so many as fit: [`Answer::Room`].
    RoomShow {
        /// As typed, with or without its `#`.
        name: String,
        after: u64,
    },
    /// Deletes a room for good: [`Answer::Done`].
    RoomDelete {
        /// As typed, with or without its `#`.
        name: String,
    },
    /// Makes a user the owner of a room: [`Answer::Owned`].
    RoomOwner {
        /// As typed, with or without its `#`.
        name: String,
        /// As typed.
        user: String,
    },
    /// Says who may join a room, and who may write there: [`Answer::Done`].
    RoomAccess {
        /// As typed, with or without its `#`.
        name: String,
        access: RoomAccess,
    },
    /// Deletes what stands in a conversation under this number: [`Answer::MessageDeleted`].
    MessageDelete { log: LogName, number: u64 },
    /// Sets the limits of a conversation, everyone or a room as typed: [`Answer::Done`]. `None`: the limit of all conversations; 0: no limit.
    Retain { name: String, limits: Retention },
    /// The conversations with limits of their own: [`Answer::Retained`].
    RetainList,
    /// The limits of one conversation: [`Answer::Retained`].
    RetainShow { name: String },
    /// [`Answer::Checked`].
    StoreCheck,
    /// How much the server logs, from now on if that is said: [`Answer::LogLevel`].
    LogLevel { level: Option<LogLevel> },
    /// The server ends: [`Answer::Done`]. The connection ends with its process.
    Stop,
    /// The server reads its settings again: [`Answer::Reloaded`].
    Reload,
    /// [`Answer::ServerKey`].
    ServerKey,
    /// Copies the database into the empty file that comes with the request: [`Answer::BackedUp`].
    StoreBackup,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    Status(Status),
    /// Sorted by name.
    Users {
        users: Vec<User>,
        /// Further accounts, whose record is damaged.
        unreadable: u64,
    },
    User {
        user: User,
        devices: Vec<Device>,
    },
    /// A code is good from now on.
    Code {
        /// Under which an invitation is revoked.
        number: u32,
        /// When it is good no longer, in milliseconds since 1970 (UTC).
        expires_ms: u64,
        /// The fingerprint of the server's key.
        fingerprint: String,
        /// The account that it is for, by the name that it has now; none if it opens one.
        account: Option<String>,
    },
    Invitations {
        invitations: Vec<Invitation>,
    },
    Banned {
        /// Whom, as it is written.
        subject: String,
        /// The users who were signed in at the addresses.
        users: Vec<String>,
        /// Whether they were banned already, for as long and for the same reason.
        is_unchanged: bool,
    },
    Unbanned {
        /// Whom, as it is written.
        subject: String,
    },
    Bans {
        bans: Vec<BanLine>,
        /// Whether there are further ones after the last.
        has_more: bool,
    },
    Sessions {
        /// The oldest first.
        sessions: Vec<SessionLine>,
        /// How many there are beside these.
        others: u64,
    },
    Ended {
        /// Whose, if it was somebody's who was named.
        account: Option<String>,
        sessions: u64,
    },
    Rooms {
        /// By name.
        rooms: Vec<RoomLine>,
        /// Behind which there are others.
        next: Option<String>,
    },
    Room {
        room: RoomLine,
        members: Vec<MemberLine>,
        /// Behind which there are others.
        next: Option<u64>,
    },
    Owned {
        /// Who owns it, by the name that they have now.
        account: String,
        /// Whether it was so already.
        is_unchanged: bool,
        /// How many others were owners, and are moderators now.
        replaced: u64,
    },
    /// Newest first.
    Audit {
        actions: Vec<AuditLine>,
    },
    /// To the first half of a sign-up.
    Start {
        response: String,
    },
    /// The canonical name of the new account or room.
    Added {
        name: String,
    },
    Done(Done),
    /// An account has another name.
    Renamed {
        /// What it was called.
        account: String,
        name: String,
        is_unchanged: bool,
    },
    MessageDeleted {
        /// Where it stood, by the names of today.
        log: LogName,
    },
    /// Conversations, and the limits that are their own.
    Retained {
        conversations: Vec<RetainedConversation>,
    },
    Checked {
        report: Report,
    },
    BackedUp {
        rows: u64,
    },
    LogLevel {
        level: LogLevel,
    },
    Reloaded(Reloaded),
    ServerKey {
        fingerprint: String,
        /// Where a running server listens.
        listening: Option<Vec<SocketAddr>>,
    },
    /// A refusal or an error, as a sentence for the user.
    Error {
        message: String,
        /// The exit code of the command that asked.
        code: u8,
    },
}

/// That something was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The account that it was done to, by the name that it has now; none if it was no account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Whether it was so already.
    #[serde(default)]
    pub is_unchanged: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub name: String,
    /// Milliseconds since 1970 (UTC).
    pub created_ms: u64,
    /// Whether it is marked as a bot's.
    #[serde(default)]
    pub is_bot: bool,
    /// What it may do at the server.
    #[serde(default)]
    pub role: Role,
    /// Why it is disabled, if so; may be empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    pub id: u64,
    /// When it was last used, in milliseconds since 1970 (UTC), if that was noted.
    pub used_ms: Option<u64>,
    /// Where that was.
    pub address: Option<IpAddr>,
    /// Whether it has a ticket, and so needs no password.
    pub has_ticket: bool,
}

/// An enrolment code that opens accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    pub number: u32,
    /// In milliseconds since 1970 (UTC).
    pub made_ms: u64,
    /// When it is good no longer.
    pub expires_ms: u64,
    /// How many accounts it was to open.
    pub uses: u32,
    /// How many it still opens.
    pub uses_left: u32,
}

/// A ban that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BanLine {
    pub subject: BanSubject,
    /// The account's name; empty for addresses.
    pub name: String,
    #[serde(flatten)]
    pub ban: Ban,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionLine {
    pub id: u64,
    /// Who is signed in, if anybody is.
    pub user: Option<String>,
    /// On which device.
    pub device: Option<u64>,
    pub address: SocketAddr,
    /// When it began, in milliseconds since 1970 (UTC).
    pub since_ms: u64,
    /// For how long nothing was asked or acknowledged on it.
    pub idle_s: u64,
}

/// A conversation, as the operator names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogName {
    Everyone,
    /// As typed, with or without its `#`.
    Room(String),
    /// Two users, as typed.
    Users(String, String),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomLine {
    pub name: String,
    pub topic: String,
    pub access: RoomAccess,
    pub members: u32,
    /// The first few.
    pub owners: Vec<String>,
    pub entries: u64,
    pub bytes: u64,
    /// When the last entry was written, in milliseconds since 1970 (UTC).
    pub last_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberLine {
    pub name: String,
    /// Owner, moderator or member.
    pub role: String,
}

/// An action in the audit log. It has names as they were then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditLine {
    pub number: u64,
    /// In milliseconds since 1970 (UTC).
    pub time_ms: u64,
    /// The account that did it; empty for the operator.
    pub by: String,
    /// The command that does it.
    pub action: String,
    /// The account or room that it was done to; empty for the server.
    pub subject: String,
    /// What else was given; may be empty.
    pub detail: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetainedConversation {
    pub name: String,
    #[serde(flatten)]
    pub limits: Retention,
}

/// The settings that have changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// Those that took effect.
    pub at_once: Vec<String>,
    /// Those that take effect when the server is started.
    pub at_start: Vec<String>,
}

/// Answers requests: a running server, or the database of a stopped one.
pub trait AdminApi {
    /// Never returns [`Answer::Error`]: a refusal is an error with the text of the server.
    fn ask(&mut self, request: Request) -> anyhow::Result<Answer>;

    /// [`Request::StoreBackup`]: returns how many rows were copied.
    fn back_up(&mut self, copy: File) -> anyhow::Result<u64>;

    /// The answer to the last request was sent.
    fn on_answered(&mut self) {}
}

/// The longest line on the socket: a list of a hundred thousand users. A longer one ends the connection.
pub const LINE_MAX_BYTES: usize = 8 * 1024 * 1024;
