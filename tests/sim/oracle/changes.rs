//! What must be so of edits, deletions and reactions: who may have made them, what is left of what was deleted, and what
//! each device knows of it.

use std::collections::{BTreeMap, BTreeSet};

use udpchat::protocol::{ConversationId, EVERYONE_NAME, EntryKind, EventKind, MemberRole};

use super::invariants::disk_of;
use super::{Audience, Oracle};
use crate::client::{Chosen, ClientHost};
use crate::disk::Disk;
use crate::entries::{
    EntryKey, Held, Log, Logged, Marker, change_of, marker_of, told_change_of, words_of,
};
use crate::faults::{Fault, Faults};
use crate::people::mending::word_of;
use crate::script::user;

/// What stands for an entry that a device does not understand.
pub(super) const CANNOT_SHOW: &str = "cannot show";

/// Why a change may be refused, or given up.
const CHANGES_REFUSED: &[&str] = &[
    "that message was deleted",
    "that message has expired",
    "that message is pinned already",
    "that message is not pinned",
    "that is not a message",
    "only the author and the room's moderators can delete",
    "only the room's moderators can pin",
    "nobody can pin for everyone",
    "you are not a member of",
    // Who has left and asks to join again cannot, and what waited for that is not sent either.
    "is private; you need an invitation",
    "you do not belong to",
    "the message that it is about was not stored",
    "the server's database was restored",
];

/// How a client calls what changes something and has no text.
const CHANGES: &[&str] = &["the deletion", "the pin", "the end of a pin"];

/// What follows from the server's log for what was changed in it.
#[derive(Default)]
pub struct Changes {
    /// What is deleted, and by which entry.
    pub deleted: BTreeMap<EntryKey, EntryKey>,
    /// The edits of each entry and the reactions to it, in order.
    about: BTreeMap<EntryKey, Vec<EntryKey>>,
    pinned: BTreeSet<EntryKey>,
    /// The roles of who belongs to which room.
    roles: BTreeMap<(u64, String), MemberRole>,
    counts: BTreeMap<Fault, usize>,
}

impl Changes {
    /// Reads the whole log. Whatever anybody has tried, nothing stands in it that was not theirs to do.
    pub fn read(log: &Log, oracle: &Oracle) -> Self {
        let mut changes = Self::default();
        let mut known = BTreeSet::new();
        for (key, logged) in log {
            if let Some(id) = logged.id() {
                assert!(known.insert(id), "{id:?} stands twice in the log");
            }
            match logged.kind() {
                Some(EntryKind::Event) => changes.note_role(key.0, logged),
                Some(EntryKind::Text | EntryKind::File) | None => {}
                Some(kind) => changes.take(log, (*key, logged), kind, oracle),
            }
        }
        for (key, logged) in log {
            let by = changes.deleted.get(key).map(|by| &*log[by].author);
            let deleted = logged.deleted.as_ref().map(|deleted| &*deleted.by);
            assert_eq!(
                deleted,
                by,
                "who deleted {key:?} ({:?}), and who did by the log",
                logged.id()
            );
        }
        changes
    }

    fn note_role(&mut self, room: u64, logged: &Logged) {
        let Some(event) = logged.message.room_event() else {
            return;
        };
        let role = event.role.unwrap_or(MemberRole::Member);
        let subject = event.subject.clone().unwrap_or_default();
        match event.kind {
            EventKind::Joined => {
                self.roles.insert((room, event.actor), role);
            }
            EventKind::Left => {
                self.roles.remove(&(room, event.actor));
                if event.role.is_some() {
                    self.roles.insert((room, subject), role);
                }
            }
            EventKind::Kicked => {
                self.roles.remove(&(room, subject));
            }
            EventKind::Role => {
                self.roles.insert((room, subject), role);
            }
            _ => {}
        }
    }

