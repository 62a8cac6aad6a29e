//! A context without a hub around it, to test the hub's parts alone.

use super::config::HubConfig;
use super::{Core, Ctx};
use crate::kit::{QueuedBlobs, QueuedStore};
use crate::protocol::{AccountId, DeviceId};
use crate::server::session::{Session, User};
use crate::testing::instant;
use crate::transport::{ClientConfig, Endpoint, Now, SessionId};

/// What a context is made of, with a store that the test answers for and an endpoint that has no sessions.
pub struct Parts {
    pub now: Now,
    pub core: Core,
    pub store: QueuedStore,
    endpoint: Endpoint,
}

impl Parts {
    pub fn new() -> Self {
        let now = Now {
            instant: instant(),
            unix_ms: 1_773_756_120_000,
        };
        let store = QueuedStore::new(8);
        Self {
            now,
            core: Core::new(
                now,
                HubConfig::default(),
                Box::new(store.clone()),
                Box::new(QueuedBlobs::new(8)),
            ),
            store,
            endpoint: Endpoint::client(now.instant, ClientConfig::default(), [8; 32]),
        }
    }

    pub fn ctx(&mut self) -> Ctx<'_> {
        self.core.ctx(self.now, &mut self.endpoint)
    }

    /// A session on which the account's only device is signed in, ready for everything.
    pub fn signed_in(&mut self, account: AccountId, name: &str) -> SessionId {
        let id = SessionId(self.core.sessions.len() as u64 + 1);
        let mut user = User::new(account, name, DeviceId(account.0));
        user.ready = true;
        let mut session = Session::new(self.now.instant);
        session.sign_in(user);
        self.core.sessions.insert(id, session);
        self.core.presence.set_active(account, name, id);
        id
    }
}
