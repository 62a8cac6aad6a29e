//! What clients are told of the other servers of a cluster, so that they go there when this one is gone.

use std::net::SocketAddr;

use crate::cli::address;

#[derive(clap::Args)]
pub struct OtherServers {
    /// An address by which clients reach this server, which is not one of the others; repeatable
    #[arg(
        long,
        value_name = "ADDR:PORT",
        env = "UDPCHAT_CLUSTER_ADDRESS",
        value_delimiter = ',',
        value_parser = reachable,
    )]
    cluster_address: Vec<SocketAddr>,
    /// Tell clients that the servers at these addresses have the same key and the same users, and can take this one's place; repeatable
    #[arg(
        long,
        value_name = "ADDR:PORT",
        env = "UDPCHAT_CLUSTER_PEERS",
        value_delimiter = ',',
        value_parser = reachable,
    )]
    cluster_peers: Vec<SocketAddr>,
}

impl OtherServers {
    /// Where clients find the others. All servers of a cluster may be given the same list.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let others = self.cluster_peers.iter();
        let others = others.filter(|peer| !self.cluster_address.contains(peer));
        others.copied().collect()
    }
}

/// An address that a client can be told.
fn reachable(text: &str) -> Result<SocketAddr, String> {
    let address = address::parse_listen(text)?;
    if address.ip().is_unspecified() || address.port() == 0 {
        return Err("clients reach a server at one address and one port".into());
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_address_is_not_told_as_that_of_another() {
        let all = ["10.0.0.1:7777", "10.0.0.2:7777", "[2001:db8::3]:9"].map(reachable);
        let all = all.map(Result::unwrap);
        let servers = OtherServers {
            cluster_address: vec![all[1]],
            cluster_peers: all.into(),
        };
        assert_eq!(servers.addresses(), [all[0], all[2]]);
    }

    #[test]
    fn address_to_which_no_client_can_go_is_refused() {
        for text in ["0.0.0.0:7777", "[::]:7777", "10.0.0.1:0", "10.0.0.1"] {
            assert!(reachable(text).is_err(), "{text}");
        }
    }
}
