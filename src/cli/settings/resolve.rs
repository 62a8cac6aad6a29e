//! What each setting is set to, and by what.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches};

use super::file::Entries;
use super::{
    CONFIG, DATA, HOST, SERVER, SettingsFile, Side, key, server_word, table, table_of,
    table_of_file, value, variable, without_variables,
};
use crate::cli::command;
use crate::cli::environment;
use crate::cli::exit::Failure;
use crate::cli::output::quoted;

/// One setting that is not at its default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    pub texts: Vec<String>,
    /// A variable, or a line of a file.
    pub source: String,
}

/// A command line, with what variables and files add to it.
pub struct Parsed {
    pub matches: ArgMatches,
    /// The server that a profile of the file stands for.
    pub host: Option<String>,
    pub sources: Sources,
}

/// What has set each setting that is not at its default, as an error names it: an option, a variable, or a line of a file.
#[derive(Debug, Default)]
pub struct Sources(BTreeMap<String, String>);

impl Sources {
    fn new(own: &[(String, Arg)], is_given: &dyn Fn(&Arg) -> bool) -> Self {
        let given = own.iter().filter(|(_, argument)| is_given(argument));
        Self(
            given
                .map(|(key, _)| (key.clone(), format!("--{key}")))
                .collect(),
        )
    }

    fn add(&mut self, found: &BTreeMap<String, Setting>, shown: impl Fn(&str, &Setting) -> String) {
        for (key, setting) in found {
            let source = || shown(key, setting);
            self.0.entry(key.clone()).or_insert_with(source);
        }
    }

    pub fn of(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }
}

/// Why there is nothing to run.
pub enum Unparsed {
    /// The command line is wrong, or asks for help.
    Arguments(clap::Error),
    Settings(Failure),
}

impl From<Failure> for Unparsed {
    fn from(failure: Failure) -> Self {
        Self::Settings(failure)
    }
}

/// Reads a command line, the variables of the environment, and the file of settings.
pub fn parse(parser: &clap::Command, arguments: &[OsString]) -> Result<Parsed, Unparsed> {
    let bare = without_variables(parser.clone());
    let given = given(parser, &bare, arguments).map_err(Unparsed::Arguments)?;
    let (path, leaf) = leaf(parser, &given);
    let Some(leaf) = leaf else {
        return Ok(Parsed {
            matches: given,
            host: None,
            sources: Sources::default(),
        });
    };
    let side = match path[..] {
        [word] => Side::of(word),
        _ => None,
    };
    let given_here = path.iter().fold(&given, |level, word| {
        level.subcommand_matches(word).unwrap_or(level)
    });
    let takes_profile = matches!(path[..], [word] if Side::takes_profile(word));
    let line = CommandLine {
        parser,
        side: side.or(takes_profile.then_some(Side::Client)),
        given: given_here,
        leaf,
        reads_file: takes_profile || has(leaf, CONFIG),
    };
    let is_given = |argument: &Arg| line.is_given(argument.get_id().as_str());
    let own: Vec<(String, Arg)> = match side {
        Some(side) => table_of(parser, side, leaf),
        None => own_variables(parser, leaf, takes_profile),
    };
    let mut sources = Sources::new(&own, &is_given);
    let mut found = variables(&own, &is_given)?;
    sources.add(&found, |_, setting| {
        format!("the variable {}", setting.source)
    });
    let mut host = None;
    if let Some(file) = line.file(&found)? {
        let chosen = line.profile(&file, &found);
        host = chosen.as_ref().map(host_of);
        let profile = chosen.map(|(_, entries)| entries);
        add(&mut found, &file, profile, &own, &is_given);
        sources.add(&found, |key, setting| format!("{}: {key}", setting.source));
    }
    if side == Some(Side::Client) && !has(leaf, SERVER) && !line.is_given(SERVER) {
        // Nothing of the command line holds it.
        let text = |setting: &Setting| setting.texts.first().cloned();
        host = host.or_else(|| found.get(HOST).and_then(text));
    }
    let defaulted = with_defaults(bare, &path, &own, &found);
    let matches = defaulted.try_get_matches_from(arguments);
    let matches = matches.map_err(Unparsed::Arguments)?;
    Ok(Parsed {
        matches,
        host,
        sources,
    })
}

/// What the command line says without variables; in its help they are named.
fn given(
    parser: &clap::Command,
    bare: &clap::Command,
    arguments: &[OsString],
) -> Result<ArgMatches, clap::Error> {
    bare.clone()
        .try_get_matches_from(arguments)
        .map_err(|error| {
            let is_help = !error.use_stderr();
            let shown = is_help.then(|| parser.clone().try_get_matches_from(arguments).err());
            shown.flatten().unwrap_or(error)
        })
}

