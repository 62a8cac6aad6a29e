//! Which line a command means.

use crate::client::account::ctx::Ctx;
use crate::client::account::mending::current::is_said;
use crate::client::account::mending::held;
use crate::client::account::mending::recent::{Recent, Whose};
use crate::client::account::sender::Sender;
use crate::client::env::Fault;
use crate::client::name::canonical_target;
use crate::client::storage::entry::Entry;
use crate::client::storage::records::OutboxEntry;
use crate::protocol::{ConversationId, EntryId};

/// How far back the history is searched for the last lines, in entries. Chosen: a day of a busy room. At the limit the user
/// has to name the line, and fewer are listed.
const LOOKED_THROUGH_MAX: usize = 1_000;

/// How many conversations are offered where one has to be named. Chosen: those of the last lines on the screen.
const OFFERED_MAX: usize = 3;

/// What stands before the number of a line.
pub(crate) const STORED_SIGN: char = '#';

/// The same for one that waits to be sent.
pub(crate) const WAITING_SIGN: char = '+';

/// A line as a user names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineNumber {
    /// An entry of its conversation.
    Entry(EntryId),
    /// A message in the outbox.
    Waiting(u64),
}

impl LineNumber {
    /// Reads `#41` or `+3`.
    pub(crate) fn read(word: &str) -> Option<Self> {
        let number = |digits: &str| {
            let is_plain = digits.bytes().all(|digit| digit.is_ascii_digit());
            digits
                .parse()
                .ok()
                .filter(|number: &u64| is_plain && *number > 0)
        };
        let stored = word.strip_prefix(STORED_SIGN).and_then(number);
        let waiting = || word.strip_prefix(WAITING_SIGN).and_then(number);
        stored
            .map(|entry| Self::Entry(EntryId(entry)))
            .or_else(|| waiting().map(Self::Waiting))
    }
}

/// What a command says of the line that it is about.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Named<'a> {
    /// The conversation, unless it is the one that has the focus.
    pub(crate) place: Option<&'a str>,
    pub(crate) line: Option<LineNumber>,
}

/// The line that is meant.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    Entry(ConversationId, EntryId, Entry),
    Waiting(u64, OutboxEntry),
}

/// Why a command does nothing.
pub(crate) type Refused = (Fault, String);

/// A conversation, of which nothing need be known but how it is called.
pub(crate) struct Place {
    pub(crate) id: Option<ConversationId>,
    pub(crate) name: String,
}

/// The conversation that is meant: the named one, else the one that has the focus, else that of the last line.
pub(crate) fn place(
    ctx: &Ctx<'_>,
    recent: &Recent,
    named: Option<&str>,
    whose: Whose,
) -> Result<Place, Refused> {
    if let Some(name) = name_of_place(ctx, named) {
        let id = ctx.conversations.by_name(&name);
        return Ok(Place { id, name });
    }
    let last = recent.last_places(whose).first().copied();
    let last = last.ok_or_else(|| which_place(ctx, recent, whose))?;
    let name = ctx.name_of(last).to_owned();
    Ok(Place {
        id: Some(last),
        name,
    })
}

/// What the named conversation is called, else the one that has the focus.
fn name_of_place(ctx: &Ctx<'_>, named: Option<&str>) -> Option<String> {
    let name = named.map(canonical_target);
    name.or_else(|| ctx.focus.current.clone())
}

/// That the conversation has to be named, and which ones it may be.
pub(crate) fn which_place(ctx: &Ctx<'_>, recent: &Recent, whose: Whose) -> Refused {
    let last = recent.last_places(whose).into_iter().take(OFFERED_MAX);
    let names: Vec<String> = last
        .map(|id| format!("`--in {}`", ctx.name_of(id)))
        .collect();
    let how = match &names[..] {
        [] => "`--in NAME` names it".to_owned(),
        [one] => format!("{one} names the last one"),
        [others @ .., last] => format!("{} or {last} names it", others.join(", ")),
    };
    let text = format!("in which conversation? {how}; `/enter NAME` goes to one");
    (Fault::Usage, text)
}

/// Whether the user has said in which conversation the line is.
fn is_placed(ctx: &Ctx<'_>, named: Named<'_>) -> bool {
    named.place.is_some() || ctx.focus.current.is_some()
}

/// The line that is meant by a command that others hear of. The last line of all may be another one than the user thinks, so
/// the conversation is one that has the focus, or is named.
pub(crate) fn placed_target(
    ctx: &mut Ctx<'_>,
    (sender, recent): (&Sender, &mut Recent),
    named: Named<'_>,
    whose: Whose,
) -> Result<Target, Refused> {
    let is_waiting = matches!(named.line, Some(LineNumber::Waiting(_)));
    if !is_waiting && !is_placed(ctx, named) {
        return Err(which_place(ctx, recent, whose));
    }
    target(ctx, (sender, recent), named, whose)
}

/// The line that waits under this number.
fn waiting_at(sender: &Sender, sequence: u64) -> Result<Target, Refused> {
    let waiting = sender.outbox.waiting_at(sequence).cloned();
    waiting
        .map(|unsent| Target::Waiting(sequence, unsent))
        .ok_or_else(|| {
            let text =
                format!("no message waits under {WAITING_SIGN}{sequence}; `/lines` shows which do");
            (Fault::Usage, text)
        })
}

