//! One client: its session, its conversations, and what it makes of each message. Its way in is `sign_in`'s part, and
//! how it comes to its conversations `resolve`'s.

pub mod conversation;
mod resolve;
mod sign_in;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore as _;

use super::server::DeviceTicket;
use crate::client::auth::opaque::{LoginBegun, SignUpBegun};
use crate::protocol::{
    ClientMessage, ConversationId, DeviceId, EndReason, Envelope, Head, Hop, Message, Number,
    ServerBody, SessionEnd, encode,
};
use crate::transport::{Channel, CloseReason, Endpoint, SendError, SessionId};
use conversation::{Contact, Conversation, DeliveryOutcome};

/// The pause after an attempt that failed for no reason of the server's.
pub(super) const PAUSE: Duration = Duration::from_millis(500);

/// How long an attempt may take.
pub(super) const ATTEMPT_WAIT: Duration = Duration::from_secs(30);

/// What a client works with: the time, its way to the network, and its dice.
pub struct Ctx<'a> {
    /// The time.
    pub now: Instant,
    /// Everybody's endpoint.
    pub endpoint: &'a mut Endpoint,
    /// Everybody's dice.
    pub random: &'a mut ChaCha20Rng,
    /// The server's addresses; attempts take turns.
    pub addresses: &'a [SocketAddr],
}

/// What the crowd should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberEvent {
    /// The client is signed in; one that stays away has its account.
    SignedIn,
    /// It has found its partners, and may speak.
    Ready,
    /// The server has called a message in this of its conversations stored.
    Stored(usize),
    /// The partner's message of this number has come.
    Delivered(usize, Number),
    /// It is out.
    Left,
    /// It cannot go on.
    Failed(String),
    /// Nobody answers this client at the server's address.
    Unreachable,
}

/// How far a client has come.
pub(super) enum Step {
    /// It has not begun.
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
    /// It has its account and wants no more.
    Away,
    /// Signed in; the partners are looked for when everybody is.
    Inside,
    Resolve,
    Talking,
    /// The server is restarted; until it is back nothing is expected.
    Lost,
    /// An attempt failed; the next one begins at this moment.
    Pausing(Instant),
    Leaving,
    Gone,
}

/// One client.
pub struct Member {
    pub(super) name: String,
    /// It only opens an account.
    pub(super) stays_away: bool,
    pub(super) password: [u8; 16],
    pub(super) has_account: bool,
    pub(super) device: Option<DeviceId>,
    /// What it signs in with, once it has something better than its password.
    pub(super) pass: Option<DeviceTicket>,
    /// The rooms that it belonged to when it came.
    pub(super) rooms: Vec<Head>,
    pub(super) session: Option<SessionId>,
    pub(super) handshake_hash: [u8; 32],
    pub(super) step: Step,
    pub(super) tries: u32,
    /// How often the server has asked for patience.
    pub(super) waits: u32,
    /// When the attempt under way is given up.
    pub(super) due: Option<Instant>,
    /// With whom it is to talk.
    pub(super) contacts: Vec<Contact>,
    /// Its conversations, in the same order, as far as the server has found them.
    pub(super) conversations: Vec<Conversation>,
    /// What the channels had no room for.
    waiting: [VecDeque<Vec<u8>>; Channel::ALL.len()],
}

