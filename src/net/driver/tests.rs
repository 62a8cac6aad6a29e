//! The choice of a socket, and the loop with an application that notes what it is told.

use std::collections::HashMap;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::*;
use crate::transport::{Channel, ClientConfig, Event, Limits, ServerConfig, SessionId};

fn choice(locals: &[&str], remote: &str, local_ip: Option<&str>) -> Option<usize> {
    let locals = locals.iter().map(|text| text.parse().unwrap());
    let transmit = Transmit {
        remote: remote.parse().unwrap(),
        local_ip: local_ip.map(|text| text.parse().unwrap()),
        len: 0,
        segment_size: None,
    };
    choose(&locals, &transmit)
}

#[test]
fn reply_leaves_by_the_socket_that_was_written_to() {
    let locals = ["10.0.0.1:7", "10.0.0.2:7", "[::]:7"];
    assert_eq!(choice(&locals, "10.0.0.9:1", Some("10.0.0.2")), Some(1));
    assert_eq!(choice(&locals, "[fe80::1]:1", Some("fe80::2")), Some(2));
    assert_eq!(choice(&locals, "10.0.0.9:1", None), Some(0));
}

#[test]
fn family_that_this_host_does_not_have_is_unroutable() {
    assert_eq!(choice(&["0.0.0.0:7"], "[::1]:1", None), None);
}

#[test]
fn wildcard_socket_answers_for_addresses_that_have_none_of_their_own() {
    let locals = ["127.0.0.1:9", "0.0.0.0:7"];
    assert_eq!(choice(&locals, "10.0.0.9:1", Some("10.0.0.2")), Some(1));
}

/// Notes what it is told, and is finished after three inputs and one deadline.
#[derive(Default)]
struct Notes {
    inputs: Vec<u32>,
    settled: usize,
    deadline: Option<Instant>,
    timeouts: usize,
}

impl App for Notes {
    type Input = u32;

    fn on_event(&mut self, _: Now, _: &mut Endpoint, _: Event) {}

    fn on_input(&mut self, now: Now, _: &mut Endpoint, input: u32) {
        self.inputs.push(input);
        self.deadline = Some(now.instant + Duration::from_millis(20));
    }

    fn on_timeout(&mut self, now: Now, _: &mut Endpoint) {
        assert!(
            self.deadline
                .is_some_and(|deadline| deadline <= now.instant)
        );
        self.deadline = None;
        self.timeouts += 1;
    }

    fn on_settled(&mut self, _: Now, _: &mut Endpoint) {
        self.settled += 1;
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.deadline
    }

    fn is_finished(&self) -> bool {
        self.inputs.len() == 3 && self.timeouts > 0
    }
}

fn driver() -> (Driver<Notes>, InputSender<u32>) {
    let (setup, sender) = Setup::new().unwrap();
    let socket = Socket::bind(([127, 0, 0, 1], 0).into()).unwrap();
    let endpoint = Endpoint::client(clock::now().instant, ClientConfig::default(), [1; 32]);
    let driver = Driver::new(setup, vec![socket], endpoint, Notes::default()).unwrap();
    (driver, sender)
}

#[test]
fn loop_hands_in_inputs_and_deadlines_until_the_application_is_finished() {
    let (driver, sender) = driver();
    let running = std::thread::spawn(move || {
        let mut driver = driver;
        assert_eq!(driver.counters().turns, 0);
        let _ = driver.parts();
        driver.run().unwrap()
    });
    for input in 1..=3 {
        sender.send(input).unwrap();
    }
    let notes = running.join().unwrap();
    assert_eq!(notes.inputs, [1, 2, 3]);
    assert!(notes.timeouts >= 1);
    // A loop that slept between these settled a few times; one that spun did so thousands of times.
    assert!((1..20).contains(&notes.settled), "{}", notes.settled);
    assert!(sender.send(4).is_err());
}

#[test]
fn stranger_who_sends_nonsense_does_not_end_the_loop() {
    let (driver, sender) = driver();
    let to = driver.ports[0].socket.local();
    let running = std::thread::spawn(move || driver.run().unwrap());
    let stranger = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    for length in [0, 1, 1200, 9000] {
        stranger.send_to(&vec![0xff; length], to).unwrap();
    }
    for input in 1..=3 {
        sender.send(input).unwrap();
    }
    assert_eq!(running.join().unwrap().inputs.len(), 3);
}

/// Sends back what comes, until it is told to stop.
#[derive(Default)]
struct Echo {
    stopped: bool,
}

impl App for Echo {
    type Input = ();

    fn on_event(&mut self, now: Now, endpoint: &mut Endpoint, event: Event) {
        if let Event::Readable { session, channel } = event {
            while let Some(message) = endpoint.receive(now.instant, session, channel) {
                endpoint
                    .send(now.instant, session, channel, &message)
                    .unwrap();
            }
        }
    }

    fn on_input(&mut self, _: Now, _: &mut Endpoint, (): ()) {
        self.stopped = true;
    }

