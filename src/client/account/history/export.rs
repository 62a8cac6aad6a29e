//! `export`: writes what this device holds of a conversation to a file, as text or as JSON lines.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

use serde::Serialize;
use thiserror::Error;

use super::holes::Holes;
use crate::client::account::blocked::BlockedUsers;
use crate::client::account::ctx::Ctx;
use crate::client::account::mending::current::current;
use crate::client::env::{Fault, Files};
use crate::client::name::canonical_target;
use crate::client::storage::StateError;
use crate::client::storage::entry::{Entry, Said};
use crate::client::ui::{render, render_rooms};
use crate::protocol::{ConversationId, EntryId};
use crate::text::printable;

/// What stands before the further lines of a text, so that none is taken for another message.
const INDENT: &str = "    ";

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
    text: &'a str,
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
            let mut holes = Holes::of(ctx.conversations, Some(id));
            let visited = ctx.state.visit_words(Some(id), |found| {
                holes.visit(&found, |_, _| true);
                true
            });
            if let Some(text) = visited.ok().and_then(|()| holes.text(ctx.conversations)) {
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
            write_text(ctx, &mut file, (id, at), &entry, said)?;
        }
    }
    file.flush()?;
    Ok(count)
}

/// Who has said it, and what; nobody for what happened in a room.
fn parts<'a>(
    ctx: &'a Ctx<'_>,
    (id, at): (ConversationId, EntryId),
    entry: &'a Entry,
    said: &Said,
) -> (Option<&'a str>, String) {
    let author = if entry.author == ctx.me.id {
        &ctx.me.name
    } else if ctx.is_many(id) {
        entry.author_name.as_deref().unwrap_or("(somebody)")
    } else {
        ctx.name_of(id)
    };
    match said {
        Said::Text(text) | Said::Action(text) => {
            let edited = current(ctx, (id, at), entry).edited;
            let text = edited.unwrap_or_else(|| text.clone());
            let is_action = matches!(said, Said::Action(_));
            let text = if is_action {
                format!("* {author} {text}")
            } else {
                text
            };
            (Some(author), text)
        }
        Said::Deleted(_) => (Some(author), "(deleted)".into()),
        Said::Event(event) => {
            let text = render_rooms::event(event, &ctx.me.name, ctx.name_of(id));
            (None, text)
        }
        Said::Amendment(_) | Said::Unknown => (Some(author), render::unknown(at)),
    }
}

fn write_json(
    ctx: &Ctx<'_>,
    file: &mut impl Write,
    (id, at): (ConversationId, EntryId),
    entry: &Entry,
    said: &Said,
) -> io::Result<()> {
    let (author, text) = parts(ctx, (id, at), entry, said);
    let time_ms = i64::try_from(entry.time_ms).unwrap_or(i64::MAX);
    let time = jiff::Timestamp::from_millisecond(time_ms).unwrap_or(jiff::Timestamp::MAX);
    let record = Record {
        conversation: ctx.name_of(id),
        entry: at.0,
        time: time.to_string(),
        author,
        text: &text,
    };
    serde_json::to_writer(&mut *file, &record)?;
    writeln!(file)
}

fn write_text(
    ctx: &Ctx<'_>,
    file: &mut impl Write,
    (id, at): (ConversationId, EntryId),
    entry: &Entry,
    said: &Said,
) -> io::Result<()> {
    let (author, text) = parts(ctx, (id, at), entry, said);
    let time = ctx.clock().show_whole(entry.time_ms);
    let mut lines = text.lines().map(printable::line);
    let first = lines.next().unwrap_or_default();
    match author {
        Some(author) => writeln!(file, "{time} {}: {first}", printable::line(author))?,
        None => writeln!(file, "{time} * {first}")?,
    }
    lines.try_for_each(|line| writeln!(file, "{INDENT}{line}"))
}
