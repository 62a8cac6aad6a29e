//! The stream that holds the log: its subjects, how it has to be, and what its servers say of it.

use serde_json::{Value, json};

use super::thread::FEED_MAX;
use super::{NatsError, Settings};

/// How long records are kept, in nanoseconds: 7 days. A server that was away for longer begins with another's database.
const KEPT_NS: u64 = 7 * 24 * 3600 * 1_000_000_000;

/// Where the stream's metadata says which cluster it belongs to.
pub(super) const CLUSTER: &str = "udpchat-cluster";

/// How many records one reading brings at most, and how many bytes. Chosen: fewer than may wait for the thread, which would not
/// get the others, with room for what else is answered meanwhile.
const BATCH: u64 = FEED_MAX as u64 * 3 / 4;
const BATCH_BYTES: u64 = 4 * 1024 * 1024;

/// How the log stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Which cluster it belongs to; none if it does not say so.
    pub cluster: Option<[u8; 16]>,
    /// The first position that it has; one after the last if it has none.
    pub first: u64,
    /// The last one that was ever written; 0 if none was.
    pub last: u64,
    /// The server that leads those that keep it, as far as that is known, and the others.
    pub leader: Option<String>,
    /// The other servers that keep a copy.
    pub followers: Vec<String>,
}

/// The names by which a log is reached.
pub(super) struct Names {
    pub(super) stream: String,
    /// Where this server publishes.
    pub(super) own: String,
    /// Where what was written is heard.
    pub(super) live: String,
    /// Where the servers tell each other something, and where this one does.
    pub(super) told: String,
    pub(super) tell: String,
    all: String,
}

impl Names {
    pub(super) fn of(settings: &Settings) -> Self {
        let Settings { cluster, node, .. } = settings;
        Self {
            stream: format!("udpchat-{cluster}"),
            own: format!("udpchat.{cluster}.j.{node}"),
            live: format!("udpchat.{cluster}.live.>"),
            told: format!("udpchat.{cluster}.tell.*"),
            tell: format!("udpchat.{cluster}.tell.{node}"),
            all: format!("udpchat.{cluster}.j.>"),
        }
    }

    /// What has the stream be made.
    pub(super) fn creation(&self, replicas: u64, cluster: &[u8; 16]) -> (String, Value) {
        let live = self.live.trim_end_matches(".>");
        let config = json!({
            "name": self.stream,
            "subjects": [self.all],
            "retention": "limits",
            "storage": "file",
            "discard": "old",
            "num_replicas": replicas,
            "max_age": KEPT_NS,
            "max_msgs": -1,
            "max_bytes": -1,
            "max_consumers": -1,
            "allow_direct": true,
            "deny_delete": true,
            "deny_purge": true,
            "republish": { "src": self.all, "dest": format!("{live}.>") },
            "metadata": { CLUSTER: hex(cluster) },
        });
        (format!("$JS.API.STREAM.CREATE.{}", self.stream), config)
    }

    pub(super) fn info(&self) -> String {
        format!("$JS.API.STREAM.INFO.{}", self.stream)
    }

    /// What has a copy of the stream answer from this position on.
    pub(super) fn reading(&self, from: u64) -> (String, Value) {
        let request = json!({ "seq": from, "batch": BATCH, "max_bytes": BATCH_BYTES });
        (format!("$JS.API.DIRECT.GET.{}", self.stream), request)
    }
}

