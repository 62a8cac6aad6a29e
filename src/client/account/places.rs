//! Places 1 to 9, each of a conversation that the user has put there; and the next conversation with something unread.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::client::account::ctx::Ctx;
use crate::client::account::rooms::joining;
use crate::client::account::switching::focus_on;
use crate::client::env::Fault;
use crate::client::name::canonical_target;

/// The conversations by their place, as names.
#[derive(Debug, Default)]
pub(crate) struct Places(BTreeMap<u8, String>);

impl Places {
    pub(crate) const fn load(places: BTreeMap<u8, String>) -> Self {
        Self(places)
    }

    /// Switches to the conversation at a place; one that is named is put there first.
    pub(crate) fn go(&mut self, ctx: &mut Ctx<'_>, place: u8, named: Option<&str>) {
        let Some(named) = named else {
            match self.0.get(&place).cloned() {
                Some(name) => joining::enter(ctx, &name),
                None => ctx.fail(
                    Fault::Usage,
                    format!(
                        "nothing is at {place}; `/{place} #ROOM` or `/{place} USER` puts it there"
                    ),
                ),
            }
            return;
        };
        let name = canonical_target(named);
        match joining::check_target(ctx, &name) {
            Ok(()) if name != ctx.me.name => {
                ctx.notice(format!("{name} is at `/{place}`"));
                self.0.insert(place, name);
                ctx.state.put_places(&self.0);
            }
            // It says why not.
            _ => {}
        }
        joining::enter(ctx, named);
    }

    pub(crate) fn list(&self, ctx: &mut Ctx<'_>) {
        for (place, name) in &self.0 {
            let id = ctx.conversations.by_name(name);
            let known = id.and_then(|id| ctx.conversations.get(id));
            let unread = match known.map_or(0, |known| known.stored.unread) {
                0 => String::new(),
                unread => format!("  {unread} unread"),
            };
            ctx.plain(format!("/{place}  {name}{unread}"));
        }
        if self.0.is_empty() {
            ctx.notice("no place is taken; `/1 #ROOM` puts a room at `/1`");
        }
    }
}

/// Switches to the conversation with something unread that matters most: where the user is mentioned, then private ones;
/// muted ones are the last of each kind.
pub(crate) fn next(ctx: &mut Ctx<'_>) {
    let unread = ctx.conversations.iter().filter(|(_, known)| {
        let stored = &known.stored;
        stored.unread > 0 && !stored.is_left && !ctx.focus.is_on(&stored.name)
    });
    let first = unread.min_by_key(|(id, known)| {
        let stored = &known.stored;
        let is_mentioned = stored.unread_mentions() > 0;
        let is_muted = stored.is_muted(ctx.now.unix_ms);
        let name = stored.name.clone();
        (Reverse(is_mentioned), is_muted, ctx.is_many(*id), name)
    });
    match first.map(|(_, known)| known.stored.name.clone()) {
        Some(name) => focus_on(ctx, &name),
        None => ctx.notice("nothing is unread"),
    }
}
