//! Tells users who comes and goes, as far as a budget allows.
//!
//! Each alert goes to everybody who is online, so that N users who sign in at once, as after a restart, would cost N²
//! messages: with 10,000 of them, minutes in which nothing else is served.

use std::time::Instant;

use crate::protocol::{AccountId, Alert, Hop, ServerMessage, encode};
use crate::server::ctx::{CONTROL, Ctx};

/// Alerts that are sent in a second, one for each recipient. Chosen: 3 % of a core. Beyond it nobody is told who comes
/// or goes; the list of contacts tells the same. A server of a hundred users never gets there: all of them may sign in
/// within two seconds.
const SENDS_PER_SECOND: f64 = 5_000.0;

/// How many may be sent at once after a quiet time.
const SENDS_BURST: f64 = 10_000.0;

/// What is left to be spent.
#[derive(Debug)]
pub struct Alerts {
    sends: f64,
    at: Instant,
}

impl Alerts {
    /// Nothing has been spent.
    #[must_use]
    pub const fn new(now: Instant) -> Self {
        Self {
            sends: SENDS_BURST,
            at: now,
        }
    }

    /// Whether an alert may be sent to so many. Whatever is left is enough for one, however many are online, and what
    /// it costs beyond that must come in again before the next.
    fn take(&mut self, now: Instant, recipients: usize) -> bool {
        let elapsed = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = self.at.max(now);
        self.sends = (self.sends + elapsed * SENDS_PER_SECOND).min(SENDS_BURST);
        if self.sends <= 0.0 {
            return false;
        }
        #[allow(clippy::cast_precision_loss, reason = "sessions are far below 2^52")]
        let recipients = recipients as f64;
        self.sends -= recipients;
        true
    }

    /// Tells everybody else that somebody came or went, as far as the budget goes. A session without room for it goes
    /// without: the list of contacts tells the same.
    pub fn announce(&mut self, ctx: &mut Ctx<'_>, account: AccountId, name: &str, online: bool) {
        if !self.take(ctx.now.instant, ctx.presence.online_count()) {
            return;
        }
        let alert = Alert {
            name: name.to_owned(),
            online,
        };
        let bytes = encode(&ServerMessage::control(alert), Hop::default());
        for (id, session) in ctx.sessions.iter() {
            if session
                .user()
                .filter(|user| user.ready && user.account != account)
                .is_some_and(|user| !ctx.blocks.hides(user.account, account))
            {
                let now = ctx.now.instant;
                let _ = ctx.endpoint.send(now, id, CONTROL, &bytes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::instant;

    #[test]
    fn hundred_users_who_sign_in_at_once_are_all_told_of() {
        let now = instant();
        let mut budget = Alerts::new(now);
        assert!((0..100).all(|online| budget.take(now, online)));
    }

    #[test]
    fn storm_of_ten_thousand_costs_no_more_than_the_budget() {
        let mut now = instant();
        let mut budget = Alerts::new(now);
        let mut sent = 0;
        for online in 0..10_000 {
            now += Duration::from_millis(1);
            sent += if budget.take(now, online) { online } else { 0 };
        }
        assert!((10_000..80_000).contains(&sent), "{sent}");
        assert!(budget.take(now + Duration::from_secs(3), 10_000));
        assert!(!budget.take(now + Duration::from_secs(3), 1), "in debt");
    }
}
