//! The page and the metrics that a server gives to whoever watches it.
#![cfg(feature = "http")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Host, PATIENCE, Workspace, printed};

/// A port that nobody has: the system gave it away a moment ago.
fn free_port() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address")
}

/// What comes back for these bytes.
fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    stream.write_all(request.as_bytes()).expect("it is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

fn ask(address: SocketAddr, method: &str, path: &str, more: &str) -> String {
    exchange(
        address,
        &format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\n{more}\r\n"),
    )
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").expect("a header").1
}

#[test]
fn page_and_metrics_tell_how_much_is_done_and_not_by_whom() {
    let workspace = Workspace::new(&["alice", "bob"]);
    workspace.does(&["room", "add", "bridge", "--owner", "bob"]);
    let http = free_port();
    let server = workspace.serve_with(&["--http", &http.to_string()]);
    let mut alice = workspace.sign_in(server.address, "alice");
    alice.types("message bob tea at four");
    alice.sees(1, "stored");
    assert_eq!(body(&ask(http, "GET", "/healthz", "")), "ok\n");
    assert_eq!(body(&ask(http, "GET", "/readyz", "")), "ready\n");
    let page = ask(http, "GET", "/", "");
    assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
    for part in [
        "content-type: text/html; charset=utf-8\r\n",
        "x-content-type-options: nosniff\r\n",
        "content-security-policy: default-src 'none'; style-src 'sha256-",
        "<meta http-equiv=\"refresh\" content=\"10\">",
        "<b>1</b><span>users online</span>",
        "✓ well",
        "the first values of the plots come within 10 seconds",
    ] {
        assert!(page.contains(part), "no {part:?} in {page}");
    }
    assert!(!page.contains("<script"), "{page}");
    let metrics = ask(http, "GET", "/metrics", "");
    assert!(metrics.contains("content-type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    for line in [
        "\n# HELP udpchat_messages_stored_total Messages that were stored.\n",
        "\nudpchat_messages_stored_total 1\n",
        "\nudpchat_accounts 2\n",
        "\nudpchat_users_online 1\n",
        "\nudpchat_problem{problem=\"store\"} 0\n",
    ] {
        assert!(metrics.contains(line), "no {line:?} in {metrics}");
    }
    let open = ask(
        http,
        "GET",
        "/metrics",
        "Accept: application/openmetrics-text; version=1.0.0\r\n",
    );
    let kind = "content-type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n";
    assert!(open.contains(kind), "{open}");
    assert!(open.contains(
        "\n# TYPE udpchat_received_bytes counter\n# UNIT udpchat_received_bytes bytes\n"
    ));
    assert!(open.ends_with("\n# EOF\n"), "{open}");
    for answer in [&page, &metrics, &open] {
        for secret in ["alice", "bob", "bridge", "tea at four"] {
            assert!(!answer.contains(secret), "{secret} in {answer}");
        }
    }
}

#[test]
fn promtool_accepts_the_metrics() {
    if Command::new("promtool").arg("--version").output().is_err() {
        eprintln!("promtool is not installed");
        return;
    }
    let workspace = Workspace::new(&["alice"]);
    let http = free_port();
    let _server = workspace.serve_with(&["--http", &http.to_string()]);
    let metrics = workspace.path("metrics");
    fs::write(&metrics, body(&ask(http, "GET", "/metrics", ""))).expect("a file");
    let mut command = Command::new("promtool");
    let command = command
        .args(["check", "metrics"])
        .stdin(fs::File::open(&metrics).expect("it"));
    let output = command.stdout(Stdio::piped()).output().expect("it runs");
    assert!(output.status.success(), "{}", printed(&output));
    assert_eq!(printed(&output).trim(), "", "it has something to say");
}

#[test]
fn whoever_asks_for_another_server_or_wants_to_change_something_is_refused() {
    let workspace = Workspace::new(&["alice"]);
    let http = free_port();
    let address = http.to_string();
    let words = ["--http", &address, "--http-name", "status.example.org"];
    let _server = workspace.serve_with(&words);
    let named = |host: &str| {
        exchange(
            http,
            &format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        )
    };
    for host in [
        "localhost",
        "[::1]:9777",
        "192.0.2.9",
        "status.example.org:443",
    ] {
        assert!(named(host).starts_with("HTTP/1.1 200 "), "{host}");
    }
    for host in ["evil.example", "localhost.evil.example:80"] {
        assert!(named(host).starts_with("HTTP/1.1 421 "), "{host}");
    }
    // Probes of load balancers name no server; a browser always does.
    for path in ["/healthz", "/readyz"] {
        let probe = |version: &str| exchange(http, &format!("GET {path} {version}\r\n\r\n"));
        assert!(probe("HTTP/1.0").starts_with("HTTP/1.0 200 "), "{path}");
        assert!(probe("HTTP/1.1").starts_with("HTTP/1.1 421 "), "{path}");
    }
    let other = exchange(http, "GET / HTTP/1.0\r\nHost: evil.example\r\n\r\n");
    assert!(other.starts_with("HTTP/1.0 421 "), "{other}");
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "BREW"] {
        for path in ["/", "/metrics", "/elsewhere"] {
            let answer = ask(http, method, path, "Content-Length: 0\r\n");
            assert!(
                answer.starts_with("HTTP/1.1 405 "),
                "{method} {path}: {answer}"
            );
            assert!(answer.contains("allow: GET, HEAD\r\n"), "{answer}");
        }
    }
    let head = ask(http, "HEAD", "/metrics", "");
    assert!(
        head.starts_with("HTTP/1.1 200 ") && body(&head).is_empty(),
        "{head}"
    );
    assert!(ask(http, "GET", "/../udpchat.redb", "").starts_with("HTTP/1.1 404 "));
    let long = format!("X: {}\r\n", "x".repeat(100_000));
    assert!(ask(http, "GET", "/", &long).starts_with("HTTP/1.1 431 "));
}

#[test]
fn slow_clients_are_cut_off_and_hold_nobody_else_up() {
    let workspace = Workspace::new(&["alice"]);
    let http = free_port();
    let _server = workspace.serve_with(&["--http", &http.to_string()]);
    let begun = Instant::now();
    let slow: Vec<TcpStream> = (0..40)
        .map(|_| {
            let mut stream = TcpStream::connect(http).expect("it listens");
            stream
                .write_all(b"GET / HTTP/1.1\r\nX: ")
                .expect("it is sent");
            stream
        })
        .collect();
    assert_eq!(body(&ask(http, "GET", "/healthz", "")), "ok\n");
    let waited = begun.elapsed();
    assert!(waited < Duration::from_secs(3), "{waited:?}");
    let mut first = &slow[0];
    first.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let mut rest = Vec::new();
    // Closed, with or without a word.
    let _ = first.read_to_end(&mut rest);
    assert!(!String::from_utf8_lossy(&rest).contains(" 200 "));
}

#[test]
fn address_that_cannot_be_served_is_an_error_before_the_server_serves() {
    let workspace = Workspace::new(&["alice"]);
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    let data = workspace.data().display().to_string();
    let serve = |words: &[&str]| {
        let mut command = Host::default().udpchat();
        command.args(["serve", "--listen", "127.0.0.1:0", "--data", &data]);
        command.args(words).output().expect("it ends")
    };
    let output = serve(&["--http", &address]);
    let text = printed(&output);
    assert!(
        text.contains(&format!(
            "cannot serve HTTP on {address}: the port is in use"
        )),
        "{text}"
    );
    assert!(!text.contains("listening on"), "{text}");
    assert_eq!(output.status.code(), Some(1));
    // Nor is a database made that nobody serves.
    let fresh = workspace.path("fresh");
    let taken_udp = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let udp = taken_udp.local_addr().expect("its address").to_string();
    let backups = fresh.join("backups").display().to_string();
    for (words, code) in [
        (&["--listen", "127.0.0.1:0", "--http", &address][..], 1),
        (&["--listen", &udp], 1),
        (&["--listen", "127.0.0.1:0", "--backup-dir", &backups], 2),
    ] {
        let mut command = Host::default().udpchat();
        command.arg("serve").args(words).arg("--data").arg(&fresh);
        let output = command.output().expect("it ends");
        assert_eq!(output.status.code(), Some(code), "{}", printed(&output));
        assert!(!fresh.join("udpchat.redb").exists(), "{words:?}");
    }
    let output = serve(&["--http", "0.0.0.0:0"]);
    assert!(
        printed(&output).contains("can be reached from other machines"),
        "{output:?}"
    );
    assert!(printed(&output).contains("--http-public"), "{output:?}");
    assert_eq!(output.status.code(), Some(2));
}
