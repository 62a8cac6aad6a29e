//! Users whose client is a program: what they asked for and what they were told is known exactly.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Host, PATIENCE, Script, Workspace};

const PAUSE: Duration = Duration::from_millis(10);

/// A user and the client that runs for them, which may be another one later.
pub struct Bot {
    pub name: String,
    host: Host,
    state: PathBuf,
    password: PathBuf,
    script: Option<Script>,
    /// How many requests were made.
    asked: u64,
    /// What was answered, by the request.
    pub answers: BTreeMap<u64, Value>,
    pub events: Vec<Value>,
    is_ready: bool,
}

impl Bot {
    /// A user of this workspace on this host, who has yet to start a client.
    pub fn new(workspace: &Workspace, host: &Host, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            host: host.clone(),
            state: workspace.path(&format!("state-of-{name}")),
            password: workspace.password_file(name),
            script: None,
            asked: 0,
            answers: BTreeMap::new(),
            events: Vec::new(),
            is_ready: false,
        }
    }

    /// One that is signed in.
    pub fn signed_in(workspace: &Workspace, server: &str, name: &str) -> Self {
        let mut bot = Self::new(workspace, &Host::default(), name);
        bot.start(server);
        bot.is_ready_within(PATIENCE);
        bot
    }

    /// Starts a client at this server, in place of the one that runs, which is killed. Requests that were not answered may have been
    /// carried out.
    pub fn start(&mut self, server: &str) {
        self.kill();
        let mut command = self.host.udpchat();
        command.args(["bot", server, "--accept-new", "--user", &self.name]);
        command.arg("--password-file").arg(&self.password);
        command.arg("--state").arg(&self.state);
        self.is_ready = false;
        self.script = Some(Script::spawn(&mut command));
    }

    pub fn kill(&mut self) {
        if let Some(mut script) = self.script.take() {
            script.kill();
            script.ends();
            self.take(&mut script);
        }
    }

    /// Asks for something. A client that has ended takes nothing.
    pub fn asks(&mut self, mut request: Value) -> u64 {
        self.asked += 1;
        request["id"] = self.asked.into();
        if let Some(script) = &mut self.script {
            // It may have just ended.
            let _ = script.try_to_type(&format!("{request}\n"));
        }
        self.asked
    }

    pub fn says(&mut self, to: &str, text: &str) -> u64 {
        self.asks(json!({ "do": "send", "to": to, "text": text }))
    }

    /// Takes what its client has printed since the last time, and acknowledges it.
    pub fn listens(&mut self) {
        let Some(mut script) = self.script.take() else {
            return;
        };
        let told = self.take(&mut script);
        self.script = Some(script);
        for (conversation, entry) in told {
            self.asks(json!({ "do": "ack", "conversation": conversation, "entry": entry }));
        }
    }

    /// The last entry of each conversation that it was told of.
    fn take(&mut self, script: &mut Script) -> BTreeMap<String, u64> {
        let [output, _] = script.take_printed();
        let mut told = BTreeMap::new();
        for line in output {
            let line: Value = serde_json::from_str(&line).expect("each line is JSON");
            self.is_ready |= line["event"] == "ready";
            if let Some(id) = line["id"].as_u64() {
                let before = self.answers.insert(id, line);
                assert_eq!(before, None, "{} was answered twice", self.name);
                continue;
            }
            if let (Some(conversation), Some(entry)) =
                (line["conversation"].as_str(), line["entry"].as_u64())
                && line["event"] == "entry"
            {
                told.insert(conversation.to_owned(), entry);
            }
            self.events.push(line);
        }
        told
    }

    /// Whether its client runs and is signed in.
    pub fn is_ready(&mut self) -> bool {
        self.listens();
        self.is_ready && !self.has_ended()
    }

    pub fn is_ready_within(&mut self, patience: Duration) {
        let start = Instant::now();
        while !self.is_ready() {
            assert!(
                start.elapsed() < patience && !self.has_ended(),
                "{} does not sign in: {}",
                self.name,
                self.errors()
            );
            thread::sleep(PAUSE);
        }
    }

    /// Whether its client has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        let status = self.script.as_mut().map(|script| script.child.try_wait());
        status.is_some_and(|status| status.expect("it is ours").is_some())
    }

    pub fn errors(&self) -> String {
        self.script.as_ref().map(Script::errors).unwrap_or_default()
    }

    /// What came of a request.
    pub fn answer(&mut self, request: u64) -> Value {
        self.answer_within(PATIENCE, request)
    }

    pub fn answer_within(&mut self, patience: Duration, request: u64) -> Value {
        let start = Instant::now();
        loop {
            self.listens();
            if let Some(answer) = self.answers.get(&request) {
                assert!(answer["error"].is_null(), "{}: {answer}", self.name);
                return answer["ok"].clone();
            }
            assert!(
                start.elapsed() < patience,
                "{}: {request} is not answered: {}",
                self.name,
                self.errors()
            );
            thread::sleep(PAUSE);
        }
    }

    /// What it was told that others have said, by conversation and entry. What it was told again must be the same.
    pub fn heard(&self) -> BTreeMap<String, BTreeMap<u64, String>> {
        let mut heard = BTreeMap::<String, BTreeMap<u64, String>>::new();
        let is_text = |event: &&Value| event["event"] == "entry" && event["kind"] == "text";
        for event in self.events.iter().filter(is_text) {
            let entry = event["entry"].as_u64().expect("it has a number");
            let text = event["text"].as_str().expect("it has a text");
            let conversation = event["conversation"].as_str().expect("it is said where");
            let before = heard
                .entry(conversation.to_owned())
                .or_default()
                .insert(entry, text.to_owned());
            assert!(
                before.is_none_or(|before| before == text),
                "{}: {event} was another one",
                self.name
            );
        }
        heard
    }
}
