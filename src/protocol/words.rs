//! The small integers of the protocol and the words that documents and logs use for them.

use super::wire::wire_enum;

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
        /// Join a room, which is created if it does not exist.
        Join = 16 => "JOIN",
        /// End the membership in a room.
        Leave = 17 => "LEAVE",
        /// List rooms.
        Rooms = 18 => "ROOMS",
        /// List the members of a room.
        Members = 19 => "MEMBERS",
        /// Change a room or who belongs to it; also the news of such a change, which stands in the log.
        Moderate = 20 => "MODERATE",
        /// Entries of a log that this device does not have.
        History = 21 => "HISTORY",
        /// Block a user, or no longer; and whom this user blocks.
        Block = 22 => "BLOCK",
        /// List the devices of one's account.
        Devices = 23 => "DEVICES",
        /// Prove the account's password on its own session, for one change of the account.
        Prove = 24 => "PROVE",
        /// Change the account: its password, its devices, its end.
        Account = 25 => "ACCOUNT",
        /// How far a user has read a conversation, which only their own devices are told.
        Read = 26 => "READ",
        /// Mute a conversation, or no longer.
        Mute = 27 => "MUTE",
        /// List whom one knows.
        Roster = 30 => "ROSTER",
        /// What is known of a user.
        Whois = 31 => "WHOIS",
        /// The user is away, or back.
        Away = 32 => "AWAY",
        /// Bring a file to the server.
        Upload = 33 => "UPLOAD",
        /// Get the file of an entry.
        Download = 34 => "DOWNLOAD",
        /// Set a password, or open an account, by an enrolment code, first half.
        Enrol = 35 => "ENROL",
        /// The same, second half.
        EnrolFinish = 36 => "ENROL_FINISH",
        /// Do something to the server that only accounts with a role may.
        Administer = 37 => "ADMINISTER",
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
    /// What an entry of a log is. A server stores the kinds that it knows; a reader keeps any, and shows those.
    pub enum EntryKind {
        /// What one user says.
        Text = 1 => "TEXT",
        /// What happened in a room. Only the server writes it.
        Event = 2 => "EVENT",
        /// What one user does, told in the third person.
        Action = 3 => "ACTION",
        /// The new text of an entry of the same author.
        Edit = 4 => "EDIT",
        /// An entry loses its content; of a reaction: it is taken back.
        Delete = 5 => "DELETE",
        /// A sign put to an entry.
        React = 6 => "REACT",
        /// An entry is pinned.
        Pin = 7 => "PIN",
        /// It is pinned no longer.
        Unpin = 8 => "UNPIN",
        /// A file, of which the header has the root.
        File = 9 => "FILE",
    }
}

/// Whether an entry refers to another one of its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refers {
    /// It must not.
    Never,
    /// It may answer one.
    Optionally,
    /// It must.
    Always,
}

impl EntryKind {
    /// Whether it is something said: it counts as unread, and its author is told who has received it. The others change
    /// what is there already.
    #[must_use]
    pub const fn is_said(self) -> bool {
        matches!(self, Self::Text | Self::Action | Self::File)
    }

    /// Whether an entry of this kind has a `refers_to`.
    #[must_use]
    pub const fn refers(self) -> Refers {
        match self {
            Self::Text | Self::Action | Self::File => Refers::Optionally,
            Self::Edit | Self::Delete | Self::React | Self::Pin | Self::Unpin => Refers::Always,
            Self::Event | Self::Other(_) => Refers::Never,
        }
    }

    /// Whether an entry of this kind changes another one, and says nothing of its own.
    #[must_use]
    pub fn is_amendment(self) -> bool {
        self.refers() == Refers::Always
    }
}

