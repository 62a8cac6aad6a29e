//! The users who are online: the list that the user asks for, the names that the tab key completes, and who comes and
//! goes.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::client::account::arrivals::{Arrivals, listed};
use crate::client::account::blocked::BlockedUsers;
use crate::client::account::ctx::conversations::Conversations;
use crate::client::account::ctx::pending::{LISTED_MAX, PendingRequest};
use crate::client::account::ctx::{Ctx, NO_LINK};
use crate::client::account::people::People;
use crate::client::env::{Fault, Names, Tone};
use crate::client::name::truncate_name;
use crate::client::ui::render;
use crate::protocol::{Alert, Contact, ContactsRequest, ConversationId, Greeting, ListContacts};
use crate::text::printable;
use crate::transport::Channel;

/// How many of those online are remembered. At the limit the others are not listed; messages reach them all the
/// same.
const ROSTER_MAX: usize = 10_000;

/// How long those who were online before the link was lost may take to be back too, until it is said that they have
/// gone. Chosen: twice the longest pause between two attempts of a client.
const RETURN_WAIT: Duration = Duration::from_secs(30);

/// The users who are online, as far as this device knows.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    names: BTreeSet<String>,
    /// Who was online when the link was lost, and is not known to be again; as far as the user knows they still are.
    missed: BTreeSet<String>,
    /// Until when they are waited for.
    missed_until: Option<Instant>,
    arrivals: Arrivals,
    is_greeted: bool,
}

impl Roster {
    /// The server's welcome, with how many others are online. It is shown once: what a lost link is worth telling of is
    /// told.
    pub(crate) fn greet(&mut self, ctx: &mut Ctx<'_>, greeting: &Greeting) {
        ctx.effects.learn_others(greeting.others.as_deref());
        if std::mem::replace(&mut self.is_greeted, true) {
            return;
        }
        let others = match greeting.online {
            0 => "nobody else is online".to_owned(),
            1 => "1 other is online".to_owned(),
            count => format!("{count} others are online"),
        };
        ctx.notice(format!("{}  ({others})", greeting.text));
        let is_everyone = |(id, _)| id == ConversationId::EVERYONE;
        let is_new = ctx.conversations.iter().all(is_everyone);
        if ctx.conversations.is_attended && is_new {
            ctx.notice(render::FIRST_STEPS);
        }
    }

    /// Asks for those who are online, and begins to wait for those who were.
    pub(crate) fn begin_session(&mut self, ctx: &mut Ctx<'_>) {
        Self::ask(ctx, false);
        if !self.missed.is_empty() {
            self.missed_until = Some(ctx.now.instant + RETURN_WAIT);
        }
    }

    pub(crate) fn list(ctx: &mut Ctx<'_>) {
        if ctx.can_ask() {
            Self::ask(ctx, true);
        } else {
            ctx.fail(Fault::Unreachable, NO_LINK);
        }
    }

    /// Asks the server, in place of an earlier request; `is_shown` if the user wants to see the answer.
    fn ask(ctx: &mut Ctx<'_>, is_shown: bool) {
        let was_shown = ctx.pending.take_contacts().unwrap_or(false);
        let request = PendingRequest::Contacts {
            is_shown: is_shown || was_shown,
            contacts: Vec::new(),
        };
        let is_sent = ctx.try_request(Channel::Control, request, |tag| ContactsRequest { tag });
        if is_shown && !is_sent {
            ctx.fail(
                Fault::Failed,
                "too many requests wait for the server's answer; try again",
            );
        }
    }

    /// A list, or a part of one, has come.
    pub(crate) fn handle_list(&mut self, ctx: &mut Ctx<'_>, list: ListContacts) {
        let Some(PendingRequest::Contacts { contacts, .. }) = ctx.pending.get_mut(list.tag) else {
            return;
        };
        let room = LISTED_MAX.saturating_sub(contacts.len());
        let listed = list.contacts.into_iter().take(room);
        contacts.extend(listed.map(|contact| Contact {
            name: truncate_name(contact.name),
            ..contact
        }));
        if list.more {
            return;
        }
        let Some(PendingRequest::Contacts { is_shown, contacts }) = ctx.pending.take(list.tag)
        else {
            return;
        };
        let own_name = &ctx.me.name;
        if is_shown {
            let rows = render::contacts(&contacts, own_name);
            ctx.effects.show_table(Tone::Plain, &rows);
            if contacts.iter().all(|contact| contact.name == *own_name) {
                ctx.plain("nobody else is online");
            }
        }
        let names = contacts.into_iter().map(|contact| contact.name);
        self.names = names.filter(|name| name != own_name).collect();
        self.missed.retain(|name| !self.names.contains(name));
        ctx.session.has_new_names = true;
    }

