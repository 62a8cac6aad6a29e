//! Who of those with a session blocks whom.
//!
//! The store decides what is withheld and keeps it; here is what the hub needs besides: whose coming and going, and whose
//! receipts, are not told to whom. It learns of it at HELLO and from the answers to BLOCK.

use std::collections::{BTreeMap, BTreeSet};

use crate::protocol::{
    AccountId, Block, Blocked, BlockedUser, Command, ConversationId, ErrorCode, Failure, Message,
};
use crate::server::auth::failure_of;
use crate::server::hub::completions::{Pending, RequestOrigin};
use crate::server::hub::{Ctx, Hub};
use crate::store::{Outcome, Refusal, Reply, Write};
use crate::transport::{Channel, SendError, SessionId};

/// Whom each account with a session blocks, where that is anybody; at most as many accounts as have sessions, each with
/// [`crate::protocol::BLOCKED_MAX`] others.
#[derive(Debug, Default)]
pub(in crate::server) struct Blocks(BTreeMap<AccountId, BTreeSet<AccountId>>);

impl Blocks {
    /// An account blocks these, and nobody else.
    pub(in crate::server) fn set(&mut self, account: AccountId, blocked: &[BlockedUser]) {
        if blocked.is_empty() {
            self.0.remove(&account);
        } else {
            let others = blocked.iter().map(|user| user.account).collect();
            self.0.insert(account, others);
        }
    }

    /// An account has no session any more.
    pub(in crate::server) fn forget(&mut self, account: AccountId) {
        self.0.remove(&account);
    }

    /// Whether one blocks another.
    pub(in crate::server) fn hides(&self, account: AccountId, other: AccountId) -> bool {
        let blocked = self.0.get(&account);
        blocked.is_some_and(|blocked| blocked.contains(&other))
    }
}

impl Hub {
    /// A user blocks somebody, or no longer.
    pub(in crate::server) fn block(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: SessionId,
        channel: Channel,
        body: &Block,
    ) {
        let Some(origin) = self.request_origin(id, channel, body.tag) else {
            return;
        };
        let name = match crate::server::names::Name::parse(&body.name) {
            Ok(name) => name.canonical().to_owned(),
            // A text that cannot be a name is nobody's.
            Err(error) => {
                let failure = Failure::new(ErrorCode::NoSuchUser, error.to_string());
                return Self::reject_request(ctx, origin, Command::Block, failure);
            }
        };
        if !self.check_change_rate(ctx, origin, Command::Block) {
            return;
        }
        let request = Write::Block {
            account: origin.account,
            name,
            is_blocking: body.blocking,
        };
        self.submit_for(ctx, origin, Command::Block, Pending::Block(origin), request);
    }

    /// The store has noted it: all devices of the account are told the new list.
    pub(in crate::server) fn on_blocked(
        &mut self,
        ctx: &mut Ctx<'_>,
        origin: RequestOrigin,
        outcome: Outcome,
    ) {
        let Outcome::Done(Reply::Blocked { blocked, pair, .. }) = outcome else {
            let mut failure = failure_of(&outcome);
            if outcome == Outcome::Refused(Refusal::ToOneself) {
                failure.detail = "nobody blocks themselves".into();
            }
            return self.send_error_if_connected(ctx, origin, Command::Block, failure);
        };
        let here = self.presence.get(origin.account);
        let sessions: Vec<SessionId> = here
            .into_iter()
            .flat_map(crate::server::presence::OnlineAccount::sessions)
            .collect();
        if !sessions.is_empty() {
            self.blocks.set(origin.account, &blocked);
        }
        for id in sessions {
            let Some(user) = self.sessions.user_mut(id).filter(|user| user.ready) else {
                continue;
            };
            if let Some((conversation, entry)) = pair {
                let since = user.since.entry(conversation).or_default();
                *since = entry.max(*since);
            }
            if id != origin.session {
                let news = Blocked {
                    tag: None,
                    users: blocked.clone(),
                };
                let told = Self::send(ctx, id, Channel::Control, &Message::control(news));
                if told == Err(SendError::Full) {
                    // It would go on to show what is to be hidden. At its next sign-in it is told.
                    tracing::debug!(session = id.0, "a device is not told of a block");
                }
            }
        }
        let answer = Blocked {
            tag: Some(origin.tag),
            users: blocked,
        };
        self.respond_if_connected(ctx, origin, answer);
    }

    /// Whether a receipt of an account is to be told to nobody: in a pair whose other one it blocks.
    pub(in crate::server) fn is_silenced(
        &self,
        account: AccountId,
        conversation: ConversationId,
    ) -> bool {
        if self.is_member(account, conversation) {
            return false;
        }
        let subscribers = self.subscribers.get(&conversation);
        let mut subscribers = subscribers.into_iter().flatten();
        subscribers.any(|id| {
            let user = self.sessions.user(*id);
            user.is_some_and(|user| self.blocks.hides(account, user.account))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_blocks_whom_they_name_and_it_is_no_matter_of_the_other() {
        let (alice, bob) = (AccountId(1), AccountId(2));
        let user = |account| BlockedUser {
            account,
            name: "somebody".into(),
        };
        let mut blocks = Blocks::default();
        blocks.set(bob, &[user(alice)]);
        assert!(blocks.hides(bob, alice) && !blocks.hides(alice, bob));
        blocks.set(bob, &[]);
        assert!(!blocks.hides(bob, alice) && blocks.0.is_empty());
        blocks.set(bob, &[user(alice)]);
        blocks.forget(bob);
        assert!(!blocks.hides(bob, alice));
    }
}
