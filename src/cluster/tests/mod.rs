//! Several servers over a log with which everything goes wrong that may, and some things that may not.

mod late;
mod world;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Follower, Halt, Replica};
use crate::kit::shared_log::{Counts, LogFaults};
use crate::store::{
    AppliedElsewhere, Completion, CompletionBox, MEANING, Outcome, Replication as _, Reply,
    Request, RequestId, Write,
};
use world::{World, entries, founded};

/// A run with every fault that must not be noticed.
fn survive(seed: u64) -> (Counts, u64) {
    let mut world = World::new(
        3 + usize::from(seed.is_multiple_of(2)),
        LogFaults::ALL,
        seed,
    );
    for _ in 0..12 {
        let time = world.rng.ms(200, 1500);
        world.run_for(time, true);
        let victim = world.rng.index(world.servers.len());
        match world.rng.below(6) {
            0 | 1 => {
                world.kill(victim);
                let time = world.rng.ms(1, 2000);
                world.run_for(time, true);
                world.boot(victim);
            }
            2 => {
                world.log.cut(victim, true);
                let time = world.rng.ms(10, 6000);
                world.run_for(time, true);
                world.log.cut(victim, false);
            }
            3 => {
                let time = world.rng.ms(4000, 9000);
                world.log.pause(time);
            }
            _ => {
                if let Some((engine, ..)) = &mut world.servers[victim].process {
                    engine.execute(vec![(RequestId(0), Request::Checkpoint)]);
                }
            }
        }
    }
    world.log.heal();
    assert_eq!(world.halts, [], "seed {seed}");
    world.run_for(Duration::from_secs(30), false);
    for (index, user) in world.users.iter().enumerate() {
        assert_eq!(user.asked, None, "seed {seed}: user {index} has no answer");
    }
    // What is said last ends what the faults have left.
    world.run_for(Duration::from_secs(1), true);
    world.run_for(Duration::from_secs(2), false);
    assert!(world.users.iter().all(|user| user.stored == user.said));
    world.check();
    let mut counts = world.log.counts();
    for (what, count) in world.counts {
        *counts.entry(what).or_default() += count;
    }
    (counts, world.users.iter().map(|user| user.stored).sum())
}

#[test]
fn nothing_is_lost_or_doubled_whatever_the_log_does_and_whoever_is_killed() {
    let (mut all, mut stored) = (Counts::new(), 0);
    for seed in 0..40 {
        let (counts, said) = survive(seed);
        stored += said;
        for (what, count) in counts {
            *all.entry(what).or_default() += count;
        }
    }
    println!("{stored} stored, with {all:?}");
    assert_eq!(all.len(), 12, "some fault was not tried: {all:?}");
}

/// Three servers, and a while of talk.
fn in_service() -> World {
    let mut world = World::new(3, LogFaults::default(), 5);
    world.run_for(Duration::from_secs(2), true);
    world
}

/// Has the last server start again from the beginning, and says why it stops.
fn restarted(world: &mut World) -> Halt {
    let (disk, _) = founded(6);
    world.kill(2);
    world.servers[2].disk = disk;
    // Its cluster is the others'.
    world.servers[2].disk = world.servers[0].disk.copy();
    world.boot(2);
    world.run_for(Duration::from_secs(15), false);
    let halt = world.halts.pop();
    halt.expect("it goes on over a damaged log")
}

#[test]
fn record_that_has_changed_stops_who_reads_it_at_the_next_record_of_another_server() {
    let mut world = in_service();
    let at = world.log.written() / 2;
    // The content of a write: still a record.
    world.log.change(at, |bytes| {
        let last = bytes.len() - 20;
        bytes[last] ^= 1;
    });
    let halt = restarted(&mut world);
    let is_found = matches!(halt, Halt::Differs { .. } | Halt::Damaged { .. });
    assert!(is_found, "{halt:?}");
}

#[test]
fn hole_in_the_log_is_never_passed_over() {
    let mut world = in_service();
    let at = world.log.written() / 2;
    world.log.remove(at);
    let halt = restarted(&mut world);
    let is_found = matches!(halt, Halt::Differs { .. } | Halt::Damaged { .. });
    assert!(is_found, "{halt:?}");
}

