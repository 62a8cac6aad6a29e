//! An entry of a log as it was read, wherever it stands.

use serde_bytes::Bytes;

use super::records::LogRecord;

/// An entry that was read.
#[derive(Debug)]
pub(in crate::store) struct Stored {
    /// Everything but the content.
    head: LogRecord<'static>,
    bytes: Vec<u8>,
    /// Where the content begins in these.
    content: usize,
}

impl Stored {
    /// The entry with this head, whose content begins so far in these bytes.
    pub(in crate::store) const fn new(
        head: LogRecord<'static>,
        bytes: Vec<u8>,
        content: usize,
    ) -> Self {
        Self {
            head,
            bytes,
            content,
        }
    }

    /// The entry.
    pub(in crate::store) fn row(&self) -> LogRecord<'_> {
        LogRecord {
            content: Bytes::new(&self.bytes[self.content..]),
            ..self.head
        }
    }
}
