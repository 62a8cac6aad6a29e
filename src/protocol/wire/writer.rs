//! Writes the protocol's types as MessagePack (<https://github.com/msgpack/msgpack/blob/master/spec.md>): each number, text and
//! array in its shortest form.
//!
//! As the [reader](super::reader) it knows only what our types consist of. Writing to memory cannot fail, and so nothing of what
//! a message is written by asks whether it has.

use serde::Serialize;
use serde::ser::{self, Impossible, SerializeSeq, SerializeTuple, Serializer};

/// Appends a value to `bytes`.
///
/// # Panics
/// A type of ours has what no message consists of: a number below zero, a fraction, a map.
pub(crate) fn encode_to<T: Serialize + ?Sized>(bytes: &mut Vec<u8>, value: &T) {
    match value.serialize(&mut Writer { bytes }) {
        Ok(()) => {}
        Err(never) => match never {},
    }
}

/// What goes wrong: nothing.
#[derive(Debug)]
enum Never {}

impl std::fmt::Display for Never {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {}
    }
}

impl std::error::Error for Never {}

impl ser::Error for Never {
    fn custom<T: std::fmt::Display>(why: T) -> Self {
        refuse(&why.to_string())
    }
}

#[cold]
fn refuse(what: &str) -> ! {
    panic!("no message has this: {what}")
}

/// The message that is written.
struct Writer<'a> {
    bytes: &'a mut Vec<u8>,
}

impl Writer<'_> {
    /// The marker of the shortest width that holds a number, of which the first is given, and the number in that width.
    fn put(&mut self, first: u8, number: u64) {
        let (step, length) = match number {
            0..=0xff => (0, 1),
            0x100..=0xffff => (1, 2),
            0x1_0000..=0xffff_ffff => (2, 4),
            _ => (3, 8),
        };
        self.bytes.push(first + step);
        self.bytes
            .extend_from_slice(&number.to_be_bytes()[8 - length..]);
    }

    fn number(&mut self, number: u64) {
        match u8::try_from(number) {
            Ok(small @ 0..=0x7f) => self.bytes.push(small),
            _ => self.put(0xcc, number),
        }
    }

    fn text(&mut self, text: &str) {
        match u8::try_from(text.len()) {
            Ok(short @ 0..=31) => self.bytes.push(0xa0 | short),
            _ => self.put(0xd9, text.len() as u64),
        }
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// The beginning of an array; its length has at least two bytes.
    fn array(&mut self, values: usize) {
        match u8::try_from(values) {
            Ok(few @ 0..=15) => self.bytes.push(0x90 | few),
            Ok(some) => self.bytes.extend_from_slice(&[0xdc, 0, some]),
            // No marker has a length of one byte; this is where it would be.
            Err(_) => self.put(0xdb, values as u64),
        }
    }
}

/// What is written value by value, whether or not its type knows how many there are.
macro_rules! one_by_one {
    ($($kind:ident)*) => {
        $(impl $kind for &mut Writer<'_> {
            type Ok = ();
            type Error = Never;

            fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Never> {
                value.serialize(&mut **self)
            }

            fn end(self) -> Result<(), Never> {
                Ok(())
            }
        })*
    };
}

one_by_one!(SerializeSeq SerializeTuple);

/// The methods for numbers.
macro_rules! numbers {
    ($($method:ident $type:ty,)*) => {
        $(fn $method(self, number: $type) -> Result<(), Never> {
            self.number(number.into());
            Ok(())
        })*
    };
}

/// The methods for what no message consists of.
macro_rules! nothing_else {
    ($($method:ident($($type:ty),*) -> $result:ty,)*) => {
        $(fn $method(self, $(_: $type),*) -> Result<$result, Never> {
            refuse(stringify!($method))
        })*
    };
}

impl Serializer for &mut Writer<'_> {
    type Ok = ();
    type Error = Never;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Impossible<(), Never>;
    type SerializeTupleVariant = Impossible<(), Never>;
    type SerializeMap = Impossible<(), Never>;
    type SerializeStruct = Impossible<(), Never>;
    type SerializeStructVariant = Impossible<(), Never>;

    fn is_human_readable(&self) -> bool {
        false
    }

    numbers!(serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64,);

    fn serialize_bool(self, value: bool) -> Result<(), Never> {
        self.bytes.push(0xc2 | u8::from(value));
        Ok(())
    }

    fn serialize_str(self, text: &str) -> Result<(), Never> {
        self.text(text);
        Ok(())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), Never> {
        self.put(0xc4, bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Never> {
        self.bytes.push(0xc0);
        Ok(())
    }

    fn serialize_unit(self) -> Result<(), Never> {
        self.serialize_none()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Never> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Never> {
        value.serialize(self)
    }

    /// # Panics
    /// The number of values is not known before.
    fn serialize_seq(self, values: Option<usize>) -> Result<Self, Never> {
        self.array(values.expect("how many there are is known"));
        Ok(self)
    }

    fn serialize_tuple(self, values: usize) -> Result<Self, Never> {
        self.array(values);
        Ok(self)
    }

    nothing_else! {
        serialize_i8(i8) -> (),
        serialize_i16(i16) -> (),
        serialize_i32(i32) -> (),
        serialize_i64(i64) -> (),
        serialize_f32(f32) -> (),
        serialize_f64(f64) -> (),
        serialize_char(char) -> (),
        serialize_unit_struct(&'static str) -> (),
        serialize_unit_variant(&'static str, u32, &'static str) -> (),
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct,
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant,
        serialize_map(Option<usize>) -> Self::SerializeMap,
        serialize_struct(&'static str, usize) -> Self::SerializeStruct,
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant,
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Never> {
        refuse("serialize_newtype_variant")
    }
}

#[cfg(test)]
mod tests {
    use serde_bytes::Bytes;

    use super::*;

    fn written<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode_to(&mut bytes, value);
        bytes
    }

    #[test]
    fn each_width_is_the_shortest_and_what_another_library_writes() {
        let borders = [0_u64, 1, 15, 16, 31, 32, 127, 128, 255, 256, 65_535, 65_536];
        let large = [u64::from(u32::MAX), 1 << 32, u64::MAX];
        for number in borders.into_iter().chain(large) {
            assert_eq!(written(&number), rmp_serde::to_vec(&number).unwrap());
        }
        for length in borders.map(|border| usize::try_from(border).unwrap()) {
            let text = "x".repeat(length);
            assert_eq!(written(&text), rmp_serde::to_vec(&text).unwrap());
            let bytes = Bytes::new(text.as_bytes());
            assert_eq!(written(bytes), rmp_serde::to_vec(bytes).unwrap());
            let values = vec![Some(length > 16); length];
            assert_eq!(written(&values), rmp_serde::to_vec(&values).unwrap());
        }
        let mixed = (Some(7_u8), None::<u16>, "tea", [300_u32; 3], true);
        assert_eq!(written(&mixed), rmp_serde::to_vec(&mixed).unwrap());
    }

    #[test]
    #[should_panic(expected = "no message has this: serialize_i64")]
    fn type_that_no_message_consists_of_is_noticed() {
        written(&-1_i64);
    }
}
