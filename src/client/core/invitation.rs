//! The room that a link names. Anybody can have written the link, so nothing is joined, and nothing counts as read, before
//! the user says yes.

use super::Core;
use crate::client::account::rooms::joining;
use crate::client::env::Tone;
use crate::client::ui::prompt::Question;
use crate::transport::Now;

impl Core {
    /// Whether it is time to ask about the room, and how.
    pub(super) fn question_of_linked_room(&self, now: Now) -> Option<(Question, String)> {
        let room = self.linked_room.as_ref()?;
        let is_member = self.is_member_of_linked_room(room)?;
        if !self.is_interactive() || !self.is_ready_for_command(now) {
            return None;
        }
        let verb = if is_member { "go to" } else { "join" };
        let text = format!("{verb} {room}, as the link asks? [y/N] ");
        Some((Question::LinkedRoom, text))
    }

    /// Whether the user belongs to the room; `None` before that is known.
    fn is_member_of_linked_room(&self, room: &str) -> Option<bool> {
        let shared = self.shared().filter(|shared| shared.session.is_settled)?;
        Some(shared.conversations.is_member(room))
    }

    pub(super) fn answer_linked_room(&mut self, now: Now, is_yes: bool) {
        let room = self.linked_room.take().filter(|_| is_yes);
        if let Some(room) = room {
            self.with_signed_in(now, |_, ctx| joining::join_existing(ctx, &room));
        }
    }

    /// Without a terminal nobody can be asked.
    pub(super) fn tell_of_linked_room(&mut self) {
        if self.is_interactive()
            || self
                .shared()
                .is_none_or(|shared| !shared.session.is_settled)
        {
            return;
        }
        if let Some(room) = self.linked_room.take()
            && self.is_member_of_linked_room(&room) == Some(false)
        {
            let text = format!(
                "the link's room {room} is not joined, because there is no terminal to ask; `/join {room}` joins it"
            );
            self.show(Tone::Notice, &text);
        }
    }
}
