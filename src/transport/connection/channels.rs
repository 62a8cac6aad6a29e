//! Messages in and out of the channels of a session, and the channels' windows.

use super::coalesce::Hold;
use super::{Connection, Context, Role};
use crate::transport::channel::assembler::Assembler;
use crate::transport::channel::send_buffer::ChannelSender;
use crate::transport::limits::{
    MAX_MESSAGE, SEND_BUFFER, SEND_BUFFER_UNAUTHENTICATED, UNAUTHENTICATED_LIFETIME, WINDOW,
    WINDOW_BULK, WINDOW_UNAUTHENTICATED,
};
use crate::transport::timer::Timer;
use crate::transport::{Channel, Event, SendError, Sending};

#[derive(Debug)]
pub(super) struct ChannelState {
    pub(super) sender: ChannelSender,
    pub(super) assembler: Assembler,
    /// The size of the last message that was rejected for lack of room, and whether memory was short.
    refused: Option<(u32, bool)>,
    /// [`Event::Readable`] was reported.
    announced: bool,
    /// A WINDOW frame is due.
    pub(super) window_due: bool,
}

fn full_window(channel: Channel) -> u64 {
    if channel == Channel::Bulk {
        WINDOW_BULK
    } else {
        WINDOW
    }
}

impl ChannelState {
    /// Both ends start with the same figures: a server accepts little before sign-in, a client a full window.
    pub(super) fn new(role: Role, channel: Channel) -> Self {
        let (buffer, send, receive) = match role {
            Role::Client => (SEND_BUFFER, WINDOW_UNAUTHENTICATED, full_window(channel)),
            Role::Server => (
                SEND_BUFFER_UNAUTHENTICATED,
                full_window(channel),
                WINDOW_UNAUTHENTICATED,
            ),
        };
        Self {
            sender: ChannelSender::new(buffer, MAX_MESSAGE, send),
            assembler: Assembler::new(receive, MAX_MESSAGE),
            refused: None,
            announced: false,
            window_due: false,
        }
    }
}

impl Connection {
    pub(super) fn channel(&mut self, channel: Channel) -> &mut ChannelState {
        &mut self.channels[channel as usize]
    }

    /// Queues a message as a whole. `is_short`: memory is short, so less is accepted of what is no answer and is not on the
    /// control channel: answers cannot wait.
    pub(crate) fn send(
        &mut self,
        channel: Channel,
        message: &[u8],
        is_short: bool,
        Sending { may_wait, is_reply }: Sending,
    ) -> Result<(), SendError> {
        if !self.state.is_open() {
            return Err(SendError::Closed);
        }
        let begins_hold = may_wait && !self.has_stream_data();
        if !may_wait {
            self.end_hold();
        }
        let is_short = is_short && !is_reply && channel != Channel::Control;
        let state = self.channel(channel);
        let result = if is_short && !state.sender.has_room_when_short(message.len()) {
            Err(SendError::Full)
        } else if is_reply {
            state.sender.push_reply(message)
        } else {
            state.sender.push(message)
        };
        if result.is_ok() && !may_wait {
            state.sender.mark_urgent();
        }
        if result == Err(SendError::Full) {
            let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
            state.refused = Some((length, is_short));
        }
        if begins_hold && result.is_ok() {
            self.hold = Hold::Begins;
        }
        result
    }

    pub(crate) fn has_reply_room(&self, channel: Channel) -> bool {
        !self.state.is_open() || self.channels[channel as usize].sender.has_reply_room()
    }

    pub(crate) fn is_readable(&self, channel: Channel) -> bool {
        self.channels[channel as usize].assembler.has_message()
    }

    /// The next whole message. It also works while a closed session lingers, so that messages sent just before CLOSE
    /// are not lost.
    pub(crate) fn receive(&mut self, channel: Channel, message: &mut Vec<u8>) -> bool {
        let state = self.channel(channel);
        let taken = state.assembler.next_message(message);
        state.announced = state.assembler.has_message();
        if taken {
            state.window_due |= state.assembler.window_update().is_some();
            self.credit.update(&self.channels);
        }
        taken
    }

    /// Reports a channel that has a message since this packet.
    pub(super) fn announce_readable(&mut self, context: &mut Context<'_>, channel: Channel) {
        let session = self.session;
        let state = self.channel(channel);
        if state.assembler.has_message() && !state.announced {
            state.announced = true;
            context
                .events
                .push_back(Event::Readable { session, channel });
        }
    }

    /// Reports a channel whose buffer has room for the rejected message.
    pub(super) fn announce_writable(&mut self, context: &mut Context<'_>, channel: Channel) {
        let session = self.session;
        let state = self.channel(channel);
        let fits = |(length, is_short): (u32, bool)| {
            let length = length as usize;
            let fits_when_short = !is_short || state.sender.has_room_when_short(length);
            fits_when_short && state.sender.room() >= length
        };
        if state.refused.is_some_and(fits) {
            state.refused = None;
            context
                .events
                .push_back(Event::Writable { session, channel });
        }
    }

    /// Bytes allocated for data received and not read, and for data queued or not acknowledged.
    pub(crate) fn memory(&self) -> usize {
        let channels = self.channels.iter();
        let channels = channels.map(|state| state.sender.memory() + state.assembler.memory());
        channels.sum::<usize>() + self.recovery.sent.memory()
    }

    pub(super) fn release(&mut self) {
        for state in &mut self.channels {
            state.sender.release();
            state.assembler.release();
        }
        self.recovery.sent.release();
        self.received.release();
    }

    /// Asks for the acknowledgement of what may otherwise wait for it.
    pub(crate) fn hurry(&mut self) {
        self.ping |= !self.is_drained();
    }

    pub(crate) fn is_drained(&self) -> bool {
        self.channels.iter().all(|state| state.sender.is_drained())
    }

    /// The peer has signed in or out. Advertised windows are never withdrawn; wider ones are advertised at once.
    pub(crate) fn set_signed_in(&mut self, context: &mut Context<'_>, signed_in: bool) {
        if self.role == Role::Client || self.signed_in == signed_in || !self.state.is_open() {
            return;
        }
        self.signed_in = signed_in;
        for channel in Channel::ALL {
            let (buffer, window) = if signed_in {
                (SEND_BUFFER, full_window(channel))
            } else {
                (SEND_BUFFER_UNAUTHENTICATED, WINDOW_UNAUTHENTICATED)
            };
            let state = self.channel(channel);
            state.sender.set_limits(buffer, MAX_MESSAGE);
            state.assembler.set_limits(window, MAX_MESSAGE);
            state.window_due |= state.assembler.window_update().is_some();
            self.announce_writable(context, channel);
        }
        self.set_session_window(signed_in);
        if signed_in {
            self.timers.clear(Timer::Lifetime);
        } else {
            self.timers
                .set(Timer::Lifetime, context.now + UNAUTHENTICATED_LIFETIME);
        }
        self.restart_silence(context.now);
    }
}
