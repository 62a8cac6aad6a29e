//! What users of different nodes have of each other.

use std::thread;
use std::time::Duration;

use super::engine::Engine;
use super::nodes::Cluster;
use crate::support::{Host, Script};

/// So long nothing comes a second time.
const QUIET: Duration = Duration::from_secs(2);

fn sign_in(cluster: &Cluster, node: usize, name: &str) -> Script {
    let address = &cluster.nodes[node].address;
    let script = cluster
        .workspace
        .connect(&Host::default(), address, name, name);
    script.sees(1, "Greetings from the Chat Room!");
    script
}

/// How many lines of both outputs have this.
fn count(script: &Script, text: &str) -> usize {
    let lines = script.lines().join("\n") + "\n" + &script.errors();
    lines.lines().filter(|line| line.contains(text)).count()
}

/// Two users write to each other.
fn write_to_each_other(one: (&str, &mut Script), two: (&str, &mut Script)) {
    let ((alice, a), (bob, b)) = (one, two);
    a.types(&format!("/message {bob} the tide turns"));
    b.sees(1, &format!("{alice}: the tide turns"));
    a.sees(1, &format!("received by {bob}"));
    b.types(&format!("/message {alice} at three"));
    a.sees(1, &format!("{bob}: at three"));
    b.sees(1, &format!("received by {alice}"));
    thread::sleep(QUIET);
    let told = [
        count(a, "● stored"),
        count(a, "received by"),
        count(a, "at three"),
        count(b, "● stored"),
        count(b, "received by"),
        count(b, "the tide turns"),
    ];
    let all = [a.errors(), b.errors()].join("\n\n");
    assert_eq!(
        told,
        // Each is known to be online, at another server, so neither is told that a message only waits.
        [0, 1, 1, 0, 1, 1],
        "{all}\n\n{}\n\n{}",
        a.lines().join("\n"),
        b.lines().join("\n")
    );
}

#[test]
fn users_of_different_nodes_write_to_each_other_and_share_rooms() {
    let Some(cluster) = Cluster::start(&["alice", "bob", "carol"]) else {
        return;
    };
    let mut alice = sign_in(&cluster, 0, "alice");
    let mut bob = sign_in(&cluster, 1, "bob");
    write_to_each_other(("alice", &mut alice), ("bob", &mut bob));

    let mut carol = sign_in(&cluster, 2, "carol");
    alice.types("/join #deck");
    alice.sees(1, "#deck");
    carol.types("/join #deck");
    alice.sees(1, "carol joined #deck");
    bob.types("/join #deck");
    carol.sees(1, "bob joined #deck");
    bob.types("/message #deck all hands");
    for reader in [&alice, &carol] {
        reader.sees(1, "all hands");
    }
    bob.sees(1, "received by alice");
    bob.sees(1, "carol");
    carol.types("/leave #deck");
    bob.sees(1, "carol left #deck");
    alice.types("/message #deck only two");
    bob.sees(1, "only two");
    thread::sleep(QUIET);
    for reader in [&alice, &carol] {
        assert_eq!(count(reader, "all hands"), 1, "{}", reader.errors());
    }
    assert_eq!(count(&carol, "only two"), 0, "{}", carol.errors());
    cluster.is_equal();
}

#[test]
fn one_nats_server_is_enough_where_one_copy_is_asked_for() {
    let Some(engine) = Engine::start(1) else {
        return;
    };
    let one_copy = ["--cluster-replicas", "1"];
    let cluster = Cluster::sized(&["alice", "bob"], engine, 2, &one_copy);
    let mut alice = sign_in(&cluster, 0, "alice");
    let mut bob = sign_in(&cluster, 1, "bob");
    write_to_each_other(("alice", &mut alice), ("bob", &mut bob));
    cluster.is_equal();
}
