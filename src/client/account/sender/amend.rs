//! Messages that change or answer others, while they wait: what happens to them if that other one changes its place.

use crate::client::account::blocked::BlockedUsers;
use crate::client::account::ctx::Ctx;
use crate::client::account::sender::{Sender, check_text};
use crate::client::env::Fault;
use crate::client::name::canonical_target;
use crate::client::storage::records::{OutboxEntry, Referred};
use crate::protocol::{ConversationId, DeviceSeq, EntryId, EntryKind};

impl Sender {
    /// Has a message wait that changes or answers another one.
    pub(crate) fn queue_about(
        &mut self,
        ctx: &mut Ctx<'_>,
        blocked: &BlockedUsers,
        (target, referred): (&str, Referred),
        (kind, text): (EntryKind, &str),
        is_linked: bool,
    ) {
        let unsent = OutboxEntry {
            kind,
            refers_to: Some(referred),
            ..OutboxEntry::new(target.to_owned(), text.to_owned())
        };
        self.queue(ctx, blocked, unsent, is_linked);
    }

    /// Tells the members of a conversation, the named one or else that with the focus, what the user does.
    pub(crate) fn send_action(
        &mut self,
        ctx: &mut Ctx<'_>,
        blocked: &BlockedUsers,
        named: Option<&str>,
        text: &str,
        is_linked: bool,
    ) {
        let named = named.map(str::to_owned);
        let Some(target) = named.or_else(|| ctx.focus.current.clone()) else {
            let text = "in which conversation? `/enter NAME` goes to one, `--in NAME` names it";
            return ctx.fail(Fault::Usage, text);
        };
        if let Err((fault, text)) = check_text(ctx, &target, text) {
            return ctx.fail(fault, text);
        }
        let unsent = OutboxEntry {
            kind: EntryKind::Action,
            ..OutboxEntry::new(target, text.to_owned())
        };
        self.queue(ctx, blocked, unsent, is_linked);
    }

    /// A message that waits under this number.
    pub(crate) fn waiting_at(&self, sequence: u64) -> Option<&OutboxEntry> {
        let unsent = self.outbox.get(sequence)?;
        (unsent.kind.is_said() && !unsent.refused).then_some(unsent)
    }

    /// What is said and waits, for a conversation of this canonical name or for all, in the order typed.
    pub(crate) fn said_waiting(
        &self,
        name: Option<&str>,
    ) -> impl DoubleEndedIterator<Item = (u64, &OutboxEntry)> {
        let all = self.outbox.sequences().into_iter();
        let said = all.filter_map(|sequence| Some((sequence, self.waiting_at(sequence)?)));
        said.filter(move |(_, unsent)| {
            name.is_none_or(|name| canonical_target(&unsent.target) == name)
        })
    }

    /// The last of these that is not to be deleted.
    pub(crate) fn last_waiting(&self, name: Option<&str>) -> Option<(u64, &OutboxEntry)> {
        let is_kept = |(sequence, _): &(u64, &OutboxEntry)| {
            let changes = self.outbox.waiting_for(*sequence).into_iter();
            let mut changes = changes.filter_map(|waiting| self.outbox.get(waiting));
            !changes.any(|unsent| unsent.kind == EntryKind::Delete)
        };
        self.said_waiting(name).rev().find(is_kept)
    }

    /// What waits about the messages of a conversation, each with the one that it is about, in the order typed.
    pub(crate) fn changes_waiting(&self, name: &str) -> Vec<(Referred, String)> {
        let all = self.outbox.sequences().into_iter();
        let all = all.filter_map(|sequence| self.outbox.get(sequence));
        let there =
            all.filter(|unsent| !unsent.refused && canonical_target(&unsent.target) == name);
        there
            .filter_map(|unsent| Some((unsent.refers_to?, unsent.queued_note()?)))
            .collect()
    }

