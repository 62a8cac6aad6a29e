//! The commands of the prompt. Each is a row of a table, from which the menu, `help COMMAND`, the manual, the tab key
//! and the checks before a command runs are all read, so that none of them can differ from what runs.
//!
//! A new command is a row in the file of its group below `groups`, beside the function that it calls.

mod arguments;
mod complete;
mod compose;
mod groups;
mod help;
mod mistaken;
mod paste;
mod recall;
mod row;
mod saying;

pub use complete::complete;
pub use compose::Composition;
pub use mistaken::Mistaken;
pub use paste::Draft;
pub use recall::{Recalled, recalled, said};

use super::account::SignedIn;
use super::core::Core;
use super::env::Fault;
use super::script::FocusChange;
use super::ui::render;
use crate::transport::Now;
use arguments::{split_word, text_inside};
use groups::TABLE;
use row::{Call, ChatCommand, Needs};

/// All commands with what is said of them, a line each, for the manual.
#[must_use]
pub fn manual() -> String {
    help::manual(&TABLE)
}

/// What `help` says of one command, a line each.
///
/// # Errors
/// That there is no such command, and which one may have been meant.
pub fn help(word: &str) -> Result<String, String> {
    help::find(&TABLE, word).map(|lines| lines.join("\n"))
}

/// Whether the prompt has this command.
#[must_use]
pub fn is_command(word: &str) -> bool {
    TABLE.find(word).is_some()
}

/// The words that a user may type at the prompt although they are for the shell.
#[must_use]
pub const fn subcommands() -> &'static [&'static str] {
    help::SUBCOMMANDS
}

/// Runs the command that has waited for the server, if it is back or has been waited for long enough.
pub(super) fn run_parked(core: &mut Core, now: Now) {
    if let Some(parked) = core.take_parked(now) {
        run(core, now, &parked.line, parked.focus.as_deref());
    }
}

/// Runs a line that was typed at the prompt. A line that is no command is never sent anywhere, unless the prompt stood
/// in a conversation (`inside`).
pub(super) fn run(core: &mut Core, now: Now, line: &str, inside: Option<&str>) {
    core.with_signed_in(now, |_, ctx| ctx.focus.hold.keep_only(trimmed(line)));
    run_line(core, now, line, inside);
    core.with_signed_in(now, |parts, _| parts.recent.end());
}

/// What somebody at a terminal is told whose text is for nobody.
fn unaddressed(core: &Core, line: &str) -> Option<String> {
    let names = core.signed_in.as_ref().map(SignedIn::names)?;
    let text = help::unaddressed(&TABLE, line, &names.users);
    text.filter(|_| core.is_interactive())
}

/// A file that begins with a byte order mark is read like any other.
fn trimmed(line: &str) -> &str {
    paste::trimmed(line.trim_start_matches('\u{feff}'))
}

fn run_line(core: &mut Core, now: Now, line: &str, inside: Option<&str>) {
    let line = trimmed(line);
    if let Some(text) = text_inside(line) {
        let place = inside.unwrap_or_default();
        if !place.is_empty() && saying::refuses_mistaken(core, now, place, line) {
            return;
        }
        if saying::takes_text(core, now, inside, text) {
            core.with_signed_in(now, |parts, _| parts.history.reset_paging());
            return;
        }
    }
    let (word, rest) = split_word(line.strip_prefix('/').unwrap_or(line));
    if word.is_empty() {
        return;
    }
    let command = groups::find(word);
    if !command.is_some_and(|command| command.continues) {
        core.with_signed_in(now, |parts, _| parts.history.reset_paging());
    }
    let Some(command) = command else {
        let text = unaddressed(core, line).unwrap_or_else(|| help::unknown(&TABLE, word));
        core.fail(Fault::Usage, &text);
        return;
    };
    if command.needs != Needs::Nothing && core.is_restricted() {
        let text = format!(
            "`/{}` is not available here: it needs files or programs, and this client is restricted",
            command.name
        );
        core.fail(Fault::Failed, &text);
        return;
    }
    let values = arguments::parse(command.arguments, rest);
    // Before it counts as run: it is read again when it has waited.
    if values.is_some() && core.park(now, command.awaits, (line, inside)) {
        return;
    }
    note_focus(core, command.focus, rest);
    if command.needs_sign_in && core.user().is_none() {
        core.fail(Fault::Usage, "sign in first, with `/login`");
        return;
    }
    let Some(values) = values else {
        core.fail(Fault::Usage, &format!("usage: {}", command.usage()));
        return;
    };
    let table = &TABLE;
    let call = Call {
        now,
        word,
        values,
        table,
    };
    carry_out(core, command, line, &call);
}

/// A command is about to run that may change the focus.
fn note_focus(core: &mut Core, change: FocusChange, argument: &str) {
    let Some(script) = &mut core.script else {
        return;
    };
    script.changes_focus(change, argument);
    if let (FocusChange::Sets, Some(signed_in)) = (change, &mut core.signed_in) {
        // If the command fails, what follows must not go to where the script was before.
        signed_in.shared.focus.current = None;
    }
}

/// Runs a command, which is repeated to the user if its answer is late.
fn carry_out(core: &mut Core, command: &ChatCommand, line: &str, call: &Call<'_>) {
    core.with_signed_in(call.now, |_, ctx| {
        ctx.pending.command = Some(render::command(line));
        if command.focus != FocusChange::Keeps {
            ctx.pending.keep_focus();
        }
    });
    (command.run)(core, call);
    core.with_signed_in(call.now, |_, ctx| ctx.pending.command = None);
}
