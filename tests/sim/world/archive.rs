//! Backups of server and clients, and what comes of restoring them: an older database under the server, an older
//! state directory under a client, a copy of one beside the original.

use std::collections::BTreeMap;
use std::time::Duration;

use udpchat::store::mark_as_copy;

use super::World;
use crate::faults::Fault;
use crate::network::Host;
use crate::oracle::Observed;
use crate::plan::Event;

/// How long the server is down while its database is copied.
const COPY_TAKES: Duration = Duration::from_millis(500);

/// The backups of a run.
#[derive(Default)]
pub struct Archive {
    /// The file beside the server's database: which generation of that was seen last.
    pub generation: u64,
    server: Option<Vec<u8>>,
    /// The server's database is to be copied before it begins again.
    is_due: bool,
    /// The server's database is to be replaced before it begins again; whether by hand.
    restore: Option<bool>,
    clients: BTreeMap<usize, (Vec<u8>, Observed)>,
}

impl World {
    /// The server is stopped in order, and is down for a while.
    pub(super) fn stop_server(&mut self, down: Duration) {
        if let Some(server) = &mut self.server
            && !self.naps.contains_key(&Host::Server)
            && self.stop_down.is_none()
        {
            self.stop_down = Some(down);
            server.stop(self.now, &mut self.network);
            self.settle_host(Host::Server);
        }
    }

    pub(super) fn back_up_server(&mut self, runs: bool) {
        match &mut self.server {
            Some(server) if runs => self.archive.server = Some(server.back_up()),
            _ => {
                self.archive.is_due = true;
                self.stop_server(COPY_TAKES);
            }
        }
    }

    pub(super) fn restore_server(&mut self, by_hand: bool, down: Duration) {
        self.archive.restore = Some(by_hand);
        if self.rng.happens(0.5) {
            self.stop_server(down);
        } else {
            self.crash_server(down);
        }
    }

    /// Copies and replaces the database of a server that does not run, as far as that is due.
    pub(super) fn handle_backups(&mut self) {
        if std::mem::take(&mut self.archive.is_due) {
            self.archive.server = Some(self.disk.back_up());
        }
        let Some(by_hand) = self.archive.restore.take() else {
            return;
        };
        let Some(image) = self.archive.server.clone() else {
            return;
        };
        self.network.faults.count(Fault::ServerRestored);
        let before = self.disk.log();
        let kept = self.disk.of_backup(image.clone()).log();
        if by_hand {
            self.disk.restore_tables(image);
        } else {
            self.disk.restore(image);
            let database = self.disk.open().expect("a backup can be opened");
            mark_as_copy(&database).expect("the disk does not fail");
        }
        self.oracle.server_is_restored(&before, &kept);
    }

    pub(super) fn back_up_client(&mut self, client: usize) {
        if let Some(image) = self.clients[client].image() {
            let backup = (image, self.oracle.remember(client));
            self.archive.clients.insert(client, backup);
        }
    }

    /// A client is killed, and begins again with an older state.
    pub(super) fn restore_client(&mut self, client: usize, down: Duration) {
        if self.clients[client].process.is_none() {
            return;
        }
        let Some((image, seen)) = self.archive.clients.remove(&client) else {
            return;
        };
        self.network.faults.count(Fault::ClientRestored);
        self.naps.remove(&Host::Client(client));
        let host = &mut self.clients[client];
        host.crash(|| true);
        host.restore(image);
        let disk = host.disk().expect("it was just restored");
        for marker in &host.typed {
            if !self.disk.holds(*marker) && !disk.knows(*marker) {
                self.oracle.doubt(*marker);
            }
        }
        self.oracle.is_restored(client, seen);
        self.schedule(down, Event::StartClient { client });
    }

    /// A host begins with a copy of another one's state, beside it.
    pub(super) fn copy_client(&mut self, from: usize, to: usize) {
        let image = self.clients[from].image().expect("everybody has signed in");
        self.network.faults.count(Fault::ClientCopied);
        let (originals, copies) = self.clients.split_at_mut(to);
        copies[0].take_copy(image, &originals[from]);
        self.oracle.is_copied(from, to);
        self.start_client(to);
    }
}
