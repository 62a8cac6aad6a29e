//! Sessions of users: how they begin, and how they end, however that happens: signing out, another session in their place,
//! too many of something, the end of the transport's session.

use std::sync::Arc;

use super::Services;
use super::applied::{Applied, on_applied};
use crate::protocol::{
    AccountId, Command, DeviceId, EndReason, ErrorCode, Failure, Message, SessionEnd, SessionStart,
};
use crate::server::ctx::{
    CODE_ACCOUNT_BANNED, CODE_ACCOUNT_DELETED, CODE_ACCOUNT_DISABLED, CODE_ADDRESS_BANNED,
    CODE_ENDED, CODE_PASSWORD_CHANGED, CODE_PASSWORD_RESET, CODE_REVOKED, CODE_SERVER_FULL,
    CODE_SUPERSEDED, CODE_TOO_MANY_SESSIONS, CONTROL, Ctx,
};
use crate::server::limits::account_budget::Cost;
use crate::server::presence::Departure;
use crate::server::session::{Session, User};
use crate::store::{Ban, Outcome, Reply};
use crate::transport::{CloseReason, SessionId};

/// Sessions of one account. Chosen: more devices than a person has. At the limit the oldest is closed, since what a
/// session may hold (its windows, above all) must be bounded for who has an account, too.
const SESSIONS_MAX: usize = 16;

impl Services {
    /// The device of a user is known, and its ticket stored: their session begins, unless the server is full.
    pub fn on_device_opened(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        command: Command,
        ticket: Vec<u8>,
        outcome: &Outcome,
    ) {
        let Outcome::Done(Reply::Device {
            account,
            name,
            is_bot,
            role,
            device,
            epoch,
            reset_ms,
        }) = outcome
        else {
            self.auth.on_device_not_opened(ctx, id, command, outcome);
            return ctx.unblock(id);
        };
        let (account, device) = (*account, *device);
        if let Some(ban) = ctx.account_ban(account) {
            let failure = Failure::new(ErrorCode::Banned, ban.to_string());
            self.auth.reject_sign_in(ctx, id, command, failure);
            return ctx.unblock(id);
        }
        if command == Command::Resume {
            let now = ctx.now.instant;
            ctx.budgets.charge(now, account, Cost::RESUMED, 0);
        }
        if ctx.sessions.get(id).is_none() {
            return;
        }
        let surplus = surplus_sessions(ctx, id, account, device);
        if !self.has_room_for_session(ctx, account, device, surplus.is_empty()) {
            let failure = Failure::new(ErrorCode::LimitReached, "sessions of the server");
            self.auth.reject_sign_in(ctx, id, command, failure);
            return ctx.unblock(id);
        }
        let shared: Arc<str> = name.as_str().into();
        if let Some(session) = ctx.sessions.get_mut(id) {
            session.sign_in(User::new(account, shared.clone(), device));
        }
        ctx.endpoint.set_signed_in(ctx.now.instant, id, true);
        self.hellos.start(ctx, id);
        self.auth.note_signed_in(ctx, id, command, name, device);
        self.uses.note(ctx, id);
        let start = SessionStart {
            account,
            name: name.clone(),
            device,
            epoch: *epoch,
            ticket: ticket.into(),
            reset_ms: *reset_ms,
        };
        ctx.respond(id, CONTROL, &Message::control(start));
        self.set_active(ctx, id, account, shared);
        ctx.presence.set_bot(account, *is_bot);
        ctx.presence.set_role(account, *role);
        // After a kill nothing says when the session ended: then this is what is known.
        self.receipts.note_seen(ctx, account);
        // Only now, so that nobody is told that the user went offline.
        let opened = Applied::DeviceOpened(account, device, Some(id));
        on_applied(ctx, &mut self.receipts, &opened);
        for other in surplus {
            ctx.end(other, EndReason::TooManySessions);
        }
        ctx.unblock(id);
    }

