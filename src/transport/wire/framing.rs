//! Message boundaries in a channel's byte stream: a sequence of `MessagePack` `bin` values, one for each message.
//! [`crate::transport::channel::send_buffer`] writes them, [`crate::transport::channel::assembler`] reads them.

/// Bytes of the longest `bin` header.
pub(crate) const MAX_HEADER_LEN: usize = 5;

const BIN8: u8 = 0xc4;
const BIN16: u8 = 0xc5;
const BIN32: u8 = 0xc6;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Header {
    Incomplete,
    /// A header of `header_len` bytes, then a message of `message_len`.
    Message {
        header_len: usize,
        message_len: usize,
    },
    /// Not a `bin` value.
    Wrong,
}

/// Bytes of the header of a message of this length.
pub(crate) const fn header_len(message_len: usize) -> usize {
    if message_len <= 0xff {
        2
    } else if message_len <= 0xffff {
        3
    } else {
        5
    }
}

/// The header and its length. A message length beyond `u32` is encoded as the largest; no channel accepts such a
/// message.
pub(crate) fn encode(message_len: usize) -> ([u8; MAX_HEADER_LEN], usize) {
    let [a, b, c, d] = u32::try_from(message_len).unwrap_or(u32::MAX).to_be_bytes();
    match header_len(message_len) {
        2 => ([BIN8, d, 0, 0, 0], 2),
        3 => ([BIN16, c, d, 0, 0], 3),
        _ => ([BIN32, a, b, c, d], 5),
    }
}

/// Reads the header at the beginning of `bytes`.
pub(crate) fn decode(bytes: &[u8]) -> Header {
    let (header_len, message_len) = match *bytes {
        [BIN8, d, ..] => (2, u32::from(d)),
        [BIN16, c, d, ..] => (3, u32::from_be_bytes([0, 0, c, d])),
        [BIN32, a, b, c, d, ..] => (5, u32::from_be_bytes([a, b, c, d])),
        [] | [BIN8 | BIN16 | BIN32, ..] => return Header::Incomplete,
        _ => return Header::Wrong,
    };
    Header::Message {
        header_len,
        message_len: usize::try_from(message_len).unwrap_or(usize::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_comes_back_and_a_part_of_a_header_is_incomplete() {
        for message_len in [0, 1, 255, 256, 65_535, 65_536, 1 << 24] {
            let (bytes, len) = encode(message_len);
            assert_eq!(len, header_len(message_len));
            let expected = Header::Message {
                header_len: len,
                message_len,
            };
            assert_eq!(decode(&bytes[..len]), expected);
            for part in 0..len {
                assert_eq!(decode(&bytes[..part]), Header::Incomplete);
            }
        }
    }

    #[test]
    fn it_is_what_message_pack_writes() {
        for message_len in [0_u16, 255, 256, u16::MAX] {
            let mut theirs = Vec::new();
            rmp::encode::write_bin_len(&mut theirs, u32::from(message_len))
                .expect("a Vec takes every write");
            let (ours, len) = encode(usize::from(message_len));
            assert_eq!(theirs, ours[..len]);
        }
    }

    #[test]
    fn anything_else_is_wrong() {
        assert_eq!(decode(&[0x93]), Header::Wrong);
        assert_eq!(decode(&[0, 1, 2, 3, 4]), Header::Wrong);
    }
}
