//! A change of the account for which the user proves the password.

use zeroize::Zeroizing;

use super::Core;
use crate::client::account::ctx::NO_LINK;
use crate::client::auth::step_up::{StepUp, StepUpProgress, Wish};
use crate::client::auth::{Context, SignIn};
use crate::client::env::{Fault, Tone};
use crate::client::ui::prompt::Question;
use crate::protocol::ServerBody;
use crate::transport::Now;

impl Core {
    /// Begins a change of the signed-in user's account, if there is anybody to ask for it.
    pub(crate) fn begin_step_up(&mut self, now: Now, wish: Wish) {
        let Some(me) = self.shared().map(|shared| &shared.me) else {
            return;
        };
        if wish == Wish::Revoke(me.device) {
            let text = "this is the device at which you sit; `/logout` signs it out";
            return self.fail(Fault::Failed, text);
        }
        let (account, user) = (me.id, me.name.clone());
        let password = self.password_of(account, &user);
        let password = password.filter(|_| self.script.is_some());
        if self.awaits_change() {
            let text = "no answer yet to the last change of the account; wait for it";
            return self.fail(Fault::Failed, text);
        }
        let session = self.shared().map(|shared| &shared.session);
        let can_ask = session.is_some_and(|session| session.is_settled && !session.is_silent);
        if !can_ask || self.sign_in.is_some() {
            return self.fail(Fault::Unreachable, NO_LINK);
        }
        let begin = |context: &mut Context<'_>| StepUp::begin(wish, &user, password, context);
        match self.with_context(now, begin) {
            Some((step_up, progress)) => {
                self.step_up = Some(step_up);
                self.step_up_progress(progress);
            }
            None => self.fail(Fault::Unreachable, NO_LINK),
        }
    }

    /// The user has answered its question; whether it had one.
    pub(super) fn answer_step_up(&mut self, now: Now, answer: &Zeroizing<String>) -> bool {
        self.continue_step_up(now, |step_up, context| {
            step_up.handle_answer(answer, context)
        })
    }

    /// The server has said something that may be the answer to it; whether it is.
    pub(super) fn is_step_up_answer(&self, body: &ServerBody) -> bool {
        let step_up = self.step_up.as_ref();
        step_up.is_some_and(|step_up| step_up.is_answer(body))
    }

    pub(super) fn handle_step_up_answer(&mut self, now: Now, body: ServerBody) {
        self.continue_step_up(now, |step_up, context| {
            step_up.handle_message(body, context)
        });
        // The prompt was given back meanwhile.
        if self.step_up.is_some() && self.open_question().is_some() && self.prompt.is_open() {
            let text = "the server has answered; after this line you are asked to go on (Ctrl-C gives it up)";
            self.show(Tone::Notice, text);
        }
    }

    /// Whether a change of the account has begun, and its answer is not late.
    pub(super) fn awaits_change(&self) -> bool {
        let step_up = self.step_up.as_ref();
        step_up.is_some_and(|step_up| !step_up.is_late())
    }

    /// What a sign-in, or a change of the account, asks the user.
    pub(super) fn open_question(&self) -> Option<(Question, String)> {
        let sign_in = self.sign_in.as_ref().and_then(SignIn::question);
        sign_in.or_else(|| self.step_up.as_ref()?.question())
    }

    /// Gives up waiting for an answer of the server that is overdue.
    pub(super) fn time_out_step_up(&mut self, now: Now) {
        let deadline = self.step_up.as_ref().and_then(StepUp::deadline);
        if deadline.is_some_and(|due| due <= now.instant) {
            self.continue_step_up(now, |step_up, _| step_up.time_out());
        }
    }

    fn continue_step_up(
        &mut self,
        now: Now,
        step: impl FnOnce(&mut StepUp, &mut Context<'_>) -> StepUpProgress,
    ) -> bool {
        let Some(mut step_up) = self.step_up.take() else {
            return false;
        };
        let progress = self.with_context(now, |context| step(&mut step_up, context));
        let lost = || StepUpProgress::GivenUp(Fault::Unreachable, NO_LINK.into());
        self.step_up = Some(step_up);
        self.step_up_progress(progress.unwrap_or_else(lost));
        true
    }

    fn step_up_progress(&mut self, progress: StepUpProgress) {
        match progress {
            StepUpProgress::Going => {}
            StepUpProgress::Late(text) => self.fail(Fault::Unreachable, &text),
            StepUpProgress::Done(text) => {
                self.step_up = None;
                self.show(Tone::Notice, &text);
            }
            StepUpProgress::GivenUp(fault, text) => {
                self.step_up = None;
                self.fail(fault, &text);
            }
        }
    }

    /// The user has given the open question up, whosever it was.
    pub(super) fn cancel_question(&mut self) {
        if self.step_up.take().is_some() {
            self.show(Tone::Notice, "nothing was changed");
        } else {
            let sign_in = self.sign_in.take();
            self.pending_user = None;
            if sign_in.is_some_and(|sign_in| sign_in.is_reconnection()) {
                self.show_unsent();
                self.end_session(None);
                self.show(Tone::Notice, "signed out; `/login` signs in again");
            }
        }
    }

    /// The link is lost, and with it an answer that was waited for. A question stays open.
    pub(super) fn step_up_link_lost(&mut self) {
        // That it may have been carried out was said when it became late.
        self.step_up.take_if(|step_up| step_up.is_late());
        if let Some(text) = self.step_up.as_ref().and_then(StepUp::link_lost) {
            self.step_up = None;
            self.fail(Fault::Unreachable, &text);
        }
    }
}
