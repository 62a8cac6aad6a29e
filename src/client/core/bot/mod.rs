//! What a bot asks for: one request after the other, each once what it needs is there.

mod requests;

use super::env::Env;
use crate::client::account::SignedIn;
use crate::client::bot::Request;
use crate::client::effects::Effects;
use crate::client::env::Fault;
use crate::client::program::{LinkReport, Report};
use crate::transport::Now;

/// The request that waits to be carried out, and what the bot was told of the link.
#[derive(Debug, Default)]
pub(super) struct Bot {
    /// With its number.
    waiting: Option<(u64, Request)>,
    /// Whether the server answers, as the bot was told last; nothing before it did for the first time.
    is_online: Option<bool>,
}

/// How many lines the output may be behind where the bot is told of the link. Chosen: some; at the limit it is told how that is
/// once there is room.
const LINES_BEHIND_MAX: u64 = 1_000;

impl Bot {
    /// A bot asks for something under this number. The next request is read once this one is under way.
    pub(super) fn take(
        &mut self,
        number: u64,
        request: Result<Request, String>,
        effects: &mut Effects,
    ) {
        match request {
            Ok(request) => self.waiting = Some((number, request)),
            Err(why) => effects.fail_at(Some(number), Fault::Usage, why),
        }
    }

    /// Whether a request waits, or whether it is not known where this bot begins: another one may have that.
    pub(super) fn waits(&self, signed_in: &SignedIn) -> bool {
        self.waiting.is_some() || !signed_in.parts.history.tail.has_positions()
    }

    /// Whether the request that waits has to wait for the server, while that is away.
    pub(super) fn needs_server(&self) -> bool {
        let waiting = self.waiting.as_ref();
        waiting.is_some_and(|(_, request)| !request.can_wait())
    }

    /// Carries the request out.
    pub(super) fn carry_out(&mut self, now: Now, signed_in: &mut SignedIn, env: &mut Env) {
        let Some((number, request)) = self.waiting.take() else {
            return;
        };
        env.effects.script_line = Some(number);
        let (parts, mut ctx) = signed_in.split(now, &mut env.effects);
        ctx.pending.asking = Some(number);
        ctx.pending.command = Some(request.word().to_owned());
        requests::carry_out(&mut ctx, (parts, &mut *env.files), (number, request));
        ctx.pending.asking = None;
        ctx.pending.command = None;
        env.effects.script_line = None;
    }

    /// The client ends, and the request was not carried out.
    pub(super) fn fail(&mut self, is_signed_in: bool, effects: &mut Effects) {
        if let Some((number, request)) = self.waiting.take() {
            let (fault, text) = if is_signed_in {
                let text = format!("no answer from the server for `{}`", request.word());
                (Fault::Unreachable, text)
            } else {
                (Fault::Usage, "nobody is signed in".to_owned())
            };
            effects.fail_at(Some(number), fault, text);
        }
    }

    /// Tells a bot whether the server answers, if that has changed.
    pub(super) fn tell_of_link(&mut self, signed_in: &SignedIn, env: &mut Env) {
        let can_be_told =
            env.options.program.is_for_bot() && env.lines_behind() <= LINES_BEHIND_MAX;
        if !can_be_told || !signed_in.parts.history.tail.has_positions() {
            return;
        }
        let shared = &signed_in.shared;
        let is_online = shared.session.is_settled && !env.link.is_silent;
        let report = match (self.is_online, is_online) {
            (None, true) => LinkReport::Ready {
                user: shared.me.name.clone(),
                server: env.options.server_name.clone(),
                text_bytes: shared.session.server.text_max,
            },
            (Some(false), true) => LinkReport::Online,
            (Some(true), false) => LinkReport::Offline,
            (None, false) | (Some(_), _) => return,
        };
        self.is_online = Some(is_online);
        env.effects.report(Report::Link(report));
    }
}