/// A command line of one subcommand, as it was given.
struct CommandLine<'a> {
    parser: &'a clap::Command,
    /// None for a subcommand that takes only the directory from a server's file.
    side: Option<Side>,
    given: &'a ArgMatches,
    leaf: &'a clap::Command,
    reads_file: bool,
}

impl CommandLine<'_> {
    /// Whether it sets an argument.
    fn is_given(&self, id: &str) -> bool {
        if id == SERVER && !has(self.leaf, SERVER) {
            return server_word(self.given).is_some();
        }
        self.given.value_source(id) == Some(ValueSource::CommandLine)
    }

    /// The last value of an argument on the command line.
    fn text(&self, id: &str) -> Option<OsString> {
        let is_given = has(self.leaf, id) && self.is_given(id);
        let mut raw = is_given.then(|| self.given.get_raw(id)).flatten()?;
        raw.next_back().map(OsStr::to_os_string)
    }

    /// The file of settings, if this subcommand reads one.
    fn file(&self, found: &BTreeMap<String, Setting>) -> Result<Option<SettingsFile>, Failure> {
        if !self.reads_file || self.is_about_files() {
            return Ok(None);
        }
        let variable = self.side.unwrap_or(Side::Server).config_variable();
        let named = self
            .text(CONFIG)
            .or_else(|| environment::variable(variable));
        let in_variable = || found.get(DATA)?.texts.first().map(PathBuf::from);
        let data = self.text(DATA).map(PathBuf::from).or_else(in_variable);
        let (side, path) = match (self.side, named.as_ref()) {
            // What administers a server asks for nothing but its directory.
            (None, None) => match environment::package_settings().filter(|_| data.is_none()) {
                Some(path) => (Side::Server, path),
                None => return Ok(None),
            },
            (side, Some(path)) => (side.unwrap_or(Side::Server), PathBuf::from(path)),
            (Some(side), None) => {
                match side.default_file(data) {
                    Ok(path) => (side, path),
                    // Without a home there is no file; what needs a directory says so.
                    Err(_) => return Ok(None),
                }
            }
        };
        // It is not in the data directory, and names that.
        let is_named = named.is_some() || environment::package_settings().as_ref() == Some(&path);
        let table = table_of_file(self.parser, side, is_named);
        SettingsFile::read(&path, side, &table, is_named).map(Some)
    }

    /// Whether it reads files of settings itself.
    fn is_about_files(&self) -> bool {
        let group = self.parser.find_subcommand(CONFIG);
        group.is_some_and(|group| {
            group
                .get_subcommands()
                .any(|own| std::ptr::eq(own, self.leaf))
        })
    }

    /// The profile that the server's name stands for.
    fn profile<'a>(
        &self,
        file: &'a SettingsFile,
        found: &BTreeMap<String, Setting>,
    ) -> Option<(String, &'a Entries)> {
        if self.side != Some(Side::Client) {
            return None;
        }
        let on_line = if has(self.leaf, SERVER) {
            self.text(SERVER)
        } else {
            server_word(self.given)
        };
        let on_line = on_line.map(|name| name.to_string_lossy().into_owned());
        let name = on_line.or_else(|| host(file, found))?;
        let entries = file.profiles.get(&name)?;
        Some((name, entries))
    }
}

/// Whether a subcommand has this argument.
fn has(command: &clap::Command, id: &str) -> bool {
    command.get_arguments().any(|own| own.get_id() == id)
}

/// The server that a profile stands for.
fn host_of((name, entries): &(String, &Entries)) -> String {
    let host = entries.get(HOST).and_then(|entry| entry.texts.first());
    host.unwrap_or(name).clone()
}

/// The server that variables or a file name.
fn host(file: &SettingsFile, found: &BTreeMap<String, Setting>) -> Option<String> {
    let in_variable = found.get(HOST).and_then(|setting| setting.texts.first());
    let in_file = file.entries.get(HOST).and_then(|entry| entry.texts.first());
    in_variable.or(in_file).cloned()
}

/// What a parsed command line sets of one side's settings, each as it was written, for comparison.
pub fn values(
    parser: &clap::Command,
    side: Side,
    matches: &ArgMatches,
) -> BTreeMap<String, Vec<OsString>> {
    let Some(own) = matches.subcommand_matches(side.subcommand()) else {
        return BTreeMap::new();
    };
    let texts = |argument: &Arg| match argument.get_action() {
        ArgAction::Count => vec![own.get_count(argument.get_id().as_str()).to_string().into()],
        _ => own
            .get_raw(argument.get_id().as_str())
            .unwrap_or_default()
            .map(OsStr::to_os_string)
            .collect(),
    };
    let all = table(parser, side).into_iter();
    all.map(|(key, argument)| (key, texts(&argument))).collect()
}

