//! `search`: the newest messages on this device that have some words.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use crate::client::account::blocked::BlockedUsers;
use crate::client::account::ctx::Ctx;
use crate::client::account::history::holes::Holes;
use crate::client::account::history::query::Query;
use crate::client::account::history::scope;
use crate::client::env::Fault;
use crate::client::name::canonical;
use crate::client::storage::StateError;
use crate::protocol::{AccountId, ConversationId, EntryId};

/// How many lines a search shows: the newest ones. The others are counted.
const FOUND_MAX: usize = 50;

/// The time by which what is found is sorted, and where it stands.
type Place = (u64, ConversationId, EntryId);

/// Shows the newest lines that a query means, and says what this device cannot find because it does not hold it.
pub(crate) fn search(ctx: &mut Ctx<'_>, blocked: &BlockedUsers, typed: &str) {
    let query = match Query::parse(ctx.clock(), typed) {
        Ok((query, notes)) => {
            for note in notes {
                ctx.notice(note);
            }
            query
        }
        Err(why) => return ctx.fail(Fault::Usage, why),
    };
    let scope = match scope(ctx, query.place.as_deref()) {
        Ok(scope) => scope,
        Err((fault, text)) => return ctx.fail(fault, text),
    };
    if let Err(error) = find(ctx, blocked, &query, scope) {
        ctx.fail(Fault::Failed, error.to_string());
    }
}

fn find(
    ctx: &mut Ctx<'_>,
    blocked: &BlockedUsers,
    query: &Query,
    scope: Option<ConversationId>,
) -> Result<(), StateError> {
    let mut newest: BinaryHeap<Reverse<Place>> = BinaryHeap::new();
    let mut count = 0_usize;
    let mut holes = Holes::of(ctx.conversations, scope);
    let mut authors = Authors::of(query);
    ctx.state.visit_words(scope, |found| {
        holes.visit(&found, |from_ms, to_ms| query.reaches(from_ms, to_ms));
        let place = (found.conversation, found.entry);
        if query.fits(found.time_ms, found.words)
            && !blocked.hides_texts_of(found.author)
            && authors.fits(ctx, place, found.author)
        {
            count += 1;
            newest.push(Reverse((found.time_ms, place.0, place.1)));
            if newest.len() > FOUND_MAX {
                newest.pop();
            }
        }
        true
    })?;
    let shown = newest.len();
    // Reversed, the greatest come first in ascending order.
    for Reverse((_, id, at)) in newest.into_sorted_vec().into_iter().rev() {
        if let Some(entry) = ctx.state.entry(id, at)?
            && let Some(said) = entry.said(id, ctx.own())
        {
            let line = ctx.found_line((id, at), &entry, &said);
            ctx.effects.show_line(line);
        }
    }
    let text = match (count, shown) {
        (0, _) => "nothing found on this device".to_owned(),
        (count, shown) if count > shown => {
            format!("{count} found; the newest {shown} are shown")
        }
        (count, _) => format!("{count} found"),
    };
    ctx.notice(text);
    if let Some(text) = holes.text(ctx.conversations) {
        ctx.notice(text);
    }
    Ok(())
}

/// Which authors are called as the query says. One entry of each is read to learn it.
struct Authors<'a> {
    named: Option<&'a str>,
    known: HashMap<(ConversationId, AccountId), bool>,
}

impl<'a> Authors<'a> {
    fn of(query: &'a Query) -> Self {
        Self {
            named: query.author.as_deref(),
            known: HashMap::new(),
        }
    }

    fn fits(
        &mut self,
        ctx: &Ctx<'_>,
        (id, at): (ConversationId, EntryId),
        author: AccountId,
    ) -> bool {
        let Some(named) = self.named else {
            return true;
        };
        if author == ctx.me.id {
            return named == ctx.me.name || named == "me" || named == "you";
        }
        *self.known.entry((id, author)).or_insert_with(|| {
            if !ctx.is_many(id) {
                return ctx.name_of(id) == named;
            }
            let entry = ctx.state.entry(id, at).ok().flatten();
            let name = entry.and_then(|entry| entry.author_name);
            name.is_some_and(|name| canonical(&name) == named)
        })
    }
}
