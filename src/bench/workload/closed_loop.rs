//! The workloads in which so many messages of each speaker are under way at a time: `pairs` and `fanout`; and `idle`,
//! which is the same with nobody who speaks.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::paced::WARM_UP;
use super::{Partner, Traffic, Typing, UNEVEN, With, Workload};
use crate::bench::{Args, Error};
use crate::registry::Entry;
use crate::store::ROOM_MEMBERS_MAX;
use crate::transport::Channel;

/// How long idle sessions are left alone before they are measured: a session gives back after 10 s what only a busy
/// one needs.
const IDLE_SETTLING: Duration = Duration::from_secs(12);

/// How long after one speaker the next begins. All at once are no load but a flood: a queue as long as all of them, in
/// which the first messages wait longer than timers that know only the handshake. Chosen: 5,000 a second, less than a
/// server takes.
const BEGIN_EVERY: Duration = Duration::from_micros(200);

/// See the summary.
pub struct Pairs;

impl Entry for Pairs {
    fn name(&self) -> &'static str {
        "pairs"
    }

    fn summary(&self) -> &'static str {
        "clients in pairs, each with W messages under way to its partner at any time"
    }
}

impl Workload for Pairs {
    fn traffic(&self, args: &Args, _seed: [u8; 32]) -> Result<Box<dyn Traffic>, Error> {
        if !args.clients.is_multiple_of(2) {
            return Err(Error::Args(UNEVEN.into()));
        }
        Ok(Box::new(Closed::new(args, Shape::Pairs, WARM_UP)))
    }
}

/// See the summary.
pub struct Fanout;

impl Entry for Fanout {
    fn name(&self) -> &'static str {
        "fanout"
    }

    fn summary(&self) -> &'static str {
        "one client speaks in a room to all the others, with W messages under way that not all have"
    }
}

impl Workload for Fanout {
    fn traffic(&self, args: &Args, _seed: [u8; 32]) -> Result<Box<dyn Traffic>, Error> {
        if args.clients > ROOM_MEMBERS_MAX as usize {
            return Err(Error::Args(format!(
                "--clients may be {ROOM_MEMBERS_MAX} at most: no room has more members"
            )));
        }
        Ok(Box::new(Closed::new(args, Shape::Fanout, WARM_UP)))
    }
}

/// See the summary.
pub struct Idle;

impl Entry for Idle {
    fn name(&self) -> &'static str {
        "idle"
    }

    fn summary(&self) -> &'static str {
        "clients that are signed in and say nothing, for memory and CPU time per session"
    }
}

impl Workload for Idle {
    fn traffic(&self, args: &Args, _seed: [u8; 32]) -> Result<Box<dyn Traffic>, Error> {
        Ok(Box::new(Closed::new(args, Shape::Idle, IDLE_SETTLING)))
    }
}

/// Who speaks to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Pairs,
    Fanout,
    Idle,
}

/// A line is typed whenever one has arrived.
struct Closed {
    shape: Shape,
    clients: usize,
    window: usize,
    size: usize,
    settling: Duration,
    duration: Duration,
    /// Lines of each speaker that are counted, if it is not the time that ends it.
    messages: Option<u64>,
    /// When the next speaker begins, and which.
    beginning: Option<(Instant, usize)>,
    /// Those who may type, once for each line, and since when.
    ready: VecDeque<(Instant, usize)>,
    /// Lines of each speaker that were counted.
    said: Vec<u64>,
    counted: u64,
    counted_from: Option<Instant>,
    is_counting: bool,
    ends: Option<Instant>,
}

impl Closed {
    fn new(args: &Args, shape: Shape, settling: Duration) -> Self {
        let speakers = match shape {
            Shape::Pairs => args.clients,
            Shape::Fanout => 1,
            Shape::Idle => 0,
        };
        Self {
            shape,
            clients: args.clients,
            window: args.window,
            size: args.size,
            settling,
            duration: args.duration,
            messages: args.messages,
            beginning: None,
            ready: VecDeque::new(),
            said: vec![0; speakers],
            counted: 0,
            counted_from: None,
            is_counting: false,
            ends: None,
        }
    }

    /// How many hear each line.
    fn readers(&self) -> usize {
        match self.shape {
            Shape::Pairs => 1,
            Shape::Fanout => self.clients - 1,
            Shape::Idle => 0,
        }
    }

    fn may_say(&self, member: usize) -> bool {
        self.messages.is_none_or(|most| self.said[member] < most)
    }

    fn end(&mut self) {
        self.ends = None;
        self.beginning = None;
        self.ready.clear();
    }

    /// Lets those begin whose turn it is.
    fn wake(&mut self, now: Instant) {
        while let Some((at, member)) = self.beginning.filter(|(at, _)| *at <= now) {
            self.ready
                .extend(std::iter::repeat_n((at, member), self.window));
            let next = member + 1;
            self.beginning = (next < self.said.len()).then_some((at + BEGIN_EVERY, next));
        }
    }
}

