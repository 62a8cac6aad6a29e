//! An entry as a line of JSON, in exports as it is by now, and for a program that reads as it came.

use std::fmt::Write as _;
use std::io;

use serde::Serialize;

use super::transcript;
use crate::client::account::ctx::Ctx;
use crate::client::account::mending::current::{Current, current};
use crate::client::storage::entry::{Amends, Entry, Said};
use crate::client::ui::render;
use crate::protocol::{ConversationId, EntryId};

#[derive(Serialize)]
struct Record<'a> {
    conversation: &'a str,
    entry: u64,
    /// RFC 3339, UTC.
    time: String,
    /// Nobody for what happened in a room.
    author: Option<&'a str>,
    kind: Kind,
    /// Of something said, of an edit, or the sign of a reaction; empty for what was deleted.
    text: &'a str,
    /// The entry that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    answers: Option<u64>,
    /// The entry that it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<u64>,
    #[serde(skip_serializing_if = "is_no")]
    edited: bool,
    #[serde(skip_serializing_if = "is_no")]
    pinned: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reactions: Vec<Sign>,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Text,
    Action,
    Event,
    /// It was deleted; nothing is left of it.
    Deleted,
    Unknown,
    Edit,
    Delete,
    Reaction,
    Pin,
    Unpin,
}

/// A reaction, and whose it is.
#[derive(Serialize)]
struct Sign {
    sign: String,
    by: Vec<String>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_no(flag: &bool) -> bool {
    !*flag
}

/// An entry as it is by now, as a line.
pub(super) fn as_it_is(
    ctx: &Ctx<'_>,
    place: (ConversationId, EntryId),
    entry: &Entry,
    said: &Said,
) -> io::Result<String> {
    let current = transcript::by_name(ctx, current(ctx, place, entry));
    line(ctx, place, entry, (said, current))
}

/// An entry as it came, as a line.
pub(super) fn as_it_came(
    ctx: &Ctx<'_>,
    place: (ConversationId, EntryId),
    entry: &Entry,
    said: &Said,
) -> io::Result<String> {
    line(ctx, place, entry, (said, Current::default()))
}

fn line(
    ctx: &Ctx<'_>,
    (id, at): (ConversationId, EntryId),
    entry: &Entry,
    (said, current): (&Said, Current),
) -> io::Result<String> {
    let edited = current.edited.is_some();
    let (kind, text) = match said {
        Said::Text(text) => (Kind::Text, current.edited.unwrap_or_else(|| text.clone())),
        Said::Action(text) => (Kind::Action, current.edited.unwrap_or_else(|| text.clone())),
        Said::Deleted(_) => (Kind::Deleted, String::new()),
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
    let time_ms = i64::try_from(entry.time_ms).unwrap_or(i64::MAX);
    let time = jiff::Timestamp::from_millisecond(time_ms).unwrap_or(jiff::Timestamp::MAX);
    let reactions = current.reactions.into_iter();
    let record = Record {
        conversation: ctx.name_of(id),
        entry: at.0,
        time: time.to_string(),
        author: (!matches!(kind, Kind::Event)).then(|| transcript::author(ctx, id, entry)),
        kind,
        text: &text,
        answers: entry.answers().map(|answered| answered.0),
        changes,
        edited,
        pinned: current.is_pinned,
        reactions: reactions.map(|(sign, by)| Sign { sign, by }).collect(),
    };
    let json = serde_json::to_string(&record)?;
    let mut line = String::with_capacity(json.len() + 1);
    for sign in json.chars() {
        // JSON lets them stand in a string, and some terminals run them.
        if sign.is_control() {
            // Writing to a string cannot fail.
            let _ = write!(line, "\\u{:04x}", u32::from(sign));
        } else {
            line.push(sign);
        }
    }
    line.push('\n');
    Ok(line)
}
