//! Knows what was typed, observes what everybody sees, and checks every promise.
//!
//! What a run may lose it is told: what a server's older database does not have, what a client's older state does not
//! know of, what retention has removed. Everything else is owed.

mod changes;
mod files;
mod invariants;
mod observed;
mod paging;
mod said;
mod texts;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use udpchat::client::Tone;
use udpchat::protocol::Digest;

use crate::client::ClientHost;
use crate::disk::Disk;
use crate::entries::{
    EntryKey, Log, Logged, Marker, change_of, marker_of, reactions_of, shown_marker_of,
};
use crate::kit::told::{receipt_of, stored_of};
use crate::people::files::had_no_room;
pub use changes::Changes;
use changes::{CANNOT_SHOW, is_of_change};
use files::SentFiles;
pub use observed::Observed;
use observed::Showing;
pub use paging::conversations_of;
pub use said::Audience;
use said::Said;
use texts::{AGAIN, ALARMS, ALARMS_OF_COPIES, EXPIRED, LEFT_OUT, UNREAD};

/// All that was typed, and what was seen of it.
pub struct Oracle {
    said: BTreeMap<Marker, Said>,
    observed: Vec<Observed>,
    /// How many accounts the hosts are of: the account of a host is the rest of its number.
    accounts: usize,
    /// Messages to many are said in rooms, and none to everyone: receipts do not tell these apart.
    has_rooms: bool,
    /// What somebody said in a room and was told to be not sent.
    refused: BTreeSet<Marker>,
    /// What was stored and is not in the older database that the server was given. It may stand again, and be shown
    /// again.
    lost: BTreeSet<Marker>,
    /// The entries, of whatever kind, that were in a log of the server's and are not in the older database. Devices may
    /// hold them.
    lost_entries: BTreeSet<(EntryKey, Digest)>,
    /// What nobody knows to have been stored: an older state directory took the place of the one that knew.
    unsure: BTreeSet<Marker>,
    /// Messages whose receipts are not owed any more.
    unreceipted: BTreeSet<Marker>,
    /// What retention has removed from the server's log.
    expired: Log,
    /// What each account has typed that it be deleted.
    wanted: BTreeMap<usize, BTreeSet<Marker>>,
    /// What is deleted, or perhaps will be: nobody has to see it any more.
    gone: BTreeSet<Marker>,
    /// What was taken back before it was sent.
    withdrawn: BTreeSet<Marker>,
    files: SentFiles,
    /// Edits and reactions of which their author was told that they do not stand.
    dropped: BTreeSet<Marker>,
    /// How often a program was told that something was said before; none if people talk. The devices of a program's account say
    /// the same, whoever is first.
    pub said_again: Option<usize>,
    /// Whether everything that is owed was seen when that was last looked for; none if something was seen since.
    complete: Cell<Option<bool>>,
    /// Nobody says anything, and what is shown as said is of pages of the history.
    pub is_silent: bool,
    /// Whether each line that is shown is printed.
    is_traced: bool,
}

impl Oracle {
    pub fn new(hosts: usize, accounts: usize) -> Self {
        Self {
            said: BTreeMap::new(),
            observed: (0..hosts).map(Observed::new).collect(),
            accounts,
            has_rooms: false,
            refused: BTreeSet::new(),
            lost: BTreeSet::new(),
            lost_entries: BTreeSet::new(),
            unsure: BTreeSet::new(),
            unreceipted: BTreeSet::new(),
            expired: Log::new(),
            wanted: BTreeMap::new(),
            gone: BTreeSet::new(),
            withdrawn: BTreeSet::new(),
            files: SentFiles::default(),
            dropped: BTreeSet::new(),
            said_again: None,
            complete: Cell::new(None),
            is_silent: false,
            is_traced: std::env::var_os("UDPCHAT_SIM_TRACE").is_some(),
        }
    }

    /// Somebody will type this.
    pub fn expect(&mut self, marker: Marker, audience: Audience) {
        let from = marker.0;
        let own = from % self.accounts;
        let readers = self.readers(marker, audience);
        let is_for = |host: &usize| {
            let account = *host % self.accounts;
            *host != from && (account == own || readers.contains(&account))
        };
        let to: Vec<usize> = (0..self.observed.len()).filter(is_for).collect();
        self.has_rooms |= audience == Audience::Room;
        self.said.insert(marker, Said { to, audience });
        self.complete.set(None);
    }

    /// The accounts whose receipts a message may have.
    fn readers(&self, marker: Marker, audience: Audience) -> Vec<usize> {
        let own = marker.0 % self.accounts;
        match audience {
            Audience::One(account) => vec![account],
            Audience::Everyone | Audience::Room => (0..self.accounts)
                .filter(|account| *account != own)
                .collect(),
        }
    }

