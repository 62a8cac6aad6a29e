//! Standard output of a program, written by a thread of its own, so that a slow reader does not hold up the link.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};

use crate::cli::threads;
use crate::client::Input;
use crate::net::InputSender;

/// Lines that are written one after the other.
pub struct LineWriter {
    texts: Sender<String>,
    given: Count<u64>,
    printed: Arc<Count<AtomicU64>>,
}

/// How much of the output was given, or written.
#[derive(Default)]
struct Count<N> {
    lines: N,
    bytes: N,
}

/// What has become of the output once the client has ended.
pub struct Written {
    lost: Arc<Mutex<Option<io::Error>>>,
}

impl Written {
    /// Why it could not be written, if so.
    pub fn take_error(&self) -> Option<io::Error> {
        self.lost
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl LineWriter {
    /// Starts the thread. If the output is lost, it is said there, and the client ends.
    pub fn start(inputs: InputSender<Input>) -> anyhow::Result<(Self, Written)> {
        let (texts, received) = mpsc::channel();
        let printed = Arc::<Count<AtomicU64>>::default();
        let lost = Arc::<Mutex<Option<io::Error>>>::default();
        let (count, error) = (Arc::clone(&printed), Arc::clone(&lost));
        threads::spawn("output", move || {
            if let Err(why) = write(&received, &count) {
                *error.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
                // A client that has ended needs no word.
                let _ = inputs.send_reserved(Input::Interrupt);
            }
        })?;
        let lines = Self {
            texts,
            given: Count::default(),
            printed,
        };
        Ok((lines, Written { lost }))
    }

    /// Writes a text that ends with a line break.
    pub fn write(&mut self, text: String) {
        self.given.lines += 1;
        self.given.bytes += text.len() as u64;
        // Without the thread it counts as given for ever, and the client ends by its word.
        let _ = self.texts.send(text);
    }

    pub const fn given(&self) -> u64 {
        self.given.lines
    }

    /// How many of them are written.
    pub fn printed(&self) -> u64 {
        self.printed.lines.load(Ordering::Acquire)
    }

    /// How many bytes of them are not written.
    pub fn bytes_behind(&self) -> u64 {
        self.given.bytes - self.printed.bytes.load(Ordering::Acquire)
    }
}

fn write(texts: &Receiver<String>, printed: &Count<AtomicU64>) -> io::Result<()> {
    for text in texts {
        super::write_all(io::stdout(), text.as_bytes())?;
        let bytes = text.len() as u64;
        printed.bytes.fetch_add(bytes, Ordering::Release);
        printed.lines.fetch_add(1, Ordering::Release);
    }
    Ok(())
}
