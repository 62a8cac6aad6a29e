//! Entries that change others: edits, deletions, reactions and pins.
//!
//! The server has checked who may do what, and a reader checks again what it can: an edit counts only by the author of what it
//! changes, a deletion only by that author, in a room, or by the operator. What changes an entry that is not held here is kept without a
//! word, and counts once that comes with older history.

pub(crate) mod ask;
pub(crate) mod current;
pub(crate) mod eraser;
pub(crate) mod list;
pub(crate) mod recent;
pub(crate) mod target;
pub(crate) mod why;

use crate::client::account::ctx::Ctx;
use crate::client::account::mending::current::{current, is_said, quoted};
use crate::client::name::is_room;
use crate::client::storage::entry::{Amendment, Amends, Entry, Said};
use crate::client::ui::{files, render};
use crate::protocol::{AccountId, ConversationId, Deletion, EntryId, EntryKind};

/// How much of a text that was edited is shown when that comes, in characters. Chosen: a few lines; the history has all of it.
const EDITED_MAX_CHARS: usize = 240;

/// A conversation and an entry of it.
type Place = (ConversationId, EntryId);

/// Keeps the entry that follows where this device stands. Returns what there is to tell of it, if it changes an entry that is
/// held here.
pub(crate) fn keep(
    ctx: &mut Ctx<'_>,
    place: Place,
    mut entry: Entry,
    said: &Said,
) -> Option<String> {
    let (id, at) = place;
    match said {
        // An entry can only be about an earlier one.
        Said::Amendment(amendment) if amendment.target < at => {
            let target = held(ctx, (id, amendment.target));
            let told = target
                .as_ref()
                .and_then(|target| tell(ctx, id, (&entry, amendment), target));
            let gone = target.as_ref().and_then(|target| target.deleted);
            if let (Some(deletion), Amends::Edit(_) | Amends::React(_)) = (gone, &amendment.what) {
                entry = entry.without_content(deletion);
            } else {
                let kind = amendment.what.kind();
                ctx.state.put_amendment(id, (amendment.target, at), kind);
            }
            let deletion = Deletion {
                by: entry.author,
                time_ms: entry.time_ms,
                kind: None,
            };
            let place = (id, amendment.target);
            match (&amendment.what, target) {
                (Amends::Delete, None) => remove_changes(ctx, place, &entry, deletion),
                (Amends::Delete, Some(target))
                    if gone.is_none() && may_delete(ctx, id, &entry, &target) =>
                {
                    remove_content(ctx, place, target, deletion);
                }
                _ => {}
            }
            ctx.state.put_entry(id, at, &entry);
            if matches!(amendment.what, Amends::Edit(_)) {
                find_by_last_text(ctx, (id, amendment.target));
            }
            told
        }
        Said::Deleted(deletion) => {
            remove_content(ctx, place, entry, *deletion);
            None
        }
        _ => {
            ctx.state.put_entry(id, at, &entry);
            None
        }
    }
}

/// Keeps an entry that may have been changed before it came: one of older history, or one that this device had before.
pub(crate) fn keep_late(
    ctx: &mut Ctx<'_>,
    place: Place,
    entry: Entry,
    said: &Said,
) -> Option<String> {
    let known = held(ctx, place).filter(|known| known.digest == entry.digest);
    let deletion = known
        .and_then(|known| known.deleted)
        .or_else(|| known_deletion(ctx, place, &entry));
    match deletion {
        Some(deletion) if entry.deleted.is_none() => {
            let said = Said::Deleted(deletion);
            keep(ctx, place, entry.without_content(deletion), &said)
        }
        _ => {
            let told = keep(ctx, place, entry, said);
            if said.words().is_some() {
                find_by_last_text(ctx, place);
            }
            told
        }
    }
}

/// Has an entry that was edited found by its last text.
fn find_by_last_text(ctx: &mut Ctx<'_>, (id, at): Place) {
    let Some(entry) = held(ctx, (id, at)) else {
        return;
    };
    let edited = current(ctx, (id, at), &entry).edited;
    let said = edited.and_then(|text| entry.said(id, ctx.own())?.told(Some(&text)));
    if let Some(text) = said {
        ctx.state.put_words(id, at, &text);
    }
}

