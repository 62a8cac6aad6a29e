//! Who is online: every account with a signed-in session whose peer is not silent; and the rooms of these accounts.

pub mod blocks;
mod elsewhere;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::id_map::IdMap;
use crate::protocol::{AccountId, AccountRole, ConversationId};
use crate::small_map::SmallMap;
use crate::transport::SessionId;
use elsewhere::Elsewhere;
pub use elsewhere::SeatElsewhere;

/// The accounts with signed-in sessions.
#[derive(Debug, Default)]
pub struct Presence {
    accounts: IdMap<AccountId, OnlineAccount>,
    /// How many of them are online.
    online: usize,
    /// How many sessions they have in all.
    sessions: usize,
    /// Those with more than one session, the most last.
    several: BTreeSet<(usize, AccountId)>,
    /// Silent sessions, by when they fell silent.
    silent: BTreeSet<(u64, SessionId)>,
    /// How often a session has fallen silent.
    silences: u64,
    /// By room, those of them who belong to it. Nothing is kept for those who are away.
    rooms: IdMap<ConversationId, BTreeSet<AccountId>>,
    /// Who is online at other servers of the cluster, and how many of them are not online here.
    elsewhere: Elsewhere,
    only_elsewhere: usize,
    /// The accounts of which something has changed, if other servers are to be told.
    changed: Option<BTreeSet<AccountId>>,
}

/// One account's sessions, and whether each is awake.
#[derive(Debug)]
pub struct OnlineAccount {
    /// The account's canonical name.
    pub name: Arc<str>,
    sessions: SmallMap<SessionId, Seat>,
    rooms: BTreeSet<ConversationId>,
    /// Whether the others were told that it is online.
    is_announced: bool,
    /// What it says of being away.
    pub away: Option<String>,
    /// Whether it is marked as a bot's, as it was when a session of it signed in last: nobody is told that it comes and goes.
    pub is_bot: bool,
    /// What it may do at the server.
    pub role: AccountRole,
}

/// A session, as far as presence goes.
#[derive(Debug, Clone, Copy, Default)]
struct Seat {
    /// The number of its silence, if it is silent.
    silence: Option<u64>,
    /// Whether others are told that it comes and goes, which its HELLO says; not known before.
    is_announced: Option<bool>,
}

/// What the end or the silence of a session means for its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Departure {
    /// The account is offline now, and was not before.
    pub has_gone: bool,
    /// Others were told that it is online, and are to be told that it is not.
    pub is_news: bool,
}

impl OnlineAccount {
    /// Whether others were told that it is online.
    #[must_use]
    pub const fn is_announced(&self) -> bool {
        self.is_announced
    }

    /// The rooms that it belongs to.
    pub fn rooms(&self) -> impl Iterator<Item = ConversationId> {
        self.rooms.iter().copied()
    }

    /// Its sessions, awake or silent.
    pub fn sessions(&self) -> impl Iterator<Item = SessionId> {
        self.sessions.keys()
    }

    /// Whether one of its sessions is awake.
    #[must_use]
    pub fn is_online(&self) -> bool {
        self.sessions.values().any(|seat| seat.silence.is_none())
    }

    /// Whether others are to be told that it has come, or gone; asked once for each change. Nobody is told that it has gone
    /// while a session of it has not said HELLO: a device that signs in again takes the place of its session before.
    fn take_news(&mut self) -> bool {
        let awake = || self.sessions.values().filter(|seat| seat.silence.is_none());
        let is_announced = !self.is_bot
            && (awake().any(|seat| seat.is_announced == Some(true))
                || self.is_announced && awake().any(|seat| seat.is_announced.is_none()));
        std::mem::replace(&mut self.is_announced, is_announced) != is_announced
    }
}

impl Departure {
    const NONE: Self = Self {
        has_gone: false,
        is_news: false,
    };
}

