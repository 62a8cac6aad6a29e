//! How our types look in MessagePack: structs are arrays of their fields in order, enumerations are small
//! integers.
//!
//! `rmp-serde` writes variants as strings and refuses surplus fields, and both would make later versions of
//! the protocol impossible, so the two macros here write the impls by hand. The rules they keep:
//!
//! - a *surplus* trailing field (from a newer peer) is read and ignored;
//! - a *missing* trailing field is `None` if its type is an `Option`, otherwise the message is refused: a field
//!   that is added later must therefore be an `Option` at the end;
//! - an *unknown* number of an enumeration becomes its `Other(number)`, never an error; what uses it decides.

mod reader;
mod writer;

/// Declares a struct that travels as a MessagePack array of its fields. One with a lifetime borrows from the bytes that it
/// was read from. A last field behind a `;` is an `Option` that is not written where it is `None`, so that bytes without it stay
/// as they were before there was one.
macro_rules! wire_struct {
    (
        $(#[$doc:meta])* $vis:vis struct $name:ident $(<$life:lifetime>)?
        {
            $($(#[$fdoc:meta])* $fvis:vis $field:ident: $type:ty,)*
            $(; $(#[$ldoc:meta])* $lvis:vis $last:ident: $ltype:ty,)?
        }
    ) => {
        $(#[$doc])*
        #[allow(missing_docs, reason = "a field that its name explains has no comment")]
        $vis struct $name $(<$life>)? {
            $($(#[$fdoc])* $fvis $field: $type,)*
            $($(#[$ldoc])* $lvis $last: $ltype,)?
        }

        impl $(<$life>)? serde::Serialize for $name $(<$life>)? {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeTuple;
                let fields = $crate::protocol::wire::count!($($field)*) $(+ usize::from(self.$last.is_some()))?;
                let mut tuple = serializer.serialize_tuple(fields)?;
                $(tuple.serialize_element(&self.$field)?;)*
                $(if self.$last.is_some() { tuple.serialize_element(&self.$last)?; })?
                tuple.end()
            }
        }

        impl<'de $(: $life, $life)?> serde::Deserialize<'de> for $name $(<$life>)? {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Fields<T>(std::marker::PhantomData<T>);
                impl<'de $(: $life, $life)?> serde::de::Visitor<'de> for Fields<$name $(<$life>)?> {
                    type Value = $name $(<$life>)?;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("the fields of ", stringify!($name)))
                    }
                    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                        let value = $name {
                            $($field: $crate::protocol::wire::field(&mut seq, stringify!($field))?,)*
                            $($last: $crate::protocol::wire::field(&mut seq, stringify!($last))?,)?
                        };
                        $crate::protocol::wire::skip_surplus(&mut seq)?;
                        Ok(value)
                    }
                }
                deserializer.deserialize_seq(Fields(std::marker::PhantomData))
            }
        }

        $crate::protocol::wire::samples!($name [$($life)?] $($field: $type,)* $($last: $ltype,)?);
    };
}

/// Makes the samples of a struct for the property tests, unless it borrows.
macro_rules! samples {
    ($name:ident [] $($field:ident: $type:ty,)*) => {
        #[cfg(test)]
        impl $crate::protocol::tests::Sample for $name {
            fn samples() -> proptest::strategy::BoxedStrategy<Self> {
                use proptest::strategy::Strategy;
                ($(<$type as $crate::protocol::tests::Sample>::samples(),)*)
                    .prop_map(|($($field,)*)| Self { $($field,)* })
                    .boxed()
            }
        }
    };
    ($name:ident [$life:lifetime] $($fields:tt)*) => {};
}

/// Declares an enumeration that travels as a small integer; an unknown number is kept in `Other`.
macro_rules! wire_enum {
    ($(#[$doc:meta])* $vis:vis enum $name:ident { $($(#[$vdoc:meta])* $variant:ident = $number:literal => $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        $vis enum $name {
            $($(#[$vdoc])* $variant,)*
            /// A number that this version does not know.
            Other(u8),
        }

        impl $name {
            /// Every variant that this version knows.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The number that stands on the wire.
            #[must_use]
            pub const fn number(self) -> u8 {
                match self { $(Self::$variant => $number,)* Self::Other(number) => number }
            }

            /// The variant of a number from the wire.
            #[must_use]
            pub const fn from_number(number: u8) -> Self {
                match number { $($number => Self::$variant,)* other => Self::Other(other) }
            }

            /// The word by which documents and logs call it.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* Self::Other(_) => "UNKNOWN" }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    Self::Other(number) => write!(f, "UNKNOWN({number})"),
                    known => f.write_str(known.word()),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_u8(self.number())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                u8::deserialize(deserializer).map(Self::from_number)
            }
        }

        #[cfg(test)]
        impl $crate::protocol::tests::Sample for $name {
            fn samples() -> proptest::strategy::BoxedStrategy<Self> {
                use proptest::strategy::Strategy;
                proptest::arbitrary::any::<u8>().prop_map(Self::from_number).boxed()
            }
        }
    };
}

/// Counts the identifiers that it is given.
macro_rules! count {
    () => { 0 };
    ($head:ident $($tail:ident)*) => { 1 + $crate::protocol::wire::count!($($tail)*) };
}

pub(crate) use {count, samples, wire_enum, wire_struct};

use serde::de::value::UnitDeserializer;
use serde::de::{Error as _, IgnoredAny, SeqAccess};
use serde::{Deserialize, Serialize};

pub use reader::DecodeError;
pub(crate) use reader::decode;
pub(crate) use writer::encode_to;

/// Reads the next field of an array; a missing one is what its type makes of nothing, or an error.
pub(crate) fn field<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(
    seq: &mut A,
    name: &'static str,
) -> Result<T, A::Error> {
    match seq.next_element()? {
        Some(value) => Ok(value),
        None => T::deserialize(UnitDeserializer::<A::Error>::new())
            .map_err(|_| A::Error::missing_field(name)),
    }
}

/// Reads what a newer version has put after the fields that this one knows, and forgets it.
pub(crate) fn skip_surplus<'de, A: SeqAccess<'de>>(seq: &mut A) -> Result<(), A::Error> {
    while seq.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

/// Serializes any of the protocol's values, for storing it beside a message.
#[must_use]
pub fn to_bytes<T: Serialize>(value: &T) -> Vec<u8> {
    rmp_serde::to_vec(value).expect("writing to a Vec cannot fail")
}
