//! `udpchat tail`: what was said and what comes, for a program or a script.

mod args;
mod console;
mod run;

use super::command::Subcommand;

pub fn command() -> Subcommand {
    Subcommand::new(
        "tail",
        "Print messages, old and new, for a program",
        run::run,
    )
    .section("CONVERSATIONS", CONVERSATIONS)
    .section("WHERE IT BEGINS", BEGINNING)
    .section("HOW LONG IT RUNS", ENDING)
    .section("OUTPUT", OUTPUT)
    .section("SIGNING IN", SIGNING_IN)
    .section("EXAMPLES", EXAMPLES)
}

const CONVERSATIONS: &str = "\
    The first word is the server, unless it begins with # or @ or is everyone or notes; then the server is that of the \
    settings. The others are conversations: `@bob`, or only `bob` after the server, is what you and bob said to each other, `#ops` \
    a room. Quote `#` in a shell. Without any, all conversations are printed. A room of which you are no member, and without \
    --follow a user with whom there is no message, is an error, and the exit code 5; the others are printed all the same.";

const BEGINNING: &str = "\
    Without --since, the last 10 lines of each conversation come first. `--since last` begins after what earlier runs with it have \
    printed, from whatever device, and a conversation that is new since then from its beginning; the first such run begins as \
    without it. Its position is kept in the state directory for each user of a server, and counts for all that they \
    tail there: run one at a time, or give each its own --state. It moves once lines are written: what could not be written is \
    printed by the next run, and after a kill the last lines may come twice. Where the server's database was restored or is another one, it goes on with messages later than the last line printed. `--since WHEN` takes a time as `/search` does, such as \
    14:02, \"Tue 14:02\" or 2026-03-17, or as in RFC 3339. What this device does not hold is fetched from the server.";

const ENDING: &str = "\
    It ends once it has printed all that the server has, or with 6 if that takes longer than --timeout. With --follow it goes on until \
    a signal, and connects again whenever the link is lost. If the output cannot be written, also because a pipe is closed, it \
    ends with an error and 1.";

const OUTPUT: &str = "\
    Each message has its date and time, as in a chat log of `udpchat connect`: further lines of a text are indented, `--` begins what \
    happened, and `==> NAME <==` stands where another conversation goes on, if not exactly one was named. Within a conversation the order is that of the server; an \
    edit or a deletion is a line of its own. Lines of users whom you hide are left out. There are no colours, and control \
    characters of others are left out.\n\
    With `--json` each line is an object: `conversation` (a name), `entry` (its number there), `time` (RFC 3339, UTC), `author` (null for what \
    happened in a room), `kind`, `text`, and `answers`, the entry that it answers. The kinds are text, action, event, announcement (for all \
    users, by the operator where `author` is null), deleted \
    (nothing is left of it), unknown (of a later version), and for a change to the entry that `changes` names: edit, with the new \
    text, delete, reaction, with its sign as the text, pin and unpin. An event has `happened` (such as joined, left, kicked, topic), \
    `actor` and, if there is one, `subject`. More keys and kinds may be added later. Everything but data goes to \
    standard error.";

const SIGNING_IN: &str = "\
    It signs in as --user, or as the user who was here last, with the ticket that an earlier sign-in has left, else with \
    --password-file, and asks nothing. Each client that runs at the same time is a device of its own, so that beside an open `udpchat connect` of the same \
    user it signs in as another one, which asks for the password once. Others are not told that it comes and goes. What it \
    receives has a receipt as ever, since the device keeps it, but nobody has read it: it stays unread, and the next `udpchat connect` shows it.";

const EXAMPLES: &str = "\
    udpchat tail @bob\n\
    udpchat tail chat.example '#ops' --since 00:00\n\
    udpchat tail --since last --json >> said.jsonl\n\
    udpchat tail --since last --json '#ops' | jq -r 'select(.kind == \"text\") | .author + \": \" + .text'";
