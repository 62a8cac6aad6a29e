//! Plugins: an executable `udpchat-NAME` on PATH is run as a subcommand, as in git and cargo.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::Context as _;

use super::environment;
use super::exit::{Exit, Failure, Outcome};

const PREFIX: &str = "udpchat-";

/// Tells a plugin the path of the udpchat that called it.
const CALLER_VARIABLE: &str = "UDPCHAT";

pub fn find(name: &OsStr, path: &[PathBuf]) -> Option<PathBuf> {
    // A name with a separator could leave the directories of the path.
    let is_word = !name.is_empty() && Path::new(name).file_name() == Some(name);
    let mut file = OsString::from(PREFIX);
    file.push(name);
    path.iter()
        .map(|directory| directory.join(&file))
        .find(|candidate| is_word && is_executable(candidate))
}

/// Sorted, each name once.
pub fn list(path: &[PathBuf]) -> Vec<String> {
    let mut names: Vec<String> = path
        .iter()
        .filter_map(|directory| directory.read_dir().ok())
        .flatten()
        .filter_map(Result::ok)
        .filter(|entry| is_executable(&entry.path()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter_map(|file| file.strip_prefix(PREFIX).map(str::to_owned))
        .filter(|name| !name.is_empty() && !name.contains(char::is_control))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Runs a plugin and returns its exit code.
pub fn run(plugin: &Path, arguments: impl Iterator<Item = OsString>) -> Outcome {
    let status = Command::new(plugin)
        .args(arguments)
        .env(CALLER_VARIABLE, environment::own_executable())
        .status()
        .with_context(|| format!("cannot run {}", plugin.display()))
        .map_err(Failure::from)?;
    Ok(match status.code() {
        Some(code) => Exit::Plugin(u8::try_from(code).unwrap_or(1)),
        None => ended_by_signal(status),
    })
}

/// 128 plus the signal's number, as in shells.
fn ended_by_signal(status: ExitStatus) -> Exit {
    let signal = status.signal().and_then(|signal| u8::try_from(signal).ok());
    Exit::Plugin(128_u8.saturating_add(signal.unwrap_or(0)))
}

fn is_executable(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn directory() -> (tempfile::TempDir, Vec<PathBuf>) {
        let directory = tempfile::tempdir().unwrap();
        for (file, mode) in [
            ("udpchat-wave", 0o755),
            ("udpchat-text", 0o644),
            ("other", 0o755),
        ] {
            let path = directory.path().join(file);
            fs::write(&path, "#!/bin/sh\nexit 7\n").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
        let path = vec![PathBuf::from("/nowhere"), directory.path().to_owned()];
        (directory, path)
    }

    #[test]
    fn only_executables_with_the_prefix_are_plugins() {
        let (_directory, path) = directory();
        assert_eq!(list(&path), ["wave"]);
        assert!(find(OsStr::new("wave"), &path).is_some());
        assert!(find(OsStr::new("text"), &path).is_none());
    }

    #[test]
    fn name_with_a_separator_finds_nothing() {
        let (directory, path) = directory();
        fs::create_dir(directory.path().join("udpchat-")).unwrap();
        assert!(find(OsStr::new("/../other"), &path).is_none());
        assert!(find(OsStr::new(""), &path).is_none());
    }

    #[test]
    fn exit_code_of_a_plugin_is_ours() {
        let (_directory, path) = directory();
        let plugin = find(OsStr::new("wave"), &path).unwrap();
        assert_eq!(run(&plugin, std::iter::empty()).unwrap(), Exit::Plugin(7));
    }
}
