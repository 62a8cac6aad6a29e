//! The metrics of a server, as OpenMetrics.
//!
//! They are made from a snapshot at each scrape, so that what is counted is counted in one place only.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, MetricEncoder, NoLabelSet, text,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};
use serde_json::json;

use crate::cli::monitor::{Snapshot, float, problems};
use crate::stalls::StallReport;

/// What a scraper that knows it says that it accepts.
pub const KIND: &str = "application/openmetrics-text";
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A stall that is counted: the bound of a class of stalls that a user may notice.
const NOTICED: Duration = Duration::from_millis(64);

/// The metrics of this moment.
///
/// # Errors
/// None: writing to a string does not fail.
pub fn encode(snapshot: Arc<Snapshot>) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Server(snapshot)));
    let mut metrics = String::new();
    text::encode(&mut metrics, &registry)?;
    Ok(metrics)
}

#[derive(Debug)]
struct Server(Arc<Snapshot>);

impl Collector for Server {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let (snapshot, out) = (&*self.0, &mut Out(encoder));
        about(snapshot, out)?;
        people(snapshot, out)?;
        messages(snapshot, out)?;
        network(snapshot, out)?;
        limits(snapshot, out)?;
        sizes(snapshot, out)?;
        load(snapshot, out)?;
        health(snapshot, out)
    }
}

/// Where metrics go.
struct Out<'a>(DescriptorEncoder<'a>);

impl Out<'_> {
    fn family(
        &mut self,
        (name, help): (&str, &str),
        unit: Option<&Unit>,
        kind: MetricType,
        samples: impl FnOnce(&mut MetricEncoder<'_>) -> fmt::Result,
    ) -> fmt::Result {
        let name = format!("udpchat_{name}");
        let mut encoder = self.0.encode_descriptor(&name, help, unit, kind)?;
        samples(&mut encoder)
    }

    fn gauge(
        &mut self,
        about: (&str, &str),
        unit: Option<&Unit>,
        value: impl EncodeGaugeValue,
    ) -> fmt::Result {
        self.family(about, unit, MetricType::Gauge, |encoder| {
            encoder.encode_gauge(&value)
        })
    }

    /// A gauge that is left out where there is no value.
    fn maybe(
        &mut self,
        about: (&str, &str),
        unit: Option<&Unit>,
        value: Option<impl EncodeGaugeValue>,
    ) -> fmt::Result {
        value.map_or(Ok(()), |value| self.gauge(about, unit, value))
    }

    fn counter(
        &mut self,
        about: (&str, &str),
        unit: Option<&Unit>,
        value: impl EncodeCounterValue,
    ) -> fmt::Result {
        self.family(about, unit, MetricType::Counter, |encoder| {
            encoder.encode_counter::<NoLabelSet, _, u64>(&value, None)
        })
    }

    /// A gauge for each value of a label.
    fn gauges<'a, V: EncodeGaugeValue>(
        &mut self,
        about: (&str, &str),
        unit: Option<&Unit>,
        label: &'static str,
        values: impl IntoIterator<Item = (&'a str, V)>,
    ) -> fmt::Result {
        self.family(about, unit, MetricType::Gauge, |encoder| {
            for (name, value) in values {
                let labels = [(label, name)];
                encoder.encode_family(&labels)?.encode_gauge(&value)?;
            }
            Ok(())
        })
    }

    /// A counter for each value of a label.
    fn counters<'a>(
        &mut self,
        about: (&str, &str),
        label: &'static str,
        values: impl IntoIterator<Item = (&'a str, u64)>,
    ) -> fmt::Result {
        self.family(about, None, MetricType::Counter, |encoder| {
            for (name, value) in values {
                let labels = [(label, name)];
                let mut sample = encoder.encode_family(&labels)?;
                sample.encode_counter::<NoLabelSet, _, u64>(&value, None)?;
            }
            Ok(())
        })
    }
}