    /// An entry that changes another one.
    fn take(
        &mut self,
        log: &Log,
        (key, logged): (EntryKey, &Logged),
        kind: EntryKind,
        oracle: &Oracle,
    ) {
        let at = (key.0, logged.refers_to().expect("it is about an entry"));
        let what = format!("{kind:?} {key:?} of {at:?} by {}", logged.author);
        assert!(at < key, "{what}: it is about what comes later");
        let target = log.get(&at).unwrap_or_else(|| panic!("{what}: of nothing"));
        let is_said = target.kind().is_some_and(EntryKind::is_said);
        let is_own = target.author == logged.author;
        let role = self.roles.get(&(key.0, logged.author.clone()));
        let moderates = matches!(role, Some(MemberRole::Owner | MemberRole::Moderator));
        let is_there = !self.deleted.contains_key(&at);
        if let Some(words) = words_of(&logged.message)
            && change_of(&words).is_some()
        {
            assert_eq!(marker_of(&words), target.marker(), "{what}: of another one");
        }
        match kind {
            EntryKind::Edit | EntryKind::React => {
                assert!(is_said && is_there, "{what}: it was nothing said");
                assert!(is_own || kind == EntryKind::React, "{what}: of another's");
                self.about.entry(at).or_default().push(key);
            }
            EntryKind::Delete => {
                let is_change = matches!(target.kind(), Some(EntryKind::Edit | EntryKind::React));
                assert!(is_said || is_change, "{what}: it has no content");
                assert!(is_there, "{what}: it was deleted");
                assert!(is_own || moderates, "{what}: of another's");
                assert!(
                    oracle.has_wanted(&logged.author, target.id()),
                    "{what}: nobody wanted {:?} to be deleted",
                    target.id()
                );
                self.delete(at, key);
            }
            EntryKind::Pin | EntryKind::Unpin => {
                let is_everyone = key.0 == ConversationId::EVERYONE.0;
                let is_room = self.roles.keys().any(|(room, _)| *room == key.0);
                let may = !is_everyone && (moderates || !is_room);
                assert!(may, "{what}: they may not");
                let is_pinned = self.pinned.contains(&at);
                assert_eq!(is_pinned, kind == EntryKind::Unpin, "{what}: it was so");
                assert!(
                    is_pinned || is_said && is_there,
                    "{what}: it was nothing said"
                );
                if !self.pinned.remove(&at) {
                    self.pinned.insert(at);
                }
            }
            other => panic!("the log has {other:?}"),
        }
        let counted = match kind {
            EntryKind::Edit => Fault::Edited,
            EntryKind::Delete if is_own => Fault::Deleted,
            EntryKind::Delete => Fault::Moderated,
            EntryKind::React => Fault::Reacted,
            _ => Fault::Pinned,
        };
        *self.counts.entry(counted).or_default() += 1;
    }

    fn delete(&mut self, at: EntryKey, by: EntryKey) {
        self.pinned.remove(&at);
        for gone in self.about.remove(&at).unwrap_or_default() {
            self.deleted.entry(gone).or_insert(by);
        }
        self.deleted.insert(at, by);
    }

    /// How much was changed.
    pub fn count(&self, faults: &mut Faults) {
        for (fault, times) in &self.counts {
            faults.count_many(*fault, *times);
        }
    }
}

impl Oracle {
    /// Somebody has chosen what they type, as they typed it.
    pub fn learn(&mut self, host: usize, chosen: Chosen) {
        let account = host % self.accounts;
        match chosen {
            Chosen::Says(marker, name) => {
                let of = |other: &usize| user(*other) == name;
                let audience = match (0..self.accounts).find(of) {
                    _ if name == EVERYONE_NAME => Audience::Everyone,
                    Some(account) => Audience::One(account),
                    None => Audience::Room,
                };
                self.expect(marker, audience);
            }
            Chosen::Deletes(marker) => {
                self.wanted.entry(account).or_default().insert(marker);
                self.gone.insert(marker);
            }
        }
        self.complete.set(None);
    }

    /// By now this is what is deleted, and nothing else.
    pub fn settle_deleted(&mut self, log: &Log) {
        let deleted = log.values().filter(|logged| logged.deleted.is_some());
        self.gone = deleted.filter_map(Logged::id).collect();
        self.complete.set(None);
    }

    /// Whether nobody has to see this any more, since it is deleted or perhaps will be.
    pub fn is_gone(&self, marker: Marker) -> bool {
        self.gone.contains(&marker)
    }

