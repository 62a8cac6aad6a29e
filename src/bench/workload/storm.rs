//! The workload `storm`: all sessions come back at once after the server has restarted.

use std::time::Instant;

use super::traffic::{Outgoing, Partner, Traffic};
use crate::bench::args::Args;

/// Nobody speaks; the crowd does the rest.
pub struct Storm {
    clients: usize,
}

impl Storm {
    /// All of these clients.
    pub const fn new(args: &Args) -> Self {
        Self {
            clients: args.clients,
        }
    }
}

impl Traffic for Storm {
    fn partners(&self, _member: usize) -> Vec<Partner> {
        Vec::new()
    }

    fn begin(&mut self, _now: Instant) {}

    fn poll(&mut self, _now: Instant) -> Option<Outgoing> {
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
