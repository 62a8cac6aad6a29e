//! Which part of the hub each message of a session, and each answer of the store, belongs to.

use super::completions::Pending;
use super::{Ctx, Hub};
use crate::protocol::{
    AccountId, ClientBody, ClientMessage, Command, Envelope, ErrorCode, Failure, Message, SendAgain,
};
use crate::server::limits::account_budget::Cost;
use crate::server::policy;
use crate::store::Completion;
use crate::transport::{Channel, SessionId};

impl Hub {
    /// Handles a message of a session on which this account is signed in, and charges it; returns its weight.
    pub(in crate::server) fn handle_message(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        channel: Channel,
        account: Option<AccountId>,
        bytes: &[u8],
    ) -> u32 {
        let opened = Envelope::decode(bytes).and_then(|envelope| {
            let message = envelope.open()?;
            Ok((envelope, message))
        });
        let cost = match &opened {
            Ok((_, message)) => Cost::of(&message.body, || {
                let conversation = message.header.entry.map(|entry| entry.origin.conversation);
                let to = account.zip(conversation);
                to.map_or(0, |(author, conversation)| {
                    self.reader_count(author, conversation)
                })
            }),
            Err(_) => Cost::REFUSED,
        };
        if let Some(account) = account {
            let now = ctx.now.instant;
            self.budgets.charge(now, account, cost, bytes.len());
            self.requests.begin(account, cost.weight());
        }
        match opened {
            Ok((envelope, message)) => self.handle(ctx, id, channel, &envelope, message),
            Err(error) => self.handle_undecodable(ctx, id, channel, &error),
        }
        self.requests.end();
        cost.weight()
    }

    fn handle(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        channel: Channel,
        envelope: &Envelope<'_>,
        message: ClientMessage,
    ) {
        let Some(session) = self.sessions.get(id) else {
            return;
        };
        let header = message.header;
        let permitted = policy::permit(session.role(), self.config.registration, &message.body);
        let lane = message.body.lane();
        let refused = match permitted {
            Err(code) => Some((code, String::new())),
            Ok(()) if (channel as u8) < lane as u8 => {
                let detail = format!("this is for the {} channel", lane.word());
                Some((ErrorCode::Malformed, detail))
            }
            Ok(()) => None,
        };
        if let Some((code, detail)) = refused {
            let mut failure = Failure::new(code, detail);
            failure.tag = message.body.tag();
            if let Some(entry) = header.entry {
                failure.conversation = Some(entry.origin.conversation);
                failure.number = Some(entry.origin.number);
            }
            return Self::send_error(ctx, id, channel, header.command, failure);
        }
        match message.body {
            ClientBody::SignUp(body) => self.sign_up(ctx, id, body),
            ClientBody::SignUpFinish(body) => self.sign_up_finish(ctx, id, &body),
            ClientBody::Login(body) => self.login(ctx, id, body),
            ClientBody::LoginFinish(body) => self.login_finish(ctx, id, &body),
            ClientBody::Resume(body) => self.resume_by_ticket(ctx, id, &body),
            ClientBody::SessionEnd(_) => self.logout(ctx, id),
            ClientBody::Hello(body) => self.hello(ctx, id, channel, body),
            ClientBody::Resolve(body) => self.resolve(ctx, id, channel, &body),
            ClientBody::Join(body) => self.join(ctx, id, channel, &body),
            ClientBody::Leave(body) => self.leave(ctx, id, channel, body),
            ClientBody::RoomsRequest(body) => self.list_rooms(ctx, id, channel, body),
            ClientBody::MembersRequest(body) => self.list_members(ctx, id, channel, body),
            ClientBody::Moderate(body) => self.moderate(ctx, id, channel, body),
            ClientBody::HistoryRequest(body) => self.load_history(ctx, id, channel, body),
            ClientBody::Block(body) => self.block(ctx, id, channel, &body),
            ClientBody::ContactsRequest(body) => self.contacts(ctx, id, channel, body.tag),
            ClientBody::Entry(body) => self.on_entry(ctx, id, channel, &header, &body, envelope),
            ClientBody::Received(body) => self.on_received(ctx, id, body),
            ClientBody::DeliverAgain(body) => self.deliver_again(ctx, id, channel, body),
            ClientBody::Void(body) => self.void(ctx, id, channel, body),
            ClientBody::ReceiptsRequest(body) => self.request_receipts(ctx, id, body.conversation),
            ClientBody::Failure(failure) => {
                self.counters.damaged += u64::from(failure.code == ErrorCode::Digest);
                self.on_damage_reported(id, failure.code);
            }
            ClientBody::Unsupported => {}
        }
    }

