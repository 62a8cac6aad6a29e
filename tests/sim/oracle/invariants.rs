//! What must be so at the end of a run, read from the disks of all.

use std::collections::{BTreeMap, BTreeSet};

use super::{Audience, Changes, Observed, Oracle};
use crate::client::ClientHost;
use crate::disk::Disk;
use crate::entries::{EntryKey, Held, Log, Logged, Marker};
use crate::people::rooms::Rooms;

impl Oracle {
    /// Whether what was said is where it must be, or what is missing. What must never be fails at once. The log is the
    /// whole one.
    pub fn check_so_far(
        &self,
        clients: &[ClientHost],
        log: &Log,
        (rooms, changes): (&Rooms, &Changes),
    ) -> Result<(), String> {
        if let Some(missing) = self.missing().next() {
            return Err(missing);
        }
        let places = places(log, "the server");
        for client in clients {
            let held = disk_of(client).held();
            self.check_history(clients, client, log, (&places, &held))?;
            self.check_changes(client, (log, changes), &held)?;
            if self.has_rooms {
                rooms.check_device(client, log, &held, self)?;
                self.check_receipts_in_rooms(client, clients, rooms)?;
            }
        }
        Ok(())
    }

    /// Nobody has read past the end of a log, nor further than on one of their own devices, and each of these comes to know
    /// what was read on the others. The log is the whole one.
    pub fn check_reading(
        &self,
        clients: &[ClientHost],
        server: &Disk,
        log: &Log,
    ) -> Result<(), String> {
        let heads: BTreeMap<u64, u64> = log.keys().copied().collect();
        let devices: Vec<_> = clients
            .iter()
            .map(|client| (client, disk_of(client).read_here()))
            .collect();
        let may_differ = self.has_lost() || self.observed.iter().any(|it| it.may_be_copy);
        for ((conversation, name), read) in server.read_by_accounts() {
            let head = heads.get(&conversation).copied().unwrap_or(0);
            assert!(
                read <= head,
                "{name} has read {read} of {head} in conversation {conversation}"
            );
            let own = devices.iter().filter(|(client, _)| client.name == name);
            let own = own.filter_map(|(client, here)| Some((client, *here.get(&conversation)?)));
            let own: Vec<_> = own.collect();
            let is_own = own.iter().any(|(_, here)| *here >= read);
            assert!(
                is_own || read == 0 || may_differ,
                "{name} has read {read} in conversation {conversation} on no device of theirs"
            );
            if let Some((client, here)) = own.iter().find(|(_, here)| *here < read) {
                return Err(format!(
                    "{} does not know that {read} was read in conversation {conversation}, but {here}",
                    client.host_name()
                ));
            }
        }
        Ok(())
    }

    /// A device holds all that it must, and nothing else.
    fn check_history(
        &self,
        clients: &[ClientHost],
        client: &ClientHost,
        log: &Log,
        (places, held): (&BTreeMap<Marker, EntryKey>, &Held),
    ) -> Result<(), String> {
        let whose = || client.host_name();
        let observed = &self.observed[client.number];
        let mut found = BTreeSet::new();
        for (key, message) in held {
            let is_logged = log.get(key).map(|logged| logged.digest) == Some(message.digest);
            // What a server has lost whose database was restored stays where it is.
            assert!(
                is_logged || self.has_lost_entry(*key, message.digest),
                "{} holds at {key:?} what the log does not",
                whose()
            );
            if is_logged && let Some(marker) = log[key].marker() {
                assert!(found.insert(marker), "{} holds {marker:?} twice", whose());
            }
        }
        for (marker, said) in &self.said {
            if said.audience == Audience::Room {
                continue;
            }
            let is_meant = marker.0 == client.number || said.to.contains(&client.number);
            let is_there = found.contains(marker);
            assert!(
                is_meant || !is_there,
                "{marker:?} is not for {}, which holds it",
                whose()
            );
            // A late device begins where its account stood, one with a copy has what that had.
            let may_lack = observed.is_late && !observed.may_be_copy || self.is_expired(*marker);
            if is_meant && !is_there && !may_lack && places.contains_key(marker) {
                return Err(format!("{} does not hold {marker:?}", whose()));
            }
            if is_meant && !is_there && self.is_expired(*marker) {
                let author = &clients[marker.0 % self.accounts].name;
                let name = match said.audience {
                    Audience::One(to) if author == &client.name => &clients[to].name,
                    Audience::One(_) => author,
                    _ => "everyone",
                };
                let is_new = observed.is_late && !observed.may_be_copy;
                if !is_new && !observed.knows_of_expiry(name) {
                    let text = "was not told that something has expired";
                    return Err(format!("{} {text} ({marker:?}, {name})", whose()));
                }
            }
            let must_show = observed.may_be_copy
                && !self.is_gone(*marker)
                && !observed.has_said(*marker)
                && !self.need_not_show(client.number, *marker);
            if must_show && is_there && !observed.has_seen(*marker) {
                return Err(format!("{} has not shown {marker:?}", whose()));
            }
        }
        Ok(())
    }

