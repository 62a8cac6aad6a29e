//! The server: its process, its store, its disk.

pub mod member;

use std::collections::BTreeMap;
use std::time::Duration;

use udpchat::protocol::FileRoot;
use udpchat::server::{self, Hub, HubConfig, OpaqueServer};
use udpchat::store::fault_disk::MemoryDisk;
use udpchat::store::{
    BlobFiles as _, BlobKey, Completion, Engine, FoundBlob, Outcome, Read, Reply, Request,
    RequestId, Retention, Write, begin_service_after,
};
use udpchat::transport::{App, Endpoint, Limits, ServerConfig};

use crate::disk::Disk;
use crate::entries::{Log, Logged};
use crate::hostile::Hostile;
use crate::kit::{QueuedBlobs, QueuedStore};
use crate::network::{Host, Network};
use crate::people::files::content_of;
use crate::people::retention::Pass;
use crate::process::{Clocks, Process};
use member::Member;

/// How many requests the store takes at once.
const STORE_SLOTS: usize = 256;
/// The largest group that is committed together.
const BATCH: usize = 128;
/// How long it takes to write a part of a file, or to read one.
const WRITE: Duration = Duration::from_millis(1);
/// How long a commit takes.
const COMMIT: Duration = Duration::from_millis(2);

/// The server: its process, its store, its disk.
pub struct ServerHost {
    pub process: Process<Hub>,
    engine: Engine,
    disk: Disk,
    store: QueuedStore,
    blobs: QueuedBlobs,
    /// What the store has done and not yet said, and when it will.
    done: Option<(Duration, Vec<Completion>)>,
    /// When what waits for the blobs is done.
    written: Option<Duration>,
    /// The disk does so many more operations in the next commit, and then the host is dead.
    doom: Option<u64>,
    pub is_dead: bool,
    /// Passes of retention.
    pub passes: Vec<Pass>,
    /// Who tries what may not be done, if somebody does, and how often it was refused.
    pub hostile: Option<Hostile>,
    pub repelled: usize,
    /// Its part in a cluster, if it is one of several.
    pub member: Option<Member>,
}

impl ServerHost {
    /// Makes the secrets of a server, and its database the first one of a cluster.
    pub fn found_cluster(disk: &Disk, seed: [u8; 32]) {
        let files = disk.files().expect("the disk holds nothing");
        let mut engine = Engine::new(files, seed).expect("the schema is ours");
        secrets(&mut engine);
        engine.found_cluster().expect("the disk does not fail");
    }

    /// Starts a server. `witness` is the generation that was last seen of its database, as the file beside it says.
    pub fn boot(
        clocks: Clocks,
        now: Duration,
        disk: &Disk,
        witness: &mut u64,
        keep: Retention,
        seed: [u8; 32],
    ) -> Self {
        let at = clocks.moment(now);
        // What the process before could not write when it was dropped is no failure of this one's.
        disk.has_failed();
        let files = disk.files().expect("the disk holds a database or nothing");
        let begun = begin_service_after(&files.database, *witness, seed);
        if let Some((generation, _)) = begun.expect("the disk does not fail") {
            *witness = generation;
        }
        let mut engine = Engine::new(files, seed).expect("the schema is ours");
        let (static_key, reset_key, setup) = secrets(&mut engine);
        let opaque = OpaqueServer::load(&setup).expect("the setup is ours");
        let config = ServerConfig {
            static_key,
            reset_key,
            unix_ms: at.unix_ms,
            limits: Limits::default(),
        };
        let endpoint = Endpoint::server(at.instant, config, seed);
        let server_key = endpoint.public_key().expect("a server has a key");
        let store = QueuedStore::new(STORE_SLOTS);
        let blobs = QueuedBlobs::on(&disk.blobs, STORE_SLOTS);
        let config = HubConfig {
            retention: keep,
            ..HubConfig::default()
        };
        let hub = Hub::new(
            at,
            config,
            Box::new(store.clone()),
            Box::new(blobs.clone()),
            opaque,
            server_key,
            seed,
        );
        Self {
            process: Process::new(clocks, Host::Server, endpoint, hub),
            engine,
            disk: disk.clone(),
            store,
            blobs,
            done: None,
            written: None,
            doom: None,
            is_dead: false,
            passes: Vec::new(),
            hostile: None,
            repelled: 0,
            member: None,
        }
    }

