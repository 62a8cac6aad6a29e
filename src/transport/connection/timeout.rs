//! Handles the deadlines of a session. Defines what silence means at each end.

use std::time::{Duration, Instant};

use rand_core::RngCore;

use super::{Connection, Context, Role};
use crate::transport::limits::{
    CLIENT_SILENCE, FORGET, IDLE, KEEP_ALIVE, KEEP_ALIVE_WATCHED, SERVER_SILENCE, UNANSWERED,
    UNAUTHENTICATED_SILENCE,
};
use crate::transport::timer::Timer;
use crate::transport::{CloseReason, Event};

impl Connection {
    /// Handles each expired timer. A handler sets its next deadline later than `now`.
    pub(crate) fn handle_timeout(&mut self, context: &mut Context<'_>) {
        while let Some(timer) = self.timers.expire(context.now) {
            match timer {
                Timer::Loss => self.on_loss_timer(context.now),
                // The next `poll_transmit` finds the pacer ready.
                Timer::Pace => {}
                Timer::Hold => self.end_hold(),
                Timer::Redundancy => self.copies_due = true,
                Timer::KeepAlive => self.ping = true,
                Timer::Silence => self.on_silence(context),
                Timer::Forget => self.abandon(context, CloseReason::TimedOut),
                Timer::Lifetime => self.close_unauthenticated(context),
                Timer::Path => self.on_path_timer(context),
                Timer::Idle => self.release(),
                Timer::Close => self.on_close_timer(context.now),
            }
            if self.is_gone() {
                return;
            }
        }
    }

    pub(super) fn is_server(&self) -> bool {
        self.role == Role::Server
    }

    pub(super) fn on_heard(&mut self, context: &mut Context<'_>) {
        self.unanswered = None;
        self.arm_idle(context.now, false);
        self.restart_silence(context.now);
        if std::mem::take(&mut self.told_unanswered) {
            context.events.push_back(Event::Answered {
                session: self.session,
            });
        }
        if !self.silent {
            return;
        }
        self.silent = false;
        context.events.push_back(Event::Awake {
            session: self.session,
        });
        if !self.recovery.sent.is_empty() {
            self.recovery.wake();
            self.probe(context.now);
            self.arm_loss_timer(context.now);
        }
    }

    /// A server measures silence from the last packet of its client. A client measures it from its first unanswered
    /// packet, because a server sends only when it has something to send.
    pub(super) fn restart_silence(&mut self, now: Instant) {
        self.timers.clear(Timer::Silence);
        match self.role {
            Role::Client => self.timers.clear(Timer::Forget),
            Role::Server if self.signed_in => {
                self.timers.set(Timer::Silence, now + SERVER_SILENCE);
                self.timers.set(Timer::Forget, now + FORGET);
            }
            Role::Server => self
                .timers
                .set(Timer::Forget, now + UNAUTHENTICATED_SILENCE),
        }
    }

    pub(super) fn on_spoken(&mut self, context: &mut Context<'_>, ack_eliciting: bool) {
        self.arm_idle(context.now, ack_eliciting);
        if self.role == Role::Server {
            return;
        }
        self.arm_keep_alive(context);
        if ack_eliciting && self.unanswered.is_none() {
            self.unanswered = Some(context.now);
            self.arm_silence(context.now);
            self.timers.set(Timer::Forget, context.now + FORGET);
        }
    }

    /// Sets when memory is released: some time after the last packet with content, and what a ping or an acknowledgement takes
    /// after that, likewise. A client that pings more often than that does not keep it.
    pub(super) fn arm_idle(&mut self, now: Instant, has_content: bool) {
        if has_content || self.timers.get(Timer::Idle).is_none() {
            self.timers.set(Timer::Idle, now + IDLE);
        }
    }

    /// Whether the application wants to know soon that the server does not answer, and for that more packets of a client at rest
    /// unless they cost money.
    pub(crate) fn watch(&mut self, context: &mut Context<'_>, watched: bool) {
        if std::mem::replace(&mut self.watched, watched) == watched || !self.state.is_open() {
            return;
        }
        self.arm_keep_alive(context);
        if let Some(since) = self.unanswered.filter(|_| !self.silent) {
            self.arm_silence(since);
        }
    }

    fn arm_keep_alive(&mut self, context: &mut Context<'_>) {
        let usual = if self.watched && !self.recovery.frugal {
            KEEP_ALIVE_WATCHED
        } else {
            KEEP_ALIVE
        };
        let jitter_ms = u128::from(context.random.next_u32()) % (usual.as_millis() / 5);
        let jitter = Duration::from_millis(u64::try_from(jitter_ms).unwrap_or_default());
        let wait = usual.mul_f64(0.9) + jitter;
        self.timers.set(Timer::KeepAlive, context.now + wait);
    }

    /// Sets when it is noticed that packets are unanswered since then.
    fn arm_silence(&mut self, since: Instant) {
        let patience = if self.watched && !self.told_unanswered {
            UNANSWERED
        } else {
            CLIENT_SILENCE
        };
        self.timers.set(Timer::Silence, since + patience);
    }

    fn on_silence(&mut self, context: &mut Context<'_>) {
        if self.silent {
            return;
        }
        if let Some(since) = self.unanswered
            && self.watched
            && !self.told_unanswered
        {
            self.told_unanswered = true;
            context.events.push_back(Event::Unanswered {
                session: self.session,
            });
            return self.arm_silence(since);
        }
        self.silent = true;
        context.events.push_back(Event::Silent {
            session: self.session,
        });
        if self.is_server() {
            // It stops sending until the client sends again.
            self.arm_loss_timer(context.now);
            self.timers.clear(Timer::Pace);
            self.timers.clear(Timer::Redundancy);
        }
    }
}
