//! The list of blocked users, and what is hidden because of it.
//!
//! The server keeps the list and delivers nothing that a blocked user sends to this user alone. Their messages in rooms
//! and to everyone are delivered, kept and acknowledged like all others, so that they learn nothing; they are hidden
//! as long as the author is blocked. A user who is only ignored is hidden on this device, and neither the server nor another
//! device knows.

use std::collections::BTreeMap;

use crate::client::account::ctx::Ctx;
use crate::client::account::ctx::hidden::Hidden;
use crate::client::account::ctx::pending::PendingRequest;
use crate::client::env::Fault;
use crate::client::name::{canonical, truncate_name};
use crate::client::storage::StateError;
use crate::client::storage::entry::Said;
use crate::client::storage::records::IgnoredUser;
use crate::protocol::{
    AccountId, BLOCKED_MAX, Block, Blocked, BlockedUser, ErrorCode, EventKind, Failure,
};

/// How many users one device ignores. As the server's list of blocked users.
const IGNORED_MAX: usize = BLOCKED_MAX;

#[derive(Debug, Default)]
pub(crate) struct BlockedUsers {
    users: Vec<BlockedUser>,
    /// Whether it has come in this session.
    is_told: bool,
    /// Those whom this device alone hides.
    ignored: Vec<IgnoredUser>,
}

impl BlockedUsers {
    /// The list of an earlier run.
    pub(crate) const fn load(users: Vec<BlockedUser>, ignored: Vec<IgnoredUser>) -> Self {
        Self {
            users,
            is_told: false,
            ignored,
        }
    }

    /// A session begins: the server says the list, unless it is empty.
    pub(crate) const fn begin_session(&mut self) {
        self.is_told = false;
    }

    /// Has the other parts know whose words are not shown, and the tab key the names.
    pub(crate) fn note(&self, ctx: &mut Ctx<'_>) {
        let blocked = self.users.iter();
        let blocked = blocked.map(|user| (Some(user.account), user.name.clone()));
        let ignored = self.ignored.iter();
        let ignored = ignored.map(|user| (user.account, user.name.clone()));
        *ctx.hidden = Hidden::of(blocked.chain(ignored));
        ctx.session.has_new_names = true;
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
            Said::Text(_)
            | Said::Action(_)
            | Said::File(_)
            | Said::Amendment(_)
            | Said::Deleted(_)
            | Said::Unknown => true,
            // What happens in a room is no word to anybody.
            Said::Event(event) => event.kind == EventKind::Invited,
        };
        is_addressed && self.hides_texts_of(author)
    }

    /// Whether no text of this account is shown.
    pub(crate) fn hides_texts_of(&self, author: AccountId) -> bool {
        let is_ignored = |user: &IgnoredUser| user.account == Some(author);
        self.users.iter().any(|user| user.account == author) || self.ignored.iter().any(is_ignored)
    }

    /// Whether a user of this name is ignored on this device.
    pub(crate) fn ignores(&self, name: &str) -> bool {
        self.ignored.iter().any(|user| user.name == name)
    }

    /// An account is called like this: if that user is ignored, it is known now who it is.
    pub(crate) fn learn(&mut self, ctx: &mut Ctx<'_>, account: AccountId, name: &str) {
        let unknown = |user: &&mut IgnoredUser| user.account.is_none() && user.name == name;
        if let Some(user) = self.ignored.iter_mut().find(unknown) {
            user.account = Some(account);
            ctx.state.put_ignored(&self.ignored);
            self.note(ctx);
        }
    }

    /// Hides on this device what a user says, or lists whom it hides.
    pub(crate) fn ignore(&mut self, ctx: &mut Ctx<'_>, named: Option<&str>) {
        let Some(named) = named else {
            return self.list_ignored(ctx);
        };
        let name = truncate_name(canonical(named));
        if name == ctx.me.name {
            return ctx.fail(Fault::Failed, "you cannot ignore yourself");
        }
        if self.ignores(&name) {
            return ctx.notice(format!(
                "you ignore {name} already; `/unignore {name}` ends it"
            ));
        }
        if self.ignored.len() >= IGNORED_MAX {
            let text = format!("you ignore {IGNORED_MAX} users, and that is the limit");
            return ctx.fail(Fault::Failed, text);
        }
        let account = match account_of(ctx, &name) {
            Ok(account) => account,
            Err(error) => return ctx.fail(Fault::Failed, error.to_string()),
        };
        ctx.notice(format!(
            "{name}'s messages are hidden on this device; `/block {name}` is for all your devices"
        ));
        self.ignored.push(IgnoredUser { name, account });
        ctx.state.put_ignored(&self.ignored);
        self.note(ctx);
    }

    pub(crate) fn unignore(&mut self, ctx: &mut Ctx<'_>, named: &str) {
        let name = canonical(named);
        let before = self.ignored.len();
        self.ignored.retain(|user| user.name != name);
        if self.ignored.len() == before {
            return ctx.notice(format!("you do not ignore {name}"));
        }
        ctx.state.put_ignored(&self.ignored);
        self.note(ctx);
        ctx.notice(format!(
            "{name}'s messages are shown again; `/history` has those that were hidden"
        ));
    }

    fn list_ignored(&self, ctx: &mut Ctx<'_>) {
        for user in &self.ignored {
            ctx.plain(&user.name);
        }
        let text = match self.ignored.len() {
            0 => "you ignore nobody; `/ignore USER` hides a user's messages on this device".into(),
            count => format!("you ignore {count}; `/unignore USER` ends it"),
        };
        ctx.notice(text);
    }

    pub(crate) fn ignored_names(&self) -> impl Iterator<Item = &String> {
        self.ignored.iter().map(|user| &user.name)
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
        self.note(ctx);
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
            self.note(ctx);
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

/// The account of this name, if something of it is here.
fn account_of(ctx: &Ctx<'_>, name: &str) -> Result<Option<AccountId>, StateError> {
    let mut first = BTreeMap::new();
    ctx.state.visit_words(None, |found| {
        let author = (found.conversation, found.author);
        // What happened in a room comes without the name of whose it is.
        let is_said = !found.words.trim().is_empty();
        let known = first.entry(author).or_insert((found.entry, is_said));
        if is_said && !known.1 {
            *known = (found.entry, true);
        }
        true
    })?;
    for ((id, author), (at, _)) in first {
        let is_it = if author == ctx.me.id {
            false
        } else if ctx.is_many(id) {
            let entry = ctx.state.entry(id, at)?;
            let author_name = entry.and_then(|entry| entry.author_name);
            author_name.is_some_and(|author_name| author_name == name)
        } else {
            ctx.name_of(id) == name
        };
        if is_it {
            return Ok(Some(author));
        }
    }
    Ok(None)
}

pub(crate) fn refusal(failure: &Failure, name: &str) -> String {
    match failure.code {
        ErrorCode::ToOneself => "you cannot block yourself".into(),
        ErrorCode::LimitReached => failure.detail.clone(),
        _ => crate::client::ui::render::refusal(failure, name),
    }
}
