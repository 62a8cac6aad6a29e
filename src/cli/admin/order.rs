//! Order at the server: whom it does not let in, and which sessions there are.

use anyhow::{Context as _, bail};

use super::api::{Answer, BanLine, SessionLine};
use super::handler::AdminHandler;
use super::rooms::require_visible;
use crate::cli::exit::{Coded, Exit};
use crate::cli::output::quoted;
use crate::net;
use crate::protocol::AccountId;
use crate::server::SessionStatus;
use crate::store::{
    BAN_REASON_MAX_BYTES, Ban, BanSubject, Prefix, Read, Refusal, Reply, StoreLimit, Write,
};

/// Whom a ban is of, and how that is written. What looks like an address is one.
fn subject(handler: &mut AdminHandler, typed: &str) -> anyhow::Result<(BanSubject, String)> {
    if Prefix::is_meant(typed) {
        let prefix = Prefix::parse(typed).with_context(|| quoted(typed))?;
        return Ok((BanSubject::Prefix(prefix), prefix.to_string()));
    }
    let account = handler.account("the user", typed)?;
    Ok((BanSubject::Account(account.id), account.name))
}

pub fn ban(
    handler: &mut AdminHandler,
    typed: &str,
    until_ms: Option<u64>,
    reason: String,
) -> anyhow::Result<Answer> {
    if reason.len() > BAN_REASON_MAX_BYTES {
        bail!("the reason is longer than {BAN_REASON_MAX_BYTES} bytes");
    }
    if !reason.is_empty() {
        require_visible("reason", &reason)?;
    }
    let since_ms = net::now().unix_ms;
    if until_ms.is_some_and(|until_ms| until_ms <= since_ms) {
        bail!("the ban would have ended already");
    }
    let (subject, name) = subject(handler, typed)?;
    // Before their sessions end.
    let users = match subject {
        BanSubject::Account(_) => Vec::new(),
        BanSubject::Prefix(prefix) => users_at(handler, prefix)?,
    };
    let ban = Ban {
        until_ms,
        reason,
        since_ms,
    };
    match handler.audited(Write::Ban { subject, ban })? {
        Ok(reply @ (Reply::Nothing | Reply::Unchanged)) => Ok(Answer::Banned {
            subject: name,
            users,
            is_unchanged: matches!(reply, Reply::Unchanged),
        }),
        Err(Refusal::LimitReached(StoreLimit::Bans)) => {
            bail!("{}", StoreLimit::Bans.sentence())
        }
        other => bail!("unexpected answer from the database: {other:?}"),
    }
}

/// The users who are signed in at addresses that can be banned.
fn users_at(handler: &AdminHandler, prefix: Prefix) -> anyhow::Result<Vec<String>> {
    let Some((sessions, _)) = handler.sessions()? else {
        return Ok(Vec::new());
    };
    let at = sessions
        .into_iter()
        .filter(|session| prefix.has(session.remote.ip()));
    let mut users: Vec<String> = at.filter_map(|session| session.user).collect();
    users.sort_unstable();
    users.dedup();
    Ok(users)
}

pub fn unban(handler: &mut AdminHandler, typed: &str) -> anyhow::Result<Answer> {
    let (subject, name) = subject(handler, typed)?;
    match handler.audited(Write::Unban { subject })? {
        Ok(Reply::Nothing) => Ok(Answer::Unbanned { subject: name }),
        Err(Refusal::NoSuchBan) => {
            let text = format!("there is no ban of {name}");
            Err(Coded::new(Exit::NoRecipient, text).into())
        }
        other => bail!("unexpected answer from the database: {other:?}"),
    }
}

pub fn bans(handler: &mut AdminHandler, after: Option<BanSubject>) -> anyhow::Result<Answer> {
    match handler.read(Read::Bans { after })? {
        Ok(Reply::Bans { bans, has_more }) => {
            let line = |it: crate::store::BanOf| BanLine {
                subject: it.subject,
                name: it.name,
                ban: it.ban,
            };
            let bans = bans.into_iter().map(line).collect();
            Ok(Answer::Bans { bans, has_more })
        }
        other => bail!("unexpected answer from the database: {other:?}"),
    }
}

pub fn sessions(handler: &AdminHandler) -> anyhow::Result<Answer> {
    let (sessions, others) = running(handler)?;
    let line = |session: SessionStatus| SessionLine {
        id: session.id,
        user: session.user,
        device: session.device.map(|device| device.0),
        address: session.remote,
        since_ms: session.since_ms,
        idle_s: session.idle.as_secs(),
    };
    Ok(Answer::Sessions {
        sessions: sessions.into_iter().map(line).collect(),
        others: others as u64,
    })
}

fn running(handler: &AdminHandler) -> anyhow::Result<(Vec<SessionStatus>, usize)> {
    handler.sessions()?.context("no server is running")
}

/// Ends the sessions of a user, or the one of this number.
pub fn end(handler: &mut AdminHandler, typed: &str) -> anyhow::Result<Answer> {
    let (sessions, _) = running(handler)?;
    let number = typed.parse::<u64>().ok();
    let (name, account) = if let Some(number) = number {
        let session = sessions.iter().find(|session| session.id == number);
        let session = session.ok_or_else(|| none(format!("there is no session {number}")))?;
        let name = session.user.clone();
        let account = account_of(handler, name.as_deref())?;
        (name, account)
    } else {
        let account = handler.account("the user", typed)?;
        (Some(account.name), Some(account.id))
    };
    let is_meant = |session: &&SessionStatus| {
        number.is_none_or(|number| session.id == number) && session.user == name
    };
    let count = sessions.iter().filter(is_meant).count() as u64;
    if count == 0 {
        let name = name.as_deref().unwrap_or(typed);
        return Err(none(format!("{} is not signed in", quoted(name))));
    }
    let end = Write::EndSessions {
        account,
        session: number,
    };
    match handler.audited(end)? {
        Ok(Reply::Nothing) => Ok(Answer::Ended {
            account: name.filter(|_| number.is_none()),
            sessions: count,
        }),
        other => bail!("unexpected answer from the database: {other:?}"),
    }
}

fn account_of(handler: &mut AdminHandler, name: Option<&str>) -> anyhow::Result<Option<AccountId>> {
    let account = name.map(|name| handler.account("the user", name));
    Ok(account.transpose()?.map(|account| account.id))
}

fn none(text: String) -> anyhow::Error {
    Coded::new(Exit::NoRecipient, text).into()
}
