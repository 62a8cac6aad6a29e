//! A client without a terminal: which line of its input is carried out, and how long the server is waited for.
//!
//! Each wait for the server is bounded by [`Options::timeout`](crate::client::Options): the sign-in, a command that needs
//! a server which is away, and the end, until everything is stored. [`Script`] decides from a [`SessionView`] alone; the
//! core does what follows.

mod exit;
mod place;
pub(super) mod unreached;
pub(super) mod wait_timer;

use std::time::{Duration, Instant};

use self::exit::DeferredExit;
pub(super) use self::exit::Exit;
use self::place::Place;
pub(super) use self::place::{FocusChange, Missed};
use self::wait_timer::WaitTimer;
use super::account::sender::outbox::IN_FLIGHT_MAX;
use super::program::Until;
use super::ui::prompt::TypedLine;

/// How long a client whose output was closed, or whose server was given up, waits for the next line. Chosen: what its input already holds comes
/// within it.
const INPUT_WAIT: Duration = Duration::from_secs(1);

/// How many lines a script's output may be behind before the next line of its input is read. Chosen: the answer to one
/// more command fits into what the console queues.
const LINES_BEHIND_MAX: u64 = 2_000;

/// The same for a bot. Chosen: room for more than it is told without having asked, so that a program that writes for each line
/// that it reads is never waited for while it waits.
const BOT_LINES_BEHIND_MAX: u64 = 4_000;

/// How many bytes it may be behind, which matters to a bot: each answer to `history` may have half a megabyte. Chosen: a dozen
/// of those, which a program may ask for before it reads one.
const BYTES_BEHIND_MAX: u64 = 8 << 20;

/// How often a slow output is looked at. Chosen: nobody notices this.
const OUTPUT_WAIT: Duration = Duration::from_millis(50);

/// What a script's command waits for, so that lines take effect in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Awaited {
    Nothing,
    /// That the messages before it are stored, unless the server is away.
    Stored,
    /// The same, and the server.
    Server,
}

/// What a script looks at when it decides whether to wait.
#[derive(Debug, Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and none of them is a state of the script"
)]
pub(super) struct SessionView {
    pub(super) is_signed_in: bool,
    /// Whether a server was met and no sign-in is under way.
    pub(super) is_idle: bool,
    /// Whether the positions in this session are settled.
    pub(super) is_settled: bool,
    /// Whether the server does not answer, or has not yet let the user in.
    pub(super) is_server_away: bool,
    /// Whether it is away because it has not answered a command in time: that was waited for already.
    pub(super) is_overdue: bool,
    /// Messages stored in this run, and those that wait for it.
    pub(super) stored: u64,
    /// How often a file came further in this run.
    pub(super) moves: u64,
    pub(super) waiting: usize,
    pub(super) awaits_answer: bool,
    pub(super) awaits_receipts: bool,
    /// Whether nothing waits for the server.
    pub(super) has_nothing_open: bool,
    /// Whether everything that was typed is stored, and what was missed has been shown.
    pub(super) is_stored: bool,
    /// Whether something that a program says waits for what the server knows.
    pub(super) has_unsaid: bool,
    /// Lines that were shown and are not printed yet.
    pub(super) lines_behind: u64,
    /// How many bytes they are, where lines may be long.
    pub(super) bytes_behind: u64,
}

/// What a server was waited for in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Late {
    SignIn,
    /// It has gone away since.
    Server,
}

#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Script {
    timeout: Duration,
    lines_behind_max: u64,
    /// The lines read so far.
    lines: u64,
    /// How long the server is away, or stores nothing.
    server: WaitTimer,
    /// The messages stored when that was last looked at.
    stored: u64,
    /// How often a file had come further by then.
    moves: u64,
    /// Whether the server has said, since the sign-in, where the user stands.
    was_settled: bool,
    /// Whether it is carried out, as far as that can be, before the server was met.
    begins_offline: bool,
    /// Whether it was never met in time, and only what the input holds already is carried out.
    has_given_up: bool,
    /// A command that waits.
    parked: Option<(Awaited, TypedLine)>,
    /// Where the script believes to be.
    place: Option<Place>,
    exit: Option<DeferredExit>,
    is_output_closed: bool,
    /// When an output that is far behind is looked at again.
    output_due: Option<Instant>,
    /// When such a client waits no longer for a line.
    input_due: Option<Instant>,
}

