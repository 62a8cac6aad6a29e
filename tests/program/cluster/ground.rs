//! Where the processes of a cluster stand: on hosts of their own in one network, if network namespaces can be made, or all on this one.

use super::engine::free_port;
use crate::support::Host;
use crate::two_hosts::ip;

/// The addresses of the nats-servers, the nodes and the users.
const LOG: [u8; 3] = [11, 12, 13];
const NODES: [u8; 3] = [21, 22, 23];
const USERS: u8 = 31;

/// The host of the switch between the others.
const SWITCH: u8 = 0;

fn address(host: u8) -> String {
    format!("10.97.0.{host}")
}

/// Hosts in one network, or none, and then all is on this host.
pub struct Ground {
    is_laid: bool,
    tag: u32,
}

impl Ground {
    pub fn lay() -> Self {
        let mut ground = Self {
            is_laid: true,
            tag: std::process::id(),
        };
        if let Err(reason) = ground.lay_hosts() {
            println!("all on one host: network namespaces cannot be made: {reason}");
            ground.remove();
            ground.is_laid = false;
        }
        ground
    }

    fn name(&self, host: u8) -> String {
        format!("uk{}-{host}", self.tag)
    }

    fn lay_hosts(&self) -> Result<(), String> {
        let switch = self.name(SWITCH);
        ip(&["netns", "add", &switch])?;
        ip(&["-n", &switch, "link", "add", "br0", "type", "bridge"])?;
        ip(&["-n", &switch, "link", "set", "br0", "up"])?;
        for host in LOG.into_iter().chain(NODES).chain([USERS]) {
            let (name, port) = (self.name(host), format!("p{host}"));
            ip(&["netns", "add", &name])?;
            ip(&["-n", &name, "link", "set", "lo", "up"])?;
            ip(&[
                "-n", &name, "link", "add", "e0", "type", "veth", "peer", "name", &port, "netns",
                &switch,
            ])?;
            ip(&[
                "-n",
                &name,
                "addr",
                "add",
                &format!("{}/24", address(host)),
                "dev",
                "e0",
            ])?;
            ip(&["-n", &name, "link", "set", "e0", "up"])?;
            ip(&["-n", &switch, "link", "set", &port, "master", "br0", "up"])?;
        }
        Ok(())
    }

    fn remove(&self) {
        if self.is_laid {
            for host in LOG.into_iter().chain(NODES).chain([USERS, SWITCH]) {
                // It may never have been made.
                let _ = ip(&["netns", "del", &self.name(host)]);
            }
        }
    }

    fn host(&self, host: u8) -> Host {
        Host {
            namespace: self.is_laid.then(|| self.name(host)),
        }
    }

    fn place(&self, host: u8, port: u16) -> String {
        if self.is_laid {
            return format!("{}:{port}", address(host));
        }
        format!("127.0.0.1:{}", free_port())
    }

    /// Of each nats-server the host, where the nodes reach it, and where its likes do.
    pub fn log(&self) -> Vec<(Host, String, String)> {
        let seat = |&host: &u8| {
            (
                self.host(host),
                self.place(host, 4222),
                self.place(host, 6222),
            )
        };
        LOG.iter().map(seat).collect()
    }

    /// Of each node the host, and where clients reach it.
    pub fn nodes(&self) -> Vec<(Host, String)> {
        let seat = |&host: &u8| (self.host(host), self.place(host, 7777));
        NODES.iter().map(seat).collect()
    }

    pub fn users(&self) -> Host {
        self.host(USERS)
    }

    /// Whether hosts can be cut off from each other.
    pub const fn can_cut(&self) -> bool {
        self.is_laid
    }

    /// Cuts a node off from the log, or lets it back.
    pub fn node_and_log(&self, node: usize, is_cut: bool) {
        for log in LOG {
            self.cut(log, NODES[node], is_cut);
        }
    }

    /// Cuts a nats-server off from its likes, or lets it back.
    pub fn log_server_and_others(&self, server: usize, is_cut: bool) {
        for log in LOG.into_iter().filter(|log| *log != LOG[server]) {
            self.cut(log, LOG[server], is_cut);
        }
    }

    /// What `from` sends to `to` gets nowhere, so that no connection of theirs goes on; or it does again.
    fn cut(&self, from: u8, to: u8, is_cut: bool) {
        let todo = if is_cut { "add" } else { "del" };
        let (from, to) = (self.name(from), address(to));
        let done = ip(&["-n", &from, "route", todo, "blackhole", &to]);
        assert_eq!(done, Ok(()), "{todo} from {from} to {to}");
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        self.remove();
    }
}
