//! `export`: writes what this device holds of a conversation to a file, as text or as JSON lines.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

use thiserror::Error;

use super::holes::Holes;
use super::{record, transcript};
use crate::client::account::blocked::BlockedUsers;
use crate::client::account::ctx::Ctx;
use crate::client::env::{Fault, Files};
use crate::client::name::canonical_target;
use crate::client::storage::StateError;
use crate::client::storage::entry::Said;
use crate::protocol::ConversationId;
use crate::text::printable;

#[derive(Debug, Error)]
enum ExportError {
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    File(#[from] io::Error),
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
            let line = record::as_it_is(ctx, (id, at), &entry, said)?;
            file.write_all(line.as_bytes())?;
        } else {
            let text = transcript::as_it_is(ctx, (id, at), &entry, said);
            file.write_all(text.as_bytes())?;
        }
    }
    file.flush()?;
    Ok(count)
}
