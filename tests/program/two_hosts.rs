//! Server and clients on different hosts, over a network that loses, doubles and reorders: network namespaces of
//! this test's own, joined by a relay in a third.

use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::support::relay::{self, Badness};
use crate::support::{Host, Server, Workspace};
use crate::transcript::transcript;

/// What the link does: 10 % loss, 5 % duplicates, 5 % reordered, 25 ms each way.
const LINK: Badness = Badness {
    loss: 100,
    loss_up: 0,
    duplicate: 50,
    reorder: 50,
    delay: Duration::from_millis(25),
    rebind: None,
};

pub fn ip(words: &[&str]) -> Result<(), String> {
    match Command::new("ip").args(words).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Err(format!("ip cannot be run: {error}")),
    }
}

/// Three hosts in a row: client, network, server.
pub struct Hosts {
    pub client: Host,
    pub network: Host,
    pub server: Host,
}

impl Hosts {
    pub fn lay(tag: &str) -> Result<Self, String> {
        let name = |role: &str| format!("uc{}{tag}{role}", std::process::id());
        let host = |role: &str| Host {
            namespace: Some(name(role)),
        };
        let hosts = Self {
            client: host("c"),
            network: host("n"),
            server: host("s"),
        };
        for role in ["c", "n", "s"] {
            ip(&["netns", "add", &name(role)])?;
            ip(&["-n", &name(role), "link", "set", "lo", "up"])?;
        }
        for (role, net) in [("c", 1), ("s", 2)] {
            let (here, there) = (name(role), name("n"));
            let (inner, outer) = (format!("{role}0"), format!("{role}1"));
            ip(&[
                "-n", &here, "link", "add", &inner, "type", "veth", "peer", "name", &outer,
                "netns", &there,
            ])?;
            for (space, link, last) in [(&here, &inner, 2), (&there, &outer, 1)] {
                ip(&[
                    "-n",
                    space,
                    "addr",
                    "add",
                    &format!("10.98.{net}.{last}/24"),
                    "dev",
                    link,
                ])?;
                let six = format!("fd00:98:{net}::{last}/64");
                ip(&["-n", space, "-6", "addr", "add", &six, "dev", link, "nodad"])?;
                ip(&["-n", space, "link", "set", link, "up"])?;
            }
        }
        Ok(hosts)
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        for host in [&self.client, &self.network, &self.server] {
            // It may never have been made.
            let _ = ip(&[
                "netns",
                "del",
                host.namespace.as_deref().unwrap_or_default(),
            ]);
        }
    }
}

/// The relay's process, in the network's namespace.
struct RelayProcess(Child);

impl RelayProcess {
    fn start(network: &Host, listen: &str, server: &str) -> Self {
        let own = std::env::current_exe().expect("this test is a program");
        let mut command = network.command(own.to_str().expect("its path is text"));
        command.args([
            "--exact",
            "two_hosts::relay_between_the_hosts",
            "--ignored",
            "--nocapture",
        ]);
        command
            .env("RELAY_LISTEN", listen)
            .env("RELAY_SERVER", server);
        Self(command.stdout(Stdio::null()).spawn().expect("it starts"))
    }
}

impl Drop for RelayProcess {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[ignore = "the process between the hosts, started by the tests themselves"]
fn relay_between_the_hosts() {
    let address = |name: &str| -> Option<SocketAddr> { std::env::var(name).ok()?.parse().ok() };
    let (Some(listen), Some(server)) = (address("RELAY_LISTEN"), address("RELAY_SERVER")) else {
        return;
    };
    let front = UdpSocket::bind(listen).expect("the address is this namespace's");
    relay::run(
        &front,
        server,
        LINK,
        &AtomicBool::new(false),
        &Mutex::new(Vec::new()),
    );
}

/// The hosts, or nothing and a line that says that the test is skipped.
pub fn hosts(tag: &str) -> Option<Hosts> {
    match Hosts::lay(tag) {
        Ok(hosts) => Some(hosts),
        Err(reason) => {
            let in_ci = std::env::var_os("CI").is_some();
            assert!(!in_ci, "network namespaces cannot be made: {reason}");
            println!("skipped: network namespaces cannot be made: {reason}");
            None
        }
    }
}

fn talk(tag: &str, listen: &str, server_address: &str, relay_address: &str) {
    let Some(hosts) = hosts(tag) else {
        return;
    };
    let workspace = Workspace::on(hosts.server.clone(), &[]);
    let _server = Server::start(&hosts.server, &workspace.data(), &[listen], &[]);
    let _relay = RelayProcess::start(&hosts.network, relay_address, server_address);
    transcript(&workspace, &hosts.client, relay_address);
}

#[test]
fn people_talk_over_a_lossy_link_by_ipv4() {
    talk("4", "0.0.0.0:7777", "10.98.2.2:7777", "10.98.1.1:7777");
}

#[test]
fn people_talk_over_a_lossy_link_by_ipv6() {
    talk(
        "6",
        "[::]:7777",
        "[fd00:98:2::2]:7777",
        "[fd00:98:1::1]:7777",
    );
}
