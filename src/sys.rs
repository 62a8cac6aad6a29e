//! The two things that need the operating system and have no safe call in a library: this is the only file with unsafe
//! code.
//!
//! - Which standard streams were closed when the program was started (`>&-`). Rust opens /dev/null for each before
//!   `main`, so that no file or socket gets its number; what is written there would be lost without an error. So this
//!   looks before `main`, which needs the linker: ctor knows how on each system.
//! - `sendmmsg` with a source address. rustix has the call, but not that address; nix has both, but does not tell how
//!   many datagrams were taken.
#![allow(
    unsafe_code,
    reason = "no library has a safe call for either; what makes each sound stands beside it"
)]

use std::io::{self, ErrorKind};
use std::os::fd::{AsRawFd as _, BorrowedFd, RawFd};
use std::sync::atomic::{AtomicU8, Ordering};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
#[cfg(target_os = "linux")]
pub use send_many::{Datagram, send_many};

/// A bit for each of the descriptors 0, 1 and 2.
static CLOSED: AtomicU8 = AtomicU8::new(0);

#[ctor::ctor(unsafe)]
fn look() {
    for number in 0..=2 {
        // SAFETY: it is not used beyond this look, which may find that it is not open.
        let stream = unsafe { BorrowedFd::borrow_raw(number) };
        if fcntl(stream, FcntlArg::F_GETFD) == Err(Errno::EBADF) {
            CLOSED.fetch_or(bit(stream.as_raw_fd()), Ordering::Relaxed);
        }
    }
}

fn bit(number: RawFd) -> u8 {
    u32::try_from(number).map_or(0, |number| 1_u8.checked_shl(number).unwrap_or(0))
}

/// Refuses a standard stream that was closed.
///
/// # Errors
/// If it was.
pub fn require_open(stream: BorrowedFd<'_>) -> io::Result<()> {
    if CLOSED.load(Ordering::Relaxed) & bit(stream.as_raw_fd()) == 0 {
        Ok(())
    } else {
        Err(io::Error::new(ErrorKind::NotConnected, "it is closed"))
    }
}

#[cfg(target_os = "linux")]
mod send_many {
    use std::io;
    use std::mem;
    use std::net::{IpAddr, SocketAddr};
    use std::os::fd::{AsRawFd as _, BorrowedFd};

    use nix::libc;
    use socket2::SockAddr;

    /// A UDP datagram to send.
    #[derive(Debug, Clone, Copy)]
    pub struct Datagram<'a> {
        /// The destination, of the socket's address family.
        pub remote: SocketAddr,
        /// The local address to send from, of the same family; the kernel's choice if none is given.
        pub local_ip: Option<IpAddr>,
        /// The payload.
        pub bytes: &'a [u8],
    }

    /// Control messages (cmsg(3)): a header, and its data where `CMSG_DATA` expects it, since a header's size is a
    /// multiple of its alignment.
    #[repr(C)]
    #[derive(Clone, Copy)]
    struct Source4 {
        header: libc::cmsghdr,
        info: libc::in_pktinfo,
    }

    #[repr(C)]
    #[derive(Clone, Copy)]
    struct Source6 {
        header: libc::cmsghdr,
        info: libc::in6_pktinfo,
    }

    #[repr(C)]
    #[derive(Clone, Copy)]
    union Source {
        v4: Source4,
        v6: Source6,
    }

    /// What a message's header points to.
    struct Parts {
        address: SockAddr,
        source: Source,
        source_bytes: usize,
        contents: libc::iovec,
    }

    struct Blank {
        source4: Source4,
        source6: Source6,
        source: Source,
        message: libc::mmsghdr,
    }

    // SAFETY: all of these are C structures of numbers and pointers, for which zeros are values. Some have fields that
    // are private on one system or another, so that they cannot be written out.
    const BLANK: Blank = unsafe { mem::zeroed() };

    impl Source {
        /// ip(7), ipv6(7): the address as `ipi_spec_dst` or `ipi6_addr`, any interface.
        fn of(address: Option<IpAddr>) -> (Self, usize) {
            match address {
                None => (BLANK.source, 0),
                Some(IpAddr::V4(address)) => {
                    let mut v4 = BLANK.source4;
                    v4.header.cmsg_level = libc::IPPROTO_IP;
                    v4.header.cmsg_type = libc::IP_PKTINFO;
                    v4.header.cmsg_len = message_bytes(&v4.info) as _;
                    v4.info.ipi_spec_dst.s_addr = u32::from_ne_bytes(address.octets());
                    (Self { v4 }, mem::size_of_val(&v4))
                }
                Some(IpAddr::V6(address)) => {
                    let mut v6 = BLANK.source6;
                    v6.header.cmsg_level = libc::IPPROTO_IPV6;
                    v6.header.cmsg_type = libc::IPV6_PKTINFO;
                    v6.header.cmsg_len = message_bytes(&v6.info) as _;
                    v6.info.ipi6_addr.s6_addr = address.octets();
                    (Self { v6 }, mem::size_of_val(&v6))
                }
            }
        }
    }

    /// `CMSG_LEN` of this data.
    fn message_bytes<T>(data: &T) -> usize {
        mem::size_of::<libc::cmsghdr>() + mem::size_of_val(data)
    }

    impl Parts {
        fn of(datagram: &Datagram<'_>) -> Self {
            let (source, source_bytes) = Source::of(datagram.local_ip);
            let contents = libc::iovec {
                iov_base: datagram.bytes.as_ptr().cast_mut().cast(),
                iov_len: datagram.bytes.len(),
            };
            Self {
                address: datagram.remote.into(),
                source,
                source_bytes,
                contents,
            }
        }

        fn message(&mut self) -> libc::mmsghdr {
            let mut message = BLANK.message;
            let header = &mut message.msg_hdr;
            header.msg_name = self.address.as_ptr().cast_mut().cast();
            header.msg_namelen = self.address.len();
            header.msg_iov = &raw mut self.contents;
            header.msg_iovlen = 1;
            if self.source_bytes > 0 {
                header.msg_control = (&raw mut self.source).cast();
                header.msg_controllen = self.source_bytes as _;
            }
            message
        }
    }

    /// Sends datagrams with one call (sendmmsg(2)). Returns how many the kernel took, in order: at least one.
    ///
    /// # Errors
    /// Why the first was refused.
    pub fn send_many(socket: BorrowedFd<'_>, datagrams: &[Datagram<'_>]) -> io::Result<usize> {
        let mut parts: Vec<Parts> = datagrams.iter().map(Parts::of).collect();
        let mut messages: Vec<libc::mmsghdr> = parts.iter_mut().map(Parts::message).collect();
        let count = libc::c_uint::try_from(messages.len()).map_err(io::Error::other)?;
        // SAFETY: each message points into `parts` and `datagrams`, with the lengths of what is there; both stay where
        // they are during the call. The kernel reads these, and writes only the messages' own `msg_len`.
        let sent = unsafe { libc::sendmmsg(socket.as_raw_fd(), messages.as_mut_ptr(), count, 0) };
        usize::try_from(sent).map_err(|_| io::Error::last_os_error())
    }
}
