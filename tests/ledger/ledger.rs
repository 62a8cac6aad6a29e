//! The ledger: what was typed and what each client was told, noted outside of all processes, and held against what
//! the dead have on disk.
//!
//! What counts, and from when:
//! - A line typed counts once the client's database has it, in the outbox or the history, which is looked at after
//!   each kill. Before that, only who typed it knows of it: a kill may lose it, but only together with everything
//!   typed after it, and never if the client has called it queued or answered a fence behind it.
//! - A message was called stored if its author's history has it (the server's word moves it there), if a line said
//!   so, or if anybody was shown it. From then on the server's log must have it whenever the server is dead.
//! - A line may be shown again, marked, in a life that follows a kill, and in no other.
//! - A receipt does not name its message. It is true if the reader's device has at least as many of the author's
//!   messages as the author has receipts of that reader, private ones and those to rooms and everyone counted apart.
//! - A line that was cut by the kill was not told.

use std::collections::{BTreeMap, BTreeSet};

use crate::markers::{Marker, marker_of, name};
use crate::plan::{Line, To, USERS};
use crate::support::told::{receipt_of, stored_of};
use crate::tables::{Device, Entries, EntryKey};

/// What stands behind a line that was shown before a kill, or may have been.
const AGAIN: &str = "(perhaps shown before)";

/// What a client says where a promise is broken, or something that these runs never do is refused.
const ALARMS: &[&str] = &[
    "unconfirmed",
    "not sent",
    "not saved",
    "damaged",
    "a copy",
    "restored",
    "not the one known",
    "faster than",
    "no user",
    "failed",
];

/// How many there were of what the run counts.
#[derive(Debug, Default)]
pub struct Counts {
    pub receipts: usize,
    /// Receipts that a kill may have kept from the screen, told again.
    pub receipts_again: usize,
    pub stored: usize,
    pub queued: usize,
    pub shown: usize,
    pub shown_again: usize,
    pub fences: usize,
    pub lost_unread: usize,
}

struct Said {
    to: To,
    /// The author's life in which it was typed.
    life: usize,
    /// Whether the author's device has it for good.
    taken: bool,
    fenced: bool,
    /// Whether it is said with a file: it is taken once that is copied, and takes its place once that is at the server.
    has_file: bool,
}

#[derive(Debug, Clone, Copy)]
struct Shown {
    life: usize,
    marker: Marker,
    again: bool,
}

/// All that was noted.
#[derive(Default)]
pub struct Ledger {
    said: BTreeMap<Marker, Said>,
    typed: [usize; USERS],
    /// By author, reader, and whether the messages were to more than one.
    receipts: BTreeMap<(usize, usize, bool), usize>,
    shown: [Vec<Shown>; USERS],
    seen: [BTreeSet<Marker>; USERS],
    /// How many lines have said to each author that something is stored.
    stored_lines: [usize; USERS],
    /// How many lines of its present life each client has called queued.
    queued_lines: [usize; USERS],
    /// Whether the life before ended by a kill.
    was_killed: [bool; USERS],
    /// What was called stored, or delivered, which is only what is stored.
    stored: BTreeMap<Marker, Option<EntryKey>>,
    pub counts: Counts,
}

impl Ledger {
    /// Somebody types something now.
    pub fn types(&mut self, author: usize, life: usize, typed: &Line) -> Marker {
        self.typed[author] += 1;
        let marker = (author, self.typed[author]);
        let said = Said {
            to: typed.to,
            life,
            taken: false,
            fenced: false,
            has_file: typed.has_file,
        };
        self.said.insert(marker, said);
        marker
    }

    /// A client has printed a line.
    pub fn printed(&mut self, who: usize, life: usize, text: &str) {
        if let Some((messages, receipt)) = receipt_of(text) {
            if let Some(receipt) = receipt.strip_suffix(AGAIN) {
                assert!(
                    self.was_killed[who],
                    "{} was told again without a kill: {text}",
                    name(who)
                );
                self.counts.receipts_again += messages * readers_of(receipt).count();
            } else {
                self.receipted(who, messages, receipt);
            }
        } else if text.contains("stored; not received by ") {
            // After the word that it is stored, if there was one.
        } else if let Some(messages) = stored_of(text) {
            self.stored_lines[who] += messages;
            self.counts.stored += messages;
        } else if let Some(marker) = marker_of(text) {
            self.showed(who, life, marker, text);
        } else {
            Self::check_alarm(who, text);
        }
    }

    /// A client has printed a line to standard error.
    pub fn complained(&mut self, who: usize, line: &str) {
        let fence = line
            .split_once("unknown command \"fence.")
            .and_then(|(_, tail)| tail.split_once('"'))
            .and_then(|(marker, _)| marker_of(&format!("<{marker}>")));
        let Some(fence) = fence else {
            if line.starts_with("● queued") {
                self.queued_lines[who] += 1;
                self.counts.queued += 1;
            } else {
                Self::check_alarm(who, line);
            }
            return;
        };
        self.counts.fences += 1;
        let said = self.said.get_mut(&fence).expect("fences follow something");
        said.fenced = true;
    }

