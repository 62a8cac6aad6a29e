//! An open file that goes with a request (SCM_RIGHTS, see unix(7)). A path would mean another file to a server in a
//! container, or one that it may not open. rustix, because nix returns what it received as bare numbers, which nobody owns.

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Read, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;

use rustix::cmsg_space;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

/// Room for one file. The system closes further ones.
const SPACE: usize = cmsg_space!(ScmRights(1));

/// No child inherits what is received. Apple's systems do not have the flag.
#[cfg(not(target_vendor = "apple"))]
const FLAGS: RecvFlags = RecvFlags::CMSG_CLOEXEC;
#[cfg(target_vendor = "apple")]
const FLAGS: RecvFlags = RecvFlags::empty();

/// Writes all bytes; the file comes with the first of them.
pub fn write_with(mut stream: &UnixStream, bytes: &[u8], file: &File) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); SPACE];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    let files = [file.as_fd()];
    assert!(
        ancillary.push(SendAncillaryMessage::ScmRights(&files)),
        "there is room for one"
    );
    let written = sendmsg(
        stream,
        &[IoSlice::new(bytes)],
        &mut ancillary,
        SendFlags::empty(),
    )?;
    stream.write_all(&bytes[written..])
}

/// Reads a stream, and keeps the last file that came with it.
pub struct Receiver<'s> {
    stream: &'s UnixStream,
    file: Option<File>,
}

impl<'s> Receiver<'s> {
    pub const fn new(stream: &'s UnixStream) -> Self {
        Self { stream, file: None }
    }

    pub const fn take_file(&mut self) -> Option<File> {
        self.file.take()
    }
}

impl Read for Receiver<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut space = [MaybeUninit::uninit(); SPACE];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let received = recvmsg(
            self.stream,
            &mut [IoSliceMut::new(buffer)],
            &mut ancillary,
            FLAGS,
        )?;
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(files) = message {
                self.file = files.last().map(File::from);
            }
        }
        Ok(received.bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};

    use super::*;

    #[test]
    fn file_comes_with_its_line_and_is_taken_once() {
        let (here, there) = UnixStream::pair().unwrap();
        let mut written = tempfile::tempfile().unwrap();
        let long = "x".repeat(100_000) + "\n";
        std::thread::scope(|scope| {
            scope.spawn(|| {
                (&here).write_all(b"without\n").unwrap();
                write_with(&here, long.as_bytes(), &written).unwrap();
            });
            let mut reader = BufReader::new(Receiver::new(&there));
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            assert_eq!(line, "without\n");
            line.clear();
            reader.read_line(&mut line).unwrap();
            assert!(line == long);
            let mut file = reader.get_mut().take_file().unwrap();
            assert!(reader.get_mut().take_file().is_none());
            if cfg!(not(target_vendor = "apple")) {
                let flags = rustix::io::fcntl_getfd(&file).unwrap();
                assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
            }
            file.write_all(b"over there").unwrap();
        });
        let mut text = String::new();
        io::Seek::rewind(&mut written).unwrap();
        written.read_to_string(&mut text).unwrap();
        assert_eq!(text, "over there");
    }
}