    /// A device reports an entry that stays damaged. The log is told once for a session.
    pub(in crate::server) fn on_damage_reported(&mut self, id: SessionId, code: ErrorCode) {
        if let Some(session) = self.sessions.get_mut(id)
            && !std::mem::replace(&mut session.has_reported, true)
        {
            tracing::warn!(session = id.0, %code, "a device reports damage");
        }
    }

    /// What could not be decoded is refused by name and counted; damaged content is asked for again.
    pub(in crate::server) fn handle_undecodable(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        channel: Channel,
        error: &crate::protocol::DecodeError,
    ) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        if *error == crate::protocol::DecodeError::Digest {
            self.counters.damaged += 1;
            session.damaged = session.damaged.saturating_add(1);
            // Once for a session: a peer that means harm could fill the disk with it.
            if session.damaged == 1 {
                tracing::warn!(session = id.0, "a message arrived with a wrong digest");
            }
            let message = Message::control(SendAgain {
                damaged: session.damaged,
            });
            // What carries a digest of its author's is kept by its author until it is called stored, on whichever
            // channel it goes; requests are made again when they are refused.
            if session.user().is_some() && channel != Channel::Control {
                return Self::respond(ctx, id, channel, &message);
            }
        } else {
            self.counters.malformed += 1;
        }
        let code = match error {
            crate::protocol::DecodeError::Digest => ErrorCode::Digest,
            _ => ErrorCode::Malformed,
        };
        let failure = Failure::new(code, error.to_string());
        Self::send_error(ctx, id, channel, Command::Other(0), failure);
    }

    pub(in crate::server) fn handle_completion(
        &mut self,
        ctx: &mut Ctx<'_>,
        completion: Completion,
    ) {
        self.store.release();
        let Some(pending) = self.requests.take(completion.id) else {
            return;
        };
        let outcome = completion.outcome;
        match pending {
            Pending::SignUpName {
                session,
                name,
                request,
            } => {
                self.on_sign_up_checked(ctx, session, name, &request, outcome);
            }
            Pending::SignUp { session } => self.on_signed_up(ctx, session, outcome),
            Pending::LoginName {
                session,
                name,
                request,
            } => {
                self.on_login_account(ctx, session, &name, &request, outcome);
            }
            Pending::Device { session, ticket } => {
                self.on_device_opened(ctx, session, Command::LoginFinish, ticket, outcome);
            }
            Pending::Resume { session, ticket } => {
                self.on_device_opened(ctx, session, Command::Resume, ticket, outcome);
            }
            Pending::Revoke { account, device } => self.on_revoked(ctx, account, device, &outcome),
            Pending::Hello { session, channel } => {
                self.on_hello_loaded(ctx, session, channel, outcome);
            }
            Pending::Resolve {
                session,
                channel,
                tag,
            } => {
                Self::on_resolved(ctx, session, channel, tag, outcome);
            }
            Pending::Join(origin, creation) => self.on_joined(ctx, origin, &creation, outcome),
            Pending::CreateRoom(owner, reply) => self.on_room_created(ctx, owner, &reply, outcome),
            Pending::Leave(origin, room) => self.on_left(ctx, origin, room, outcome),
            Pending::ChangeRoom(origin, room) => self.on_moderated(ctx, origin, room, outcome),
            Pending::Rooms(origin, pages) => self.on_rooms_listed(ctx, origin, pages, outcome),
            Pending::RoomUses => self.on_rooms_counted(ctx, outcome),
            Pending::Members(origin, room) => self.on_members_listed(ctx, origin, room, outcome),
            Pending::Block(origin) => self.on_blocked(ctx, origin, outcome),
            Pending::History(origin, conversation) => {
                self.on_history_page(ctx, origin, conversation, outcome);
            }
            Pending::Append(appended) => self.on_appended(ctx, &appended, outcome),
            Pending::Void {
                session,
                conversation,
                number,
            } => {
                Self::on_voided(ctx, session, conversation, number, outcome);
            }
            Pending::Read {
                session,
                conversation,
                after,
            } => {
                self.on_read(ctx, session, conversation, after, outcome);
            }
            Pending::Marks {
                session,
                conversation,
            } => {
                self.on_marks_loaded(ctx, session, conversation, outcome);
            }
            Pending::Counts(conversation) => self.on_counts_loaded(ctx, conversation, outcome),
            Pending::Advance { marks, seen } => self.on_advanced(ctx, marks, seen, outcome),
            Pending::Expire => self.on_expired(ctx, outcome),
        }
    }
}
