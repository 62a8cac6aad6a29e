//! The measure itself: `udpchat bench` against a real server, and what the server says of the same traffic.
#![allow(
    clippy::disallowed_methods,
    reason = "the processes under test take real time"
)]

mod support;

use std::process::Output;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use support::{Place, Server};
use tempfile::TempDir;

fn udpchat(arguments: &[&str]) -> Output {
    let output = Place::default().udpchat().args(arguments).output();
    output.expect("it runs")
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

#[test]
fn paced_clients_over_loopback_lose_nothing_and_the_server_counts_the_same() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data");
    let server = Server::on_loopback(&data);
    let address = server.address.to_string();
    let words = "--clients 6 --rate 5 --seconds 3 --json".split(' ');
    let arguments: Vec<&str> = ["bench", "paced", &address]
        .into_iter()
        .chain(words)
        .collect();
    let report = json(&udpchat(&arguments));
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

    let data = data.to_str().unwrap();
    let status = json(&udpchat(&["status", "--data", data, "--json"]));
    // Two seconds of warming up come before.
    let said = 6 * 5 * (3 + 2);
    assert_eq!(status["stored"], said, "{status}");
    assert!(status["delivered"].as_u64() >= Some(said), "{status}");
    assert_eq!(status["damaged"], 0);
    assert_eq!(status["online"], 0, "everybody has left: {status}");
}

#[test]
fn streams_are_stored_whole_while_their_sessions_chat() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data");
    let server = Server::on_loopback(&data);
    let address = server.address.to_string();
    let words = "--clients 4 --rate 20 --bytes 1000000 --json".split(' ');
    let arguments: Vec<&str> = ["bench", "bulk", &address]
        .into_iter()
        .chain(words)
        .collect();
    let report = json(&udpchat(&arguments));
    assert_eq!(report["clients"], 4);
    assert_eq!(report["deliveries"], report["deliveries_expected"]);
    let stream = &report["stream"];
    // Whole messages of 16 KiB: 62 of them, twice.
    assert_eq!(stream["count"], 2);
    assert_eq!(stream["bytes"], 2 * 62 * 16_384);
    assert!(stream["seconds"].as_f64() > Some(0.0), "{report}");

    let status = json(&udpchat(&[
        "status",
        "--data",
        data.to_str().unwrap(),
        "--json",
    ]));
    let lines = report["deliveries"].as_u64().unwrap() + 4 * 20 * 2;
    assert_eq!(status["stored"], lines + 2 * 62, "{status}");
    assert_eq!(status["online"], 0, "everybody has left: {status}");
}

#[test]
fn status_lists_the_sessions_while_they_talk() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data");
    let server = Server::on_loopback(&data);
    let address = server.address.to_string();
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
    let data = data.to_str().unwrap();
    let mut most = 0;
    while !bench.is_finished() {
        let status = json(&udpchat(&["status", "--data", data, "--json"]));
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
    let text = String::from_utf8(udpchat(&["status", "--data", data]).stdout).unwrap();
    assert!(text.starts_with("sessions 0   users online 0\n"), "{text}");
}

#[test]
fn nobody_to_measure_is_unreachable() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data");
    let mut server = Server::on_loopback(&data);
    let address = server.address.to_string();
    server.kill();
    let output = udpchat(&["bench", "paced", &address]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let output = udpchat(&["status", "--data", data.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
}
