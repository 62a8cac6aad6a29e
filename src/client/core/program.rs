//! What a program says: it waits until somebody is signed in, and is then sent like what is typed.

use super::Core;
use crate::client::account::SignedIn;
use crate::client::env::Fault;
use crate::client::name::{canonical_target, is_room};
use crate::client::program::Say;
use crate::client::script::Script;
use crate::transport::Now;

/// How much may wait until somebody is signed in. Chosen: more than a program says before it looks for an answer; at the limit
/// it is refused.
const UNSAID_MAX: usize = 1_000;

impl Core {
    /// A program says something.
    pub(super) fn say(&mut self, now: Now, say: Say) {
        if self.unsaid.len() >= UNSAID_MAX {
            self.begin_saying();
            let text = format!("not sent: {UNSAID_MAX} messages wait already");
            return self.fail(Fault::Failed, &text);
        }
        self.unsaid.push_back(say);
        self.say_unsaid(now);
    }

    /// Says what was kept, once somebody is signed in, and the server has said which rooms they belong to where this device
    /// does not know that.
    pub(super) fn say_unsaid(&mut self, now: Now) {
        while let Some(shared) = self.shared()
            && let Some(say) = self.unsaid.front()
        {
            let name = canonical_target(&say.to);
            let known = shared.conversations.by_name(&name);
            let known = known.and_then(|id| shared.conversations.get(id));
            let is_known = shared.session.is_settled
                || !is_room(&name)
                || known.is_some_and(|known| !known.stored.is_left);
            let Some(say) = self.unsaid.pop_front_if(|_| is_known) else {
                return;
            };
            let Say {
                to,
                text,
                file,
                key,
            } = say;
            self.begin_saying();
            match file {
                Some(path) => self.send_file(now, (&to, &text), &path, key),
                None => self.send_keyed(now, (&to, &text), key),
            }
        }
    }

    /// Nobody has signed in for whom it could be said, or the server has not answered.
    pub(super) fn fail_unsaid(&mut self) {
        let (fault, text) = if self.signed_in.is_some() {
            (Fault::Unreachable, "not sent: no answer from the server")
        } else {
            let text = "not sent: nobody is signed in; --user NAME says who you are";
            (Fault::Usage, text)
        };
        for _ in std::mem::take(&mut self.unsaid) {
            self.begin_saying();
            self.fail(fault, text);
        }
    }

    /// Not all that a program wanted to read has come in time.
    pub(super) fn fail_untold(&mut self) {
        if self.env.options.tail.is_some() && self.signed_in.is_none() {
            let text = "nobody is signed in; --user NAME says who you are";
            return self.fail(Fault::Usage, text);
        }
        let is_behind = |signed_in: &SignedIn| signed_in.parts.history.tail.is_behind();
        if self.signed_in.as_ref().is_some_and(is_behind) {
            let (fault, text) = if self.is_settled() {
                (
                    Fault::Unconfirmed,
                    "not everything has come in time; run it again, or with a longer --timeout",
                )
            } else {
                (Fault::Unreachable, "no answer from the server")
            };
            self.fail(fault, text);
        }
    }

    /// Gives what is said next its number.
    fn begin_saying(&mut self) {
        self.env.effects.script_line = self.script.as_mut().map(Script::count_line);
    }
}
