//! Reads MessagePack (<https://github.com/msgpack/msgpack/blob/master/spec.md>) into the protocol's types, without copying.
//!
//! A reader that must be ready for any value is compiled once for each type, and for all that a message consists of that is
//! more code than a processor's first cache holds. The protocol's types know what they expect: numbers without a sign, `str`,
//! `bin`, arrays, `nil`, `true` and `false`. Anything else is an error, unless it is to be skipped.

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use crate::protocol::MESSAGE_MAX_BYTES;

/// How deeply arrays may nest; our own messages need 5.
const DEPTH_MAX: u32 = 16;

/// Why bytes are not a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Longer than any message may be.
    #[error("the message has {0} bytes, more than the {MESSAGE_MAX_BYTES} that are allowed")]
    TooLong(usize),
    /// Not MessagePack, or not of the shape that its header calls for.
    #[error("the message is malformed: {0}")]
    Malformed(String),
    /// The content is not what its author made the digest of.
    #[error("the message's SHA-256 digest does not fit its content")]
    Digest,
}

/// Reads one value that must fill `bytes` exactly.
pub(crate) fn decode<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, DecodeError> {
    let mut reader = Reader {
        rest: bytes,
        depth: DEPTH_MAX,
    };
    let value = T::deserialize(&mut reader)?;
    if reader.rest.is_empty() {
        Ok(value)
    } else {
        Err(malformed("bytes follow its end"))
    }
}

#[cold]
fn malformed(what: &str) -> DecodeError {
    DecodeError::Malformed(what.to_owned())
}

#[cold]
fn cut() -> DecodeError {
    malformed("it ends too early")
}

#[cold]
fn unexpected(expected: &str, marker: u8) -> DecodeError {
    DecodeError::Malformed(format!("{expected} expected, not {marker:#04x}"))
}

impl de::Error for DecodeError {
    fn custom<T: std::fmt::Display>(why: T) -> Self {
        Self::Malformed(why.to_string())
    }
}

/// What is still to be read.
struct Reader<'de> {
    rest: &'de [u8],
    /// How many more arrays may begin inside each other.
    depth: u32,
}

impl<'de> Reader<'de> {
    fn peek(&self) -> Result<u8, DecodeError> {
        self.rest.first().copied().ok_or_else(cut)
    }

    fn marker(&mut self) -> Result<u8, DecodeError> {
        let (marker, rest) = self.rest.split_first().ok_or_else(cut)?;
        self.rest = rest;
        Ok(*marker)
    }