/// The deletion of an entry that came before it.
fn known_deletion(ctx: &mut Ctx<'_>, (id, at): Place, entry: &Entry) -> Option<Deletion> {
    let all = amendments(ctx, (id, at));
    let deletions = all
        .into_iter()
        .filter(|(_, kind)| *kind == EntryKind::Delete);
    let found = deletions.filter_map(|(by, _)| held(ctx, (id, by)));
    let found: Vec<Entry> = found.collect();
    let counts = |deletion: &&Entry| {
        let said = deletion.said(id, ctx.own());
        matches!(
            said,
            Some(Said::Amendment(Amendment {
                what: Amends::Delete,
                ..
            }))
        ) && may_delete(ctx, id, deletion, entry)
    };
    let deletion = found.iter().find(counts)?;
    Some(Deletion {
        by: deletion.author,
        time_ms: deletion.time_ms,
        kind: None,
    })
}

/// Whether this deletion counts: the server lets moderators delete in rooms, and knows who they are.
pub(crate) fn may_delete(
    ctx: &Ctx<'_>,
    id: ConversationId,
    deletion: &Entry,
    target: &Entry,
) -> bool {
    let author = deletion.author;
    author == target.author || author == AccountId::OPERATOR || may_be_room(ctx, id)
}

fn may_be_room(ctx: &Ctx<'_>, id: ConversationId) -> bool {
    let name = ctx.name_of(id);
    // A room's name is being learnt; a pair has one from the beginning.
    is_room(name) || name.is_empty()
}

/// Keeps of an entry, of what edited it and of the reactions to it only that they were.
fn remove_content(ctx: &mut Ctx<'_>, (id, at): Place, entry: Entry, deletion: Deletion) {
    let mut all = vec![(at, entry)];
    for (by, kind) in amendments(ctx, (id, at)) {
        if matches!(kind, EntryKind::Edit | EntryKind::React) {
            all.extend(held(ctx, (id, by)).map(|entry| (by, entry)));
        }
    }
    for (at, entry) in all {
        if let Some(target) = entry.amends() {
            ctx.state.remove_amendment(id, (target, at));
        }
        if entry.author == ctx.me.id
            && let Some(text) = entry.typed(id)
        {
            ctx.effects.forget_typed(text);
        }
        let entry = match entry.deleted {
            Some(_) => entry,
            None => entry.without_content(deletion),
        };
        ctx.state.put_entry(id, at, &entry);
        ctx.state.erase(id, at);
    }
}

/// The same of what changed an entry that is not held here. Whose that is only its edits tell.
fn remove_changes(ctx: &mut Ctx<'_>, (id, at): Place, by: &Entry, deletion: Deletion) {
    if ctx.state.is_full().unwrap_or(true) {
        // It may have made room for others, and its bytes still stand in the file.
        ctx.state.erase(id, at);
    }
    let is_many = by.author == AccountId::OPERATOR || may_be_room(ctx, id);
    for (change, kind) in amendments(ctx, (id, at)) {
        let counts = |entry: &Entry| match kind {
            EntryKind::Edit => is_many || entry.author == by.author,
            kind => kind == EntryKind::React,
        };
        let found = held(ctx, (id, change)).filter(|entry| entry.deleted.is_none());
        if let Some(entry) = found.filter(counts) {
            ctx.state.remove_amendment(id, (at, change));
            ctx.state
                .put_entry(id, change, &entry.without_content(deletion));
            ctx.state.erase(id, change);
        }
    }
}

