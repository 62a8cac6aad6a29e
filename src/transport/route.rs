//! Addresses of datagrams, and datagrams to send.

use std::net::{IpAddr, SocketAddr};

/// One datagram (or several of one size) to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transmit {
    /// The destination.
    pub remote: SocketAddr,
    /// The local address to send from: the one that the peer sent to.
    pub local_ip: Option<IpAddr>,
    /// Bytes of the buffer.
    pub len: usize,
    /// If the buffer holds several datagrams: the size in bytes of each but the last.
    pub segment_size: Option<usize>,
}

impl Transmit {
    pub(crate) const fn one(route: Route, len: usize) -> Self {
        Self {
            remote: route.remote,
            local_ip: route.local_ip,
            len,
            segment_size: None,
        }
    }
}

/// The two addresses between which packets travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) remote: SocketAddr,
    /// The local address to send from: the one that the peer sent to.
    pub(crate) local_ip: Option<IpAddr>,
}
