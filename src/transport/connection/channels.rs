//! Messages in and out of the channels of a session, and the channels' windows.

use std::ops::Index;

use super::coalesce::Hold;
use super::flow_control::{Credit, Sums};
use super::{Connection, Context, Role};
use crate::transport::channel::assembler::{AssembleError, Assembler};
use crate::transport::channel::send_buffer::{ChannelSender, Fragment};
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
        }
    }

    /// Allocated bytes.
    fn memory(&self) -> usize {
        self.sender.memory() + self.assembler.memory()
    }
}

/// Some of the channels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ChannelSet(u8);

impl ChannelSet {
    const ALL: Self = Self(0b111);

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) const fn contains(self, channel: Channel) -> bool {
        self.0 & (1 << channel as u8) != 0
    }

    pub(super) const fn insert(&mut self, channel: Channel) {
        self.0 |= 1 << channel as u8;
    }

    pub(super) const fn remove(&mut self, channel: Channel) {
        self.0 &= !(1 << channel as u8);
    }

    fn iter(self) -> impl Iterator<Item = Channel> {
        Channel::ALL
            .into_iter()
            .filter(move |channel| self.contains(*channel))
    }
}

/// The channels, and the window over all of them. What every packet asks about all channels is kept beside them, so that
/// it touches only those that it concerns: the state of ten thousand sessions does not fit the processor's caches.
#[derive(Debug)]
pub(super) struct Channels {
    pub(super) credit: Credit,
    /// Those with data that is lost, or was never sent; the peer may not admit it yet.
    unsent: ChannelSet,
    /// Those for which a WINDOW frame is due.
    pub(super) windows_due: ChannelSet,
    /// Those whose memory may differ from what is noted.
    unnoted: ChannelSet,
    /// Allocated bytes.
    memory: [u32; 3],
    list: [ChannelState; 3],
}

impl Index<Channel> for Channels {
    type Output = ChannelState;

    fn index(&self, channel: Channel) -> &ChannelState {
        &self.list[channel as usize]
    }
}

impl Channels {
    pub(super) fn new(role: Role) -> Self {
        Self {
            credit: Credit::new(role),
            unsent: ChannelSet::default(),
            windows_due: ChannelSet::default(),
            unnoted: ChannelSet::default(),
            memory: [0; 3],
            list: Channel::ALL.map(|channel| ChannelState::new(role, channel)),
        }
    }

    fn state(&mut self, channel: Channel) -> &mut ChannelState {
        self.unnoted.insert(channel);
        &mut self.list[channel as usize]
    }

    /// Notes that the channel has more to send. Most often it is all of a message, so this does not look.
    fn sender(&mut self, channel: Channel) -> &mut ChannelSender {
        self.unsent.insert(channel);
        &mut self.state(channel).sender
    }

    pub(super) fn has_pending(&self) -> bool {
        let credit = self.credit.left();
        let mut unsent = self.unsent.iter();
        unsent.any(|channel| self[channel].sender.has_pending(credit))
    }

    /// Stream data that may be sent now, in bytes.
    pub(super) fn pending(&self) -> u64 {
        let credit = self.credit.left();
        let unsent = self.unsent.iter();
        unsent
            .map(|channel| self[channel].sender.pending(credit))
            .sum()
    }

    /// The next fragment of a channel: see [`ChannelSender::next_fragment`].
    pub(super) fn next_fragment(&self, channel: Channel) -> Option<Fragment> {
        let sender = self
            .unsent
            .contains(channel)
            .then(|| &self[channel].sender)?;
        sender.next_fragment(usize::MAX, self.credit.left())
    }

    pub(super) fn on_sent(&mut self, channel: Channel, fragment: Fragment) {
        let sender = &mut self.state(channel).sender;
        let before = sender.sent_to();
        sender.on_sent(fragment);
        let sent = sender.sent_to() - before;
        let has_more = sender.has_unsent();
        self.credit.sums.sent += sent;
        if !has_more {
            self.unsent.remove(channel);
        }
    }

