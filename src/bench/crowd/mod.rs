//! All clients of a run on one endpoint.
//!
//! They sign in a few at a time, find their partners, send the messages of the traffic, wait for those still under way,
//! and leave.

mod answers;
mod app;
mod bar;
mod config;
mod errands;
mod in_flight;
mod measure;
mod members;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use super::member::conversation::Contact;
use super::member::{Ctx, Member, MemberEvent};
use super::server::RESTART_WAIT;
use super::workload::{Audience, DueErrand, Errand, Partner};
use crate::net;
use crate::transport::{Endpoint, Now, SessionId};
use answers::Answers;
pub use answers::FIRST_ANSWER_WAIT;
use bar::Progress;
pub use config::{CrowdConfig, End, Input};
use errands::Errands;
use in_flight::InFlight;
use measure::{Load, Measurement};
use members::Members;

/// Clients that sign in at the same time. Chosen: far below the limit of a server for one address, and enough over any path.
const ENTERING_MAX: usize = 16;

/// The same at the run's own server, which has no such limit. Chosen: what a socket's buffer holds.
const ENTERING_MAX_OWN: usize = 64;

/// The longest wait for the last messages. Chosen: twice the longest pause between two probes of the transport.
const DRAIN_WAIT: Duration = Duration::from_secs(16);

/// The longest sign-out.
const LEAVE_WAIT: Duration = Duration::from_secs(3);

/// The longest time from the restart until all clients are signed in again.
const RETURN_WAIT: Duration = Duration::from_mins(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    SigningIn,
    Pairing,
    Talking,
    /// All is sent; waits for messages under way until this moment.
    Draining(Instant),
    Leaving(Instant),
    /// The server is restarting, until this moment at the latest.
    Restarting(Instant),
    /// The clients sign in again, since this moment, when the server had restarted.
    Returning(Instant),
}

/// All clients, and the state of the run.
pub struct Crowd {
    config: CrowdConfig,
    members: Members,
    sessions: HashMap<SessionId, usize>,
    random: ChaCha20Rng,
    phase: Phase,
    answers: Answers,
    /// Members that have not begun to sign in.
    outside: VecDeque<usize>,
    /// Members that have completed this phase.
    ready: usize,
    /// Members that have received something in this batch.
    touched: BTreeSet<usize>,
    in_flight: InFlight,
    measurement: Measurement,
    errands: Errands,
    /// What sessions have carried that a client has closed to sign in again.
    closed: Load,
    progress: Progress,
    end: Option<End>,
}

impl Crowd {
    pub fn new(mut config: CrowdConfig, seed: [u8; 32]) -> Self {
        let mut random = ChaCha20Rng::from_seed(seed);
        let tickets = config
            .own
            .as_mut()
            .map(|own| std::mem::take(&mut own.tickets));
        let mut tickets = tickets.into_iter().flatten();
        let names = &config.names;
        let contact = |partner: Partner| {
            let (author, receiver) = match partner.with {
                Audience::Member(member) => (names.client(member), names.client(member)),
                Audience::Room(room) => (names.prefix(), names.room(room)),
            };
            Contact {
                partner,
                author,
                receiver,
            }
        };
        let members: Vec<Member> = (0..config.members)
            .map(|index| {
                let partners = config.traffic.partners(index).into_iter();
                let contacts = partners.map(contact).collect();
                let stays_away = index >= config.clients;
                let pass = tickets.next();
                let lobby = config.traffic.lobby(index).map(|it| names.lobby(it));
                Member::new(names.client(index), contacts, stays_away, pass, &mut random)
                    .with_lobby(lobby)
            })
            .collect();
        Self {
            outside: (0..members.len())
                .filter(|member| !members[*member].is_in_place())
                .collect(),
            ready: members.iter().filter(|it| it.is_in_place()).count(),
            progress: Progress::new(config.members, &config.label),
            members: Members::new(members),
            sessions: HashMap::new(),
            random,
            phase: Phase::SigningIn,
            answers: Answers::default(),
            touched: BTreeSet::new(),
            in_flight: InFlight::default(),
            config,
            measurement: Measurement::default(),
            errands: Errands::default(),
            closed: Load::default(),
            end: None,
        }
    }

