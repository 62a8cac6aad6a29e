//! Runs with several kinds of trouble at once.

use super::{MIXED_SEEDS, TELLING_MIXED_SEEDS, run_seeds};
use crate::plan::Plan;
use crate::world::World;

#[test]
fn promises_hold_under_mixed_troubles() {
    run_seeds(
        "promises_hold_under_mixed_troubles",
        MIXED_SEEDS,
        TELLING_MIXED_SEEDS,
        Plan::mixed,
    );
}

#[test]
fn same_seed_gives_the_same_run() {
    let run = |seed| World::new(seed, &Plan::mixed(seed)).run();
    for seed in [7, 8, 9] {
        assert_eq!(run(seed), run(seed), "seed {seed}");
    }
    assert_ne!(run(7), run(8));
}
