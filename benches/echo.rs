//! What a datagram received and answered costs the server's thread, beside the least that it can cost: a thread that
//! does nothing but `recvmsg` and `sendmsg`, one by one, with datagrams of the same size, over the same loopback, in
//! the same run. `cargo bench --bench echo [ROUNDS]`.
//!
//! The server is `net`'s loop with `transport`'s endpoint, and an application that answers each message on its
//! session. What is counted is the CPU time of its thread, system calls included; the clients have a thread of their
//! own. The loads differ in how much is under way at once, and thus in how many datagrams one wake-up finds: with one
//! under way, each datagram pays for a wake-up of its own.
#![allow(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and its arguments"
)]

use std::fs;
use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::net::{SocketAddr, UdpSocket};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use socket2::{MaybeUninitSlice, SockRef};
use udpchat::net::{Driver, InputSender, Setup, Socket};
use udpchat::transport::{
    App, Channel, ClientConfig, Endpoint, Event, Limits, Now, ServerConfig, SessionId,
};

/// Clients that are signed in at the server.
const SESSIONS: usize = 64;

/// How many of them take turns where fewer have something under way. Few enough that each has its turn before its
/// acknowledgement is due, also on a busy machine.
const RING: usize = 16;

/// Bytes of a message: a line of chat with its envelope.
const MESSAGE: [u8; 150] = [7; 150];

/// Messages of one measurement.
const MESSAGES: usize = 20_000;

/// How many messages are under way at once, over all sessions.
const WINDOWS: [usize; 4] = [1, 8, 64, 256];

/// The ratio that is aimed at.
const TARGET: f64 = 1.5;

/// What a server's thread has used and done so far.
#[derive(Debug, Clone, Copy, Default)]
struct Mark {
    cpu: Duration,
    received: u64,
    sent: u64,
    /// Bytes of UDP payload received and sent.
    bytes: u64,
    /// Wake-ups, or what comes next to them: turns of the loop.
    turns: u64,
}

impl Mark {
    fn since(self, before: Self) -> Self {
        Self {
            cpu: self.cpu.saturating_sub(before.cpu),
            received: self.received - before.received,
            sent: self.sent - before.sent,
            bytes: self.bytes - before.bytes,
            turns: self.turns - before.turns,
        }
    }

    /// Datagrams received and answered: one in and one out are one, also where several are answered by one.
    fn pairs(self) -> f64 {
        real(self.received + self.sent) / 2.0
    }

    /// CPU time for each of them.
    fn each_us(self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.pairs()
    }

    fn datagram_bytes(self) -> usize {
        usize::try_from(self.bytes / (self.received + self.sent).max(1)).unwrap_or(usize::MAX)
    }
}

