//! Files that users send, and that save themselves at some of those who are given them: each once, and as it was sent.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use udpchat::store::{DATABASE_FILE, all_blobs, blobs_of};

use crate::markers::{Marker, name};

/// How large files are at most, in bytes: some chunks, so that kills come in between.
const BYTES_MAX: usize = 200_000;

/// The name of a file.
fn name_of((author, count): Marker) -> String {
    format!("f{author}x{count}.bin")
}

/// What stands in it.
fn content_of((author, count): Marker) -> Vec<u8> {
    let bytes = (author + 1) * count * 7_919 % BYTES_MAX;
    (0..bytes)
        .map(|at| (at % 251 + author + count) as u8)
        .collect()
}

/// Makes a file that is to be sent.
pub fn make(folder: &Path, marker: Marker) -> PathBuf {
    let path = folder.join(name_of(marker));
    fs::write(&path, content_of(marker)).expect("there is room");
    path
}

/// Whether files save themselves at this user.
pub const fn saves(user: usize) -> bool {
    user.is_multiple_of(2)
}

/// Whether a file was saved there.
pub fn is_saved(downloads: &Path, marker: Marker) -> bool {
    downloads.join(name_of(marker)).exists()
}

/// These files and no others were saved by a user, and nothing is left of what was on its way.
pub fn check_saved(user: usize, (downloads, state): (&Path, &Path), expected: &BTreeSet<Marker>) {
    let found: BTreeSet<String> = names_in(downloads).collect();
    let names: BTreeSet<String> = expected.iter().map(|marker| name_of(*marker)).collect();
    assert_eq!(found, names, "the files that {} has saved", name(user));
    for marker in expected {
        let content = fs::read(downloads.join(name_of(*marker))).expect("it was listed");
        let is_it = content == content_of(*marker);
        assert!(is_it, "{} has saved another {marker:?}", name(user));
    }
    let left = left_in(state);
    assert!(left.is_empty(), "{} has left {left:?}", name(user));
}

/// The server has the files of so many entries, and nothing else.
pub fn check_kept(data: &Path, entries: usize) {
    let folder = blobs_of(&data.join(DATABASE_FILE));
    let blobs = all_blobs(&folder);
    let blobs: Vec<_> = blobs.map(|blob| blob.expect("they can be read")).collect();
    let parts = blobs.iter().filter(|blob| blob.is_part).count();
    assert_eq!(
        (blobs.len(), parts),
        (entries, 0),
        "files at the server, and parts"
    );
}

fn names_in(folder: &Path) -> impl Iterator<Item = String> {
    let items = fs::read_dir(folder).into_iter().flatten();
    items.map(|item| {
        let name = item.expect("a folder can be read").file_name();
        name.to_string_lossy().into_owned()
    })
}

/// Copies of files that were to be sent, and parts of those that were to be saved.
fn left_in(state: &Path) -> Vec<PathBuf> {
    let mut left = Vec::new();
    let mut folders = vec![state.to_owned()];
    while let Some(folder) = folders.pop() {
        for name in names_in(&folder) {
            let path = folder.join(&name);
            if !path.is_dir() {
                continue;
            }
            if ["outgoing", "incoming"].contains(&&*name) {
                left.extend(names_in(&path).map(|name| path.join(name)));
            }
            folders.push(path);
        }
    }
    left
}
