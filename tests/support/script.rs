//! Clients at pipes.

use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::{Host, PATIENCE, wait};

/// A client at pipes. What it prints counts line by line: one that was cut by a kill was not printed.
pub struct Script {
    pub child: Child,
    input: Option<ChildStdin>,
    output: Lines,
    errors: Lines,
    readers: Vec<JoinHandle<()>>,
}

type Lines = Arc<Mutex<Vec<String>>>;

impl Script {
    pub fn connect(host: &Host, name: &str, server: &str, state: &Path, more: &[&str]) -> Self {
        let mut command = host.udpchat();
        command
            .args(["connect", server, "--accept-new", "--user", name])
            .arg("--state")
            .arg(state);
        Self::spawn(command.args(more))
    }

    pub fn spawn(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let (output, errors) = (Lines::default(), Lines::default());
        let readers = vec![
            read(child.stdout.take().expect("it is piped"), &output),
            read(child.stderr.take().expect("it is piped"), &errors),
        ];
        Self {
            input: child.stdin.take(),
            child,
            output,
            errors,
            readers,
        }
    }

    pub fn types(&mut self, line: &str) {
        self.types_without_enter(&format!("{line}\n"));
    }

    pub fn types_without_enter(&mut self, text: &str) {
        self.try_to_type(text).expect("the client reads");
    }

    /// The same, where the client may have ended.
    ///
    /// # Errors
    /// If it has.
    pub fn try_to_type(&mut self, text: &str) -> io::Result<()> {
        let input = self.input.as_mut().expect("it is open");
        input.write_all(text.as_bytes())?;
        input.flush()
    }

    /// There is no more input.
    pub fn closes_input(&mut self) {
        self.input = None;
    }

    /// Sends SIGKILL and does not wait.
    pub fn kill(&mut self) {
        self.child.kill().expect("it is not reaped yet");
    }

    /// Waits for the end, and for all that was printed before it; the exit code, if it was no signal.
    pub fn ends(&mut self) -> Option<i32> {
        let status = wait(&mut self.child);
        for reader in self.readers.drain(..) {
            reader.join().expect("readers do not panic");
        }
        status.code()
    }

    pub fn lines(&self) -> Vec<String> {
        self.output.lock().unwrap().clone()
    }

    pub fn errors(&self) -> String {
        self.errors.lock().unwrap().join("\n")
    }

    /// What was printed since the last call, to standard output and to standard error.
    pub fn take_printed(&mut self) -> [Vec<String>; 2] {
        [&self.output, &self.errors].map(|lines| std::mem::take(&mut *lines.lock().unwrap()))
    }

    /// Waits until so many lines of both outputs hold this text.
    #[track_caller]
    pub fn sees(&self, count: usize, text: &str) {
        self.sees_within(PATIENCE, count, text);
    }

    #[track_caller]
    pub fn sees_within(&self, patience: Duration, count: usize, text: &str) {
        let start = Instant::now();
        let is_it = |line: &&String| line.contains(text);
        let seen = |lines: &Lines| lines.lock().unwrap().iter().filter(is_it).count();
        while seen(&self.output) + seen(&self.errors) < count {
            assert!(
                start.elapsed() < patience,
                "{text:?} was not seen {count} times; output:\n{}\nerrors:\n{}",
                self.lines().join("\n"),
                self.errors()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Takes whole lines as they come.
fn read(pipe: impl Read + Send + 'static, sink: &Lines) -> JoinHandle<()> {
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
