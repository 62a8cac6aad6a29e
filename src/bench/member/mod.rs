//! One client: its session, and its handling of each message. `sign_in` signs it in and finds its conversations, which are in
//! `talks`; `errands` is what it does besides talking.

pub mod conversation;
mod errands;
mod sign_in;
mod talks;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore as _;

use super::server::DeviceTicket;
use crate::client::auth::opaque::{LoginBegun, SignUpBegun};
use crate::protocol::{
    ClientMessage, ConversationId, DeviceSeq, EndReason, Envelope, Hop, Message, ServerBody,
    SessionEnd, encode,
};
use crate::transport::{Channel, CloseReason, Endpoint, SendError, Sending, SessionId};
use conversation::{Contact, Conversation, DeliveryOutcome};
use talks::Talks;

/// The pause after a failed attempt for which the server named no wait.
pub(super) const PAUSE: Duration = Duration::from_millis(500);

/// The longest attempt to sign in, and the longest answer to a request.
pub(super) const ATTEMPT_WAIT: Duration = Duration::from_secs(30);

pub struct Ctx<'a> {
    pub now: Instant,
    pub endpoint: &'a mut Endpoint,
    pub random: &'a mut ChaCha20Rng,
    /// Of the server; attempts take turns.
    pub addresses: &'a [SocketAddr],
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberEvent {
    /// Signed in; a client that stays away has its account.
    SignedIn,
    /// All conversations are found.
    Ready,
    /// The server has stored a message of this conversation.
    Stored(usize),
    /// The message of this client with this number has arrived in this conversation.
    Delivered {
        conversation: ConversationId,
        author: usize,
        number: DeviceSeq,
    },
    /// An errand was answered.
    ErrandDone,
    Left,
    Failed(String),
    /// The server has stopped, or has forgotten a session that it had.
    ServerGone,
}

pub(super) enum Step {
    Outside,
    Connecting,
    SignUp(SignUpBegun),
    SignUpFinish,
    Login(Box<LoginBegun>),
    LoginFinish,
    /// Signing in by ticket.
    Resume,
    Hello,
    /// Joining a room.
    Join,
    /// It has its account and stays signed out.
    Away,
    /// Signed in; partners are resolved once all clients are.
    Inside,
    Resolve,
    Talking,
    /// The server is restarting; nothing is expected from it.
    Lost,
    /// The next attempt begins at this moment.
    Pausing(Instant),
    Leaving,
    Gone,
}

pub struct Member {
    pub(super) name: String,
    pub(super) stays_away: bool,
    pub(super) password: [u8; 16],
    pub(super) has_account: bool,
    /// Replaces the password once the server has issued it.
    pub(super) pass: Option<DeviceTicket>,
    pub(super) session: Option<SessionId>,
    pub(super) handshake_hash: [u8; 32],
    pub(super) step: Step,
    pub(super) tries: u32,
    /// How often the server has named a wait.
    pub(super) waits: u32,
    /// When the current step times out.
    pub(super) due: Option<Instant>,
    talks: Talks,
    /// The name of the room that it joins and leaves, and the room while it is a member.
    pub(super) lobby: Option<String>,
    pub(super) in_lobby: Option<Conversation>,
    /// What there was no room for, and whether it may wait for company.
    waiting: [VecDeque<(Vec<u8>, bool)>; Channel::ALL.len()],
}

