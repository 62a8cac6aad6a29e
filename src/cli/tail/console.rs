//! The console of `udpchat tail`: nobody is asked, and what is told is written by a thread of its own, so that a slow reader
//! does not hold up the link.

use std::io::{self, IsTerminal as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};

use crate::cli::output::print_error;
use crate::cli::streams;
use crate::cli::threads;
use crate::client::{Ask, Console, Input, Line, Tone};
use crate::net::InputSender;

/// Why the output could not be written.
pub type Lost = Arc<Mutex<Option<io::Error>>>;

pub struct Lines {
    texts: Sender<String>,
    given: u64,
    printed: Arc<AtomicU64>,
}

impl Lines {
    /// Starts the thread that writes. If the output is lost, it is said there, and the client ends.
    pub fn start(inputs: InputSender<Input>) -> anyhow::Result<(Self, Lost)> {
        let (texts, received) = mpsc::channel();
        let (printed, lost) = (Arc::new(AtomicU64::new(0)), Lost::default());
        let (count, error) = (printed.clone(), lost.clone());
        threads::spawn("output", move || {
            if let Err(why) = write(&received, &count) {
                *error.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
                // A client that has ended needs no word.
                let _ = inputs.send_reserved(Input::Interrupt);
            }
        })?;
        let lines = Self {
            texts,
            given: 0,
            printed,
        };
        Ok((lines, lost))
    }
}

fn write(texts: &Receiver<String>, printed: &AtomicU64) -> io::Result<()> {
    for text in texts {
        streams::write_all(io::stdout(), text.as_bytes())?;
        printed.fetch_add(1, Ordering::Release);
    }
    Ok(())
}

impl Console for Lines {
    /// What others say is told otherwise. Of the rest a program is shown what went wrong, somebody at a terminal the news too.
    fn show(&mut self, line: Line) {
        let is_news = line.tone == Tone::Notice && io::stderr().is_terminal();
        if line.tone == Tone::Error || is_news {
            print_error(format_args!("udpchat: {line}"));
        }
    }

    fn tell(&mut self, text: String) {
        self.given += 1;
        // Without the thread it counts as given for ever, and the client ends by its word.
        let _ = self.texts.send(text);
    }

    fn given(&self) -> u64 {
        self.given
    }

    fn printed(&self) -> u64 {
        self.printed.load(Ordering::Acquire)
    }

    fn ask(&mut self, _: Ask) {}

    fn is_interactive(&self) -> bool {
        false
    }
}
