//! Reads the process's environment, for the whole program: default directories, search path, and the terminal's abilities.
#![allow(
    clippy::disallowed_methods,
    reason = "the only module that reads the environment"
)]

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use super::exit::Failure;

/// `$XDG_DATA_HOME/udpchat`, or `~/.local/share/udpchat`.
pub fn data_directory() -> Result<PathBuf, Failure> {
    base("XDG_DATA_HOME", ".local/share", "--data")
}

/// `$XDG_STATE_HOME/udpchat`, or `~/.local/state/udpchat`.
pub fn state_directory() -> Result<PathBuf, Failure> {
    base("XDG_STATE_HOME", ".local/state", "--state")
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
                .hint(format!("say where with {option} DIR"))
        })
}

/// `false` with `NO_COLOR` (no-color.org) or a dumb terminal.
pub fn wants_colour() -> bool {
    let no_colour = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !no_colour && can_edit()
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

/// Positive east of Greenwich.
pub fn utc_offset_seconds() -> i32 {
    jiff::Zoned::now().offset().seconds()
}
