//! The nats-servers that keep the log of a cluster under test.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Host, PATIENCE};

/// Ports that no connection is given as its own by the system: one that a stopped server has had is free when it is started again.
const FIRST_PORT: u16 = 20_000;
const PORTS: u16 = 12_000;

/// The nats-server to test with. Where none is to be had the test is passed over, and says so; where
/// `UDPCHAT_TESTS_NEED_NATS` is set, as by `.ci/run`, that is a failure.
pub fn program() -> Option<&'static Path> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match FOUND.get_or_init(find) {
        Ok(path) => Some(path),
        Err(reason) => {
            let is_needed = std::env::var_os("UDPCHAT_TESTS_NEED_NATS").is_some();
            assert!(!is_needed, "there is no nats-server: {reason}");
            println!("passed over: there is no nats-server: {reason}");
            None
        }
    }
}

fn find() -> Result<PathBuf, String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/contrib/cluster/nats-server");
    let output = Command::new(script)
        .arg(concat!(env!("CARGO_TARGET_TMPDIR"), "/.."))
        .output();
    let output = output.map_err(|error| error.to_string())?;
    if output.status.success() {
        let path = String::from_utf8_lossy(&output.stdout);
        return Ok(path.trim_end().into());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Whether nobody listens on a port of this host's.
pub fn is_free(port: u16) -> bool {
    let here = ("127.0.0.1", port);
    TcpListener::bind(here).is_ok() && UdpSocket::bind(here).is_ok()
}

/// A port of this host's that nobody listens on.
pub fn free_port() -> u16 {
    free_ports(1)
}

/// The first of so many in a row.
pub fn free_ports(count: u16) -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Other test processes begin elsewhere.
    let start = std::process::id() % u32::from(PORTS);
    let start = u16::try_from(start).expect("it is below the number of ports");
    loop {
        let number = NEXT.fetch_add(count, Ordering::Relaxed);
        assert!(number < PORTS, "no port is free");
        let first = FIRST_PORT + (start + number) % PORTS;
        if (first..first + count).all(is_free) {
            return first;
        }
    }
}

/// One server of the log.
pub struct LogServer {
    pub name: String,
    pub host: Host,
    /// Where the nodes reach it, and where its likes do.
    pub address: String,
    route: String,
    pub directory: PathBuf,
    child: Option<Child>,
}

impl LogServer {
    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    pub const fn is_up(&self) -> bool {
        self.child.is_some()
    }

    /// Sends SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may be gone already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Is sent a signal by its name, which does not end it.
    pub fn is_sent(&self, signal: &str) {
        let pid = self.child.as_ref().expect("it runs").id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &pid]).status();
        assert!(sent.expect("kill runs").success());
    }
}

impl Drop for LogServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// All servers of a log.
pub struct Engine {
    program: &'static Path,
    pub servers: Vec<LogServer>,
    _directory: TempDir,
}

impl Engine {
    /// So many on this host.
    pub fn start(count: usize) -> Option<Self> {
        let seats = (0..count).map(|_| {
            let here = || format!("127.0.0.1:{}", free_port());
            (Host::default(), here(), here())
        });
        Self::seated(seats.collect())
    }

    /// Those at these hosts and addresses: where the nodes reach each, and where its likes do.
    pub fn seated(seats: Vec<(Host, String, String)>) -> Option<Self> {
        let program = program()?;
        let directory = TempDir::new().expect("a directory");
        let server =
            |(number, (host, address, route)): (usize, (Host, String, String))| LogServer {
                name: format!("n{}", number + 1),
                directory: directory.path().join(number.to_string()),
                host,
                address,
                route,
                child: None,
            };
        let servers: Vec<LogServer> = seats.into_iter().enumerate().map(server).collect();
        let mut engine = Self {
            program,
            servers,
            _directory: directory,
        };
        for number in 0..engine.servers.len() {
            engine.run(number);
        }
        engine.has_a_leader();
        Some(engine)
    }

    /// What says to a node where the log is.
    pub fn urls(&self) -> String {
        let urls: Vec<String> = self.servers.iter().map(LogServer::url).collect();
        urls.join(",")
    }

    /// Starts a server that does not run.
    pub fn run(&mut self, number: usize) {
        let routes: Vec<String> = self
            .servers
            .iter()
            .map(|it| format!("nats://{}", it.route))
            .collect();
        let server = &mut self.servers[number];
        assert!(!server.is_up(), "{} runs already", server.name);
        let shared = concat!(env!("CARGO_MANIFEST_DIR"), "/contrib/cluster/nats.conf");
        let mut config = PathBuf::from(shared);
        if routes.len() == 1 {
            // A server that is alone waits for no others.
            config = server.directory.with_extension("conf");
            let all = std::fs::read_to_string(shared).expect("it is there");
            let (alone, _) = all
                .split_once("\ncluster {")
                .expect("it says where the others are");
            std::fs::write(&config, alone).expect("a file");
        }
        let mut command = server
            .host
            .command(self.program.to_str().expect("its path is text"));
        command
            .arg("--config")
            .arg(config)
            .arg("--log")
            .arg(server.directory.with_extension("log"))
            .env("NATS_NAME", &server.name)
            .env("NATS_LISTEN", &server.address)
            .env("NATS_CLUSTER", &server.route)
            .env("NATS_ROUTES", format!("[{}]", routes.join(", ")))
            .env("NATS_STORE", format!("\"{}\"", server.directory.display()));
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        server.child = Some(child.expect("it starts"));
    }

