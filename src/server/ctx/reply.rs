//! How requests are answered: at once, in parts as there is room for them, or with an error.

use std::time::Duration;

use super::requests::{Pending, RequestOrigin};
use super::{CODE_NOT_READING, Ctx, Followup};
use crate::protocol::{
    Command, ConversationId, ErrorCode, Failure, Hop, Message, Scratch, ServerBody, ServerMessage,
};
use crate::store::{Outcome, Refusal, Request};
use crate::text::number::size;
use crate::transport::{Channel, Endpoint, Now, SendError, Sending, SessionId};

/// Sends what the session should know; the caller decides what to do where there is no room.
pub fn send(
    now: Now,
    transport: (&mut Endpoint, &mut Scratch),
    session: SessionId,
    channel: Channel,
    message: &ServerMessage,
) -> Result<(), SendError> {
    send_as(Kind::Unasked, now, transport, (session, channel), message)
}

/// Why something is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The session has asked.
    Answer,
    Unasked,
}

fn send_as(
    kind: Kind,
    now: Now,
    (endpoint, scratch): (&mut Endpoint, &mut Scratch),
    (session, channel): (SessionId, Channel),
    message: &ServerMessage,
) -> Result<(), SendError> {
    let recipient_data = match message.body {
        ServerBody::SessionStart(_) | ServerBody::Greeting(_) => {
            endpoint.remote(session).map(Into::into)
        }
        _ => None,
    };
    let hop = Hop {
        recipient_data,
        delivery: None,
    };
    let bytes = scratch.encode(message, hop);
    let sending = Sending {
        may_wait: message.body.may_wait(),
        is_reply: kind == Kind::Answer,
    };
    endpoint.send_message(now.instant, session, channel, bytes, sending)
}