    fn take(&mut self, count: usize) -> Result<&'de [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(cut)?;
        self.rest = rest;
        Ok(taken)
    }

    /// A number of so many bytes, the highest first.
    fn big_endian(&mut self, count: usize) -> Result<u64, DecodeError> {
        let bytes = self.take(count)?.iter();
        Ok(bytes.fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// The length of a text, of bytes or of an array: a number of one, two or four bytes.
    fn length(&mut self, count: usize) -> Result<usize, DecodeError> {
        usize::try_from(self.big_endian(count)?).map_err(|_| cut())
    }

    fn number(&mut self) -> Result<u64, DecodeError> {
        let marker = self.marker()?;
        let (count, is_signed) = match marker {
            0x00..=0x7f => return Ok(marker.into()),
            0xcc..=0xcf => (1 << (marker - 0xcc), false),
            0xd0..=0xd3 => (1 << (marker - 0xd0), true),
            _ => return Err(unexpected("a number", marker)),
        };
        let number = self.big_endian(count)?;
        if is_signed && number >> (8 * count - 1) != 0 {
            return Err(malformed("a number below zero"));
        }
        Ok(number)
    }

    fn text(&mut self) -> Result<&'de str, DecodeError> {
        let marker = self.marker()?;
        let length = match marker {
            0xa0..=0xbf => usize::from(marker & 0x1f),
            0xd9..=0xdb => self.length(1 << (marker - 0xd9))?,
            _ => return Err(unexpected("a text", marker)),
        };
        std::str::from_utf8(self.take(length)?).map_err(|_| malformed("a text that is not UTF-8"))
    }

    fn bytes(&mut self) -> Result<&'de [u8], DecodeError> {
        let marker = self.marker()?;
        let length = match marker {
            0xc4..=0xc6 => self.length(1 << (marker - 0xc4))?,
            _ => return Err(unexpected("bytes", marker)),
        };
        self.take(length)
    }

    fn array(&mut self) -> Result<usize, DecodeError> {
        let marker = self.marker()?;
        match marker {
            0x90..=0x9f => Ok(usize::from(marker & 0x0f)),
            0xdc | 0xdd => self.length(2 << (marker - 0xdc)),
            _ => Err(unexpected("an array", marker)),
        }
    }

    fn deeper(&mut self) -> Result<(), DecodeError> {
        let deeper = self.depth.checked_sub(1);
        self.depth = deeper.ok_or_else(|| malformed("its arrays are nested too deeply"))?;
        Ok(())
    }

    /// Skips a value of any kind.
    fn skip(&mut self) -> Result<(), DecodeError> {
        let marker = self.marker()?;
        let (length, values) = match marker {
            0x00..=0x7f | 0xe0..=0xff | 0xc0 | 0xc2 | 0xc3 => (0, 0),
            0x80..=0x8f => (0, 2 * usize::from(marker & 0x0f)),
            0x90..=0x9f => (0, usize::from(marker & 0x0f)),
            0xa0..=0xbf => (usize::from(marker & 0x1f), 0),
            0xc4..=0xc6 => (self.length(1 << (marker - 0xc4))?, 0),
            // An extension has a byte for its type.
            0xc7..=0xc9 => (self.length(1 << (marker - 0xc7))?.saturating_add(1), 0),
            0xca => (4, 0),
            0xcb => (8, 0),
            0xcc..=0xcf => (1 << (marker - 0xcc), 0),
            0xd0..=0xd3 => (1 << (marker - 0xd0), 0),
            0xd4..=0xd8 => (1 + (1 << (marker - 0xd4)), 0),
            0xd9..=0xdb => (self.length(1 << (marker - 0xd9))?, 0),
            0xdc | 0xdd => (0, self.length(2 << (marker - 0xdc))?),
            0xde | 0xdf => (0, self.length(2 << (marker - 0xde))?.saturating_mul(2)),
            0xc1 => return Err(unexpected("a value", marker)),
        };
        self.take(length)?;
        if values > 0 {
            self.deeper()?;
            for _ in 0..values {
                self.skip()?;
            }
            self.depth += 1;
        }
        Ok(())
    }
}

/// The values of an array.
struct Values<'a, 'de> {
    reader: &'a mut Reader<'de>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Values<'_, 'de> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(&mut *self.reader).map(Some)
    }

    /// A value has at least one byte, whatever the array says.
    fn size_hint(&self) -> Option<usize> {
        Some(self.left.min(self.reader.rest.len()))
    }
}

