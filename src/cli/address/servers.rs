//! The servers of one cluster, as the user named them: the first gives its name to what is kept of them all, such as their key.

use std::net::SocketAddr;

use super::{ServerName, Unresolved};

/// At least one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Servers {
    pub first: ServerName,
    pub others: Vec<ServerName>,
}

impl Servers {
    fn all(&self) -> impl Iterator<Item = &ServerName> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Whether they are addresses, which need no resolver.
    pub fn are_addresses(&self) -> bool {
        self.all().all(ServerName::is_address)
    }

    /// Whether one is an address in a zone of this host.
    pub fn have_zone(&self) -> bool {
        self.all().any(ServerName::has_zone)
    }

    /// Resolves all names, for as long as the system's resolver likes: one that has no address does no harm while another has one.
    pub fn resolve(&self) -> Result<Vec<SocketAddr>, Unresolved> {
        let (mut found, mut failed) = (Vec::new(), None);
        for server in self.all() {
            match server.resolve() {
                Ok(addresses) => found.extend(addresses),
                Err(unresolved) => failed = failed.or(Some(unresolved)),
            }
        }
        match failed {
            Some(unresolved) if found.is_empty() => Err(unresolved),
            _ => {
                let mut seen = std::collections::HashSet::new();
                found.retain(|address| seen.insert(*address));
                Ok(found)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::cli::address::Target;

    fn resolved(text: &str) -> Vec<String> {
        let servers = text.parse::<Target>().unwrap().servers();
        let found = servers.resolve().unwrap();
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_server_of_a_list_is_resolved_and_the_first_gives_its_name() {
        let list = "10.0.0.1:99,[2001:db8::1]:98,10.0.0.2,10.0.0.1:99";
        let found = ["10.0.0.1:99", "[2001:db8::1]:98", "10.0.0.2:7777"];
        assert_eq!(resolved(list), found);
        let target: Target = list.parse().unwrap();
        assert_eq!(target.server.to_string(), "10.0.0.1:99");
        assert_eq!(resolved("10.0.0.1"), ["10.0.0.1:7777"]);
    }

    #[test]
    fn list_with_a_server_that_is_none_is_refused() {
        for text in ["a,", ",a", "a,,b", "a,b:0", "a, b"] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }

    #[test]
    fn name_that_has_no_address_does_no_harm_beside_one_that_has() {
        let list = "nobody.invalid:7,127.0.0.1:9";
        let servers = list.parse::<Target>().unwrap().servers();
        assert!(!servers.are_addresses());
        assert_eq!(resolved(list), ["127.0.0.1:9"]);
    }
}
