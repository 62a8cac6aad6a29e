//! Which part of the hub each message of a session, and each answer of the store, belongs to.

use super::completions::Pending;
use super::{Hub, Turn};
use crate::protocol::{
    AccountId, ClientBody, ClientMessage, Command, Envelope, ErrorCode, Failure, Message, SendAgain,
};
use crate::server::limits::account_budget::Cost;
use crate::server::policy;
use crate::store::Completion;
use crate::transport::{Channel, SessionId};

impl Hub {
    /// Handles a message of a session on which this account is signed in, and charges it; returns its weight.
    pub(in crate::server) fn take_message(
        &mut self,
        turn: &mut Turn<'_>,
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
                let conversation = message.header.origin.map(|origin| origin.conversation);
                let to = account.zip(conversation);
                to.map_or(0, |(author, conversation)| {
                    self.reader_count(author, conversation)
                })
            }),
            Err(_) => Cost::REFUSED,
        };
        if let Some(account) = account {
            let now = turn.now.instant;
            self.budgets.charge(now, account, cost, bytes.len());
            self.requests.begin(account, cost.weight());
        }
        match opened {
            Ok((envelope, message)) => self.handle(turn, id, channel, &envelope, message),
            Err(error) => self.take_broken(turn, id, channel, &error),
        }
        self.requests.end();
        cost.weight()
    }

    fn handle(
        &mut self,
        turn: &mut Turn<'_>,
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
            if let Some(origin) = header.origin {
                failure.conversation = Some(origin.conversation);
                failure.number = Some(origin.number);
            }
            return Self::refuse(turn, id, channel, header.command, failure);
        }
        match message.body {
            ClientBody::SignUp(body) => self.sign_up(turn, id, body),
            ClientBody::SignUpFinish(body) => self.sign_up_finish(turn, id, &body),
            ClientBody::Login(body) => self.login(turn, id, body),
            ClientBody::LoginFinish(body) => self.login_finish(turn, id, &body),
            ClientBody::Resume(body) => self.resume_by_ticket(turn, id, &body),
            ClientBody::SessionEnd(_) => self.logout(turn, id),
            ClientBody::Hello(body) => self.hello(turn, id, channel, body),
            ClientBody::Resolve(body) => self.resolve(turn, id, channel, &body),
            ClientBody::Join(body) => self.join(turn, id, channel, &body),
            ClientBody::Leave(body) => self.leave(turn, id, channel, body),
            ClientBody::RoomsRequest(body) => self.list_rooms(turn, id, channel, body),
            ClientBody::MembersRequest(body) => self.list_members(turn, id, channel, body),
            ClientBody::Moderate(body) => self.moderate(turn, id, channel, body),
            ClientBody::HistoryRequest(body) => self.page_back(turn, id, channel, body),
            ClientBody::Block(body) => self.block(turn, id, channel, &body),
            ClientBody::ContactsRequest(body) => self.contacts(turn, id, channel, body.tag),
            ClientBody::Text(text) => {
                let content = envelope.content.to_vec();
                self.text(turn, id, channel, header, &text, content, envelope.digest);
            }
            ClientBody::Received(body) => self.received(turn, id, body),
            ClientBody::DeliverAgain(body) => self.deliver_again(turn, id, channel, body),
            ClientBody::Void(body) => self.void(turn, id, channel, body),
            ClientBody::ReceiptsRequest(body) => self.request_receipts(turn, id, body.conversation),
            ClientBody::Failure(failure) => {
                self.counters.damaged += u64::from(failure.code == ErrorCode::Digest);
                self.reported(id, failure.code);
            }
            ClientBody::Unsupported => {}
        }
    }

    /// A device reports an entry that stays damaged. The log is told once for a session.
    pub(in crate::server) fn reported(&mut self, id: SessionId, code: ErrorCode) {
        if let Some(session) = self.sessions.get_mut(id)
            && !std::mem::replace(&mut session.has_reported, true)
        {
            tracing::warn!(session = id.0, %code, "a device reports damage");
        }
    }

    /// What could not be decoded is refused by name and counted; damaged content is asked for again.
    pub(in crate::server) fn take_broken(
        &mut self,
        turn: &mut Turn<'_>,
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
                tracing::warn!(
                    session = id.0,
                    "a message came with a digest that does not fit"
                );
            }
            let message = Message::control(SendAgain {
                damaged: session.damaged,
            });
            // What carries a digest of its author's is kept by its author until it is called stored, on whichever
            // channel it goes; requests are made again when they are refused.
            if session.user().is_some() && channel != Channel::Control {
                return Self::answer(turn, id, channel, &message);
            }
        } else {
            self.counters.malformed += 1;
        }
        let code = match error {
            crate::protocol::DecodeError::Digest => ErrorCode::Digest,
            _ => ErrorCode::Malformed,
        };
        let failure = Failure::new(code, error.to_string());
        Self::refuse(turn, id, channel, Command::Other(0), failure);
    }

    pub(in crate::server) fn take_completion(
        &mut self,
        turn: &mut Turn<'_>,
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
                self.sign_up_named(turn, session, name, &request, outcome);
            }
            Pending::SignUp { session } => self.signed_up(turn, session, outcome),
            Pending::LoginName {
                session,
                name,
                request,
            } => {
                self.login_named(turn, session, &name, &request, outcome);
            }
            Pending::Device { session, ticket } => {
                self.device_known(turn, session, Command::LoginFinish, ticket, outcome);
            }
            Pending::Resume { session, ticket } => {
                self.device_known(turn, session, Command::Resume, ticket, outcome);
            }
            Pending::Revoke { account, device } => self.revoked(turn, account, device, &outcome),
            Pending::Hello { session, channel } => self.greet(turn, session, channel, outcome),
            Pending::Resolve {
                session,
                channel,
                tag,
            } => {
                Self::resolved(turn, session, channel, tag, outcome);
            }
            Pending::Join(asked, making) => self.joined(turn, asked, &making, outcome),
            Pending::MakeRoom(owner, reply) => self.room_made(turn, owner, &reply, outcome),
            Pending::Leave(asked, room) => self.left(turn, asked, room, outcome),
            Pending::ChangeRoom(asked, room) => self.moderated(turn, asked, room, outcome),
            Pending::Rooms(asked, pages) => self.rooms_listed(turn, asked, pages, outcome),
            Pending::RoomUses => self.rooms_seen(turn, outcome),
            Pending::Members(asked, room) => self.members_listed(turn, asked, room, outcome),
            Pending::Block(asked) => self.blocked(turn, asked, outcome),
            Pending::History(asked, conversation) => {
                self.paged_back(turn, asked, conversation, outcome);
            }
            Pending::Append(appended) => self.appended(turn, &appended, outcome),
            Pending::Void {
                session,
                conversation,
                number,
            } => {
                Self::voided(turn, session, conversation, number, outcome);
            }
            Pending::Read {
                session,
                conversation,
                after,
            } => {
                self.read(turn, session, conversation, after, outcome);
            }
            Pending::Marks {
                session,
                conversation,
            } => {
                self.tell_receipts(turn, session, conversation, outcome);
            }
            Pending::Tally(conversation) => self.tally_loaded(turn, conversation, outcome),
            Pending::Advance { marks, seen } => self.advanced(turn, marks, seen, outcome),
            Pending::Expire => self.expired(turn, outcome),
        }
    }
}
