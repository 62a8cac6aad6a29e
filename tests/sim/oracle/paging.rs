//! What a device must show to who pages back to the beginning: what the log has that its user may read, and what the
//! device has kept, each once, in the order of the log.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use udpchat::protocol::{ConversationId, EVERYONE_NAME, EntryKind};

use super::Oracle;
use crate::client::ClientHost;
use crate::entries::{EntryKey, Held, HeldEntry, Log, Logged, edit_of, id_of, words_of};
use crate::people::paging::{PagedConversation, PagedLine};
use crate::people::rooms::Rooms;

/// The conversations of a user in which something stands, by the names that they have for this user. A room of which
/// the log has no message has no name here.
pub fn conversations_of(log: &Log, rooms: &Rooms, user: &str) -> VecDeque<(u64, String)> {
    let mut names: BTreeMap<u64, String> = BTreeMap::new();
    for ((conversation, _), logged) in log {
        if let Some(name) = name_for(*conversation, logged, rooms, user) {
            names.insert(*conversation, name);
        }
    }
    names.into_iter().collect()
}

/// What a user calls a conversation in which this was said; nothing if it is not theirs, or does not tell.
fn name_for(conversation: u64, logged: &Logged, rooms: &Rooms, user: &str) -> Option<String> {
    if conversation == ConversationId::EVERYONE.0 {
        return Some(EVERYONE_NAME.to_owned());
    }
    let event = logged.message.room_event();
    let (one, other) = match &event {
        None => (&*logged.author, &*logged.receiver),
        // An invitation stands in the pair's log.
        Some(event) => (&*event.actor, event.subject.as_deref()?),
    };
    if rooms.is_room(conversation) {
        let is_members = rooms.has_belonged(conversation, user);
        return (is_members && other.starts_with('#')).then(|| other.to_owned());
    }
    match user {
        _ if user == one => Some(other.to_owned()),
        _ if user == other => Some(one.to_owned()),
        _ => None,
    }
}

/// What the server would let a user read of a conversation that is theirs.
fn readable<'a>(
    log: &'a Log,
    rooms: &'a Rooms,
    conversation: u64,
    user: &'a str,
) -> impl Iterator<Item = &'a EntryKey> {
    let of_it = log.range((conversation, 0)..=(conversation, u64::MAX));
    let places = of_it.map(|(key, _)| key);
    places.filter(move |(_, entry)| rooms.may_read(conversation, user, *entry))
}

impl Oracle {
    /// Checks one conversation that was paged back to its beginning, and says how many of its entries the device had to
    /// fetch. `before` is what it held until then, `held` what it holds now; `begin` and `end` are the server's log,
    /// without what has expired, before and after.
    pub fn check_paged(
        &mut self,
        client: &ClientHost,
        paged: &PagedConversation,
        (before, held): (&Held, &Held),
        (begin, end, rooms): (&Log, &Log, &Rooms),
    ) -> usize {
        let conversation = paged.conversation;
        let whose = || format!("{} in {}", client.host_name(), paged.name);
        let places = (conversation, 0)..=(conversation, u64::MAX);
        let at_first = readable(begin, rooms, conversation, &client.name);
        let at_first: BTreeSet<&EntryKey> = at_first.collect();
        let mut lines = Vec::new();
        let mut fetched = 0;
        for (key, entry) in held.range(places) {
            lines.extend(line_of(held, *key, entry));
            if !before.contains_key(key) {
                fetched += 1;
                assert!(
                    at_first.contains(key),
                    "{} was given {key:?}, which is not theirs to read",
                    whose()
                );
            }
        }
        for key in readable(end, rooms, conversation, &client.name) {
            let logged = &end[key];
            let is_held = held.get(key).map(|held| held.digest) == Some(logged.digest);
            // What an older database has lost may stand where a device has something else.
            assert!(
                is_held || self.has_lost(),
                "{} has paged back, and does not hold {key:?}",
                whose()
            );
            let marker = logged.marker();
            let is_shown = paged.shown.iter().any(|line| line.marker == marker);
            // Who has left does not learn what was deleted afterwards.
            let is_deleted = held.get(key).is_some_and(|held| held.is_deleted);
            let is_so = is_shown != is_deleted || self.has_lost();
            assert!(
                marker.is_none() || is_so,
                "{} was shown {marker:?} ({is_shown}), which is deleted there ({is_deleted})",
                whose()
            );
        }
        assert!(
            paged.shown == lines || self.has_lost(),
            "{} was shown {:?}, and holds {lines:?}",
            whose(),
            paged.shown
        );
        let markers = paged.shown.iter().filter_map(|line| line.marker);
        self.observed[client.number].saw_on_page(markers);
        fetched
    }
}

/// The line of an entry by what a device holds: nothing of what changed another one.
fn line_of(held: &Held, key: EntryKey, entry: &HeldEntry) -> Option<PagedLine> {
    let is_line = matches!(
        entry.kind(),
        Some(EntryKind::Text | EntryKind::File | EntryKind::Event) | None
    );
    if entry.was_change || !is_line {
        return None;
    }
    // What was edited while it waited to be sent came with its last text.
    let words = entry.message.as_ref().and_then(words_of);
    let mut line = PagedLine {
        marker: entry.marker(),
        edit: words.and_then(|words| edit_of(&words)),
        ..PagedLine::default()
    };
    for (_, change) in held.range(key..=(key.0, u64::MAX)) {
        let id = change.message.as_ref().and_then(id_of);
        if change.refers_to() != Some(key.1) || line.marker.is_none() {
            continue;
        }
        match change.kind() {
            Some(EntryKind::Edit) if change.author == entry.author => line.edit = id,
            Some(EntryKind::React) => line.reactions.extend(id),
            _ => {}
        }
    }
    Some(line)
}
