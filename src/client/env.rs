//! What the client's state machine needs of the world around it: a console, a place for what it must not
//! forget, and the servers it knows.
//!
//! The command line gives it a terminal and files; the simulator gives it lists and memory.

mod options;

use std::io;
use std::net::SocketAddr;

pub use options::{AttentionOptions, LinkOptions, Notify, Options, ProgramOptions, Ring};
use redb::Database;

use super::bot::Request;
use super::line::Line;
use super::program::{Report, Say};
use super::tail::{Positions, Told};
use super::transfers::{CopiedFile, TransferId, Transfers};
use crate::protocol::ErrorCode;

/// What comes to the client from other threads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The server's name was resolved.
    Addresses(Vec<SocketAddr>),
    /// It was not.
    Unresolved {
        /// What the user is told.
        why: String,
        /// Whether there is no such name, so that another attempt would be in vain.
        is_final: bool,
    },
    /// A line was typed, or read from standard input: the answer to the last [`Ask`].
    Line(String),
    /// A program says something. Without a user it is said when somebody has signed in.
    Say(Box<Say>),
    /// A user's file was copied, or not: the answer to [`Transfers::copy`].
    Copied {
        /// Which.
        id: TransferId,
        /// What it is; else why it was not copied.
        file: Result<Box<CopiedFile>, String>,
    },
    /// A file was saved, or not: the answer to [`Transfers::save_part`].
    Saved {
        /// Which.
        id: TransferId,
        /// Its path; else why it was not saved.
        path: Result<String, String>,
    },
    /// A bot asks for something, or why its line asks for nothing: the answer to the last [`Ask`].
    Request(Box<Result<Request, String>>),
    /// The user begins to type a line, and so many of the lines that the console was given are on the screen.
    Begun {
        /// As [`Console::printed`].
        printed: u64,
    },
    /// The last question was given up with Ctrl-C.
    Cancelled,
    /// Something has to be shown that another part of the program says.
    Aside(Box<Line>),
    /// A line could not be read, for this reason.
    Skipped(String),
    /// There is no more input: Ctrl-D, or the end of standard input.
    EndOfInput,
    /// There is no more input, because it cannot be read: the text says why.
    Broken(String),
    /// Nobody reads any longer what is shown.
    OutputClosed,
    /// The process was told to stop (SIGINT, SIGTERM, a second Ctrl-C).
    Interrupt,
}

/// The next thing to ask at the console. Exactly one is open at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// A command; the text is the prompt, such as `erin> `. Edited with history and completion.
    Command(String),
    /// A line that is said in a conversation, or a command if it begins with a slash. Edited with history and completion.
    Inside {
        /// Such as `erin #bridge> `.
        prompt: String,
        /// The conversation's name.
        place: String,
    },
    /// A line without history, such as a user name or a yes or no; the text is the question.
    Line(String),
    /// A password: not echoed, not remembered.
    Secret(String),
}

/// What stands at the prompt beside the line, at this moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// Who the user is, and in which conversation, such as `erin #bridge`; empty while nobody is signed in.
    pub place: String,
    /// What is unread, and the link's state where that is not well, such as `(2, 1!) offline`.
    pub state: String,
}

/// How far something that the user said has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Progress {
    /// It is not known to be stored.
    Queued,
    /// The server has stored it.
    Stored,
    /// A device of somebody for whom it is has made it durable.
    Received,
    /// It will not be stored.
    Failed,
}

/// How a line is meant, from which the console chooses colour or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tone {
    /// Something that a user said.
    Said,
    /// A receipt: green.
    Receipt,
    /// What became of a message, or happened in a room: dim.
    Event,
    /// News of the session or of others: dim.
    Notice,
    /// The answer to a command.
    Plain,
    /// Something that went wrong: red.
    Error,
}

/// Why something that was asked for was not reached, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// It was not confirmed in time, and may still be reached.
    Unconfirmed,
    /// It was refused, or something went wrong.
    Failed,
    /// There is no such command, or it is not used like this.
    Usage,
    /// The server did not answer.
    Unreachable,
    /// There is no such user or room, or not for this user.
    NoRecipient,
}

