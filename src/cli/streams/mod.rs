//! Reads and writes standard streams that may be non-blocking: whoever shares the open file can set O_NONBLOCK, and then
//! a full or an empty pipe is no error.

pub mod line_reader;
pub mod line_writer;

use std::io::{self, BufRead, ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::sys;

/// The text without the byte order mark that some editors write at the start of a file.
pub fn without_byte_order_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Writes everything, without a buffer, and waits while the output is full.
pub fn write_all(output: impl AsFd, mut bytes: &[u8]) -> io::Result<()> {
    if !bytes.is_empty() {
        sys::require_open(output.as_fd())?;
    }
    while !bytes.is_empty() {
        match nix::unistd::write(&output, bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) => wait(output.as_fd(), PollFlags::POLLOUT)?,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// An input whose reads wait while it is empty.
pub struct Waiting<R>(pub R);

impl<R: AsFd> Waiting<R> {
    fn retry<T>(&mut self, mut read: impl FnMut(&mut R) -> io::Result<T>) -> io::Result<T> {
        sys::require_open(self.0.as_fd())?;
        loop {
            match read(&mut self.0) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    wait(self.0.as_fd(), PollFlags::POLLIN)?;
                }
                result => return result,
            }
        }
    }
}

impl<R: Read + AsFd> Read for Waiting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.retry(|input| input.read(buffer))
    }
}

impl<R: BufRead + AsFd> BufRead for Waiting<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        // Of a terminal the next read would wait for another Ctrl-D.
        let is_end = self.retry(|input| input.fill_buf().map(<[u8]>::is_empty))?;
        if is_end { Ok(&[]) } else { self.0.fill_buf() }
    }

    fn consume(&mut self, amount: usize) {
        self.0.consume(amount);
    }
}

fn wait(stream: BorrowedFd<'_>, events: PollFlags) -> io::Result<()> {
    match poll(&mut [PollFd::new(stream, events)], PollTimeout::NONE) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn output_that_is_full_for_now_is_waited_for() {
        let (mut reader, writer) = UnixStream::pair().unwrap();
        writer.set_nonblocking(true).unwrap();
        let bytes = vec![7; 4 << 20];
        let expected = bytes.clone();
        let writing = std::thread::spawn(move || write_all(&writer, &bytes));
        let mut read = Vec::new();
        reader.read_to_end(&mut read).unwrap();
        writing.join().unwrap().unwrap();
        assert!(read == expected);
    }

    #[test]
    fn input_that_is_empty_for_now_is_waited_for() {
        let (reader, mut writer) = UnixStream::pair().unwrap();
        reader.set_nonblocking(true).unwrap();
        let reading = std::thread::spawn(move || {
            let mut text = String::new();
            Waiting(reader).read_to_string(&mut text).map(|_| text)
        });
        writer.write_all(b"one ").unwrap();
        writer.write_all(b"two").unwrap();
        drop(writer);
        assert_eq!(reading.join().unwrap().unwrap(), "one two");
    }
}
