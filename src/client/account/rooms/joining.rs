//! Requests to join, switch to and leave rooms, with or without a link.

use crate::client::account::ctx::pending::PendingRequest;
use crate::client::account::ctx::{Ctx, NO_LINK};
use crate::client::account::switching::focus_on;
use crate::client::env::Fault;
use crate::client::name::{canonical_room, canonical_target, is_room};
use crate::protocol::{Access, ConversationId, EVERYONE_NAME, Join, Leave};

/// The room that a command is about: the named one, else the focus.
pub(crate) fn room(ctx: &mut Ctx<'_>, named: Option<&str>) -> Option<(ConversationId, String)> {
    let name = match named {
        Some(named) => canonical_room(named),
        None => ctx
            .focus
            .current
            .clone()
            .filter(|focus| is_room(focus))
            .unwrap_or_default(),
    };
    if !is_room(&name) {
        ctx.fail(Fault::Usage, "which room? name it, as in `#bridge`");
        return None;
    }
    let id = ctx.conversations.by_name(&name);
    let known = id.and_then(|id| Some((id, ctx.conversations.get(id)?)));
    match known {
        Some((id, known)) if !known.stored.is_left => Some((id, name)),
        _ => {
            ctx.fail(Fault::NoRecipient, not_a_member(&name));
            None
        }
    }
}

/// Joins a room, and switches to it if that `takes_focus`.
pub(crate) fn join(ctx: &mut Ctx<'_>, named: &str, access: Option<Access>, takes_focus: bool) {
    let name = canonical_room(named);
    if name.chars().count() < 2 {
        ctx.fail(Fault::Usage, "which room? name it, as in `/join #bridge`");
        return;
    }
    // Of several rooms the last one is meant.
    if takes_focus {
        ctx.pending.keep_focus();
    }
    if ctx.conversations.is_member(&name) {
        if takes_focus {
            focus_on(ctx, &name);
        } else {
            ctx.notice(format!("you are a member of {name} already"));
        }
    } else if ctx.can_ask() && ctx.pending.is_joining(&name) {
        ctx.notice(format!(
            "{name} is being joined; no answer from the server yet"
        ));
        if takes_focus {
            ctx.pending.take_focus(&name);
        }
    } else if ctx.can_ask() {
        ask_to_join(ctx, name, access, takes_focus);
    } else if ctx.pending.defer_join(&name, access) {
        ctx.notice(format!("● {name} will be joined when the server answers"));
        if takes_focus {
            ctx.focus.current = Some(name);
        }
    } else {
        ctx.fail(Fault::Unreachable, NO_LINK);
    }
}

/// Whether this user can say something there, as far as this device knows; else why not.
pub(crate) fn check_target(ctx: &Ctx<'_>, target: &str) -> Result<(), String> {
    let name = canonical_target(target);
    if !is_room(&name) || ctx.conversations.is_member(&name) || ctx.pending.is_join_deferred(&name)
    {
        return Ok(());
    }
    Err(not_a_member(&name))
}

/// Asks to join a room.
pub(crate) fn ask_to_join(
    ctx: &mut Ctx<'_>,
    name: String,
    access: Option<Access>,
    takes_focus: bool,
) {
    if ctx.pending.is_joining(&name) {
        return;
    }
    ctx.pending.take_deferred_join(&name);
    let typed = name.clone();
    let body = |tag| Join {
        tag,
        name: typed,
        access,
        must_exist: None,
    };
    ctx.request(PendingRequest::Join { name, takes_focus }, body);
}

/// Joins a room that somebody else has named, and switches to it. None is made: the name may be wrong, and a room that is there
/// only because of that looks like the right one.
pub(crate) fn join_existing(ctx: &mut Ctx<'_>, name: &str) {
    if ctx.conversations.is_member(name) {
        return focus_on(ctx, name);
    }
    if !ctx.can_ask() {
        return ctx.fail(Fault::Unreachable, NO_LINK);
    }
    ctx.pending.keep_focus();
    let body = |tag| Join {
        tag,
        name: name.to_owned(),
        access: None,
        must_exist: Some(true),
    };
    let pending = PendingRequest::Join {
        name: name.to_owned(),
        takes_focus: true,
    };
    ctx.request(pending, body);
}

/// Asks for the rooms that were to be joined while there was no link.
pub(crate) fn join_deferred(ctx: &mut Ctx<'_>) {
    for (name, access) in ctx.pending.take_deferred_joins() {
        ask_to_join(ctx, name, access, false);
    }
}

/// Asks to leave a room.
pub(crate) fn leave(ctx: &mut Ctx<'_>, named: Option<&str>) {
    if let Some((conversation, name)) = room(ctx, named) {
        let body = |tag| Leave { tag, conversation };
        ctx.request(PendingRequest::Leave { name }, body);
    }
}

/// Why nothing can be said in a room.
pub(crate) fn not_a_member(name: &str) -> String {
    format!("you are not a member of {name}; `/join {name}` first")
}

/// The user wants plain text to be said to somebody, or in a room that they belong to. Where there is a link, one
/// does not stand before somebody who does not exist.
pub(crate) fn enter(ctx: &mut Ctx<'_>, named: &str) {
    let name = canonical_target(named);
    if let Err(refused) = check_target(ctx, &name) {
        ctx.fail(Fault::NoRecipient, refused);
    } else if name == ctx.me.name {
        let text = "you cannot send a message to yourself; `/enter notes` goes to your notes";
        ctx.fail(Fault::NoRecipient, text);
    } else if is_room(&name)
        || name == EVERYONE_NAME
        || ctx.conversations.by_name(&name).is_some()
        || !ctx.can_ask()
        || !ctx.resolve(named)
    {
        focus_on(ctx, &name);
    } else {
        ctx.focus.resolving = Some(named.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::account::testing::Workbench;
    use crate::protocol::ClientBody;

    #[test]
    fn sign_may_be_left_out_where_only_a_room_can_be_meant() {
        let mut bench = Workbench::new();
        join(&mut bench.ctx(), " Bridge", None, true);
        let sent = bench.sent();
        assert!(
            matches!(&sent[..], [ClientBody::Join(join)] if join.name == "#bridge"),
            "{sent:?}"
        );
        for nothing in ["", "#"] {
            join(&mut bench.ctx(), nothing, None, true);
        }
        assert!(bench.sent().is_empty());
    }

    #[test]
    fn room_that_is_joined_without_a_link_is_requested_once_there_is_one() {
        let mut bench = Workbench::new();
        bench.shared.session.is_settled = false;
        join(&mut bench.ctx(), "#Bridge", None, true);
        assert!(bench.sent().is_empty());
        assert!(bench.shared.focus.is_on("#bridge"));
        assert_eq!(check_target(&bench.ctx(), "#bridge"), Ok(()));
        bench.shared.session.is_settled = true;
        join_deferred(&mut bench.ctx());
        join_deferred(&mut bench.ctx());
        let sent = bench.sent();
        assert!(
            matches!(&sent[..], [ClientBody::Join(join)] if join.name == "#bridge"),
            "{sent:?}"
        );
    }
}
