//! The address of a peer, as the other end of a hop sees it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde::de;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_bytes::ByteBuf;

/// The address of this hop's receiver, as its sender sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecipientData {
    /// IPv4 or IPv6, never a v4-mapped form.
    pub ip_address: IpAddr,
    /// The UDP port.
    pub port_number: u16,
}

impl RecipientData {
    /// In the place of an address that a reader is not shown. No session has it.
    pub const HIDDEN: Self = Self {
        ip_address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        port_number: 0,
    };
}

impl From<SocketAddr> for RecipientData {
    fn from(address: SocketAddr) -> Self {
        Self {
            ip_address: address.ip().to_canonical(),
            port_number: address.port(),
        }
    }
}

impl From<RecipientData> for SocketAddr {
    fn from(data: RecipientData) -> Self {
        Self::new(data.ip_address, data.port_number)
    }
}

impl Serialize for RecipientData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let octets = match self.ip_address {
            IpAddr::V4(ip) => ByteBuf::from(ip.octets()),
            IpAddr::V6(ip) => ByteBuf::from(ip.octets()),
        };
        (octets, self.port_number).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RecipientData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (octets, port_number) = <(ByteBuf, u16)>::deserialize(deserializer)?;
        let ip_address = if let Ok(four) = <[u8; 4]>::try_from(octets.as_slice()) {
            IpAddr::from(four)
        } else if let Ok(sixteen) = <[u8; 16]>::try_from(octets.as_slice()) {
            IpAddr::from(sixteen)
        } else {
            return Err(de::Error::invalid_length(octets.len(), &"4 or 16 octets"));
        };
        Ok(Self {
            ip_address: ip_address.to_canonical(),
            port_number,
        })
    }
}
