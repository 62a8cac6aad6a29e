//! Copies of the files that are sent, so that what becomes of a file meanwhile does not matter.
//!
//! A copy is the file's content, its tree after that, and last the content's length in eight bytes. It has its name only
//! once it is whole and durable.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek as _, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::{UNFINISHED, copy_while, media_type, sync_directory_of, unwanted};
use crate::cli::connect::state::open_own;
use crate::client::CopiedFile;
use crate::protocol::{FILE_NAME_MAX_BYTES, FileSize, FileTree};
use crate::store::{self, advice};
use crate::text::system_error::words;

/// How long the length is that stands last, in bytes.
const LENGTH_BYTES: usize = 8;

/// A copy that can be read.
pub struct Copy {
    file: File,
    size: FileSize,
}

impl Copy {
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = open_own(path, OpenOptions::new().read(true))?;
        let damaged = || io::Error::new(ErrorKind::InvalidData, "the copy to be sent is damaged");
        let length = file.metadata()?.len();
        let end = length
            .checked_sub(LENGTH_BYTES as u64)
            .ok_or_else(damaged)?;
        let mut bytes = [0; LENGTH_BYTES];
        file.read_exact_at(&mut bytes, end)?;
        let size =
            FileSize::new(u64::from_le_bytes(bytes)).filter(|size| size.stream_bytes() == end);
        let size = size.ok_or_else(damaged)?;
        Ok(Self { file, size })
    }

    /// Reads from the stream, which is the tree and then the content: all that there is room for, less only at its end.
    pub fn read(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let (content, tree) = (self.size.bytes(), self.size.tree_bytes());
        let mut read = 0;
        while read < into.len() {
            let at = offset.saturating_add(read as u64);
            let (from, left) = if at < tree {
                (content + at, tree - at)
            } else if at < tree + content {
                (at - tree, tree + content - at)
            } else {
                break;
            };
            let room = into.len() - read;
            let most = usize::try_from(left).unwrap_or(room).min(room);
            match self.file.read_at(&mut into[read..read + most], from) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => read += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }
}

/// Copies a user's file, as long as that is wanted.
///
/// # Errors
/// Why it was not copied, without its name; nothing is left then.
pub fn make(
    from: &Path,
    to: &Path,
    max_bytes: u64,
    is_wanted: &dyn Fn() -> bool,
) -> Result<CopiedFile, String> {
    let source = open(from)?;
    let making = to.with_extension(UNFINISHED);
    let made = write(&source, &making, max_bytes, is_wanted).and_then(|tree| {
        fs::rename(&making, to)?;
        sync_directory_of(to)?;
        Ok(tree)
    });
    let tree = made.map_err(|error| {
        // What cannot be removed now is removed at the next start.
        let _ = fs::remove_file(&making);
        if error.kind() == ErrorKind::FileTooLarge {
            return format!("it is larger than {max_bytes} bytes, the most that the server takes");
        }
        format!("{}{}", words(&error), advice(&error))
    })?;
    let name = from.file_name().unwrap_or_default().to_string_lossy();
    let name = &name[..name.floor_char_boundary(FILE_NAME_MAX_BYTES)];
    Ok(CopiedFile {
        name: name.to_owned(),
        media_type: media_type::of(name).to_owned(),
        tree,
    })
}

/// Opens a file of the user's, and nothing that would be waited for.
pub fn open(path: &Path) -> Result<File, String> {
    store::open_regular(path).map_err(|error| {
        if path.is_dir() {
            return "it is a folder: pack it into one file first, as with tar".to_owned();
        }
        format!("{}{}", words(&error), advice(&error))
    })
}

fn write(
    source: &File,
    making: &Path,
    max_bytes: u64,
    is_wanted: &dyn Fn() -> bool,
) -> io::Result<FileTree> {
    if source.metadata()?.len() > max_bytes {
        return Err(ErrorKind::FileTooLarge.into());
    }
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600);
    let mut copy = open_own(making, &mut options)?;
    // One more byte would be too many: the file may grow meanwhile.
    let most = max_bytes.saturating_add(1);
    if copy_while(is_wanted, source, &mut copy, most)? > max_bytes {
        return Err(ErrorKind::FileTooLarge.into());
    }
    copy.rewind()?;
    let tree = FileTree::read(&mut Until {
        file: &copy,
        is_wanted,
    })?;
    copy.write_all(tree.as_bytes())?;
    copy.write_all(&tree.size().bytes().to_le_bytes())?;
    copy.sync_all()?;
    Ok(tree)
}

/// A file that is read as long as it is wanted.
struct Until<'a> {
    file: &'a File,
    is_wanted: &'a dyn Fn() -> bool,
}

