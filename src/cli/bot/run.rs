//! Runs a bot: lines of standard input are its requests, lines of standard output their answers, and what happens.

use std::io;
use std::sync::mpsc;

use anyhow::{Context as _, anyhow};

use super::args::Args;
use super::console::{Desk, Open, read_lines, refusal};
use crate::cli::command::Context;
use crate::cli::connect::{Launch, interrupt_on_signal, set_last_words};
use crate::cli::exit::{Exit, Failure, Outcome};
use crate::cli::streams;
use crate::cli::streams::line_writer::LineWriter;
use crate::cli::threads;
use crate::client::{Fault, Options, ProgramOptions, TailOptions, Until};

pub fn run(args: Args, context: &Context<'_>) -> Outcome {
    if args.client.password.is_standard_input() {
        return Err(Failure::usage(
            "the password and the requests cannot both come from standard input",
        ));
    }
    let mut launch = Launch::new(args.server, args.client, context, |_| Ok(()))?;
    launch.options = Options {
        unannounced: true,
        is_restricted: true,
        program: ProgramOptions {
            until: Until::Stored,
            tail: Some(TailOptions::for_bot()),
            ..launch.options.program
        },
        ..launch.options
    };
    set_last_words(|| ());
    interrupt_on_signal(launch.inputs.clone())?;
    let (output, written) = LineWriter::start(launch.inputs.clone()).context("cannot begin")?;
    let (asks, asked) = mpsc::channel();
    let (open, inputs) = (Open::default(), launch.inputs.clone());
    let ids = open.clone();
    threads::spawn("input", move || read_lines(&asked, &ids, &inputs))?;
    let desk = Desk {
        output,
        open: open.clone(),
        asks,
    };
    let outcome = launch.run(Box::new(desk), |_| false);
    if let Some(error) = written.take_error() {
        let error = anyhow!(error).context("cannot write standard output");
        return Err(error.into());
    }
    answer_rest(&open, &outcome)?;
    outcome
}

/// Each request has an answer, also where the client ended before one came. After a signal nobody waits for it.
fn answer_rest(open: &Open, outcome: &Outcome) -> anyhow::Result<()> {
    let (fault, text) = match outcome {
        Ok(Exit::Signal(_)) => return Ok(()),
        Ok(_) => (
            Fault::Unconfirmed,
            "ended before there was an answer".to_owned(),
        ),
        Err(failure) => (fault_of(failure.exit), failure.to_string()),
    };
    for id in open.take() {
        let line = refusal(id, fault, &text);
        streams::write_all(io::stdout(), line.as_bytes())
            .context("cannot write standard output")?;
    }
    Ok(())
}

const fn fault_of(exit: Exit) -> Fault {
    match exit {
        Exit::Unreachable => Fault::Unreachable,
        Exit::Usage => Fault::Usage,
        _ => Fault::Failed,
    }
}
