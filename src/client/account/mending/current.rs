//! What an entry is by now: its last text, the reactions to it, whether it is pinned and who deleted it.

use crate::client::account::ctx::Ctx;
use crate::client::storage::entry::{Amends, Entry, Said};
use crate::client::ui::render;
use crate::protocol::{AccountId, ConversationId, EntryId};

/// How many names are spelt out behind a sign. Chosen: with more, their number says as much.
const NAMES_MAX: usize = 3;

/// What has become of an entry.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Current {
    /// Its last text, if it was edited.
    pub(crate) edited: Option<String>,
    /// Each sign put to it, and by whom, in the order of the first of each.
    pub(crate) reactions: Vec<(String, Vec<String>)>,
    pub(crate) is_pinned: bool,
    /// What the one who deleted it was called.
    pub(crate) deleted_by: Option<String>,
}

/// A reaction that stands.
struct Reaction {
    sign: String,
    author: AccountId,
    name: String,
}

/// Whether an entry is something said, and not deleted.
pub(crate) fn is_said(ctx: &Ctx<'_>, id: ConversationId, entry: &Entry) -> bool {
    let said = entry.said(id, ctx.own());
    said.is_some_and(|said| said.words().is_some())
}

/// The last text of something said, unless its author is hidden. What shows a text somewhere else than in its own line gets it
/// here.
pub(crate) fn shown_text(
    ctx: &Ctx<'_>,
    (id, at): (ConversationId, EntryId),
    entry: &Entry,
) -> Option<String> {
    if ctx.hidden.has(entry.author) {
        return None;
    }
    let said = entry.said(id, ctx.own())?;
    said.words()?;
    said.told(current(ctx, (id, at), entry).edited.as_deref())
}

/// The beginning of that, as a line about the entry quotes it.
pub(crate) fn quoted(
    ctx: &Ctx<'_>,
    place: (ConversationId, EntryId),
    entry: &Entry,
) -> Option<String> {
    shown_text(ctx, place, entry).map(|text| render::quote(&text))
}

/// Puts together what is held here of an entry's changes, apart from what hidden users have put to it. A database that fails
/// says so at the end of the batch.
pub(crate) fn current(
    ctx: &Ctx<'_>,
    (id, at): (ConversationId, EntryId),
    entry: &Entry,
) -> Current {
    let mut current = Current::default();
    let mut reactions: Vec<Reaction> = Vec::new();
    let is_said = is_said(ctx, id, entry);
    for (by, _) in ctx.state.amendments(id, at).unwrap_or_default() {
        let Ok(Some(change)) = ctx.state.entry(id, by) else {
            continue;
        };
        let Some(Said::Amendment(amendment)) = change.said(id, ctx.own()) else {
            continue;
        };
        if amendment.target != at {
            continue;
        }
        let is_hidden = ctx.hidden.has(change.author);
        match amendment.what {
            Amends::React(_) | Amends::Pin if is_hidden => {}
            Amends::Edit(text) if is_said && change.author == entry.author => {
                current.edited = Some(text);
            }
            Amends::Edit(_) => {}
            Amends::Delete => current.deleted_by = Some(ctx.author_name(id, &change)),
            Amends::React(sign) => {
                let again = |known: &Reaction| known.author == change.author && known.sign == sign;
                if !reactions.iter().any(again) {
                    let name = ctx.author_name(id, &change);
                    let author = change.author;
                    reactions.push(Reaction { sign, author, name });
                }
            }
            Amends::Pin => current.is_pinned = true,
            Amends::Unpin => current.is_pinned = false,
        }
    }
    for Reaction { sign, name, .. } in reactions {
        match current
            .reactions
            .iter_mut()
            .find(|(known, _)| *known == sign)
        {
            Some((_, names)) => names.push(name),
            None => current.reactions.push((sign, vec![name])),
        }
    }
    current
}

impl Current {
    /// What is said of it after the text, such as `(edited; 👍 bob, erin)`.
    pub(crate) fn note(&self) -> Option<String> {
        let edited = self.edited.as_ref().map(|_| "edited".to_owned());
        let pinned = self.is_pinned.then(|| "pinned".to_owned());
        let reactions = self.reactions.iter().map(|(sign, names)| {
            if names.len() > NAMES_MAX {
                format!("{sign} {}", names.len())
            } else {
                format!("{sign} {}", names.join(", "))
            }
        });
        let parts: Vec<String> = edited.into_iter().chain(pinned).chain(reactions).collect();
        (!parts.is_empty()).then(|| format!("({})", parts.join("; ")))
    }
}
