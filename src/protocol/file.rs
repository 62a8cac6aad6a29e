//! Files: how they are cut, and how each piece is verified as it comes.
//!
//! A file is named by its BLAKE3 root. What is transferred of it is one stream of bytes: its tree, then its content. The tree
//! is the chaining values of its chunks, from which the hash's own tree gives the root; so it is verified as a whole before
//! the first chunk comes, and each chunk by its own value as soon as it is there. A file of one chunk needs no tree.
//!
//! A stream is sent in order, so how far it has come is one number, and every transfer goes on from there.

use std::io::{self, Read};

use blake3::Hasher;
use blake3::hazmat::{HasherExt as _, Mode, merge_subtrees_non_root, merge_subtrees_root};

use super::Bytes;

/// The BLAKE3 hash of a file's content.
pub type FileRoot = Bytes<32>;

/// What is verified at once, in bytes. Chosen: the tree is a two-thousandth of the file, and a chunk a few hundred packets at
/// most.
pub const CHUNK_BYTES: usize = 64 * 1024;

/// The chaining value of a chunk, in bytes.
const VALUE_BYTES: usize = 32;

/// The longest part of a stream in one message, in bytes. Chosen: half a chunk, which fits a message with all that stands
/// around it, and which nothing else waits for long.
pub const PIECE_MAX_BYTES: usize = 32 * 1024;

/// The largest file of the protocol, in bytes: a server takes fewer. Chosen: its tree is 8 MiB, which is held in memory while the
/// file is verified.
pub const FILE_MAX_BYTES: u64 = 16 * 1024 * 1024 * 1024;

const _: () = assert!(
    CHUNK_BYTES.is_power_of_two()
        && CHUNK_BYTES.is_multiple_of(PIECE_MAX_BYTES)
        && PIECE_MAX_BYTES + 1024 < super::MESSAGE_MAX_BYTES
);

/// How long a file is, and from that how its stream is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileSize(u64);

impl FileSize {
    /// A file of so many bytes, if files can be so large. An empty file is one.
    #[must_use]
    pub const fn new(bytes: u64) -> Option<Self> {
        if bytes <= FILE_MAX_BYTES {
            Some(Self(bytes))
        } else {
            None
        }
    }

    /// The largest.
    #[must_use]
    pub const fn largest() -> Self {
        Self(FILE_MAX_BYTES)
    }

    /// In bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// In how many chunks; the last may be shorter.
    #[must_use]
    pub const fn chunks(self) -> u64 {
        self.0.div_ceil(CHUNK_BYTES as u64)
    }

    /// How long the tree is with which the stream begins, in bytes.
    #[must_use]
    pub const fn tree_bytes(self) -> u64 {
        match self.chunks() {
            0 | 1 => 0,
            chunks => chunks * VALUE_BYTES as u64,
        }
    }

    /// How long the whole stream is, in bytes.
    #[must_use]
    pub const fn stream_bytes(self) -> u64 {
        self.tree_bytes() + self.0
    }

    /// How much of the content is there, in bytes, when so much of the stream is.
    #[must_use]
    pub const fn content_within(self, stream_bytes: u64) -> u64 {
        stream_bytes.saturating_sub(self.tree_bytes())
    }

    /// How long a chunk is, in bytes.
    #[must_use]
    pub fn chunk_bytes(self, chunk: u64) -> usize {
        let begin = chunk.saturating_mul(CHUNK_BYTES as u64);
        let rest = self.0.saturating_sub(begin).min(CHUNK_BYTES as u64);
        usize::try_from(rest).unwrap_or(CHUNK_BYTES)
    }
}

/// The tree of a file, which is verified, or was made of the file itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileTree {
    size: FileSize,
    root: FileRoot,
    /// One for each chunk; none where there is one chunk at most.
    values: Vec<[u8; VALUE_BYTES]>,
}

impl FileTree {
    /// The tree of a file that is read to its end, and how long that is.
    ///
    /// # Errors
    /// What reading it says, or if it is larger than files can be.
    pub fn read(content: &mut impl Read) -> io::Result<Self> {
        let mut values = Vec::new();
        let mut chunk = Vec::with_capacity(CHUNK_BYTES);
        let mut bytes = 0;
        let mut whole = blake3::hash(&[]);
        loop {
            chunk.clear();
            let limit = CHUNK_BYTES as u64;
            content.by_ref().take(limit).read_to_end(&mut chunk)?;
            if chunk.is_empty() {
                break;
            }
            if bytes == 0 {
                whole = blake3::hash(&chunk);
            }
            values.push(value_of(values.len() as u64, &chunk));
            bytes += chunk.len() as u64;
            if bytes > FILE_MAX_BYTES {
                let problem = format!("it has more than {FILE_MAX_BYTES} bytes");
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, problem));
            }
        }
        let size = FileSize(bytes);
        let root = match values.len() {
            0 | 1 => {
                values.clear();
                Bytes(*whole.as_bytes())
            }
            _ => root_of(&values),
        };
        Ok(Self { size, root, values })
    }

    /// The tree with which a stream began, if it is that of the file with this root. Of a file of one chunk it is empty.
    #[must_use]
    pub fn verify(root: FileRoot, size: FileSize, tree: &[u8]) -> Option<Self> {
        if tree.len() as u64 != size.tree_bytes() {
            return None;
        }
        let (values, rest) = tree.as_chunks::<VALUE_BYTES>();
        let values = values.to_vec();
        let fits = rest.is_empty() && (values.is_empty() || root_of(&values) == root);
        fits.then_some(Self { size, root, values })
    }

    /// Whether these bytes are this chunk of the file, counted from 0.
    #[must_use]
    pub fn is_chunk(&self, chunk: u64, bytes: &[u8]) -> bool {
        if bytes.len() != self.size.chunk_bytes(chunk) {
            return false;
        }
        if self.values.is_empty() {
            return chunk == 0 && blake3::hash(bytes).as_bytes() == &self.root.0;
        }
        let value = usize::try_from(chunk)
            .ok()
            .and_then(|at| self.values.get(at));
        value.is_some_and(|value| *value == value_of(chunk, bytes))
    }

    /// The file's root.
    #[must_use]
    pub const fn root(&self) -> FileRoot {
        self.root
    }

    /// How long the file is.
    #[must_use]
    pub const fn size(&self) -> FileSize {
        self.size
    }

    /// As the stream has it.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.values.as_flattened()
    }
}

