//! What is wrong with a journal that lacks something which was stored.

use thiserror::Error;

/// Why something that was stored is lost, as far as the journal tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum JournalLoss {
    /// There is none where one is needed.
    #[error("the journal is missing or empty")]
    Missing,
    /// It is that of an earlier round of this database.
    #[error("the journal is older than the database")]
    Older,
    /// It is that of a later round of this database.
    #[error("the database is older than its journal")]
    Newer,
    /// It is that of another database.
    #[error("the journal belongs to another database")]
    Foreign,
    /// It ends too early.
    #[error("the journal was cut short")]
    Truncated,
    /// It was changed.
    #[error("the journal is damaged")]
    Damaged,
    /// It is whole, and the tables are not what it builds upon.
    #[error("the journal does not fit the database, which is damaged")]
    Unfit,
}
