//! Messages that are files: each waits until its file is at the server, and only then takes its place among the others.

use crate::client::account::ctx::Ctx;
use crate::client::account::sender::outbox::Outbox;
use crate::client::account::sender::{amend, check_target, check_text};
use crate::client::env::Fault;
use crate::client::storage::records::{OutboxEntry, Referred};
use crate::protocol::{ErrorCode, Failure, FileRoot};

/// How many files may wait to be brought to the server. Each has a copy on this device. Chosen: a folder of photographs. At the
/// limit a further one is refused by name.
pub(crate) const FILES_WAITING_MAX: usize = 64;

/// How often a file is brought again that the server has no longer when the entry comes that names it. Chosen: it may expire once
/// while the user is away; a server that loses it over and over does not keep files. At the limit the message is refused.
const MISSED_MAX: u32 = 4;

/// A file is at the server: each message that is it can take its place.
pub(crate) fn file_is_there(ctx: &mut Ctx<'_>, outbox: &mut Outbox, (root, size): (FileRoot, u64)) {
    let meant = outbox.uploads();
    let meant = meant.filter(|(_, _, file)| (file.root, file.size) == (root, size));
    let meant: Vec<u64> = meant.map(|(sequence, ..)| sequence).collect();
    for sequence in meant {
        let note = |unsent: &mut OutboxEntry| {
            if let Some(file) = &mut unsent.file {
                file.is_there = true;
            }
        };
        if let Some(unsent) = outbox.change(sequence, note) {
            ctx.state.put_unsent(sequence, unsent);
        }
    }
}

/// A file will not be sent, for this reason.
pub(crate) fn drop_file(
    ctx: &mut Ctx<'_>,
    outbox: &mut Outbox,
    sequence: u64,
    (fault, why): (Fault, &str),
) {
    let line = outbox.line(sequence);
    ctx.state.remove_unsent(sequence);
    if let Some(unsent) = outbox.remove(sequence) {
        ctx.effects.refuse(line, fault, &unsent.not_sent(why));
    }
    amend::drop_waiting_for(ctx, outbox, sequence);
}

/// The server has a file no longer, or not yet, that an entry names: it is brought again, and said under another number. Returns
/// whether that is so.
pub(super) fn upload_again(
    ctx: &mut Ctx<'_>,
    outbox: &mut Outbox,
    sequence: u64,
    failure: &Failure,
) -> bool {
    let unsent = outbox.get(sequence);
    let file = unsent.filter(|unsent| !unsent.refused);
    let file = file.and_then(|unsent| unsent.file.as_ref());
    let can_again = file.is_some_and(|file| file.missed < MISSED_MAX);
    if failure.code != ErrorCode::NoSuchFile || !can_again {
        return false;
    }
    let about = outbox.waiting_for(sequence);
    let again = outbox.begin_again(sequence, |unsent| {
        if let Some(file) = &mut unsent.file {
            file.is_there = false;
            file.missed += 1;
        }
    });
    let Some(again) = again else {
        return false;
    };
    for waiting in about {
        let placed = |unsent: &mut OutboxEntry| {
            unsent.refers_to = Some(Referred::Waiting(again));
        };
        outbox.change(waiting, placed);
        keep(ctx, outbox, waiting);
    }
    keep(ctx, outbox, sequence);
    keep(ctx, outbox, again);
    true
}

/// Makes what waits under a number durable as it is now.
fn keep(ctx: &mut Ctx<'_>, outbox: &Outbox, sequence: u64) {
    if let Some(unsent) = outbox.get(sequence) {
        ctx.state.put_unsent(sequence, unsent);
    }
}

/// Whether a file can be sent there with this text, which may be empty, as far as this device knows; else why not. So many are being
/// copied, and then wait, too.
pub(crate) fn check_file(
    ctx: &Ctx<'_>,
    (outbox, copying): (&Outbox, usize),
    (target, text): (&str, &str),
) -> Result<(), (Fault, String)> {
    if outbox.files().count() + copying >= FILES_WAITING_MAX {
        let text = format!("{FILES_WAITING_MAX} files wait already; this one was not queued");
        return Err((Fault::Failed, text));
    }
    if ctx.session.server.file_max == Some(0) {
        return Err((Fault::Failed, "this server takes no files".into()));
    }
    if text.is_empty() {
        check_target(ctx, target)
    } else {
        check_text(ctx, target, text)
    }
}
