//! Three clients on a link that loses, doubles, reorders and corrupts, laid by a tool that may stand beside this
//! repository; where it does not, or namespaces cannot be made, the test says that it was skipped.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::told::receipt_of;
use crate::support::{Host, Script, Server, Workspace};

/// Lines that each client says to each other one, and to everyone.
const LINES: usize = 200;

const NAMES: [&str; 3] = ["alice", "bob", "carol"];

/// How long all of it may take.
const WITHIN: Duration = Duration::from_mins(3);

/// The link, for as long as this lives.
struct Wan {
    child: Child,
    name: String,
}

impl Wan {
    fn lay(tool: &Path, options: &[&str]) -> Option<Self> {
        let name = format!("uw{}", std::process::id());
        let mut command = Command::new(tool);
        command
            .args(["--name", &name])
            .args(options)
            .args(["--", "sleep", "300"]);
        let child = command.stderr(Stdio::null()).spawn().ok()?;
        let wan = Self { child, name };
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(5) {
            let ready = wan
                .host("client")
                .command("true")
                .stderr(Stdio::null())
                .status();
            if ready.is_ok_and(|status| status.success()) {
                // The addresses follow the namespace at once.
                std::thread::sleep(Duration::from_millis(500));
                return Some(wan);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        None
    }

    fn host(&self, role: &str) -> Host {
        Host {
            namespace: Some(format!("{}-{role}", self.name)),
        }
    }
}

impl Drop for Wan {
    fn drop(&mut self) {
        // It takes its namespaces down when it is asked to end.
        let _ = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        crate::support::wait(&mut self.child);
    }
}

/// How many messages the receipts that a client was told of stand for: a burst folds into one line with its number.
fn receipts(client: &Script, is_meant: impl Fn(&str) -> bool) -> usize {
    let lines = client.lines();
    let meant = lines.iter().filter(|line| is_meant(line));
    meant
        .filter_map(|line| receipt_of(line))
        .map(|(messages, _)| messages)
        .sum()
}

/// Those of what it said to one reader alone. Of what is said to two, the first receipt may come by itself, as "1 of 2".
fn private_receipts(client: &Script, reader: &str) -> usize {
    let by = format!(" received by {reader}");
    receipts(client, |line| line.contains(&by) && !line.contains(" of 2"))
}

/// Those of what it said to everyone, once both have it.
fn receipts_of_all(client: &Script) -> usize {
    receipts(client, |line| line.contains("(2 of 2"))
}

#[test]
fn three_clients_on_a_bad_link_see_everything_once_and_in_order() {
    let tool = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/tools/wan");
    let link = [
        "--delay",
        "25",
        "--loss",
        "10",
        "--dup",
        "5",
        "--reorder",
        "5",
        "--corrupt",
        "1",
    ];
    let wan = match tool.exists().then(|| Wan::lay(&tool, &link)) {
        Some(Some(wan)) => wan,
        Some(None) => return println!("skipped: the link cannot be laid here"),
        None => return println!("skipped: there is no {}", tool.display()),
    };
    let address = "10.99.0.1:7777";
    let workspace = Workspace::on(wan.host("server"), &NAMES);
    let _server = Server::start(&wan.host("server"), &workspace.data(), &[address], &[]);
    let connect = |name| workspace.connect(&wan.host("client"), address, name, name);
    let mut clients = NAMES.map(connect);
    for client in &clients {
        client.sees(1, "Greetings from the Chat Room!  (");
    }
    let start = Instant::now();
    for line in 0..LINES {
        for (from, name) in NAMES.iter().enumerate() {
            for other in NAMES.iter().filter(|other| *other != name) {
                clients[from].types(&format!("message {other} [{name}-{other} {line}]"));
            }
            clients[from].types(&format!("message* [{name}-all {line}]"));
        }
    }
    for (number, name) in NAMES.iter().enumerate() {
        let client = &clients[number];
        for other in NAMES.iter().filter(|other| *other != name) {
            for stream in [format!("[{other}-{name} "), format!("[{other}-all ")] {
                client.sees_within(WITHIN, LINES, &stream);
            }
            while private_receipts(client, other) < LINES {
                assert!(
                    start.elapsed() < WITHIN,
                    "{name} waits for receipts of {other}"
                );
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        while receipts_of_all(client) < LINES {
            assert!(
                start.elapsed() < WITHIN,
                "{name} waits for receipts of what it said to everyone"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    let elapsed = start.elapsed();
    // Whatever should not come any more has time to come.
    std::thread::sleep(Duration::from_secs(3));
    for (number, name) in NAMES.iter().enumerate() {
        let lines = clients[number].lines();
        for other in NAMES.iter().filter(|other| *other != name) {
            for stream in [format!("[{other}-{name} "), format!("[{other}-all ")] {
                let said: Vec<&String> =
                    lines.iter().filter(|line| line.contains(&stream)).collect();
                let wanted: Vec<String> =
                    (0..LINES).map(|line| format!("{stream}{line}]")).collect();
                assert_eq!(
                    said.len(),
                    LINES,
                    "{name} saw {} lines of {stream}",
                    said.len()
                );
                for (said, wanted) in said.iter().zip(&wanted) {
                    assert!(
                        said.ends_with(wanted),
                        "{name} saw {said:?} in the place of {wanted}"
                    );
                }
            }
            let count = private_receipts(&clients[number], other);
            assert_eq!(count, LINES, "{name} has {count} receipts of {other}");
        }
        let count = receipts_of_all(&clients[number]);
        assert_eq!(count, LINES, "{name} has {count} receipts of both");
        // Before the greeting a handshake may lose its first tries ("no answer … yet"); after it nobody may fall silent.
        let told = clients[number].errors();
        let trouble = ["line ", "damaged", "lost", " for 10 s"];
        assert!(
            !trouble.iter().any(|trouble| told.contains(trouble)),
            "{name}: {told}"
        );
    }
    println!("{} lines in {elapsed:?}", LINES * 9);
}