    /// Programs talk: what one device of an account is to say, any of them may have said, and has the receipts of it.
    pub fn hears_programs(&mut self) {
        self.said_again = Some(0);
        let (hosts, accounts) = (self.observed.len(), self.accounts);
        for observed in &mut self.observed {
            let own = observed.host % accounts;
            observed.speaks_for((0..hosts).filter(|host| host % accounts == own));
            observed.is_excused = true;
        }
    }

    /// A device comes only while the others talk: what was received before is not shown on it.
    pub fn comes_late(&mut self, host: usize) {
        self.observed[host].is_late = true;
    }

    /// A device begins with a copy of another one's state.
    pub fn is_copied(&mut self, from: usize, to: usize) {
        self.observed[to] = self.observed[from].inherited(to);
        // Either gives up its device, and what it had yet to send.
        self.observed[from].may_be_copy = true;
        self.excuse(from);
        self.excuse(to);
    }

    /// What has been seen on a device so far.
    pub fn remember(&self, host: usize) -> Observed {
        self.observed[host].clone()
    }

    /// A device begins again with an older state: it has seen what it had seen then.
    pub fn is_restored(&mut self, host: usize, earlier: Observed) {
        self.observed[host] = earlier.restore(&self.observed[host]);
        self.excuse(host);
    }

    /// Nobody knows whether this is stored.
    pub fn doubt(&mut self, marker: Marker) {
        self.unsure.insert(marker);
        self.complete.set(None);
    }

    /// The server, whose log was `before`, was given an older database, whose log is `kept`.
    pub fn server_is_restored(&mut self, before: &Log, kept: &Log) {
        let markers = |log: &Log| -> BTreeSet<Marker> {
            let markers = log.values().filter_map(Logged::id);
            markers.collect()
        };
        let entries = |log: &Log| -> BTreeSet<(EntryKey, Digest)> {
            let entries = log.iter().map(|(key, logged)| (*key, logged.digest));
            entries.collect()
        };
        self.lost_entries
            .extend(entries(before).difference(&entries(kept)));
        let (before, kept) = (markers(before), markers(kept));
        self.lost.extend(before.difference(&kept));
        // Where the log differs, who waited for receipts of what came before waits no more.
        self.unreceipted.extend(before);
        self.unreceipted.extend(kept);
        self.complete.set(None);
    }

    /// Retention has removed something from the server's log.
    pub fn has_expired(&mut self, removed: Log) {
        let markers = removed.values().filter_map(Logged::marker);
        self.unreceipted.extend(markers);
        self.expired.extend(removed);
        self.complete.set(None);
    }

    /// How much has expired.
    pub fn expirations(&self) -> usize {
        self.expired.len()
    }

    /// Whether retention has removed this entry.
    pub fn has_removed(&self, key: EntryKey) -> bool {
        self.expired.contains_key(&key)
    }

    /// The server's log with what has expired of it.
    pub fn whole(&self, log: Log) -> Log {
        let mut whole = self.expired.clone();
        whole.extend(log);
        whole
    }

    /// Whether retention has removed an entry.
    pub fn is_expired(&self, marker: Marker) -> bool {
        self.expired
            .values()
            .any(|gone| gone.marker() == Some(marker))
    }

    /// Whether entries of the log may be others than a device was sent.
    fn has_lost(&self) -> bool {
        !self.lost_entries.is_empty()
    }

    /// Whether the server has lost an entry with its database.
    fn has_lost_entry(&self, key: EntryKey, digest: Digest) -> bool {
        self.lost_entries.contains(&(key, digest))
    }

    /// Whether a device has shown something.
    pub fn has_seen(&self, host: usize, marker: Marker) -> bool {
        self.observed[host].has_seen(marker)
    }

    /// Whether a device has typed something, or may have with the state that it was given.
    pub fn has_said(&self, host: usize, marker: Marker) -> bool {
        self.observed[host].has_said(marker)
    }

    /// A receipt may count as told to this author that was never shown (its disk has failed in the commit of the
    /// telling, or was restored), and is not waited for.
    pub fn excuse(&mut self, author: usize) {
        self.observed[author].is_excused = true;
        self.complete.set(None);
    }

    /// Whether everything was seen, and every author knows it.
    pub fn is_complete(&self) -> bool {
        if let Some(complete) = self.complete.get() {
            return complete;
        }
        let complete = self.missing().next().is_none();
        self.complete.set(Some(complete));
        complete
    }

    /// Whether a device need not show something that it holds: its user has seen it already, on another device or on this one
    /// in a later state, or may find it among the lines that were left out.
    pub fn need_not_show(&self, host: usize, marker: Marker) -> bool {
        let is_of_account = |other: &&Observed| other.host % self.accounts == host % self.accounts;
        let mut devices = self.observed.iter().filter(is_of_account);
        devices.any(|device| device.has_met(marker)) || self.observed[host].left_out > 0
    }

