//! Which part of the hub each message of a session, and each answer of the store, belongs to.

use super::Services;
use super::applied::{Applied, enforce, on_applied};
use crate::protocol::{
    AccountId, ClientBody, ClientMessage, Command, DecodeError, Envelope, ErrorCode, Failure,
    Message, SendAgain,
};
use crate::server::auth::{change, enrol};
use crate::server::ctx::Ctx;
use crate::server::ctx::requests::Pending;
use crate::server::delegated;
use crate::server::files::{download, shelf};
use crate::server::limits::account_budget::Cost;
use crate::server::messages::{append, catch_up, history};
use crate::server::policy;
use crate::server::rooms::{listing, membership};
use crate::server::roster::{blocks, contacts, devices, people, reading};
use crate::server::session::Session;
use crate::store::{Completion, CompletionBox, Outcome, Refusal, Request, Write};
use crate::transport::{Channel, SessionId};

impl Services {
    /// Handles a message of a session on which this account is signed in, and charges it; returns its weight.
    pub fn handle_message(
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
                    ctx.presence.reader_count(author, conversation)
                })
            }),
            Err(_) => Cost::REFUSED,
        };
        if let Some(account) = account {
            let now = ctx.now.instant;
            ctx.budgets.charge(now, account, cost, bytes.len());
            ctx.store.begin_charge(account, cost.weight());
        }
        match opened {
            Ok((envelope, message)) => self.handle(ctx, id, channel, &envelope, message),
            Err(error) => handle_undecodable(ctx, id, channel, &error),
        }
        ctx.store.end_charge();
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
        let Some(session) = ctx.sessions.get(id) else {
            return;
        };
        let header = message.header;
        if let Some(failure) = refusal(ctx, session, channel, &message) {
            return ctx.send_error(id, channel, header.command, failure);
        }
        match message.body {
            ClientBody::SignUp(body) => self.auth.sign_up(ctx, id, body),
            ClientBody::SignUpFinish(body) => self.auth.sign_up_finish(ctx, id, &body),
            ClientBody::Enrol(body) => self.auth.enrol(ctx, id, body),
            ClientBody::EnrolFinish(body) => self.auth.enrol_finish(ctx, id, &body),
            ClientBody::Login(body) => self.auth.login(ctx, id, body),
            ClientBody::LoginFinish(body) => self.auth.login_finish(ctx, id, &body),
            ClientBody::Resume(body) => self.auth.resume_by_ticket(ctx, id, &body),
            ClientBody::SessionEnd(_) => self.logout(ctx, id),
            ClientBody::Hello(body) => self.hellos.hello(ctx, id, channel, body),
            ClientBody::Resolve(body) => append::resolve(ctx, id, channel, &body),
            ClientBody::Join(body) => membership::join(ctx, id, channel, &body),
            ClientBody::Leave(body) => membership::leave(ctx, id, channel, body),
            ClientBody::RoomsRequest(body) => self.room_lists.list_rooms(ctx, id, channel, body),
            ClientBody::MembersRequest(body) => listing::list_members(ctx, id, channel, body),
            ClientBody::Moderate(body) => membership::moderate(ctx, id, channel, body),
            ClientBody::HistoryRequest(body) => history::load_history(ctx, id, channel, body),
            ClientBody::UploadRequest(body) => self.files.upload(ctx, id, channel, body),
            ClientBody::UploadPiece(body) => self.files.on_piece(ctx, id, channel, body),
            ClientBody::DownloadRequest(body) => download::request(ctx, id, channel, body),
            ClientBody::Block(body) => blocks::block(ctx, id, channel, &body),
            ClientBody::DevicesRequest(body) => devices::list(ctx, id, channel, &body),
            ClientBody::Prove(body) => change::prove(ctx, id, channel, body),
            ClientBody::ChangeAccount(body) => {
                change::change_account(ctx, &mut self.auth.proofs, id, channel, &body);
            }
            ClientBody::ReadUpTo(body) => self.reading.on_read(ctx, id, body),
            ClientBody::Mute(body) => reading::mute(ctx, id, channel, &body),
            ClientBody::Administer(body) => delegated::administer(ctx, id, channel, body),
            ClientBody::ContactsRequest(body) => contacts::list(ctx, id, channel, body.tag),
            ClientBody::RosterRequest(body) => people::list(ctx, id, channel, body),
            ClientBody::WhoisRequest(body) => people::whois(ctx, id, channel, &body),
            ClientBody::AwayRequest(body) => people::set_away(ctx, id, channel, &body),
            ClientBody::Entry(body) => append::on_entry(ctx, id, channel, &header, &body, envelope),
            ClientBody::Received(body) => self.receipts.on_received(ctx, id, body),
            ClientBody::DeliverAgain(body) => catch_up::deliver_again(ctx, id, channel, body),
            ClientBody::Void(body) => append::void(ctx, id, channel, body),
            ClientBody::ReceiptsRequest(body) => self.receipts.request(ctx, id, body.conversation),
            ClientBody::Failure(failure) => {
                ctx.counters.damaged += u64::from(failure.code == ErrorCode::Digest);
                on_damage_reported(ctx, id, failure.code);
            }
            ClientBody::Unsupported => {}
        }
    }

    /// An answer of the store: it tells the asker what came of their request. What others must learn follows from what was
    /// applied (`applied.rs`).
    pub fn handle_completion(&mut self, ctx: &mut Ctx<'_>, mut completion: CompletionBox) {
        let Some(pending) = ctx.store.complete(completion.id) else {
            return;
        };
        self.files
            .on_freed(ctx, std::mem::take(&mut completion.freed), true);
        count_limit(ctx, &completion.outcome);
        if let Pending::Append(session, name) = &pending {
            return self.on_append_completed(ctx, (*session, name), &completion);
        }
        let Completion {
            request, outcome, ..
        } = *completion;
        self.on_completed(ctx, pending, &request, outcome);
    }

    fn on_completed(
        &mut self,
        ctx: &mut Ctx<'_>,
        pending: Pending,
        request: &Request,
        outcome: Outcome,
    ) {
        let (hellos, receipts) = (&mut self.hellos, &mut self.receipts);
        match pending {
            Pending::Hello { session, channel } => {
                hellos.on_loaded(ctx, receipts, session, channel, outcome);
                self.announce_arrival(ctx, session);
            }
            Pending::Resolve(origin) => append::on_resolved(ctx, origin, outcome),
            Pending::Bans => {
                let (banned, is_well) = ctx.bans.on_read(ctx.store, outcome);
                enforce(ctx, &banned);
                if !is_well {
                    ctx.retry_soon();
                }
            }
            Pending::Rooms(origin, pages) => {
                listing::on_rooms_listed(ctx, origin, pages, outcome);
            }
            Pending::RoomUses => self.room_lists.on_rooms_counted(ctx, outcome),
            Pending::Members(origin, room) => {
                listing::on_members_listed(ctx, origin, room, outcome);
            }
            Pending::Roster(origin) => people::on_listed(ctx, origin, outcome),
            Pending::Whois(origin) => people::on_found(ctx, origin, outcome),
            Pending::Block(origin) => blocks::on_blocked(ctx, origin, outcome),
            Pending::Reads(asked) => self.reading.on_written(ctx, asked, outcome),
            Pending::Mute(origin, conversation, until_ms) => {
                reading::on_muted(ctx, origin, (conversation, until_ms), &outcome);
            }
            Pending::History(origin, conversation) => {
                history::on_history_page(ctx, origin, conversation, outcome);
            }
            Pending::Read {
                session,
                device,
                conversation,
                after,
            } => {
                if ctx.is_on(session, device) {
                    catch_up::on_read(ctx, session, conversation, after, outcome);
                }
            }
            Pending::Marks {
                session,
                conversation,
            } => receipts.on_marks_loaded(ctx, session, conversation, outcome),
            Pending::Counts(room) => receipts.on_counts_loaded(ctx, room, &outcome),
            Pending::Advance { marks, seen } => receipts.on_advanced(ctx, marks, seen, &outcome),
            Pending::Chore => self.chores.on_found(ctx, outcome),
            Pending::Expire => self.retention.on_expired(ctx, outcome),
            Pending::HasFile(key) => self.files.on_file_checked(ctx, key, &outcome),
            Pending::AddFile(key) => self.files.on_added(ctx, key, &outcome),
            Pending::File(origin, entry) => {
                let downloads = &mut self.files.downloads;
                downloads.on_file_found(ctx, origin, entry, &outcome);
            }
            Pending::MissingFile(origin, key) => {
                download::on_missing_looked_up(ctx, (origin, key), &outcome);
            }
            Pending::SweepFiles => self.files.sweep.on_rows_swept(ctx, &outcome),
            Pending::FilesKept(asked) => self.files.on_asked(ctx, asked, &outcome),
            Pending::ShelvedKept(asked) => self.files.shelf.on_asked(ctx, asked, &outcome),
            Pending::CondemnedKept(key, position) => {
                shelf::on_condemned_asked(ctx, key, position, &outcome);
            }
            Pending::Devices(origin) => devices::on_listed(ctx, origin, &outcome),
            Pending::NoteUses(uses) => self.uses.on_written(ctx, uses, &outcome),
            pending @ (Pending::AdminSubject(..) | Pending::Audit(_)) => {
                delegated::on_read(ctx, pending, outcome);
            }
            Pending::Prove(origin, body) => {
                self.auth.on_prove_account(ctx, origin, &body, &outcome);
            }
            // Was handled above.
            Pending::Append(..) => {}
            Pending::Void { .. }
            | Pending::Join(..)
            | Pending::Operator(..)
            | Pending::Administer(..)
            | Pending::ChoreStep
            | Pending::Raise
            | Pending::Leave(..)
            | Pending::ChangeRoom(..)
            | Pending::Enrol { .. }
            | Pending::ChangeAccount(..) => {
                let Request::Write(write) = request else {
                    return tracing::error!("a write was completed without itself");
                };
                self.on_write_completed(ctx, pending, write, outcome);
            }
            Pending::SignUpName { .. }
            | Pending::SignUp { .. }
            | Pending::LoginName { .. }
            | Pending::EnrolCode { .. }
            | Pending::Device { .. }
            | Pending::Resume { .. }
            | Pending::Revoke { .. } => self.on_sign_in_completed(ctx, pending, outcome),
        }
    }

    /// A message was appended to its log, or not.
    fn on_append_completed(
        &mut self,
        ctx: &mut Ctx<'_>,
        (session, author_name): (SessionId, &str),
        completion: &Completion,
    ) {
        let (receipts, outcome) = (&mut self.receipts, &completion.outcome);
        let Request::Write(write @ Write::Append(append)) = &completion.request else {
            return tracing::error!("an append was completed without itself");
        };
        append::on_appended(ctx, receipts, session, append, outcome);
        let applied = Applied::of(write, Some(author_name), outcome);
        on_applied(ctx, receipts, &applied);
    }

    fn on_sign_in_completed(&mut self, ctx: &mut Ctx<'_>, pending: Pending, outcome: Outcome) {
        let auth = &mut self.auth;
        match pending {
            Pending::SignUpName {
                session,
                name,
                request,
            } => {
                auth.on_sign_up_checked(ctx, session, name, &request, outcome);
            }
            Pending::SignUp { session } => auth.on_signed_up(ctx, session, outcome),
            Pending::LoginName {
                session,
                name,
                request,
            } => {
                auth.on_login_account(ctx, session, &name, &request, outcome);
            }
            Pending::EnrolCode {
                session,
                name,
                code,
                request,
            } => auth.on_code_found(ctx, session, (name, code), &request, &outcome),
            Pending::Device { session, ticket } => {
                self.on_device_opened(ctx, session, Command::LoginFinish, ticket, &outcome);
            }
            Pending::Resume { session, ticket } => {
                self.on_device_opened(ctx, session, Command::Resume, ticket, &outcome);
            }
            Pending::Revoke { account, device } => {
                let revocations = &mut auth.revocations;
                revocations.on_revoked(ctx, account, device, &outcome);
            }
            _ => {}
        }
    }

    /// A write was done, or not, of which others than the asker must learn. Who sends or joins is told first; who leaves
    /// or removes somebody is told last, after the entry that says so.
    fn on_write_completed(
        &mut self,
        ctx: &mut Ctx<'_>,
        pending: Pending,
        write: &Write,
        outcome: Outcome,
    ) {
        let receipts = &mut self.receipts;
        match (pending, write) {
            (
                Pending::Void {
                    session,
                    device,
                    conversation,
                    number,
                },
                _,
            ) => append::on_voided(ctx, (session, device), conversation, number, &outcome),
            (Pending::Join(origin, creation), _) => {
                membership::on_joined(ctx, origin, &creation, &outcome);
                on_applied(ctx, receipts, &Applied::of(write, None, &outcome));
            }
            (Pending::ChoreStep, _) => {
                on_applied(ctx, receipts, &Applied::of(write, None, &outcome));
                self.chores.on_step_done(ctx, &outcome);
            }
            (Pending::Operator(reply), _) => {
                self.chores.on_applied(ctx.now.instant, write);
                on_applied(ctx, receipts, &Applied::of(write, None, &outcome));
                // If nobody waits any longer, nobody misses it.
                let _ = reply.try_send(outcome);
            }
            (Pending::Administer(origin, answer), _) => {
                on_applied(ctx, receipts, &Applied::of(write, None, &outcome));
                delegated::on_done(ctx, origin, *answer, &outcome);
            }
            (Pending::Raise, Write::Raise { meaning }) if matches!(outcome, Outcome::Done(_)) => {
                self.peers.on_raised(*meaning);
            }
            (Pending::Leave(origin, room), _) => {
                on_applied(ctx, receipts, &Applied::of(write, None, &outcome));
                membership::on_left(ctx, origin, room, &outcome);
            }
            (Pending::ChangeRoom(origin, room), _) => {
                on_applied(ctx, receipts, &Applied::of(write, None, &outcome));
                membership::on_moderated(ctx, origin, room, &outcome);
            }
            (Pending::Enrol { session, name }, _) => {
                self.auth.on_enrolled(ctx, session, &name, write, &outcome);
                on_applied(ctx, receipts, &Applied::of(write, None, &outcome));
                if let Some(account) = enrol::unsure(write, &outcome) {
                    on_applied(ctx, receipts, &Applied::Unsure(account, session));
                }
            }
            (Pending::ChangeAccount(origin), _) => {
                change::on_account_changed(ctx, origin, write, &outcome);
                on_applied(ctx, receipts, &Applied::of(write, None, &outcome));
                if outcome == Outcome::Unknown {
                    let account = origin.account;
                    on_applied(ctx, receipts, &Applied::Unsure(account, origin.session));
                }
            }
            _ => {}
        }
    }
}

