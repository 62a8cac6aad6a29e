//! Blobs as they come, and what is wrong with them: on a disk in memory, in a directory, and on the thread.

use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use super::*;
use crate::protocol::{AccountId, Bytes, CHUNK_BYTES, FileSize, FileTree, PIECE_MAX_BYTES};

/// A file, and the stream as which it travels.
fn file(account: u64, bytes: usize) -> (BlobKey, Vec<u8>) {
    let content: Vec<u8> = (0..=250).cycle().take(bytes).collect();
    let tree = FileTree::read(&mut &content[..]).unwrap();
    let key = BlobKey {
        account: AccountId(account),
        root: tree.root(),
        size: tree.size(),
    };
    (key, [tree.as_bytes(), &content].concat())
}

struct Bench {
    blobs: Blobs,
    disk: MemoryBlobs,
}

impl Bench {
    fn new() -> Self {
        Self::on(MemoryBlobs::default())
    }

    /// A process with what the one before has left.
    fn on(disk: MemoryBlobs) -> Self {
        let blobs = Blobs::new(Box::new(disk.clone()));
        Self { blobs, disk }
    }

    fn ask(&mut self, request: BlobRequest) -> BlobOutcome {
        ask(&mut self.blobs, request)
    }

    fn write(&mut self, key: BlobKey, offset: usize, bytes: &[u8]) -> BlobOutcome {
        let (offset, bytes) = (offset as u64, bytes.to_vec());
        self.ask(BlobRequest::Write { key, offset, bytes })
    }

    /// Writes a stream in pieces from a place on; the last answer.
    fn bring(&mut self, key: BlobKey, stream: &[u8], from: usize) -> BlobOutcome {
        let mut last = BlobOutcome::Taken(from as u64);
        for (at, piece) in stream[from..].chunks(PIECE_MAX_BYTES).enumerate() {
            assert!(matches!(last, BlobOutcome::Taken(_)), "{last:?}");
            last = self.write(key, from + at * PIECE_MAX_BYTES, piece);
        }
        last
    }

    fn read(&mut self, key: BlobKey, offset: usize, length: usize) -> BlobOutcome {
        let offset = offset as u64;
        self.ask(BlobRequest::Read {
            key,
            offset,
            length,
        })
    }
}

fn ask(blobs: &mut Blobs, request: BlobRequest) -> BlobOutcome {
    let mut answer = blobs.execute(RequestId(7), request);
    while answer.is_none() {
        assert!(blobs.has_steps());
        answer = blobs.step();
    }
    let answer = answer.expect("it was waited for");
    assert_eq!(answer.id, RequestId(7));
    answer.outcome
}

#[test]
fn file_of_any_length_is_taken_in_pieces_and_read_back() {
    let chunk = CHUNK_BYTES;
    for bytes in [0, 1, chunk - 1, chunk, chunk + 1, 3 * chunk, 9 * chunk + 5] {
        let mut bench = Bench::new();
        let (key, stream) = file(1, bytes);
        let begun = bench.ask(BlobRequest::Begin(key));
        if bytes > 0 {
            assert_eq!(begun, BlobOutcome::Taken(0), "{bytes}");
            assert_eq!(bench.read(key, 0, 1), BlobOutcome::Missing);
            assert_eq!(
                bench.bring(key, &stream, 0),
                BlobOutcome::Complete,
                "{bytes}"
            );
        } else {
            assert_eq!(begun, BlobOutcome::Complete);
        }
        let mut back = Vec::new();
        while let BlobOutcome::Read(read) = bench.read(key, back.len(), 40_000)
            && !read.is_empty()
        {
            back.extend(read);
        }
        assert_eq!(back, stream, "{bytes}");
        assert_eq!(bench.ask(BlobRequest::Begin(key)), BlobOutcome::Complete);
    }
}