    /// Whether the server has room for one more session of an account: in place of another of its own, or after closing
    /// one of somebody's.
    fn has_room_for_session(
        &mut self,
        ctx: &mut Ctx<'_>,
        account: AccountId,
        device: DeviceId,
        is_surplus_empty: bool,
    ) -> bool {
        let is_same = |id: SessionId| ctx.is_on(id, device);
        if !is_surplus_empty || ctx.sessions_of(account).into_iter().any(is_same) {
            return true;
        }
        let most = usize::try_from(ctx.config.limits.sessions.or_max()).unwrap_or(usize::MAX);
        if ctx.presence.session_count() < most {
            return true;
        }
        let candidate = ctx.presence.eviction_candidate();
        if let Some(id) = candidate {
            let reason = "the server has too many sessions";
            self.evict(ctx, id, CODE_SERVER_FULL, reason);
        }
        candidate.is_some()
    }

    /// A session of the account is active, again or for the first time.
    pub fn set_active(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        account: AccountId,
        name: Arc<str>,
    ) {
        if ctx.presence.set_active(account, name.clone(), id) {
            self.alerts.announce(ctx, account, &name, true);
        }
    }

    /// A session is active again after it was idle.
    pub fn on_active(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        if let Some(user) = ctx.sessions.user(id) {
            let (account, name) = (user.account, user.name.clone());
            self.set_active(ctx, id, account, name);
        }
    }

    /// The peer of a session is silent.
    pub fn on_idle(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        let Some(user) = ctx.sessions.user(id) else {
            return;
        };
        let account = user.account;
        let departure = ctx.presence.set_idle(account, id);
        if let Some(here) = ctx.presence.get(account) {
            let name = here.name.clone();
            self.tell_departure(ctx, account, &name, departure);
        }
    }

    /// What follows from an account's session being over, or silent.
    fn tell_departure(
        &mut self,
        ctx: &mut Ctx<'_>,
        account: AccountId,
        name: &str,
        departure: Departure,
    ) {
        if departure.has_gone {
            self.receipts.note_seen(ctx, account);
        }
        if departure.is_news {
            self.alerts.announce(ctx, account, name, false);
        }
    }

    /// HELLO was answered: others are told that the account is online, unless its session is unannounced.
    pub fn announce_arrival(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        let Some(user) = ctx.sessions.user(id).filter(|user| user.ready) else {
            return;
        };
        let (account, name) = (user.account, user.name.clone());
        let news = ctx
            .presence
            .set_announced(account, id, !user.is_unannounced);
        if let Some(is_online) = news {
            self.alerts.announce(ctx, account, &name, is_online);
        }
    }

    /// The user signs out: the ticket is forgotten, the session stays for another login.
    pub fn logout(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        let Some(user) = ctx.sessions.user(id) else {
            return;
        };
        let (account, device) = (user.account, user.device);
        if !self.auth.revocations.revoke(ctx, account, device) {
            let failure = Failure::new(ErrorCode::Unavailable, "");
            return ctx.send_error(id, CONTROL, Command::Logout, failure);
        }
        let goodbye = Message::control(SessionEnd {
            reason: EndReason::LoggedOut,
        });
        ctx.respond(id, CONTROL, &goodbye);
        self.sign_out(ctx, id);
    }

    /// Ends what a signed-in session has, for whatever reason. The session itself stays.
    pub fn sign_out(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        self.uses.note(ctx, id);
        self.auth.proofs.forget(id);
        self.files.on_signed_out(ctx, id);
        let session = ctx.sessions.get_mut(id);
        let Some(mut user) = session.and_then(Session::sign_out) else {
            return;
        };
        self.hellos.forget(id);
        ctx.responses.set(id, &mut user.pending_share, 0);
        // What the transport has forgotten at once (a peer that no longer knew the session) has no figures.
        let statistics = ctx.endpoint.statistics(id);
        tracing::info!(
            session = id.0,
            user = &*user.name,
            ?statistics,
            "signed out"
        );
        for conversation in &user.subscribed {
            self.receipts.remove_subscriber(id, *conversation);
        }
        ctx.endpoint.set_signed_in(ctx.now.instant, id, false);
        let departure = ctx.presence.leave(user.account, id);
        self.tell_departure(ctx, user.account, &user.name, departure);
        if ctx.presence.get(user.account).is_none() {
            ctx.blocks.forget(user.account);
        }
    }

