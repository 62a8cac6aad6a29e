//! Starts the log. A server logs to standard error, a client only to a file, because the terminal shows the chat.

mod fold;
mod line;

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context as _, bail};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use line::OneLine;

use super::exit::Failure;
use super::output;
use crate::store;

/// The options that every subcommand takes.
#[derive(clap::Args, Default)]
pub struct LogOptions {
    /// Log more: -v what happens, -vv why, -vvv everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Write the log to this file (a client writes none without it)
    #[arg(long, value_name = "FILE", global = true)]
    log: Option<PathBuf>,
}

impl LogOptions {
    /// Logs to the named file, or to standard error. Sign-ins are logged too, unless `udpchat bench` runs the server and
    /// thousands of clients sign in.
    pub fn start_server(&self, is_measured: bool) -> Result<(), Failure> {
        let also = if is_measured { "" } else { SIGN_INS };
        match self.open()? {
            Some(file) => self.start(also, Mutex::new(Kept(file))),
            None => self.start(also, || Kept(io::stderr())),
        }
        Ok(())
    }

    /// Logs only to a named file.
    pub fn start_client(&self) -> Result<(), Failure> {
        if let Some(file) = self.open()? {
            self.start("", Mutex::new(Kept(file)));
        }
        Ok(())
    }

    fn open(&self) -> Result<Option<File>, Failure> {
        let Some(path) = &self.log else {
            return Ok(None);
        };
        let file =
            open(path).with_context(|| format!("cannot write the log to {}", path.display()))?;
        Ok(Some(file))
    }

    fn start<W>(&self, also: &str, writer: W)
    where
        W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
    {
        let level = match self.verbose {
            0 => "warn",
            1 => "info",
            2 => "debug",
            _ => "trace",
        };
        // A second start, as in tests of one process, keeps the first.
        let _ = tracing_subscriber::fmt()
            .with_env_filter(filter(level, also))
            .with_writer(writer)
            // It would be printed, and a standard error that cannot be written ends the program.
            .log_internal_errors(false)
            .event_format(OneLine::plain())
            .try_init();
    }
}

/// An output of the log whose errors the end of the program reports.
struct Kept<W>(W);

impl<W: AsFd> io::Write for Kept<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        output::write(&self.0, "the log", bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Opens the log for appending, or creates it for its user only, because it contains names and addresses. Links are not
/// followed, and opening a named pipe does not block.
fn open(path: &Path) -> anyhow::Result<File> {
    if fs::symlink_metadata(path).is_ok_and(|there| there.is_symlink()) {
        bail!("it is a symbolic link; name the file itself");
    }
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK)
        .open(path)
        .or_else(|error| match error.raw_os_error() {
            // A named pipe without a reader.
            Some(nix::libc::ENXIO) => bail!("it is not a regular file"),
            _ => Err(error.into()),
        })?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        bail!("it is not a regular file");
    }
    store::require_unwritable(path, &metadata)?;
    Ok(file)
}

/// Successful and refused sign-ins.
const SIGN_INS: &str = "udpchat::sign_in=info";

/// The program's events from this level on, warnings of libraries, and `also`.
fn filter(level: &str, also: &str) -> EnvFilter {
    let level = format!("warn,udpchat={level}");
    // The more specific directive counts, and it must not hide events that -vv requests.
    let also = if level.ends_with("warn") { also } else { "" };
    EnvFilter::new(format!("{level},{also}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::SIGN_IN_LOG;

    #[test]
    fn server_logs_sign_ins_without_being_asked_to() {
        assert!(SIGN_INS.starts_with(SIGN_IN_LOG));
        let text = |level, also| filter(level, also).to_string();
        assert!(text("warn", SIGN_INS).contains(SIGN_INS));
        assert!(!text("warn", "").contains(SIGN_INS));
        assert!(!text("trace", SIGN_INS).contains(SIGN_INS));
    }
}
