//! The address tokens of a client, which save a round trip when it reconnects.

use std::net::SocketAddr;

use crate::transport::limits::MAX_TOKENS;
use crate::transport::wire::packet::ADDRESS_TOKEN_LEN;

/// The newest token of each server address; few, so a linear search is enough.
///
/// A token stays after use: it is valid for the same address until it expires, and each session brings a newer one.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    known: Vec<(SocketAddr, [u8; ADDRESS_TOKEN_LEN])>,
}

impl Tokens {
    pub(crate) fn of(&self, server: SocketAddr) -> Option<[u8; ADDRESS_TOKEN_LEN]> {
        let of_server = self.known.iter().find(|(known, _)| *known == server);
        of_server.map(|(_, token)| *token)
    }

    /// Stores a server's token in place of the previous one, or drops it at the limit.
    pub(crate) fn keep(&mut self, server: SocketAddr, token: [u8; ADDRESS_TOKEN_LEN]) {
        let of_server = self.known.iter().position(|(known, _)| *known == server);
        match of_server {
            Some(at) => self.known[at].1 = token,
            None if self.known.len() < MAX_TOKENS => self.known.push((server, token)),
            None => {}
        }
    }

    pub(crate) fn forget(&mut self) {
        self.known.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_each_server_is_kept_and_of_so_many_servers_only() {
        let servers: Vec<SocketAddr> = (7000..)
            .take(2 * MAX_TOKENS)
            .map(|port| ([192, 0, 2, 1], port).into())
            .collect();
        let mut tokens = Tokens::default();
        for server in &servers {
            tokens.keep(*server, [1; ADDRESS_TOKEN_LEN]);
        }
        tokens.keep(servers[0], [2; ADDRESS_TOKEN_LEN]);
        assert_eq!(tokens.of(servers[0]), Some([2; ADDRESS_TOKEN_LEN]));
        assert_eq!(
            tokens.of(servers[MAX_TOKENS - 1]),
            Some([1; ADDRESS_TOKEN_LEN])
        );
        assert_eq!(tokens.of(servers[MAX_TOKENS]), None);
        tokens.forget();
        assert_eq!(tokens.of(servers[0]), None);
    }
}
