//! Kills and stops, and that nothing of them is left in what users have.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use super::bots::Bot;
use super::nodes::Cluster;
use crate::support::PATIENCE;

/// How many messages are said around a fault, and how many of them before it.
const MESSAGES: usize = 200;
const BEFORE: usize = 60;

/// How long the log may take to have another leader, and everything that waited to be stored.
const ELECTED_WITHIN: Duration = Duration::from_secs(30);

/// Two users of different nodes, in one room.
fn two_in_a_room(cluster: &Cluster) -> [Bot; 2] {
    let bot = |node: usize, name| {
        let mut bot = Bot::signed_in(&cluster.workspace, &cluster.nodes[node].address, name);
        let joined = bot.asks(serde_json::json!({ "do": "join", "room": "#deck" }));
        bot.answer(joined);
        bot
    };
    [bot(0, "alice"), bot(1, "bob")]
}

/// Both say their share, and something happens in between. Returns what was said under which entry, once all of it is called stored.
fn say_around(bots: &mut [Bot; 2], happens: impl FnOnce()) -> BTreeMap<u64, String> {
    let mut said = Vec::new();
    let mut happens = Some(happens);
    for number in 0..MESSAGES {
        if number == BEFORE {
            happens.take().expect("it happens once")();
        }
        let who = number % 2;
        let text = format!("message {number}");
        said.push((who, bots[who].says("#deck", &text), text));
        thread::sleep(Duration::from_millis(5));
    }
    let mut entries = BTreeMap::new();
    for (who, request, text) in said {
        let stored = bots[who].answer_within(ELECTED_WITHIN, request);
        let entry = stored["entry"].as_u64().expect("it has a number");
        let before = entries.insert(entry, text);
        assert_eq!(before, None, "two messages have the number {entry}");
    }
    entries
}

/// Every node has what was called stored, once, and nothing else.
fn everywhere_once(cluster: &Cluster, bots: &mut [Bot; 2], entries: &BTreeMap<u64, String>) {
    assert_eq!(entries.len(), MESSAGES);
    cluster.is_equal();
    let wanted: Vec<_> = entries.clone().into_iter().collect();
    for (shown, node) in cluster
        .shown("alice", "#deck")
        .into_iter()
        .zip(&cluster.nodes)
    {
        assert_eq!(shown, wanted, "at {}", node.name);
    }
    // Each is told of the other's half.
    for (bot, other) in [(0, 1), (1, 0)] {
        let theirs = |(number, _): &(usize, _)| number % 2 == other;
        let texts = (0..MESSAGES).map(|number| (number, format!("message {number}")));
        let mut missing: Vec<String> = texts.filter(theirs).map(|(_, text)| text).collect();
        let start = Instant::now();
        while !missing.is_empty() {
            bots[bot].listens();
            let heard = bots[bot].heard().remove("#deck").unwrap_or_default();
            missing.retain(|text| !heard.values().any(|heard| heard == text));
            assert!(
                start.elapsed() < PATIENCE,
                "{} was not told {missing:?}",
                bots[bot].name
            );
            thread::sleep(Duration::from_millis(50));
        }
    }
}

#[test]
fn kill_of_a_node_amid_messages_loses_and_doubles_nothing() {
    let Some(mut cluster) = Cluster::start(&["alice", "bob"]) else {
        return;
    };
    let mut bots = two_in_a_room(&cluster);
    let node = &mut cluster.nodes[1];
    let entries = say_around(&mut bots, || {
        node.kill();
        node.run();
    });
    cluster.nodes[1].is_up_within(PATIENCE);
    everywhere_once(&cluster, &mut bots, &entries);
}

#[test]
fn kill_of_the_logs_leader_loses_and_doubles_nothing() {
    let Some(mut cluster) = Cluster::start(&["alice", "bob"]) else {
        return;
    };
    let mut bots = two_in_a_room(&cluster);
    let leader = cluster.engine.leader();
    let engine = &mut cluster.engine;
    let entries = say_around(&mut bots, || engine.servers[leader].kill());
    everywhere_once(&cluster, &mut bots, &entries);
}

#[test]
fn stop_of_the_logs_leader_loses_and_doubles_nothing() {
    let Some(cluster) = Cluster::start(&["alice", "bob"]) else {
        return;
    };
    let mut bots = two_in_a_room(&cluster);
    let leader = &cluster.engine.servers[cluster.engine.leader()];
    let entries = thread::scope(|scope| {
        let stops = || {
            leader.is_sent("STOP");
            scope.spawn(|| {
                thread::sleep(Duration::from_secs(8));
                leader.is_sent("CONT");
            });
        };
        say_around(&mut bots, stops)
    });
    everywhere_once(&cluster, &mut bots, &entries);
}
