//! The end of a session: said a few times, answered while it lingers, then forgotten.

use std::time::{Duration, Instant};

use super::{Connection, Context};
use crate::transport::channel::assembler::AssembleError;
use crate::transport::limits::{CLOSE_COPIES, GOODBYE_PACKETS};
use crate::transport::timer::Timer;
use crate::transport::wire::frame::FrameError;
use crate::transport::{CloseReason, Event};

/// The least time between two CLOSE packets of one session. Chosen: a peer that does not stop gets a trickle.
const CLOSE_INTERVAL: Duration = Duration::from_millis(50);

/// The code in the CLOSE that answers a CLOSE.
const CODE_AGREED: u16 = 255;

/// The code in the CLOSE to a peer that has not signed in for too long.
const CODE_NOT_SIGNED_IN: u16 = 262;

/// Of what a server has too little, so that it ends a session for the others' sake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shortage {
    /// All sessions together hold too much, and this one the most.
    Memory,
    /// Too many have not signed in.
    Places,
}

impl Shortage {
    /// The code in the CLOSE frame, and the reason there and in the event.
    const fn code_and_reason(self) -> (u16, &'static str) {
        match self {
            Self::Memory => (
                264,
                "the server is short of memory, and this session held the most",
            ),
            Self::Places => (265, "too many others wait to sign in; try again"),
        }
    }
}

/// Where a session is in its life.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum State {
    Open,
    /// This end has closed it.
    Closing(Goodbye),
    /// The peer has closed it; what still comes from it is answered by a CLOSE.
    Draining(Goodbye),
    /// It may be forgotten.
    Gone,
}

impl State {
    pub(super) fn is_open(&self) -> bool {
        *self == Self::Open
    }
}

/// What is said at the end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Goodbye {
    pub(super) code: u16,
    pub(super) reason: String,
    /// A CLOSE is to be sent.
    pub(super) due: bool,
    /// CLOSE packets that are still sent unasked, one each PTO.
    copies: u8,
    /// Packets with data that may go before.
    pub(super) packets_with_data: u8,
    last_sent: Option<Instant>,
}

impl Goodbye {
    fn new(code: u16, reason: &str, copies: u8, packets_with_data: u8) -> Self {
        let reason = reason.to_owned();
        Self {
            code,
            reason,
            due: true,
            copies,
            packets_with_data,
            last_sent: None,
        }
    }

    pub(super) fn on_sent(&mut self, now: Instant) {
        self.due = false;
        self.last_sent = Some(now);
    }

    /// The peer still sends: it has not heard. Answered at a limited rate.
    pub(super) fn on_stray_packet(&mut self, now: Instant) {
        let rested = |sent: Instant| now.saturating_duration_since(sent) >= CLOSE_INTERVAL;
        self.due |= self.last_sent.is_none_or(rested);
    }
}

/// How a peer may break the protocol; the code that is sent to it, from 256 on, and the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Violation {
    Frame(FrameError),
    Stream(AssembleError),
    SessionWindow,
    NeverSent,
}

impl Violation {
    /// The code in the CLOSE frame, and the reason there and in the event.
    fn code_and_reason(self) -> (u16, &'static str) {
        match self {
            Self::Frame(_) => (256, "a packet with a malformed frame"),
            Self::Stream(AssembleError::WindowExceeded) => (257, "a channel's window was exceeded"),
            Self::Stream(AssembleError::Disagree) => (258, "overlapping fragments disagree"),
            Self::Stream(AssembleError::MessageTooLong) => (259, "a message is too long"),
            Self::Stream(_) => (260, "a channel's stream is not a sequence of messages"),
            Self::NeverSent => (261, "a packet was acknowledged that was never sent"),
            Self::SessionWindow => (263, "the session's window was exceeded"),
        }
    }
}

impl Connection {
    /// Ends the session from this side. What is queued may still go out in the goodbye's few packets.
    pub(crate) fn close(&mut self, context: &mut Context<'_>, code: u16, reason: &str) {
        let goodbye = Goodbye::new(code, reason, CLOSE_COPIES - 1, GOODBYE_PACKETS);
        self.begin_closing(context, goodbye, CloseReason::Local);
    }

    /// Ends the session because of what the peer did.
    pub(super) fn close_for(&mut self, context: &mut Context<'_>, violation: Violation) {
        let (code, reason) = violation.code_and_reason();
        let goodbye = Goodbye::new(code, reason, CLOSE_COPIES - 1, 0);
        self.begin_closing(context, goodbye, CloseReason::Violation(reason));
    }

    /// Ends a session that has not signed in for too long.
    pub(super) fn close_unauthenticated(&mut self, context: &mut Context<'_>) {
        let goodbye = Goodbye::new(CODE_NOT_SIGNED_IN, "not signed in", CLOSE_COPIES - 1, 0);
        self.begin_closing(context, goodbye, CloseReason::TimedOut);
    }

    /// Ends a session to make room. It is told once, and what it held is freed at once.
    pub(crate) fn evict(&mut self, context: &mut Context<'_>, shortage: Shortage) {
        let (code, reason) = shortage.code_and_reason();
        let goodbye = Goodbye::new(code, reason, 0, 0);
        self.begin_closing(context, goodbye, CloseReason::Evicted(reason));
        for state in &mut self.channels {
            state.sender.clear();
            state.assembler.clear();
        }
        self.recovery.sent.clear();
    }

    fn begin_closing(&mut self, context: &mut Context<'_>, goodbye: Goodbye, reason: CloseReason) {
        if self.state.is_open() {
            self.state = State::Closing(goodbye);
            self.end(context, reason);
        }
    }

    /// The peer has ended the session. It gets one CLOSE back, so that it need not repeat its own.
    pub(super) fn on_peer_close(&mut self, context: &mut Context<'_>, code: u16, reason: &str) {
        match &mut self.state {
            State::Open => {
                self.state = State::Draining(Goodbye::new(CODE_AGREED, "", 0, 0));
                let reason = reason.to_owned();
                self.end(context, CloseReason::Peer { code, reason });
            }
            State::Closing(_) => {
                self.state = State::Gone;
                self.timers.clear_all();
            }
            State::Draining(_) | State::Gone => {}
        }
    }

    /// Forgets the session at once, without a word to the peer.
    pub(crate) fn abandon(&mut self, context: &mut Context<'_>, reason: CloseReason) {
        if self.state.is_open() {
            self.end(context, reason);
        }
        self.timers.clear_all();
        self.state = State::Gone;
    }

    fn end(&mut self, context: &mut Context<'_>, reason: CloseReason) {
        self.timers.clear_all();
        let wait = match self.state {
            State::Draining(_) => self.recovery.rtt.pto_base() * u32::from(CLOSE_COPIES),
            _ => self.recovery.rtt.pto_base(),
        };
        self.timers.set(Timer::Close, context.now + wait);
        context.events.push_back(Event::Closed {
            session: self.session,
            reason,
        });
    }

    /// Says it once more, or is done.
    pub(super) fn on_close_timer(&mut self, now: Instant) {
        let wait = self.recovery.rtt.pto_base();
        match &mut self.state {
            State::Closing(goodbye) if goodbye.copies > 0 => {
                goodbye.copies -= 1;
                goodbye.due = true;
                self.timers.set(Timer::Close, now + wait);
            }
            _ => self.state = State::Gone,
        }
    }
}
