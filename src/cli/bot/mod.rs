//! `udpchat bot`: an account as a program has it, with JSON on lines in both directions.

mod args;
mod console;
mod request;
mod run;

use super::command::Subcommand;

pub fn command() -> Subcommand {
    Subcommand::new("bot", "Run a bot: JSON lines in both directions", run::run)
        .section("REQUESTS AND EVENTS", LINES)
        .section("ACKNOWLEDGING", ACKNOWLEDGING)
        .section("HOW LONG IT RUNS", ENDING)
        .section("SIGNING IN", SIGNING_IN)
        .section("EXAMPLES", EXAMPLES)
}

const LINES: &str = "\
    Each line of standard input is a request, a JSON object with an `id`, a word in `do` and its fields; each is answered by one line of \
    standard output with that id, and `ok` or `error`. The other lines there are events: `entry` for each thing that others say or change, \
    `received` for receipts, and `ready`, `offline` and `online` for the server. udpchat-bot(7) has them all, and how a bot \
    is written. Everything but data goes to standard error.";

const ACKNOWLEDGING: &str = "\
    A bot says with `ack` up to which entry of a conversation it is done. What it has not acknowledged it is told again by the next \
    run, from whatever device; of such entries it is told at most 1,000, and the rest once it acknowledges some. The first run \
    begins with what comes. The position is kept in the state directory for each user of a server: a \
    second bot of the same user is refused there, and needs a --state of its own.";

const ENDING: &str = "\
    At the end of standard input it finishes what was asked for, and exits with 0 once everything is answered, or with 6 if something \
    is not stored within --timeout; that is sent by the next run. A refused request is an answer and no failure. A signal ends it at once. While \
    the server is away, it connects again and again. If the output cannot be written, also because a pipe is closed, it ends with an error and 1.";

const SIGNING_IN: &str = "\
    It signs in as --user, or as the user who was here last, with the ticket that an earlier sign-in has left, else with \
    --password-file, and asks nothing. Give a bot an account of its own. Others are not told that it comes and goes. What it \
    receives has a receipt as ever.";

const EXAMPLES: &str = "\
    echo '{\"id\": 1, \"do\": \"rooms\"}' | udpchat bot\n\
    echo '{\"id\": 1, \"do\": \"send\", \"to\": \"bob\", \"text\": \"tea?\"}' | udpchat bot chat.example | jq 'select(.id == 1) | .ok.entry'\n\
    echo '{\"id\": 1, \"do\": \"history\", \"conversation\": \"#ops\", \"limit\": 5}' | udpchat bot | jq -r '.ok.entries[]? | .text'\n\
    echo '{\"id\": 1, \"do\": \"whois\", \"user\": \"bob\"}' | udpchat bot --timeout 10 | jq -r 'select(.id == 1) | .ok.online'";