#[test]
fn what_does_not_fit_is_found_with_its_chunk_and_the_rest_goes_on_from_there() {
    let mut bench = Bench::new();
    let (key, stream) = file(1, 4 * CHUNK_BYTES);
    bench.ask(BlobRequest::Begin(key));
    let tree_bytes = 4 * 32;
    let mut changed = stream.clone();
    changed[5] ^= 1;
    assert_eq!(
        bench.write(key, 0, &changed[..tree_bytes]),
        BlobOutcome::Damaged(0)
    );
    assert_eq!(
        bench.write(key, 0, &stream[..tree_bytes]),
        BlobOutcome::Taken(128)
    );
    // The second chunk, in two pieces with what is left of the first.
    changed[tree_bytes + 2 * CHUNK_BYTES - 1] ^= 1;
    let to = tree_bytes + 2 * CHUNK_BYTES;
    let from = tree_bytes + CHUNK_BYTES / 2;
    assert_eq!(
        bench.write(key, tree_bytes, &stream[tree_bytes..from]),
        BlobOutcome::Taken(128)
    );
    let taken = (tree_bytes + CHUNK_BYTES) as u64;
    assert_eq!(
        bench.write(key, from, &changed[from..to]),
        BlobOutcome::Damaged(taken)
    );
    // What was under way after it is not written.
    assert_eq!(
        bench.write(key, to, &stream[to..to + 9]),
        BlobOutcome::Elsewhere(taken)
    );
    assert_eq!(
        bench.bring(key, &stream, tree_bytes + CHUNK_BYTES),
        BlobOutcome::Complete
    );
}

#[test]
fn part_may_begin_again_at_what_was_taken_and_nowhere_else() {
    let mut bench = Bench::new();
    let (key, stream) = file(1, 2 * CHUNK_BYTES);
    assert_eq!(bench.write(key, 0, &stream[..9]), BlobOutcome::Elsewhere(0));
    bench.ask(BlobRequest::Begin(key));
    assert_eq!(bench.write(key, 0, &stream[..100]), BlobOutcome::Taken(64));
    assert_eq!(
        bench.write(key, 99, &stream[99..200]),
        BlobOutcome::Elsewhere(64)
    );
    assert_eq!(bench.ask(BlobRequest::Begin(key)), BlobOutcome::Taken(64));
    // Longer than the file.
    let longer = [&stream[64..], b"x"].concat();
    assert_eq!(bench.write(key, 64, &longer), BlobOutcome::Elsewhere(64));
    assert_eq!(bench.bring(key, &stream, 64), BlobOutcome::Complete);
}

#[test]
fn size_or_root_that_lies_never_becomes_a_blob() {
    let mut bench = Bench::new();
    let (key, stream) = file(1, CHUNK_BYTES + 7);
    let size = |bytes| FileSize::new(bytes).unwrap();
    let other_size = BlobKey {
        size: size(CHUNK_BYTES as u64 + 6),
        ..key
    };
    let single = BlobKey {
        size: size(9),
        ..key
    };
    let empty = BlobKey {
        size: size(0),
        ..key
    };
    let other_root = BlobKey {
        root: Bytes([9; 32]),
        ..key
    };
    assert_eq!(
        bench.ask(BlobRequest::Begin(other_size)),
        BlobOutcome::Taken(0)
    );
    // The tree fits, the last chunk does not.
    let damaged = bench.bring(other_size, &stream[..stream.len() - 1], 0);
    assert_eq!(damaged, BlobOutcome::Damaged(64 + CHUNK_BYTES as u64));
    assert_eq!(bench.ask(BlobRequest::Begin(single)), BlobOutcome::Taken(0));
    assert_eq!(
        bench.write(single, 0, &stream[..9]),
        BlobOutcome::Damaged(0)
    );
    assert_eq!(
        bench.ask(BlobRequest::Begin(empty)),
        BlobOutcome::Damaged(0)
    );
    bench.ask(BlobRequest::Begin(other_root));
    assert_eq!(
        bench.write(other_root, 0, &stream[..64]),
        BlobOutcome::Damaged(0)
    );
    for key in [other_size, single, empty, other_root] {
        assert_eq!(bench.read(key, 0, 1), BlobOutcome::Missing);
    }
}

