//! Without a terminal: a command a line on standard input; what a script would read on standard output, all else on
//! standard error.

use std::io::{self, ErrorKind, IsTerminal};
use std::os::fd::AsFd;
use std::sync::mpsc::Receiver;

use anyhow::anyhow;

use super::look::{Look, Rows};
use super::{Looks, printer};
use crate::cli::environment;
use crate::cli::output::{lose, print_error};
use crate::cli::streams::line_reader::{self, LINE_MAX_BYTES};
use crate::cli::streams::{self, Waiting};
use crate::client::{Ask, Input, Line, Tone};
use crate::net::InputSender;

const STANDARD_OUTPUT: &str = "standard output";

pub struct Output {
    output: Look,
    error: Look,
}

impl Output {
    pub fn new(looks: &Looks) -> Self {
        Self {
            output: looks.on(io::stdout().is_terminal()),
            error: looks.on(io::stderr().is_terminal()),
        }
    }
}

impl printer::Output for Output {
    fn print(&mut self, line: &Line) -> io::Result<()> {
        if matches!(line.tone, Tone::Notice | Tone::Error) {
            print_error(shown(&io::stderr(), &self.error, line));
            return Ok(());
        }
        let output = io::stdout();
        let line = format!("{}\n", shown(&output, &self.output, line));
        match streams::write_all(&output, line.as_bytes()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                lose(STANDARD_OUTPUT, error);
                Ok(())
            }
            result => result,
        }
    }

    fn left_out(&mut self, count: u64) -> io::Result<()> {
        let why = anyhow!("it takes lines too slowly, and {count} were left out");
        lose(STANDARD_OUTPUT, why);
        Ok(())
    }
}

/// Wraps the line if the output is a terminal although the input is not.
fn shown(output: &(impl IsTerminal + AsFd), look: &Look, line: &Line) -> String {
    if !output.is_terminal() {
        return look.flat(line);
    }
    let rows = look.rows(line, Rows::of(output));
    if environment::can_edit() {
        Rows::guarded(&rows)
    } else {
        rows
    }
}

/// Answers each question with the next line, except that a password is only read from `--password-file`.
pub fn run(asks: &Receiver<Ask>, inputs: &InputSender<Input>) {
    for ask in asks {
        let input = match ask {
            Ask::Command(_) | Ask::Inside { .. } | Ask::Line(_) => next_line(),
            Ask::Secret(_) => Input::EndOfInput,
        };
        let is_end = matches!(input, Input::EndOfInput | Input::Broken(_));
        if inputs.send(input).is_err() || is_end {
            return;
        }
    }
}

pub fn next_line() -> Input {
    match line_reader::read(&mut Waiting(io::stdin().lock()), LINE_MAX_BYTES) {
        Ok(line_reader::Line::Text(text)) => Input::Line(text),
        Ok(line_reader::Line::TooLong) => Input::Skipped(format!(
            "a line has at most {LINE_MAX_BYTES} bytes; this one was left out"
        )),
        Ok(line_reader::Line::End) => Input::EndOfInput,
        Err(error) => Input::Broken(format!("cannot read standard input: {error}")),
    }
}
