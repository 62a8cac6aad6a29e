//! The other servers of a cluster: who is online at them, and what they are told of who is online here.
//!
//! Each server tells the others what changes, numbered, and once a second that it is there. Who misses a number asks for
//! everything. Of a server that has said nothing for [`SILENCE`] nobody is online any more.

pub mod message;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ctx::Ctx;
use super::presence::{OnlineAccount, SeatElsewhere};
use super::receipts::Receipts;
use super::roster::alerts::Alerts;
use crate::protocol::{AccountId, ConversationId, Mark};
use crate::server::ctx::requests::Pending;
use crate::store::{MEANING, Write};
use message::{PeerAccount, PeerMessage};

/// How often a server says that it is there.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(1);

/// After so long a server is dead that says nothing. Chosen: several heartbeats may be lost.
const SILENCE: Duration = Duration::from_secs(5);

/// How soon a server is asked again for everything.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// How many accounts are in one message at most. Chosen: with the longest names and texts less than the megabyte that a message
/// between servers may have; rooms count beside them.
const ACCOUNTS_MAX: usize = 500;
const ROOMS_MAX: usize = 20_000;

/// How many servers are known at most: more than a cluster has.
const PEERS_MAX: usize = 64;

/// What carries messages to the other servers.
pub trait PeerLink {
    /// Tells all of them; it may be lost.
    fn tell(&mut self, message: Vec<u8>);
}

/// What makes a server one of several.
pub struct Introduction {
    /// What it is called among them.
    pub node: Arc<str>,
    /// Random; tells this start from others.
    pub life: u64,
    /// By which meaning writes are executed now ([`MEANING`]).
    pub meaning: u64,
    /// How it talks with them.
    pub link: Box<dyn PeerLink + Send>,
}

/// What is known of another server.
#[derive(Debug)]
struct Peer {
    life: u64,
    /// The number of its last change that is known here.
    changes: u64,
    /// How many sessions it has, and up to which meaning it executes writes, once it has said so.
    sessions: u64,
    meaning: Option<u64>,
    heard_at: Instant,
    asked_at: Option<Instant>,
    /// Whether it has told everything once.
    is_known: bool,
    /// The parts of everything that have come, and who is in them.
    parts: BTreeSet<u32>,
    seen: BTreeSet<AccountId>,
}

/// What a server knows of the others of its cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterStatus {
    /// What this one is called.
    pub node: String,
    /// Those that are there besides.
    pub others: Vec<String>,
    /// How many sessions those have.
    pub sessions_elsewhere: u64,
}

/// The other servers, if there are any.
pub struct Peers {
    link: Option<Box<dyn PeerLink + Send>>,
    node: Arc<str>,
    /// Tells this start from others.
    life: u64,
    /// How many changes were told.
    changes: u64,
    heartbeat_at: Instant,
    known: BTreeMap<Arc<str>, Peer>,
    meanings: Meanings,
}

/// By which meanings writes may be executed ([`MEANING`]).
#[derive(Debug, Clone, Copy)]
struct Meanings {
    /// The highest one that is known here.
    known: u64,
    in_force: u64,
    /// Before that moment others may be there that have not been heard yet.
    alone_at: Instant,
}

impl Peers {
    /// None.
    pub fn none(now: Instant) -> Self {
        Self {
            link: None,
            node: "".into(),
            life: 0,
            changes: 0,
            heartbeat_at: now,
            known: BTreeMap::new(),
            meanings: Meanings {
                known: MEANING,
                in_force: MEANING,
                alone_at: now + SILENCE,
            },
        }
    }

    /// There are others, of whom this server is one.
    pub fn begin(&mut self, introduction: Introduction) {
        self.link = Some(introduction.link);
        self.node = introduction.node;
        self.life = introduction.life;
        self.meanings.in_force = introduction.meaning;
    }

    /// Writes are executed by another meaning from now on.
    pub fn on_raised(&mut self, meaning: u64) {
        self.meanings.in_force = self.meanings.in_force.max(meaning);
        tracing::info!("all servers of the cluster execute writes by meaning {meaning}");
    }

    /// Has writes executed by the newest meaning that all servers know which are there. One that has never been heard of would
    /// stop, and has to be updated.
    fn raise_meaning(&self, ctx: &mut Ctx<'_>) {
        if ctx.now.instant < self.meanings.alone_at {
            return;
        }
        let theirs = self.known.values().map(|peer| peer.meaning);
        // One that has not said it yet knows none.
        let least = theirs.chain([Some(self.meanings.known)]).min().flatten();
        let raised = least.filter(|least| *least > self.meanings.in_force && self.is_first());
        if let Some(meaning) = raised {
            // Where there is no room for it now, the next heartbeat asks again.
            ctx.store.submit(Pending::Raise, Write::Raise { meaning });
        }
    }

    /// How many servers there are, with this one.
    pub fn servers(&self) -> u32 {
        let others = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        others.saturating_add(1)
    }

    /// What is known of them; none where there are no others.
    pub fn status(&self) -> Option<ClusterStatus> {
        self.link.as_ref()?;
        Some(ClusterStatus {
            node: self.node.to_string(),
            others: self.known.keys().map(ToString::to_string).collect(),
            sessions_elsewhere: self.known.values().map(|peer| peer.sessions).sum(),
        })
    }

