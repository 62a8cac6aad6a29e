//! How a server does, as the control socket says it and as `udpchat status` shows it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::net::InputSender;
use crate::server::{self, Input};
use crate::store::JournalLoss;
use crate::transport::{Counters, Statistics};

/// How long the network thread may take for an answer. Chosen: it answers between two batches.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// The state of a server at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Sessions, signed in or not.
    pub sessions: usize,
    /// Accounts that are online.
    pub online: usize,
    /// Messages stored since the start.
    pub stored: u64,
    /// Deliveries handed to the transport.
    pub delivered: u64,
    /// Transactions made durable since the start.
    pub commits: u64,
    /// Messages whose digest did not fit.
    pub damaged: u64,
    /// Messages that could not be decoded.
    pub malformed: u64,
    /// What was lost of the messages stored, as the start found it.
    pub lost: Option<String>,
    /// Bytes of logs that stand.
    pub log_bytes: u64,
    /// How many there may be; none is no limit.
    pub log_bytes_limit: Option<u64>,
    /// Accounts that have written as many bytes as one may.
    pub accounts_at_quota: u64,
    /// What came to a limit since the start, by the limit's name.
    pub limits: BTreeMap<String, u64>,
    /// Bytes that the buffers of all sessions hold, and how many they may.
    pub buffers_bytes: usize,
    /// See `buffers_bytes`.
    pub buffers_limit_bytes: usize,
    /// Sessions that have not signed in, half open ones among them, and how many there may be.
    pub strangers: usize,
    /// See `strangers`.
    pub strangers_limit: usize,
    /// Datagrams that changed nothing, by the reason.
    pub ignored: BTreeMap<String, u64>,
    /// Sessions one by one, the oldest first; of very many, some.
    pub listed: Vec<Session>,
}

/// One session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its number in the log.
    pub id: u64,
    /// Who is signed in on it.
    pub user: Option<String>,
    /// Where the peer is.
    pub address: SocketAddr,
    /// The smoothed round trip time.
    pub rtt_us: u64,
    /// The shortest round trip.
    pub min_rtt_us: u64,
    /// Losses of the server's packets, of a thousand, lately.
    pub loss_sent_permille: u16,
    /// Losses of the peer's packets, as the peer says.
    pub loss_received_permille: u16,
    /// Packets sent.
    pub packets_sent: u64,
    /// Packets received.
    pub packets_received: u64,
    /// Bytes of UDP payload sent.
    pub bytes_sent: u64,
    /// Bytes of UDP payload received.
    pub bytes_received: u64,
    /// Packets taken for lost.
    pub packets_lost: u64,
    /// Packets that carried something again.
    pub retransmissions: u64,
    /// Bytes that may be under way at once.
    pub congestion_window_bytes: u64,
}

/// What is known of the store.
#[derive(Debug, Clone, Copy, Default)]
pub struct StoreStatus {
    /// How much the storage thread has made durable.
    pub commits: u64,
    /// What the start found to be lost.
    pub loss: Option<JournalLoss>,
    /// Bytes of logs that stand.
    pub log_bytes: u64,
    /// Accounts that have written as many as one may.
    pub accounts_at_quota: u64,
}

/// Asks the hub, which lives on the network thread.
///
/// # Errors
/// If the network thread is too busy to answer, or has ended.
pub fn ask(inputs: &InputSender<Input>) -> anyhow::Result<server::Status> {
    let (reply, answer) = mpsc::sync_channel(1);
    inputs.try_send(Input::Status(reply))?;
    answer
        .recv_timeout(ANSWER_TIMEOUT)
        .context("the network thread does not answer")
}

impl Status {
    /// What both threads have said.
    pub fn new(status: server::Status, store: StoreStatus) -> Self {
        let counters = status.counters;
        Self {
            sessions: status.sessions,
            online: status.online,
            stored: counters.stored,
            delivered: counters.delivered,
            commits: store.commits,
            log_bytes: store.log_bytes,
            log_bytes_limit: status.quota.all_bytes,
            accounts_at_quota: store.accounts_at_quota,
            damaged: counters.damaged,
            malformed: counters.malformed,
            lost: store.loss.map(|loss| loss.to_string()),
            limits: owned(status.limits),
            buffers_bytes: status.usage.buffers_bytes,
            buffers_limit_bytes: status.usage.buffers_limit_bytes,
            strangers: status.usage.strangers,
            strangers_limit: status.usage.strangers_limit,
            ignored: ignored(status.ignored),
            listed: status.listed.into_iter().map(Session::from).collect(),
        }
    }
}