/// The line that is meant.
pub(crate) fn target(
    ctx: &mut Ctx<'_>,
    (sender, recent): (&Sender, &mut Recent),
    named: Named<'_>,
    whose: Whose,
) -> Result<Target, Refused> {
    if let Some(LineNumber::Waiting(sequence)) = named.line {
        return waiting_at(sender, sequence);
    }
    if named.line.is_some() && !is_placed(ctx, named) {
        // Each conversation has numbers of its own.
        return Err(which_place(ctx, recent, Whose::Anybodys));
    }
    let own_waiting = || {
        let is_wanted = whose != Whose::Others && named.line.is_none();
        let name = name_of_place(ctx, named.place);
        sender
            .outbox
            .last_waiting(name.as_deref())
            .filter(|_| is_wanted)
            .map(|(sequence, unsent)| Target::Waiting(sequence, unsent.clone()))
    };
    if let Some(waiting) = own_waiting() {
        return Ok(waiting);
    }
    let place = place(ctx, recent, named.place, whose)?;
    let nothing = |name: &str| {
        let text = match whose {
            Whose::Own => format!("you have said nothing in {name} that this device has"),
            _ => format!("nobody has said anything in {name} that this device has"),
        };
        (Fault::Failed, text)
    };
    let Some(id) = place.id else {
        return Err(nothing(&place.name));
    };
    if let Some(LineNumber::Entry(at)) = named.line {
        let found = said_entry(ctx, (id, at)).ok_or_else(|| {
            let name = &place.name;
            let text = format!(
                "this device has no message {STORED_SIGN}{at} in {name}; `/lines` shows the numbers"
            );
            (Fault::Failed, text)
        })?;
        return stored(ctx, (id, at), found);
    }
    while let Some(at) = recent.last(id, whose) {
        let found = said_entry(ctx, (id, at));
        if let Some(found) = found.filter(|entry| !ctx.hidden.has(entry.author)) {
            return stored(ctx, (id, at), found);
        }
        // It was deleted since, or its author was hidden.
        recent.forget((id, at));
    }
    let found = last_held(ctx, recent, id, whose);
    let (at, found) = found.ok_or_else(|| nothing(&place.name))?;
    stored(ctx, (id, at), found)
}

/// An entry as the line that is meant, unless the server has lost it: what stands there by now may be another one.
fn stored(
    ctx: &Ctx<'_>,
    (id, at): (ConversationId, EntryId),
    entry: Entry,
) -> Result<Target, Refused> {
    check_not_lost(ctx, (id, at))?;
    Ok(Target::Entry(id, at, entry))
}

/// Whether the server has not lost an entry, as far as this device knows.
pub(crate) fn check_not_lost(
    ctx: &Ctx<'_>,
    (id, at): (ConversationId, EntryId),
) -> Result<(), Refused> {
    let known = ctx.conversations.get(id).map(|known| &known.stored);
    let is_lost =
        known.is_some_and(|stored| stored.received_up_to < at && at <= stored.rewound_from);
    if is_lost {
        let name = ctx.name_of(id);
        let text = format!(
            "the server's database was restored, and {STORED_SIGN}{at} in {name} is no longer in it; nothing was changed"
        );
        return Err((Fault::Failed, text));
    }
    Ok(())
}

/// An entry that is held here, if it is something said.
pub(crate) fn said_entry(ctx: &mut Ctx<'_>, (id, at): (ConversationId, EntryId)) -> Option<Entry> {
    let entry = held(ctx, (id, at))?;
    is_said(ctx, id, &entry).then_some(entry)
}

/// The last line in the history, before those of this run.
fn last_held(
    ctx: &mut Ctx<'_>,
    recent: &Recent,
    id: ConversationId,
    whose: Whose,
) -> Option<(EntryId, Entry)> {
    let before = recent.first(id).unwrap_or(EntryId(u64::MAX));
    look_back(ctx, (id, before), |ctx, at, entry| {
        let is_meant = whose.counts(entry.author == ctx.me.id) && !ctx.hidden.has(entry.author);
        (is_meant && is_said(ctx, id, &entry)).then_some((at, entry))
    })
}

/// Looks through the entries before a place, the newest first, until something is found.
pub(crate) fn look_back<T>(
    ctx: &mut Ctx<'_>,
    (id, mut before): (ConversationId, EntryId),
    mut look: impl FnMut(&Ctx<'_>, EntryId, Entry) -> Option<T>,
) -> Option<T> {
    for _ in 0..LOOKED_THROUGH_MAX {
        let found = ctx.state.entry_before(id, before);
        let (at, entry) = ctx.read(found)??;
        let found = look(ctx, at, entry);
        if found.is_some() {
            return found;
        }
        before = at;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_is_named_by_its_sign_and_a_number_from_one() {
        assert_eq!(
            LineNumber::read("#41"),
            Some(LineNumber::Entry(EntryId(41)))
        );
        assert_eq!(LineNumber::read("+3"), Some(LineNumber::Waiting(3)));
        for word in [
            "41",
            "#",
            "#0",
            "#-1",
            "#+1",
            "++1",
            "#4x",
            "#99999999999999999999",
        ] {
            assert_eq!(LineNumber::read(word), None, "{word}");
        }
    }
}
