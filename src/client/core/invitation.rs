//! The room that a link names. Anybody can have written the link, so nothing is joined, and nothing counts as read, before
//! the user says yes.

use crate::client::account::ctx::Shared;
use crate::client::effects::Effects;
use crate::client::env::Tone;
use crate::client::ui::prompt::Question;

/// The room, until the user was asked about it.
#[derive(Debug)]
pub(super) struct Invitation(Option<String>);

impl Invitation {
    pub(super) const fn new(room: Option<String>) -> Self {
        Self(room)
    }

    /// How the user is asked about the room; nothing before it is known whether they belong to it.
    pub(super) fn question(&self, shared: Option<&Shared>) -> Option<(Question, String)> {
        let room = self.0.as_ref()?;
        let shared = shared.filter(|shared| shared.session.is_settled)?;
        let verb = if shared.conversations.is_member(room) {
            "go to"
        } else {
            "join"
        };
        let text = format!("{verb} {room}, as the link asks? [y/N] ");
        Some((Question::LinkedRoom, text))
    }

    /// The user has answered. Returns where they want to go.
    pub(super) fn answer(&mut self, is_yes: bool) -> Option<String> {
        self.0.take().filter(|_| is_yes)
    }

    /// Without a terminal nobody can be asked.
    pub(super) fn tell(&mut self, shared: &Shared, effects: &mut Effects) {
        if shared.session.is_settled
            && let Some(room) = self.0.take()
            && !shared.conversations.is_member(&room)
        {
            let text = format!(
                "the link's room {room} is not joined, because there is no terminal to ask; `/join {room}` joins it"
            );
            effects.show(Tone::Notice, text);
        }
    }
}
