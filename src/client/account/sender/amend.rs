//! Messages that change or answer others, while they wait: what happens to them if that other one changes its place.

use crate::client::account::ctx::Ctx;
use crate::client::account::sender::outbox::Outbox;
use crate::client::env::Fault;
use crate::client::name::canonical_target;
use crate::client::storage::records::{OutboxEntry, Referred};
use crate::protocol::{ConversationId, DeviceSeq, EntryId, EntryKind};

/// Changes the text of a message that has no number yet. Returns whether it had none.
pub(crate) fn edit(ctx: &mut Ctx<'_>, outbox: &mut Outbox, sequence: u64, text: &str) -> bool {
    let edit = |unsent: &mut OutboxEntry| text.clone_into(&mut unsent.text);
    let edited = outbox.change(sequence, edit);
    if let Some(unsent) = edited {
        ctx.state.put_unsent(sequence, unsent);
    }
    edited.is_some()
}

/// Takes back a message that has no number yet, with what is about it.
pub(crate) fn take_back(
    ctx: &mut Ctx<'_>,
    outbox: &mut Outbox,
    sequence: u64,
) -> Option<OutboxEntry> {
    let is_unnumbered = |unsent: &&OutboxEntry| unsent.numbered.is_none();
    outbox.get(sequence).filter(is_unnumbered)?;
    for waiting in outbox.waiting_for(sequence) {
        outbox.remove(waiting);
        ctx.state.remove_unsent(waiting);
    }
    ctx.state.remove_unsent(sequence);
    outbox.remove(sequence)
}

/// A message is this entry now: what is about it can be sent.
pub(super) fn place(ctx: &mut Ctx<'_>, outbox: &mut Outbox, sequence: u64, entry: EntryId) {
    for waiting in outbox.waiting_for(sequence) {
        let placed = |unsent: &mut OutboxEntry| unsent.refers_to = Some(Referred::Entry(entry));
        if let Some(unsent) = outbox.change(waiting, placed) {
            ctx.state.put_unsent(waiting, unsent);
        }
    }
}

/// A message will not be stored: neither is what was to change it.
pub(super) fn drop_waiting_for(ctx: &mut Ctx<'_>, outbox: &mut Outbox, sequence: u64) {
    for waiting in outbox.waiting_for(sequence) {
        let line = outbox.line(waiting);
        ctx.state.remove_unsent(waiting);
        if let Some(unsent) = outbox.remove(waiting)
            && unsent.kind != EntryKind::Delete
        {
            let text = unsent.not_sent("the message that it is about was not stored");
            ctx.effects.refuse(line, Fault::Failed, &text);
        }
    }
}

/// Gives up what is about an entry that another one may have taken the place of.
pub(super) fn drop_misplaced(ctx: &mut Ctx<'_>, outbox: &mut Outbox, sequence: u64) {
    let line = outbox.line(sequence);
    ctx.state.remove_unsent(sequence);
    if let Some(unsent) = outbox.remove(sequence) {
        show_misplaced(ctx, &unsent, line);
    }
}

/// The server's database was put back, and this device and the server have a log in common up to this entry only: what
/// waits and is about a later one must not hit another. `last_number` is the last one that the server has of this
/// device there.
pub(crate) fn drop_about_lost(
    ctx: &mut Ctx<'_>,
    outbox: &mut Outbox,
    (id, name): (ConversationId, &str),
    common: EntryId,
    last_number: DeviceSeq,
) {
    for sequence in outbox.sequences() {
        let Some(unsent) = outbox.get(sequence) else {
            continue;
        };
        let is_lost = matches!(unsent.refers_to, Some(Referred::Entry(entry)) if entry > common);
        if !is_lost || unsent.refused {
            continue;
        }
        match &unsent.numbered {
            None if canonical_target(&unsent.target) == name => {
                drop_misplaced(ctx, outbox, sequence);
            }
            Some(numbered) if numbered.conversation == id && numbered.number > last_number => {
                let line = outbox.line(sequence);
                show_misplaced(ctx, &unsent.clone(), line);
                // Its number is used up, so that none is missing.
                if let Some(unsent) = outbox.refuse(sequence) {
                    ctx.state.put_unsent(sequence, unsent);
                }
            }
            _ => {}
        }
    }
}

fn show_misplaced(ctx: &mut Ctx<'_>, unsent: &OutboxEntry, line: Option<u64>) {
    let why = format!(
        "the server's database was restored, and the message in {} that it is about may be another one",
        unsent.target
    );
    ctx.effects
        .refuse(line, Fault::Failed, &unsent.not_sent(&why));
}
