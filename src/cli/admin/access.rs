//! Who may join a room and who may write there, and what an account may do at the server, as the operator types it.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::protocol::{Access, AccountRole};

/// Who may join a room, and who may write there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoomAccess {
    /// Everybody joins and writes
    Public,
    /// Only invited users join
    Private,
    /// Only moderators and owners write
    Readonly,
    /// Both
    PrivateReadonly,
}

impl RoomAccess {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Readonly => "readonly",
            Self::PrivateReadonly => "private-readonly",
        }
    }
}

impl From<RoomAccess> for Access {
    fn from(access: RoomAccess) -> Self {
        match access {
            RoomAccess::Public => Self::Public,
            RoomAccess::Private => Self::Private,
            RoomAccess::Readonly => Self::ReadOnly,
            RoomAccess::PrivateReadonly => Self::PrivateReadOnly,
        }
    }
}

impl From<Access> for RoomAccess {
    fn from(access: Access) -> Self {
        match access {
            Access::Public => Self::Public,
            Access::Private | Access::Other(_) => Self::Private,
            Access::ReadOnly => Self::Readonly,
            Access::PrivateReadOnly => Self::PrivateReadonly,
        }
    }
}

/// What an account may do at the server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Nothing beyond what everybody may
    #[default]
    Member,
    /// Bans accounts for a time, and ends sessions
    Moderator,
    /// Also bans addresses and for good, disables accounts, makes moderators, and reads the audit log
    Administrator,
}

impl Role {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Moderator => "moderator",
            Self::Administrator => "administrator",
        }
    }
}

impl From<AccountRole> for Role {
    fn from(role: AccountRole) -> Self {
        match role {
            AccountRole::Moderator => Self::Moderator,
            AccountRole::Administrator => Self::Administrator,
            AccountRole::Member | AccountRole::Other(_) => Self::Member,
        }
    }
}

impl From<Role> for AccountRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Member => Self::Member,
            Role::Moderator => Self::Moderator,
            Role::Administrator => Self::Administrator,
        }
    }
}
