//! How much each account may say, ask and upload: five token buckets that all its sessions share.
//!
//! What a message costs is known only once it has been taken, so a bucket may fall below empty; the next message is
//! taken when it has recovered. So no message is too large for a bucket, and nothing is refused: the hub does not read
//! the account's sessions for so long. A full bucket is kept nowhere, so that coming back makes none full.

use std::time::{Duration, Instant};

use super::token_bucket::{Bucket, Rate};
use super::{Allowance, Limit, Limits};
use crate::id_map::IdMap;
use crate::protocol::{AccountId, ClientBody, PIECE_MAX_BYTES};
use crate::transport::Channel;

/// Readers that a message is sent to for one token; for each so many more it takes another. Chosen: nobody feels it in
/// a room of people, and a message for a thousand readers, which keeps the network thread busy for milliseconds, is not
/// said twenty times a second.
const READERS_PER_MESSAGE: usize = 64;

/// Tokens that a message costs at most, however many read it. Chosen: the largest group is still spoken to more than once
/// a second, and four such messages are under way at once.
const READER_TOKENS_MAX: usize = 16;

/// What a request for a list costs, in requests: of rooms, of members, of who is online. Chosen: each walks a table and
/// sends thousands of rows.
const LIST_COST: f64 = 10.0;

/// What a session's beginning costs, in requests: the ticket that proved good, and the greeting. Chosen: the one is
/// written durably and the other looks at each conversation, and of a full bucket a hundred devices can come back at once.
const START_COST: f64 = 5.0;

/// What each half of a proof of a password costs, in requests. Chosen: it takes the time of as many. How often a password
/// may be guessed is the throttle's matter.
const PROOF_COST: f64 = 20.0;

/// What an acknowledgement costs, in requests, or the word that something was read: it asks the store for nothing, and there
/// is one for each delivery.
const RECEIVED_COST: f64 = 0.1;

/// What a short piece of a file costs, in requests; one of at least half the length costs only its bytes. Chosen: a chunk
/// that ends in one costs little, and who sends a byte at a time is slowed down.
const SHORT_PIECE_COST: f64 = 0.25;

/// What a request for a part of a file costs, in requests: it looks at one row. Chosen: a fast link asks for a mebibyte a hundred
/// times a second.
const DOWNLOAD_COST: f64 = 0.25;

/// The least time for which a session is not read. Chosen: what comes in between is taken with one wake-up.
const PAUSE_MIN: Duration = Duration::from_millis(20);

/// After so long at a limit, with no pause longer than this in which all was read, the user is told.
const TELL_AFTER: Duration = Duration::from_secs(2);

/// How many accounts' buckets are kept before those are forgotten that are full again.
const KEPT_MAX: usize = 4096;

/// Seconds in a day.
const DAY: f64 = 86_400.0;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Resource {
    Messages,
    Bytes,
    DayBytes,
    Requests,
    DayFiles,
}

const RESOURCES: usize = 5;

/// What a message costs, beside its bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    messages: f64,
    requests: f64,
    /// Bytes of a file: those of the message are not counted then.
    file_bytes: Option<f64>,
}

impl Cost {
    /// What cannot be read or may not be asked costs as much as a request.
    pub const REFUSED: Self = Self::request(1.0);

    /// A ticket that has proved good.
    pub const RESUMED: Self = Self::request(START_COST);

    /// What receipts cost beyond the request, where they have to be counted first: as much as a list in all.
    pub const COUNTED: Self = Self::request(LIST_COST - 1.0);

    const fn request(requests: f64) -> Self {
        Self {
            messages: 0.0,
            requests,
            file_bytes: None,
        }
    }

