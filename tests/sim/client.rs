//! The clients: process, state directory, screen, and the person before it.

mod files;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use redb::Database;
use udpchat::client::{
    Ask, Client, End, Files, Input, Options, ProgramOptions, Tone, Transfers, Trust,
};
use udpchat::protocol::opaque::KeyStretching;
use udpchat::transport::{ClientConfig, Endpoint};

use crate::disk::Disk;
use crate::entries::{Marker, change_of, marker_of};
use crate::kit::{MemoryTransfers, Screen, Seen};
use crate::network::{Host, Network, SERVER};
use crate::people::files::{FILE, Offered, is_saved, offered, saved};
use crate::people::mending::{Typing, Typist, Verb, Wish, said_by};
use crate::people::paging::Paging;
use crate::people::programs::said;
use crate::process::{Clocks, Process};
use crate::script::user;
use files::OwnFiles;

/// How long a person waits before the next sign-in.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a person waits before sending a file again for which there was no room.
const ROOM_AFTER: Duration = Duration::from_secs(3);

/// A client's state directory, on disks that survive its process.
#[derive(Clone, Default)]
pub struct SimFiles {
    known: Arc<Mutex<Option<[u8; 32]>>>,
    disks: Arc<Mutex<BTreeMap<String, Disk>>>,
    transfers: MemoryTransfers,
}

impl Files for SimFiles {
    fn check_server(&mut self, key: &[u8; 32]) -> io::Result<Trust> {
        Ok(match *self.known.lock().unwrap() {
            None => Trust::Unknown,
            Some(known) if known == *key => Trust::Known,
            Some(_) => Trust::Changed {
                known: "another".into(),
                place: "memory".into(),
            },
        })
    }

    fn trust_server(&mut self, key: &[u8; 32]) -> io::Result<()> {
        *self.known.lock().unwrap() = Some(*key);
        Ok(())
    }

    fn open_device(&mut self, _key: &[u8; 32], name: &str) -> anyhow::Result<Database> {
        let mut disks = self.disks.lock().unwrap();
        Ok(disks.entry(name.to_owned()).or_default().open()?)
    }

    fn transfers(&mut self) -> Option<&mut dyn Transfers> {
        Some(&mut self.transfers)
    }
}

/// A client's host and the person before it.
pub struct ClientHost {
    pub number: usize,
    /// The user's name, which other hosts of the same person share.
    pub name: String,
    /// Whether this device comes while the others talk.
    pub is_late: bool,
    /// How many people there are.
    people: usize,
    /// What the person has typed.
    pub typed: BTreeSet<Marker>,
    /// Edits and reactions that they have typed, each with what it is about.
    pub changes: BTreeMap<Marker, Marker>,
    /// Those of which it is not known whether they stand, or that came to nothing at once.
    pub idle_changes: BTreeSet<Marker>,
    /// What they have chosen to say or to delete since this was asked for last.
    pub chosen: Vec<Chosen>,
    /// What they have asked to be deleted.
    asked: BTreeSet<Marker>,
    /// What was refused while it was typed.
    pub refused: BTreeSet<Marker>,
    pub clocks: Clocks,
    pub process: Option<Process<Client>>,
    files: SimFiles,
    /// The server's addresses, the preferred one first.
    pub servers: Vec<SocketAddr>,
    /// What was seen in each life of the process.
    pub screens: Vec<Screen>,
    /// What they page back through, if they do.
    pub paging: Option<Paging>,
    /// What a program has said in the place of a person, if one does.
    pub spoken: Option<Vec<String>>,
    /// Lines that the person will type, and when.
    pub script: VecDeque<(Duration, Typing)>,
    /// When the person, whom a sign-in has failed, tries again.
    patience: Duration,
    /// How often this process has said that its person is signed out, as far as that was heeded.
    heeded: usize,
    /// How often it has said that Enter asks for the password, as far as that was done.
    entered: usize,
    /// The disk fails soon.
    is_doomed: bool,
    /// What was typed when the process ended: it may be durable, or else the person types it again.
    unsure: Option<String>,
    /// What they send and save.
    pub own_files: OwnFiles,
}

/// What somebody has chosen when they typed.
pub enum Chosen {
    /// To say this, in this conversation.
    Says(Marker, String),
    /// To delete this.
    Deletes(Marker),
}