/// What the servers say of the stream: none if there is none.
pub(super) fn standing(
    names: &Names,
    replicas: u64,
    answer: &[u8],
) -> Result<Option<Standing>, NatsError> {
    let what = "tell of the stream";
    let answer = parsed(what, answer)?;
    if answer["error"]["err_code"] == 10059 {
        return Ok(None);
    }
    if answer["error"]["err_code"] == 10008 {
        // It is not known yet who leads them.
        return Err(NatsError::Silent);
    }
    refused(what, &answer)?;
    let config = &answer["config"];
    let unsuitable = |found: String, wanted: String| NatsError::Unsuitable {
        stream: names.stream.clone(),
        found,
        wanted,
    };
    if config["num_replicas"] != replicas {
        let found = format!("{} copies", config["num_replicas"]);
        let wanted = format!("{replicas} (--cluster-replicas)");
        return Err(unsuitable(found, wanted));
    }
    let needed = [
        ("storage", json!("file")),
        ("discard", json!("old")),
        ("retention", json!("limits")),
        ("allow_direct", json!(true)),
    ];
    for (key, value) in needed {
        if config[key] != value {
            let found = format!("{key} {}", config[key]);
            return Err(unsuitable(found, format!("{key} {value}")));
        }
    }
    if config["republish"]["src"] != names.all.as_str() {
        let found = format!("republish {}", config["republish"]);
        return Err(unsuitable(found, format!("one of {}", names.all)));
    }
    let state = &answer["state"];
    let number = |key: &str| state[key].as_u64().unwrap_or(0);
    let name = |name: &Value| name.as_str().map(str::to_owned);
    let followers = answer["cluster"]["replicas"]
        .as_array()
        .into_iter()
        .flatten();
    let cluster = config["metadata"][CLUSTER].as_str();
    Ok(Some(Standing {
        cluster: cluster.and_then(unhex),
        first: number("first_seq"),
        last: number("last_seq"),
        leader: name(&answer["cluster"]["leader"]),
        followers: followers
            .filter_map(|follower| name(&follower["name"]))
            .collect(),
    }))
}

/// Whether something was done.
pub(super) fn refused(what: &'static str, answer: &Value) -> Result<(), NatsError> {
    let error = &answer["error"];
    if error.is_null() {
        return Ok(());
    }
    let reason = error["description"]
        .as_str()
        .unwrap_or("no reason is given");
    Err(NatsError::Refused {
        what,
        reason: reason.into(),
    })
}

pub(super) fn parsed(what: &'static str, answer: &[u8]) -> Result<Value, NatsError> {
    serde_json::from_slice(answer).map_err(|error| NatsError::Refused {
        what,
        reason: format!("their answer cannot be read: {error}"),
    })
}

pub(super) fn hex(bytes: &[u8; 16]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

fn unhex(text: &str) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    if text.len() != 32 || !text.is_ascii() {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names::of(&Settings {
            servers: Vec::new(),
            credentials: None,
            cluster: "ship".into(),
            node: "one".into(),
            replicas: 3,
            is_unchecked: false,
        })
    }

    /// What a server says of the stream that was made so, but for one change.
    fn info(change: impl FnOnce(&mut Value)) -> Vec<u8> {
        let (_, config) = names().creation(3, &[171; 16]);
        let state = json!({ "first_seq": 4, "last_seq": 9 });
        let mut info = json!({ "config": config, "state": state });
        change(&mut info);
        serde_json::to_vec(&info).unwrap()
    }

    #[test]
    fn stream_that_was_made_is_fit_and_any_other_is_refused_with_what_is_wrong() {
        let standing = |info: Vec<u8>| super::standing(&names(), 3, &info);
        let found = standing(info(|_| {})).unwrap().unwrap();
        assert_eq!((found.first, found.last), (4, 9));
        assert_eq!(found.cluster, Some([171; 16]));
        let changes: [(&str, Value); 4] = [
            ("num_replicas", json!(1)),
            ("storage", json!("memory")),
            ("allow_direct", json!(false)),
            ("republish", Value::Null),
        ];
        for (key, value) in changes {
            let refused = standing(info(|info| info["config"][key] = value)).unwrap_err();
            let text = refused.to_string();
            assert!(text.contains("the stream `udpchat-ship` has "), "{text}");
        }
        let none = br#"{"error":{"code":404,"err_code":10059,"description":"stream not found"}}"#;
        assert!(standing(none.to_vec()).unwrap().is_none());
        let off = br#"{"error":{"code":503,"description":"JetStream not enabled"}}"#;
        let text = standing(off.to_vec()).unwrap_err().to_string();
        assert!(text.ends_with(": JetStream not enabled"), "{text}");
        assert!(standing(b"{".to_vec()).is_err());
    }
}
