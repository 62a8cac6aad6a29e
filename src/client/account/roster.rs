//! Who is online: the list that the user asks for, the names that the tab key knows, and the news of both.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::client::effects::Effects;
use crate::client::env::Tone;
use crate::client::name::truncate_name;
use crate::client::ui::render;
use crate::protocol::{Alert, Contact, ContactsRequest, Greeting, ListContacts, Message};
use crate::transport::{Channel, Now};

/// How many of those online are remembered. At the limit the others are not listed; messages reach them all the
/// same.
const ROSTER_MAX: usize = 10_000;

/// How long those who were online before the link was lost may take to be back too, until it is said that they have
/// gone. Chosen: twice the longest pause between two attempts of a client.
const RETURN_WAIT: Duration = Duration::from_secs(30);

/// How many of those who have gone are named in one line. Chosen: a line. The others are counted.
const GONE_NAMED_MAX: usize = 10;

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
pub(in crate::client) struct Roster {
    names: BTreeSet<String>,
    has_changed: bool,
    asking: Option<Asking>,
    last_tag: u32,
    /// Who was online when the link was lost, and is not known to be again; as far as the user knows they still are.
    missed: BTreeSet<String>,
    /// Until when they are waited for.
    missed_until: Option<Instant>,
    is_greeted: bool,
}

impl Roster {
    /// The server's welcome, with how many others are online. It is shown once: what a lost link is worth telling of is
    /// told.
    pub(in crate::client) fn greet(&mut self, greeting: &Greeting, effects: &mut Effects) {
        if std::mem::replace(&mut self.is_greeted, true) {
            return;
        }
        let others = match greeting.online {
            0 => "nobody else is online".to_owned(),
            1 => "1 other is online".to_owned(),
            count => format!("{count} others are online"),
        };
        effects.show(Tone::Notice, format!("{}  ({others})", greeting.text));
    }

    /// A session begins: who is there?
    pub(in crate::client) fn begin_session(&mut self, now: Now, effects: &mut Effects) {
        self.ask(now, false, effects);
        if !self.missed.is_empty() {
            self.missed_until = Some(now.instant + RETURN_WAIT);
        }
    }

    /// Asks the server; `is_shown` if the user wants to see the answer.
    pub(in crate::client) fn ask(&mut self, now: Now, is_shown: bool, effects: &mut Effects) {
        self.last_tag = self.last_tag.wrapping_add(1);
        let is_shown = is_shown || self.awaits_answer();
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
    pub(in crate::client) fn awaits_answer(&self) -> bool {
        self.asking.as_ref().is_some_and(|asking| asking.is_shown)
    }

    /// A list, or a part of one, has come.
    pub(in crate::client) fn handle_list(
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
        let room = ROSTER_MAX.saturating_sub(asking.contacts.len());
        let contacts = list.contacts.into_iter().take(room).map(|contact| Contact {
            name: truncate_name(contact.name),
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
            let rows = render::contacts(&asking.contacts, own_name);
            effects.show_table(Tone::Plain, &rows);
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
        self.missed.retain(|name| !self.names.contains(name));
        self.has_changed = true;
    }

    /// Somebody came or went.
    pub(in crate::client) fn handle_alert(&mut self, alert: &Alert, effects: &mut Effects) {
        let name = truncate_name(alert.name.clone());
        let is_back = self.missed.remove(&name);
        let text = if alert.online {
            let text = format!("{name} is online");
            if self.names.len() < ROSTER_MAX {
                self.names.insert(name);
            }
            text
        } else {
            self.names.remove(&name);
            format!("{name} went offline")
        };
        self.has_changed = true;
        if !(alert.online && is_back) {
            effects.show(Tone::Notice, text);
        }
    }

    /// Those who have not come back, like this client, have gone.
    fn show_gone(&mut self, effects: &mut Effects) {
        let gone: Vec<String> = std::mem::take(&mut self.missed).into_iter().collect();
        let mut text = gone[..gone.len().min(GONE_NAMED_MAX)].join(", ");
        if gone.len() > GONE_NAMED_MAX {
            // Writing to a String cannot fail.
            let _ = write!(text, " and {} more", gone.len() - GONE_NAMED_MAX);
        }
        if !gone.is_empty() {
            effects.show(Tone::Notice, format!("{text} went offline"));
        }
    }

    /// The request for a list was refused.
    pub(in crate::client) fn handle_refusal(&mut self, text: &str, effects: &mut Effects) {
        if self.asking.take().is_some_and(|asking| asking.is_shown) {
            effects.show(Tone::Error, text);
        }
    }

    /// Gives up waiting for an answer that does not come.
    pub(in crate::client) fn handle_timeout(&mut self, now: Now, effects: &mut Effects) {
        if self.answer_due().is_some_and(|due| due <= now.instant) {
            self.handle_refusal("no answer from the server; try `/contacts` again", effects);
        }
        if self.missed_until.is_some_and(|until| until <= now.instant) {
            self.missed_until = None;
            self.show_gone(effects);
        }
    }

    pub(in crate::client) fn deadline(&self) -> Option<Instant> {
        let deadlines = [self.answer_due(), self.missed_until];
        deadlines.into_iter().flatten().min()
    }

    fn answer_due(&self) -> Option<Instant> {
        self.asking.as_ref().map(|asking| asking.due)
    }

    /// The link is lost, and with it the answer.
    pub(in crate::client) fn forget_session(&mut self) {
        self.asking = None;
        let room = ROSTER_MAX.saturating_sub(self.missed.len());
        self.missed.extend(self.names.iter().take(room).cloned());
        self.missed_until = None;
    }

    /// The tab key is to know other names than before: those of rooms or of blocked users, beside the people's.
    pub(in crate::client) fn names_changed(&mut self) {
        self.has_changed = true;
    }

    /// Those who are online, for the tab key, if it is to know other names than before.
    pub(in crate::client) fn take_names(&mut self) -> Option<&BTreeSet<String>> {
        std::mem::take(&mut self.has_changed).then_some(&self.names)
    }
}
