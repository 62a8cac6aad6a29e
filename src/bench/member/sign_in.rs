//! A client's way in: sign-up and login through OPAQUE, HELLO, and what a refusal means on the way.

use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore as _, SeedableRng as _};
use serde_bytes::ByteBuf;

use super::stretching::Job;
use super::{ATTEMPT_WAIT, Line, Member, News, PAUSE, Step};
use crate::bench::server::Pass;
use crate::client::auth::opaque::{LoginBegun, SignUpBegun};
use crate::protocol::opaque::KeyStretching;
use crate::protocol::{
    Command, ErrorCode, Failure, Hello, Login, LoginFinish, Message, Resume, ServerBody,
    SessionStart, SignUp, SignUpFinish,
};

/// How often a client tries to get in before the run fails. Chosen: a path that loses half of all packets, and a
/// server that asks for patience.
const TRIES_MAX: u32 = 20;

/// How often a client waits as long as the server asks it to, before the run fails. Chosen: a server that grants one
/// address a few sign-ins a second still lets thousands in.
const WAITS_MAX: u32 = 10_000;

impl Member {
    /// Begins to sign up, or in.
    pub(super) fn sign_in(&mut self, line: &mut Line<'_>) {
        self.due = Some(line.now + ATTEMPT_WAIT);
        if let Some(pass) = &self.pass {
            let resume = Resume {
                account: pass.account,
                device: pass.device,
                ticket: pass.ticket.clone().into(),
            };
            self.step = Step::Resume;
            return self.request(line, &Message::control(resume));
        }
        let name = self.name.clone();
        let begun = if self.has_account {
            LoginBegun::new(line.random, &self.password).map(|(begun, request)| {
                self.step = Step::Login(Box::new(begun));
                Message::control(Login { name, request })
            })
        } else {
            SignUpBegun::new(line.random, &self.password).map(|(begun, request)| {
                self.step = Step::SignUp(begun);
                Message::control(SignUp { name, request })
            })
        };
        // OPAQUE refuses only passwords longer than its format can say.
        if let Ok(message) = begun {
            self.request(line, &message);
        }
    }

    /// A step of OPAQUE is worked out.
    pub fn stretched(
        &mut self,
        line: &mut Line<'_>,
        attempt: u32,
        result: Result<ByteBuf, String>,
    ) -> Option<News> {
        let Step::Stretching(command) = self.step else {
            return None;
        };
        if attempt != self.tries {
            return None;
        }
        let bytes = match result {
            Ok(bytes) => bytes,
            Err(error) => return Some(News::Failed(format!("could not sign in: {error}"))),
        };
        let message = if command == Command::SignUp {
            self.step = Step::SignUpFinish;
            Message::control(SignUpFinish { upload: bytes })
        } else {
            self.step = Step::LoginFinish;
            Message::control(LoginFinish {
                finalization: bytes,
                device: self.device,
            })
        };
        self.request(line, &message);
        None
    }

    fn stretch(
        &mut self,
        line: &mut Line<'_>,
        command: Command,
        work: impl FnOnce(&mut ChaCha20Rng) -> Result<ByteBuf, String> + Send + 'static,
    ) {
        self.step = Step::Stretching(command);
        let mut seed = [0; 32];
        line.random.fill_bytes(&mut seed);
        let job = Job {
            member: self.index,
            attempt: self.tries,
            work: Box::new(move || work(&mut ChaCha20Rng::from_seed(seed))),
        };
        // If the thread has ended, the attempt runs out of time and the run fails by name.
        let _ = line.jobs.send(job);
    }

