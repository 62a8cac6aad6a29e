//! A server's state as lines for a person.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::snapshot::Snapshot;
use crate::client::rfc3339_seconds;
use crate::server::SessionStatus;
use crate::stalls::StallReport;
use crate::text::number::size;
use crate::transport::Statistics;

/// A stall that a user may notice. Chosen: half of what a person takes for at once, as a bound of a class of stalls.
const NOTICED: Duration = Duration::from_millis(64);

/// All but the sessions.
pub fn text(snapshot: &Snapshot) -> String {
    let mut lines = vec![
        format!(
            "udpchat {}   up {} since {}",
            env!("CARGO_PKG_VERSION"),
            span(snapshot.uptime),
            time(snapshot.started_ms),
        ),
        format!("key {}", snapshot.fingerprint),
        format!("listening on {}", listening(snapshot)),
    ];
    lines.extend(cluster(snapshot));
    lines.extend(warnings(snapshot));
    lines.extend(activity(snapshot));
    lines.extend(use_of(snapshot));
    lines.extend(trouble(snapshot));
    lines.push(backup(snapshot));
    lines.join("\n") + "\n"
}

/// What a person looks for first, on one line.
pub fn line(snapshot: &Snapshot) -> String {
    let (hub, rates) = (&snapshot.hub, &snapshot.rates);
    format!(
        "{}   sessions {}   online {}   stored {}/s   packets in {}/s   out {}/s   stall {} ms   memory {}",
        time(snapshot.unix_ms),
        hub.sessions,
        hub.online,
        rate(rates.stored),
        rate(rates.packets_received),
        rate(rates.packets_sent),
        snapshot.recent_stall_us / 1000,
        snapshot.process.resident_bytes.map_or("-".into(), size),
    ) + "\n"
}

fn listening(snapshot: &Snapshot) -> String {
    let addresses: Vec<String> = snapshot.listening.iter().map(ToString::to_string).collect();
    addresses.join(" and ")
}

/// The other servers, and the log that they share.
fn cluster(snapshot: &Snapshot) -> Option<String> {
    let (log, cluster) = (snapshot.log.as_ref()?, snapshot.hub.cluster.as_ref()?);
    let mut nodes: Vec<&str> = cluster.others.iter().map(String::as_str).collect();
    nodes.push(&cluster.node);
    nodes.sort_unstable();
    let sessions = snapshot.hub.sessions as u64;
    let files = log
        .file_bytes
        .map(|bytes| format!("   files {}", size(bytes)));
    Some(format!(
        "cluster {}   node {} of {} live ({})   log {}, leader {}, lag {}   sessions {sessions} here, {} in all{}",
        log.cluster,
        cluster.node,
        nodes.len(),
        nodes.join(", "),
        log.applied,
        log.leader.as_deref().unwrap_or("unknown"),
        log.lag,
        sessions + cluster.sessions_elsewhere,
        files.unwrap_or_default(),
    ))
}

fn warnings(snapshot: &Snapshot) -> Vec<String> {
    let store = &snapshot.store;
    let mut lines = Vec::new();
    if store.is_displaced {
        lines.push("NOTHING IS STORED: the database's files were removed or replaced, or cannot be looked at (see the log)".into());
    }
    if let Some(loss) = store.loss {
        lines.push(format!(
            "stored messages were lost before the start: {loss}"
        ));
    }
    lines
}

fn activity(snapshot: &Snapshot) -> [String; 4] {
    let (hub, store, rates) = (&snapshot.hub, &snapshot.store, &snapshot.rates);
    let counters = &hub.counters;
    [
        format!(
            "accounts {}   rooms {}   sessions {}   users online {}",
            store.accounts, store.rooms, hub.sessions, hub.online
        ),
        format!(
            "messages stored {}   delivered {}   commits {}   damaged {}   malformed {}",
            counters.stored,
            counters.delivered,
            store.commits,
            counters.damaged,
            counters.malformed
        ),
        format!(
            "last {:.0} s: messages {}/s   deliveries {}/s   packets in {}/s   out {}/s   bytes in {}/s   out {}/s",
            rates.over_s,
            rate(rates.stored),
            rate(rates.delivered),
            rate(rates.packets_received),
            rate(rates.packets_sent),
            size_of(rates.bytes_received),
            size_of(rates.bytes_sent),
        ),
        format!(
            "files uploaded {}   bytes uploaded {}   downloaded {}   uploads open {}",
            counters.uploads, counters.uploaded_bytes, counters.downloaded_bytes, hub.uploads
        ),
    ]
}

