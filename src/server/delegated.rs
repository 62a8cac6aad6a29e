//! What the operator leaves to accounts with a role: the same writes, each noted in the audit log under the account's name.
//! Which role it takes is in [`policy`]; whether the account still has it, and stands above whom it is about, the store sees in
//! the transaction in which it is done.

use crate::protocol::{
    ANNOUNCEMENT_MAX_BYTES, AccountRole, AdminAction, Administer, Administered, AuditEntry,
    Command, EVERYONE_NAME, ErrorCode, Failure,
};
use crate::server::ctx::Ctx;
use crate::server::ctx::reply::failure_of;
use crate::server::ctx::requests::{Pending, RequestOrigin};
use crate::server::names::{Name, NameError, RoomName};
use crate::server::policy::{self, Action, BAN_MAX_MS, INVITATION_MAX_MS, INVITATION_USES_MAX};
use crate::store::{
    Account, BAN_REASON_MAX_BYTES, Ban, BanSubject, CodeHash, LogOf, NewCode, Outcome, Prefix,
    Read, Reply, Write, invitation_number,
};
use crate::text::printable;
use crate::transport::{Channel, SessionId};

const COMMAND: Command = Command::Administer;

/// How many actions are told at once. Chosen: with the longest names and reasons they fit one message.
const AUDIT_PART: usize = 32;

/// How many users are named who are signed in at an address that is banned. Chosen: with the longest names they fit one message.
const USERS_MAX: usize = 100;

/// Whom an action is about, as it was typed.
enum Typed {
    Account(Name),
    Addresses(Prefix),
}

/// Somebody wants to do something to the server.
pub fn administer(ctx: &mut Ctx<'_>, id: SessionId, channel: Channel, body: Administer) {
    let Some(origin) = ctx.request_origin(id, channel, body.tag) else {
        return;
    };
    if let Err(failure) = begin(ctx, origin, body) {
        ctx.reject_request(origin, COMMAND, failure);
    }
}

fn begin(ctx: &mut Ctx<'_>, origin: RequestOrigin, body: Administer) -> Result<(), Failure> {
    if body.action == AdminAction::Announce {
        return announce(ctx, origin, body.text.unwrap_or_default());
    }
    if body.action == AdminAction::Audit {
        permit(ctx, origin, Action::ReadAudit)?;
        let read = Read::Audit {
            before: body.before.unwrap_or(u64::MAX),
            count: AUDIT_PART,
        };
        ctx.submit_for(origin, COMMAND, Pending::Audit(origin), read);
        return Ok(());
    }
    if body.action == AdminAction::Delete {
        return delete(ctx, origin, &body);
    }
    if body.action == AdminAction::Invite {
        return invite(ctx, origin, &body);
    }
    if body.action == AdminAction::Ban {
        // Who may ban nobody is told so, and not what takes even more.
        permit(ctx, origin, Action::BanForATime)?;
    }
    let subject = typed(&body)?;
    permit(ctx, origin, action(&body, &subject)?)?;
    let text = body.text.as_deref().unwrap_or_default();
    if !text.is_empty() {
        require_visible(text)?;
    }
    if text.len() > BAN_REASON_MAX_BYTES {
        return Err(Failure::new(ErrorCode::TextTooLong, ""));
    }
    if !ctx.check_change_rate(origin, COMMAND) {
        return Ok(());
    }
    match subject {
        Typed::Account(name) => {
            let read = Read::FindAccount {
                name: name.canonical().to_owned(),
                skeleton: None,
            };
            let pending = Pending::AdminSubject(origin, Box::new(body));
            ctx.submit_for(origin, COMMAND, pending, read);
        }
        Typed::Addresses(prefix) => {
            let users = users_at(ctx, origin, prefix)?;
            let subject = BanSubject::Prefix(prefix);
            let (write, answer) = change_ban(ctx, subject, &body);
            let answer = Administered {
                subject: Some(prefix.to_string()),
                users,
                ..answer
            };
            submit(ctx, origin, write, answer);
        }
    }
    Ok(())
}

/// Refuses a text of which nobody sees anything.
fn require_visible(text: &str) -> Result<(), Failure> {
    if printable::is_blank(text) {
        return Err(Failure::new(ErrorCode::Malformed, printable::NOTHING_SEEN));
    }
    Ok(())
}

