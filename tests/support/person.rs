//! People at pseudo-terminals.

use std::io::Write as _;
use std::num::NonZero;
use std::process::Command;

use nix::sys::signal::Signal;
use rexpect::reader::Options;
use rexpect::session::{PtySession, spawn_with_options};
use tempfile::TempDir;

use super::{Host, PATIENCE, Server};

/// The rows that have scrolled out of the screen and are kept. Chosen: all of a test.
const SCROLLBACK_ROWS: usize = 1000;

/// A person at a terminal.
pub struct Person {
    pub name: String,
    pty: PtySession,
    /// What was seen so far, as a terminal of 24 rows shows it.
    screen: vt100::Parser,
    /// Kept as long as the client may use it.
    state: Option<TempDir>,
}

impl Person {
    /// Somebody who starts the client, with a state directory of their own.
    pub fn connect(host: &Host, name: &str, server: &str, more: &[&str]) -> Self {
        let state = TempDir::new().expect("a directory");
        let mut command = host.udpchat();
        command
            .arg("connect")
            .arg(server)
            .arg("--state")
            .arg(state.path().join("state"))
            .args(more);
        Self {
            state: Some(state),
            ..Self::runs(command, name)
        }
    }

    /// Somebody who trusts the server, and is asked for the password of the account of their name.
    pub fn comes(name: &str, server: &Server, more: &[&str]) -> Self {
        let arguments = [&["--accept-new", "--user", name], more].concat();
        let address = server.address.to_string();
        Self::connect(&Host::default(), name, &address, &arguments)
    }

    /// The same once they have signed in.
    pub fn signed_in(name: &str, server: &Server, more: &[&str]) -> Self {
        let mut person = Self::comes(name, server, more);
        person.signs_in(name);
        person
    }

    /// Somebody who runs this command.
    pub fn runs(command: Command, name: &str) -> Self {
        let timeout = u64::try_from(PATIENCE.as_millis()).ok();
        let options = Options::new()
            .timeout_ms(timeout)
            .strip_ansi_escape_codes(false);
        let pty = spawn_with_options(command, options).expect("a pseudo-terminal");
        Self {
            name: name.to_owned(),
            pty,
            screen: vt100::Parser::new(
                vt100::Parser::DEFAULT_ROWS,
                vt100::Parser::DEFAULT_COLS,
                SCROLLBACK_ROWS,
            ),
            state: None,
        }
    }

    /// The same person, whose state directory is kept as long as they are there.
    pub fn keeping(mut self, state: TempDir) -> Self {
        self.state = Some(state);
        self
    }

    /// Waits until the screen has shown this text.
    #[track_caller]
    pub fn sees(&mut self, text: &str) -> String {
        match self.pty.exp_string(&as_read(text)) {
            Ok(before) => {
                self.draws(&before);
                self.screen.process(text.as_bytes());
                before
            }
            Err(error) => panic!("{} did not see {text:?}: {error}", self.name),
        }
    }

    /// Waits until the screen has shown something like this.
    #[track_caller]
    pub fn sees_like(&mut self, pattern: &str) -> String {
        match self.pty.exp_regex(&as_read(pattern)) {
            Ok((before, found)) => {
                self.draws(&before);
                self.draws(&found);
                found
            }
            Err(error) => panic!("{} did not see /{pattern}/: {error}", self.name),
        }
    }

    fn draws(&mut self, read: &str) {
        let bytes: Vec<u8> = read
            .chars()
            .filter_map(|byte| u8::try_from(byte).ok())
            .collect();
        self.screen.process(&bytes);
    }

    /// The rows that a terminal of the usual size would show after what was seen, with those that have scrolled out of it.
    pub fn rows(&mut self) -> Vec<String> {
        let screen = self.screen.screen_mut();
        screen.set_scrollback(usize::MAX);
        let mut rows = Vec::new();
        for above in (1..=screen.scrollback()).rev() {
            screen.set_scrollback(above);
            rows.extend(screen.rows(0, 80).next());
        }
        screen.set_scrollback(0);
        rows.extend(screen.rows(0, 80));
        rows
    }

