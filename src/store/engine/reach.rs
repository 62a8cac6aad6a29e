//! What of the tables each request may touch: by this the engine knows which requests a snapshot is enough for, and the
//! cache which of them may find the tables behind it.

use crate::store::Request;

/// What a request may touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Reach {
    /// Reads tables that the cache does not stand before: it writes nothing back, however often it is asked.
    PointRead,
    /// Reads; of the tables that the cache stands before, no other rows than by the cache's functions, looking through
    /// none of them.
    CachedRead,
    /// Writes, and touches those tables in no other way either.
    CachedWrite,
    /// Reads anything.
    Read,
    /// Reads and writes anything.
    Write,
}

impl Reach {
    /// That of a request.
    pub(in crate::store) const fn of(request: &Request) -> Self {
        match request {
            Request::FindAccount { .. } => Self::PointRead,
            Request::Resolve { .. }
            | Request::Rooms { .. }
            | Request::RoomUses { .. }
            | Request::Read { .. }
            | Request::ReadBack { .. } => Self::CachedRead,
            // The checkpoint by itself touches nothing: the engine makes it behind the group.
            Request::Append(_)
            | Request::Void { .. }
            | Request::Advance { .. }
            | Request::Checkpoint => Self::CachedWrite,
            Request::ListAccounts
            | Request::Marks { .. }
            | Request::ListRetained
            | Request::Usage { .. }
            | Request::Members { .. } => Self::Read,
            Request::CreateAccount(_)
            | Request::OpenDevice { .. }
            | Request::Resume { .. }
            | Request::RevokeTickets { .. }
            | Request::Hello { .. }
            | Request::Join { .. }
            | Request::MakeRoom { .. }
            | Request::Leave { .. }
            | Request::ChangeRoom { .. }
            | Request::Block { .. }
            | Request::Expire { .. }
            | Request::Retain { .. } => Self::Write,
        }
    }

    /// Whether it never writes, so that a snapshot is enough.
    pub(in crate::store) const fn only_reads(self) -> bool {
        matches!(self, Self::PointRead | Self::CachedRead | Self::Read)
    }
}
