//! The commands for files, which stand with those for writing, for people, and of the session.

use super::mending::named;
use crate::client::account::files::{self, Save};
use crate::client::commands::arguments::{Argument, IN, LINE};
use crate::client::commands::row::{ChatCommand, Needs, ROW};
use crate::client::script::Awaited;

/// To send one.
pub(super) const FILE: ChatCommand = ChatCommand {
    name: "file",
    arguments: &[
        Argument::option("--reply", "#N"),
        Argument::text("[USER|#ROOM|everyone] FILE [TEXT]"),
    ],
    summary: "send a file to a user or to a room",
    help: "In a conversation it goes there, unless another one is named. A name with blanks takes quotation marks or backslashes, as in a shell. With `--reply #N` it answers that message. The file is \
           copied at once: what becomes of it then does not matter. What you type after it goes ahead of it: it takes its place \
           among the messages once all of it is at the server. A lost connection, or the end of the program, only \
           interrupts that. `/files` shows how far it is, and `/cancel` gives it up.",
    needs: Needs::Files,
    awaits: Awaited::Nothing,
    run: |core, call| {
        core.with_files(call.now, |disk, parts, ctx| {
            let others = (&mut parts.files, &parts.sender, &mut parts.recent);
            let typed = (call.optional(0), call.required(1));
            files::send_typed(ctx, others, disk.transfers(), typed);
        });
    },
    ..ROW
};

/// To save one.
pub(super) const SAVE: ChatCommand = ChatCommand {
    name: "save",
    arguments: &[IN, LINE, Argument::text("AS").optional()],
    summary: "save a file that somebody has sent",
    help: "Without #N it is the last one of the conversation. It goes to the folder for downloads under the name that its \
           author gave it, or to AS: another name there, or a path or folder with a slash; `~/` is your home. Nothing is \
           overwritten or opened: a second chart.pdf becomes `chart (2).pdf`. Each part is checked as it comes, and what was interrupted goes on where it was.",
    needs: Needs::Files,
    awaits: Awaited::Stored,
    run: |core, call| {
        core.with_files(call.now, |disk, parts, ctx| {
            let others = (&mut parts.files, &parts.sender, &mut parts.recent);
            let save = Save {
                named: named(call),
                save_as: call.optional(2),
            };
            files::save(ctx, others, disk.transfers(), &save);
        });
    },
    ..ROW
};

/// What is on its way.
pub(super) const FILES: ChatCommand = ChatCommand {
    name: "files",
    arguments: &[],
    summary: "show the files that are on their way",
    help: "A number with a + is one that is being sent, one with a # one that is being saved.",
    awaits: Awaited::Nothing,
    run: |core, call| {
        core.with_signed_in(call.now, |parts, ctx| {
            files::list(ctx, &parts.files, &parts.sender);
        });
    },
    ..ROW
};

/// To give one up.
pub(super) const CANCEL: ChatCommand = ChatCommand {
    name: "cancel",
    arguments: &[IN, LINE],
    summary: "give up a file that is on its way",
    help: "`/files` shows the numbers; without one it is the only one. A number with a # needs a conversation: the one that \
           you are in, or `--in`.",
    awaits: Awaited::Nothing,
    run: |core, call| {
        core.with_signed_in(call.now, |parts, ctx| {
            let others = (&mut parts.files, &mut parts.sender, &mut parts.recent);
            files::cancel(ctx, others, named(call));
        });
    },
    ..ROW
};