impl Presence {
    /// Other servers are told what changes from now on.
    pub fn tell_changes(&mut self) {
        self.changed = Some(BTreeSet::new());
    }

    /// The accounts of which something has changed since this was asked last.
    pub fn take_changes(&mut self) -> BTreeSet<AccountId> {
        self.changed
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    fn note_change(&mut self, account: AccountId) {
        if let Some(changed) = &mut self.changed {
            changed.insert(account);
        }
    }

    /// Who is online at other servers.
    #[must_use]
    pub const fn elsewhere(&self) -> &Elsewhere {
        &self.elsewhere
    }

    /// An account is online at another server, or no longer. If users here are to be told: its name, and whether it is online.
    pub fn set_elsewhere(
        &mut self,
        node: &Arc<str>,
        account: AccountId,
        seat: Option<SeatElsewhere>,
    ) -> Option<(Arc<str>, bool)> {
        let seat_before = self.elsewhere.get(account);
        let name = seat.as_ref().or(seat_before)?.name.clone();
        let was_announced = self.elsewhere.is_announced(account);
        let was_online = seat_before.is_some();
        self.elsewhere.set(node, account, seat);
        let here = self.accounts.get(&account);
        if !here.is_some_and(OnlineAccount::is_online) {
            self.only_elsewhere -= usize::from(was_online);
            self.only_elsewhere += usize::from(self.elsewhere.is_online(account));
        }
        let is_announced = self.elsewhere.is_announced(account);
        let is_news =
            was_announced != is_announced && !here.is_some_and(OnlineAccount::is_announced);
        is_news.then_some((name, is_announced))
    }
    /// A session of the account has signed in, or speaks again; whether others are to be told that the account is online.
    pub fn set_active(
        &mut self,
        account: AccountId,
        name: impl Into<Arc<str>>,
        session: SessionId,
    ) -> bool {
        let here = self
            .accounts
            .entry(account)
            .or_insert_with(|| OnlineAccount {
                name: name.into(),
                sessions: SmallMap::default(),
                rooms: BTreeSet::new(),
                is_announced: false,
                away: None,
                is_bot: false,
                role: AccountRole::Member,
            });
        let was_online = here.is_online();
        let before = here.sessions.len();
        let seat = here.sessions.get_or_insert(session, Seat::default());
        if let Some(silence) = seat.silence.take() {
            self.silent.remove(&(silence, session));
        }
        let after = here.sessions.len();
        let is_news = here.take_news();
        self.count(account, before, after);
        self.online += usize::from(!was_online);
        if !was_online && self.elsewhere.is_online(account) {
            self.only_elsewhere -= 1;
        }
        self.note_change(account);
        is_news && !self.elsewhere.is_announced(account)
    }

    /// A session of the account has said HELLO, and whether others are told that it is there. If they are to be told something
    /// of the account: whether it is online.
    pub fn set_announced(
        &mut self,
        account: AccountId,
        session: SessionId,
        is_announced: bool,
    ) -> Option<bool> {
        let here = self.accounts.get_mut(&account)?;
        here.sessions.get_mut(session)?.is_announced = Some(is_announced);
        let (is_news, is_announced) = (here.take_news(), here.is_announced);
        self.note_change(account);
        (is_news && !self.elsewhere.is_announced(account)).then_some(is_announced)
    }

    /// The account, which has just signed in, is marked as a bot's, or not.
    pub fn set_bot(&mut self, account: AccountId, is_bot: bool) {
        if let Some(here) = self.accounts.get_mut(&account) {
            here.is_bot = is_bot;
            self.note_change(account);
        }
    }

    /// What the account, which has a session, may do at the server from now on.
    pub fn set_role(&mut self, account: AccountId, role: AccountRole) {
        if let Some(here) = self.accounts.get_mut(&account) {
            here.role = role;
        }
    }

    /// What an account may do that has a session.
    #[must_use]
    pub fn role(&self, account: AccountId) -> AccountRole {
        self.get(account)
            .map_or(AccountRole::Member, |here| here.role)
    }

    /// Whether an account that has a session is marked as a bot's, for who is told of it.
    #[must_use]
    pub fn bot_mark(&self, account: AccountId) -> Option<bool> {
        let is_bot = match self.get(account) {
            Some(here) => here.is_bot,
            None => self.elsewhere.get(account).is_some_and(|seat| seat.is_bot),
        };
        is_bot.then_some(true)
    }

    /// What an account says of being away, wherever it is online.
    #[must_use]
    pub fn away(&self, account: AccountId) -> Option<&str> {
        let elsewhere = || self.elsewhere.get(account)?.away.as_deref();
        let here = self.get(account).and_then(|here| here.away.as_deref());
        here.or_else(elsewhere)
    }

    /// The account says that it is away, or back. One without a session is not noted.
    pub fn set_away(&mut self, account: AccountId, text: Option<String>) {
        if let Some(here) = self.accounts.get_mut(&account) {
            here.away = text;
            self.note_change(account);
        }
    }

    /// A session of the account has fallen silent.
    pub fn set_idle(&mut self, account: AccountId, session: SessionId) -> Departure {
        let Some(here) = self.accounts.get_mut(&account) else {
            return Departure::NONE;
        };
        let was_online = here.is_online();
        if let Some(seat) = here.sessions.get_mut(session)
            && seat.silence.is_none()
        {
            self.silences += 1;
            seat.silence = Some(self.silences);
            self.silent.insert((self.silences, session));
        }
        let has_gone = was_online && !here.is_online();
        let is_news = here.take_news();
        self.depart(account, has_gone, is_news)
    }

    /// What follows from an account having fewer sessions here that are awake.
    fn depart(&mut self, account: AccountId, has_gone: bool, is_news: bool) -> Departure {
        self.online -= usize::from(has_gone);
        if has_gone && self.elsewhere.is_online(account) {
            self.only_elsewhere += 1;
        }
        self.note_change(account);
        Departure {
            has_gone,
            is_news: is_news && !self.elsewhere.is_announced(account),
        }
    }

    /// A session of the account is over.
    pub fn leave(&mut self, account: AccountId, session: SessionId) -> Departure {
        let Some(here) = self.accounts.get_mut(&account) else {
            return Departure::NONE;
        };
        let was_online = here.is_online();
        let before = here.sessions.len();
        let seat = here.sessions.remove(session);
        if let Some(silence) = seat.and_then(|seat| seat.silence) {
            self.silent.remove(&(silence, session));
        }
        let after = here.sessions.len();
        let is_online = here.is_online();
        let is_news = here.take_news();
        if here.sessions.is_empty() {
            for room in std::mem::take(&mut here.rooms) {
                self.forget_in(account, room);
            }
            self.accounts.remove(&account);
        }
        self.count(account, before, after);
        self.depart(account, was_online && !is_online, is_news)
    }

    fn count(&mut self, account: AccountId, before: usize, after: usize) {
        self.sessions = self.sessions - before + after;
        if before > 1 {
            self.several.remove(&(before, account));
        }
        if after > 1 {
            self.several.insert((after, account));
        }
    }

    /// How many sessions all accounts have together.
    #[must_use]
    pub const fn session_count(&self) -> usize {
        self.sessions
    }

    /// Whose session goes when there are too many: of the account with the most the one that has been silent for longest,
    /// or else the oldest; or, where each has one, the one that has been silent for longest. Nobody goes who is there
    /// with one device.
    #[must_use]
    pub fn eviction_candidate(&self) -> Option<SessionId> {
        let most = self
            .several
            .last()
            .and_then(|(_, account)| self.get(*account));
        let of_most = most.and_then(|here| {
            let order = |(id, seat): &(SessionId, &Seat)| (seat.silence.unwrap_or(u64::MAX), *id);
            here.sessions.iter().min_by_key(order).map(|(id, _)| id)
        });
        of_most.or_else(|| self.silent.first().map(|(_, session)| *session))
    }

    /// The account belongs to a room, as its HELLO or a JOIN has told. An account without a session is not noted.
    pub fn enter(&mut self, account: AccountId, room: ConversationId) {
        if let Some(here) = self.accounts.get_mut(&account) {
            here.rooms.insert(room);
            self.rooms.entry(room).or_default().insert(account);
            self.note_change(account);
        }
    }

    /// The account belongs to a room no longer.
    pub fn exit(&mut self, account: AccountId, room: ConversationId) {
        if let Some(here) = self.accounts.get_mut(&account) {
            here.rooms.remove(&room);
            self.note_change(account);
        }
        self.forget_in(account, room);
    }

    /// Whether the account, which has a session, belongs to a room.
    #[must_use]
    pub fn is_in(&self, account: AccountId, room: ConversationId) -> bool {
        self.get(account)
            .is_some_and(|here| here.rooms.contains(&room))
    }

    /// Those who belong to a room and have a session, awake or silent.
    pub fn in_room(
        &self,
        room: ConversationId,
    ) -> impl Iterator<Item = (AccountId, &OnlineAccount)> {
        let accounts = self.rooms.get(&room).into_iter().flatten();
        accounts.filter_map(|account| Some((*account, self.get(*account)?)))
    }

    /// How many others than this account are online and belong to a room.
    #[must_use]
    pub fn others_in_room(&self, account: AccountId, room: ConversationId) -> usize {
        let here = self.in_room(room).filter(|(_, here)| here.is_online());
        let here = here.filter(|(other, _)| *other != account).count();
        let is_here = |account| self.get(account).is_some_and(OnlineAccount::is_online);
        let elsewhere = self.elsewhere.in_room(room);
        let elsewhere = elsewhere.filter(|other| *other != account && !is_here(*other));
        here + elsewhere.count()
    }

    /// How many accounts those are.
    #[must_use]
    pub fn count_in_room(&self, room: ConversationId) -> usize {
        self.rooms.get(&room).map_or(0, BTreeSet::len)
    }

    /// About how many accounts a message of this author goes to now. Accounts without a session get nothing and are not
    /// counted, and what goes to nobody tells its author nothing of a conversation of others.
    pub fn reader_count(&self, author: AccountId, conversation: ConversationId) -> usize {
        if conversation == ConversationId::EVERYONE {
            self.online_count()
        } else if self.is_in(author, conversation) {
            self.count_in_room(conversation)
        } else {
            0
        }
    }

    fn forget_in(&mut self, account: AccountId, room: ConversationId) {
        if let Some(accounts) = self.rooms.get_mut(&room) {
            accounts.remove(&account);
            if accounts.is_empty() {
                self.rooms.remove(&room);
            }
        }
    }

    /// The account, if it has a session at all.
    #[must_use]
    pub fn get(&self, account: AccountId) -> Option<&OnlineAccount> {
        self.accounts.get(&account)
    }

    #[must_use]
    pub fn is_online(&self, account: AccountId) -> bool {
        let here = self.accounts.get(&account);
        here.is_some_and(OnlineAccount::is_online) || self.elsewhere.is_online(account)
    }

    /// How many are online, here or at another server.
    #[must_use]
    pub const fn online_count(&self) -> usize {
        self.online + self.only_elsewhere
    }

    /// Everybody who is online here, in no order.
    pub fn online(&self) -> impl Iterator<Item = (AccountId, &OnlineAccount)> {
        self.accounts
            .iter()
            .filter(|(_, here)| here.is_online())
            .map(|(id, here)| (*id, here))
    }

    /// The sessions of every account, in no order, those of the silent too: all that is stored goes to them.
    pub fn sessions(&self) -> impl Iterator<Item = SessionId> {
        self.accounts.values().flat_map(OnlineAccount::sessions)
    }
}

#[cfg(test)]
mod tests;