    /// The power fails in the next commit, after so many operations of the disk.
    pub const fn die_in_commit(&mut self, operations: u64) {
        self.doom = Some(operations);
    }

    /// The power does not fail after all.
    pub fn be_spared(&mut self) {
        self.doom = None;
        self.disk.memory.fail_after(None);
        self.disk.blobs.set_full(false);
    }

    /// The power fails at the write, sync or change of length after so many, in whichever commit that is.
    pub fn die_at_write(&mut self, operations: u64) {
        self.disk.has_failed();
        self.disk.memory.fail_after(Some(operations));
    }

    pub fn settle(&mut self, now: Duration, network: &mut Network) {
        if self.is_dead {
            return;
        }
        if self.member.is_some() {
            self.settle_as_member(now, network);
            return;
        }
        if self.done.as_ref().is_some_and(|(at, _)| *at <= now) {
            let (_, completions) = self.done.take().expect("just looked at");
            for completion in completions {
                self.process
                    .input(now, server::Input::Completion(completion.into()));
            }
        }
        if self.written.is_some_and(|at| at <= now) {
            self.written = None;
            for completion in self.blobs.execute() {
                self.process.input(now, server::Input::Blob(completion));
            }
        }
        self.process.settle(now, network);
        if self.blobs.waiting() > 0 {
            self.written.get_or_insert(now + WRITE);
        }
        if self.done.is_some() {
            return;
        }
        let batch = self.store.take(BATCH);
        if batch.is_empty() {
            return;
        }
        for (_, request) in &batch {
            if let Request::Write(Write::Append(append)) = request {
                self.disk.note_content(append.digest, &append.content);
            }
        }
        if let Some(operations) = self.doom {
            self.disk.memory.fail_after(Some(operations));
            self.engine.execute(batch);
            self.is_dead = true;
        } else {
            self.attack(now);
            let done = self.execute(batch);
            if let Some(hostile) = &mut self.hostile {
                hostile.learn(&done);
            }
            self.done = Some((now + COMMIT, done));
            // What was done before the power failed was not yet said to anybody.
            self.is_dead = self.disk.has_failed();
        }
    }

    /// Somebody asks for what they may not do.
    fn attack(&mut self, now: Duration) {
        let at = self.process.clocks.moment(now);
        let Some(hostile) = &mut self.hostile else {
            return;
        };
        if let Some(append) = hostile.draw(at.unix_ms) {
            let engine = &mut self.engine;
            let execute = |request| engine.execute(vec![(RequestId(0), request)]);
            self.repelled += usize::from(Hostile::attack(append, execute));
        }
    }

    fn execute(&mut self, batch: Vec<(RequestId, Request)>) -> Vec<Completion> {
        let is_pass =
            |(_, request): &(_, Request)| matches!(request, Request::Write(Write::Expire { .. }));
        if !batch.iter().any(is_pass) {
            return self.engine.execute(batch);
        }
        // What was there just before a pass is asked for only where there is one.
        let each = batch.into_iter().flat_map(|request| {
            let Request::Write(Write::Expire { now_ms, .. }) = request.1 else {
                return self.engine.execute(vec![request]);
            };
            let before = self.disk.log();
            let done = self.engine.execute(vec![request]);
            let jumped = matches!(
                done[0].outcome,
                Outcome::Done(Reply::Expired {
                    jumped_from_ms: Some(_),
                    ..
                })
            );
            self.passes.push(Pass {
                before,
                after: self.disk.log(),
                names: self.disk.names(),
                now_ms,
                has_jumped: jumped || matches!(done[0].outcome, Outcome::Unknown),
            });
            done
        });
        each.collect()
    }

    /// The operator says what is kept of one conversation; returns whether there is one of this name.
    pub fn retain(&mut self, name: &str, keep: Retention) -> bool {
        let name = name.to_owned();
        let request = Write::Retain { name, keep }.into();
        let done = self.engine.execute(vec![(RequestId(0), request)]);
        matches!(done[0].outcome, Outcome::Done(_))
    }

