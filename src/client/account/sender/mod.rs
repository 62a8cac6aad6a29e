//! Sends messages, from the prompt until the server reports them as stored or refused.
//!
//! A line is durable in the outbox before it is called queued; its number, content and digest are durable before it is
//! sent; `Stored` moves it from the outbox to the history in one commit. A line that is refused for good uses its number
//! up by a VOID.

pub(crate) mod amend;
pub(crate) mod files;
pub(crate) mod keys;
mod numbering;
pub(crate) mod outbox;
pub(super) mod refused;
mod stored;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;

use crate::client::account::blocked::BlockedUsers;
use crate::client::account::ctx::Ctx;
use crate::client::account::reading;
use crate::client::account::rooms::joining;
use crate::client::account::sender::numbering::Numbering;
use crate::client::account::sender::outbox::{Outbox, Typed};
use crate::client::effects::Effects;
use crate::client::env::Fault;
use crate::client::name::{canonical, canonical_target, is_room};
use crate::client::program::Report;
use crate::client::storage::State;
use crate::client::storage::records::{OutboxEntry, Referred};
use crate::client::ui::render;
use crate::protocol::{
    ConversationId, DeviceSeq, Digest, EVERYONE_NAME, EntryId, EntryKind, Envelope, Hop, Message,
    Void,
};
use crate::text::printable;
use crate::transport::Channel;

/// How often in one session the server may ask for everything again. Chosen: a path that damages messages so
/// often will not carry them. At the limit they wait for the next session.
const SEND_AGAIN_MAX: u32 = 16;

/// After how long the user is told that a change or an answer waits. As [`RESPONSE_WAIT`], which holds for requests.
///
/// [`RESPONSE_WAIT`]: crate::client::script::wait_timer::RESPONSE_WAIT
const QUEUED_AFTER: Duration = Duration::from_secs(2);

/// How many of these are described in one line. At the limit they are counted.
const DESCRIBED_MAX: usize = 4;

/// Sends what waits in the outbox.
pub(crate) struct Sender {
    pub(super) outbox: Outbox,
    pub(super) numbering: Numbering,
    /// When what the server could not do is tried again.
    pub(super) retry_at: Option<Instant>,
    /// How many messages of this run are stored.
    stored: u64,
}

impl Sender {
    pub(crate) fn new(outbox: Vec<(u64, OutboxEntry)>, random: ChaCha20Rng) -> Self {
        Self {
            outbox: Outbox::load(outbox),
            numbering: Numbering::new(random),
            retry_at: None,
            stored: 0,
        }
    }

    pub(crate) const fn stored(&self) -> u64 {
        self.stored
    }

    /// What may still be stored, with its line of a script.
    pub(crate) fn unsent(&self) -> impl Iterator<Item = (Option<u64>, &OutboxEntry)> {
        let sequences = self.outbox.sequences().into_iter();
        sequences.filter_map(|sequence| {
            let unsent = self.outbox.get(sequence).filter(|unsent| !unsent.refused)?;
            Some((self.outbox.line(sequence), unsent))
        })
    }

    pub(crate) fn waiting(&self) -> usize {
        self.outbox.len()
    }

    pub(crate) fn send_text(
        &mut self,
        ctx: &mut Ctx<'_>,
        blocked: &BlockedUsers,
        unsent: OutboxEntry,
    ) {
        let (target, key) = (&unsent.target, unsent.key.as_deref());
        let usage = |text| (Fault::Usage, text);
        let checked = key.map_or(Ok(()), |key| keys::check_key(key).map_err(usage));
        if let Err((fault, text)) = checked.and_then(|()| check_text(ctx, target, &unsent.text)) {
            ctx.fail(fault, text);
            return;
        }
        self.queue(ctx, blocked, unsent);
    }

    /// Has a message wait that changes or answers another one.
    pub(crate) fn queue_about(
        &mut self,
        ctx: &mut Ctx<'_>,
        blocked: &BlockedUsers,
        (target, referred): (&str, Referred),
        (kind, text): (EntryKind, &str),
    ) {
        let unsent = OutboxEntry {
            kind,
            refers_to: Some(referred),
            ..OutboxEntry::new(target.to_owned(), text.to_owned())
        };
        self.queue(ctx, blocked, unsent);
    }

