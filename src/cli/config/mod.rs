//! `udpchat config`: the files of settings.

mod check;
mod init;
mod show;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Arg;
use clap::builder::PossibleValuesParser;

use super::command::{Commands, Subcommand};
use super::exit::Failure;
use super::options::DataDirectory;
use super::settings::{self, SettingsFile, Side};

pub fn command() -> Subcommand {
    let inside = Commands::default()
        .with(Box::new(check::command()))
        .with(Box::new(show::command()))
        .with(Box::new(init::command()));
    Subcommand::group(
        "config",
        "Check, show or write the files of settings",
        inside,
    )
    .section("FILES OF SETTINGS", FILES)
    .section("PROFILES", PROFILES)
}

const FILES: &str = "\
    A client reads $XDG_CONFIG_HOME/udpchat/config.toml, usually ~/.config/udpchat/config.toml; a server reads \
    server.toml in its data directory. --config FILE names another file, which must exist. They are TOML: a \
    key is the name of an option of udpchat-connect(1) or udpchat-serve(1) without its dashes, and `host` is \
    the server to connect to. `data` can be set only in a server's file that --config names. Paths are \
    relative to the file's directory, and ~/ is your home.\n\
    An option takes precedence over a variable of the environment (UDPCHAT_ and the option's name in \
    capitals), a variable over the file, and the file over the default. An empty variable sets nothing.\n\
    A key that does not exist, or a value that cannot be taken, is an error with its line and column; the \
    exit status is 2. Only you or root may be able to write to the file. It holds no secrets: a password \
    stays in a file of its own, which password-file names.";

const PROFILES: &str = "\
    A client's file can have a table [profiles.NAME] for each server, with the same keys. `udpchat connect \
    NAME` then connects to its host (without the key host: to NAME itself), and its keys take precedence over \
    those outside.";

const WHICH: [&str; 2] = ["client", "server"];

/// Which file is meant.
#[derive(clap::Args)]
struct FileArgs {
    #[command(flatten)]
    data: DataDirectory,
}

fn which() -> PossibleValuesParser {
    PossibleValuesParser::new(WHICH)
}

impl FileArgs {
    /// The sides that are meant: the named one, else what the file's name tells, else both.
    fn sides(&self, which: Option<&str>) -> Vec<Side> {
        let name = self.data.config().and_then(|path| path.file_name());
        match (which, name) {
            (Some("client"), _) => vec![Side::Client],
            (None, None) => Side::ALL.into(),
            (None, Some(name)) if name == Side::Client.file_name() => vec![Side::Client],
            (Some(_), _) | (None, Some(_)) => vec![Side::Server],
        }
    }

    /// The command line of a server with this file.
    fn server(&self) -> Result<Vec<OsString>, Failure> {
        let (option, path) = match self.data.config() {
            Some(path) => ("--config", path.to_owned()),
            None => ("--data", self.data.path()?),
        };
        let words = ["udpchat", Side::Server.subcommand(), option].map(OsString::from);
        Ok(words.into_iter().chain([path.into()]).collect())
    }

    fn path(&self, side: Side) -> Result<PathBuf, Failure> {
        match self.data.config() {
            Some(path) => Ok(path.to_owned()),
            None if side == Side::Server => side.default_file(Some(self.data.path()?)),
            None => side.default_file(None),
        }
    }

    /// What can be set in the file.
    fn table(&self, parser: &clap::Command, side: Side) -> Vec<(String, Arg)> {
        settings::table_of_file(parser, side, self.data.config().is_some())
    }

    fn read(&self, parser: &clap::Command, side: Side) -> Result<SettingsFile, Failure> {
        let table = self.table(parser, side);
        SettingsFile::read(
            &self.path(side)?,
            side,
            &table,
            self.data.config().is_some(),
        )
    }
}
