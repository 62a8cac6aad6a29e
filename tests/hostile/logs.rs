//! What a stranger writes into the server's log: lines of the server's own, and few of them.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use udpchat::protocol::{AccountId, ClientMessage, DeviceId, Hop, Login, LoginFinish, encode};
use udpchat::transport::Channel;

use crate::kit::{PATIENCE, Peer, address};
use crate::support::{Server, Workspace};

struct Logged {
    server: Server,
    log: PathBuf,
    _workspace: Workspace,
}

impl Logged {
    fn new(verbosity: &[&str]) -> Self {
        let workspace = Workspace::new(&[]);
        let log = workspace.path("log");
        let server = workspace.serve_with(&[&["--log", log.to_str().unwrap()], verbosity].concat());
        Self {
            server,
            log,
            _workspace: workspace,
        }
    }

    /// The log, once it has a line with this text.
    fn log_with(&self, text: &str) -> String {
        let start = Instant::now();
        loop {
            let log = read(&self.log);
            if log.lines().any(|line| line.contains(text)) {
                return log;
            }
            assert!(start.elapsed() < PATIENCE, "no {text:?} in:\n{log}");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

fn read(path: &Path) -> String {
    String::from_utf8(fs::read(path).unwrap()).expect("a log is text")
}

fn assert_harmless(log: &str) {
    for line in log.lines() {
        assert!(!line.contains(char::is_control), "{line:?}");
        assert!(!line.starts_with("forged"), "{line:?}");
        assert!(!line.contains(['\u{202e}', '\u{200b}']), "{line:?}");
    }
}

#[test]
fn reason_of_a_close_forges_no_line_and_commands_no_terminal() {
    let logged = Logged::new(&["-vv"]);
    let mut peer = Peer::connect(logged.server.address, 1);
    peer.hang_up("bye\u{1b}[2J\r\nforged\u{9b}31m\u{202e}\u{200b} and so on");
    assert_harmless(&logged.log_with("and so on"));
}

#[test]
fn each_sign_in_and_each_refusal_has_one_line_with_the_address_before_the_name() {
    let logged = Logged::new(&[]);
    let from = address(7);
    let (mut alice, pass) = Peer::enter(logged.server.address, from, "alice", 1);
    let at = alice.local();
    let log = logged.log_with("sign-in ok");
    let line = |log: &str, text: &str| {
        let lines: Vec<&str> = log.lines().filter(|line| line.contains(text)).collect();
        assert_eq!(lines.len(), 1, "{text:?} in:\n{log}");
        lines[0].to_owned()
    };
    let up = line(&log, "sign-up ok");
    assert!(
        up.ends_with(&format!("sign-up ok user=alice from={at}")),
        "{up}"
    );
    let device = pass.device.0;
    let ok = format!("sign-in ok user=alice from={at} device={device} by=password");
    assert!(line(&log, "sign-in ok").ends_with(&ok), "{log}");
    alice.hang_up("quit");

    // A name that imitates the rest of the line, and another line.
    let mut peer = Peer::connect_from(logged.server.address, address(8), 2);
    let stranger = peer.local();
    peer.ask(Login {
        name: "erin\" from=192.0.2.1:7\nforged\u{1b}[2J".into(),
        request: Vec::new().into(),
    });
    let log = logged.log_with("sign-in refused");
    assert_harmless(&log);
    let refused = line(&log, "sign-in refused");
    let (before, name) = refused.split_once(" name=").unwrap();
    assert!(before.ends_with(&format!("from={stranger}")), "{refused}");
    assert!(before.contains("sign-in refused reason="), "{refused}");
    // Nothing that is no name is kept: it may be a password that was typed in the wrong place.
    assert_eq!(name, "none", "{refused}");

    let mut peer = Peer::connect_from(logged.server.address, address(9), 3);
    let worthless = peer.resume(AccountId(1), DeviceId(1), &[7; 32]);
    worthless.expect_err("the ticket is worth nothing");
    logged.log_with("name=account:1");
    let mut peer = Peer::connect_from(logged.server.address, address(10), 4);
    let pass = peer
        .resume(pass.account, pass.device, &pass.ticket)
        .unwrap();
    assert_eq!(pass.name, "alice");
    logged.log_with("by=ticket");
}

/// Those lines of the log that have this text.
fn lines(log: &str, text: &str) -> Vec<String> {
    let lines = log.lines().filter(|line| line.contains(text));
    lines.map(str::to_owned).collect()
}

#[test]
fn wrong_password_is_logged_though_the_client_does_not_report_it() {
    let logged = Logged::new(&[]);
    let (alice, _) = Peer::enter(logged.server.address, address(7), "alice", 1);
    // Who asks whether a name is free is not refused a sign-in; who wants one that is taken is refused a sign-up.
    let mut newcomer = Peer::connect_from(logged.server.address, address(8), 2);
    assert!(newcomer.guess("erin").is_err());
    assert!(newcomer.sign_up("alice").is_err());
    let log = logged.log_with("sign-up refused reason=NAME_TAKEN");
    assert!(lines(&log, "sign-in refused").is_empty(), "{log}");

    let mut guesser = Peer::connect_from(logged.server.address, address(9), 3);
    guesser.guess("alice").expect("it is answered");
    let refused = format!(
        "sign-in refused reason=NOT_COMPLETED from={} name=\"alice\"",
        guesser.local()
    );
    guesser.hang_up("quit");
    assert_eq!(lines(&logged.log_with(&refused), "NOT_COMPLETED").len(), 1);

    let mut forger = Peer::connect_from(logged.server.address, address(10), 4);
    forger.guess("alice").expect("it is answered");
    forger.ask(LoginFinish {
        finalization: vec![7; 64].into(),
        device: None,
        attempt: 1,
    });
    let refused = format!(
        "sign-in refused reason=LOGIN_FAILED from={} name=\"alice\"",
        forger.local()
    );
    forger.wait(PATIENCE, |peer| !peer.take_inbox().is_empty());
    forger.hang_up("quit");
    logged.log_with(&refused);

    // A look before the password is forgiven once that is proved.
    let mut owner = Peer::connect_from(logged.server.address, address(11), 5);
    owner.guess("alice").expect("it is answered");
    owner.log_in("alice", None).expect("the password is right");
    let at = owner.local().to_string();
    owner.hang_up("quit");
    let mut last = Peer::connect_from(logged.server.address, address(12), 6);
    last.guess("alice").expect("it is answered");
    let at_last = last.local().to_string();
    last.hang_up("quit");
    let log = logged.log_with(&format!("NOT_COMPLETED from={at_last}"));
    assert!(lines(&log, &format!("refused reason=NOT_COMPLETED from={at}")).is_empty());
    drop(alice);
}

#[test]
fn guess_at_a_name_that_nobody_has_is_logged_alike_where_registration_is_closed() {
    let logged = Logged::new(&["--registration", "closed"]);
    let mut peer = Peer::connect_from(logged.server.address, address(7), 1);
    peer.guess("nobody").expect("a stand-in answers");
    let refused = format!(
        "sign-in refused reason=NOT_COMPLETED from={} name=\"nobody\"",
        peer.local()
    );
    peer.hang_up("quit");
    logged.log_with(&refused);
}

#[test]
fn stranger_who_causes_warnings_and_refusals_writes_few_lines() {
    // One address wrote 25 warnings a second into the log.
    let logged = Logged::new(&[]);
    let login = ClientMessage::control(Login {
        name: "n o\u{7} name".into(),
        request: Vec::new().into(),
    });
    let mut damaged = encode(&login, Hop::default());
    *damaged.last_mut().expect("it has a body") ^= 1;
    let attempts = 150;
    for number in 0..attempts {
        let mut peer =
            Peer::connect_from(logged.server.address, Ipv4Addr::LOCALHOST.into(), number);
        let _ = peer.send_bytes(Channel::Control, &damaged);
        let _ = peer.send(Channel::Control, &login);
        peer.wait(PATIENCE, |peer| !peer.take_inbox().is_empty());
        peer.hang_up("");
    }
    // Another network's line is written all the same, and says how many were not.
    let mut peer = Peer::connect_from(logged.server.address, address(3), 1000);
    let other = peer.local();
    let _ = peer.send(Channel::Control, &login);
    peer.wait(PATIENCE, |peer| !peer.take_inbox().is_empty());
    let log = logged.log_with(&other.to_string());
    assert_harmless(&log);
    let lines = log.lines().count();
    println!("{attempts} sessions with a warning and a refusal each: {lines} lines");
    assert!((3..60).contains(&lines), "{log}");
    assert!(
        log.contains("lines like this one were left out before"),
        "{log}"
    );
}
