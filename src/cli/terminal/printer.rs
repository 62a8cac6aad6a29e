//! The thread that prints, and the bounded queue before it: a terminal that is held back (Ctrl-S, a slow reader of
//! a pipe) must not hold back the network.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::time::Duration;

use crate::client::{Input, Tone};
use crate::net::InputSender;

/// How many lines wait to be printed at most. What comes on top is left out, and how many lines that were is said
/// once there is room; the device's history has them all. Chosen: far more than a screen, a few hundred KB.
pub const LINES_MAX: usize = 8192;

/// How long the end waits for the last lines. Chosen: a terminal that takes longer is stopped.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// Where lines go.
pub trait Output: Send + 'static {
    /// Prints a line.
    fn print(&mut self, tone: Tone, text: &str) -> io::Result<()>;
}

enum Job {
    Show(Tone, String),
    Flush(SyncSender<()>),
}

/// The near end of the queue.
#[derive(Clone)]
pub struct Printer {
    jobs: SyncSender<Job>,
    left_out: Arc<AtomicU64>,
}

impl Printer {
    /// Starts the thread. Should nobody read the output any more, the input is said to have ended, so that the
    /// client quits.
    pub fn start(output: impl Output, inputs: InputSender<Input>) -> anyhow::Result<Self> {
        let (jobs, queue) = mpsc::sync_channel(LINES_MAX);
        let left_out = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&left_out);
        super::spawn("printer", move || {
            if let Err(error) = print_all(output, &queue, &counter) {
                tracing::info!(%error, "nobody reads the output any more");
                let _ = inputs.send(Input::EndOfInput);
            }
        })?;
        Ok(Self { jobs, left_out })
    }

    /// Queues a line, or counts it as left out. Never blocks.
    pub fn show(&self, tone: Tone, text: &str) {
        if self
            .jobs
            .try_send(Job::Show(tone, text.to_owned()))
            .is_err()
        {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until all lines before this are printed, or it takes too long.
    pub fn flush(&self) {
        let (done, wait) = mpsc::sync_channel(1);
        if self.jobs.try_send(Job::Flush(done)).is_ok() {
            // An error is the time-out, or a printer that has ended: in both cases there is no more to wait for.
            let _ = wait.recv_timeout(FLUSH_TIMEOUT);
        }
    }
}

fn print_all(
    mut output: impl Output,
    queue: &Receiver<Job>,
    left_out: &AtomicU64,
) -> io::Result<()> {
    while let Ok(job) = queue.recv() {
        match job {
            Job::Show(tone, text) => output.print(tone, &text)?,
            // Whoever waits may have given up.
            Job::Flush(done) => drop(done.try_send(())),
        }
        let count = left_out.swap(0, Ordering::Relaxed);
        if count > 0 {
            let text = format!("({count} lines came faster than they could be shown)");
            output.print(Tone::Notice, &text)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::Sender;

    use super::*;
    use crate::net::Setup;

    struct Collect(Sender<String>);

    impl Output for Collect {
        fn print(&mut self, _: Tone, text: &str) -> io::Result<()> {
            self.0
                .send(text.to_owned())
                .map_err(|_| io::ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn lines_are_printed_in_order_and_flush_waits_for_them() {
        let (_setup, inputs) = Setup::new().unwrap();
        let (sender, printed) = mpsc::channel();
        let lines = Printer::start(Collect(sender), inputs).unwrap();
        for line in ["one", "two", "three"] {
            lines.show(Tone::Plain, line);
        }
        lines.flush();
        assert_eq!(
            printed.try_iter().collect::<Vec<_>>(),
            ["one", "two", "three"]
        );
    }

    #[test]
    fn lines_beyond_the_limit_are_counted_and_said() {
        let (jobs, queue) = mpsc::sync_channel(2);
        let left_out = Arc::new(AtomicU64::new(0));
        let lines = Printer {
            jobs,
            left_out: Arc::clone(&left_out),
        };
        for line in ["one", "two", "three", "four"] {
            lines.show(Tone::Plain, line);
        }
        drop(lines);
        let (sender, printed) = mpsc::channel();
        print_all(Collect(sender), &queue, &left_out).unwrap();
        let printed: Vec<String> = printed.try_iter().collect();
        assert!(printed.contains(&"two".to_owned()) && !printed.contains(&"three".to_owned()));
        assert!(
            printed.iter().any(|line| line.starts_with("(2 lines")),
            "{printed:?}"
        );
    }
}
