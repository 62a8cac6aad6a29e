//! Where the control socket is. The address of a Unix socket holds about a hundred bytes, and a directory's path may be
//! longer: then it is reached through a descriptor of the directory.

use std::io;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::{Path, PathBuf};

pub fn socket_path(data: &Path) -> PathBuf {
    data.join(NAME)
}

const NAME: &str = "control.sock";

pub fn connect(data: &Path) -> io::Result<UnixStream> {
    at_short_path(data, |path| UnixStream::connect(path))
}

pub fn bind(data: &Path) -> io::Result<UnixListener> {
    at_short_path(data, |path| UnixListener::bind(path))
}

fn at_short_path<T>(data: &Path, reach: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let path = socket_path(data);
    if SocketAddr::from_pathname(&path).is_ok() {
        return reach(&path);
    }
    through_descriptor(data, reach)
}

#[cfg(target_os = "linux")]
fn through_descriptor<T>(data: &Path, reach: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    use std::os::fd::AsRawFd as _;
    use std::os::unix::fs::OpenOptionsExt as _;

    use nix::libc::{O_DIRECTORY, O_PATH};

    let directory = std::fs::OpenOptions::new()
        .read(true)
        .custom_flags(O_PATH | O_DIRECTORY)
        .open(data)?;
    let descriptor = directory.as_raw_fd();
    reach(Path::new(&format!("/proc/self/fd/{descriptor}/{NAME}")))
}

/// Elsewhere a descriptor has no path.
#[cfg(not(target_os = "linux"))]
fn through_descriptor<T>(
    data: &Path,
    _reach: impl FnOnce(&Path) -> io::Result<T>,
) -> io::Result<T> {
    let text = format!(
        "the path of {} is too long for a socket on this system: name a shorter one with --data",
        data.display()
    );
    Err(io::Error::new(io::ErrorKind::InvalidFilename, text))
}
