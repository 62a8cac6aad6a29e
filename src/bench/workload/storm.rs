//! The workload `storm`: all sessions come back at once after the server has restarted.

use std::time::Instant;

use super::{Partner, Traffic, Typing, Workload};
use crate::bench::{Args, Error};
use crate::registry::Entry;

/// See the summary.
pub struct Storm;

impl Entry for Storm {
    fn name(&self) -> &'static str {
        "storm"
    }

    fn summary(&self) -> &'static str {
        "clients that all come back at once after the server has restarted; a delivery is one that is signed in again"
    }
}

impl Workload for Storm {
    fn traffic(&self, args: &Args, _seed: [u8; 32]) -> Result<Box<dyn Traffic>, Error> {
        Ok(Box::new(StormTraffic {
            clients: args.clients,
        }))
    }
}

/// Nobody speaks; the crowd does the rest.
struct StormTraffic {
    clients: usize,
}

impl Traffic for StormTraffic {
    fn partners(&self, _member: usize) -> Vec<Partner> {
        Vec::new()
    }

    fn begin(&mut self, _now: Instant) {}

    fn poll(&mut self, _now: Instant) -> Option<Typing> {
        None
    }

    fn deadline(&self) -> Option<Instant> {
        None
    }

    fn counted_from(&self) -> Option<Instant> {
        None
    }

    fn expected(&self) -> u64 {
        self.clients as u64
    }

    fn is_storm(&self) -> bool {
        true
    }
}