#[test]
fn log_that_ends_before_what_was_applied_stops_the_server() {
    let mut world = in_service();
    let now = world.instant();
    let (_, replica, _) = world.servers[0].process.as_mut().unwrap();
    let applied = replica.state().applied;
    let stands = |first, last| super::Event::Stands { first, last };
    assert_eq!(replica.on_event(now, stands(1, applied)), Ok(()));
    let first = applied + 2;
    let old = replica.on_event(now, stands(first, applied + 9));
    assert_eq!(old, Err(Halt::TooOld { applied, first }));
    let last = applied - 1;
    assert_eq!(replica.on_event(now, stands(1, last)), Ok(()));
    let later = |seconds| now + Duration::from_secs(seconds);
    assert_eq!(replica.on_event(later(9), stands(1, last)), Ok(()));
    let cut = replica.on_event(later(10), stands(1, last));
    assert_eq!(cut, Err(Halt::CutShort { applied, last }));
    // Once it was said that it does not, nothing is left of it.
    assert_eq!(replica.on_event(later(11), stands(1, applied)), Ok(()));
    assert_eq!(replica.on_event(later(12), stands(1, last)), Ok(()));
}

#[test]
fn log_that_was_cut_off_and_goes_on_stops_who_has_applied_what_is_gone() {
    let mut world = in_service();
    world.log.truncate(world.log.written() / 2);
    world.run_for(Duration::from_secs(2), true);
    let is_found = |halt: &Halt| matches!(halt, Halt::Damaged { .. });
    assert_eq!(world.halts.len(), 3);
    assert!(world.halts.iter().all(is_found), "{:?}", world.halts);
}

#[test]
fn server_that_was_behind_stops_over_a_log_that_ends_before_what_another_one_has_applied() {
    let mut world = World::new(3, LogFaults::default(), 5);
    let beginning = world.servers[2].disk.copy();
    world.run_for(Duration::from_secs(2), true);
    let (_, replica, _) = world.servers[0].process.as_ref().unwrap();
    let applied = replica.state().applied;
    for server in [0, 1, 2] {
        world.kill(server);
    }
    world.run_for(Duration::from_secs(1), false);
    world.log.truncate(world.log.written() / 2);
    world.servers[2].disk = beginning;
    world.boot(2);
    world.run_for(Duration::from_secs(1), false);
    assert_eq!(world.halts, []);
    for _ in 0..12 {
        let now = world.instant();
        if let Some((_, replica, _)) = &mut world.servers[2].process {
            let told = replica.on_event(now, super::Event::Peer { applied });
            assert_eq!(told, Ok(()));
        }
        world.run_for(Duration::from_secs(1), false);
    }
    assert!(
        matches!(world.halts[..], [Halt::Behind { .. }]),
        "{:?}",
        world.halts
    );
}

#[test]
fn server_that_hears_nothing_stops_after_ten_seconds_and_not_before() {
    let mut world = in_service();
    world.log.cut(1, true);
    world.run_for(Duration::from_secs(9), true);
    assert_eq!(world.halts, []);
    world.run_for(Duration::from_secs(2), true);
    assert_eq!(world.halts, [Halt::CutOff { seconds: 10 }]);
}

#[test]
fn two_servers_of_one_name_do_not_go_on_together() {
    let mut world = in_service();
    world.run_for(Duration::from_secs(1), false);
    let now = world.instant();
    let (engine, replica, _) = world.servers[1].process.as_mut().unwrap();
    let state = engine.replica().unwrap().clone();
    *replica = Replica::new(now, "node0".into(), [77; 16], state);
    world.run_for(Duration::from_secs(5), true);
    let node = "node0".to_owned();
    assert_eq!(world.halts.first(), Some(&Halt::NameTaken { node }));
}

