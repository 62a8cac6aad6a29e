//! All clients of a run on one endpoint: in, measured, out.
//!
//! They sign in a few at a time, find their partners, say what the traffic has them say, wait for what is still
//! on its way, and leave.

mod app;
mod measure;
mod members;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use super::member::conversation::Contact;
use super::member::{Ctx, Member, MemberEvent, PAUSE};
use super::report::Report;
use super::server::{Meter, OwnServerHandle, RESTART_WAIT};
use super::workload::{Audience, Outgoing, Partner, Traffic};
use crate::net;
use crate::protocol::{ConversationId, Number};
use crate::transport::{Endpoint, Now, SessionId};
use measure::{Load, Measurement};
use members::Members;

/// How many clients sign in at a time. Chosen: far below what a server grants one address, and enough over any path.
const ENTERING_MAX: usize = 16;

/// The same at a server of the measurement's own, which limits nobody. Chosen: what a socket's buffer holds.
const ENTERING_MAX_OWN: usize = 64;

/// How long the last messages are waited for. Chosen: twice the longest pause between two probes of the transport.
const DRAIN_WAIT: Duration = Duration::from_secs(16);

/// How long leaving may take.
const LEAVE_WAIT: Duration = Duration::from_secs(3);

/// What comes from other threads.
pub enum Input {
    /// The server of the measurement's own has been restarted, or why not.
    Restarted(Result<Meter, String>),
    /// The process was told to stop.
    Interrupt,
}

/// How long all may take to come back after a restart.
const RETURN_WAIT: Duration = Duration::from_secs(120);

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// It was measured.
    Measured(Box<Report>),
    /// It was interrupted.
    Interrupted,
    /// Nobody answered.
    Unreachable,
    /// Something went wrong.
    Failed(String),
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    SigningIn,
    Pairing,
    Talking,
    /// All is said; what is on its way is waited for until this moment.
    Draining(Instant),
    Leaving(Instant),
    /// The server is restarted; that may take until this moment.
    Restarting(Instant),
    /// It is back, and so will be they, by this moment.
    Returning(Instant),
}

/// A line that was typed and that not all its readers have heard.
#[derive(Debug, Clone, Copy)]
struct InFlight {
    at: Instant,
    /// How many have not.
    left: usize,
    is_counted: bool,
}

/// Who plays, and what.
pub struct CrowdConfig {
    /// The workload's name.
    pub workload: &'static str,
    /// The server's addresses.
    pub addresses: Vec<SocketAddr>,
    /// Who says something to whom, and when.
    pub traffic: Box<dyn Traffic>,
    /// How many of the names are clients; the others stay away.
    pub clients: usize,
    /// Everybody's names.
    pub names: Vec<String>,
    /// The name of the run's room, with its sign.
    pub room: String,
    /// The server, if it is the measurement's own.
    pub own: Option<OwnServerHandle>,
}

/// Everybody.
pub struct Crowd {
    workload: &'static str,
    addresses: Vec<SocketAddr>,
    traffic: Box<dyn Traffic>,
    members: Members,
    sessions: HashMap<SessionId, usize>,
    random: ChaCha20Rng,
    phase: Phase,
    /// The server has answered somebody.
    is_reached: bool,
    /// Those who have not begun to sign in.
    outside: VecDeque<usize>,
    /// How many have come as far as this phase wants them.
    ready: usize,
    /// Those to whom something has come in this batch.
    touched: BTreeSet<usize>,
    /// What was typed and has not been heard by all, by author, conversation and number.
    in_flight: HashMap<(usize, ConversationId, Number), InFlight>,
    /// The server, if it is the measurement's own.
    own: Option<OwnServerHandle>,
    /// When the server was back after its restart.
    returning_since: Option<Instant>,
    is_progress_due: bool,
    measurement: Measurement,
    bar: ProgressBar,
    end: Option<End>,
}

