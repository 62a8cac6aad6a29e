//! The records of the tables of files, as `records` has those of the others.

use serde::{Deserialize, Serialize};

use crate::protocol::FileRoot;

/// An account and a root: which row of `files`.
pub(in crate::store) type FileKey = (u64, [u8; 32]);

/// A row of `files`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct FileRecord {
    /// In bytes.
    pub(in crate::store) size: u64,
    /// How many entries have it.
    pub(in crate::store) refs: u64,
    /// When it came last, in milliseconds since 1970 (UTC).
    pub(in crate::store) since_ms: u64,
    /// It is kept no longer, although entries have it.
    pub(in crate::store) is_gone: bool,
}

/// A row of `attached`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct AttachedRecord {
    /// Who has brought the file: the entry's author.
    pub(in crate::store) account: u64,
    pub(in crate::store) root: FileRoot,
}

impl AttachedRecord {
    /// The file's row.
    pub(in crate::store) const fn file(self) -> FileKey {
        (self.account, self.root.0)
    }
}
