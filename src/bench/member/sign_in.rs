//! Signs a client in: sign-up and login through OPAQUE, HELLO, and refusals of these. It joins its room while it signs in, and
//! resolves its partners once all are signed in.

use std::fmt::Display;
use std::time::{Duration, Instant};

use super::conversation::ConversationStart;
use super::{ATTEMPT_WAIT, Ctx, Member, MemberEvent, PAUSE, Step};
use crate::bench::server::DeviceTicket;
use crate::client::auth::opaque::{LoginBegun, SignUpBegun};
use crate::protocol::opaque::KeyStretching;
use crate::protocol::{
    ClientMessage, Command, ConversationId, EndReason, ErrorCode, Failure, Hello, Hop, Join,
    Joined, Login, LoginFinish, Message, ReceiptsRequest, Resolve, Resolved, Resume, ServerBody,
    SessionStart, SignUp, SignUpFinish, encode,
};
use crate::transport::Channel;

/// Attempts to sign in before the run fails. Chosen: enough for a path that loses half of all packets.
const TRIES_MAX: u32 = 20;

/// Waits on the server's request before the run fails. Chosen: thousands of clients can sign in at a server that grants one
/// address a few sign-ins a second.
const WAITS_MAX: u32 = 10_000;

/// The passwords are 128 random bits, so guessing need not be made expensive.
const STRETCHING: KeyStretching = KeyStretching::Identity;

impl Member {
    pub(super) fn sign_in(&mut self, ctx: &mut Ctx<'_>) {
        self.due = Some(ctx.now + ATTEMPT_WAIT);
        if let Some(pass) = &mut self.pass {
            pass.attempt += 1;
            let resume = Resume {
                account: pass.account,
                device: pass.device,
                ticket: pass.ticket.clone().into(),
                attempt: pass.attempt,
            };
            self.step = Step::Resume;
            return self.request(ctx, &Message::control(resume));
        }
        let name = self.name.clone();
        let begun = if self.has_account {
            LoginBegun::new(ctx.random, &self.password).map(|(begun, request)| {
                self.step = Step::Login(Box::new(begun));
                Message::control(Login { name, request })
            })
        } else {
            SignUpBegun::new(ctx.random, &self.password).map(|(begun, request)| {
                self.step = Step::SignUp(begun);
                Message::control(SignUp { name, request })
            })
        };
        // OPAQUE refuses only passwords that are too long for its format.
        if let Ok(message) = begun {
            self.request(ctx, &message);
        }
    }

    /// Handles the answer that the current step waits for, and ignores all others.
    pub(super) fn handle_answer(
        &mut self,
        ctx: &mut Ctx<'_>,
        body: ServerBody,
    ) -> Option<MemberEvent> {
        match (std::mem::replace(&mut self.step, Step::Gone), body) {
            (Step::SignUp(begun), ServerBody::SignUpAnswer(answer)) => {
                return self.finish_sign_up(ctx, begun, &answer.response);
            }
            (Step::SignUpFinish, ServerBody::SignedUp(signed_up)) => {
                self.name = signed_up.name;
                self.has_account = true;
                if self.stays_away {
                    return Some(self.stay_away(ctx));
                }
                self.sign_in(ctx);
            }
            (Step::Login(begun), ServerBody::LoginAnswer(answer)) => {
                return self.finish_login(ctx, *begun, &answer.response);
            }
            (Step::LoginFinish | Step::Resume, ServerBody::SessionStart(start)) => {
                self.on_session_start(ctx, start);
            }
            (Step::Hello, ServerBody::HelloAnswer(answer)) => {
                self.talks.note_rooms(answer.heads);
                if answer.more {
                    self.step = Step::Hello;
                    return None;
                }
                return self.arrive(ctx);
            }
            (Step::Join, ServerBody::Joined(joined)) => return self.joined(ctx, &joined),
            (Step::Resolve, ServerBody::Resolved(resolved)) => {
                return self.resolved(ctx, &resolved);
            }
            (Step::Talking, body) if Self::is_answer_to_errand(&body) => {
                self.step = Step::Talking;
                return Some(self.handle_errand_answer(body));
            }
            (Step::Leaving, ServerBody::SessionEnd(_)) => {
                self.step = Step::Leaving;
                self.hang_up(ctx);
            }
            (_, ServerBody::SessionEnd(end)) if end.reason == EndReason::ServerStopping => {
                return Some(MemberEvent::ServerGone);
            }
            (_, ServerBody::SessionEnd(end)) => {
                return Some(MemberEvent::Failed(format!(
                    "was signed out: {}",
                    end.reason
                )));
            }
            (step, _) => self.step = step,
        }
        None
    }

