//! Shows how far a file is at the server: a bar for a person, a line of JSON for a program, nothing for anybody else.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::cli::environment;
use crate::cli::output::print_error;
use crate::text::number::percent;
use crate::text::printable;

/// How much of a name is shown, in characters. Chosen: it leaves most of a narrow terminal to the bar.
const NAME_MAX_CHARS: usize = 24;

/// In ASCII, since the locale may have nothing else.
const STYLE: &str =
    "{msg} [{wide_bar}] {decimal_bytes}/{decimal_total_bytes}  {decimal_bytes_per_sec}  {eta}";

#[derive(Debug, Clone)]
pub enum Meter {
    /// It draws nothing where standard error is no terminal.
    Bar(ProgressBar),
    Json,
}

#[derive(Serialize)]
struct Progress {
    sent: u64,
    size: u64,
    percent: u64,
}

impl Meter {
    pub fn new(name: &str, is_json: bool) -> Self {
        if is_json {
            return Self::Json;
        }
        let bar = ProgressBar::hidden();
        if let Ok(style) = ProgressStyle::with_template(STYLE) {
            bar.set_style(style.progress_chars("=> "));
        }
        let name = printable::line(name);
        let is_long = name.chars().count() > NAME_MAX_CHARS;
        bar.set_message(if is_long {
            let begin: String = name.chars().take(NAME_MAX_CHARS - 3).collect();
            format!("{begin}...")
        } else {
            name.into_owned()
        });
        Self::Bar(bar)
    }

    /// So much of it is at the server.
    pub fn show(&self, sent: u64, size: u64) {
        match self {
            Self::Bar(bar) => {
                // Drawn before there is anything to show, it would leave a line behind.
                if bar.length().is_none() && environment::can_edit() {
                    bar.set_draw_target(ProgressDrawTarget::stderr());
                }
                bar.set_length(size);
                bar.set_position(sent);
            }
            Self::Json => {
                let progress = Progress {
                    sent,
                    size,
                    percent: percent(sent, size),
                };
                match serde_json::to_string(&progress) {
                    Ok(line) => print_error(line),
                    Err(error) => print_error(format_args!("udpchat: {error}")),
                }
            }
        }
    }

    /// Prints a line beside it.
    pub fn print(&self, line: impl std::fmt::Display) {
        match self {
            // Before the first part it is not there.
            Self::Bar(bar) if bar.length().is_some() => bar.suspend(|| print_error(line)),
            Self::Bar(_) | Self::Json => print_error(line),
        }
    }

    /// It is over, well or not.
    pub fn end(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}