    /// Whether a message has to be stored, shown to all and receipted by them.
    fn is_owed(&self, marker: Marker, said: &Said) -> bool {
        let is_open = [&self.lost, &self.unsure, &self.gone, &self.withdrawn]
            .iter()
            .any(|open| open.contains(&marker));
        said.audience != Audience::Room && !is_open && !self.is_expired(marker)
    }

    /// What is owed and was not seen.
    fn missing(&self) -> impl Iterator<Item = String> {
        let mut owed: BTreeMap<(usize, usize, bool), usize> = BTreeMap::new();
        let mut unseen = Vec::new();
        for (marker, said) in self
            .said
            .iter()
            .filter(|(marker, said)| self.is_owed(**marker, said))
        {
            for reader in &said.to {
                let observed = &self.observed[*reader];
                if !observed.is_late
                    && !observed.has_seen(*marker)
                    && !self.need_not_show(*reader, *marker)
                {
                    unseen.push(format!(
                        "host {reader} never saw {marker:?} ({:?})",
                        said.audience
                    ));
                }
            }
            let is_many = !matches!(said.audience, Audience::One(_));
            let is_told_apart = !(self.has_rooms && is_many);
            let author = &self.observed[marker.0];
            if is_told_apart && !author.is_excused && !self.unreceipted.contains(marker) {
                for reader in self.readers(*marker, said.audience) {
                    *owed.entry((marker.0, reader, is_many)).or_default() += 1;
                }
            }
        }
        let unreceipted = owed.into_iter().filter_map(|((author, reader, is_many), owed)| {
            let got = self.observed[author].receipts(reader, is_many);
            (got < owed).then(|| {
                format!("host {author} has {got} of {owed} receipts by user{reader} (to many: {is_many})")
            })
        });
        unseen.into_iter().chain(unreceipted)
    }

    /// Says what is missing.
    pub fn report(&self) {
        for missing in self.missing() {
            eprintln!("{missing}");
        }
    }

    /// Reads what has appeared on somebody's screen.
    pub fn observe(&mut self, clients: &[ClientHost], number: usize, server: &Disk) {
        let client = &clients[number];
        let (life, screen) = client.screen();
        let start = self.observed[number].lines_read(life);
        for (tone, line) in &screen.lines[start..] {
            if self.is_traced {
                eprintln!("host {number}, life {life}: {tone:?}: {line:.100}");
            }
            assert!(
                !line.contains(CANNOT_SHOW),
                "host {number} was shown: {line}"
            );
            self.observed[number].notice_page(*tone, line);
            self.files.notice(*tone, line);
            match tone {
                Tone::Said if self.is_silent => {}
                Tone::Said if self.observed[number].showing == Showing::Again => {
                    self.observed[number].saw_on_page(shown_marker_of(line));
                    let changes = change_of(line).into_iter().chain(reactions_of(line));
                    self.observed[number].saw_on_page(changes);
                    self.complete.set(None);
                }
                Tone::Said => self.saw(number, life, line),
                // It may be one that was counted before the crash.
                Tone::Receipt if line.ends_with(AGAIN) => {
                    assert!(
                        life > 0 || self.observed[number].sign_outs > 0,
                        "user{number} was told again without a crash: {line}"
                    );
                }
                Tone::Receipt => self.receipted(clients, number, line),
                Tone::Event if line.starts_with("● not sent again: ") => {
                    self.said_again = self.said_again.map(|times| times + 1);
                }
                // That nobody has received it yet comes after the word that it is stored, if there was one.
                Tone::Event if line.contains("stored; not received by ") => {}
                Tone::Event if stored_of(line).is_some() => self.stored(number, line, server),
                Tone::Event if is_of_change(line) => self.saw_change(number, life, line),
                Tone::Error if is_of_change(line) => self.was_told_of_change(number, line),
                Tone::Notice if line.starts_with("not sent: ") => self.withdrew(number, line),
                Tone::Notice if line.starts_with("● queued instead: ") => {
                    self.dropped.extend(change_of(line));
                }
                Tone::Error if had_no_room(line).is_some() => {}
                Tone::Error if self.is_of_a_room(line) && line.starts_with("not sent") => {
                    self.refused.extend(marker_of(line));
                }
                Tone::Notice if line.ends_with(EXPIRED) => {
                    let name = line.split(": ").next().unwrap_or_default();
                    self.observed[number].is_told_of_expiry(name);
                }
                Tone::Error => self.was_told_of_trouble(number, line),
                Tone::Event | Tone::Notice | Tone::Plain => {}
            }
        }
        self.observed[number].has_read(life, screen.lines.len());
    }

