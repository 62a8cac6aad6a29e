//! How often somebody may try to sign in, open an account, make a room or change one.
//!
//! Whatever costs the server something for all is shared: nobody is held up while there is enough of it, and then
//! whoever has used the most. A device with a ticket is not counted at all; only tickets that are refused are.

mod fair;
mod guesses;
mod known;
mod prefix;
mod queue;
mod waits;

#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::time::{Duration, Instant};

use self::fair::{Shared, Sharing};
use self::guesses::Guesses;
use self::prefix::Prefix;
use super::token_bucket::{Buckets, Rate};
use super::{Allowance, Limit, Limits, ThrottleLimits};
use crate::protocol::AccountId;
use crate::text::name_case::one_spelling;

/// Who uses little of what is shared, and for how long.
mod little {
    /// Password exchanges: a client's question for the name, and the password, mistyped once.
    pub const EXCHANGES: f64 = 4.0;
    /// One in ten seconds is forgotten: a thousand networks that try no faster than that leave the rate to others.
    pub const EXCHANGES_PER_SECOND: f64 = 0.1;
    /// Accounts: a family.
    pub const ACCOUNTS: f64 = 4.0;
    /// Rooms: a room, and another.
    pub const ROOMS: f64 = 2.0;
    /// Of accounts and rooms one in an hour is forgotten.
    pub const PER_HOUR: f64 = 1.0 / super::HOUR;
}

/// In seconds.
const HOUR: f64 = 3600.0;
const MINUTE: f64 = 60.0;

/// Of what has no limit there is so much: enough for ever, and numbers that can still be counted with.
const NO_LIMIT: u64 = 1 << 40;

/// What the operator allows.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Rates {
    exchanges: Sharing,
    accounts: Sharing,
    accounts_of_network: Rate,
    rooms: Sharing,
    rooms_of_account: Rate,
    room_changes: Rate,
}

impl Rates {
    fn of(limits: &ThrottleLimits) -> Self {
        let rate = |allowance: Allowance, seconds: f64| Rate {
            per_second: number(allowance.rate) / seconds,
            burst: number(allowance.burst),
        };
        let shared = |all: Rate, little: f64, forgotten_per_second: f64| Sharing {
            all,
            little,
            forgotten_per_second,
        };
        let exchanges = rate(limits.sign_ins, 1.0);
        let accounts = rate(limits.sign_ups, HOUR);
        let rooms = rate(limits.rooms, HOUR);
        Self {
            exchanges: shared(exchanges, little::EXCHANGES, little::EXCHANGES_PER_SECOND),
            accounts: shared(accounts, little::ACCOUNTS, little::PER_HOUR),
            accounts_of_network: rate(limits.address_sign_ups, HOUR),
            rooms: shared(rooms, little::ROOMS, little::PER_HOUR),
            rooms_of_account: rate(limits.account_rooms, HOUR),
            room_changes: rate(limits.room_changes, MINUTE),
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "of numbers so large nobody sees the last digits"
)]
fn number(limit: Limit) -> f64 {
    limit.get().unwrap_or(NO_LIMIT).min(NO_LIMIT) as f64
}

/// What was tried of late.
#[derive(Debug)]
pub struct Throttle {
    limited: bool,
    rates: Rates,
    guesses: Guesses,
    exchanges: Shared<Prefix>,
    accounts: Shared<Prefix>,
    accounts_of_network: Buckets<Prefix>,
    rooms: Shared<AccountId>,
    rooms_of_account: Buckets<AccountId>,
    room_changes: Buckets<AccountId>,
    refused: Refused,
}

/// What was refused since the start.
#[derive(Debug, Default, Clone, Copy)]
struct Refused {
    guesses: u64,
    tickets: u64,
    accounts: u64,
    rooms: u64,
    room_changes: u64,
}

impl Throttle {
    /// Nothing has been tried yet. Without `attempts` among the limits nothing is ever refused, for measurements.
    #[must_use]
    pub fn new(now: Instant, limits: &Limits) -> Self {
        let rates = Rates::of(&limits.throttle);
        Self {
            limited: limits.attempts,
            rates,
            guesses: Guesses::default(),
            exchanges: Shared::new(now, rates.exchanges),
            accounts: Shared::new(now, rates.accounts),
            accounts_of_network: Buckets::new(rates.accounts_of_network),
            rooms: Shared::new(now, rates.rooms),
            rooms_of_account: Buckets::new(rates.rooms_of_account),
            room_changes: Buckets::new(rates.room_changes),
            refused: Refused::default(),
        }
    }

    /// Goes on with other limits. If they differ, all but guesses at passwords begins from nothing.
    pub fn configure(&mut self, now: Instant, limits: &Limits) {
        self.limited = limits.attempts;
        if Rates::of(&limits.throttle) != self.rates {
            *self = Self {
                guesses: std::mem::take(&mut self.guesses),
                refused: self.refused,
                ..Self::new(now, limits)
            };
        }
    }

