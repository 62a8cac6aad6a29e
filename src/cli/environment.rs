//! Reads the process's environment, for the whole program: default directories, search path, and the terminal's abilities.
#![allow(
    clippy::disallowed_methods,
    reason = "the only module that reads the environment"
)]

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::exit::Failure;

/// The system's zone, where `TZ` names none.
const LOCALTIME: &str = "/etc/localtime";

/// `$XDG_DATA_HOME/udpchat`, or `~/.local/share/udpchat`.
pub fn data_directory() -> Result<PathBuf, Failure> {
    base("XDG_DATA_HOME", ".local/share", "--data DIR")
}

/// `$XDG_STATE_HOME/udpchat`, or `~/.local/state/udpchat`.
pub fn state_directory() -> Result<PathBuf, Failure> {
    base("XDG_STATE_HOME", ".local/state", "--state DIR")
}

/// `$XDG_CONFIG_HOME/udpchat`, or `~/.config/udpchat`.
pub fn config_directory() -> Result<PathBuf, Failure> {
    base("XDG_CONFIG_HOME", ".config", "--config FILE")
}

/// The user's home directory.
pub fn home() -> Option<PathBuf> {
    env::var_os("HOME")
        .map(PathBuf::from)
        .filter(|home| home.is_absolute())
}

/// The settings of the server that a package has installed: who administers the machine means that one.
pub fn package_settings() -> Option<PathBuf> {
    let file = Path::new("/etc/udpchat/server.toml");
    let is_meant = nix::unistd::geteuid().is_root() && file.exists();
    is_meant.then(|| file.to_owned())
}

/// How many descriptors a service manager has opened for this very process (sd_listen_fds(3)).
pub fn passed_descriptors() -> Option<usize> {
    let number = |name: &str| env::var(name).ok()?.parse::<usize>().ok();
    let own = usize::try_from(std::process::id()).ok();
    let is_ours = number("LISTEN_PID").is_some_and(|id| Some(id) == own);
    number("LISTEN_FDS").filter(|_| is_ours)
}

/// A path as somebody writes it where no shell reads it: `~` and `~/` are the user's home directory.
pub fn expanded(path: &str) -> Option<PathBuf> {
    if path == "~" {
        return home();
    }
    match path.strip_prefix("~/") {
        Some(below) => Some(home()?.join(below)),
        None => Some(path.into()),
    }
}

/// Where the user's files from elsewhere are, if anything tells: a variable, the file of the user's directories as xdg-user-dirs
/// keeps it, or `~/Downloads` if that is there.
pub fn download_directory() -> Option<PathBuf> {
    const NAME: &str = "XDG_DOWNLOAD_DIR";
    let absolute = |path: &PathBuf| path.is_absolute();
    let named = env::var_os(NAME).map(PathBuf::from).filter(absolute);
    let in_file = || {
        let directory = env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
        let directory = directory.filter(absolute);
        let file = directory.or_else(|| Some(home()?.join(".config")))?;
        let text = std::fs::read_to_string(file.join("user-dirs.dirs")).ok()?;
        user_directory(&text, NAME, &home()?)
    };
    let usual = || home().map(|home| home.join("Downloads"));
    named
        .or_else(in_file)
        .or_else(|| usual().filter(|path| path.is_dir()))
}

/// A directory that such a file names: `NAME="$HOME/…"` or `NAME="/…"`, with a backslash before a sign that means something to a
/// shell.
fn user_directory(text: &str, name: &str, home: &Path) -> Option<PathBuf> {
    let mut values = text.lines().filter_map(|line| {
        let value = line.trim().strip_prefix(name)?.trim_start();
        value.strip_prefix('=')?.trim().strip_prefix('"')
    });
    let value = values.next_back()?;
    let (below, path) = match value.strip_prefix("$HOME") {
        Some(path) => (home, path.trim_start_matches('/')),
        None => (Path::new("/"), value.strip_prefix('/')?),
    };
    let mut plain = String::new();
    let mut signs = path.chars();
    while let Some(sign) = signs.next().filter(|sign| *sign != '"') {
        plain.extend(if sign == '\\' {
            signs.next()
        } else {
            Some(sign)
        });
    }
    Some(below.join(plain.trim_start_matches('/')))
}

/// A variable that sets an option. An empty one counts as unset.
pub fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// Names of the set variables that options are read from.
pub fn own_variables() -> impl Iterator<Item = OsString> {
    let names = env::vars_os().map(|(name, _)| name);
    names.filter(|name| name.to_string_lossy().starts_with("UDPCHAT_"))
}

/// A base directory of the XDG specification (0.8), which says to ignore relative paths.
fn base(variable: &str, below_home: &str, option: &str) -> Result<PathBuf, Failure> {
    let absolute = |name: &str| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute(variable)
        .or_else(|| absolute("HOME").map(|home| home.join(below_home)))
        .map(|path| path.join("udpchat"))
        .ok_or_else(|| {
            Failure::usage(format!("neither {variable} nor HOME names a directory"))
                .hint(format!("say where with {option}"))
        })
}

/// The command that edits a text, as POSIX has it.
pub fn text_editor() -> OsString {
    let named = variable("VISUAL").or_else(|| variable("EDITOR"));
    named.unwrap_or_else(|| "vi".into())
}

/// Where files of a session lie that nobody else may read, or else temporary ones.
pub fn runtime_directory() -> PathBuf {
    let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let usable = runtime.filter(|path| path.is_absolute() && path.is_dir());
    usable.unwrap_or_else(env::temp_dir)
}

