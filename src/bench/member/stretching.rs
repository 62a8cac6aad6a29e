//! The thread that stretches passwords. Argon2 takes tens of milliseconds for each client; on the network thread
//! that would hold up acknowledgements and spoil every estimate of a round trip.

use std::sync::mpsc::{self, Sender};

use anyhow::Context as _;
use serde_bytes::ByteBuf;

use crate::bench::server::Meter;
use crate::net::InputSender;

/// What comes to the crowd from other threads.
pub enum Input {
    /// A step of OPAQUE is worked out.
    Stretched {
        /// For whom.
        member: usize,
        /// In which of its attempts.
        attempt: u32,
        /// What is to be sent, or why there is nothing.
        result: Result<ByteBuf, String>,
    },
    /// The server of the measurement's own has been restarted, or why not.
    Restarted(Result<Meter, String>),
    /// The process was told to stop.
    Interrupt,
}

/// A step that is to be worked out.
pub struct Job {
    /// For whom.
    pub member: usize,
    /// In which of its attempts.
    pub attempt: u32,
    /// The work.
    pub work: Box<dyn FnOnce() -> Result<ByteBuf, String> + Send>,
}

/// Starts the thread. Its queue holds one job per member at most, since each waits for its own.
///
/// # Errors
/// If the operating system gives no thread.
pub fn start(inputs: InputSender<Input>) -> anyhow::Result<Sender<Job>> {
    let (jobs, queue) = mpsc::channel::<Job>();
    std::thread::Builder::new()
        .name("stretching".into())
        .spawn(move || {
            for Job {
                member,
                attempt,
                work,
            } in queue
            {
                let input = Input::Stretched {
                    member,
                    attempt,
                    result: work(),
                };
                if inputs.send_reserved(input).is_err() {
                    return;
                }
            }
        })
        .context("cannot start the thread that stretches passwords")?;
    Ok(jobs)
}
