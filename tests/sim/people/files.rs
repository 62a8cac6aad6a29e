//! Files that people send, save and give up: what stands in each follows from its marker, so that one that was saved tells
//! whether it is what was sent.

use std::collections::BTreeSet;

use udpchat::protocol::{CHUNK_BYTES, EntryKind};

use crate::disk::Disk;
use crate::entries::{HeldEntry, Marker};
use crate::kit::{MemoryTransfers, Rng};

/// How many chunks a file has at most.
const CHUNKS_MAX: usize = 3;

/// Where files are saved.
const DOWNLOADS: &str = "/downloads/";

/// What a line begins with that sends a file.
pub const FILE: &str = "/file ";

/// What the client says of a file that was not saved, before its name.
pub const NOT_SAVED: &str = "not saved: ";

/// The name of a file.
pub fn name_of((host, number): Marker) -> String {
    format!("f{host}x{number}.bin")
}

/// What stands in it. Some of one host are the same.
pub fn content_of((host, number): Marker) -> Vec<u8> {
    let number = if number % 4 == 3 { number - 1 } else { number };
    let rng = &mut Rng::new((host * 1_000 + number) as u64, 7);
    let bytes = match rng.below(6) {
        0 => 0,
        1 => CHUNK_BYTES * (1 + rng.index(CHUNKS_MAX)),
        2..4 => rng.index(CHUNK_BYTES),
        _ => rng.index(CHUNK_BYTES * CHUNKS_MAX),
    };
    let mut content = vec![0; bytes];
    rng.fill(&mut content);
    content
}

/// A file that a device holds the message of.
pub struct Offered {
    pub key: (u64, u64),
    pub marker: Marker,
    /// The line that saves it.
    pub line: String,
}

/// The files that others than this account of so many have sent, as far as a device holds their messages and these stand.
pub fn offered(disk: &Disk, (host, accounts): (usize, usize)) -> Vec<Offered> {
    let names = disk.names_here();
    let is_file = |entry: &HeldEntry| entry.kind() == Some(EntryKind::File);
    let held = disk.held();
    let files = held.iter().filter(|(_, entry)| is_file(entry));
    let others = files.filter_map(|(key, entry)| {
        let marker = entry.marker()?;
        let name = names.get(&key.0).filter(|name| !name.is_empty())?;
        (marker.0 % accounts != host % accounts).then(|| Offered {
            key: *key,
            marker,
            line: format!("/save --in {name} #{}", key.1),
        })
    });
    others.collect()
}

/// The files that were saved: each once, and each what was sent.
pub fn saved(transfers: &MemoryTransfers, whose: &str) -> BTreeSet<String> {
    let paths = transfers.all_saved().into_iter();
    let checked = paths.map(|path| {
        let name = path.strip_prefix(DOWNLOADS).expect("it goes there");
        let marker = name
            .strip_prefix('f')
            .and_then(|name| name.strip_suffix(".bin")?.split_once('x'))
            .and_then(|(host, number)| Some((host.parse().ok()?, number.parse().ok()?)));
        let marker = marker.unwrap_or_else(|| panic!("{whose} has {name}: it was saved twice"));
        let content = transfers.saved(&path).expect("it is listed");
        assert!(
            content == content_of(marker),
            "{whose} has {} bytes of {name}, which are not what was sent",
            content.len()
        );
        name.to_owned()
    });
    checked.collect()
}

/// Whether a file of this name was saved.
pub fn is_saved(transfers: &MemoryTransfers, name: &str) -> bool {
    let path = format!("{DOWNLOADS}{name}");
    transfers.all_saved().contains(&path)
}

/// The name of a file of which a line says that it was not saved.
pub fn unsaved_in(line: &str) -> Option<&str> {
    let name = line.strip_prefix(NOT_SAVED)?;
    Some(name.split(": ").next().unwrap_or(name))
}

/// The name of a file that a line says was not sent because there was no room, here or at the server.
pub fn had_no_room(line: &str) -> Option<&str> {
    let (first, rest) = line.strip_prefix("not sent: ")?.split_once(": ")?;
    if rest == std::io::Error::from(std::io::ErrorKind::StorageFull).to_string() {
        return Some(first);
    }
    let is_full = first.starts_with("the server's disk is full");
    let name = rest.strip_prefix("the file ").filter(|_| is_full)?;
    name.split(' ').next()
}
