//! What the tests of this layer stand on.

use redb::backends::InMemoryBackend;
use redb::{Builder, Database};

pub(super) use crate::kit::{Memory, Screen};
pub(super) use crate::testing::instant;

/// An empty database in memory.
pub(super) fn database() -> Database {
    Builder::new()
        .create_with_backend(InMemoryBackend::new())
        .expect("memory does not fail")
}
