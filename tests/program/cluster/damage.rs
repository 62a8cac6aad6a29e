//! One bit that is not as it was written, in a file of the log or in a node's database: it is noticed and named, and nobody is served
//! what follows from it.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::bots::Bot;
use super::engine::{Engine, free_port};
use super::nodes::{Cluster, NAMES, Node};
use crate::support::{Host, PATIENCE};

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

#[test]
fn flipped_bit_in_the_only_copy_of_the_log_stops_who_needs_that_record() {
    let Some(engine) = Engine::start(1) else {
        return;
    };
    let one_copy = ["--cluster-replicas", "1"];
    let mut cluster = Cluster::sized(&["alice"], engine, 1, &one_copy);
    let seed = cluster.seed("two");
    talk(&cluster);
    let server = &mut cluster.engine.servers[0];
    server.kill();
    assert_eq!(flip(&server.directory, "buoy number 30"), 1);
    cluster.engine.run(0);
    let place = ("two", Host::default(), format!("127.0.0.1:{}", free_port()));
    let urls = cluster.engine.urls();
    let mut two = Node::begin(place, seed, &urls, &one_copy);
    let start = Instant::now();
    let code = loop {
        if let Some(code) = two.ended() {
            break code;
        }
        assert!(!two.is_up(), "it serves: {}", two.output());
        assert!(start.elapsed() < PATIENCE, "{}", two.output());
        thread::sleep(Duration::from_millis(50));
    };
    println!("{code}: {}", two.output());
}

#[test]
fn flipped_bit_in_one_copy_of_the_log_is_made_good_from_another() {
    let Some(mut cluster) = Cluster::start(&["alice"]) else {
        return;
    };
    cluster.nodes[2].stops();
    talk(&cluster);
    for server in &mut cluster.engine.servers {
        if server.name == "n3" {
            server.kill();
            assert_eq!(flip(&server.directory, "buoy number 30"), 1);
        }
    }
    cluster.engine.run(2);
    cluster.nodes[2].run();
    cluster.nodes[2].is_up_within(PATIENCE);
    let texts = cluster.is_equal().texts();
    assert_eq!(texts.len(), SAID);
    println!("{}", cluster.nodes[2].output());
}

#[test]
fn flipped_bit_in_the_database_of_a_node_is_never_served() {
    let Some(mut cluster) = Cluster::start(&["alice"]) else {
        return;
    };
    talk(&cluster);
    cluster.nodes[1].stops();
    println!("{}", flip(&cluster.nodes[1].data, "buoy number 30"));
    cluster.nodes[1].run();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(5) && cluster.nodes[1].ended().is_none() {
        thread::sleep(Duration::from_millis(50));
    }
    println!("{}", cluster.nodes[1].output());
    let shown = cluster.shown("alice", "everyone");
    for (name, shown) in NAMES.iter().zip(shown) {
        println!("{name}: {}", shown.len());
    }
    println!("{}", cluster.nodes[1].output());
}