    fn finish_sign_up(
        &mut self,
        ctx: &mut Ctx<'_>,
        begun: SignUpBegun,
        response: &[u8],
    ) -> Option<MemberEvent> {
        match begun.finish(ctx.random, &self.password, response, STRETCHING) {
            Ok(upload) => {
                self.step = Step::SignUpFinish;
                self.request(ctx, &Message::control(SignUpFinish { upload }));
                None
            }
            Err(error) => Some(no_sign_in(&error)),
        }
    }

    fn finish_login(
        &mut self,
        ctx: &mut Ctx<'_>,
        begun: LoginBegun,
        response: &[u8],
    ) -> Option<MemberEvent> {
        let hash = &self.handshake_hash;
        match begun.finish(ctx.random, &self.password, response, hash, STRETCHING) {
            Ok(finalization) => {
                self.step = Step::LoginFinish;
                let finish = LoginFinish {
                    finalization,
                    device: None,
                    attempt: 0,
                };
                self.request(ctx, &Message::control(finish));
                None
            }
            Err(error) => Some(no_sign_in(&error)),
        }
    }

    fn on_session_start(&mut self, ctx: &mut Ctx<'_>, start: SessionStart) {
        self.pass = Some(DeviceTicket {
            account: start.account,
            device: start.device,
            ticket: start.ticket.into_vec(),
            attempt: self.pass.as_ref().map_or(0, |pass| pass.attempt),
        });
        self.talks.forget_rooms();
        self.step = Step::Hello;
        let hello = Hello {
            positions: Vec::new(),
            more: false,
            epoch: None,
            software: None,
            unannounced: None,
            sends_only: None,
        };
        self.request(ctx, &Message::control(hello));
    }

    /// Joins the rooms that are missing, and reports [`MemberEvent::SignedIn`] when none is.
    ///
    /// Joining is a part of signing in, so that as few clients join at a time as sign in, and a server with closed rooms
    /// refuses before all have accounts. Each client receives an entry for each later member: half a million entries for
    /// 1,000 clients, less work than stretching as many passwords.
    fn arrive(&mut self, ctx: &mut Ctx<'_>) -> Option<MemberEvent> {
        if let Some(name) = self.talks.begin_rooms(self.pass.as_ref()?) {
            self.join(ctx, name);
            return None;
        }
        self.step = Step::Inside;
        self.due = None;
        Some(MemberEvent::SignedIn)
    }

    fn join(&mut self, ctx: &mut Ctx<'_>, name: String) {
        self.step = Step::Join;
        self.due = Some(ctx.now + ATTEMPT_WAIT);
        // The first client creates it.
        let join = ClientMessage::control(Join {
            tag: 1,
            name,
            access: None,
            must_exist: None,
        });
        // On the channel of the deliveries, so that the answer arrives before any of them.
        self.send(ctx, Channel::Chat, encode(&join, Hop::default()));
    }

    fn joined(&mut self, ctx: &mut Ctx<'_>, joined: &Joined) -> Option<MemberEvent> {
        let found = ConversationStart {
            conversation: joined.room.conversation,
            last_number: joined.last_number,
            start: joined.start,
        };
        self.talks.begin(self.pass.as_ref()?, found);
        self.arrive(ctx)
    }

