//! Closing a session: CLOSE is sent a few times, answered while the session drains, then the session is dropped (RFC
//! 9000 §10.2).

use std::time::{Duration, Instant};

use super::{Connection, Context};
use crate::transport::channel::assembler::AssembleError;
use crate::transport::limits::{CLOSE_COPIES, GOODBYE_PACKETS};
use crate::transport::timer::Timer;
use crate::transport::wire::frame::FrameError;
use crate::transport::{CloseReason, Event};

/// The minimum time between two CLOSE packets of a session. Chosen: a peer that keeps sending gets a trickle.
const CLOSE_INTERVAL: Duration = Duration::from_millis(50);

/// The code of a CLOSE that answers a CLOSE.
const CODE_AGREED: u16 = 255;

/// The code of a CLOSE to a peer that has not signed in for too long.
const CODE_NOT_SIGNED_IN: u16 = 262;

/// The resource that a server runs short of when it evicts a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shortage {
    /// All buffers together; this session uses the most.
    Memory,
    /// Slots for sessions that have not signed in.
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

#[derive(Debug, PartialEq, Eq)]
pub(super) enum State {
    Open,
    Closing(Goodbye),
    /// The peer has closed it; further packets from it are answered by a CLOSE.
    Draining(Goodbye),
    /// The endpoint may drop it.
    Gone,
}

impl State {
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Open)
    }

    pub(super) fn goodbye(&mut self) -> Option<&mut Goodbye> {
        match self {
            Self::Closing(goodbye) | Self::Draining(goodbye) => Some(goodbye),
            Self::Open | Self::Gone => None,
        }
    }
}

/// The CLOSE frame of a session, and what remains to be sent of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Goodbye {
    pub(super) code: u16,
    pub(super) reason: String,
    pub(super) due: bool,
    /// CLOSE packets that are still sent unprompted, one each PTO.
    copies: u8,
    /// Packets with queued data that may precede it.
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

    /// The peer still sends, so it has not received the CLOSE. Rate-limited.
    pub(super) fn on_stray_packet(&mut self, now: Instant) {
        let rested = |sent: Instant| now.saturating_duration_since(sent) >= CLOSE_INTERVAL;
        self.due |= self.last_sent.is_none_or(rested);
    }
}

/// How a peer may violate the protocol.
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
    /// Closes the session. Queued data may still be sent in [`GOODBYE_PACKETS`] packets.
    pub(crate) fn close(&mut self, context: &mut Context<'_>, code: u16, reason: &str) {
        let goodbye = Goodbye::new(code, reason, CLOSE_COPIES - 1, GOODBYE_PACKETS);
        self.begin_closing(context, goodbye, CloseReason::Local);
    }

    pub(super) fn close_for(&mut self, context: &mut Context<'_>, violation: Violation) {
        let (code, reason) = violation.code_and_reason();
        let goodbye = Goodbye::new(code, reason, CLOSE_COPIES - 1, 0);
        self.begin_closing(context, goodbye, CloseReason::Violation(reason));
    }

    pub(super) fn close_unauthenticated(&mut self, context: &mut Context<'_>) {
        let goodbye = Goodbye::new(CODE_NOT_SIGNED_IN, "not signed in", CLOSE_COPIES - 1, 0);
        self.begin_closing(context, goodbye, CloseReason::TimedOut);
    }

    /// Closes a session to free its memory at once, with a single CLOSE.
    pub(crate) fn evict(&mut self, context: &mut Context<'_>, shortage: Shortage) {
        let (code, reason) = shortage.code_and_reason();
        let goodbye = Goodbye::new(code, reason, 0, 0);
        self.begin_closing(context, goodbye, CloseReason::Evicted(reason));
        self.channels.clear();
        self.recovery.sent.clear();
    }

    fn begin_closing(&mut self, context: &mut Context<'_>, goodbye: Goodbye, reason: CloseReason) {
        if self.state.is_open() {
            self.state = State::Closing(goodbye);
            self.end(context, reason);
        }
    }

    /// The peer has closed the session. It gets one CLOSE back, so that it need not repeat its own.
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

    /// Drops the session without a CLOSE.
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

    /// Sends CLOSE again, or drops the session.
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
