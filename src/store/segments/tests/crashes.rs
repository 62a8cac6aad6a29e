//! No crash is taken for a loss, and none loses what was durable.

use rand_core::RngCore as _;

use super::rig::{Group, Rig, Said, low_byte};
use super::{FIRST, SEEDS};
use crate::store::files::fault_disk::GROWTH;
use crate::store::segments::files::SegmentFiles as _;

#[test]
fn no_crash_is_taken_for_a_loss_and_none_loses_what_was_durable() {
    let (mut crashes, mut rolls) = ([0; 4], 0);
    for seed in 0..SEEDS {
        let mut rig = Rig::new(seed);
        let mut entry = 0;
        for _ in 0..30 {
            let step = rig.rng.next_u32() % 4;
            let successes = u64::from(rig.rng.next_u32() % if step < 2 { 5 } else { 8 });
            let fails = rig.chance(2);
            rig.disk.fail_after(fails.then_some(successes));
            let mut under_way = None;
            let (current, durable) = (rig.current(), rig.durable.clone());
            let done = match step {
                0 => rig.checkpoint(),
                // The tables fail to commit.
                1 => rig
                    .log()
                    .note()
                    .map(drop)
                    .map_err(|error| error.to_string()),
                _ => {
                    let most = if step == 2 { 900_000 } else { 3000 };
                    entry += 1;
                    let group = Group::of(entry, vec![7; rig.below(most)]);
                    under_way = Some(group.clone());
                    rig.write(&group)
                }
            };
            rolls += u32::from(rig.current() > current);
            let crashes_now = done.is_err() || rig.chance(3);
            if !crashes_now {
                rig.disk.fail_after(None);
                continue;
            }
            if done.is_err() {
                rig.durable = durable;
            }
            crashes[step as usize] += u32::from(done.is_err());
            if rig.chance(2) {
                rig.crash();
            } else {
                // Only the process ended, or the disk was away for a while.
                rig.log = None;
                rig.disk.fail_after(None);
            }
            // The opening is cut short, too.
            while rig.chance(2) {
                let successes = u64::from(rig.rng.next_u32() % 4);
                rig.disk.fail_after(Some(successes));
                let _ = rig
                    .opened()
                    .map(|(_, loss)| assert_eq!(loss, None, "seed {seed}"));
                rig.crash();
            }
            let groups = rig.open().expect("the disk is well again");
            if done.is_err() && groups.len() > rig.written.len() {
                rig.written.extend(under_way);
            }
            assert!(groups == rig.written, "seed {seed}, step {step}");
            rig.reads_all();
        }
    }
    // A note costs the disk something only where the log has no segment yet.
    assert!(
        crashes[2] > 100 && crashes[3] > 100 && rolls > 100,
        "{crashes:?}, {rolls}"
    );
}

#[test]
fn next_segment_begins_wherever_the_power_fails() {
    // Over and over, so that what one attempt leaves behind is in the way of the next.
    for (seed, successes) in (0..12).flat_map(|seed| (0..10).map(move |at| (seed, at))) {
        let mut rig = Rig::new(seed);
        for round in 1..=4 {
            while rig.end() < 16 * 1024 {
                let entry = rig.durable.len() as u64 + 1;
                rig.write(&Group::of(entry, vec![3; 5000]))
                    .expect("the disk is well");
            }
            let (current, durable) = (rig.current(), rig.durable.clone());
            for attempt in 0..3 {
                rig.disk.fail_after(Some(successes + attempt));
                let done = rig.write(&Group::of(9999, vec![9; 700]));
                rig.crash();
                let groups = rig.open().expect("the disk is well again");
                if done.is_err() {
                    rig.durable.clone_from(&durable);
                }
                assert!(
                    groups.len() >= rig.written.len(),
                    "seed {seed}, {successes}"
                );
                rig.written = groups;
                if rig.current() > current {
                    break;
                }
            }
            let entry = rig.durable.len() as u64 + 1;
            rig.write(&Group::of(entry, vec![4; 700]))
                .expect("the disk is well");
            rig.write(&Group::of(entry + 1, vec![5; 700]))
                .expect("the disk is well");
            rig.crash();
            let groups = rig.open().expect("the disk is well");
            assert!(
                groups == rig.written,
                "seed {seed}, {successes}: round {round}"
            );
            rig.reads_all();
        }
        let numbers: Vec<u32> = rig.segments().into_keys().collect();
        let following = (1..=rig.current()).collect::<Vec<_>>();
        assert_eq!(
            numbers, following,
            "none is left out: seed {seed}, {successes}"
        );
    }
}

#[test]
fn record_that_is_longer_than_the_file_and_torn_is_not_taken_for_a_file_that_was_cut() {
    for (seed, successes) in (0..16).flat_map(|seed| (0..6).map(move |successes| (seed, successes)))
    {
        let mut rig = Rig::new(seed);
        rig.disk.fail_after(Some(successes));
        let done = rig.write(&Group::of(1, vec![7; 700_000]));
        rig.crash();
        let groups = rig.open().expect("the disk is well again");
        assert!(
            done.is_err() || groups.len() == 1,
            "seed {seed}, {successes} steps"
        );
    }
}

