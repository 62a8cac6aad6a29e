//! The journal of systemd: a line on standard error may begin with its level (sd-daemon(3)).

use std::io;
use std::os::fd::AsFd as _;

use nix::sys::stat::fstat;
use tracing::Level;

use crate::cli::environment;

/// Whether standard error goes to the journal, as `JOURNAL_STREAM` says (systemd.exec(5)): its device and inode.
pub fn has_standard_error() -> bool {
    let stream = environment::variable("JOURNAL_STREAM").and_then(|it| it.into_string().ok());
    let Some(stream) = stream else {
        return false;
    };
    let Some((device, inode)) = stream.split_once(':') else {
        return false;
    };
    let Ok(found) = fstat(io::stderr().as_fd()) else {
        return false;
    };
    (device.parse(), inode.parse()) == (Ok(found.st_dev), Ok(found.st_ino))
}

/// The level of syslog(3) that a line begins with.
pub const fn prefix(level: Level) -> &'static str {
    match level {
        Level::ERROR => "<3>",
        Level::WARN => "<4>",
        Level::INFO => "<6>",
        Level::DEBUG | Level::TRACE => "<7>",
    }
}
