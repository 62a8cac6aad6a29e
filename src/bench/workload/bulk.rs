//! The workload `bulk`: the first of each pair streams to the server, and both chat meanwhile.
//!
//! It measures the throughput of a long transfer, and the latency that it leaves to chat in the same session.

use std::time::Instant;

use super::paced::Paced;
use super::traffic::{Audience, Outgoing, Partner, Traffic};
use crate::bench::args::Args;
use crate::bench::report::{Latency, Stream};
use crate::protocol::TEXT_MAX_BYTES;
use crate::transport::Channel;

/// Messages of a stream under way at most, until they are stored. Chosen: the transport's window for the channel, 1 MiB, so
/// that the path limits a stream and not this.
const WINDOW_MESSAGES: u64 = 64;

/// The index of the stream among its author's conversations, after the chat.
const STREAM: usize = 1;

#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    sent: u64,
    stored: u64,
    /// When the last message was stored.
    ended: Option<Instant>,
}

pub struct Bulk {
    chat: Paced,
    clients: usize,
    /// In each stream.
    messages: u64,
    /// One for each pair.
    streams: Vec<Progress>,
    /// When a stream may send.
    due: Option<Instant>,
    /// Counted messages of the chat.
    counted: u64,
}

impl Bulk {
    pub fn new(args: &Args, seed: [u8; 32]) -> Self {
        Self {
            chat: Paced::endless(args, seed),
            clients: args.clients,
            messages: args.bytes.div_ceil(TEXT_MAX_BYTES as u64),
            streams: vec![Progress::default(); args.clients / 2],
            due: None,
            counted: 0,
        }
    }

    fn next_stream(&self) -> Option<usize> {
        self.streams.iter().position(|stream| {
            stream.sent < self.messages && stream.sent - stream.stored < WINDOW_MESSAGES
        })
    }
}

impl Traffic for Bulk {
    fn absent(&self) -> usize {
        self.streams.len()
    }

    fn partners(&self, member: usize) -> Vec<Partner> {
        if member >= self.clients {
            return Vec::new();
        }
        let mut partners = self.chat.partners(member);
        if self.is_streaming(member) {
            partners.push(Partner {
                with: Audience::Member(self.clients + member / 2),
                channel: Channel::Bulk,
                size: TEXT_MAX_BYTES,
            });
        }
        partners
    }

    fn begin(&mut self, now: Instant) {
        self.chat.begin(now);
        self.due = self.chat.counted_from();
    }

    fn poll(&mut self, now: Instant) -> Option<Outgoing> {
        // Chat takes precedence.
        if let Some(outgoing) = self.chat.poll(now) {
            self.counted += u64::from(outgoing.is_counted);
            return Some(outgoing);
        }
        let at = self.due.filter(|due| *due <= now)?;
        let Some(stream) = self.next_stream() else {
            self.due = None;
            return None;
        };
        self.streams[stream].sent += 1;
        Some(Outgoing {
            member: 2 * stream,
            talk: STREAM,
            at,
            readers: 0,
            is_counted: false,
        })
    }

    fn on_stored(&mut self, now: Instant, member: usize, talk: usize) {
        if talk != STREAM {
            return;
        }
        let stream = &mut self.streams[member / 2];
        stream.stored += 1;
        if stream.stored == self.messages {
            stream.ended = Some(now);
        }
        if self.streams.iter().all(|stream| stream.ended.is_some()) {
            self.chat.stop();
            self.due = None;
        } else if self.next_stream().is_some() {
            self.due.get_or_insert(now);
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.chat.deadline().into_iter().chain(self.due).min()
    }

    fn counted_from(&self) -> Option<Instant> {
        self.chat.counted_from()
    }

    fn expected(&self) -> u64 {
        self.counted
    }

    fn progress(&self, _heard: u64) -> (u64, u64) {
        let stored = self.streams.iter().map(|stream| stream.stored).sum();
        (stored, self.messages * self.streams.len() as u64)
    }

    fn is_streaming(&self, member: usize) -> bool {
        member < self.clients && member.is_multiple_of(2)
    }

    fn stream(&self) -> Option<Stream> {
        let bytes = self.messages * TEXT_MAX_BYTES as u64 * self.streams.len() as u64;
        let ended: Option<Vec<Instant>> = self.streams.iter().map(|stream| stream.ended).collect();
        let last = ended.and_then(|ended| ended.into_iter().max());
        let seconds = last
            .zip(self.counted_from())
            .map(|(last, from)| (last - from).as_secs_f64());
        #[allow(clippy::cast_precision_loss, reason = "a count far below 2^52")]
        let bits_per_s = seconds.map(|seconds| (bytes * 8) as f64 / seconds);
        Some(Stream {
            count: self.streams.len(),
            bytes,
            seconds,
            bits_per_s,
            latency_us: Latency::default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    fn traffic(clients: usize, messages: u64) -> Bulk {
        let args = Args {
            clients,
            bytes: messages * TEXT_MAX_BYTES as u64 - 1,
            ..Args::of_test()
        };
        Bulk::new(&args, [1; 32])
    }

    #[test]
    fn first_of_each_pair_has_a_reader_of_its_own_who_stays_away() {
        let bulk = traffic(4, 1);
        assert_eq!(bulk.absent(), 2);
        let with = |member| -> Vec<usize> {
            let partners = bulk.partners(member);
            let member = |partner: &Partner| match partner.with {
                Audience::Member(member) => Some(member),
                Audience::Room(_) => None,
            };
            partners.iter().filter_map(member).collect()
        };
        assert_eq!(with(0), [1, 4]);
        assert_eq!(with(1), [0]);
        assert_eq!(with(2), [3, 5]);
        assert_eq!(with(5), Vec::<usize>::new());
        assert_eq!(bulk.partners(2)[STREAM].channel, Channel::Bulk);
    }

    #[test]
    fn stream_keeps_to_its_window_and_chat_ends_with_it() {
        let mut bulk = traffic(2, 100);
        bulk.begin(instant());
        let (mut streamed, mut under_way, mut most) = (0, 0, 0);
        let mut ended = false;
        while let Some(now) = bulk.deadline() {
            assert!(!ended, "all is stored and something is still to be said");
            while let Some(outgoing) = bulk.poll(now) {
                let is_stream = outgoing.talk == STREAM;
                streamed += u64::from(is_stream);
                under_way += u64::from(is_stream);
                most = most.max(under_way);
            }
            // The server stores one message for each line that somebody types.
            if under_way > 0 {
                under_way -= 1;
                bulk.on_stored(now, 0, STREAM);
                ended = bulk.progress(0) == (100, 100);
            }
        }
        assert_eq!((streamed, most), (100, WINDOW_MESSAGES));
        assert!(bulk.expected() > 50);
        assert_eq!(bulk.stream().unwrap().bytes, 100 * TEXT_MAX_BYTES as u64);
        assert!(bulk.stream().unwrap().seconds > Some(0.0));
    }
}
