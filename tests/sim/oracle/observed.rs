//! What was seen on one device, and what it may be told.

use std::collections::{BTreeMap, BTreeSet};

use udpchat::client::Tone;

use super::{AGAIN, LEFT_OUT, UNREAD};
use crate::entries::Marker;

/// What is shown now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Showing {
    /// What has come.
    New,
    /// A page of a conversation that somebody looks at, which may have been shown before.
    Again,
}

/// What was seen on one device.
#[derive(Clone)]
pub struct Observed {
    pub host: usize,
    /// Hosts whose lines this device may find stored as its own: itself, and the one that it is a copy of.
    authors: BTreeSet<usize>,
    /// What was seen, in order, and in which life of the process.
    pub seen: Vec<(usize, Marker)>,
    known: BTreeSet<Marker>,
    /// What was seen here before an older state was put in its place.
    before: BTreeSet<Marker>,
    /// Receipts from each account, for messages to many or for private ones.
    got: BTreeMap<(usize, bool), usize>,
    /// How many messages were called stored.
    pub stored: usize,
    /// The conversations of which it was told that something has expired.
    told: BTreeSet<String>,
    /// Up to which life and line the screen was read.
    read: (usize, usize),
    pub is_late: bool,
    /// How often it was signed out: what was gathered to be shown then is shown at the next sign-in.
    pub sign_outs: usize,
    /// Whether its state directory is an older one, a copy, or one of which there is a copy.
    pub may_be_copy: bool,
    /// Whether its receipts are not owed any more.
    pub is_excused: bool,
    pub showing: Showing,
    /// How many lines were left out where many were missed.
    pub left_out: usize,
}

impl Observed {
    pub fn new(host: usize) -> Self {
        Self {
            host,
            authors: BTreeSet::from([host]),
            seen: Vec::new(),
            known: BTreeSet::new(),
            before: BTreeSet::new(),
            got: BTreeMap::new(),
            stored: 0,
            told: BTreeSet::new(),
            read: (0, 0),
            is_late: false,
            sign_outs: 0,
            may_be_copy: false,
            is_excused: false,
            showing: Showing::New,
            left_out: 0,
        }
    }

    /// This device may say what these hosts are to say.
    pub fn speaks_for(&mut self, hosts: impl Iterator<Item = usize>) {
        self.authors.extend(hosts);
    }

    /// What a device has seen that begins with a copy of this one's state. What it shows is waited for like a late
    /// device's; what it must hold is all.
    pub fn inherited(&self, host: usize) -> Self {
        let mut authors = self.authors.clone();
        authors.insert(host);
        Self {
            host,
            authors,
            // Lives are counted again.
            seen: Vec::new(),
            read: (0, 0),
            is_late: true,
            may_be_copy: true,
            ..self.clone()
        }
    }

    /// The same device again, with the state that it had when this was seen; `now` is what was seen since.
    pub fn restore(self, now: &Self) -> Self {
        Self {
            read: now.read,
            before: now.known.union(&now.before).copied().collect(),
            may_be_copy: true,
            is_late: now.is_late,
            ..self
        }
    }

    pub fn has_seen(&self, marker: Marker) -> bool {
        self.known.contains(&marker)
    }

    /// Whether it has shown it, or did before it was given an older state, or has typed it.
    pub fn has_met(&self, marker: Marker) -> bool {
        self.has_seen(marker) || self.before.contains(&marker) || self.has_said(marker)
    }

    /// Whether this device has typed it, or may have with the state that it was given.
    pub fn has_said(&self, marker: Marker) -> bool {
        self.authors.contains(&marker.0)
    }

    /// Whether a device may show what it has written itself: not under the same device's number, so only where the
    /// state is not the one that wrote it.
    pub fn has_written(&self, marker: Marker) -> bool {
        self.may_be_copy && self.has_said(marker)
    }

    /// It was told that something has expired in a conversation of this name.
    pub fn is_told_of_expiry(&mut self, name: &str) {
        self.told.insert(name.to_owned());
    }

    pub fn knows_of_expiry(&self, name: &str) -> bool {
        self.told.contains(name)
    }

    /// From which line on the screen of this life was not read yet.
    pub const fn lines_read(&self, life: usize) -> usize {
        match self.read {
            (known, lines) if known == life => lines,
            _ => 0,
        }
    }

    pub const fn has_read(&mut self, life: usize, lines: usize) {
        self.read = (life, lines);
    }

    /// Something was shown; `is_lost` if the server has lost it since, so that it may come again.
    pub fn saw(&mut self, life: usize, marker: Marker, text: &str, is_lost: bool) {
        let host = self.host;
        let is_repeated = text.ends_with(AGAIN);
        if is_repeated {
            assert!(
                life > 0 || self.sign_outs > 0,
                "host {host} saw {marker:?} again without a crash"
            );
        }
        assert!(
            is_repeated || is_lost || !self.has_seen(marker),
            "host {host} saw {marker:?} twice, and was not told so"
        );
        let is_twice = self.seen.contains(&(life, marker));
        assert!(
            is_lost || !is_twice,
            "host {host} saw {marker:?} twice in one life"
        );
        self.known.insert(marker);
        self.seen.push((life, marker));
    }

    /// Notes what the program says of the lines that follow, and of those that do not.
    pub fn notice_page(&mut self, tone: Tone, line: &str) {
        if matches!(tone, Tone::Said | Tone::Event) {
            return;
        }
        self.showing = if line == UNREAD {
            Showing::Again
        } else {
            Showing::New
        };
        if let Some((before, _)) = line.split_once(LEFT_OUT)
            && let Some((_, lines)) = before.split_once(": ")
        {
            let count = lines.split(' ').next().and_then(|count| count.parse().ok());
            self.left_out += count.unwrap_or(1);
        }
    }

    /// This was shown on a page of the history.
    pub fn saw_on_page(&mut self, markers: impl IntoIterator<Item = Marker>) {
        self.known.extend(markers);
    }

    /// How many receipts there were.
    pub fn receipts(&self, reader: usize, is_many: bool) -> usize {
        self.got.get(&(reader, is_many)).copied().unwrap_or(0)
    }

    /// One more; returns how many there are now.
    pub fn received_by(&mut self, reader: usize, is_many: bool, messages: usize) -> usize {
        let got = self.got.entry((reader, is_many)).or_default();
        *got += messages;
        *got
    }
}
