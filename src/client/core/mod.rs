//! The client without its link: handles messages, typed lines and time-outs.
//!
//! Each subject owns its state in a file here and is handed the [`Env`]. [`Core`] routes between them and the signed-in
//! user: what comes from the console, and the end of each batch, is here; what comes by the link is in `link_events`; how a
//! session begins and ends in `session`. All output is left in [`Effects`] until [`Core::settle`] has made durable what it
//! follows from.

mod asking;
mod bot;
mod env;
mod host_key;
mod invitation;
mod link_events;
mod offline;
mod program;
mod session;
mod sign_in;
mod signed_out;
pub(super) mod status;
mod step_up;

use std::time::Instant;

use zeroize::Zeroizing;

use super::account::ctx::{Ctx, Shared};
use super::account::files::FileTransfers;
use super::account::rooms::joining;
use super::account::{Parts, SignedIn};
use super::auth::SignIn;
use super::effects::{Effects, Outgoing};
use super::env::{Console, End, Fault, Files, Input, Options, Tone};
use super::script::wait_timer::{RESPONSE_WAIT, WaitTimer};
use super::script::{Awaited, Script};
use super::transfers::{CopiedFile, TransferId};
use super::ui::prompt::{Prompt, Question, TypedLine, prompt_text, yes};
use crate::text::enrolment_code::EnrolmentCode;
use crate::transport::Now;
use bot::Bot;
use env::Env;
use invitation::Invitation;
use offline::Offline;
use program::Unsaid;
use sign_in::SignInState;
use step_up::ChangeUnderWay;

/// Decides about trust, sign-in and commands for one user at one server.
pub struct Core {
    env: Env,
    prompt: Prompt,
    response_timer: WaitTimer,
    /// Without a terminal.
    pub(super) script: Option<Script>,
    offline: Offline,
    invitation: Invitation,
    /// What a program said while nobody was signed in.
    unsaid: Unsaid,
    /// What a bot asks for.
    bot: Bot,
    sign_in: SignInState,
    step_up: ChangeUnderWay,
    pub(super) signed_in: Option<SignedIn>,
    ending: Ending,
}

/// How far the client has come in its end.
#[derive(Debug, Default)]
struct Ending {
    end: Option<End>,
    /// Whether the last lines were given to the console, and nothing is left but to record that they are printed.
    is_closing: bool,
    /// Whether the process was told to stop.
    is_interrupted: bool,
}

impl Core {
    pub(super) fn new(
        options: Options,
        console: Box<dyn Console>,
        files: Box<dyn Files>,
        seed: [u8; 32],
    ) -> Self {
        let script = (!console.is_interactive()).then(|| {
            if options.program.is_for_bot() {
                Script::of_bot(options.program.timeout)
            } else {
                Script::new(options.program.timeout)
            }
        });
        Self {
            prompt: Prompt::default(),
            response_timer: WaitTimer::default(),
            script,
            offline: Offline::default(),
            invitation: Invitation::new(options.linked.room.clone()),
            unsaid: Unsaid::default(),
            bot: Bot::default(),
            sign_in: SignInState::of(options.user.clone()),
            step_up: ChangeUnderWay::default(),
            signed_in: None,
            ending: Ending::default(),
            env: Env::new(options, console, files, seed),
        }
    }

    /// Something has come from the console. A line that was typed as a command, or as text, is handed back with the
    /// conversation in which the prompt stood.
    pub(super) fn handle_input(&mut self, now: Now, input: Input) -> Option<TypedLine> {
        if let Input::Line(_) | Input::Skipped(_) = &input {
            self.count_line();
        }
        match input {
            // The link's.
            Input::Addresses(_) | Input::Unresolved { .. } => {}
            Input::Line(line) => return self.handle_line(now, Zeroizing::new(line)),
            Input::Say(say) => {
                let (script, effects) = (self.script.as_mut(), &mut self.env.effects);
                if self.unsaid.add(*say, script, effects) {
                    self.say_unsaid(now);
                }
            }
            Input::Request(request) => {
                self.prompt.take();
                if let Some(number) = self.script.as_mut().map(Script::count_line) {
                    self.bot.take(number, *request, &mut self.env.effects);
                }
            }
            Input::Copied { id, file } => self.handle_copied(now, id, file),
            Input::Saved { id, path } => {
                self.with_signed_in(now, |parts, ctx| parts.files.handle_saved(ctx, id, path));
            }
            Input::Begun { printed } => {
                self.with_signed_in(now, |parts, _| parts.recent.begin(printed));
            }
            Input::Cancelled => match self.prompt.take() {
                None | Some(Question::Command | Question::InFocus(_)) => {}
                Some(Question::Trust) => self.answer_trust(now, false),
                Some(Question::LinkedRoom) => _ = self.invitation.answer(false),
                Some(_) => self.cancel_question(),
            },
            Input::Skipped(text) => {
                self.prompt.take();
                self.fail(Fault::Usage, &text);
            }
            Input::Aside(line) => self.env.effects.show_line(*line),
            Input::EndOfInput => self.end_input(now),
            Input::Broken(text) if self.is_interactive() => {
                self.show_unsent();
                self.finish(End::Failed(text));
            }
            Input::Broken(text) => {
                self.env.effects.fail_at(None, Fault::Failed, text);
                self.end_input(now);
            }
            Input::OutputClosed => match &mut self.script {
                Some(script) => script.close_output(),
                None => self.end_input(now),
            },
            Input::Interrupt => {
                self.ending.is_interrupted = true;
                self.show_unsent();
                self.finish(End::Interrupted);
            }
        }
        None
    }

