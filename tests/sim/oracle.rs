//! Knows what was typed, watches what everybody sees, and checks every promise.

use std::collections::{BTreeMap, BTreeSet};

use udpchat::client::Tone;

use crate::client::ClientHost;
use crate::disk::{Disk, Mark, Standing, mark_of};
use crate::rooms::Rooms;

/// What ends a line that an earlier run may have shown.
const AGAIN: &str = "(perhaps shown before)";

/// What a client says where a promise is broken, or something that these runs never do is refused.
const ALARMS: &[&str] = &[
    "unconfirmed",
    "not sent",
    "damaged",
    "a copy",
    "too long",
    "no user",
];

/// A line that somebody typed and that others are to see.
struct Said {
    /// The hosts that may show it; all of them must, unless it was said in a room.
    to: Vec<usize>,
    audience: Audience,
}

/// For whom something is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// One account.
    One(usize),
    /// All of them.
    Everyone,
    /// Those who belong to a room when it is stored, if its author does.
    Room,
}

/// Receipts of one author's device from one reader's account, for messages to many or for private ones.
type ReceiptKey = (usize, usize, bool);

/// All that was typed, and what was seen of it.
pub struct Oracle {
    said: BTreeMap<Mark, Said>,
    wanted: BTreeMap<ReceiptKey, Vec<Mark>>,
    got: BTreeMap<ReceiptKey, usize>,
    /// What each reader saw, in order, and in which life of the process.
    seen: Vec<Vec<(usize, Mark)>>,
    /// Up to which life and line each screen was read.
    read: Vec<(usize, usize)>,
    /// How many of each author's messages were called stored.
    stored: Vec<usize>,
    unseen: usize,
    unreceipted: usize,
    /// Authors whose disk has failed in a commit that may have been the one of a receipt's telling.
    excused: Vec<bool>,
    /// How many accounts the hosts are of: the account of a host is the rest of its number.
    accounts: usize,
    /// Messages to many are said in rooms, and none to everyone: receipts do not tell these apart.
    has_rooms: bool,
    is_late: Vec<bool>,
    /// What somebody said in a room and was told to be not sent.
    refused: BTreeSet<Mark>,
}

impl Oracle {
    pub fn new(clients: usize, accounts: usize) -> Self {
        Self {
            accounts,
            has_rooms: false,
            is_late: vec![false; clients],
            refused: BTreeSet::new(),
            said: BTreeMap::new(),
            wanted: BTreeMap::new(),
            got: BTreeMap::new(),
            seen: vec![Vec::new(); clients],
            read: vec![(0, 0); clients],
            stored: vec![0; clients],
            unseen: 0,
            unreceipted: 0,
            excused: vec![false; clients],
        }
    }

    /// Somebody will type this.
    pub fn expect(&mut self, mark: Mark, audience: Audience) {
        let from = mark.0;
        let own = from % self.accounts;
        let accounts: Vec<usize> = match audience {
            Audience::One(account) => vec![account],
            Audience::Everyone | Audience::Room => (0..self.accounts)
                .filter(|account| *account != own)
                .collect(),
        };
        let is_for = |host: &usize| {
            let account = *host % self.accounts;
            *host != from && (account == own || accounts.contains(&account))
        };
        let to: Vec<usize> = (0..self.seen.len()).filter(is_for).collect();
        self.has_rooms |= audience == Audience::Room;
        if audience != Audience::Room {
            self.unseen += to.iter().filter(|host| !self.is_late[**host]).count();
            self.unreceipted += accounts.len();
        }
        for account in accounts {
            let key = (from, account, !matches!(audience, Audience::One(_)));
            self.wanted.entry(key).or_default().push(mark);
        }
        self.said.insert(mark, Said { to, audience });
    }

    /// A device comes only while the others talk: what was received before is not shown on it.
    pub fn comes_late(&mut self, host: usize) {
        self.is_late[host] = true;
    }

    /// Whether a device has shown something.
    pub fn has_seen(&self, host: usize, mark: Mark) -> bool {
        self.seen[host].iter().any(|(_, seen)| *seen == mark)
    }

    /// An author's disk has failed: a receipt may count as told there that was never shown, and is not waited for.
    pub fn excuse(&mut self, author: usize) {
        if std::mem::replace(&mut self.excused[author], true) {
            return;
        }
        let is_counted = |key: &ReceiptKey| key.0 == author && !(self.has_rooms && key.2);
        let wanted = self.wanted.iter().filter(|(key, _)| is_counted(key));
        let wanted: usize = wanted.map(|(_, marks)| marks.len()).sum();
        let got = self.got.iter().filter(|(key, _)| is_counted(key));
        let got: usize = got.map(|(_, count)| *count).sum();
        self.unreceipted -= wanted - got;
    }

