//! The workload `mixed`: what people in a chat do, each kind of action at a share of its own.
//!
//! Each client acts at random moments, on average at the rate, whether or not the server keeps up with it. Most speak in
//! rooms, of which a few are large and many small; the members of these rooms stay the same, and so how many have to
//! receive a line is known when it is said. Joins and leaves are of other rooms, in which nobody speaks.
//!
//! The manual (`src/cli/bench.rs`) says what the actions are, at which shares, and why.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore as _, SeedableRng as _};

use super::paced::WARM_UP;
use super::traffic::{Audience, DueErrand, Errand, Outgoing, Partner, Traffic};
use crate::bench::args::Args;
use crate::transport::Channel;

/// The share of each kind of action, in percent; the rest are lines in rooms. Chosen: mostly talk, mostly in rooms; and
/// at the default rate, number of clients and duration each of the rare ones some dozens of times.
const PRIVATE_LINES: u32 = 25;
const HISTORY_READS: u32 = 8;
const MEMBERSHIP_CHANGES: u32 = 4;
const RECONNECTIONS: u32 = 3;

/// Rooms in which is spoken, at most. Chosen: with them a client is a member of three on average.
const ROOMS_MAX: usize = 32;

/// Clients that share a lobby: each is told of the joins of the others.
const LOBBY_CLIENTS: usize = 16;

pub struct Mixed {
    clients: usize,
    size: usize,
    /// Between two actions of a client, on average.
    interval: Duration,
    duration: Duration,
    /// The members of each room: so many, from the client with this number on, in a circle.
    rooms: Vec<Range<usize>>,
    random: ChaCha20Rng,
    /// When each client acts next.
    next: BinaryHeap<Reverse<(Instant, usize)>>,
    /// An action that has been drawn, and is no line.
    errand: Option<DueErrand>,
    counted_from: Option<Instant>,
    ends: Option<Instant>,
    /// Deliveries to count.
    counted: u64,
}

impl Mixed {
    pub fn new(args: &Args, seed: [u8; 32]) -> Self {
        Self {
            clients: args.clients,
            size: args.size,
            interval: Duration::from_secs_f64(args.rate.recip()),
            duration: args.duration,
            rooms: rooms(args.clients),
            random: ChaCha20Rng::from_seed(seed),
            next: BinaryHeap::new(),
            errand: None,
            counted_from: None,
            ends: None,
            counted: 0,
        }
    }

    /// The rooms of a client, by their index.
    fn rooms_of(&self, member: usize) -> impl Iterator<Item = usize> {
        let is_inside = move |room: &Range<usize>| {
            // The circle may have been gone round.
            room.contains(&member) || room.contains(&(member + self.clients))
        };
        let rooms = self.rooms.iter().enumerate();
        rooms.filter_map(move |(index, room)| is_inside(room).then_some(index))
    }

    fn below(&mut self, limit: usize) -> usize {
        self.random.next_u32() as usize % limit.max(1)
    }

    /// A random gap: that of events which do not know of each other.
    fn gap(&mut self) -> Duration {
        let share = (f64::from(self.random.next_u32()) + 1.0) / (f64::from(u32::MAX) + 1.0);
        self.interval.mul_f64(-share.ln())
    }

    fn schedule(&mut self, after: Instant, member: usize) {
        let at = after + self.gap();
        if self.ends.is_some_and(|end| at < end) {
            self.next.push(Reverse((at, member)));
        }
    }

    fn draw(&mut self, member: usize) -> Result<Line, Errand> {
        let rooms: Vec<usize> = self.rooms_of(member).collect();
        let mut drawn = self.random.next_u32() % 100;
        let mut is_it = |share| {
            let is_it = drawn < share;
            drawn = drawn.wrapping_sub(share);
            is_it
        };
        if is_it(PRIVATE_LINES) {
            return Ok(Line {
                // After the rooms.
                talk: rooms.len(),
                readers: 1,
            });
        }
        if is_it(HISTORY_READS) {
            return Err(Errand::History(self.below(rooms.len() + 1)));
        }
        if is_it(MEMBERSHIP_CHANGES) {
            return Err(Errand::Membership);
        }
        if is_it(RECONNECTIONS) {
            return Err(Errand::Reconnection);
        }
        let talk = self.below(rooms.len());
        Ok(Line {
            talk,
            readers: self.rooms[rooms[talk]].len() - 1,
        })
    }
}

struct Line {
    talk: usize,
    readers: usize,
}

/// The largest room has half of the clients, the next a third, and so on, as long as they have more than two members and
/// there is somebody without a room. All clients but the last few are members of equally many.
fn rooms(clients: usize) -> Vec<Range<usize>> {
    let mut rooms = Vec::new();
    let (mut from, mut placed) = (0, 0);
    for part in 2.. {
        let members = clients.div_ceil(part).max(2);
        let is_enough = members == 2 || rooms.len() == ROOMS_MAX;
        if is_enough && placed >= clients {
            break;
        }
        rooms.push(from..from + members);
        from = (from + members) % clients;
        placed += members;
    }
    rooms
}

impl Traffic for Mixed {
    fn partners(&self, member: usize) -> Vec<Partner> {
        let partner = |with| Partner {
            with,
            channel: Channel::Chat,
            size: self.size,
        };
        let rooms = self.rooms_of(member).map(Audience::Room);
        let with = rooms.chain([Audience::Member(member ^ 1)]);
        with.map(partner).collect()
    }