#[test]
fn database_that_has_come_to_something_else_is_noticed_within_a_second() {
    let mut world = in_service();
    world.run_for(Duration::from_secs(1), false);
    let (engine, ..) = world.servers[1].process.as_mut().unwrap();
    // An entry too many.
    let other = world.users[0].append(world.users[0].said + 1);
    let state = engine.replica().unwrap().clone();
    let asked = Completion::new(RequestId(0), other.into(), Outcome::Unknown);
    let mut record = [Box::new(asked)];
    engine.apply(&mut record, |_| state).unwrap();
    world.run_for(Duration::from_secs(1), true);
    let halt = world.halts.first();
    assert!(matches!(halt, Some(Halt::Differs { .. })), "{halt:?}");
}

/// The entry that a write was given.
fn entry(done: &Completion) -> u64 {
    match &done.outcome {
        Outcome::Done(Reply::Stored(stored)) => stored.entry.0,
        other => panic!("it is not stored: {other:?}"),
    }
}

#[test]
fn hub_learns_of_all_in_the_order_of_the_log_whoever_has_asked() {
    // What others had asked for was told first, even if it came later: an entry went to its readers before the one in front of
    // it, and who was kicked after they had joined belonged to the room.
    let mut world = in_service();
    world.run_for(Duration::from_secs(1), false);
    let (mut engine, replica, end) = world.servers[0].process.take().unwrap();
    let entries = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&entries);
    let tell = move |applied: Vec<AppliedElsewhere>| {
        let mut told = told.lock().unwrap();
        told.extend(applied.iter().map(|applied| entry(&applied.completion)));
    };
    let mut follower = Follower::new(replica, end, tell, |halt| panic!("{halt}"), Arc::default());
    let asked = |world: &World, user: usize| -> CompletionBox {
        let user = &world.users[user];
        let request = user.append(user.said + 1).into();
        Completion::new(RequestId(0), request, Outcome::Unknown).into()
    };
    follower.submit(vec![asked(&world, 0)]);
    follower.advance(&mut engine, world.instant()).unwrap();
    world.run_for(Duration::from_millis(100), false);
    let other = asked(&world, 1);
    let (other_engine, other_replica, mut end) = world.servers[1].process.take().unwrap();
    let mut other_replica = other_replica;
    other_replica.submit([other]);
    other_replica.run(world.instant(), &mut end).unwrap();
    drop(other_engine);
    world.run_for(Duration::from_millis(100), false);
    loop {
        let own = follower.advance(&mut engine, world.instant()).unwrap();
        if own.is_empty() {
            break;
        }
        let own = own.iter().map(|done| entry(done));
        entries.lock().unwrap().extend(own);
    }
    let entries = entries.lock().unwrap();
    assert_eq!(entries.len(), 2);
    assert!(entries.is_sorted(), "{entries:?}");
}

#[test]
fn server_that_does_not_know_what_writes_mean_from_now_on_stops() {
    let mut world = in_service();
    world.ask(0, Write::Raise { meaning: MEANING });
    world.run_for(Duration::from_secs(1), true);
    assert_eq!(world.halts, []);
    world.ask(
        0,
        Write::Raise {
            meaning: MEANING + 1,
        },
    );
    world.run_for(Duration::from_secs(1), true);
    let is_found = |halt: &Halt| matches!(halt, Halt::Later { .. });
    assert_eq!(world.halts.len(), 3);
    assert!(world.halts.iter().all(is_found), "{:?}", world.halts);
}

#[test]
fn group_that_is_in_the_log_twice_is_done_once() {
    // What is said with a number of its device is stored once whatever becomes of the group; an announcement has none.
    let faults = LogFaults {
        twice: 100,
        ack_lost: 50,
        ..LogFaults::default()
    };
    let mut world = World::new(3, faults, 8);
    world.run_for(Duration::from_secs(4), false);
    for number in 1..=20 {
        world.ask(
            0,
            Write::Announce {
                author: None,
                text: format!("tea at {number}"),
                time_ms: number,
            },
        );
        world.run_for(Duration::from_millis(500), false);
    }
    world.run_for(Duration::from_secs(5), false);
    let groups = world.log.written();
    assert!(groups > 2 * 20, "none came twice: {groups}");
    for server in &mut world.servers {
        let (engine, ..) = server.process.as_mut().unwrap();
        assert_eq!(entries(engine).len(), 20);
    }
}
