//! How the user's session begins: by a sign-in, or after the link was lost; and how it ends, and the client: by the server, by the
//! user, by the end of a script.

use super::offline::Offline;
use super::step_up::ChangeUnderWay;
use super::{Core, offline, program, signed_out};
use crate::client::account::{SignOutReason, SignedIn};
use crate::client::auth::step_up::Wish;
use crate::client::auth::{Context, Progress, SignIn};
use crate::client::env::{End, Tone};
use crate::client::program::Until;
use crate::client::script::{Awaited, Exit, Script, SessionView, unreached};
use crate::client::storage::{State, StateError};
use crate::client::ui::prompt::TypedLine;
use crate::protocol::{EndReason, Message, SessionEnd, SessionStart};
use crate::transport::{Channel, Now};

impl Core {
    /// Begins the sign-in that a trusted server is greeted with: of the user who was signed in when the link was lost, or
    /// of the one whom the command line names.
    pub(super) fn sign_in_again(&mut self, now: Now) {
        let identity = self
            .shared()
            .and_then(|shared| shared.state.identity().cloned());
        if let Some(identity) = identity {
            let progress = self.sign_in.begin_again(now, &mut self.env, identity);
            let sign_in = self.sign_in.current.as_ref();
            let by_ticket = progress.is_some() && sign_in.is_some_and(SignIn::is_by_ticket);
            self.continue_sign_in(now, progress);
            if let Some(signed_in) = self.signed_in.as_mut().filter(|_| by_ticket) {
                let (parts, mut ctx) = signed_in.split(now, &mut self.env.effects);
                parts.resync.send_hello_early(&mut ctx);
            }
        } else if self.sign_in.current.is_none()
            && let Some(user) = self.sign_in.pending_user.clone()
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

    pub(crate) fn begin_sign_in(&mut self, now: Now, name: Option<&str>) {
        let progress = self.sign_in.begin(now, &mut self.env, name);
        self.continue_sign_in(now, progress);
    }

    pub(crate) fn begin_sign_up(&mut self, now: Now, name: Option<&str>) {
        let progress = self.sign_in.begin_sign_up(now, &mut self.env, name);
        self.continue_sign_in(now, progress);
    }

    pub(crate) fn begin_enrolment(&mut self, now: Now, name: Option<&str>) {
        let progress = self.sign_in.begin_enrolment(now, &mut self.env, name);
        self.continue_sign_in(now, progress);
    }

    /// Runs a step of the sign-in that is going on.
    pub(super) fn step_sign_in(
        &mut self,
        now: Now,
        step: impl FnOnce(&mut SignIn, &mut Context<'_>) -> Progress,
    ) {
        let progress = self.sign_in.step(now, &mut self.env, step);
        self.continue_sign_in(now, progress);
    }

    /// Does what follows from a step of the sign-in.
    pub(super) fn continue_sign_in(&mut self, now: Now, progress: Option<Progress>) {
        match progress {
            None | Some(Progress::Going) => {}
            Some(Progress::SignedIn(start, state)) => {
                self.sign_in.succeed(&self.env.options, start.account);
                if let Err(error) = self.signed_in(now, &start, state.map(|state| *state)) {
                    self.finish(End::Failed(error.to_string()));
                }
            }
            Some(Progress::TimedOut(text)) => {
                self.env.link.requests.reconnect = true;
                self.time_out_sign_in(text);
            }
            Some(Progress::GivenUp { text, refused }) => self.give_up_sign_in(text, refused),
        }
    }

    fn signed_in(
        &mut self,
        now: Now,
        start: &SessionStart,
        state: Option<State>,
    ) -> Result<(), StateError> {
        let known = self.signed_in.as_ref().map(|user| &user.shared.state);
        let identity = known.or(state.as_ref()).and_then(State::identity);
        self.env.tell_of_changes(now, start, identity);
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

    /// Opens the device that was used last, or that of the user on the command line, if it can sign in by itself. Returns
    /// whether there is one: the link is then tried until there is one, too.
    pub(in crate::client) fn begin_offline(&mut self, now: Now) -> bool {
        let Some(state) = offline::open_known(&mut self.env) else {
            return false;
        };
        let account = state.identity().map(|identity| identity.account);
        let is_meant = self.env.options.user.is_some();
        self.sign_in.meant_account = account.filter(|_| is_meant);
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
        self.sign_in.pending_user = None;
        self.offline = Offline::begin(now.instant);
        true
    }

    /// Begins a change of the signed-in user's account, if there is anybody to ask for it.
    pub(crate) fn begin_step_up(&mut self, now: Now, wish: Wish) {
        let Some(SignedIn { shared, .. }) = &self.signed_in else {
            return;
        };
        let (me, options) = (&shared.me, &self.env.options);
        let password = self.sign_in.password_of(options, me.id, &me.name);
        let password = password.filter(|_| self.script.is_some());
        let session = (shared, self.sign_in.current.is_some());
        self.step_up
            .begin(now, &mut self.env, session, (wish, password));
    }

    /// The user has given the open question up, whosever it was.
    pub(super) fn cancel_question(&mut self) {
        if self.step_up.cancel(&mut self.env) {
            return;
        }
        let sign_in = self.sign_in.current.take();
        self.sign_in.pending_user = None;
        if sign_in.is_some_and(|sign_in| sign_in.is_reconnection()) {
            self.show_unsent();
            self.end_session(None);
            self.show(Tone::Notice, "signed out; `/login` signs in again");
        }
    }

    /// The session, as a script looks at it.
    pub(super) fn session_view(&self, now: Now) -> SessionView {
        let signs_in = |sign_in: &SignIn| sign_in.question().is_none();
        let view = SessionView {
            is_idle: self.env.link.is_greeted
                && self.sign_in.current.is_none()
                && self.sign_in.pending_user.is_none(),
            lines_behind: self.env.lines_behind(),
            bytes_behind: self.env.console.bytes_behind(),
            ..SessionView::default()
        };
        let Some(signed_in) = &self.signed_in else {
            let is_server_away = !self.env.link.is_greeted
                || self.sign_in.pending_user.is_some()
                || self.sign_in.current.as_ref().is_some_and(signs_in);
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
                || self.step_up.awaits_answer()
                || self.bot.waits(signed_in),
            awaits_receipts: signed_in.awaits_receipts(self.env.options.program.until),
            has_nothing_open: signed_in.has_nothing_open(),
            is_stored: signed_in.is_stored(now.instant),
            has_unsaid: !self.unsaid.is_empty()
                || signed_in.parts.files.copying() > 0
                || signed_in.parts.history.tail.is_behind(),
            ..view
        }
    }

    /// Whether a session has begun and the positions in it are not settled yet.
    pub(super) fn is_settling(&self, signed_in: &SignedIn) -> bool {
        !signed_in.shared.session.is_settled && self.is_linked() && self.sign_in.current.is_none()
    }

    /// Whether somebody sits at the prompt and waits for the server.
    pub(super) fn is_waiting(&self) -> bool {
        let signs_in = |sign_in: &SignIn| sign_in.waits_for_server() && !sign_in.is_reconnection();
        let asks =
            |signed_in: &SignedIn| signed_in.awaits_answer_at_once() || self.is_settling(signed_in);
        self.script.is_none()
            && (self.sign_in.current.as_ref().is_some_and(signs_in)
                || self.step_up.deadline().is_some()
                || self.signed_in.as_ref().is_some_and(asks))
    }

    /// Keeps a script's command that has to wait for the server. Returns whether it has to.
    pub(in crate::client) fn park(
        &mut self,
        now: Now,
        awaited: Awaited,
        typed: (&str, Option<&str>),
    ) -> bool {
        let view = self.session_view(now);
        let park = |script: &mut Script| script.park(awaited, &view, typed);
        self.script.as_mut().is_some_and(park)
    }

    /// Whether something that a script asks for has to wait for the server, or for what was said before it.
    pub(super) fn must_wait(&self, now: Now, awaited: Awaited) -> bool {
        let view = self.session_view(now);
        let waits = |script: &Script| script.must_wait(awaited, &view);
        self.script.as_ref().is_some_and(waits)
    }

    /// The script's command that need not wait for the server any longer.
    pub(in crate::client) fn take_parked(&mut self, now: Now) -> Option<TypedLine> {
        self.watch_server(now);
        let view = self.session_view(now);
        self.script.as_mut()?.take_parked(&view)
    }

    /// The account that has signed in and is settled since this was last asked, with the server's key; not one that was
    /// signed in before.
    pub(in crate::client) fn take_arrival(&mut self) -> Option<([u8; 32], String)> {
        let key = self.env.link.trusted_peer()?.key;
        let shared = &self.signed_in.as_ref()?.shared;
        let name = &shared.me.name;
        let is_new = shared.session.is_settled && self.sign_in.note_arrival(name);
        is_new.then(|| (key, name.clone()))
    }

    /// The signed-in user's session is over, if there is a reason.
    pub(super) fn handle_sign_out(&mut self, reason: Option<SignOutReason>) {
        let Some(reason) = reason else {
            return;
        };
        if reason == SignOutReason::Ended(EndReason::ServerStopping) {
            self.server_stops();
            return;
        }
        let text = signed_out::words(reason);
        if reason == SignOutReason::Conflict {
            // The server takes this session for signed in, and LOGOUT would take the ticket from the other one that has
            // this device.
            self.env.link.requests.reconnect = true;
        }
        if !matches!(
            reason,
            SignOutReason::Conflict
                | SignOutReason::Ended(EndReason::Superseded | EndReason::AccountDeleted)
        ) {
            self.tell_unsent();
        }
        self.end_session(Some(reason));
        if self.is_interactive() {
            self.show(Tone::Error, text);
        } else {
            self.finish(End::Refused(text.into()));
        }
    }

    /// The server has said that it stops. The link is tried again, or made with another one, without a word until it stands.
    pub(super) fn server_stops(&mut self) {
        self.env.link.is_server_stopping = true;
        let next = if self.env.link.has_others {
            "connecting to another server of its cluster"
        } else {
            "connecting again when it is back"
        };
        let text = format!("{} is stopping; {next}", self.env.options.server_name);
        self.show(Tone::Notice, &text);
    }

    /// The sign-in has failed. One that only continued an earlier session is tried over another link, unless the
    /// server said no.
    fn give_up_sign_in(&mut self, text: String, refused: bool) {
        let sign_in = self.sign_in.current.take();
        let was_reconnection = sign_in.as_ref().is_some_and(SignIn::is_reconnection);
        if was_reconnection && !refused {
            self.env.link.requests.reconnect = true;
            return;
        }
        self.sign_in.pending_user = None;
        // What a deleted account has queued nobody can send.
        if !sign_in.is_some_and(|sign_in| sign_in.is_account_deleted()) {
            self.tell_unsent();
        }
        self.end_session(None);
        if self.is_interactive() {
            self.show(Tone::Error, &text);
        } else if refused {
            self.finish(End::Refused(text));
        } else {
            self.finish(End::Failed(text));
        }
    }

    /// The server has not answered the sign-in. A script is told by the exit code that it may try again later, as
    /// where there was no answer at all: the server may have been stopped in between.
    fn time_out_sign_in(&mut self, text: String) {
        let is_reconnection = self
            .sign_in
            .current
            .as_ref()
            .is_some_and(SignIn::is_reconnection);
        if is_reconnection || self.is_interactive() {
            self.give_up_sign_in(text, false);
        } else {
            self.sign_in.current = None;
            self.give_up(End::Unreachable(text));
        }
    }

    /// Closes the signed-in user's tables once everything that was shown is printed; if the process was told to stop, it
    /// may never be. A terminal is waited for by whoever restores it.
    pub(super) fn close(&mut self, now: Now) {
        let printed = self.env.console.printed();
        let is_printed = printed >= self.env.console.given();
        let Some(signed_in) = &mut self.signed_in else {
            return;
        };
        signed_in.on_lines_printed(printed);
        signed_in.on_told(now, &mut self.env.effects, &mut *self.env.files, printed);
        self.env.effects.flush_lines(&mut *self.env.console);
        let closed = match &mut self.script {
            _ if is_printed => signed_in.close(),
            _ if self.ending.is_interrupted => signed_in.close_unprinted(),
            Some(script) => {
                script.wait_for_output(now.instant);
                return;
            }
            None => signed_in.close(),
        };
        if closed.is_ok() {
            signed_in.drop_copies(now, &mut self.env.effects, &mut *self.env.files);
        }
        self.signed_in = None;
        if let Err(error) = closed {
            self.finish(End::Failed(error.to_string()));
        }
    }

    /// Closes the signed-in user's tables, and forgets as much as the reason asks for.
    fn end_session(&mut self, why: Option<SignOutReason>) {
        self.step_up = ChangeUnderWay::default();
        let Some(mut signed_in) = self.signed_in.take() else {
            return;
        };
        let closed = signed_in.end(why, &mut self.env.effects);
        self.env.offer_accounts();
        if let Err(error) = closed {
            self.finish(End::Failed(error.to_string()));
        }
    }

    /// Signs out, or quits: at once at a terminal, else when what was sent is stored.
    pub(crate) fn exit(&mut self, now: Now, exit: Exit) {
        match &mut self.script {
            Some(script) if script.has_given_up() => self.give_up_offline(),
            Some(script) => script.defer_exit(now.instant, exit, self.env.options.program.until),
            None => self.exit_now(exit),
        }
    }

    /// Nothing more can be typed: what waits is finished, then the client ends.
    pub(super) fn end_input(&mut self, now: Now) {
        self.prompt.end_input();
        self.exit(now, Exit::Quit);
    }

    /// Ends a script's input if its next line has not come in time, and carries out its exit once that is due.
    pub(super) fn end_in_time(&mut self, now: Now) {
        let is_due = |script: &mut Script| script.takes_input_end(now.instant);
        if self.script.as_mut().is_some_and(is_due) {
            self.end_input(now);
        }
        let view = self.session_view(now);
        if self.env.options.program.tail.is_some() && !view.is_signed_in && view.is_idle {
            // There is nobody to wait for.
            return self.exit_now(Exit::Quit);
        }
        let take_exit = |script: &mut Script| script.take_exit(now.instant, &view);
        if let Some(exit) = self.script.as_mut().and_then(take_exit) {
            self.exit_now(exit);
        }
    }

    pub(super) fn exit_now(&mut self, exit: Exit) {
        let (script, effects) = (self.script.as_mut(), &mut self.env.effects);
        self.unsaid.fail(self.signed_in.is_some(), script, effects);
        program::fail_untold(self.signed_in.as_ref(), &mut self.env);
        let effects = &mut self.env.effects;
        self.bot.fail(self.signed_in.is_some(), effects);
        if let Some(signed_in) = &mut self.signed_in {
            signed_in.parts.files.fail_copying(effects);
        }
        if self.script.is_none() {
            self.show_unsent();
        } else if let Some(signed_in) = &self.signed_in
            && self.env.options.program.until != Until::Queued
        {
            unreached::tell(signed_in, &mut self.env.effects);
        }
        match exit {
            Exit::LogOut => {
                let reason = EndReason::LoggedOut;
                let end = Message::control(SessionEnd { reason });
                self.env.effects.send(Channel::Control, &end);
                self.end_session(Some(SignOutReason::Ended(reason)));
                let text = if self.is_linked() {
                    "logged out".to_owned()
                } else {
                    format!(
                        "logged out here; no answer from {} yet, still trying; `/quit` leaves",
                        self.env.options.server_name
                    )
                };
                self.show(Tone::Notice, &text);
            }
            Exit::Quit => self.finish(End::Quit),
        }
    }

    /// Ends the client because nothing can be sent, and tells what waits for another time.
    pub(crate) fn give_up(&mut self, end: End) {
        if self.end().is_none() {
            self.tell_unsent();
            self.finish(end);
        }
    }

    /// Tells what waits in the outbox when the session ends: a script by message, a user by their number.
    fn tell_unsent(&mut self) {
        match &self.signed_in {
            Some(signed_in) if self.script.is_some() => {
                unreached::tell_messages(signed_in, &mut self.env.effects);
            }
            _ => self.show_unsent(),
        }
    }

    /// Shows how many messages wait in the outbox.
    pub(super) fn show_unsent(&mut self) {
        if let Some(signed_in) = &mut self.signed_in {
            signed_in.show_unsent(&mut self.env.effects);
        }
    }
}
