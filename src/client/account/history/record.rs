//! An entry as a line of JSON, in exports as it is by now, and for a program that reads as it came.

use std::io;

use serde::Serialize;

use super::transcript;
use crate::client::account::ctx::Ctx;
use crate::client::account::mending::current::{Current, current};
use crate::client::bot::{File, Happening, Kind, Record, Sign};
use crate::client::storage::entry::{Amends, Entry, Said};
use crate::client::ui::render;
use crate::client::ui::time::rfc3339;
use crate::protocol::{AccountId, ConversationId, EntryId};
use crate::text::{json, printable};

/// What a bot is told of an entry, as it came.
#[derive(Serialize)]
struct Event {
    event: &'static str,
    #[serde(flatten)]
    record: Record,
}

/// An entry as it is by now, as a line.
pub(super) fn as_it_is(
    ctx: &Ctx<'_>,
    place: (ConversationId, EntryId),
    entry: &Entry,
    said: &Said,
) -> io::Result<String> {
    Ok(json::line(&current_record(ctx, place, entry, said))?)
}

/// An entry as it came, as a line.
pub(super) fn as_it_came(
    ctx: &Ctx<'_>,
    place: (ConversationId, EntryId),
    entry: &Entry,
    said: &Said,
) -> io::Result<String> {
    Ok(json::line(&record(
        ctx,
        place,
        entry,
        (said, Current::default()),
    ))?)
}

/// The same as an event of a bot.
pub(super) fn event(
    ctx: &Ctx<'_>,
    place: (ConversationId, EntryId),
    entry: &Entry,
    said: &Said,
) -> io::Result<String> {
    let record = record(ctx, place, entry, (said, Current::default()));
    let event = "entry";
    Ok(json::line(&Event { event, record })?)
}

/// An entry as it is by now.
pub(super) fn current_record(
    ctx: &Ctx<'_>,
    place: (ConversationId, EntryId),
    entry: &Entry,
    said: &Said,
) -> Record {
    let current = transcript::by_name(ctx, current(ctx, place, entry));
    record(ctx, place, entry, (said, current))
}

fn record(
    ctx: &Ctx<'_>,
    (id, at): (ConversationId, EntryId),
    entry: &Entry,
    (said, current): (&Said, Current),
) -> Record {
    let edited = current.edited.is_some();
    let (kind, text) = match said {
        Said::Text(text) => (Kind::Text, current.edited.unwrap_or_else(|| text.clone())),
        Said::Action(text) => (Kind::Action, current.edited.unwrap_or_else(|| text.clone())),
        Said::File(file) => {
            let text = current.edited.unwrap_or_else(|| file.text.clone());
            (Kind::File, text)
        }
        Said::Deleted(_) => (Kind::Deleted, String::new()),
        Said::Event(event) if said.is_announcement() => {
            let text = event.text.as_deref().unwrap_or_default();
            (Kind::Announcement, text.to_owned())
        }
        Said::Event(event) => (Kind::Event, transcript::event(ctx, id, event)),
        Said::Amendment(amendment) => match &amendment.what {
            Amends::Edit(text) => (Kind::Edit, text.clone()),
            Amends::Delete => (Kind::Delete, String::new()),
            Amends::React(sign) => (Kind::Reaction, sign.clone()),
            Amends::Pin => (Kind::Pin, String::new()),
            Amends::Unpin => (Kind::Unpin, String::new()),
        },
        Said::Unknown => (Kind::Unknown, render::unknown(at)),
    };
    let changes = match said {
        Said::Amendment(amendment) => Some(amendment.target.0),
        _ => None,
    };
    let author = transcript::author(ctx, id, entry);
    let reactions = current.reactions.into_iter();
    Record {
        conversation: ctx.name_of(id).to_owned(),
        entry: at.0,
        time: rfc3339(entry.time_ms),
        author: match said {
            Said::Event(event) if said.is_announcement() => {
                Some(event.actor.clone()).filter(|actor| !actor.is_empty())
            }
            Said::Event(_) => None,
            _ if entry.author == AccountId::OPERATOR => None,
            _ => Some(author.to_owned()),
        },
        kind,
        text,
        happening: happening(said),
        answers: entry.answers().map(|answered| answered.0),
        changes,
        file: file(said),
        edited,
        pinned: current.is_pinned,
        reactions: reactions.map(|(sign, by)| Sign { sign, by }).collect(),
    }
}

fn file(said: &Said) -> Option<File> {
    let Said::File(file) = said else {
        return None;
    };
    Some(File {
        name: file.name.clone(),
        size: file.size,
        media_type: file.media_type.clone(),
        root: blake3::Hash::from_bytes(file.root.0).to_string(),
    })
}

fn happening(said: &Said) -> Option<Happening> {
    let Said::Event(event) = said else {
        return None;
    };
    if said.is_announcement() {
        return None;
    }
    let name = |name: &String| printable::line(name).into_owned();
    Some(Happening {
        happened: event.kind.word().to_lowercase(),
        actor: name(&event.actor),
        subject: event.subject.as_ref().map(name),
    })
}
