//! A person who changes and answers what was said: which line is meant is chosen when it is typed, from what the device
//! holds then, and stands in what is typed, so that it is known whether another one was hit.

use std::collections::BTreeSet;

use crate::disk::Disk;
use crate::entries::{HeldEntry, Marker, change_of, edit_of, marker_of};
use crate::kit::Rng;
use crate::people::files::FILE;

/// What a person wants to do about a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Edit,
    Delete,
    Reply,
    React,
    /// The same reaction once more.
    TakeBack,
    Pin,
    Unpin,
}

/// A wish, and the numbers by which the rest is chosen.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    pub verb: Verb,
    pub marker: Marker,
    pub seed: u64,
}

/// What is typed, or will be.
#[derive(Debug, Clone)]
pub enum Typing {
    Line(String),
    Wish(Wish),
    /// A file is saved, which one is chosen by this number.
    Save(u64),
}

/// What comes of a wish.
pub struct Mend {
    pub line: String,
    /// What is to be deleted: one of these.
    pub deletes: Vec<Marker>,
    /// What is said, and in which conversation.
    pub says: Option<(Marker, String)>,
}

/// How often which verb is meant.
const VERBS: [Verb; 14] = [
    Verb::Edit,
    Verb::Edit,
    Verb::Edit,
    Verb::Delete,
    Verb::Delete,
    Verb::Delete,
    Verb::Reply,
    Verb::Reply,
    Verb::React,
    Verb::React,
    Verb::React,
    Verb::TakeBack,
    Verb::Pin,
    Verb::Unpin,
];

/// A word that stands in one text only.
pub fn word_of((host, number): Marker) -> String {
    format!("w{host}q{number}w")
}

/// What is said by a line, if anything is.
pub fn said_by(line: &str) -> Option<Marker> {
    let verbs = ["/message", "/reply", FILE];
    let says = verbs.iter().any(|verb| line.starts_with(verb));
    marker_of(line).filter(|_| says && change_of(line).is_none())
}

/// One of these accounts, of which there are so many, and the host on which it types.
#[derive(Debug, Clone, Copy)]
pub struct Typist {
    pub host: usize,
    pub accounts: usize,
}

impl Typist {
    fn is_own(self, marker: Marker) -> bool {
        marker.0 % self.accounts == self.host % self.accounts
    }
}

impl Wish {
    pub fn draw(rng: &mut Rng, marker: Marker) -> Self {
        Self {
            verb: VERBS[rng.index(VERBS.len())],
            marker,
            seed: rng.below(u64::MAX),
        }
    }

    /// The line to type on this device, if there is anything that it can be about. Of some it was `asked` already that they be
    /// deleted.
    pub fn line(self, typist: Typist, disk: &Disk, asked: &BTreeSet<Marker>) -> Option<Mend> {
        let rng = &mut Rng::new(self.seed, 5);
        let is_unnumbered = rng.happens(0.25);
        match self.verb {
            Verb::Edit | Verb::Delete if is_unnumbered => self.about_last(rng, typist, disk, asked),
            Verb::TakeBack => take_back(rng, typist, disk),
            _ => self.about_held(rng, typist, disk),
        }
    }

    /// About a line that has a number.
    fn about_held(self, rng: &mut Rng, typist: Typist, disk: &Disk) -> Option<Mend> {
        let (held, names) = (disk.held(), disk.names_here());
        let wants_own = match self.verb {
            Verb::Edit => rng.happens(0.9),
            Verb::Delete => rng.happens(0.7),
            Verb::Reply | Verb::React => rng.happens(0.2),
            _ => rng.happens(0.5),
        };
        let said = held.iter().filter_map(|((conversation, entry), held)| {
            let marker = held.marker().filter(|_| held.is_said())?;
            let name = names.get(conversation).filter(|name| !name.is_empty())?;
            (typist.is_own(marker) == wants_own).then_some((name, *entry, marker))
        });
        let said: Vec<_> = said.collect();
        let (name, entry, target) = said.get(rng.index(said.len().max(1)))?;
        Some(self.mend(name, &format!(" #{entry}"), *target))
    }

    /// About the own last line, whether or not that is stored.
    fn about_last(
        self,
        rng: &mut Rng,
        typist: Typist,
        disk: &Disk,
        asked: &BTreeSet<Marker>,
    ) -> Option<Mend> {
        let (held, names) = (disk.held(), disk.names_here());
        let waiting = disk.outbox();
        // What may be meant in each conversation, the newest first: what waits comes after what is stored.
        let mut last: Vec<(String, Marker, Vec<Marker>)> = Vec::new();
        for (conversation, name) in names.iter().filter(|(_, name)| !name.is_empty()) {
            let of = held.range((*conversation, 0)..=(*conversation, u64::MAX));
            let own = |held: &HeldEntry| held.marker().filter(|marker| typist.is_own(*marker));
            let unsent = waiting
                .iter()
                .rev()
                .filter(|(target, text, is_said)| target == name && *is_said && !text.is_empty());
            let unsent = unsent.filter_map(|(_, text, _)| marker_of(text));
            let stored = of.rev().filter_map(|(_, held)| own(held));
            let all: Vec<Marker> = unsent.chain(stored).collect();
            last.extend(
                all.first()
                    .map(|newest| (name.clone(), *newest, all.clone())),
            );
        }
        let (name, target, own) = last.get(rng.index(last.len().max(1)))?;
        if self.verb == Verb::Edit && asked.contains(target) {
            // The one before it is meant, or this one.
            return None;
        }
        let mut mend = self.mend(name, "", *target);
        if self.verb == Verb::Delete {
            let before = own.iter().skip_while(|own| asked.contains(own));
            mend.deletes.extend(before.take(1));
        }
        Some(mend)
    }

    fn mend(self, name: &str, line: &str, target: Marker) -> Mend {
        let (host, number) = self.marker;
        let about = format!("<{}.{}>", target.0, target.1);
        let place = format!("--in {name}{line}");
        let word = word_of(self.marker);
        Mend {
            line: match self.verb {
                Verb::Edit => format!("/edit {place} {{{host}.{number}}} of {about} {word}"),
                Verb::Delete => format!("/delete {place}"),
                Verb::Reply => format!("/reply {place} <{host}.{number}> {word}"),
                Verb::React | Verb::TakeBack => {
                    format!("/react {place} ~{host}.{number}~{about}{word}")
                }
                Verb::Pin => format!("/pin {place}"),
                Verb::Unpin => format!("/unpin {place}"),
            },
            deletes: (self.verb == Verb::Delete)
                .then_some(target)
                .into_iter()
                .collect(),
            says: (self.verb == Verb::Reply).then(|| (self.marker, name.to_owned())),
        }
    }
}

/// The same reaction once more. Each is taken back once.
fn take_back(rng: &mut Rng, typist: Typist, disk: &Disk) -> Option<Mend> {
    let (held, names) = (disk.held(), disk.names_here());
    let own = held.iter().filter_map(|((conversation, _), held)| {
        let sign = crate::entries::words_of(held.message.as_ref()?)?;
        let reaction = change_of(&sign).filter(|_| edit_of(&sign).is_none())?;
        let name = names.get(conversation).filter(|name| !name.is_empty())?;
        (reaction.0 == typist.host).then(|| (name, held.refers_to(), sign, reaction))
    });
    let own: Vec<_> = own.collect();
    let (name, target, sign, reaction) = own.get(rng.index(own.len().max(1)))?;
    Some(Mend {
        line: format!("/react --in {name} #{} {sign}", target.unwrap_or(1)),
        deletes: vec![*reaction],
        says: None,
    })
}
