//! Who comes online and who goes, however it happens: signing in and out, falling silent and speaking again, a
//! device that takes the place of its own earlier session.

use super::Stage;
use crate::protocol::{
    AccountId, Command, DeviceId, EndReason, ErrorCode, Failure, Message, SessionEnd,
};
use crate::server::auth::CHANNEL;
use crate::server::hub::completions::Pending;
use crate::server::hub::{CODE_SERVER_FULL, CODE_SUPERSEDED, CODE_TOO_MANY_SESSIONS, Ctx, Hub};
use crate::server::presence::{OnlineAccount, account_of};
use crate::store::{Outcome, Write};
use crate::transport::SessionId;

/// Sessions of one account. Chosen: more devices than a person has. At the limit the oldest gives way, since what a
/// session may hold (its windows, above all) must be bounded for who has an account, too.
const SESSIONS_MAX: usize = 16;

/// Devices whose tickets the store has still to forget. At the limit, which takes a store that fails for long, a sign-out
/// is refused.
const UNREVOKED_MAX: usize = 4096;

impl Hub {
    /// The user leaves; the ticket is forgotten, the session stays for another login.
    pub(in crate::server) fn logout(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        let Some(user) = self.sessions.user(id) else {
            return;
        };
        let (account, device) = (user.account, user.device);
        if self.unrevoked.len() >= UNREVOKED_MAX || !self.revoke(account, device) {
            let failure = Failure::new(ErrorCode::Unavailable, "");
            return Self::send_error(ctx, id, CHANNEL, Command::Logout, failure);
        }
        self.unrevoked.insert((account, device));
        let goodbye = Message::control(SessionEnd {
            reason: EndReason::LoggedOut,
        });
        Self::respond(ctx, id, CHANNEL, &goodbye);
        self.sign_out(ctx, id);
    }

    fn revoke(&mut self, account: AccountId, device: DeviceId) -> bool {
        let request = Write::RevokeTickets { account, device };
        self.submit(Pending::Revoke { account, device }, request)
    }

    /// The store has forgotten the tickets of a device that has signed out, or is asked again until it has. Meanwhile
    /// the hub refuses them.
    pub(in crate::server) fn on_revoked(
        &mut self,
        ctx: &Ctx<'_>,
        account: AccountId,
        device: DeviceId,
        outcome: &Outcome,
    ) {
        if *outcome == Outcome::Unknown {
            self.retry_soon(ctx.now);
        } else {
            self.unrevoked.remove(&(account, device));
        }
    }

    /// Asks the store again to forget tickets.
    pub(in crate::server) fn retry_revocations(&mut self, ctx: &Ctx<'_>) {
        for (account, device) in self.unrevoked.clone() {
            if !self.revoke(account, device) {
                return self.retry_soon(ctx.now);
            }
        }
    }

    /// Ends what a signed-in session has, whoever ended it. The session itself stays.
    pub(in crate::server) fn sign_out(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let Stage::SignedIn(mut user) = std::mem::replace(&mut session.stage, Stage::Anonymous)
        else {
            return;
        };
        self.pending_hellos.forget(id);
        self.pending_responses.set(id, &mut user.pending_share, 0);
        Self::log_leaving(ctx, id, &user.name);
        for conversation in &user.subscribed {
            self.remove_subscriber(id, *conversation);
        }
        ctx.endpoint.set_signed_in(ctx.now.instant, id, false);
        if self.presence.leave(user.account, id) {
            self.marks
                .seen(ctx.now.instant, user.account, ctx.now.unix_ms);
            self.alert(ctx, user.account, &user.name, false);
        }
        if self.presence.get(user.account).is_none() {
            self.blocks.forget(user.account);
        }
    }

    /// Makes room for one more session of an account: which of its own are to give way as soon as it has arrived, or
    /// nothing if there is no room.
    pub(in crate::server) fn evict_sessions(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        account: AccountId,
        device: DeviceId,
    ) -> Option<Vec<(SessionId, EndReason)>> {
        let giving_way = self.sessions_to_evict(id, account, device);
        let has_room = !giving_way.is_empty()
            || self.presence.session_count() < self.sessions_all()
            || self.evict_for_server(ctx);
        has_room.then_some(giving_way)
    }