    /// What a message costs that goes to so many accounts.
    #[must_use]
    pub fn of(body: &ClientBody, readers: impl FnOnce() -> usize) -> Self {
        match body {
            ClientBody::Entry(_) => {
                let tokens = (1 + readers() / READERS_PER_MESSAGE).min(READER_TOKENS_MAX);
                Self {
                    messages: f64::from(u32::try_from(tokens).unwrap_or(u32::MAX)),
                    requests: 0.0,
                    file_bytes: None,
                }
            }
            // It uses a number up, and writes as a message does.
            ClientBody::Void(_) => Self {
                messages: 1.0,
                requests: 0.0,
                file_bytes: None,
            },
            ClientBody::UploadPiece(piece) => {
                let length = piece.bytes.len();
                let requests = if length >= PIECE_MAX_BYTES / 2 {
                    0.0
                } else {
                    SHORT_PIECE_COST
                };
                Self {
                    file_bytes: Some(float(length as u64)),
                    ..Self::request(requests)
                }
            }
            ClientBody::DownloadRequest(_) => Self::request(DOWNLOAD_COST),
            ClientBody::Received(_) | ClientBody::ReadUpTo(_) => Self::request(RECEIVED_COST),
            ClientBody::RoomsRequest(_)
            | ClientBody::MembersRequest(_)
            | ClientBody::RosterRequest(_)
            | ClientBody::WhoisRequest(_)
            | ClientBody::ContactsRequest(_) => Self::request(LIST_COST),
            ClientBody::Prove(_) | ClientBody::ChangeAccount(_) => Self::request(PROOF_COST),
            ClientBody::Hello(_) => Self::request(START_COST),
            _ => Self::request(1.0),
        }
    }

    /// How much of a session's turn it takes, and of an account's share of the store.
    #[must_use]
    pub fn weight(self) -> u32 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "made from whole numbers of at most 32 bits; beyond, it saturates"
        )]
        let messages = self.messages as u32;
        messages.max(1)
    }
}

/// An account has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// Until then.
    pub until: Instant,
    /// Its user is to be told: it lasts, or has lasted.
    pub is_long: bool,
}

/// The buckets of all accounts.
#[derive(Debug)]
pub struct Budgets {
    rates: [Option<Rate>; RESOURCES],
    accounts: IdMap<AccountId, Account>,
    /// With so many those that are full again are forgotten.
    sweep_at: usize,
    pauses: [u64; RESOURCES],
}

#[derive(Debug, Clone, Copy)]
struct Account {
    buckets: [Bucket; RESOURCES],
    /// Since when it has been at a limit, and when it was last.
    limited: Option<(Instant, Instant)>,
}