fn about(snapshot: &Snapshot, out: &mut Out<'_>) -> fmt::Result {
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    let about = ("build_info", "The version of the server.");
    out.family(about, None, MetricType::Gauge, |encoder| {
        encoder.encode_family(&version)?.encode_gauge(&1_i64)
    })?;
    out.gauge(
        (
            "start_time",
            "When the server was started, since 1970 (UTC).",
        ),
        Some(&Unit::Seconds),
        float(snapshot.started_ms) / 1000.0,
    )
}

fn people(snapshot: &Snapshot, out: &mut Out<'_>) -> fmt::Result {
    let (hub, store) = (&snapshot.hub, &snapshot.store);
    out.gauge(
        ("accounts", "Accounts, without those that were deleted."),
        None,
        store.accounts,
    )?;
    out.gauge(("rooms", "Rooms."), None, store.rooms)?;
    out.gauge(
        ("sessions", "Sessions, signed in or not."),
        None,
        hub.sessions as u64,
    )?;
    out.gauge(
        ("users_online", "Users who are online."),
        None,
        hub.online as u64,
    )?;
    out.gauge(
        ("strangers", "Sessions that are half open or not signed in."),
        None,
        hub.usage.strangers as u64,
    )?;
    out.gauge(
        ("strangers_limit", "How many of them there may be."),
        None,
        hub.usage.strangers_limit as u64,
    )
}

fn messages(snapshot: &Snapshot, out: &mut Out<'_>) -> fmt::Result {
    let counters = &snapshot.hub.counters;
    for (name, help, count) in [
        (
            "messages_stored",
            "Messages that were stored.",
            counters.stored,
        ),
        (
            "deliveries",
            "Deliveries that were sent.",
            counters.delivered,
        ),
        (
            "messages_damaged",
            "Messages with a wrong digest.",
            counters.damaged,
        ),
        (
            "messages_malformed",
            "Messages that could not be decoded.",
            counters.malformed,
        ),
        (
            "commits",
            "Transactions that were made durable.",
            snapshot.store.commits,
        ),
        (
            "files_uploaded",
            "Files that were uploaded.",
            counters.uploads,
        ),
    ] {
        out.counter((name, help), None, count)?;
    }
    let bytes = Some(&Unit::Bytes);
    out.counter(
        ("files_received", "Of files that came and were verified."),
        bytes,
        counters.uploaded_bytes,
    )?;
    out.counter(
        ("files_sent", "Of files that were sent."),
        bytes,
        counters.downloaded_bytes,
    )?;
    out.gauge(
        ("uploads_open", "Uploads under way, or interrupted."),
        None,
        snapshot.hub.uploads as u64,
    )
}

fn network(snapshot: &Snapshot, out: &mut Out<'_>) -> fmt::Result {
    let traffic = &snapshot.traffic;
    for (name, help, count) in [
        (
            "packets_received",
            "UDP datagrams that came.",
            traffic.packets_received,
        ),
        (
            "packets_sent",
            "UDP datagrams that were sent.",
            traffic.packets_sent,
        ),
        (
            "send_errors",
            "Datagrams that the system refused to send.",
            traffic.send_errors,
        ),
    ] {
        out.counter((name, help), None, count)?;
    }
    let bytes = Some(&Unit::Bytes);
    out.counter(
        ("received", "UDP payload that came."),
        bytes,
        traffic.bytes_received,
    )?;
    out.counter(
        ("sent", "UDP payload that was sent."),
        bytes,
        traffic.bytes_sent,
    )?;
    let ignored = json!(snapshot.hub.ignored);
    let ignored = ignored.as_object().into_iter().flatten();
    let ignored = ignored.filter_map(|(reason, count)| Some((reason.as_str(), count.as_u64()?)));
    let about = ("datagrams_ignored", "Datagrams without effect.");
    out.counters(about, "reason", ignored)
}

fn limits(snapshot: &Snapshot, out: &mut Out<'_>) -> fmt::Result {
    let limits = snapshot.hub.limits.iter();
    let about = (
        "at_limit",
        "How often something was refused or slowed down because of a limit.",
    );
    out.counters(about, "limit", limits.map(|(name, count)| (*name, *count)))?;
    out.gauge(
        (
            "accounts_at_quota",
            "Accounts that have stored as much as they may.",
        ),
        None,
        snapshot.store.accounts_at_quota,
    )
}