    /// A reaction that waits and puts this sign to this entry of a conversation.
    pub(crate) fn waiting_reaction(
        &self,
        (name, target): (&str, Referred),
        sign: &str,
    ) -> Option<u64> {
        let is_it = |unsent: &OutboxEntry| {
            let is_there = unsent.target == name && unsent.refers_to == Some(target);
            let is_same = is_there && unsent.text == sign;
            unsent.kind == EntryKind::React && is_same && !unsent.refused
        };
        let mut all = self.outbox.sequences().into_iter();
        all.find(|sequence| self.outbox.get(*sequence).is_some_and(is_it))
    }

    /// Changes the text of a message that has no number yet. Returns whether it had none.
    pub(crate) fn edit_waiting(&mut self, ctx: &mut Ctx<'_>, sequence: u64, text: &str) -> bool {
        let edit = |unsent: &mut OutboxEntry| text.clone_into(&mut unsent.text);
        let edited = self.outbox.change(sequence, edit);
        if let Some(unsent) = edited {
            ctx.state.put_unsent(sequence, unsent);
        }
        edited.is_some()
    }

    /// Takes back a message that has no number yet, with what is about it.
    pub(crate) fn take_back(&mut self, ctx: &mut Ctx<'_>, sequence: u64) -> Option<OutboxEntry> {
        let is_unnumbered = |unsent: &&OutboxEntry| unsent.numbered.is_none();
        self.outbox.get(sequence).filter(is_unnumbered)?;
        for waiting in self.outbox.waiting_for(sequence) {
            self.outbox.remove(waiting);
            ctx.state.remove_unsent(waiting);
        }
        ctx.state.remove_unsent(sequence);
        self.outbox.remove(sequence)
    }

    /// A message will not be stored: neither is what was to change it.
    pub(super) fn drop_waiting_for(&mut self, ctx: &mut Ctx<'_>, sequence: u64) {
        for waiting in self.outbox.waiting_for(sequence) {
            let line = self.outbox.line(waiting);
            ctx.state.remove_unsent(waiting);
            if let Some(unsent) = self.outbox.remove(waiting)
                && unsent.kind != EntryKind::Delete
            {
                let text = unsent.not_sent("the message that it is about was not stored");
                ctx.effects.refuse(line, Fault::Failed, &text);
            }
        }
    }

    /// Gives up what is about an entry that another one may have taken the place of.
    pub(super) fn drop_misplaced(&mut self, ctx: &mut Ctx<'_>, sequence: u64) {
        let line = self.outbox.line(sequence);
        ctx.state.remove_unsent(sequence);
        if let Some(unsent) = self.outbox.remove(sequence) {
            show_misplaced(ctx, &unsent, line);
        }
    }

    /// The server's database was put back, and this device and the server have a log in common up to this entry only: what
    /// waits and is about a later one must not hit another. `last_number` is the last one that the server has of this
    /// device there.
    pub(crate) fn drop_about_lost(
        &mut self,
        ctx: &mut Ctx<'_>,
        (id, name): (ConversationId, &str),
        common: EntryId,
        last_number: DeviceSeq,
    ) {
        for sequence in self.outbox.sequences() {
            let Some(unsent) = self.outbox.get(sequence) else {
                continue;
            };
            let is_lost =
                matches!(unsent.refers_to, Some(Referred::Entry(entry)) if entry > common);
            if !is_lost || unsent.refused {
                continue;
            }
            match &unsent.numbered {
                None if canonical_target(&unsent.target) == name => {
                    self.drop_misplaced(ctx, sequence);
                }
                Some(numbered) if numbered.conversation == id && numbered.number > last_number => {
                    let line = self.outbox.line(sequence);
                    show_misplaced(ctx, &unsent.clone(), line);
                    // Its number is used up, so that none is missing.
                    if let Some(unsent) = self.outbox.refuse(sequence) {
                        ctx.state.put_unsent(sequence, unsent);
                    }
                }
                _ => {}
            }
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
