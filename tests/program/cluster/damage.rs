//! One bit that is not as it was written, in a file of the log or in a node's database: it is noticed and named, and nobody is served
//! what follows from it.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::bots::Bot;
use super::engine::Engine;
use super::nodes::Cluster;
use crate::support::PATIENCE;

const SAID: usize = 60;

/// Says something that often, each time in a record of its own.
fn talk(cluster: &Cluster) {
    let mut alice = Bot::signed_in(&cluster.workspace, &cluster.nodes[0].address, "alice");
    for number in 0..SAID {
        let request = alice.says("everyone", &format!("buoy number {number}"));
        alice.answer(request);
    }
}

/// All files below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for item in fs::read_dir(directory).expect("it is there") {
        let path = item.expect("it can be read").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// Flips a bit in each of these files that has a text, within it, where it stands first. Returns in how many it did.
fn flip(directory: &Path, text: &str) -> usize {
    let mut flipped = 0;
    for path in files(directory) {
        let mut bytes = fs::read(&path).expect("it can be read");
        let mut places = bytes.windows(text.len());
        if let Some(place) = places.position(|window| window == text.as_bytes()) {
            bytes[place] ^= 1;
            fs::write(&path, bytes).expect("it can be written");
            flipped += 1;
        }
    }
    flipped
}

/// Where a server keeps its copy of the log of the cluster `chat`.
fn log_of(server: &Path) -> PathBuf {
    let mut found = Vec::new();
    let mut directories = vec![server.to_owned()];
    while let Some(directory) = directories.pop() {
        let items = fs::read_dir(directory).expect("it is there");
        let items = items.map(|item| item.expect("it can be read").path());
        directories.extend(items.filter(|path| path.is_dir()).inspect(|path| {
            if path.ends_with("udpchat-chat/msgs") {
                found.push(path.clone());
            }
        }));
    }
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[test]
fn flipped_bit_in_the_only_copy_of_the_log_stops_who_has_applied_what_is_gone() {
    let Some(engine) = Engine::start(1) else {
        return;
    };
    let one_copy = ["--cluster-replicas", "1"];
    let mut cluster = Cluster::sized(&["alice"], engine, 1, &one_copy);
    talk(&cluster);
    let server = &mut cluster.engine.servers[0];
    server.kill();
    assert_eq!(flip(&log_of(&server.directory), "buoy number 30"), 1);
    cluster.engine.run(0);
    let node = &mut cluster.nodes[0];
    let start = Instant::now();
    while node.ended().is_none() {
        assert!(start.elapsed() < PATIENCE, "it serves: {}", node.output());
        thread::sleep(Duration::from_millis(50));
    }
    let told = node.output();
    // What it says goes by whether it writes something before it is told where the log ends.
    let is_named = told.contains("the cluster's log ends at position")
        || told.contains("another record was applied there");
    assert!(is_named, "{told}");
}

#[test]
fn flipped_bit_in_one_copy_of_the_log_is_made_good_from_another() {
    let Some(mut cluster) = Cluster::start(&["alice"]) else {
        return;
    };
    cluster.nodes[2].stops();
    talk(&cluster);
    let server = &mut cluster.engine.servers[2];
    server.kill();
    assert_eq!(flip(&log_of(&server.directory), "buoy number 30"), 1);
    cluster.engine.run(2);
    cluster.nodes[2].run();
    cluster.nodes[2].is_up_within(PATIENCE);
    let texts = cluster.is_equal().texts();
    assert_eq!(texts.len(), SAID);
}

#[test]
fn flipped_bit_in_the_database_of_a_node_is_named_and_never_served() {
    let Some(mut cluster) = Cluster::start(&["alice"]) else {
        return;
    };
    talk(&cluster);
    cluster.nodes[1].stops();
    assert_eq!(flip(&cluster.nodes[1].data, "buoy number 30"), 1);
    cluster.nodes[1].run();
    cluster.nodes[1].is_up_within(PATIENCE);
    let shown = cluster.shown("alice", "everyone");
    let counts: Vec<usize> = shown.iter().map(Vec::len).collect();
    assert_eq!(counts, [SAID, SAID - 1, SAID]);
    let told = cluster.nodes[1].output();
    assert!(told.contains("a placeholder for a damaged entry"), "{told}");
}