/// The chaining value of a chunk, counted from 0, of a file of several.
fn value_of(chunk: u64, bytes: &[u8]) -> [u8; VALUE_BYTES] {
    let mut hasher = Hasher::new();
    hasher.set_input_offset(chunk * CHUNK_BYTES as u64);
    hasher.update(bytes);
    hasher.finalize_non_root()
}

/// The root of a file of several chunks.
fn root_of(values: &[[u8; VALUE_BYTES]]) -> FileRoot {
    let (left, right) = values.split_at(left_of(values.len()));
    let root = merge_subtrees_root(&merged(left), &merged(right), Mode::Hash);
    Bytes(*root.as_bytes())
}

/// The chaining value of several chunks beside one another. It goes as deep as the tree is high, 18 steps at most.
fn merged(values: &[[u8; VALUE_BYTES]]) -> [u8; VALUE_BYTES] {
    if let [value] = values {
        return *value;
    }
    let (left, right) = values.split_at(left_of(values.len()));
    merge_subtrees_non_root(&merged(left), &merged(right), Mode::Hash)
}

/// How many of so many chunks, two at least, the left part of their tree has (BLAKE3, section 2.1): the largest power of two that
/// leaves one for the right part.
const fn left_of(chunks: usize) -> usize {
    1 << (chunks - 1).ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn content(bytes: usize) -> Vec<u8> {
        let mut content = vec![0; bytes];
        Hasher::new().finalize_xof().fill(&mut content);
        content
    }

    #[test]
    fn root_is_the_hash_of_the_file_whatever_its_length() {
        let chunk = CHUNK_BYTES;
        let lengths = [
            0,
            1,
            chunk - 1,
            chunk,
            chunk + 1,
            2 * chunk,
            2 * chunk + 1,
            3 * chunk,
            4 * chunk,
            5 * chunk - 7,
            7 * chunk,
            8 * chunk,
            9 * chunk + 1,
            33 * chunk,
        ];
        for length in lengths {
            let content = content(length);
            let tree = FileTree::read(&mut &content[..]).unwrap();
            let root = blake3::hash(&content);
            assert_eq!(tree.root().0, *root.as_bytes(), "{length}");
            assert_eq!(tree.size().bytes(), length as u64);
            let size = tree.size();
            assert_eq!(tree.as_bytes().len() as u64, size.tree_bytes());
            let verified = FileTree::verify(tree.root(), size, tree.as_bytes());
            assert_eq!(verified.as_ref(), Some(&tree), "{length}");
            for (number, bytes) in content.chunks(chunk).enumerate() {
                assert!(tree.is_chunk(number as u64, bytes), "{length}: {number}");
                assert!(!tree.is_chunk(number as u64 + 1, bytes));
            }
            assert_eq!(size.chunks(), content.chunks(chunk).count() as u64);
        }
    }

    #[test]
    fn tree_of_another_length_and_of_another_file_is_refused() {
        let content = content(3 * CHUNK_BYTES + 5);
        let tree = FileTree::read(&mut &content[..]).unwrap();
        let (root, size) = (tree.root(), tree.size());
        let bytes = tree.as_bytes();
        assert_eq!(FileTree::verify(root, size, &bytes[1..]), None);
        assert_eq!(
            FileTree::verify(root, size, &[bytes, &[0; 32]].concat()),
            None
        );
        assert_eq!(FileTree::verify(Bytes([7; 32]), size, bytes), None);
        let larger = FileSize::new(size.bytes() + CHUNK_BYTES as u64).unwrap();
        assert_eq!(FileTree::verify(root, larger, bytes), None);
        assert_eq!(FileSize::new(FILE_MAX_BYTES + 1), None);
    }

    proptest! {
        #[test]
        fn changed_bit_of_tree_or_chunk_is_found(
            length in 1_usize..4 * CHUNK_BYTES, at in any::<prop::sample::Index>(), bit in 0..8,
        ) {
            let content = content(length);
            let tree = FileTree::read(&mut &content[..]).unwrap();
            let mut stream = [tree.as_bytes(), &content].concat();
            let at = at.index(stream.len());
            stream[at] ^= 1_u8 << bit;
            let (changed, content) = stream.split_at(tree.as_bytes().len());
            let verified = FileTree::verify(tree.root(), tree.size(), changed);
            let is_whole = verified.is_some_and(|tree| {
                let mut chunks = content.chunks(CHUNK_BYTES).enumerate();
                chunks.all(|(number, bytes)| tree.is_chunk(number as u64, bytes))
            });
            prop_assert!(!is_whole);
        }
    }
}