impl Script {
    pub(super) fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            lines_behind_max: LINES_BEHIND_MAX,
            lines: 0,
            server: WaitTimer::default(),
            stored: 0,
            moves: 0,
            was_settled: false,
            begins_offline: false,
            has_given_up: false,
            parked: None,
            place: None,
            exit: None,
            is_output_closed: false,
            output_due: None,
            input_due: None,
        }
    }

    /// The same for a bot.
    pub(super) fn of_bot(timeout: Duration) -> Self {
        Self {
            lines_behind_max: BOT_LINES_BEHIND_MAX,
            ..Self::new(timeout)
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let exit = self.exit.map(DeferredExit::deadline);
        let dues = [
            self.server.deadline(),
            self.output_due,
            self.input_due,
            exit,
        ];
        dues.into_iter().flatten().min()
    }

    /// Counts a line of the input, and returns its number.
    pub(super) fn count_line(&mut self) -> u64 {
        self.lines += 1;
        self.input_due = None;
        self.lines
    }

    /// Whether a command has to wait for this, and it has not been waited for long enough.
    pub(super) fn must_wait(&self, awaited: Awaited, view: &SessionView) -> bool {
        let is_open = match awaited {
            Awaited::Nothing => false,
            _ if view.is_server_away => awaited == Awaited::Server,
            _ => view.waiting > 0,
        };
        is_open && view.is_signed_in && !self.server.is_expired()
    }

    /// Keeps a command that has to wait. Returns whether it has to.
    pub(super) fn park(
        &mut self,
        awaited: Awaited,
        view: &SessionView,
        (line, focus): (&str, Option<&str>),
    ) -> bool {
        let must_wait = self.must_wait(awaited, view);
        if must_wait {
            let typed = TypedLine {
                line: line.to_owned().into(),
                focus: focus.map(str::to_owned),
            };
            self.parked = Some((awaited, typed));
        }
        must_wait
    }

    /// The command that need not wait any longer.
    pub(super) fn take_parked(&mut self, view: &SessionView) -> Option<TypedLine> {
        let (awaited, _) = self.parked.as_ref()?;
        if self.must_wait(*awaited, view) {
            return None;
        }
        self.parked.take().map(|(_, typed)| typed)
    }

    /// There is no link, and what needs none need not wait for one.
    pub(super) const fn begin_offline(&mut self) {
        self.begins_offline = true;
    }

    /// The server was waited for in vain. Returns whether there is an input that can be carried out without it, to its end.
    pub(super) const fn gives_up(&mut self) -> bool {
        self.has_given_up = self.begins_offline && self.exit.is_none();
        self.has_given_up
    }

    pub(super) const fn has_given_up(&self) -> bool {
        self.has_given_up
    }

    /// A command is carried out that changes the focus, or tries to.
    pub(super) fn changes_focus(&mut self, change: FocusChange, argument: &str) {
        self.place = Place::after(self.place.take(), change, argument, self.lines);
    }

    /// A text was said in the focus.
    pub(super) fn speaks_in_focus(&mut self) {
        if let Some(place) = &mut self.place {
            place.was_open = true;
        }
    }

    /// Where a text that was typed without a focus was meant to go.
    pub(super) fn missed(&self) -> Option<Missed> {
        self.place.as_ref().map(Place::missed)
    }

    /// Whether the next line of a signed-in user may be read.
    pub(super) fn may_read_on(&self, view: &SessionView) -> bool {
        let has_room = view.waiting < IN_FLIGHT_MAX;
        (self.was_settled || self.begins_offline)
            && self.parked.is_none()
            && !view.awaits_answer
            && !self.is_behind(view)
            && (has_room || self.server.is_expired())
    }

    /// Follows how long the server is away. Returns the moment at which that is too long.
    pub(super) fn watch_server(&mut self, now: Instant, view: &SessionView) -> Option<Late> {
        self.was_settled = view.is_signed_in && (self.was_settled || view.is_settled);
        self.has_given_up &= !self.was_settled;
        if std::mem::replace(&mut self.stored, view.stored) != view.stored {
            self.server = WaitTimer::default();
        }
        if std::mem::replace(&mut self.moves, view.moves) != view.moves {
            self.server = WaitTimer::default();
            if let Some(exit) = &mut self.exit {
                exit.wait_until(now + self.timeout);
            }
        }
        let is_held = view.waiting >= IN_FLIGHT_MAX || self.parked.is_some();
        let is_waiting = view.is_server_away || is_held;
        let mut is_late = self.server.update(now, is_waiting, self.timeout);
        if view.is_overdue {
            is_late |= self.server.expire();
        }
        (is_late && view.is_server_away).then_some(if self.was_settled {
            Late::Server
        } else {
            Late::SignIn
        })
    }

    /// Nobody reads the output any longer.
    pub(super) const fn close_output(&mut self) {
        self.is_output_closed = true;
    }

    /// Has the output looked at soon.
    pub(super) fn wait_for_output(&mut self, now: Instant) {
        *self = Self {
            output_due: Some(now + OUTPUT_WAIT),
            ..Self::new(self.timeout)
        };
    }

    /// Whether the output has to be read before anything else is done.
    const fn is_behind(&self, view: &SessionView) -> bool {
        view.lines_behind > self.lines_behind_max || view.bytes_behind > BYTES_BEHIND_MAX
    }

    /// Begins to wait for an output that is far behind, or for a line if the output was closed or the server was given up.
    pub(super) fn limit_input(&mut self, now: Instant, view: &SessionView, is_asked: bool) {
        self.output_due = self.is_behind(view).then(|| now + OUTPUT_WAIT);
        if (self.is_output_closed || self.has_given_up) && is_asked {
            self.input_due.get_or_insert(now + INPUT_WAIT);
        }
    }

    /// Whether the next line has not come in time.
    pub(super) fn takes_input_end(&mut self, now: Instant) -> bool {
        self.input_due.take_if(|due| *due <= now).is_some()
    }

    /// Has the client exit when everything has arrived, or has been waited for long enough.
    pub(super) fn defer_exit(&mut self, now: Instant, exit: Exit, until: Until) {
        self.exit = Some(DeferredExit::new(now, (exit, until), self.timeout));
    }

    pub(super) const fn is_exiting(&self) -> bool {
        self.exit.is_some()
    }

    /// The exit that is due now.
    pub(super) fn take_exit(&mut self, now: Instant, view: &SessionView) -> Option<Exit> {
        let has_lost_server = self.was_settled && view.is_server_away;
        let is_due = |exit: &mut DeferredExit| exit.is_due(now, view, has_lost_server);
        self.exit.take_if(is_due).map(DeferredExit::exit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::testing::instant;

    const TIMEOUT: Duration = Duration::from_secs(30);

    /// Somebody is signed in and has nothing under way.
    const QUIET: SessionView = SessionView {
        is_signed_in: true,
        is_idle: true,
        is_settled: true,
        is_server_away: false,
        is_overdue: false,
        stored: 0,
        moves: 0,
        waiting: 0,
        awaits_answer: false,
        awaits_receipts: false,
        has_nothing_open: true,
        is_stored: true,
        has_unsaid: false,
        lines_behind: 0,
        bytes_behind: 0,
    };

    const AWAY: SessionView = SessionView {
        is_settled: false,
        is_server_away: true,
        is_stored: false,
        ..QUIET
    };

    fn signed_in() -> (Instant, Script) {
        let (now, mut script) = (instant(), Script::new(TIMEOUT));
        assert_eq!(script.watch_server(now, &QUIET), None);
        (now, script)
    }

    #[test]
    fn command_waits_for_the_server_until_the_timeout_and_the_next_one_does_not() {
        let (now, mut script) = signed_in();
        assert_eq!(script.watch_server(now, &AWAY), None);
        assert!(script.park(Awaited::Server, &AWAY, ("contacts", None)));
        assert!(!script.may_read_on(&AWAY));
        assert!(script.take_parked(&AWAY).is_none());
        let late = now + TIMEOUT;
        assert_eq!(script.watch_server(late, &AWAY), Some(Late::Server));
        let parked = script.take_parked(&AWAY).unwrap();
        assert_eq!(*parked.line, "contacts");
        assert!(script.may_read_on(&AWAY));
        assert!(!script.park(Awaited::Server, &AWAY, ("contacts", None)));
    }

    #[test]
    fn command_after_one_that_was_not_answered_in_time_does_not_wait_again() {
        let (now, mut script) = signed_in();
        let overdue = SessionView {
            is_server_away: true,
            is_overdue: true,
            ..QUIET
        };
        assert_eq!(script.watch_server(now, &overdue), Some(Late::Server));
        assert_eq!(script.watch_server(now, &overdue), None, "it is said once");
        assert!(!script.park(Awaited::Server, &overdue, ("contacts", None)));
        script.watch_server(now, &QUIET);
        assert!(script.park(Awaited::Server, &AWAY, ("contacts", None)));
    }

    #[test]
    fn nothing_is_read_while_long_answers_wait_to_be_printed() {
        // Four thousand answers of half a megabyte were no reason to wait.
        let now = instant();
        let mut script = Script::of_bot(TIMEOUT);
        script.watch_server(now, &QUIET);
        let behind = |bytes_behind| SessionView {
            bytes_behind,
            lines_behind: 16,
            ..QUIET
        };
        assert!(script.may_read_on(&behind(BYTES_BEHIND_MAX)));
        let long = behind(BYTES_BEHIND_MAX + 1);
        assert!(!script.may_read_on(&long));
        script.limit_input(now, &long, false);
        assert_eq!(script.output_due, Some(now + OUTPUT_WAIT));
        script.limit_input(now, &QUIET, false);
        assert_eq!(script.output_due, None);
    }

    #[test]
    fn history_waits_for_what_was_sent_before_it_but_not_for_a_server_that_is_away() {
        let (_, mut script) = signed_in();
        let sending = SessionView {
            waiting: 1,
            ..QUIET
        };
        assert!(!script.park(Awaited::Nothing, &sending, ("help", None)));
        assert!(script.park(Awaited::Stored, &sending, ("history", None)));
        assert!(script.take_parked(&AWAY).is_some());
    }

    #[test]
    fn server_that_never_lets_the_user_in_is_given_up() {
        let (now, mut script) = (instant(), Script::new(TIMEOUT));
        let nobody = SessionView {
            is_signed_in: false,
            ..AWAY
        };
        assert_eq!(script.watch_server(now, &nobody), None);
        let late = script.watch_server(now + TIMEOUT, &nobody);
        assert_eq!(late, Some(Late::SignIn));
    }

    #[test]
    fn wait_begins_again_with_each_message_that_is_stored() {
        let (now, mut script) = signed_in();
        let full = |stored| SessionView {
            waiting: IN_FLIGHT_MAX,
            stored,
            ..QUIET
        };
        script.watch_server(now, &full(0));
        script.watch_server(now + TIMEOUT / 2, &full(1));
        script.watch_server(now + TIMEOUT, &full(1));
        assert!(!script.may_read_on(&full(1)));
        script.watch_server(now + TIMEOUT * 3 / 2, &full(1));
        assert!(script.may_read_on(&full(1)));
    }

    #[test]
    fn closed_output_ends_an_input_whose_next_line_does_not_come() {
        let (now, mut script) = signed_in();
        script.limit_input(now, &QUIET, true);
        assert_eq!(script.deadline(), None);
        script.close_output();
        script.limit_input(now, &QUIET, true);
        assert_eq!(script.deadline(), Some(now + INPUT_WAIT));
        assert_eq!(script.count_line(), 1);
        assert!(!script.takes_input_end(now + INPUT_WAIT));
        script.limit_input(now, &QUIET, true);
        assert!(script.takes_input_end(now + INPUT_WAIT));
    }
}