    /// The answer to what this step asked for; anything else is of no interest here.
    pub(super) fn handle_answer(&mut self, line: &mut Line<'_>, body: ServerBody) -> Option<News> {
        let password = self.password;
        let stretching = KeyStretching::Argon2id;
        match (std::mem::replace(&mut self.step, Step::Gone), body) {
            (Step::SignUp(begun), ServerBody::SignUpAnswer(answer)) => {
                self.stretch(line, Command::SignUp, move |random| {
                    begun
                        .finish(random, &password, &answer.response, stretching)
                        .map_err(|error| error.to_string())
                });
            }
            (Step::SignUpFinish, ServerBody::SignedUp(signed_up)) => {
                self.name = signed_up.name;
                self.has_account = true;
                if self.stays_away {
                    return Some(self.stay_away(line));
                }
                self.sign_in(line);
            }
            (Step::Login(begun), ServerBody::LoginAnswer(answer)) => {
                let hash = self.handshake_hash;
                self.stretch(line, Command::Login, move |random| {
                    begun
                        .finish(random, &password, &answer.response, &hash, stretching)
                        .map_err(|error| error.to_string())
                });
            }
            (Step::LoginFinish | Step::Resume, ServerBody::SessionStart(start)) => {
                let SessionStart {
                    account,
                    device,
                    ticket,
                    ..
                } = start;
                self.device = Some(device);
                self.pass = Some(Pass {
                    account,
                    device,
                    ticket: ticket.into_vec(),
                });
                self.rooms.clear();
                self.step = Step::Hello;
                let hello = Hello {
                    positions: Vec::new(),
                    more: false,
                    epoch: None,
                };
                self.request(line, &Message::control(hello));
            }
            (Step::Hello, ServerBody::HelloAnswer(answer)) => {
                self.note_rooms(answer.heads);
                if answer.more {
                    self.step = Step::Hello;
                    return None;
                }
                return self.arrive(line);
            }
            (Step::Join, ServerBody::Joined(joined)) => return self.joined(line, &joined),
            (Step::Resolve, ServerBody::Resolved(resolved)) => {
                return self.resolved(line, &resolved);
            }
            (Step::Leaving, ServerBody::SessionEnd(_)) => {
                self.step = Step::Leaving;
                self.hang_up(line);
            }
            (_, ServerBody::SessionEnd(end)) => {
                return Some(News::Failed(format!("was signed out: {}", end.reason)));
            }
            (step, _) => self.step = step,
        }
        None
    }

    /// It has its account, which is all that is wanted of it.
    fn stay_away(&mut self, line: &mut Line<'_>) -> News {
        self.step = Step::Away;
        self.due = None;
        self.hang_up(line);
        News::SignedIn
    }

    /// The server has said no.
    pub(super) fn refused(
        &mut self,
        line: &mut Line<'_>,
        command: Command,
        failure: &Failure,
    ) -> Option<News> {
        let is_temporary = matches!(
            failure.code,
            ErrorCode::TooManyAttempts | ErrorCode::Unavailable
        );
        if is_temporary && self.is_entering() {
            let wait = failure.wait_ms.map_or(PAUSE, Duration::from_millis);
            self.waits += 1;
            if self.waits > WAITS_MAX {
                return Some(News::Failed(format!("could not sign in: {}", failure.code)));
            }
            return self.again(line.now, wait, &failure.code.to_string());
        }
        // The answer to an earlier sign-up was lost with its session: the account is there.
        if failure.code == ErrorCode::NameTaken && self.tries > 1 && !self.has_account {
            self.has_account = true;
            if self.stays_away {
                return Some(self.stay_away(line));
            }
            return self.again(line.now, Duration::ZERO, "the name is taken");
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
            "" => String::new(),
            detail => format!(" ({detail})"),
        };
        let code = failure.code;
        Some(News::Failed(format!(
            "was refused {command}: {code}{detail}"
        )))
    }

    /// The attempt has failed: the next one begins after a while, unless there were too many.
    pub fn again(&mut self, now: Instant, wait: Duration, why: &str) -> Option<News> {
        if self.tries >= TRIES_MAX {
            return Some(News::Failed(format!("could not sign in: {why}")));
        }
        self.step = Step::Pausing(now + wait);
        self.due = None;
        None
    }
}
