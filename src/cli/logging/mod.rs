//! Starts the log. A server logs to standard error, a client only to a file, because the terminal shows the chat.

mod fold;
mod journal;
mod json;
mod line;

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Registry, fmt, reload};

use line::OneLine;

use super::exit::Failure;
use super::output;
use crate::server::SIGN_IN_LOG;
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
    /// How each line of the log is written
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        default_value_t,
        global = true
    )]
    log_format: LogFormat,
}

/// How each line of the log is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people
    #[default]
    Text,
    /// A JSON object a line
    Json,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What goes wrong, and sign-ins
    Warn,
    /// Also what happens, as -v
    Info,
    /// Also why, as -vv
    Debug,
    /// Everything, as -vvv
    Trace,
}

impl LogLevel {
    const fn filter(self) -> LevelFilter {
        match self {
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
            Self::Trace => LevelFilter::TRACE,
        }
    }
}

impl LogOptions {
    pub fn file(&self) -> Option<&Path> {
        self.log.as_deref()
    }

    /// Logs to the named file, or to standard error. Sign-ins are logged too, unless `udpchat bench` runs the server and
    /// thousands of clients sign in.
    pub fn start_server(&self, is_measured: bool) -> Result<Log, Failure> {
        let also = if is_measured { &[][..] } else { ALWAYS };
        Ok(self.start(self.open()?, also))
    }

    /// Logs only to a named file.
    pub fn start_client(&self) -> Result<(), Failure> {
        if let Some(file) = self.open()? {
            self.start(Some(file), &[]);
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

    fn start(&self, file: Option<File>, also: &'static [(&'static str, LevelFilter)]) -> Log {
        let output = Output::default();
        output.set(file);
        let (filter, handle) = reload::Layer::new(filter(self.level(), also));
        let format = match self.log_format {
            LogFormat::Json => OneLine::json(),
            LogFormat::Text => OneLine::plain(self.log.is_none() && journal::has_standard_error()),
        };
        let lines = fmt::layer()
            .with_writer(output.clone())
            // It would be printed, and a standard error that cannot be written ends the program.
            .log_internal_errors(false)
            .event_format(format);
        // A second start, as in tests of one process, keeps the first.
        let _ = Registry::default().with(filter).with(lines).try_init();
        Log {
            output,
            also,
            filter: handle,
            level: Arc::new(Mutex::new(self.level())),
        }
    }

    const fn level(&self) -> LogLevel {
        match self.verbose {
            0 => LogLevel::Warn,
            1 => LogLevel::Info,
            2 => LogLevel::Debug,
            _ => LogLevel::Trace,
        }
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
#[derive(Clone)]
pub struct Log {
    output: Output,
    also: &'static [(&'static str, LevelFilter)],
    filter: reload::Handle<Targets, Registry>,
    level: Arc<Mutex<LogLevel>>,
}

impl Log {
    /// Opens the file again, which may have been moved away, and takes over the options. On an error nothing changes.
    pub fn reopen(&self, options: &LogOptions) -> Result<(), Failure> {
        let file = options.open()?;
        self.set_level(options.level())?;
        self.output.set(file);
        Ok(())
    }

    /// Logs so much from now on.
    pub fn set_level(&self, level: LogLevel) -> anyhow::Result<()> {
        self.filter.reload(filter(level, self.also))?;
        *self.level.lock().unwrap_or_else(PoisonError::into_inner) = level;
        Ok(())
    }

    /// How much is logged now.
    pub fn level(&self) -> LogLevel {
        *self.level.lock().unwrap_or_else(PoisonError::into_inner)
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

/// What a server logs without -v, too: successful and refused sign-ins, what SIGHUP has done, and what became of backups.
const ALWAYS: &[(&str, LevelFilter)] = &[
    (SIGN_IN_LOG, LevelFilter::INFO),
    (SETTINGS_LOG, LevelFilter::INFO),
    (BACKUP_LOG, LevelFilter::INFO),
];

/// The target of the lines about backups that the server makes itself.
pub const BACKUP_LOG: &str = "udpchat::backup";

/// The target of the lines about SIGHUP.
pub const SETTINGS_LOG: &str = "udpchat::settings";

/// The program's events from this level on, warnings of libraries, and `also`.
fn filter(level: LogLevel, also: &[(&'static str, LevelFilter)]) -> Targets {
    let filter = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("udpchat", level.filter());
    // The more specific target counts, and it must not hide events that -vv requests.
    let also = also.iter().filter(|_| level == LogLevel::Warn);
    filter.with_targets(also.copied())
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn server_logs_sign_ins_without_being_asked_to() {
        for level in [LogLevel::Warn, LogLevel::Info, LogLevel::Debug] {
            assert!(filter(level, ALWAYS).would_enable(SIGN_IN_LOG, &Level::INFO));
            assert!(filter(level, ALWAYS).would_enable(SETTINGS_LOG, &Level::INFO));
        }
        assert!(!filter(LogLevel::Warn, &[]).would_enable(SIGN_IN_LOG, &Level::INFO));
        assert!(filter(LogLevel::Trace, ALWAYS).would_enable(SIGN_IN_LOG, &Level::TRACE));
        // What libraries say of their insides nobody has asked for.
        let all = filter(LogLevel::Trace, ALWAYS);
        assert!(!all.would_enable("mdns_sd", &Level::INFO));
        assert!(all.would_enable("mdns_sd", &Level::WARN));
        assert!(all.would_enable("udpchat::net", &Level::TRACE));
    }
}
