//! The user's own text editor, with a file that only they can read.

use std::ffi::OsString;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};

use nix::unistd::Pid;
use tempfile::TempDir;

use super::screen::{Phase, Screen};
use crate::cli::environment;

/// The longest file that is read back, in bytes. Chosen: some times the longest text that a message carries.
const FILE_MAX_BYTES: u64 = 128 * 1024;

const FILE: &str = "message.txt";

/// Lets the user edit a text, while the terminal is their editor's. What their editor leaves beside its file is removed with
/// that.
///
/// # Errors
/// What is told to the user: the editor failed, or what it left is no text.
pub fn edit(text: &str, screen: &Screen) -> Result<String, String> {
    let directory = private_directory().map_err(|error| {
        let place = environment::runtime_directory();
        format!("cannot create a file in {}: {error}", place.display())
    })?;
    let path = directory.path().join(FILE);
    write(&path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    screen.set_found_modes();
    let status = run(directory.path(), &path, screen);
    screen.set(Phase::Idle);
    let editor = environment::text_editor();
    let editor = editor.to_string_lossy();
    match status {
        Ok(status) if status.success() => {}
        Ok(status) => return Err(format!("the editor `{editor}` failed ({status})")),
        Err(error) => return Err(format!("cannot run the editor `{editor}`: {error}")),
    }
    let written = read(&path).map_err(|error| format!("cannot read what was written: {error}"))?;
    if let Err(error) = directory.close() {
        tracing::warn!(%error, "cannot remove the file of the text editor");
    }
    Ok(written)
}

fn private_directory() -> io::Result<TempDir> {
    tempfile::Builder::new()
        .prefix("udpchat-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(environment::runtime_directory())
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    let end = if text.is_empty() { "" } else { "\n" };
    write!(file, "{text}{end}")
}

fn run(directory: &Path, file: &Path, screen: &Screen) -> io::Result<ExitStatus> {
    screen.set(Phase::Composing(directory.to_owned(), None));
    let mut child = spawn(file)?;
    let pid = i32::try_from(child.id()).ok().map(Pid::from_raw);
    screen.set(Phase::Composing(directory.to_owned(), pid));
    child.wait()
}

/// Runs the editor by the shell, because it may be named with options.
fn spawn(file: &Path) -> io::Result<Child> {
    let mut script: OsString = environment::text_editor();
    script.push(" \"$@\"");
    Command::new("/bin/sh")
        .arg("-c")
        .arg(script)
        .arg("sh")
        .arg(file)
        .spawn()
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let file = fs::File::open(path)?;
    if file.metadata()?.len() > FILE_MAX_BYTES {
        let why = format!("it has more than {FILE_MAX_BYTES} bytes");
        return Err(io::Error::other(why));
    }
    file.take(FILE_MAX_BYTES).read_to_string(&mut text)?;
    Ok(text)
}
