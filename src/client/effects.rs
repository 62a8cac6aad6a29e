//! The messages and lines of a batch, collected until everything they follow from is durable.
//!
//! The logic never touches the endpoint or the console, so that it can be tested without either.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use super::env::{Console, Fault, Progress, Ring, Tone};
use super::line::Line;
use super::own_line::OwnLine;
use super::program::Report;
use super::ui::table;
use crate::protocol::{ClientMessage, ConversationId, EntryId, Hop, RecipientData, encode};
use crate::text::system_error::without_numbers;
use crate::transport::Channel;

/// The messages of which a line tells.
type Subject = Vec<(ConversationId, EntryId)>;

#[derive(Debug)]
enum Shown {
    Line(Line),
    /// A line that tells of these messages: the first one if the last line told of the same, else the second.
    About(Subject, Box<(Line, Line)>),
    /// The question of this number was answered, and the answer carried out. What was said is not sent unless it is queued now.
    Answered(u64),
    /// How far what the user said in answer to the question of this number has come.
    Mark(u64, Progress),
    /// What a program is told.
    Report(Report),
    /// What was said, for a program that reads.
    Told(String),
}

/// Who is told what becomes of what is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Listener {
    /// Somebody at a terminal, or who reads what a script has shown.
    #[default]
    User,
    /// A program: what it says has no lines that could be named to a user.
    Program,
    /// A bot, which is answered each of its requests; what is answered is no failure of the run.
    Bot,
}

/// A message for the server.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) channel: Channel,
    /// Nobody waits for it, so that it can ride with another.
    pub(super) may_wait: bool,
    pub(super) bytes: Vec<u8>,
}

#[derive(Debug, Default)]
pub(super) struct Effects {
    messages: Vec<Outgoing>,
    /// Where the server says that others can take its place, since this was last asked.
    others: Option<Vec<SocketAddr>>,
    shown: Vec<Shown>,
    /// Of which messages a line told, and its number on the console.
    told: Option<(Subject, u64)>,
    own: OwnLine,
    /// The line of a script that is being carried out, counted from 1.
    pub(super) script_line: Option<u64>,
    ring: Option<Ring>,
    /// Texts that the user has typed, and that are to be left nowhere.
    deleted: Vec<String>,
    /// The kinds of all failures.
    faults: BTreeSet<Fault>,
    /// Who is told what becomes of what is said.
    listener: Listener,
}

impl Effects {
    pub(super) fn new(listener: Listener) -> Self {
        Self {
            listener,
            ..Self::default()
        }
    }

    /// Tells a program what has become of what it said.
    pub(super) fn report(&mut self, report: Report) {
        if self.listener != Listener::User {
            self.shown.push(Shown::Report(report));
        }
    }

    /// Tells a program that reads what was said.
    pub(super) fn tell(&mut self, text: String) {
        self.shown.push(Shown::Told(text));
    }

    pub(super) fn send(&mut self, channel: Channel, message: &ClientMessage) {
        self.messages.push(Outgoing {
            channel,
            may_wait: message.body.may_wait(),
            bytes: encode(message, Hop::default()),
        });
    }

    pub(super) fn send_bytes(&mut self, channel: Channel, bytes: Vec<u8>) {
        self.messages.push(Outgoing {
            channel,
            may_wait: false,
            bytes,
        });
    }

    /// Shows a line. Whatever it quotes is made harmless here.
    pub(super) fn show(&mut self, tone: Tone, text: impl AsRef<str>) {
        let text = text.as_ref();
        self.show_line(match tone {
            Tone::Error => Line::of(tone, without_numbers(text)),
            _ => Line::of(tone, text),
        });
    }

    pub(super) fn show_line(&mut self, line: Line) {
        self.shown.push(Shown::Line(line));
    }

    /// Shows a line about these messages. Where the last line told of them, too, it becomes `instead`.
    pub(super) fn show_about(&mut self, subject: Subject, instead: Line, line: Line) {
        let lines = Box::new((instead, line));
        self.shown.push(Shown::About(subject, lines));
    }

    /// What the user typed in answer to the question of this number is being carried out.
    pub(super) fn answer(&mut self, number: u64) {
        self.own.answer(number);
        self.shown.push(Shown::Answered(number));
    }

    /// What the user said waits in the outbox under this number.
    pub(super) const fn own_queued(&mut self, sequence: u64) {
        self.own.queued(sequence);
    }

    pub(super) fn own_stored(&mut self, sequence: u64, at: (ConversationId, EntryId)) {
        let mark = self.own.stored(sequence, at);
        self.mark(mark);
    }

    pub(super) fn own_received(&mut self, conversation: ConversationId, entry: EntryId) {
        let mark = self.own.received(conversation, entry);
        self.mark(mark);
    }

    pub(super) fn own_failed(&mut self, sequence: u64) {
        let mark = self.own.failed(sequence);
        self.mark(mark);
    }

