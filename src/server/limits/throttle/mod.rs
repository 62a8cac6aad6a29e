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
use crate::protocol::AccountId;
use crate::text::name_case::one_spelling;

/// Password exchanges of all peers together.
const EXCHANGES: Sharing = Sharing {
    all: Rate {
        // 0.3 ms of CPU each, so 3 % of a core.
        per_second: 100.0,
        // Everybody whose ticket has expired, after a long stop.
        burst: 1000.0,
    },
    // A client's question for the name, and the password, mistyped once.
    little: 4.0,
    // One in ten seconds: a thousand networks that try no faster than that leave the rate to others.
    forgotten_per_second: 0.1,
};

/// Accounts that are opened by all peers together. Names are taken for good.
const ACCOUNTS: Sharing = Sharing {
    all: Rate {
        // Six a minute: more than any community grows, and 8,640 a day at most.
        per_second: 0.1,
        // The day on which a server is announced.
        burst: 500.0,
    },
    // A family.
    little: 4.0,
    // One in an hour.
    forgotten_per_second: 1.0 / 3600.0,
};

/// Accounts that are opened from one network (IPv4 address, IPv6 /64): a class or an office at once, then two a minute.
const ACCOUNTS_OF_NETWORK: Rate = Rate {
    per_second: 1.0 / 30.0,
    burst: 200.0,
};

/// Rooms that are made by all accounts together. Rooms stay for good, and stand in everybody's list.
const ROOMS: Sharing = Sharing {
    all: Rate {
        // One a minute.
        per_second: 1.0 / 60.0,
        burst: 200.0,
    },
    // A room, and another.
    little: 2.0,
    // One in an hour.
    forgotten_per_second: 1.0 / 3600.0,
};

/// Rooms that one account makes: a few at once, then one in ten minutes.
const ROOMS_OF_ACCOUNT: Rate = Rate {
    per_second: 1.0 / 600.0,
    burst: 10.0,
};

/// What one account does that others are told of in an entry of a log, beside what it says: joining (of which each
/// leaving needs one before) and changing rooms, and inviting. Chosen: nobody clicks faster for long, and a program
/// that joins and leaves without end writes one entry a second.
const ROOM_CHANGES: Rate = Rate {
    per_second: 0.5,
    burst: 30.0,
};

/// What was tried of late.
#[derive(Debug)]
pub struct Throttle {
    limited: bool,
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
}

impl Throttle {
    /// Nothing has been tried yet. Without `limited` nothing is ever refused, for measurements.
    #[must_use]
    pub fn new(now: Instant, limited: bool) -> Self {
        Self {
            limited,
            guesses: Guesses::default(),
            exchanges: Shared::new(now, EXCHANGES),
            accounts: Shared::new(now, ACCOUNTS),
            accounts_of_network: Buckets::new(ACCOUNTS_OF_NETWORK),
            rooms: Shared::new(now, ROOMS),
            rooms_of_account: Buckets::new(ROOMS_OF_ACCOUNT),
            room_changes: Buckets::new(ROOM_CHANGES),
            refused: Refused::default(),
        }
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
        self.room_changes.take(now, account)
    }

    /// What was refused since the start, by the limit's name.
    #[must_use]
    pub const fn refused(&self) -> [(&'static str, u64); 5] {
        let Refused {
            guesses,
            tickets,
            accounts,
            rooms,
        } = self.refused;
        [
            ("password_guesses", guesses),
            ("tickets", tickets),
            ("new_accounts", accounts),
            ("new_rooms", rooms),
            ("room_changes", self.room_changes.refused()),
        ]
    }
}