    fn tell(&mut self, message: &PeerMessage) {
        if let Some(link) = &mut self.link {
            link.tell(message.encode());
        }
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.link.as_ref()?;
        let silent = self.known.values().map(|peer| peer.heard_at + SILENCE);
        silent.chain([self.heartbeat_at]).min()
    }

    /// Whether this server does what one is to do for all: the first one by name of those that are there, or the only one.
    pub fn is_first(&self) -> bool {
        let first = self.known.keys().next();
        first.is_none_or(|first| self.node < *first)
    }

    /// Returns whether another server is gone.
    pub fn on_timeout(&mut self, ctx: &mut Ctx<'_>, alerts: &mut Alerts) -> bool {
        let now = ctx.now.instant;
        if self.link.is_none() {
            return false;
        }
        if self.heartbeat_at <= now {
            self.heartbeat_at = now + HEARTBEAT_EVERY;
            let (life, changes) = (self.life, self.changes);
            let sessions = ctx.sessions.len() as u64;
            self.tell(&PeerMessage::Heartbeat {
                life,
                changes,
                sessions,
                meaning: self.meanings.known,
            });
            self.raise_meaning(ctx);
        }
        let dead: Vec<Arc<str>> = self
            .known
            .iter()
            .filter(|(_, peer)| now.saturating_duration_since(peer.heard_at) >= SILENCE)
            .map(|(node, _)| Arc::clone(node))
            .collect();
        let is_gone = !dead.is_empty();
        for node in dead {
            let seconds = SILENCE.as_secs();
            tracing::warn!(
                "node {node} of the cluster has said nothing for {seconds} s: its users count as offline"
            );
            self.known.remove(&node);
            for account in ctx.presence.elsewhere().at(&node) {
                set(ctx, alerts, &node, account, None);
            }
        }
        is_gone
    }

    /// What came together was handled: the others are told what has changed.
    pub fn publish(&mut self, ctx: &mut Ctx<'_>, receipts: &mut Receipts) {
        if self.link.is_none() {
            return;
        }
        let marks = receipts.take_hints();
        if !marks.is_empty() {
            self.tell(&PeerMessage::Marks(marks));
        }
        let changed = ctx.presence.take_changes();
        let accounts: Vec<PeerAccount> = changed.into_iter().map(|id| told(ctx, id)).collect();
        for accounts in parts(accounts) {
            self.changes += 1;
            let (life, change) = (self.life, self.changes);
            self.tell(&PeerMessage::Changed {
                life,
                change,
                accounts,
            });
        }
    }

    fn tell_all(&mut self, ctx: &mut Ctx<'_>) {
        let online: Vec<AccountId> = ctx.presence.online().map(|(id, _)| id).collect();
        let accounts: Vec<PeerAccount> = online.into_iter().map(|id| told(ctx, id)).collect();
        let mut all = parts(accounts);
        if all.is_empty() {
            all.push(Vec::new());
        }
        let count = u32::try_from(all.len()).unwrap_or(u32::MAX);
        for (accounts, part) in all.into_iter().zip(0..) {
            let (life, changes) = (self.life, self.changes);
            self.tell(&PeerMessage::All {
                life,
                changes,
                part,
                parts: count,
                accounts,
            });
        }
    }

    /// A server has told something.
    pub fn on_message(
        &mut self,
        ctx: &mut Ctx<'_>,
        (alerts, receipts): (&mut Alerts, &mut Receipts),
        node: &str,
        bytes: &[u8],
    ) {
        let Some(message) = PeerMessage::decode(bytes) else {
            tracing::debug!("node {node} has told something that is not known here");
            return;
        };
        match message {
            PeerMessage::Heartbeat {
                life,
                changes,
                sessions,
                meaning,
            } => {
                self.hear(ctx, node, life, |peer| peer.changes == changes);
                self.note(node, |peer| {
                    (peer.sessions, peer.meaning) = (sessions, Some(meaning));
                });
            }
            PeerMessage::Changed {
                life,
                change,
                accounts,
            } => {
                let is_next = |peer: &Peer| peer.changes + 1 >= change;
                if !self.hear(ctx, node, life, is_next) {
                    return;
                }
                let Some((node, peer)) = self.known.get_key_value(node) else {
                    return;
                };
                if change <= peer.changes {
                    return;
                }
                let node = Arc::clone(node);
                for account in accounts {
                    set(ctx, alerts, &node, account.account, seat(account));
                }
                self.note(&node, |peer| peer.changes = change);
            }
            PeerMessage::Ask(asked) if *asked == *self.node => self.tell_all(ctx),
            PeerMessage::Ask(_) => {}
            PeerMessage::All {
                life,
                changes,
                part,
                parts,
                accounts,
            } => {
                self.hear(ctx, node, life, |_| true);
                self.take_part(ctx, alerts, node, (changes, part, parts), accounts);
            }
            PeerMessage::Marks(marks) => take_marks(ctx, receipts, marks),
        }
    }

