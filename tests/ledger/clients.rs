//! A user with a client at pipes, who outlives it: state directory and password stay, the process is killed and
//! started again.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use crate::support::{Host, Workspace};

/// A user, and the client that they run.
pub struct Client {
    pub name: String,
    pub state: PathBuf,
    password: PathBuf,
    server: String,
    process: Option<Process>,
    /// How often the client was started.
    pub lives: usize,
}

struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: Arc<Mutex<Vec<String>>>,
    errors: Arc<Mutex<Vec<String>>>,
    readers: Vec<JoinHandle<()>>,
    /// The last lines of both outputs, in the order in which they were asked for.
    recent: VecDeque<String>,
}

/// How many lines of a client are repeated if it ends by itself.
const RECENT_MAX: usize = 20;

/// What a client has printed since it was asked last: whole lines only, since a kill may cut the last one.
pub struct Printed {
    pub output: Vec<String>,
    pub errors: Vec<String>,
}

impl Client {
    pub fn new(workspace: &Workspace, name: &str, server: &str) -> Self {
        Self {
            name: name.to_owned(),
            state: workspace.path(&format!("state-of-{name}")),
            password: workspace.password_file(name),
            server: server.to_owned(),
            process: None,
            lives: 0,
        }
    }

    pub const fn is_up(&self) -> bool {
        self.process.is_some()
    }

    /// Starts the client.
    pub fn start(&mut self) {
        assert!(!self.is_up(), "{} has a client already", self.name);
        let mut command = Host::default().udpchat();
        command
            .args(["connect", &self.server, "--accept-new", "--user"])
            .arg(&self.name)
            .arg("--password-file")
            .arg(&self.password)
            .arg("--state")
            .arg(&self.state)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let (output, errors) = (Arc::default(), Arc::default());
        let readers = vec![
            note(child.stdout.take().expect("it is piped"), &output),
            note(child.stderr.take().expect("it is piped"), &errors),
        ];
        self.process = Some(Process {
            input: child.stdin.take(),
            child,
            output,
            errors,
            readers,
            recent: VecDeque::new(),
        });
        self.lives += 1;
    }

    /// Types a line; whether it is read before a kill is another matter.
    pub fn types(&mut self, line: &str) {
        if let Some(input) = self.process.as_mut().and_then(|it| it.input.as_mut()) {
            // The client may have just ended, which is noticed elsewhere.
            let _ = input.write_all(format!("{line}\n").as_bytes());
        }
    }

    /// There is no more input.
    pub fn closes_input(&mut self) {
        if let Some(process) = &mut self.process {
            process.input = None;
        }
    }

    /// Sends SIGKILL and does not wait.
    pub fn kill(&mut self) {
        let process = self.process.as_mut().expect("it is up");
        process.child.kill().expect("it is not reaped yet");
    }

    /// The exit code, if the client has ended by itself; -1 stands for a signal.
    pub fn ended(&mut self) -> Option<i32> {
        let status = self.process.as_mut()?.child.try_wait();
        let status = status.expect("it is ours")?;
        Some(status.code().unwrap_or(-1))
    }

    /// The last lines that the client has printed.
    pub fn recent(&self) -> String {
        let recent = self.process.iter().flat_map(|process| &process.recent);
        recent.map(|line| ["\n  ", line].concat()).collect()
    }

    /// Waits for the end of a client that was killed or has ended, and gives what it printed last.
    pub fn reap(&mut self) -> Printed {
        let mut process = self.process.take().expect("it was up");
        process.child.wait().expect("it is ours");
        for reader in process.readers.drain(..) {
            reader.join().expect("readers do not panic");
        }
        process.printed()
    }

    /// What the client has printed since the last time.
    pub fn printed(&mut self) -> Printed {
        match &mut self.process {
            Some(process) => process.printed(),
            None => Printed {
                output: Vec::new(),
                errors: Vec::new(),
            },
        }
    }
}

impl Process {
    fn printed(&mut self) -> Printed {
        let printed = Printed {
            output: std::mem::take(&mut self.output.lock().unwrap()),
            errors: std::mem::take(&mut self.errors.lock().unwrap()),
        };
        for line in printed.output.iter().chain(&printed.errors) {
            if self.recent.len() == RECENT_MAX {
                self.recent.pop_front();
            }
            self.recent.push_back(line.clone());
        }
        printed
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Notes whole lines as they come.
fn note(pipe: impl Read + Send + 'static, sink: &Arc<Mutex<Vec<String>>>) -> JoinHandle<()> {
    let sink = Arc::clone(sink);
    let mut pipe = BufReader::new(pipe);
    thread::spawn(move || {
        let mut line = Vec::new();
        while let Ok(1..) = pipe.read_until(b'\n', &mut line) {
            if line.pop() != Some(b'\n') {
                return;
            }
            let text = String::from_utf8_lossy(&line).into_owned();
            sink.lock().unwrap().push(text);
            line.clear();
        }
    })
}