/// Why a session may not ask this now, if it may not.
fn refusal(
    ctx: &Ctx<'_>,
    session: &Session,
    channel: Channel,
    message: &ClientMessage,
) -> Option<Failure> {
    let lane = message.body.lane();
    let permitted = policy::permit(session.role(), ctx.config.registration, &message.body);
    let mut failure = match permitted {
        Err(code) => Failure::new(code, ""),
        Ok(()) if (channel as u8) < lane as u8 => {
            let detail = format!("this is for the {} channel", lane.word());
            Failure::new(ErrorCode::Malformed, detail)
        }
        Ok(()) => return None,
    };
    failure.tag = message.body.tag();
    if let Some(entry) = message.header.entry {
        failure.conversation = Some(entry.origin.conversation);
        failure.number = Some(entry.origin.number);
    }
    Some(failure)
}

/// A device reports an entry that stays damaged. The log is told once for a session.
fn on_damage_reported(ctx: &mut Ctx<'_>, id: SessionId, code: ErrorCode) {
    if let Some(session) = ctx.sessions.get_mut(id)
        && !std::mem::replace(&mut session.has_reported, true)
    {
        tracing::warn!(session = id.0, %code, "a device reports damage");
    }
}

/// What could not be decoded is refused by name and counted; damaged content is asked for again.
fn handle_undecodable(ctx: &mut Ctx<'_>, id: SessionId, channel: Channel, error: &DecodeError) {
    let Some(session) = ctx.sessions.get_mut(id) else {
        return;
    };
    if *error == DecodeError::Digest {
        ctx.counters.damaged += 1;
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
            return ctx.respond(id, channel, &message);
        }
    } else {
        ctx.counters.malformed += 1;
    }
    let code = match error {
        DecodeError::Digest => ErrorCode::Digest,
        _ => ErrorCode::Malformed,
    };
    let failure = Failure::new(code, error.to_string());
    ctx.send_error(id, channel, Command::Other(0), failure);
}

/// Counts what the store refused because of one of its limits.
fn count_limit(ctx: &mut Ctx<'_>, outcome: &Outcome) {
    if let Outcome::Refused(Refusal::LimitReached(limit)) = outcome {
        ctx.counters.at_store_limits[*limit as usize] += 1;
    }
}