    fn lobby(&self, member: usize) -> Option<usize> {
        Some(member / LOBBY_CLIENTS)
    }

    fn has_errands(&self) -> bool {
        true
    }

    fn begin(&mut self, now: Instant) {
        let from = now + WARM_UP;
        self.counted_from = Some(from);
        self.ends = Some(from + self.duration);
        for member in 0..self.clients {
            self.schedule(now, member);
        }
    }

    fn poll(&mut self, now: Instant) -> Option<Outgoing> {
        // An errand is begun before what comes after it.
        if self.errand.is_some() {
            return None;
        }
        let Reverse((at, member)) = *self.next.peek()?;
        if at > now {
            return None;
        }
        self.next.pop();
        self.schedule(at, member);
        let is_counted = self.counted_from.is_some_and(|from| from <= at);
        match self.draw(member) {
            Ok(Line { talk, readers }) => {
                if is_counted {
                    self.counted += readers as u64;
                }
                Some(Outgoing {
                    member,
                    talk,
                    at,
                    readers,
                    is_counted,
                })
            }
            Err(errand) => {
                self.errand = Some(DueErrand {
                    member,
                    errand,
                    at,
                    is_counted,
                });
                None
            }
        }
    }

    fn poll_errand(&mut self) -> Option<DueErrand> {
        self.errand.take()
    }

    fn deadline(&self) -> Option<Instant> {
        let errand = self.errand.map(|due| due.at);
        errand.or_else(|| self.next.peek().map(|Reverse((at, _))| *at))
    }

    fn counted_from(&self) -> Option<Instant> {
        self.counted_from
    }

    fn expected(&self) -> u64 {
        self.counted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    fn mixed(clients: usize) -> Mixed {
        let args = Args {
            clients,
            rate: 10.0,
            duration: Duration::from_secs(100),
            ..Args::of_test()
        };
        Mixed::new(&args, [1; 32])
    }

    #[test]
    fn rooms_are_a_few_large_and_many_small_and_nobody_is_without_one() {
        let sizes =
            |clients| -> Vec<usize> { rooms(clients).into_iter().map(|it| it.len()).collect() };
        assert_eq!(sizes(2), [2]);
        assert_eq!(sizes(4), [2, 2]);
        assert_eq!(sizes(20), [10, 7, 5, 4, 4, 3, 3, 3]);
        assert_eq!((sizes(1000).len(), sizes(1000)[31]), (ROOMS_MAX, 31));
        for clients in (2..300).step_by(2) {
            let mixed = mixed(clients);
            for member in 0..clients {
                let partners = mixed.partners(member);
                let inside = |it: &&Partner| matches!(it.with, Audience::Room(_));
                let rooms = partners.iter().take_while(inside).count();
                assert!(rooms >= 1, "{member} of {clients}");
                assert_eq!(partners.len(), rooms + 1);
                assert_eq!(partners[rooms].with, Audience::Member(member ^ 1));
            }
            let sizes = sizes(clients);
            assert!(sizes.iter().all(|size| (2..=clients).contains(size)));
            for (room, size) in sizes.into_iter().enumerate() {
                let member = |it: &usize| mixed.rooms_of(*it).any(|own| own == room);
                assert_eq!(
                    (0..clients).filter(member).count(),
                    size,
                    "{room} of {clients}"
                );
            }
        }
    }

    #[test]
    fn each_kind_of_action_has_its_share_and_what_warms_up_is_not_counted() {
        let mut mixed = mixed(20);
        mixed.begin(instant());
        let mut counts = [0_u32; 5];
        let (mut expected, mut last) = (0, instant());
        while let Some(now) = mixed.deadline() {
            assert!(now >= last, "in order");
            last = now;
            let line = mixed.poll(now);
            let errand = mixed.poll_errand();
            assert!(line.is_some() != errand.is_some());
            let is_counted = now >= mixed.counted_from().unwrap();
            if let Some(line) = line {
                assert_eq!((line.at, line.is_counted), (now, is_counted));
                let partner = mixed.partners(line.member)[line.talk];
                let readers = match partner.with {
                    Audience::Member(_) => 1,
                    Audience::Room(room) => mixed.rooms[room].len() - 1,
                };
                assert_eq!(line.readers, readers);
                expected += if is_counted { readers as u64 } else { 0 };
                counts[usize::from(matches!(partner.with, Audience::Member(_)))] += 1;
            }
            if let Some(due) = errand {
                assert_eq!((due.at, due.is_counted), (now, is_counted));
                counts[match due.errand {
                    Errand::History(talk) => {
                        assert!(talk < mixed.partners(due.member).len());
                        2
                    }
                    Errand::Membership => 3,
                    Errand::Reconnection => 4,
                }] += 1;
            }
        }
        assert_eq!(mixed.expected(), expected);
        // 20 clients, 102 s, 10 actions a second each.
        let all: u32 = counts.iter().sum();
        assert!((19_000..22_000).contains(&all), "{all}");
        for (count, share) in counts.into_iter().zip([60, 25, 8, 4, 3]) {
            let right = all * share / 100;
            assert!(count.abs_diff(right) < right / 5, "{counts:?}");
        }
    }
}