/// What there is to tell of an entry that changes another one, before that has happened.
fn tell(
    ctx: &mut Ctx<'_>,
    id: ConversationId,
    (entry, amendment): (&Entry, &Amendment),
    target: &Entry,
) -> Option<String> {
    let who = ctx.author_name(id, entry);
    let at = amendment.target;
    if let (Amends::Delete, Some(Said::Amendment(taken_back))) =
        (&amendment.what, target.said(id, ctx.own()))
    {
        let Amends::React(sign) = taken_back.what else {
            return None;
        };
        let from = held(ctx, (id, taken_back.target))?;
        let quoted = named(ctx, (id, taken_back.target), &from)?;
        return Some(format!("{who} took back {sign} from {quoted}"));
    }
    let quoted = named(ctx, (id, at), target)?;
    Some(match &amendment.what {
        Amends::Edit(_) if entry.author != target.author => return None,
        Amends::Edit(edited) => {
            let edited = render::quote_upto(edited, EDITED_MAX_CHARS);
            match file_name(ctx, id, target) {
                // What else is quoted of a file begins with its name.
                Some(name) => format!("{}: {edited}", edited_by(&who, Some(name))),
                None => format!("{who} edited: {edited} (was {quoted})"),
            }
        }
        Amends::Delete if !may_delete(ctx, id, entry, target) => return None,
        Amends::Delete => tell_deletion(ctx, id, entry, target),
        Amends::React(sign) => format!("{who} reacted {sign} to {quoted}"),
        Amends::Pin => format!("{who} pinned {quoted}"),
        Amends::Unpin => format!("{who} unpinned {quoted}"),
    })
}

fn tell_deletion(ctx: &Ctx<'_>, id: ConversationId, entry: &Entry, target: &Entry) -> String {
    let who = ctx.author_name(id, entry);
    let time = ctx.clock().show(target.time_ms);
    let what = match file_name(ctx, id, target) {
        Some(name) => format!("the file {name}"),
        None => "a message".into(),
    };
    if entry.author == target.author {
        format!("{who} deleted {what} ({time})")
    } else {
        let whose = ctx.author_name(id, target);
        format!("{who} deleted {what} of {whose} ({time})")
    }
}

/// What an entry's file is called, as far as it is known and shown.
fn file_name(ctx: &Ctx<'_>, id: ConversationId, entry: &Entry) -> Option<String> {
    match entry.said(id, ctx.own())? {
        Said::File(file) if !ctx.hidden.has(entry.author) => Some(files::name(&file.name)),
        _ => None,
    }
}

/// The beginning of a line that tells of an edit.
fn edited_by(who: &str, file: Option<String>) -> String {
    match file {
        Some(name) => format!("{who} edited the text of {name}"),
        None => format!("{who} edited"),
    }
}

/// The same once that has happened: what the text was before it is not known any more.
pub(crate) fn tell_late(
    ctx: &mut Ctx<'_>,
    id: ConversationId,
    (entry, amendment): (&Entry, &Amendment),
) -> Option<String> {
    let target = held(ctx, (id, amendment.target))?;
    match &amendment.what {
        Amends::Delete if target.deleted.is_none() => None,
        Amends::Delete if target.was_amendment => {
            let who = ctx.author_name(id, entry);
            Some(format!("{who} took back a reaction"))
        }
        Amends::Delete => Some(tell_deletion(ctx, id, entry, &target)),
        Amends::Edit(edited) if entry.author == target.author && target.deleted.is_none() => {
            let who = ctx.author_name(id, entry);
            let edited = render::quote_upto(edited, EDITED_MAX_CHARS);
            let edited_by = edited_by(&who, file_name(ctx, id, &target));
            Some(format!("{edited_by}: {edited}"))
        }
        _ => tell(ctx, id, (entry, amendment), &target),
    }
}

/// How something said is named in a line about it: by its text, or by whose it is.
fn named(ctx: &Ctx<'_>, place: Place, entry: &Entry) -> Option<String> {
    let whose = || format!("a message of {}", ctx.author_name(place.0, entry));
    is_said(ctx, place.0, entry).then(|| quoted(ctx, place, entry).unwrap_or_else(whose))
}

/// An entry that is held here.
pub(crate) fn held(ctx: &mut Ctx<'_>, (id, at): Place) -> Option<Entry> {
    let found = ctx.state.entry(id, at);
    ctx.read(found).flatten()
}

fn amendments(ctx: &mut Ctx<'_>, (id, at): Place) -> Vec<(EntryId, EntryKind)> {
    let all = ctx.state.amendments(id, at);
    ctx.read(all).unwrap_or_default()
}
