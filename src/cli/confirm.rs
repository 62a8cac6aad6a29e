//! A question before what cannot be undone.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};

use anyhow::{Context as _, anyhow};

use super::exit::{Exit, Failure};
use super::output::one_line;
use crate::protocol::ROOM_SIGN;

/// The longest answer that is read. Chosen: no name is nearly as long.
const ANSWER_MAX_BYTES: u64 = 1024;

/// Asks at a terminal for the name of what is to be deleted, and goes on only if that is typed. A script is not asked.
pub fn by_name(what: &str, name: &str) -> Result<(), Failure> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(());
    }
    let question = format!(
        "{what} {} will be deleted for good. Type its name to go on: ",
        one_line(name)
    );
    let mut answer = String::new();
    let asked = io::stderr().write_all(question.as_bytes()).and_then(|()| {
        io::stdin()
            .lock()
            .take(ANSWER_MAX_BYTES)
            .read_line(&mut answer)
    });
    asked.context("the question could not be asked")?;
    let bare = |text: &str| text.trim().trim_start_matches(ROOM_SIGN).to_lowercase();
    if bare(&answer) == bare(name) {
        return Ok(());
    }
    let error = anyhow!("nothing is deleted: that is another name");
    Err(Failure::new(Exit::Failure, error))
}