impl ClientHost {
    /// A host on which nothing runs yet, of one of so many people.
    pub fn new(number: usize, people: usize, clocks: Clocks) -> Self {
        let files = SimFiles::default();
        Self {
            number,
            name: user(number % people),
            people,
            is_late: false,
            typed: BTreeSet::new(),
            changes: BTreeMap::new(),
            idle_changes: BTreeSet::new(),
            chosen: Vec::new(),
            asked: BTreeSet::new(),
            refused: BTreeSet::new(),
            clocks,
            process: None,
            servers: vec![SocketAddr::from(SERVER)],
            screens: Vec::new(),
            paging: None,
            spoken: None,
            script: VecDeque::new(),
            patience: Duration::ZERO,
            heeded: 0,
            entered: 0,
            is_doomed: false,
            unsure: None,
            own_files: OwnFiles::on(files.transfers.clone()),
            files,
        }
    }

    pub fn boot(&mut self, now: Duration, seed: [u8; 32]) {
        let at = self.clocks.moment(now);
        let screen = Screen::interactive();
        self.screens.push(screen.clone());
        self.heeded = 0;
        self.entered = 0;
        for line in self.spoken.iter().flatten().rev() {
            let line = Typing::Line(line.clone());
            self.script.push_front((Duration::ZERO, line));
        }
        let mut endpoint = Endpoint::client(at.instant, ClientConfig::default(), seed);
        let options = Options {
            server_name: SocketAddr::from(SERVER).to_string(),
            addresses: self.servers.clone(),
            user: Some(self.name.clone()),
            password: None,
            code: None,
            accept_new: true,
            pinned_fingerprint: None,
            linked: udpchat::client::LinkOptions::default(),
            key_stretching: KeyStretching::Identity,
            unannounced: false,
            time_zone: jiff::tz::TimeZone::UTC,
            attention: udpchat::client::AttentionOptions::default(),
            is_restricted: false,
            save_files_below: if self.saves_itself() { u64::MAX } else { 0 },
            program: ProgramOptions::new(Duration::from_secs(30)),
        };
        let (console, files) = (screen.console(), Box::new(self.files.clone()));
        let mut client = Client::new(at, options, console, files, seed);
        client.start(at, &mut endpoint);
        let host = Host::Client(self.number);
        self.process = Some(Process::new(self.clocks, host, endpoint, client));
    }

    /// The power fails: what was not synced is lost, but for the writes that `keep` says.
    pub fn crash(&mut self, mut keep: impl FnMut() -> bool) {
        for disk in self.files.disks.lock().unwrap().values() {
            disk.memory.crash_keeping(|_| keep());
            disk.look_again(false);
        }
        let copying = self.own_files.crash(keep);
        self.process = None;
        self.is_doomed = false;
        let unsure = self.unsure.take().filter(|line| !line.starts_with(FILE));
        let lines = copying.into_iter().chain(unsure);
        let Some(disk) = self.disk() else {
            return;
        };
        for line in lines {
            if said_by(&line).is_some_and(|marker| !disk.knows(marker)) {
                self.script.push_front((Duration::ZERO, Typing::Line(line)));
            }
        }
    }

    /// Whether files save themselves here.
    pub const fn saves_itself(&self) -> bool {
        self.number.is_multiple_of(2)
    }

    /// The files that others have sent, as far as this device has their messages.
    pub fn offered(&self) -> Vec<Offered> {
        let disk = self.disk();
        disk.map_or_else(Vec::new, |disk| offered(&disk, (self.number, self.people)))
    }

    /// The names of the files that have been saved.
    pub fn saved(&self) -> BTreeSet<String> {
        saved(&self.own_files.disk, &self.host_name())
    }

    /// Whether a file of this name was saved.
    pub fn has_saved(&self, name: &str) -> bool {
        is_saved(&self.own_files.disk, name)
    }

    /// Whether something is being saved, and goes on by itself.
    pub fn is_saving(&self) -> bool {
        let names = self.disk().map_or_else(Vec::new, |disk| disk.downloads());
        names
            .iter()
            .any(|name| !self.own_files.unsaved.contains(name))
    }

    /// The state directory as a copy finds it.
    pub fn image(&self) -> Option<Vec<u8>> {
        Some(self.disk()?.memory.image())
    }

    /// An older state takes the place of this one, while no process runs. What was being typed is not typed again.
    pub fn restore(&mut self, image: Vec<u8>) {
        self.unsure = None;
        let mut disks = self.files.disks.lock().unwrap();
        let disk = disks.entry(self.name.clone()).or_default();
        disk.restore(image);
        disk.look_again(false);
    }

