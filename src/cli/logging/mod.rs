//! Starts the log. A server logs to standard error, a client only to a file, because the terminal shows the chat.

mod fold;
mod line;

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, bail};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use line::OneLine;

use super::exit::Failure;
use super::output;
use crate::store;

/// The options that every subcommand takes.
#[derive(Clone, clap::Args, Default)]
pub struct LogOptions {
    /// Log more: -v what happens, -vv why, -vvv everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Write the log to this file (a client writes none without it)
    #[arg(long, value_name = "FILE", global = true)]
    log: Option<PathBuf>,
}

impl LogOptions {
    pub fn file(&self) -> Option<&Path> {
        self.log.as_deref()
    }

    /// Logs to the named file, or to standard error. Sign-ins are logged too, unless `udpchat bench` runs the server and
    /// thousands of clients sign in.
    pub fn start_server(&self, is_measured: bool) -> Result<Log, Failure> {
        let also = if is_measured { "" } else { ALWAYS };
        Ok(self.start(self.open()?, also))
    }

    /// Logs only to a named file.
    pub fn start_client(&self) -> Result<(), Failure> {
        if let Some(file) = self.open()? {
            self.start(Some(file), "");
        }
        Ok(())
    }

    fn open(&self) -> Result<Option<File>, Failure> {
        let Some(path) = &self.log else {
            return Ok(None);
        };
        if is_own_file(path) {
            let problem = format!(
                "cannot write the log to {}: it is a file of udpchat",
                path.display()
            );
            return Err(Failure::usage(problem).hint("name another file"));
        }
        let file =
            open(path).with_context(|| format!("cannot write the log to {}", path.display()))?;
        Ok(Some(file))
    }

    fn start(&self, file: Option<File>, also: &'static str) -> Log {
        let output = Output::default();
        output.set(file);
        let builder = tracing_subscriber::fmt()
            .with_writer(output.clone())
            // It would be printed, and a standard error that cannot be written ends the program.
            .log_internal_errors(false)
            .event_format(OneLine::plain())
            .with_env_filter(self.filter(also))
            .with_filter_reloading();
        let handle = builder.reload_handle();
        // A second start, as in tests of one process, keeps the first.
        let _ = builder.try_init();
        Log {
            output,
            also,
            set_filter: Box::new(move |filter| Ok(handle.reload(filter)?)),
        }
    }

    fn filter(&self, also: &str) -> EnvFilter {
        let level = match self.verbose {
            0 => "warn",
            1 => "info",
            2 => "debug",
            _ => "trace",
        };
        filter(level, also)
    }
}

/// Whether a file of this name is one of a server or a client: a log in it would destroy that, or be read as its settings.
fn is_own_file(path: &Path) -> bool {
    let is_database = path
        .extension()
        .is_some_and(|extension| extension == "redb");
    let is_of_client = ["known_servers", "config.toml"]
        .iter()
        .any(|name| path.ends_with(name));
    store::is_own_file(path) || is_database || is_of_client
}

/// A log that has been started.
pub struct Log {
    output: Output,
    also: &'static str,
    set_filter: Box<dyn Fn(EnvFilter) -> anyhow::Result<()> + Send>,
}

impl Log {
    /// Opens the file again, which may have been moved away, and takes over the options. On an error nothing changes.
    pub fn reopen(&self, options: &LogOptions) -> Result<(), Failure> {
        let file = options.open()?;
        (self.set_filter)(options.filter(self.also))?;
        self.output.set(file);
        Ok(())
    }
}

/// Where the log goes: a file, or standard error.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<Option<File>>>);

impl Output {
    fn set(&self, file: Option<File>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = file;
    }
}

impl io::Write for Output {
    /// The end of the program reports an error.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(file) => output::write(file, "the log", bytes),
            None => output::write(io::stderr(), "the log", bytes),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Output {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
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
        .or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                let directory = path.parent().unwrap_or(path).display();
                bail!("there is no directory {directory}; make it first")
            }
            io::ErrorKind::IsADirectory => bail!("it is a directory"),
            // A named pipe without a reader.
            _ if error.raw_os_error() == Some(nix::libc::ENXIO) => {
                bail!("it is not a regular file")
            }
            _ => Err(error.into()),
        })?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        bail!("it is not a regular file");
    }
    store::require_unwritable(path, &metadata)?;
    Ok(file)
}

/// What a server logs without -v, too: successful and refused sign-ins, and what SIGHUP has done.
const ALWAYS: &str = "udpchat::sign_in=info,udpchat::settings=info";

/// The target of the lines about SIGHUP.
pub const SETTINGS_LOG: &str = "udpchat::settings";

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
        assert!(ALWAYS.starts_with(SIGN_IN_LOG));
        let text = |level, also| filter(level, also).to_string();
        // The filter is shown in an order of its own.
        for always in ALWAYS.split(',') {
            assert!(text("warn", ALWAYS).contains(always));
            assert!(!text("warn", "").contains(always));
            assert!(!text("trace", ALWAYS).contains(always));
        }
    }
}