    fn on_timeout(&mut self, _: Now, _: &mut Endpoint) {}

    fn on_settled(&mut self, _: Now, _: &mut Endpoint) {}

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    fn is_finished(&self) -> bool {
        self.stopped
    }
}

/// Says one thing, lets its port die once that is answered, and then says another.
struct Talker {
    kill: Arc<AtomicBool>,
    session: Option<SessionId>,
    answers: Vec<Vec<u8>>,
}

impl App for Talker {
    type Input = ();

    fn on_event(&mut self, now: Now, endpoint: &mut Endpoint, event: Event) {
        match event {
            Event::Connected { session, .. } => {
                self.session = Some(session);
                endpoint
                    .send(now.instant, session, Channel::Chat, b"one")
                    .unwrap();
            }
            Event::Readable { session, channel } => {
                self.answers
                    .extend(endpoint.receive(now.instant, session, channel));
                self.kill.store(true, Ordering::SeqCst);
                let _ = endpoint.send(now.instant, session, channel, b"two");
            }
            Event::Closed { reason, .. } => panic!("{reason}"),
            _ => {}
        }
    }

    fn on_input(&mut self, _: Now, _: &mut Endpoint, (): ()) {}

    fn on_timeout(&mut self, _: Now, _: &mut Endpoint) {}

    fn on_settled(&mut self, _: Now, _: &mut Endpoint) {}

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    fn is_finished(&self) -> bool {
        self.answers.len() >= 2
    }
}

/// Relays datagrams, and from `kill` on none from or to the first port that it saw.
fn relay(front: &UdpSocket, server: SocketAddr, kill: &AtomicBool, stop: &AtomicBool) {
    let mut backs: HashMap<SocketAddr, UdpSocket> = HashMap::new();
    let mut first = None;
    let mut chunk = [0; 2048];
    front
        .set_read_timeout(Some(Duration::from_millis(1)))
        .unwrap();
    while !stop.load(Ordering::SeqCst) {
        let is_dead = |client| kill.load(Ordering::SeqCst) && first == Some(client);
        if let Ok((length, client)) = front.recv_from(&mut chunk)
            && !is_dead(client)
        {
            first.get_or_insert(client);
            let back = backs.entry(client).or_insert_with(|| {
                let back = UdpSocket::bind("127.0.0.1:0").unwrap();
                back.set_nonblocking(true).unwrap();
                back.connect(server).unwrap();
                back
            });
            let _ = back.send(&chunk[..length]);
        }
        for (client, back) in &backs {
            let is_dead = kill.load(Ordering::SeqCst) && first == Some(*client);
            while let Ok(length) = back.recv(&mut chunk) {
                if !is_dead {
                    let _ = front.send_to(&chunk[..length], client);
                }
            }
        }
    }
}

/// A NAT that forgets a port drops what comes from it for ever; once nothing but restarting the client helped.
#[test]
fn client_whose_port_is_dropped_goes_on_from_another() {
    let (setup, server_inputs) = Setup::new().unwrap();
    let socket = Socket::bind(([127, 0, 0, 1], 0).into()).unwrap();
    let server = socket.local();
    let config = ServerConfig {
        static_key: [5; 32],
        reset_key: [6; 32],
        unix_ms: clock::now().unix_ms,
        limits: Limits::default(),
    };
    let endpoint = Endpoint::server(clock::now().instant, config, [1; 32]);
    let echo = Driver::new(setup, vec![socket], endpoint, Echo::default()).unwrap();
    let serving = std::thread::spawn(move || echo.run().map(|_| ()));

    let (kill, stop) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
    let front = UdpSocket::bind("127.0.0.1:0").unwrap();
    let entrance = front.local_addr().unwrap();
    let (killed, stopped) = (kill.clone(), stop.clone());
    let relaying = std::thread::spawn(move || relay(&front, server, &killed, &stopped));

    let (setup, _inputs) = Setup::new().unwrap();
    let socket = Socket::bind(([0, 0, 0, 0], 0).into()).unwrap();
    let endpoint = Endpoint::client(clock::now().instant, ClientConfig::default(), [2; 32]);
    let talker = Talker {
        kill,
        session: None,
        answers: Vec::new(),
    };
    let mut driver = Driver::new(setup, vec![socket], endpoint, talker).unwrap();
    let times = [300, 600, 900, 1200].map(Duration::from_millis);
    driver.roamer = Some(Roamer::with_times(clock::now(), times));
    let start = clock::now().instant;
    let (endpoint, _) = driver.parts();
    endpoint.connect(start, entrance);
    let talker = driver.run().unwrap();
    assert_eq!(talker.answers, [b"one", b"two"]);
    let took = clock::now().instant - start;
    assert!(took >= Duration::from_millis(300), "{took:?}");

    server_inputs.send(()).unwrap();
    serving.join().unwrap().unwrap();
    stop.store(true, Ordering::SeqCst);
    relaying.join().unwrap();
}