    /// This host, on which nothing ran, has a copy of another one's state directory.
    pub fn take_copy(&mut self, image: Vec<u8>, from: &Self) {
        *self.files.known.lock().unwrap() = *from.files.known.lock().unwrap();
        self.restore(image);
        // Its first life is not the first of what it has.
        self.screens.push(Screen::interactive());
    }

    /// The disk fails after so many operations.
    pub fn fail_disk(&mut self, operations: u64) {
        if let Some(disk) = self.disk() {
            disk.memory.fail_after(Some(operations));
            self.is_doomed = true;
        }
    }

    /// The disk does not fail after all.
    pub fn be_spared(&mut self) {
        if let Some(disk) = self.disk() {
            disk.memory.fail_after(None);
        }
        self.own_files.disk.set_full(false);
    }

    /// Whether the program has ended because its disk has failed.
    pub fn has_failed(&self) -> bool {
        let end = self.process.as_ref().and_then(|process| process.app.end());
        self.is_doomed && matches!(end, Some(End::Failed(_)))
    }

    /// The disk with what this person's device has received.
    pub fn disk(&self) -> Option<Disk> {
        self.files.disks.lock().unwrap().get(&self.name).cloned()
    }

    /// What is on the screen now, and in which life of the process that is.
    pub fn screen(&self) -> (usize, MutexGuard<'_, Seen>) {
        let life = self.screens.len() - 1;
        (life, self.screens[life].seen())
    }

    /// Whether the program has ended and is to be started again, as a person does whom it told that nobody
    /// answers.
    pub fn has_given_up(&self) -> bool {
        match self.process.as_ref().and_then(|process| process.app.end()) {
            None => false,
            Some(End::Unreachable(_)) => true,
            Some(End::Failed(_)) if self.is_doomed => false,
            Some(other) => panic!("{} ended: {other:?}", self.name),
        }
    }

    /// The user and the device, for people.
    pub fn host_name(&self) -> String {
        format!("{} (host {})", self.name, self.number)
    }

    /// Whether this is what a signed-in client asks, wherever its user stands.
    fn is_prompt(&self, text: &str) -> bool {
        text.starts_with(&self.name)
    }

    /// Whether the person stands at the prompt of a signed-in client.
    pub fn is_signed_in(&self) -> bool {
        !self.screens.is_empty()
            && matches!(self.screen().1.ask(), Some(Ask::Command(text) | Ask::Inside { prompt: text, .. }) if self.is_prompt(text))
    }

    /// Whether this process is signed in and was told what there is for it.
    pub fn is_settled(&self) -> bool {
        self.process
            .as_ref()
            .is_some_and(|process| process.app.is_settled())
    }

    /// How often this process has said that it asks for the password as soon as the prompt is answered.
    fn times_to_enter(&self) -> usize {
        let is_said = |(_, line): &&(Tone, String)| line.ends_with("; Enter asks for the password");
        self.screen().1.lines.iter().filter(is_said).count()
    }

    fn times_signed_out(&self) -> usize {
        let is_signed_out =
            |(tone, line): &&(Tone, String)| *tone == Tone::Error && line.starts_with("signed out");
        self.screen().1.lines.iter().filter(is_signed_out).count()
    }

    pub fn settle(&mut self, now: Duration, network: &mut Network) {
        let Some(mut process) = self.process.take() else {
            return;
        };
        process.clocks = self.clocks;
        let copied = self.own_files.take_done(now);
        let are_copied = !copied.is_empty();
        for answer in copied {
            process.input(now, answer);
        }
        process.settle(now, network);
        self.look(now);
        if are_copied && process.app.end().is_none() {
            self.own_files.are_queued();
        }
        while let Some(line) = self.next_line(now) {
            let shown = self.screen().1.lines.len();
            let said = said(&line).filter(|_| self.spoken.is_some());
            if said.is_none() {
                self.screen().1.asks.clear();
            } else if let Some(spoken) = &mut self.spoken
                && !spoken.contains(&line)
            {
                spoken.push(line.clone());
            }
            process.input(now, said.unwrap_or_else(|| Input::Line(line.clone())));
            process.settle(now, network);
            self.look(now);
            let is_refusal = |(tone, line): &(Tone, String)| {
                *tone == Tone::Error && line.starts_with("you are not a member of")
            };
            let is_refused = self.screen().1.lines[shown..].iter().any(is_refusal);
            if let (true, Some(marker)) = (is_refused, said_by(&line)) {
                self.own_files.is_refused(&line);
                self.refused.insert(marker);
            }
            if let Some(change) = change_of(&line) {
                let failed = |(tone, _): &(Tone, String)| *tone == Tone::Error;
                if process.app.end().is_some() || self.screen().1.lines[shown..].iter().any(failed)
                {
                    self.idle_changes.insert(change);
                }
            }
            if process.app.end().is_some() {
                self.unsure = Some(line);
                break;
            }
        }
        self.own_files.begin(now);
        self.process = Some(process);
    }

