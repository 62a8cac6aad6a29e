//! A client without a terminal: which line of its input is carried out, and how long the server is waited for.
//!
//! Each wait for the server is bounded by [`Options::timeout`](crate::client::Options): the sign-in, a command that needs
//! a server which is away, and the end, until everything is stored.

use std::time::{Duration, Instant};

use super::session::Exit;
use super::wait_timer::WaitTimer;
use super::{Core, TypedLine};
use crate::client::account::sender::Sender;
use crate::client::account::sender::outbox::IN_FLIGHT_MAX;
use crate::client::auth::SignIn;
use crate::client::env::{End, Fault, Tone};
use crate::client::ui::render;
use crate::transport::Now;

/// How long a client whose output was closed waits for the next line. Chosen: what its input already holds comes
/// within it.
const INPUT_WAIT: Duration = Duration::from_secs(1);

/// What a script's command waits for, so that lines take effect in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::client) enum Awaited {
    Nothing,
    /// That the messages before it are stored, unless the server is away.
    Stored,
    /// The same, and the server.
    Server,
}

/// How many lines a script's output may be behind before the next line of its input is read. Chosen: the answer to one
/// more command fits into what the console queues.
const LINES_BEHIND_MAX: u64 = 2_000;

/// How often a slow output is looked at. Chosen: nobody notices this.
const OUTPUT_WAIT: Duration = Duration::from_millis(50);

#[derive(Default)]
pub(super) struct Script {
    /// The lines read so far.
    lines: u64,
    /// How long the server is away, or stores nothing.
    server: WaitTimer,
    /// The messages stored when that was last looked at.
    stored: u64,
    /// Whether the server has said, since the sign-in, where the user stands.
    was_settled: bool,
    /// A command that waits.
    parked: Option<(Awaited, TypedLine)>,
    is_output_closed: bool,
    /// When an output that is far behind is looked at again.
    output_due: Option<Instant>,
    /// When a client whose output was closed waits no longer for a line.
    input_due: Option<Instant>,
}

impl Script {
    pub(super) fn deadline(&self) -> Option<Instant> {
        let dues = [self.server.deadline(), self.output_due, self.input_due];
        dues.into_iter().flatten().min()
    }

    pub(super) const fn close_output(&mut self) {
        self.is_output_closed = true;
    }
}

impl Core {
    /// The worst failure, if there is no terminal at which the user has seen them all.
    pub(in crate::client) fn fault(&self) -> Option<Fault> {
        self.effects
            .worst
            .filter(|_| !self.console.is_interactive())
    }

    /// Counts a line of the input; what fails from here on is told with its number.
    pub(super) fn count_line(&mut self) {
        if !self.console.is_interactive() {
            self.script.lines += 1;
            self.effects.script_line = Some(self.script.lines);
            self.script.input_due = None;
        }
    }

    /// Shows why a command was not carried out.
    pub(in crate::client) fn fail(&mut self, fault: Fault, text: &str) {
        self.effects.fail(fault, text);
    }

    /// Whether a command has to wait for this, and it has not been waited for long enough.
    pub(in crate::client) fn must_wait(&self, awaited: Awaited) -> bool {
        let Some(signed_in) = &self.signed_in else {
            return false;
        };
        let is_open = match awaited {
            Awaited::Nothing => false,
            _ if self.is_server_away() => awaited == Awaited::Server,
            _ => signed_in.parts.sender.waiting() > 0,
        };
        is_open && !self.console.is_interactive() && !self.script.server.is_expired()
    }

    /// Keeps a command that has to wait.
    pub(in crate::client) fn park(&mut self, awaited: Awaited, line: &str, focus: Option<&str>) {
        let typed = TypedLine {
            line: line.to_owned().into(),
            focus: focus.map(str::to_owned),
        };
        self.script.parked = Some((awaited, typed));
    }

    /// The command that need not wait any longer.
    pub(in crate::client) fn take_parked(&mut self) -> Option<TypedLine> {
        let (awaited, _) = self.script.parked.as_ref()?;
        if self.must_wait(*awaited) {
            return None;
        }
        self.script.parked.take().map(|(_, typed)| typed)
    }

    /// Whether the next line of a signed-in user may be read.
    pub(super) fn may_read_on(&self) -> bool {
        let Some(signed_in) = &self.signed_in else {
            return true;
        };
        let has_room = signed_in.parts.sender.waiting() < IN_FLIGHT_MAX;
        self.script.was_settled
            && self.script.parked.is_none()
            && !signed_in.awaits_answer()
            && !self.is_output_behind()
            && (has_room || self.script.server.is_expired())
    }

