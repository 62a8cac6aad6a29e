//! The console of `udpchat tail`: nobody is asked, and what is told is written.

use std::io::{self, IsTerminal as _};

use crate::cli::output::print_error;
use crate::cli::streams::line_writer::LineWriter;
use crate::client::{Ask, Console, Line, Tone};

pub struct Lines(pub LineWriter);

impl Console for Lines {
    /// What others say is told otherwise. Of the rest a program is shown what went wrong, somebody at a terminal the news too.
    fn show(&mut self, line: Line) {
        let is_news = line.tone == Tone::Notice && io::stderr().is_terminal();
        if line.tone == Tone::Error || is_news {
            print_error(format_args!("udpchat: {line}"));
        }
    }

    fn tell(&mut self, text: String) {
        self.0.write(text);
    }

    fn given(&self) -> u64 {
        self.0.given()
    }

    fn printed(&self) -> u64 {
        self.0.printed()
    }

    fn ask(&mut self, _: Ask) {}

    fn is_interactive(&self) -> bool {
        false
    }
}
