//! The list of blocked users, and what is hidden because of it.
//!
//! The server keeps the list and delivers nothing that a blocked user sends to this user alone. Their messages in rooms
//! and to everyone are delivered, kept and acknowledged like all others, so that they learn nothing; they are hidden
//! as long as the author is blocked.

use crate::client::account::ctx::Ctx;
use crate::client::account::ctx::pending::PendingRequest;
use crate::client::env::Fault;
use crate::client::name::{canonical, truncate_name};
use crate::client::storage::entry::Said;
use crate::protocol::{
    AccountId, BLOCKED_MAX, Block, Blocked, BlockedUser, ErrorCode, EventKind, Failure,
};

#[derive(Debug, Default)]
pub(crate) struct BlockedUsers {
    users: Vec<BlockedUser>,
    /// Whether it has come in this session.
    is_told: bool,
}

impl BlockedUsers {
    /// The list of an earlier run.
    pub(crate) const fn load(users: Vec<BlockedUser>) -> Self {
        Self {
            users,
            is_told: false,
        }
    }

    /// A session begins: the server says the list, unless it is empty.
    pub(crate) const fn begin_session(&mut self) {
        self.is_told = false;
    }

    fn set(&mut self, users: Vec<BlockedUser>) {
        self.is_told = true;
        let users = users.into_iter().take(BLOCKED_MAX);
        self.users = users
            .map(|user| BlockedUser {
                name: truncate_name(user.name),
                ..user
            })
            .collect();
    }

    /// Whether what this account says is not shown.
    pub(crate) fn hides(&self, author: AccountId, said: &Said) -> bool {
        let is_addressed = match said {
            Said::Text(_) | Said::Unknown => true,
            // What happens in a room is no word to anybody.
            Said::Event(event) => event.kind == EventKind::Invited,
        };
        is_addressed && self.hides_texts_of(author)
    }

    /// Whether no text of this account is shown.
    pub(crate) fn hides_texts_of(&self, author: AccountId) -> bool {
        self.users.iter().any(|user| user.account == author)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        self.users.iter().map(|user| &user.name)
    }

    fn has(&self, name: &str) -> bool {
        self.users.iter().any(|user| user.name == name)
    }

    /// Asks the server to block a user, or to unblock one.
    pub(crate) fn block(ctx: &mut Ctx<'_>, named: &str, blocking: bool) {
        if canonical(named) == ctx.me.name {
            ctx.fail(Fault::Failed, "you cannot block yourself");
            return;
        }
        let name = named.to_owned();
        let asked = PendingRequest::Block {
            name: name.clone(),
            blocking,
        };
        let body = |tag| Block {
            tag,
            name,
            blocking,
        };
        ctx.request(asked, body);
    }

    pub(crate) fn list(&self, ctx: &mut Ctx<'_>) {
        for user in &self.users {
            ctx.plain(&user.name);
        }
        let text = match self.users.len() {
            0 => "you have blocked nobody; `/block USER` blocks a user".to_owned(),
            count => format!("you block {count}; `/unblock USER` ends it"),
        };
        ctx.notice(text);
    }

    /// The list has come: as an answer, or by itself at the beginning of a session.
    pub(crate) fn handle_list(&mut self, ctx: &mut Ctx<'_>, told: Blocked) {
        let asked = told.tag.and_then(|tag| ctx.pending.take(tag));
        let was_blocked = matches!(&asked, Some(PendingRequest::Block { name, .. }) if self.has(&canonical(name)));
        self.set(told.users);
        ctx.session.has_new_names = true;
        ctx.state.put_blocked(&self.users);
        if let Some(PendingRequest::Block { name, blocking }) = asked {
            let text = if !blocking && !was_blocked {
                format!("you do not block {name}")
            } else if blocking {
                format!(
                    "you block {name}: their messages to you are no longer delivered, and their lines are hidden"
                )
            } else {
                format!(
                    "you no longer block {name}; messages they sent you meanwhile stay undelivered"
                )
            };
            ctx.notice(text);
        }
    }

    /// The positions are settled: without a list by now, nobody is blocked.
    pub(crate) fn settle(&mut self, ctx: &mut Ctx<'_>) {
        if !self.is_told && !self.users.is_empty() {
            self.users.clear();
            ctx.state.put_blocked(&self.users);
            ctx.session.has_new_names = true;
        }
    }

    /// Warns a user who writes to somebody whom they block.
    pub(crate) fn warn(&self, ctx: &mut Ctx<'_>, target: &str) {
        if self.has(&canonical(target)) {
            let text = format!(
                "you block {target}: replies are not delivered; `/unblock {target}` lifts the block"
            );
            ctx.notice(text);
        }
    }
}

pub(crate) fn refusal(failure: &Failure, name: &str) -> String {
    match failure.code {
        ErrorCode::ToOneself => "you cannot block yourself".into(),
        ErrorCode::LimitReached => failure.detail.clone(),
        _ => crate::client::ui::render::refusal(failure, name),
    }
}
