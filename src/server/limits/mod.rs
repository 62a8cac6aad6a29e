//! The limits that an operator may choose, each with its unit, its default and the reason for it.
//!
//! What happens at a limit is said in the table of options (`cli/serve/limits.rs`), which the manual is made from.

pub(super) mod account_budget;
pub(super) mod throttle;
pub(super) mod token_bucket;

use crate::protocol::{FILE_MAX_BYTES, ServerLimits, TEXT_MAX_BYTES};
use std::num::NonZeroU64;

use crate::store::Quota;

/// At most so many, or no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(Option<NonZeroU64>);

impl Limit {
    /// As many as come.
    pub const NONE: Self = Self(None);

    /// This many; 0 means that there is no limit.
    #[must_use]
    pub const fn of(most: u64) -> Self {
        Self(NonZeroU64::new(most))
    }

    /// The number, unless there is no limit.
    #[must_use]
    pub const fn get(self) -> Option<u64> {
        match self.0 {
            Some(most) => Some(most.get()),
            None => None,
        }
    }

    /// The number, or the greatest that there is where there is no limit.
    #[must_use]
    pub const fn or_max(self) -> u64 {
        match self.0 {
            Some(most) => most.get(),
            None => u64::MAX,
        }
    }

    /// The part of one of so many servers, at least 1.
    const fn among(self, servers: u32) -> Self {
        match self.0 {
            Some(most) => Self::of(most.get().div_ceil(servers as u64)),
            None => self,
        }
    }
}

/// So many in a while, and so many at once after a quiet time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// In the time that the field says which has it.
    pub rate: Limit,
    /// At once.
    pub burst: Limit,
}

impl Allowance {
    /// As many as come.
    pub const NONE: Self = Self {
        rate: Limit::NONE,
        burst: Limit::NONE,
    };

    /// These many; 0 means that there is no limit.
    #[must_use]
    pub const fn of(rate: u64, burst: u64) -> Self {
        Self {
            rate: Limit::of(rate),
            burst: Limit::of(burst),
        }
    }

    /// The part of one of so many servers. What is taken at once is taken at each, once: who comes to one of them
    /// with an outbox that was offline, or a ship's users, are not to wait because there are others.
    const fn among(self, servers: u32) -> Self {
        Self {
            rate: self.rate.among(servers),
            burst: self.burst,
        }
    }
}

/// All limits of the hub that an operator may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Whether sign-ins, new accounts and changes of rooms are counted (`throttle.rs`); only measurements go without.
    pub attempts: bool,
    /// Messages of one account a second. Chosen: nobody types faster, and a program may say what it has to say; at once, the
    /// lines of an outbox that was offline.
    pub messages: Allowance,
    /// Bytes of one account's messages a second. Chosen: four of the longest messages; at once, 64 of them.
    pub bytes: Allowance,
    /// Bytes of one account's messages a day, which come in evenly and are kept for a day. Chosen: a hundred users who
    /// use all of it fill 20 GB a day, which an operator notices in time; and who has used it can still say something.
    pub day_bytes: Limit,
    /// Bytes of logs that one account may have written and that still stand. Chosen: five days of the most that it may say a
    /// day, and years of what people say; a disk of today holds dozens of accounts that use all of it.
    pub account_bytes: Limit,
    /// The same of all accounts together. Chosen: none, since nobody but the operator knows the disk; a full one is noticed
    /// and refused as well.
    pub all_bytes: Limit,
    /// Attached files.
    pub files: FileLimits,
    /// Requests of one account a second, of whatever kind that is not a message. Chosen: a client asks a few when it
    /// signs in and then none for minutes; each reads the store. At once: a client that signs in asks for receipts of each
    /// conversation that it waits in, several hundred of them.
    pub requests: Allowance,
    /// Requests of one account that the store works on at once; a message to many readers counts as several. Chosen: as
    /// many as a client has under way in one conversation. The store answers in order, so these are what others wait for.
    pub in_flight: Limit,
    /// Signed-in sessions of all accounts together. Chosen: twice what a measurement of the largest server asks for;
    /// idle, they take half a gigabyte.
    pub sessions: Limit,
    /// What the throttle counts.
    pub throttle: ThrottleLimits,
}

/// The limits of attached files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileLimits {
    /// Bytes of one attached file. Chosen: larger ones are passed on by other means; its tree is 50 KB.
    pub bytes: Limit,
    /// Bytes of attached files that are kept for one account. Chosen: ten of the largest.
    pub account_bytes: Limit,
    /// The same of all accounts together. Chosen: what a disk of today does not miss.
    pub all_bytes: Limit,
    /// Bytes of attached files that one account may upload a day, which come in evenly and are kept for a day. Chosen: twice
    /// what is kept for it, so that who deletes may go on.
    pub day_bytes: Limit,
}

