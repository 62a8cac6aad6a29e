//! Reads lines of limited length, from standard input and from the control socket.

use std::io::{self, BufRead, Read as _};

/// The longest line of standard input, without its end. Chosen: four times the longest text that a message carries.
pub const LINE_MAX_BYTES: usize = 64 * 1024;

#[derive(Debug, PartialEq, Eq)]
pub enum Line<T = String> {
    /// Without its end.
    Text(T),
    /// A longer line, which was skipped.
    TooLong,
    End,
}

/// Reads a line; invalid UTF-8 is replaced.
pub fn read(reader: &mut impl BufRead, max_bytes: usize) -> io::Result<Line> {
    Ok(match read_bytes(reader, max_bytes)? {
        Line::Text(bytes) => Line::Text(String::from_utf8_lossy(&bytes).into_owned()),
        Line::TooLong => Line::TooLong,
        Line::End => Line::End,
    })
}

/// Reads a line as it is.
pub fn read_bytes(reader: &mut impl BufRead, max_bytes: usize) -> io::Result<Line<Vec<u8>>> {
    let mut bytes = Vec::new();
    reader
        .by_ref()
        .take(max_bytes as u64 + 1)
        .read_until(b'\n', &mut bytes)?;
    if bytes.is_empty() {
        return Ok(Line::End);
    }
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    } else if bytes.len() > max_bytes {
        reader.skip_until(b'\n')?;
        return Ok(Line::TooLong);
    }
    Ok(Line::Text(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_without_their_ends_and_the_last_needs_none() {
        let mut reader = b"one\r\n\ntwo".as_slice();
        assert_eq!(
            read(&mut reader, LINE_MAX_BYTES).unwrap(),
            Line::Text("one".into())
        );
        assert_eq!(
            read(&mut reader, LINE_MAX_BYTES).unwrap(),
            Line::Text(String::new())
        );
        assert_eq!(
            read(&mut reader, LINE_MAX_BYTES).unwrap(),
            Line::Text("two".into())
        );
        assert_eq!(read(&mut reader, LINE_MAX_BYTES).unwrap(), Line::End);
    }

    #[test]
    fn line_beyond_the_limit_is_skipped_whole() {
        let longest = "x".repeat(LINE_MAX_BYTES);
        let text = format!("{longest}y and more\n{longest}\nshort\n");
        let mut reader = text.as_bytes();
        assert_eq!(read(&mut reader, LINE_MAX_BYTES).unwrap(), Line::TooLong);
        assert_eq!(
            read(&mut reader, LINE_MAX_BYTES).unwrap(),
            Line::Text(longest)
        );
        assert_eq!(
            read(&mut reader, LINE_MAX_BYTES).unwrap(),
            Line::Text("short".into())
        );
    }
}