    /// The earlier sessions of the same device, whose place is taken, and the oldest of what are too many then. These are
    /// told apart: only the first means that a state directory was copied.
    fn sessions_to_evict(
        &self,
        id: SessionId,
        account: AccountId,
        device: DeviceId,
    ) -> Vec<(SessionId, EndReason)> {
        let here = self.presence.get(account);
        let others = here.into_iter().flat_map(OnlineAccount::sessions);
        let (same, rest): (Vec<_>, Vec<_>) =
            others.filter(|other| *other != id).partition(|other| {
                let user = self.sessions.user(*other);
                user.is_some_and(|user| user.device == device)
            });
        let too_many = (rest.len() + 1).saturating_sub(SESSIONS_MAX);
        let same = same.into_iter().map(|id| (id, EndReason::Superseded));
        let oldest = rest.into_iter().take(too_many);
        same.chain(oldest.map(|id| (id, EndReason::TooManySessions)))
            .collect()
    }

    fn sessions_all(&self) -> usize {
        usize::try_from(self.config.limits.sessions.or_max()).unwrap_or(usize::MAX)
    }

    /// Ends a session since there are too many in all; whether there is one that can go.
    fn evict_for_server(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let Some(first) = self.presence.eviction_candidate() else {
            return false;
        };
        self.evict(
            ctx,
            first,
            CODE_SERVER_FULL,
            "the server has too many sessions",
        );
        true
    }

    /// Closes a session for the others' sake: what the hub keeps for it is forgotten at once. Its client comes back.
    pub(in crate::server) fn evict(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        code: u16,
        words: &str,
    ) {
        self.counters.evicted += 1;
        self.sign_out(ctx, id);
        self.pending_hellos.forget(id);
        ctx.endpoint.close(ctx.now.instant, id, code, words);
    }

    /// Ends a session of a signed-in user and says why. What came on it before is still taken as that user's; from then
    /// on it counts no more, as another may sign in before the transport reports the end.
    pub(in crate::server) fn end(&mut self, ctx: &mut Ctx<'_>, id: SessionId, reason: EndReason) {
        let (code, words) = match reason {
            EndReason::Superseded => (CODE_SUPERSEDED, "the device has signed in again"),
            _ => (
                CODE_TOO_MANY_SESSIONS,
                "the account has too many other sessions",
            ),
        };
        let goodbye = Message::control(SessionEnd { reason });
        // Whoever has no room for it learns the same from the close that follows.
        let _ = Self::send(ctx, id, CHANNEL, &goodbye);
        ctx.endpoint.close(ctx.now.instant, id, code, words);
        self.drain_last(ctx, id);
        self.sign_out(ctx, id);
    }

    /// A session speaks again after it was taken for away.
    pub(in crate::server) fn on_active(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        let Some(user) = self.sessions.user(id) else {
            return;
        };
        let (account, name) = (user.account, user.name.clone());
        self.set_active(ctx, id, account, &name);
    }

    /// A session says nothing any more.
    pub(in crate::server) fn on_idle(&mut self, ctx: &mut Ctx<'_>, id: SessionId) {
        let Some(session) = self.sessions.get(id) else {
            return;
        };
        let Some(account) = account_of(session) else {
            return;
        };
        if self.presence.set_idle(account, id)
            && let Some(here) = self.presence.get(account)
        {
            let name = here.name.clone();
            self.marks.seen(ctx.now.instant, account, ctx.now.unix_ms);
            self.alert(ctx, account, &name, false);
        }
    }

    pub(in crate::server) fn set_active(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        account: AccountId,
        name: &str,
    ) {
        if self.presence.set_active(account, name, id) {
            self.alert(ctx, account, name, true);
        }
    }
}
