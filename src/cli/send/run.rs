//! Sends the message, waits as far as was asked, and tells what was reached.

use std::io::{self, IsTerminal as _, Read as _};
use std::path::Path;

use anyhow::{Context as _, anyhow};

use super::args::{Args, Wait};
use super::console::{Outlook, Reached, Sent};
use crate::cli::command::Context;
use crate::cli::connect::{Launch, check_readable, interrupt_on_signal, set_last_words};
use crate::cli::exit::{Exit, Failure, Outcome};
use crate::cli::output::{print_error, print_json, quoted, shown};
use crate::cli::streams::{Waiting, without_byte_order_mark};
use crate::client::{Input, Options, Say};
use crate::protocol::TEXT_MAX_BYTES;

/// Line ends that may follow the longest text.
const LINE_ENDS_MAX: u64 = 1024;

pub fn run(args: Args, context: &Context<'_>) -> Outcome {
    check(&args)?;
    let Args {
        server,
        text,
        options,
        ..
    } = args;
    let has_file = options.file.is_some();
    let server = server
        .parse()
        .map_err(|why| Failure::usage(format!("{}: {why}", quoted(&server))))?;
    let sent = Sent::new(&options.to, options.file.as_deref());
    let read = match &options.file {
        Some(path) => check_file(path).and_then(|()| read_text(&text, has_file)),
        None => read_text(&text, has_file),
    };
    let text = match read {
        Ok(text) => text,
        Err(failure) => return told(sent, options.json, Err(failure)),
    };
    let outlook = Outlook::new(sent, options.json);
    let mut launch = Launch::new(server, options.client, context, |_| Ok(()))?;
    let timeout = launch.options.program.timeout;
    launch.options = Options {
        unannounced: true,
        is_restricted: true,
        program: launch.options.program.sending(options.wait.into()),
        ..launch.options
    };
    set_last_words(|| ());
    interrupt_on_signal(launch.inputs.clone())?;
    let said = Input::Say(Box::new(Say {
        to: options.to,
        text,
        file: options.file,
        key: options.id,
    }));
    let begun = launch.inputs.send_all_reserved([said, Input::EndOfInput]);
    begun.context("cannot begin")?;
    let is_patient = |outcome: &Outcome| {
        options.wait != Wait::Queued
            && matches!(outcome, Ok(exit) if !matches!(exit, Exit::Signal(_)))
    };
    let outcome = launch.run(Box::new(outlook.clone()), is_patient);
    outlook.end();
    let sent = outlook.get().clone();
    tell(
        sent,
        (options.wait, options.json),
        timeout.as_secs(),
        outcome,
    )
}

/// Refuses a text that is not where it belongs.
fn check(args: &Args) -> Result<(), Failure> {
    if args.is_text_before {
        let failure = Failure::usage("only the server stands before --to");
        return Err(failure.hint("write the text after --to WHO"));
    }
    let options = &args.options;
    let is_read = is_on_standard_input(&args.text, options.file.is_some());
    if options.client.password.is_standard_input() && is_read {
        return Err(Failure::usage(
            "the password and the text cannot both come from standard input",
        ));
    }
    Ok(())
}

/// Whether the file can be sent, as far as that can be told before.
fn check_file(path: &Path) -> Result<(), Failure> {
    let Err(why) = check_readable(path) else {
        return Ok(());
    };
    let failure = Failure::from(anyhow!("cannot send {}: {why}", shown(path)));
    Err(if path == Path::new("-") {
        failure.hint("standard input has no name to send it under: write it to a file first, or send it as text, with - after --to WHO")
    } else {
        failure
    })
}

fn is_on_standard_input(words: &[String], has_file: bool) -> bool {
    words == ["-"] || words.is_empty() && !has_file
}