/// The methods for numbers: what is too large for its type is the visitor's error.
macro_rules! numbers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            visitor.visit_u64(self.number()?)
        })*
    };
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = DecodeError;

    fn is_human_readable(&self) -> bool {
        false
    }

    numbers!(deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64);

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.marker()? {
            0xc2 => visitor.visit_bool(false),
            0xc3 => visitor.visit_bool(true),
            marker => Err(unexpected("true or false", marker)),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_borrowed_str(self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_borrowed_bytes(self.bytes()?)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.peek()? == 0xc0 {
            self.marker()?;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let left = self.array()?;
        self.deeper()?;
        let mut values = Values { reader: self, left };
        let value = visitor.visit_seq(&mut values)?;
        if values.left > 0 {
            return Err(malformed("an array is longer than expected"));
        }
        self.depth += 1;
        Ok(value)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.skip()?;
        visitor.visit_unit()
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, DecodeError> {
        Err(malformed("this reader does not know the type to read"))
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u128 f32 f64 char unit unit_struct tuple_struct map struct enum identifier
    }
}

#[cfg(test)]
mod tests {
    use serde::de::IgnoredAny;
    use serde_bytes::{ByteBuf, Bytes};

    use super::*;

    #[test]
    fn each_width_of_a_number_is_read_and_none_below_zero() {
        let read_number = |bytes: &[u8]| decode::<u64>(bytes);
        for (bytes, number) in [
            (&[0x7f][..], 127),
            (&[0xcc, 200], 200),
            (&[0xcd, 1, 0], 256),
            (&[0xce, 1, 0, 0, 0], 1 << 24),
            (&[0xcf, 0x80, 0, 0, 0, 0, 0, 0, 1], (1 << 63) + 1),
            (&[0xd0, 127], 127),
            (&[0xd1, 0, 200], 200),
            (&[0xd3, 0, 0, 0, 0, 0, 0, 1, 0], 256),
        ] {
            assert_eq!(read_number(bytes), Ok(number));
        }
        for bytes in [
            &[0xff][..],
            &[0xd0, 0x80],
            &[0xd1, 0x80, 0],
            &[0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0],
            &[0xcd, 1],
            &[0xca, 0, 0, 0, 0],
            &[0xc0],
            &[],
        ] {
            assert!(read_number(bytes).is_err(), "{bytes:?}");
        }
        assert!(decode::<u8>(&[0xcd, 1, 0]).is_err(), "too large");
    }

    #[test]
    fn what_another_writer_writes_is_read_alike() {
        type Shape = (u64, Option<String>, Vec<u32>, bool, ByteBuf);
        for length in [0, 1, 15, 16, 31, 32, 255, 256, 65_535, 65_536] {
            let shape: Shape = (
                length as u64,
                (length > 0).then(|| "x".repeat(length)),
                vec![7; length],
                length % 2 == 0,
                ByteBuf::from(vec![1; length]),
            );
            let bytes = rmp_serde::to_vec(&shape).unwrap();
            assert_eq!(decode::<Shape>(&bytes).as_ref(), Ok(&shape), "{length}");
            assert_eq!(rmp_serde::from_slice::<Shape>(&bytes).unwrap(), shape);
            assert!(decode::<IgnoredAny>(&bytes).is_ok());
            for end in (0..bytes.len()).step_by(1 + bytes.len() / 500) {
                assert!(decode::<Shape>(&bytes[..end]).is_err());
                assert!(decode::<IgnoredAny>(&bytes[..end]).is_err());
            }
        }
    }

    #[test]
    fn values_of_every_kind_are_skipped() {
        for bytes in [
            &[0xe0][..],
            &[0xc0],
            &[0x82, 1, 0xa1, b'x', 2, 0x90],
            &[0xc7, 2, 5, 1, 1],
            &[0xca, 1, 2, 3, 4],
            &[0xcb, 1, 2, 3, 4, 5, 6, 7, 8],
            &[0xd4, 5, 1],
            &[
                0xd8, 5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
            ],
            &[0xde, 0, 1, 1, 2],
            &[0xdf, 0, 0, 0, 1, 1, 2],
            &[0xdc, 0, 2, 1, 2],
        ] {
            assert!(decode::<IgnoredAny>(bytes).is_ok(), "{bytes:?}");
            assert!(decode::<IgnoredAny>(&bytes[..bytes.len() - 1]).is_err());
        }
        assert!(decode::<IgnoredAny>(&[0xc1]).is_err());
        // What claims to be long ends at once.
        assert!(decode::<IgnoredAny>(&[0xdf, 0xff, 0xff, 0xff, 0xff]).is_err());
        assert!(decode::<Vec<u64>>(&[0xdd, 0xff, 0xff, 0xff, 0xff, 1]).is_err());
    }

    #[test]
    fn what_is_not_expected_is_refused() {
        assert!(decode::<&str>(&[0xc4, 1, b'x']).is_err(), "bytes");
        assert!(decode::<&str>(&[0xa1, 0xff]).is_err(), "not UTF-8");
        assert!(decode::<&Bytes>(&[0xa1, b'x']).is_err(), "a text");
        assert!(decode::<(u8, u8)>(&[0x93, 1, 2, 3]).is_err(), "longer");
        assert!(decode::<(u8, u8)>(&[0x91, 1]).is_err(), "shorter");
        assert!(decode::<bool>(&[1]).is_err());
        assert!(decode::<u8>(&[1, 1]).is_err(), "something follows");
    }

    #[test]
    fn arrays_nest_no_deeper_than_is_allowed() {
        for (depth, is_read) in [(16, true), (17, false), (100_000, false)] {
            let mut bytes = vec![0x91; depth];
            bytes.push(1);
            assert_eq!(decode::<IgnoredAny>(&bytes).is_ok(), is_read, "{depth}");
        }
    }
}