    /// A line was typed: what it means follows from the question that was open.
    fn handle_line(&mut self, now: Now, line: Zeroizing<String>) -> Option<TypedLine> {
        self.env.effects.answer(self.prompt.asked());
        match self.prompt.take()? {
            Question::Command => return Some(TypedLine { line, focus: None }),
            Question::InFocus(focus) => {
                let focus = Some(focus);
                return Some(TypedLine { line, focus });
            }
            Question::Trust => self.answer_trust(now, yes(&line, false)),
            Question::LinkedRoom => {
                if let Some(room) = self.invitation.answer(yes(&line, false)) {
                    self.with_signed_in(now, |_, ctx| joining::join_existing(ctx, &room));
                }
            }
            _ if self.step_up.handle_answer(now, &mut self.env, &line) => {}
            _ => self.step_sign_in(now, |sign_in, context| sign_in.handle_answer(line, context)),
        }
        None
    }

    /// Counts a line of a script, which is carried out from here on.
    fn count_line(&mut self) {
        if let Some(script) = &mut self.script {
            self.env.effects.script_line = Some(script.count_line());
        }
    }

    /// A user's file was copied, or not.
    fn handle_copied(&mut self, now: Now, id: TransferId, file: Result<Box<CopiedFile>, String>) {
        let is_copy = file.is_ok();
        let is_awaited = self.signed_in.as_mut().is_some_and(|signed_in| {
            let (parts, mut ctx) = signed_in.split(now, &mut self.env.effects);
            let others = (&mut parts.sender, &parts.blocked);
            parts.files.handle_copied(&mut ctx, others, (id, file))
        });
        // Whoever wanted it has signed out.
        if is_copy && !is_awaited {
            self.env.remove_copy(id);
        }
    }

    /// Says what a program said, if somebody is signed in.
    fn say_unsaid(&mut self, now: Now) {
        if let Some(signed_in) = &mut self.signed_in {
            let script = self.script.as_mut();
            self.unsaid.say(now, signed_in, script, &mut self.env);
        }
    }

    /// Carries out what a bot asks for, unless it has to wait for the server, or for what was said before it.
    fn carry_out_request(&mut self, now: Now) {
        let must_wait = self.bot.needs_server() && self.must_wait(now, Awaited::Server);
        if let Some(signed_in) = self.signed_in.as_mut().filter(|_| !must_wait) {
            self.bot.carry_out(now, signed_in, &mut self.env);
        }
    }

    /// Ends the client. Only the first ending counts.
    pub(super) fn finish(&mut self, end: End) {
        if self.ending.end.is_none() {
            self.ending.end = Some(end);
        }
    }

    pub(super) const fn end(&self) -> Option<&End> {
        self.ending.end.as_ref()
    }

    /// Whether the client has ended and has nothing left to record.
    pub(super) const fn is_closed(&self) -> bool {
        self.ending.is_closing && self.signed_in.is_none()
    }

