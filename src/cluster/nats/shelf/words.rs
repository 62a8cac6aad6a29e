//! The stream of attached files: its name and its subjects, how it has to be, and what its servers answer.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::super::stream::{CLUSTER, hex, parsed};
use crate::store::BlobKey;
use crate::store::shelf::{Mark, ShelfAnswer};

/// Why there is no answer yet: it may be tried again.
pub(super) struct Again;

/// The errors of NATS: no message has this subject; the last one has another position; no room for the account, on the disks, in the
/// stream.
pub(super) const NOT_FOUND: u64 = 10037;
const CHANGED: u64 = 10071;
const FULL: [u64; 2] = [10002, 10047];
const NOT_STORED: u64 = 10077;

/// The stream, and what its subjects begin with.
pub(super) struct Names {
    pub(super) stream: String,
    pub(super) files: String,
}

impl Names {
    pub(super) fn of(cluster: &str) -> Self {
        Self {
            stream: format!("udpchat-{cluster}-files"),
            files: format!("udpchat.{cluster}.f"),
        }
    }

    pub(super) fn blob(&self, key: &BlobKey) -> String {
        format!("{}.{:02x}.{}", self.files, key.root.0[0], key.name())
    }

    pub(super) fn label(&self, key: &BlobKey) -> String {
        format!("{}.label", self.blob(key))
    }

    pub(super) fn piece(&self, key: &BlobKey, number: u64) -> String {
        format!("{}.{number}", self.blob(key))
    }

    pub(super) fn config(&self, replicas: u64, cluster: &[u8; 16]) -> Value {
        json!({
            "name": self.stream,
            "subjects": [format!("{}.>", self.files)],
            "retention": "limits",
            "storage": "file",
            "discard": "new",
            "num_replicas": replicas,
            "max_age": 0,
            "max_msgs": -1,
            "max_bytes": -1,
            "max_msgs_per_subject": 1,
            "max_consumers": -1,
            "allow_direct": true,
            "metadata": { CLUSTER: hex(cluster) },
        })
    }
}

/// What a message holds, as the stream's leader tells it.
pub(super) fn data(message: &Value) -> Option<Vec<u8>> {
    match message["data"].as_str() {
        Some(data) => BASE64_STANDARD.decode(data).ok(),
        None => Some(Vec::new()),
    }
}

pub(super) const fn word(mark: Mark) -> &'static str {
    match mark {
        Mark::Begun => "begun",
        Mark::Whole => "whole",
        Mark::Condemned => "condemned",
    }
}

pub(super) fn marked(word: &[u8]) -> Option<Mark> {
    let marks = [Mark::Begun, Mark::Whole, Mark::Condemned];
    marks
        .into_iter()
        .find(|mark| self::word(*mark).as_bytes() == word)
}

/// What became of what was published.
pub(super) fn stored(answer: &[u8]) -> Result<ShelfAnswer, Again> {
    let answer = parsed("store an attached file", answer).map_err(|error| {
        tracing::warn!("{error}");
        Again
    })?;
    let error = &answer["error"];
    if error.is_null() {
        return answer["seq"].as_u64().map(ShelfAnswer::Put).ok_or(Again);
    }
    let code = error["err_code"].as_u64().unwrap_or(0);
    let reason = error["description"].as_str().unwrap_or_default();
    if code == CHANGED {
        return Ok(ShelfAnswer::Changed);
    }
    tracing::warn!("the cluster's log does not take an attached file: {reason}");
    if FULL.contains(&code) || code == NOT_STORED && reason.contains("maximum") {
        return Ok(ShelfAnswer::Full);
    }
    Err(Again)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{AccountId, Bytes, FileSize};

    #[test]
    fn subjects_name_a_blob_and_say_which_it_is() {
        let key = BlobKey {
            account: AccountId(7),
            root: Bytes([0xab; 32]),
            size: FileSize::new(5).unwrap(),
        };
        let names = Names::of("ship");
        let root = "ab".repeat(32);
        assert_eq!(
            names.piece(&key, 12),
            format!("udpchat.ship.f.ab.{root}-7-5.12")
        );
        let label = names.label(&key);
        let name = label.rsplit('.').nth(1).unwrap();
        assert_eq!(BlobKey::named(name), Some(key));
    }

    #[test]
    fn answers_say_whether_there_is_room_and_whether_it_may_be_tried_again() {
        let told = |code: u64, reason: &str| {
            let answer = json!({ "error": { "err_code": code, "description": reason } });
            stored(answer.to_string().as_bytes()).ok()
        };
        assert_eq!(told(10047, "insufficient storage"), Some(ShelfAnswer::Full));
        assert_eq!(
            told(10077, "maximum bytes exceeded"),
            Some(ShelfAnswer::Full)
        );
        assert_eq!(
            told(10071, "wrong last sequence: 3"),
            Some(ShelfAnswer::Changed)
        );
        for (code, reason) in [(10077, "disk failed"), (10008, "no leader")] {
            assert_eq!(told(code, reason), None, "{reason}");
        }
        let put = stored(br#"{"stream":"udpchat-ship-files","seq":9}"#);
        assert_eq!(put.ok(), Some(ShelfAnswer::Put(9)));
        assert!(stored(b"{").is_err());
    }
}
