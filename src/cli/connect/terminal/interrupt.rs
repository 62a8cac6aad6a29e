//! Distinguishes Ctrl-C at a password prompt from a signal to stop.
//!
//! While a password is typed, rpassword reads Ctrl-C as a key and raises SIGINT itself. The signal thread asks here whether
//! a signal is that one, which only cancels the question.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The longest wait to learn whether the password prompt raised a signal. Chosen: rpassword returns
/// microseconds after raising it.
const DECISION_TIMEOUT: Duration = Duration::from_millis(250);

#[derive(Default)]
struct State {
    is_open: bool,
    /// Signals that the prompt has raised and the handler has not seen yet.
    raised: u32,
}

/// Shared by the prompt's and the signal thread.
#[derive(Default)]
pub struct PasswordInterrupt {
    state: Mutex<State>,
    changed: Condvar,
}

impl PasswordInterrupt {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The password prompt is open.
    pub fn open(&self) {
        self.lock().is_open = true;
    }

    /// The prompt has ended; Ctrl-C has raised a signal.
    pub fn close(&self, was_interrupted: bool) {
        let mut state = self.lock();
        state.is_open = false;
        state.raised += u32::from(was_interrupted);
        drop(state);
        self.changed.notify_all();
    }

    /// Whether the password prompt raised the signal, so that the handler must ignore it.
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