#[test]
fn what_another_process_has_left_is_verified_and_goes_on_behind_what_fits() {
    let (key, stream) = file(1, 40 * CHUNK_BYTES + 3);
    let tree_bytes = 41 * 32;
    let chunk_at = |chunk: usize| tree_bytes + chunk * CHUNK_BYTES;
    // How much was there, which byte of it changes, and how much is taken then.
    let cases = [
        (0, None, 0),
        (100, None, 100),
        (100, Some(50), 100),
        (tree_bytes, None, tree_bytes),
        (tree_bytes, Some(50), 0),
        (chunk_at(30), None, chunk_at(30)),
        (chunk_at(30) + 9, None, chunk_at(30)),
        (chunk_at(30), Some(chunk_at(25)), chunk_at(25)),
        (chunk_at(30), Some(3), 0),
    ];
    for (length, changed, taken) in cases {
        let mut bench = Bench::new();
        bench.ask(BlobRequest::Begin(key));
        bench.bring(key, &stream[..chunk_at(31)], 0);
        bench.disk.change(&key, true, |bytes| {
            bytes.truncate(length);
            if let Some(at) = changed {
                bytes[at] ^= 1;
            }
        });
        let mut bench = Bench::on(bench.disk);
        let begun = bench.ask(BlobRequest::Begin(key));
        assert_eq!(
            begun,
            BlobOutcome::Taken(taken as u64),
            "{length} {changed:?}"
        );
        if taken == 100 && changed.is_some() {
            // A tree is verified as a whole.
            let damaged = bench.write(key, taken, &stream[taken..tree_bytes]);
            assert_eq!(damaged, BlobOutcome::Damaged(0));
        } else {
            assert_eq!(bench.bring(key, &stream, taken), BlobOutcome::Complete);
        }
    }
}

#[test]
fn whole_blob_that_was_not_noted_as_such_is_noted_after_a_kill() {
    let mut bench = Bench::new();
    let (key, stream) = file(1, 3 * CHUNK_BYTES);
    bench.ask(BlobRequest::Begin(key));
    bench.bring(key, &stream[..stream.len() - 1], 0);
    bench.disk.change(&key, true, |bytes| {
        bytes.clear();
        bytes.extend(&stream);
    });
    let mut bench = Bench::on(bench.disk);
    assert_eq!(bench.ask(BlobRequest::Begin(key)), BlobOutcome::Complete);
    assert_eq!(
        bench.read(key, 0, 9),
        BlobOutcome::Read(stream[..9].to_vec())
    );
}

#[test]
fn blob_that_was_cut_off_or_removed_is_missing_and_can_be_brought_again() {
    let mut bench = Bench::new();
    let (key, stream) = file(1, 3 * CHUNK_BYTES);
    bench.ask(BlobRequest::Begin(key));
    bench.bring(key, &stream, 0);
    bench.disk.change(&key, false, |bytes| bytes.truncate(1000));
    assert_eq!(bench.read(key, 990, 20), BlobOutcome::Missing);
    assert_eq!(bench.ask(BlobRequest::Begin(key)), BlobOutcome::Taken(0));
    assert_eq!(bench.bring(key, &stream, 0), BlobOutcome::Complete);
    assert_eq!(bench.ask(BlobRequest::Drop(key)), BlobOutcome::Done);
    assert_eq!(bench.read(key, 0, 1), BlobOutcome::Missing);
    assert_eq!(bench.ask(BlobRequest::Drop(key)), BlobOutcome::Done);
    let listed = bench.ask(BlobRequest::List(key.root.0[0]));
    assert_eq!(listed, BlobOutcome::Found(Vec::new()));
}

#[test]
fn full_disk_is_told_and_the_part_goes_on_when_there_is_room() {
    let mut bench = Bench::new();
    let (key, stream) = file(1, 3 * CHUNK_BYTES);
    bench.ask(BlobRequest::Begin(key));
    let half = 96 + CHUNK_BYTES;
    bench.bring(key, &stream[..half], 0);
    bench.disk.set_full(true);
    let next = &stream[half..half + CHUNK_BYTES];
    assert_eq!(
        bench.write(key, half, next),
        BlobOutcome::Failed { is_full: true }
    );
    bench.disk.set_full(false);
    // Nobody knows what was written: it begins again first.
    assert_eq!(bench.write(key, half, next), BlobOutcome::Elsewhere(0));
    assert_eq!(
        bench.ask(BlobRequest::Begin(key)),
        BlobOutcome::Taken(half as u64)
    );
    assert_eq!(bench.bring(key, &stream, half), BlobOutcome::Complete);
}

