//! The choice of a socket, and the loop with an application that notes what it is told.

use std::time::Instant;

use super::*;
use crate::transport::{ClientConfig, Event};

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