/// Somebody says something to all users.
fn announce(ctx: &mut Ctx<'_>, origin: RequestOrigin, text: String) -> Result<(), Failure> {
    permit(ctx, origin, Action::Announce)?;
    require_visible(&text)?;
    if text.len() > ANNOUNCEMENT_MAX_BYTES {
        return Err(Failure::new(ErrorCode::TextTooLong, ""));
    }
    if ctx.check_change_rate(origin, COMMAND) {
        let write = Write::Announce {
            author: Some(origin.account),
            text,
            time_ms: ctx.now.unix_ms,
        };
        submit(ctx, origin, write, answer(origin.tag));
    }
    Ok(())
}

/// Somebody deletes what another has said.
fn delete(ctx: &mut Ctx<'_>, origin: RequestOrigin, body: &Administer) -> Result<(), Failure> {
    permit(ctx, origin, Action::DeleteMessages)?;
    let malformed = || Failure::new(ErrorCode::Malformed, "");
    let typed = body.subject.as_deref().ok_or_else(malformed)?;
    let entry = body.entry.ok_or_else(malformed)?;
    let (log, subject) = if typed == EVERYONE_NAME {
        (LogOf::Everyone, typed.to_owned())
    } else {
        let room = RoomName::parse(typed);
        let room = room.map_err(|error| Failure::new(ErrorCode::NoSuchRoom, error.to_string()))?;
        let (name, _) = room.into_forms();
        (LogOf::Room(name.clone()), name)
    };
    if ctx.check_change_rate(origin, COMMAND) {
        let write = Write::DeleteEntry {
            log,
            entry,
            time_ms: ctx.now.unix_ms,
        };
        let answer = Administered {
            subject: Some(subject),
            ..answer(origin.tag)
        };
        submit(ctx, origin, write, answer);
    }
    Ok(())
}

/// Somebody makes a code that opens accounts. It stays with them: here there is only its hash.
fn invite(ctx: &mut Ctx<'_>, origin: RequestOrigin, body: &Administer) -> Result<(), Failure> {
    permit(ctx, origin, Action::Invite)?;
    let (Some(code), Some(uses), Some(for_ms)) = (body.code, body.uses, body.for_ms) else {
        return Err(Failure::new(ErrorCode::Malformed, ""));
    };
    let is_within =
        (1..=INVITATION_USES_MAX).contains(&uses) && (1..=INVITATION_MAX_MS).contains(&for_ms);
    if !is_within {
        let days = INVITATION_MAX_MS / (24 * 60 * 60 * 1000);
        let detail = format!(
            "an invitation opens at most {INVITATION_USES_MAX} accounts, within {days} days"
        );
        return Err(Failure::new(ErrorCode::BadReference, detail));
    }
    if ctx.check_change_rate(origin, COMMAND) {
        let code = CodeHash(code.0);
        let time_ms = ctx.now.unix_ms;
        let write = Write::MakeCode(NewCode {
            account: None,
            code,
            uses,
            by: Some(origin.account),
            time_ms,
            expires_ms: time_ms.saturating_add(for_ms),
        });
        let answer = Administered {
            text: Some(format!("{:08x}", invitation_number(code))),
            ..answer(origin.tag)
        };
        submit(ctx, origin, write, answer);
    }
    Ok(())
}

/// Whom it is about. In a ban, what looks like an address is one.
fn typed(body: &Administer) -> Result<Typed, Failure> {
    let typed = body.subject.as_deref();
    let typed = typed.ok_or_else(|| Failure::new(ErrorCode::Malformed, ""))?;
    let is_ban = matches!(body.action, AdminAction::Ban | AdminAction::Unban);
    if is_ban && Prefix::is_meant(typed) {
        let prefix = Prefix::parse(typed);
        let bad = |error: crate::store::PrefixError| {
            Failure::new(ErrorCode::BadReference, error.to_string())
        };
        return prefix.map(Typed::Addresses).map_err(bad);
    }
    let name = Name::parse(typed);
    // A text that cannot be a name is nobody's.
    let name = name.map_err(|error| Failure::new(ErrorCode::NoSuchUser, error.to_string()));
    name.map(Typed::Account)
}

