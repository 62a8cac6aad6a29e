//! `udpchat connect`: the chat itself, at a terminal or with plain lines.

mod args;
mod files;
mod forwarder;
mod launch;
mod resolver;
mod run;
mod state;
mod terminal;

pub use args::{ClientArgs, check_conversation, check_user, user};
pub use files::check_readable;
pub use launch::{Launch, interrupt_on_signal, set_last_words};
pub use state::known_servers::KnownServers;

use super::command::Subcommand;
use crate::client::commands;

pub fn command() -> Subcommand {
    Subcommand::new("connect", "Connect to a server and chat", run::run)
        .section("THE SERVER'S ADDRESS", ADDRESS)
        .section("LINKS", LINKS)
        .section("CHAT COMMANDS", commands::manual())
        .section("IN A ROOM", IN_A_ROOM)
        .section("TYPING", TYPING)
        .section("PASTING", PASTING)
        .section("WHAT IS SHOWN", WHAT_IS_SHOWN)
        .section("COLOURS", COLOURS)
        .section("RECEIPTS", RECEIPTS)
        .section("READING", READING)
        .section("BLOCKING", BLOCKING)
        .section("SENDING AND SAVING FILES", SENDING_FILES)
        .section("CHAT LOGS", CHAT_LOGS)
        .section("WITHOUT A TERMINAL", WITHOUT_A_TERMINAL)
        .section("SETTINGS", SETTINGS)
        .section("FILES", FILES)
        .section("EXAMPLES", EXAMPLES)
}

const EXAMPLES: &str = "\
    udpchat connect chat.example --user alice\n\
    Without a terminal, a command on each line:\n\
    echo contacts | udpchat connect chat.example\n\
    echo 'message bob the backup is done' | udpchat connect";

const SETTINGS: &str = "\
    Each option can also be set by a variable of the environment, listed below, and in \
    $XDG_CONFIG_HOME/udpchat/config.toml (usually ~/.config/udpchat/config.toml) or the file of --config: \
    `user = \"erin\"` there is --user erin. A table [profiles.ship] with the keys host, user and so on makes \
    `udpchat connect ship` enough. See udpchat-config(1).";

const ADDRESS: &str = "\
    A name is resolved again while the server does not answer, and all its addresses are tried; the server \
    key is checked as ever. If a name cannot be resolved yet, the client shows why and tries again, without a \
    terminal for at most --timeout; a name that does not exist ends it at once. The first connection is given up \
    after half a minute without an answer. A device that can sign in without a password does not need the server to \
    begin: the user who was here last, or --user, is at the prompt at once, `/history` and `/search` work, messages \
    are queued, and the client goes on trying until the server answers, even if its name cannot be resolved. 0.0.0.0 \
    and [::], as a server shows them that listens on every address, mean this machine. Multicast, broadcast and \
    reserved addresses are refused, and a name that has no others. A link-local IPv6 \
    address needs its interface, by name or number: fe80::1%eth0, [fe80::1%eth0]:7777. A name of another script is \
    looked up in its ASCII form, which known_servers has too, and is shown in that form (xn--…) if it mixes scripts or looks \
    like a name in ASCII.";

const LINKS: &str = "\
    A link such as udpchat://chat.example:7777/?key=SHA256:…&room=bridge stands for the server; `udpchat link` prints one. Its \
    key must be the server's, as with --server-key: if the server was unknown, that takes the place of the question, and the key \
    is trusted from then on. A key that is trusted already is never replaced by one of a link. Trust a link as far as the way on \
    which it came. A room is asked about after the sign-in, and is joined as by `/join`; without a terminal the client only \
    names it on standard error. Nothing else may be part of a link: a user, a path, a fragment, unknown or repeated \
    parameters and control characters are errors. Quote a link in a shell, because of its &.";

const IN_A_ROOM: &str = "\
    A command works everywhere with its slash; where the prompt shows no conversation the slash may be left out. \
    After `/join` or `/enter`, the prompt shows the conversation, what you type goes there, and commands need \
    a slash; type two for a text that begins with one. A line that would be a command but for its slash is not sent by the \
    first Enter: put / before it to run it, or press Enter again, a second later, to send it as it is. That is one that a slash \
    makes a `/message USER`, `/message*` or `/note`, the name of a command alone, such as `/quit`, or a command whose first argument \
    exists, such as `/kick bob`. Where the terminal itself edits what is typed (--plain, TERM=dumb) it is refused, and the same line once \
    more, as the next one and at least a second later, says it. `/back` returns to the prompt without a conversation; \
    you stay a member of a room until `/leave`. Commands for rooms mean the room at the prompt unless they \
    name another; where a word can only be a room, its # may be left out. At the right edge of the prompt's row stand how many \
    messages are unread, such as (2, 1!) where one mentions you, and `offline` while the server does not answer; where a \
    terminal cannot edit lines, the prompt itself shows them. Without a connection `/join` waits for one, and so do messages.";

