//! What a program that reads is told of an entry.

use crate::client::account::blocked::BlockedUsers;
use crate::client::account::ctx::Ctx;
use crate::client::account::history::{record, transcript};
use crate::client::storage::entry::{Entry, Said};
use crate::client::tail::TailOptions;
use crate::protocol::{ConversationId, EntryId};

/// How it is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Form {
    /// As in a transcript, with the names of conversations where there are several.
    #[default]
    Transcript,
    Json,
    /// JSON, and not what the account itself says: a bot that answers itself would never end.
    Event,
}

#[derive(Debug, Default)]
pub(super) struct Teller {
    form: Form,
    /// Whether all is of one conversation.
    is_single: bool,
    /// The conversation of the last line.
    last: Option<ConversationId>,
}

impl Teller {
    pub(super) fn new(options: Option<&TailOptions>, is_single: bool) -> Self {
        let form = match options {
            Some(options) if options.is_for_bot() => Form::Event,
            Some(options) if options.is_json => Form::Json,
            _ => Form::Transcript,
        };
        Self {
            form,
            is_single,
            last: None,
        }
    }

    /// What the program is told of an entry, with the line breaks.
    pub(super) fn text_of(
        &mut self,
        ctx: &Ctx<'_>,
        blocked: &BlockedUsers,
        (id, at): (ConversationId, EntryId),
        entry: &Entry,
    ) -> Option<String> {
        let said = entry.said(id, ctx.own()).unwrap_or(Said::Unknown);
        if blocked.hides(entry.author, &said) {
            return None;
        }
        // Nothing is told of a change that does not count.
        let text = transcript::as_it_came(ctx, (id, at), entry)?;
        match self.form {
            Form::Event if entry.author == ctx.me.id => None,
            Form::Event => record::event(ctx, (id, at), entry, &said).ok(),
            Form::Json => record::as_it_came(ctx, (id, at), entry, &said).ok(),
            Form::Transcript => {
                let before = self.last.replace(id);
                if self.is_single || before == Some(id) {
                    return Some(text);
                }
                let gap = if before.is_some() { "\n" } else { "" };
                Some(format!("{gap}==> {} <==\n{text}", ctx.name_of(id)))
            }
        }
    }
}