    /// Of files that nobody has any more nothing is left, if no process before this one could have left it.
    pub fn check_dropped(&mut self) {
        let found = self.disk.found_blobs().filter(|blob| !blob.is_part);
        let files: Vec<BlobKey> = found.map(|blob| blob.key).collect();
        let asked = Read::FilesKept {
            files: files.clone(),
        };
        let done = self.engine.execute(vec![(RequestId(0), asked.into())]);
        let Outcome::Done(Reply::FilesKept(kept)) = &done[0].outcome else {
            panic!("the disk does not fail");
        };
        assert_eq!(*kept, files, "files are left that nobody has any more");
    }

    /// The files of entries are there, each is what was sent, and there are no others. All that is kept of them is counted.
    pub fn check_files(&mut self, log: &Log) {
        self.checkpoint();
        let report = self.engine.snapshots().check();
        let report = report.expect("the disk does not fail in reading");
        assert!(report.is_sound(), "the server has {:?}", report.findings);
        let sent = |logged: &Logged| {
            let is_there = logged.deleted.is_none();
            let marker = logged.marker().filter(|_| is_there)?;
            let root = logged.message.header.entry?.root?;
            Some(((logged.author.clone(), root), marker))
        };
        let sent: BTreeMap<_, _> = log.values().filter_map(sent).collect();
        let mut roots: Vec<FileRoot> = sent.keys().map(|(_, root)| *root).collect();
        let found: Vec<FoundBlob> = self.disk.found_blobs().collect();
        let mut there: Vec<FileRoot> = found.iter().map(|blob| blob.key.root).collect();
        roots.sort_unstable();
        there.sort_unstable();
        assert!(
            roots == there && found.iter().all(|blob| !blob.is_part),
            "entries have {roots:?}, and there are {found:?}"
        );
        for blob in found {
            let file = self.disk.blobs.open(&blob.key).expect("it is listed");
            let mut content = vec![0; blob.key.size.bytes() as usize];
            let read = file.read_at(blob.key.size.tree_bytes(), &mut content);
            read.expect("it is as long as it is");
            let mut of_root = sent.iter().filter(|((_, root), _)| *root == blob.key.root);
            let is_it = of_root.any(|(_, marker)| content_of(*marker) == content);
            assert!(is_it, "{blob:?} is not what was sent");
        }
    }

    /// Everything is in the tables, and what was deleted is overwritten.
    pub fn checkpoint(&mut self) {
        self.engine
            .execute(vec![(RequestId(0), Request::Checkpoint)]);
    }

    /// A backup, made as `store backup` makes one while the server runs.
    pub fn back_up(&mut self) -> Vec<u8> {
        self.engine
            .execute(vec![(RequestId(0), Request::Checkpoint)]);
        let copy = MemoryDisk::new();
        let database = copy.open().expect("there is room for a copy");
        let copied = self.engine.snapshots().back_up_into(&database);
        copied.expect("the disk does not fail in reading");
        drop(database);
        copy.image()
    }

    /// The server is to stop in order.
    pub fn stop(&mut self, now: Duration, network: &mut Network) {
        self.process.input(now, server::Input::Stop);
        self.settle(now, network);
    }

    /// Whether it has stopped.
    pub fn has_stopped(&self) -> bool {
        self.process.app.is_finished()
    }

    /// How many requests the store holds.
    pub fn requests(&self) -> usize {
        self.store.taken()
    }

    pub fn deadline(&self) -> Option<Duration> {
        if self.member.is_some() {
            return self.deadline_as_member();
        }
        let store = self.done.as_ref().map(|(at, _)| *at);
        let deadlines = [store, self.written, self.process.deadline()];
        deadlines.into_iter().flatten().min()
    }
}

/// The secrets of a server: of its identity, of resets, of sign-in.
fn secrets(engine: &mut Engine) -> ([u8; 32], [u8; 32], Vec<u8>) {
    let secret = |engine: &mut Engine, name: &str| -> [u8; 32] {
        let bytes = engine
            .secret(name, |rng| {
                let mut key = vec![0; 32];
                rand_core::RngCore::fill_bytes(rng, &mut key);
                key
            })
            .expect("the disk does not fail");
        bytes.try_into().expect("keys have 32 bytes")
    };
    let keys = (secret(engine, "noise"), secret(engine, "reset"));
    let setup = engine.secret("opaque", OpaqueServer::generate);
    (keys.0, keys.1, setup.expect("the disk does not fail"))
}
