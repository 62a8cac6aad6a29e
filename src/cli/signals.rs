//! The signals by which the program is told to end: SIGHUP, SIGINT and SIGTERM.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::threads::spawn;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// The terminal is gone.
    Hangup,
    /// Ctrl-C.
    Interrupt,
    Terminate,
}

/// The number of the signal that the program ends by; 0 while there is none.
static ENDED_BY: AtomicU8 = AtomicU8::new(0);

impl Signal {
    const ALL: [Self; 3] = [Self::Hangup, Self::Interrupt, Self::Terminate];

    pub const fn number(self) -> u8 {
        match self {
            Self::Hangup => 1,
            Self::Interrupt => 2,
            Self::Terminate => 15,
        }
    }

    fn of(number: i32) -> Option<Self> {
        let is_it = |signal: &Self| i32::from(signal.number()) == number;
        Self::ALL.into_iter().find(is_it)
    }
}

const _: () = assert!(SIGHUP == 1 && SIGINT == 2 && SIGTERM == 15);

/// Has the program end by this signal, unless it ends by another already.
pub fn end_by(signal: Signal) {
    // The exchange fails if there is one.
    let _ = ENDED_BY.compare_exchange(0, signal.number(), Ordering::Relaxed, Ordering::Relaxed);
}

pub fn ended_by() -> Option<Signal> {
    Signal::of(i32::from(ENDED_BY.load(Ordering::Relaxed)))
}

/// Calls `handler` for each signal, one at a time, on threads of its own. A signal that was ignored when the program was
/// started, as by nohup(1), stays ignored.
pub fn on_signal(handler: impl FnMut(Signal) + Send + 'static) -> anyhow::Result<()> {
    let failed = "cannot handle signals";
    let ignored = ignored_signals();
    let is_handled = |signal: &Signal| ignored & (1 << (signal.number() - 1)) == 0;
    let handler = Arc::new(Mutex::new(handler));
    if is_handled(&Signal::Interrupt) {
        let handler = Arc::clone(&handler);
        ctrlc::set_handler(move || handle(&handler, Signal::Interrupt)).context(failed)?;
    }
    let others = [Signal::Hangup, Signal::Terminate];
    let others = others.into_iter().filter(is_handled);
    let mut signals =
        Signals::new(others.map(|signal| i32::from(signal.number()))).context(failed)?;
    spawn("signals", move || {
        for signal in signals.forever().filter_map(Signal::of) {
            handle(&handler, signal);
        }
    })
}

fn handle(handler: &Mutex<impl FnMut(Signal)>, signal: Signal) {
    handler.lock().unwrap_or_else(PoisonError::into_inner)(signal);
}

/// The signals that this process ignores, a bit each, the lowest for number 1. Only Linux tells without unsafe code;
/// elsewhere none is taken for ignored.
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_known_by_their_numbers() {
        for signal in Signal::ALL {
            assert_eq!(Signal::of(i32::from(signal.number())), Some(signal));
        }
        assert_eq!(Signal::of(10), None);
    }
}
