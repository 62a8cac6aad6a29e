//! Who is online: the list that the user asks for, the names that the tab key knows, and the news of both.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::effects::Effects;
use super::env::Tone;
use super::name::short;
use super::render;
use crate::protocol::{Alert, Contact, ContactsRequest, ListContacts, Message};
use crate::transport::{Channel, Now};

/// How many of those online are remembered. At the limit the others are not listed; messages reach them all the
/// same.
const PEOPLE_MAX: usize = 10_000;

/// How long the server's answer is waited for.
const ANSWER_WAIT: Duration = Duration::from_secs(15);

#[derive(Debug)]
struct Asking {
    tag: u32,
    is_shown: bool,
    contacts: Vec<Contact>,
    due: Instant,
}

/// Who is online, as far as it is known.
#[derive(Debug, Default)]
pub(super) struct People {
    names: BTreeSet<String>,
    has_changed: bool,
    asking: Option<Asking>,
    last_tag: u32,
}

impl People {
    /// Asks the server; `is_shown` if the user wants to see the answer.
    pub(super) fn ask(&mut self, now: Now, is_shown: bool, effects: &mut Effects) {
        self.last_tag = self.last_tag.wrapping_add(1);
        let is_shown = is_shown || self.is_asking();
        self.asking = Some(Asking {
            tag: self.last_tag,
            is_shown,
            contacts: Vec::new(),
            due: now.instant + ANSWER_WAIT,
        });
        let request = ContactsRequest { tag: self.last_tag };
        effects.send(Channel::Control, &Message::control(request));
    }

    /// Whether the user waits for a list.
    pub(super) fn is_asking(&self) -> bool {
        self.asking.as_ref().is_some_and(|asking| asking.is_shown)
    }

    /// A list, or a part of one, has come.
    pub(super) fn handle_list(
        &mut self,
        list: ListContacts,
        own_name: &str,
        effects: &mut Effects,
    ) {
        let Some(asking) = &mut self.asking else {
            return;
        };
        if asking.tag != list.tag {
            return;
        }
        let room = PEOPLE_MAX.saturating_sub(asking.contacts.len());
        let contacts = list.contacts.into_iter().take(room).map(|contact| Contact {
            name: short(contact.name),
            ..contact
        });
        asking.contacts.extend(contacts);
        if list.more {
            return;
        }
        let Some(asking) = self.asking.take() else {
            return;
        };
        if asking.is_shown {
            for line in render::contacts(&asking.contacts, own_name) {
                effects.show(Tone::Plain, line);
            }
            if asking
                .contacts
                .iter()
                .all(|contact| contact.name == own_name)
            {
                effects.show(Tone::Plain, "nobody else is online");
            }
        }
        self.names = asking
            .contacts
            .into_iter()
            .map(|contact| contact.name)
            .filter(|name| name != own_name)
            .collect();
        self.has_changed = true;
    }

    /// Somebody came or went.
    pub(super) fn handle_alert(&mut self, alert: &Alert, effects: &mut Effects) {
        let name = short(alert.name.clone());
        let text = if alert.online {
            let text = format!("{name} is online");
            if self.names.len() < PEOPLE_MAX {
                self.names.insert(name);
            }
            text
        } else {
            self.names.remove(&name);
            format!("{name} has gone")
        };
        self.has_changed = true;
        effects.show(Tone::Notice, text);
    }

    /// The request for a list was refused.
    pub(super) fn handle_refusal(&mut self, text: &str, effects: &mut Effects) {
        if self.asking.take().is_some_and(|asking| asking.is_shown) {
            effects.show(Tone::Error, text);
        }
    }

    /// Gives up waiting for an answer that does not come.
    pub(super) fn handle_timeout(&mut self, now: Now, effects: &mut Effects) {
        if self.deadline().is_some_and(|due| due <= now.instant) {
            self.handle_refusal(
                "the server has not answered; try `/contacts` again",
                effects,
            );
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.asking.as_ref().map(|asking| asking.due)
    }

    /// The link is lost, and with it the answer.
    pub(super) fn forget_session(&mut self) {
        self.asking = None;
    }

    /// The tab key is to know other names than before: those of rooms, beside the people's.
    pub(super) fn tell_names(&mut self) {
        self.has_changed = true;
    }

    /// The names for the tab key, if they are others than before.
    pub(super) fn take_names(&mut self) -> Option<Vec<String>> {
        std::mem::take(&mut self.has_changed).then(|| {
            self.names
                .iter()
                .map(|name| super::sanitize::line(name).into_owned())
                .collect()
        })
    }
}
