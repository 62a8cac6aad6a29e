//! What each step has found, as lines and as JSON.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use crate::cli::exit::Exit;
use crate::cli::output::one_line;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Ok,
    /// It works, and not as well as it could.
    Warning,
    /// Nothing behind it can work.
    Failed,
    Skipped,
}

impl Verdict {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "FAILED",
            Self::Skipped => "skipped",
        }
    }
}

/// What a step has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub verdict: Verdict,
    pub found: String,
    /// What to do.
    pub advice: Option<String>,
    /// What the program ends with, if the step failed.
    pub exit: Exit,
}

impl Finding {
    fn new(verdict: Verdict, found: impl Into<String>) -> Self {
        Self {
            verdict,
            found: found.into(),
            advice: None,
            exit: Exit::Success,
        }
    }

    pub fn ok(found: impl Into<String>) -> Self {
        Self::new(Verdict::Ok, found)
    }

    pub fn warning(found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            advice: Some(advice.into()),
            ..Self::new(Verdict::Warning, found)
        }
    }

    pub fn skipped(why: impl Into<String>) -> Self {
        Self::new(Verdict::Skipped, why)
    }

    pub fn failed(exit: Exit, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            advice: Some(advice.into()),
            exit,
            ..Self::new(Verdict::Failed, found)
        }
    }
}

#[derive(Debug, Serialize)]
pub struct Step {
    #[serde(rename = "step")]
    name: &'static str,
    verdict: Verdict,
    took_ms: f64,
    found: String,
    advice: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct Report {
    server: String,
    steps: Vec<Step>,
    /// The exit code.
    exit: u8,
    #[serde(skip)]
    ended: Exit,
}

impl Report {
    pub const fn new(server: String) -> Self {
        Self {
            server,
            steps: Vec::new(),
            exit: 0,
            ended: Exit::Success,
        }
    }

    /// Adds a step, and returns whether the next one makes sense.
    pub fn add(&mut self, name: &'static str, took: Duration, finding: Finding) -> bool {
        let is_failed = finding.verdict == Verdict::Failed;
        if is_failed {
            self.ended = finding.exit;
            self.exit = finding.exit.code();
        }
        self.steps.push(Step {
            name,
            verdict: finding.verdict,
            took_ms: took.as_secs_f64() * 1000.0,
            found: one_line(&finding.found),
            advice: finding.advice.as_deref().map(one_line),
        });
        !is_failed
    }

    pub const fn exit(&self) -> Exit {
        self.ended
    }

    /// The last step, as it is shown.
    pub fn last_line(&self) -> String {
        self.steps.last().map(line).unwrap_or_default()
    }
}

/// A line, and one below it with what to do.
fn line(step: &Step) -> String {
    let took = match step.took_ms {
        _ if step.verdict == Verdict::Skipped => String::new(),
        ms if ms < 1000.0 => format!("{ms:.1} ms"),
        ms => format!("{:.1} s", ms / 1000.0),
    };
    let (word, name) = (step.verdict.word(), step.name);
    let mut line = format!("{word:<8}{name:<11}{took:>9}  {}\n", step.found);
    if let Some(advice) = &step.advice {
        // Writing to a string cannot fail.
        let _ = writeln!(line, "{:30}{advice}", "");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn step_is_one_line_with_its_time_and_what_to_do_below() {
        let mut report = Report::new("h:7777".into());
        let took = Duration::from_micros(1234);
        assert!(report.add("name", took, Finding::ok("10.0.0.1")));
        assert_eq!(
            report.last_line(),
            "ok      name          1.2 ms  10.0.0.1\n"
        );
        let failed = Finding::failed(Exit::Refused, "it is\u{1b}[2J\nanother", "ask");
        assert!(!report.add("key", Duration::from_secs(2), failed));
        let shown = "FAILED  key            2.0 s  it is\\u{1b}[2J\\nanother\n                              ask\n";
        assert_eq!(report.last_line(), shown);
        assert_eq!(report.exit(), Exit::Refused);
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["exit"], 4);
        assert_eq!(json["steps"][1]["verdict"], "failed");
        assert_eq!(json["steps"][0]["advice"], serde_json::Value::Null);
    }
}
