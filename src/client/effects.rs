//! The messages and lines of a batch, collected until everything they follow from is durable.
//!
//! The logic never touches the endpoint or the console, so that it can be tested without either.

use super::env::{Console, Tone};
use super::ui::table;
use crate::protocol::{ClientMessage, Hop, encode};
use crate::text::printable;
use crate::transport::Channel;

#[derive(Debug, Default)]
pub(super) struct Effects {
    messages: Vec<(Channel, Vec<u8>)>,
    lines: Vec<(Tone, String)>,
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
        let text = printable::line(text.as_ref()).into_owned();
        self.lines.push((tone, text));
    }

    pub(super) fn show_table(&mut self, tone: Tone, rows: &[Vec<String>]) {
        let lines = table::lines(rows).into_iter();
        self.lines.extend(lines.map(|line| (tone, line)));
    }

    pub(super) fn take_messages(&mut self) -> Vec<(Channel, Vec<u8>)> {
        std::mem::take(&mut self.messages)
    }

    pub(super) fn drop_messages(&mut self) {
        self.messages.clear();
    }

    pub(super) fn flush_lines(&mut self, console: &mut dyn Console) {
        for (tone, text) in self.lines.drain(..) {
            console.show(tone, &text);
        }
    }

    #[cfg(test)]
    pub(super) fn has_lines(&self) -> bool {
        !self.lines.is_empty()
    }
}
