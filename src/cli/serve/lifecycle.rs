//! How a running server is told to end, or to read its settings again: by signals, and by `udpchat stop` and `udpchat reload`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use super::reload::Reload;
use crate::cli::admin::{self, Reloaded};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::print_error;
use crate::cli::service;
use crate::cli::signals::{self, Signal};
use crate::cli::threads::spawn;
use crate::net::InputSender;
use crate::server::Input;

/// How long a stop takes at most: goodbyes, what is still to be written, and the last checkpoint. Chosen: service managers kill after
/// 90 s, people sooner. Past it the process ends as if it was killed, which loses nothing that was stored.
const END_WITHIN: Duration = Duration::from_secs(10);

/// How long standard error may take what is told of it. Chosen: nobody notices.
const TELL_WITHIN: Duration = Duration::from_millis(200);

pub struct Lifecycle {
    inputs: InputSender<Input>,
    reload: Mutex<Reload>,
    is_stopping: AtomicBool,
}

impl Lifecycle {
    pub fn new(inputs: InputSender<Input>, reload: Reload) -> Arc<Self> {
        Arc::new(Self {
            inputs,
            reload: Mutex::new(reload),
            is_stopping: AtomicBool::new(false),
        })
    }

    /// SIGHUP reads the settings again, on a thread of its own: a disk or a log that takes nothing keeps no stop from its turn. The
    /// first other signal stops the server in order, a second one at once.
    pub fn obey_signals(self: &Arc<Self>) -> anyhow::Result<()> {
        // One that waits reads what all of them mean.
        let (hangups, come) = mpsc::sync_channel(1);
        let lifecycle = Arc::clone(self);
        spawn("reload", move || {
            while come.recv().is_ok() {
                // The log has it.
                let _ = lifecycle.read_again("SIGHUP");
            }
        })?;
        let lifecycle = Arc::clone(self);
        signals::on_signal(move |signal| {
            if signal == Signal::Hangup {
                let _ = hangups.try_send(());
            } else if !lifecycle.begin_stop() {
                std::process::exit(i32::from(Exit::Signal(signal).code()));
            }
        })
    }

    /// Stops the server in order; `false` if it is stopping already.
    pub fn begin_stop(&self) -> bool {
        if self.is_stopping.swap(true, Ordering::SeqCst) {
            return false;
        }
        // First of all: whatever hangs from here on hangs no longer than that.
        if let Err(error) = spawn("end", end_in_time) {
            tracing::warn!("the stop has no limit: {error:#}");
        }
        service::stopping();
        // If the network thread has ended, the server is stopping already.
        let _ = self.inputs.send_reserved(Input::Stop);
        true
    }

    fn read_again(&self, asked_by: &str) -> Result<Reloaded, Failure> {
        let mut reload = self.reload.lock().unwrap_or_else(PoisonError::into_inner);
        service::reloading();
        let outcome = reload.run(asked_by);
        service::ready();
        outcome
    }
}

impl admin::Lifecycle for Lifecycle {
    fn stop(&self) {
        self.begin_stop();
    }

    fn reload(&self) -> Result<Reloaded, Failure> {
        self.read_again("udpchat reload")
    }
}

fn end_in_time() {
    let begun = crate::net::now().instant;
    // It may wake early.
    while let Some(rest) = END_WITHIN.checked_sub(crate::net::now().instant - begun)
        && !rest.is_zero()
    {
        std::thread::park_timeout(rest);
    }
    // Standard error may be what hangs.
    let (told, is_told) = mpsc::sync_channel(1);
    let tells = spawn("last words", move || {
        let seconds = END_WITHIN.as_secs();
        print_error(format_args!(
            "udpchat: the server did not end by itself within {seconds} s: the next start takes its last changes from the message log"
        ));
        let _ = told.send(());
    });
    if tells.is_ok() {
        let _ = is_told.recv_timeout(TELL_WITHIN);
    }
    std::process::exit(i32::from(Exit::Failure.code()));
}
