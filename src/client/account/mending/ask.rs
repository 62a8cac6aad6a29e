//! What a user asks for about a line: to edit, delete, answer, pin it, or put a sign to it.

use crate::client::account::blocked::BlockedUsers;
use crate::client::account::ctx::Ctx;
use crate::client::account::mending::held;
use crate::client::account::mending::recent::{Recent, Whose};
use crate::client::account::mending::target::{Named, Refused, Target, placed_target, said_entry};
use crate::client::account::sender::{Sender, amend, check_text};
use crate::client::env::Fault;
use crate::client::name::is_room;
use crate::client::storage::entry::{Amendment, Amends, Said};
use crate::client::storage::records::Referred;
use crate::client::ui::render;
use crate::protocol::{ConversationId, EVERYONE_NAME, EntryId, EntryKind, SIGN_MAX_BYTES};
use crate::text::printable;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request<'a> {
    Edit(&'a str),
    Delete,
    Reply(&'a str),
    React(&'a str),
    Pin,
    Unpin,
}

impl<'a> Request<'a> {
    /// Whose last line is meant, where none is named.
    const fn whose(self) -> Whose {
        match self {
            Self::Edit(_) | Self::Delete => Whose::Own,
            Self::Reply(_) | Self::React(_) => Whose::Others,
            Self::Pin | Self::Unpin => Whose::Anybodys,
        }
    }

    const fn kind(self) -> EntryKind {
        match self {
            Self::Edit(_) => EntryKind::Edit,
            Self::Delete => EntryKind::Delete,
            Self::Reply(_) => EntryKind::Text,
            Self::React(_) => EntryKind::React,
            Self::Pin => EntryKind::Pin,
            Self::Unpin => EntryKind::Unpin,
        }
    }

    const fn text(self) -> &'a str {
        match self {
            Self::Edit(text) | Self::Reply(text) | Self::React(text) => text,
            Self::Delete | Self::Pin | Self::Unpin => "",
        }
    }
}

/// Does what is asked for, or says why not.
pub(crate) fn ask(
    ctx: &mut Ctx<'_>,
    (sender, recent, blocked): (&mut Sender, &mut Recent, &BlockedUsers),
    named: Named<'_>,
    request: Request<'_>,
) {
    if let Err((fault, text)) = carry_out(ctx, (sender, recent, blocked), named, request) {
        ctx.fail(fault, text);
    }
}

fn carry_out(
    ctx: &mut Ctx<'_>,
    (sender, recent, blocked): (&mut Sender, &mut Recent, &BlockedUsers),
    named: Named<'_>,
    request: Request<'_>,
) -> Result<(), Refused> {
    let target = placed_target(ctx, (sender, recent), named, request.whose())?;
    let name = match &target {
        Target::Entry(id, ..) => ctx.name_of(*id).to_owned(),
        Target::Waiting(_, unsent) => unsent.target.clone(),
    };
    match request {
        Request::Edit(text) | Request::Reply(text) => check_text(ctx, &name, text)?,
        Request::React(sign) => check_sign(sign)?,
        Request::Delete | Request::Pin | Request::Unpin => {}
    }
    if let Target::Waiting(sequence, _) = target
        && mend_waiting(ctx, sender, sequence, request)
    {
        return Ok(());
    }
    let what = (request.kind(), request.text());
    let taken_back = (EntryKind::Delete, "");
    let referred = match &target {
        Target::Waiting(sequence, _) => Referred::Waiting(*sequence),
        Target::Entry(id, at, entry) => {
            let is_own = entry.author == ctx.me.id;
            check_author(ctx, (*id, is_own), request)?;
            let known = own_reaction(ctx, (*id, *at), request.text());
            if let (Request::React(_), Some(reaction)) = (request, known) {
                let about = (&*name, Referred::Entry(reaction));
                sender.queue_about(ctx, blocked, about, taken_back);
                return Ok(());
            }
            Referred::Entry(*at)
        }
    };
    if let Request::React(sign) = request
        && let Some(sequence) = sender.outbox.waiting_reaction((&name, referred), sign)
    {
        if amend::take_back(ctx, &mut sender.outbox, sequence).is_none() {
            let about = (&*name, Referred::Waiting(sequence));
            sender.queue_about(ctx, blocked, about, taken_back);
        }
        return Ok(());
    }
    if let (Request::Delete, Target::Entry(id, at, _)) = (request, &target) {
        // What the next `/delete` means must not be this one again.
        recent.forget((*id, *at));
    }
    sender.queue_about(ctx, blocked, (&name, referred), what);
    Ok(())
}

/// Changes a message that has no number yet where it waits. Returns whether that is all.
fn mend_waiting(
    ctx: &mut Ctx<'_>,
    sender: &mut Sender,
    sequence: u64,
    request: Request<'_>,
) -> bool {
    match request {
        Request::Edit(text) if amend::edit(ctx, &mut sender.outbox, sequence, text) => {
            ctx.notice(format!("● queued instead: {}", render::quote(text)));
            true
        }
        Request::Delete => {
            let taken = amend::take_back(ctx, &mut sender.outbox, sequence);
            if let Some(unsent) = &taken {
                ctx.effects.forget_typed(unsent.text.clone());
                ctx.notice(format!("not sent: {}", unsent.described()));
            }
            taken.is_some()
        }
        _ => false,
    }
}

/// Whether this may be done to somebody's line, as far as this device knows.
fn check_author(
    ctx: &Ctx<'_>,
    (id, is_own): (ConversationId, bool),
    request: Request<'_>,
) -> Result<(), Refused> {
    let what = match request {
        Request::Edit(_) if !is_own => "edit",
        // In a room the server knows who moderates.
        Request::Delete if !is_own && !is_room(ctx.name_of(id)) => "delete",
        _ => return Ok(()),
    };
    let text = if what == "delete" && ctx.name_of(id) == EVERYONE_NAME {
        "you can delete your own messages only; moderators of the server use `/remove`".to_owned()
    } else {
        format!("you can {what} your own messages only")
    };
    Err((Fault::NoRecipient, text))
}

pub(crate) fn check_sign(sign: &str) -> Result<(), Refused> {
    let why = if sign.is_empty() || printable::is_blank(sign) {
        render::NOTHING_SEEN.to_owned()
    } else if printable::word(sign).is_none() {
        "a reaction is one emoji or one word".to_owned()
    } else if sign.len() > SIGN_MAX_BYTES {
        format!(
            "the reaction is too long: {} bytes, and one has at most {SIGN_MAX_BYTES}",
            sign.len()
        )
    } else {
        return Ok(());
    };
    Err((Fault::Usage, why))
}

/// The own reaction to an entry that has this sign, if it stands.
fn own_reaction(
    ctx: &mut Ctx<'_>,
    (id, at): (ConversationId, EntryId),
    sign: &str,
) -> Option<EntryId> {
    let sign = printable::word(sign)?;
    let all = ctx.state.amendments(id, at).unwrap_or_default();
    let reactions = all
        .into_iter()
        .filter(|(_, kind)| *kind == EntryKind::React);
    let found = reactions.filter(|(by, _)| {
        let reaction = held(ctx, (id, *by)).filter(|reaction| reaction.author == ctx.me.id);
        let said = reaction.and_then(|reaction| reaction.said(id, ctx.own()));
        let is_it = |what: &Amends| matches!(what, Amends::React(known) if *known == sign);
        matches!(said, Some(Said::Amendment(Amendment { what, .. })) if is_it(&what))
    });
    found.last().map(|(by, _)| by)
}

/// What is pinned in a conversation, in the order in which it was said.
pub(crate) fn pinned(ctx: &mut Ctx<'_>, id: ConversationId) -> Vec<EntryId> {
    let changes = ctx.state.pin_changes(id);
    let changes = ctx.read(changes).unwrap_or_default();
    let mut pinned = std::collections::BTreeSet::new();
    for (target, by, kind) in changes {
        if kind == EntryKind::Pin {
            let pin = held(ctx, (id, by));
            if !pin.is_some_and(|pin| ctx.hidden.has(pin.author)) {
                pinned.insert(target);
            }
        } else {
            pinned.remove(&target);
        }
    }
    let pinned = pinned.into_iter();
    pinned
        .filter(|at| said_entry(ctx, (id, *at)).is_some())
        .collect()
}