impl Fault {
    /// What a refusal of the server means for whoever asked.
    pub(super) const fn of(code: ErrorCode) -> Self {
        match code {
            ErrorCode::NoSuchUser
            | ErrorCode::AccountDeleted
            | ErrorCode::NoSuchRoom
            | ErrorCode::NotAMember
            | ErrorCode::NotInvited
            | ErrorCode::NotPermitted
            | ErrorCode::RoomsClosed
            | ErrorCode::BadName
            | ErrorCode::ToOneself => Self::NoRecipient,
            ErrorCode::TextTooLong => Self::Usage,
            _ => Self::Failed,
        }
    }
}

/// The names that the tab key completes. They hold no control characters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// The users with whom messages were exchanged, the most recent first, and others who are online; while nobody is
    /// signed in, those who have signed in here before.
    pub users: Vec<String>,
    /// The rooms that the user belongs to.
    pub rooms: Vec<String>,
    /// The users whom the user blocks.
    pub blocked: Vec<String>,
    /// The users whom this device hides.
    pub ignored: Vec<String>,
}

/// Where the client shows and asks. Neither call may block.
pub trait Console: Send {
    /// Shows a line, above the prompt.
    fn show(&mut self, line: Line);

    /// How many lines it was given to show.
    fn given(&self) -> u64 {
        0
    }

    /// Up to which of these, counted from 1, all stand where the user can see them, or were left out with a word
    /// about it. A crash before that keeps the others from the user. A console that shows at once need not count.
    fn printed(&self) -> u64 {
        self.given()
    }

    /// How many bytes of what was given are not printed, of a console on which lines may be long.
    fn bytes_behind(&self) -> u64 {
        0
    }

    /// Asks the next question.
    fn ask(&mut self, ask: Ask);

    /// Shows a line in the place of an earlier one, by its number as [`Console::given`] counts, if that is still the last on
    /// the screen, and the other one as a further line if not.
    fn show_instead(&mut self, of: u64, instead: Line, line: Line) {
        let _ = (of, instead);
        self.show(line);
    }

    /// What the user said in answer to the question of this number, counted from 1, has come so far. That is shown where it
    /// stands while it is the last on the screen.
    fn mark(&mut self, own: u64, progress: Progress) {
        let _ = (own, progress);
    }

    /// What stands at the prompt from now on, also while a line is typed.
    fn set_status(&mut self, status: Status) {
        let _ = status;
    }

    /// Takes note of what has become of something that was said by [`Input::Say`].
    fn report(&mut self, report: Report) {
        let _ = report;
    }

    /// Gives a program that reads what was said: lines that end with a line break. They count for [`Console::given`].
    fn tell(&mut self, text: String) {
        let _ = text;
    }

    /// Makes a noise, or shows a notification, if it can.
    fn ring(&mut self, ring: &Ring) {
        let _ = ring;
    }

    /// The names that the tab key completes from now on.
    fn set_names(&mut self, names: Names) {
        let _ = names;
    }

    /// Whether a person sits there who can be asked: a terminal at both ends.
    fn is_interactive(&self) -> bool;

    /// Whether it holds back a line that looks like a command, so that the user can still edit it. Otherwise the terminal itself
    /// edits lines, and what was entered is gone from it.
    fn edits_lines(&self) -> bool {
        self.is_interactive()
    }
}

/// What is known of a server's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// It is the key that is on file.
    Known,
    /// No key is on file for this server.
    Unknown,
    /// Another key is on file: stop. Its fingerprint, and where to remove it (file and line).
    Changed {
        /// The fingerprint on file.
        known: String,
        /// The file, and the line in it.
        place: String,
    },
    /// A line of this server is on file, but its fingerprint is damaged: stop.
    Damaged {
        /// The file, and the line in it.
        place: String,
    },
}