/// The limits of what somebody may try or make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThrottleLimits {
    /// Password exchanges of all peers together, a second: 0.3 ms of CPU time each, so 3 % of a core. Chosen at once: half of
    /// them, which one address may use, are the two of each of a thousand users behind it whose tickets have expired.
    pub sign_ins: Allowance,
    /// Accounts that are opened by all peers together, an hour. Chosen: more than any community grows; names are taken for
    /// good. At once: half of them, which those who open many may use, are a ship's.
    pub sign_ups: Allowance,
    /// Accounts that are opened from one network (IPv4 address, IPv6 /64), an hour. Chosen at once: a ship, whose thousand
    /// users have one address.
    pub address_sign_ups: Allowance,
    /// Rooms that are made by all accounts together, an hour. They stay for good, and stand in everybody's list. Chosen at
    /// once: one for each of a thousand users.
    pub rooms: Allowance,
    /// Rooms that one account makes, an hour.
    pub account_rooms: Allowance,
    /// What one account does, a minute, that others are told of in an entry of a log, beside what it says: joining (of which
    /// each leaving needs one before) and changing rooms, and inviting. Chosen: nobody clicks faster for long, and a program
    /// that joins and leaves without end writes one entry a second.
    pub room_changes: Allowance,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            attempts: true,
            messages: Allowance::of(20, 200),
            bytes: Allowance::of(64 << 10, 1 << 20),
            day_bytes: Limit::of(200 << 20),
            account_bytes: Limit::of(1 << 30),
            all_bytes: Limit::NONE,
            files: FileLimits::default(),
            requests: Allowance::of(50, 1000),
            in_flight: Limit::of(64),
            sessions: Limit::of(200_000),
            throttle: ThrottleLimits::default(),
        }
    }
}

impl Default for FileLimits {
    fn default() -> Self {
        Self {
            bytes: Limit::of(100 << 20),
            account_bytes: Limit::of(1 << 30),
            all_bytes: Limit::of(10 << 30),
            day_bytes: Limit::of(2 << 30),
        }
    }
}

impl Default for ThrottleLimits {
    fn default() -> Self {
        Self {
            sign_ins: Allowance::of(100, 4000),
            sign_ups: Allowance::of(360, 2400),
            address_sign_ups: Allowance::of(120, 1100),
            rooms: Allowance::of(60, 1000),
            account_rooms: Allowance::of(6, 10),
            room_changes: Allowance::of(30, 30),
        }
    }
}

impl Limits {
    /// What one of so many servers allows, so that asking all of them gives no more than asking one: its part of all that comes
    /// in by and by. What is kept is counted for all of them anyway, and what a server works on, or has room for, is its own.
    #[must_use]
    pub const fn among(self, servers: u32) -> Self {
        Self {
            messages: self.messages.among(servers),
            bytes: self.bytes.among(servers),
            day_bytes: self.day_bytes.among(servers),
            requests: self.requests.among(servers),
            files: FileLimits {
                day_bytes: self.files.day_bytes.among(servers),
                ..self.files
            },
            throttle: ThrottleLimits {
                sign_ins: self.throttle.sign_ins.among(servers),
                sign_ups: self.throttle.sign_ups.among(servers),
                address_sign_ups: self.throttle.address_sign_ups.among(servers),
                rooms: self.throttle.rooms.among(servers),
                account_rooms: self.throttle.account_rooms.among(servers),
                room_changes: self.throttle.room_changes.among(servers),
            },
            ..self
        }
    }

    /// What clients are told of it.
    #[must_use]
    pub fn told(&self) -> ServerLimits {
        ServerLimits {
            text_bytes: TEXT_MAX_BYTES as u64,
            file_bytes: self.files.most_bytes(),
            messages_per_second: self.messages.rate.get(),
            bytes_per_second: self.bytes.rate.get(),
            bytes_per_day: self.day_bytes.get(),
        }
    }

    /// No limit, for measurements.
    #[must_use]
    pub const fn unlimited() -> Self {
        Self {
            attempts: false,
            messages: Allowance::NONE,
            bytes: Allowance::NONE,
            day_bytes: Limit::NONE,
            account_bytes: Limit::NONE,
            all_bytes: Limit::NONE,
            files: FileLimits {
                bytes: Limit::NONE,
                account_bytes: Limit::NONE,
                all_bytes: Limit::NONE,
                day_bytes: Limit::NONE,
            },
            requests: Allowance::NONE,
            in_flight: Limit::NONE,
            sessions: Limit::NONE,
            throttle: ThrottleLimits {
                sign_ins: Allowance::NONE,
                sign_ups: Allowance::NONE,
                address_sign_ups: Allowance::NONE,
                rooms: Allowance::NONE,
                account_rooms: Allowance::NONE,
                room_changes: Allowance::NONE,
            },
        }
    }

    /// How much may stand in the store.
    #[must_use]
    pub const fn quota(&self) -> Quota {
        Quota {
            account_bytes: self.account_bytes.get(),
            all_bytes: self.all_bytes.get(),
        }
    }
}

impl FileLimits {
    /// How large an attached file may be, in bytes.
    #[must_use]
    pub fn most_bytes(&self) -> u64 {
        self.bytes.or_max().min(FILE_MAX_BYTES)
    }

    /// How much of attached files may be kept.
    #[must_use]
    pub const fn quota(&self) -> Quota {
        Quota {
            account_bytes: self.account_bytes.get(),
            all_bytes: self.all_bytes.get(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_share_what_comes_in_and_each_has_at_least_one() {
        let limits = Limits::default();
        assert_eq!(limits.among(1), limits);
        let third = limits.among(3);
        assert_eq!(third.messages, Allowance::of(7, 200));
        assert_eq!(third.throttle.account_rooms, Allowance::of(2, 10));
        assert_eq!(third.day_bytes.get(), Some((200_u64 << 20).div_ceil(3)));
        assert_eq!(third.account_bytes, limits.account_bytes);
        assert_eq!(limits.among(64).throttle.account_rooms.rate, Limit::of(1));
        let none = Limits::unlimited();
        assert_eq!(none.among(3), none);
    }
}
