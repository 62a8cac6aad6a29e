//! Blocking a user, and no longer.

use crate::protocol::{Block, Blocked, Command, ErrorCode, Failure, Message};
use crate::server::ctx::reply::failure_of;
use crate::server::ctx::requests::{Pending, RequestOrigin};
use crate::server::ctx::{CONTROL, Ctx};
use crate::server::names::Name;
use crate::store::{Outcome, Refusal, Reply, Write};
use crate::transport::{Channel, SendError, SessionId};

/// A user blocks somebody, or no longer.
pub fn block(ctx: &mut Ctx<'_>, id: SessionId, channel: Channel, body: &Block) {
    let Some(origin) = ctx.request_origin(id, channel, body.tag) else {
        return;
    };
    let name = match Name::parse(&body.name) {
        Ok(name) => name.canonical().to_owned(),
        // A text that cannot be a name is nobody's.
        Err(error) => {
            let failure = Failure::new(ErrorCode::NoSuchUser, error.to_string());
            return ctx.reject_request(origin, Command::Block, failure);
        }
    };
    if !ctx.check_change_rate(origin, Command::Block) {
        return;
    }
    let request = Write::Block {
        account: origin.account,
        name,
        is_blocking: body.blocking,
    };
    ctx.submit_for(origin, Command::Block, Pending::Block(origin), request);
}

/// The store has noted it: all devices of the account are told the new list.
pub fn on_blocked(ctx: &mut Ctx<'_>, origin: RequestOrigin, outcome: Outcome) {
    let Outcome::Done(Reply::Blocked { blocked, pair, .. }) = outcome else {
        let mut failure = failure_of(&outcome);
        if outcome == Outcome::Refused(Refusal::ToOneself) {
            failure.detail = "nobody blocks themselves".into();
        }
        return ctx.send_error_if_connected(origin, Command::Block, failure);
    };
    let sessions = ctx.sessions_of(origin.account);
    if !sessions.is_empty() {
        ctx.blocks.set(origin.account, &blocked);
    }
    for id in sessions {
        let Some(user) = ctx.sessions.user_mut(id).filter(|user| user.ready) else {
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
            let told = ctx.send(id, CONTROL, &Message::control(news));
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
    ctx.respond_if_connected(origin, answer);
}
