//! How the user's session begins: by a sign-in, or after the link was lost. How it ends is `ending`.

use super::Core;
use super::offline::{self, Offline};
use crate::client::account::SignedIn;
use crate::client::account::ctx::NO_LINK;
use crate::client::auth::{Context, Progress, SignIn, reset_notice};
use crate::client::env::{End, Fault, Tone};
use crate::client::name::truncate_name;
use crate::client::password::Password;
use crate::client::script::SessionView;
use crate::client::storage::{State, StateError};
use crate::client::ui::time::Clock;
use crate::protocol::{AccountId, SessionStart};
use crate::text::enrolment_code::EnrolmentCode;
use crate::transport::Now;

impl Core {
    /// Begins the sign-in that a trusted server is greeted with: of the user who was signed in when the link was lost, or
    /// of the one whom the command line names.
    pub(super) fn sign_in_again(&mut self, now: Now) {
        let identity = self
            .shared()
            .and_then(|shared| shared.state.identity().cloned());
        if let Some(identity) = identity {
            let password = self.password_of(identity.account, &identity.name);
            let begun =
                self.with_context(now, |context| SignIn::again(identity, password, context));
            let by_ticket = matches!(&begun, Some((sign_in, _)) if sign_in.is_by_ticket());
            self.begun(now, begun);
            if let Some(signed_in) = self.signed_in.as_mut().filter(|_| by_ticket) {
                let (parts, mut ctx) = signed_in.split(now, &mut self.env.effects);
                parts.resync.send_hello_early(&mut ctx);
            }
        } else if self.sign_in.is_none()
            && let Some(user) = self.pending_user.clone()
        {
            if self.env.options.code.is_some() {
                self.begin_enrolment(now, Some(&user));
            } else {
                self.begin_sign_in(now, Some(&user));
            }
        } else {
            self.env.offer_accounts();
        }
    }

    /// The password of the command line, if it is this account's, which may be known here by another of its names.
    pub(super) fn password_of(&self, account: AccountId, name: &str) -> Option<Password> {
        if self.meant_account == Some(account) {
            return self.env.options.password.clone();
        }
        self.env.options.password_of(Some(name))
    }

    /// Begins a sign-in, if there is anybody to speak to.
    pub(crate) fn begin_sign_in(&mut self, now: Now, name: Option<&str>) {
        // At a terminal only the command line's user is not asked.
        let is_asked = self.script.is_none() && self.pending_user.is_none();
        let password = self.env.options.password_of(name).filter(|_| !is_asked);
        let begun = self.with_context(now, |context| SignIn::begin(name, password, context));
        if begun.is_none() {
            self.pending_user = name.map(str::to_owned);
            let text = match name {
                Some(_) => "not connected; signing in when the connection is back; Ctrl-C quits",
                None => "not connected; try again when the connection is back",
            };
            self.show(Tone::Notice, text);
        }
        self.begun(now, begun);
    }

    /// Begins to open an account, if there is anybody to speak to.
    pub(crate) fn begin_sign_up(&mut self, now: Now, name: Option<&str>) {
        let password = self.env.options.password_of(name);
        let password = password.filter(|_| self.script.is_some());
        let begun = self.with_context(now, |context| {
            SignIn::begin_sign_up(name, password, context)
        });
        if begun.is_none() {
            self.fail(Fault::Unreachable, NO_LINK);
        }
        self.begun(now, begun);
    }

    /// Begins to set a password, or to open an account, by an enrolment code, if there is anybody to speak to.
    pub(crate) fn begin_enrolment(&mut self, now: Now, name: Option<&str>) {
        let password = self.env.options.password_of(name);
        let password = password.filter(|_| self.script.is_some());
        let code = self.env.options.code.clone();
        let begun = self.with_context(now, |context| {
            SignIn::begin_enrolment(name, code, password, context)
        });
        if begun.is_none() {
            self.fail(Fault::Unreachable, NO_LINK);
        } else {
            self.env.options.code = None;
        }
        self.begun(now, begun);
    }

    fn begun(&mut self, now: Now, begun: Option<(SignIn, Progress)>) {
        if let Some((sign_in, progress)) = begun {
            self.sign_in = Some(sign_in);
            self.progress(now, progress);
        }
    }

