//! What is asked next at the console, and what the prompt shows.

use super::Core;
use super::offline::Offline;
use crate::client::account::files::FileTransfers;
use crate::client::auth::SignIn;
use crate::client::env::Status;
use crate::client::script::Script;
use crate::client::ui::prompt::{self, Question, Waiting, prompt_text};
use crate::protocol::fingerprint;
use crate::transport::Now;

impl Core {
    /// Whether a line that looks like a command has gone back into an editor before it came here.
    pub(in crate::client) fn has_editor(&self) -> bool {
        self.env.console.edits_lines()
    }

    /// Asks the next question, if one is due and none is open, and keeps the prompt that stands there true.
    pub(super) fn ask_next(&mut self, now: Now) {
        let mut status = self.status(now);
        // Where it stays as it is, it does not say how far a file is.
        let text = prompt_text(&status);
        let files = self.signed_in.as_ref().map(|user| &user.parts.files);
        if let Some(shown) = files.and_then(FileTransfers::shown) {
            let parts = [&*status.state, shown].into_iter();
            let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
            status.state = parts.join(" ");
        }
        self.env.console.set_status(status);
        let next = if let Some(key) = &self.env.host_keys.asked {
            let text = format!(
                "{} has the key {} (not seen before). Trust it? [y/N] ",
                self.env.options.server_name,
                fingerprint(key)
            );
            Some((Question::Trust, text))
        } else if let Some(question) = self.open_question() {
            Some(question)
        } else if let Some(question) = self.question_of_linked_room(now) {
            Some(question)
        } else if self.is_ready_for_command(now) {
            let shared = self.shared();
            let focus = shared.and_then(|shared| shared.focus.current.clone());
            Some((focus.map_or(Question::Command, Question::InFocus), text))
        } else {
            None
        };
        if let Some((question, text)) = next {
            self.prompt.ask(&mut *self.env.console, question, &text);
        }
    }

    /// Whether the next command may be asked for. Without a terminal each one waits for what the one before it
    /// needs from the server, so that a script's lines take effect in order.
    pub(super) fn is_ready_for_command(&self, now: Now) -> bool {
        if self.script.as_ref().is_some_and(Script::is_exiting) {
            return false;
        }
        let has_link = self.env.link.peer.is_some();
        let waits =
            |sign_in: &SignIn| !sign_in.is_reconnection() || sign_in.asks_again() && has_link;
        let is_signing_in = self.sign_in.as_ref().is_some_and(waits);
        match &self.signed_in {
            _ if is_signing_in => false,
            Some(_) if self.response_timer.is_expired() => true,
            _ if self.awaits_change() => false,
            // Which conversation the next line is for is about to be known.
            Some(signed_in) if signed_in.is_changing_focus() => false,
            Some(signed_in) => match &self.script {
                Some(script) => script.may_read_on(&self.session_view(now)),
                None => !self.is_settling(signed_in),
            },
            // Who has signed out where there was no link is at a prompt, too.
            None => {
                let is_offline = self.offline != Offline::No && self.is_interactive();
                (self.env.link.is_greeted || is_offline) && self.pending_user.is_none()
            }
        }
    }

    /// What stands at the prompt.
    fn status(&self, now: Now) -> Status {
        let Some(shared) = self.shared() else {
            return prompt::status(None, None, Waiting::default(), true);
        };
        let focus = shared.focus.current.as_deref();
        let all = shared.conversations.iter().map(|(_, known)| &known.stored);
        let unread = all.filter(|stored| !stored.is_left);
        let waiting = unread.fold(Waiting::default(), |waiting, stored| {
            let mentions = stored.unread_mentions();
            let others = if stored.is_muted(now.unix_ms) {
                0
            } else {
                stored.unread - mentions
            };
            Waiting {
                mentions: waiting.mentions.saturating_add(mentions),
                others: waiting.others.saturating_add(others),
            }
        });
        // Where it stays as it is while a line is typed, it does not say what holds for the first moment only.
        let is_linked = shared.session.is_settled && !shared.session.is_silent
            || matches!(self.offline, Offline::Since(_));
        prompt::status(Some(&shared.me.name), focus, waiting, is_linked)
    }
}
