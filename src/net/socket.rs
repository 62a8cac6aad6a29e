//! A UDP socket: it receives and sends in batches, and survives all errors of the network.
//!
//! An IPv6 socket is for IPv6 only, so that `0.0.0.0:7777` and `[::]:7777` can be bound together and IPv4 peers never
//! appear with mapped addresses.

use std::io::{self, ErrorKind, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsFd;

use mio::net::UdpSocket;
use quinn_udp::{BATCH_SIZE, RecvMeta, UdpSocketState};
use socket2::{Domain, Protocol, SockRef, Type};

use super::outbox::Packet;
#[cfg(target_os = "linux")]
use crate::sys::{Datagram, send_many};
use crate::transport::Transmit;

/// The requested socket buffers, in bytes. Chosen: some 40,000 small packets as the kernel counts them, so that ten
/// thousand clients can send and acknowledge in the same moment: a few tenths of a second of work. The operating
/// system may grant less; packets that do not fit are lost as in any queue.
const SOCKET_BUFFER_BYTES: usize = 16 * 1024 * 1024;

/// Minimum batch of a read. Preparing a slot costs about as much as receiving into it, so a read after one that found
/// few is small; and a read that is not full has emptied the socket. Where the operating system receives one datagram a
/// call (macOS), every read is full, and the socket is empty when one would block.
const BATCH_SIZE_MIN: usize = if BATCH_SIZE < 2 { BATCH_SIZE } else { 2 };

/// The maximum UDP payload.
const DATAGRAM_MAX_BYTES: usize = 65_535;

/// Failed reads in a row after which a socket waits for the next event.
const RECEIVE_ERRORS_MAX: u32 = 16;

/// Counts since the socket was bound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SocketCounters {
    /// Datagrams, after the kernel's batches are split.
    pub datagrams_received: u64,
    /// Datagrams handed to the operating system.
    pub datagrams_sent: u64,
    /// Bytes of UDP payload.
    pub bytes_received: u64,
    /// Bytes of UDP payload.
    pub bytes_sent: u64,
    /// Datagrams that the operating system refused; the transport treats them as lost.
    pub send_errors: u64,
    /// Reads that failed.
    pub receive_errors: u64,
    /// Refused batches, whose datagrams were then sent one by one.
    pub batches_split: u64,
}

impl SocketCounters {
    pub(super) const fn plus(self, other: Self) -> Self {
        Self {
            datagrams_received: self.datagrams_received + other.datagrams_received,
            datagrams_sent: self.datagrams_sent + other.datagrams_sent,
            bytes_received: self.bytes_received + other.bytes_received,
            bytes_sent: self.bytes_sent + other.bytes_sent,
            send_errors: self.send_errors + other.send_errors,
            receive_errors: self.receive_errors + other.receive_errors,
            batches_split: self.batches_split + other.batches_split,
        }
    }
}

/// Errors are ignored: a smaller buffer costs packets, not correctness. An administrator of the network may exceed
/// the operating system's limit (`net.core.rmem_max`, 208 KiB by default).
fn ask_for_buffers(socket: &impl AsFd, bytes: usize) {
    #[cfg(target_os = "linux")]
    {
        use nix::sys::socket::{setsockopt, sockopt};
        let _ = setsockopt(socket, sockopt::RcvBufForce, &bytes);
        let _ = setsockopt(socket, sockopt::SndBufForce, &bytes);
    }
    let socket = SockRef::from(socket);
    if socket.recv_buffer_size().is_ok_and(|now| now < bytes) {
        let _ = socket.set_recv_buffer_size(bytes);
    }
    if socket.send_buffer_size().is_ok_and(|now| now < bytes) {
        let _ = socket.set_send_buffer_size(bytes);
    }
}

/// A bound, non-blocking UDP socket.
pub struct Socket {
    io: UdpSocket,
    state: UdpSocketState,
    local: SocketAddr,
    buffer: Vec<u8>,
    /// Datagrams that the next read has room for.
    batch: usize,
    counters: SocketCounters,
}