/// The text that the words are, or that of standard input.
fn read_text(words: &[String], has_file: bool) -> Result<String, Failure> {
    if !is_on_standard_input(words, has_file) {
        return Ok(words.join(" "));
    }
    let input = io::stdin();
    if words.is_empty() && input.is_terminal() {
        let failure = Failure::usage("there is no text");
        return Err(failure.hint("write it after --to WHO, or - to type it and end it with Ctrl-D"));
    }
    let mut bytes = Vec::new();
    let limit = TEXT_MAX_BYTES as u64 + LINE_ENDS_MAX;
    Waiting(input.lock())
        .take(limit)
        .read_to_end(&mut bytes)
        .context("cannot read standard input")?;
    let is_cut = bytes.len() as u64 == limit;
    let text = String::from_utf8_lossy(&bytes);
    let text = without_byte_order_mark(&text).trim_end_matches(['\r', '\n']);
    if is_cut || text.len() > TEXT_MAX_BYTES {
        let problem = format!("the text has more than {TEXT_MAX_BYTES} bytes; send it in parts");
        return Err(Failure::usage(problem));
    }
    Ok(text.to_owned())
}

/// Tells what was reached: as JSON whatever that is, and as an error if it is less than was asked for.
fn tell(sent: Sent, (wait, is_json): (Wait, bool), seconds: u64, ended: Outcome) -> Outcome {
    let ended = ended.map_err(|mut failure| {
        // Whatever has ended it: the server did not let the user in, or has another key.
        if sent.is_kept {
            let text = "the message is queued, and the next sign-in sends it: do not send it again";
            failure.more.push(text.to_owned());
        } else {
            failure.more.extend(sent.error.clone());
        }
        failure
    });
    let outcome = ended.and_then(|exit| match (exit, &sent.error) {
        (Exit::Signal(_), _) => {
            if sent.reached == Reached::Queued {
                print_error("udpchat: interrupted: the message is queued, and the next sign-in sends it");
            }
            Ok(exit)
        }
        (Exit::Unconfirmed, _) if sent.reached == Reached::Queued => {
            let text = format!(
                "not stored within {seconds} s; it is queued, and the next sign-in sends it: do not send it again"
            );
            Err(Failure::described(exit, &text))
        }
        (_, Some(why)) => Err(Failure::described(exit.or(Exit::Failure), why)),
        _ if sent.reached >= wait.into() => Ok(exit),
        _ if sent.reached < Reached::Stored => {
            let text = "not known to be stored: ask, and send it again if it has not come";
            Err(Failure::described(Exit::Unconfirmed, text))
        }
        _ => Err(Failure::described(Exit::Unconfirmed, &not_received(&sent, seconds))),
    });
    told(sent, is_json, outcome)
}

/// Prints what was reached, where that is wanted as JSON.
fn told(mut sent: Sent, is_json: bool, outcome: Outcome) -> Outcome {
    if is_json {
        sent.error = outcome.as_ref().err().map(ToString::to_string);
        print_json(&sent)?;
    }
    outcome
}

fn not_received(sent: &Sent, seconds: u64) -> String {
    let named = u32::try_from(sent.received.len()).unwrap_or(u32::MAX);
    let have = named.max(sent.received_count.unwrap_or_default());
    match sent.recipients {
        Some(of) if of > 1 => {
            format!("stored, but within {seconds} s received by {have} of {of} only")
        }
        _ => format!("stored, but not received by {} within {seconds} s", sent.to),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Fault, Report};

    /// That it waits was not said where the sender was refused; where it does not wait, it must be sent again.
    #[test]
    fn message_of_a_refused_sender_is_called_queued_only_if_it_is_kept() {
        let said = 1;
        for (is_kept, expected) in [
            (
                true,
                "banned\nthe message is queued, and the next sign-in sends it: do not send it again",
            ),
            (false, "banned\nit may not have come: send it again"),
        ] {
            let mut sent = Sent::new("bob", None);
            sent.take(Report::Queued { said });
            sent.take(Report::Failed {
                said: Some(said),
                fault: Fault::Unconfirmed,
                why: "it may not have come: send it again".into(),
                is_kept,
            });
            let reached = if is_kept {
                Reached::Queued
            } else {
                Reached::Nothing
            };
            assert_eq!(sent.reached, reached);
            let ended = Err(Failure::described(Exit::Refused, "banned"));
            let failure = tell(sent, (Wait::Stored, false), 30, ended).expect_err("it is refused");
            assert_eq!(failure.to_string(), expected);
            assert_eq!(failure.exit, Exit::Refused);
        }
    }
}