    fn next_line(&mut self, now: Duration) -> Option<String> {
        let ask = self.screen().1.ask().cloned()?;
        match &ask {
            Ask::Secret(_) => Some(format!("password of {}", self.name)),
            Ask::Line(question) if question.contains("Sign up?") => Some("y".into()),
            Ask::Line(question) => panic!("{} was asked {question:?}", self.name),
            Ask::Command(_) | Ask::Inside { .. } if self.times_to_enter() > self.entered => {
                self.entered = self.times_to_enter();
                Some(String::new())
            }
            // The question stays as it was asked, but above it stands what has happened.
            Ask::Command(_) | Ask::Inside { .. } if self.times_signed_out() > self.heeded => {
                self.heeded = self.times_signed_out();
                Some(self.login(&ask))
            }
            Ask::Command(_) | Ask::Inside { .. }
                if self.is_signed_in() && self.paging.is_some() =>
            {
                self.paging.as_mut()?.line(now)
            }
            Ask::Command(_) | Ask::Inside { .. } if self.is_signed_in() => {
                self.script.front().filter(|(at, _)| *at <= now)?;
                let line = match self.script.pop_front()?.1 {
                    Typing::Line(line) => line,
                    Typing::Wish(wish) => match self.mend(wish) {
                        Some(line) => line,
                        None => return self.next_line(now),
                    },
                    Typing::Save(_) if self.saves_itself() => return self.next_line(now),
                    Typing::Save(seed) => match self.own_files.choose(self.offered(), seed) {
                        Some(line) => line,
                        None => return self.next_line(now),
                    },
                };
                if line.starts_with(FILE) {
                    self.own_files.send(&line);
                }
                self.typed.extend(said_by(&line));
                self.changes.extend(change_of(&line).zip(marker_of(&line)));
                Some(line)
            }
            // The sign-in failed for a while (too many attempts, a crash): once more.
            Ask::Command(_) | Ask::Inside { .. } if now >= self.patience => {
                self.patience = now + PATIENCE;
                Some(self.login(&ask))
            }
            Ask::Command(_) | Ask::Inside { .. } => None,
        }
    }

    /// What the person types about a line that this device has, if there is one.
    fn mend(&mut self, wish: Wish) -> Option<String> {
        let typist = Typist {
            host: self.number,
            accounts: self.people,
        };
        let mend = wish.line(typist, &self.disk()?, &self.asked)?;
        let is_again = mend.deletes.iter().any(|gone| self.asked.contains(gone));
        if wish.verb == Verb::TakeBack && is_again {
            return None;
        }
        self.asked.extend(&mend.deletes);
        let deletes = mend.deletes.into_iter().map(Chosen::Deletes);
        let says = mend.says.map(|(marker, name)| Chosen::Says(marker, name));
        self.chosen.extend(deletes.chain(says));
        Some(mend.line)
    }

    /// The person looks at the screen: who pages back, and who sends files.
    fn look(&mut self, now: Duration) {
        let life = self.screens.len() - 1;
        if let Some(paging) = &mut self.paging {
            paging.look(now, life, &self.screens[life].seen().lines);
        }
        for line in self.own_files.look(life, &self.screens[life].seen().lines) {
            self.script
                .push_front((now + ROOM_AFTER, Typing::Line(line)));
        }
    }

    /// The command by which the person signs in, typed at this prompt.
    fn login(&self, ask: &Ask) -> String {
        let slash = if matches!(ask, Ask::Inside { .. }) {
            "/"
        } else {
            ""
        };
        format!("{slash}login {}", self.name)
    }

    pub fn deadline(&self) -> Option<Duration> {
        let process = self.process.as_ref()?;
        let typed = match self.screen().1.ask() {
            Some(Ask::Command(text) | Ask::Inside { prompt: text, .. }) if self.is_prompt(text) => {
                let script = self.script.front().map(|(at, _)| *at);
                let paging = self.paging.as_ref().and_then(Paging::deadline);
                script.or(paging)
            }
            Some(Ask::Command(_) | Ask::Inside { .. }) => Some(self.patience),
            _ => None,
        };
        let dues = [typed, self.own_files.deadline(), process.deadline()];
        dues.into_iter().flatten().min()
    }
}