impl Budgets {
    /// All are full.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            rates: rates(limits),
            accounts: IdMap::default(),
            sweep_at: KEPT_MAX,
            pauses: [0; RESOURCES],
        }
    }

    /// Goes on with other limits. If they differ, all budgets are full again.
    pub fn set_rates(&mut self, limits: &Limits) {
        let rates = rates(limits);
        if rates != self.rates {
            self.rates = rates;
            self.accounts.clear();
        }
    }

    /// Goes on with another part of the same limits. What was used stays used.
    pub fn share(&mut self, limits: &Limits) {
        self.rates = rates(limits);
    }

    /// Whether a channel of the account is read now.
    ///
    /// # Errors
    /// For how long it is not.
    pub fn check(
        &mut self,
        now: Instant,
        account: AccountId,
        channel: Channel,
    ) -> Result<(), Pause> {
        let Some(account) = self.accounts.get_mut(&account) else {
            return Ok(());
        };
        let mut wait = Duration::ZERO;
        for &resource in gates(channel) {
            let index = resource as usize;
            let Some(rate) = self.rates[index] else {
                continue;
            };
            let level = rate.level(Some(&account.buckets[index]), now);
            // A part of a token is not enough for a message.
            if level < 1.0 {
                self.pauses[index] += 1;
                wait = wait.max(rate.time_to(level, 1.0));
            }
        }
        if wait.is_zero() {
            return Ok(());
        }
        let since = account
            .limited
            .filter(|(_, last)| now.saturating_duration_since(*last) <= TELL_AFTER)
            .map_or(now, |(since, _)| since);
        let until = now + wait.max(PAUSE_MIN);
        account.limited = Some((since, until));
        Err(Pause {
            until,
            is_long: until.saturating_duration_since(since) >= TELL_AFTER,
        })
    }

    /// How long another session of the account has to wait before it may begin.
    #[must_use]
    pub fn time_to_resume(&self, now: Instant, account: AccountId) -> Option<Duration> {
        let index = Resource::Requests as usize;
        let rate = self.rates[index]?;
        let level = rate.level(Some(&self.accounts.get(&account)?.buckets[index]), now);
        (level < 1.0).then(|| rate.time_to(level, 1.0))
    }

    /// How long an account has to wait before it may upload so many bytes beside those that are still to come.
    #[must_use]
    pub fn time_to_upload(
        &self,
        now: Instant,
        account: AccountId,
        (to_come, bytes): (u64, u64),
    ) -> Option<Duration> {
        let index = Resource::DayFiles as usize;
        let rate = self.rates[index]?;
        let bucket = self.accounts.get(&account).map(|it| &it.buckets[index]);
        let level = rate.level(bucket, now);
        // What is more than a day's is taken by itself, and made up for.
        let wanted = float(to_come) + float(bytes).min(rate.burst);
        (level < wanted).then(|| rate.time_to(level, wanted))
    }

    /// An account uploaded so many bytes before the server was started: at most what is allowed in a day.
    pub fn charge_earlier(&mut self, now: Instant, account: AccountId, bytes: u64) {
        let index = Resource::DayFiles as usize;
        let Some(rate) = self.rates[index] else {
            return;
        };
        let bucket = self.accounts.get(&account).map(|it| &it.buckets[index]);
        let left = rate.level(bucket, now).max(0.0);
        let cost = Cost {
            file_bytes: Some(float(bytes).min(left)),
            ..Cost::request(0.0)
        };
        self.charge(now, account, cost, 0);
    }

    #[cfg(test)]
    pub fn requests_left(&self, now: Instant, account: AccountId) -> f64 {
        let index = Resource::Requests as usize;
        let buckets = self.accounts.get(&account).map(|it| &it.buckets[index]);
        self.rates[index].map_or(f64::INFINITY, |rate| rate.level(buckets, now))
    }

    /// A message of the account was taken.
    pub fn charge(&mut self, now: Instant, account: AccountId, cost: Cost, bytes: usize) {
        if self.rates.iter().all(Option::is_none) {
            return;
        }
        let rates = self.rates;
        let account = self.accounts.entry(account).or_insert_with(|| Account {
            buckets: rates.map(|rate| Bucket::full(rate.map_or(0.0, |rate| rate.burst), now)),
            limited: None,
        });
        let (bytes, file_bytes) = match cost.file_bytes {
            Some(file_bytes) => (0.0, file_bytes),
            None => (float(bytes as u64), 0.0),
        };
        let costs = [cost.messages, bytes, bytes, cost.requests, file_bytes];
        for ((bucket, rate), cost) in account.buckets.iter_mut().zip(rates).zip(costs) {
            if let Some(rate) = rate {
                *bucket = rate.spend(bucket, now, cost);
            }
        }
        if self.accounts.len() > self.sweep_at {
            let is_full = |(bucket, rate): (&Bucket, Option<Rate>)| {
                rate.is_none_or(|rate| rate.level(Some(bucket), now) >= rate.burst)
            };
            let is_used = |account: &Account| !account.buckets.iter().zip(rates).all(is_full);
            self.accounts.retain(|_, account| is_used(account));
            // Not with each one more, where none could be forgotten.
            self.sweep_at = KEPT_MAX.max(2 * self.accounts.len());
        }
    }

    /// How often a session was not read because of each limit, since the start.
    #[must_use]
    pub const fn pauses(&self) -> [(&'static str, u64); RESOURCES - 1] {
        // An upload that is too much for a day is refused, and not slowed down.
        let [messages, bytes, day_bytes, requests, _] = self.pauses;
        [
            ("message_rate", messages),
            ("byte_rate", bytes),
            ("day_bytes", day_bytes),
            ("request_rate", requests),
        ]
    }
}

fn rates(limits: &Limits) -> [Option<Rate>; RESOURCES] {
    let per_second = |allowance: Allowance| {
        Some(Rate {
            per_second: float(allowance.rate.get()?),
            burst: float(allowance.burst.get()?),
        })
    };
    let a_day = |limit: Limit| {
        let burst = float(limit.get()?);
        Some(Rate {
            per_second: burst / DAY,
            burst,
        })
    };
    [
        per_second(limits.messages),
        per_second(limits.bytes),
        a_day(limits.day_bytes),
        per_second(limits.requests),
        a_day(limits.files.day_bytes),
    ]
}

/// What must be left for a channel to be read. Messages do not go on the control channel, so that whoever has said too
/// much can still sign out.
const fn gates(channel: Channel) -> &'static [Resource] {
    match channel {
        Channel::Control => &[Resource::Requests],
        Channel::Chat | Channel::Bulk => &[
            Resource::Messages,
            Resource::Bytes,
            Resource::DayBytes,
            Resource::Requests,
        ],
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "of numbers so large nobody sees the last digits"
)]
const fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests;
