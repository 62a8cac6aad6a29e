//! `contrib/cluster/try`: a cluster in one command.

use std::process::Command;

use super::engine::{free_ports, is_free, program};
use crate::support::{Host, Script, wait};

/// How many ports it takes.
const PORTS: u16 = 9;

/// The script, which is told to end, as by Ctrl-C, also if the test fails: else what it has started would go on.
struct Tried(Script);

impl Tried {
    fn is_told_to_end(&self) {
        let pid = self.0.child.id().to_string();
        // It may have ended.
        let _ = Command::new("kill").args(["-s", "INT", &pid]).status();
    }
}

impl Drop for Tried {
    fn drop(&mut self) {
        self.is_told_to_end();
        if !std::thread::panicking() {
            wait(&mut self.0.child);
        }
    }
}

#[test]
fn cluster_is_tried_out_with_one_command_and_all_of_it_ends_at_ctrl_c() {
    let Some(nats_server) = program() else {
        return;
    };
    let host = Host::default();
    let first = free_ports(PORTS);
    let mut command = host.command(concat!(env!("CARGO_MANIFEST_DIR"), "/contrib/cluster/try"));
    command
        .env("NATS_SERVER", nats_server)
        .env("UDPCHAT", host.udpchat().get_program())
        .env("FIRST_PORT", first.to_string());
    let mut tried = Tried(Script::spawn(&mut command));
    tried.0.sees(1, "Ctrl-C ends them all");
    tried
        .0
        .sees(1, &format!("connect 127.0.0.1:{} ", first + 2));
    let free = || (first..first + PORTS).filter(|port| is_free(*port)).count();
    assert_eq!(
        free(),
        0,
        "three nodes, and three nats-servers with two ports each"
    );
    tried.is_told_to_end();
    assert_eq!(tried.0.ends(), Some(0), "{}", tried.0.errors());
    assert_eq!(free(), usize::from(PORTS), "all have ended");
}
