//! Who is online: every account that has a signed-in session which is not silent.

use std::collections::BTreeMap;

use super::session::Session;
use crate::protocol::AccountId;
use crate::transport::SessionId;

/// The accounts with signed-in sessions.
#[derive(Debug, Default)]
pub struct Presence {
    accounts: BTreeMap<AccountId, Here>,
}

/// One account's sessions, and whether each is awake.
#[derive(Debug)]
pub struct Here {
    /// The account's canonical name.
    pub name: String,
    sessions: BTreeMap<SessionId, bool>,
}

impl Here {
    /// Its sessions, awake or silent.
    pub fn sessions(&self) -> impl Iterator<Item = SessionId> {
        self.sessions.keys().copied()
    }

    fn is_online(&self) -> bool {
        self.sessions.values().any(|awake| *awake)
    }
}

impl Presence {
    /// A session of the account has signed in, or speaks again; whether that brought the account online.
    pub fn arrive(&mut self, account: AccountId, name: &str, session: SessionId) -> bool {
        let here = self.accounts.entry(account).or_insert_with(|| Here {
            name: name.to_owned(),
            sessions: BTreeMap::new(),
        });
        let was_online = here.is_online();
        here.sessions.insert(session, true);
        !was_online
    }

    /// A session of the account has fallen silent; whether that took the account offline.
    pub fn fall_silent(&mut self, account: AccountId, session: SessionId) -> bool {
        let Some(here) = self.accounts.get_mut(&account) else {
            return false;
        };
        let was_online = here.is_online();
        if let Some(awake) = here.sessions.get_mut(&session) {
            *awake = false;
        }
        was_online && !here.is_online()
    }

    /// A session of the account is over; whether that took the account offline.
    pub fn leave(&mut self, account: AccountId, session: SessionId) -> bool {
        let Some(here) = self.accounts.get_mut(&account) else {
            return false;
        };
        let was_online = here.is_online();
        here.sessions.remove(&session);
        let is_online = here.is_online();
        if here.sessions.is_empty() {
            self.accounts.remove(&account);
        }
        was_online && !is_online
    }

    /// The account, if it has a session at all.
    #[must_use]
    pub fn get(&self, account: AccountId) -> Option<&Here> {
        self.accounts.get(&account)
    }

    /// Whether the account is online.
    #[must_use]
    pub fn is_online(&self, account: AccountId) -> bool {
        self.accounts.get(&account).is_some_and(Here::is_online)
    }

    /// Everybody who is online.
    pub fn online(&self) -> impl Iterator<Item = (AccountId, &Here)> {
        self.accounts
            .iter()
            .filter(|(_, here)| here.is_online())
            .map(|(id, here)| (*id, here))
    }

    /// The sessions of every account, those of the silent too: all that is stored goes to them.
    pub fn sessions(&self) -> impl Iterator<Item = SessionId> {
        self.accounts.values().flat_map(Here::sessions)
    }

    /// The session of a device that is signed in already.
    pub fn session_of_device<'a>(
        &self,
        account: AccountId,
        mut is_device: impl FnMut(SessionId) -> bool + 'a,
    ) -> Option<SessionId> {
        self.get(account)?
            .sessions()
            .find(|session| is_device(*session))
    }
}

/// The account of a session, if somebody is signed in on it.
#[must_use]
pub fn account_of(session: &Session) -> Option<AccountId> {
    session.user().map(|user| user.account)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ERIN: AccountId = AccountId(5);

    #[test]
    fn account_is_online_while_one_of_its_sessions_is_awake() {
        let (laptop, phone) = (SessionId(1), SessionId(2));
        let mut presence = Presence::default();
        assert!(presence.arrive(ERIN, "erin", laptop));
        assert!(!presence.arrive(ERIN, "erin", phone));
        assert!(!presence.fall_silent(ERIN, laptop));
        assert!(presence.fall_silent(ERIN, phone));
        assert_eq!(presence.online().count(), 0);
        assert_eq!(presence.sessions().count(), 2);
        assert!(presence.arrive(ERIN, "erin", laptop));
        assert!(!presence.leave(ERIN, phone));
        assert!(presence.leave(ERIN, laptop));
        assert!(presence.get(ERIN).is_none());
    }
}
