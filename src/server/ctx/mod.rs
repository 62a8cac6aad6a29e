//! What every part of the hub works with for one call of the driver: the time, the endpoint, the sessions, the store.
//!
//! The parts (sign-in, rooms, receipts, …) own what only they need and are handed this. They know nothing of the hub:
//! what it must do for them afterwards they leave as a [`Followup`].

pub mod blob_link;
pub mod config;
pub mod reply;
pub mod requests;
pub mod store_link;
#[cfg(test)]
pub mod testing;

use std::collections::VecDeque;

use super::bans::Bans;
use super::limits::Limits;
use super::limits::account_budget::Budgets;
use super::limits::throttle::Throttle;
use super::presence::blocks::Blocks;
use super::presence::{OnlineAccount, Presence};
use super::session::table::Sessions;
use crate::protocol::{AccountId, ConversationId, DeviceId, EndReason, Scratch};
use crate::store::{Ban, BlobStore, Store};
use crate::transport::shares::Shares;
use crate::transport::{Channel, Endpoint, Now, SessionId};
use blob_link::BlobLink;
use config::{HubConfig, HubCounters};
use requests::PendingRequests;
use store_link::StoreLink;

/// The channel on which signing in happens.
pub const CONTROL: Channel = Channel::Control;
/// The channel of all that stands in a log, so that a device sees it in the log's order.
pub const CHAT: Channel = Channel::Chat;
pub const HISTORY: Channel = Channel::Bulk;

/// The code with which sessions are closed when the server stops.
pub const CODE_STOPPING: u16 = 1;
/// The code with which a session is closed that does not read the answers to its requests.
pub const CODE_NOT_READING: u16 = 2;
/// The code with which a session is closed because its device has signed in again.
pub const CODE_SUPERSEDED: u16 = 3;
/// The code with which the oldest session of an account is closed that has too many.
pub const CODE_TOO_MANY_SESSIONS: u16 = 4;
/// The code with which a session is closed whose HELLO takes too long, or is the longest of too many.
pub const CODE_HELLO: u16 = 5;
/// The code with which a session is closed because the server has too many.
pub const CODE_SERVER_FULL: u16 = 6;

/// The code with which a session is closed whose device was revoked.
pub const CODE_REVOKED: u16 = 7;
/// The code with which a session is closed because another device has changed the account's password.
pub const CODE_PASSWORD_CHANGED: u16 = 8;
/// The code with which a session is closed whose account was deleted.
pub const CODE_ACCOUNT_DELETED: u16 = 9;
/// The operator has disabled the account.
pub const CODE_ACCOUNT_DISABLED: u16 = 11;
/// The password was set by a code that the operator has issued.
pub const CODE_PASSWORD_RESET: u16 = 12;
/// The operator has banned the address. The reason says until when, and why.
pub const CODE_ADDRESS_BANNED: u16 = 13;
/// The operator has banned the account. The reason says until when, and why.
pub const CODE_ACCOUNT_BANNED: u16 = 14;
/// The operator has ended the session.
pub const CODE_ENDED: u16 = 15;
/// The code with which a session is closed whose account was renamed. Its client comes back.
pub const CODE_RENAMED: u16 = 16;
/// The code with which a session is closed of whose account it is not known whether it was changed. Its client comes back.
pub const CODE_UNSURE: u16 = 10;

/// Parts of answers, of 32 KB at most, that wait for all sessions together until there is room to send them. Beyond it
/// the session is closed for which the most wait. Chosen: 64 MB, or a thousand pages of history and as many lists.
const PENDING_PARTS_MAX: usize = 2_000;

/// What the parts of the hub share.
pub struct Core {
    /// What holds here: of what servers share, the part of this one.
    pub config: HubConfig,
    /// What the operator allows at all of them together, and how many there are.
    configured: Limits,
    servers: u32,
    pub sessions: Sessions,
    pub presence: Presence,
    pub blocks: Blocks,
    pub bans: Bans,
    pub store: StoreLink,
    pub blobs: BlobLink,
    pub throttle: Throttle,
    pub budgets: Budgets,
    /// Parts of answers that wait for room.
    pub responses: Shares,
    pub counters: HubCounters,
    pub followups: VecDeque<Followup>,
    /// For the message that is being sent.
    scratch: Scratch,
}

/// What the hub does once the part that it has called returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followup {
    /// The session's request was answered: messages that waited for that are taken.
    Unblock(SessionId),
    /// The channel is read on: what it waited for has gone out.
    Readable(SessionId, Channel),
    /// All answers to the session went out: what it was not sent yet is read from the log.
    ReadOn(SessionId),
    /// The session ends in favour of another of its account.
    End(SessionId, EndReason),
    /// The session is closed if its address is banned, or its user's account.
    TurnAway(SessionId),
    /// The session is closed for the others' sake, with this code and reason.
    Evict(SessionId, u16, &'static str),
}

