//! Who may join a room and who may write there, as the operator types it.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::protocol::Access;

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
