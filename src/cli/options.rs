//! Options that several subcommands share.

use std::path::PathBuf;

use clap::{Arg, ArgMatches, value_parser};

use super::environment;
use super::exit::Failure;

/// `--data DIR`.
#[must_use]
pub fn data() -> Arg {
    Arg::new("data")
        .long("data")
        .value_name("DIR")
        .env("UDPCHAT_DATA")
        .hide_env_values(true)
        .value_parser(value_parser!(PathBuf))
        .help("The server's directory: database, keys, control socket [default: $XDG_DATA_HOME/udpchat]")
}

/// The directory that `--data` names, or the default one.
///
/// # Errors
/// If there is no default.
pub fn data_directory(matches: &ArgMatches) -> Result<PathBuf, Failure> {
    match matches.get_one::<PathBuf>("data") {
        Some(path) => Ok(path.clone()),
        None => environment::data_directory(),
    }
}

/// `--password-file FILE`.
#[must_use]
pub fn password_file() -> Arg {
    Arg::new("password-file")
        .long("password-file")
        .value_name("FILE")
        .env("UDPCHAT_PASSWORD_FILE")
        .hide_env_values(true)
        .value_parser(value_parser!(PathBuf))
        .help("Read the password from the first line of this file (-: standard input)")
}