impl Crowd {
    /// A crowd that has not begun.
    pub fn new(cast: CrowdConfig, seed: [u8; 32]) -> Self {
        let CrowdConfig {
            workload,
            addresses,
            traffic,
            clients,
            names,
            room,
            mut own,
        } = cast;
        let mut random = ChaCha20Rng::from_seed(seed);
        let tickets = own.as_mut().map(|own| std::mem::take(&mut own.tickets));
        let mut tickets = tickets.into_iter().flatten();
        let contact = |partner: Partner| {
            let name = &names[partner.member];
            let receiver = match partner.with {
                Audience::Member => name,
                Audience::Room => &room,
            };
            Contact {
                partner,
                name: name.clone(),
                receiver: receiver.clone(),
            }
        };
        let members: Vec<Member> = names
            .iter()
            .enumerate()
            .map(|(index, name)| {
                let contacts = traffic.partners(index).into_iter().map(contact).collect();
                let stays_away = index >= clients;
                let pass = tickets.next();
                Member::new(name.clone(), contacts, stays_away, pass, &mut random)
            })
            .collect();
        Self {
            workload,
            addresses,
            traffic,
            outside: (0..members.len())
                .filter(|member| !members[*member].is_in_place())
                .collect(),
            ready: members.iter().filter(|it| it.is_in_place()).count(),
            members: Members::new(members),
            sessions: HashMap::new(),
            random,
            phase: Phase::SigningIn,
            is_reached: false,
            touched: BTreeSet::new(),
            in_flight: HashMap::new(),
            own,
            returning_since: None,
            is_progress_due: false,
            measurement: Measurement::default(),
            bar: progress_bar(names.len()),
            end: None,
        }
    }

    /// Lets the first of them in.
    pub fn start(&mut self, now: Now, endpoint: &mut Endpoint) {
        self.let_in(now.instant, endpoint);
    }

    /// How the run has ended.
    pub fn into_end(self) -> Option<End> {
        self.end
    }

    /// Has a member do something with what it needs.
    fn with<T>(
        &mut self,
        now: Instant,
        endpoint: &mut Endpoint,
        member: usize,
        act: impl FnOnce(&mut Member, &mut Ctx<'_>) -> T,
    ) -> T {
        let mut ctx = Ctx {
            now,
            endpoint,
            random: &mut self.random,
            addresses: &self.addresses,
        };
        self.members.change(member, |member| act(member, &mut ctx))
    }

    fn let_in(&mut self, now: Instant, endpoint: &mut Endpoint) {
        let most = match self.own {
            Some(_) => ENTERING_MAX_OWN,
            None => ENTERING_MAX,
        };
        while self.members.entering() < most
            && let Some(member) = self.outside.pop_front()
        {
            self.enter(now, endpoint, member);
        }
    }

    fn enter(&mut self, now: Instant, endpoint: &mut Endpoint, member: usize) {
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
            Some(MemberEvent::Delivered(talk, number)) => self.on_delivered(member, talk, number),
            Some(MemberEvent::Stored(talk)) => {
                self.traffic.on_stored(now, member, talk);
                self.is_progress_due = true;
            }
            Some(MemberEvent::SignedIn) if matches!(self.phase, Phase::Returning(_)) => {
                self.returned(now);
            }
            Some(MemberEvent::SignedIn) => {
                self.ready += 1;
                self.bar.set_position(self.ready as u64);
                self.let_in(now, endpoint);
                if self.ready == self.members.len() {
                    self.find_partners(now, endpoint);
                }
            }
            Some(MemberEvent::Ready) => {
                self.ready += 1;
                self.begin_if_ready(now);
            }
            Some(MemberEvent::Unreachable) if self.is_reached => {
                // The server answers others: it lets in no more at once.
                let pause = |member: &mut Member| member.again(now, PAUSE, "no answer");
                let event = self.members.change(member, pause);
                self.on_member_event(now, endpoint, member, event);
            }
            Some(MemberEvent::Unreachable) => self.finish(now, endpoint, End::Unreachable),
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
            if self.traffic.is_storm() {
                return self.restart(now);
            }
            self.phase = Phase::Talking;
            self.bar.reset();
            self.bar.set_message("measuring");
            self.traffic.begin(now);
            self.show_progress();
        }
    }

    fn show_progress(&mut self) {
        self.is_progress_due = false;
        let (done, of) = self.traffic.progress(self.measurement.deliveries() as u64);
        self.bar.set_length(of);
        self.bar.set_position(done);
    }

    fn on_delivered(&mut self, member: usize, talk: usize, number: Number) {
        // The turn began before this message was decoded and its digest checked.
        let now = net::now().instant;
        let Some((conversation, author)) = self.members[member].conversation(talk) else {
            return;
        };
        let key = (author, conversation, number);
        let Some(in_flight) = self.in_flight.get_mut(&key) else {
            return;
        };
        in_flight.left -= 1;
        let InFlight {
            at,
            left,
            is_counted,
        } = *in_flight;
        if left == 0 {
            self.in_flight.remove(&key);
            self.traffic.on_heard(now, author);
        }
        if is_counted {
            let latency = now.saturating_duration_since(at);
            let is_streaming = self.traffic.is_streaming(author);
            self.measurement.count(now, latency, is_streaming);
            self.is_progress_due = true;
        }
    }

