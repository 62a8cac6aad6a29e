//! `export`: writes what this device holds of a conversation to a file, as text or as JSON lines.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

use serde::Serialize;
use thiserror::Error;

use super::holes::Holes;
use super::transcript;
use crate::client::account::blocked::BlockedUsers;
use crate::client::account::ctx::Ctx;
use crate::client::account::mending::current::current;
use crate::client::env::{Fault, Files};
use crate::client::name::canonical_target;
use crate::client::storage::StateError;
use crate::client::storage::entry::{Entry, Said};
use crate::client::ui::render;
use crate::protocol::{ConversationId, EntryId};
use crate::text::printable;

#[derive(Debug, Error)]
enum ExportError {
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    File(#[from] io::Error),
}

/// An entry as a line of JSON.
#[derive(Serialize)]
struct Record<'a> {
    conversation: &'a str,
    entry: u64,
    /// RFC 3339, UTC.
    time: String,
    /// Nobody for what happened in a room.
    author: Option<&'a str>,
    kind: Kind,
    /// The last one of something said, nothing of what was deleted.
    text: &'a str,
    /// The entry that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    answers: Option<u64>,
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
    Deleted,
    Unknown,
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

/// Writes a conversation to a file: the named one and then the file, or the file alone for the focus.
pub(crate) fn export(
    ctx: &mut Ctx<'_>,
    files: &mut dyn Files,
    blocked: &BlockedUsers,
    typed: &str,
) {
    let Some((id, path)) = target(ctx, typed) else {
        let text = "which conversation, and to which file? `/export #bridge bridge.txt`";
        return ctx.fail(Fault::Usage, text);
    };
    let name = ctx.name_of(id).to_owned();
    let shown = printable::line(path).into_owned();
    match write(ctx, files, blocked, (id, path)) {
        Ok(count) => {
            ctx.notice(format!("{count} entries of {name} are in {shown}"));
            let holes = Holes::here(ctx, Some(id)).ok();
            if let Some(text) = holes.and_then(|holes| holes.text(ctx.conversations)) {
                ctx.notice(text);
            }
        }
        Err(ExportError::File(error)) if error.kind() == ErrorKind::AlreadyExists => {
            ctx.fail(
                Fault::Failed,
                format!("{shown} is there already; name another file"),
            );
        }
        Err(error) => ctx.fail(Fault::Failed, format!("cannot export to {shown}: {error}")),
    }
}

/// The conversation that is meant, and the file.
fn target<'a>(ctx: &Ctx<'_>, typed: &'a str) -> Option<(ConversationId, &'a str)> {
    let known = |named: &str| ctx.conversations.by_name(&canonical_target(named));
    if let Some((first, rest)) = typed.split_once(char::is_whitespace)
        && let Some(id) = known(first)
    {
        return Some((id, rest.trim()));
    }
    Some((known(ctx.focus.current.as_deref()?)?, typed))
}

fn write(
    ctx: &Ctx<'_>,
    files: &mut dyn Files,
    blocked: &BlockedUsers,
    (id, path): (ConversationId, &str),
) -> Result<usize, ExportError> {
    let extension = Path::new(path).extension();
    let is_json = extension.is_some_and(|extension| extension == "jsonl" || extension == "json");
    let mut entries = Vec::new();
    ctx.state.visit_words(Some(id), |found| {
        entries.push(found.entry);
        true
    })?;
    let mut file = BufWriter::new(files.create(path)?);
    let mut count = 0;
    for at in entries {
        let Some(entry) = ctx.state.entry(id, at)? else {
            continue;
        };
        let said = entry.said(id, ctx.own());
        let said = said.as_ref().unwrap_or(&Said::Unknown);
        // What changes an entry stands where that does.
        let is_change = entry.was_amendment || matches!(said, Said::Amendment(_));
        if is_change || blocked.hides(entry.author, said) {
            continue;
        }
        count += 1;
        if is_json {
            write_json(ctx, &mut file, (id, at), &entry, said)?;
        } else {
            let text = transcript::as_it_is(ctx, (id, at), &entry, said);
            file.write_all(text.as_bytes())?;
        }
    }
    file.flush()?;
    Ok(count)
}

fn write_json(
    ctx: &Ctx<'_>,
    file: &mut impl Write,
    (id, at): (ConversationId, EntryId),
    entry: &Entry,
    said: &Said,
) -> io::Result<()> {
    let current = transcript::by_name(ctx, current(ctx, (id, at), entry));
    let edited = current.edited.is_some();
    let (kind, text) = match said {
        Said::Text(text) => (Kind::Text, current.edited.unwrap_or_else(|| text.clone())),
        Said::Action(text) => (Kind::Action, current.edited.unwrap_or_else(|| text.clone())),
        Said::Deleted(_) => (Kind::Deleted, String::new()),
        Said::Event(event) => (Kind::Event, transcript::event(ctx, id, event)),
        Said::Amendment(_) | Said::Unknown => (Kind::Unknown, render::unknown(at)),
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
        edited,
        pinned: current.is_pinned,
        reactions: reactions.map(|(sign, by)| Sign { sign, by }).collect(),
    };
    serde_json::to_writer(&mut *file, &record)?;
    writeln!(file)
}
