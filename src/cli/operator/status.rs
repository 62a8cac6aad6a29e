//! `udpchat status`: the state of a running server, once, again and again, or as an exit code.

use std::io::{self, ErrorKind, IsTerminal as _};
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::cli::admin::{self, AdminApi as _, Answer, Request, Status};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Failure, Outcome};
use crate::cli::monitor::Problem;
use crate::cli::options::Administration;
use crate::cli::output::{print, print_error, print_json};
use crate::cli::streams;

pub fn command() -> Subcommand {
    Subcommand::new("status", "Show the state of a running server", run)
        .section("WHAT IS SHOWN", WHAT_IS_SHOWN)
        .section("HEALTH", HEALTH)
        .section("JSON", JSON)
        .section("FILES", "The server is asked through DIR/control.sock.")
        .section("EXAMPLES", EXAMPLES)
}

const WHAT_IS_SHOWN: &str = "\
    Version, time since the start, fingerprint of the key, and addresses; accounts, rooms, sessions (signed in or not) and users \
    online; since the start: messages stored, deliveries sent, commits, and messages that arrived damaged or malformed; \
    messages, packets and bytes a second over the last minute; files uploaded, with the bytes of files that came and \
    went, and uploads that are under way or were interrupted; bytes of stored messages, and accounts at their quota; the sizes of \
    the database, the message log and the attached files, and what is free on their disk; memory and CPU time; what waits: \
    requests for the store and for files, and channels of sessions whose messages were not taken yet; memory of all session \
    buffers, and sessions not signed in, each with its limit; how often each limit was reached; datagrams without effect, by \
    reason; how long each thread of the server was busy at a stretch, at most, and how often for longer than anybody notices; \
    the last backup that the server made by itself. What is wrong with the message log (udpchat.redb.segments), if the start \
    found it incomplete, and whether the database's files were removed or replaced (nothing is stored until they are back), \
    stand before that. Last, for each session (a thousand at most), its user, address, round trip, loss in both directions, \
    packets and bytes, retransmissions and congestion window.\n\
    --watch shows all but the sessions again every second, until Ctrl-C; where standard output is no terminal, one line a \
    second, and with --json one object a line. It goes on over a restart of the server.";

const HEALTH: &str = "\
    --check prints `ok` and ends with 0 if the server runs and nothing is wrong; otherwise it prints one line that says what, \
    and ends with 1, or with 3 if no server answers. Wrong is: the store does not answer, or its files were removed \
    or replaced; the disk has less than 1 GiB and less than a tenth of it left; a thread stood still for a second or longer \
    in the last five minutes; or the server makes backups and the last one is older than twice their interval.";

const JSON: &str = "\
    --json prints one object, whose names stay what they are from version to version; new ones may come. Times are in RFC 3339, \
    and what else has a unit ends in it: _s, _ms, _us, _bytes, _per_s. With --check it is an object of ok and problems, each \
    with a name (store, disk, stall, backup) and a text.";

const EXAMPLES: &str = "\
    udpchat status\n\
    udpchat status --watch | head -2\n\
    udpchat status --check || echo 'the server is not well'\n\
    udpchat status --json | jq .rates";

/// How often --watch shows it.
const WATCH_EVERY: Duration = Duration::from_secs(1);

/// Goes to the first line of a terminal; what is there is overwritten, so that nothing flickers.
const HOME: &str = "\x1b[H";
/// Erases the rest of the line, and all below it.
const END_OF_LINE: &str = "\x1b[K\n";
const BELOW: &str = "\x1b[J";
const CLEAR: &str = "\x1b[2J";

#[derive(clap::Args)]
struct Args {
    #[command(flatten)]
    administration: Administration,
    /// Show it again every second
    #[arg(long, conflicts_with = "check")]
    watch: bool,
    /// Only say whether the server is well; the exit code is 0 if it is
    #[arg(long)]
    check: bool,
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let (data, json) = (args.administration.data.path()?, args.administration.json);
    if args.check {
        return check(&data, json);
    }
    let status = ask(&data)?;
    if args.watch {
        return watch(&data, json, status);
    }
    if json {
        print_json(&status.json)?;
    } else {
        print(status.text + &status.sessions);
    }
    Ok(Exit::Success)
}

fn ask(data: &Path) -> Result<Status, Failure> {
    let mut server = admin::running(data)?;
    match server.ask(Request::Status)? {
        Answer::Status(status) => Ok(status),
        _ => Err(admin::unexpected().into()),
    }
}

/// Shows it every second, until a signal ends the program.
fn watch(data: &Path, json: bool, first: Status) -> Outcome {
    let is_terminal = io::stdout().is_terminal() && !json;
    if is_terminal {
        print(CLEAR);
    }
    let mut status = Ok(first);
    loop {
        let text = match &status {
            Ok(status) if json => format!("{}\n", status.json),
            Ok(status) if is_terminal => redraw(&status.text),
            Ok(status) => status.line.clone(),
            Err(failure) if is_terminal => redraw(&format!("{failure}\n")),
            Err(failure) => {
                print_error(format_args!("udpchat: {failure}"));
                String::new()
            }
        };
        match streams::write_all(io::stdout(), text.as_bytes()) {
            Ok(()) => {}
            // Its reader has seen enough.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(Exit::Success),
            Err(error) => return Err(error.into()),
        }
        // Until a signal ends the program.
        thread::park_timeout(WATCH_EVERY);
        status = ask(data);
    }
}

/// Overwrites what a terminal shows by these lines.
fn redraw(text: &str) -> String {
    format!("{HOME}{}{BELOW}", text.replace('\n', END_OF_LINE))
}

fn check(data: &Path, json: bool) -> Outcome {
    let (exit, problems) = match ask(data) {
        Ok(status) => (Exit::Failure, status.problems),
        Err(failure) if failure.exit == Exit::Usage => return Err(failure),
        Err(failure) => {
            let problem = Problem {
                name: "server".into(),
                text: format!("{:#}", failure.error),
            };
            (Exit::Unreachable, vec![problem])
        }
    };
    if json {
        print_json(&serde_json::json!({ "ok": problems.is_empty(), "problems": problems }))?;
    } else if problems.is_empty() {
        print("ok\n");
    } else {
        let texts: Vec<&str> = problems.iter().map(|it| it.text.as_str()).collect();
        print(texts.join("; ") + "\n");
    }
    if problems.is_empty() {
        return Ok(Exit::Success);
    }
    Ok(exit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redrawn_lines_erase_what_stood_there() {
        assert_eq!(redraw("a\nb\n"), "\x1b[Ha\x1b[K\nb\x1b[K\n\x1b[J");
    }
}
