//! The messages and lines of a batch, collected until everything they follow from is durable.
//!
//! The logic never touches the endpoint or the console, so that it can be tested without either.

use std::collections::BTreeSet;

use super::env::{Console, Fault, Ring, Tone};
use super::line::Line;
use super::ui::table;
use crate::protocol::{ClientMessage, Hop, encode};
use crate::transport::Channel;

#[derive(Debug, Default)]
pub(super) struct Effects {
    messages: Vec<(Channel, Vec<u8>)>,
    lines: Vec<Line>,
    /// The line of a script that is being carried out, counted from 1.
    pub(super) script_line: Option<u64>,
    ring: Option<Ring>,
    /// Texts that the user has typed, and that are to be left nowhere.
    deleted: Vec<String>,
    /// The kinds of all failures.
    faults: BTreeSet<Fault>,
}

impl Effects {
    pub(super) fn send(&mut self, channel: Channel, message: &ClientMessage) {
        self.send_bytes(channel, encode(message, Hop::default()));
    }

    pub(super) fn send_bytes(&mut self, channel: Channel, bytes: Vec<u8>) {
        self.messages.push((channel, bytes));
    }

    /// Shows a line. Whatever it quotes is made harmless here.
    pub(super) fn show(&mut self, tone: Tone, text: impl AsRef<str>) {
        self.show_line(Line::of(tone, text));
    }

    pub(super) fn show_line(&mut self, line: Line) {
        self.lines.push(line);
    }

    /// Shows why something that was asked for was not reached.
    pub(super) fn fail(&mut self, fault: Fault, text: impl AsRef<str>) {
        self.fail_at(self.script_line, fault, text);
    }

    /// The same for what this line of a script asked for.
    pub(super) fn fail_at(&mut self, line: Option<u64>, fault: Fault, text: impl AsRef<str>) {
        self.count(fault);
        let text = text.as_ref();
        match line {
            Some(line) => self.show(Tone::Error, format!("line {line}: {text}")),
            None => self.show(Tone::Error, text),
        }
    }

    /// A message was refused, which this line of a script typed; without one it was typed in an earlier run, and is no
    /// failure of this one, or at a terminal, where nothing is counted.
    pub(super) fn refuse(&mut self, line: Option<u64>, fault: Fault, text: &str) {
        match line {
            Some(_) => self.fail_at(line, fault, text),
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

    pub(super) fn take_messages(&mut self) -> Vec<(Channel, Vec<u8>)> {
        std::mem::take(&mut self.messages)
    }

    pub(super) fn drop_messages(&mut self) {
        self.messages.clear();
    }

    pub(super) fn flush_lines(&mut self, console: &mut dyn Console) {
        for line in self.lines.drain(..) {
            console.show(line);
        }
        if let Some(ring) = self.ring.take() {
            console.ring(&ring);
        }
    }

    #[cfg(test)]
    pub(super) fn has_lines(&self) -> bool {
        !self.lines.is_empty()
    }
}