impl Socket {
    /// Binds a socket; port 0 lets the operating system choose.
    ///
    /// # Errors
    /// Those of the operating system: the port is in use, the address is not local, the family is not available.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = socket2::Socket::new(
            Domain::for_address(address),
            Type::DGRAM,
            Some(Protocol::UDP),
        )?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        ask_for_buffers(&socket, SOCKET_BUFFER_BYTES);
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        Self::of(socket.into())
    }

    /// Takes over a socket that somebody else has bound, with the buffers that it has.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn adopt(socket: std::net::UdpSocket) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Self::of(socket)
    }

    fn of(socket: std::net::UdpSocket) -> io::Result<Self> {
        let io = UdpSocket::from_std(socket);
        let state = UdpSocketState::new((&io).into())?;
        let local = io.local_addr()?;
        let buffer = vec![0; BATCH_SIZE * DATAGRAM_MAX_BYTES];
        Ok(Self {
            io,
            state,
            local,
            buffer,
            batch: BATCH_SIZE_MIN,
            counters: SocketCounters::default(),
        })
    }

    /// Binds a socket for each address family of these addresses; a family that this host lacks is left out.
    ///
    /// # Errors
    /// If none can be bound.
    pub fn bind_toward(remotes: &[SocketAddr]) -> io::Result<Vec<Self>> {
        let (mut sockets, mut refused) = (Vec::new(), None);
        let all: [IpAddr; 2] = [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()];
        for local in all {
            if remotes.iter().any(|it| it.is_ipv4() == local.is_ipv4()) {
                match Self::bind((local, 0).into()) {
                    Ok(socket) => sockets.push(socket),
                    Err(error) => refused = Some(error),
                }
            }
        }
        match refused {
            Some(error) if sockets.is_empty() => Err(error),
            _ => Ok(sockets),
        }
    }

    /// Requests larger buffers, of so many bytes each, for a socket that serves in place of many hosts' sockets.
    pub fn widen(&self, bytes: usize) {
        ask_for_buffers(&self.io, bytes.max(SOCKET_BUFFER_BYTES));
    }

    /// The bound address, with the actual port.
    #[must_use]
    pub const fn local(&self) -> SocketAddr {
        self.local
    }

    /// Counters since it was bound.
    #[must_use]
    pub const fn counters(&self) -> SocketCounters {
        self.counters
    }

    pub(super) fn source(&mut self) -> &mut UdpSocket {
        &mut self.io
    }

    /// Receives one batch and passes on each datagram. `false`: the socket is empty, and the poll announces the next
    /// datagram.
    pub(super) fn receive(
        &mut self,
        mut datagram: impl FnMut(Option<IpAddr>, SocketAddr, Option<u8>, &mut [u8]),
    ) -> bool {
        let mut metas = [RecvMeta::default(); BATCH_SIZE];
        let mut failures = 0;
        let batch = self.batch;
        let received = loop {
            let mut chunks = self.buffer.chunks_mut(DATAGRAM_MAX_BYTES);
            let mut slices: [IoSliceMut<'_>; BATCH_SIZE] =
                std::array::from_fn(|_| IoSliceMut::new(chunks.next().unwrap_or_default()));
            let (io, state) = (&self.io, &self.state);
            match io.try_io(|| state.recv(io.into(), &mut slices[..batch], &mut metas[..batch])) {
                Ok(received) => break received,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    // Mostly an ICMP error for an earlier datagram: the next read succeeds.
                    self.counters.receive_errors += 1;
                    failures += 1;
                    if failures >= RECEIVE_ERRORS_MAX {
                        tracing::warn!(%error, local = %self.local, "cannot receive");
                        return false;
                    }
                }
            }
        };
        for (meta, chunk) in metas
            .iter()
            .zip(self.buffer.chunks_mut(DATAGRAM_MAX_BYTES))
            .take(received)
        {
            let bytes = &mut chunk[..meta.len.min(DATAGRAM_MAX_BYTES)];
            self.counters.bytes_received += bytes.len() as u64;
            // The kernel places coalesced datagrams at multiples of the stride.
            for bytes in bytes.chunks_mut(meta.stride.max(1)) {
                self.counters.datagrams_received += 1;
                datagram(meta.dst_ip, meta.addr, meta.ecn.map(|ecn| ecn as u8), bytes);
            }
        }
        // A batch that is not full has emptied the socket. Another read would cost a lightly loaded host one needless
        // call for each datagram.
        let is_full = received == batch;
        self.batch = if is_full {
            BATCH_SIZE.min(batch * 4)
        } else {
            (received + 1).clamp(BATCH_SIZE_MIN, BATCH_SIZE)
        };
        is_full
    }

    /// Sends packets in order. Returns how many are dealt with: sent, or refused and counted. Fewer than all: the socket is
    /// full.
    pub(super) fn send(&mut self, packets: &mut [Packet]) -> usize {
        let mut done = 0;
        while done < packets.len() {
            let rest = &mut packets[done..];
            let sent = self.send_several(rest);
            if sent == 0 && !self.send_one(&mut rest[0]) {
                break;
            }
            done += sent.max(1);
        }
        done
    }

    /// Sends the first packets with one call, if they are single datagrams. Returns how many were sent; the next may have
    /// been refused.
    #[cfg(target_os = "linux")]
    fn send_several(&mut self, packets: &[Packet]) -> usize {
        let single = |packet: &&Packet| packet.transmit.segment_size.is_none();
        let datagrams = packets.iter().take_while(single).map(|packet| Datagram {
            remote: packet.transmit.remote,
            local_ip: self.source_of(&packet.transmit),
            bytes: &packet.bytes,
        });
        let datagrams: Vec<_> = datagrams.collect();
        if datagrams.len() < 2 {
            return 0;
        }
        let sent = self.io.try_io(|| send_many(self.io.as_fd(), &datagrams));
        let sent = sent.unwrap_or(0);
        for datagram in &datagrams[..sent] {
            self.counters.datagrams_sent += 1;
            self.counters.bytes_sent += datagram.bytes.len() as u64;
        }
        sent
    }

    #[cfg(not(target_os = "linux"))]
    fn send_several(&mut self, _: &[Packet]) -> usize {
        0
    }

    /// Sends a packet. `false`: the socket is full. If the kernel or the network card refuses several datagrams in one, they
    /// are sent one by one.
    fn send_one(&mut self, packet: &mut Packet) -> bool {
        let Packet {
            transmit, bytes, ..
        } = packet;
        let segment = transmit
            .segment_size
            .map_or(bytes.len(), |size| size.max(1))
            .min(bytes.len())
            .max(1);
        let segments = bytes.len().div_ceil(segment);
        if segments <= self.state.max_gso_segments().max(1) {
            match self.offer(transmit, bytes, (segments > 1).then_some(segment)) {
                Ok(()) => {
                    self.counters.datagrams_sent += segments as u64;
                    self.counters.bytes_sent += bytes.len() as u64;
                    return true;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
                Err(error) if segments == 1 => {
                    self.refused(transmit, &error);
                    return true;
                }
                Err(_) => self.counters.batches_split += 1,
            }
        }
        let mut done_bytes = 0;
        for datagram in bytes.chunks(segment) {
            match self.offer(transmit, datagram, None) {
                Ok(()) => {
                    self.counters.datagrams_sent += 1;
                    self.counters.bytes_sent += datagram.len() as u64;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    bytes.drain(..done_bytes);
                    return false;
                }
                Err(error) => self.refused(transmit, &error),
            }
            done_bytes += datagram.len();
        }
        true
    }

    /// The source address to ask for. One that equals the bound address is left out: the kernel would look it up for each
    /// datagram.
    fn source_of(&self, transmit: &Transmit) -> Option<IpAddr> {
        transmit.local_ip.filter(|ip| *ip != self.local.ip())
    }

    fn offer(
        &self,
        transmit: &Transmit,
        contents: &[u8],
        segment_size: Option<usize>,
    ) -> io::Result<()> {
        let transmit = quinn_udp::Transmit {
            destination: transmit.remote,
            ecn: None,
            contents,
            segment_size,
            src_ip: self.source_of(transmit),
        };
        loop {
            let result = self
                .io
                .try_io(|| self.state.try_send((&self.io).into(), &transmit));
            match result {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    fn refused(&mut self, transmit: &Transmit, error: &io::Error) {
        self.counters.send_errors += 1;
        tracing::debug!(%error, remote = %transmit.remote, "a datagram could not be sent");
    }
}

#[cfg(test)]
mod tests;
