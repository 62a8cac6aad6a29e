//! What a crowd is given, from the start and by other threads, and how it ends.

use std::net::SocketAddr;

use crate::bench::names::Names;
use crate::bench::report::{Arguments, Report};
use crate::bench::server::{Meter, OwnServerHandle};
use crate::bench::workload::Traffic;

pub struct CrowdConfig {
    pub workload: &'static str,
    /// For the report.
    pub arguments: Arguments,
    /// Before what the progress bar says.
    pub label: String,
    pub addresses: Vec<SocketAddr>,
    /// Whether each client has one of them alone, in turn.
    pub is_spread: bool,
    pub traffic: Box<dyn Traffic>,
    /// The first so many members are clients; the others stay away.
    pub clients: usize,
    pub members: usize,
    pub names: Names,
    /// The run's own server, if it has one.
    pub own: Option<OwnServerHandle>,
}

impl CrowdConfig {
    /// The servers over which the clients are spread; none if there is only one.
    pub fn servers(&self) -> &[SocketAddr] {
        if self.is_spread { &self.addresses } else { &[] }
    }

    /// Which of them is a member's.
    pub fn server_of(&self, member: usize) -> Option<usize> {
        let servers = self.servers().len();
        (servers > 0).then(|| member % servers)
    }
}

/// Inputs from other threads.
pub enum Input {
    /// The run's own server has been restarted, or the reason why not.
    Restarted(Result<Meter, String>),
    /// A signal to the process.
    Interrupt,
}

#[derive(Debug, Clone, PartialEq)]
pub enum End {
    Measured(Box<Report>),
    Interrupted,
    /// The server has never answered.
    Unreachable,
    /// The server has answered, and does so no longer.
    Lost,
    Failed(String),
}
