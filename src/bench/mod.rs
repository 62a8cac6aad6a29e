//! Measures a server: one process plays many clients and sees what the server does for them.
//!
//! The clients are lean, so that their side costs little, but they say what the real one says: sign-up and login
//! through OPAQUE, HELLO, RESOLVE, messages with their digests, and a RECEIVED for each. Every one has a session
//! of its own; one endpoint, one socket and one poll loop serve them all, and one clock measures.
//!
//! Against a server of the measurement's own ([`server`]), which it starts where no address is named, the clients
//! sign in by tickets and belong to a room that were made beforehand, and what the server uses up can be read off
//! ([`server::Meter`]).

mod crowd;
mod histogram;
mod member;
mod report;
mod run;
mod server;
mod workload;

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::value_parser;

use crate::protocol::TEXT_MAX_BYTES;
use crate::store::Engine;

pub use crowd::End;
pub use report::Report;
pub use run::run;

/// How many clients one process plays at most. Chosen: what one socket's buffers can still serve.
const CLIENTS_MAX: u64 = 100_000;

/// How many messages a client says in a second at most. Chosen: far beyond a person, and a `Duration` can hold it.
const RATE_MAX: f64 = 1e5;

/// How many seconds may be measured at most: a day.
const SECONDS_MAX: u64 = 24 * 60 * 60;

/// How many messages may be under way at a time, of each client. Chosen: with the longest text they fill a channel.
const WINDOW_MAX: u64 = 4096;

/// How many messages each client says at most.
const MESSAGES_MAX: u64 = 1 << 32;

/// How many bytes a stream has at most: a terabyte, far beyond what a run lasts for.
const BYTES_MAX: u64 = 1 << 40;

/// What to measure, and how. Their descriptions are the help of the command line.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What the clients do
    #[arg(value_parser = PossibleValuesParser::new(workload::table().words()))]
    pub workload: String,
    /// How many clients to play
    #[arg(long, value_name = "N", default_value = "20", value_parser = count(2..=CLIENTS_MAX))]
    pub clients: usize,
    /// Messages under way at a time, of each client in pairs and of the one in fanout
    #[arg(long, value_name = "W", default_value = "1", value_parser = count(1..=WINDOW_MAX))]
    pub window: usize,
    /// End pairs and fanout after so many messages of each speaker, whatever --seconds says
    #[arg(long, value_name = "M", value_parser = value_parser!(u64).range(1..=MESSAGES_MAX))]
    pub messages: Option<u64>,
    /// Messages a second that each client says, in paced and bulk
    #[arg(long, value_name = "R", default_value = "2", value_parser = parse_rate)]
    pub rate: f64,
    /// How long to measure; bulk and storm measure until they are done
    #[arg(
        long = "seconds",
        value_name = "S",
        default_value = "20",
        value_parser = value_parser!(u64).range(1..=SECONDS_MAX).map(Duration::from_secs),
    )]
    pub duration: Duration,
    /// Bytes of text in a message
    #[arg(long, value_name = "B", default_value = "64", value_parser = count(1..=TEXT_MAX_BYTES as u64))]
    pub size: usize,
    /// Bytes of text in each stream of bulk, rounded up to whole messages of 16 KiB
    #[arg(long, value_name = "BYTES", default_value = "5000000", value_parser = value_parser!(u64).range(1..=BYTES_MAX))]
    pub bytes: u64,
}

fn count(range: RangeInclusive<u64>) -> impl TypedValueParser<Value = usize> {
    // Every target has at least 32 bits, and no range goes beyond them.
    value_parser!(u64).range(range).try_map(usize::try_from)
}

fn parse_rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate <= RATE_MAX => Ok(rate),
        _ => Err(format!("a rate is a number above 0 and up to {RATE_MAX}")),
    }
}

/// The workloads, a line each.
#[must_use]
pub fn workloads() -> String {
    let table = workload::table();
    let lines = table
        .iter()
        .map(|workload| format!("{}: {}\n", workload.name(), workload.summary()));
    lines.collect()
}

/// What a server of the measurement's own takes of the program around this layer.
#[derive(Debug, Clone, Copy)]
pub struct Host {
    /// Opens the database in a directory, and gives it with the public key of the server whose it is.
    pub open_database: fn(&Path) -> anyhow::Result<(Engine, PublicKey)>,
    /// The command that serves this directory at this address, without limits, until its standard input ends, and
    /// prints first where it listens.
    pub serve: fn(&Path, SocketAddr) -> anyhow::Result<Command>,
    /// How many transactions the server of this directory has made durable.
    pub commits: fn(&Path) -> Option<u64>,
}

/// The public half of a server's key, X25519.
pub type PublicKey = [u8; 32];

/// Why nothing is measured.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The workload cannot be run like that.
    #[error("{0}")]
    Args(String),
    /// Something went wrong.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

#[cfg(test)]
impl Args {
    /// What the workloads' tests vary.
    fn of_test() -> Self {
        Self {
            workload: "paced".into(),
            clients: 2,
            window: 1,
            messages: None,
            rate: 2.0,
            duration: Duration::from_secs(3),
            size: 64,
            bytes: 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_is_above_nothing_and_within_reason() {
        assert_eq!(parse_rate("0.5"), Ok(0.5));
        for bad in ["0", "-1", "NaN", "inf", "1e9", "two"] {
            assert!(parse_rate(bad).is_err(), "{bad}");
        }
    }
}