fn ignored(counters: Counters) -> BTreeMap<String, u64> {
    let Counters {
        malformed,
        small_syns,
        other_versions,
        cookies_asked,
        refused_full,
        refused_rate,
        unknown_session,
        resets_sent,
        resets_withheld,
        unexpected,
        replayed,
        forged,
        evicted_memory: _,
        evicted_places: _,
        answers_dropped,
    } = counters;
    let named = [
        ("malformed", malformed),
        ("small_syns", small_syns),
        ("other_versions", other_versions),
        ("cookies_asked", cookies_asked),
        ("refused_full", refused_full),
        ("refused_rate", refused_rate),
        ("unknown_session", unknown_session),
        ("resets_sent", resets_sent),
        ("resets_withheld", resets_withheld),
        ("unexpected", unexpected),
        ("replayed", replayed),
        ("forged", forged),
        ("answers_dropped", answers_dropped),
    ];
    owned(named)
}

fn owned(named: impl IntoIterator<Item = (&'static str, u64)>) -> BTreeMap<String, u64> {
    let named = named.into_iter();
    named
        .map(|(name, count)| (name.to_owned(), count))
        .collect()
}

/// Those that are not zero, in one line.
fn seen(counts: &BTreeMap<String, u64>) -> String {
    let seen: Vec<String> = counts
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(name, count)| format!("{} {count}", name.replace('_', " ")))
        .collect();
    if seen.is_empty() {
        "none".to_owned()
    } else {
        seen.join("   ")
    }
}

impl From<server::SessionStatus> for Session {
    fn from(session: server::SessionStatus) -> Self {
        let Statistics {
            rtt_us,
            min_rtt_us,
            congestion_window_bytes,
            bytes_in_flight: _,
            packets_sent,
            packets_received,
            bytes_sent,
            bytes_received,
            packets_lost,
            retransmissions,
            copies_sent: _,
            loss_sent_permille,
            loss_received_permille,
        } = session.statistics;
        Self {
            id: session.id,
            user: session.user,
            address: session.remote,
            rtt_us,
            min_rtt_us,
            loss_sent_permille,
            loss_received_permille,
            packets_sent,
            packets_received,
            bytes_sent,
            bytes_received,
            packets_lost,
            retransmissions,
            congestion_window_bytes,
        }
    }
}

impl fmt::Display for Status {
    /// A few lines, and one for each session.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            sessions,
            online,
            stored,
            delivered,
            commits,
            log_bytes,
            log_bytes_limit,
            accounts_at_quota,
            damaged,
            malformed,
            lost,
            limits,
            buffers_bytes,
            buffers_limit_bytes,
            strangers,
            strangers_limit,
            ignored,
            listed,
        } = self;
        writeln!(f, "sessions {sessions}   users online {online}")?;
        writeln!(
            f,
            "messages stored {stored}   delivered {delivered}   commits {commits}   damaged {damaged}   malformed {malformed}"
        )?;
        if let Some(lost) = lost {
            writeln!(f, "stored messages were lost before the start: {lost}")?;
        }
        let of = log_bytes_limit.map_or(String::new(), |most| format!(" of {most}"));
        writeln!(
            f,
            "bytes of messages stored {log_bytes}{of}   accounts at their quota {accounts_at_quota}"
        )?;
        writeln!(f, "at limits: {}", seen(limits))?;
        writeln!(
            f,
            "buffers {buffers_bytes} of {buffers_limit_bytes} bytes   not signed in {strangers} of {strangers_limit}"
        )?;
        writeln!(f, "datagrams without effect: {}", seen(ignored))?;
        for session in listed {
            writeln!(f, "{session}")?;
        }
        let others = sessions.saturating_sub(listed.len());
        if others > 0 {
            writeln!(f, "and {others} more")?;
        }
        Ok(())
    }
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = |us: u64| format!("{}.{}", us / 1000, us / 100 % 10);
        let percent = |permille: u16| format!("{}.{}", permille / 10, permille % 10);
        write!(
            f,
            "{:<5} {:<16} {:<21} rtt {} ms (least {})  loss {} % out, {} % in  sent {} packets, {} bytes, {} lost, {} \
             again  received {} packets, {} bytes  window {}",
            self.id,
            self.user.as_deref().unwrap_or("-"),
            self.address,
            milliseconds(self.rtt_us),
            milliseconds(self.min_rtt_us),
            percent(self.loss_sent_permille),
            percent(self.loss_received_permille),
            self.packets_sent,
            self.bytes_sent,
            self.packets_lost,
            self.retransmissions,
            self.packets_received,
            self.bytes_received,
            self.congestion_window_bytes,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Quota;
    use crate::transport::Usage;

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
                remote: "192.0.2.9:4000".parse().unwrap(),
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
            loss: Some(JournalLoss::Missing),
            log_bytes: 900,
            accounts_at_quota: 2,
        };
        let status = Status::new(status, store);
        let json = serde_json::to_string(&status).unwrap();
        assert!(
            json.contains(r#""lost":"the journal is missing or empty""#),
            "{json}"
        );
        let text = status.to_string();
        assert!(
            text.contains("lost before the start: the journal is missing or empty\n"),
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