/// Which row of the policy it is.
fn action(body: &Administer, subject: &Typed) -> Result<Action, Failure> {
    let is_long = body.for_ms.is_none_or(|for_ms| for_ms > BAN_MAX_MS);
    match (body.action, subject) {
        (AdminAction::Ban, Typed::Addresses(_)) => Ok(Action::BanAddresses),
        (AdminAction::Ban, Typed::Account(_)) if is_long => Ok(Action::BanForLonger),
        (AdminAction::Ban, Typed::Account(_)) => Ok(Action::BanForATime),
        (AdminAction::Unban, Typed::Addresses(_)) => Ok(Action::UnbanAddresses),
        (AdminAction::Unban, Typed::Account(_)) => Ok(Action::Unban),
        (AdminAction::Disconnect, _) => Ok(Action::Disconnect),
        (AdminAction::Disable, _) => Ok(Action::Disable),
        (AdminAction::Enable, _) => Ok(Action::Enable),
        (AdminAction::Role, _) => match body.role {
            Some(role) if AccountRole::ALL.contains(&role) => Ok(Action::SetRole),
            _ => Err(Failure::new(ErrorCode::Malformed, "")),
        },
        (AdminAction::Rename, _) => {
            let new = Name::parse_new(body.text.as_deref().unwrap_or_default());
            let bad = |error: NameError| Failure::new(ErrorCode::BadName, error.to_string());
            new.map(|_| Action::Rename).map_err(bad)
        }
        // What is about no account has been begun elsewhere.
        (
            AdminAction::Audit
            | AdminAction::Announce
            | AdminAction::Delete
            | AdminAction::Invite
            | AdminAction::Other(_),
            _,
        ) => Err(Failure::new(ErrorCode::Unsupported, "")),
    }
}

/// Refuses what the account's role does not permit, and names the one that it takes.
fn permit(ctx: &Ctx<'_>, origin: RequestOrigin, action: Action) -> Result<(), Failure> {
    let role = ctx.presence.role(origin.account);
    policy::permit_action(role, action).map_err(|needed| {
        let words = needed.word().to_lowercase();
        Failure::new(ErrorCode::RoleNeeded, words)
    })
}

/// The users who are signed in at addresses. None of them may be somebody on whom the account could not act.
fn users_at(ctx: &Ctx<'_>, origin: RequestOrigin, prefix: Prefix) -> Result<Vec<String>, Failure> {
    let role = ctx.presence.role(origin.account);
    let mut names = Vec::new();
    for (id, session) in ctx.sessions.in_order() {
        let remote = ctx.endpoint.remote(id);
        let is_there = remote.is_some_and(|remote| prefix.has(remote.ip()));
        let Some(user) = session.user().filter(|_| is_there) else {
            continue;
        };
        if !role.is_above(ctx.presence.role(user.account)) {
            return Err(Failure::new(ErrorCode::Outranked, ""));
        }
        names.push(user.name.to_string());
    }
    // Whom an address has is told only to those who see it anyway.
    if !policy::sees_addresses(ctx.config.show_addresses, role) {
        names.clear();
    }
    names.sort_unstable();
    names.dedup();
    names.truncate(USERS_MAX);
    Ok(names)
}

/// The store has read what an action needs.
pub fn on_read(ctx: &mut Ctx<'_>, pending: Pending, outcome: Outcome) {
    match pending {
        Pending::AdminSubject(origin, body) => on_subject_found(ctx, origin, &body, outcome),
        Pending::Audit(origin) => on_audit_read(ctx, origin, outcome),
        _ => {}
    }
}

/// The account that is meant, or that there is none: then it is acted on.
fn on_subject_found(ctx: &mut Ctx<'_>, origin: RequestOrigin, body: &Administer, outcome: Outcome) {
    let Outcome::Done(Reply::Account(found)) = outcome else {
        return ctx.send_error_if_connected(origin, COMMAND, failure_of(&outcome));
    };
    // Who was signed out meanwhile no longer asks.
    if !ctx.is_connected(origin) {
        return;
    }
    // Nor has everybody the role that they had.
    let permitted = typed(body)
        .and_then(|subject| action(body, &subject))
        .and_then(|action| permit(ctx, origin, action));
    if let Err(failure) = permitted {
        return ctx.reject_request(origin, COMMAND, failure);
    }
    let is_below = ctx.presence.role(origin.account).is_above(found.role);
    let (write, answer) = change_account(ctx, &found, body);
    let answer = Administered {
        subject: Some(found.name),
        ..answer
    };
    if is_below && answer.sessions == Some(0) {
        // There is nothing to be done, nor to be noted.
        return ctx.respond_if_connected(origin, answer);
    }
    submit(ctx, origin, write, answer);
}