    /// Tells the members of a conversation, the named one or else that with the focus, what the user does.
    pub(crate) fn send_action(
        &mut self,
        ctx: &mut Ctx<'_>,
        blocked: &BlockedUsers,
        named: Option<&str>,
        text: &str,
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
        self.queue(ctx, blocked, unsent);
    }

    /// Has a message wait to be sent: all that the user says goes through here, whatever command it is typed to. Who says
    /// something in a conversation has read what stands there.
    fn queue(&mut self, ctx: &mut Ctx<'_>, blocked: &BlockedUsers, unsent: OutboxEntry) {
        let typed = Typed {
            at: ctx.now.instant,
            line: ctx.effects.script_line,
        };
        if let Some(sequence) = self.queue_typed(ctx, blocked, unsent, typed) {
            ctx.effects.own_queued(sequence);
        }
    }

    /// The same for what was typed at this moment. Returns the number under which it waits.
    pub(crate) fn queue_typed(
        &mut self,
        ctx: &mut Ctx<'_>,
        blocked: &BlockedUsers,
        unsent: OutboxEntry,
        typed: Typed,
    ) -> Option<u64> {
        if unsent.kind.is_said() {
            blocked.warn(ctx, &unsent.target);
        }
        if unsent.kind.is_said() || unsent.kind == EntryKind::React {
            let name = canonical_target(&unsent.target);
            if let Some(id) = ctx.conversations.by_name(&name) {
                reading::answer_in(ctx, id);
            }
        }
        let unsent = OutboxEntry {
            typed_ms: ctx.now.unix_ms,
            ..unsent
        };
        let added = match self.outbox.adopt(typed, &unsent) {
            Some(sequence) => Ok(sequence),
            None => self.outbox.add(typed, unsent, !ctx.is_linked()),
        };
        match added {
            Ok(sequence) => {
                if let Some(unsent) = self.outbox.get(sequence) {
                    ctx.state.put_unsent(sequence, unsent);
                }
                if let Some(said) = typed.line {
                    ctx.effects.report(Report::Queued { said });
                }
                if !ctx.is_linked() {
                    ctx.notice("● queued; will be sent when the server answers");
                }
                Some(sequence)
            }
            Err(full) => {
                ctx.effects
                    .fail_at(typed.line, Fault::Failed, full.to_string());
                None
            }
        }
    }

    /// Tells what has waited for the server for a while: of a change nothing is on the screen until it is stored.
    pub(crate) fn handle_timeout(&mut self, ctx: &mut Ctx<'_>) {
        let Some(until) = ctx.now.instant.checked_sub(QUEUED_AFTER) else {
            return;
        };
        let slow = self.outbox.take_untold(until);
        if slow.is_empty() || !ctx.conversations.is_attended {
            return;
        }
        let what = if slow.len() > DESCRIBED_MAX {
            format!("{} changes and answers", slow.len())
        } else {
            let all: Vec<String> = slow.into_iter().map(OutboxEntry::described).collect();
            all.join(", ")
        };
        ctx.notice(format!(
            "● queued: {what}; will be sent when the server answers"
        ));
    }

    /// When [`Sender::handle_timeout`] has something to tell.
    pub(crate) fn queued_due(&self) -> Option<Instant> {
        self.outbox.first_untold().map(|at| at + QUEUED_AFTER)
    }

    /// Looks names up, gives numbers, and sends what may be sent.
    pub(crate) fn send_pending(&mut self, ctx: &mut Ctx<'_>) {
        // Without a number it can be changed and taken back where it waits. A script says nothing while the server is away, and
        // learns that it is back by what it sends.
        let waits = ctx.session.is_silent && ctx.conversations.is_attended;
        if self.outbox.len() > 0 && !waits {
            self.number_waiting(ctx);
            self.send_numbered(ctx);
        }
    }

