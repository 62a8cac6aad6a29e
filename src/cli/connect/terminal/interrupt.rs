//! Tells a Ctrl-C at a password prompt from an order to stop.
//!
//! While a password is typed, Ctrl-C is read as a key, and rpassword then raises SIGINT itself. The thread that
//! handles signals therefore asks here whether the signal was that one, which only gives up the question.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a signal waits to learn whether the password prompt raised it. Chosen: rpassword returns in
/// microseconds after raising it.
const DECISION_TIMEOUT: Duration = Duration::from_millis(250);

#[derive(Default)]
struct State {
    is_open: bool,
    /// Signals that the prompt has raised and that the handler has not yet seen.
    raised: u32,
}

/// What the prompt's thread and the signal's thread share.
#[derive(Default)]
pub struct PasswordInterrupt {
    state: Mutex<State>,
    changed: Condvar,
}

impl PasswordInterrupt {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A password is being asked for.
    pub fn open(&self) {
        self.lock().is_open = true;
    }

    /// It was given, or given up with Ctrl-C, which has raised a signal.
    pub fn close(&self, was_interrupted: bool) {
        let mut state = self.lock();
        state.is_open = false;
        state.raised += u32::from(was_interrupted);
        drop(state);
        self.changed.notify_all();
    }

    /// Called for each signal: whether it was raised by the password prompt, and means nothing more.
    pub fn takes_signal(&self) -> bool {
        let state = self.lock();
        let (mut state, _) = self
            .changed
            .wait_timeout_while(state, DECISION_TIMEOUT, |state| {
                state.is_open && state.raised == 0
            })
            .unwrap_or_else(PoisonError::into_inner);
        let swallows = state.raised > 0;
        state.raised = state.raised.saturating_sub(1);
        swallows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signal_of_the_password_prompt_is_swallowed_once() {
        let gate = PasswordInterrupt::default();
        gate.open();
        gate.close(true);
        assert!(gate.takes_signal());
        assert!(!gate.takes_signal());
    }

    #[test]
    fn signal_from_elsewhere_counts_even_while_a_password_is_asked_for() {
        let gate = PasswordInterrupt::default();
        assert!(!gate.takes_signal());
        gate.open();
        assert!(!gate.takes_signal());
    }

    #[test]
    fn signal_that_is_handled_before_the_prompt_returns_waits_for_it() {
        let gate = std::sync::Arc::new(PasswordInterrupt::default());
        gate.open();
        let handler = std::sync::Arc::clone(&gate);
        let handler = std::thread::spawn(move || handler.takes_signal());
        gate.close(true);
        assert!(handler.join().unwrap());
    }
}
