//! `udpchat doctor` names the step that fails: on loopback, behind a relay that loses or forgets, and across namespaces.

use std::fs;
use std::net::UdpSocket;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::support::relay::{Badness, Relay};
use crate::support::{Host, Script, Server, Workspace, printed};
use crate::two_hosts::{self, ip};

/// The type of a VERSION packet (udpchat-protocol(7)).
const VERSION: u8 = 6;

/// What the doctor reports on this host, and its exit code.
fn examined(host: &Host, workspace: &Workspace, server: &str, more: &[&str]) -> (Value, i32) {
    let mut command = host.udpchat();
    command.args(["doctor", server, "--json"]).args(more);
    command.arg("--state").arg(workspace.path("state"));
    let output = command.output().expect("it runs");
    let report = serde_json::from_slice(&output.stdout);
    let report: Value = report.unwrap_or_else(|error| panic!("{error}: {}", printed(&output)));
    let code = output.status.code().expect("it ends by itself");
    assert_eq!(report["exit"], code, "{report}");
    (report, code)
}

/// The verdict of a step, and what it found.
fn step<'a>(report: &'a Value, name: &str) -> (&'a str, &'a str) {
    let mut steps = report["steps"].as_array().unwrap().iter();
    let step = steps.find(|step| step["step"] == name);
    let step = step.unwrap_or_else(|| panic!("no step {name}: {report}"));
    (
        step["verdict"].as_str().unwrap(),
        step["found"].as_str().unwrap(),
    )
}

/// The step that failed, which is the last.
fn failed(report: &Value) -> (&str, &str) {
    let last = report["steps"].as_array().unwrap().last().unwrap();
    assert_eq!(last["verdict"], "failed", "{report}");
    assert!(!last["advice"].as_str().unwrap().is_empty());
    (
        last["step"].as_str().unwrap(),
        last["found"].as_str().unwrap(),
    )
}

#[test]
fn healthy_server_passes_each_step_and_an_unknown_key_stays_unknown() {
    let workspace = Workspace::new(&[]);
    let server = workspace.serve();
    let address = server.address.to_string();
    let (report, code) = examined(&Host::default(), &workspace, &address, &[]);
    assert_eq!(code, 0, "{report}");
    for name in ["name", "route", "udp", "version", "round trip", "path mtu"] {
        assert_eq!(step(&report, name).0, "ok", "{report}");
    }
    for name in ["nat", "sign-in", "stored", "clock"] {
        assert_eq!(step(&report, name).0, "skipped", "{report}");
    }
    let (verdict, key) = step(&report, "key");
    assert_eq!(verdict, "warning");
    let (fingerprint, _) = key.split_once(',').unwrap();
    assert!(server.first_lines[1].contains(fingerprint), "{key}");
    assert!(
        step(&report, "round trip")
            .1
            .starts_with("72 of 72 answers"),
        "{report}"
    );
    assert!(!workspace.path("state").exists());

    // By a link, and as people see it.
    let link = format!("udpchat://{address}/?key={fingerprint}");
    let state = workspace.file("state");
    let (lines, code) = workspace.run_plain(&["doctor", &link, "--state", &state]);
    assert_eq!(code, Some(0), "{lines}");
    assert!(lines.contains("the one that was named"), "{lines}");
    assert!(lines.starts_with("ok      name "), "{lines}");
}

#[test]
fn user_who_is_named_signs_in_and_stores_a_note() {
    let workspace = Workspace::new(&["alice"]);
    let server = workspace.serve();
    let address = server.address.to_string();
    let state = workspace.file("state");
    let wrong = workspace.file("wrong");
    fs::write(&wrong, "not the password of alice\n").unwrap();
    let (link, _) = workspace.run(&["link", &address]);
    let link = link.trim_end();
    let as_alice = |more: &[&str]| {
        let user = [&["--user", "alice"], more].concat();
        examined(&Host::default(), &workspace, link, &user)
    };
    let (report, code) = as_alice(&["--password-file", &wrong]);
    assert_eq!(code, 4, "{report}");
    let (name, found) = failed(&report);
    assert_eq!((name, found), ("sign-in", "login failed: wrong password"));

    let right = workspace.password_file("alice").display().to_string();
    let (report, code) = as_alice(&["--password-file", &right]);
    assert_eq!(code, 0, "{report}");
    assert_eq!(step(&report, "sign-in").0, "ok");
    assert_eq!(step(&report, "stored").0, "skipped");

    // By its ticket.
    let (report, code) = as_alice(&["--store"]);
    assert_eq!(code, 0, "{report}");
    for name in ["sign-in", "stored", "clock"] {
        assert_eq!(step(&report, name).0, "ok", "{report}");
    }
    let mut alice = Script::connect(&Host::default(), "alice", &address, Path::new(&state), &[]);
    alice.types("/notes");
    alice.sees(1, "udpchat doctor: is this stored?");
}

#[test]
fn wrong_port_and_silence_are_told_apart() {
    let workspace = Workspace::new(&[]);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let (report, code) = examined(&Host::default(), &workspace, &address, &["--timeout", "2"]);
    assert_eq!(code, 3);
    let (step, found) = failed(&report);
    assert_eq!(step, "udp");
    assert!(
        found.starts_with("silence: no answer within 2 s"),
        "{found}"
    );
    drop(socket);
    let (report, code) = examined(&Host::default(), &workspace, &address, &[]);
    assert_eq!(code, 3);
    let (step, found) = failed(&report);
    assert_eq!(step, "udp");
    assert!(found.contains("nothing listens on UDP port"), "{found}");
    let (report, code) = examined(&Host::default(), &workspace, "no-such-name.invalid", &[]);
    assert_eq!((failed(&report).0, code), ("name", 3));
}