    /// Waits until such a terminal shows this.
    #[track_caller]
    pub fn shows(&mut self, what: &str, is_shown: impl Fn(&[String]) -> bool) -> Vec<String> {
        loop {
            let rows = self.rows();
            if is_shown(&rows) {
                return rows;
            }
            match self.pty.exp_regex("(?s).") {
                Ok((_, next)) => self.draws(&next),
                Err(error) => panic!("{} does not see {what}: {error}\n{rows:#?}", self.name),
            }
        }
    }

    /// The size of the window changes.
    pub fn resizes(&mut self, rows: u16, columns: u16) {
        let terminal = self.pty.process().get_file_handle();
        let mut stty = Command::new("stty");
        stty.stdin(terminal.expect("the terminal is open"));
        stty.args(["rows", &rows.to_string(), "cols", &columns.to_string()]);
        assert!(stty.status().expect("stty runs").success());
        let size = (NonZero::new(rows), NonZero::new(columns));
        if let (Some(rows), Some(columns)) = size {
            self.screen.screen_mut().set_size(rows, columns);
        }
    }

    /// Row and column of the cursor on such a terminal, from 0.
    pub fn cursor(&self) -> (u16, u16) {
        self.screen.screen().cursor_position()
    }

    pub fn is_sent(&mut self, signal: Signal) {
        self.pty.process_mut().signal(signal).expect("it runs");
    }

    /// Types the password of everybody's account where it is asked for, and is at the prompt then.
    pub fn signs_in(&mut self, name: &str) {
        self.sees("password: ");
        self.types(super::PASSWORD);
        self.sees(&format!("{name}> "));
    }

    pub fn types(&mut self, line: &str) {
        self.pty.send_line(line).expect("the terminal takes it");
    }

    pub fn presses(&mut self, control: char) {
        self.pty
            .send_control(control)
            .expect("the terminal takes it");
    }

    pub fn types_without_enter(&mut self, text: &str) {
        self.pty.send(text).expect("the terminal takes it");
        self.pty.flush().expect("the terminal takes it");
    }

    /// The same for bytes that are no text.
    pub fn types_bytes(&mut self, bytes: &[u8]) {
        let terminal = self.pty.process().get_file_handle();
        let mut terminal = terminal.expect("the terminal is open");
        terminal.write_all(bytes).expect("the terminal takes it");
    }

    /// Waits for the end and gives the exit code.
    pub fn ends(mut self) -> i32 {
        self.pty
            .exp_eof()
            .unwrap_or_else(|error| panic!("{} does not end: {error}", self.name));
        // The crate gives the status in a type that it does not name.
        let status = format!("{:?}", self.pty.process().wait());
        let code = status
            .rsplit(", ")
            .next()
            .and_then(|tail| tail.trim_end_matches(')').parse().ok());
        code.filter(|_| status.contains("Exited"))
            .unwrap_or_else(|| panic!("{} ended otherwise: {status}", self.name))
    }

    /// Trusts the server's key and signs up.
    pub fn signs_up(&mut self) {
        self.sees("(not seen before). Trust it? [y/N]");
        self.types("y");
        self.sees("Greetings from the Chat Room!");
        self.types("login");
        self.sees("username: ");
        self.types(&self.name.clone());
        self.sees(&format!(
            "No account \"{}\" here. Sign up? [Y/n]",
            self.name
        ));
        self.types("y");
        self.sees_like("(?i)password");
        self.types("correct horse");
        self.sees_like("(?i)again|repeat|once more|confirm");
        self.types("correct horse");
        self.sees(&format!("{}> ", self.name));
    }
}

/// The crate takes each byte of the screen for a character; so must what is looked for.
fn as_read(text: &str) -> String {
    text.bytes().map(char::from).collect()
}
