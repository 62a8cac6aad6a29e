//! Lists of lines with their numbers: the last ones, and those that are pinned.

use crate::client::account::blocked::BlockedUsers;
use crate::client::account::ctx::Ctx;
use crate::client::account::mending::ask::pinned;
use crate::client::account::mending::recent::{Recent, Whose};
use crate::client::account::mending::target::{
    STORED_SIGN, WAITING_SIGN, look_back, place, said_entry,
};
use crate::client::account::sender::Sender;
use crate::client::env::Tone;
use crate::client::line::Line;
use crate::client::storage::entry::Entry;
use crate::client::storage::records::Referred;
use crate::client::ui::render;
use crate::protocol::{ConversationId, EntryId};

/// How many lines are listed if no number is given. Chosen: what one looks back to.
const LISTED: usize = 10;

/// How many may be. Chosen: a screen or two; `history` has the rest.
const LISTED_MAX: usize = 100;

/// Shows the last lines of a conversation, and what waits for it, with the numbers by which commands take them.
pub(crate) fn lines(
    ctx: &mut Ctx<'_>,
    (sender, recent, blocked): (&Sender, &Recent, &BlockedUsers),
    named: Option<&str>,
    want: Option<usize>,
) {
    let place = match place(ctx, recent, named, Whose::Anybodys) {
        Ok(place) => place,
        Err((fault, text)) => return ctx.fail(fault, text),
    };
    let want = want.unwrap_or(LISTED).clamp(1, LISTED_MAX);
    let changes = sender.outbox.changes_waiting(&place.name);
    let stored = place.id.map(|id| last_lines(ctx, blocked, id, want));
    let stored = stored.unwrap_or_default().into_iter();
    let mut all: Vec<Line> = stored
        .map(|(at, line)| with_changes(line, &changes, Referred::Entry(at)))
        .collect();
    for (sequence, unsent) in sender.outbox.said_waiting(Some(&place.name)) {
        let clock = ctx.clock();
        let time = match unsent.typed_ms {
            0 => String::new(),
            typed_ms => format!(" {}", clock.show(typed_ms)),
        };
        let quoted = render::quote(&unsent.text);
        let text = format!("{WAITING_SIGN}{sequence}{time} queued: {quoted}");
        let line = Line::of(Tone::Event, text);
        all.push(with_changes(line, &changes, Referred::Waiting(sequence)));
    }
    if all.is_empty() {
        let text = format!("this device has no messages of {}", place.name);
        return ctx.notice(text);
    }
    for line in all {
        ctx.effects.show_line(line);
    }
}

/// A line with what waits about it.
fn with_changes(line: Line, changes: &[(Referred, String)], about: Referred) -> Line {
    let changes = changes.iter().filter(|(target, _)| *target == about);
    changes.fold(line, |line, (_, note)| line.with_further_note(note))
}

/// Shows what is pinned in a conversation, as far as this device knows.
pub(crate) fn pins(
    ctx: &mut Ctx<'_>,
    (recent, blocked): (&Recent, &BlockedUsers),
    named: Option<&str>,
) {
    let place = match place(ctx, recent, named, Whose::Anybodys) {
        Ok(place) => place,
        Err((fault, text)) => return ctx.fail(fault, text),
    };
    let mut count = 0;
    let all = place.id.map(|id| (id, pinned(ctx, id)));
    for (id, at) in all
        .into_iter()
        .flat_map(|(id, all)| all.into_iter().map(move |at| (id, at)))
    {
        let entry = said_entry(ctx, (id, at));
        let line = entry.and_then(|entry| line_of(ctx, blocked, (id, at), &entry));
        if let Some(line) = line {
            ctx.effects.show_line(line);
            count += 1;
        }
    }
    if count == 0 {
        ctx.notice(format!(
            "nothing is pinned in {} that this device has",
            place.name
        ));
    }
}

/// The last lines of a conversation, oldest first.
fn last_lines(
    ctx: &mut Ctx<'_>,
    blocked: &BlockedUsers,
    id: ConversationId,
    want: usize,
) -> Vec<(EntryId, Line)> {
    let mut lines = Vec::new();
    look_back(ctx, (id, EntryId(u64::MAX)), |ctx, at, entry| {
        let line = line_of(ctx, blocked, (id, at), &entry);
        lines.extend(line.map(|line| (at, line)));
        (lines.len() >= want).then_some(())
    });
    lines.reverse();
    lines
}

/// An entry with its number, if it is something said that is shown.
fn line_of(
    ctx: &Ctx<'_>,
    blocked: &BlockedUsers,
    (id, at): (ConversationId, EntryId),
    entry: &Entry,
) -> Option<Line> {
    let said = entry.said(id, ctx.own())?;
    said.words()?;
    if blocked.hides(entry.author, &said) {
        return None;
    }
    let mut line = ctx.entry_line((id, at), entry, &said);
    if !ctx.focus.is_on(ctx.name_of(id)) {
        line = line.naming_place();
    }
    if let Some(head) = &mut line.head {
        head.manner.number = Some(format!("{STORED_SIGN}{at}"));
    }
    Some(line)
}
