//! Settings: what the options of `connect` and `serve` are set to, on the command line, in the environment or in a file.
//!
//! The options themselves are the table. A key of a file is an option's name without its dashes, a variable is the same
//! in capitals after `UDPCHAT_`; the manual's list, `config init` and `config show` read it from there. An option takes
//! precedence over a variable, a variable over a file, and a file over the default.

mod file;
mod resolve;
mod template;
mod value;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::builder::{BoolishValueParser, Resettable};
use clap::{Arg, ArgAction, ArgMatches};

use super::address::DEFAULT_HOST;
use super::environment;
use super::exit::Failure;
use crate::protocol::{EVERYONE_NAME, NOTES_NAME};

pub use file::SettingsFile;
pub use resolve::{Parsed, Setting, Sources, Unparsed, parse, settings, values};
pub use template::{default, template};
pub use value::shown;

/// Whose settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Client,
    Server,
}

/// Where the file of settings is named, which no file can set.
pub const CONFIG: &str = "config";

/// The argument that names the server.
const SERVER: &str = "server";

/// The key of the server's directory.
const DATA: &str = "data";

/// The key of the server that `connect` is given without an option.
pub const HOST: &str = "host";

/// The words of a subcommand that may begin with the server, and the option after which the text begins.
pub const WORDS: &str = "words";
pub const TO: &str = "to";

/// Options that are none: a code is good once, and not at each start.
const NO_SETTINGS: [&str; 3] = ["help", "version", "code_file"];

const VARIABLE_PREFIX: &str = "UDPCHAT_";

impl Side {
    pub const ALL: [Self; 2] = [Self::Client, Self::Server];

    /// The subcommand whose options these are.
    pub const fn subcommand(self) -> &'static str {
        match self {
            Self::Client => "connect",
            Self::Server => "serve",
        }
    }

    /// Whether a subcommand has all the options of a side.
    pub fn is_subcommand(name: &str) -> bool {
        [Self::Client, Self::Server]
            .map(Self::subcommand)
            .contains(&name)
    }

    /// The side of a subcommand, if it has one: that of its own options, or that of which it takes some.
    pub fn of(subcommand: &str) -> Option<Self> {
        match subcommand {
            "connect" | "send" | "tail" | "bot" => Some(Self::Client),
            "serve" => Some(Self::Server),
            _ => None,
        }
    }

    /// Whether a subcommand without a side takes the name of a client's profile for a server, with what that says of the server.
    pub fn takes_profile(subcommand: &str) -> bool {
        ["link", "doctor"].contains(&subcommand)
    }

    /// The variable that names the file. Each side has its own, because one environment may be that of both.
    pub const fn config_variable(self) -> &'static str {
        match self {
            Self::Client => "UDPCHAT_CONFIG",
            Self::Server => "UDPCHAT_SERVER_CONFIG",
        }
    }

    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Client => "config.toml",
            Self::Server => "server.toml",
        }
    }

    /// The file that is read if none is named; a server's is in its data directory, or, for root, that of a package.
    pub fn default_file(self, data: Option<PathBuf>) -> Result<PathBuf, Failure> {
        if self == Self::Server
            && data.is_none()
            && let Some(file) = environment::package_settings()
        {
            return Ok(file);
        }
        let directory = match (self, data) {
            (Self::Client, _) => environment::config_directory()?,
            (Self::Server, Some(data)) => data,
            (Self::Server, None) => environment::data_directory()?,
        };
        Ok(directory.join(self.file_name()))
    }
}

/// The key of an option, or nothing if it is none of the settings.
pub fn key(argument: &Arg) -> Option<String> {
    let is_setting = !argument.is_hide_set() && !NO_SETTINGS.contains(&argument.get_id().as_str());
    match argument.get_long() {
        Some(long) if is_setting => Some(long.to_owned()),
        None if is_setting && argument.get_id() == SERVER => Some(HOST.to_owned()),
        _ => None,
    }
}

/// The server, where words that are not options are a server and others: before a text it stands before the recipient, and
/// before conversations it is the first word that can be none.
fn server_word(matches: &ArgMatches) -> Option<OsString> {
    let first = matches.get_raw(WORDS)?.next()?;
    let is_server = if matches.try_contains_id(TO).is_ok() {
        let index = matches.indices_of(WORDS)?.next()?;
        index < matches.index_of(TO)?
    } else {
        !is_conversation(first)
    };
    is_server.then(|| first.to_os_string())
}

