//! Blobs: the files that users attach to what they say, beside the database.

mod layout;

pub use layout::{BlobKey, FoundBlob, all_blobs, blobs_in};