/// What is written for an action on an account, and what is told of it.
fn change_account(ctx: &Ctx<'_>, found: &Account, body: &Administer) -> (Write, Administered) {
    let account = found.id;
    let plain = |write| (write, answer(body.tag));
    match body.action {
        AdminAction::Disconnect => {
            let sessions = ctx.sessions_of(account).len();
            let sessions = u32::try_from(sessions).unwrap_or(u32::MAX);
            let answer = Administered {
                sessions: Some(sessions),
                ..answer(body.tag)
            };
            let session = None;
            let account = Some(account);
            (Write::EndSessions { account, session }, answer)
        }
        AdminAction::Disable => plain(Write::Disable {
            account,
            reason: Some(body.text.clone().unwrap_or_default()),
        }),
        AdminAction::Enable => plain(Write::Disable {
            account,
            reason: None,
        }),
        AdminAction::Rename => {
            // It was parsed before.
            let new = Name::parse_new(body.text.as_deref().unwrap_or_default());
            let forms = |new: Name| (new.canonical().to_owned(), new.skeleton().to_owned());
            let (name, skeleton) = new.map(forms).unwrap_or_default();
            let answer = Administered {
                text: Some(name.clone()),
                ..answer(body.tag)
            };
            let write = Write::Rename {
                account,
                name,
                skeleton,
            };
            (write, answer)
        }
        AdminAction::Role => plain(Write::SetRole {
            account,
            role: body.role.unwrap_or(AccountRole::Member),
        }),
        _ => change_ban(ctx, BanSubject::Account(account), body),
    }
}

/// A ban, or that there is none any longer.
fn change_ban(ctx: &Ctx<'_>, subject: BanSubject, body: &Administer) -> (Write, Administered) {
    if body.action == AdminAction::Unban {
        return (Write::Unban { subject }, answer(body.tag));
    }
    let since_ms = ctx.now.unix_ms;
    let ban = Ban {
        until_ms: body.for_ms.map(|for_ms| since_ms.saturating_add(for_ms)),
        reason: body.text.clone().unwrap_or_default(),
        since_ms,
    };
    let answer = Administered {
        text: Some(ban.to_string()),
        ..answer(body.tag)
    };
    (Write::Ban { subject, ban }, answer)
}

const fn answer(tag: u32) -> Administered {
    Administered {
        tag,
        subject: None,
        text: None,
        sessions: None,
        users: Vec::new(),
        actions: Vec::new(),
        changed: None,
    }
}

fn submit(ctx: &mut Ctx<'_>, origin: RequestOrigin, write: Write, answer: Administered) {
    let delegated = Write::Delegated {
        by: origin.account,
        role: ctx.presence.role(origin.account),
        time_ms: ctx.now.unix_ms,
        write: Box::new(write),
    };
    let pending = Pending::Administer(origin, Box::new(answer));
    ctx.submit_for(origin, COMMAND, pending, delegated);
}

/// It is done, or not: the one who wanted it is told.
pub fn on_done(ctx: &mut Ctx<'_>, origin: RequestOrigin, answer: Administered, outcome: &Outcome) {
    match outcome {
        Outcome::Done(Reply::Unchanged) => {
            let changed = Some(false);
            ctx.respond_if_connected(origin, Administered { changed, ..answer });
        }
        Outcome::Done(_) => ctx.respond_if_connected(origin, answer),
        _ => ctx.send_error_if_connected(origin, COMMAND, failure_of(outcome)),
    }
}

/// A page of the audit log was read.
fn on_audit_read(ctx: &mut Ctx<'_>, origin: RequestOrigin, outcome: Outcome) {
    let Outcome::Done(Reply::Audit(actions)) = outcome else {
        return ctx.send_error_if_connected(origin, COMMAND, failure_of(&outcome));
    };
    let entry = |action: crate::store::AuditedAction| AuditEntry {
        number: action.number,
        time_ms: action.time_ms,
        by: action.by,
        action: action.action,
        subject: action.subject,
        detail: action.detail,
    };
    let answer = Administered {
        actions: actions.into_iter().map(entry).collect(),
        ..answer(origin.tag)
    };
    ctx.respond_if_connected(origin, answer);
}