impl Ctx<'_> {
    /// Sends what the session should know; the caller decides what to do where there is no room.
    pub fn send(
        &mut self,
        session: SessionId,
        channel: Channel,
        message: &ServerMessage,
    ) -> Result<(), SendError> {
        send(
            self.now,
            (self.endpoint, self.scratch),
            session,
            channel,
            message,
        )
    }

    /// Answers a request. A session that does not read the answers to its own requests is closed; deliveries under way to it do
    /// not use up the room of answers.
    pub fn respond(&mut self, session: SessionId, channel: Channel, message: &ServerMessage) {
        if self.try_respond(session, channel, message) == Err(SendError::Full) {
            self.close_unread(session);
        }
    }

    /// Answers a request; the caller decides what to do where even the room of answers is full.
    pub fn try_respond(
        &mut self,
        session: SessionId,
        channel: Channel,
        message: &ServerMessage,
    ) -> Result<(), SendError> {
        let transport = (&mut *self.endpoint, &mut *self.scratch);
        send_as(
            Kind::Answer,
            self.now,
            transport,
            (session, channel),
            message,
        )
    }

    /// Closes a session that does not read the answers to its own requests.
    pub fn close_unread(&mut self, session: SessionId) {
        let now = self.now.instant;
        let reason = "answers were not read";
        self.endpoint.close(now, session, CODE_NOT_READING, reason);
    }

    pub fn send_error(
        &mut self,
        session: SessionId,
        channel: Channel,
        command: Command,
        failure: Failure,
    ) {
        self.respond(session, channel, &Message::error(command, failure));
    }

    /// The origin of a request, if somebody is signed in on the session.
    pub fn request_origin(
        &self,
        session: SessionId,
        channel: Channel,
        tag: u32,
    ) -> Option<RequestOrigin> {
        let user = self.sessions.user(session)?;
        Some(RequestOrigin {
            session,
            channel,
            account: user.account,
            device: user.device,
            tag,
        })
    }

    /// Submits a request to the store, or answers that it has no room; whether it was submitted.
    pub fn submit_for(
        &mut self,
        origin: RequestOrigin,
        command: Command,
        pending: Pending,
        request: impl Into<Request>,
    ) -> bool {
        let is_submitted = self.store.submit(pending, request);
        if !is_submitted {
            self.reject_request(origin, command, Failure::new(ErrorCode::Unavailable, ""));
        }
        is_submitted
    }

    /// The same where the answer may be long: the session's next request is taken once it has gone out.
    pub fn submit_for_list(
        &mut self,
        origin: RequestOrigin,
        command: Command,
        pending: Pending,
        request: impl Into<Request>,
    ) {
        if self.submit_for(origin, command, pending, request)
            && let Some(session) = self.sessions.get_mut(origin.session)
        {
            session.busy = true;
        }
    }

    /// Whether the device that made a request is still signed in on its session.
    pub fn is_connected(&self, origin: RequestOrigin) -> bool {
        self.is_on(origin.session, origin.device)
    }

    /// Answers a request, unless its session has ended meanwhile.
    pub fn respond_if_connected(&mut self, origin: RequestOrigin, answer: impl Into<ServerBody>) {
        if self.is_connected(origin) {
            self.respond(origin.session, origin.channel, &Message::control(answer));
        }
    }

    /// Answers a request with an error, unless its session has ended meanwhile.
    pub fn send_error_if_connected(
        &mut self,
        origin: RequestOrigin,
        command: Command,
        failure: Failure,
    ) {
        if self.is_connected(origin) {
            self.reject_request(origin, command, failure);
        }
    }

    /// Answers a request with an error.
    pub fn reject_request(&mut self, origin: RequestOrigin, command: Command, failure: Failure) {
        let failure = Failure {
            tag: Some(origin.tag),
            ..failure
        };
        self.send_error(origin.session, origin.channel, command, failure);
    }

    /// Whether the account may change rooms or blocks again already; else it is told to wait.
    pub fn check_change_rate(&mut self, origin: RequestOrigin, command: Command) -> bool {
        let now = self.now.instant;
        let counted = self.throttle.change_room(now, origin.account);
        if let Err(wait) = counted {
            self.reject_request(origin, command, too_many(wait));
        }
        counted.is_ok()
    }

    /// Whether the account belongs to a room. An outsider is told nothing about it, not even whether it exists.
    pub fn check_membership(
        &mut self,
        origin: RequestOrigin,
        command: Command,
        room: ConversationId,
    ) -> bool {
        let belongs = self.presence.is_in(origin.account, room);
        if !belongs {
            self.reject_request(origin, command, Failure::new(ErrorCode::NotPermitted, ""));
        }
        belongs
    }

    /// Answers in as many parts as it takes; the session's next request is taken once they have gone out.
    pub fn respond_paged(
        &mut self,
        id: SessionId,
        channel: Channel,
        parts: impl IntoIterator<Item = ServerMessage>,
    ) {
        if let Some(user) = self.sessions.user_mut(id) {
            let parts = parts.into_iter().map(|part| (channel, part));
            user.pending_responses.extend(parts);
        }
        self.flush_responses(id);
    }

    /// Sends of a long answer what there is room for. It may be longer than a send buffer, since others decide how
    /// many talk to this account, and how many belong to a room; the rest follows when there is room.
    pub fn flush_responses(&mut self, id: SessionId) {
        let Some(user) = self.sessions.user_mut(id) else {
            return;
        };
        let had_some = !user.pending_responses.is_empty();
        while let Some((channel, message)) = user.pending_responses.front() {
            // Event::Writable goes on from here; a session that is closed needs nothing more.
            if send(
                self.now,
                (self.endpoint, self.scratch),
                id,
                *channel,
                message,
            )
            .is_err()
            {
                break;
            }
            user.on_part_sent();
        }
        if had_some && user.pending_responses.is_empty() {
            self.followups.push_back(Followup::ReadOn(id));
            self.unblock(id);
        }
        self.note_pending_responses(id);
    }

    /// What waits for room of a session has changed. Closes those for whom the most waits while it is too much for all.
    pub fn note_pending_responses(&mut self, id: SessionId) {
        if let Some(user) = self.sessions.user_mut(id) {
            let parts = user.pending_parts();
            self.responses.set(id, &mut user.pending_share, parts);
        }
        while self.responses.is_over()
            && let Some(most) = self.responses.hungriest()
            && let Some(user) = self.sessions.user_mut(most)
        {
            user.discard_responses();
            self.responses.set(most, &mut user.pending_share, 0);
            self.evict(most, CODE_NOT_READING, "answers were not read");
        }
    }
}

/// A list in parts that each fit a message; there is at least one.
pub fn in_parts<T, B>(
    rows: Vec<T>,
    per_part: usize,
    part: impl Fn(Vec<T>, bool) -> B,
) -> Vec<ServerMessage>
where
    B: Into<ServerBody>,
{
    let mut rows = rows.into_iter().peekable();
    let mut parts = Vec::new();
    loop {
        let some = rows.by_ref().take(per_part).collect();
        let more = rows.peek().is_some();
        parts.push(Message::control(part(some, more)));
        if !more {
            return parts;
        }
    }
}

