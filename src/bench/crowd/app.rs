//! The driver's interface to the crowd: events of sessions, inputs of other threads, and timeouts.

use std::time::Instant;

use super::{Crowd, DRAIN_WAIT, End, Input, LEAVE_WAIT, Phase, RETURN_WAIT};
use crate::bench::member::Member;
use crate::transport::{App, Endpoint, Event, Now};

impl App for Crowd {
    type Input = Input;

    fn on_event(&mut self, now: Now, endpoint: &mut Endpoint, event: Event) {
        let now = now.instant;
        match event {
            Event::Connected {
                session,
                handshake_hash,
                ..
            } => {
                self.answers.on_heard(now);
                if let Some(member) = self.member_of(session) {
                    self.with(now, endpoint, member, |member, ctx| {
                        member.connected(ctx, handshake_hash);
                    });
                }
            }
            Event::Readable { session, channel } => {
                let Some(member) = self.member_of(session) else {
                    return;
                };
                self.touched.insert(member);
                self.answers.on_heard(now);
                while let Some(bytes) = endpoint.receive(now, session, channel) {
                    let event = self.with(now, endpoint, member, |member, ctx| {
                        member.handle_message(ctx, &bytes)
                    });
                    self.on_member_event(now, endpoint, member, event);
                }
            }
            Event::Writable { session, channel } => {
                if let Some(member) = self.member_of(session) {
                    self.with(now, endpoint, member, |member, ctx| {
                        member.flush(ctx, channel);
                    });
                }
            }
            Event::Closed { session, reason } => {
                if let Some(member) = self.sessions.remove(&session) {
                    let event = self.with(now, endpoint, member, |member, ctx| {
                        member.closed(ctx, &reason)
                    });
                    self.on_member_event(now, endpoint, member, event);
                }
            }
            Event::Silent { .. } => self.answers.on_silent(),
            Event::Awake { .. } => self.answers.on_heard(now),
            Event::Moved { .. }
            | Event::PathValidated { .. }
            | Event::Unanswered { .. }
            | Event::Answered { .. } => {}
        }
    }

    fn on_input(&mut self, now: Now, endpoint: &mut Endpoint, input: Input) {
        let now = now.instant;
        match input {
            Input::Restarted(Ok(meter)) => {
                if let Some(own) = &mut self.config.own {
                    own.meter = meter;
                }
                if matches!(self.phase, Phase::Restarting(_)) {
                    self.come_back(now, endpoint);
                }
            }
            Input::Restarted(Err(why)) => {
                let why = format!("the server could not be restarted: {why}");
                self.finish(now, endpoint, End::Failed(why));
            }
            Input::Interrupt => self.finish(now, endpoint, End::Interrupted),
        }
    }

    fn on_timeout(&mut self, now: Now, endpoint: &mut Endpoint) {
        let now = now.instant;
        let is_talking = self.is_talking();
        if is_talking && self.answers.is_gone(now) {
            return self.finish(now, endpoint, End::Lost);
        }
        if is_talking {
            self.retry_sign_ins(now, endpoint);
        }
        match self.phase {
            Phase::Talking => self.send_due(now, endpoint),
            Phase::Leaving(due) if due <= now => {
                // Sessions that only rest need no answer before they are signed out.
                if self.config.traffic.is_idle()
                    && matches!(self.end, Some(End::Measured(_)))
                    && self.answers.is_silent_for(now, LEAVE_WAIT)
                {
                    self.end = Some(End::Lost);
                }
                for member in 0..self.members.len() {
                    self.with(now, endpoint, member, Member::hang_up);
                }
                self.phase = Phase::Leaving(now + LEAVE_WAIT);
            }
            Phase::Restarting(due) if due <= now => {
                let why = "the server takes too long to restart".into();
                self.finish(now, endpoint, End::Failed(why));
            }
            Phase::SigningIn | Phase::Pairing | Phase::Returning(_) => {
                self.retry_sign_ins(now, endpoint);
                self.give_up_waiting(now, endpoint);
            }
            Phase::Draining(_) | Phase::Leaving(_) | Phase::Restarting(_) => {}
        }
    }

    fn on_settled(&mut self, now: Now, endpoint: &mut Endpoint) {
        let now = now.instant;
        while let Some(member) = self.touched.pop_first() {
            self.with(now, endpoint, member, Member::send_receipts);
        }
        if self.phase == Phase::Talking {
            // Messages that answer this batch may share packets with its receipts.
            self.send_due(now, endpoint);
        }
        if self.progress.is_due() {
            self.show_progress();
        }
        if self.phase == Phase::Talking && self.config.traffic.deadline().is_none() {
            self.phase = Phase::Draining(now + DRAIN_WAIT);
        }
        if let Phase::Draining(due) = self.phase
            && (due <= now || self.in_flight.is_empty() && self.errands.is_none_under_way())
        {
            self.measured(now, endpoint);
        }
        if let Phase::Returning(since) = self.phase
            && (since + RETURN_WAIT <= now || self.measurement.deliveries() == self.members.len())
        {
            self.measured(now, endpoint);
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        match self.phase {
            Phase::SigningIn | Phase::Pairing => {
                let wait = self.answers.due();
                self.members.deadline().into_iter().chain(wait).min()
            }
            Phase::Returning(since) => {
                let due = since + RETURN_WAIT;
                let until = [Some(due), self.members.deadline(), self.answers.due()];
                until.into_iter().flatten().min()
            }
            Phase::Talking => {
                let until = [
                    self.config.traffic.deadline(),
                    self.answers.silence_due(),
                    self.members.deadline(),
                ];
                until.into_iter().flatten().min()
            }
            Phase::Draining(due) => {
                let until = [
                    Some(due),
                    self.answers.silence_due(),
                    self.members.deadline(),
                ];
                until.into_iter().flatten().min()
            }
            Phase::Leaving(due) | Phase::Restarting(due) => Some(due),
        }
    }

    fn is_finished(&self) -> bool {
        matches!(self.phase, Phase::Leaving(_)) && self.members.iter().all(Member::is_gone)
    }
}