const TYPING: &str = "\
    Alt-Enter types a newline; newlines and tabs go out as typed. Up and Ctrl-R recall what was typed, also in earlier runs \
    of the same account. `/compose` opens $VISUAL or $EDITOR with a file that only you can read, and removes it afterwards; \
    messages that arrive meanwhile are shown when the editor ends. A draft that is taller than the screen shows the part \
    around the cursor. Ctrl-C and Ctrl-D at a question go back to the prompt; Ctrl-Z stops the client at every question. \
    A terminal that cannot edit lines (TERM=dumb, or no TERM) is asked with plain lines, and so is one whose client has its \
    output elsewhere, as in `udpchat connect | tee FILE`.";

const PASTING: &str = "\
    In a terminal with bracketed paste, pasted lines wait for Enter, and the line below them says what it does. \
    If each line is a command (in a conversation, with its slash), they run one after the other; Ctrl-C stops \
    those that still wait. If the first begins a message and no other is a command, or none is a command in a \
    conversation, they are one message. Otherwise, or if a line looks like a mistyped command or the text is too \
    long, nothing is sent, and the draft can be edited. An indent that all lines have does not matter for commands; a \
    line that is indented further, or begins with two slashes, is text. Of the newlines at the end of a paste one \
    stays, so that the next paste begins a line of its own; at the end of a draft it does not count. Control characters \
    and escape sequences in a paste are dropped; if a sequence cannot be told from the text after it, the whole \
    paste is left out. Of a paste at a password only the first line is taken. Without bracketed paste each pasted \
    line is run as if typed.";

const READING: &str = "\
    What is unread is counted for each conversation, and the count is the same on all your devices; nobody else \
    learns what you have read. A line is read once it is printed where you look: in the conversation at the prompt, or, at \
    a prompt without one, if it is no room's. All of a conversation is read when you enter it, page through it with \
    `/history`, or say something there. Where you left off, `── unread ──` stands above what was unread, until you say \
    something. What a client without a terminal prints nobody has read.\n\
    Of the messages that you missed, the last 20 of each conversation are shown at a terminal, below a line that counts \
    them all; `/history` shows the others. A client without a terminal prints them all. What you have read on another device meanwhile is only counted. \
    `/mute CONVERSATION` shows nothing of a conversation until you enter it, on all your devices, and \
    `/mute CONVERSATION 8h` for eight hours; its lines are received as always. It neither rings nor counts at the prompt; a \
    message of a room that mentions you is shown all the same, and counts there, with a `!`. `/next` goes there last.";

const WHAT_IS_SHOWN: &str = "\
    A message begins with its time and its author's name, `(you)` for your own, which no name can be. The program's own lines \
    begin with ✓ for a receipt, ● for news and ! for an error. Times are in the zone that TZ names, by name \
    (Asia/Tokyo), rule (EST5EDT,M3.2.0,M11.1.0) or file, else in the system's; if there is no such zone, in UTC. At a terminal, long lines are wrapped to \
    indented rows of at most 100 columns, so that no text can imitate a line of the program. A terminal that \
    is made narrower wraps old rows again, and these can no longer be trusted; `/history` shows them afresh. \
    Right-to-left text is printed in the order in which it came; a terminal that reorders it may move words \
    within a row.\n\
    A text of several lines stands under one time, as it was written, with each line but the first indented; also \
    without a terminal, where each begins with six blanks. Other control characters and invisible characters are not shown; a \
    text of nothing else is shown as `(nothing visible)`. � stands for a character that this version does not know. At most \
    two blanks are shown in a row, in a text of several lines 32, and at most 8 marks on a letter.";

