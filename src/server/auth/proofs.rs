//! Passwords that are being proved on sessions of signed-in users, each for the one change of the account that follows.
//!
//! A ticket is not enough to change an account: who finds an unlocked device, or copies its files, has one. The second half
//! of a proof stands in the very request that it is for, so that nothing is ever authorised that was not asked for yet.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::log;
use super::login_attempts::{Attempt, LoginAttempts};
use super::opaque::{PendingLogin, PendingRegistration};
use crate::protocol::DeviceId;
use crate::transport::SessionId;

/// How long the second half of a proof is waited for. Chosen: no question to the user lies between the halves, and a
/// path that takes longer is of no use.
const PROOF_WAIT: Duration = Duration::from_mins(1);

/// The first half of a proof, which was answered.
pub struct Proof {
    pub login: PendingLogin,
    /// Of the new password, where one is to be set.
    pub registration: Option<PendingRegistration>,
    /// Who began it: another device may sign in on the session meanwhile.
    pub device: DeviceId,
    pub until: Instant,
}

/// One proof for each session at most: a further one takes the place of the one before.
#[derive(Default)]
pub struct Proofs(BTreeMap<SessionId, ProofsOfSession>);

#[derive(Default)]
struct ProofsOfSession {
    begun: Option<Box<Proof>>,
    attempts: LoginAttempts,
}

impl Proofs {
    /// When a proof that begins now is given up.
    pub fn deadline_from(now: Instant) -> Instant {
        now + PROOF_WAIT
    }

    /// The first half was answered.
    pub fn begin(&mut self, id: SessionId, proof: Proof, attempt: Attempt) {
        let of_session = self.0.entry(id).or_default();
        if let Some(given_up) = of_session.attempts.give_up() {
            log::not_completed(&given_up);
        }
        of_session.attempts.begin(attempt);
        of_session.begun = Some(Box::new(proof));
    }

    /// The second half has come from this device: the first, if there is one that still waits for it. It is good once.
    pub fn take(&mut self, now: Instant, id: SessionId, device: DeviceId) -> Option<Proof> {
        let begun = self.0.get_mut(&id)?.begun.take()?;
        (begun.device == device && now < begun.until).then_some(*begun)
    }

    /// The password was proved, or not.
    pub fn finish(&mut self, id: SessionId, is_proved: bool) {
        let Some(of_session) = self.0.get_mut(&id) else {
            return;
        };
        let attempts = &mut of_session.attempts;
        let guess = if is_proved {
            attempts.prove()
        } else {
            attempts.fail()
        };
        if let Some(guess) = guess {
            log::not_completed(&guess);
        }
    }

    /// Nobody is signed in on the session any longer.
    pub fn forget(&mut self, id: SessionId) {
        if let Some(mut of_session) = self.0.remove(&id) {
            of_session
                .attempts
                .close()
                .for_each(|guess| log::not_completed(&guess));
        }
    }
}
