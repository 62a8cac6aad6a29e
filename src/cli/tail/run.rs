//! Reads the conversations, and writes what stands in them, and with --follow what comes, until a signal.

use anyhow::{Context as _, anyhow};

use super::args::{self, Args};
use super::console::Lines;
use crate::cli::command::Context;
use crate::cli::connect::{Launch, interrupt_on_signal, set_last_words};
use crate::cli::exit::{Failure, Outcome};
use crate::cli::output::{print_error, quoted};
use crate::cli::streams::line_writer::LineWriter;
use crate::client::{Clock, Input, Options, ProgramOptions, Since, TailOptions, read_since};

pub fn run(args: Args, context: &Context<'_>) -> Outcome {
    let Args {
        server,
        conversations,
        options,
    } = args;
    let conversations = conversations.iter().map(|word| args::conversation(word));
    let conversations = conversations
        .collect::<Result<Vec<String>, String>>()
        .map_err(Failure::usage)?;
    let server = server
        .parse()
        .map_err(|why| Failure::usage(format!("{}: {why}", quoted(&server))))?;
    let mut launch = Launch::new(server, options.client, context, |_| Ok(()))?;
    let tail = TailOptions {
        conversations,
        since: since(options.since.as_deref(), &launch)?,
        is_following: options.follow,
        is_json: options.json,
    };
    launch.options = Options {
        unannounced: true,
        is_restricted: true,
        program: ProgramOptions {
            tail: Some(tail),
            ..launch.options.program
        },
        ..launch.options
    };
    set_last_words(|| ());
    interrupt_on_signal(launch.inputs.clone())?;
    let (lines, written) = LineWriter::start(launch.inputs.clone()).context("cannot begin")?;
    if !options.follow {
        launch
            .inputs
            .send_all_reserved([Input::EndOfInput])
            .context("cannot begin")?;
    }
    let outcome = launch.run(Box::new(Lines(lines)), |_| false);
    match written.take_error() {
        Some(error) => Err(anyhow!(error)
            .context("cannot write standard output")
            .into()),
        None => outcome,
    }
}

fn since(typed: Option<&str>, launch: &Launch) -> Result<Since, Failure> {
    let Some(typed) = typed else {
        return Ok(Since::Newest);
    };
    let clock = Clock {
        now_ms: crate::net::now().unix_ms,
        zone: &launch.options.time_zone,
    };
    let (since, note) = read_since(clock, typed)
        .map_err(|why| Failure::usage(format!("--since {typed}: {why}")))?;
    if let Some(note) = note {
        print_error(format_args!("udpchat: {note}"));
    }
    Ok(since)
}
