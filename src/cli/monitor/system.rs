//! What the operating system counts of this process and of its disk.

use std::path::Path;

use super::snapshot::Process;
use crate::bench::{cpu_of, rss_of};

/// Bytes of the disk that has this directory: what the server may still use, and all.
pub fn disk(path: &Path) -> Option<(u64, u64)> {
    let disk = nix::sys::statvfs::statvfs(path).ok()?;
    // Their types differ between systems.
    #[allow(clippy::useless_conversion, reason = "on some systems it is none")]
    let [unit, free, all] = [
        u64::try_from(disk.fragment_size()).ok()?,
        u64::try_from(disk.blocks_available()).ok()?,
        u64::try_from(disk.blocks()).ok()?,
    ];
    Some((free.saturating_mul(unit), all.saturating_mul(unit)))
}

/// The time and the memory of this process.
pub fn process() -> Process {
    let read = |name: &str| std::fs::read_to_string(format!("/proc/self/{name}")).ok();
    Process {
        cpu: read("stat").as_deref().and_then(cpu_of),
        resident_bytes: read("status").as_deref().and_then(rss_of),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_and_its_disk_are_measured() {
        let (free, all) = disk(Path::new("/")).unwrap();
        assert!(free <= all && all > 0, "{free} of {all}");
        assert_eq!(disk(Path::new("/nonexistent")), None);
        if cfg!(target_os = "linux") {
            let process = process();
            assert!(process.cpu.is_some());
            assert!(process.resident_bytes.is_some_and(|bytes| bytes > 100_000));
        }
    }
}