impl Member {
    /// A client that has not begun.
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
            device: None,
            step: match &pass {
                Some(_) if stays_away => Step::Away,
                _ => Step::Outside,
            },
            pass,
            rooms: Vec::new(),
            session: None,
            handshake_hash: [0; 32],
            tries: 0,
            waits: 0,
            due: None,
            contacts,
            conversations: Vec::new(),
            waiting: Default::default(),
        }
    }

    /// Its user name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it only has an account.
    pub const fn stays_away(&self) -> bool {
        self.stays_away
    }

    /// Whether it is where it is wanted before anything begins.
    pub const fn is_in_place(&self) -> bool {
        matches!(self.step, Step::Away | Step::Inside)
    }

    /// Whether it is on its way in.
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

    /// Begins, or begins again.
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

    /// A moment has come that [`Member::deadline`] named. `true`: it wants to begin again.
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
            // What was under way has had no answer: the session is given up, and its end is the next attempt.
            self.due = None;
            if let Some(session) = self.session {
                ctx.endpoint.close(ctx.now, session, 0, "no answer");
            }
        }
        false
    }

    /// The session stands.
    pub fn connected(&mut self, ctx: &mut Ctx<'_>, handshake_hash: [u8; 32]) {
        self.handshake_hash = handshake_hash;
        self.sign_in(ctx);
    }

    /// The session is over.
    pub fn closed(&mut self, ctx: &Ctx<'_>, reason: &CloseReason) -> Option<MemberEvent> {
        self.session = None;
        match self.step {
            Step::Leaving | Step::Gone => {
                self.step = Step::Gone;
                self.due = None;
                Some(MemberEvent::Left)
            }
            Step::Away | Step::Lost => None,
            _ if *reason == CloseReason::NoAnswer && !self.has_account && self.tries >= 2 => {
                Some(MemberEvent::Unreachable)
            }
            Step::Inside | Step::Resolve | Step::Talking => {
                Some(MemberEvent::Failed(format!("lost its session: {reason}")))
            }
            _ => self.again(ctx.now, PAUSE, &reason.to_string()),
        }
    }

    /// Sends a request on the control channel.
    pub(super) fn request(&mut self, ctx: &mut Ctx<'_>, message: &ClientMessage) {
        let bytes = encode(message, Hop::default());
        if let Some(session) = self.session {
            // The control channel holds one request of a few hundred bytes; a session that is closed says so itself.
            let _ = ctx
                .endpoint
                .send(ctx.now, session, Channel::Control, &bytes);
        }
    }

    /// Says the next thing in one of its conversations: which that is, and the number.
    pub fn send_next(
        &mut self,
        ctx: &mut Ctx<'_>,
        talk: usize,
    ) -> Option<(ConversationId, Number)> {
        let talk = self.conversations.get_mut(talk)?;
        let (conversation, channel) = (talk.conversation(), talk.channel());
        let (number, bytes) = talk.send_next();
        self.send(ctx, channel, bytes);
        Some((conversation, number))
    }

    /// Sends on a channel, as soon as there is room.
    pub(super) fn send(&mut self, ctx: &mut Ctx<'_>, channel: Channel, bytes: Vec<u8>) {
        self.waiting[channel as usize].push_back(bytes);
        self.flush(ctx, channel);
    }

    /// Sends what waits for room on a channel.
    pub fn flush(&mut self, ctx: &mut Ctx<'_>, channel: Channel) {
        let Some(session) = self.session else {
            return;
        };
        let waiting = &mut self.waiting[channel as usize];
        while let Some(bytes) = waiting.front() {
            match ctx.endpoint.send(ctx.now, session, channel, bytes) {
                Err(SendError::Full) => return,
                // Lengths are checked on the command line, and a session that is closed says so itself.
                Ok(()) | Err(_) => waiting.pop_front(),
            };
        }
    }

    /// Acknowledges what has come in this batch.
    pub fn send_receipts(&mut self, ctx: &mut Ctx<'_>) {
        for talk in 0..self.conversations.len() {
            if let Some(receipt) = self.conversations[talk].take_receipt() {
                self.send(ctx, Channel::Chat, receipt);
            }
        }
    }

    /// One of its conversations, and the member whose messages it hears there.
    pub fn conversation(&self, talk: usize) -> Option<(ConversationId, usize)> {
        let talk = self.conversations.get(talk)?;
        Some((talk.conversation(), talk.speaker()))
    }

    /// Whether it is to talk with anybody.
    pub const fn has_contacts(&self) -> bool {
        !self.contacts.is_empty()
    }

    fn talk_of(&self, conversation: ConversationId) -> Option<usize> {
        let mut conversations = self.conversations.iter();
        conversations.position(|talk| talk.conversation() == conversation)
    }

    /// Begins to leave.
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

    /// The server goes away on purpose.
    pub fn suspend(&mut self) {
        self.step = Step::Lost;
        self.due = None;
        self.conversations.clear();
        for waiting in &mut self.waiting {
            waiting.clear();
        }
    }

    /// The server is back: what is left of the session before is given up.
    pub fn forget_session(&mut self, ctx: &mut Ctx<'_>) -> Option<SessionId> {
        let session = self.session.take()?;
        ctx.endpoint.close(ctx.now, session, 0, "bye");
        Some(session)
    }

    /// It is out without a goodbye: the server ends with the measurement.
    pub fn drop_out(&mut self) {
        self.step = Step::Gone;
        self.due = None;
    }

    /// Closes the session, whatever it waits for.
    pub fn hang_up(&mut self, ctx: &mut Ctx<'_>) {
        if let Some(session) = self.session {
            ctx.endpoint.close(ctx.now, session, 0, "bye");
        }
    }

    /// Whether it is out.
    pub const fn is_gone(&self) -> bool {
        matches!(self.step, Step::Gone)
    }

    /// Something has come from the server.
    pub fn handle_message(&mut self, ctx: &mut Ctx<'_>, bytes: &[u8]) -> Option<MemberEvent> {
        if matches!(self.step, Step::Lost) {
            return None;
        }
        let Ok(envelope) = Envelope::decode(bytes) else {
            return Some(MemberEvent::Failed("was sent what is no message".into()));
        };
        if let Some(delivery) = envelope.hop.delivery {
            let talk = self.talk_of(delivery.conversation)?;
            return match self.conversations[talk].handle_delivery(&envelope, delivery) {
                DeliveryOutcome::Message(number) => Some(MemberEvent::Delivered(talk, number)),
                DeliveryOutcome::Nothing => None,
                DeliveryOutcome::Gap => {
                    let again = self.conversations[talk].ask_again();
                    self.send(ctx, Channel::Chat, again);
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
                let talk = self.talk_of(stored.conversation)?;
                let heard = self.conversations[talk].handle_stored(&stored);
                if !heard.follows {
                    let again = self.conversations[talk].ask_again();
                    self.send(ctx, Channel::Chat, again);
                }
                heard.is_news.then_some(MemberEvent::Stored(talk))
            }
            ServerBody::SendAgain(_) => {
                for talk in &self.conversations {
                    let again = talk.unstored().map(Into::into);
                    self.waiting[talk.channel() as usize].extend(again);
                }
                for channel in Channel::ALL {
                    self.flush(ctx, channel);
                }
                None
            }
            ServerBody::Failure(failure) => self.refused(ctx, message.header.command, &failure),
            body => self.handle_answer(ctx, body),
        }
    }
}
