//! What each step has found, as lines and as JSON.

use std::time::Duration;

use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use crate::cli::exit::Exit;
use crate::cli::output::one_line;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Ok,
    /// It works, and not as well as it could.
    Warning,
    /// Nothing after it can work.
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
            took_ms: (took.as_secs_f64() * 1e6).round() / 1000.0,
            found: one_line(&finding.found),
            advice: finding.advice.as_deref().map(one_line),
        });
        !is_failed
    }

    pub const fn exit(&self) -> Exit {
        self.ended
    }

    /// The last step, as it is shown at a terminal of so many columns; 0 for no terminal.
    pub fn last_line(&self, columns: usize) -> String {
        self.steps
            .last()
            .map(|step| line(step, columns))
            .unwrap_or_default()
    }
}

/// Columns of what stands before what was found, and before what to do.
const HEAD_COLUMNS: usize = 30;
const INDENT_COLUMNS: usize = 8;

/// The narrowest terminal whose rows are filled by words; a narrower one breaks them itself.
const COLUMNS_MIN: usize = 60;

/// A line, and one below it with what to do.
fn line(step: &Step, columns: usize) -> String {
    let took = match step.took_ms {
        _ if step.verdict == Verdict::Skipped => String::new(),
        ms if ms < 1000.0 => format!("{ms:.1} ms"),
        ms => format!("{:.1} s", ms / 1000.0),
    };
    let (word, name) = (step.verdict.word(), step.name);
    let head = format!("{word:<8}{name:<11}{took:>9}  ");
    let mut shown = filled(&head, HEAD_COLUMNS, &step.found, columns);
    if let Some(advice) = &step.advice {
        let head = " ".repeat(INDENT_COLUMNS);
        shown += &filled(&head, INDENT_COLUMNS, advice, columns);
    }
    shown
}

/// Words in rows of at most so many columns, indented but for the first.
fn filled(head: &str, head_columns: usize, text: &str, columns: usize) -> String {
    let mut rows = head.to_owned();
    // A fingerprint is a word that may not fit beside the head.
    let mut used = head_columns;
    for (index, word) in text.split(' ').enumerate() {
        let width = word.width() + usize::from(index > 0);
        if columns >= COLUMNS_MIN && used > INDENT_COLUMNS && used + width > columns {
            rows.push('\n');
            rows += &" ".repeat(INDENT_COLUMNS);
            used = INDENT_COLUMNS + word.width();
        } else {
            if index > 0 {
                rows.push(' ');
            }
            used += width;
        }
        rows += word;
    }
    rows.push('\n');
    rows
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
            report.last_line(0),
            "ok      name          1.2 ms  10.0.0.1\n"
        );
        let failed = Finding::failed(Exit::Refused, "it is\u{1b}[2J\nanother", "ask");
        assert!(!report.add("key", Duration::from_secs(2), failed));
        let shown = "FAILED  key            2.0 s  it is\\u{1b}[2J\\nanother\n        ask\n";
        assert_eq!(report.last_line(0), shown);
        assert_eq!(report.exit(), Exit::Refused);
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["exit"], 4);
        assert_eq!(json["steps"][1]["verdict"], "failed");
        assert_eq!(json["steps"][0]["advice"], serde_json::Value::Null);
        assert_eq!(json["steps"][0]["took_ms"], 1.234);
    }

    #[test]
    fn rows_of_a_terminal_are_filled_by_words() {
        let mut report = Report::new("h:7777".into());
        let words = "word ".repeat(20);
        report.add(
            "udp",
            Duration::ZERO,
            Finding::warning(words.trim_end(), words.trim_end()),
        );
        let shown = report.last_line(60);
        assert!(shown.lines().all(|row| row.len() <= 60), "{shown}");
        assert_eq!(shown.lines().count(), 5, "{shown}");
        assert_eq!(
            shown.split_whitespace().filter(|it| *it == "word").count(),
            40
        );
    }
}
