//! Who comes online and who goes, however it happens: signing in and out, falling silent and speaking again, a
//! device that takes the place of its own earlier session.

use super::hub::{CODE_SERVER_FULL, CODE_SUPERSEDED, CODE_TOO_MANY_SESSIONS, Hub, Turn};
use super::presence::account_of;
use super::requests::Pending;
use super::session::Stage;
use super::sign_in::CHANNEL;
use crate::protocol::{
    AccountId, Command, DeviceId, EndReason, ErrorCode, Failure, Message, SessionEnd,
};
use crate::store::{Outcome, Request};
use crate::transport::SessionId;

/// Sessions of one account. Chosen: more devices than a person has. At the limit the oldest gives way, since what a
/// session may hold (its windows, above all) must be bounded for who has an account, too.
const SESSIONS_MAX: usize = 16;

/// Devices whose tickets the store has still to forget. At the limit, which takes a store that fails for long, a sign-out
/// is refused.
const UNREVOKED_MAX: usize = 4096;

impl Hub {
    /// The user leaves; the ticket is forgotten, the session stays for another login.
    pub(super) fn logout(&mut self, turn: &mut Turn<'_>, id: SessionId) {
        let Some(user) = self.sessions.user(id) else {
            return;
        };
        let (account, device) = (user.account, user.device);
        if self.unrevoked.len() >= UNREVOKED_MAX || !self.revoke(account, device) {
            let failure = Failure::new(ErrorCode::Unavailable, "");
            return Self::refuse(turn, id, CHANNEL, Command::Logout, failure);
        }
        self.unrevoked.insert((account, device));
        let goodbye = Message::control(SessionEnd {
            reason: EndReason::LoggedOut,
        });
        Self::answer(turn, id, CHANNEL, &goodbye);
        self.sign_out(turn, id);
    }

    fn revoke(&mut self, account: AccountId, device: DeviceId) -> bool {
        let request = Request::RevokeTickets { account, device };
        self.ask(Pending::Revoke { account, device }, request)
    }

    /// The store has forgotten the tickets of a device that has signed out, or is asked again until it has. Meanwhile
    /// the hub refuses them.
    pub(super) fn revoked(
        &mut self,
        turn: &Turn<'_>,
        account: AccountId,
        device: DeviceId,
        outcome: &Outcome,
    ) {
        if *outcome == Outcome::Unknown {
            self.retry_soon(turn.now);
        } else {
            self.unrevoked.remove(&(account, device));
        }
    }

    /// Asks the store again to forget tickets.
    pub(super) fn revoke_again(&mut self, turn: &Turn<'_>) {
        for (account, device) in self.unrevoked.clone() {
            if !self.revoke(account, device) {
                return self.retry_soon(turn.now);
            }
        }
    }

    /// Ends what a signed-in session has, whoever ended it. The session itself stays.
    pub(super) fn sign_out(&mut self, turn: &mut Turn<'_>, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let Stage::SignedIn(mut user) = std::mem::replace(&mut session.stage, Stage::Anonymous)
        else {
            return;
        };
        self.arrivals.forget(id);
        self.owed.set(id, &mut user.owed, 0);
        Self::log_leaving(turn, id, &user.name);
        for conversation in &user.watching {
            self.unwatch(id, *conversation);
        }
        turn.endpoint.set_signed_in(turn.now.instant, id, false);
        if self.presence.leave(user.account, id) {
            self.marks
                .seen(turn.now.instant, user.account, turn.now.unix_ms);
            self.alert(turn, user.account, &user.name, false);
        }
        if self.presence.get(user.account).is_none() {
            self.blocks.forget(user.account);
        }
    }

    /// Ends an earlier session of the same device, whose place is taken, or else the oldest of too many; whether there is
    /// room now. These are told apart: only the first means that a state directory was copied.
    pub(super) fn make_way(
        &mut self,
        turn: &mut Turn<'_>,
        id: SessionId,
        account: AccountId,
        device: DeviceId,
    ) -> bool {
        let sessions = &self.sessions;
        let same = |other: SessionId| {
            let user = sessions.user(other);
            other != id && user.is_some_and(|user| user.device == device)
        };
        if let Some(earlier) = self.presence.session_of_device(account, same) {
            let words = "the device has signed in again";
            let close = (CODE_SUPERSEDED, words);
            Self::end(turn, earlier, EndReason::Superseded, close);
            return true;
        }
        if let Some(here) = self.presence.get(account)
            && here.sessions().count() >= SESSIONS_MAX
            && let Some(oldest) = here.sessions().next()
        {
            let words = "the account has too many other sessions";
            let close = (CODE_TOO_MANY_SESSIONS, words);
            Self::end(turn, oldest, EndReason::TooManySessions, close);
            return true;
        }
        self.presence.session_count() < self.sessions_all() || self.make_way_for_all(turn)
    }

    fn sessions_all(&self) -> usize {
        usize::try_from(self.config.limits.sessions.or_max()).unwrap_or(usize::MAX)
    }

    /// Ends a session since there are too many in all; whether there is one that can go.
    fn make_way_for_all(&mut self, turn: &mut Turn<'_>) -> bool {
        let Some(first) = self.presence.first_to_go() else {
            return false;
        };
        self.close_for_all(
            turn,
            first,
            CODE_SERVER_FULL,
            "the server has too many sessions",
        );
        true
    }

    /// Closes a session for the others' sake: what the hub keeps for it is forgotten at once. Its client comes back.
    pub(super) fn close_for_all(
        &mut self,
        turn: &mut Turn<'_>,
        id: SessionId,
        code: u16,
        words: &str,
    ) {
        self.counters.evicted += 1;
        self.sign_out(turn, id);
        self.arrivals.forget(id);
        turn.endpoint.close(turn.now.instant, id, code, words);
    }

    /// Ends a session of a signed-in user and says why.
    fn end(turn: &mut Turn<'_>, id: SessionId, reason: EndReason, (code, words): (u16, &str)) {
        let goodbye = Message::control(SessionEnd { reason });
        // Whoever has no room for it learns the same from the close that follows.
        let _ = Self::tell(turn, id, CHANNEL, &goodbye);
        turn.endpoint.close(turn.now.instant, id, code, words);
    }

    /// A session speaks again after it was taken for away.
    pub(super) fn awoke(&mut self, turn: &mut Turn<'_>, id: SessionId) {
        let Some(user) = self.sessions.user(id) else {
            return;
        };
        let (account, name) = (user.account, user.name.clone());
        self.arrived(turn, id, account, &name);
    }

    /// A session says nothing any more.
    pub(super) fn fell_silent(&mut self, turn: &mut Turn<'_>, id: SessionId) {
        let Some(session) = self.sessions.get(id) else {
            return;
        };
        let Some(account) = account_of(session) else {
            return;
        };
        if self.presence.fall_silent(account, id)
            && let Some(here) = self.presence.get(account)
        {
            let name = here.name.clone();
            self.marks.seen(turn.now.instant, account, turn.now.unix_ms);
            self.alert(turn, account, &name, false);
        }
    }

    pub(super) fn arrived(
        &mut self,
        turn: &mut Turn<'_>,
        id: SessionId,
        account: AccountId,
        name: &str,
    ) {
        if self.presence.arrive(account, name, id) {
            self.alert(turn, account, name, true);
        }
    }
}
