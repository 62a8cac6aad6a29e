//! What a program says, and the files that are sent.

use std::path::Path;

use super::Core;
use crate::client::account::files::{self, File};
use crate::client::env::Tone;
use crate::client::storage::records::OutboxEntry;
use crate::client::transfers::{CopiedFile, TransferId};
use crate::transport::Now;

impl Core {
    /// Sends a text; with an idempotency key only if the account has said nothing under that.
    pub(super) fn send_keyed(
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
}
