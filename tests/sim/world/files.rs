//! Files, once all is said: everybody has those that others have sent them, each once, and the server keeps those that
//! entries have and no others.

use std::time::Duration;

use super::World;
use crate::client::ClientHost;
use crate::entries::Log;
use crate::faults::Fault;
use crate::people::files::name_of;
use crate::people::mending::Typing;
use crate::people::rooms::Rooms;

/// What is on its way must have come after so long. Over a slow path that is a few files, one after the other.
const SAVED_WITHIN: Duration = Duration::from_mins(10);
/// How often it is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The server's clock is put forward by so much, which it does not take for a mistake, and has so long for a pass: twice, so
/// that what nobody has named is a day old.
const FORWARD: Duration = Duration::from_hours(20);
const PASS: Duration = Duration::from_mins(65);

impl World {
    /// Everybody saves what others have sent and they have not saved, and what was saved is checked.
    pub(super) fn save_files(&mut self, log: &Log, rooms: &Rooms) {
        let limit = self.now + SAVED_WITHIN;
        while self.clients.iter().any(ClientHost::is_saving) {
            self.wait_for_files(limit, "save files");
        }
        let mut missing = Vec::new();
        for client in &mut self.clients {
            let saved = client.saved();
            for file in client.offered() {
                let name = name_of(file.marker);
                let is_lost = log.get(&file.key).is_none_or(|it| it.deleted.is_some());
                if saved.contains(&name) || is_lost || !rooms.is_given(file.key, &client.name) {
                    continue;
                }
                let may_lack = client.is_late || client.own_files.unsaved.contains(&name);
                assert!(
                    !client.saves_itself() || may_lack,
                    "{name} did not save itself at {}",
                    client.host_name()
                );
                missing.push((client.number, name));
                let line = Typing::Line(file.line);
                client.script.push_back((self.now, line));
            }
        }
        let has_saved =
            |world: &Self, (host, name): &(usize, String)| world.clients[*host].has_saved(name);
        while !missing.iter().all(|missing| has_saved(self, missing)) {
            self.wait_for_files(limit, "save all files");
        }
        let faults = &self.network.faults;
        let was_down = faults.has(Fault::ServerCrashed) || faults.has(Fault::ServerStopped);
        if let Some(server) = self.server.as_mut().filter(|_| !was_down) {
            server.check_dropped();
        }
        for client in &self.clients {
            let saved = client.saved().len();
            self.network.faults.count_many(Fault::FileSaved, saved);
            let (up, down) = client.own_files.disk.resumed();
            self.network.faults.count_many(Fault::UploadResumed, up);
            self.network.faults.count_many(Fault::DownloadResumed, down);
        }
    }

    fn wait_for_files(&mut self, limit: Duration, aim: &str) {
        if self.now >= limit {
            self.give_up(aim);
        }
        let until = self.now + LOOK_EVERY;
        let at_most = until + Duration::from_secs(1);
        self.run_until(at_most, "wait", |world| world.now >= until);
    }

    /// Nobody is there any more, and the server looks for files that nobody needs: those of entries are left.
    pub(super) fn sweep_files(&mut self, log: &Log) {
        for client in &mut self.clients {
            client.process = None;
        }
        for _ in 0..2 {
            self.server_clocks.put(FORWARD.as_millis() as i64);
            if let Some(server) = &mut self.server {
                server.process.clocks = self.server_clocks;
            }
            let until = self.now + PASS;
            self.run_until(until + LOOK_EVERY, "sweep", |world| world.now >= until);
        }
        let server = self.server.as_mut().expect("everybody is up");
        server.check_files(log);
    }
}
