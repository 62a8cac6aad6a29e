//! Several runs, an earlier report beside them, and the plot.

use std::fs;
use std::net::UdpSocket;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::thread;
use std::time::{Duration, Instant};

use super::{json, udpchat};
use crate::support::{Host, PATIENCE, Workspace, printed};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// `udpchat bench` with these words, which fails with this exit code and these words. Of a measurement that has begun the
/// exit code would be 3: nobody serves at this address.
#[track_caller]
fn fails(code: i32, words: &str, said: &str) {
    let closed = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap().to_string();
    drop(closed);
    let words = format!("bench {words} {address}");
    let output = udpchat(&words.split(' ').collect::<Vec<_>>());
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(code), "{words:?}: {text}");
    assert!(text.contains(said), "{words:?}: {text}");
    assert!(output.stdout.is_empty(), "{words:?}: {text}");
}

#[test]
fn several_runs_are_reported_as_their_median_beside_the_baseline() {
    let workspace = Workspace::new(&[]);
    let before = workspace.file("before.json");
    let words = "bench pairs --clients 2 --messages 10 --repeat 3 --json";
    let output = udpchat(&words.split(' ').collect::<Vec<_>>());
    let report = json(&output);
    assert_eq!(
        (&report["repeats"], &report["deliveries"]),
        (&3.into(), &60.into())
    );
    let arguments = r#"{"frugal":false,"messages":10,"size":64,"window":1}"#;
    assert_eq!(report["arguments"].to_string(), arguments);
    let runs = report["runs"].as_array().expect("a list");
    let p50 = |run: &Value| run["latency_us"]["p50"].as_u64().expect("a number");
    let mut all: Vec<u64> = runs.iter().map(p50).collect();
    all.sort_unstable();
    assert_eq!((all.len(), all[1]), (3, p50(&report)), "{report}");
    fs::write(&before, &output.stdout).unwrap();

    let words = format!("bench pairs --clients 2 --messages 10 --json --baseline {before}");
    let compared = json(&udpchat(&words.split(' ').collect::<Vec<_>>()));
    let ratio = compared["ratios"]["packets_per_delivery"].as_f64();
    let of = |report: &Value| report["packets_per_delivery"].as_f64().unwrap();
    let expected = of(&compared) / of(&report);
    assert!((ratio.unwrap() - expected).abs() < 1e-9, "{compared}");
    assert!(compared.get("runs").is_none(), "{compared}");

    let words = format!("bench pairs --clients 2 --messages 10 --repeat 2 --baseline {before}");
    let output = udpchat(&words.split(' ').collect::<Vec<_>>());
    let text = printed(&output);
    assert!(output.status.success(), "{text}");
    for expected in [
        "pairs: 2 clients, 2 runs",
        "delivered  40 of 40",
        "lowest",
        "ratio",
        "latency p99, ms",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

#[test]
fn baseline_of_another_measurement_and_plot_that_cannot_be_written_are_refused_before_it_begins() {
    let workspace = Workspace::new(&[]);
    let before = workspace.file("before.json");
    let words = "bench pairs --clients 2 --messages 5 --json";
    let output = udpchat(&words.split(' ').collect::<Vec<_>>());
    fs::write(&before, &output.stdout).unwrap();
    fails(
        2,
        &format!("pairs --clients 4 --messages 5 --baseline {before}"),
        "clients 2, not 4",
    );
    fails(
        2,
        &format!("pairs --clients 2 --messages 5 --window 2 --baseline {before}"),
        "window 1, not 2",
    );
    fails(
        2,
        &format!("paced --clients 2 --baseline {before}"),
        "workload pairs, not paced",
    );
    fails(
        2,
        &format!("pairs --clients 2 --messages 5 --baseline {before}.not"),
        "No such file",
    );
    fails(
        2,
        &format!("pairs --clients 2 --messages 5 --baseline {before} --plot {before}"),
        "would replace the baseline",
    );
    for (text, said) in [
        ("", "is not a report"),
        ("{}", "has no workload"),
        ("[7", "is not a report"),
    ] {
        fs::write(&before, text).unwrap();
        fails(2, &format!("pairs --clients 2 --baseline {before}"), said);
    }
    fails(2, &format!("idle --plot {before}"), "idle has none");
    fails(2, "mixed --rate 1e-300", "expected a number from");
    assert_eq!(fs::read_to_string(&before).unwrap(), "[7");
    fails(
        1,
        &format!("pairs --plot {before}.not/x.svg"),
        "there is no directory",
    );
    fails(
        2,
        &format!("pairs --plot {before}/x.svg"),
        "Not a directory",
    );
    let directory = workspace.file("");
    fails(
        1,
        &format!("pairs --plot {directory}."),
        "name another file",
    );
}

#[test]
fn plot_replaces_a_file_once_it_is_whole() {
    let workspace = Workspace::new(&[]);
    let file = workspace.file("plot.svg");
    fs::write(&file, "earlier").unwrap();
    let mut bench = Host::default()
        .udpchat()
        .args([
            "bench",
            "pairs",
            "--clients",
            "2",
            "--messages",
            "5",
            "--plot",
            &file,
        ])
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("it runs");
    thread::sleep(Duration::from_secs(1));
    assert_eq!(fs::read_to_string(&file).unwrap(), "earlier");
    assert!(bench.wait().unwrap().success());
    let svg = fs::read_to_string(&file).unwrap();
    assert!(
        svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""),
        "{svg}"
    );
    for expected in [
        "udpchat bench pairs",
        "2 clients",
        "10 deliveries",
        "latency (ms)",
        "class=\"curve\"",
        "</svg>\n",
    ] {
        assert!(svg.contains(expected), "{expected}: {svg}");
    }
    let metadata = fs::metadata(&file).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o644);
    assert_eq!(metadata.nlink(), 1);
    let beside = fs::read_dir(workspace.path("")).unwrap();
    let left = beside.filter(|entry| {
        entry
            .as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .contains("plot.svg")
    });
    assert_eq!(left.count(), 1, "nothing else is left");
}

