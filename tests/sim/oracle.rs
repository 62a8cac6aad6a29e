//! Knows what was typed, watches what everybody sees, and checks every promise.

use std::collections::BTreeMap;

use udpchat::client::Tone;

use crate::client::ClientHost;
use crate::disk::{Disk, Mark, Standing, mark_of};

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
    from: usize,
    to: Vec<usize>,
    is_to_all: bool,
}

/// Receipts of one author from one reader, for messages to everyone or for private ones.
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
}

impl Oracle {
    pub fn new(clients: usize) -> Self {
        Self {
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
    pub fn expect(&mut self, mark: Mark, to: Vec<usize>, is_to_all: bool) {
        let from = mark.0;
        for reader in &to {
            let key = (from, *reader, is_to_all);
            self.wanted.entry(key).or_default().push(mark);
            self.unseen += 1;
            self.unreceipted += 1;
        }
        let said = Said {
            from,
            to,
            is_to_all,
        };
        self.said.insert(mark, said);
    }

    /// An author's disk has failed: a receipt may count as told there that was never shown, and is not waited for.
    pub fn excuse(&mut self, author: usize) {
        if std::mem::replace(&mut self.excused[author], true) {
            return;
        }
        let wanted = self.wanted.iter().filter(|(key, _)| key.0 == author);
        let wanted: usize = wanted.map(|(_, marks)| marks.len()).sum();
        let got = self.got.iter().filter(|(key, _)| key.0 == author);
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
                Tone::Receipt => self.receipted(clients, number, line),
                Tone::Notice if line.starts_with("● stored") => self.stored(number, line, server),
                Tone::Error => {
                    let is_alarm = ALARMS.iter().any(|alarm| line.contains(alarm));
                    assert!(!is_alarm, "user{number} was told: {line}");
                }
                Tone::Notice | Tone::Plain => {}
            }
        }
        self.read[number] = (life, screen.lines.len());
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
        let is_repeated = text.ends_with("(perhaps shown before)");
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
        self.unseen -= usize::from(!is_known);
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
            let disk = clients[reader].disk().expect("readers have a device");
            let wanted = self.wanted.get(&key).map_or(&[][..], Vec::as_slice);
            let durable = wanted.iter().filter(|mark| disk.holds(**mark)).count();
            assert!(
                *got <= durable,
                "user{author} has {got} receipts by {name}, whose device holds {durable} ({line})"
            );
            self.unreceipted -= usize::from(!self.excused[author]);
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

    /// All that can be checked only at the end: what stands where, and the order.
    pub fn check(&self, clients: &[ClientHost], server: &Disk) {
        let log = standings(server, true, "the server");
        assert_eq!(log.len(), self.said.len(), "the log holds all and no more");
        Self::check_order_of_typing(&log);
        for client in clients {
            let number = client.number;
            let disk = client.disk().expect("everybody has signed in");
            let history = standings(&disk, false, &client.name);
            for (mark, said) in &self.said {
                let is_meant = said.from == number || said.to.contains(&number);
                let place = history.get(mark);
                assert_eq!(
                    place,
                    is_meant.then(|| &log[mark]),
                    "{mark:?} in the history of user{number} and in the log"
                );
            }
            self.check_order_of_showing(number, &log);
            assert_eq!(disk.waiting(), (0, 0), "user{number} waits for something");
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
                    let kind = if said.is_to_all {
                        "everyone"
                    } else {
                        "private"
                    };
                    eprintln!("{mark:?} ({kind}): user{reader} never saw it");
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
