//! A spare file descriptor, so that an operator can still reach a server that has run out of them.

use std::fs::File;
use std::io;
use std::os::unix::net::{UnixListener, UnixStream};

use nix::libc::{EMFILE, ENFILE};

#[derive(Default)]
pub struct SpareDescriptor(Option<File>);

impl SpareDescriptor {
    /// Opens a spare descriptor, if there is none and one is free.
    pub fn refill(&mut self) {
        if self.0.is_none() {
            self.0 = File::open("/dev/null").ok();
        }
    }

    /// Accepts a connection, with the spare descriptor if no other is left.
    pub fn accept(&mut self, listener: &UnixListener) -> io::Result<UnixStream> {
        let accept = || listener.accept().map(|(stream, _)| stream);
        match accept() {
            Err(error) if is_exhausted(&error) && self.0.take().is_some() => accept(),
            accepted => accepted,
        }
    }
}

/// Whether the process, or the host, has no descriptor left.
fn is_exhausted(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(EMFILE | ENFILE))
}
