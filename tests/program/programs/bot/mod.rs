//! `udpchat bot`: requests, answers and events, as their schema has them, and that what is not acknowledged is told again.

mod examples;
mod requests;
mod schema;
mod telling;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};

use serde_json::Value;

use crate::support::{PATIENCE, Server, Workspace};
use schema::Schema;

/// A bot that runs; what goes in and comes out is compared with the schema.
pub struct Bot {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<Value>,
    /// What was read while something else was waited for.
    unread: Vec<Value>,
    schema: Schema,
}

impl Bot {
    pub fn spawn(command: &mut Command) -> Self {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines() {
                let line = line.unwrap();
                assert!(!line.contains(char::is_control), "{line:?}");
                assert!(line.len() <= 1 << 20, "{} bytes", line.len());
                // Whoever has seen enough has gone.
                let _ = sender.send(serde_json::from_str(&line).unwrap());
            }
        });
        Self {
            input: child.stdin.take(),
            child,
            lines,
            unread: Vec::new(),
            schema: Schema::read(),
        }
    }

    /// Of a user with a state directory of this name.
    fn of(workspace: &Workspace, server: &Server, (state, user): (&str, &str)) -> Self {
        let address = server.address.to_string();
        let mut command = super::command("bot", workspace, (state, user), &[&address]);
        let mut bot = Self::spawn(&mut command);
        let ready = bot.event("ready", |_| true);
        assert_eq!(ready["user"], user);
        bot
    }

    /// That of dice at a server that bob has an account at, too.
    fn of_dice() -> (Workspace, Server, Self) {
        let workspace = Workspace::new(&["dice", "bob"]);
        let server = workspace.serve();
        let bot = Self::of(&workspace, &server, ("state-of-dice", "dice"));
        (workspace, server, bot)
    }

    /// Writes a line as it is.
    fn writes(&mut self, line: &[u8]) {
        let input = self.input.as_mut().unwrap();
        input
            .write_all(line)
            .and_then(|()| input.write_all(b"\n"))
            .unwrap();
    }

    /// The first line, read or to come, for which this holds.
    fn line(&mut self, wanted: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.unread.iter().position(&is_it) {
            return self.unread.remove(at);
        }
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let Ok(line) = line else {
                panic!("no {wanted}: {:#?}", self.unread);
            };
            self.schema.check_output(&line);
            if is_it(&line) {
                return line;
            }
            self.unread.push(line);
        }
    }

    fn event(&mut self, name: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        self.line(name, |line| line["event"] == name && is_it(line))
    }

    /// The event of an entry with this text.
    fn hears(&mut self, text: &str) -> Value {
        self.event("entry", |line| line["text"] == text)
    }

    /// Asks for something, and returns the answer.
    fn asks(&mut self, request: Value) -> Value {
        self.schema.check_request(&request);
        self.writes(request.to_string().as_bytes());
        let id = request["id"].clone();
        let answer = self.line("answer", |line| line.get("id") == Some(&id));
        self.schema.check_answer(&request, &answer);
        answer
    }

    /// The same of what is done.
    fn does(&mut self, request: Value) -> Value {
        let mut answer = self.asks(request);
        assert!(answer.get("error").is_none(), "{answer}");
        answer["ok"].take()
    }

    /// The same of what is refused: with this code, and words.
    fn fails(&mut self, request: Value, code: &str, why: &str) {
        let answer = self.asks(request);
        let error = &answer["error"];
        assert_eq!(error["code"], code, "{answer}");
        assert!(error["text"].as_str().unwrap().contains(why), "{answer}");
    }

    /// Closes its input. Returns its exit code.
    fn ends(&mut self) -> Option<i32> {
        self.input = None;
        self.child.wait().unwrap().code()
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        // One that has ended is nobody else's process: it is waited for here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