    /// Gives numbers to what waits in conversations that are known, and asks for the others.
    fn number_waiting(&mut self, ctx: &mut Ctx<'_>) {
        // Who gets a file is known before that is brought.
        let uploads = self.outbox.uploads();
        let uploads = uploads.map(|(_, unsent, _)| (None, unsent.target.clone()));
        let uploads: Vec<(Option<u64>, String)> = uploads.collect();
        let unnumbered = self.outbox.unnumbered().into_iter();
        let unnumbered = unnumbered.map(|(sequence, target)| (Some(sequence), target));
        for (sequence, target) in unnumbered.chain(uploads) {
            let name = canonical_target(&target);
            let id = if name == EVERYONE_NAME {
                Some(ConversationId::EVERYONE)
            } else {
                ctx.conversations.by_name(&name)
            };
            let known = id.and_then(|id| Some((id, ctx.conversations.get(id)?)));
            match known.filter(|(_, known)| known.last_number.is_some()) {
                Some((id, _)) => {
                    if let Some(sequence) = sequence {
                        self.numbering
                            .assign_seq(ctx, &mut self.outbox, sequence, id);
                    }
                }
                None if is_room(&name) && ctx.session.is_silent => {}
                None if is_room(&name) => {
                    let access = ctx.pending.take_deferred_join(&name);
                    joining::ask_to_join(ctx, name, access, false);
                }
                None => {
                    ctx.resolve(&target);
                }
            }
        }
    }

    fn send_numbered(&mut self, ctx: &mut Ctx<'_>) {
        let conversations = &ctx.conversations;
        for sequence in self.outbox.take_sendable(|id| conversations.is_open(id)) {
            let Some(unsent) = self.outbox.get(sequence) else {
                continue;
            };
            let Some(numbered) = unsent.numbered.clone() else {
                continue;
            };
            if unsent.refused {
                let void = Void {
                    conversation: numbered.conversation,
                    number: numbered.number,
                };
                ctx.effects.send(Channel::Chat, &Message::control(void));
                continue;
            }
            ctx.ask_receipts(numbered.conversation);
            let envelope = Envelope {
                hop: Hop::default(),
                content: &numbered.content,
                digest: numbered.digest,
            };
            ctx.effects.send_bytes(Channel::Chat, envelope.encode());
        }
    }

    /// Forgets what waits for those who are `meant`, since it cannot be sent. Returns what that was, with its line of a
    /// script.
    pub(super) fn take_waiting(
        &mut self,
        ctx: &mut Ctx<'_>,
        meant: impl Fn(&str) -> bool,
    ) -> Vec<(Option<u64>, OutboxEntry)> {
        let waiting = self.outbox.all_unnumbered().into_iter();
        let meant = waiting.filter(|(_, typed)| meant(typed));
        let removed = meant.filter_map(|(sequence, _)| {
            ctx.state.remove_unsent(sequence);
            ctx.effects.own_failed(sequence);
            let line = self.outbox.line(sequence);
            Some((line, self.outbox.remove(sequence)?))
        });
        removed.collect()
    }

    /// Forgets what waits for those who are `meant`, and says so.
    pub(crate) fn drop_waiting(
        &mut self,
        ctx: &mut Ctx<'_>,
        fault: Fault,
        reason: &str,
        meant: impl Fn(&str) -> bool,
    ) {
        for (line, unsent) in self.take_waiting(ctx, meant) {
            let text = unsent.not_sent(reason);
            ctx.effects.refuse(line, fault, &text);
        }
    }

    /// Whether an entry by this device's id was written with this very state: it waits in the outbox, or the server
    /// has said already where it stands. What a copy of the state wrote, or a later state than was put back here, the
    /// user has not seen.
    pub(crate) fn has_written(
        &self,
        ctx: &mut Ctx<'_>,
        (id, entry): (ConversationId, EntryId),
        number: DeviceSeq,
        digest: &Digest,
    ) -> bool {
        let waiting = self.outbox.find(id, number);
        let waiting = waiting.and_then(|sequence| self.outbox.get(sequence)?.numbered.as_ref());
        match waiting {
            Some(numbered) => numbered.digest == *digest,
            None => ctx.holds(id, entry, digest),
        }
    }

