//! Requests with a tag: whom they come from, how they are put to the store, and how they are answered or refused.

use super::completions::{Asked, Pending};
use super::{Hub, Turn};
use crate::protocol::{Command, ErrorCode, Failure, Message, ServerBody};
use crate::store::Request;
use crate::transport::{Channel, SessionId};

impl Hub {
    /// Who asks, if somebody is signed in on the session.
    pub(in crate::server) fn asked(
        &self,
        id: SessionId,
        channel: Channel,
        tag: u32,
    ) -> Option<Asked> {
        let user = self.sessions.user(id)?;
        Some(Asked {
            session: id,
            channel,
            account: user.account,
            device: user.device,
            tag,
        })
    }

    /// Puts it to the store, or refuses it; whether the store was asked.
    pub(in crate::server) fn ask_for(
        &mut self,
        turn: &mut Turn<'_>,
        asked: Asked,
        command: Command,
        pending: Pending,
        request: Request,
    ) -> bool {
        let is_asked = self.ask(pending, request);
        if !is_asked {
            let failure = Failure::new(ErrorCode::Unavailable, "");
            Self::refuse_asked(turn, asked, command, failure);
        }
        is_asked
    }

    /// The same where the answer may be long: the session asks nothing more until it has gone out.
    pub(in crate::server) fn ask_for_list(
        &mut self,
        turn: &mut Turn<'_>,
        asked: Asked,
        command: Command,
        pending: Pending,
        request: Request,
    ) {
        if self.ask_for(turn, asked, command, pending, request)
            && let Some(session) = self.sessions.get_mut(asked.session)
        {
            session.busy = true;
        }
    }

    /// Answers whoever has asked, unless they have gone meanwhile.
    pub(in crate::server) fn answer_if_here(
        &self,
        turn: &mut Turn<'_>,
        asked: Asked,
        answer: impl Into<ServerBody>,
    ) {
        if self.is_on(asked.session, asked.device) {
            Self::answer(
                turn,
                asked.session,
                asked.channel,
                &Message::control(answer),
            );
        }
    }

    /// Refuses what was asked, unless the asker has gone meanwhile.
    pub(in crate::server) fn refuse_if_here(
        &self,
        turn: &mut Turn<'_>,
        asked: Asked,
        command: Command,
        failure: Failure,
    ) {
        if self.is_on(asked.session, asked.device) {
            Self::refuse_asked(turn, asked, command, failure);
        }
    }

    /// Refuses what was asked.
    pub(in crate::server) fn refuse_asked(
        turn: &mut Turn<'_>,
        asked: Asked,
        command: Command,
        failure: Failure,
    ) {
        let failure = Failure {
            tag: Some(asked.tag),
            ..failure
        };
        Self::refuse(turn, asked.session, asked.channel, command, failure);
    }
}