/// Whether colours are wanted, as far as variables say: `NO_COLOR` (no-color.org), then `CLICOLOR_FORCE`, which asks for them
/// also where the output is no terminal, then `CLICOLOR` (bixense.com/clicolors).
pub fn wishes_colour() -> Option<bool> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty());
    let is_forced = set("CLICOLOR_FORCE").is_some_and(|value| value != "0");
    if set("NO_COLOR").is_some() {
        Some(false)
    } else if is_forced {
        Some(true)
    } else {
        set("CLICOLOR").filter(|value| value == "0").map(|_| false)
    }
}

/// Whether a terminal is written to in colour, if the command line says nothing else.
pub fn wants_colour() -> bool {
    wishes_colour().unwrap_or_else(can_edit)
}

/// Whether the terminal says that it has 24 bits of colour.
pub fn is_true_colour() -> bool {
    env::var_os("COLORTERM").is_some_and(|value| value == "truecolor" || value == "24bit")
}

/// The terminal's type, such as `xterm-256color`.
pub fn terminal() -> String {
    let term = env::var_os("TERM").unwrap_or_default();
    term.to_string_lossy().into_owned()
}

/// Whether the terminal is one of those known to draw pictures that a joiner joins as one.
pub fn joins_pictures() -> bool {
    let programs = ["tmux", "WezTerm", "ghostty", "iTerm.app", "Apple_Terminal"];
    let is_program = |program: OsString| programs.iter().any(|known| program == *known);
    let term = terminal();
    env::var_os("TERM_PROGRAM").is_some_and(is_program)
        || ["tmux", "foot"].iter().any(|known| term.starts_with(known))
}

/// Whether text is written in UTF-8: the first of these that is set names the encoding of the locale (POSIX.1-2024, 8.2).
/// Where none is set, the terminal is taken for one of today.
pub fn is_utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(variable);
    locale.is_none_or(|locale| is_utf8_locale(&locale.to_string_lossy()))
}

fn is_utf8_locale(name: &str) -> bool {
    let encoding = name.split_once('.').map(|(_, encoding)| encoding);
    let encoding = encoding.and_then(|encoding| encoding.split('@').next());
    let plain = encoding.unwrap_or_default().replace('-', "");
    plain.eq_ignore_ascii_case("utf8")
}

/// `false` for terminals that rustyline refuses to edit on.
pub fn can_edit() -> bool {
    let refused = ["dumb", "cons25", "emacs"];
    env::var_os("TERM").is_some_and(|term| refused.iter().all(|refused| term != *refused))
}

pub fn search_path() -> Vec<PathBuf> {
    env::var_os("PATH")
        .map(|path| env::split_paths(&path).collect())
        .unwrap_or_default()
}

/// For plugins that call udpchat.
pub fn own_executable() -> OsString {
    env::current_exe().map_or_else(|_| OsString::from("udpchat"), PathBuf::into_os_string)
}

/// The zone that `TZ` names, else the system's. If there is none it is UTC, and the second value says why.
pub fn time_zone() -> (TimeZone, Option<String>) {
    let system = TimeZone::try_system();
    let Some(named) = env::var_os("TZ") else {
        let has_file = Path::new(LOCALTIME).exists();
        let why = format!("{LOCALTIME} is not a time zone; times are in UTC");
        return match system {
            Ok(zone) => (zone, None),
            Err(_) => (TimeZone::UTC, has_file.then_some(why)),
        };
    };
    // A system's own data may be a part of the database only.
    let bundled = || {
        let name = named.to_str()?.trim_start_matches(':');
        match name {
            "" => Some(TimeZone::UTC),
            name => TimeZoneDatabase::bundled().get(name).ok(),
        }
    };
    if let Some(zone) = system.ok().or_else(bundled) {
        return (zone, None);
    }
    let named = named.to_string_lossy();
    let why = format!("TZ: there is no time zone {named:?}; times are in UTC");
    (TimeZone::UTC, Some(why))
}

/// The name of this machine, without its domain.
pub fn machine_name() -> String {
    let name = nix::unistd::gethostname().ok();
    let name = name.and_then(|name| name.into_string().ok());
    let first = name.as_deref().and_then(|name| name.split('.').next());
    let known = first.filter(|first| !first.is_empty());
    known.unwrap_or("udpchat").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directory_of_downloads_is_read_as_a_shell_would() {
        let read = |text| user_directory(text, "XDG_DOWNLOAD_DIR", Path::new("/home/erin"));
        let found = |path: &str| Some(PathBuf::from(path));
        let text =
            "# a comment\nXDG_DESKTOP_DIR=\"$HOME/Desktop\"\nXDG_DOWNLOAD_DIR=\"$HOME/Von mir\"\n";
        assert_eq!(read(text), found("/home/erin/Von mir"));
        assert_eq!(
            read("  XDG_DOWNLOAD_DIR = \"/srv/a\\\"b\" # x"),
            found("/srv/a\"b")
        );
        assert_eq!(read("XDG_DOWNLOAD_DIR=\"$HOME/\""), found("/home/erin"));
        assert_eq!(read("XDG_DOWNLOAD_DIR=\"$HOME\""), found("/home/erin"));
        for none in [
            "",
            "XDG_DOWNLOAD_DIR=\"here\"",
            "#XDG_DOWNLOAD_DIR=\"/a\"",
            "XDG_DOWNLOAD_DIRS=\"/a\"",
            "XDG_DOWNLOAD_DIR=/a",
        ] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn locale_names_its_encoding() {
        for name in ["en_GB.UTF-8", "C.utf8", "de_DE.UTF-8@euro", "UTF-8.UTF-8"] {
            assert!(is_utf8_locale(name), "{name}");
        }
        for name in [
            "C",
            "POSIX",
            "de_DE",
            "de_DE.ISO-8859-1",
            "de_DE@euro",
            "ja_JP.eucJP",
        ] {
            assert!(!is_utf8_locale(name), "{name}");
        }
    }
}
