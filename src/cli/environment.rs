//! The one place where the process's environment is read: default directories and the terminal's wishes.
#![allow(
    clippy::disallowed_methods,
    reason = "everything else is told what it needs; this is where it comes from"
)]

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use super::exit::Failure;

/// The server's data: `$XDG_DATA_HOME/udpchat`, or `~/.local/share/udpchat`.
pub fn data_directory() -> Result<PathBuf, Failure> {
    base("XDG_DATA_HOME", ".local/share", "--data")
}

/// The client's state: `$XDG_STATE_HOME/udpchat`, or `~/.local/state/udpchat`.
pub fn state_directory() -> Result<PathBuf, Failure> {
    base("XDG_STATE_HOME", ".local/state", "--state")
}

/// The names of the variables that this program's subcommands read, as far as they are set.
pub fn own_variables() -> impl Iterator<Item = OsString> {
    let names = env::vars_os().map(|(name, _)| name);
    names.filter(|name| name.to_string_lossy().starts_with("UDPCHAT_"))
}

/// A base directory of the XDG specification (0.8): relative paths there are to be ignored.
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
                .hint(format!("say where with {option} DIR"))
        })
}

/// Whether the terminal may be written to in colour: not with `NO_COLOR` (no-color.org) or a dumb terminal.
pub fn wants_colour() -> bool {
    let no_colour = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !no_colour && can_edit()
}

/// Whether the terminal can do what editing a line takes: not those that the editor refuses too.
pub fn can_edit() -> bool {
    let refused = ["dumb", "cons25", "emacs"];
    env::var_os("TERM").is_some_and(|term| refused.iter().all(|refused| term != *refused))
}

/// Where executables are looked for.
pub fn search_path() -> Vec<PathBuf> {
    env::var_os("PATH")
        .map(|path| env::split_paths(&path).collect())
        .unwrap_or_default()
}

/// This executable, for the plugins that want to call it.
pub fn own_executable() -> OsString {
    env::current_exe().map_or_else(|_| OsString::from("udpchat"), PathBuf::into_os_string)
}

/// How far local time is ahead of UTC, in seconds.
pub fn utc_offset_seconds() -> i32 {
    jiff::Zoned::now().offset().seconds()
}
