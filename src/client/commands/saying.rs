//! Text that is typed at the prompt: whether it is said, and where.

use super::mistaken::Mistaken;
use crate::client::account::SignedIn;
use crate::client::core::Core;
use crate::client::env::Fault;
use crate::client::script::{Missed, Script};
use crate::client::storage::records::OutboxEntry;
use crate::client::ui::render;
use crate::transport::Now;

pub(super) fn send(core: &mut Core, now: Now, target: &str, text: &str) {
    let unsent = OutboxEntry::new(target.to_owned(), text.to_owned());
    core.with_signed_in(now, |parts, ctx| {
        parts.sender.send_text(ctx, &parts.blocked, unsent);
    });
}

/// Takes a line for a text if it can be none other: with a focus when the prompt was shown, to which it goes if that
/// still has it, or in a script that meant to have one.
pub(super) fn takes_text(core: &mut Core, now: Now, focus: Option<&str>, text: &str) -> bool {
    let missed = core.script.as_ref().and_then(Script::missed);
    match (focus, missed) {
        _ if text.is_empty() => {}
        (Some(focus), _) => send_in(core, now, focus, text),
        (None, Some(Missed { fault, why })) => {
            core.fail(fault, &format!("not sent: {why}: {}", render::quote(text)));
        }
        (None, None) => return false,
    }
    true
}

fn send_in(core: &mut Core, now: Now, focus: &str, text: &str) {
    if let Some(script) = &mut core.script {
        script.speaks_in_focus();
    }
    let has_focus = core
        .shared()
        .is_some_and(|shared| shared.focus.is_on(focus));
    if has_focus {
        send(core, now, focus, text);
    } else {
        // Whole: it is nowhere else any longer.
        let quoted = render::quote_upto(text, usize::MAX);
        let why = match core.user() {
            Some(_) => format!("you are no longer in {focus}"),
            None => "nobody is signed in; `/login` first".to_owned(),
        };
        core.fail(Fault::NoRecipient, &format!("not sent: {why}: {quoted}"));
    }
}

/// Whether a text is not said in a conversation: it may be a private message that was meant for another. Where there is
/// an editor, that has asked.
pub(super) fn refuses_mistaken(core: &mut Core, now: Now, place: &str, line: &str) -> bool {
    let names = core.signed_in.as_ref().map(SignedIn::names);
    let Some(names) = names.filter(|_| !core.has_editor()) else {
        return false;
    };
    if Mistaken::of(line, &names).is_none() || is_repeated(core, now, line) {
        return false;
    }
    let how = if core.is_interactive() {
        format!("the same line once more says it to {place}")
    } else {
        format!("`/message {place}` before it says it")
    };
    let quoted = render::quote(line);
    let text = format!("not sent: it looks like a command: / before it runs it, {how}: {quoted}");
    core.fail(Fault::Usage, &text);
    true
}

/// Whether somebody at a terminal without an editor has entered a line a second time, after they were told.
fn is_repeated(core: &mut Core, now: Now, line: &str) -> bool {
    let is_interactive = core.is_interactive();
    let focus = core.signed_in.as_mut().map(|user| &mut user.shared.focus);
    focus.is_some_and(|focus| is_interactive && focus.hold.takes_enter(line, now.instant))
}