    /// Resolves the partners one after the other. Returns whether all are found already.
    pub fn find(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let is_found = !self.find_next(ctx);
        if is_found {
            self.step = Step::Talking;
        }
        is_found
    }

    /// Resolves the next partner. Returns whether there is one.
    fn find_next(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let Some(name) = self.talks.next_partner() else {
            return false;
        };
        let resolve = Resolve { tag: 1, name };
        self.step = Step::Resolve;
        self.due = Some(ctx.now + ATTEMPT_WAIT);
        self.request(ctx, &Message::control(resolve));
        true
    }

    fn resolved(&mut self, ctx: &mut Ctx<'_>, resolved: &Resolved) -> Option<MemberEvent> {
        let conversation = resolved.conversation;
        let found = ConversationStart {
            conversation,
            last_number: resolved.last_number,
            start: resolved.start,
        };
        self.talks.begin(self.pass.as_ref()?, found);
        self.ask_for_receipts(ctx, conversation);
        if self.find_next(ctx) {
            return None;
        }
        self.step = Step::Talking;
        self.due = None;
        Some(MemberEvent::Ready)
    }

    pub(super) fn ask_for_receipts(&mut self, ctx: &mut Ctx<'_>, conversation: ConversationId) {
        let request = ClientMessage::control(ReceiptsRequest { conversation });
        self.send(ctx, Channel::Chat, encode(&request, Hop::default()));
    }

    /// Signs out with an account, for others to write to.
    fn stay_away(&mut self, ctx: &mut Ctx<'_>) -> MemberEvent {
        self.step = Step::Away;
        self.due = None;
        self.hang_up(ctx);
        MemberEvent::SignedIn
    }

    pub(super) fn refused(
        &mut self,
        ctx: &mut Ctx<'_>,
        command: Command,
        failure: &Failure,
    ) -> Option<MemberEvent> {
        let is_temporary = matches!(
            failure.code,
            ErrorCode::TooManyAttempts | ErrorCode::Unavailable
        );
        if is_temporary && self.is_entering() {
            let wait = failure.wait_ms.map_or(PAUSE, Duration::from_millis);
            self.waits += 1;
            if self.waits > WAITS_MAX {
                return Some(no_sign_in(&failure.code));
            }
            return self.again(ctx.now, wait, &failure.code.to_string());
        }
        // The answer to an earlier sign-up was lost with its session, but the account exists.
        if failure.code == ErrorCode::NameTaken && self.tries > 1 && !self.has_account {
            self.has_account = true;
            if self.stays_away {
                return Some(self.stay_away(ctx));
            }
            return self.again(ctx.now, Duration::ZERO, "the name is taken");
        }
        if matches!(self.step, Step::Leaving) {
            return None;
        }
        let detail = match &*failure.detail {
            _ if failure.code == ErrorCode::RoomsClosed => {
                " (only the operator makes rooms at this server, and the workload needs one)".into()
            }
            _ if failure.code == ErrorCode::TooManyAttempts && command == Command::SendMessage => {
                " (the server limits what an account sends, which would be what is measured: serve with \
                 --limit-message-rate 0 --limit-byte-rate 0 --limit-day-bytes 0)"
                    .into()
            }
            _ if failure.code == ErrorCode::TooManyAttempts && command == Command::Join => {
                " (the server limits how often an account joins rooms: serve with --limit-room-change-rate 0)".into()
            }
            "" => String::new(),
            detail => format!(" ({detail})"),
        };
        let code = failure.code;
        Some(MemberEvent::Failed(format!(
            "was refused {command}: {code}{detail}"
        )))
    }

    /// Begins another attempt after a wait, unless there were too many.
    pub fn again(&mut self, now: Instant, wait: Duration, why: &str) -> Option<MemberEvent> {
        if self.tries >= TRIES_MAX {
            return Some(no_sign_in(&why));
        }
        self.step = Step::Pausing(now + wait);
        self.due = None;
        None
    }
}

fn no_sign_in(why: &impl Display) -> MemberEvent {
    MemberEvent::Failed(format!("could not sign in: {why}"))
}
