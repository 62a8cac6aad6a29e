//! The table of workloads, and what each has to say about its traffic.

use std::time::Instant;

use super::Plan;
use super::paced::Paced;
use crate::cli::exit::Failure;
use crate::registry::{Entry, Registry};

/// Something that clients can be made to do.
pub trait Workload: Entry {
    /// Its traffic, as the command line asks for it.
    ///
    /// # Errors
    /// If the workload cannot be run like that.
    fn traffic(&self, plan: &Plan, seed: [u8; 32]) -> Result<Box<dyn Traffic>, Failure>;
}

/// A line that is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Typing {
    /// Who types it.
    pub member: usize,
    /// When; latency counts from here, however late the loop comes to it.
    pub at: Instant,
    /// Whether it is counted, or warms up.
    pub is_counted: bool,
}

/// Who says something to whom, and when.
pub trait Traffic: Send {
    /// The other one in this member's conversation.
    fn partner(&self, member: usize) -> usize;

    /// Everybody is ready.
    fn begin(&mut self, now: Instant);

    /// The next line whose time has come.
    fn poll(&mut self, now: Instant) -> Option<Typing>;

    /// When the next line's time comes; `None` once all is said.
    fn deadline(&self) -> Option<Instant>;

    /// When counting begins, once [`Traffic::begin`] was called.
    fn counted_from(&self) -> Option<Instant>;

    /// How many deliveries are to be counted in all.
    fn expected(&self) -> u64;
}

/// All workloads, in the order of the manual.
#[must_use]
pub fn table() -> Registry<dyn Workload> {
    Registry::<dyn Workload>::default().with(Box::new(Paced))
}