    /// Goes on as one of so many servers, with its part of the same limits. What was tried stays tried.
    pub fn share(&mut self, limits: &Limits, servers: u32) {
        self.guesses.share(servers);
        self.rates = Rates::of(&limits.throttle);
        self.exchanges.set_sharing(self.rates.exchanges);
        self.accounts.set_sharing(self.rates.accounts);
        self.accounts_of_network
            .set_rate(self.rates.accounts_of_network);
        self.rooms.set_sharing(self.rates.rooms);
        self.rooms_of_account.set_rate(self.rates.rooms_of_account);
        self.room_changes.set_rate(self.rates.room_changes);
    }

    /// Counts a guess at a name's password.
    ///
    /// # Errors
    /// The time to wait; the guess was not counted and must not be answered. Whoever comes before that is charged for
    /// it.
    pub fn guess(&mut self, now: Instant, name: &str, from: IpAddr) -> Result<(), Duration> {
        if !self.limited {
            return Ok(());
        }
        // In one spelling, or one name would have several times its guesses.
        let name = &*one_spelling(name);
        let networks = Prefix::levels(from);
        let is_known = self.guesses.is_known(name, from);
        let own = self.guesses.check_network(now, name, from);
        if own.is_ok()
            && let Err(wait) = self.exchanges.check(now, &networks, is_known)
        {
            self.refused.guesses += 1;
            return Err(wait);
        }
        match own.and_then(|()| self.guesses.make(now, name, from)) {
            Ok(()) => self.exchanges.take(now, &networks, is_known),
            Err(wait) => {
                self.refused.guesses += 1;
                self.exchanges.charge(now, &networks);
                Err(wait)
            }
        }
    }

    /// Counts the first half of a sign-up, which says nothing about anybody's password.
    ///
    /// # Errors
    /// The time to wait.
    pub fn begin_account(&mut self, now: Instant, from: IpAddr) -> Result<(), Duration> {
        if !self.limited {
            return Ok(());
        }
        let begun = self.exchanges.take(now, &Prefix::levels(from), false);
        self.refused.accounts += u64::from(begun.is_err());
        begun
    }

    /// A password was proved: what was tried under this name from there is forgiven.
    pub fn password_proved(&mut self, name: &str, from: IpAddr) {
        self.guesses.forgive(&one_spelling(name), from);
    }

    /// A user has signed in from there, by password or ticket.
    pub fn signed_in(&mut self, name: &str, from: IpAddr) {
        self.guesses.signed_in(&one_spelling(name), from);
    }

    /// A ticket was worthless. Tickets are looked at whatever their network is charged, so that nobody's good one is
    /// refused; but who brings worthless ones comes last when passwords are tried.
    pub fn ticket_refused(&mut self, now: Instant, from: IpAddr) {
        self.refused.tickets += 1;
        self.exchanges.charge(now, &Prefix::levels(from));
    }

    /// Counts an account that is to be opened.
    ///
    /// # Errors
    /// The time until another may be opened from this address.
    pub fn open_account(&mut self, now: Instant, from: IpAddr) -> Result<(), Duration> {
        if !self.limited {
            return Ok(());
        }
        let own = Prefix::of(from);
        let mut opened = self.accounts_of_network.check(now, &own);
        if opened.is_ok() {
            opened = self.accounts.take(now, &Prefix::levels(from), false);
        }
        if opened.is_ok() {
            self.accounts_of_network.charge(now, own);
        }
        self.refused.accounts += u64::from(opened.is_err());
        opened
    }

    /// Counts a room that an account may make.
    ///
    /// # Errors
    /// The time until it may make one.
    pub fn make_room(&mut self, now: Instant, account: AccountId) -> Result<(), Duration> {
        if !self.limited {
            return Ok(());
        }
        let mut counted = self.rooms_of_account.check(now, &account);
        if counted.is_ok() {
            counted = self.rooms.take(now, &[account], false);
        }
        if counted.is_ok() {
            self.rooms_of_account.charge(now, account);
        }
        counted
    }

    /// A room was not made, since its maker has made too many of late.
    pub fn room_refused(&mut self) {
        self.refused.rooms += 1;
    }

    /// A room that was counted is none: there was one of this name already, or it was refused.
    pub fn made_no_room(&mut self, now: Instant, account: AccountId) {
        self.rooms.give_back(now, &[account]);
        self.rooms_of_account.give_back(now, &account);
    }

    /// Counts a change of a room.
    ///
    /// # Errors
    /// The time until the account may make another.
    pub fn change_room(&mut self, now: Instant, account: AccountId) -> Result<(), Duration> {
        if !self.limited {
            return Ok(());
        }
        let counted = self.room_changes.take(now, account);
        self.refused.room_changes += u64::from(counted.is_err());
        counted
    }

    /// What was refused since the start, by the limit's name.
    #[must_use]
    pub const fn refused(&self) -> [(&'static str, u64); 5] {
        let Refused {
            guesses,
            tickets,
            accounts,
            rooms,
            room_changes,
        } = self.refused;
        [
            ("password_guesses", guesses),
            ("tickets", tickets),
            ("new_accounts", accounts),
            ("new_rooms", rooms),
            ("room_changes", room_changes),
        ]
    }
}
