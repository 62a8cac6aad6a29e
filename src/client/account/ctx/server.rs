//! The features and limits that the server announced, so that the client reports what cannot work before it tries.

use crate::protocol::{FILE_MAX_BYTES, Feature, Greeting, TEXT_MAX_BYTES};

/// What the server takes. A server that does not say it is taken for one like this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Server {
    /// The longest text that is sent to it, in bytes.
    pub(crate) text_max: usize,
    /// The largest file that it takes, in bytes; 0 if it takes none. Nothing if it has not said.
    pub(crate) file_max: Option<u64>,
    /// Whether joining a room that does not exist creates it.
    pub(crate) creates_rooms: bool,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            text_max: TEXT_MAX_BYTES,
            file_max: None,
            creates_rooms: true,
        }
    }
}

impl Server {
    pub(crate) fn of(greeting: &Greeting) -> Self {
        let like_this = Self::default();
        let limits = greeting.limits.as_ref();
        let software = greeting.software.as_ref();
        // What is longer than this version's texts no device of this version shows.
        let text_max = limits.and_then(|limits| usize::try_from(limits.text_bytes).ok());
        Self {
            text_max: text_max.map_or(TEXT_MAX_BYTES, |most| most.min(TEXT_MAX_BYTES)),
            file_max: limits.map(|limits| limits.file_bytes.min(FILE_MAX_BYTES)),
            creates_rooms: software.map_or(like_this.creates_rooms, |software| {
                software.features.contains(&Feature::RoomCreation)
            }),
        }
    }
}
