//! The list of who is online, with the addresses at which their sessions are seen, for whom the operator lets see them.

use crate::protocol::{AccountId, Contact, ListContacts, RecipientData};
use crate::server::ctx::Ctx;
use crate::server::ctx::reply::in_parts;
use crate::server::policy;
use crate::server::presence::OnlineAccount;
use crate::transport::{Channel, SessionId};

/// Contacts in one list; who else is online is not listed, and is reached all the same. Chosen: what a session's send
/// buffer holds with the longest names.
const CONTACTS_MAX: usize = 1000;
/// Contacts in one part of the list. Chosen: with names of 32 characters, 16 KB.
const CONTACTS_PER_PART: usize = 200;

/// So many of those who are online, those who signed up first, so that they are the same each time.
fn oldest<T>(mut online: Vec<(AccountId, T)>, most: usize) -> Vec<(AccountId, T)> {
    if online.len() > most {
        online.select_nth_unstable_by_key(most, |(id, _)| *id);
        online.truncate(most);
    }
    online
}

/// Lists who is online, with the addresses that their sessions are seen at.
pub fn list(ctx: &mut Ctx<'_>, id: SessionId, channel: Channel, tag: u32) {
    let own = ctx.sessions.user(id);
    let own = own.and_then(|user| Some((user.account, ctx.presence.get(user.account)?)));
    let is_other = |account| own.is_none_or(|(own, _)| account != own);
    // A user is not told when somebody they block comes or goes.
    let hides = |account| own.is_some_and(|(own, _)| ctx.blocks.hides(own, account));
    let sees =
        own.is_some_and(|(_, own)| policy::sees_addresses(ctx.config.show_addresses, own.role));
    let others = ctx.presence.online();
    let others = others.filter(|(id, _)| is_other(*id) && !hides(*id));
    let others = oldest(others.collect(), CONTACTS_MAX);
    let is_seen = |account| is_other(account) && !hides(account);
    let mut elsewhere = Vec::new();
    for (account, seat) in ctx.presence.elsewhere().online() {
        let is_here = ctx
            .presence
            .get(account)
            .is_some_and(OnlineAccount::is_online);
        if !is_here && is_seen(account) {
            elsewhere.push((account, seat));
        }
    }
    let elsewhere = oldest(elsewhere, CONTACTS_MAX).into_iter();
    let elsewhere = elsewhere.map(|(account, seat)| Contact {
        account,
        name: seat.name.as_ref().to_owned(),
        address: seat
            .address
            .filter(|_| sees)
            .unwrap_or(RecipientData::HIDDEN),
        bot: seat.is_bot.then_some(true),
    });
    let mut contacts: Vec<Contact> = own
        .into_iter()
        .chain(others)
        .filter_map(|(account, here)| {
            let address = here
                .sessions()
                .find_map(|session| ctx.endpoint.remote(session))?;
            let is_shown = sees || !is_other(account);
            Some(Contact {
                account,
                name: here.name.as_ref().to_owned(),
                address: if is_shown {
                    address.into()
                } else {
                    RecipientData::HIDDEN
                },
                bot: here.is_bot.then_some(true),
            })
        })
        .chain(elsewhere)
        .take(CONTACTS_MAX)
        .collect();
    contacts.sort_by(|a, b| a.name.cmp(&b.name));
    let parts = in_parts(contacts, CONTACTS_PER_PART, |contacts, more| ListContacts {
        tag,
        contacts,
        more,
    });
    if let Some(session) = ctx.sessions.get_mut(id) {
        session.busy = true;
    }
    ctx.respond_paged(id, channel, parts);
}
