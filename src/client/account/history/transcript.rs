//! An entry as a transcript has it: with its date, and its reader by name.

use crate::client::account::ctx::Ctx;
use crate::client::account::ctx::lines::OPERATOR;
use crate::client::account::mending::current::{Current, current};
use crate::client::account::mending::may_delete;
use crate::client::line::OWN;
use crate::client::storage::entry::{Amendment, Amends, Entry, Said};
use crate::client::ui::{files, render, render_rooms};
use crate::protocol::{AccountId, ConversationId, EntryId, RoomEvent};
use crate::text::printable;

/// What stands before the further lines of a text, so that none is taken for another message.
const INDENT: &str = "    ";

/// A conversation and an entry of it.
type Place = (ConversationId, EntryId);

/// Who stands behind a line of a transcript.
enum Voice<'a> {
    Says(&'a str),
    Does(&'a str),
    /// Nobody: it happened.
    Tells,
}

/// What a transcript has of an entry: the lines of a text, each ending with a line break.
fn lines(ctx: &Ctx<'_>, time_ms: u64, voice: &Voice<'_>, text: &str) -> String {
    let mut lines = text.lines().map(printable::line);
    let head = match voice {
        Voice::Says(who) => format!("{}: ", printable::line(who)),
        Voice::Does(who) => format!("* {} ", printable::line(who)),
        Voice::Tells => "-- ".to_owned(),
    };
    let first = lines.next().unwrap_or_default();
    let time = ctx.clock().show_whole(time_ms);
    let mut shown = format!("{time} {head}{first}\n");
    for line in lines {
        shown.extend([INDENT, &line, "\n"]);
    }
    shown
}

/// What the author of an entry is called.
pub(super) fn author<'a>(ctx: &'a Ctx<'_>, id: ConversationId, entry: &'a Entry) -> &'a str {
    if entry.author == ctx.me.id {
        &ctx.me.name
    } else if entry.author == AccountId::OPERATOR {
        OPERATOR
    } else if ctx.is_many(id) {
        entry.author_name.as_deref().unwrap_or("(somebody)")
    } else {
        ctx.name_of(id)
    }
}

/// An entry as it came, with the text of that time; nothing for what was deleted before it was read here and stands
/// nowhere by itself.
pub(super) fn as_it_came(ctx: &Ctx<'_>, place: Place, entry: &Entry) -> Option<String> {
    let id = place.0;
    let said = entry.said(id, ctx.own()).unwrap_or(Said::Unknown);
    let told = match &said {
        Said::Deleted(_) if entry.was_amendment => return None,
        Said::Amendment(amendment) => change(ctx, id, entry, amendment)?,
        said => return Some(whole(ctx, place, entry, (said, None))),
    };
    Some(lines(ctx, entry.time_ms, &Voice::Tells, &told))
}

/// An entry as it is by now.
pub(super) fn as_it_is(ctx: &Ctx<'_>, place: Place, entry: &Entry, said: &Said) -> String {
    let current = by_name(ctx, current(ctx, place, entry));
    whole(ctx, place, entry, (said, Some(current)))
}

/// The same with the reader by name.
pub(super) fn by_name(ctx: &Ctx<'_>, mut current: Current) -> Current {
    let names = current.reactions.iter_mut().flat_map(|(_, by)| by);
    for name in names.filter(|name| *name == OWN) {
        name.clone_from(&ctx.me.name);
    }
    current
}

/// What happened in a room.
pub(super) fn event(ctx: &Ctx<'_>, id: ConversationId, event: &RoomEvent) -> String {
    render_rooms::event(event, &ctx.me.name, ctx.name_of(id))
}

fn whole(
    ctx: &Ctx<'_>,
    (id, at): Place,
    entry: &Entry,
    (said, current): (&Said, Option<Current>),
) -> String {
    let name = author(ctx, id, entry);
    let noted = |text: &str| {
        let note = current.as_ref().and_then(Current::note);
        let note = note.map(|note| format!("  {note}"));
        format!("{text}{}", note.unwrap_or_default())
    };
    let changed = |text: &str| {
        let edited = current
            .as_ref()
            .and_then(|current| current.edited.as_deref());
        noted(edited.unwrap_or(text))
    };
    let (voice, text) = match said {
        Said::Text(_) | Said::File(_) => {
            let whose = |answered: &Entry| author(ctx, id, answered).to_owned();
            let answers = entry.answers();
            let whom = answers.map(|answered| ctx.answered((id, answered), whose));
            let who = format!("{name}{}", whom.unwrap_or_default());
            let text = match said {
                Said::File(file) => {
                    let edited = current
                        .as_ref()
                        .and_then(|current| current.edited.as_deref());
                    noted(&files::shared(
                        file.described(),
                        edited.unwrap_or(&file.text),
                    ))
                }
                said => changed(said.words().unwrap_or_default()),
            };
            return lines(ctx, entry.time_ms, &Voice::Says(&who), &text);
        }
        Said::Action(text) => (Voice::Does(name), changed(text)),
        Said::Deleted(_) => (Voice::Tells, format!("{name}: (deleted)")),
        Said::Event(event) => (Voice::Tells, self::event(ctx, id, event)),
        Said::Amendment(_) | Said::Unknown => {
            (Voice::Tells, format!("{name}: {}", render::unknown(at)))
        }
    };
    lines(ctx, entry.time_ms, &voice, &text)
}

/// What is told of an entry that changes another one; nothing if that does not count.
fn change(
    ctx: &Ctx<'_>,
    id: ConversationId,
    entry: &Entry,
    amendment: &Amendment,
) -> Option<String> {
    let who = author(ctx, id, entry);
    let target = ctx.state.entry(id, amendment.target).ok().flatten();
    let which = which(ctx, id, entry, target.as_ref());
    let is_own = |target: &Entry| target.author == entry.author;
    let is_permitted = match &amendment.what {
        Amends::Edit(_) => target.as_ref().is_none_or(is_own),
        Amends::Delete => {
            let may = |target| may_delete(ctx, id, entry, target);
            target.as_ref().is_none_or(may)
        }
        _ => true,
    };
    is_permitted.then(|| match &amendment.what {
        Amends::Edit(text) => format!("{who} edited {which}: {text}"),
        Amends::Delete if target.is_some_and(|target| target.was_amendment) => {
            format!("{who} took back a reaction")
        }
        Amends::Delete => format!("{who} deleted {which}"),
        Amends::React(sign) => format!("{who} reacted {sign} to {which}"),
        Amends::Pin => format!("{who} pinned {which}"),
        Amends::Unpin => format!("{who} unpinned {which}"),
    })
}

/// Which message an entry changes: by its time, which stands before it in the transcript.
fn which(ctx: &Ctx<'_>, id: ConversationId, entry: &Entry, target: Option<&Entry>) -> String {
    let Some(target) = target else {
        return "an earlier message".into();
    };
    let (then, now) = (
        ctx.clock().show_whole(target.time_ms),
        ctx.clock().show_whole(entry.time_ms),
    );
    let time = match (then.split_once(' '), now.split_once(' ')) {
        (Some((day, time)), Some((today, _))) if day == today => time,
        _ => &then,
    };
    if target.author == entry.author {
        format!("the message of {time}")
    } else {
        format!("the message of {time} of {}", author(ctx, id, target))
    }
}
