//! Reads the CPU time, memory and counts of the run's own server.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::bench::host::ServerCounts;

/// The unit of times in `/proc/PID/stat`, in milliseconds: `USER_HZ` is 100 wherever Linux runs (proc(5), time(7)).
const TICK_MS: u64 = 10;

#[derive(Debug, Clone)]
pub struct Meter {
    pid: u32,
    data: PathBuf,
    ask_counts: fn(&Path) -> Option<ServerCounts>,
    /// Resident bytes before the server had clients.
    rss_before: Option<u64>,
}

impl Meter {
    pub fn new(pid: u32, data: PathBuf, ask_counts: fn(&Path) -> Option<ServerCounts>) -> Self {
        let mut meter = Self {
            pid,
            data,
            ask_counts,
            rss_before: None,
        };
        meter.rss_before = meter.rss();
        meter
    }

    /// Of all threads, to 10 ms.
    pub fn cpu(&self) -> Option<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid)).ok()?;
        cpu_of(&stat)
    }

    /// Bytes that have become resident since [`Self::new`].
    pub fn rss_since(&self) -> Option<u64> {
        Some(self.rss()?.saturating_sub(self.rss_before?))
    }

    fn rss(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).ok()?;
        rss_of(&status)
    }

    pub fn counts(&self) -> Option<ServerCounts> {
        (self.ask_counts)(&self.data)
    }
}

/// The sum of fields 14 and 15, user and system time. They are counted from the closing parenthesis of field 2, the name,
/// which can contain anything.
pub fn cpu_of(stat: &str) -> Option<Duration> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some(Duration::from_millis((ticks()? + ticks()?) * TICK_MS))
}

/// The resident bytes of a process.
pub fn rss_of(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_is_read_behind_a_name_of_any_kind() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 166 0 0 0 12 34 0 0 20 0 1 0 1 2 3";
        assert_eq!(cpu_of(stat), Some(Duration::from_millis(460)));
        assert_eq!(cpu_of("7 (a) S 1"), None);
    }

    #[test]
    fn memory_is_in_bytes() {
        assert_eq!(rss_of("Name:\tx\nVmRSS:\t    123 kB\n"), Some(123 * 1024));
        assert_eq!(rss_of("Name:\tx\n"), None);
    }

    #[test]
    fn this_process_can_be_read() {
        if cfg!(target_os = "linux") {
            let meter = Meter::new(std::process::id(), PathBuf::from("/nonexistent"), |_| None);
            assert!(meter.cpu().is_some() && meter.rss_since().is_some());
        }
    }
}
