//! The workloads with a fixed number of messages of each speaker under way, `pairs` and `fanout`, and those without
//! speakers, `idle` and `storm`.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::paced::WARM_UP;
use super::traffic::{Audience, Outgoing, Partner, Traffic};
use crate::bench::args::Args;
use crate::transport::Channel;

/// The rest of idle sessions before they are measured: after 10 s a session frees the memory that only a busy one needs.
const IDLE_SETTLING: Duration = Duration::from_secs(12);

/// The pause between the beginnings of two speakers. If all began at once, the first messages would wait in a queue longer
/// than timers that have only seen the handshake. Chosen: 5,000 speakers a second, less than a server can handle.
const BEGIN_EVERY: Duration = Duration::from_micros(200);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Pairs,
    Fanout,
    Idle,
    /// The crowd restarts the server instead of sending messages.
    Storm,
}

/// A speaker sends a message whenever one has arrived.
pub struct ClosedLoop {
    shape: Shape,
    clients: usize,
    window: usize,
    size: usize,
    settling: Duration,
    duration: Duration,
    /// Counted messages of each speaker, after which the run ends; without it the time ends the run.
    messages: Option<u64>,
    /// When the next speaker begins, and its index.
    beginning: Option<(Instant, usize)>,
    /// Speakers that may send, once for each message, and since when.
    ready: VecDeque<(Instant, usize)>,
    /// Counted messages of each speaker.
    said: Vec<u64>,
    counted: u64,
    counted_from: Option<Instant>,
    is_counting: bool,
    ends: Option<Instant>,
}

impl ClosedLoop {
    pub fn pairs(args: &Args) -> Self {
        Self::new(args, Shape::Pairs, WARM_UP)
    }

    pub fn fanout(args: &Args) -> Self {
        Self::new(args, Shape::Fanout, WARM_UP)
    }

    pub fn idle(args: &Args) -> Self {
        Self::new(args, Shape::Idle, IDLE_SETTLING)
    }

    pub fn storm(args: &Args) -> Self {
        Self::new(args, Shape::Storm, Duration::ZERO)
    }

    fn new(args: &Args, shape: Shape, settling: Duration) -> Self {
        let speakers = match shape {
            Shape::Pairs => args.clients,
            Shape::Fanout => 1,
            Shape::Idle | Shape::Storm => 0,
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

    fn readers(&self) -> usize {
        match self.shape {
            Shape::Pairs => 1,
            Shape::Fanout => self.clients - 1,
            Shape::Idle | Shape::Storm => 0,
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

    fn wake(&mut self, now: Instant) {
        while let Some((at, member)) = self.beginning.filter(|(at, _)| *at <= now) {
            self.ready
                .extend(std::iter::repeat_n((at, member), self.window));
            let next = member + 1;
            self.beginning = (next < self.said.len()).then_some((at + BEGIN_EVERY, next));
        }
    }
}

impl Traffic for ClosedLoop {
    fn partners(&self, member: usize) -> Vec<Partner> {
        let with = match self.shape {
            Shape::Pairs => Audience::Member(member ^ 1),
            Shape::Fanout => Audience::Room(0),
            Shape::Idle | Shape::Storm => return Vec::new(),
        };
        vec![Partner {
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
        // If the number of messages ends the run, the time must not.
        let long = Duration::from_secs(crate::bench::args::SECONDS_MAX);
        self.ends = Some(from + self.messages.map_or(self.duration, |_| long));
    }

    fn poll(&mut self, now: Instant) -> Option<Outgoing> {
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
            return Some(Outgoing {
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
        match self.shape {
            Shape::Storm => self.clients as u64,
            _ => self.counted,
        }
    }

    fn is_idle(&self) -> bool {
        self.shape == Shape::Idle
    }

    fn is_storm(&self) -> bool {
        self.shape == Shape::Storm
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    fn closed(shape: Shape, messages: Option<u64>) -> ClosedLoop {
        let args = Args {
            clients: 4,
            window: 2,
            messages,
            ..Args::of_test()
        };
        ClosedLoop::new(&args, shape, WARM_UP)
    }

    #[test]
    fn each_speaker_keeps_its_window_full_and_no_fuller() {
        let mut pairs = closed(Shape::Pairs, None);
        let begin = instant();
        let mut now = begin;
        pairs.begin(now);
        let mut said = [0; 4];
        for begun in 1..=4 {
            while let Some(outgoing) = pairs.poll(now) {
                assert!(!outgoing.is_counted && outgoing.readers == 1);
                said[outgoing.member] += 1;
            }
            assert_eq!(said.iter().filter(|lines| **lines == 2).count(), begun);
            if begun < 4 {
                now = pairs.deadline().unwrap();
            }
        }
        assert_eq!(said, [2; 4]);
        pairs.on_heard(now, 3);
        assert_eq!(pairs.deadline(), Some(now));
        assert_eq!(pairs.poll(now).map(|outgoing| outgoing.member), Some(3));
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
            while let Some(outgoing) = fanout.poll(now) {
                assert_eq!((outgoing.member, outgoing.readers), (0, 3));
                counted += u64::from(outgoing.is_counted);
                now += Duration::from_millis(100);
                fanout.on_heard(now, 0);
            }
        }
        assert_eq!((counted, fanout.expected()), (5, 15));
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