    pub(super) fn on_acked(&mut self, channel: Channel, fragment: Fragment) {
        self.state(channel).sender.on_acked(fragment);
    }

    /// A fragment was lost. Returns whether there is anything to send of this channel.
    pub(super) fn on_lost(&mut self, channel: Channel, fragment: Fragment) -> bool {
        let credit = self.credit.left();
        let sender = self.sender(channel);
        sender.on_lost(fragment);
        sender.has_pending(credit)
    }

    pub(super) fn set_max_offset(&mut self, channel: Channel, max_offset: u64) {
        self.state(channel).sender.set_max_offset(max_offset);
    }

    /// Adds stream data that has arrived.
    pub(super) fn insert(
        &mut self,
        channel: Channel,
        offset: u64,
        data: &[u8],
    ) -> Result<(), AssembleError> {
        let assembler = &mut self.state(channel).assembler;
        let before = assembler.highest();
        let result = assembler.insert(offset, data);
        let received = assembler.highest() - before;
        self.credit.sums.received += received;
        self.update_windows(channel);
        result
    }

    fn next_message(&mut self, channel: Channel, message: &mut Vec<u8>) -> bool {
        let state = self.state(channel);
        let before = state.assembler.taken();
        let is_message = state.assembler.next_message(message);
        state.announced = state.assembler.has_message();
        let taken = state.assembler.taken() - before;
        self.credit.sums.taken += taken;
        if is_message {
            self.update_windows(channel);
        }
        is_message
    }

    fn update_windows(&mut self, channel: Channel) {
        if self.state(channel).assembler.window_update().is_some() {
            self.windows_due.insert(channel);
        }
        self.credit.update();
    }

    /// Allocated bytes.
    fn memory(&mut self) -> usize {
        debug_assert!(self.agrees(), "{self:?}");
        for channel in std::mem::take(&mut self.unnoted).iter() {
            let bytes = self[channel].memory();
            self.memory[channel as usize] = u32::try_from(bytes).unwrap_or(u32::MAX);
        }
        self.memory.iter().map(|bytes| *bytes as usize).sum()
    }

    /// Whether what is kept beside the channels agrees with them.
    fn agrees(&self) -> bool {
        let is_noted = |channel: Channel| {
            let bytes = self.memory[channel as usize] as usize;
            self.unnoted.contains(channel) || bytes == self[channel].memory()
        };
        let is_marked =
            |channel| self.unsent.contains(channel) || !self[channel].sender.has_unsent();
        Channel::ALL.into_iter().all(is_noted)
            && Channel::ALL.into_iter().all(is_marked)
            && self.credit.sums == self.sums()
    }

    fn sums(&self) -> Sums {
        let sum = |offset: fn(&ChannelState) -> u64| self.list.iter().map(offset).sum();
        Sums {
            sent: sum(|state| state.sender.sent_to()),
            received: sum(|state| state.assembler.highest()),
            taken: sum(|state| state.assembler.taken()),
        }
    }

    fn release(&mut self) {
        for state in &mut self.list {
            state.sender.release();
            state.assembler.release();
        }
        self.unnoted = ChannelSet::ALL;
    }

    /// Drops everything: the session has ended.
    pub(super) fn clear(&mut self) {
        for state in &mut self.list {
            state.sender.clear();
            state.assembler.clear();
        }
        self.credit.sums = self.sums();
        self.unsent = ChannelSet::default();
        self.unnoted = ChannelSet::ALL;
    }
}