/// The failure of what is done too often.
pub fn too_many(wait: Duration) -> Failure {
    let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
    Failure {
        wait_ms: Some(wait_ms),
        ..Failure::new(ErrorCode::TooManyAttempts, "")
    }
}

/// The wire's code for a refusal of the store, or for no answer.
pub fn failure_of(outcome: &Outcome) -> Failure {
    let (code, detail) = match outcome {
        Outcome::Refused(Refusal::NameTaken) => (ErrorCode::NameTaken, String::new()),
        Outcome::Refused(Refusal::LooksLike(name)) => (ErrorCode::NameLooksLike, name.clone()),
        Outcome::Refused(Refusal::NoSuchUser) => (ErrorCode::NoSuchUser, String::new()),
        Outcome::Refused(Refusal::Deleted) => (ErrorCode::AccountDeleted, String::new()),
        Outcome::Refused(Refusal::Password) => (ErrorCode::LoginFailed, String::new()),
        Outcome::Refused(Refusal::NoSuchDevice) => (ErrorCode::NoSuchDevice, String::new()),
        Outcome::Refused(Refusal::Disabled(reason)) => (ErrorCode::AccountDisabled, reason.clone()),
        Outcome::Refused(Refusal::Code | Refusal::NoSuchInvitation) => {
            (ErrorCode::CodeRefused, String::new())
        }
        // Only the operator lifts bans.
        Outcome::Refused(Refusal::NoSuchBan) => (ErrorCode::BadReference, String::new()),
        Outcome::Refused(Refusal::Ticket) => (ErrorCode::TicketRefused, String::new()),
        Outcome::Refused(Refusal::ToOneself) => (ErrorCode::ToOneself, String::new()),
        Outcome::Refused(Refusal::Expect(number)) => {
            let failure = Failure::new(ErrorCode::Expect, "");
            return Failure {
                expected: Some(number.0),
                ..failure
            };
        }
        Outcome::Refused(Refusal::Attempt(attempt)) => {
            let failure = Failure::new(ErrorCode::EarlierAttempt, "");
            return Failure {
                expected: Some(attempt.saturating_add(1)),
                ..failure
            };
        }
        Outcome::Refused(Refusal::SaidBefore(_)) => (ErrorCode::SaidBefore, String::new()),
        Outcome::Refused(Refusal::Conflict) => (ErrorCode::Conflict, String::new()),
        Outcome::Refused(Refusal::UnknownNumber) => (ErrorCode::UnknownNumber, String::new()),
        Outcome::Refused(Refusal::NotPermitted) => (ErrorCode::NotPermitted, String::new()),
        Outcome::Refused(Refusal::Outranked) => (ErrorCode::Outranked, String::new()),
        Outcome::Refused(Refusal::OnlyOthers(who)) => (ErrorCode::NotPermitted, (*who).to_owned()),
        Outcome::Refused(Refusal::BadReference(why)) => {
            (ErrorCode::BadReference, (*why).to_owned())
        }
        Outcome::Refused(Refusal::NoSuchFile) => (ErrorCode::NoSuchFile, String::new()),
        Outcome::Refused(Refusal::NoSuchRoom) => (ErrorCode::NoSuchRoom, String::new()),
        Outcome::Refused(Refusal::NotInvited) => (ErrorCode::NotInvited, String::new()),
        Outcome::Refused(Refusal::NotAMember) => (ErrorCode::NotAMember, String::new()),
        Outcome::Refused(Refusal::QuotaFull(most)) => {
            let detail = format!("your {} at this server are full", size(*most));
            (ErrorCode::QuotaFull, detail)
        }
        Outcome::Refused(Refusal::StorageFull) => (
            ErrorCode::QuotaFull,
            "this server's storage is full, and you use more than your share".into(),
        ),
        Outcome::Refused(Refusal::LimitReached(limit)) => {
            (ErrorCode::LimitReached, limit.sentence().to_owned())
        }
        Outcome::Done(_) | Outcome::Unknown => (
            ErrorCode::Unavailable,
            "the server's storage does not answer".into(),
        ),
    };
    Failure::new(code, detail)
}
