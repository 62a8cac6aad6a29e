//! `udpchat send`: one message, from a program or a script, and what became of it.

mod args;
mod console;
mod meter;
mod run;

use super::command::Subcommand;

pub fn command() -> Subcommand {
    Subcommand::new(
        "send",
        "Send a message from a program or a script",
        run::run,
    )
    .section("THE TEXT", TEXT)
    .section("A FILE", FILE)
    .section("HOW LONG IT WAITS", WAITING)
    .section("SAYING IT ONCE", ONCE)
    .section("OUTPUT", OUTPUT)
    .section("SIGNING IN", SIGNING_IN)
    .section("EXAMPLES", EXAMPLES)
}

const TEXT: &str = "\
    The words after `--to WHO` are the text, with a blank between them; a word before it is the server. Without a text, or \
    if it is `-`, it is read from standard input to its end. Several lines are one message; newlines at the end are left out. \
    A text that begins with a dash has to follow `--`.";

const FILE: &str = "\
    `--file FILE` sends a file, and the text, if there is one, with it; standard input is then read only for `-`. A copy is made \
    first, so that FILE may be changed or removed as soon as the message is queued. It is one regular file of at most the size that \
    the server takes; pack a folder first, as with tar. A file that was interrupted goes on where it stopped, at the next sign-in. While it comes \
    further, --timeout does not end the wait. At a terminal a bar shows how far it is. With `--json` each line of standard error that begins with { is an object: \
    `sent` and `size` in bytes, and `percent`; there are at most two a second.";

const WAITING: &str = "\
    `--wait queued` returns as soon as the message is durable on this machine: the next `udpchat send` or `udpchat connect` of \
    the same user takes it to the server. `--wait stored`, the default, returns when the server has it, and with it what waited in other state slots of the user, and \
    `--wait received` when a device of everybody for whom it is has it. What is not reached within --timeout is not lost: the \
    exit code is 6, and the message is still sent, or received, later. Do not send it again. Nor is it lost if you are not let in, as \
    with a ban that ends: the exit code is 4, and a line says that the message is queued. A device that has signed in \
    before needs no server to queue; one that has not, or that does not know the room yet, fails with 3, and nothing is queued. --timeout does not bound the reading of standard input.";

const ONCE: &str = "\
    With `--id KEY` the message goes out once, however often you run the command, also if it or the server is killed in between, \
    from any machine and any state directory of the user. The server keeps each user's last 4,096 keys, for 30 days. A second run \
    sends nothing, exits with 0, and tells of the first message: `said_before` is true in its JSON, even if its text \
    differs. If its recipient differs nothing was sent to them, and it exits with 2: use another key for each. Of a file nothing is brought to the server before that has said that the key is not used. A key has up to 256 bytes, such as `backup-2026-11-29`.";

const OUTPUT: &str = "\
    Nothing is printed if all went well, unless standard error is a terminal. `--json` prints one object on standard output, \
    whatever became of a message that could be read: `to`, `reached` (nothing, queued, stored or received), `conversation`, `entry` and `time` of the message at the server, \
    for how many it is (`recipients`) and how many of them were online (`online`), `received` with name of each who has it, and with time if that was in this run, \
    or `received_count` in a large room, `said_before`, `error`, and for a file an object called file with its name and size. Times are as in RFC 3339; what is not known is left out.";

const SIGNING_IN: &str = "\
    It signs in as --user, or as the user who was here last, with the ticket that an earlier sign-in has left, else with \
    --password-file. Each client that runs at the same time is a device of its own, so that beside an open `udpchat connect` of the same \
    user it signs in as another one, which needs --password-file once. Others are not told that it comes and goes, and it receives nothing: what others say stays unread.";

const EXAMPLES: &str = "\
    udpchat send --to bob \"the backup is done\"\n\
    udpchat send chat.example --user cron --password-file ~/.chat-password --to '#ops' disk sda1 is full\n\
    udpchat send --to bob --file chart.pdf \"the new chart\"\n\
    df -h | udpchat send --to '#ops' -\n\
    udpchat send --to bob --wait received --timeout 2m --json \"are you there?\" | jq -r .reached";