    /// A moment has come that [`Core::deadline`] named.
    pub(super) fn handle_timeout(&mut self, now: Now) {
        let sign_in = self.sign_in.current.as_ref();
        let has_asked = sign_in.is_some_and(SignIn::waits_for_server);
        if let Some(progress) = self.sign_in.handle_timeout(now, &mut self.env) {
            self.continue_sign_in(now, Some(progress));
            if has_asked && self.sign_in.current.is_none() {
                // The answer may yet come, and the server then takes this session for signed in. Only another one is
                // known to be as both ends believe.
                self.env.link.requests.reconnect = true;
            }
        }
        if self.offline.tell(now.instant, &mut self.env)
            && let Some(script) = &mut self.script
        {
            script.begin_offline();
        }
        self.step_up.handle_timeout(now, &mut self.env);
        if let Some(signed_in) = &mut self.signed_in {
            signed_in.handle_timeout(now, &mut self.env.effects);
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        if self.ending.is_closing {
            return self.script.as_ref().and_then(Script::deadline);
        }
        [
            self.sign_in.deadline(),
            self.step_up.deadline(),
            self.signed_in.as_ref().and_then(SignedIn::deadline),
            self.script.as_ref().and_then(Script::deadline),
            self.response_timer.deadline(),
            self.offline.due(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Ends a batch: makes it durable, then shows and asks. What is to be sent is there for
    /// [`Core::take_messages`] afterwards.
    pub(super) fn settle(&mut self, now: Now) {
        if self.ending.is_closing {
            self.close(now);
            return;
        }
        self.say_unsaid(now);
        self.carry_out_request(now);
        self.settle_signed_in(now);
        if self.ending.end.is_none() {
            if let (Some(_), Some(signed_in)) = (&self.script, &self.signed_in) {
                self.invitation
                    .tell(&signed_in.shared, &mut self.env.effects);
            }
            self.watch_server(now);
            self.end_in_time(now);
            let is_waiting = self.is_waiting();
            let timer = &mut self.response_timer;
            if timer.update(now.instant, is_waiting, RESPONSE_WAIT) {
                self.show(Tone::Notice, "still waiting for the server's answer");
            }
        }
        self.env.effects.flush_lines(&mut *self.env.console);
        if let Some(signed_in) = &mut self.signed_in {
            let (given, printed) = (self.env.console.given(), self.env.console.printed());
            signed_in.on_lines_queued(now, given, printed);
        }
        if self.ending.end.is_some() {
            self.ending.is_closing = true;
            self.close(now);
        } else {
            self.ask_next(now);
            let view = self.session_view(now);
            if let Some(script) = &mut self.script {
                script.limit_input(now.instant, &view, self.prompt.is_open());
            }
        }
    }

    /// Makes durable what a signed-in user's batch has brought, then does what follows from it.
    fn settle_signed_in(&mut self, now: Now) {
        let Some(signed_in) = &mut self.signed_in else {
            return;
        };
        signed_in.on_lines_printed(self.env.console.printed());
        self.env.forget_deleted();
        if let Err(error) = signed_in.settle(now, &mut self.env.effects) {
            // Nothing that follows from what could not be kept may leave.
            self.env.effects = Effects::default();
            self.finish(End::Failed(error.to_string()));
            return;
        }
        let (effects, files) = (&mut self.env.effects, &mut *self.env.files);
        signed_in.move_files(now, effects, files);
        signed_in.write_log(now, effects, files);
        self.bot.tell_of_link(signed_in, &mut self.env);
        let lines = (self.env.console.given(), self.env.console.printed());
        let (effects, files) = (&mut self.env.effects, &mut *self.env.files);
        signed_in.tell(now, effects, files, lines);
        if signed_in.parts.history.tail.is_broken() {
            self.ending.end.get_or_insert(End::Quit);
        }
        if let Some(names) = signed_in.take_names() {
            self.env.console.set_names(names);
        }
    }

    /// Asks the next question, if one is due and none is open, and keeps the prompt that stands there true.
    fn ask_next(&mut self, now: Now) {
        let mut status = asking::status(now, self.shared(), self.offline);
        // Where it stays as it is, it does not say how far a file is.
        let text = prompt_text(&status);
        let files = self.signed_in.as_ref().map(|user| &user.parts.files);
        if let Some(shown) = files.and_then(FileTransfers::shown) {
            status = asking::with_transfers(status, shown);
        }
        self.env.console.set_status(status);
        let asked = self.env.host_keys.question(&self.env.options);
        let question = asked.or_else(|| self.open_question()).or_else(|| {
            let is_ready = self.is_ready_for_command(now);
            is_ready.then(|| self.question_of_prompt(text))
        });
        if let Some((question, text)) = question {
            self.prompt.ask(&mut *self.env.console, question, &text);
        }
    }

    /// What a sign-in, or a change of the account, asks the user.
    fn open_question(&self) -> Option<(Question, String)> {
        self.sign_in.question().or_else(|| self.step_up.question())
    }

    /// The next command; before the first one, whether to go where a link leads.
    fn question_of_prompt(&self, prompt: String) -> (Question, String) {
        let shared = self.shared();
        let invited = self.invitation.question(shared);
        invited
            .filter(|_| self.is_interactive())
            .unwrap_or_else(|| {
                let focus = shared.and_then(|shared| shared.focus.current.clone());
                (focus.map_or(Question::Command, Question::InFocus), prompt)
            })
    }

    /// Whether the next command may be asked for. Without a terminal each one waits for what the one before it
    /// needs from the server, so that a script's lines take effect in order.
    fn is_ready_for_command(&self, now: Now) -> bool {
        if self.script.as_ref().is_some_and(Script::is_exiting) {
            return false;
        }
        let has_link = self.is_linked();
        let waits =
            |sign_in: &SignIn| !sign_in.is_reconnection() || sign_in.asks_again() && has_link;
        let is_signing_in = self.sign_in.current.as_ref().is_some_and(waits);
        match &self.signed_in {
            _ if is_signing_in => false,
            Some(_) if self.response_timer.is_expired() => true,
            _ if self.step_up.awaits_answer() => false,
            // Which conversation the next line is for is about to be known.
            Some(signed_in) if signed_in.is_changing_focus() => false,
            Some(signed_in) => match &self.script {
                Some(script) => script.may_read_on(&self.session_view(now)),
                None => !self.is_settling(signed_in),
            },
            // Who has signed out where there was no link is at a prompt, too.
            None => {
                let is_offline = self.offline != Offline::No && self.is_interactive();
                (self.env.link.is_greeted || is_offline) && self.sign_in.pending_user.is_none()
            }
        }
    }

    /// What is to be sent, after [`Core::settle`].
    pub(super) fn take_messages(&mut self) -> Vec<Outgoing> {
        self.env.effects.take_messages()
    }

    /// Whether somebody is signed in, and the positions in this session are settled.
    pub(super) fn is_settled(&self) -> bool {
        self.shared()
            .is_some_and(|shared| shared.session.is_settled)
    }

    /// The worst failure, if there is no terminal at which the user has seen them all.
    pub(super) fn fault(&self) -> Option<Fault> {
        self.env.effects.worst().filter(|_| self.script.is_some())
    }

    /// Shows why a command was not carried out.
    pub(super) fn fail(&mut self, fault: Fault, text: &str) {
        self.env.fail(fault, text);
    }

    pub(super) fn show(&mut self, tone: Tone, text: &str) {
        self.env.show(tone, text);
    }

    /// Shows lines that are harmless already, with the blanks in them.
    pub(super) fn show_laid_out(&mut self, tone: Tone, lines: Vec<String>) {
        self.env.effects.show_laid_out(tone, lines);
    }

    pub(super) fn shared(&self) -> Option<&Shared> {
        self.signed_in.as_ref().map(|signed_in| &signed_in.shared)
    }

    /// The name of the signed-in user.
    pub(super) fn user(&self) -> Option<&str> {
        self.shared().map(|shared| &*shared.me.name)
    }

    /// Whether what is sent can be expected to leave now.
    const fn is_linked(&self) -> bool {
        self.env.link.peer.is_some()
    }

    /// Whether a person sits at a terminal.
    pub(super) const fn is_interactive(&self) -> bool {
        self.script.is_none()
    }

    /// A code that nobody else knows.
    pub(super) fn make_code(&mut self) -> EnrolmentCode {
        self.env.make_code()
    }

    /// Whether a line that looks like a command has gone back into an editor before it came here.
    pub(super) fn has_editor(&self) -> bool {
        self.env.console.edits_lines()
    }

    /// Whether no command may touch files or run programs.
    pub(super) const fn is_restricted(&self) -> bool {
        self.env.options.is_restricted
    }

    /// Runs what only a signed-in user can do, and needs files for.
    pub(super) fn with_files(
        &mut self,
        now: Now,
        run: impl FnOnce(&mut dyn Files, &mut Parts, &mut Ctx<'_>),
    ) {
        if let Some(signed_in) = &mut self.signed_in {
            let (parts, mut ctx) = signed_in.split(now, &mut self.env.effects);
            run(&mut *self.env.files, parts, &mut ctx);
        }
    }

    /// Runs what only a signed-in user can do.
    pub(super) fn with_signed_in(&mut self, now: Now, run: impl FnOnce(&mut Parts, &mut Ctx<'_>)) {
        if let Some(signed_in) = &mut self.signed_in {
            let (parts, mut ctx) = signed_in.split(now, &mut self.env.effects);
            run(parts, &mut ctx);
        }
    }
}
