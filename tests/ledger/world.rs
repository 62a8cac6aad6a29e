//! The processes and what befalls them: killed and started again as planned, talked through, and at last left alone.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::io::Write as _;
use std::time::{Duration, Instant};

use crate::clients::{Client, Printed};
use crate::files;
use crate::ledger::Ledger;
use crate::markers::{Marker, command, fence, file_command, name, room};
use crate::plan::{self, Kill, Line, ROOMS, Rng, USERS};
use crate::support::relay::{Badness, Relay};
use crate::support::{Server, Workspace, is_cluster_of_one};
use crate::tables::{self, Device, Entries};

/// What the link does: 5 % loss, 2 % duplicates, 5 % reordered, 5 ms each way. A sender that was quiet for 10 s comes
/// from another port, as behind a NAT.
const LINK: Badness = Badness {
    loss: 50,
    loss_up: 0,
    duplicate: 20,
    reorder: 50,
    delay: Duration::from_millis(5),
    rebind: Some(Duration::from_secs(10)),
};

/// How long everything may take to come to rest once nobody kills or types any more.
const REST_WITHIN: Duration = Duration::from_secs(90);

/// How long to wait for receipts once everything is seen: marks are written behind by a second.
const RECEIPTS_WITHIN: Duration = Duration::from_secs(3);

/// How often all sign in once more if a client still waits for a receipt when it has quit.
const ROUNDS_MAX: usize = 3;

/// The exit code of a client that could not reach its server. Its user starts it again.
const UNREACHABLE: i32 = 3;

/// How the line begins that answers a user who joins a room.
const JOINED: &str = "#room";

const PAUSE: Duration = Duration::from_millis(5);

/// Says how far a long run is, past the capture of a test's output.
fn progress(text: impl Display) {
    // Nobody may be reading.
    let _ = writeln!(std::io::stderr(), "ledger: {text}");
}

/// All processes, and the ledger.
pub struct World {
    server: Server,
    server_back: Option<Instant>,
    clients: Vec<Client>,
    back: [Option<Instant>; USERS],
    pub ledger: Ledger,
    server_kills: usize,
    client_kills: usize,
    unreachable: usize,
    // Last, so that they outlive the processes.
    _relay: Relay,
    workspace: Workspace,
}

impl World {
    /// Everything is started; nobody waits until anybody is signed in.
    pub fn new() -> Self {
        let workspace = Workspace::new(&[]);
        let server = workspace.serve();
        for user in 0..USERS {
            workspace.add(&name(user));
        }
        let relay = Relay::start(server.address, LINK);
        let address = relay.address.to_string();
        let client = |user| Client::new(&workspace, &name(user), &address, files::saves(user));
        let clients = (0..USERS).map(client);
        Self {
            server,
            server_back: None,
            clients: clients.collect(),
            back: [Some(Instant::now()); USERS],
            ledger: Ledger::default(),
            server_kills: 0,
            client_kills: 0,
            unreachable: 0,
            _relay: relay,
            workspace,
        }
    }

    /// Starts again whoever is due.
    fn start_due(&mut self) {
        let now = Instant::now();
        if self.server_back.take_if(|due| *due <= now).is_some() {
            self.server.restart();
        }
        for (client, back) in self.clients.iter_mut().zip(&mut self.back) {
            if back.take_if(|due| *due <= now).is_some() {
                client.start();
            }
        }
    }

    /// Notes what was printed since the last time, and that nobody has ended who should not have.
    fn listen(&mut self) {
        for user in 0..USERS {
            let printed = self.clients[user].printed();
            self.note(user, printed);
            if let Some(code) = self.clients[user].ended() {
                let recent = self.clients[user].recent();
                let printed = self.clients[user].reap();
                let last = printed.errors.join("\n  ");
                self.note(user, printed);
                assert_eq!(
                    code,
                    UNREACHABLE,
                    "{} has ended: {recent}\n  {last}",
                    name(user)
                );
                self.look_at(user);
                self.unreachable += 1;
                self.back[user] = Some(Instant::now());
            }
        }
    }

