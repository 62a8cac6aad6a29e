//! What the user says: text that goes to a conversation.

use std::path::Path;

use super::Core;
use crate::client::account::files::{self, File};
use crate::client::env::{Fault, Tone};
use crate::client::script::{Missed, Script};
use crate::client::storage::records::OutboxEntry;
use crate::client::transfers::{CopiedFile, TransferId};
use crate::client::ui::render;
use crate::transport::Now;

impl Core {
    pub(in crate::client) fn send_text(&mut self, now: Now, target: &str, text: &str) {
        self.send_keyed(now, (target, text), None);
    }

    /// Sends a text; with an idempotency key only if the account has said nothing under that.
    pub(in crate::client) fn send_keyed(
        &mut self,
        now: Now,
        (target, text): (&str, &str),
        key: Option<String>,
    ) {
        let unsent = OutboxEntry {
            key,
            ..OutboxEntry::new(target.to_owned(), text.to_owned())
        };
        self.with_signed_in(now, |parts, ctx| {
            parts.sender.send_text(ctx, &parts.blocked, unsent);
        });
    }

    /// Sends a file with a text, which may be empty.
    pub(super) fn send_file(
        &mut self,
        now: Now,
        (target, text): (&str, &str),
        path: &Path,
        key: Option<String>,
    ) {
        self.with_files(now, |disk, parts, ctx| {
            let others = (&mut parts.files, &parts.sender);
            let file = File {
                target,
                path,
                text,
                key,
                answers: None,
            };
            files::send(ctx, others, disk.transfers(), file);
        });
    }

    /// A user's file was copied, or not.
    pub(super) fn handle_copied(
        &mut self,
        now: Now,
        id: TransferId,
        file: Result<Box<CopiedFile>, String>,
    ) {
        let is_copy = file.is_ok();
        let mut is_awaited = false;
        self.with_signed_in(now, |parts, ctx| {
            let others = (&mut parts.sender, &parts.blocked);
            let files = &mut parts.files;
            is_awaited = files.handle_copied(ctx, others, (id, file));
        });
        // Whoever wanted it has signed out.
        if is_copy
            && !is_awaited
            && let Some(disk) = self.env.files.transfers()
            && let Err(error) = disk.remove_copy(id)
        {
            let text = format!("the copy of a file is left behind: {error}");
            self.show(Tone::Error, &text);
        }
    }

    /// Says of which files no copy has been made, at the end.
    pub(super) fn fail_copying(&mut self) {
        if let Some(signed_in) = &mut self.signed_in {
            signed_in.parts.files.fail_copying(&mut self.env.effects);
        }
    }

    /// Takes a line for a text if it can be none other: with a focus when the prompt was shown, to which it goes if that
    /// still has it, or in a script that meant to have one.
    pub(in crate::client) fn takes_text(
        &mut self,
        now: Now,
        focus: Option<&str>,
        text: &str,
    ) -> bool {
        let missed = self.script.as_ref().and_then(Script::missed);
        match (focus, missed) {
            _ if text.is_empty() => {}
            (Some(focus), _) => self.send_text_in(now, focus, text),
            (None, Some(Missed { fault, why })) => {
                self.fail(fault, &format!("not sent: {why}: {}", render::quote(text)));
            }
            (None, None) => return false,
        }
        true
    }

    fn send_text_in(&mut self, now: Now, focus: &str, text: &str) {
        if let Some(script) = &mut self.script {
            script.speaks_in_focus();
        }
        let has_focus = self
            .shared()
            .is_some_and(|shared| shared.focus.is_on(focus));
        if has_focus {
            self.send_text(now, focus, text);
        } else {
            // Whole: it is nowhere else any longer.
            let quoted = render::quote_upto(text, usize::MAX);
            let why = match self.user() {
                Some(_) => format!("you are no longer in {focus}"),
                None => "nobody is signed in; `/login` first".to_owned(),
            };
            self.fail(Fault::NoRecipient, &format!("not sent: {why}: {quoted}"));
        }
    }
}
