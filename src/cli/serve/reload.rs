//! SIGHUP and `udpchat reload`: opens the log again, reads the settings again, and takes over what can change while the server runs.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use clap::FromArgMatches as _;

use super::args::Args;
use super::run::hub_config;
use crate::cli::admin::Reloaded;
use crate::cli::backups::Backups;
use crate::cli::command::{self, Context};
use crate::cli::commands;
use crate::cli::exit::Failure;
use crate::cli::logging::{Log, LogOptions, SETTINGS_LOG};
use crate::cli::output::one_line;
use crate::cli::settings::{self, Side, Unparsed};
use crate::net::InputSender;
use crate::server::Input;

/// Settings that take effect when the server is started: what is bound, opened or allocated then.
const AT_START: [&str; 16] = [
    "announce",
    "announce-name",
    "backup-dir",
    "cluster",
    "cluster-creds",
    "cluster-name",
    "cluster-replicas",
    "data",
    "http",
    "http-name",
    "http-public",
    "limit-buffers",
    "limit-handshake-rate",
    "limit-strangers",
    "listen",
    "node",
];

/// The longest wait for the network thread, so that the log tells what is in effect. Chosen: it answers between two batches.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

pub struct Reload {
    /// The command line, whose options stay.
    arguments: Vec<OsString>,
    log: Log,
    log_options: LogOptions,
    inputs: InputSender<Input>,
    backups: Option<Backups>,
    /// The file that was read last, if there was one.
    file: Option<PathBuf>,
    /// What is set now, and of [`AT_START`] what was set at the start.
    running: Values,
}

type Values = BTreeMap<String, Vec<OsString>>;

impl Reload {
    pub fn new(
        context: &Context<'_>,
        log: Log,
        inputs: InputSender<Input>,
        backups: Option<Backups>,
    ) -> Self {
        let arguments = context.arguments;
        let running = read(arguments).map(|read| (file_of(&read.args), read.values));
        let (file, running) = running.unwrap_or_default();
        Self {
            arguments: arguments.into(),
            log,
            log_options: context.log.clone(),
            inputs,
            backups,
            file,
            running,
        }
    }

    /// On an error all settings stay as they are, and the log is opened again where it was. The log says by what it was asked for.
    pub fn run(&mut self, asked_by: &str) -> Result<Reloaded, Failure> {
        let failure = match self.take_over(asked_by) {
            Ok(reloaded) => return Ok(reloaded),
            Err(failure) => failure,
        };
        let opened = self.log.reopen(&self.log_options);
        for failure in [Some(&failure), opened.as_ref().err()]
            .into_iter()
            .flatten()
        {
            let why = one_line(&failure.to_string());
            tracing::error!(target: SETTINGS_LOG, "{asked_by}: the settings stay as they were: {why}");
        }
        Err(failure)
    }

    fn take_over(&mut self, asked_by: &str) -> Result<Reloaded, Failure> {
        let Read { args, log, values } = read(&self.arguments)?;
        let file = file_of(&args);
        if let (Some(before), None) = (&self.file, &file) {
            let problem = format!("{} is there no longer", before.display());
            return Err(Failure::usage(problem));
        }
        self.file = file;
        self.log.reopen(&log)?;
        self.log_options = log;
        let (reply, is_done) = mpsc::sync_channel(1);
        let input = Input::Configure(hub_config(&args).into(), reply);
        // If the network thread has ended, the server is stopping already.
        if self.inputs.send_reserved(input).is_ok() {
            let _ = is_done.recv_timeout(ANSWER_TIMEOUT);
        }
        if let Some(backups) = &self.backups {
            backups.set_pace(args.backing_up.pace());
        }
        let differs =
            |(key, value): &(&String, &Vec<OsString>)| self.running.get(*key) != Some(value);
        let (at_start, at_once): (Vec<String>, Vec<String>) = values
            .iter()
            .filter(differs)
            .map(|(key, _)| key.clone())
            .partition(|key| AT_START.contains(&key.as_str()));
        let reloaded = Reloaded { at_once, at_start };
        tracing::info!(target: SETTINGS_LOG, "{asked_by}: the log was opened again, the settings were read again; changed: {}", listed(&reloaded.at_once));
        if !reloaded.at_start.is_empty() {
            tracing::warn!(target: SETTINGS_LOG, "changed, but only a restart takes over: {}", listed(&reloaded.at_start));
        }
        let at_start = |key: &String| AT_START.contains(&key.as_str());
        self.running.retain(|key, _| at_start(key));
        self.running
            .extend(values.into_iter().filter(|(key, _)| !at_start(key)));
        Ok(reloaded)
    }
}

/// The file of these settings, if there is one.
fn file_of(args: &Args) -> Option<PathBuf> {
    let file = match args.data.config() {
        Some(file) => file,
        None => Side::Server.default_file(args.data.path().ok()).ok()?,
    };
    fs::metadata(&file).is_ok().then_some(file)
}

/// Checks what a server with this command line would start with now.
pub fn check(arguments: &[OsString]) -> Result<(), Failure> {
    read(arguments).map(drop)
}

/// What a server would start with.
struct Read {
    args: Args,
    log: LogOptions,
    values: Values,
}

/// The settings as a server would start with them now.
fn read(arguments: &[OsString]) -> Result<Read, Failure> {
    let parser = command::parser_of(&commands(), arguments);
    let parsed = settings::parse(&parser, arguments).map_err(|unparsed| match unparsed {
        Unparsed::Arguments(error) => Failure::usage(error),
        Unparsed::Settings(failure) => failure,
    })?;
    let (matches, sources) = (parsed.matches, parsed.sources);
    let own = matches.subcommand_matches(Side::Server.subcommand());
    let own = own.ok_or_else(|| Failure::usage("this is no server"))?;
    let args = Args::from_arg_matches(own).map_err(Failure::usage)?;
    args.listen(&sources)?;
    #[cfg(feature = "http")]
    args.http.wanted()?;
    let log = LogOptions::from_arg_matches(&matches).map_err(Failure::usage)?;
    let values = settings::values(&parser, Side::Server, &matches);
    Ok(Read { args, log, values })
}

fn listed(keys: &[String]) -> String {
    if keys.is_empty() {
        "nothing".into()
    } else {
        keys.join(", ")
    }
}
