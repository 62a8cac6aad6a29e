//! A user with a client at pipes, who outlives it: state directory and password stay, the process is killed and
//! started again.

use std::collections::VecDeque;
use std::path::PathBuf;

use crate::support::{Host, Script, Workspace};

/// A user, and the client that they run.
pub struct Client {
    pub name: String,
    pub state: PathBuf,
    /// Where files are saved.
    pub downloads: PathBuf,
    /// Whether they save themselves.
    saves: bool,
    password: PathBuf,
    server: String,
    process: Option<Script>,
    /// The last lines of both outputs, in the order in which they were asked for.
    recent: VecDeque<String>,
    /// How often the client was started.
    pub lives: usize,
}

/// How many lines of a client are repeated if it ends by itself.
const RECENT_MAX: usize = 20;

/// What a client has printed since it was asked last.
#[derive(Default)]
pub struct Printed {
    pub output: Vec<String>,
    pub errors: Vec<String>,
}

impl Client {
    pub fn new(workspace: &Workspace, name: &str, server: &str, saves: bool) -> Self {
        Self {
            name: name.to_owned(),
            state: workspace.path(&format!("state-of-{name}")),
            downloads: workspace.path(&format!("downloads-of-{name}")),
            saves,
            password: workspace.password_file(name),
            server: server.to_owned(),
            process: None,
            recent: VecDeque::new(),
            lives: 0,
        }
    }

    pub const fn is_up(&self) -> bool {
        self.process.is_some()
    }

    /// Starts the client.
    pub fn start(&mut self) {
        assert!(!self.is_up(), "{} has a client already", self.name);
        let password = self.password.display().to_string();
        let downloads = self.downloads.display().to_string();
        let mut more = vec!["--password-file", &password, "--download-dir", &downloads];
        if self.saves {
            more.extend(["--save-files-below", "1M"]);
        }
        let here = Host::default();
        let script = Script::connect(&here, &self.name, &self.server, &self.state, &more);
        self.process = Some(script);
        self.recent.clear();
        self.lives += 1;
    }

    /// Types a line; whether it is read before a kill is another matter.
    pub fn types(&mut self, line: &str) {
        if let Some(process) = &mut self.process {
            // The client may have just ended, which is noticed elsewhere.
            let _ = process.try_to_type(&format!("{line}\n"));
        }
    }

    /// There is no more input.
    pub fn closes_input(&mut self) {
        if let Some(process) = &mut self.process {
            process.closes_input();
        }
    }

    /// Sends SIGKILL and does not wait.
    pub fn kill(&mut self) {
        self.process.as_mut().expect("it is up").kill();
    }

    /// The exit code, if the client has ended by itself; -1 stands for a signal.
    pub fn ended(&mut self) -> Option<i32> {
        let status = self.process.as_mut()?.child.try_wait();
        let status = status.expect("it is ours")?;
        Some(status.code().unwrap_or(-1))
    }

    /// The last lines that the client has printed.
    pub fn recent(&self) -> String {
        let recent = self.recent.iter();
        recent.map(|line| ["\n  ", line].concat()).collect()
    }

    /// Waits for the end of a client that was killed or has ended, and gives what it printed last.
    pub fn reap(&mut self) -> Printed {
        self.process.as_mut().expect("it was up").ends();
        let printed = self.printed();
        self.process = None;
        printed
    }

    /// What the client has printed since the last time.
    pub fn printed(&mut self) -> Printed {
        let Some(process) = &mut self.process else {
            return Printed::default();
        };
        let [output, errors] = process.take_printed();
        for line in output.iter().chain(&errors) {
            if self.recent.len() == RECENT_MAX {
                self.recent.pop_front();
            }
            self.recent.push_back(line.clone());
        }
        Printed { output, errors }
    }
}
