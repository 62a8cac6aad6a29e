//! The records of the log that the servers of a cluster share, as bytes: `MessagePack`, behind the version of their format.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::Halt;
use crate::store::{Write, decode_shared};

/// The version of the format: the first byte of a record.
const FORMAT: u8 = 1;

/// How long the name of a server in its cluster may be, in bytes. It is part of a subject of the log.
pub const NODE_NAME_MAX: usize = 32;

/// Whether a server may be called so in its cluster: lower-case letters, digits and `-`.
#[must_use]
pub fn is_node_name(name: &str) -> bool {
    let may_have = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !name.is_empty() && name.len() <= NODE_NAME_MAX && name.bytes().all(may_have)
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The server that has written it.
    pub node: String,
    /// What it says.
    pub body: Body,
}

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// The server has started.
    #[serde(rename = "1")]
    Up {
        /// Random: the same start may be written twice.
        nonce: [u8; 16],
    },
    /// Writes that it was asked for.
    #[serde(rename = "2")]
    Group {
        /// The position of the [`Body::Up`] with which the server started.
        life: u64,
        /// Counts its groups since then, from 1.
        group: u64,
        /// What it had applied when it made the record,
        seen: u64,
        /// and what it had come to there: see [`crate::store::ReplicaState`].
        chain: [u8; 32],
        /// The same of what came of the writes.
        outcomes: [u8; 32],
        /// Each as [`crate::store::encode_shared`] has it.
        writes: Vec<ByteBuf>,
    },
}

impl Record {
    /// Its bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![FORMAT];
        rmp_serde::encode::write(&mut bytes, self).expect("writing to a Vec cannot fail");
        bytes
    }

    /// Reads what stands at a position.
    ///
    /// # Errors
    /// [`Halt::Later`] or [`Halt::Damaged`].
    pub fn decode(at: u64, bytes: &[u8]) -> Result<Self, Halt> {
        match bytes.split_first() {
            Some((&FORMAT, record)) => {
                rmp_serde::from_slice(record).map_err(|error| damaged(at, error))
            }
            Some((later, _)) if *later > FORMAT => Err(Halt::Later {
                at,
                what: format!("format {later}"),
            }),
            _ => Err(damaged(at, "it is no record")),
        }
    }
}

/// The writes of a group.
///
/// # Errors
/// [`Halt::Later`] or [`Halt::Damaged`].
pub(super) fn writes(at: u64, writes: &[ByteBuf]) -> Result<Vec<Write>, Halt> {
    let read = |write: &ByteBuf| {
        decode_shared(write).map_err(|error| match error {
            crate::store::StoreError::UnknownRecord(what) => Halt::Later { at, what },
            error => damaged(at, error),
        })
    };
    writes.iter().map(read).collect()
}

pub(super) fn damaged(at: u64, reason: impl ToString) -> Halt {
    Halt::Damaged {
        at,
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_is_read_as_it_was_written_and_any_other_bytes_are_refused() {
        let record = Record {
            node: "one".into(),
            body: Body::Group {
                life: 5,
                group: 1,
                seen: 9,
                chain: [1; 32],
                outcomes: [2; 32],
                writes: vec![ByteBuf::from(vec![1, 2, 3])],
            },
        };
        let bytes = record.encode();
        assert_eq!(Record::decode(7, &bytes), Ok(record));
        for cut in 0..bytes.len() {
            assert!(matches!(
                Record::decode(7, &bytes[..cut]),
                Err(Halt::Damaged { at: 7, .. })
            ));
        }
        let later = [&[FORMAT + 1], &bytes[1..]].concat();
        assert!(matches!(
            Record::decode(7, &later),
            Err(Halt::Later { at: 7, .. })
        ));
    }

    #[test]
    fn names_fit_into_a_subject_of_the_log() {
        assert!(is_node_name("node-1") && is_node_name("a"));
        for name in [
            "",
            "Node",
            "a.b",
            "a b",
            "*",
            ">",
            "\u{e4}",
            &"n".repeat(33),
        ] {
            assert!(!is_node_name(name), "{name}");
        }
    }
}