/// Whether a word is a conversation wherever it stands: a room, `@` with a user, everyone or notes.
fn is_conversation(word: &OsStr) -> bool {
    let is_marked =
        word.as_encoded_bytes().starts_with(b"#") || word.as_encoded_bytes().starts_with(b"@");
    is_marked || word == EVERYONE_NAME || word == NOTES_NAME
}

/// Takes that word from the front of the others, or the server that is meant without one.
pub fn take_server(matches: &ArgMatches, words: &mut Vec<String>) -> String {
    match server_word(matches) {
        Some(word) => {
            words.remove(0);
            word.to_string_lossy().into_owned()
        }
        None => DEFAULT_HOST.to_owned(),
    }
}

/// The variable of a key.
pub fn variable(key: &str) -> String {
    format!("{VARIABLE_PREFIX}{}", key.to_uppercase().replace('-', "_"))
}

/// The same argument as a setting: with the variable that sets it, for help and manual, and if it is a switch with a value,
/// by which it takes back what a variable or a file has set.
pub fn as_setting(argument: Arg) -> Arg {
    let Some(key) = key(&argument) else {
        return argument;
    };
    let argument = match argument.get_env() {
        Some(_) => argument,
        None => argument.env(variable(&key)),
    };
    match argument.get_action() {
        ArgAction::SetTrue => argument
            .action(ArgAction::Set)
            .num_args(0..=1)
            .require_equals(true)
            .value_name("true|false")
            .value_parser(BoolishValueParser::new())
            .default_missing_value("true")
            .default_value("false")
            .hide_default_value(true)
            .hide_possible_values(true),
        _ => argument,
    }
}

/// The same for an option that a subcommand shares with the one whose settings these are.
pub fn as_shared_setting(argument: Arg) -> Arg {
    match argument.get_env() {
        Some(_) => as_setting(argument),
        None => argument,
    }
}

/// The same command, whose arguments are read from no variable. What variables set is checked apart from the command
/// line, so that an error names the variable.
fn without_variables(command: clap::Command) -> clap::Command {
    command
        .mut_args(|argument| argument.env(Resettable::Reset))
        .mut_subcommands(without_variables)
}

/// The settings of one side, with their keys, in the order of the help.
pub fn table(parser: &clap::Command, side: Side) -> Vec<(String, Arg)> {
    let own = parser.find_subcommand(side.subcommand());
    let own = own.expect("the parser has both subcommands");
    let global = parser
        .get_arguments()
        .filter(|argument| argument.is_global_set());
    let all = own.get_arguments().chain(global);
    let keyed = all.filter_map(|argument| Some((key(argument)?, argument.clone())));
    keyed.filter(|(key, _)| key != CONFIG).collect()
}

/// The same for a subcommand that takes some of a side's options, and its server.
fn table_of(parser: &clap::Command, side: Side, own: &clap::Command) -> Vec<(String, Arg)> {
    let mut table = table(parser, side);
    table.retain(|(key, argument)| {
        let has = || {
            own.get_arguments()
                .any(|own| own.get_id() == argument.get_id())
        };
        key == HOST || argument.is_global_set() || has()
    });
    table
}

/// The settings that a file can set. A server's file that was found in its data directory cannot name that.
pub fn table_of_file(parser: &clap::Command, side: Side, is_named: bool) -> Vec<(String, Arg)> {
    let mut table = table(parser, side);
    table.retain(|(key, _)| is_named || side == Side::Client || key != DATA);
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{command, commands};

    #[test]
    fn every_option_of_client_and_server_has_a_variable_and_a_key() {
        let parser = command::parser(&commands());
        for side in Side::ALL {
            let table = table(&parser, side);
            let own = parser.find_subcommand(side.subcommand()).unwrap();
            for argument in own.get_arguments().chain(parser.get_arguments()) {
                let name = argument.get_id().as_str();
                if argument.is_hide_set() || name == CONFIG || NO_SETTINGS.contains(&name) {
                    continue;
                }
                let (key, _) = table
                    .iter()
                    .find(|(_, own)| own.get_id() == name)
                    .expect(name);
                assert_eq!(argument.get_env(), Some(variable(key).as_ref()), "{name}");
                assert!(argument.get_long().is_none_or(|long| long == key), "{name}");
            }
        }
    }
}
