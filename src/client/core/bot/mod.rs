//! What a bot asks for: one request after the other, each once what it needs is there.

mod requests;

use super::Core;
use crate::client::account::SignedIn;
use crate::client::bot::Request;
use crate::client::env::Fault;
use crate::client::program::{LinkReport, Report};
use crate::client::script::{Awaited, Script};
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

impl Core {
    /// A bot asks for something. The next request is read once this one is under way.
    pub(super) fn take_request(&mut self, request: Result<Request, String>) {
        self.prompt.take();
        let Some(number) = self.script.as_mut().map(Script::count_line) else {
            return;
        };
        match request {
            Ok(request) => self.bot.waiting = Some((number, request)),
            Err(why) => self.env.effects.fail_at(Some(number), Fault::Usage, why),
        }
    }

    /// Whether a request waits, or whether it is not known where this bot begins: another one may have that.
    pub(super) fn bot_waits(&self) -> bool {
        let has_begun = |it: &SignedIn| it.parts.history.tail.has_positions();
        self.bot.waiting.is_some() || !self.signed_in.as_ref().is_none_or(has_begun)
    }

    /// Carries the request out, unless it has to wait for the server, or for what was said before it.
    pub(super) fn carry_out_request(&mut self, now: Now) {
        let Some((_, request)) = &self.bot.waiting else {
            return;
        };
        if !request.can_wait() && self.must_wait(now, Awaited::Server) || self.signed_in.is_none() {
            return;
        }
        let Some((number, request)) = self.bot.waiting.take() else {
            return;
        };
        self.env.effects.script_line = Some(number);
        self.with_files(now, |files, parts, ctx| {
            ctx.pending.asking = Some(number);
            ctx.pending.command = Some(request.word().to_owned());
            requests::carry_out(ctx, (parts, files), (number, request));
            ctx.pending.asking = None;
            ctx.pending.command = None;
        });
        self.env.effects.script_line = None;
    }

    /// The client ends, and the request was not carried out.
    pub(super) fn fail_request(&mut self) {
        if let Some((number, request)) = self.bot.waiting.take() {
            let (fault, text) = if self.signed_in.is_some() {
                let text = format!("no answer from the server for `{}`", request.word());
                (Fault::Unreachable, text)
            } else {
                (Fault::Usage, "nobody is signed in".to_owned())
            };
            self.env.effects.fail_at(Some(number), fault, text);
        }
    }

    /// Tells a bot whether the server answers, if that has changed.
    pub(super) fn tell_of_link(&mut self) {
        let behind = self.env.lines_behind();
        if !self.env.options.is_for_bot() || behind > LINES_BEHIND_MAX {
            return;
        }
        let has_begun = |it: &&SignedIn| it.parts.history.tail.has_positions();
        let Some(signed_in) = self.signed_in.as_ref().filter(has_begun) else {
            return;
        };
        let shared = &signed_in.shared;
        let is_online = shared.session.is_settled && !self.env.link.is_silent;
        let report = match (self.bot.is_online, is_online) {
            (None, true) => LinkReport::Ready {
                user: shared.me.name.clone(),
                server: self.env.options.server_name.clone(),
                text_bytes: shared.session.server.text_max,
            },
            (Some(false), true) => LinkReport::Online,
            (Some(true), false) => LinkReport::Offline,
            (None, false) | (Some(_), _) => return,
        };
        self.bot.is_online = Some(is_online);
        self.env.effects.report(Report::Link(report));
    }
}