impl Core {
    pub fn new(
        now: Now,
        config: HubConfig,
        store: Box<dyn Store + Send>,
        blobs: Box<dyn BlobStore + Send>,
    ) -> Self {
        let limits = config.limits;
        Self {
            config,
            configured: limits,
            servers: 1,
            sessions: Sessions::default(),
            presence: Presence::default(),
            blocks: Blocks::default(),
            bans: Bans::default(),
            store: StoreLink::new(store, PendingRequests::new(limits.in_flight)),
            blobs: BlobLink::new(blobs),
            throttle: Throttle::new(now.instant, &limits),
            budgets: Budgets::new(&limits),
            responses: Shares::new(PENDING_PARTS_MAX),
            counters: HubCounters::default(),
            followups: VecDeque::new(),
            scratch: Scratch::default(),
        }
    }

    /// Goes on with another configuration. Whether attempts are counted stays: only measurements choose that.
    pub fn configure(&mut self, now: Now, mut config: HubConfig) {
        self.configured = config.limits;
        config.limits = self.configured.among(self.servers);
        self.throttle.configure(now.instant, &config.limits);
        self.budgets.set_rates(&config.limits);
        self.store.set_share(config.limits.in_flight);
        self.config = config;
    }

    /// This is one of so many servers, which share what an account and an address may do.
    pub fn share_limits(&mut self, servers: u32) {
        if servers == self.servers {
            return;
        }
        self.servers = servers;
        self.config.limits = self.configured.among(servers);
        self.throttle.share(&self.config.limits, servers);
        self.budgets.share(&self.config.limits);
    }

    /// For one call of the driver.
    pub fn ctx<'a>(&'a mut self, now: Now, endpoint: &'a mut Endpoint) -> Ctx<'a> {
        Ctx {
            now,
            endpoint,
            config: &self.config,
            sessions: &mut self.sessions,
            presence: &mut self.presence,
            blocks: &mut self.blocks,
            bans: &mut self.bans,
            store: &mut self.store,
            blobs: &mut self.blobs,
            throttle: &mut self.throttle,
            budgets: &mut self.budgets,
            responses: &mut self.responses,
            counters: &mut self.counters,
            followups: &mut self.followups,
            scratch: &mut self.scratch,
        }
    }
}

/// One call of the driver. References side by side, so that a user can be changed while the endpoint sends.
pub struct Ctx<'a> {
    pub now: Now,
    pub endpoint: &'a mut Endpoint,
    pub config: &'a HubConfig,
    pub sessions: &'a mut Sessions,
    pub presence: &'a mut Presence,
    pub blocks: &'a mut Blocks,
    pub bans: &'a mut Bans,
    pub store: &'a mut StoreLink,
    pub blobs: &'a mut BlobLink,
    pub throttle: &'a mut Throttle,
    pub budgets: &'a mut Budgets,
    pub responses: &'a mut Shares,
    pub counters: &'a mut HubCounters,
    pub followups: &'a mut VecDeque<Followup>,
    pub scratch: &'a mut Scratch,
}

impl Ctx<'_> {
    /// Repeats after a while what the store could not do.
    pub fn retry_soon(&mut self) {
        self.store.retry_soon(self.now);
    }

    /// Messages of the session that waited for an answer are taken.
    pub fn unblock(&mut self, id: SessionId) {
        self.followups.push_back(Followup::Unblock(id));
    }

    /// The session ends in favour of another of its account.
    pub fn end(&mut self, id: SessionId, reason: EndReason) {
        self.followups.push_back(Followup::End(id, reason));
    }

    /// The session is closed for the others' sake.
    pub fn evict(&mut self, id: SessionId, code: u16, reason: &'static str) {
        self.followups.push_back(Followup::Evict(id, code, reason));
    }

    /// The session is closed if its address is banned, or its user's account.
    pub fn turn_away(&mut self, id: SessionId) {
        self.followups.push_back(Followup::TurnAway(id));
    }

    /// The ban of a session's address.
    #[must_use]
    pub fn address_ban(&self, id: SessionId) -> Option<&Ban> {
        let remote = self.endpoint.remote(id)?;
        self.bans.of_address(remote.ip(), self.now.unix_ms)
    }

    /// The ban of an account.
    #[must_use]
    pub fn account_ban(&self, account: AccountId) -> Option<&Ban> {
        self.bans.of_account(account, self.now.unix_ms)
    }

    /// Whether this device is still signed in on this session.
    pub fn is_on(&self, id: SessionId, device: DeviceId) -> bool {
        let user = self.sessions.user(id);
        user.is_some_and(|user| user.device == device)
    }

    pub fn sessions_of(&self, account: AccountId) -> Vec<SessionId> {
        let account = self.presence.get(account).into_iter();
        account.flat_map(OnlineAccount::sessions).collect()
    }

    /// Whether an account with a session belongs to everyone, or to a room. Of pairs it says nothing.
    pub fn is_member(&self, account: AccountId, conversation: ConversationId) -> bool {
        conversation == ConversationId::EVERYONE || self.presence.is_in(account, conversation)
    }
}
