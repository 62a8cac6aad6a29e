//! What a program says: it waits until somebody is signed in, and is then sent like what is typed.

use std::collections::VecDeque;

use super::env::Env;
use crate::client::account::SignedIn;
use crate::client::account::ctx::Shared;
use crate::client::account::files::{self, File};
use crate::client::effects::Effects;
use crate::client::env::Fault;
use crate::client::name::{canonical_target, is_room};
use crate::client::program::Say;
use crate::client::script::Script;
use crate::client::storage::records::OutboxEntry;
use crate::transport::Now;

/// How much may wait until somebody is signed in. Chosen: more than a program says before it looks for an answer; at the limit
/// it is refused.
const UNSAID_MAX: usize = 1_000;

/// What waits. Each has its number from the script once it is said, or is known to fail.
#[derive(Debug, Default)]
pub(super) struct Unsaid(VecDeque<Say>);

impl Unsaid {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A program says something. Returns whether there is room for it.
    pub(super) fn add(
        &mut self,
        say: Say,
        script: Option<&mut Script>,
        effects: &mut Effects,
    ) -> bool {
        let has_room = self.0.len() < UNSAID_MAX;
        if has_room {
            self.0.push_back(say);
        } else {
            effects.script_line = script.map(Script::count_line);
            let text = format!("not sent: {UNSAID_MAX} messages wait already");
            effects.fail(Fault::Failed, text);
        }
        has_room
    }

    /// Says what was kept, now that somebody is signed in.
    pub(super) fn say(
        &mut self,
        now: Now,
        signed_in: &mut SignedIn,
        mut script: Option<&mut Script>,
        env: &mut Env,
    ) {
        while let Some(say) = self
            .0
            .pop_front_if(|say| is_known(&signed_in.shared, &say.to))
        {
            env.effects.script_line = script.as_deref_mut().map(Script::count_line);
            let (parts, mut ctx) = signed_in.split(now, &mut env.effects);
            let Say {
                to,
                text,
                file,
                key,
            } = say;
            if let Some(path) = file {
                let others = (&mut parts.files, &parts.sender);
                let file = File {
                    target: &to,
                    path: &path,
                    text: &text,
                    key,
                    answers: None,
                };
                files::send(&mut ctx, others, env.files.transfers(), file);
            } else {
                let unsent = OutboxEntry {
                    key,
                    ..OutboxEntry::new(to, text)
                };
                parts.sender.send_text(&mut ctx, &parts.blocked, unsent);
            }
        }
    }

    /// Nobody has signed in for whom it could be said, or the server has not answered.
    pub(super) fn fail(
        &mut self,
        is_signed_in: bool,
        mut script: Option<&mut Script>,
        effects: &mut Effects,
    ) {
        let (fault, text) = if is_signed_in {
            (Fault::Unreachable, "not sent: no answer from the server")
        } else {
            let text = "not sent: nobody is signed in; --user NAME says who you are";
            (Fault::Usage, text)
        };
        for _ in std::mem::take(&mut self.0) {
            effects.script_line = script.as_deref_mut().map(Script::count_line);
            effects.fail(fault, text);
        }
    }
}

/// Whether it is known where it goes: the server has said which rooms the user belongs to, where this device does not know
/// that.
fn is_known(shared: &Shared, to: &str) -> bool {
    let name = canonical_target(to);
    let known = shared.conversations.by_name(&name);
    let known = known.and_then(|id| shared.conversations.get(id));
    shared.session.is_settled || !is_room(&name) || known.is_some_and(|known| !known.stored.is_left)
}

/// Not all that a program wanted to read has come in time.
pub(super) fn fail_untold(signed_in: Option<&SignedIn>, env: &mut Env) {
    let Some(signed_in) = signed_in else {
        if env.options.program.tail.is_some() {
            let text = "nobody is signed in; --user NAME says who you are";
            env.fail(Fault::Usage, text);
        }
        return;
    };
    if signed_in.parts.history.tail.is_behind() {
        let (fault, text) = if signed_in.shared.session.is_settled {
            (
                Fault::Unconfirmed,
                "not everything has come in time; run it again, or with a longer --timeout",
            )
        } else {
            (Fault::Unreachable, "no answer from the server")
        };
        env.fail(fault, text);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_said_while_nobody_is_signed_in_waits_up_to_a_limit() {
        let (mut unsaid, mut effects) = (Unsaid::default(), Effects::default());
        let mut script = Script::new(Duration::from_secs(30));
        let mut add = |script: &mut Script, effects: &mut Effects| {
            let say = Say {
                to: "bob".into(),
                text: "tea?".into(),
                file: None,
                key: None,
            };
            unsaid.add(say, Some(script), effects)
        };
        for _ in 0..UNSAID_MAX {
            assert!(add(&mut script, &mut effects));
        }
        assert_eq!((effects.script_line, effects.worst()), (None, None));
        assert!(!add(&mut script, &mut effects), "one too many");
        let worst = Some(Fault::Failed);
        assert_eq!((effects.script_line, effects.worst()), (Some(1), worst));
        unsaid.fail(false, Some(&mut script), &mut effects);
        assert!(unsaid.is_empty());
        let last = u64::try_from(1 + UNSAID_MAX).ok();
        assert_eq!(effects.script_line, last, "each has a number");
    }
}
