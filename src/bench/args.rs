//! The options of a measurement.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::protocol::TEXT_MAX_BYTES;
use crate::text::number::whole;

/// Clients of one process at most. Chosen: what one socket's buffers can still serve.
const CLIENTS_MAX: u64 = 100_000;

/// Messages a second of one client. Chosen: from less than what a day's measurement would notice until far beyond a person; a
/// `Duration` can hold the interval.
const RATE_MIN: f64 = 1e-5;
const RATE_MAX: f64 = 1e5;

/// The longest measurement: a day.
pub const SECONDS_MAX: u64 = 24 * 60 * 60;

/// Messages of one client under way at most. Chosen: with the longest text they fill a channel.
const WINDOW_MAX: u64 = 4096;

/// Messages that one client sends at most.
const MESSAGES_MAX: u64 = 1 << 32;

/// Bytes of one stream at most: a terabyte, more than any run sends.
const BYTES_MAX: u64 = 1 << 40;

/// The most runs. Chosen: with more of them a median hardly changes.
const REPEATS_MAX: u64 = 100;

/// The comments of the fields are the help texts of the command line.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many clients to play
    #[arg(long, value_name = "N", default_value = "20", value_parser = count(2..=CLIENTS_MAX))]
    pub clients: usize,
    /// Messages under way at a time, of each client in pairs and of the one in fanout
    #[arg(long, value_name = "W", default_value = "1", value_parser = count(1..=WINDOW_MAX))]
    pub window: usize,
    /// End pairs and fanout after so many messages of each speaker, whatever --seconds says
    #[arg(long, value_name = "M", value_parser = whole(1..=MESSAGES_MAX))]
    pub messages: Option<u64>,
    /// Messages a second that each client says, in paced and bulk, or actions in mixed
    #[arg(long, value_name = "R", default_value = "2", value_parser = parse_rate)]
    pub rate: f64,
    /// Play clients for whom packets cost money, as `connect --frugal` is one
    #[arg(long)]
    pub frugal: bool,
    /// How long to measure; bulk and storm measure until they are done
    #[arg(
        long = "seconds",
        value_name = "S",
        default_value = "20",
        value_parser = seconds,
    )]
    pub duration: Duration,
    /// Bytes of text in a message
    #[arg(long, value_name = "B", default_value = "64", value_parser = count(1..=TEXT_MAX_BYTES as u64))]
    pub size: usize,
    /// Bytes of text in each stream of bulk, rounded up to whole messages of 16 KiB
    #[arg(long, value_name = "BYTES", default_value = "5000000", value_parser = whole(1..=BYTES_MAX))]
    pub bytes: u64,
    /// Measure so many times, and report the median of each figure
    #[arg(long, value_name = "N", default_value = "1", value_parser = count(1..=REPEATS_MAX))]
    pub repeat: usize,
    /// Each client has one of the server's addresses, in turn: they are those of several servers.
    #[arg(skip)]
    pub is_spread: bool,
}

fn count(range: RangeInclusive<u64>) -> impl Fn(&str) -> Result<usize, String> + Clone {
    let parse = whole(range);
    // Every target has at least 32 bits, and no range goes beyond them.
    move |text| {
        parse(text).and_then(|count| usize::try_from(count).map_err(|error| error.to_string()))
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    whole(1..=SECONDS_MAX)(text).map(Duration::from_secs)
}

fn parse_rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if (RATE_MIN..=RATE_MAX).contains(&rate) => Ok(rate),
        _ => Err(format!("expected a number from {RATE_MIN} to {RATE_MAX}")),
    }
}

#[cfg(test)]
impl Args {
    pub fn of_test() -> Self {
        Self {
            clients: 2,
            window: 1,
            messages: None,
            rate: 2.0,
            frugal: false,
            duration: Duration::from_secs(3),
            size: 64,
            bytes: 1,
            repeat: 1,
            is_spread: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_is_above_nothing_and_within_reason() {
        assert_eq!(parse_rate("0.5"), Ok(0.5));
        for bad in ["0", "-1", "NaN", "inf", "1e9", "1e-300", "two"] {
            assert!(parse_rate(bad).is_err(), "{bad}");
        }
    }
}
