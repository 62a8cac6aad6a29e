//! What is wrong with a database's log that lacks something which was stored.

use thiserror::Error;

/// Why something that was stored is lost, as far as the message log tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LogLoss {
    /// There is none where one is needed.
    #[error("the message log is missing or empty")]
    Missing,
    /// It ends before what the tables contain.
    #[error("the message log is older than the database")]
    Older,
    /// The tables were put back: only later segments are there.
    #[error("the database is older than its message log")]
    Newer,
    /// It is that of another database.
    #[error("the message log belongs to another database")]
    Foreign,
    /// It ends too early.
    #[error("the message log was cut short")]
    Truncated,
    /// It was changed.
    #[error("the message log is damaged")]
    Damaged,
    /// It is whole, and the tables are not what it builds upon.
    #[error("the message log does not fit the database, which is damaged")]
    Unfit,
}