const COLOURS: &str = "\
    At a terminal what you say becomes a line with its time in the place of the draft. Its mark says how far it has come: … \
    it is not known to be stored, ● the server has stored it, ✓ somebody has received it, ! it is not sent. The mark changes \
    while that line is the last one, and then stays as it is; lines below it tell the rest. No line of somebody \
    else begins with a mark. A line that nobody else sees begins with ✉ after its time, one of a room that is not at the prompt with the \
    room's name, and a line of another day stands below the day's name. Each name has a colour of its own, the same in every \
    program that follows XEP-0392. With COLORTERM=truecolor it is exact; else it is the nearest of 256 or of 16, as TERM \
    says.\n\
    Without --color, there are colours on a terminal, unless TERM is dumb, NO_COLOR is set or CLICOLOR is 0; with \
    CLICOLOR_FORCE=1 also elsewhere. In a locale that is not UTF-8 (LC_ALL, LC_CTYPE, LANG) symbols have forms in ASCII, and \
    ? stands for every other character. With --plain, lines begin with `note:`, `error:` or `private:`, \
    and the terminal itself edits what is typed, without history and Tab.\n\
    The table [theme] of the settings, or --theme, paints the parts of a line: time, name, own (your name), room, private, \
    everyone, text, receipt, event, error, remark and day. A style is none, or words of bold, dim, italic, underline and one \
    colour: black, red, green, yellow, blue, magenta, cyan or white, each also as bright-red and so on, or #rrggbb. name = \
    \"hue\" gives each name its own. background = \"dark\" or \"light\" sets how light these are, and vision = \"red-green\" \
    or \"blue\" leaves out the colours that a reader does not tell apart.";

const RECEIPTS: &str = "\
    `✓ Message received by bob (84 ms)` means that one of bob's devices has the message on its disk; it \
    never means read. For a message to several users the receipt counts them, and changes with the next one while it is the last \
    line of a terminal. Receipts of messages that were sent one \
    after the other are one line: `✓ 12 messages received by bob`. So is what is stored: \
    `● 6 messages stored; bob is offline`. `● stored; not received by bob yet` is shown after \
    2 s without a receipt of a user who is online. If the receipt is not for your \
    last message, or comes late, it shows the message's time and first words. A line that ends with \
    `(perhaps shown before)` was being shown when the client was killed.\n\
    If the server does not answer within 2 s, the prompt returns and the answer is shown when it comes. After 15 s \
    `no answer yet to …; it may still happen` names the command; it stays under way, and its answer is shown \
    whenever it comes. After 10 s without any answer from the server, messages are queued and other requests are \
    refused.";

const BLOCKING: &str = "\
    `/block USER` applies to all your devices until `/unblock USER`. The server stores direct messages from a \
    blocked user and never delivers them, not even after `/unblock`. The blocked user is not told: they see \
    `● stored; NAME is offline` while you are offline, `● stored; not received by NAME yet` while you are online, and \
    never `✓`. Their \
    messages in rooms and to everyone are received as usual, with a receipt, and are hidden while you block \
    them, in `/history` and `/search` too; somebody who compares the two can conclude that they are blocked. \
    You are not told of their invitations, nor when they come online or go offline. Their reactions and pins are hidden, \
    too. What they delete is deleted on your devices all the same, if these have it.";

const SENDING_FILES: &str = "\
    `/file bob chart.pdf the new chart` sends a file and a text with it; the tab key completes its name. It must be one regular \
    file. A name is written as for a shell: put one with blanks or quotation marks in quotation marks, or a backslash before each. \
    `/file --reply #12 chart.pdf` answers message 12. A copy of it is made in the state directory first, which is removed once the server has the file. The file's message \
    takes its place among the others when the file is at the server. The prompt tells how far files are; where it cannot, as with \
    TERM=dumb, a line does at 25, 50 and 75 %.\n\
    Others see its name, size and type, and who sent it. `/save` fetches the last file of the conversation, `/save #12` the one \
    with that number. It goes to --download-dir, which is made if it is not there; without the option to XDG_DOWNLOAD_DIR, as the environment or \
    $XDG_CONFIG_HOME/user-dirs.dirs has it, else to ~/Downloads if that is there, else to the current directory. `/save #12 plan.pdf` chooses \
    another name there; with a slash, or as ~, it is a path, or a folder that is there. With --save-files-below 1M each file of less than \
    that, from anybody who is not blocked, is saved as soon as its message comes, 1 GB and 10,000 files a day at most; what comes to a run without the option is not.\n\
    A name that others have given cannot lead out of that folder: only its last part counts, without control characters, \
    characters that change the direction of reading, a dot or a dash at the beginning, a dot or a blank at the end, and signs that other systems refuse; it is cut \
    to 255 bytes before its ending. Nothing is overwritten or followed: where chart.pdf is taken, the file becomes chart (2).pdf. A \
    file has the mode 0600, and is neither opened nor run, and its content is never written to the terminal.";

