//! The table of workloads: name, requirement and traffic of each.

mod bulk;
mod closed_loop;
mod mixed;
mod paced;
mod traffic;

use super::args::Args;
use super::report::Arguments;
use crate::registry::{Entry, Registry};
use crate::store::ROOM_MEMBERS_MAX;
use Heeded::{Bytes, Ending, Rate, Seconds, Size, Window};
use bulk::Bulk;
use closed_loop::ClosedLoop;
use mixed::Mixed;
use paced::Paced;

pub use traffic::{Audience, DueErrand, Errand, Outgoing, Partner, Traffic};

/// The workload without deliveries.
const IDLE: &str = "idle";

pub struct Workload {
    name: &'static str,
    summary: &'static str,
    needs: Needs,
    /// The arguments that it heeds.
    heeds: &'static [Heeded],
    /// From a seed.
    pub traffic: fn(&Args, [u8; 32]) -> Box<dyn Traffic>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    /// A partner for each client.
    Pairs,
    /// A room for all clients.
    Room,
    /// A partner for each client, and a room for half of them.
    PairsAndRooms,
    /// A server that the run may restart.
    OwnServer,
}

/// An argument that some workloads heed; all heed the number of clients, and whether they are frugal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heeded {
    Window,
    /// The number of messages, or else the time, ends the run.
    Ending,
    Rate,
    Seconds,
    Size,
    Bytes,
}

impl Entry for Workload {
    fn name(&self) -> &'static str {
        self.name
    }

    fn summary(&self) -> &'static str {
        self.summary
    }
}

impl Workload {
    /// Refuses arguments with which the workload cannot run.
    pub fn check(&self, args: &Args, has_own_server: bool) -> Result<(), String> {
        match self.needs {
            Needs::Pairs | Needs::PairsAndRooms if !args.clients.is_multiple_of(2) => {
                Err("--clients must be even: they talk in pairs".into())
            }
            Needs::Room if args.clients > ROOM_MEMBERS_MAX as usize => Err(format!(
                "--clients may be {ROOM_MEMBERS_MAX} at most: no room has more members"
            )),
            Needs::PairsAndRooms if args.clients / 2 > ROOM_MEMBERS_MAX as usize => Err(format!(
                "--clients may be {} at most: no room has more members than half of that",
                2 * ROOM_MEMBERS_MAX
            )),
            Needs::OwnServer if !has_own_server => Err(
                "storm restarts the server: leave HOST out, so that it starts one of its own"
                    .into(),
            ),
            _ => Ok(()),
        }
    }

    /// The arguments that it heeds, as the report states them.
    pub fn arguments(&self, args: &Args) -> Arguments {
        let mut stated = Arguments {
            frugal: args.frugal,
            ..Arguments::default()
        };
        for heeded in self.heeds {
            match heeded {
                Heeded::Window => stated.window = Some(args.window),
                Heeded::Ending if args.messages.is_some() => stated.messages = args.messages,
                Heeded::Ending | Heeded::Seconds => stated.seconds = Some(args.duration.as_secs()),
                Heeded::Rate => stated.rate = Some(args.rate),
                Heeded::Size => stated.size = Some(args.size),
                Heeded::Bytes => stated.bytes = Some(args.bytes),
            }
        }
        stated
    }

    /// Whether messages, or clients, arrive that a latency is measured of.
    pub fn has_latency(&self) -> bool {
        self.name != IDLE
    }
}

/// In the order of the manual.
const ALL: [Workload; 7] = [
    Workload {
        name: "pairs",
        summary: "clients in pairs, each with W messages under way to its partner at any time",
        needs: Needs::Pairs,
        heeds: &[Window, Ending, Size],
        traffic: |args, _| Box::new(ClosedLoop::pairs(args)),
    },
    Workload {
        name: "fanout",
        summary: "one client speaks in a room to all the others, with W messages under way that not all have",
        needs: Needs::Room,
        heeds: &[Window, Ending, Size],
        traffic: |args, _| Box::new(ClosedLoop::fanout(args)),
    },
    Workload {
        name: "paced",
        summary: "clients in pairs, each of which says R messages a second, for latency",
        needs: Needs::Pairs,
        heeds: &[Rate, Seconds, Size],
        traffic: |args, seed| Box::new(Paced::new(args, seed)),
    },
    Workload {
        name: "mixed",
        summary: "clients in rooms and pairs that do R times a second, at random moments, what people in a chat do; see MIXED",
        needs: Needs::PairsAndRooms,
        heeds: &[Rate, Seconds, Size],
        traffic: |args, seed| Box::new(Mixed::new(args, seed)),
    },
    Workload {
        name: "bulk",
        summary: "as paced, while the first of each pair streams BYTES to an account that stays away, on the bulk channel",
        needs: Needs::Pairs,
        heeds: &[Rate, Size, Bytes],
        traffic: |args, seed| Box::new(Bulk::new(args, seed)),
    },
    Workload {
        name: IDLE,
        summary: "clients that are signed in and say nothing, for memory and CPU time per session",
        needs: Needs::Nothing,
        heeds: &[Seconds],
        traffic: |args, _| Box::new(ClosedLoop::idle(args)),
    },
    Workload {
        name: "storm",
        summary: "clients that all come back at once after the server has restarted; a delivery is one that is signed in again",
        needs: Needs::OwnServer,
        heeds: &[],
        traffic: |args, _| Box::new(ClosedLoop::storm(args)),
    },
];

pub fn table() -> Registry<Workload> {
    ALL.into_iter()
        .fold(Registry::default(), |table, workload| {
            table.with(Box::new(workload))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workload_without_what_it_needs_is_refused() {
        let most = ROOM_MEMBERS_MAX as usize;
        for (workload, clients, has_own_server, is_possible) in [
            ("paced", 4, false, true),
            ("paced", 3, false, false),
            ("bulk", 3, true, false),
            ("fanout", most, true, true),
            ("fanout", most + 1, true, false),
            ("mixed", 4, false, true),
            ("mixed", 3, false, false),
            ("mixed", 2 * most, true, true),
            ("mixed", 2 * most + 2, true, false),
            ("storm", 3, true, true),
            ("storm", 3, false, false),
        ] {
            let args = Args {
                clients,
                ..Args::of_test()
            };
            let table = table();
            let checked = table.find(workload).unwrap().check(&args, has_own_server);
            assert_eq!(checked.is_ok(), is_possible, "{workload} {clients}");
        }
    }

    #[test]
    fn only_arguments_that_a_workload_heeds_are_stated() {
        let args = Args {
            messages: Some(7),
            ..Args::of_test()
        };
        let stated = |workload| {
            let table = table();
            let arguments = table.find(workload).unwrap().arguments(&args);
            serde_json::to_string(&arguments).unwrap()
        };
        let closed = r#"{"window":1,"messages":7,"size":64,"frugal":false}"#;
        assert_eq!((&*stated("pairs"), &*stated("fanout")), (closed, closed));
        let paced = r#"{"rate":2.0,"seconds":3,"size":64,"frugal":false}"#;
        assert_eq!(stated("paced"), paced);
        assert_eq!(stated("storm"), r#"{"frugal":false}"#);
    }
}
