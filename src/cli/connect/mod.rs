//! `udpchat connect`: the chat itself, at a terminal or with plain lines.

mod args;
mod run;
mod server_key;
mod state;
mod terminal;

use super::command::Subcommand;
use crate::client::commands;

/// The subcommand.
pub fn command() -> Subcommand {
    Subcommand::new("connect", "Connect to a server and chat", run::run)
        .section("CHAT COMMANDS", commands::manual())
        .section("IN A ROOM", IN_A_ROOM)
        .section("WHAT IS SHOWN", WHAT_IS_SHOWN)
        .section("RECEIPTS", RECEIPTS)
        .section("BLOCKING", BLOCKING)
        .section("WITHOUT A TERMINAL", WITHOUT_A_TERMINAL)
        .section("FILES", FILES)
}

const IN_A_ROOM: &str = "\
    After `join`, and after `enter`, the prompt shows where it stands, plain text is said there, and commands \
    take a slash; a text that begins with one is typed with two. `back` steps out, and one belongs to the room \
    until `leave`. The commands for rooms mean the one where the prompt stands unless they name another. Without \
    a link `join` waits for it, and so does what is typed.";

const WHAT_IS_SHOWN: &str = "\
    What somebody says begins with its time and name, `(you)` for yours. The program's own lines begin with ✓ \
    for a receipt, ● for news and ! for an error. At a terminal a long line goes on in rows that are indented, \
    of at most 100 columns, so that nothing in a text looks like a line of its own. A window that is made \
    narrower than a row wraps again what it shows already, and that cannot be relied on any more; `history` \
    shows it anew. Names and texts in scripts that are written from the right are shown in the order in which \
    they came, and a terminal that orders them itself may move words within a row.\n\
    Of a text nothing is shown that a terminal would obey, or that cannot be seen: `(nothing visible)` stands \
    for one of nothing else. � is a character that this version does not know, at most two blanks stand behind \
    each other, and at most 8 marks on a letter.";

const RECEIPTS: &str = "\
    `✓ Message received by bob (84 ms)` says that a device of bob's has the message on its disk; it never means \
    read. Of a message to many it says how many have it of those it is for. Where it is not the last message, or \
    not of just now, its time and its first words stand behind. A line may end with `(perhaps shown before)`: \
    the client was killed when that line was on its way to the screen.\n\
    Where the server does not answer within 2 s, the prompt comes back and the answer is waited for behind it; \
    once it has not answered for 10 s, what is said is queued, and what is asked is refused.";

const BLOCKING: &str = "\
    `block USER` holds on all your devices until `unblock USER`. The server stores what the blocked user writes \
    to you and never delivers it, not after `unblock` either. The user is told nothing of the block: they see `● \
    stored; NAME is offline` while you are offline, nothing while you are online, and never `✓`. What they say \
    in rooms and to everyone is received as always, with its receipt, and not shown as long as you block them, \
    by `history` and `search` neither; somebody who compares the two can conclude that they are blocked. Their \
    invitations, and that they come and go, you are not told.";

const WITHOUT_A_TERMINAL: &str = "\
    If standard input or output is no terminal, or one that cannot edit lines (TERM=dumb), commands are read \
    from standard input, a line each, and what arrives is written to standard output, plain; errors go to \
    standard error. Nothing is asked: give the password with --password-file, and the server's key with \
    --server-key or --accept-new.";

const FILES: &str = "\
    DIR/known_servers has a line for each server whose key is trusted. DIR/SERVER/USER/N.redb is the history of \
    one device of a user; each client that runs at the same time takes one of its own. The directory must be its \
    owner's alone (mode 0700).";