    fn mark(&mut self, mark: Option<(u64, Progress)>) {
        let mark = mark.map(|(own, progress)| Shown::Mark(own, progress));
        self.shown.extend(mark);
    }

    /// Shows why something that was asked for was not reached.
    pub(super) fn fail(&mut self, fault: Fault, text: impl AsRef<str>) {
        self.fail_at(self.script_line, fault, text);
    }

    /// The same for what this line of a script asked for.
    pub(super) fn fail_at(&mut self, line: Option<u64>, fault: Fault, text: impl AsRef<str>) {
        self.fail_with(line, fault, text, fault == Fault::Unconfirmed);
    }

    /// The same; `is_kept` says whether it may still be reached without being asked for again.
    fn fail_with(&mut self, line: Option<u64>, fault: Fault, text: impl AsRef<str>, is_kept: bool) {
        let is_answered = self.listener == Listener::Bot && line.is_some();
        if !is_answered || fault == Fault::Unconfirmed {
            self.count(fault);
        }
        let text = text.as_ref();
        match line {
            Some(_) if self.listener != Listener::User => {
                self.report_failure(line, fault, text, is_kept);
            }
            Some(line) => self.show(Tone::Error, format!("line {line}: {text}")),
            None => self.show(Tone::Error, text),
        }
    }

    fn report_failure(&mut self, said: Option<u64>, fault: Fault, text: &str, is_kept: bool) {
        self.report(Report::Failed {
            said,
            fault,
            why: without_numbers(text).into_owned(),
            is_kept,
        });
    }

    /// A message was refused, which this line of a script typed; without one it was typed in an earlier run, and is no
    /// failure of this one, or at a terminal, where nothing is counted.
    pub(super) fn refuse(&mut self, line: Option<u64>, fault: Fault, text: &str) {
        match line {
            Some(_) => self.fail_with(line, fault, text, false),
            None if self.listener == Listener::Bot => {
                self.report_failure(None, fault, text, false);
            }
            None => self.show(Tone::Error, text),
        }
    }

    /// Counts a failure that is shown otherwise.
    pub(super) fn count(&mut self, fault: Fault) {
        self.faults.insert(fault);
    }

    /// Counts failures of this kind no longer: what follows from the same is counted otherwise.
    pub(super) fn uncount(&mut self, fault: Fault) {
        self.faults.remove(&fault);
    }

    /// The worst of all failures.
    pub(super) fn worst(&self) -> Option<Fault> {
        self.faults.last().copied()
    }

    pub(super) fn show_table(&mut self, tone: Tone, rows: &[Vec<String>]) {
        self.show_laid_out(tone, table::lines(rows));
    }

    /// Shows lines that are harmless already, with the blanks in them.
    pub(super) fn show_laid_out(&mut self, tone: Tone, lines: Vec<String>) {
        for text in lines {
            self.show_line(Line {
                text,
                ..Line::of(tone, "")
            });
        }
    }

    /// Rings once the lines of this batch are shown.
    pub(super) fn ring(&mut self, ring: Ring) {
        self.ring = Some(ring);
    }

    /// Has a text be forgotten where typed lines are kept.
    pub(super) fn forget_typed(&mut self, text: String) {
        self.deleted.push(text);
    }

    pub(super) fn take_deleted(&mut self) -> Vec<String> {
        std::mem::take(&mut self.deleted)
    }

    pub(super) fn take_messages(&mut self) -> Vec<Outgoing> {
        std::mem::take(&mut self.messages)
    }

    /// The server has said where others are that can take its place.
    pub(super) fn learn_others(&mut self, others: Option<&[RecipientData]>) {
        let others = others.into_iter().flatten().copied();
        self.others = Some(others.map(SocketAddr::from).collect());
    }

    pub(super) fn take_others(&mut self) -> Option<Vec<SocketAddr>> {
        self.others.take()
    }

    pub(super) fn drop_messages(&mut self) {
        self.messages.clear();
    }

    pub(super) fn flush_lines(&mut self, console: &mut dyn Console) {
        for shown in self.shown.drain(..) {
            match shown {
                Shown::Line(line) => console.show(line),
                Shown::About(subject, lines) => {
                    let (instead, line) = *lines;
                    match &self.told {
                        Some((told, number)) if *told == subject => {
                            console.show_instead(*number, instead, line);
                        }
                        _ => console.show(line),
                    }
                    self.told = Some((subject, console.given()));
                }
                Shown::Answered(number) if self.own.has_said(number) => {}
                Shown::Answered(number) => console.mark(number, Progress::Failed),
                Shown::Mark(own, progress) => console.mark(own, progress),
                Shown::Report(report) => console.report(report),
                Shown::Told(text) => console.tell(text),
            }
        }
        if let Some(ring) = self.ring.take() {
            console.ring(&ring);
        }
    }

    #[cfg(test)]
    pub(super) fn has_lines(&self) -> bool {
        !self.shown.is_empty()
    }
}