    fn note(&mut self, node: &str, change: impl FnOnce(&mut Peer)) {
        if let Some(peer) = self.known.get_mut(node) {
            change(peer);
        }
    }

    /// A server is there. Whether all is known of it; else it is asked.
    fn hear(
        &mut self,
        ctx: &Ctx<'_>,
        node: &str,
        life: u64,
        is_known: impl FnOnce(&Peer) -> bool,
    ) -> bool {
        let now = ctx.now.instant;
        let is_new = self.known.get(node).is_none_or(|peer| peer.life != life);
        if is_new {
            if self.known.len() >= PEERS_MAX && !self.known.contains_key(node) {
                return false;
            }
            let peer = Peer {
                life,
                changes: 0,
                sessions: 0,
                meaning: None,
                heard_at: now,
                asked_at: None,
                is_known: false,
                parts: BTreeSet::new(),
                seen: BTreeSet::new(),
            };
            self.known.insert(node.into(), peer);
        }
        let Some(peer) = self.known.get_mut(node) else {
            return false;
        };
        peer.heard_at = now;
        if !is_new && is_known(peer) {
            return true;
        }
        if peer.asked_at.is_none_or(|at| at + ASK_AGAIN <= now) {
            peer.asked_at = Some(now);
            peer.parts.clear();
            peer.seen.clear();
            self.tell(&PeerMessage::Ask(node.into()));
        }
        false
    }

    /// A part of everything that a server knows. Once all have come, who is in none of them is not there.
    fn take_part(
        &mut self,
        ctx: &mut Ctx<'_>,
        alerts: &mut Alerts,
        node: &str,
        (changes, part, parts): (u64, u32, u32),
        accounts: Vec<PeerAccount>,
    ) {
        let Some((node, _)) = self.known.get_key_value(node) else {
            return;
        };
        let node = Arc::clone(node);
        let ids: Vec<AccountId> = accounts.iter().map(|account| account.account).collect();
        // What a server has to tell when it is first heard of is no news.
        let is_news = self.known.get(&node).is_some_and(|peer| peer.is_known);
        for account in accounts {
            let account_id = account.account;
            let seat = seat(account);
            if is_news {
                set(ctx, alerts, &node, account_id, seat);
            } else {
                ctx.presence.set_elsewhere(&node, account_id, seat);
            }
        }
        let Some(peer) = self.known.get_mut(&node) else {
            return;
        };
        peer.parts.insert(part);
        peer.seen.extend(ids);
        if peer.parts.len() < parts as usize {
            return;
        }
        peer.changes = changes;
        peer.is_known = true;
        peer.parts.clear();
        let seen = std::mem::take(&mut peer.seen);
        for account in ctx.presence.elsewhere().at(&node) {
            if !seen.contains(&account) {
                set(ctx, alerts, &node, account, None);
            }
        }
    }
}

/// Marks that have moved at another server. They are written there.
fn take_marks(ctx: &mut Ctx<'_>, receipts: &mut Receipts, marks: Vec<(ConversationId, Mark)>) {
    for (conversation, mark) in marks {
        receipts.on_mark_advanced(ctx, conversation, mark);
    }
}

fn seat(told: PeerAccount) -> Option<SeatElsewhere> {
    told.is_online.then(|| SeatElsewhere {
        name: told.name.into(),
        is_announced: told.is_announced,
        is_bot: told.is_bot,
        away: told.away,
        address: told.address,
        rooms: told.rooms,
    })
}

/// An account is online at a server, or no longer; users here are told, if it is news.
fn set(
    ctx: &mut Ctx<'_>,
    alerts: &mut Alerts,
    node: &Arc<str>,
    account: AccountId,
    seat: Option<SeatElsewhere>,
) {
    if let Some((name, is_online)) = ctx.presence.set_elsewhere(node, account, seat) {
        alerts.announce(ctx, account, &name, is_online);
    }
}

/// What the others are told of an account.
fn told(ctx: &Ctx<'_>, account: AccountId) -> PeerAccount {
    let here = ctx.presence.get(account).filter(|here| here.is_online());
    let address = here.and_then(|here| {
        let mut sessions = here.sessions();
        sessions.find_map(|session| ctx.endpoint.remote(session))
    });
    PeerAccount {
        account,
        name: here.map_or(String::new(), |here| here.name.to_string()),
        is_online: here.is_some(),
        is_announced: here.is_some_and(OnlineAccount::is_announced),
        is_bot: here.is_some_and(|here| here.is_bot),
        away: here.and_then(|here| here.away.clone()),
        address: address.map(Into::into),
        rooms: here.map_or(Vec::new(), |here| here.rooms().collect()),
    }
}

/// Cuts what is told into messages.
fn parts(accounts: Vec<PeerAccount>) -> Vec<Vec<PeerAccount>> {
    let (mut parts, mut part, mut rooms) = (Vec::new(), Vec::new(), 0);
    for account in accounts {
        rooms += account.rooms.len();
        part.push(account);
        if part.len() >= ACCOUNTS_MAX || rooms >= ROOMS_MAX {
            parts.push(std::mem::take(&mut part));
            rooms = 0;
        }
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}
