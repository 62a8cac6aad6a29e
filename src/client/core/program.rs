//! What a program says: it waits until somebody is signed in, and is then sent like what is typed.

use super::Core;
use crate::client::env::{Fault, Say};
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

    /// Says what was kept, once somebody is signed in.
    pub(super) fn say_unsaid(&mut self, now: Now) {
        while self.signed_in.is_some()
            && let Some(Say { to, text, key }) = self.unsaid.pop_front()
        {
            self.begin_saying();
            self.send_keyed(now, (&to, &text), key);
        }
    }

    /// Nobody will sign in any more for whom it could be said.
    pub(super) fn fail_unsaid(&mut self) {
        if self.pending_user.is_some() || self.sign_in.is_some() || !self.link.is_greeted {
            return;
        }
        for _ in std::mem::take(&mut self.unsaid) {
            self.begin_saying();
            let text = "not sent: nobody is signed in; --user NAME says who you are";
            self.fail(Fault::Usage, text);
        }
    }

    /// Gives what is said next its number.
    fn begin_saying(&mut self) {
        self.effects.script_line = self.script.as_mut().map(Script::count_line);
    }
}
