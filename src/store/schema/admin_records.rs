//! The records of what the operator has done, as `records` has those of the others.

use serde::{Deserialize, Serialize};

/// A row of `disabled`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct DisabledRecord {
    /// Why, as the user is told it; may be empty.
    pub(in crate::store) reason: String,
}

/// A row of `audit`. It has names, not ids: what an account or a room was called then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct AuditRecord {
    /// In milliseconds since 1970 (UTC).
    pub(in crate::store) time_ms: u64,
    /// The account that did it; empty for the operator.
    pub(in crate::store) by: String,
    /// The command that does it.
    pub(in crate::store) action: String,
    /// The account or conversation that it was done to; empty for the server.
    pub(in crate::store) subject: String,
    /// What else there is to know of it; may be empty.
    pub(in crate::store) detail: String,
}