    /// Somebody saw that something was edited or reacted to.
    pub(super) fn saw_change(&mut self, reader: usize, life: usize, shown: &str) {
        let Some(change) = told_change_of(shown) else {
            return;
        };
        let is_lost = self.lost.contains(&change);
        let observed = &mut self.observed[reader];
        if change.0 == reader {
            // Its author sees it once it is stored, whatever has come of others before it.
            observed.saw_on_page([change]);
        } else {
            observed.saw(life, change, shown, is_lost);
        }
    }

    /// Somebody was told that a change does not stand, or may not.
    pub(super) fn was_told_of_change(&mut self, number: usize, line: &str) {
        let change = change_of(line);
        if line.starts_with("unconfirmed") {
            self.unsure.extend(change);
            return;
        }
        // Who is no member is told nothing more, and who joins again reads from there on.
        let of_rooms = ["this is not permitted", "there is no such message"];
        let is_of_a_room = self.has_rooms && of_rooms.iter().any(|why| line.contains(why));
        let is_known = is_of_a_room || CHANGES_REFUSED.iter().any(|why| line.contains(why));
        assert!(is_known, "host {number} was told: {line}");
        self.dropped.extend(change);
    }

    /// Somebody has taken back what was not sent yet.
    pub(super) fn withdrew(&mut self, number: usize, line: &str) {
        let Some(marker) = marker_of(line) else {
            return;
        };
        if self.observed[number].may_be_copy {
            self.doubt(marker);
        }
        self.withdrawn.insert(marker);
        self.complete.set(None);
    }

    /// Whether somebody of this name has typed that this be deleted.
    fn has_wanted(&self, name: &str, what: Option<Marker>) -> bool {
        let of = |account: &usize| user(*account) == name;
        let account = (0..self.accounts).find(of);
        let wanted = account.and_then(|account| self.wanted.get(&account));
        what.is_none_or(|what| wanted.is_some_and(|wanted| wanted.contains(&what)))
    }

    /// Whether a device knows what was changed: it holds nothing of what it knows to be deleted, and has shown each edit and
    /// each reaction.
    pub(super) fn check_changes(
        &self,
        client: &ClientHost,
        (log, changes): (&Log, &Changes),
        held: &Held,
    ) -> Result<(), String> {
        let whose = || client.host_name();
        let has = |key: &EntryKey| {
            let digest = held.get(key).map(|held| held.digest);
            digest.is_some() && digest == log.get(key).map(|logged| logged.digest)
        };
        for (key, by) in changes.deleted.iter().filter(|(key, _)| has(key)) {
            assert!(
                held[key].is_deleted || !has(by),
                "{} holds {key:?}, and that {by:?} deleted it",
                whose()
            );
        }
        for (key, entry) in held.iter().filter(|(key, _)| has(key)) {
            let is_so = !entry.is_deleted || changes.deleted.contains_key(key) || self.has_lost();
            assert!(is_so, "{} holds {key:?} as deleted", whose());
            let is_whole = entry.is_deleted || entry.message.is_some();
            assert!(is_whole, "{} cannot read {key:?}", whose());
        }
        let observed = &self.observed[client.number];
        // A device that came late may have read past what it has nothing to show of.
        let account = client.number % self.accounts;
        let mut devices = self
            .observed
            .iter()
            .filter(|it| it.host % self.accounts == account);
        let is_read_elsewhere = devices.any(|device| device.is_late);
        for (key, logged) in log {
            let kind = logged.kind();
            let is_change = |kind: EntryKind| kind.is_amendment();
            if !kind.is_some_and(is_change) {
                continue;
            }
            if !has(key) && self.must_hold(client, log, held, *key) {
                return Err(format!("{} does not hold {kind:?} {key:?}", whose()));
            }
            let target = (key.0, logged.refers_to().unwrap_or_default());
            let is_shown = logged.id().is_none_or(|id| observed.has_seen(id));
            let stands =
                !changes.deleted.contains_key(key) && !changes.deleted.contains_key(&target);
            let is_told = matches!(kind, Some(EntryKind::Edit | EntryKind::React)) && stands;
            let is_excused = observed.may_be_copy || self.has_lost() || is_read_elsewhere;
            if is_told && !is_shown && !is_excused && has(key) && has(&target) {
                let id = logged.id().expect("just looked at");
                if logged.author != client.name && !self.need_not_show(client.number, id) {
                    return Err(format!("{} has not shown {kind:?} {id:?}", whose()));
                }
            }
        }
        Ok(())
    }

