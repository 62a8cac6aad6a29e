//! Without a terminal: a command a line on standard input, plain lines on standard output, errors on standard error.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write as _};
use std::os::fd::AsFd;
use std::sync::mpsc::Receiver;

use super::printer::{self, Printer};
use super::rows::Rows;
use super::style::marked;
use crate::cli::environment;
use crate::cli::streams::line_reader::{self, LINE_MAX_BYTES, Line};
use crate::client::{Ask, Input, Tone};
use crate::net::InputSender;

pub struct Output;

impl printer::Output for Output {
    fn print(&mut self, tone: Tone, text: &str) -> io::Result<()> {
        if tone == Tone::Error {
            return writeln!(io::stderr(), "{}", shown(&io::stderr(), tone, text));
        }
        let mut output = io::stdout().lock();
        let text = shown(&output, tone, text);
        writeln!(output, "{text}")?;
        output.flush()
    }
}

/// Wraps the line if the output is a terminal although the input is not.
fn shown<'t>(output: &(impl IsTerminal + AsFd), tone: Tone, text: &'t str) -> Cow<'t, str> {
    if !output.is_terminal() {
        return Cow::Borrowed(text);
    }
    let (rows, line) = (Rows::of(output), marked(tone, text));
    Cow::Owned(if environment::can_edit() {
        rows.guarded(&line)
    } else {
        rows.wrapped(&line)
    })
}

/// Answers each question with the next line, except that a password is only read from `--password-file`.
pub fn run(asks: &Receiver<Ask>, inputs: &InputSender<Input>, errors: &Printer) {
    for ask in asks {
        let input = match ask {
            Ask::Command(_) | Ask::Inside { .. } | Ask::Line(_) => next_line(errors),
            Ask::Secret(_) => Input::EndOfInput,
        };
        let is_end = input == Input::EndOfInput;
        if inputs.send(input).is_err() || is_end {
            return;
        }
    }
}

fn next_line(errors: &Printer) -> Input {
    loop {
        match line_reader::read(&mut io::stdin().lock(), LINE_MAX_BYTES) {
            Ok(Line::Text(text)) => return Input::Line(text),
            Ok(Line::TooLong) => errors.show(
                Tone::Error,
                &format!("a line has at most {LINE_MAX_BYTES} bytes; a longer one was left out"),
            ),
            Ok(Line::End) => return Input::EndOfInput,
            Err(error) => {
                errors.show(Tone::Error, &format!("cannot read standard input: {error}"));
                return Input::EndOfInput;
            }
        }
    }
}
