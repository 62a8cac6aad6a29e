//! The answer to `udpchat status`.

use std::fmt::Write as _;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cli::monitor::{self, Monitor, Problem};

/// How many sessions are listed one by one. The others are only counted: chosen for a list that a person still
/// reads and that is made in less than a millisecond.
const LISTED_MAX: usize = 1_000;

/// The server writes all forms, so that they always agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    pub json: Value,
    pub text: String,
    /// A line for each session.
    pub sessions: String,
    /// What a person looks for first, on one line.
    pub line: String,
    /// All that is wrong, the worst first.
    pub problems: Vec<Problem>,
}

impl Status {
    /// The server as it is now.
    pub fn of(monitor: &Monitor) -> anyhow::Result<Self> {
        let snapshot = monitor.snapshot(Duration::ZERO)?;
        let (listed, others) = monitor.sessions(LISTED_MAX)?;
        let mut json = monitor::json(&snapshot);
        json["listed"] = listed.iter().map(monitor::session_json).collect();
        let problems = monitor::problems(&snapshot);
        json["problems"] = json!(problems);
        let mut sessions = String::new();
        for session in &listed {
            sessions += &monitor::session_text(session);
            sessions.push('\n');
        }
        if others > 0 {
            // Writing to a string cannot fail.
            let _ = writeln!(sessions, "and {others} more");
        }
        Ok(Self {
            json,
            text: monitor::text(&snapshot),
            sessions,
            line: monitor::line(&snapshot),
            problems,
        })
    }
}
