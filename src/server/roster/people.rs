//! Whom a user knows: with whom they share a room or a conversation; who of them is online, was last, and is away.

use crate::protocol::{
    AccountId, Away, AwayRequest, Command, ErrorCode, Failure, Message, Person, Roster,
    RosterRequest, Whois, WhoisRequest,
};
use crate::server::ctx::reply::{failure_of, in_parts};
use crate::server::ctx::requests::{Pending, RequestOrigin};
use crate::server::ctx::{CONTROL, Ctx};
use crate::server::names::Name;
use crate::store::{Acquaintance, Outcome, Read, Reply};
use crate::transport::{Channel, SessionId};

/// People in one part of the list. Chosen: with the longest names and texts, 40 KB.
const PEOPLE_PER_PART: usize = 100;

/// Whom does the user know?
pub fn list(ctx: &mut Ctx<'_>, id: SessionId, channel: Channel, body: RosterRequest) {
    if let Some(origin) = ctx.request_origin(id, channel, body.tag) {
        let account = origin.account;
        let pending = Pending::Roster(origin);
        ctx.submit_for_list(
            origin,
            Command::Roster,
            pending,
            Read::Acquaintances { account },
        );
    }
}

pub fn on_listed(ctx: &mut Ctx<'_>, origin: RequestOrigin, outcome: Outcome) {
    let Outcome::Done(Reply::Acquaintances(found)) = outcome else {
        ctx.send_error_if_connected(origin, Command::Roster, failure_of(&outcome));
        return ctx.unblock(origin.session);
    };
    if !ctx.is_connected(origin) {
        return;
    }
    // A user does not see those whom they block.
    let people = found
        .into_iter()
        .filter(|found| !ctx.blocks.hides(origin.account, found.account))
        .map(|found| person(ctx, found))
        .collect();
    let parts = in_parts(people, PEOPLE_PER_PART, |people, more| Roster {
        tag: origin.tag,
        people,
        more,
    });
    ctx.respond_paged(origin.session, origin.channel, parts);
}

/// Who is this?
pub fn whois(ctx: &mut Ctx<'_>, id: SessionId, channel: Channel, body: &WhoisRequest) {
    let Some(origin) = ctx.request_origin(id, channel, body.tag) else {
        return;
    };
    match Name::parse(&body.name) {
        Ok(name) => {
            let request = Read::Acquaintance {
                account: origin.account,
                name: name.canonical().to_owned(),
            };
            ctx.submit_for(origin, Command::Whois, Pending::Whois(origin), request);
        }
        // A text that cannot be a name is nobody's.
        Err(error) => {
            let failure = Failure::new(ErrorCode::NoSuchUser, error.to_string());
            ctx.reject_request(origin, Command::Whois, failure);
        }
    }
}

pub fn on_found(ctx: &mut Ctx<'_>, origin: RequestOrigin, outcome: Outcome) {
    let Outcome::Done(Reply::Acquaintance(found, rooms)) = outcome else {
        return ctx.send_error_if_connected(origin, Command::Whois, failure_of(&outcome));
    };
    let answer = Whois {
        tag: origin.tag,
        person: person(ctx, found),
        rooms,
    };
    ctx.respond_if_connected(origin, answer);
}

fn person(ctx: &Ctx<'_>, found: Acquaintance) -> Person {
    let is_online = ctx.presence.is_online(found.account);
    Person {
        account: found.account,
        name: found.name,
        online: is_online,
        seen_ms: (!is_online && found.seen_ms > 0).then_some(found.seen_ms),
        away: away_of(ctx, found.account).map(str::to_owned),
        bot: found.is_bot.then_some(true),
    }
}

/// What an account that is online says of being away.
pub fn away_of<'c>(ctx: &'c Ctx<'_>, account: AccountId) -> Option<&'c str> {
    ctx.presence.away(account)
}

/// The user is away, or back. Nothing of it is kept when their last session is over.
pub fn set_away(ctx: &mut Ctx<'_>, id: SessionId, channel: Channel, body: &AwayRequest) {
    let Some(origin) = ctx.request_origin(id, channel, body.tag) else {
        return;
    };
    ctx.presence.set_away(origin.account, body.text.clone());
    for other in ctx.sessions_of(origin.account) {
        let is_ready = ctx.sessions.user(other).is_some_and(|user| user.ready);
        if other != id && is_ready {
            let news = Away {
                tag: None,
                text: body.text.clone(),
            };
            // One that has no room goes without: nothing depends on it.
            let _ = ctx.send(other, CONTROL, &Message::control(news));
        }
    }
    let answer = Away {
        tag: Some(body.tag),
        text: body.text.clone(),
    };
    ctx.respond_if_connected(origin, answer);
}