    fn note(&mut self, user: usize, printed: Printed) {
        let life = self.clients[user].lives;
        for line in printed.output {
            self.ledger.printed(user, life, &line);
        }
        for line in printed.errors {
            self.ledger.complained(user, &line);
        }
    }

    /// Holds a dead client's database against the ledger.
    fn look_at(&mut self, user: usize) {
        let client = &self.clients[user];
        let device = tables::device(&client.state, &client.name);
        self.ledger.client_died(user, client.lives, &device);
    }

    fn kill(&mut self, kill: &Kill) {
        let back = Instant::now() + kill.down;
        let clients: Vec<usize> = kill
            .clients
            .iter()
            .copied()
            .filter(|user| self.clients[*user].is_up())
            .collect();
        for user in &clients {
            self.clients[*user].kill();
        }
        if kill.server && self.server_back.is_none() {
            self.server.kill();
            self.server_back = Some(back);
            self.server_kills += 1;
        }
        for user in &clients {
            let printed = self.clients[*user].reap();
            self.note(*user, printed);
            self.back[*user] = Some(back);
            self.client_kills += 1;
        }
        // Whatever was printed meanwhile was said before the server died, too.
        self.listen();
        for user in clients {
            self.look_at(user);
        }
        if kill.server && !is_cluster_of_one() {
            self.ledger
                .server_died(&tables::server_log(&self.workspace.data()));
        }
    }

    fn types(&mut self, line: &Line) {
        let client = &mut self.clients[line.author];
        if !client.is_up() {
            return;
        }
        let marker = self.ledger.types(line.author, client.lives, line);
        if line.has_file {
            let file = files::make(&self.workspace.path(""), marker);
            client.types(&file_command(marker, line.to, &file));
        } else {
            client.types(&command(marker, line.to));
        }
        if line.fenced {
            client.types(&fence(marker));
        }
    }

