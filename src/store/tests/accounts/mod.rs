//! Accounts and their devices.

mod administration;
mod announcements;
mod bans;
mod changes;
mod codes;
mod identities;
mod renames;
mod roles;

use crate::store::Request;
use crate::store::testing::Bench;

fn check(bench: &mut Bench) {
    bench.done(Request::Checkpoint);
    let report = bench.engine.snapshots().check().expect("it can be read");
    assert!(report.is_sound(), "{report:?}");
}