impl Member {
    pub fn new(
        name: String,
        contacts: Vec<Contact>,
        stays_away: bool,
        pass: Option<DeviceTicket>,
        random: &mut ChaCha20Rng,
    ) -> Self {
        let mut password = [0; 16];
        random.fill_bytes(&mut password);
        Self {
            name,
            stays_away,
            password,
            has_account: pass.is_some(),
            step: match &pass {
                Some(_) if stays_away => Step::Away,
                _ => Step::Outside,
            },
            pass,
            session: None,
            handshake_hash: [0; 32],
            tries: 0,
            waits: 0,
            due: None,
            talks: Talks::new(contacts),
            lobby: None,
            in_lobby: None,
            waiting: Default::default(),
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub const fn session(&self) -> Option<SessionId> {
        self.session
    }

    pub const fn stays_away(&self) -> bool {
        self.stays_away
    }

    /// Whether it has nothing left to do before the run begins.
    pub const fn is_in_place(&self) -> bool {
        matches!(self.step, Step::Away | Step::Inside)
    }

    pub const fn is_entering(&self) -> bool {
        !matches!(
            self.step,
            Step::Outside
                | Step::Away
                | Step::Inside
                | Step::Resolve
                | Step::Talking
                | Step::Lost
                | Step::Leaving
                | Step::Gone
        )
    }

    /// Whether the server owes it an answer.
    pub const fn is_waiting(&self) -> bool {
        self.due.is_some() && !matches!(self.step, Step::Pausing(_))
    }

    /// Whether its handshake is under way.
    pub const fn is_connecting(&self) -> bool {
        matches!(self.step, Step::Connecting)
    }

    /// Begins an attempt to sign in.
    pub fn enter(&mut self, ctx: &mut Ctx<'_>) -> SessionId {
        let address = ctx.addresses[self.tries as usize % ctx.addresses.len()];
        self.tries += 1;
        self.step = Step::Connecting;
        self.due = Some(ctx.now + ATTEMPT_WAIT);
        let session = ctx.endpoint.connect(ctx.now, address);
        self.session = Some(session);
        session
    }

    /// When [`Member::handle_timeout`] wants to be called.
    pub const fn deadline(&self) -> Option<Instant> {
        match self.step {
            Step::Pausing(until) => Some(until),
            _ => self.due,
        }
    }

    /// Returns whether a new attempt is due.
    pub fn handle_timeout(&mut self, ctx: &mut Ctx<'_>) -> bool {
        if self.deadline().is_none_or(|due| due > ctx.now) {
            return false;
        }
        if matches!(self.step, Step::Pausing(_)) {
            self.due = None;
            match self.session {
                Some(_) => self.sign_in(ctx),
                None => return true,
            }
        } else {
            // No answer. The next attempt follows the end of the session.
            self.due = None;
            if let Some(session) = self.session {
                ctx.endpoint.close(ctx.now, session, 0, "no answer");
            }
        }
        false
    }

    pub fn connected(&mut self, ctx: &mut Ctx<'_>, handshake_hash: [u8; 32]) {
        self.handshake_hash = handshake_hash;
        self.sign_in(ctx);
    }

    pub fn closed(&mut self, ctx: &Ctx<'_>, reason: &CloseReason) -> Option<MemberEvent> {
        self.session = None;
        match self.step {
            Step::Leaving | Step::Gone => {
                self.step = Step::Gone;
                self.due = None;
                Some(MemberEvent::Left)
            }
            Step::Away | Step::Lost => None,
            Step::Inside | Step::Resolve | Step::Talking
                if matches!(reason, CloseReason::Reset | CloseReason::TimedOut) =>
            {
                Some(MemberEvent::ServerGone)
            }
            Step::Inside | Step::Resolve | Step::Talking => {
                Some(MemberEvent::Failed(format!("lost its session: {reason}")))
            }
            _ => self.again(ctx.now, PAUSE, &reason.to_string()),
        }
    }

    pub(super) fn request(&mut self, ctx: &mut Ctx<'_>, message: &ClientMessage) {
        let bytes = encode(message, Hop::default());
        if let Some(session) = self.session {
            // The control channel has room for one request of a few hundred bytes, and a closed session sends an event.
            let _ = ctx
                .endpoint
                .send(ctx.now, session, Channel::Control, &bytes);
        }
    }

    /// Sends the next message of a conversation.
    pub fn send_next(
        &mut self,
        ctx: &mut Ctx<'_>,
        talk: usize,
    ) -> Option<(ConversationId, DeviceSeq)> {
        let talk = self.talks.conversations.get_mut(talk)?;
        let (conversation, channel) = (talk.conversation(), talk.channel());
        let (number, bytes) = talk.send_next();
        // What is said meanwhile is sent once it is signed in again.
        if matches!(self.step, Step::Talking) {
            self.send(ctx, channel, bytes);
        }
        Some((conversation, number))
    }

    /// Sends on a channel once it has room.
    pub(super) fn send(&mut self, ctx: &mut Ctx<'_>, channel: Channel, bytes: Vec<u8>) {
        self.waiting[channel as usize].push_back((bytes, false));
        self.flush(ctx, channel);
    }

    pub fn flush(&mut self, ctx: &mut Ctx<'_>, channel: Channel) {
        let Some(session) = self.session else {
            return;
        };
        let waiting = &mut self.waiting[channel as usize];
        while let Some((bytes, may_wait)) = waiting.front() {
            let (endpoint, now) = (&mut ctx.endpoint, ctx.now);
            let sending = Sending::unasked(*may_wait);
            match endpoint.send_message(now, session, channel, bytes, sending) {
                Err(SendError::Full) => return,
                // Lengths are checked on the command line, and a closed session sends an event.
                Ok(()) | Err(_) => waiting.pop_front(),
            };
        }
    }

    /// Acknowledges the deliveries of this batch.
    pub fn send_receipts(&mut self, ctx: &mut Ctx<'_>) {
        let talks = self
            .talks
            .conversations
            .iter_mut()
            .chain(&mut self.in_lobby);
        let receipts: Vec<_> = talks.filter_map(Conversation::take_receipt).collect();
        for receipt in receipts {
            self.waiting[Channel::Chat as usize].push_back((receipt, true));
            self.flush(ctx, Channel::Chat);
        }
    }

    pub const fn has_contacts(&self) -> bool {
        self.talks.has_contacts()
    }

    fn ask_again(&mut self, ctx: &mut Ctx<'_>, talk: usize) {
        let again = self.talks.conversations[talk].ask_again();
        self.send(ctx, Channel::Chat, again);
    }

    /// Sends all messages again that are not known to be stored.
    fn send_again(&mut self, ctx: &mut Ctx<'_>) {
        for talk in &self.talks.conversations {
            let again = talk.unstored().map(|bytes| (bytes.into(), false));
            self.waiting[talk.channel() as usize].extend(again);
        }
        for channel in Channel::ALL {
            self.flush(ctx, channel);
        }
    }

    pub fn leave(&mut self, ctx: &mut Ctx<'_>) {
        let was_inside = matches!(self.step, Step::Inside | Step::Resolve | Step::Talking);
        self.step = Step::Leaving;
        self.due = None;
        match self.session {
            Some(_) if was_inside => {
                let reason = EndReason::LoggedOut;
                self.request(ctx, &Message::control(SessionEnd { reason }));
            }
            Some(_) => self.hang_up(ctx),
            None => self.step = Step::Gone,
        }
    }

    /// Waits for the restart of the server.
    pub fn suspend(&mut self) {
        self.step = Step::Lost;
        self.due = None;
        self.talks.conversations.clear();
        self.forget_waiting();
    }

    fn forget_waiting(&mut self) {
        for waiting in &mut self.waiting {
            waiting.clear();
        }
    }

    /// Closes the session that the restart has ended.
    pub fn forget_session(&mut self, ctx: &mut Ctx<'_>) -> Option<SessionId> {
        let session = self.session.take()?;
        ctx.endpoint.close(ctx.now, session, 0, "bye");
        Some(session)
    }

    /// Leaves without signing out, because the server stops with the run.
    pub fn drop_out(&mut self) {
        self.step = Step::Gone;
        self.due = None;
    }

    /// Closes the session in any step.
    pub fn hang_up(&mut self, ctx: &mut Ctx<'_>) {
        if let Some(session) = self.session {
            ctx.endpoint.close(ctx.now, session, 0, "bye");
        }
    }

    pub const fn is_gone(&self) -> bool {
        matches!(self.step, Step::Gone)
    }

    pub fn handle_message(&mut self, ctx: &mut Ctx<'_>, bytes: &[u8]) -> Option<MemberEvent> {
        if matches!(self.step, Step::Lost) {
            return None;
        }
        let Ok(envelope) = Envelope::decode(bytes) else {
            return Some(MemberEvent::Failed("was sent what is no message".into()));
        };
        if let Some(delivery) = envelope.hop.delivery {
            let Some(talk) = self.talks.position_of(delivery.conversation) else {
                self.handle_lobby_delivery(ctx, &envelope, delivery);
                return None;
            };
            return match self.talks.conversations[talk].handle_delivery(&envelope, delivery) {
                DeliveryOutcome::Message { author, number } => Some(MemberEvent::Delivered {
                    conversation: delivery.conversation,
                    author,
                    number,
                }),
                DeliveryOutcome::Nothing => None,
                DeliveryOutcome::Gap => {
                    self.ask_again(ctx, talk);
                    None
                }
                DeliveryOutcome::Wrong(what) => Some(MemberEvent::Failed(what.into())),
            };
        }
        let Ok(message) = envelope.open() else {
            return Some(MemberEvent::Failed("was sent a damaged answer".into()));
        };
        match message.body {
            ServerBody::Stored(stored) => {
                let talk = self.talks.position_of(stored.conversation)?;
                let heard = self.talks.conversations[talk].handle_stored(&stored);
                if !heard.follows {
                    self.ask_again(ctx, talk);
                }
                heard.is_news.then_some(MemberEvent::Stored(talk))
            }
            ServerBody::SendAgain(_) => {
                self.send_again(ctx);
                None
            }
            ServerBody::Failure(failure) => self.refused(ctx, message.header.command, &failure),
            body => self.handle_answer(ctx, body),
        }
    }
}