    /// Whether everything was seen, and every author knows it.
    pub const fn is_complete(&self) -> bool {
        self.unseen == 0 && self.unreceipted == 0
    }

    /// Reads what has appeared on somebody's screen.
    pub fn watch(&mut self, clients: &[ClientHost], number: usize, server: &Disk) {
        let client = &clients[number];
        let (life, screen) = client.screen();
        let start = match self.read[number] {
            (known, lines) if known == life => lines,
            _ => 0,
        };
        for (tone, line) in &screen.lines[start..] {
            match tone {
                Tone::Said => self.saw(number, life, line),
                // It may be one that was counted before the crash.
                Tone::Receipt if line.ends_with(AGAIN) => {
                    assert!(
                        life > 0,
                        "user{number} was told again without a crash: {line}"
                    );
                }
                Tone::Receipt => self.receipted(clients, number, line),
                Tone::Notice if line.starts_with("● stored") => self.stored(number, line, server),
                Tone::Error if self.is_of_a_room(line) && line.starts_with("not sent") => {
                    self.refused.extend(mark_of(line));
                }
                Tone::Error => {
                    let is_alarm = ALARMS.iter().any(|alarm| line.contains(alarm));
                    assert!(!is_alarm, "user{number} was told: {line}");
                }
                Tone::Notice | Tone::Plain => {}
            }
        }
        self.read[number] = (life, screen.lines.len());
    }

    fn is_of_a_room(&self, line: &str) -> bool {
        let said = mark_of(line).and_then(|mark| self.said.get(&mark));
        said.is_some_and(|said| said.audience == Audience::Room)
    }

    /// Somebody saw what was said.
    fn saw(&mut self, reader: usize, life: usize, text: &str) {
        let mark = mark_of(text).expect("everything said is marked");
        let said = self
            .said
            .get(&mark)
            .expect("nobody says what was not typed");
        assert!(
            said.to.contains(&reader),
            "user{reader} saw {mark:?}, which was not for them"
        );
        let is_repeated = text.ends_with(AGAIN);
        if is_repeated {
            assert!(life > 0, "user{reader} saw {mark:?} again without a crash");
        }
        let before = &mut self.seen[reader];
        let is_known = before.iter().any(|(_, seen)| *seen == mark);
        assert!(
            is_repeated || !is_known,
            "user{reader} saw {mark:?} twice, and was not told so"
        );
        let is_twice = before.contains(&(life, mark));
        assert!(!is_twice, "user{reader} saw {mark:?} twice in one life");
        let is_counted = said.audience != Audience::Room && !self.is_late[reader];
        self.unseen -= usize::from(is_counted && !is_known);
        before.push((life, mark));
    }

    /// An author was told who has received a message. That many of the author's messages must be durable there.
    fn receipted(&mut self, clients: &[ClientHost], author: usize, line: &str) {
        let names = line
            .strip_prefix("✓ Message received by ")
            .expect("receipts are worded so");
        let is_to_all = line.contains(" of ");
        let names = names.split(" (").next().expect("there is a first part");
        for name in names.split(", ") {
            let reader = clients.iter().position(|client| client.name == name);
            let reader = reader.expect("receipts are by somebody");
            let key = (author, reader, is_to_all);
            let got = self.got.entry(key).or_default();
            *got += 1;
            let disks: Vec<Disk> = clients
                .iter()
                .filter(|client| client.name == name)
                .filter_map(ClientHost::disk)
                .collect();
            let wanted = self.wanted.get(&key).map_or(&[][..], Vec::as_slice);
            let is_held = |mark: &&Mark| disks.iter().any(|disk| disk.holds(**mark));
            let durable = wanted.iter().filter(is_held).count();
            assert!(
                *got <= durable,
                "user{author} has {got} receipts by {name}, whose device holds {durable} ({line})"
            );
            let is_counted = !(self.excused[author] || self.has_rooms && is_to_all);
            self.unreceipted -= usize::from(is_counted);
        }
    }

    /// An author was told that a message is stored.
    fn stored(&mut self, author: usize, line: &str, server: &Disk) {
        self.stored[author] += 1;
        let own = self.said.keys().filter(|mark| mark.0 == author);
        let durable = own.filter(|mark| server.holds(**mark)).count();
        assert!(
            self.stored[author] <= durable,
            "user{author} was told {line:?}, and the server holds {durable}"
        );
    }