    fn check_alarm(who: usize, line: &str) {
        let is_alarm = ALARMS.iter().any(|alarm| line.contains(alarm));
        assert!(!is_alarm, "{} was told: {line}", name(who));
    }

    fn receipted(&mut self, author: usize, messages: usize, receipt: &str) {
        let is_to_many = receipt.contains(" of ");
        for reader in readers_of(receipt) {
            *self
                .receipts
                .entry((author, reader, is_to_many))
                .or_default() += messages;
            self.counts.receipts += messages;
        }
    }

    fn showed(&mut self, reader: usize, life: usize, marker: Marker, text: &str) {
        let said = self.said.get(&marker);
        let said = said.unwrap_or_else(|| panic!("nobody typed what was shown: {text}"));
        assert!(
            is_for(marker.0, said.to, reader),
            "{} was shown what was not for them: {text}",
            name(reader)
        );
        let again = text.ends_with(AGAIN);
        let earlier = self.shown[reader]
            .iter()
            .filter(|shown| shown.marker == marker);
        let is_permitted = earlier.into_iter().all(|shown| again && shown.life < life);
        assert!(
            is_permitted && (!again || self.was_killed[reader]),
            "{} was shown a line again in life {life}: {text}",
            name(reader)
        );
        self.shown[reader].push(Shown {
            life,
            marker,
            again,
        });
        self.seen[reader].insert(marker);
        self.stored.entry(marker).or_default();
        self.counts.shown += 1;
        self.counts.shown_again += usize::from(again);
    }

    /// A client has ended in an orderly way.
    pub fn client_quit(&mut self, who: usize) {
        self.was_killed[who] = false;
    }

    /// A client was killed in this life, and this is what it had made durable.
    pub fn client_died(&mut self, who: usize, life: usize, device: &Device) {
        self.was_killed[who] = true;
        for shown in &self.shown[who] {
            assert!(
                device.history.contains_key(&shown.marker),
                "{} had been shown {:?}, and its device does not have it",
                name(who),
                shown.marker
            );
        }
        self.check_receipts(who, device);
        self.find_typed(who, life, device);
        for (marker, (key, _)) in &device.history {
            assert!(
                self.said.contains_key(marker),
                "{marker:?} was never typed, and {} has it",
                name(who)
            );
            let before = self.stored.insert(*marker, Some(*key)).flatten();
            assert!(
                before.is_none_or(|before| before == *key),
                "{marker:?} stands at {key:?} at {} and at {before:?} elsewhere",
                name(who)
            );
        }
    }

    /// Every receipt by this reader was true: the device has as much as authors were told.
    fn check_receipts(&self, reader: usize, device: &Device) {
        for ((author, of, is_to_many), told) in &self.receipts {
            if *of != reader {
                continue;
            }
            let durable = device
                .history
                .keys()
                .filter(|marker| marker.0 == *author)
                .filter(|marker| self.said[marker].to.is_many() == *is_to_many)
                .count();
            assert!(
                *told <= durable,
                "{} was told {told} times that {} has received a message (to many: {is_to_many}); the device \
                 has {durable}",
                name(*author),
                name(reader)
            );
        }
    }

    /// What was typed in the life that has ended: from some line on it was not read.
    fn find_typed(&mut self, author: usize, life: usize, device: &Device) {
        let mut unread = None;
        let mut taken = 0;
        let own = (author, 0)..=(author, usize::MAX);
        for (marker, said) in self.said.range_mut(own) {
            let is_there = device.history.contains_key(marker) || device.outbox.contains(marker);
            if said.taken {
                assert!(is_there, "{marker:?} is lost, which its device had");
            } else if said.life == life {
                if is_there {
                    assert!(
                        unread.is_none() || said.has_file,
                        "{marker:?} was kept, and one typed before it ({unread:?}) not"
                    );
                    said.taken = true;
                    taken += 1;
                } else {
                    let is_lost = said.fenced && !said.has_file;
                    assert!(!is_lost, "{marker:?} was taken on screen, and is lost");
                    unread = unread.or(Some(*marker).filter(|_| !said.has_file));
                    self.counts.lost_unread += 1;
                }
            } else {
                assert!(!is_there, "{marker:?} has come from nowhere");
            }
        }
        let queued = std::mem::take(&mut self.queued_lines[author]);
        assert!(
            queued <= taken,
            "{} was told {queued} times that a line is queued; the device has {taken}",
            name(author)
        );
    }