    /// Closes a session for the others' sake: what the hub keeps for it is forgotten at once. Its client comes back.
    pub fn evict(&mut self, ctx: &mut Ctx<'_>, id: SessionId, code: u16, reason: &str) {
        if ctx.sessions.user(id).is_none() {
            // It has ended since, or was evicted already.
            return;
        }
        ctx.counters.evicted += 1;
        self.sign_out(ctx, id);
        self.hellos.forget(id);
        ctx.endpoint.close(ctx.now.instant, id, code, reason);
    }

    /// Closes a session whose address is banned, or ends it if its user's account is. Nothing more is taken from it.
    pub fn turn_away(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        if let Some(words) = ctx.address_ban(id).map(Ban::to_string) {
            tracing::debug!(session = id.0, "its address is banned");
            self.sign_out(ctx, id);
            ctx.sessions.remove(id);
            let now = ctx.now.instant;
            return ctx.endpoint.close(now, id, CODE_ADDRESS_BANNED, &words);
        }
        let account = ctx.sessions.user(id).map(|user| user.account);
        if account.is_some_and(|account| ctx.account_ban(account).is_some()) {
            self.end(ctx, id, EndReason::AccountBanned);
        }
    }

    /// Ends a session of a signed-in user and says why. What came on it before is still taken as that user's; from then
    /// on it no longer counts, because another may sign in before the transport reports the end.
    pub fn end(&mut self, ctx: &mut Ctx<'_>, id: SessionId, reason: EndReason) {
        let account = ctx.sessions.user(id).map(|user| user.account);
        let ban = account.and_then(|account| ctx.account_ban(account));
        let ban = ban.map(Ban::to_string).unwrap_or_default();
        let (code, words) = match reason {
            EndReason::Superseded => (CODE_SUPERSEDED, "the device has signed in again"),
            EndReason::Revoked => (CODE_REVOKED, "the device was revoked"),
            EndReason::PasswordChanged => (CODE_PASSWORD_CHANGED, "the password was changed"),
            EndReason::PasswordReset => (CODE_PASSWORD_RESET, "the password was reset"),
            EndReason::AccountDeleted => (CODE_ACCOUNT_DELETED, "the account was deleted"),
            EndReason::AccountBanned => (CODE_ACCOUNT_BANNED, ban.as_str()),
            EndReason::EndedByOperator => (CODE_ENDED, "the operator has ended the session"),
            EndReason::AccountDisabled => (CODE_ACCOUNT_DISABLED, "the account was disabled"),
            _ => (
                CODE_TOO_MANY_SESSIONS,
                "the account has too many other sessions",
            ),
        };
        // Of a ban the close that follows says more.
        if reason != EndReason::AccountBanned {
            let goodbye = Message::control(SessionEnd { reason });
            // A client that has no room for it learns the same from the close.
            let _ = ctx.send(id, CONTROL, &goodbye);
        }
        ctx.endpoint.close(ctx.now.instant, id, code, words);
        self.drain_last(ctx, id);
        self.sign_out(ctx, id);
    }

    /// The transport's session is over.
    pub fn closed(&mut self, ctx: &mut Ctx<'_>, id: SessionId, reason: &CloseReason) {
        tracing::debug!(session = id.0, %reason, "session over");
        self.drain_last(ctx, id);
        self.sign_out(ctx, id);
        self.auth.closed(id);
        ctx.sessions.remove(id);
    }
}

/// The oldest sessions of an account that are too many beside a new one of this device. Earlier ones of the same device
/// are not among them: they end for another reason, which alone means that a state directory was copied.
fn surplus_sessions(
    ctx: &Ctx<'_>,
    newest: SessionId,
    account: AccountId,
    device: DeviceId,
) -> Vec<SessionId> {
    let mut others = ctx.sessions_of(account);
    others.retain(|id| *id != newest && !ctx.is_on(*id, device));
    others.truncate((others.len() + 1).saturating_sub(SESSIONS_MAX));
    others
}