impl Traffic for Closed {
    fn partners(&self, member: usize) -> Vec<Partner> {
        let (member, with) = match self.shape {
            Shape::Pairs => (member ^ 1, With::Member),
            Shape::Fanout => (0, With::Room),
            Shape::Idle => return Vec::new(),
        };
        vec![Partner {
            member,
            with,
            channel: Channel::Chat,
            size: self.size,
        }]
    }

    fn begin(&mut self, now: Instant) {
        let speakers = u32::try_from(self.said.len()).unwrap_or(u32::MAX);
        self.beginning = (speakers > 0).then_some((now, 0));
        let from = now + BEGIN_EVERY * speakers + self.settling;
        self.counted_from = Some(from);
        // Where it is the number of lines that ends it, no time does.
        let long = Duration::from_secs(crate::bench::SECONDS_MAX);
        self.ends = Some(from + self.messages.map_or(self.duration, |_| long));
    }

    fn poll(&mut self, now: Instant) -> Option<Typing> {
        if self.ends.is_none_or(|end| end <= now) {
            self.end();
            return None;
        }
        self.wake(now);
        self.is_counting |= self.counted_from.is_some_and(|from| from <= now);
        loop {
            let (at, member) = self.ready.pop_front()?;
            if !self.may_say(member) {
                continue;
            }
            if self.is_counting {
                self.said[member] += 1;
                self.counted += self.readers() as u64;
                if self.messages.is_some() && (0..self.said.len()).all(|it| !self.may_say(it)) {
                    self.end();
                }
            }
            return Some(Typing {
                member,
                talk: 0,
                at,
                readers: self.readers(),
                is_counted: self.is_counting,
            });
        }
    }

    fn on_heard(&mut self, now: Instant, member: usize) {
        if self.ends.is_some() {
            self.ready.push_back((now, member));
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let end = self.ends?;
        let next = self.ready.front().map(|(at, _)| *at);
        let beginning = self.beginning.map(|(at, _)| at);
        let from = self.counted_from.filter(|_| !self.is_counting);
        [Some(end), next, beginning, from]
            .into_iter()
            .flatten()
            .min()
    }

    fn counted_from(&self) -> Option<Instant> {
        self.counted_from
    }

    fn expected(&self) -> u64 {
        self.counted
    }

    fn is_idle(&self) -> bool {
        self.shape == Shape::Idle
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    fn closed(shape: Shape, messages: Option<u64>) -> Closed {
        let args = Args {
            clients: 4,
            window: 2,
            messages,
            ..Args::of_test()
        };
        Closed::new(&args, shape, WARM_UP)
    }

    #[test]
    fn each_speaker_keeps_its_window_full_and_no_fuller() {
        let mut pairs = closed(Shape::Pairs, None);
        let begin = instant();
        let mut now = begin;
        pairs.begin(now);
        let mut said = [0; 4];
        for begun in 1..=4 {
            while let Some(typing) = pairs.poll(now) {
                assert!(!typing.is_counted && typing.readers == 1);
                said[typing.member] += 1;
            }
            assert_eq!(said.iter().filter(|lines| **lines == 2).count(), begun);
            if begun < 4 {
                now = pairs.deadline().unwrap();
            }
        }
        assert_eq!(said, [2; 4]);
        pairs.on_heard(now, 3);
        assert_eq!(pairs.deadline(), Some(now));
        assert_eq!(pairs.poll(now).map(|typing| typing.member), Some(3));
        assert_eq!(pairs.poll(now), None);
        assert_eq!(pairs.deadline(), Some(begin + BEGIN_EVERY * 4 + WARM_UP));
    }

    #[test]
    fn messages_are_counted_after_warming_up_and_end_the_run() {
        let mut fanout = closed(Shape::Fanout, Some(5));
        let mut now = instant();
        fanout.begin(now);
        let mut counted = 0;
        while let Some(next) = fanout.deadline() {
            now = now.max(next);
            while let Some(typing) = fanout.poll(now) {
                assert_eq!((typing.member, typing.readers), (0, 3));
                counted += u64::from(typing.is_counted);
                now += Duration::from_millis(100);
                fanout.on_heard(now, 0);
            }
        }
        assert_eq!((counted, fanout.expected()), (5, 15));
    }

    #[test]
    fn nobody_can_speak_to_more_than_a_room_holds() {
        let most = ROOM_MEMBERS_MAX as usize;
        for (clients, is_possible) in [(most, true), (most + 1, false)] {
            let args = Args {
                clients,
                ..Args::of_test()
            };
            assert_eq!(Fanout.traffic(&args, [1; 32]).is_ok(), is_possible);
        }
    }

    #[test]
    fn time_ends_what_nobody_else_does() {
        let mut idle = closed(Shape::Idle, None);
        let now = instant();
        idle.begin(now);
        let from = idle.deadline().unwrap();
        assert_eq!(idle.poll(from), None);
        let end = idle.deadline().unwrap();
        assert_eq!(end - from, Duration::from_secs(3));
        assert_eq!(idle.poll(end), None);
        assert_eq!((idle.deadline(), idle.expected()), (None, 0));
    }
}