    /// Whether a device must hold an entry that changes another one, outside of rooms.
    fn must_hold(&self, client: &ClientHost, log: &Log, held: &Held, key: EntryKey) -> bool {
        let (conversation, _) = key;
        let logged = &log[&key];
        let is_everyone = conversation == ConversationId::EVERYONE.0;
        let is_pair = !logged.receiver.starts_with('#') && !is_everyone;
        let is_in_pair = is_pair && [&logged.author, &logged.receiver].contains(&&client.name);
        if self.has_removed(key) || !(is_everyone || is_in_pair) {
            return false;
        }
        let observed = &self.observed[client.number];
        let of = held.range((conversation, 0)..=(conversation, u64::MAX));
        let begins_at = of.map(|(key, _)| *key).next();
        let begins_late = observed.is_late && !observed.may_be_copy;
        !begins_late || begins_at.is_some_and(|first| first < key)
    }

    /// Every edit and reaction that was typed stands, or its author was told that it does not.
    pub(super) fn check_typed_changes(&self, clients: &[ClientHost], log: &Log) {
        let texts = log.values().filter_map(|logged| words_of(&logged.message));
        let standing: BTreeSet<Marker> = texts.filter_map(|words| change_of(&words)).collect();
        for client in clients {
            for (change, target) in &client.changes {
                let is_open = client.idle_changes.contains(change)
                    || self.dropped.contains(change)
                    || self.unsure.contains(change)
                    || self.lost.contains(change)
                    || self.withdrawn.contains(target)
                    || self.lost.contains(target)
                    || self.observed[client.number].may_be_copy;
                assert!(
                    standing.contains(change) || is_open,
                    "{change:?}, which {} typed, does not stand, and nothing was said of that",
                    client.host_name()
                );
            }
        }
    }

    /// Of what was deleted no byte is left where that is known. The server's checkpoint has been made since.
    pub(super) fn check_erased(
        &self,
        clients: &[ClientHost],
        server: &Disk,
        (log, changes): (&Log, &Changes),
    ) {
        if changes.deleted.is_empty() {
            return;
        }
        let deleted = changes.deleted.iter();
        let deleted = deleted.filter_map(|(key, by)| Some((key, by, log[key].id()?)));
        let deleted: Vec<_> = deleted.collect();
        for client in clients {
            let disk = disk_of(client);
            let (held, image) = (disk.held(), readable(&disk.memory.image()));
            for (_, by, id) in &deleted {
                let digest = held.get(by).map(|held| held.digest);
                let knows = digest == Some(log[by].digest);
                assert!(
                    !knows || !image.contains(&word_of(*id)),
                    "{} still has bytes of {id:?}, which is deleted",
                    client.host_name()
                );
            }
        }
        let images: Vec<String> = server
            .images()
            .iter()
            .map(|image| readable(image))
            .collect();
        for (key, _, id) in deleted {
            let is_there = images.iter().any(|image| image.contains(&word_of(id)));
            assert!(
                !is_there || self.has_removed(*key),
                "the server still has bytes of {id:?}, which is deleted"
            );
        }
    }
}

/// Bytes as a text, in which each word is found that is in them.
fn readable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Whether a line tells of an edit, a deletion, a reaction or a pin.
pub(super) fn is_of_change(line: &str) -> bool {
    let is_told = [
        " edited: ",
        " edited the text of ",
        " reacted ",
        ": the edit ",
        ": the reaction ",
    ];
    let (what, _) = line.split_once(" was not sent: ").unwrap_or((line, ""));
    let is_refused = ["the edit ", "the reaction "];
    is_told.iter().any(|told| line.contains(told))
        || is_refused.iter().any(|refused| what.starts_with(refused))
        || CHANGES.iter().any(|change| what.ends_with(change))
}
