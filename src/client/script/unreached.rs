//! Tells what a script has left unreached when it ends or signs out: messages, and answers that were waited for.

use crate::client::account::SignedIn;
use crate::client::effects::Effects;
use crate::client::env::{Fault, Tone};

pub(in crate::client) fn tell(signed_in: &SignedIn, effects: &mut Effects) {
    tell_messages(signed_in, effects);
    for (line, name) in signed_in.parts.files.unsaved() {
        let text = format!("not saved yet: {name}; it goes on at the next sign-in");
        effects.fail_at(line, Fault::Unconfirmed, text);
    }
    let mut awaited = signed_in.shared.pending.awaited().peekable();
    if signed_in.awaits_answer() && awaited.peek().is_none() {
        effects.fail(Fault::Unreachable, "no answer from the server");
    }
    for (asked, command) in awaited {
        let text = format!("no answer from the server to `{command}`");
        effects.fail_at(asked.or(effects.script_line), Fault::Unreachable, text);
    }
    for room in signed_in.shared.pending.deferred_joins() {
        let text = format!("{room} was not joined: no answer from the server");
        effects.fail_at(None, Fault::Unreachable, text);
    }
}

/// The same of messages alone, which wait for a sign-in whatever ends this one.
pub(in crate::client) fn tell_messages(signed_in: &SignedIn, effects: &mut Effects) {
    let sender = &signed_in.parts.sender;
    let mut queued = 0;
    for (line, unsent) in sender.unsent() {
        queued += 1;
        let (target, what) = (&unsent.target, unsent.described());
        let text = format!("not stored yet: message to {target}: {what}");
        match line {
            Some(_) => effects.fail_at(line, Fault::Unconfirmed, text),
            // What an earlier run wrote is no failure of this one.
            None => effects.show(Tone::Notice, text),
        }
    }
    if queued > 0 {
        let stored = sender.stored();
        let text = format!(
            "{queued} of {} messages not stored; kept here, and sent at the next sign-in",
            queued + stored
        );
        effects.show(Tone::Notice, text);
    }
}
