//! Who is online at other servers of the cluster, as those have told: nothing here is durable, and what is lost is told again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::protocol::{AccountId, ConversationId, RecipientData};

/// What another server has told of an account that is online there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatElsewhere {
    /// The account's canonical name.
    pub name: Arc<str>,
    /// Whether others are told that it is online.
    pub is_announced: bool,
    /// Whether it is marked as a bot's.
    pub is_bot: bool,
    /// What it says of being away.
    pub away: Option<String>,
    /// Where a session of it is seen.
    pub address: Option<RecipientData>,
    /// The rooms that it belongs to.
    pub rooms: Vec<ConversationId>,
}

/// The accounts that are online at other servers.
#[derive(Debug, Default)]
pub struct Elsewhere {
    /// By the name of the server.
    accounts: BTreeMap<AccountId, Vec<(Arc<str>, SeatElsewhere)>>,
    rooms: BTreeMap<ConversationId, BTreeSet<AccountId>>,
}

impl Elsewhere {
    /// A server has told of an account: that it is online there, or no longer.
    pub(super) fn set(&mut self, node: &Arc<str>, account: AccountId, seat: Option<SeatElsewhere>) {
        let seats = self.accounts.entry(account).or_default();
        let before: Vec<ConversationId> = rooms(seats).collect();
        seats.retain(|(at, _)| at != node);
        seats.extend(seat.map(|seat| (Arc::clone(node), seat)));
        for room in before {
            if let Some(members) = self.rooms.get_mut(&room) {
                members.remove(&account);
                if members.is_empty() {
                    self.rooms.remove(&room);
                }
            }
        }
        for room in rooms(seats) {
            self.rooms.entry(room).or_default().insert(account);
        }
        if seats.is_empty() {
            self.accounts.remove(&account);
        }
    }

    /// What is told of an account that is online elsewhere.
    #[must_use]
    pub fn get(&self, account: AccountId) -> Option<&SeatElsewhere> {
        self.accounts.get(&account)?.first().map(|(_, seat)| seat)
    }

    #[must_use]
    pub fn is_online(&self, account: AccountId) -> bool {
        self.accounts.contains_key(&account)
    }

    /// Whether others are told that it is online.
    #[must_use]
    pub fn is_announced(&self, account: AccountId) -> bool {
        let seats = self.accounts.get(&account).into_iter().flatten();
        seats.map(|(_, seat)| seat).any(|seat| seat.is_announced)
    }

    /// Everybody who is online elsewhere.
    pub fn online(&self) -> impl Iterator<Item = (AccountId, &SeatElsewhere)> {
        let accounts = self.accounts.iter();
        accounts.filter_map(|(id, seats)| Some((*id, &seats.first()?.1)))
    }

    /// Those of them who belong to a room.
    pub fn in_room(&self, room: ConversationId) -> impl Iterator<Item = AccountId> {
        self.rooms.get(&room).into_iter().flatten().copied()
    }

    /// Those who are online at a server.
    #[must_use]
    pub fn at(&self, node: &str) -> Vec<AccountId> {
        let is_there =
            |seats: &Vec<(Arc<str>, SeatElsewhere)>| seats.iter().any(|(at, _)| **at == *node);
        let accounts = self.accounts.iter();
        accounts
            .filter(|(_, seats)| is_there(seats))
            .map(|(id, _)| *id)
            .collect()
    }
}

fn rooms(seats: &[(Arc<str>, SeatElsewhere)]) -> impl Iterator<Item = ConversationId> {
    seats
        .iter()
        .flat_map(|(_, seat)| seat.rooms.iter().copied())
}
