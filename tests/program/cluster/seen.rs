//! What the nodes of a cluster have, in their databases and as a user sees it.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_bytes::ByteBuf;
use serde_json::Value;
use udpchat::protocol::{Digest, ServerMessage, open};

use super::nodes::{Cluster, Node};
use crate::support::Workspace;

/// How soon a node has what another one has.
const EQUAL_WITHIN: Duration = Duration::from_secs(15);

const LOG: TableDefinition<'_, (u64, u64), &[u8]> = TableDefinition::new("log");

/// A row of the log.
#[derive(Deserialize)]
struct LogRow {
    _prev: u64,
    _author: u64,
    _device: u64,
    _number: u64,
    _time_ms: u64,
    digest: Digest,
    content: ByteBuf,
    #[serde(default)]
    _deleted: IgnoredAny,
    #[serde(default)]
    _relation: IgnoredAny,
}

/// All entries of a node, by conversation and number.
#[derive(PartialEq, Eq)]
pub struct Stored {
    pub entries: BTreeMap<(u64, u64), Vec<u8>>,
}

impl Stored {
    /// In which entry each text stands. None stands in two.
    pub fn texts(&self) -> BTreeMap<String, u64> {
        let mut texts = BTreeMap::new();
        for ((conversation, entry), row) in &self.entries {
            let row: LogRow = rmp_serde::from_slice(row).expect("a row of the log");
            let message: ServerMessage =
                open(&row.content, &row.digest).expect("it has its digest");
            if let Some(text) = message.text() {
                let before = texts.insert(text.text.clone(), *entry);
                assert_eq!(
                    before, None,
                    "{:?} stands twice in {conversation}",
                    text.text
                );
            }
        }
        texts
    }
}

/// What a running node has stored.
fn stored(workspace: &Workspace, node: &Node) -> Stored {
    let file = workspace.file(&format!("copy-of-{}", node.name));
    let (text, code) = node.command(&["store", "backup", "--force", &file]);
    assert_eq!(code, Some(0), "{text}");
    let database = Database::open(&file).expect("a backup can be opened");
    let rows = database.begin_read().expect("it can be read");
    let log = rows.open_table(LOG).expect("a backup has a log");
    let entries = log.iter().expect("it can be read").map(|row| {
        let (key, value) = row.expect("it can be read");
        (key.value(), value.value().to_vec())
    });
    Stored {
        entries: entries.collect(),
    }
}

impl Cluster {
    /// Waits until all nodes, which run, have the same entries; what they have.
    pub fn is_equal(&self) -> Stored {
        let start = Instant::now();
        loop {
            let all = self.nodes.iter().map(|node| stored(&self.workspace, node));
            let all: Vec<Stored> = all.collect();
            if all.iter().all(|stored| *stored == all[0]) {
                return all.into_iter().next().expect("there are nodes");
            }
            let sizes = all.iter().map(|stored| stored.entries.len());
            let sizes: Vec<_> = sizes.collect();
            assert!(
                start.elapsed() < EQUAL_WITHIN,
                "the nodes differ (entries): {sizes:?}"
            );
            thread::sleep(Duration::from_millis(200));
        }
    }

    /// The messages of a conversation at each node, as a device of this user's sees it that knows nothing yet.
    pub fn shown(&self, user: &str, conversation: &str) -> Vec<Vec<(u64, String)>> {
        let each = self.nodes.iter().enumerate().map(|(number, node)| {
            let state = self.workspace.path(&format!(
                "reader-{user}-{number}-{}",
                conversation.trim_start_matches('#')
            ));
            let mut command = node.host.udpchat();
            command.args([
                "tail",
                &node.address,
                conversation,
                "--since",
                "2020-01-01",
                "--json",
                "--accept-new",
                "--user",
                user,
            ]);
            command
                .arg("--password-file")
                .arg(self.workspace.password_file(user));
            let output = command.arg("--state").arg(state).output().expect("it runs");
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{}: {errors}", node.name);
            let lines = String::from_utf8(output.stdout).expect("it is text");
            lines
                .lines()
                .filter_map(|line| {
                    let line: Value = serde_json::from_str(line).expect("each line is JSON");
                    (line["kind"] == "text").then(|| {
                        let text = line["text"].as_str().expect("it has a text");
                        (
                            line["entry"].as_u64().expect("it has a number"),
                            text.to_owned(),
                        )
                    })
                })
                .collect()
        });
        each.collect()
    }
}