    /// Whether all that was said in rooms is where it must be, or what is missing. What must never be fails at once.
    pub fn check_rooms(&self, clients: &[ClientHost], rooms: &Rooms) -> Result<(), String> {
        if !self.has_rooms {
            return Ok(());
        }
        for client in clients {
            rooms.check_device(client, self)?;
            for reader in &clients[..self.accounts] {
                let author = client.number;
                if reader.name == client.name {
                    continue;
                }
                let (least, most) = rooms.receipts(author, &client.name, &reader.name);
                let got = self.got.get(&(author, reader.number, true));
                let got = got.copied().unwrap_or(0);
                let whose = || format!("{} of {}", client.host_name(), reader.name);
                assert!(
                    got <= most,
                    "{got} receipts and {most} messages: {}",
                    whose()
                );
                if got < least && !self.excused[author] {
                    return Err(format!("{got} receipts of {least}: {}", whose()));
                }
            }
        }
        Ok(())
    }

    /// Whether a room's message was said to be not sent.
    fn is_refused(&self, clients: &[ClientHost], mark: Mark) -> bool {
        self.refused.contains(&mark) || clients[mark.0].refused.contains(&mark)
    }

    /// How many messages were refused because their authors did not belong to the room.
    pub fn refusals(&self) -> usize {
        self.refused.len()
    }

    /// All that can be checked only at the end: what stands where, and the order.
    pub fn check(&self, clients: &[ClientHost], server: &Disk, rooms: &Rooms) {
        let log = standings(server, true, "the server");
        for (mark, said) in &self.said {
            let is_refused = said.audience == Audience::Room && self.is_refused(clients, *mark);
            let stands = log.contains_key(mark);
            assert_ne!(
                stands, is_refused,
                "{mark:?} ({:?}) stands in the log, or was refused, and not both",
                said.audience
            );
        }
        let is_known = |mark: &Mark| self.said.contains_key(mark);
        assert!(log.keys().all(is_known), "the log holds all and no more");
        Self::check_order_of_typing(&log);
        for client in clients {
            let number = client.number;
            let disk = client.disk().expect("everybody has signed in");
            let history = standings(&disk, false, &client.name);
            for (mark, place) in &history {
                assert_eq!(Some(place), log.get(mark), "{mark:?} at user{number}");
            }
            for (mark, said) in &self.said {
                if said.audience == Audience::Room {
                    continue;
                }
                let is_meant = mark.0 == number || said.to.contains(&number);
                let is_there = history.contains_key(mark);
                assert!(
                    is_there == is_meant || is_meant && client.is_late,
                    "{mark:?} in the history of host {number}: {is_there}"
                );
            }
            self.check_order_of_showing(number, &log);
            let (unsent, awaited) = disk.waiting();
            assert_eq!(unsent, 0, "host {number} has something to send");
            // Of who has left a room no receipt comes any more.
            let is_waiting = awaited > 0 && rooms.is_empty();
            assert!(!is_waiting, "host {number} waits for receipts");
        }
    }

    /// What one author said in one conversation stands in the order in which it was typed.
    fn check_order_of_typing(log: &BTreeMap<Mark, Standing>) {
        let mut last: BTreeMap<(usize, u64), u64> = BTreeMap::new();
        for (mark, (conversation, entry)) in log {
            let before = last.insert((mark.0, *conversation), *entry);
            assert!(before < Some(*entry), "{mark:?} stands out of order");
        }
    }

    /// Each conversation was shown in the order of the log, in each life of the process.
    fn check_order_of_showing(&self, number: usize, log: &BTreeMap<Mark, Standing>) {
        let mut last: BTreeMap<(usize, u64), u64> = BTreeMap::new();
        for (life, mark) in &self.seen[number] {
            let (conversation, entry) = log[mark];
            let before = last.insert((*life, conversation), entry);
            assert!(
                before < Some(entry),
                "user{number} saw {mark:?} out of order"
            );
        }
    }

    /// Says what is missing.
    pub fn report(&self) {
        for (mark, said) in &self.said {
            for reader in &said.to {
                if !self.seen[*reader].iter().any(|(_, seen)| seen == mark) {
                    eprintln!("{mark:?} ({:?}): host {reader} never saw it", said.audience);
                }
            }
        }
        for (key, wanted) in &self.wanted {
            let got = self.got.get(key).copied().unwrap_or(0);
            if got != wanted.len() {
                let (author, reader, is_to_all) = key;
                eprintln!(
                    "user{author} has {got} of {} receipts by user{reader} (to everyone: {is_to_all})",
                    wanted.len()
                );
            }
        }
    }
}

/// Where everything stands, each thing once.
fn standings(disk: &Disk, is_server: bool, whose: &str) -> BTreeMap<Mark, Standing> {
    let mut standings = BTreeMap::new();
    for (mark, standing) in disk.standings(is_server) {
        let before = standings.insert(mark, standing);
        assert_eq!(before, None, "{mark:?} stands twice at {whose}");
    }
    standings
}