fn in_directory(path: &Path) -> Blobs {
    Blobs::new(Box::new(BlobDirectory::new(path.join("files"))))
}

#[test]
fn directory_keeps_blobs_for_its_user_alone_and_follows_no_link() {
    use std::os::unix::fs::{MetadataExt as _, symlink};
    let directory = tempfile::tempdir().unwrap();
    let (key, stream) = file(1, CHUNK_BYTES + 1);
    let mut bench = Bench::new();
    bench.blobs = in_directory(directory.path());
    assert_eq!(bench.ask(BlobRequest::Begin(key)), BlobOutcome::Taken(0));
    bench.bring(key, &stream[..stream.len() - 1], 0);
    bench.blobs = in_directory(directory.path());
    let taken = 64 + CHUNK_BYTES;
    assert_eq!(
        bench.ask(BlobRequest::Begin(key)),
        BlobOutcome::Taken(taken as u64)
    );
    assert_eq!(bench.bring(key, &stream, taken), BlobOutcome::Complete);
    let files = directory.path().join("files");
    let path = key.path(&files);
    assert_eq!(std::fs::read(&path).unwrap(), stream);
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(&files).unwrap().mode() & 0o777, 0o700);
    assert_eq!(all_blobs(&files).count(), 1);
    let target = directory.path().join("target");
    std::fs::write(&target, &stream).unwrap();
    bench.ask(BlobRequest::Drop(key));
    assert_eq!(all_blobs(&files).count(), 0);
    symlink(&target, &path).unwrap();
    let refused = BlobOutcome::Failed { is_full: false };
    assert_eq!(bench.read(key, 0, 1), refused);
    assert_eq!(bench.ask(BlobRequest::Begin(key)), refused);
}

#[test]
fn thread_answers_everything_and_verifies_beside_other_requests() {
    let (first, first_stream) = file(1, 200 * CHUNK_BYTES);
    let (second, second_stream) = file(2, CHUNK_BYTES);
    let mut bench = Bench::new();
    bench.ask(BlobRequest::Begin(first));
    bench.bring(first, &first_stream[..first_stream.len() - 1], 0);
    let (answers, answered) = mpsc::channel();
    let sink = move |completions: Vec<BlobCompletion>| {
        for completion in completions {
            answers.send(completion).unwrap();
        }
    };
    let (mut handle, thread) = BlobThread::spawn(Bench::on(bench.disk).blobs, sink);
    assert!(handle.submit(RequestId(0), BlobRequest::Begin(first)));
    assert!(handle.submit(RequestId(1), BlobRequest::Begin(second)));
    let next = || answered.recv_timeout(Duration::from_secs(20)).unwrap();
    // The short one is there before the long one is verified.
    assert_eq!((next().id, next().id), (RequestId(1), RequestId(0)));
    for request in 2..BLOB_SLOTS {
        let offset = 0;
        let bytes = second_stream[..100].to_vec();
        let write = BlobRequest::Write {
            key: second,
            offset,
            bytes,
        };
        assert!(handle.submit(RequestId(request as u64), write));
    }
    assert_eq!(handle.room(), 0);
    assert!(!handle.submit(RequestId(0), BlobRequest::List(0)));
    for request in 2..BLOB_SLOTS {
        let answer = next();
        assert_eq!(answer.id, RequestId(request as u64));
        assert_eq!(answer.outcome, BlobOutcome::Taken(0));
        handle.release();
    }
    assert!(handle.submit(RequestId(0), BlobRequest::Close(second)));
    thread.stop();
    assert_eq!(next().outcome, BlobOutcome::Done);
}