    /// Lets the first members sign in.
    pub fn start(&mut self, now: Now, endpoint: &mut Endpoint) {
        self.let_in(now.instant, endpoint);
    }

    pub fn into_end(self) -> Option<End> {
        self.end
    }

    /// Calls a member with its context.
    fn with<T>(
        &mut self,
        now: Instant,
        endpoint: &mut Endpoint,
        member: usize,
        act: impl FnOnce(&mut Member, &mut Ctx<'_>) -> T,
    ) -> T {
        let addresses = &self.config.addresses;
        let own = self.config.server_of(member);
        let mut ctx = Ctx {
            now,
            endpoint,
            random: &mut self.random,
            addresses: own.map_or(&addresses[..], |own| &addresses[own..=own]),
        };
        self.members.change(member, |member| act(member, &mut ctx))
    }

    fn let_in(&mut self, now: Instant, endpoint: &mut Endpoint) {
        let most = match self.config.own {
            Some(_) => ENTERING_MAX_OWN,
            None => ENTERING_MAX,
        };
        while self.members.entering() < most
            && let Some(member) = self.outside.pop_front()
        {
            self.enter(now, endpoint, member);
        }
    }

    /// Lets members go on whose attempt to sign in has had no answer, or was put off.
    fn retry_sign_ins(&mut self, now: Instant, endpoint: &mut Endpoint) {
        for member in self.members.due(now) {
            if !self.members[member].is_waiting() && !self.is_talking() {
                self.answers.on_asked(now);
            }
            if self.with(now, endpoint, member, Member::handle_timeout) {
                self.enter(now, endpoint, member);
            }
        }
    }

    fn enter(&mut self, now: Instant, endpoint: &mut Endpoint, member: usize) {
        // One that signs in again while all talk must not hide that the server is gone.
        if !self.is_talking() {
            self.answers.on_asked(now);
        }
        let session = self.with(now, endpoint, member, Member::enter);
        self.sessions.insert(session, member);
    }

    fn on_member_event(
        &mut self,
        now: Instant,
        endpoint: &mut Endpoint,
        member: usize,
        event: Option<MemberEvent>,
    ) {
        match event {
            None | Some(MemberEvent::Left) => {}
            Some(MemberEvent::Delivered {
                conversation,
                author,
                number,
            }) => {
                let key = (author, conversation, number);
                if !self.on_delivered(member, key) {
                    let why = format!("{} received a message twice", self.members[member].name());
                    self.finish(now, endpoint, End::Failed(why));
                }
            }
            // As of deliveries: later than the batch has begun.
            Some(MemberEvent::ErrandDone) => self.errands.done(net::now().instant, member),
            Some(MemberEvent::Stored(talk)) => {
                self.config.traffic.on_stored(now, member, talk);
                self.progress.changed();
            }
            Some(MemberEvent::SignedIn) if let Phase::Returning(since) = self.phase => {
                let latency = now.saturating_duration_since(since);
                let server = self.config.server_of(member);
                self.measurement.count(now, latency, server, false);
                self.progress.changed();
            }
            Some(MemberEvent::SignedIn) if self.is_talking() => {
                self.with(now, endpoint, member, Member::come_back);
                self.errands.done(net::now().instant, member);
            }
            Some(MemberEvent::SignedIn) => {
                self.ready += 1;
                self.progress.signed_in(self.ready);
                self.let_in(now, endpoint);
                if self.ready == self.members.len() {
                    self.find_partners(now, endpoint);
                }
            }
            Some(MemberEvent::Ready) => {
                self.ready += 1;
                self.begin_if_ready(now);
            }
            Some(MemberEvent::ServerGone) => self.finish(now, endpoint, End::Lost),
            Some(MemberEvent::Failed(why)) => {
                let why = format!("{} {why}", self.members[member].name());
                self.finish(now, endpoint, End::Failed(why));
            }
        }
    }

    fn find_partners(&mut self, now: Instant, endpoint: &mut Endpoint) {
        self.phase = Phase::Pairing;
        self.ready = 0;
        for member in 0..self.members.len() {
            if !self.members[member].has_contacts() {
                self.ready += 1;
                continue;
            }
            let is_found = self.with(now, endpoint, member, Member::find);
            self.ready += usize::from(is_found);
        }
        self.begin_if_ready(now);
    }

    fn begin_if_ready(&mut self, now: Instant) {
        if self.ready == self.members.len() {
            if self.config.traffic.is_storm() {
                return self.restart(now);
            }
            self.phase = Phase::Talking;
            self.progress.measure();
            self.config.traffic.begin(now);
            self.show_progress();
        }
    }

    fn show_progress(&mut self) {
        let (done, of) = self
            .config
            .traffic
            .progress(self.measurement.deliveries() as u64);
        self.progress.show(done, of);
    }

    /// Returns whether it was in flight: all readers have one that is not, so that this one has it twice.
    fn on_delivered(&mut self, reader: usize, key: in_flight::Key) -> bool {
        // Later than the batch: this message was decoded and its digest checked since.
        let now = net::now().instant;
        let Some(heard) = self.in_flight.heard(key) else {
            return false;
        };
        let author = key.0;
        if heard.is_last {
            self.config.traffic.on_heard(now, author);
        }
        if heard.is_counted {
            let latency = now.saturating_duration_since(heard.at);
            let is_streaming = self.config.traffic.is_streaming(author);
            let server = self.config.server_of(reader);
            self.measurement.count(now, latency, server, is_streaming);
            self.progress.changed();
        }
        true
    }

    const fn is_talking(&self) -> bool {
        matches!(self.phase, Phase::Talking | Phase::Draining(_))
    }

    /// Sends the messages that are due, and begins the errands.
    fn send_due(&mut self, now: Instant, endpoint: &mut Endpoint) {
        let counted_from = self.config.traffic.counted_from();
        if !self.measurement.has_begun() && counted_from.is_some_and(|from| from <= now) {
            self.measurement.begin(self.load(endpoint));
        }
        loop {
            self.send_messages(now, endpoint);
            let Some(due) = self.config.traffic.poll_errand() else {
                return;
            };
            self.begin_errand(now, endpoint, due);
        }
    }

    fn begin_errand(&mut self, now: Instant, endpoint: &mut Endpoint, due: DueErrand) {
        let member = due.member;
        let is_busy = !self.members[member].is_talking();
        if !self.errands.begin(due, is_busy) {
            return;
        }
        if due.errand == Errand::Reconnection {
            self.forget_session(now, endpoint, member, Member::depart);
            self.enter(now, endpoint, member);
        } else {
            self.with(now, endpoint, member, |member, ctx| {
                member.run_errand(ctx, due.errand);
            });
        }
    }

    fn send_messages(&mut self, now: Instant, endpoint: &mut Endpoint) {
        while let Some(outgoing) = self.config.traffic.poll(now) {
            let member = outgoing.member;
            let said = self.with(now, endpoint, member, |member, ctx| {
                member.send_next(ctx, outgoing.talk)
            });
            if let Some((conversation, number)) = said {
                self.in_flight
                    .sent((member, conversation, number), &outgoing);
            }
        }
    }

    /// Keeps the first end, and lets all members leave.
    fn finish(&mut self, now: Instant, endpoint: &mut Endpoint, end: End) {
        self.end.get_or_insert(end);
        if matches!(self.phase, Phase::Leaving(_)) {
            return;
        }
        self.phase = Phase::Leaving(now + LEAVE_WAIT);
        self.progress.end();
        let is_gone = matches!(self.end, Some(End::Unreachable | End::Lost));
        if is_gone || self.config.own.is_some() {
            self.members.change_all(Member::drop_out);
            return;
        }
        for member in 0..self.members.len() {
            self.with(now, endpoint, member, Member::leave);
        }
    }

    /// Ends the run without a server, if a client has waited for it for too long.
    fn give_up_waiting(&mut self, now: Instant, endpoint: &mut Endpoint) {
        if !self.answers.is_missing(now) {
            return;
        }
        if !self.members.iter().any(Member::is_waiting) {
            return self.answers.on_asked(now);
        }
        let mut waiting = self.members.iter().filter(|member| member.is_waiting());
        if waiting.all(Member::is_connecting) && self.answers.wait_for_handshakes() {
            return;
        }
        let is_reached = self.answers.is_reached();
        let end = if is_reached {
            End::Lost
        } else {
            End::Unreachable
        };
        self.finish(now, endpoint, end);
    }

    /// The load of all clients so far. Members that stay away have signed up before counting begins.
    fn load(&self, endpoint: &Endpoint) -> Load {
        let sessions = self.sessions.iter();
        let counted = sessions.filter(|(_, member)| !self.members[**member].stays_away());
        let meter = self.config.own.as_ref().map(|own| &own.meter);
        let mut load = self.closed.with_server(meter);
        for (session, _) in counted {
            endpoint
                .statistics(*session)
                .iter()
                .for_each(|it| load.add(it));
        }
        load
    }

    fn measured(&mut self, now: Instant, endpoint: &mut Endpoint) {
        for (session, member) in &self.sessions {
            let name = self.members[*member].name();
            tracing::debug!(name, statistics = ?endpoint.statistics(*session), "session");
        }
        let own = self.config.own.as_ref();
        let from = match self.phase {
            Phase::Returning(since) => Some(since),
            _ => self.config.traffic.counted_from(),
        };
        let mut measurement = std::mem::take(&mut self.measurement);
        let shares = measurement.shares(self.config.servers(), self.config.clients);
        let mut report = measurement.report(
            now,
            from,
            (
                self.config.workload,
                self.config.clients,
                &self.config.arguments,
            ),
            self.load(endpoint),
            own.and_then(|own| own.meter.rss_since()),
            &*self.config.traffic,
        );
        report.servers = shares;
        if self.config.traffic.has_errands() {
            report.errands = Some(self.errands.report());
        }
        self.finish(now, endpoint, End::Measured(Box::new(report)));
    }

    /// Restarts the server once all clients are signed in.
    fn restart(&mut self, now: Instant) {
        self.phase = Phase::Restarting(now + RESTART_WAIT);
        self.progress.restart();
        self.members.change_all(Member::suspend);
        if let Some(own) = &self.config.own {
            own.restarter.restart();
        }
    }

    /// Lets all clients sign in at once after the restart.
    fn come_back(&mut self, now: Instant, endpoint: &mut Endpoint) {
        self.phase = Phase::Returning(now);
        self.progress.measure();
        for member in 0..self.members.len() {
            self.forget_session(now, endpoint, member, Member::forget_session);
        }
        self.measurement.begin(self.load(endpoint));
        for member in 0..self.members.len() {
            self.enter(now, endpoint, member);
        }
    }

    /// Lets a member close its session. What it has carried still counts.
    fn forget_session(
        &mut self,
        now: Instant,
        endpoint: &mut Endpoint,
        member: usize,
        close: impl FnOnce(&mut Member, &mut Ctx<'_>) -> Option<SessionId>,
    ) {
        let session = self.members[member].session();
        if let Some(statistics) = session.and_then(|session| endpoint.statistics(session)) {
            self.closed.add(&statistics);
        }
        if let Some(session) = self.with(now, endpoint, member, close) {
            self.sessions.remove(&session);
        }
    }

    fn member_of(&self, session: SessionId) -> Option<usize> {
        self.sessions.get(&session).copied()
    }
}
