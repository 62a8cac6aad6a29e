//! The client of the control socket.

use std::fs::File;
use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};

use super::api::{AdminApi, Answer, LINE_MAX_BYTES, Request};
use super::passing;
use super::socket;
use crate::cli::exit::{Coded, Exit};
use crate::cli::streams::line_reader::{self, Line};

/// The longest wait for an answer. Chosen: a commit on a busy disk, and then some.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// The longest time for which a file in the making does not change. Chosen: gigabytes are synced to a slow disk.
const SYNC_TIMEOUT: Duration = Duration::from_mins(5);

pub struct AdminClient {
    reader: BufReader<UnixStream>,
}

/// Connects to the server of this data directory; `None` if none is running.
pub fn connect(data: &Path) -> anyhow::Result<Option<AdminClient>> {
    let stream = match socket::connect(data) {
        Ok(stream) => stream,
        // Never served, killed before it could remove its socket, or its path is too long for one. Opening the database
        // reports problems of the directory.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::NotFound
                    | ErrorKind::NotADirectory
                    | ErrorKind::ConnectionRefused
                    | ErrorKind::InvalidFilename
            ) =>
        {
            return Ok(None);
        }
        Err(error) => {
            let path = socket::socket_path(data);
            return Err(error)
                .with_context(|| format!("cannot use the control socket {}", path.display()));
        }
    };
    stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
    stream.set_write_timeout(Some(ANSWER_TIMEOUT))?;
    Ok(Some(AdminClient {
        reader: BufReader::new(stream),
    }))
}

impl AdminClient {
    /// Waits for an answer without reading it.
    #[cfg(test)]
    pub(super) fn wait_for_answer(&mut self) {
        self.reader.fill_buf().unwrap();
    }
}

impl AdminClient {
    fn send(&mut self, request: &Request, file: Option<&File>) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        let stream = self.reader.get_mut();
        let sent = match file {
            Some(file) => passing::write_with(stream, &line, file),
            None => stream.write_all(&line),
        };
        match sent {
            // A server with too many connections answers and closes without reading the request.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            sent => sent.with_context(silent),
        }
    }

    /// Waits for an answer while the server writes a file: `step` for its first byte, later `unchanged_max` for the next.
    fn wait_while_changing<S: PartialEq>(
        &mut self,
        mut state: impl FnMut() -> S,
        step: Duration,
        unchanged_max: Duration,
    ) -> anyhow::Result<()> {
        self.reader.get_mut().set_read_timeout(Some(step))?;
        let (mut seen, mut unchanged, mut limit) = (state(), Duration::ZERO, step);
        loop {
            match self.reader.fill_buf() {
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    let now = state();
                    if now != seen {
                        (seen, unchanged, limit) = (now, Duration::ZERO, unchanged_max);
                        continue;
                    }
                    unchanged += step;
                    if unchanged >= limit {
                        return Err(error).with_context(silent);
                    }
                }
                filled => return filled.map(drop).with_context(silent),
            }
        }
    }

    fn answer(&mut self) -> anyhow::Result<Answer> {
        match line_reader::read(&mut self.reader, LINE_MAX_BYTES).with_context(silent)? {
            Line::Text(text) => match serde_json::from_str(&text) {
                Ok(Answer::Error { message, code }) => {
                    Err(Coded::new(Exit::of_code(code), message).into())
                }
                answer => answer.context("the server's answer is not understood"),
            },
            Line::TooLong => bail!("the server's answer is too long"),
            Line::End => {
                let text = "the server closed its control socket without an answer";
                Err(Coded::new(Exit::Unreachable, text).into())
            }
        }
    }
}

impl AdminClient {
    /// Waits for the end of a server that is stopping; `false` if that takes longer.
    pub fn has_ended_within(&mut self, time: Duration) -> anyhow::Result<bool> {
        self.reader.get_mut().set_read_timeout(Some(time))?;
        match self.reader.fill_buf() {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Ok(false)
            }
            Err(error) if error.kind() != ErrorKind::ConnectionReset => Err(error.into()),
            _ => Ok(true),
        }
    }
}

fn silent() -> Coded {
    let text = "the server did not answer on its control socket";
    Coded::new(Exit::Unreachable, text)
}

impl AdminApi for AdminClient {
    fn ask(&mut self, request: Request) -> anyhow::Result<Answer> {
        self.send(&request, None)?;
        self.answer()
    }

    fn back_up(&mut self, copy: File) -> anyhow::Result<u64> {
        self.send(&Request::StoreBackup, Some(&copy))?;
        let state = || {
            let metadata = copy.metadata().ok()?;
            Some((metadata.len(), metadata.modified().ok()?))
        };
        self.wait_while_changing(state, ANSWER_TIMEOUT, SYNC_TIMEOUT)?;
        match self.answer()? {
            Answer::BackedUp { rows } => Ok(rows),
            _ => Err(super::unexpected()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_is_waited_for_while_the_file_grows_and_not_long_if_nothing_was_written() {
        const STEP: Duration = Duration::from_millis(20);
        // How the file grows, when the answer comes, and how often it is looked at.
        for (grows_up_to, answered_at, looks) in [(100, 9, 9), (1, 100, 2), (2, 100, 7), (2, 6, 6)]
        {
            let (here, mut there) = UnixStream::pair().unwrap();
            let mut client = AdminClient {
                reader: BufReader::new(here),
            };
            let mut count = 0;
            let state = || {
                count += 1;
                if count == answered_at {
                    there.write_all(b"{}\n").unwrap();
                }
                count.min(grows_up_to)
            };
            let ended = client.wait_while_changing(state, STEP, STEP * 5);
            assert_eq!(count, looks);
            assert_eq!(ended.is_ok(), looks == answered_at);
        }
    }
}
