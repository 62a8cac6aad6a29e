//! Of what mixed plans are mixed.

use super::{LONG_BYTES, Plan};
use crate::kit::Rng;

/// Adds some of one kind of trouble to a plan.
type Ingredient = fn(&mut Plan, &mut Rng);

/// Everything of which a mixed plan is mixed.
pub(super) const INGREDIENTS: &[Ingredient] = &[
    |plan, rng| plan.link.loss = 0.01 + rng.share(0.3),
    |plan, rng| {
        plan.link.burst = 0.005 + rng.share(0.05);
        plan.link.burst_ends = 0.1 + rng.share(0.5);
    },
    |plan, rng| plan.link.duplicate = 0.01 + rng.share(0.3),
    |plan, rng| plan.link.reorder = 0.01 + rng.share(0.3),
    |plan, rng| plan.link.corrupt = 0.01 + rng.share(0.1),
    |plan, rng| {
        plan.link.rate = 3_000 + rng.below(27_000) as u32;
        plan.link.queue = rng.ms(50, 500);
    },
    |plan, rng| plan.troubles.rebinds = 1 + rng.below(4),
    |plan, rng| plan.troubles.roams = 1 + rng.below(3),
    |plan, rng| plan.troubles.cuts_one_way = 1 + rng.below(3),
    |plan, rng| plan.troubles.cuts_both_ways = 1 + rng.below(3),
    |plan, rng| {
        plan.troubles.black_holes = 1 + rng.below(3);
        plan.long_texts = Some(LONG_BYTES);
    },
    |plan, rng| plan.troubles.server_crashes = 1 + rng.below(3),
    |plan, rng| plan.troubles.torn_commits = 1 + rng.below(2),
    |plan, rng| plan.troubles.server_stops = 1 + rng.below(2),
    |plan, rng| plan.troubles.server_restores = 1 + rng.below(2),
    |plan, rng| plan.troubles.client_restores = 1 + rng.below(2),
    |plan, _| plan.copies = 1,
    |plan, _| plan.rooms = true,
    |plan, _| plan.mends = 0.5,
    |plan, _| plan.devices = 2,
    |plan, _| {
        plan.devices = 2;
        plan.late_devices = true;
        plan.pages_back = true;
        // Else few pages are cut short, and in some runs none.
        plan.troubles.server_crashes = plan.troubles.server_crashes.max(1);
    },
    |plan, rng| plan.troubles.client_crashes = 1 + rng.below(4),
    |plan, rng| plan.troubles.failing_disks = 1 + rng.below(3),
    |plan, rng| plan.troubles.clocks_forward = 1 + rng.below(3),
    |plan, rng| plan.troubles.clocks_back = 1 + rng.below(3),
    |plan, rng| plan.troubles.client_sleeps = 1 + rng.below(3),
    |plan, rng| plan.troubles.server_sleeps = 1 + rng.below(2),
    |plan, rng| {
        plan.attack.replay = 0.02 + rng.share(0.2);
        plan.attack.replay_elsewhere = 0.02 + rng.share(0.2);
    },
    |plan, rng| plan.attack.hold = 0.01 + rng.share(0.1),
    |plan, rng| {
        plan.attack.forge = 0.02 + rng.share(0.2);
        plan.attack.mutate = 0.02 + rng.share(0.2);
    },
    |plan, rng| plan.attack.overtake = 0.05 + rng.share(0.5),
    |plan, rng| plan.attack.steal = 0.02 + rng.share(0.2),
    |plan, rng| {
        plan.attack.overtake = 0.05 + rng.share(0.5);
        plan.attack.relay = 0.2 + rng.share(0.8);
    },
];