fn sizes(snapshot: &Snapshot, out: &mut Out<'_>) -> fmt::Result {
    let (sizes, bytes) = (&snapshot.sizes, Some(&Unit::Bytes));
    out.gauge(
        ("database_size", "Of the tables' file."),
        bytes,
        sizes.database_bytes,
    )?;
    out.gauge(
        ("message_log_size", "Of the message log's segments."),
        bytes,
        sizes.segments_bytes,
    )?;
    out.gauge(
        ("message_log_segments", "Segments of the message log."),
        None,
        sizes.segments,
    )?;
    out.gauge(
        ("stored_messages", "Of stored messages, as quotas count."),
        bytes,
        snapshot.store.log_bytes,
    )?;
    out.gauge(
        ("attached_files", "Of attached files, as quotas count."),
        bytes,
        sizes.files_bytes,
    )?;
    out.maybe(
        ("disk_free", "What the server may still use of its disk."),
        bytes,
        sizes.disk_free_bytes,
    )?;
    out.maybe(
        ("disk_size", "Of the server's disk."),
        bytes,
        sizes.disk_bytes,
    )
}

fn load(snapshot: &Snapshot, out: &mut Out<'_>) -> fmt::Result {
    let (hub, bytes, seconds) = (&snapshot.hub, Some(&Unit::Bytes), Some(&Unit::Seconds));
    let queues = [
        ("store", hub.queues.store as u64),
        ("files", hub.queues.files as u64),
        ("channels", hub.queues.channels as u64),
    ];
    let about = (
        "queue_length",
        "What waits: requests for the store, for files, and channels of sessions.",
    );
    out.gauges(about, None, "queue", queues)?;
    out.gauge(
        ("buffers", "Of the buffers of all sessions."),
        bytes,
        hub.usage.buffers_bytes as u64,
    )?;
    out.gauge(
        ("buffers_limit", "How many there may be."),
        bytes,
        hub.usage.buffers_limit_bytes as u64,
    )?;
    let threads = [
        ("network", &snapshot.network),
        ("store", &snapshot.store.stalls),
    ];
    let longest = threads.map(|(name, stalls)| (name, float(stalls.longest_us) / 1e6));
    let about = (
        "stall_longest",
        "The longest that a thread was busy at a stretch.",
    );
    out.gauges(about, seconds, "thread", longest)?;
    let noticed = threads.map(|(name, stalls): (_, &StallReport)| (name, stalls.over(NOTICED)));
    let about = (
        "stalls",
        "How often a thread was busy for longer than 64 ms at a stretch.",
    );
    out.counters(about, "thread", noticed)?;
    if let Some(cpu) = snapshot.process.cpu {
        let about = ("process_cpu", "Time of processors, of all threads.");
        out.counter(about, seconds, cpu.as_secs_f64())?;
    }
    let about = ("process_resident_memory", "Memory of the server.");
    out.maybe(about, bytes, snapshot.process.resident_bytes)
}

fn health(snapshot: &Snapshot, out: &mut Out<'_>) -> fmt::Result {
    let problems = problems(snapshot);
    let names = ["store", "disk", "stall", "backup"];
    let found = names.map(|name| {
        let is_found = problems.iter().any(|problem| problem.name == name);
        (name, i64::from(is_found))
    });
    let about = (
        "problem",
        "Whether something is wrong, as udpchat status --check tells.",
    );
    out.gauges(about, None, "problem", found)?;
    let Some(backup) = &snapshot.backup else {
        return Ok(());
    };
    let seconds = Some(&Unit::Seconds);
    let last = backup.last_ms.map(|last_ms| float(last_ms) / 1000.0);
    out.maybe(
        (
            "last_backup_timestamp",
            "When the last backup was made, since 1970 (UTC).",
        ),
        seconds,
        last,
    )?;
    let about = ("backup_interval", "How often a backup is made.");
    out.gauge(about, seconds, backup.every.as_secs_f64())
}
