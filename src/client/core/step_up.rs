//! A change of the account for which the user proves the password: one at a time.

use std::time::Instant;

use zeroize::Zeroizing;

use super::env::Env;
use crate::client::account::ctx::{NO_LINK, Shared};
use crate::client::auth::Context;
use crate::client::auth::step_up::{StepUp, StepUpProgress, Wish};
use crate::client::env::{Fault, Tone};
use crate::client::password::Password;
use crate::client::ui::prompt::{Prompt, Question};
use crate::protocol::ServerBody;
use crate::transport::Now;

/// The change that is going on, or whose answer is late.
#[derive(Default)]
pub(super) struct ChangeUnderWay(Option<StepUp>);

impl ChangeUnderWay {
    /// Begins a change of the signed-in user's account, with the password where it is known from a file.
    pub(super) fn begin(
        &mut self,
        now: Now,
        env: &mut Env,
        (shared, is_signing_in): (&Shared, bool),
        (wish, password): (Wish, Option<Password>),
    ) {
        let (me, session) = (&shared.me, &shared.session);
        if wish == Wish::Revoke(me.device) {
            let text = "this is the device at which you sit; `/logout` signs it out";
            return env.fail(Fault::Failed, text);
        }
        if self.awaits_answer() {
            let text = "no answer yet to the last change of the account; wait for it";
            return env.fail(Fault::Failed, text);
        }
        let can_ask = session.is_settled && !session.is_silent && !is_signing_in;
        let Some(mut context) = env.context(now).filter(|_| can_ask) else {
            return env.fail(Fault::Unreachable, NO_LINK);
        };
        let (step_up, progress) = StepUp::begin(wish, &me.name, password, &mut context);
        self.0 = Some(step_up);
        self.progress(progress, env);
    }

    /// Whether a change has begun, and its answer is not late.
    pub(super) fn awaits_answer(&self) -> bool {
        let step_up = self.0.as_ref();
        step_up.is_some_and(|step_up| !step_up.is_late())
    }

    /// What the user is to be asked now.
    pub(super) fn question(&self) -> Option<(Question, String)> {
        self.0.as_ref()?.question()
    }

    /// When [`ChangeUnderWay::handle_timeout`] gives up waiting for the server.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0.as_ref()?.deadline()
    }

    /// The user has answered its question. Returns whether it had one.
    pub(super) fn handle_answer(
        &mut self,
        now: Now,
        env: &mut Env,
        answer: &Zeroizing<String>,
    ) -> bool {
        self.step(now, env, |step_up, context| {
            step_up.handle_answer(answer, context)
        })
    }

    /// Whether what the server has said is the answer to it.
    pub(super) fn is_answer(&self, body: &ServerBody) -> bool {
        let step_up = self.0.as_ref();
        step_up.is_some_and(|step_up| step_up.is_answer(body))
    }

    /// The server has answered.
    pub(super) fn handle_message(
        &mut self,
        now: Now,
        env: &mut Env,
        body: ServerBody,
        prompt: &Prompt,
    ) {
        self.step(now, env, |step_up, context| {
            step_up.handle_message(body, context)
        });
        // The prompt was given back meanwhile.
        if self.question().is_some() && prompt.is_open() {
            let text = "the server has answered; after this line you are asked to go on (Ctrl-C gives it up)";
            env.show(Tone::Notice, text);
        }
    }

    /// A moment has come that [`ChangeUnderWay::deadline`] named.
    pub(super) fn handle_timeout(&mut self, now: Now, env: &mut Env) {
        if self.deadline().is_some_and(|due| due <= now.instant) {
            self.step(now, env, |step_up, _| step_up.time_out());
        }
    }

    fn step(
        &mut self,
        now: Now,
        env: &mut Env,
        step: impl FnOnce(&mut StepUp, &mut Context<'_>) -> StepUpProgress,
    ) -> bool {
        let Some(step_up) = &mut self.0 else {
            return false;
        };
        let progress = env
            .context(now)
            .map(|mut context| step(step_up, &mut context));
        let lost = || StepUpProgress::GivenUp(Fault::Unreachable, NO_LINK.into());
        self.progress(progress.unwrap_or_else(lost), env);
        true
    }

    fn progress(&mut self, progress: StepUpProgress, env: &mut Env) {
        match progress {
            StepUpProgress::Going => {}
            StepUpProgress::Late(text) => env.fail(Fault::Unreachable, &text),
            StepUpProgress::Done(text) => {
                self.0 = None;
                env.show(Tone::Notice, &text);
            }
            StepUpProgress::GivenUp(fault, text) => {
                self.0 = None;
                env.fail(fault, &text);
            }
        }
    }

    /// The user has given its question up. Returns whether there was a change.
    pub(super) fn cancel(&mut self, env: &mut Env) -> bool {
        let is_cancelled = self.0.take().is_some();
        if is_cancelled {
            env.show(Tone::Notice, "nothing was changed");
        }
        is_cancelled
    }

    /// The link is lost, and with it an answer that was waited for. A question stays open.
    pub(super) fn link_lost(&mut self, env: &mut Env) {
        // That it may have been carried out was said when it became late.
        self.0.take_if(|step_up| step_up.is_late());
        if let Some(text) = self.0.as_ref().and_then(StepUp::link_lost) {
            self.0 = None;
            env.fail(Fault::Unreachable, &text);
        }
    }
}