#[test]
fn torn_record_is_there_whole_or_not_at_all() {
    // Of several entries and commands each: any sector of them may be what did not reach the disk.
    let (mut whole, mut torn) = (0, 0);
    for seed in 0..4 * SEEDS {
        let mut rig = Rig::new(seed);
        rig.write(&Group::of(1, vec![1; 300]))
            .expect("the disk is well");
        let entries =
            (2..6).map(|entry| Some(Said::new(entry, vec![low_byte(entry); rig.below(150)])));
        let entries = entries.collect();
        let group = Group {
            entries,
            commands: vec![8; 100],
        };
        rig.disk.fail_after(Some(1));
        rig.write(&group).expect_err("its sync fails");
        rig.crash();
        let groups = rig.open().expect("the disk is well again");
        match &*groups {
            [_] => torn += 1,
            [_, last] => {
                assert_eq!(*last, group);
                whole += 1;
            }
            other => panic!("{other:?}"),
        }
        // What is left of it is in nobody's way.
        rig.written = groups;
        rig.write(&Group::of(9, vec![9; 100]))
            .expect("the disk is well");
        rig.crash();
        assert_eq!(rig.open().expect("the disk is well"), rig.written);
    }
    assert!(torn > 50 && whole > 5, "{torn}, {whole}");
}

#[test]
fn record_costs_one_write_and_one_sync() {
    let mut rig = Rig::new(3);
    let mut entry = 1;
    rig.write(&Group::of(entry, Vec::new()))
        .expect("the disk is well");
    for len in [0, 1, 100, 468, 469, 5000] {
        for _ in 0..50 {
            entry += 1;
            // The next segment costs more, and so does room in a file that is full.
            if rig.end() >= 16 * 1024 {
                rig.write(&Group::of(entry, vec![1; len]))
                    .expect("the disk is well");
                continue;
            }
            rig.disk.fail_after(Some(2));
            rig.write(&Group::of(entry, vec![1; len]))
                .expect("it costs two calls");
            assert!(rig.disk.remove(9999).is_err(), "{len} bytes: and no less");
            rig.disk.fail_after(None);
        }
    }
}

#[test]
fn nothing_of_a_torn_record_is_left_behind_the_end() {
    for seed in 0..20 {
        let mut rig = Rig::new(seed);
        rig.write(&Group::of(1, vec![1; 100]))
            .expect("the disk is well");
        rig.disk.fail_after(Some(1));
        rig.write(&Group::of(2, vec![7; 20_000]))
            .expect_err("its sync fails");
        rig.crash();
        rig.open().expect("the disk is well again");
        let (image, end) = (rig.disk.segment_image(1), rig.end());
        assert!(end == FIRST + 256 || end > 20_000, "{end}");
        assert!(image[end..].iter().all(|byte| *byte == 0));
        assert_eq!(image.len() % GROWTH, 0);
    }
}

#[test]
fn what_the_tables_do_not_contain_is_measured_over_all_segments() {
    let mut rig = Rig::new(6);
    let mut bytes = 0;
    for entry in 1..=20 {
        rig.write(&Group::of(entry, vec![1; 5000]))
            .expect("the disk is well");
        bytes += 5120;
        assert_eq!(rig.log().len_behind(), bytes);
    }
    rig.crash();
    rig.open().expect("the disk is well");
    assert_eq!(rig.log().len_behind(), bytes);
    // What comes while a checkpoint is under way is behind it.
    let note = rig.log().note().expect("it has a segment");
    rig.write(&Group::of(21, vec![1; 5000]))
        .expect("the disk is well");
    rig.log().noted(note);
    assert_eq!(rig.log().len_behind(), 5120);
}

#[test]
fn segments_that_hold_nothing_go_and_no_other() {
    let mut rig = Rig::new(4);
    for entry in 1..=12 {
        rig.write(&Group::of(entry, vec![1; 5000]))
            .expect("the disk is well");
    }
    let last = rig.current();
    assert!(last > 3, "{last}");
    let listed = |rig: &Rig| rig.segments().into_keys().collect::<Vec<_>>();
    let all = listed(&rig);
    let remove = |rig: &mut Rig| rig.log().remove_unused(|number| Ok(number == 2));
    // The tables have yet to come to know of it.
    remove(&mut rig).expect("the disk is well");
    assert_eq!(listed(&rig), all);
    rig.checkpoint().expect("the disk is well");
    let pin = rig.log().reader().pin();
    remove(&mut rig).expect("the disk is well");
    assert_eq!(listed(&rig), all, "somebody reads them");
    drop(pin);
    remove(&mut rig).expect("the disk is well");
    assert_eq!(listed(&rig), [2, last]);
    let first = *rig.durable.keys().next().expect("something was said");
    assert!(rig.log().reader().read(first, 3, 1).is_err());
    rig.crash();
    assert!(rig.open().expect("the disk is well").is_empty());
    rig.durable
        .retain(|place, _| place.segment == 2 || place.segment == last);
    rig.reads_all();
}

#[test]
fn segment_that_was_opened_while_it_was_removed_is_closed_the_next_time() {
    // Its space would not come back before the server stops.
    let mut rig = Rig::new(4);
    for entry in 1..=12 {
        rig.write(&Group::of(entry, vec![1; 5000]))
            .expect("the disk is well");
    }
    rig.checkpoint().expect("the disk is well");
    let opens = |rig: &mut Rig| rig.log().reader().open(1).is_ok();
    assert!(opens(&mut rig));
    rig.disk.set_segment(1, None);
    assert!(opens(&mut rig), "it is open");
    let removed = rig.log().remove_unused(|_| Ok(true));
    removed.expect("the disk is well");
    assert!(!opens(&mut rig));
}
