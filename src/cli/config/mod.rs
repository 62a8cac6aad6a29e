//! `udpchat config`: the files of settings.

mod check;
mod init;
mod show;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Arg;
use clap::builder::PossibleValuesParser;

use super::command::{Commands, Subcommand};
use super::environment;
use super::exit::Failure;
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
    .section("EXAMPLES", EXAMPLES)
}

const FILES: &str = "\
    A client reads $XDG_CONFIG_HOME/udpchat/config.toml, usually ~/.config/udpchat/config.toml; a server reads \
    server.toml in its data directory, or for root without --data /etc/udpchat/server.toml, if it is there. --config FILE, or the variable UDPCHAT_CONFIG of a client and \
    UDPCHAT_SERVER_CONFIG of serve and its operator's commands, names another file, which must exist. They are \
    TOML: a key is the name of an option of udpchat-connect(1) or udpchat-serve(1) without its dashes, and `host` is \
    the server to connect to. `data` can be set only in a server's file that --config names. Paths are \
    relative to the file's directory, and ~/ is your home.\n\
    An option takes precedence over a variable of the environment (UDPCHAT_ and the option's name in \
    capitals), a variable over the file, and the file over the default. An empty variable sets nothing. What \
    a weaker source has switched on, `=false` switches off, as in --accept-new=false; a variable takes 1 and 0 \
    too.\n\
    A key that does not exist, or a value that cannot be taken, is an error with its line and column; the \
    exit status is 2. Only you or root may be able to write to the file. It holds no secrets: a password \
    stays in a file of its own, which password-file names.";

const PROFILES: &str = "\
    A client's file can have a table [profiles.NAME] for each server, with the same keys. `udpchat connect \
    NAME` then connects to its host (without the key host: to NAME itself), and its keys take precedence over \
    those outside. `host = \"NAME\"` outside of them makes it the one that `udpchat connect` alone takes.";

const EXAMPLES: &str = "\
    A file with every setting of a server, commented out:\n\
    udpchat config init server --config server.toml\n\
    Whether it can be used, and which settings come from where:\n\
    udpchat config check server --config server.toml\n\
    udpchat config show client";

const WHICH: [&str; 2] = ["client", "server"];

/// Which file is meant.
#[derive(clap::Args)]
struct FileArgs {
    /// Use this file of settings [default: the one that the variable names, else the usual one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The server's directory, whose server.toml is meant [default: $XDG_DATA_HOME/udpchat]
    #[arg(long = "data", value_name = "DIR", env = "UDPCHAT_DATA")]
    data: Option<PathBuf>,
}

fn which() -> PossibleValuesParser {
    PossibleValuesParser::new(WHICH)
}

impl FileArgs {
    /// The sides that are meant: the named one, else what the file's name tells, else both.
    fn sides(&self, which: Option<&str>) -> Vec<Side> {
        let name = self.config.as_ref().and_then(|path| path.file_name());
        match (which, name) {
            (Some("client"), _) => vec![Side::Client],
            (None, None) => Side::ALL.into(),
            (None, Some(name)) if name == Side::Client.file_name() => vec![Side::Client],
            (Some(_), _) | (None, Some(_)) => vec![Side::Server],
        }
    }

    /// The file that is named for this side, if one is; for root that of a package is, as for what administers a server.
    fn named(&self, side: Side) -> Option<PathBuf> {
        let in_variable = || environment::variable(side.config_variable()).map(PathBuf::from);
        let is_package_meant = side == Side::Server && self.data.is_none();
        let of_package = || environment::package_settings().filter(|_| is_package_meant);
        self.config.clone().or_else(in_variable).or_else(of_package)
    }

    fn data(&self) -> Result<PathBuf, Failure> {
        self.data
            .clone()
            .map_or_else(environment::data_directory, Ok)
    }

    /// The command line of a server with this file.
    fn server(&self) -> Result<Vec<OsString>, Failure> {
        let (option, path) = match self.named(Side::Server) {
            Some(path) => ("--config", path),
            None => ("--data", self.data()?),
        };
        let words = ["udpchat", Side::Server.subcommand(), option].map(OsString::from);
        Ok(words.into_iter().chain([path.into()]).collect())
    }

    fn path(&self, side: Side) -> Result<PathBuf, Failure> {
        match self.named(side) {
            Some(path) => Ok(path),
            None if side == Side::Server => side.default_file(Some(self.data()?)),
            None => side.default_file(None),
        }
    }

    /// What can be set in the file.
    fn table(&self, parser: &clap::Command, side: Side) -> Vec<(String, Arg)> {
        settings::table_of_file(parser, side, self.named(side).is_some())
    }

    fn read(&self, parser: &clap::Command, side: Side) -> Result<SettingsFile, Failure> {
        let table = self.table(parser, side);
        let is_named = self.named(side).is_some();
        SettingsFile::read(&self.path(side)?, side, &table, is_named)
    }
}
