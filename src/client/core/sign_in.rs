//! The sign-in that is going on, and who is to be signed in: the user of the command line, or the one who was when the link
//! was lost.

use std::time::Instant;

use super::env::Env;
use crate::client::account::ctx::NO_LINK;
use crate::client::auth::{Context, Progress, SignIn};
use crate::client::env::{Fault, Options, Tone};
use crate::client::password::Password;
use crate::client::storage::Identity;
use crate::client::ui::prompt::Question;
use crate::protocol::AccountId;
use crate::transport::Now;

/// What comes of its steps is for the core to carry out: nothing where no step was made.
#[derive(Default)]
pub(super) struct SignInState {
    pub(super) current: Option<SignIn>,
    /// Who is to be signed in without being asked.
    pub(super) pending_user: Option<String>,
    /// The account of the user on the command line, whatever it is called, once that is known.
    pub(super) meant_account: Option<AccountId>,
    /// The account that was last known to be signed in.
    arrived: Option<String>,
}

impl SignInState {
    pub(super) fn of(user: Option<String>) -> Self {
        Self {
            pending_user: user,
            ..Self::default()
        }
    }

    /// What the user is to be asked now.
    pub(super) fn question(&self) -> Option<(Question, String)> {
        self.current.as_ref()?.question()
    }

    /// When [`SignInState::handle_timeout`] wants to be called.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.current.as_ref()?.deadline()
    }

    /// The password of the command line, if it is this account's, which may be known here by another of its names.
    pub(super) fn password_of(
        &self,
        options: &Options,
        account: AccountId,
        name: &str,
    ) -> Option<Password> {
        if self.meant_account == Some(account) {
            return options.password.clone();
        }
        options.password_of(Some(name))
    }

    /// Begins again for a user who was signed in when the link was lost.
    pub(super) fn begin_again(
        &mut self,
        now: Now,
        env: &mut Env,
        identity: Identity,
    ) -> Option<Progress> {
        let password = self.password_of(&env.options, identity.account, &identity.name);
        self.begin_with(now, env, |context| {
            SignIn::again(identity, password, context)
        })
    }

    /// Begins a sign-in, if there is anybody to speak to.
    pub(super) fn begin(
        &mut self,
        now: Now,
        env: &mut Env,
        name: Option<&str>,
    ) -> Option<Progress> {
        // At a terminal only the command line's user is not asked.
        let is_asked = env.is_interactive() && self.pending_user.is_none();
        let password = env.options.password_of(name).filter(|_| !is_asked);
        let progress = self.begin_with(now, env, |context| SignIn::begin(name, password, context));
        if progress.is_none() {
            self.pending_user = name.map(str::to_owned);
            let text = match name {
                Some(_) => "not connected; signing in when the connection is back; Ctrl-C quits",
                None => "not connected; try again when the connection is back",
            };
            env.show(Tone::Notice, text);
        }
        progress
    }

    /// Begins to open an account, if there is anybody to speak to.
    pub(super) fn begin_sign_up(
        &mut self,
        now: Now,
        env: &mut Env,
        name: Option<&str>,
    ) -> Option<Progress> {
        self.begin_registration(now, env, name, |password, context| {
            SignIn::begin_sign_up(name, password, context)
        })
    }

    /// Begins to set a password, or to open an account, by an enrolment code, if there is anybody to speak to.
    pub(super) fn begin_enrolment(
        &mut self,
        now: Now,
        env: &mut Env,
        name: Option<&str>,
    ) -> Option<Progress> {
        let code = env.options.code.clone();
        let progress = self.begin_registration(now, env, name, |password, context| {
            SignIn::begin_enrolment(name, code, password, context)
        });
        if progress.is_some() {
            env.options.code = None;
        }
        progress
    }

    fn begin_registration(
        &mut self,
        now: Now,
        env: &mut Env,
        name: Option<&str>,
        begin: impl FnOnce(Option<Password>, &mut Context<'_>) -> (SignIn, Progress),
    ) -> Option<Progress> {
        let password = unasked_password(env, name);
        let progress = self.begin_with(now, env, |context| begin(password, context));
        if progress.is_none() {
            env.fail(Fault::Unreachable, NO_LINK);
        }
        progress
    }

    fn begin_with(
        &mut self,
        now: Now,
        env: &mut Env,
        begin: impl FnOnce(&mut Context<'_>) -> (SignIn, Progress),
    ) -> Option<Progress> {
        let (sign_in, progress) = begin(&mut env.context(now)?);
        self.current = Some(sign_in);
        Some(progress)
    }

    /// Runs a step of the sign-in that is going on.
    pub(super) fn step(
        &mut self,
        now: Now,
        env: &mut Env,
        step: impl FnOnce(&mut SignIn, &mut Context<'_>) -> Progress,
    ) -> Option<Progress> {
        let sign_in = self.current.as_mut()?;
        let progress = env
            .context(now)
            .map(|mut context| step(sign_in, &mut context));
        let lost = || Progress::GivenUp {
            text: "not connected; `/login` again when the connection is back".into(),
            refused: false,
        };
        Some(progress.unwrap_or_else(lost))
    }

    /// A moment has come that [`SignInState::deadline`] named.
    pub(super) fn handle_timeout(&mut self, now: Now, env: &mut Env) -> Option<Progress> {
        if self.deadline()? > now.instant {
            return None;
        }
        self.step(now, env, SignIn::handle_timeout)
    }

    /// The user is signed in to this account.
    pub(super) fn succeed(&mut self, options: &Options, account: AccountId) {
        let sign_in = self.current.take();
        if sign_in.is_some_and(|sign_in| options.is_user(sign_in.name())) {
            self.meant_account = Some(account);
        }
        self.pending_user = None;
    }

    /// The link is lost: a question that is open stays open; what waited for the server begins again, or is given up.
    pub(super) fn link_lost(&mut self, env: &mut Env) {
        if let Some(sign_in) = self.current.take_if(|sign_in| sign_in.question().is_none())
            && !sign_in.is_reconnection()
            && self.pending_user.is_none()
        {
            let text = "the sign-in was interrupted; `/login` again";
            env.fail(Fault::Unreachable, text);
        }
    }

    /// This account is signed in and settled. Returns whether another one was before, or none.
    pub(super) fn note_arrival(&mut self, name: &str) -> bool {
        let is_new = self.arrived.as_deref() != Some(name);
        if is_new {
            self.arrived = Some(name.to_owned());
        }
        is_new
    }
}

/// The password of the command line, where nobody is asked for one.
fn unasked_password(env: &Env, name: Option<&str>) -> Option<Password> {
    let password = env.options.password_of(name);
    password.filter(|_| !env.is_interactive())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_arrives_once_until_another_one_does() {
        let mut sign_in = SignInState::default();
        let arrived = ["erin", "erin", "bob", "erin"].map(|name| sign_in.note_arrival(name));
        assert_eq!(arrived, [true, false, true, true]);
    }
}