impl Read for Until<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if !(self.is_wanted)() {
            return Err(unwanted());
        }
        self.file.read(into)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::os::unix::net::UnixListener;
    use std::path::PathBuf;

    use nix::sys::stat::Mode;

    use super::*;
    use crate::protocol::CHUNK_BYTES;

    struct Place(tempfile::TempDir);

    impl Place {
        fn new() -> Self {
            let place = Self(tempfile::tempdir().unwrap());
            fs::create_dir(place.0.path().join("outgoing")).unwrap();
            place
        }

        fn file(&self, name: &str, content: &[u8]) -> PathBuf {
            let path = self.0.path().join(name);
            fs::write(&path, content).unwrap();
            path
        }

        fn copy(&self) -> PathBuf {
            self.0.path().join("outgoing/0000000000000007")
        }

        fn make(&self, from: &Path) -> Result<CopiedFile, String> {
            make(from, &self.copy(), 1 << 20, &|| true)
        }

        fn left(&self) -> usize {
            fs::read_dir(self.0.path().join("outgoing"))
                .unwrap()
                .count()
        }
    }

    fn content(length: usize) -> Vec<u8> {
        (0..251_u8).cycle().take(length).collect()
    }

    fn stream(path: &Path, step: usize) -> Vec<u8> {
        let copy = Copy::open(path).unwrap();
        let mut stream = Vec::new();
        let mut piece = vec![0; step];
        loop {
            let read = copy.read(stream.len() as u64, &mut piece).unwrap();
            stream.extend(&piece[..read]);
            if read < step {
                return stream;
            }
        }
    }

    #[test]
    fn copy_is_the_stream_of_the_file_whatever_its_length_and_becomes_of_it() {
        let place = Place::new();
        for length in [
            0,
            1,
            CHUNK_BYTES - 1,
            CHUNK_BYTES,
            CHUNK_BYTES + 1,
            5 * CHUNK_BYTES + 7,
        ] {
            let content = content(length);
            let file = place.file("chart.pdf", &content);
            let copied = place.make(&file).unwrap();
            fs::write(&file, "another").unwrap();
            let tree = FileTree::read(&mut &content[..]).unwrap();
            assert_eq!(copied.tree, tree);
            let expected = [tree.as_bytes(), &content].concat();
            for step in [1000, 32 * 1024, 1 << 20] {
                assert!(
                    stream(&place.copy(), step) == expected,
                    "{length} by {step}"
                );
            }
            assert_eq!(copied.name, "chart.pdf");
            assert_eq!(copied.media_type, "application/pdf");
            let mode = fs::metadata(place.copy()).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            assert_eq!(place.left(), 1);
        }
    }

    #[test]
    fn what_is_no_file_that_can_be_read_is_refused_at_once() {
        let place = Place::new();
        let at = |name: &str| place.0.path().join(name);
        nix::unistd::mkfifo(&at("pipe"), Mode::S_IRWXU).unwrap();
        drop(UnixListener::bind(at("socket")).unwrap());
        symlink(at("pipe"), at("link")).unwrap();
        symlink(at("circle"), at("circle")).unwrap();
        for (path, why) in [
            (at("nothing"), "No such file"),
            (at("pipe"), "not a regular file"),
            (at("link"), "not a regular file"),
            (at("circle"), "symbolic links"),
            (at("outgoing"), "as with tar"),
            (at("socket"), "No such device"),
            ("/dev/zero".into(), "not a regular file"),
        ] {
            let error = place.make(&path).unwrap_err();
            assert!(error.contains(why), "{}: {error}", path.display());
        }
        assert_eq!(place.left(), 0);
    }

    #[test]
    fn file_without_a_length_is_read_to_its_end_and_one_without_an_end_is_given_up() {
        let place = Place::new();
        // It says that it has no bytes.
        let copied = place.make(Path::new("/proc/self/status")).unwrap();
        assert!(copied.tree.size().bytes() > 100);
        let file = place.file("log", b"");
        let appended = Cell::new(0);
        let grows = || {
            let longer = content(1 << 21);
            let mut log = OpenOptions::new().append(true).open(&file).unwrap();
            log.write_all(&longer).unwrap();
            appended.set(appended.get() + longer.len() as u64);
            assert!(appended.get() < 1 << 24, "it does not stop");
            true
        };
        let other = place.copy().with_file_name("other");
        let error = make(&file, &other, 3 << 20, &grows).unwrap_err();
        assert!(error.contains("larger than 3145728 bytes"), "{error}");
        let large = place.file("large", &content((1 << 20) + 1));
        let error = place.make(&large).unwrap_err();
        assert!(error.contains("larger than"), "{error}");
        assert_eq!(place.left(), 1);
        place.make(&place.file("most", &content(1 << 20))).unwrap();
    }

    #[test]
    fn copy_that_is_no_longer_wanted_leaves_nothing() {
        let place = Place::new();
        let file = place.file("large", &content(300_000));
        for calls in 0..4_u32 {
            let left = Cell::new(calls);
            let is_wanted = || left.replace(left.get().saturating_sub(1)) > 0;
            assert!(make(&file, &place.copy(), 1 << 20, &is_wanted).is_err());
            assert_eq!(place.left(), 0, "{calls}");
        }
    }

    #[test]
    fn link_in_the_place_of_a_copy_is_not_followed() {
        let place = Place::new();
        let file = place.file("chart", b"chart");
        let victim = place.file("victim", b"keep");
        symlink(&victim, place.copy().with_extension("new")).unwrap();
        let error = place.make(&file).unwrap_err();
        assert!(error.contains("symbolic links"), "{error}");
        assert_eq!(fs::read(victim).unwrap(), b"keep");
        assert_eq!(place.left(), 0);
    }

    #[test]
    fn copy_that_is_cut_off_is_an_error() {
        let place = Place::new();
        let content = content(2 * CHUNK_BYTES + 3);
        place.make(&place.file("chart", &content)).unwrap();
        let whole = fs::read(place.copy()).unwrap();
        for length in [0, 7, 8, whole.len() - 1, CHUNK_BYTES] {
            fs::write(place.copy(), &whole[..length]).unwrap();
            assert!(Copy::open(&place.copy()).is_err(), "{length}");
        }
    }
}
