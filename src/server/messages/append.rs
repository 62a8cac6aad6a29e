//! The way of a message from its author into the log. It goes on to its readers only once it is durable.

use super::fanout::{CHAT, OutgoingEntry};
use crate::protocol::{
    AccountId, CONTENT_MAX_BYTES, Command, ConversationId, DeviceId, EntryBody, Envelope,
    ErrorCode, Failure, Header, Message, Number, Origin, Resolve, Resolved, Stored, Void, Voided,
};
use crate::server::auth::failure_of;
use crate::server::hub::completions::{Pending, PendingAppend};
use crate::server::hub::{Ctx, Hub};
use crate::server::policy;
use crate::store::{Append, Audience, Outcome, Read, Reply, StoredEntry, Write};
use crate::transport::{Channel, SessionId};

impl Hub {
    /// The conversation with somebody is asked for.
    pub(in crate::server) fn resolve(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        channel: Channel,
        body: &Resolve,
    ) {
        let tag = body.tag;
        let Some(user) = self.sessions.user(id) else {
            return;
        };
        let failure = match crate::server::names::Name::parse(&body.name) {
            // A text that cannot be a name is nobody's.
            Err(error) => Failure::new(ErrorCode::NoSuchUser, error.to_string()),
            Ok(name) => {
                let request = Read::Resolve {
                    account: user.account,
                    device: user.device,
                    name: name.canonical().to_owned(),
                };
                if self.submit(
                    Pending::Resolve {
                        session: id,
                        channel,
                        tag,
                    },
                    request,
                ) {
                    return;
                }
                Failure::new(ErrorCode::Unavailable, "")
            }
        };
        let failure = Failure {
            tag: Some(tag),
            ..failure
        };
        Self::send_error(ctx, id, channel, Command::Resolve, failure);
    }

    pub(in crate::server) fn on_resolved(
        ctx: &mut Ctx<'_>,
        id: SessionId,
        channel: Channel,
        tag: u32,
        outcome: Outcome,
    ) {
        let Outcome::Done(Reply::Resolved { standing, peer }) = outcome else {
            let failure = Failure {
                tag: Some(tag),
                ..failure_of(&outcome)
            };
            return Self::send_error(ctx, id, channel, Command::Resolve, failure);
        };
        let answer = Resolved {
            tag,
            conversation: standing.conversation,
            name: peer.name,
            account: peer.id,
            last_number: standing.last_number,
            start: standing.start,
        };
        Self::respond(ctx, id, channel, &Message::control(answer));
    }

    /// A user says something: it goes into the log.
    pub(in crate::server) fn on_entry(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        channel: Channel,
        header: &Header,
        body: &EntryBody,
        envelope: &Envelope<'_>,
    ) {
        let (Some(user), Some(entry)) = (self.sessions.user(id), header.entry) else {
            return;
        };
        let Origin {
            conversation,
            device,
            number,
        } = entry.origin;
        let refused = match policy::check_entry(header, &entry, body) {
            Err(refused) => Some(refused),
            Ok(()) if envelope.content.len() > CONTENT_MAX_BYTES => {
                Some((ErrorCode::TextTooLong, String::new()))
            }
            Ok(()) if device != user.device => Some((ErrorCode::NotPermitted, String::new())),
            Ok(()) => None,
        };
        if let Some((code, detail)) = refused {
            let failure = Failure {
                detail,
                ..Failure::of_number(code, conversation, number)
            };
            return Self::send_error(ctx, id, channel, header.command, failure);
        }
        let content = envelope.content.to_vec();
        let digest = envelope.digest;
        let appended = PendingAppend {
            session: id,
            author: user.account,
            device,
            conversation,
            number,
            name: user.name.clone(),
            content: content.clone(),
            digest,
        };
        let request = Write::Append(Append {
            conversation,
            author: user.account,
            device,
            number,
            digest,
            content,
            time_ms: ctx.now.unix_ms,
            quota: self.config.limits.quota(),
        });
        if !self.submit(Pending::Append(appended), request) {
            let failure = Failure::of_number(ErrorCode::Unavailable, conversation, number);
            Self::send_error(ctx, id, channel, header.command, failure);
        }
    }