fn use_of(snapshot: &Snapshot) -> [String; 5] {
    let (hub, store, sizes) = (&snapshot.hub, &snapshot.store, &snapshot.sizes);
    let (usage, queues) = (&hub.usage, &hub.queues);
    let most = hub.quota.all_bytes;
    let of = most.map_or(String::new(), |most| format!(" of {most}"));
    [
        format!(
            "bytes of messages stored {}{of}   accounts at their quota {}",
            store.log_bytes, store.accounts_at_quota
        ),
        format!(
            "sizes: database {}   message log {} in {}   attached files {}   free on the disk {}",
            size(sizes.database_bytes),
            size(sizes.segments_bytes),
            count(sizes.segments, "segment"),
            size(sizes.files_bytes),
            sizes.disk_free_bytes.map_or("unknown".into(), size),
        ),
        format!(
            "process: memory {}   CPU time {}   of one processor {:.1} %",
            snapshot.process.resident_bytes.map_or("-".into(), size),
            snapshot.process.cpu.map_or("-".into(), span),
            snapshot.rates.cpu * 100.0,
        ),
        format!(
            "queues: store {} of {}   files {}   channels that wait {}",
            queues.store, queues.store_limit, queues.files, queues.channels
        ),
        format!(
            "buffers {} of {} bytes   not signed in {} of {}",
            usage.buffers_bytes, usage.buffers_limit_bytes, usage.strangers, usage.strangers_limit
        ),
    ]
}

fn trouble(snapshot: &Snapshot) -> [String; 3] {
    let hub = &snapshot.hub;
    let ignored: BTreeMap<String, u64> = json!(hub.ignored)
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(reason, count)| Some((reason.clone(), count.as_u64()?)))
        .collect();
    [
        format!("at limits: {}", seen(&in_words(&hub.limits))),
        format!("datagrams without effect: {}", seen(&ignored)),
        format!(
            "longest stalls: network {}   store {}",
            stalls_text(&snapshot.network),
            stalls_text(&snapshot.store.stalls)
        ),
    ]
}

fn backup(snapshot: &Snapshot) -> String {
    let Some(backup) = &snapshot.backup else {
        return "backups: none are made by the server".into();
    };
    let every = span(backup.every);
    let last = match backup.last_ms {
        Some(last_ms) => {
            let age_ms = snapshot.unix_ms.saturating_sub(last_ms);
            let age = span(Duration::from_millis(age_ms));
            format!("the last one {age} ago, at {}", time(last_ms))
        }
        None => "none yet".into(),
    };
    let failure = backup.failure.as_ref();
    let failure = failure.map_or(String::new(), |why| format!("; the last try failed: {why}"));
    format!("backups: every {every}, {last}{failure}")
}

/// To the second.
pub fn time(unix_ms: u64) -> String {
    rfc3339_seconds(unix_ms)
}

/// A span of time in its two largest units.
pub fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min {} s", seconds % 60),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

/// What is done in a second, with as many digits as one reads.
pub fn rate(per_second: f64) -> String {
    if per_second >= 100.0 {
        format!("{per_second:.0}")
    } else {
        format!("{per_second:.1}")
    }
}

/// Bytes that were measured.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate is at least 0, and saturates"
)]
pub fn size_of(bytes: f64) -> String {
    size(bytes as u64)
}

fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
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

/// What came to limits, by what became of it where the limit's name does not say that.
fn in_words(limits: &BTreeMap<&'static str, u64>) -> BTreeMap<String, u64> {
    let words = |name| match name {
        "tickets" => "sign-ins by ticket refused",
        "password_guesses" => "password guesses refused",
        "new_accounts" => "new accounts refused",
        "new_rooms" => "new rooms refused",
        "room_changes" => "changes of rooms refused",
        "sessions" => "sessions ended for newer ones",
        name => name,
    };
    let limits = limits.iter();
    limits
        .map(|(name, count)| (words(*name).to_owned(), *count))
        .collect()
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

/// A session, on one line.
pub fn session_text(session: &SessionStatus) -> String {
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
