//! The printing thread and its bounded queue. Output that blocks (Ctrl-S, a slow reader of a pipe) must not block the
//! network.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::time::Duration;

use crate::cli::threads::spawn;
use crate::client::{Input, Line, Progress, Tone};
use crate::net::InputSender;

/// Lines in the queue. Further ones are left out, and their number is printed once there is room; the device's history has
/// them all. Chosen: far more than a screen, a few hundred KB.
pub const LINES_MAX: usize = 8192;

/// The longest wait for the last lines at a terminal. Chosen: one that takes longer is stopped.
pub const TERMINAL_FLUSH: Duration = Duration::from_secs(2);

/// The same where the process was told to stop. Chosen: an output that is read takes a line at once.
pub const INTERRUPTED_FLUSH: Duration = Duration::from_millis(500);

pub trait Output: Send + 'static {
    /// An error is that nobody reads any longer.
    fn print(&mut self, line: &Line) -> io::Result<()>;

    /// The same for the line of this number. If another one is still the last on the screen, something else stands in its
    /// place instead.
    fn show(&mut self, line: &Line, number: u64, instead: Option<&(u64, Line)>) -> io::Result<()> {
        let _ = (number, instead);
        self.print(line)
    }

    /// What the user said in the answer of this number has come so far.
    fn mark(&mut self, own: u64, progress: Progress) -> io::Result<()> {
        let _ = (own, progress);
        Ok(())
    }

    /// Calls the user.
    fn ring(&mut self, sequence: &str) -> io::Result<()> {
        let _ = sequence;
        Ok(())
    }

    /// So many lines came faster than they were printed.
    fn left_out(&mut self, count: u64) -> io::Result<()> {
        let text = format!("({count} lines came faster than they could be shown)");
        self.print(&Line::of(Tone::Notice, text))
    }
}

enum Job {
    /// A line, its number, and what stands in the place of another one instead, if that is the last.
    Show(Box<Line>, u64, Option<Box<(u64, Line)>>),
    Mark(u64, Progress),
    /// What calls the user, and moves no cursor.
    Ring(String),
    Flush(SyncSender<()>),
}

#[derive(Clone)]
pub struct Printer {
    jobs: SyncSender<Job>,
    left_out: Arc<AtomicU64>,
    /// The number of the last line that was printed.
    printed: Arc<AtomicU64>,
    /// The numbers of the last line in the queue, and of the last one that was shown.
    queued: Arc<AtomicU64>,
    shown: Arc<AtomicU64>,
}

impl Printer {
    /// Starts the thread, which keeps the number of the last printed line in `printed`. If the output is closed, it reports that once, and lets the rest go.
    pub fn start(
        output: impl Output,
        inputs: InputSender<Input>,
        printed: Arc<AtomicU64>,
    ) -> anyhow::Result<Self> {
        let (jobs, queue) = mpsc::sync_channel(LINES_MAX);
        let left_out = Arc::new(AtomicU64::new(0));
        let counters = (Arc::clone(&left_out), Arc::clone(&printed));
        spawn("printer", move || {
            let mut under_way = 0;
            let ended = print_all(output, &queue, (&counters.0, &counters.1), &mut under_way);
            if let Err(error) = ended {
                tracing::info!(%error, "standard output was closed");
                // If the network thread has ended, the client is ending already.
                let _ = inputs.send(Input::OutputClosed);
                // It is waited for as those after it are, and may be the last.
                counters.1.store(under_way, Ordering::Release);
                for job in queue {
                    counters.0.store(0, Ordering::Relaxed);
                    match job {
                        Job::Show(_, number, _) => counters.1.store(number, Ordering::Release),
                        Job::Ring(_) | Job::Mark(..) => {}
                        // The waiting thread may have timed out.
                        Job::Flush(done) => drop(done.try_send(())),
                    }
                }
            }
        })?;
        Ok(Self {
            jobs,
            left_out,
            printed,
            queued: Arc::default(),
            shown: Arc::default(),
        })
    }