    /// The store has answered: the author is told, and the others are sent it.
    pub(in crate::server) fn on_appended(
        &mut self,
        ctx: &mut Ctx<'_>,
        appended: &PendingAppend,
        outcome: Outcome,
    ) {
        let PendingAppend {
            session,
            conversation,
            number,
            ..
        } = *appended;
        match outcome {
            Outcome::Done(Reply::Stored(stored)) => {
                self.counters.stored += u64::from(!stored.repeated);
                self.ack_stored(ctx, appended, &stored);
                if !stored.repeated {
                    let outgoing = OutgoingEntry {
                        conversation,
                        author: appended.author,
                        device: appended.device,
                        name: Some(&appended.name),
                        content: &appended.content,
                        digest: appended.digest,
                    };
                    self.fan_out(ctx, &outgoing, &stored);
                }
            }
            // Whoever has signed in on this session since has nothing to do with it.
            _ if !self.is_on(session, appended.device) => {}
            other => {
                let failure = Failure {
                    conversation: Some(conversation),
                    number: Some(number),
                    ..failure_of(&other)
                };
                self.counters.over_quota += u64::from(failure.code == ErrorCode::QuotaFull);
                Self::send_error(ctx, session, CHAT, Command::SendMessage, failure);
            }
        }
    }

    fn ack_stored(&mut self, ctx: &mut Ctx<'_>, appended: &PendingAppend, stored: &StoredEntry) {
        // Whether it is withheld makes no difference to what its author is told.
        let (recipients, online, last_seen_ms) = match &stored.audience {
            Audience::Pair {
                low,
                high,
                peer_seen_ms,
                ..
            } => {
                let (low, high, peer_seen_ms) = (*low, *high, *peer_seen_ms);
                let peer = if appended.author == low { high } else { low };
                let online = self.presence.is_online(peer);
                (
                    1,
                    u32::from(online),
                    (!online && peer_seen_ms > 0).then_some(peer_seen_ms),
                )
            }
            Audience::Everyone { accounts } => {
                let others = |account: &AccountId| *account != appended.author;
                let online = self
                    .presence
                    .online()
                    .filter(|(account, _)| others(account))
                    .count();
                (
                    accounts.saturating_sub(1),
                    u32::try_from(online).unwrap_or(u32::MAX),
                    None,
                )
            }
            Audience::Room { members } => {
                let online = self
                    .presence
                    .in_room(appended.conversation)
                    .filter(|(account, here)| *account != appended.author && here.is_online())
                    .count();
                (
                    members.saturating_sub(1),
                    u32::try_from(online).unwrap_or(u32::MAX),
                    None,
                )
            }
        };
        let message = Message::control(Stored {
            conversation: appended.conversation,
            number: appended.number,
            entry: stored.entry,
            prev: stored.prev,
            time_ms: stored.time_ms,
            recipients,
            online,
            last_seen_ms,
        });
        let id = appended.session;
        if !self.is_on(id, appended.device) {
            return;
        }
        // Who has left a room may still hear that what they said in it is stored, but of nobody's receipts.
        let is_stranger = matches!(stored.audience, Audience::Room { .. })
            && !self.presence.is_in(appended.author, appended.conversation);
        if !is_stranger {
            self.subscribe(id, appended.conversation);
        }
        let told = Self::send(ctx, id, CHAT, &message);
        self.note_sent(id, appended.conversation, stored.prev, stored.entry, told);
    }

    /// Whether this device is still signed in on this session.
    pub(in crate::server) fn is_on(&self, id: SessionId, device: DeviceId) -> bool {
        let user = self.sessions.user(id);
        user.is_some_and(|user| user.device == device)
    }

    /// A device uses a number up without an entry.
    pub(in crate::server) fn void(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        channel: Channel,
        body: Void,
    ) {
        let Void {
            conversation,
            number,
        } = body;
        let Some(user) = self.sessions.user(id) else {
            return;
        };
        let request = Write::Void {
            conversation,
            account: user.account,
            device: user.device,
            number,
        };
        if !self.submit(
            Pending::Void {
                session: id,
                conversation,
                number,
            },
            request,
        ) {
            let failure = Failure::of_number(ErrorCode::Unavailable, conversation, number);
            Self::send_error(ctx, id, channel, Command::Void, failure);
        }
    }

    pub(in crate::server) fn on_voided(
        ctx: &mut Ctx<'_>,
        id: SessionId,
        conversation: ConversationId,
        number: Number,
        outcome: Outcome,
    ) {
        if let Outcome::Done(_) = outcome {
            let message = Message::control(Voided {
                conversation,
                number,
            });
            return Self::respond(ctx, id, CHAT, &message);
        }
        let failure = Failure {
            conversation: Some(conversation),
            number: Some(number),
            ..failure_of(&outcome)
        };
        Self::send_error(ctx, id, CHAT, Command::Void, failure);
    }
}