    /// Runs a step of a sign-in with what it needs; nothing without a trusted server.
    pub(super) fn with_context<T>(
        &mut self,
        now: Now,
        step: impl FnOnce(&mut Context<'_>) -> T,
    ) -> Option<T> {
        self.env.context(now).map(|mut context| step(&mut context))
    }

    /// Runs a step of the sign-in that is going on.
    pub(super) fn step_sign_in(
        &mut self,
        now: Now,
        step: impl FnOnce(&mut SignIn, &mut Context<'_>) -> Progress,
    ) {
        let Some(mut sign_in) = self.sign_in.take() else {
            return;
        };
        let progress = self.with_context(now, |context| step(&mut sign_in, context));
        let progress = progress.unwrap_or_else(|| Progress::GivenUp {
            text: "not connected; `/login` again when the connection is back".into(),
            refused: false,
        });
        self.sign_in = Some(sign_in);
        self.progress(now, progress);
    }

    fn progress(&mut self, now: Now, progress: Progress) {
        match progress {
            Progress::Going => {}
            Progress::SignedIn(start, state) => {
                let sign_in = self.sign_in.take();
                if sign_in.is_some_and(|sign_in| self.env.options.is_user(sign_in.name())) {
                    self.meant_account = Some(start.account);
                }
                self.pending_user = None;
                if let Err(error) = self.signed_in(now, &start, state.map(|state| *state)) {
                    self.finish(End::Failed(error.to_string()));
                }
            }
            Progress::TimedOut(text) => {
                self.env.link.requests.reconnect = true;
                self.time_out_sign_in(text);
            }
            Progress::GivenUp { text, refused } => self.give_up_sign_in(text, refused),
        }
    }

    fn signed_in(
        &mut self,
        now: Now,
        start: &SessionStart,
        state: Option<State>,
    ) -> Result<(), StateError> {
        if let Some(reset_ms) = start.reset_ms {
            let (now_ms, zone) = (now.unix_ms, &self.env.options.time_zone);
            let text = reset_notice(Clock { now_ms, zone }, reset_ms);
            self.show(Tone::Notice, &text);
        }
        self.note_name(start, state.as_ref());
        let state = match self.signed_in.take() {
            Some(mut signed_in) if signed_in.is_of(start) => {
                signed_in.start_session(now, start, &mut self.env.effects)?;
                self.signed_in = Some(signed_in);
                return Ok(());
            }
            Some(signed_in) => Some(signed_in.into_state()),
            None => state.map(|state| (state, Vec::new())),
        };
        if let Some((state, typed)) = state {
            let (preferences, random) = self.env.own();
            let (state, effects) = ((state, &*typed), &mut self.env.effects);
            let signed_in = SignedIn::new(now, state, start, preferences, random, effects)?;
            self.signed_in = Some(signed_in);
        }
        Ok(())
    }

    /// Tells a user whose account the operator has renamed, since this device last signed in.
    fn note_name(&mut self, start: &SessionStart, state: Option<&State>) {
        let signed_in = self.signed_in.as_ref().map(|user| &user.shared.state);
        let identity = signed_in.or(state).and_then(State::identity);
        let old = identity
            .filter(|known| known.account == start.account && known.name != start.name)
            .map(|known| known.name.clone());
        let (Some(old), Some(key)) = (old, self.env.host_keys.trusted) else {
            return;
        };
        let (old, new) = (truncate_name(old), truncate_name(start.name.clone()));
        let text = format!("your account was renamed: you are {new} now, and no longer {old}");
        self.show(Tone::Notice, &text);
        if let Err(error) = self.env.files.rename_account(&key, &old, &new) {
            let text = format!("this device is still found under {old}: {error}");
            self.show(Tone::Error, &text);
        }
    }

    /// A code that nobody else knows.
    pub(in crate::client) fn make_code(&mut self) -> EnrolmentCode {
        self.env.make_code()
    }

    /// Opens the device that was used last, or that of the user on the command line, if it can sign in by itself. Returns
    /// whether there is one: the link is then tried until there is one, too.
    pub(in crate::client) fn begin_offline(&mut self, now: Now) -> bool {
        let Some(state) = offline::open_known(&mut self.env) else {
            return false;
        };
        let account = state.identity().map(|identity| identity.account);
        let is_meant = self.env.options.user.is_some();
        self.meant_account = account.filter(|_| is_meant);
        let (preferences, random) = self.env.own();
        let effects = &mut self.env.effects;
        match SignedIn::offline(now, state, preferences, random, effects) {
            Ok(None) => return false,
            Ok(Some(signed_in)) => self.signed_in = Some(signed_in),
            Err(error) => {
                self.finish(End::Failed(error.to_string()));
                return false;
            }
        }
        self.pending_user = None;
        self.offline = Offline::begin(now.instant);
        true
    }

    /// The session, as a script looks at it.
    pub(super) fn session_view(&self, now: Now) -> SessionView {
        let signs_in = |sign_in: &SignIn| sign_in.question().is_none();
        let view = SessionView {
            is_idle: self.env.link.is_greeted
                && self.sign_in.is_none()
                && self.pending_user.is_none(),
            lines_behind: self.env.lines_behind(),
            bytes_behind: self.env.console.bytes_behind(),
            ..SessionView::default()
        };
        let Some(signed_in) = &self.signed_in else {
            let is_server_away = !self.env.link.is_greeted
                || self.pending_user.is_some()
                || self.sign_in.as_ref().is_some_and(signs_in);
            return SessionView {
                is_server_away,
                ..view
            };
        };
        let is_settled = signed_in.shared.session.is_settled;
        let is_overdue = signed_in.shared.pending.is_overdue;
        let sender = &signed_in.parts.sender;
        SessionView {
            is_signed_in: true,
            is_settled,
            is_server_away: !is_settled || is_overdue || self.env.link.is_silent,
            is_overdue,
            stored: sender.stored(),
            moves: signed_in.parts.files.moves(),
            waiting: signed_in.waiting(),
            awaits_answer: signed_in.awaits_answer()
                || self.awaits_change()
                || self.bot.waits(signed_in),
            awaits_receipts: signed_in.awaits_receipts(self.env.options.until),
            has_nothing_open: signed_in.has_nothing_open(),
            is_stored: signed_in.is_stored(now.instant),
            has_unsaid: !self.unsaid.is_empty()
                || signed_in.parts.files.copying() > 0
                || signed_in.parts.history.tail.is_behind(),
            ..view
        }
    }

    /// The account that has signed in and is settled since this was last asked, with the server's key; not one that was
    /// signed in before.
    pub(in crate::client) fn take_arrival(&mut self) -> Option<([u8; 32], String)> {
        let key = self.env.link.trusted_peer()?.key;
        let shared = self.shared().filter(|shared| shared.session.is_settled)?;
        let name = &shared.me.name;
        if self.arrived.as_ref() == Some(name) {
            return None;
        }
        let name = name.clone();
        self.arrived = Some(name.clone());
        Some((key, name))
    }
}
