//! Attached files: what was brought to one node is to be had at all of them, whatever becomes of that one.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::engine::{Engine, free_port};
use super::nodes::Cluster;
use crate::support::{Host, PATIENCE, Script, Workspace};

/// More than one piece on the shelf, and no whole number of anything.
const BYTES: usize = 3_000_017;

fn content() -> Vec<u8> {
    (0_u32..)
        .map(|at| (at / 7 % 251) as u8)
        .take(BYTES)
        .collect()
}

fn folder(workspace: &Workspace, name: &str) -> PathBuf {
    let folder = workspace.path(&format!("downloads-of-{name}"));
    fs::create_dir_all(&folder).expect("a directory");
    folder
}

/// Somebody at a node, who saves files to a folder of their own.
fn sign_in(cluster: &Cluster, node: usize, name: &str) -> Script {
    let folder = folder(&cluster.workspace, name);
    let more = ["--download-dir", folder.to_str().expect("it is text")];
    let address = &cluster.nodes[node].address;
    let who = (name, name);
    let script = cluster
        .workspace
        .connect_with(&Host::default(), address, who, &more);
    script.sees(1, "Greetings from the Chat Room!");
    script
}

fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// How many files are below a directory.
fn files_below(directory: &Path) -> usize {
    let entries = fs::read_dir(directory).expect("a directory");
    let counts = entries.map(|entry| {
        let path = entry.expect("it can be read").path();
        if path.is_dir() { files_below(&path) } else { 1 }
    });
    counts.sum()
}

/// Bob saves the file of this number, and has all of it.
fn saves_the_chart(workspace: &Workspace, bob: &mut Script, number: usize) {
    bob.types(&format!("/save --in alice #{number}"));
    bob.sees(1, "saved as ");
    let saved = fs::read(folder(workspace, "bob").join("chart.bin"));
    assert!(
        saved.expect("it is there") == content(),
        "it has other bytes"
    );
}

#[test]
fn file_is_to_be_had_when_the_node_that_took_it_is_dead_and_its_disk_is_lost() {
    let Some(mut cluster) = Cluster::start(&["alice", "bob"]) else {
        return;
    };
    let chart = cluster.workspace.path("chart.bin");
    fs::write(&chart, content()).expect("a file");
    let mut alice = sign_in(&cluster, 0, "alice");
    alice.types(&format!("/file bob '{}'", chart.display()));
    alice.sees(1, "stored");
    cluster.nodes[0].kill();
    fs::remove_dir_all(&cluster.nodes[0].data).expect("it was there");
    let mut bob = sign_in(&cluster, 1, "bob");
    bob.sees(1, "[file] chart.bin");
    saves_the_chart(&cluster.workspace, &mut bob, 1);
}

#[test]
fn files_of_a_single_server_come_with_it_into_a_cluster_and_those_of_deleted_messages_go_everywhere()
 {
    let Some(engine) = Engine::start(1) else {
        return;
    };
    let workspace = Workspace::new(&["alice", "bob"]);
    let chart = workspace.path("chart.bin");
    fs::write(&chart, content()).expect("a file");
    {
        let server = workspace.serve();
        let address = server.address.to_string();
        let mut alice = workspace.connect(&Host::default(), &address, "alice", "alice");
        alice.sees(1, "Greetings from the Chat Room!");
        alice.types(&format!("/file bob '{}'", chart.display()));
        alice.sees(1, "stored");
        alice.types("/quit");
        alice.ends();
    }
    let here = || (Host::default(), format!("127.0.0.1:{}", free_port()));
    let more = ["--cluster-replicas", "1"];
    let mut cluster = Cluster::seated(workspace, engine, vec![here(), here()], &more);
    eventually("it is not put into NATS", || {
        cluster.engine.file_messages() > 20
    });
    // The second one has no copy.
    let copies = cluster.nodes[1].data.join("udpchat.redb.files");
    fs::remove_dir_all(&copies).expect("the seed has them");
    let mut bob = sign_in(&cluster, 1, "bob");
    bob.sees(1, "[file] chart.bin");
    saves_the_chart(&cluster.workspace, &mut bob, 1);

    let mut alice = sign_in(&cluster, 0, "alice");
    alice.types("/delete --in bob #1");
    alice.sees(1, "deleted");
    eventually("it is left in NATS", || cluster.engine.file_messages() == 0);
    for node in &cluster.nodes {
        let blobs = node.data.join("udpchat.redb.files");
        eventually("it is left at a node", || files_below(&blobs) == 0);
    }
    cluster.nodes[1].stops();
}

#[test]
fn damaged_missing_or_refused_file_is_told_and_can_be_sent_again() {
    let Some(engine) = Engine::start(1) else {
        return;
    };
    let more = ["--cluster-replicas", "1"];
    let cluster = Cluster::sized(&["alice", "bob"], engine, 2, &more);
    let chart = cluster.workspace.path("chart.bin");
    fs::write(&chart, content()).expect("a file");
    let mut alice = sign_in(&cluster, 0, "alice");
    let mut bob = sign_in(&cluster, 1, "bob");
    let send = format!("/file bob '{}'", chart.display());
    cluster.engine.limits_files(1_000_000);
    alice.types(&send);
    alice.sees(1, "the server's disk is full");
    cluster.engine.limits_files(-1);
    for (round, is_removed, told) in [
        (1, true, "the server has lost the file"),
        (2, false, "what the servers have of it is damaged"),
    ] {
        alice.types(&send);
        bob.sees(round, "[file] chart.bin");
        cluster.engine.damages_file(11, is_removed);
        bob.types(&format!("/save --in alice #{round}"));
        bob.sees(1, told);
        assert_eq!(
            fs::read_dir(folder(&cluster.workspace, "bob"))
                .unwrap()
                .count(),
            0
        );
    }
    // It has come a second time with each message, and the last one is whole.
    alice.types(&send);
    bob.sees(3, "[file] chart.bin");
    saves_the_chart(&cluster.workspace, &mut bob, 3);
}

#[test]
fn upload_that_a_node_takes_and_does_not_survive_goes_to_another_node() {
    let Some(mut cluster) = Cluster::start(&["alice", "bob"]) else {
        return;
    };
    let chart = cluster.workspace.path("chart.bin");
    let large: Vec<u8> = content().into_iter().cycle().take(60_000_000).collect();
    fs::write(&chart, &large).expect("a file");
    let both = [0, 1]
        .map(|node| cluster.nodes[node].address.clone())
        .join(",");
    let mut alice = cluster
        .workspace
        .connect(&Host::default(), &both, "alice", "alice");
    alice.sees(1, "Greetings from the Chat Room!");
    alice.types(&format!("/file bob '{}'", chart.display()));
    let part = cluster.nodes[0].data.join("udpchat.redb.files");
    eventually("nothing comes", || part.exists() && files_below(&part) > 0);
    cluster.nodes[0].kill();
    let patience = PATIENCE * 4;
    alice.sees_within(patience, 1, "stored");
    let mut bob = sign_in(&cluster, 2, "bob");
    bob.sees(1, "[file] chart.bin");
    bob.types("/save --in alice #1");
    bob.sees_within(patience, 1, "saved as ");
    let saved = fs::read(folder(&cluster.workspace, "bob").join("chart.bin"));
    assert!(saved.expect("it is there") == large, "it has other bytes");
}