    /// A user came online or went offline.
    pub(crate) fn handle_alert(&mut self, ctx: &mut Ctx<'_>, people: &People, alert: &Alert) {
        let name = truncate_name(alert.name.clone());
        let is_back = self.missed.remove(&name);
        let now = ctx.now.instant;
        let line = match alert.online {
            _ if !people.wants_line(ctx, &name) => None,
            true if is_back => None,
            true => self.arrivals.came(now, &name),
            false => self.arrivals.went(now, &name),
        };
        if !alert.online {
            self.names.remove(&name);
        } else if self.names.len() < ROSTER_MAX {
            self.names.insert(name);
        }
        ctx.session.has_new_names = true;
        if let Some(line) = line {
            ctx.notice(line);
        }
    }

    /// Names those who have not come back since the link was lost.
    fn show_gone(&mut self, ctx: &mut Ctx<'_>) {
        let gone: Vec<String> = std::mem::take(&mut self.missed).into_iter().collect();
        if !gone.is_empty() {
            ctx.notice(format!("{} went offline", listed(&gone)));
        }
    }

    /// Gives up waiting for those who do not come back.
    pub(crate) fn handle_timeout(&mut self, ctx: &mut Ctx<'_>) {
        if self
            .missed_until
            .is_some_and(|until| until <= ctx.now.instant)
        {
            self.missed_until = None;
            self.show_gone(ctx);
        }
        if let Some(line) = self.arrivals.handle_timeout(ctx.now.instant) {
            ctx.notice(line);
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        let due = [self.missed_until, self.arrivals.deadline()];
        due.into_iter().flatten().min()
    }

    /// The names that the tab key completes: those who are online, and whom this device knows besides.
    pub(crate) fn completed(&self, conversations: &Conversations, blocked: &BlockedUsers) -> Names {
        let partners = conversations.partners();
        let known: BTreeSet<&String> = partners.iter().copied().collect();
        let others = self.names.iter().filter(|name| !known.contains(name));
        Names {
            users: harmless(partners.into_iter().chain(others)),
            rooms: harmless(conversations.rooms().map(|room| &room.name)),
            blocked: harmless(blocked.names()),
            ignored: harmless(blocked.ignored_names()),
        }
    }

    /// The link is lost.
    pub(crate) fn forget_session(&mut self) {
        let room = ROSTER_MAX.saturating_sub(self.missed.len());
        self.missed.extend(self.names.iter().take(room).cloned());
        self.missed_until = None;
    }
}

/// Names of others, fit to be shown.
fn harmless<'a>(names: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let names = names.into_iter();
    names
        .map(|name| printable::line(name).into_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::account::testing::Workbench;
    use crate::protocol::{AccountId, ClientBody, RecipientData};

    fn answer(bench: &mut Workbench, roster: &mut Roster, names: &[&str]) {
        let Some(ClientBody::ContactsRequest(request)) = bench.sent().pop() else {
            panic!("the list is asked for");
        };
        let contacts = names.iter().map(|name| Contact {
            account: AccountId(1),
            name: (*name).to_owned(),
            address: RecipientData::from(std::net::SocketAddr::from(([10, 0, 0, 1], 7))),
            bot: None,
        });
        let list = ListContacts {
            tag: request.tag,
            contacts: contacts.collect(),
            more: false,
        };
        roster.handle_list(&mut bench.ctx(), list);
    }

    #[test]
    fn those_who_do_not_come_back_after_a_lost_link_are_named_once() {
        let mut bench = Workbench::new();
        let mut roster = Roster::default();
        roster.begin_session(&mut bench.ctx());
        answer(&mut bench, &mut roster, &["bob", "carol", "erin"]);
        roster.forget_session();
        roster.begin_session(&mut bench.ctx());
        answer(&mut bench, &mut roster, &["carol", "erin"]);
        assert!(bench.lines().is_empty());
        bench.now.instant += RETURN_WAIT;
        roster.handle_timeout(&mut bench.ctx());
        assert_eq!(bench.lines(), ["bob went offline"]);
        roster.handle_timeout(&mut bench.ctx());
        assert!(bench.lines().is_empty());
    }

    #[test]
    fn list_that_the_user_asks_for_while_another_is_open_is_shown() {
        let mut bench = Workbench::new();
        let mut roster = Roster::default();
        Roster::list(&mut bench.ctx());
        roster.begin_session(&mut bench.ctx());
        assert_eq!(bench.sent().len(), 2);
        Roster::ask(&mut bench.ctx(), false);
        answer(&mut bench, &mut roster, &["erin"]);
        assert_eq!(
            bench.lines().last().map(|line| &**line),
            Some("nobody else is online")
        );
    }
}
