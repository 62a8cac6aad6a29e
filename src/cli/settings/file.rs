//! A file of settings: TOML whose keys are names of options, for a client with a table of profiles.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind, Read as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::Arg;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::value;
use super::{CONFIG, DATA, HOST, Side};
use crate::cli::exit::{Exit, Failure};
use crate::registry;
use crate::store;

/// Chosen: far beyond what all settings take, and nothing to hold in memory.
const FILE_MAX_BYTES: u64 = 1 << 20;

/// Problems of a file that are shown at once.
const PROBLEMS_MAX: usize = 20;

const PROFILES: &str = "profiles";

/// The value of a key, as its option takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub texts: Vec<String>,
    /// From 1.
    pub line: usize,
}

pub type Entries = BTreeMap<String, Entry>;

#[derive(Debug, Default)]
pub struct SettingsFile {
    pub path: PathBuf,
    pub entries: Entries,
    pub profiles: BTreeMap<String, Entries>,
}

/// Whether there is no such file; a path that is none at all is for whoever uses the directory to report.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

impl SettingsFile {
    /// Reads and checks a file. One that is not there is empty, unless it was named.
    pub fn read(
        path: &Path,
        side: Side,
        table: &[(String, Arg)],
        is_named: bool,
    ) -> Result<Self, Failure> {
        let bytes = match read(path) {
            Ok(bytes) => bytes,
            // A link to nothing is there.
            Err(error) if is_absent(&error) && !is_named && fs::symlink_metadata(path).is_err() => {
                return Ok(Self {
                    path: path.into(),
                    ..Self::default()
                });
            }
            Err(error) => {
                let error = anyhow::Error::new(error)
                    .context(format!("cannot read the settings in {}", path.display()));
                return Err(Failure::new(Exit::Usage, error));
            }
        };
        let mut parser = SettingsParser {
            path,
            side,
            table,
            text: String::new(),
            problems: Vec::new(),
        };
        let file = parser.file(&bytes);
        parser.finish(file)
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = store::open_regular(path)?;
    let metadata = file.metadata()?;
    // It names files that are written and read, and who may do what.
    store::require_trusted(path, &metadata).map_err(io::Error::other)?;
    let mut bytes = Vec::new();
    file.take(FILE_MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_MAX_BYTES {
        return Err(io::Error::other("it is longer than 1 MiB"));
    }
    Ok(bytes)
}

/// A file that is being read, and what is wrong with it.
struct SettingsParser<'a> {
    path: &'a Path,
    side: Side,
    table: &'a [(String, Arg)],
    text: String,
    /// Each with the byte at which it begins.
    problems: Vec<(usize, String)>,
}

impl SettingsParser<'_> {
    fn file(&mut self, bytes: &[u8]) -> SettingsFile {
        let mut file = SettingsFile {
            path: self.path.into(),
            ..SettingsFile::default()
        };
        let valid = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let (valid, _) = bytes.split_at(error.valid_up_to());
                self.problems
                    .push((valid.len(), "it is not UTF-8 from here on".into()));
                std::str::from_utf8(valid).unwrap_or_default()
            }
        };
        let text = valid.strip_prefix('\u{feff}').unwrap_or(valid).to_owned();
        self.text.clone_from(&text);
        if !self.problems.is_empty() {
            return file;
        }
        let (document, errors) = DeTable::parse_recoverable(&text);
        for error in errors {
            let at = error.span().map_or(0, |span| span.start);
            self.problems.push((
                at,
                error
                    .message()
                    .lines()
                    .next()
                    .unwrap_or_default()
                    .to_owned(),
            ));
        }
        if self.problems.is_empty() {
            file.entries = self.entries(document.get_ref(), Some(&mut file.profiles));
        }
        file
    }

    /// The settings of a table. The topmost of a client may have profiles.
    fn entries(
        &mut self,
        table: &DeTable<'_>,
        mut profiles: Option<&mut BTreeMap<String, Entries>>,
    ) -> Entries {
        let directory = std::path::absolute(self.path).unwrap_or_else(|_| self.path.into());
        let directory = directory.parent().unwrap_or(Path::new("/")).to_owned();
        let mut entries = Entries::new();
        for (key, value) in table {
            let (name, at) = (key.get_ref().as_ref(), key.span().start);
            if let (PROFILES, Side::Client, Some(profiles)) = (name, self.side, &mut profiles) {
                self.profiles(value, profiles);
            } else if let Some((_, argument)) = self.table.iter().find(|(known, _)| known == name) {
                match value::of_file(argument, value.get_ref(), &directory) {
                    Ok(texts) if texts.is_empty() => {}
                    Ok(texts) => {
                        let line = self.place(at).0;
                        entries.insert(name.to_owned(), Entry { texts, line });
                    }
                    Err(why) => self
                        .problems
                        .push((value.span().start, format!("{name}: {why}"))),
                }
            } else {
                let why = self.unknown(name, profiles.is_some());
                self.problems.push((at, why));
            }
        }
        entries
    }

    fn profiles(&mut self, value: &Spanned<DeValue<'_>>, profiles: &mut BTreeMap<String, Entries>) {
        let Some(table) = value.get_ref().as_table() else {
            self.problems.push((
                value.span().start,
                format!("{PROFILES}: expected a table for each, such as [{PROFILES}.ship]"),
            ));
            return;
        };
        for (name, value) in table {
            let (profile, Range { start, .. }) = (name.get_ref().to_string(), name.span());
            let host = self.table.iter().find(|(key, _)| key == HOST);
            if let Some(Err(_)) = host.map(|(_, argument)| value::of_variable(argument, &profile)) {
                self.problems.push((
                    start,
                    format!(
                        "{profile:?} cannot name a profile: use letters, digits, '.', '_' and '-'"
                    ),
                ));
            } else if let Some(table) = value.get_ref().as_table() {
                let entries = self.entries(table, None);
                profiles.insert(profile, entries);
            } else {
                self.problems.push((
                    start,
                    format!("{profile}: expected a table, [{PROFILES}.{profile}], as a profile"),
                ));
            }
        }
    }

    fn unknown(&self, name: &str, is_topmost: bool) -> String {
        if name == CONFIG {
            return format!("{CONFIG} cannot be set in a file");
        }
        if name == DATA && self.side == Side::Server {
            return format!(
                "{DATA} cannot be set in the file of the data directory, only in one that --config names"
            );
        }
        let keys = self.table.iter().map(|(key, _)| key.as_str());
        let tables = (self.side == Side::Client && is_topmost).then_some(PROFILES);
        match registry::nearest(keys.chain(tables), name) {
            Some(nearest) => format!("unknown key {name:?}; did you mean {nearest:?}?"),
            None => {
                format!("unknown key {name:?}; `udpchat config init` writes all that there are")
            }
        }
    }

    /// Line and column of a byte, from 1; columns are counted in characters.
    fn place(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or(&self.text);
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        (line, column)
    }

    fn finish(mut self, file: SettingsFile) -> Result<SettingsFile, Failure> {
        self.problems.sort();
        let mut lines = self.problems.iter().map(|(at, why)| {
            let (line, column) = self.place(*at);
            format!("{}:{line}:{column}: {why}", self.path.display())
        });
        let Some(first) = lines.next() else {
            return Ok(file);
        };
        let mut failure = Failure::usage(first);
        failure.more = lines.by_ref().take(PROBLEMS_MAX - 1).collect();
        match lines.count() {
            0 => {}
            more => failure.more.push(format!("and {more} more")),
        }
        Err(failure)
    }
}