    /// Types what is due.
    fn send_due(&mut self, now: Instant, endpoint: &mut Endpoint) {
        let counted_from = self.traffic.counted_from();
        if !self.measurement.has_begun() && counted_from.is_some_and(|from| from <= now) {
            self.measurement.begin(self.load(endpoint));
        }
        while let Some(Outgoing {
            member,
            talk,
            at,
            readers,
            is_counted,
        }) = self.traffic.poll(now)
        {
            let said = self.with(now, endpoint, member, |member, ctx| {
                member.send_next(ctx, talk)
            });
            if let Some((conversation, number)) = said
                && readers > 0
            {
                let in_flight = InFlight {
                    at,
                    left: readers,
                    is_counted,
                };
                self.in_flight
                    .insert((member, conversation, number), in_flight);
            }
        }
    }

    /// The first ending counts; everybody leaves.
    fn finish(&mut self, now: Instant, endpoint: &mut Endpoint, end: End) {
        self.end.get_or_insert(end);
        if matches!(self.phase, Phase::Leaving(_)) {
            return;
        }
        self.phase = Phase::Leaving(now + LEAVE_WAIT);
        self.bar.finish_and_clear();
        if self.own.is_some() {
            self.members.change_all(Member::drop_out);
            return;
        }
        for member in 0..self.members.len() {
            self.with(now, endpoint, member, Member::leave);
        }
    }

    /// What all have used up so far. Who stays away has opened an account before anything is counted.
    fn load(&self, endpoint: &Endpoint) -> Load {
        let sessions = self.sessions.iter();
        let counted = sessions.filter(|(_, member)| !self.members[**member].stays_away());
        let meter = self.own.as_ref().map(|own| &own.meter);
        Load::of(
            counted.filter_map(|(session, _)| endpoint.statistics(*session)),
            meter,
        )
    }

    /// All has been counted that will be.
    fn measured(&mut self, now: Instant, endpoint: &mut Endpoint) {
        for (session, member) in &self.sessions {
            let name = self.members[*member].name();
            tracing::debug!(name, statistics = ?endpoint.statistics(*session), "session");
        }
        let own = self.own.as_ref();
        let report = std::mem::take(&mut self.measurement).report(
            now,
            self.returning_since.or(self.traffic.counted_from()),
            (self.workload, self.members.len() - self.traffic.absent()),
            self.load(endpoint),
            own.and_then(|own| own.meter.rss_since()),
            &*self.traffic,
        );
        self.finish(now, endpoint, End::Measured(Box::new(report)));
    }

    /// Everybody is in, and the workload wants them to lose the server: it is restarted.
    fn restart(&mut self, now: Instant) {
        self.phase = Phase::Restarting(now + RESTART_WAIT);
        self.bar.set_message("restarting");
        self.members.change_all(Member::suspend);
        if let Some(own) = &self.own {
            own.restarter.restart();
        }
    }

    /// The server is back: everybody wants in at once.
    fn come_back(&mut self, now: Instant, endpoint: &mut Endpoint) {
        self.phase = Phase::Returning(now + RETURN_WAIT);
        self.returning_since = Some(now);
        self.bar.reset();
        self.bar.set_message("measuring");
        for member in 0..self.members.len() {
            let before = self.with(now, endpoint, member, Member::forget_session);
            if let Some(session) = before {
                self.sessions.remove(&session);
            }
        }
        self.measurement.begin(self.load(endpoint));
        for member in 0..self.members.len() {
            self.enter(now, endpoint, member);
        }
    }

    /// Somebody is back.
    fn returned(&mut self, now: Instant) {
        if let Some(since) = self.returning_since {
            let latency = now.saturating_duration_since(since);
            self.measurement.count(now, latency, false);
            self.is_progress_due = true;
        }
    }

    fn member_of(&self, session: SessionId) -> Option<usize> {
        self.sessions.get(&session).copied()
    }
}

/// A bar that counts sign-ins first. Where standard error is no terminal it draws nothing.
fn progress_bar(members: usize) -> ProgressBar {
    let bar = ProgressBar::new(members as u64);
    if let Ok(style) = ProgressStyle::with_template("{msg:12} {wide_bar} {pos}/{len} {elapsed}") {
        bar.set_style(style);
    }
    bar.set_message("signing in");
    bar
}
