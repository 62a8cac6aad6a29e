//! What stands at the prompt: who is signed in and where, what is unread, how far files are.

use super::offline::Offline;
use crate::client::account::ctx::Shared;
use crate::client::env::Status;
use crate::client::ui::prompt::{self, Waiting};
use crate::transport::Now;

pub(super) fn status(now: Now, shared: Option<&Shared>, offline: Offline) -> Status {
    let Some(shared) = shared else {
        return prompt::status(None, None, Waiting::default(), true);
    };
    let focus = shared.focus.current.as_deref();
    let all = shared.conversations.iter().map(|(_, known)| &known.stored);
    let unread = all.filter(|stored| !stored.is_left);
    let waiting = unread.fold(Waiting::default(), |waiting, stored| {
        let mentions = stored.unread_mentions();
        let others = if stored.is_muted(now.unix_ms) {
            0
        } else {
            stored.unread - mentions
        };
        Waiting {
            mentions: waiting.mentions.saturating_add(mentions),
            others: waiting.others.saturating_add(others),
        }
    });
    // Where it stays as it is while a line is typed, it does not say what holds for the first moment only.
    let is_linked = shared.session.is_settled && !shared.session.is_silent
        || matches!(offline, Offline::Since(_));
    prompt::status(Some(&shared.me.name), focus, waiting, is_linked)
}

/// The same with how far files are.
pub(super) fn with_transfers(status: Status, transfers: &str) -> Status {
    let parts = [&*status.state, transfers].into_iter();
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    let state = parts.join(" ");
    Status { state, ..status }
}
