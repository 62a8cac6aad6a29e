//! Whether the server answers. All clients share one path to it, so that one that hears something speaks for all.

use std::time::{Duration, Instant};

/// The longest wait for the first answer. Chosen: several tries of a handshake, over any path on which a measurement makes
/// sense.
pub const FIRST_ANSWER_WAIT: Duration = Duration::from_secs(5);

/// The longest wait for a further one. Chosen: after it a session counts its server as away, too.
const ANSWER_WAIT: Duration = Duration::from_secs(10);

/// The same while nothing but handshakes is waited for: on a path that loses packets in bursts the last of a crowd needs more
/// than ten seconds. Chosen: shorter than a handshake is tried, which would begin another wait.
const HANDSHAKE_WAIT: Duration = Duration::from_secs(20);

#[derive(Debug, Default)]
pub struct Answers {
    /// When the server was heard last, or asked after it.
    since: Option<Instant>,
    is_reached: bool,
    are_handshakes: bool,
    /// A session has had no answer to its packets for as long as the transport waits.
    is_silent: bool,
}

impl Answers {
    /// A client begins to wait.
    pub const fn on_asked(&mut self, now: Instant) {
        self.since = Some(now);
        self.are_handshakes = false;
    }

    /// Waits longer, because only handshakes are unanswered; `false`: that long was waited already.
    pub const fn wait_for_handshakes(&mut self) -> bool {
        let is_longer = self.is_reached && !self.are_handshakes;
        self.are_handshakes = true;
        is_longer
    }

    pub fn on_heard(&mut self, now: Instant) {
        self.on_asked(now);
        self.is_reached = true;
        self.is_silent = false;
    }

    pub fn on_silent(&mut self) {
        self.is_silent = true;
    }

    /// When a session that is silent shows that the server is gone, unless another one hears it until then.
    pub fn silence_due(&self) -> Option<Instant> {
        let since = self.since.filter(|_| self.is_silent)?;
        Some(since + FIRST_ANSWER_WAIT)
    }

    pub fn is_gone(&self, now: Instant) -> bool {
        self.silence_due().is_some_and(|due| due <= now)
    }

    pub const fn is_reached(&self) -> bool {
        self.is_reached
    }

    /// When a client that waits has waited for too long.
    pub fn due(&self) -> Option<Instant> {
        let wait = match (self.is_reached, self.are_handshakes) {
            (false, _) => FIRST_ANSWER_WAIT,
            (true, false) => ANSWER_WAIT,
            (true, true) => HANDSHAKE_WAIT,
        };
        Some(self.since? + wait)
    }

    pub fn is_missing(&self, now: Instant) -> bool {
        self.due().is_some_and(|due| due <= now)
    }

    pub fn is_silent_for(&self, now: Instant, wait: Duration) -> bool {
        let is_over = |since| now.saturating_duration_since(since) >= wait;
        self.since.is_none_or(is_over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instant;

    #[test]
    fn first_answer_is_waited_for_a_few_seconds_and_each_later_one_again() {
        let start = instant();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut answers = Answers::default();
        assert!(!answers.is_missing(after(100)), "nobody has asked");
        answers.on_asked(start);
        assert!(!answers.is_missing(after(4)) && answers.is_missing(after(5)));
        answers.on_heard(after(4));
        assert!(!answers.is_missing(after(13)) && answers.is_missing(after(14)));
        let wait = Duration::from_secs(3);
        assert!(answers.is_silent_for(after(7), wait) && !answers.is_silent_for(after(6), wait));
        answers.on_silent();
        assert!(!answers.is_gone(after(8)) && answers.is_gone(after(9)));
        answers.on_heard(after(5));
        assert!(!answers.is_gone(after(100)), "another session has heard it");
        answers.on_asked(after(20));
        assert!(!answers.is_missing(after(29)), "who asks has its own wait");
        assert!(answers.wait_for_handshakes() && !answers.wait_for_handshakes());
        assert!(!answers.is_missing(after(39)) && answers.is_missing(after(40)));
        answers.on_heard(after(40));
        assert!(answers.is_missing(after(50)));
    }
}
