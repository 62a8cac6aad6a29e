//! Which lines tell of users who come online and go offline.
//!
//! An arrival is shown at once. Who leaves again within a minute leaves without a line, and whoever changes networks comes
//! back without one. More than a few lines in a minute become one at its end, so that a restart of the server or a shaky
//! link does not fill the screen.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// How long an arrival makes the next departure and return of the same user silent, and the span over which lines are
/// counted.
const SPAN: Duration = Duration::from_mins(1);

/// Lines in a [`SPAN`]; what happens beyond is gathered. Chosen: as many as are read without losing the thread.
const LINES_MAX: usize = 3;

/// How many users of whom it is known when they came, or who are gathered. At the limit further ones are shown at each
/// change, or not named.
const KNOWN_MAX: usize = 1_000;

/// Names that one line gives for each direction. Chosen: a line or two. The others are counted.
const NAMED_MAX: usize = 10;

/// What was shown lately, and what is gathered.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    /// When the last lines were shown, the oldest first.
    lines: VecDeque<Instant>,
    /// When each arrival of the last minute was shown.
    arrived: BTreeMap<String, Instant>,
    /// Who came (true) or went since, without a line yet.
    gathered: BTreeMap<String, bool>,
}

impl Arrivals {
    /// A user came online; the line to be shown now, if any.
    pub(crate) fn came(&mut self, now: Instant, name: &str) -> Option<String> {
        if self.is_fresh(now, name) {
            return None;
        }
        if self.arrived.len() < KNOWN_MAX {
            self.arrived.insert(name.to_owned(), now);
        }
        self.change(now, name, true)
    }

    /// A user went offline; the line to be shown now, if any.
    pub(crate) fn went(&mut self, now: Instant, name: &str) -> Option<String> {
        if self.gathered.get(name) == Some(&true) {
            // Of that arrival there was no line yet.
            self.arrived.remove(name);
        } else if self.is_fresh(now, name) {
            return None;
        }
        self.change(now, name, false)
    }

    /// Whether an arrival of this user was shown within the last minute.
    fn is_fresh(&mut self, now: Instant, name: &str) -> bool {
        self.arrived
            .retain(|_, at| now.saturating_duration_since(*at) < SPAN);
        self.arrived.contains_key(name)
    }

    fn change(&mut self, now: Instant, name: &str, is_online: bool) -> Option<String> {
        self.forget_old_lines(now);
        if self.lines.len() < LINES_MAX && self.gathered.is_empty() {
            self.lines.push_back(now);
            return Some(if is_online {
                format!("{name} is online!")
            } else {
                format!("{name} went offline")
            });
        }
        match self.gathered.get(name) {
            // Back where they were when the last line told of them.
            Some(gathered) if *gathered != is_online => drop(self.gathered.remove(name)),
            _ if self.gathered.len() < KNOWN_MAX => {
                self.gathered.insert(name.to_owned(), is_online);
            }
            _ => {}
        }
        None
    }

    fn forget_old_lines(&mut self, now: Instant) {
        while let Some(at) = self.lines.front()
            && now.saturating_duration_since(*at) >= SPAN
        {
            self.lines.pop_front();
        }
    }

    /// What was gathered, if there is room for a line again.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Option<String> {
        if self.deadline().is_none_or(|due| now < due) {
            return None;
        }
        self.forget_old_lines(now);
        self.lines.push_back(now);
        let gathered = std::mem::take(&mut self.gathered);
        let of = |wanted: bool| {
            let those = gathered
                .iter()
                .filter(move |(_, online)| **online == wanted);
            those.map(|(name, _)| name.as_str()).collect::<Vec<_>>()
        };
        let parts = [(of(true), "online"), (of(false), "offline")];
        let parts = parts.iter().filter(|(names, _)| !names.is_empty());
        let parts: Vec<String> = parts
            .map(|(names, how)| format!("{how}: {}", listed(names)))
            .collect();
        Some(parts.join("; "))
    }

    /// When what was gathered is due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let first = self.lines.front().filter(|_| !self.gathered.is_empty())?;
        Some(*first + SPAN)
    }
}

/// The first names, and how many more there are.
pub(crate) fn listed<S: AsRef<str>>(names: &[S]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMED_MAX).map(AsRef::as_ref).collect();
    let mut text = shown.join(", ");
    if names.len() > NAMED_MAX {
        // Writing to a String cannot fail.
        let _ = write!(text, " and {} more", names.len() - NAMED_MAX);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::testing::instant;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn arrival_is_shown_at_once_and_a_departure_within_a_minute_of_it_is_silent() {
        let now = instant();
        let mut arrivals = Arrivals::default();
        assert_eq!(arrivals.came(now, "bob").as_deref(), Some("bob is online!"));
        assert_eq!(arrivals.went(now + SECOND * 59, "bob"), None);
        assert_eq!(arrivals.came(now + SECOND * 59, "bob"), None);
        let line = arrivals.went(now + SECOND * 60, "bob");
        assert_eq!(line.as_deref(), Some("bob went offline"));
        assert_eq!(arrivals.deadline(), None);
    }

    #[test]
    fn more_than_three_lines_in_a_minute_become_one_at_its_end() {
        let now = instant();
        let mut arrivals = Arrivals::default();
        for name in ["bob", "carol", "dave"] {
            assert!(arrivals.came(now, name).is_some());
        }
        for number in 10..22 {
            assert_eq!(arrivals.came(now + SECOND, &format!("user{number}")), None);
        }
        assert_eq!(arrivals.went(now + SECOND, "erin"), None);
        assert_eq!(arrivals.deadline(), Some(now + SPAN));
        assert_eq!(arrivals.handle_timeout(now + SECOND), None);
        assert_eq!(
            arrivals.handle_timeout(now + SPAN).as_deref(),
            Some(
                "online: user10, user11, user12, user13, user14, user15, user16, user17, user18, user19 and 2 more; \
                 offline: erin"
            )
        );
        assert_eq!(arrivals.deadline(), None);
        // The line that was gathered counts as one.
        assert!(
            arrivals.went(now + SPAN, "user10").is_none(),
            "it has just come"
        );
        assert!(arrivals.went(now + SPAN * 2, "user10").is_some());
    }

    #[test]
    fn who_is_back_where_the_last_line_left_them_is_not_named() {
        let now = instant();
        let mut arrivals = Arrivals::default();
        for name in ["bob", "carol", "dave"] {
            arrivals.went(now, name);
        }
        arrivals.went(now, "erin");
        arrivals.came(now, "erin");
        arrivals.went(now, "frank");
        let line = arrivals.handle_timeout(now + SPAN);
        assert_eq!(line.as_deref(), Some("offline: frank"));
    }

    #[test]
    fn arrival_that_was_gathered_and_is_over_is_not_told() {
        let now = instant();
        let mut arrivals = Arrivals::default();
        for name in ["bob", "carol", "dave", "erin", "frank"] {
            arrivals.came(now, name);
        }
        arrivals.went(now, "erin");
        let line = arrivals.handle_timeout(now + SPAN);
        assert_eq!(line.as_deref(), Some("online: frank"));
    }

    #[test]
    fn server_that_names_users_without_end_fills_no_memory() {
        let now = instant();
        let mut arrivals = Arrivals::default();
        for number in 0..KNOWN_MAX + 10 {
            arrivals.came(now, &number.to_string());
            arrivals.went(now, &format!("w{number}"));
        }
        assert!(arrivals.arrived.len() <= KNOWN_MAX && arrivals.gathered.len() <= KNOWN_MAX);
    }
}
