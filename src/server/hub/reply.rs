//! Requests with a tag: whom they come from, how they are put to the store, and how they are answered or refused.

use super::completions::{Pending, RequestOrigin};
use super::{Ctx, Hub};
use crate::protocol::{Command, ErrorCode, Failure, Message, ServerBody};
use crate::store::Request;
use crate::transport::{Channel, SessionId};

impl Hub {
    /// Who asks, if somebody is signed in on the session.
    pub(in crate::server) fn request_origin(
        &self,
        id: SessionId,
        channel: Channel,
        tag: u32,
    ) -> Option<RequestOrigin> {
        let user = self.sessions.user(id)?;
        Some(RequestOrigin {
            session: id,
            channel,
            account: user.account,
            device: user.device,
            tag,
        })
    }

    /// Puts it to the store, or refuses it; whether the store was asked.
    pub(in crate::server) fn submit_for(
        &mut self,
        ctx: &mut Ctx<'_>,
        origin: RequestOrigin,
        command: Command,
        pending: Pending,
        request: impl Into<Request>,
    ) -> bool {
        let is_asked = self.submit(pending, request);
        if !is_asked {
            let failure = Failure::new(ErrorCode::Unavailable, "");
            Self::reject_request(ctx, origin, command, failure);
        }
        is_asked
    }

    /// The same where the answer may be long: the session asks nothing more until it has gone out.
    pub(in crate::server) fn submit_for_list(
        &mut self,
        ctx: &mut Ctx<'_>,
        origin: RequestOrigin,
        command: Command,
        pending: Pending,
        request: impl Into<Request>,
    ) {
        if self.submit_for(ctx, origin, command, pending, request)
            && let Some(session) = self.sessions.get_mut(origin.session)
        {
            session.busy = true;
        }
    }

    /// Answers whoever has asked, unless they have gone meanwhile.
    pub(in crate::server) fn respond_if_connected(
        &self,
        ctx: &mut Ctx<'_>,
        origin: RequestOrigin,
        answer: impl Into<ServerBody>,
    ) {
        if self.is_on(origin.session, origin.device) {
            Self::respond(
                ctx,
                origin.session,
                origin.channel,
                &Message::control(answer),
            );
        }
    }

    /// Refuses what was asked, unless the asker has gone meanwhile.
    pub(in crate::server) fn send_error_if_connected(
        &self,
        ctx: &mut Ctx<'_>,
        origin: RequestOrigin,
        command: Command,
        failure: Failure,
    ) {
        if self.is_on(origin.session, origin.device) {
            Self::reject_request(ctx, origin, command, failure);
        }
    }

    /// Refuses what was asked.
    pub(in crate::server) fn reject_request(
        ctx: &mut Ctx<'_>,
        origin: RequestOrigin,
        command: Command,
        failure: Failure,
    ) {
        let failure = Failure {
            tag: Some(origin.tag),
            ..failure
        };
        Self::send_error(ctx, origin.session, origin.channel, command, failure);
    }
}