    fn is_output_behind(&self) -> bool {
        let behind = self.console.given().saturating_sub(self.console.printed());
        behind > LINES_BEHIND_MAX
    }

    /// Whether the server does not answer, or has not yet let the user in.
    fn is_server_away(&self) -> bool {
        let signs_in = |sign_in: &SignIn| sign_in.question().is_none();
        match &self.signed_in {
            Some(signed_in) => !signed_in.shared.session.is_settled || self.link.is_silent,
            None => {
                !self.link.is_greeted
                    || self.pending_user.is_some()
                    || self.sign_in.as_ref().is_some_and(signs_in)
            }
        }
    }

    /// Whether the server went away after the user was signed in.
    pub(super) fn has_lost_server(&self) -> bool {
        self.script.was_settled && self.is_server_away()
    }

    /// Follows how long the server is away, and gives it up in the end.
    pub(in crate::client) fn watch_server(&mut self, now: Now) {
        if self.console.is_interactive() || self.end.is_some() {
            return;
        }
        self.script.was_settled = match &self.signed_in {
            Some(signed_in) => self.script.was_settled || signed_in.shared.session.is_settled,
            None => false,
        };
        let sender = self
            .signed_in
            .as_ref()
            .map(|signed_in| &signed_in.parts.sender);
        let stored = sender.map_or(0, Sender::stored);
        let is_full = sender.is_some_and(|sender| sender.waiting() >= IN_FLIGHT_MAX);
        let is_held = is_full || self.script.parked.is_some();
        if std::mem::replace(&mut self.script.stored, stored) != stored {
            self.script.server = WaitTimer::default();
        }
        let is_away = self.is_server_away();
        if let Some(signed_in) = self.signed_in.as_mut().filter(|_| !is_away) {
            signed_in.on_active(now, &mut self.effects);
        }
        let timeout = self.options.timeout;
        let server = &mut self.script.server;
        if !server.update(now.instant, is_away || is_held, timeout) || !is_away {
            return;
        }
        if self.script.was_settled
            && let Some(signed_in) = &mut self.signed_in
        {
            // What needs the server fails at once from here on.
            signed_in.shared.session.is_silent = true;
        } else {
            let (name, seconds) = (&self.options.server_name, timeout.as_secs());
            let text = if self.link.is_greeted {
                format!(
                    "no sign-in at {name} within {seconds} s\nhint: --timeout SECONDS waits longer"
                )
            } else {
                render::unreachable(name, &format!(" within {seconds} s"))
            };
            self.finish(End::Unreachable(text));
        }
    }

    /// Begins to wait for an output that is far behind, or for a line if the output was closed.
    pub(super) fn limit_input(&mut self, now: Now) {
        let is_behind = !self.console.is_interactive() && self.is_output_behind();
        self.script.output_due = is_behind.then(|| now.instant + OUTPUT_WAIT);
        if self.script.is_output_closed && self.prompt.is_open() {
            let due = now.instant + INPUT_WAIT;
            self.script.input_due.get_or_insert(due);
        }
    }

    /// Ends the input if its next line has not come in time.
    pub(super) fn watch_input(&mut self, now: Now) {
        let is_due = |due: &mut Instant| *due <= now.instant;
        if self.script.input_due.take_if(is_due).is_some() {
            self.end_input(now);
        }
    }

    /// The input has ended.
    pub(super) fn end_input(&mut self, now: Now) {
        self.prompt.end_input();
        self.exit(now, Exit::Quit);
    }

    /// Tells what a script has left unreached when it ends or signs out: messages, and answers that were waited for.
    pub(super) fn fail_unreached(&mut self) {
        let Some(signed_in) = &mut self.signed_in else {
            return;
        };
        let sender = &signed_in.parts.sender;
        let mut queued = 0;
        for (line, target, text) in sender.unsent() {
            queued += 1;
            let text = format!(
                "not stored yet: message to {target}: {}",
                render::quote(text)
            );
            self.effects.fail_at(line, Fault::Unconfirmed, text);
        }
        if queued > 0 {
            let stored = sender.stored();
            let text = format!(
                "{queued} of {} messages not stored; kept here, and sent at the next sign-in",
                queued + stored
            );
            self.effects.show(Tone::Notice, text);
        }
        if signed_in.awaits_answer() {
            self.effects
                .fail(Fault::Unreachable, "no answer from the server");
        }
        for room in signed_in.shared.pending.deferred_joins() {
            let text = format!("{room} was not joined: no answer from the server");
            self.effects.fail_at(None, Fault::Unreachable, text);
        }
    }
}