impl Connection {
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
        let sender = self.channels.sender(channel);
        let result = if is_short && !sender.has_room_when_short(message.len()) {
            Err(SendError::Full)
        } else if is_reply {
            sender.push_reply(message)
        } else {
            sender.push(message)
        };
        if result.is_ok() && !may_wait {
            sender.mark_urgent();
        }
        if result == Err(SendError::Full) {
            let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
            self.channels.state(channel).refused = Some((length, is_short));
        }
        if begins_hold && result.is_ok() {
            self.hold = Hold::Begins;
        }
        result
    }

    pub(crate) fn has_reply_room(&self, channel: Channel) -> bool {
        !self.state.is_open() || self.channels[channel].sender.has_reply_room()
    }

    pub(crate) fn is_readable(&self, channel: Channel) -> bool {
        self.channels[channel].assembler.has_message()
    }

    /// The next whole message. It also works while a closed session lingers, so that messages sent just before CLOSE
    /// are not lost.
    pub(crate) fn receive(&mut self, channel: Channel, message: &mut Vec<u8>) -> bool {
        self.channels.next_message(channel, message)
    }

    /// Reports a channel that has a message since this packet.
    pub(super) fn announce_readable(&mut self, context: &mut Context<'_>, channel: Channel) {
        let session = self.session;
        let state = self.channels.state(channel);
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
        let state = self.channels.state(channel);
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
    pub(crate) fn memory(&mut self) -> usize {
        self.channels.memory() + self.recovery.sent.memory()
    }

    pub(super) fn release(&mut self) {
        self.channels.release();
        self.recovery.sent.release();
        self.received.release();
    }

    /// Asks for the acknowledgement of what may otherwise wait for it.
    pub(crate) fn hurry(&mut self) {
        self.ping |= !self.is_drained();
    }

    pub(crate) fn is_drained(&self) -> bool {
        self.channels
            .list
            .iter()
            .all(|state| state.sender.is_drained())
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
            let state = self.channels.state(channel);
            state.sender.set_limits(buffer, MAX_MESSAGE);
            state.assembler.set_limits(window, MAX_MESSAGE);
            self.channels.update_windows(channel);
            self.announce_writable(context, channel);
        }
        self.channels.credit.set_window(signed_in);
        if signed_in {
            self.timers.clear(Timer::Lifetime);
        } else {
            self.timers
                .set(Timer::Lifetime, context.now + UNAUTHENTICATED_LIFETIME);
        }
        self.restart_silence(context.now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_beside_the_channels_follows_them() {
        let mut channels = Channels::new(Role::Server);
        let mut message = Vec::new();
        channels
            .sender(Channel::Chat)
            .push(b"for the peer")
            .unwrap();
        channels
            .insert(Channel::Control, 0, b"\xc4\x02hi\xc4")
            .unwrap();
        let held: usize = channels.list.iter().map(ChannelState::memory).sum();
        assert_eq!(channels.memory(), held);
        assert_eq!(channels.pending(), 14);
        let whole = channels.next_fragment(Channel::Chat).unwrap();
        assert_eq!(channels.next_fragment(Channel::Control), None);
        channels.on_sent(Channel::Chat, whole);
        assert!(channels.next_message(Channel::Control, &mut message));
        assert!(!channels.has_pending() && channels.unsent.is_empty() && channels.agrees());
        assert!(channels.on_lost(Channel::Chat, whole));
        assert_eq!(channels.next_fragment(Channel::Chat), Some(whole));
        channels.on_acked(Channel::Chat, whole);
        assert!(!channels.has_pending() && channels.agrees());
        assert_eq!(
            channels.sums(),
            Sums {
                sent: 14,
                received: 5,
                taken: 4
            }
        );
    }

    #[test]
    fn nothing_is_left_of_a_session_that_ends_with_a_gap() {
        let mut channels = Channels::new(Role::Server);
        channels.sender(Channel::Bulk).push(b"unsent").unwrap();
        channels.insert(Channel::Chat, 100, b"after a gap").unwrap();
        channels.clear();
        assert!(channels.agrees() && !channels.has_pending());
        assert_eq!(channels.memory(), 0);
    }
}
