//! Which standard streams were closed when the program was started (`>&-`).
//!
//! Rust opens /dev/null for each before `main`, so that no file or socket gets its number; what is written there would be
//! lost without an error. So this looks before `main`, which needs the linker: ctor knows how on each system.
#![allow(
    unsafe_code,
    reason = "only code that runs before `main` can tell; it makes three system calls and touches nothing else; the three numbers are looked at, open or not"
)]

use std::io::{self, ErrorKind};
use std::os::fd::{AsRawFd as _, BorrowedFd, RawFd};
use std::sync::atomic::{AtomicU8, Ordering};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};

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
pub fn require_open(stream: BorrowedFd<'_>) -> io::Result<()> {
    if CLOSED.load(Ordering::Relaxed) & bit(stream.as_raw_fd()) == 0 {
        Ok(())
    } else {
        Err(io::Error::new(ErrorKind::NotConnected, "it is closed"))
    }
}
