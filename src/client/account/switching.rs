//! Switches between conversations, and tells the user.

use crate::client::account::ctx::Ctx;

/// Switches to a conversation: plain text goes there.
pub(crate) fn focus_on(ctx: &mut Ctx<'_>, name: &str) {
    ctx.focus.current = Some(name.to_owned());
    let id = ctx.conversations.by_name(name);
    let known = id.and_then(|id| ctx.conversations.get_mut(id));
    let unread = known.map_or(0, |known| std::mem::take(&mut known.stored.unread));
    if let Some(id) = id.filter(|_| unread > 0) {
        ctx.save_conversation(id);
    }
    let line = if std::mem::replace(&mut ctx.focus.knows_slash, true) {
        format!("in {name}")
    } else {
        format!("in {name}: what you type goes here; commands need a slash; `/back` returns")
    };
    ctx.notice(line);
    if unread > 0 {
        ctx.notice(format!("{unread} unread: `/history {unread}` shows them"));
    }
}

/// Switches to no conversation: a line is a command. Shows what is unread elsewhere.
pub(crate) fn clear_focus(ctx: &mut Ctx<'_>) {
    if ctx.focus.current.take().is_none() {
        ctx.plain("you are not in a room");
        return;
    }
    let all = ctx.conversations.iter().map(|(_, known)| &known.stored);
    let unread: Vec<String> = all
        .filter(|stored| stored.unread > 0 && !stored.is_left)
        .map(|stored| format!("{} {}", stored.name, stored.unread))
        .collect();
    if !unread.is_empty() {
        ctx.notice(format!("unread: {}", unread.join(", ")));
    }
}

/// Tells the user that they were taken out of the conversation.
pub(crate) fn show_focus_lost(ctx: &mut Ctx<'_>, name: &str) {
    ctx.notice(format!("you are no longer in {name}"));
}