/// Answers each SYN (type, version, the client's number, …) with a VERSION that names another version.
fn server_of_another_version() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let answering = socket.try_clone().unwrap();
    std::thread::spawn(move || {
        let mut syn = [0; 2048];
        // The test's end closes nothing here; its process ends this thread.
        while let Ok((_, client)) = answering.recv_from(&mut syn) {
            let (offered, id) = (&syn[1..5], &syn[5..13]);
            let version = [&[VERSION][..], id, offered, &[1], &[0, 0, 0, 99]].concat();
            let _ = answering.send_to(&version, client);
        }
    });
    socket
}

#[test]
fn server_of_another_version_is_told_from_silence() {
    let workspace = Workspace::new(&[]);
    let server = server_of_another_version();
    let address = server.local_addr().unwrap().to_string();
    let (report, code) = examined(&Host::default(), &workspace, &address, &[]);
    assert_eq!(step(&report, "udp").0, "ok", "{report}");
    assert_eq!((failed(&report).0, code), ("version", 1));
}

#[test]
fn changed_key_is_named_and_stays_on_file() {
    let workspace = Workspace::new(&[]);
    let server = workspace.serve();
    let address = server.address.to_string();
    let old = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    fs::create_dir(workspace.path("state")).unwrap();
    let file = workspace.path("state/known_servers");
    let before = format!("{address} {old}\n");
    fs::write(&file, &before).unwrap();
    let (report, code) = examined(&Host::default(), &workspace, &address, &[]);
    assert_eq!(code, 4);
    let (step, found) = failed(&report);
    assert_eq!(step, "key");
    assert!(found.starts_with(&format!(
        "the key has changed: it was {old}, and is SHA256:"
    )));
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
}

#[test]
fn loss_in_one_direction_is_named_with_the_direction() {
    let workspace = Workspace::new(&[]);
    let server = workspace.serve();
    let badness = Badness {
        loss_up: 300,
        delay: Duration::from_millis(10),
        ..Badness::default()
    };
    let relay = Relay::start(server.address, badness);
    let address = relay.address.to_string();
    let (report, code) = examined(&Host::default(), &workspace, &address, &["--timeout", "30"]);
    assert_eq!(code, 0, "{report}");
    let steps = report["steps"].as_array().unwrap();
    let trips = steps
        .iter()
        .find(|step| step["step"] == "round trip")
        .unwrap();
    assert_eq!(trips["verdict"], "warning", "{trips}");
    let advice = trips["advice"].as_str().unwrap();
    assert!(advice.starts_with("packets are lost upwards"), "{trips}");
}

#[test]
fn nat_that_forgets_after_twenty_seconds_is_named() {
    let workspace = Workspace::new(&[]);
    let server = workspace.serve();
    let badness = Badness {
        rebind: Some(Duration::from_secs(20)),
        ..Badness::default()
    };
    let relay = Relay::start(server.address, badness);
    let address = relay.address.to_string();
    let (report, code) = examined(&Host::default(), &workspace, &address, &["--nat"]);
    assert_eq!(code, 0, "{report}");
    let (verdict, found) = step(&report, "nat");
    assert_eq!(verdict, "warning", "{found}");
    assert!(
        found.ends_with("forgets a silent client after 18 to 22 s"),
        "{found}"
    );
}

#[test]
fn what_a_router_on_the_way_does_is_named() {
    let Some(hosts) = two_hosts::hosts("d") else {
        return;
    };
    let name = |host: &Host| host.namespace.clone().unwrap();
    let (client, network, server) = (
        name(&hosts.client),
        name(&hosts.network),
        name(&hosts.server),
    );
    let run = |words: &[&str]| ip(words).unwrap_or_else(|why| panic!("{words:?}: {why}"));
    run(&["-n", &client, "route", "add", "default", "via", "10.98.1.1"]);
    run(&["-n", &server, "route", "add", "default", "via", "10.98.2.1"]);
    let forwarding = "echo 1 > /proc/sys/net/ipv4/ip_forward";
    let is_routing = hosts
        .network
        .command("sh")
        .args(["-c", forwarding])
        .status();
    assert!(is_routing.unwrap().success());
    let workspace = Workspace::on(hosts.server.clone(), &[]);
    let _server = Server::start(&hosts.server, &workspace.data(), &["0.0.0.0:7777"], &[]);
    let examined = |more: &[&str]| examined(&hosts.client, &workspace, "10.98.2.2", more);

    run(&["-n", &network, "link", "set", "s1", "mtu", "1280"]);
    run(&["-n", &server, "link", "set", "s0", "mtu", "1280"]);
    let (report, code) = examined(&[]);
    assert_eq!(code, 0, "{report}");
    let (_, found) = step(&report, "path mtu");
    assert!(found.starts_with("the path MTU is 1280: "), "{found}");

    run(&["-n", &network, "route", "add", "blackhole", "10.98.2.2"]);
    let (report, code) = examined(&["--timeout", "2"]);
    assert_eq!(code, 3);
    assert!(failed(&report).1.starts_with("silence: "), "{report}");
    run(&["-n", &network, "route", "del", "blackhole", "10.98.2.2"]);

    run(&["-n", &network, "route", "add", "prohibit", "10.98.2.2"]);
    let (report, _) = examined(&["--timeout", "5"]);
    assert!(
        failed(&report)
            .1
            .starts_with("UDP is refused on the way (ICMP: "),
        "{report}"
    );

    run(&["-n", &client, "route", "del", "default"]);
    let (report, code) = examined(&[]);
    assert_eq!((failed(&report).0, code), ("route", 3));
}
