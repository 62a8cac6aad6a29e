//! Switches between conversations, and tells the user.

use crate::client::account::ctx::Ctx;
use crate::client::account::ctx::focus::ToShow;
use crate::client::account::reading;

/// Switches to a conversation: plain text goes there.
pub(crate) fn focus_on(ctx: &mut Ctx<'_>, name: &str) {
    ctx.focus.current = Some(name.to_owned());
    let id = ctx.conversations.by_name(name);
    let unread = id.map_or(0, |id| reading::look_at(ctx, id));
    let line = if std::mem::replace(&mut ctx.focus.knows_slash, true) {
        format!("in {name}")
    } else {
        format!("in {name}: what you type goes here; commands need a slash; `/back` returns")
    };
    ctx.notice(line);
    match id {
        Some(id) if unread > 0 && ctx.conversations.is_attended => {
            ctx.focus.to_show = Some(ToShow::Unread(id, unread));
        }
        _ if unread > 0 => {
            ctx.notice(format!("{unread} unread: `/history {unread}` shows them"));
        }
        _ => {}
    }
}

/// Switches to no conversation: a line is a command. Shows what is unread elsewhere.
pub(crate) fn clear_focus(ctx: &mut Ctx<'_>) {
    if ctx.focus.current.take().is_none() {
        ctx.plain("you are not in a room");
        return;
    }
    let unread = ctx.conversations.unread();
    let unread: Vec<String> = unread
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    if !unread.is_empty() {
        ctx.notice(format!("unread: {}", unread.join(", ")));
    }
}

/// Tells the user that they were taken out of the conversation.
pub(crate) fn show_focus_lost(ctx: &mut Ctx<'_>, name: &str) {
    ctx.notice(format!("you are no longer in {name}"));
}
