//! What a server of a cluster keeps in its database: how far it has followed the log that all of them share, and the form in
//! which that log has writes.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::{Append, LAST_TAG, Quota, Relation, Write};
use crate::store::error::StoreError;

/// How far a database has followed the log of its cluster.
///
/// It is saved with each checkpoint, so after a crash tables and position are those of the same moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaState {
    /// Which cluster: random, chosen by the server that founded it.
    pub cluster: [u8; 16],
    /// The position of the last record that was applied; 0 if none was.
    pub applied: u64,
    /// A BLAKE3 hash of that record and of the chain before it, which all servers must have alike.
    pub chain: [u8; 32],
    /// The same of what came of the writes.
    pub outcomes: [u8; 32],
    /// By its name, what was applied of each server that has ever written to the log.
    pub nodes: BTreeMap<String, NodeLife>,
}

/// What was applied of a server of a cluster since its last start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeLife {
    /// The position of the record with which it started.
    pub life: u64,
    /// The number of its last group of writes since then; they begin at 1.
    pub group: u64,
    /// Tells its start from another one under the same name.
    pub nonce: [u8; 16],
}

impl ReplicaState {
    /// That of a server that founds a cluster.
    #[must_use]
    pub fn founding(cluster: [u8; 16]) -> Self {
        let start = *blake3::hash(&cluster).as_bytes();
        Self {
            cluster,
            applied: 0,
            chain: start,
            outcomes: start,
            nodes: BTreeMap::new(),
        }
    }
}

/// What the message log of one server leaves out of a write, and servers that each decide on it need.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Extras {
    account_bytes: Option<u64>,
    all_bytes: Option<u64>,
    relation: Option<Relation>,
    has_file: bool,
    key: Option<[u8; 16]>,
}

impl Extras {
    fn of(write: &Write) -> Option<Self> {
        let with = |quota: &Quota| Self {
            account_bytes: quota.account_bytes,
            all_bytes: quota.all_bytes,
            relation: None,
            has_file: false,
            key: None,
        };
        match write {
            Write::Append(append) => Some(Self {
                relation: append.relation,
                has_file: append.has_file,
                key: append.key,
                ..with(&append.quota)
            }),
            Write::AddFile { quota, .. } => Some(with(quota)),
            _ => None,
        }
    }

    fn add_to(self, write: &mut Write) {
        let within = Quota {
            account_bytes: self.account_bytes,
            all_bytes: self.all_bytes,
        };
        match write {
            Write::Append(Append {
                quota,
                relation,
                has_file,
                key,
                ..
            }) => {
                (*quota, *relation, *has_file, *key) =
                    (within, self.relation, self.has_file, self.key);
            }
            Write::AddFile { quota, .. } => *quota = within,
            _ => {}
        }
    }
}

/// The bytes of a write in the log that the servers of a cluster share.
#[must_use]
pub fn encode_shared(write: &Write) -> Vec<u8> {
    rmp_serde::to_vec(&(write, Extras::of(write))).expect("writing to a Vec cannot fail")
}

/// Reads [`encode_shared`] back.
///
/// # Errors
/// [`StoreError::UnknownRecord`] if a later version has written it, else [`StoreError::Damaged`].
pub fn decode_shared(bytes: &[u8]) -> Result<Write, StoreError> {
    let read: Result<(Write, Option<Extras>), _> = rmp_serde::from_slice(bytes);
    match read {
        Ok((mut write, extras)) => {
            if let Some(extras) = extras {
                extras.add_to(&mut write);
            }
            Ok(write)
        }
        Err(error) => Err(match unknown_tag(bytes) {
            Some(tag) => StoreError::UnknownRecord(format!("write {tag}")),
            None => StoreError::Damaged {
                table: "log",
                place: "a record of the cluster".into(),
                reason: format!("a write cannot be read: {error}"),
            },
        }),
    }
}

/// The tag of a write, if a later version has introduced it.
fn unknown_tag(bytes: &[u8]) -> Option<u32> {
    #[expect(
        clippy::zero_sized_map_values,
        reason = "only the tag is read, and serde reads maps into maps"
    )]
    let read: Result<(BTreeMap<String, IgnoredAny>, IgnoredAny), _> = rmp_serde::from_slice(bytes);
    let (write, _) = read.ok()?;
    let mut tags = write.into_keys();
    tags.find_map(|tag| tag.parse().ok().filter(|tag| *tag > LAST_TAG))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{
        AccountId, Bytes, ConversationId, DeviceId, DeviceSeq, Digest, EntryId, EntryKind,
    };

    fn append() -> Write {
        Write::Append(Append {
            conversation: ConversationId(3),
            author: AccountId(1),
            device: DeviceId(2),
            number: DeviceSeq(300),
            digest: Digest([7; 32]),
            content: b"tea?".to_vec(),
            time_ms: 1000,
            quota: Quota {
                account_bytes: Some(5),
                all_bytes: None,
            },
            relation: Some(Relation {
                kind: EntryKind::React,
                refers_to: EntryId(4),
            }),
            has_file: true,
            key: Some([9; 16]),
        })
    }

    #[test]
    fn nothing_of_a_write_is_left_out() {
        let file = Write::AddFile {
            account: AccountId(1),
            root: Bytes([3; 32]),
            size: 70_000,
            time_ms: 1,
            quota: Quota {
                account_bytes: None,
                all_bytes: Some(1 << 40),
            },
        };
        let other = Write::Unban {
            subject: super::super::BanSubject::Account(AccountId(1)),
        };
        for write in [append(), file, other] {
            assert_eq!(decode_shared(&encode_shared(&write)).unwrap(), write);
        }
    }

    #[test]
    fn write_of_a_later_version_is_told_from_damage() {
        let later = rmp_serde::to_vec(&(BTreeMap::from([("4711", (1, 2))]), None::<u8>)).unwrap();
        let read = decode_shared(&later);
        assert!(matches!(read, Err(StoreError::UnknownRecord(what)) if what.contains("4711")));
        let mut torn = encode_shared(&append());
        torn.truncate(torn.len() - 3);
        assert!(matches!(
            decode_shared(&torn),
            Err(StoreError::Damaged { .. })
        ));
    }
}
