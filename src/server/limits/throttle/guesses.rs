//! Guesses at passwords, and who may make the next one.
//!
//! A guess succeeds or fails at the client as soon as the server's first answer arrives, so guesses are counted when they
//! are made. Three things bound them: each network waits longer with each guess at a name; all networks together make a
//! few first guesses at a name, and then one in half a minute, which goes round among those who wait. An owner on a new
//! device gets in by one of the first, by the turn of whoever has tried least, or from a network from which they have
//! signed in before, where nobody else's guesses count.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::known::Known;
use super::prefix::Prefix;
use super::queue::Queues;
use super::waits::{Growth, Waits};
use crate::server::limits::token_bucket::{Buckets, Rate};

/// The wait of one network for one name. Chosen: a person who mistypes does not wait, and a guesser gets 96 guesses a
/// day and network.
const NETWORK: Growth = Growth {
    free: 5,
    longest: Duration::from_mins(15),
    forgiven_after: Duration::from_mins(30),
};

/// The wait of all networks together for one name, beside their first guesses. Chosen: 2880 guesses a day, however many
/// networks somebody has.
const NAME: Growth = Growth {
    free: 20,
    longest: Duration::from_secs(30),
    forgiven_after: Duration::from_mins(30),
};

/// First guesses of one network (IPv4 address, IPv6 /48) at one name: at once, and again within a day. Chosen: what a
/// client needs for a sign-in, and a password that is mistyped twice.
const FIRST_OF_NETWORK: Rate = Rate {
    per_second: FIRST / DAY,
    burst: FIRST,
};
const FIRST: f64 = 4.0;
const DAY: f64 = 24.0 * 60.0 * 60.0;

/// First guesses of all networks at one name: at once, and a day. Chosen: a third more than those of the 256 networks
/// that one attacker is thought to have, so that an owner on a 257th finds one left.
const FIRST_OF_NAME: Rate = Rate {
    per_second: 1.5 * 256.0 * FIRST / DAY,
    burst: 1.5 * 256.0 * FIRST,
};

/// Everything that is known of guesses.
#[derive(Debug)]
pub struct Guesses {
    /// Of how many servers this is one.
    servers: u32,
    of_networks: Waits<(String, Prefix)>,
    of_names: Waits<String>,
    first_of_network: Buckets<(String, Prefix)>,
    first_of_name: Buckets<String>,
    queues: Queues,
    known: Known,
}

impl Default for Guesses {
    fn default() -> Self {
        Self {
            servers: 1,
            of_networks: Waits::default(),
            of_names: Waits::default(),
            first_of_network: Buckets::new(FIRST_OF_NETWORK),
            first_of_name: Buckets::new(FIRST_OF_NAME),
            queues: Queues::default(),
            known: Known::default(),
        }
    }
}

impl Guesses {
    /// Goes on as one of so many servers. What was tried stays tried.
    pub fn share(&mut self, servers: u32) {
        self.servers = servers;
        let part = |tokens: f64| tokens / f64::from(servers);
        self.first_of_network.set_rate(Rate {
            per_second: part(FIRST_OF_NETWORK.per_second),
            // What a client needs it needs at one of them.
            burst: FIRST_OF_NETWORK.burst,
        });
        self.first_of_name.set_rate(Rate {
            per_second: part(FIRST_OF_NAME.per_second),
            burst: part(FIRST_OF_NAME.burst),
        });
    }

    /// Whether this user has signed in from there of late.
    #[must_use]
    pub fn is_known(&self, name: &str, from: IpAddr) -> bool {
        self.known.has(name, Prefix::of(from))
    }

    /// Whether this network need not wait for what it has tried itself.
    ///
    /// # Errors
    /// How long it has to.
    pub fn check_network(&self, now: Instant, name: &str, from: IpAddr) -> Result<(), Duration> {
        let key = (name.to_owned(), Prefix::of(from));
        match self.of_networks.not_before(now, &key) {
            Some(at) => Err(at - now),
            None => Ok(()),
        }
    }

    /// Makes a guess, if it may be made now.
    ///
    /// # Errors
    /// How long to wait before asking again; nothing was counted.
    pub fn make(&mut self, now: Instant, name: &str, from: IpAddr) -> Result<(), Duration> {
        self.check_network(now, name, from)?;
        let own = (name.to_owned(), Prefix::of(from));
        if !self.is_known(name, from) {
            self.take_turn(now, name, from)?;
        }
        self.of_networks
            .count(now, own, NETWORK.among(self.servers));
        Ok(())
    }

    /// Somebody who has not signed in from here makes a guess: one of the first, or when it is their turn.
    fn take_turn(&mut self, now: Instant, name: &str, from: IpAddr) -> Result<(), Duration> {
        let site = (name.to_owned(), Prefix::site(from));
        let name = name.to_owned();
        if self.first_of_network.check(now, &site).is_ok()
            && self.first_of_name.take(now, name.clone()).is_ok()
        {
            self.first_of_network.charge(now, site);
            return Ok(());
        }
        let own = Prefix::of(from);
        let tries = self.tries(now, &name, own, &site);
        let open = self.of_names.open_since(&name).unwrap_or(now);
        self.queues.ask(now, &name, own, tries, open)?;
        self.of_names.count(now, name, NAME.among(self.servers));
        Ok(())
    }

    /// How often a network has tried, of those guesses that are remembered.
    fn tries(&self, now: Instant, name: &str, own: Prefix, site: &(String, Prefix)) -> u32 {
        // At most FIRST, which is a small number.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 4"
        )]
        let first = self.first_of_network.used(now, site).ceil() as u32;
        let own = (name.to_owned(), own);
        let growth = NETWORK.among(self.servers);
        first.saturating_add(self.of_networks.tries(now, &own, growth))
    }

    /// The password was proved: what this network has tried under this name is forgiven.
    pub fn forgive(&mut self, name: &str, from: IpAddr) {
        self.of_networks
            .forgive(&(name.to_owned(), Prefix::of(from)));
    }

    /// A user has signed in from there, by whatever means.
    pub fn signed_in(&mut self, name: &str, from: IpAddr) {
        self.known.add(name, Prefix::of(from));
    }
}
