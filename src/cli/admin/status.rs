//! The state of a server, as JSON and as text for `udpchat status`.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::client::rfc3339;
use crate::net::InputSender;
use crate::server::{self, Input, SessionStatus};
use crate::stalls::StallReport;
use crate::store::LogLoss;
use crate::transport::Statistics;

/// The longest wait for the network thread. Chosen: it answers between two batches.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// A stall that a user may notice. Chosen: half of what a person takes for at once, as a bound of a class of stalls.
const NOTICED: Duration = Duration::from_millis(64);

/// The server writes both forms, so that they always agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    pub json: Value,
    /// With a line for each session.
    pub text: String,
}

#[derive(Debug, Clone, Default)]
pub struct StoreStatus {
    /// Since the start.
    pub commits: u64,
    /// Whether the files were removed or replaced under the server, which stores nothing then.
    pub is_displaced: bool,
    /// Found at the start.
    pub loss: Option<LogLoss>,
    /// Stored bytes of all logs.
    pub log_bytes: u64,
    /// Accounts with as many stored bytes as the limit for one.
    pub accounts_at_quota: u64,
    /// How long groups of requests took.
    pub stalls: StallReport,
}

/// Asks the hub on the network thread for its sessions, and how many there are beside those.
pub fn sessions(inputs: &InputSender<Input>) -> anyhow::Result<(Vec<SessionStatus>, usize)> {
    let (reply, answer) = mpsc::sync_channel(1);
    inputs.try_send(Input::Sessions(reply))?;
    answer
        .recv_timeout(ANSWER_TIMEOUT)
        .context("the network thread does not answer")
}

/// Asks the hub on the network thread.
pub fn ask(inputs: &InputSender<Input>) -> anyhow::Result<server::Status> {
    let (reply, answer) = mpsc::sync_channel(1);
    inputs.try_send(Input::Status(reply))?;
    answer
        .recv_timeout(ANSWER_TIMEOUT)
        .context("the network thread does not answer")
}

impl Status {
    pub fn new(hub: &server::Status, network: &StallReport, store: &StoreStatus) -> Self {
        let ignored: BTreeMap<String, u64> = json!(hub.ignored)
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(reason, count)| Some((reason.clone(), count.as_u64()?)))
            .collect();
        Self {
            json: json(hub, network, store),
            text: text(hub, network, store, &ignored),
        }
    }
}

fn json(hub: &server::Status, network: &StallReport, store: &StoreStatus) -> Value {
    json!({
        "sessions": hub.sessions,
        "online": hub.online,
        "stored": hub.counters.stored,
        "delivered": hub.counters.delivered,
        "commits": store.commits,
        "displaced": store.is_displaced,
        "damaged": hub.counters.damaged,
        "malformed": hub.counters.malformed,
        "lost": store.loss.map(|loss| loss.to_string()),
        "log_bytes": store.log_bytes,
        "log_bytes_limit": hub.quota.all_bytes,
        "accounts_at_quota": store.accounts_at_quota,
        "files": {
            "uploaded": hub.counters.uploads,
            "uploaded_bytes": hub.counters.uploaded_bytes,
            "downloaded_bytes": hub.counters.downloaded_bytes,
            "uploads_open": hub.uploads,
        },
        "limits": hub.limits,
        "buffers_bytes": hub.usage.buffers_bytes,
        "buffers_limit_bytes": hub.usage.buffers_limit_bytes,
        "strangers": hub.usage.strangers,
        "strangers_limit": hub.usage.strangers_limit,
        "ignored": hub.ignored,
        "stalls": {"network": stalls_json(network), "store": stalls_json(&store.stalls)},
        "listed": hub.listed.iter().map(session_json).collect::<Vec<_>>(),
    })
}

fn stalls_json(stalls: &StallReport) -> Value {
    json!({"longest_us": stalls.longest_us, "counts_up_to_us": stalls.classes})
}

fn session_json(session: &SessionStatus) -> Value {
    let mut json = json!(session.statistics);
    json["id"] = json!(session.id);
    json["user"] = json!(session.user);
    json["device"] = json!(session.device.map(|device| device.0));
    json["since"] = json!(rfc3339(session.since_ms));
    json["idle_s"] = json!(session.idle.as_secs());
    json["address"] = json!(session.remote);
    json
}

fn text(
    hub: &server::Status,
    network: &StallReport,
    store: &StoreStatus,
    ignored: &BTreeMap<String, u64>,
) -> String {
    let (counters, usage) = (&hub.counters, &hub.usage);
    let mut lines = vec![
        format!("sessions {}   users online {}", hub.sessions, hub.online),
        format!(
            "messages stored {}   delivered {}   commits {}   damaged {}   malformed {}",
            counters.stored,
            counters.delivered,
            store.commits,
            counters.damaged,
            counters.malformed
        ),
    ];
    if store.is_displaced {
        lines.push("NOTHING IS STORED: the database's files were removed or replaced, or cannot be looked at (see the log)".into());
    }
    if let Some(loss) = store.loss {
        lines.push(format!(
            "stored messages were lost before the start: {loss}"
        ));
    }
    let of = hub
        .quota
        .all_bytes
        .map_or(String::new(), |most| format!(" of {most}"));
    lines.extend([
        format!(
            "bytes of messages stored {}{of}   accounts at their quota {}",
            store.log_bytes, store.accounts_at_quota
        ),
        format!(
            "files uploaded {}   bytes uploaded {}   downloaded {}   uploads open {}",
            counters.uploads, counters.uploaded_bytes, counters.downloaded_bytes, hub.uploads
        ),
        format!("at limits: {}", seen(&hub.limits)),
        format!(
            "buffers {} of {} bytes   not signed in {} of {}",
            usage.buffers_bytes, usage.buffers_limit_bytes, usage.strangers, usage.strangers_limit
        ),
        format!("datagrams without effect: {}", seen(ignored)),
        format!(
            "longest stalls: network {}   store {}",
            stalls_text(network),
            stalls_text(&store.stalls)
        ),
    ]);
    lines.extend(hub.listed.iter().map(session_text));
    let others = hub.sessions.saturating_sub(hub.listed.len());
    if others > 0 {
        lines.push(format!("and {others} more"));
    }
    lines.join("\n") + "\n"
}