fn real(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// CPU time of this thread: the first figure of its `schedstat` (proc(5)), in nanoseconds. It is as of the thread's
/// last wake-up, which for a server that is asked for its mark is just now.
fn thread_cpu() -> Duration {
    let line = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux says it");
    let nanos = line.split_whitespace().next().map(str::parse);
    Duration::from_nanos(nanos.and_then(Result::ok).expect("it is a number"))
}

/// The server under test: answers each message with the same message.
struct Echo {
    sessions: Vec<SessionId>,
    message: Vec<u8>,
    turns: u64,
    stopped: bool,
}

enum Order {
    Mark(mpsc::Sender<Mark>),
    Stop,
}

impl App for Echo {
    type Input = Order;

    fn on_event(&mut self, now: Now, endpoint: &mut Endpoint, event: Event) {
        match event {
            Event::Connected { session, .. } => {
                endpoint.set_signed_in(now.instant, session, true);
                self.sessions.push(session);
            }
            Event::Readable { session, channel } => {
                while endpoint.receive_into(now.instant, session, channel, &mut self.message) {
                    endpoint
                        .send(now.instant, session, channel, &self.message)
                        .expect("there is room");
                }
            }
            Event::Closed { reason, .. } => panic!("{reason}"),
            _ => {}
        }
    }

    fn on_input(&mut self, _: Now, endpoint: &mut Endpoint, order: Order) {
        match order {
            Order::Mark(to) => {
                let mut mark = Mark {
                    cpu: thread_cpu(),
                    turns: self.turns,
                    ..Mark::default()
                };
                for session in &self.sessions {
                    let statistics = endpoint.statistics(*session).expect("it is open");
                    mark.received += statistics.packets_received;
                    mark.sent += statistics.packets_sent;
                    mark.bytes += statistics.bytes_received + statistics.bytes_sent;
                }
                to.send(mark).expect("somebody waits for it");
            }
            Order::Stop => self.stopped = true,
        }
    }

    fn on_timeout(&mut self, _: Now, _: &mut Endpoint) {}

    fn on_settled(&mut self, _: Now, _: &mut Endpoint) {
        self.turns += 1;
    }

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    fn is_finished(&self) -> bool {
        self.stopped
    }
}

fn serve() -> (SocketAddr, InputSender<Order>, thread::JoinHandle<()>) {
    let (setup, orders) = Setup::new().expect("a poll");
    let socket = Socket::bind(([127, 0, 0, 1], 0).into()).expect("a socket");
    let address = socket.local();
    let limits = Limits {
        ..Limits::default()
    };
    let config = ServerConfig {
        static_key: [5; 32],
        reset_key: [6; 32],
        unix_ms: 1_800_000_000_000,
        limits,
    };
    let endpoint = Endpoint::server(Instant::now(), config, [1; 32]);
    let echo = Echo {
        sessions: Vec::new(),
        message: Vec::new(),
        turns: 0,
        stopped: false,
    };
    let driver = Driver::new(setup, vec![socket], endpoint, echo).expect("a driver");
    let running = thread::Builder::new()
        .name("echo-server".into())
        .spawn(move || {
            driver.run().expect("it runs until it is stopped");
        })
        .expect("a thread");
    (address, orders, running)
}

fn mark_of(orders: &InputSender<Order>) -> Mark {
    let (to, mark) = mpsc::channel();
    assert!(orders.send(Order::Mark(to)).is_ok(), "the server runs");
    mark.recv().expect("it answers")
}

/// All clients of the server under test, on one socket.
struct Clients {
    socket: UdpSocket,
    endpoint: Endpoint,
    sessions: Vec<SessionId>,
    connected: usize,
    buffer: Vec<u8>,
    message: Vec<u8>,
}

impl Clients {
    fn connect(server: SocketAddr) -> Self {
        let mut endpoint = Endpoint::client(Instant::now(), ClientConfig::default(), [2; 32]);
        let sessions = (0..SESSIONS).map(|_| endpoint.connect(Instant::now(), server));
        let sessions = sessions.collect();
        let mut clients = Self {
            socket: client_socket(server),
            endpoint,
            sessions,
            connected: 0,
            buffer: Vec::new(),
            message: Vec::new(),
        };
        while clients.connected < SESSIONS {
            clients.turn(|_| None);
        }
        clients
    }

    /// Sends what there is to send, waits for a datagram, and calls for each message that it held.
    fn turn(&mut self, mut next: impl FnMut(SessionId) -> Option<SessionId>) {
        let now = Instant::now();
        if self.endpoint.poll_timeout().is_some_and(|at| at <= now) {
            self.endpoint.handle_timeout(now);
        }
        while self.endpoint.poll_transmit(now, &mut self.buffer).is_some() {
            self.socket.send(&self.buffer).expect("loopback takes it");
        }
        let mut chunk = [0; 2048];
        let Ok(length) = self.socket.recv(&mut chunk) else {
            return;
        };
        let (now, from) = (
            Instant::now(),
            self.socket.peer_addr().expect("it is connected"),
        );
        self.endpoint
            .handle_datagram(now, None, from, None, &mut chunk[..length]);
        while let Some(event) = self.endpoint.poll_event() {
            match event {
                Event::Connected { .. } => self.connected += 1,
                Event::Readable { session, channel } => {
                    while self
                        .endpoint
                        .receive_into(now, session, channel, &mut self.message)
                    {
                        if let Some(session) = next(session) {
                            self.endpoint
                                .send(now, session, Channel::Chat, &MESSAGE)
                                .expect("there is room");
                        }
                    }
                }
                Event::Closed { reason, .. } => panic!("{reason}"),
                _ => {}
            }
        }
    }

    /// Each answer is followed by the next message: on a session that has nothing under way, or, if all have, on
    /// the same one. So acknowledgements find something to ride on, as in a conversation.
    fn talk(&mut self, window: usize) {
        let now = Instant::now();
        for said in 0..window {
            let session = self.sessions[said % SESSIONS];
            self.endpoint
                .send(now, session, Channel::Chat, &MESSAGE)
                .expect("there is room");
        }
        let sessions = self.sessions.clone();
        let ring = window.clamp(RING, SESSIONS);
        let (mut said, mut answered) = (window, 0);
        while answered < MESSAGES {
            self.turn(|session| {
                answered += 1;
                said += 1;
                let at = sessions.iter().position(|other| *other == session)?;
                (said <= MESSAGES).then(|| sessions[(at + window) % ring])
            });
        }
    }
}

fn client_socket(server: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.connect(server).expect("an address");
    socket
        .set_read_timeout(Some(Duration::from_millis(5)))
        .expect("a timeout");
    socket
}

/// What the bare echo is asked by a datagram of this size: what it has used so far, and to end.
const ASK_MARK: usize = 1;
const ASK_STOP: usize = 2;

fn serve_bare() -> (SocketAddr, mpsc::Receiver<Mark>, thread::JoinHandle<()>) {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let address = socket.local_addr().expect("it is bound");
    let (to, marks) = mpsc::channel();
    let running = thread::spawn(move || {
        let mut mark = Mark::default();
        let socket = SockRef::from(&socket);
        let mut chunk = [MaybeUninit::new(0); 2048];
        // As many bytes go back as came; which they are is the same to the kernel.
        let answer = [7; 2048];
        loop {
            let mut parts = [MaybeUninitSlice::new(&mut chunk)];
            let (length, _, from) = socket
                .recv_from_vectored(&mut parts)
                .expect("loopback gives it");
            if length <= ASK_STOP {
                mark.cpu = thread_cpu();
                let _ = to.send(mark);
                if length == ASK_STOP {
                    return;
                }
                continue;
            }
            let parts = [IoSlice::new(&answer[..length])];
            socket
                .send_to_vectored(&parts, &from)
                .expect("loopback takes it");
            mark.received += 1;
            mark.sent += 1;
            mark.bytes += 2 * length as u64;
            mark.turns += 1;
        }
    });
    (address, marks, running)
}

/// The same load for the bare echo: datagrams of this size.
fn talk_bare(socket: &UdpSocket, window: usize, size: usize) {
    let datagram = vec![7; size];
    let mut chunk = [0; 2048];
    let (mut said, mut answered) = (0, 0);
    while answered < MESSAGES {
        while said < MESSAGES && said - answered < window {
            socket.send(&datagram).expect("loopback takes it");
            said += 1;
        }
        if socket.recv(&mut chunk).is_ok() {
            answered += 1;
        } else {
            // What a full socket dropped is not waited for.
            said = answered;
        }
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    // What cargo adds (`--bench`) is no number.
    let rounds = std::env::args().find_map(|argument| argument.parse().ok());
    let rounds: usize = rounds.unwrap_or(9).max(1);
    let (address, orders, serving) = serve();
    let mut clients = Clients::connect(address);
    let (bare_address, bare_marks, serving_bare) = serve_bare();
    let bare_socket = client_socket(bare_address);
    let bare_mark = || {
        bare_socket.send(&[0; ASK_MARK]).expect("it is there");
        bare_marks.recv().expect("it answers")
    };
    for window in WINDOWS {
        clients.talk(window);
        let (mut ratios, mut ours, mut bares) = (Vec::new(), Vec::new(), Vec::new());
        let mut all = Mark::default();
        for _ in 0..rounds {
            let before = mark_of(&orders);
            clients.talk(window);
            let our = mark_of(&orders).since(before);
            let before = bare_mark();
            talk_bare(&bare_socket, window, our.datagram_bytes());
            let bare = bare_mark().since(before);
            ours.push(our.each_us());
            bares.push(bare.each_us());
            ratios.push(our.each_us() / bare.each_us());
            all = our;
        }
        let ratio = median(&mut ratios);
        println!(
            "{window:>3} under way: {:.2} µs for each datagram received and answered, bare {:.2} µs; ratio {ratio:.2} \
             ({:.2} to {:.2}; at most {TARGET}); last round: {} in, {} out, of {} bytes, {:.2} messages in each, {:.2} turns",
            median(&mut ours),
            median(&mut bares),
            ratios[0],
            ratios[ratios.len() - 1],
            all.received,
            all.sent,
            all.datagram_bytes(),
            real(MESSAGES as u64) / all.pairs(),
            real(all.turns) / all.pairs(),
        );
    }
    assert!(orders.send(Order::Stop).is_ok(), "the server runs");
    bare_socket.send(&[0; ASK_STOP]).expect("it is there");
    serving.join().expect("it does not panic");
    serving_bare.join().expect("it does not panic");
}
