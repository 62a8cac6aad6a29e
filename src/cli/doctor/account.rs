//! What only somebody who is signed in can find out: the sign-in itself, whether a message is stored, and the server's clock.
//! The client of `udpchat connect` does it, with its state directory.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::report::Finding;
use crate::cli::address::Target;
use crate::cli::command::Context;
use crate::cli::connect::{ClientArgs, Launch};
use crate::cli::exit::{Exit, Failure, Outcome};
use crate::client::{Ask, Console, Input, Line, Options, Report, Say, Tone, Until};
use crate::net::{self, InputSender};
use crate::protocol::NOTES_NAME;
use crate::transport::Now;

/// What the note says.
const NOTE: &str = "udpchat doctor: is this stored?";

/// A clock that is this much ahead or behind is worth a warning. Chosen: people who compare times notice half a minute.
const CLOCK_MAX: Duration = Duration::from_secs(30);

/// Signs in, and out again.
pub fn sign_in(server: Target, client: ClientArgs, context: &Context<'_>) -> Finding {
    let heard = Heard::default();
    match run(server, client, context, &heard, None) {
        Ok(Exit::Success) => Finding::ok("signed in, and out again"),
        other => failed(other, &heard, "the sign-in failed"),
    }
}

/// When a note was stored, by both clocks of this machine, and by the server's.
pub struct Stored {
    began: Now,
    ended: Now,
    server_ms: u64,
}

/// Signs in and stores a note to oneself.
pub fn store(
    server: Target,
    client: ClientArgs,
    context: &Context<'_>,
) -> (Option<Stored>, Finding) {
    let (heard, began) = (Heard::default(), net::now());
    let say = Say {
        to: NOTES_NAME.to_owned(),
        text: NOTE.to_owned(),
        file: None,
        key: None,
    };
    let outcome = run(server, client, context, &heard, Some(say));
    let stored = heard.lock().stored;
    let Some((ended, server_ms)) = stored else {
        let finding = failed(outcome, &heard, "the note was not stored");
        return (None, finding);
    };
    let took = ended.instant.saturating_duration_since(began.instant);
    let found = format!(
        "a note to yourself was stored after {:.1} ms, with the sign-in",
        took.as_secs_f64() * 1000.0
    );
    let stored = Stored {
        began,
        ended,
        server_ms,
    };
    (Some(stored), Finding::ok(found))
}

/// Compares the clocks: the server's time of the note lies between the beginning and the answer, if both are right.
pub fn clock(stored: &Stored) -> Finding {
    let Stored {
        began,
        ended,
        server_ms,
    } = stored;
    let ahead = server_ms.saturating_sub(ended.unix_ms);
    let behind = began.unix_ms.saturating_sub(*server_ms);
    let (off, way) = if ahead > 0 {
        (ahead, "ahead of")
    } else {
        (behind, "behind")
    };
    let off = Duration::from_millis(off);
    if off <= CLOCK_MAX {
        return Finding::ok("the server's clock agrees with this machine's");
    }
    Finding::warning(
        format!(
            "the server's clock is {} s {way} this machine's",
            off.as_secs()
        ),
        "times of messages are the server's: set the clock that is wrong (`timedatectl` shows this machine's)",
    )
}

/// A sign-in that did not end well.
fn failed(outcome: Outcome, heard: &Heard, what: &str) -> Finding {
    let exit = match &outcome {
        Ok(Exit::Success) => Exit::Failure,
        Ok(exit) => *exit,
        Err(failure) => failure.exit,
    };
    let told = heard.lock().error.take();
    let (found, advice) = match outcome {
        Err(failure) => (format!("{:#}", failure.error), failure.hint),
        Ok(_) => (told.unwrap_or_else(|| what.to_owned()), None),
    };
    let advice = advice.unwrap_or_else(|| {
        "--password-file FILE gives a password; `udpchat connect` with the same user shows more"
            .into()
    });
    Finding::failed(exit, found, advice)
}

fn run(
    server: Target,
    client: ClientArgs,
    context: &Context<'_>,
    heard: &Heard,
    say: Option<Say>,
) -> Outcome {
    // The doctor asks about no room.
    let server = Target {
        room: None,
        ..server
    };
    let mut launch = Launch::new(server, client, context, |_| Ok::<(), Failure>(()))?;
    launch.options = Options {
        unannounced: true,
        is_restricted: true,
        program: launch.options.program.sending(Until::Stored),
        ..launch.options
    };
    let inputs = launch.inputs.clone();
    let console = Recorder {
        heard: heard.clone(),
    };
    begin(&inputs, say);
    launch.run(Box::new(console), |_| false)
}

/// All input there is.
fn begin(inputs: &InputSender<Input>, say: Option<Say>) {
    // The queue is empty, and the client runs only later.
    if let Some(say) = say {
        let _ = inputs.send_reserved(Input::Say(Box::new(say)));
    }
    let _ = inputs.send_reserved(Input::EndOfInput);
}

#[derive(Debug, Default)]
struct Facts {
    /// When the note was stored, and the server's time of it.
    stored: Option<(Now, u64)>,
    /// The first error.
    error: Option<String>,
}

/// What the client tells its console.
#[derive(Debug, Clone, Default)]
struct Heard(Arc<Mutex<Facts>>);

impl Heard {
    fn lock(&self) -> std::sync::MutexGuard<'_, Facts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Recorder {
    heard: Heard,
}

impl Console for Recorder {
    fn show(&mut self, line: Line) {
        if line.tone == Tone::Error {
            self.heard.lock().error.get_or_insert(line.text);
        }
    }

    fn ask(&mut self, _: Ask) {}

    fn report(&mut self, report: Report) {
        match report {
            Report::Stored { time_ms, .. } => {
                self.heard
                    .lock()
                    .stored
                    .get_or_insert((net::now(), time_ms));
            }
            Report::Failed { why, .. } => {
                self.heard.lock().error.get_or_insert(why);
            }
            _ => {}
        }
    }

    fn is_interactive(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::Verdict;
    use super::*;

    #[test]
    fn clock_is_right_between_the_beginning_and_the_answer_and_half_a_minute_around() {
        let now = |unix_ms| Now {
            unix_ms,
            ..net::now()
        };
        let judged = |server_ms| {
            clock(&Stored {
                began: now(1_000_000),
                ended: now(1_010_000),
                server_ms,
            })
        };
        for server_ms in [970_000, 1_000_000, 1_005_000, 1_040_000] {
            assert_eq!(judged(server_ms).verdict, Verdict::Ok, "{server_ms}");
        }
        let found = judged(940_000).found;
        assert_eq!(found, "the server's clock is 60 s behind this machine's");
        assert!(judged(1_070_000).found.contains("60 s ahead of"));
    }
}
