//! A server's state as JSON. Its names are stable: a test compares them with those that there were.

use serde_json::{Value, json as object};

use super::history::Rates;
use super::snapshot::Snapshot;
use crate::cli::backups::BackupReport;
use crate::client::rfc3339;
use crate::net::TrafficReport;
use crate::server::SessionStatus;
use crate::stalls::StallReport;

/// All that `udpchat status --json` shows, but the sessions.
pub fn json(snapshot: &Snapshot) -> Value {
    let (hub, store) = (&snapshot.hub, &snapshot.store);
    object!({
        "version": env!("CARGO_PKG_VERSION"),
        "started": rfc3339(snapshot.started_ms),
        "uptime_s": snapshot.uptime.as_secs(),
        "key": snapshot.fingerprint,
        "listening": snapshot.listening,
        "accounts": store.accounts,
        "rooms": store.rooms,
        "sessions": hub.sessions,
        "online": hub.online,
        "stored": hub.counters.stored,
        "delivered": hub.counters.delivered,
        "commits": store.commits,
        "serving": store.is_serving && !store.is_displaced,
        "displaced": store.is_displaced,
        "damaged": hub.counters.damaged,
        "malformed": hub.counters.malformed,
        "lost": store.loss.map(|loss| loss.to_string()),
        "log_bytes": store.log_bytes,
        "log_bytes_limit": hub.quota.all_bytes,
        "accounts_at_quota": store.accounts_at_quota,
        "sizes": snapshot.sizes,
        "files": {
            "uploaded": hub.counters.uploads,
            "uploaded_bytes": hub.counters.uploaded_bytes,
            "downloaded_bytes": hub.counters.downloaded_bytes,
            "uploads_open": hub.uploads,
        },
        "packets": packets_json(&snapshot.traffic),
        "rates": rates_json(&snapshot.rates),
        "process": {
            "cpu_ms": snapshot.process.cpu.map(|span| span.as_millis()),
            "resident_bytes": snapshot.process.resident_bytes,
        },
        "queues": {
            "store": hub.queues.store,
            "store_limit": hub.queues.store_limit,
            "files": hub.queues.files,
            "channels": hub.queues.channels,
        },
        "limits": hub.limits,
        "buffers_bytes": hub.usage.buffers_bytes,
        "buffers_limit_bytes": hub.usage.buffers_limit_bytes,
        "strangers": hub.usage.strangers,
        "strangers_limit": hub.usage.strangers_limit,
        "ignored": hub.ignored,
        "stalls": {
            "network": stalls_json(&snapshot.network),
            "store": stalls_json(&store.stalls),
            "recent_us": snapshot.recent_stall_us,
        },
        "cluster": cluster_json(snapshot),
        "backup": snapshot.backup.as_ref().map(|backup| backup_json(backup, snapshot.unix_ms)),
    })
}

fn cluster_json(snapshot: &Snapshot) -> Option<Value> {
    let (log, cluster) = (snapshot.log.as_ref()?, snapshot.hub.cluster.as_ref()?);
    Some(object!({
        "name": log.cluster,
        "node": cluster.node,
        "others": cluster.others,
        "sessions_elsewhere": cluster.sessions_elsewhere,
        "log": { "applied": log.applied, "lag": log.lag, "leader": log.leader },
        "file_bytes": log.file_bytes,
    }))
}

fn packets_json(traffic: &TrafficReport) -> Value {
    object!({
        "received": traffic.packets_received,
        "sent": traffic.packets_sent,
        "received_bytes": traffic.bytes_received,
        "sent_bytes": traffic.bytes_sent,
        "send_errors": traffic.send_errors,
    })
}

fn rates_json(rates: &Rates) -> Value {
    object!({
        "over_s": rounded(rates.over_s),
        "stored_per_s": rounded(rates.stored),
        "delivered_per_s": rounded(rates.delivered),
        "packets_received_per_s": rounded(rates.packets_received),
        "packets_sent_per_s": rounded(rates.packets_sent),
        "bytes_received_per_s": rounded(rates.bytes_received),
        "bytes_sent_per_s": rounded(rates.bytes_sent),
        "at_limits_per_s": rounded(rates.at_limits),
        "cpu": rounded(rates.cpu),
    })
}

fn backup_json(backup: &BackupReport, unix_ms: u64) -> Value {
    object!({
        "last": backup.last_ms.map(rfc3339),
        "age_s": backup.last_ms.map(|last| unix_ms.saturating_sub(last) / 1000),
        "every_s": backup.every.as_secs(),
        "failure": backup.failure,
    })
}

/// To a thousandth.
fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

fn stalls_json(stalls: &StallReport) -> Value {
    object!({"longest_us": stalls.longest_us, "counts_up_to_us": stalls.classes})
}

pub fn session_json(session: &SessionStatus) -> Value {
    let mut json = object!(session.statistics);
    json["id"] = object!(session.id);
    json["user"] = object!(session.user);
    json["device"] = object!(session.device.map(|device| device.0));
    json["since"] = object!(rfc3339(session.since_ms));
    json["idle_s"] = object!(session.idle.as_secs());
    json["address"] = object!(session.remote);
    json
}