    /// The server was killed, and this is its log.
    pub fn server_died(&self, log: &Entries) {
        for (marker, key) in &self.stored {
            let found = log.get(marker).map(|(key, _)| *key);
            let found = found.unwrap_or_else(|| panic!("{marker:?} was called stored, and is not"));
            assert!(
                key.is_none_or(|key| key == found),
                "{marker:?} stands at {found:?} in the log and at {key:?} at a device"
            );
        }
        for author in 0..USERS {
            let durable = log.keys().filter(|marker| marker.0 == author).count();
            let told = self.stored_lines[author];
            assert!(
                told <= durable,
                "{} was told {told} times that something is stored; the log has {durable}",
                name(author)
            );
        }
    }

    /// Who has not seen what, of all that was taken.
    pub fn unseen(&self) -> Vec<(usize, Marker)> {
        let taken = self.said.iter().filter(|(_, said)| said.taken);
        taken
            .flat_map(|(marker, said)| {
                (0..USERS)
                    .filter(|reader| is_for(marker.0, said.to, *reader))
                    .filter(|reader| !self.seen[*reader].contains(marker))
                    .map(|reader| (reader, *marker))
            })
            .collect()
    }

    /// What was taken with a file, and is for this user.
    pub fn files_for(&self, reader: usize) -> BTreeSet<Marker> {
        let files = self.said.iter().filter(|(_, said)| said.has_file);
        let theirs = files.filter(|(marker, said)| is_for(marker.0, said.to, reader));
        let taken = theirs.filter(|(_, said)| said.taken);
        taken.map(|(marker, _)| *marker).collect()
    }

    /// How many files were sent.
    pub fn files(&self) -> usize {
        let said = self.said.values();
        said.filter(|said| said.has_file && said.taken).count()
    }

    /// Everything has come to rest: log and histories must be as the promises say.
    pub fn check_rest(&self, log: &Entries, devices: &[Device]) {
        for (marker, said) in &self.said {
            assert_eq!(
                log.contains_key(marker),
                said.taken,
                "{marker:?} in the log, and taken by its client"
            );
        }
        let mut last: BTreeMap<(usize, u64), u64> = BTreeMap::new();
        let placed_at_once = log.iter().filter(|(marker, _)| !self.said[marker].has_file);
        for (marker, ((conversation, entry), _)) in placed_at_once {
            let before = last.insert((marker.0, *conversation), *entry);
            assert!(before < Some(*entry), "{marker:?} stands out of order");
        }
        for (who, device) in devices.iter().enumerate() {
            assert_eq!(device.outbox, [], "{} has not sent all", name(who));
            for (marker, key) in log {
                let is_meant = marker.0 == who || is_for(marker.0, self.said[marker].to, who);
                assert_eq!(
                    device.history.get(marker),
                    is_meant.then_some(key),
                    "{marker:?} in the history of {}",
                    name(who)
                );
            }
            assert!(
                device.history.keys().all(|marker| log.contains_key(marker)),
                "{} has what the log does not",
                name(who)
            );
            self.check_receipts(who, device);
            self.check_order_of_showing(who, log);
        }
    }

    /// In each life, each conversation was shown in the order of the log.
    fn check_order_of_showing(&self, reader: usize, log: &Entries) {
        let mut last: BTreeMap<(usize, u64), u64> = BTreeMap::new();
        for shown in &self.shown[reader] {
            let ((conversation, entry), _) = log[&shown.marker];
            let before = last.insert((shown.life, conversation), entry);
            assert!(
                before < Some(entry),
                "{} was shown {:?} out of order (again: {})",
                name(reader),
                shown.marker,
                shown.again
            );
        }
    }

    /// How many receipts were told only as perhaps told before: a kill fell between the noting of one and its showing.
    pub fn untold(&self) -> usize {
        let taken = self.said.iter().filter(|(_, said)| said.taken);
        let readers = taken.map(|(_, said)| match said.to {
            To::Everyone | To::Room(_) => USERS - 1,
            To::User(_) => 1,
        });
        readers.sum::<usize>().saturating_sub(self.counts.receipts)
    }

    /// How many lines were typed, and how many of them taken.
    pub fn typed(&self) -> (usize, usize) {
        let taken = self.said.values().filter(|said| said.taken).count();
        (self.said.len(), taken)
    }
}

/// Those whose receipt a line tells.
fn readers_of(receipt: &str) -> impl Iterator<Item = usize> + '_ {
    let names = receipt.split(" (").next().unwrap_or_default();
    names.split(", ").map(move |reader| {
        let found = (0..USERS).find(|user| name(*user) == reader.trim_end());
        found.unwrap_or_else(|| panic!("a receipt by nobody: {receipt}"))
    })
}

fn is_for(author: usize, to: To, reader: usize) -> bool {
    match to {
        To::Everyone | To::Room(_) => reader != author,
        To::User(other) => reader == other,
    }
}