    /// Queues a line that [`Printer::printed`] reports by its number, counted from 1, or counts it as left out. Never
    /// blocks.
    pub fn show(&self, number: u64, line: Line, instead: Option<(u64, Line)>) {
        let job = Job::Show(Box::new(line), number, instead.map(Box::new));
        if self.jobs.try_send(job).is_ok() {
            self.queued.store(number, Ordering::Relaxed);
        } else {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
        self.shown.store(number, Ordering::Relaxed);
    }

    /// Queues that what the user said in the answer of this number has come so far. It is left out where there is no room:
    /// then it is not the last line for long.
    pub fn mark(&self, own: u64, progress: Progress) {
        let _ = self.jobs.try_send(Job::Mark(own, progress));
    }

    /// Queues what calls the user. It is left out where there is no room: then there is enough to see.
    pub fn ring(&self, sequence: String) {
        let _ = self.jobs.try_send(Job::Ring(sequence));
    }

    /// The number of the last printed line. A line that was left out counts with the next one, or once that was said.
    pub fn printed(&self) -> u64 {
        let printed = self.printed.load(Ordering::Acquire);
        let is_all = printed == self.queued.load(Ordering::Relaxed)
            && self.left_out.load(Ordering::Acquire) == 0;
        if is_all {
            self.shown.load(Ordering::Relaxed)
        } else {
            printed
        }
    }

    /// Waits until all earlier lines are printed.
    pub fn flush(&self) {
        let (done, wait) = mpsc::sync_channel(1);
        if self.jobs.send(Job::Flush(done)).is_ok() {
            // An error is a printer that has ended.
            let _ = wait.recv();
        }
    }

    /// The same, or until so much time has passed: a person may have stopped the terminal with Ctrl-S.
    pub fn flush_within(&self, timeout: Duration) {
        let (done, wait) = mpsc::sync_channel(1);
        if self.jobs.try_send(Job::Flush(done)).is_ok() {
            // An error is the timeout, or a printer that has ended.
            let _ = wait.recv_timeout(timeout);
        }
    }
}

fn print_all(
    mut output: impl Output,
    queue: &Receiver<Job>,
    (left_out, printed): (&AtomicU64, &AtomicU64),
    under_way: &mut u64,
) -> io::Result<()> {
    while let Ok(job) = queue.recv() {
        match job {
            Job::Show(line, number, instead) => {
                *under_way = number;
                output.show(&line, number, instead.as_deref())?;
                printed.store(number, Ordering::Release);
            }
            Job::Mark(own, progress) => output.mark(own, progress)?,
            Job::Ring(sequence) => output.ring(&sequence)?,
            // The waiting thread may have timed out.
            Job::Flush(done) => drop(done.try_send(())),
        }
        let count = left_out.load(Ordering::Relaxed);
        if count > 0 {
            output.left_out(count)?;
            left_out.fetch_sub(count, Ordering::Release);
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
        fn print(&mut self, line: &Line) -> io::Result<()> {
            self.0
                .send(line.to_string())
                .map_err(|_| io::ErrorKind::BrokenPipe.into())
        }
    }

    /// An output that takes a line when somebody looks.
    struct Held(SyncSender<()>);

    impl Output for Held {
        fn print(&mut self, _: &Line) -> io::Result<()> {
            self.0
                .send(())
                .map_err(|_| io::ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn lines_are_printed_in_order_and_flush_waits_for_them() {
        let (_setup, inputs) = Setup::new().unwrap();
        let (sender, printed) = mpsc::channel();
        let lines = Printer::start(Collect(sender), inputs, Arc::default()).unwrap();
        for (line, number) in ["one", "two", "three"].into_iter().zip(1..) {
            lines.show(number, Line::of(Tone::Plain, line), None);
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
            printed: Arc::default(),
            queued: Arc::default(),
            shown: Arc::default(),
        };
        for (line, number) in ["one", "two", "three", "four"].into_iter().zip(1..) {
            lines.show(number, Line::of(Tone::Plain, line), None);
        }
        drop(lines);
        let (sender, printed) = mpsc::channel();
        print_all(
            Collect(sender),
            &queue,
            (&left_out, &AtomicU64::new(0)),
            &mut 0,
        )
        .unwrap();
        let printed: Vec<String> = printed.try_iter().collect();
        assert!(printed.contains(&"two".to_owned()) && !printed.contains(&"three".to_owned()));
        assert!(
            printed.iter().any(|line| line.starts_with("(2 lines")),
            "{printed:?}"
        );
    }

    /// An output that nobody reads.
    struct Closed;

    impl Output for Closed {
        fn print(&mut self, _: &Line) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn last_line_is_not_waited_for_where_nobody_reads_it() {
        // `connect | head -2` did not end where the line that found the pipe closed was the last one.
        let (_setup, inputs) = Setup::new().unwrap();
        let lines = Printer::start(Closed, inputs, Arc::default()).unwrap();
        lines.show(1, Line::of(Tone::Plain, "one"), None);
        lines.flush();
        assert_eq!(lines.printed(), 1);
    }

    #[test]
    fn line_counts_as_printed_once_the_output_has_taken_it() {
        let (_setup, inputs) = Setup::new().unwrap();
        let (sender, printed) = mpsc::sync_channel(0);
        let lines = Printer::start(Held(sender), inputs, Arc::default()).unwrap();
        lines.show(1, Line::of(Tone::Plain, "one"), None);
        lines.show(2, Line::of(Tone::Plain, "two"), None);
        assert_eq!(lines.printed(), 0);
        printed.recv().unwrap();
        printed.recv().unwrap();
        lines.flush();
        assert_eq!(lines.printed(), 2);
    }
}
