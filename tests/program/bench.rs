//! The measure itself: `udpchat bench` against a real server, and what the server says of the same traffic.

mod comparing;

use std::fs;
use std::net::UdpSocket;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Host, PATIENCE, Server, Workspace};
use serde_json::Value;

fn udpchat(arguments: &[&str]) -> Output {
    let output = Host::default().udpchat().args(arguments).output();
    output.expect("it runs")
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

/// `udpchat bench` with these words.
fn bench(words: &str) -> Value {
    let words: Vec<&str> = ["bench"].into_iter().chain(words.split(' ')).collect();
    json(&udpchat(&words))
}

/// No limit of what an account sends.
const UNLIMITED: [&str; 6] = [
    "--limit-message-rate",
    "0",
    "--limit-byte-rate",
    "0",
    "--limit-day-bytes",
    "0",
];

/// A server to be measured.
struct Measured {
    server: Server,
    workspace: Workspace,
}

impl Measured {
    fn new() -> Self {
        let workspace = Workspace::new(&[]);
        Self {
            server: workspace.serve_with(&UNLIMITED),
            workspace,
        }
    }

    fn address(&self) -> String {
        self.server.address.to_string()
    }

    /// `udpchat bench` with these words, of this server.
    fn bench(&self, words: &str) -> Value {
        bench(&format!("{words} {}", self.address()))
    }

    /// `udpchat status` with these words.
    fn status(&self, words: &[&str]) -> Output {
        self.workspace.output(&[&["status"], words].concat())
    }
}

#[test]
fn paced_clients_over_loopback_lose_nothing_and_the_server_counts_the_same() {
    let measured = Measured::new();
    let report = measured.bench("paced --clients 6 --rate 5 --seconds 3 --json");
    assert_eq!(report["workload"], "paced");
    assert_eq!(report["clients"], 6);
    assert_eq!(report["deliveries_expected"], 6 * 5 * 3);
    assert_eq!(report["deliveries"], report["deliveries_expected"]);
    let latency = &report["latency_us"];
    let [p50, p90, p99, max] = ["p50", "p90", "p99", "max"].map(|name| latency[name].as_u64());
    assert!(
        p50 > Some(0) && p50 <= p90 && p90 <= p99 && p99 <= max,
        "{latency}"
    );
    assert!(
        report["packets_per_delivery"].as_f64() > Some(2.0),
        "{report}"
    );
    assert!(report["commits"].is_null(), "{report}");

    let status = json(&measured.status(&["--json"]));
    // Two seconds of warming up come before.
    let said = 6 * 5 * (3 + 2);
    assert_eq!(status["stored"], said, "{status}");
    assert!(status["delivered"].as_u64() >= Some(said), "{status}");
    assert_eq!(status["damaged"], 0);
    assert_eq!(status["online"], 0, "everybody has left: {status}");
}

#[test]
fn streams_are_stored_whole_while_their_sessions_chat() {
    let measured = Measured::new();
    let report = measured.bench("bulk --clients 4 --rate 20 --bytes 1000000 --json");
    assert_eq!(report["clients"], 4);
    assert_eq!(report["deliveries"], report["deliveries_expected"]);
    let stream = &report["stream"];
    // Whole messages of 16 KiB: 62 of them, twice.
    assert_eq!(stream["count"], 2);
    assert_eq!(stream["bytes"], 2 * 62 * 16_384);
    assert!(stream["seconds"].as_f64() > Some(0.0), "{report}");

    let status = json(&measured.status(&["--json"]));
    let lines = report["deliveries"].as_u64().unwrap() + 4 * 20 * 2;
    assert_eq!(status["stored"], lines + 2 * 62, "{status}");
    assert_eq!(status["online"], 0, "everybody has left: {status}");
}

#[test]
fn status_lists_the_sessions_while_they_talk() {
    let measured = Measured::new();
    let address = measured.address();
    let bench = thread::spawn(move || {
        udpchat(&[
            "bench",
            "paced",
            &address,
            "--clients",
            "2",
            "--seconds",
            "3",
        ])
    });
    let mut most = 0;
    while !bench.is_finished() {
        let status = json(&measured.status(&["--json"]));
        let listed = status["listed"].as_array().expect("a list");
        most = most.max(
            listed
                .iter()
                .filter(|session| session["user"].is_string())
                .count(),
        );
        thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(most, 2);
    let text = String::from_utf8(bench.join().unwrap().stdout).unwrap();
    assert!(text.contains("delivered  12 of 12"), "{text}");
    let text = String::from_utf8(measured.status(&[]).stdout).unwrap();
    assert!(text.contains("   sessions 0   users online 0\n"), "{text}");
}

#[test]
fn nobody_to_measure_is_unreachable() {
    let mut measured = Measured::new();
    measured.server.kill();
    let output = udpchat(&["bench", "paced", &measured.address()]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let output = measured.status(&[]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
}

#[test]
fn pairs_with_a_server_of_their_own_tell_what_it_costs() {
    let report = bench("pairs --clients 6 --window 4 --messages 50 --json");
    assert_eq!(report["deliveries_expected"], 6 * 50);
    assert_eq!(report["deliveries"], 6 * 50);
    assert!(report["commits"].as_u64() > Some(0), "{report}");
    assert!(
        report["server_rss_bytes_per_client"].as_u64() > Some(0),
        "{report}"
    );
    assert!(report["server_cpu_us_per_delivery"].is_number(), "{report}");
    let packets = report["packets_per_delivery"].as_f64();
    assert!(packets > Some(0.5), "{report}");
}

#[test]
fn what_one_says_to_all_is_counted_for_each_who_hears_it() {
    let report = bench("fanout --clients 8 --window 4 --messages 20 --json");
    assert_eq!(report["deliveries_expected"], 7 * 20);
    assert_eq!(report["deliveries"], 7 * 20);
}

#[test]
fn room_is_joined_before_one_speaks_in_it() {
    let measured = Measured::new();
    let report = measured.bench("fanout --clients 6 --window 2 --messages 20 --json");
    assert_eq!(report["deliveries"], 5 * 20);
    let status = json(&measured.status(&["--json"]));
    // Of the joining each is told that belongs to the room by then.
    let joins = (1..=6).sum::<u64>();
    let said = status["stored"].as_u64().unwrap();
    assert!(said >= 20, "{status}");
    assert!(
        status["delivered"].as_u64() >= Some(5 * said + joins),
        "{status}"
    );
}

#[test]
fn server_that_slows_its_senders_down_is_not_measured() {
    let workspace = Workspace::new(&[]);
    let server = workspace.serve();
    let address = server.address.to_string();
    let output = udpchat(&["bench", "pairs", &address, "--clients", "2"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("--limit-message-rate 0"), "{text}");
}

#[test]
fn where_nobody_can_make_a_room_that_is_said() {
    let workspace = Workspace::new(&[]);
    let server = workspace.serve_with(&["--rooms", "closed"]);
    let address = server.address.to_string();
    let output = udpchat(&["bench", "fanout", &address, "--clients", "40"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains("JOIN") && text.contains("only the operator makes rooms"),
        "{text}"
    );
    let (users, _) = workspace.run(&["user", "list"]);
    assert!(users.lines().count() < 40, "{users}");
}

#[test]
fn paced_lines_and_streams_go_to_a_server_of_ones_own_as_well() {
    let report = bench("bulk --clients 2 --rate 20 --bytes 1000000 --json");
    assert_eq!(report["deliveries"], report["deliveries_expected"]);
    assert_eq!(report["stream"]["bytes"], 62 * 16_384);
    assert!(report["commits"].as_u64() > Some(0), "{report}");
}

#[test]
fn idle_clients_are_weighed() {
    let report = bench("idle --clients 50 --seconds 1 --json");
    assert_eq!(
        (&report["clients"], &report["deliveries"]),
        (&50.into(), &0.into())
    );
    assert!(report["latency_us"]["max"].is_null());
    assert!(report["server_cpu_us_per_client_s"].is_number(), "{report}");
    let bytes = report["server_rss_bytes_per_client"].as_u64();
    assert!(bytes > Some(0), "{report}");
}

#[test]
fn all_come_back_after_a_restart() {
    let report = bench("storm --clients 100 --json");
    assert_eq!(report["deliveries"], 100);
    assert!(report["latency_us"]["max"].as_u64() > Some(0), "{report}");
    let output = udpchat(&["bench", "storm", "127.0.0.1"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[test]
fn mixed_clients_lose_nothing_while_some_of_them_sign_in_again() {
    let own = ["mixed --clients 12 --rate 10 --seconds 4 --json".to_owned()];
    let measured = Measured::new();
    let other = format!("{} {}", own[0], measured.address());
    for words in own.iter().chain([&other]) {
        let report = bench(words);
        let delivered = report["deliveries"].as_u64();
        assert!(delivered > Some(600), "{report}");
        assert_eq!(report["deliveries"], report["deliveries_expected"]);
        for errand in ["history", "membership", "reconnection"] {
            let errand = &report["errands"][errand];
            assert!(errand["begun"].as_u64() > Some(0), "{report}");
            assert_eq!(errand["begun"], errand["done"], "{report}");
            assert!(errand["latency_us"]["p50"].is_u64(), "{report}");
        }
    }
    let status = json(&measured.status(&["--json"]));
    assert_eq!(status["online"], 0, "everybody has left: {status}");
}

#[test]
fn text_has_a_bar_for_each_class_of_latencies() {
    let output = udpchat(&["bench", "pairs", "--clients", "2", "--messages", "5"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("delivered  10 of 10"), "{text}");
    assert!(text.contains(" ms #"), "{text}");
}

#[test]
fn server_of_ones_own_ends_however_the_measurement_does() {
    // A measurement that was killed left a server behind that nobody would ever stop.
    let mut bench = Host::default()
        .udpchat()
        .args(["bench", "idle", "--clients", "2"])
        .stdout(Stdio::null())
        .spawn()
        .expect("it runs");
    let children = format!("/proc/{0}/task/{0}/children", bench.id());
    let deadline = Instant::now() + PATIENCE;
    let child = loop {
        let listed = fs::read_to_string(&children).unwrap_or_default();
        if let Some(child) = listed.split_whitespace().next() {
            break child.to_owned();
        }
        assert!(Instant::now() < deadline, "it starts no server");
        thread::sleep(Duration::from_millis(20));
    };
    let command_line = || fs::read(format!("/proc/{child}/cmdline")).unwrap_or_default();
    let data = loop {
        let line = String::from_utf8(command_line()).unwrap();
        let mut words = line
            .split('\0')
            .skip_while(|word| *word != "--data")
            .skip(1);
        if let Some(data) = words.next() {
            break PathBuf::from(data);
        }
        assert!(Instant::now() < deadline, "its child is no server");
    };
    bench.kill().expect("it runs");
    bench.wait().expect("it ends");
    while !command_line().is_empty() {
        assert!(Instant::now() < deadline, "its server goes on");
        thread::sleep(Duration::from_millis(20));
    }
    // Only the measurement itself would have cleaned up, and it could not.
    fs::remove_dir_all(data).expect("the database is left");
}

const WORKLOADS: [&str; 6] = ["pairs", "fanout", "paced", "mixed", "bulk", "idle"];

/// Runs it, and checks that it ends in this time with exit code 3 and these words.
#[track_caller]
fn ends_without_server(bench: &mut Command, longest: Duration, words: &[&str]) {
    let start = Instant::now();
    bench.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = bench.spawn().unwrap();
    while start.elapsed() < longest && child.try_wait().unwrap().is_none() {
        thread::sleep(Duration::from_millis(50));
    }
    // One that has ended already cannot be killed.
    let _ = child.kill();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{bench:?}: {output:?}");
    assert!(
        start.elapsed() < longest,
        "{bench:?}: {:?}",
        start.elapsed()
    );
    for word in words {
        assert!(
            text.contains(word),
            "{bench:?}: {word:?} is missing: {text}"
        );
    }
}

#[test]
fn server_that_never_answers_ends_every_workload_within_seconds_with_the_words_of_connect() {
    // Two tries of half a minute each were made, and 61 seconds later a shorter sentence.
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let closed = UdpSocket::bind("127.0.0.1:0").unwrap();
    let addresses = [&silent, &closed].map(|socket| socket.local_addr().unwrap().to_string());
    drop(closed);
    thread::scope(|scope| {
        for (workload, address) in WORKLOADS.iter().zip(addresses.iter().cycle()) {
            scope.spawn(move || {
                let mut bench = Host::default().udpchat();
                bench.args(["bench", workload, address, "--clients", "4"]);
                let said = format!("no answer from {address} within 5 s");
                let words = [said.as_str(), "hint: is the server running"];
                ends_without_server(&mut bench, Duration::from_secs(12), &words);
            });
        }
    });
}

#[test]
fn server_that_dies_in_the_middle_ends_every_workload_with_the_code_of_one_that_is_not_reached() {
    thread::scope(|scope| {
        let killed = WORKLOADS.map(|workload| (workload, "KILL"));
        for (workload, signal) in killed.into_iter().chain([("pairs", "TERM")]) {
            scope.spawn(move || {
                let mut measured = Measured::new();
                let address = measured.address();
                let mut bench = Host::default().udpchat();
                bench.args([
                    "bench",
                    workload,
                    &address,
                    "--clients",
                    "4",
                    "--seconds",
                    // Longer than all take to come on a busy host.
                    "60",
                ]);
                bench.args(["--bytes", "1000000000"]);
                let ending = scope.spawn(move || {
                    let words = [address.as_str(), "no longer answers"];
                    // An idle session has nothing to be answered before it is over, half a minute later at most.
                    ends_without_server(&mut bench, Duration::from_secs(40), &words);
                });
                let deadline = Instant::now() + PATIENCE;
                while json(&measured.status(&["--json"]))["online"] != 4 {
                    assert!(Instant::now() < deadline, "not all come");
                    thread::sleep(Duration::from_millis(50));
                }
                if signal == "KILL" {
                    measured.server.kill();
                } else {
                    measured.server.signal(signal);
                }
                ending.join().unwrap();
            });
        }
    });
}