    fn is_of_a_room(&self, line: &str) -> bool {
        let said = marker_of(line).and_then(|marker| self.said.get(&marker));
        said.is_some_and(|said| said.audience == Audience::Room)
    }

    fn was_told_of_trouble(&mut self, number: usize, line: &str) {
        let says = |alarms: &[&str]| alarms.iter().any(|alarm| line.contains(alarm));
        assert!(!says(ALARMS), "host {number} was told: {line}");
        assert!(
            self.observed[number].may_be_copy || !says(ALARMS_OF_COPIES),
            "host {number} was told: {line}"
        );
        self.observed[number].sign_outs += usize::from(line.starts_with("signed out"));
        if line.starts_with("unconfirmed")
            && let Some(marker) = marker_of(line)
        {
            self.doubt(marker);
        }
    }

    /// Somebody saw what was said.
    fn saw(&mut self, reader: usize, life: usize, text: &str) {
        let marker = shown_marker_of(text).expect("everything said is marked");
        let said = self
            .said
            .get(&marker)
            .expect("nobody says what was not typed");
        let observed = &mut self.observed[reader];
        // An answer is shown where it was typed, too, once it is stored.
        if marker.0 == reader && !observed.may_be_copy {
            return;
        }
        assert!(
            said.to.contains(&reader) || observed.has_written(marker),
            "host {reader} saw {marker:?}, which was not for them"
        );
        observed.saw(life, marker, text, self.lost.contains(&marker));
        self.complete.set(None);
    }

    /// An author was told who has received a message. That many of the author's messages must be durable there.
    fn receipted(&mut self, clients: &[ClientHost], author: usize, line: &str) {
        let receipt = receipt_of(line);
        let (messages, names) = receipt.unwrap_or_else(|| panic!("no receipt: {line}"));
        // What follows in quotation marks was said by somebody.
        let is_many = line
            .split('"')
            .next()
            .is_some_and(|told| told.contains(" of "));
        let names = names.split(" (").next().expect("there is a first part");
        for name in names.split(", ") {
            let reader = clients.iter().position(|client| client.name == name);
            let reader = reader.expect("receipts are by somebody");
            let disks: Vec<Disk> = clients
                .iter()
                .filter(|client| client.name == name)
                .filter_map(ClientHost::disk)
                .collect();
            let got = self.observed[author].received_by(reader, is_many, messages);
            let is_wanted = |marker: &Marker, said: &Said| {
                self.observed[author].has_said(*marker)
                    && matches!(said.audience, Audience::One(_)) != is_many
                    && self.readers(*marker, said.audience).contains(&reader)
            };
            // Also what was deleted before it came counts as received.
            let is_held = |marker: Marker| {
                self.gone.contains(&marker) || disks.iter().any(|disk| disk.holds(marker))
            };
            let wanted = self
                .said
                .iter()
                .filter(|(marker, said)| is_wanted(marker, said));
            let durable = wanted.filter(|(marker, _)| is_held(**marker)).count();
            assert!(
                got <= durable,
                "host {author} has {got} receipts by {name}, whose device holds {durable} ({line})"
            );
            self.complete.set(None);
        }
    }

    /// An author was told that a message is stored.
    fn stored(&mut self, author: usize, line: &str, server: &Disk) {
        let observed = &mut self.observed[author];
        observed.stored += stored_of(line).unwrap_or_default();
        let own = self
            .said
            .keys()
            .filter(|marker| observed.has_said(**marker));
        let durable = own.filter(|marker| server.holds(**marker)).count();
        assert!(
            observed.stored <= durable,
            "host {author} was told {line:?}, and the server holds {durable}"
        );
    }
}

#[test]
fn older_database_can_have_lost_what_is_no_text_and_nothing_else_is_excused() {
    // What was lost was counted in texts. An older database lacked only the entry by which somebody had left a room,
    // which another device held: nothing was known to be lost, and the device was taken to hold what never was.
    // (Seed 691.) Where a text was lost, on the other hand, a device could hold anything.
    let log = |names: &[&str]| -> Log {
        let entries = names.iter().zip(1..);
        let logged = entries.map(|(name, entry)| ((3, entry), Logged::joining(3, name)));
        logged.collect()
    };
    let (before, kept) = (log(&["alice", "bob"]), log(&["alice"]));
    let mut oracle = Oracle::new(2, 2);
    oracle.server_is_restored(&before, &before);
    assert!(!oracle.has_lost());
    oracle.server_is_restored(&before, &kept);
    assert!(oracle.has_lost());
    let bob = before[&(3, 2)].digest;
    assert!(oracle.has_lost_entry((3, 2), bob));
    assert!(!oracle.has_lost_entry((3, 1), bob));
    assert!(!oracle.has_lost_entry((3, 2), kept[&(3, 1)].digest));
}