fn stalls_text(stalls: &StallReport) -> String {
    let us = stalls.longest_us;
    let many = stalls.over(NOTICED);
    format!(
        "{}.{} ms ({many} over {} ms)",
        us / 1000,
        us / 100 % 10,
        NOTICED.as_millis()
    )
}

/// All that are not 0, on one line.
fn seen(counts: &BTreeMap<impl AsRef<str>, u64>) -> String {
    let seen: Vec<String> = counts
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(name, count)| format!("{} {count}", name.as_ref().replace('_', " ")))
        .collect();
    if seen.is_empty() {
        "none".to_owned()
    } else {
        seen.join("   ")
    }
}

fn session_text(session: &SessionStatus) -> String {
    let milliseconds = |us: u64| format!("{}.{}", us / 1000, us / 100 % 10);
    let percent = |permille: u16| format!("{}.{}", permille / 10, permille % 10);
    let statistics: &Statistics = &session.statistics;
    format!(
        "{:<5} {:<16} {:<21} rtt {} ms (least {})  loss {} % out, {} % in  sent {} packets, {} bytes, {} lost, {} \
         again  received {} packets, {} bytes  window {}",
        session.id,
        session.user.as_deref().unwrap_or("-"),
        session.remote,
        milliseconds(statistics.rtt_us),
        milliseconds(statistics.min_rtt_us),
        percent(statistics.loss_sent_permille),
        percent(statistics.loss_received_permille),
        statistics.packets_sent,
        statistics.bytes_sent,
        statistics.packets_lost,
        statistics.retransmissions,
        statistics.packets_received,
        statistics.bytes_received,
        statistics.congestion_window_bytes,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::DeviceId;
    use crate::store::Quota;
    use crate::transport::{Counters, Usage};

    #[test]
    fn text_names_what_was_ignored_and_each_session() {
        let status = server::Status {
            sessions: 3,
            online: 1,
            counters: server::HubCounters {
                stored: 7,
                delivered: 8,
                ..Default::default()
            },
            uploads: 2,
            quota: Quota {
                account_bytes: None,
                all_bytes: Some(1000),
            },
            limits: BTreeMap::from([("room_changes", 3), ("messages", 0)]),
            ignored: Counters {
                replayed: 2,
                small_syns: 1,
                ..Counters::default()
            },
            usage: Usage {
                strangers: 2,
                strangers_limit: 16,
                ..Usage::default()
            },
            listed: vec![server::SessionStatus {
                id: 4,
                user: Some("erin".into()),
                device: Some(DeviceId(7)),
                remote: "192.0.2.9:4000".parse().unwrap(),
                since_ms: 1_773_756_120_000,
                idle: Duration::from_millis(2_500),
                statistics: Statistics {
                    rtt_us: 52_300,
                    loss_received_permille: 41,
                    retransmissions: 5,
                    ..Statistics::default()
                },
            }],
        };
        let store = StoreStatus {
            commits: 5,
            is_displaced: true,
            loss: Some(LogLoss::Missing),
            log_bytes: 900,
            accounts_at_quota: 2,
            stalls: StallReport {
                longest_us: 120_450,
                classes: vec![(125, 7), (128_000, 2)],
            },
        };
        let status = Status::new(&status, &StallReport::default(), &store);
        let json = status.json.to_string();
        assert!(
            json.contains(r#""lost":"the message log is missing or empty""#),
            "{json}"
        );
        assert!(json.contains(r#""displaced":true"#), "{json}");
        let session = &status.json["listed"][0];
        assert_eq!(session["device"], 7);
        assert_eq!(session["since"], "2026-03-17T14:02:00Z");
        assert_eq!(session["idle_s"], 2);
        let text = status.text;
        assert!(text.contains("\nNOTHING IS STORED: "), "{text}");
        assert!(
            text.contains("lost before the start: the message log is missing or empty\n"),
            "{text}"
        );
        assert!(text.starts_with(
            "sessions 3   users online 1\nmessages stored 7   delivered 8   commits 5"
        ));
        assert!(
            text.contains("bytes of messages stored 900 of 1000   accounts at their quota 2\n"),
            "{text}"
        );
        assert!(text.contains("at limits: room changes 3\n"), "{text}");
        assert!(text.contains("not signed in 2 of 16\n"), "{text}");
        assert!(
            text.contains("network 0.0 ms (0 over 64 ms)   store 120.4 ms (2 over 64 ms)\n"),
            "{text}"
        );
        assert!(
            json.contains(r#""counts_up_to_us":[[125,7],[128000,2]]"#),
            "{json}"
        );
        assert!(
            text.contains("datagrams without effect: replayed 2   small syns 1\n"),
            "{text}"
        );
        assert!(
            text.contains("4     erin             192.0.2.9:4000        rtt 52.3 ms"),
            "{text}"
        );
        assert!(
            text.contains("4.1 % in") && text.contains("5 again"),
            "{text}"
        );
        assert!(text.ends_with("and 2 more\n"), "{text}");
    }
}