wire_enum! {
    /// What an end can do, beyond what all of this version of the protocol can.
    pub enum Feature {
        /// Joining a room that does not exist creates it.
        RoomCreation = 1 => "ROOM_CREATION",
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
        /// Somebody has the name, or one that looks like it.
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
        /// The device or conversation of a message does not fit the session. It says nothing of whether
        /// there is such a conversation.
        NotPermitted = 15 => "NOT_PERMITTED",
        /// The text, or what stands for it, is longer than this server takes.
        TextTooLong = 17 => "TEXT_TOO_LONG",
        /// The number is higher than the next one; `number` is the one expected.
        Expect = 18 => "EXPECT",
        /// The number was used before for other content: this device's state was copied or restored.
        Conflict = 19 => "CONFLICT",
        /// The number is so old that its digest is no longer kept.
        UnknownNumber = 20 => "UNKNOWN_NUMBER",
        /// The server cannot do it now (storage, load); ask again later with the same id.
        Unavailable = 22 => "UNAVAILABLE",
        /// The request came out of turn.
        OutOfTurn = 23 => "OUT_OF_TURN",
        /// There is no room of this name.
        NoSuchRoom = 24 => "NO_SUCH_ROOM",
        /// Only the operator makes rooms here.
        RoomsClosed = 25 => "ROOMS_CLOSED",
        /// The room is private, and nobody has invited this user.
        NotInvited = 26 => "NOT_INVITED",
        /// The user that it is about does not belong to the room.
        NotAMember = 27 => "NOT_A_MEMBER",
        /// A limit is reached; the detail says which.
        LimitReached = 28 => "LIMIT_REACHED",
        /// Not a refusal: before what is delivered next in this conversation, retention has removed entries that the
        /// reader has not been sent.
        Expired = 29 => "EXPIRED",
        /// As much is stored as the author, or all, may have stored; the detail says which.
        QuotaFull = 30 => "QUOTA_FULL",
        /// The entry that another one refers to is not there, or this cannot be done to it; the detail says why.
        BadReference = 31 => "BAD_REFERENCE",
        /// The account of this name was deleted. The name is not given out again.
        AccountDeleted = 32 => "ACCOUNT_DELETED",
        /// The account has no such device.
        NoSuchDevice = 33 => "NO_SUCH_DEVICE",
        /// Another entry of the account has the key: see [`super::Failure::said_before`]. The number is to be used up by a
        /// VOID.
        SaidBefore = 34 => "SAID_BEFORE",
        /// The file is not there: it was never uploaded by this account, or is gone, or the entry has none.
        NoSuchFile = 35 => "NO_SUCH_FILE",
        /// What came of a file does not fit its root. The upload goes on from what UPLOAD's answer names.
        FileDamaged = 36 => "FILE_DAMAGED",
        /// The operator has disabled the account; the detail says why, if anything.
        AccountDisabled = 37 => "ACCOUNT_DISABLED",
        /// Accounts are opened by those only whom the operator has invited, with a code.
        InvitationNeeded = 38 => "INVITATION_NEEDED",
        /// The enrolment code is unknown, used up, expired, or another account's.
        CodeRefused = 39 => "CODE_REFUSED",
        /// The operator has banned the account; the detail says until when, and why.
        Banned = 40 => "BANNED",
        /// Only accounts with another role may do this; the detail names the least of them.
        RoleNeeded = 41 => "ROLE_NEEDED",
        /// The role of the account that it is about is not below the asker's.
        Outranked = 42 => "OUTRANKED",
        /// The device has a ticket of a later attempt at a sign-in; `expected` is a number above its.
        EarlierAttempt = 43 => "EARLIER_ATTEMPT",
    }
}

wire_enum! {
    /// Why a server, or a client, ends a signed-in session.
    pub enum EndReason {
        /// The user asked for it.
        LoggedOut = 1 => "LOGGED_OUT",
        /// The server stops.
        ServerStopping = 2 => "SERVER_STOPPING",
        /// The same device has signed in again elsewhere.
        Superseded = 3 => "SUPERSEDED",
        /// The device was revoked: its ticket is void.
        Revoked = 4 => "REVOKED",
        /// The account has as many other sessions as it may have, and this was the oldest.
        TooManySessions = 5 => "TOO_MANY_SESSIONS",
        /// Another device has changed the account's password: this one's ticket is void.
        PasswordChanged = 6 => "PASSWORD_CHANGED",
        /// The account was deleted.
        AccountDeleted = 7 => "ACCOUNT_DELETED",
        /// The operator has disabled the account. The ticket is good again once it is enabled.
        AccountDisabled = 8 => "ACCOUNT_DISABLED",
        /// The password was set by a code that the operator has issued: all tickets of the account are void.
        PasswordReset = 9 => "PASSWORD_RESET",
        /// The operator has banned the account. The ticket is good again afterwards.
        AccountBanned = 10 => "ACCOUNT_BANNED",
        /// The operator has ended the session. The ticket is good.
        EndedByOperator = 11 => "ENDED_BY_OPERATOR",
    }
}

