//! What is sent on the link, and its end once that has arrived.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::codes::{CODE_NOT_READING, CODE_QUIT};
use super::{Link, State};
use crate::client::effects::Outgoing;
use crate::transport::{Channel, Endpoint, SendError, Sending, SessionId};

/// How long the end waits for what was sent to be acknowledged. Chosen: as long as a user waits for a prompt.
const DRAIN_WAIT: Duration = Duration::from_secs(2);

/// How many messages of one channel wait for room. Chosen: several times what an outbox and a HELLO can have under way.
/// At the limit the server does not read; the link is closed, and made again.
const WAITING_MAX: usize = 10_000;

/// How long the end waits for the goodbye to be answered, or said as often as the transport says it: if it were said
/// once, others would see on a path that loses packets somebody online who is not. Chosen: three times on a path
/// of 100 ms each way; past it the server notices the silence.
const GOODBYE_WAIT: Duration = Duration::from_secs(1);

impl Link {
    /// Sends a message, or keeps it until there is room, up to [`WAITING_MAX`]. Without a link it is dropped: whoever sent it hears of the loss.
    pub(in crate::client) fn send(
        &mut self,
        now: Instant,
        endpoint: &mut Endpoint,
        message: Outgoing,
    ) {
        if let State::Up(session) | State::Closing(session, _) = self.state {
            let channel = message.channel;
            self.waiting[channel as usize].push_back(message);
            self.flush(now, endpoint, session, channel);
            if self.waiting[channel as usize].len() > WAITING_MAX {
                endpoint.close(now, session, CODE_NOT_READING, "the server does not read");
            }
        }
    }

    pub(super) fn flush(
        &mut self,
        now: Instant,
        endpoint: &mut Endpoint,
        session: SessionId,
        channel: Channel,
    ) {
        let waiting = &mut self.waiting[channel as usize];
        while let Some(message) = waiting.front() {
            let sending = Sending::unasked(message.may_wait);
            match endpoint.send_message(now, session, channel, &message.bytes, sending) {
                Err(SendError::Full) => return,
                // A closed session's event is on its way; a message that is too long is checked before.
                Ok(()) | Err(SendError::Closed | SendError::TooLong) => {
                    waiting.pop_front();
                }
            }
        }
    }

    /// Says goodbye once what was sent has arrived, or after [`DRAIN_WAIT`], and waits for the answer, but no longer
    /// than [`GOODBYE_WAIT`].
    pub(in crate::client) fn close(&mut self, now: Instant, endpoint: &mut Endpoint) {
        self.end_race(now, endpoint);
        match &mut self.state {
            State::Up(session) => {
                endpoint.hurry(now, *session);
                self.state = State::Closing(*session, now + DRAIN_WAIT);
            }
            State::Connecting { attempts, .. } => {
                for attempt in std::mem::take(attempts) {
                    endpoint.close(now, attempt, CODE_QUIT, "quit");
                }
                self.state = State::Closed;
            }
            State::Idle | State::Pausing(_) => self.state = State::Closed,
            State::Closing(..) | State::Leaving(..) | State::Closed => {}
        }
        if let State::Closing(session, until) = self.state
            && (until <= now || endpoint.is_drained(session) && self.has_nothing_waiting())
        {
            self.state = State::Leaving(session, now + GOODBYE_WAIT);
            endpoint.close(now, session, CODE_QUIT, "quit");
        }
        if let State::Leaving(session, until) = self.state
            && (until <= now || endpoint.remote(session).is_none())
        {
            self.state = State::Closed;
        }
    }

    fn has_nothing_waiting(&self) -> bool {
        self.waiting.iter().all(VecDeque::is_empty)
    }
}
