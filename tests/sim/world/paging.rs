//! Everybody pages back, once all is said and all is quiet: over the plan's links, and while hosts crash as often as before.

use std::time::Duration;

use super::World;
use crate::client::ClientHost;
use crate::faults::Fault;
use crate::kit::Rng;
use crate::oracle::conversations_of;
use crate::people::paging::Paging;
use crate::people::rooms::Rooms;
use crate::plan::Event;

/// Crashes come within so long: pages take some round trips each.
const CRASHES_WITHIN_MS: u64 = 2_000;
/// Everybody must have read everything after so long.
const READ_WITHIN: Duration = Duration::from_mins(10);

impl World {
    /// Lets everybody page back to the beginning of each of their conversations, and checks what they were shown.
    pub(super) fn page_back(&mut self) {
        self.oracle.is_silent = true;
        let begin = self.disk.log();
        let rooms = Rooms::read(&self.oracle.whole(begin.clone()));
        let mut before = Vec::new();
        for client in &mut self.clients {
            before.push(client.disk().expect("everybody has signed in").held());
            let conversations = conversations_of(&begin, &rooms, &client.name);
            let (life, lines) = {
                let (life, screen) = client.screen();
                (life, screen.lines.len())
            };
            let rng = Rng::new(self.rng.below(u64::MAX), 4);
            client.paging = Some(Paging::new(conversations, rng, (life, lines)));
        }
        self.network.fall_ill(self.plan.link);
        for _ in 0..self.plan.troubles.server_crashes {
            let (after, down) = (self.rng.ms(0, CRASHES_WITHIN_MS), self.rng.ms(50, 8_000));
            self.schedule(after, Event::CrashServer { down });
        }
        for _ in 0..self.plan.troubles.client_crashes {
            let client = self.rng.index(self.plan.hosts());
            let (after, down) = (self.rng.ms(0, CRASHES_WITHIN_MS), self.rng.ms(50, 8_000));
            self.schedule(after, Event::CrashClient { client, down });
        }
        self.run_until(self.now + READ_WITHIN, "page back", |world| {
            let has_read = |client: &ClientHost| client.paging.as_ref().is_none_or(Paging::is_done);
            world.agenda.is_empty() && world.clients.iter().all(has_read)
        });
        self.network.heal();
        let end = self.disk.log();
        for (client, before) in self.clients.iter_mut().zip(&before) {
            let paging = client.paging.take().expect("everybody has read");
            let held = client.disk().expect("everybody has signed in").held();
            for paged in &paging.read {
                let logs = (&begin, &end, &rooms);
                let fetched = self
                    .oracle
                    .check_paged(client, paged, (before, &held), logs);
                self.network.faults.count(Fault::PagedBack);
                self.network.faults.count_many(Fault::Fetched, fetched);
            }
            let cut_short = paging.cut_short;
            self.network
                .faults
                .count_many(Fault::PageCutShort, cut_short);
        }
        self.oracle.is_silent = false;
    }
}