const CHAT_LOGS: &str = "\
    With --log-chat DIR, each message is added to DIR/SERVER/USER/CONVERSATION.log, in a script too: \
    what comes from then on, also while you were away, muted or not, in the order in which all devices see it; your own \
    messages once they are stored. Older messages that are fetched are not in it; `/export` writes those. Lines of users whom \
    you hide are left out. Each message has its date and time, `--- Tuesday 17 March 2026` stands where the day changes, and \
    `--` begins what happened. The further lines of a text are indented. In a file's name \
    everything but letters, digits, dots and - _ # is % and two hexadecimal digits for each byte.\n\
    The files are only added to. An edit or a deletion is a line of its own below, so what was deleted stays in them, and in \
    your backups of them, until you remove it. DIR must be yours alone (mode 0700); files have the mode 0600, and one \
    that is a symbolic link is not written to.\n\
    The next run with the option goes on where the last one has stopped. What comes to a run without it is not written \
    later. After a kill of the client the last lines may stand there twice, and none is missing; after a power failure the last \
    ones may be missing. If a file cannot be written, the client shows why once, goes on, and adds what is missing \
    as soon as it can; a line of which a full disk took only the beginning stands whole below that. Programs may share DIR: no line is broken by another, but two clients of one user write everything twice.";

const WITHOUT_A_TERMINAL: &str = "\
    If standard input is not a terminal, commands are read from it, one a line: UTF-8, with or without a byte order mark. A byte that is not UTF-8 \
    is replaced by �, and a line of more than 65536 bytes is left out. Messages, receipts and the answers to \
    commands go to standard output, everything else to standard error. Nothing is asked: give the password with \
    --password-file, and the server key with --server-key or --accept-new. A device that has signed in before \
    does so again without its password: then the one in the file is not compared with anything.\n\
    Lines take effect in order, and a command that fails does not stop the others; the error names its line. \
    A line is a command, with or without its slash, and `/join` does not change that. After `/enter` a line without a slash goes \
    to that conversation; what looks like a command without one (see IN A ROOM) is refused, and `/message` before the conversation and the text says it. \
    If `/enter` fails, or the script loses its place in a room, the lines after it that have no slash are \
    refused, since they were meant as messages there; `/back` ends that. `/login NAME` takes the password of \
    --password-file, if --user names nobody else. \
    A message is reached when the server has stored it, also while its reader is offline. At the end of input \
    the client waits until all messages are stored, but no longer than --timeout; then standard error names those \
    that are not, and the exit code is 6. They are kept, and sent at the next sign-in: do not send them again. \
    Receipts of users who are online are waited for up to 10 seconds.\n\
    A sign-in that takes longer than --timeout ends the client with 3, or with 6 if its input has queued messages (those of earlier runs do not count): a device that \
    has signed in before carries out what needs no server after a second; a command that needs it, and all after that, \
    once --timeout is over. If the server goes away later, messages \
    are queued, `/history`, `/search`, `/status` and `/help` go on, and a command that needs the server waits \
    for --timeout once, even if it was already sent; then it and all that follow fail at once.\n\
    If commands fail in different ways, the exit code is the highest, but 6 only if there is no other, \
    because what waits may still be reached. A message of an earlier run that the server refuses now is shown and \
    does not count. A failed sign-in, a changed key and a signal end the client at once, \
    with their own code. If standard output is no longer read, the client carries out what its input \
    holds and ends. A signal ends at once a client whose output is not read; messages that were not printed are \
    shown again at the next sign-in.";

const FILES: &str = "\
    DIR/known_servers has a line for each trusted server key. DIR/SERVER/USER/N.redb is the history of one \
    device of a user; clients that run at the same time use one each. \
    A sign-in also sends what waits in those that no client has open. DIR/SERVER/USER/N.files holds copies of files until they are \
    sent, and what has come of files that are being saved. DIR/SERVER/USER/input_history is what was typed at the \
    prompt, at most 1 MiB, without passwords and other answers, and without the lines that said what you have deleted. Only the owner may have access to the \
    directory (mode 0700).";