    /// What has numbers in a conversation whose log is another one now waits for whom it was meant for again.
    pub(crate) fn unnumber(&mut self, ctx: &mut Ctx<'_>, id: ConversationId) {
        for sequence in self.outbox.numbered(id) {
            let unsent = self.outbox.get(sequence);
            let refers = unsent.is_some_and(|unsent| unsent.refers_to.is_some());
            if unsent.is_some_and(|unsent| unsent.refused) {
                // There is nothing left whose number could be missing.
                self.outbox.remove(sequence);
                ctx.state.remove_unsent(sequence);
            } else if refers {
                amend::drop_misplaced(ctx, &mut self.outbox, sequence);
            } else if let Some(unsent) = self.outbox.unnumber(sequence) {
                ctx.state.put_unsent(sequence, unsent);
            }
        }
    }

    /// Shows every message as unconfirmed and forgets it: their numbers mean nothing any more. Those with keys wait for others.
    pub(crate) fn give_up(&mut self, state: &mut State, effects: &mut Effects) {
        for sequence in self.outbox.sequences() {
            let line = self.outbox.line(sequence);
            if keys::say_again(state, &mut self.outbox, sequence) {
                continue;
            }
            effects.own_failed(sequence);
            if let Some(unsent) = self.outbox.remove(sequence) {
                show_unconfirmed(&unsent, line, effects);
            }
            state.remove_unsent(sequence);
        }
    }

    /// Whether the moment has come to try again what the server could not do.
    pub(crate) fn take_retry(&mut self, now: Instant) -> bool {
        self.retry_at.take_if(|at| *at <= now).is_some()
    }

    /// The link is lost, and with it what was under way.
    pub(crate) fn forget_session(&mut self) {
        self.retry_at = None;
        self.outbox.requeue_all();
    }

    /// The server has recorded a VOID.
    pub(crate) fn handle_voided(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: ConversationId,
        number: DeviceSeq,
    ) {
        if let Some(known) = ctx.conversations.get_mut(id) {
            known.set_last_seq(number);
        }
        if let Some(sequence) = self.outbox.find(id, number) {
            self.outbox.remove(sequence);
            ctx.state.remove_unsent(sequence);
            ctx.save_conversation(id);
        }
    }

    /// The server received something damaged, and asks for everything in flight again.
    pub(crate) fn handle_send_again(&mut self, ctx: &mut Ctx<'_>, damaged: u32) {
        if damaged <= SEND_AGAIN_MAX {
            self.outbox.requeue_all();
        } else if damaged == SEND_AGAIN_MAX + 1 {
            ctx.trouble("messages keep arriving damaged at the server; unsent ones wait for the next session",
            );
        }
    }
}

/// Whether this text can be sent there, as far as this device knows; else why not.
pub(crate) fn check_text(ctx: &Ctx<'_>, target: &str, text: &str) -> Result<(), (Fault, String)> {
    if text.trim().is_empty() {
        return Err((Fault::Usage, "the text is empty".into()));
    }
    if printable::is_blank(text) {
        return Err((Fault::Usage, render::NOTHING_SEEN.into()));
    }
    if text.len() > ctx.session.server.text_max {
        let text = format!(
            "the text is too long: {} bytes, and a message has at most {}; send it in parts",
            text.len(),
            ctx.session.server.text_max
        );
        return Err((Fault::Usage, text));
    }
    check_target(ctx, target)
}

/// Whether something can be sent there, as far as this device knows; else why not.
fn check_target(ctx: &Ctx<'_>, target: &str) -> Result<(), (Fault, String)> {
    if canonical(target) == ctx.me.name {
        let text = "you cannot send a message to yourself; `/note TEXT` keeps a note".into();
        return Err((Fault::NoRecipient, text));
    }
    joining::check_target(ctx, target).map_err(|refused| (Fault::NoRecipient, refused))
}

/// Shows that a message may or may not have been stored.
pub(crate) fn show_unconfirmed(unsent: &OutboxEntry, line: Option<u64>, effects: &mut Effects) {
    let (target, quoted) = (&unsent.target, unsent.described());
    let what = if unsent.kind.is_said() {
        "ask, and send it again if not"
    } else {
        "look, and do it again if not"
    };
    let text = format!("unconfirmed: may not have reached {target}: {quoted}; {what}");
    effects.refuse(line, Fault::Unconfirmed, &text);
}