    /// Everybody joins every room: from then on it is known who is to see what.
    pub fn join_rooms(&mut self) {
        self.start_due();
        for client in &mut self.clients {
            for number in 0..ROOMS {
                client.types(&format!("/join {}", room(number)));
            }
        }
        let start = Instant::now();
        let mut missing = vec![ROOMS; USERS];
        while missing.iter().any(|missing| *missing > 0) {
            assert!(
                start.elapsed() < REST_WITHIN,
                "rooms are not joined: {missing:?}"
            );
            for (client, missing) in self.clients.iter_mut().zip(&mut missing) {
                let joined = |line: &String| line.starts_with(JOINED);
                let count = client.printed().errors.into_iter().filter(joined).count();
                *missing = missing.saturating_sub(count);
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Kills and talks as planned.
    pub fn run(&mut self, seed: u64, kills: &[Kill]) {
        let mut talk = Rng::new(seed, 1);
        let mut line = plan::line(&mut talk);
        let mut line_due = Instant::now() + line.after;
        for (number, kill) in kills.iter().enumerate() {
            let due = Instant::now() + kill.after;
            while Instant::now() < due {
                self.start_due();
                self.listen();
                while line_due <= Instant::now() {
                    self.types(&line);
                    line = plan::line(&mut talk);
                    line_due = Instant::now() + line.after;
                }
                std::thread::sleep(PAUSE);
            }
            self.kill(kill);
            if (number + 1) % 10 == 0 {
                progress(format!("{} of {} kills; {self}", number + 1, kills.len()));
            }
        }
    }

    /// Everybody is killed once more, so that it is known which lines count; then nobody is, and nothing is typed,
    /// until everything has been seen. Gives what stands in the end.
    pub fn rest(&mut self) -> (Entries, Vec<Device>) {
        self.start_due();
        self.kill(&Kill {
            after: Duration::ZERO,
            server: true,
            clients: (0..USERS).collect(),
            down: Duration::ZERO,
        });
        for round in 1.. {
            let start = Instant::now();
            while {
                self.start_due();
                self.listen();
                !self.ledger.unseen().is_empty() || self.unsaved().next().is_some()
            } {
                let unseen = self.ledger.unseen();
                let unsaved: Vec<_> = self.unsaved().collect();
                assert!(
                    start.elapsed() < REST_WITHIN,
                    "{} lines are not shown (reader, marker): {unseen:?}, and files not saved: {unsaved:?}",
                    unseen.len()
                );
                std::thread::sleep(10 * PAUSE);
            }
            let start = Instant::now();
            while start.elapsed() < RECEIPTS_WITHIN {
                self.listen();
                std::thread::sleep(10 * PAUSE);
            }
            let devices = self.quit();
            let awaited: Vec<usize> = devices.iter().map(|device| device.awaited).collect();
            if awaited.iter().all(|awaited| *awaited == 0) {
                if is_cluster_of_one() {
                    self.server.signal("TERM");
                } else {
                    self.server.kill();
                }
                return (tables::server_log(&self.workspace.data()), devices);
            }
            assert!(
                round < ROUNDS_MAX,
                "receipts are awaited for ever: {awaited:?}"
            );
            self.back = [Some(Instant::now()); USERS];
        }
        unreachable!("a round ends the loop");
    }

    /// The files that are still to be saved, by whom.
    fn unsaved(&self) -> impl Iterator<Item = (usize, Marker)> {
        let savers = (0..USERS).filter(|user| files::saves(*user));
        savers.flat_map(|user| {
            let downloads = &self.clients[user].downloads;
            let mut missing = self.ledger.files_for(user);
            missing.retain(|marker| !files::is_saved(downloads, *marker));
            missing.into_iter().map(move |marker| (user, marker))
        })
    }

    /// Once all have quit: who is to have files has them, and the server has those of entries and nothing else.
    pub fn check_files(&self) {
        for (user, client) in self.clients.iter().enumerate() {
            let theirs = self.ledger.files_for(user);
            let saved = if files::saves(user) {
                theirs
            } else {
                BTreeSet::new()
            };
            files::check_saved(user, (&client.downloads, &client.state), &saved);
        }
        let data = self.workspace.data();
        files::check_kept(&data, self.ledger.files());
        let data = data.display().to_string();
        let (text, code) = self
            .workspace
            .run_plain(&["store", "check", "--data", &data]);
        assert_eq!(code, Some(0), "{text}");
    }

    /// Everybody quits in an orderly way.
    fn quit(&mut self) -> Vec<Device> {
        let clients = &mut self.clients;
        clients.iter_mut().for_each(Client::closes_input);
        let mut devices = Vec::new();
        for user in 0..USERS {
            let start = Instant::now();
            while self.clients[user].ended().is_none() {
                assert!(
                    start.elapsed() < REST_WITHIN,
                    "{} does not quit",
                    name(user)
                );
                std::thread::sleep(PAUSE);
            }
            let code = self.clients[user].ended();
            let printed = self.clients[user].reap();
            let last = printed.errors.join("\n");
            self.note(user, printed);
            assert_eq!(code, Some(0), "{} has ended: {last}", name(user));
            self.ledger.client_quit(user);
            let client = &self.clients[user];
            devices.push(tables::device(&client.state, &client.name));
        }
        devices
    }
}

impl Display for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (typed, taken) = self.ledger.typed();
        let counts = &self.ledger.counts;
        write!(
            f,
            "killed {} times the server and {} times a client ({} gave up by themselves); typed {typed}, known to be \
             taken {taken}, {} of it with files, lost unread {}; told: {} fences, {} queued, {} stored, {} receipts, {} lines shown \
             ({} again)",
            self.server_kills,
            self.client_kills,
            self.unreachable,
            self.ledger.files(),
            counts.lost_unread,
            counts.fences,
            counts.queued,
            counts.stored,
            counts.receipts,
            counts.shown,
            counts.shown_again
        )
    }
}