    /// Waits until the servers have one among them that leads.
    fn has_a_leader(&self) {
        let sign = if self.servers.len() == 1 {
            "Server is ready"
        } else {
            "cluster new metadata leader"
        };
        let log =
            |server: &LogServer| std::fs::read_to_string(server.directory.with_extension("log"));
        let start = Instant::now();
        while !self
            .servers
            .iter()
            .any(|server| log(server).is_ok_and(|log| log.contains(sign)))
        {
            assert!(start.elapsed() < PATIENCE, "no nats-server leads");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// The number of the server that leads the log of the cluster `chat`.
    pub fn leader(&self) -> usize {
        let start = Instant::now();
        loop {
            for server in &self.servers {
                let info = ask(server, "$JS.API.STREAM.INFO.udpchat-chat");
                let name = info.map(|info| info["cluster"]["leader"].clone());
                let is_it =
                    |server: &LogServer| name.as_ref().is_some_and(|name| *name == *server.name);
                if let Some(number) = self.servers.iter().position(is_it) {
                    return number;
                }
            }
            assert!(start.elapsed() < PATIENCE, "the log has no leader");
            thread::sleep(Duration::from_millis(50));
        }
    }
}

/// The stream of attached files of the cluster `chat`.
impl Engine {
    fn asks(&self, subject: &str, payload: &[u8]) -> Value {
        ask_with(&self.servers[0], subject, payload).expect("it answers")
    }

    /// How many messages it has.
    pub fn file_messages(&self) -> u64 {
        let info = self.asks("$JS.API.STREAM.INFO.udpchat-chat-files", b"");
        info["state"]["messages"].as_u64().expect("it is there")
    }

    /// It takes no more than so many bytes from now on; -1 stands for all.
    pub fn limits_files(&self, bytes: i64) {
        let info = self.asks("$JS.API.STREAM.INFO.udpchat-chat-files", b"");
        let mut config = info["config"].clone();
        config["max_bytes"] = bytes.into();
        let update = "$JS.API.STREAM.UPDATE.udpchat-chat-files";
        let updated = self.asks(update, config.to_string().as_bytes());
        assert!(updated["error"].is_null(), "{updated}");
    }

    /// Has something else stand in a piece of its only file, or removes it.
    pub fn damages_file(&self, number: u64, is_removed: bool) {
        let asked = r#"{"subjects_filter":">"}"#;
        let info = self.asks("$JS.API.STREAM.INFO.udpchat-chat-files", asked.as_bytes());
        let subjects = info["state"]["subjects"].as_object().expect("some");
        let end = format!(".{number}");
        let subject = subjects.keys().find(|subject| subject.ends_with(&end));
        let subject = subject.expect("it has so many pieces");
        let done = if is_removed {
            let asked = format!(r#"{{"filter":"{subject}"}}"#);
            let purge = "$JS.API.STREAM.PURGE.udpchat-chat-files";
            self.asks(purge, asked.as_bytes())
        } else {
            self.asks(subject, &vec![7; 128 * 1024])
        };
        assert!(done["error"].is_null(), "{done}");
    }
}

/// What the servers answer, asked by this one of this host; none if nothing comes.
fn ask(server: &LogServer, subject: &str) -> Option<Value> {
    ask_with(server, subject, b"")
}

fn ask_with(server: &LogServer, subject: &str, payload: &[u8]) -> Option<Value> {
    let mut connection = TcpStream::connect(&server.address).ok()?;
    connection
        .set_read_timeout(Some(Duration::from_secs(2)))
        .ok()?;
    let length = payload.len();
    let asked = format!(
        "CONNECT {{\"verbose\":false}}\r\nSUB answer 1\r\nPUB {subject} answer {length}\r\n"
    );
    let asked = [asked.as_bytes(), payload, b"\r\n"].concat();
    connection.write_all(&asked).ok()?;
    let mut reader = BufReader::new(connection);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.starts_with("MSG ") {
            let length = line.trim_end().rsplit(' ').next()?.parse().ok()?;
            let mut answer = vec![0; length];
            reader.read_exact(&mut answer).ok()?;
            return serde_json::from_slice(&answer).ok();
        }
    }
}