wire_enum! {
    /// What is changed of an account.
    pub enum AccountChangeKind {
        /// The password; the tickets of all other devices are void.
        Password = 1 => "PASSWORD",
        /// A device is forgotten, and its ticket void.
        Revoke = 2 => "REVOKE",
        /// The account is deleted.
        Delete = 3 => "DELETE",
    }
}

wire_enum! {
    /// What a member may do in a room; each may also do what the ones before it may.
    pub enum MemberRole {
        /// Reads and writes.
        Member = 1 => "MEMBER",
        /// Also invites to a private room, sets the topic and removes members.
        Moderator = 2 => "MODERATOR",
        /// Also gives roles and opens or closes the room.
        Owner = 3 => "OWNER",
    }
}

wire_enum! {
    /// What an account may do at the server; each may also do what the ones before it may. What exactly the server's policy
    /// says.
    pub enum AccountRole {
        /// Talks to others.
        Member = 1 => "MEMBER",
        /// Also keeps order: bans accounts and addresses for a time, and ends sessions.
        Moderator = 2 => "MODERATOR",
        /// Also manages accounts.
        Administrator = 3 => "ADMINISTRATOR",
    }
}

impl AccountRole {
    /// Whether it may do more than this one. One that this version does not know is above all others.
    #[must_use]
    pub const fn is_above(self, other: Self) -> bool {
        self.number() > other.number()
    }
}

wire_enum! {
    /// What somebody with a role does to the server.
    pub enum AdminAction {
        /// The subject, an account or addresses, is kept out.
        Ban = 1 => "BAN",
        /// A ban is lifted.
        Unban = 2 => "UNBAN",
        /// The subject's sessions end.
        Disconnect = 3 => "DISCONNECT",
        /// Nobody signs in to the subject any longer.
        Disable = 4 => "DISABLE",
        /// Its user signs in again.
        Enable = 5 => "ENABLE",
        /// The subject has this role from now on.
        Role = 6 => "ROLE",
        /// What was done before.
        Audit = 7 => "AUDIT",
        /// The subject has another name.
        Rename = 8 => "RENAME",
        /// Something is said to all users.
        Announce = 9 => "ANNOUNCE",
        /// An entry of the subject, a room or everyone, loses its content.
        Delete = 10 => "DELETE",
        /// A code of this hash opens accounts.
        Invite = 11 => "INVITE",
    }
}

wire_enum! {
    /// Who may join a room, and who may say something there.
    pub enum Access {
        /// Everybody.
        Public = 1 => "PUBLIC",
        /// Those who were invited; it is in nobody else's list of rooms.
        Private = 2 => "PRIVATE",
        /// Everybody; only moderators and owners say something there.
        ReadOnly = 3 => "READ_ONLY",
        /// Those who were invited; only moderators and owners say something there.
        PrivateReadOnly = 4 => "PRIVATE_READ_ONLY",
    }
}

impl Access {
    /// Whether only those join who were invited. What is not known is the narrower.
    #[must_use]
    pub const fn is_private(self) -> bool {
        !matches!(self, Self::Public | Self::ReadOnly)
    }
}

wire_enum! {
    /// What happened in a room.
    pub enum EventKind {
        /// The actor has become a member; the owner, if the role says so.
        Joined = 1 => "JOINED",
        /// The actor is a member no longer. Where that left members without an owner, the subject has become it.
        Left = 2 => "LEFT",
        /// The subject was removed; the text says why.
        Kicked = 3 => "KICKED",
        /// The text is the topic now.
        Topic = 4 => "TOPIC",
        /// The subject has this role now.
        Role = 5 => "ROLE",
        /// The room is public or private now.
        Access = 6 => "ACCESS",
        /// The subject may join the room that the text names. It stands in the pair's log, so that it reaches the
        /// subject alone, and also when they are away.
        Invited = 7 => "INVITED",
        /// Who joins from now on may read so many of the last entries before their joining; the text says how many, as
        /// [`super::history_text`] writes it.
        History = 8 => "HISTORY",
        /// The text is for all users: it stands in the log of everyone. Who administers the server says it; the actor is empty
        /// if that is the operator.
        Announced = 9 => "ANNOUNCED",
        /// The operator has deleted the room: nobody belongs to it any longer, and no entry follows.
        Deleted = 10 => "DELETED",
    }
}
