//! `why`: the life of a message, as far as this device has heard of it.

use std::time::Duration;

use crate::client::account::ctx::Ctx;
use crate::client::account::mending::current::{current, quoted};
use crate::client::account::mending::recent::{Recent, Whose};
use crate::client::account::mending::target::{Named, STORED_SIGN, Target, WAITING_SIGN, target};
use crate::client::account::receipts::Receipts;
use crate::client::account::sender::Sender;
use crate::client::storage::entry::Entry;
use crate::client::storage::lives::{Life, NAMED_MAX};
use crate::client::storage::records::OutboxEntry;
use crate::client::ui::render;
use crate::protocol::{AccountId, ConversationId, EntryId, Stored};

/// Shows what has become of a message, a line for each step.
pub(crate) fn why(
    ctx: &mut Ctx<'_>,
    (sender, recent, receipts): (&Sender, &mut Recent, &Receipts),
    named: Named<'_>,
) {
    let lines = match target(ctx, (sender, recent), named, Whose::Own) {
        Ok(Target::Waiting(sequence, unsent)) => waiting(ctx, sequence, &unsent),
        Ok(Target::Entry(id, at, entry)) => stored(ctx, receipts, (id, at), &entry),
        Err((fault, text)) => return ctx.fail(fault, text),
    };
    for line in lines {
        ctx.plain(line);
    }
}

fn waiting(ctx: &Ctx<'_>, sequence: u64, unsent: &OutboxEntry) -> Vec<String> {
    let (what, target) = (unsent.described(), &unsent.target);
    let mut lines = vec![format!("{WAITING_SIGN}{sequence} to {target}: {what}")];
    if unsent.typed_ms > 0 {
        lines.push(format!("queued    {}", ctx.clock().show(unsent.typed_ms)));
    }
    lines.push(match &unsent.numbered {
        None if !ctx.session.is_settled => "waits     for the link to the server".to_owned(),
        None => format!("waits     for the conversation with {target}"),
        Some(numbered) => format!(
            "numbered  {} of this device; not stored yet, as far as this device has heard",
            numbered.number
        ),
    });
    lines
}

fn stored(
    ctx: &mut Ctx<'_>,
    receipts: &Receipts,
    (id, at): (ConversationId, EntryId),
    entry: &Entry,
) -> Vec<String> {
    let quoted = quoted(ctx, (id, at), entry);
    let quoted = quoted.map_or_else(String::new, |quoted| format!(": {quoted}"));
    let (who, name) = (ctx.author_name(id, entry), ctx.name_of(id).to_owned());
    let mut lines = vec![format!("{STORED_SIGN}{at} of {who} in {name}{quoted}")];
    let life = ctx.state.life(id, at).ok().flatten();
    let clock = ctx.clock();
    let typed_ms = life.as_ref().map_or(0, |life| life.typed_ms);
    let since = |heard_ms: u64| match (typed_ms, heard_ms) {
        (0, _) | (_, 0) => String::new(),
        (typed, heard) => {
            let span = Duration::from_millis(heard.saturating_sub(typed));
            format!(", {} after it was queued", render::duration(span))
        }
    };
    if typed_ms > 0 {
        lines.push(format!("queued    {}", clock.show(typed_ms)));
    }
    if let Some(origin) = entry.origin() {
        let device = if origin.device == ctx.me.device && entry.author == ctx.me.id {
            "this device".to_owned()
        } else {
            format!("device {}", origin.device)
        };
        lines.push(format!("numbered  {} of {device}", origin.number));
    }
    let heard = since(life.as_ref().map_or(0, |life| life.known_ms));
    lines.push(format!(
        "stored    {} by the server's clock, as entry {at}{heard}",
        clock.show(entry.time_ms)
    ));
    if current(ctx, (id, at), entry).edited.is_some() {
        lines.push("edited    since; this is its last text".to_owned());
    }
    match life {
        Some(life) => lines.extend(recipients(ctx, receipts, (id, at), &life, since)),
        None if entry.author == ctx.me.id => {
            lines.push("received  not known here: another device sent it, or it is too old".into());
        }
        None => lines.push("received  here".into()),
    }
    lines
}

/// Who has received an own message.
fn recipients(
    ctx: &Ctx<'_>,
    receipts: &Receipts,
    (id, at): (ConversationId, EntryId),
    life: &Life,
    since: impl Fn(u64) -> String,
) -> Vec<String> {
    let mut lines = Vec::new();
    for (_, name, heard_ms) in &life.received {
        let (time, after) = (ctx.clock().show(*heard_ms), since(*heard_ms));
        lines.push(format!("received  by {name}, heard {time}{after}"));
    }
    if let Some((count, heard_ms)) = life.counted {
        let time = ctx.clock().show(heard_ms);
        lines.push(format!(
            "received  by {count} of {}, heard {time}",
            life.recipients
        ));
    }
    for (account, name, upto) in receipts.delivered(id) {
        let is_known = life.received.iter().any(|(known, ..)| *known == account);
        if !is_known && upto < at {
            lines.push(format!(
                "not yet   by {name}, who has all up to {STORED_SIGN}{upto}"
            ));
        }
    }
    let counted = life.counted.map_or(0, |(count, _)| count as usize);
    let have = life.received.len().max(counted);
    let of = life.recipients as usize;
    if have < of {
        let online = life.online;
        lines.push(format!(
            "received  by {have} of {of} as far as this device has heard; {online} were online when it was stored"
        ));
    }
    lines
}

/// An own message is stored.
pub(crate) fn begin(ctx: &mut Ctx<'_>, stored: &Stored, typed_ms: u64) {
    let life = Life {
        typed_ms,
        known_ms: ctx.now.unix_ms,
        recipients: stored.recipients,
        online: stored.online,
        ..Life::default()
    };
    ctx.state.put_life(stored.conversation, stored.entry, &life);
}

/// A recipient has received an own message.
pub(crate) fn heard(
    ctx: &mut Ctx<'_>,
    (id, at): (ConversationId, EntryId),
    (account, name): (AccountId, &str),
) {
    let Ok(Some(mut life)) = ctx.state.life(id, at) else {
        return;
    };
    let is_known = life.received.iter().any(|(known, ..)| *known == account);
    if !is_known && life.received.len() < NAMED_MAX {
        let heard = (account, name.to_owned(), ctx.now.unix_ms);
        life.received.push(heard);
        ctx.state.put_life(id, at, &life);
    }
}

/// So many have received an own message.
pub(crate) fn counted(ctx: &mut Ctx<'_>, (id, at): (ConversationId, EntryId), count: u32) {
    let Ok(Some(mut life)) = ctx.state.life(id, at) else {
        return;
    };
    life.counted = Some((count, ctx.now.unix_ms));
    ctx.state.put_life(id, at, &life);
}