#[test]
fn later_run_that_ends_early_leaves_the_report_of_those_before_it() {
    thread::scope(|scope| {
        let interrupted = "interrupted: the report is of 1 of 50 runs";
        scope.spawn(move || ends_in_the_second_run(false, &[130], interrupted));
        // Before its server listens, or later.
        scope.spawn(|| ends_in_the_second_run(true, &[1, 3], "udpchat: "));
    });
}

/// By an interrupt, or by the death of its server.
fn ends_in_the_second_run(server_dies: bool, codes: &[i32], words: &str) {
    let mut bench = Host::default()
        .udpchat()
        .args([
            "bench",
            "pairs",
            "--clients",
            "2",
            "--seconds",
            "1",
            "--repeat",
            "50",
            "--json",
        ])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("it runs");
    let children = format!("/proc/{0}/task/{0}/children", bench.id());
    let child = || {
        fs::read_to_string(&children)
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    let deadline = Instant::now() + PATIENCE;
    // Each run has a server of its own: the second is another process.
    let mut servers = Vec::new();
    while servers.len() < 2 {
        let now = child();
        if !now.is_empty() && !servers.contains(&now) {
            servers.push(now);
        }
        assert!(Instant::now() < deadline, "no second run begins");
        thread::sleep(Duration::from_millis(10));
    }
    let (pid, signal) = if server_dies {
        (servers[1].parse().unwrap(), Signal::SIGKILL)
    } else {
        (bench.id().try_into().unwrap(), Signal::SIGINT)
    };
    kill(Pid::from_raw(pid), signal).expect("it runs");
    let status = bench.wait().unwrap();
    let code = status.code().expect("no signal ends it");
    assert!(codes.contains(&code), "{code}");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut bench.stdout.take().unwrap(), &mut text).unwrap();
    let report: Value = serde_json::from_str(&text).expect("one JSON object");
    assert_eq!(report["repeats"], 1, "{report}");
    assert_eq!(report["deliveries"], report["deliveries_expected"]);
    let mut text = String::new();
    std::io::Read::read_to_string(&mut bench.stderr.take().unwrap(), &mut text).unwrap();
    for expected in [words, "the report is of 1 of 50 runs"] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}