/// The files of the client's state directory.
pub trait Files: Send {
    /// What is known of the key of the server that was named on the command line.
    ///
    /// # Errors
    /// If the file of known servers cannot be read.
    fn check_server(&mut self, key: &[u8; 32]) -> io::Result<Trust>;

    /// Puts the server's key on file.
    ///
    /// # Errors
    /// If the file cannot be written.
    fn trust_server(&mut self, key: &[u8; 32]) -> io::Result<()>;

    /// The canonical names of the accounts at this server that have a device here, as far as that can be told: one of
    /// them is offered where a name is asked for.
    fn accounts(&self, key: &[u8; 32]) -> Vec<String> {
        let _ = key;
        Vec::new()
    }

    /// Opens the database of a device at the server that was named on the command line, before there is a link to it: of
    /// this account, else of the one that was used last. Nothing if the server's key is not on file, or is not the one that
    /// must be there, or if no device has a database that no other process holds.
    ///
    /// # Errors
    /// If it cannot be opened, or is damaged.
    fn open_known(
        &mut self,
        fingerprint: Option<&str>,
        canonical_name: Option<&str>,
    ) -> anyhow::Result<Option<Database>> {
        let _ = (fingerprint, canonical_name);
        Ok(None)
    }

    /// Whether a device of this account at this server has a database, so that a mistyped name need not leave an
    /// empty one behind.
    fn has_device(&mut self, key: &[u8; 32], canonical_name: &str) -> bool {
        let _ = (key, canonical_name);
        true
    }

    /// Opens the database of a device of this account at this server: the first that no other process holds, made
    /// if there is none.
    ///
    /// # Errors
    /// If it cannot be opened or made, or is damaged.
    fn open_device(&mut self, key: &[u8; 32], canonical_name: &str) -> anyhow::Result<Database>;

    /// The account that has its devices here under this name has another one, by which they are found from now on, too.
    ///
    /// # Errors
    /// If that cannot be noted.
    fn rename_account(&mut self, key: &[u8; 32], old: &str, new: &str) -> io::Result<()> {
        let _ = (key, old, new);
        Ok(())
    }

    /// Leaves nothing of the lines that the user has typed to say these texts.
    ///
    /// # Errors
    /// If the file of typed lines cannot be read or written.
    fn forget_typed(&mut self, texts: &[String]) -> io::Result<()> {
        let _ = texts;
        Ok(())
    }

    /// Whether what is said is to be kept in logs.
    fn logs_chat(&self) -> bool {
        false
    }

    /// Opens the log of a conversation of an account here, to which each write adds a message.
    ///
    /// # Errors
    /// If it cannot be opened or made.
    fn open_log(&mut self, account: &str, conversation: &str) -> io::Result<Box<dyn io::Write>> {
        let _ = (account, conversation);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Up to where programs that read were told before; nothing if none was.
    ///
    /// # Errors
    /// If the file cannot be read, or is damaged, or belongs to a bot that runs.
    fn positions(&mut self, whose: Told) -> io::Result<Option<Positions>> {
        let _ = whose;
        Ok(None)
    }

    /// Records up to where they were.
    ///
    /// # Errors
    /// If the file cannot be written.
    fn put_positions(&mut self, whose: Told, positions: &Positions) -> io::Result<()> {
        let _ = (whose, positions);
        Ok(())
    }

    /// The files of the device whose database was opened last; none if this client neither sends nor saves any.
    fn transfers(&mut self) -> Option<&mut dyn Transfers> {
        None
    }

    /// Makes a file that the user has named, for them alone.
    ///
    /// # Errors
    /// If it cannot be made, or is there already.
    fn create(&mut self, path: &str) -> io::Result<Box<dyn io::Write>> {
        let _ = path;
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// How the client ended, from which the exit code follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// As the user wished: 0, without a terminal by the worst [`Fault`].
    Quit,
    /// Something failed: 1. The text says what.
    Failed(String),
    /// Nobody answered: 3.
    Unreachable(String),
    /// The sign-in or the server's key was refused: 4.
    Refused(String),
    /// By a signal or Ctrl-C: 130.
    Interrupted,
}