    fn check_receipts_in_rooms(
        &self,
        client: &ClientHost,
        clients: &[ClientHost],
        rooms: &Rooms,
    ) -> Result<(), String> {
        let author = &self.observed[client.number];
        for reader in &clients[..self.accounts] {
            if reader.name == client.name {
                continue;
            }
            let is_owed =
                |marker: Marker| !self.unreceipted.contains(&marker) && !self.is_gone(marker);
            let names = (&*client.name, &*reader.name);
            let (least, most) = rooms.receipts(client.number, names, is_owed);
            let got = author.receipts(reader.number, true);
            let whose = || format!("{} of {}", client.host_name(), reader.name);
            assert!(
                got <= most || author.may_be_copy || self.has_lost(),
                "{got} receipts and {most} messages: {}",
                whose()
            );
            if got < least && !author.is_excused {
                return Err(format!("{got} receipts of {least}: {}", whose()));
            }
        }
        Ok(())
    }

    /// Whether a room's message was said to be not sent.
    fn is_refused(&self, clients: &[ClientHost], marker: Marker) -> bool {
        self.refused.contains(&marker) || clients[marker.0].refused.contains(&marker)
    }

    /// How many messages were refused because their authors did not belong to the room.
    pub fn refusals(&self) -> usize {
        self.refused.len()
    }

    /// How many expired before all had them.
    pub fn missed(&self, clients: &[ClientHost]) -> usize {
        let held: Vec<_> = clients
            .iter()
            .map(|client| disk_of(client).held())
            .collect();
        let is_missed = |marker: &Marker| {
            let readers = self.said.get(marker).map_or(&[][..], |said| &said.to);
            let holds = |reader: &usize| {
                held[*reader]
                    .values()
                    .any(|held| held.marker() == Some(*marker))
            };
            !readers.iter().all(holds)
        };
        let markers = self.expired.values().filter_map(Logged::marker);
        markers.filter(is_missed).count()
    }

    /// All that can be checked only at the end: what stands where, and the order. The log is the whole one.
    pub fn check(
        &self,
        clients: &[ClientHost],
        server: &Disk,
        log: &Log,
        (rooms, changes): (&Rooms, &Changes),
    ) {
        self.check_typed_changes(clients, log);
        self.check_erased(clients, server, (log, changes));
        let places = places(log, "the server");
        for (marker, said) in &self.said {
            let is_refused = said.audience == Audience::Room && self.is_refused(clients, *marker)
                || self.withdrawn.contains(marker);
            let stands = places.contains_key(marker);
            let may_lack = self.lost.contains(marker) || self.unsure.contains(marker);
            assert!(
                stands != is_refused || !stands && may_lack || stands && self.lost.contains(marker),
                "{marker:?} ({:?}) stands in the log ({stands}), or was refused ({is_refused}), and not both",
                said.audience
            );
        }
        let is_known = |marker: &Marker| self.said.contains_key(marker);
        assert!(
            places.keys().all(is_known),
            "the log holds all and nothing else"
        );
        self.check_order_of_typing(&places);
        let all = log
            .iter()
            .filter_map(|(key, logged)| Some((logged.id()?, *key)));
        let all: BTreeMap<Marker, EntryKey> = all.collect();
        for client in clients {
            let number = client.number;
            self.check_order_of_showing(&self.observed[number], &all);
            let (unsent, awaited) = disk_of(client).waiting();
            assert_eq!(unsent, 0, "host {number} has something to send");
            // Of who has left a room no receipt comes any more, nor of what has expired.
            let may_wait = !rooms.is_empty() || !self.expired.is_empty() || self.has_lost();
            let is_excused = self.observed[number].may_be_copy;
            assert!(
                awaited == 0 || may_wait || is_excused,
                "host {number} waits for receipts"
            );
        }
    }

    /// What one author said in one conversation stands in the order in which it was typed.
    fn check_order_of_typing(&self, places: &BTreeMap<Marker, EntryKey>) {
        let mut last: BTreeMap<(usize, u64), u64> = BTreeMap::new();
        for (marker, (conversation, entry)) in places {
            // What was typed again by who could not know of it stands where it was typed last.
            if self.unsure.contains(marker) || self.said_again.is_some() {
                continue;
            }
            if self.files.has(*marker) {
                continue;
            }
            // What the server has lost a copy of the device may say that was made while it waited: behind what the
            // original has said since.
            if self.lost.contains(marker) && self.observed[marker.0].may_be_copy {
                continue;
            }
            let before = last.insert((marker.0, *conversation), *entry);
            assert!(before < Some(*entry), "{marker:?} stands out of order");
        }
    }

    /// Each conversation was shown in the order of the log, in each life of the process.
    fn check_order_of_showing(&self, observed: &Observed, places: &BTreeMap<Marker, EntryKey>) {
        let mut last: BTreeMap<(usize, u64), u64> = BTreeMap::new();
        for (life, marker) in &observed.seen {
            if self.lost.contains(marker) {
                continue;
            }
            let Some(&(conversation, entry)) = places.get(marker) else {
                panic!(
                    "host {} saw {marker:?}, which does not stand",
                    observed.host
                );
            };
            let before = last.insert((*life, conversation), entry);
            assert!(
                before < Some(entry),
                "host {} saw {marker:?} out of order",
                observed.host
            );
        }
    }
}

pub(super) fn disk_of(client: &ClientHost) -> Disk {
    client.disk().expect("everybody has signed in")
}

/// Where everything stands in the log, each thing once.
fn places(log: &Log, whose: &str) -> BTreeMap<Marker, EntryKey> {
    let mut places = BTreeMap::new();
    for (key, logged) in log {
        if let Some(marker) = logged.marker() {
            let before = places.insert(marker, *key);
            assert_eq!(before, None, "{marker:?} stands twice at {whose}");
        }
    }
    places
}