/// The settings of one side apart from the command line, with this profile of the client's file, or the one that the key
/// `host` names.
pub fn settings(
    parser: &clap::Command,
    side: Side,
    file: &SettingsFile,
    profile: Option<&str>,
) -> Result<BTreeMap<String, Setting>, Failure> {
    let own = table(parser, side);
    let mut found = variables(&own, &|_| false)?;
    let is_known = |name: &&str| file.profiles.contains_key(*name);
    let by_default = host(file, &found);
    let name = match profile {
        Some(name) if !is_known(&name) => {
            let problem = format!("{} has no profile {}", file.path.display(), quoted(name));
            return Err(Failure::usage(problem));
        }
        None => by_default.as_deref().filter(is_known),
        named => named,
    };
    let entries = name.map(|name| &file.profiles[name]);
    if let (Some(name), Some(entries)) = (name, entries) {
        // The host has chosen the profile, which says what server that is.
        let chosen_by = found.remove(HOST);
        let named = || Setting {
            texts: vec![name.to_owned()],
            source: format!("the profile {}", quoted(name)),
        };
        let host = profile.map(|_| named()).or(chosen_by);
        found.extend(
            host.filter(|_| !entries.contains_key(HOST))
                .map(|host| (HOST.to_owned(), host)),
        );
    }
    add(&mut found, file, entries, &own, &|_| false);
    Ok(found)
}

/// The words and the parser of the subcommand that is called; none for a plugin.
fn leaf<'a>(
    parser: &'a clap::Command,
    given: &'a ArgMatches,
) -> (Vec<&'a str>, Option<&'a clap::Command>) {
    let (mut path, mut found, mut level) = (Vec::new(), parser, given);
    while let Some((word, inner)) = level.subcommand() {
        let next = found.find_subcommand(word);
        let Some(next) = next.filter(|_| !command::is_external(inner)) else {
            return (path, None);
        };
        path.push(word);
        (found, level) = (next, inner);
    }
    (path, Some(found))
}

/// The options of another subcommand that variables set, and its server if that may be a profile.
fn own_variables(
    parser: &clap::Command,
    leaf: &clap::Command,
    takes_profile: bool,
) -> Vec<(String, Arg)> {
    // These must work whatever is set.
    if ["help", "completions"].contains(&leaf.get_name()) {
        return Vec::new();
    }
    let all = leaf.get_arguments().chain(parser.get_arguments());
    let is_set = |argument: &&Arg| {
        argument.get_env().is_some() || takes_profile && argument.get_id() == SERVER
    };
    all.filter(is_set)
        .filter_map(|argument| Some((key(argument)?, argument.clone())))
        .collect()
}

/// What the environment sets. An empty variable sets nothing.
fn variables(
    own: &[(String, Arg)],
    is_given: &dyn Fn(&Arg) -> bool,
) -> Result<BTreeMap<String, Setting>, Failure> {
    let mut found = BTreeMap::new();
    for (key, argument) in own {
        let name = argument
            .get_env()
            .map_or_else(|| variable(key), |name| name.to_string_lossy().into_owned());
        let Some(text) = environment::variable(&name).filter(|_| !is_given(argument)) else {
            continue;
        };
        let wrong = |why: String| Failure::usage(format!("the variable {name}: {why}"));
        let text = text
            .into_string()
            .map_err(|_| wrong("it is not UTF-8".into()))?;
        let texts = value::of_variable(argument, &text).map_err(wrong)?;
        found.insert(
            key.clone(),
            Setting {
                texts,
                source: name,
            },
        );
    }
    Ok(found)
}

/// Adds what a file sets, its profile first, to what variables have set.
fn add(
    found: &mut BTreeMap<String, Setting>,
    file: &SettingsFile,
    profile: Option<&Entries>,
    own: &[(String, Arg)],
    is_given: &dyn Fn(&Arg) -> bool,
) {
    for entries in profile.into_iter().chain([&file.entries]) {
        for (key, entry) in entries {
            let is_open = own
                .iter()
                .any(|(known, argument)| known == key && !is_given(argument));
            if is_open && !found.contains_key(key) {
                let source = format!("{}:{}", file.path.display(), entry.line);
                found.insert(
                    key.clone(),
                    Setting {
                        texts: entry.texts.clone(),
                        source,
                    },
                );
            }
        }
    }
}

/// The parser whose defaults are these settings.
fn with_defaults(
    parser: clap::Command,
    path: &[&str],
    own: &[(String, Arg)],
    found: &BTreeMap<String, Setting>,
) -> clap::Command {
    let set = |argument: Arg| {
        let own = own
            .iter()
            .find(|(_, known)| known.get_id() == argument.get_id());
        match own.and_then(|(key, _)| found.get(key)) {
            Some(setting) => argument.default_values(setting.texts.clone()),
            None => argument,
        }
    };
    let parser = parser.mut_args(set);
    match path {
        [] => parser,
        [word, below @ ..] => {
            parser.mut_subcommand(word, |inner| with_defaults(inner, below, own, found))
        }
    }
}
