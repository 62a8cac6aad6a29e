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
}

/// All limits of the hub that an operator may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Whether sign-ins, new accounts and changes of rooms are counted (`throttle.rs`); only measurements go without.
    pub attempts: bool,
    /// Messages of one account a second. Chosen: nobody types faster, and a program may say what it has to say.
    pub message_rate: Limit,
    /// Messages that one account may send at once after a quiet time. Chosen: the lines of an outbox that was offline.
    pub message_burst: Limit,
    /// Bytes of one account's messages a second. Chosen: four of the longest messages.
    pub byte_rate: Limit,
    /// Bytes that one account may send at once after a quiet time. Chosen: 64 of the longest messages.
    pub byte_burst: Limit,
    /// Bytes of one account's messages a day, which come in evenly and are kept for a day. Chosen: a hundred users who
    /// use all of it fill 20 GB a day, which an operator notices in time; and who has used it can still say something.
    pub day_bytes: Limit,
    /// Bytes of logs that one account may have written and that still stand. Chosen: five days of the most that it may say a
    /// day, and years of what people say; a disk of today holds dozens of accounts that use all of it.
    pub account_bytes: Limit,
    /// The same of all accounts together. Chosen: none, since nobody but the operator knows the disk; a full one is noticed
    /// and refused as well.
    pub all_bytes: Limit,
    /// Bytes of one attached file. Chosen: larger ones are passed on by other means; its tree is 50 KB.
    pub file_bytes: Limit,
    /// Bytes of attached files that are kept for one account. Chosen: ten of the largest.
    pub file_account_bytes: Limit,
    /// The same of all accounts together. Chosen: what a disk of today does not miss.
    pub file_all_bytes: Limit,
    /// Bytes of attached files that one account may upload a day, which come in evenly and are kept for a day. Chosen: twice
    /// what is kept for it, so that who deletes may go on.
    pub file_day_bytes: Limit,
    /// Requests of one account a second, of whatever kind that is not a message. Chosen: a client asks a few when it
    /// signs in and then none for minutes; each reads the store.
    pub request_rate: Limit,
    /// Requests that one account may make at once after a quiet time. Chosen: a client that signs in asks for receipts
    /// of each conversation that it waits in, several hundred of them.
    pub request_burst: Limit,
    /// Requests of one account that the store works on at once; a message to many readers counts as several. Chosen: as
    /// many as a client has under way in one conversation. The store answers in order, so these are what others wait for.
    pub in_flight: Limit,
    /// Signed-in sessions of all accounts together. Chosen: twice what a measurement of the largest server asks for;
    /// idle, they take half a gigabyte.
    pub sessions: Limit,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            attempts: true,
            message_rate: Limit::of(20),
            message_burst: Limit::of(200),
            byte_rate: Limit::of(64 << 10),
            byte_burst: Limit::of(1 << 20),
            day_bytes: Limit::of(200 << 20),
            account_bytes: Limit::of(1 << 30),
            all_bytes: Limit::NONE,
            file_bytes: Limit::of(100 << 20),
            file_account_bytes: Limit::of(1 << 30),
            file_all_bytes: Limit::of(10 << 30),
            file_day_bytes: Limit::of(2 << 30),
            request_rate: Limit::of(50),
            request_burst: Limit::of(1000),
            in_flight: Limit::of(64),
            sessions: Limit::of(200_000),
        }
    }
}

impl Limits {
    /// What clients are told of it.
    #[must_use]
    pub fn told(&self) -> ServerLimits {
        ServerLimits {
            text_bytes: TEXT_MAX_BYTES as u64,
            file_bytes: self.file(),
            messages_per_second: self.message_rate.get(),
            bytes_per_second: self.byte_rate.get(),
            bytes_per_day: self.day_bytes.get(),
        }
    }

    /// No limit, for measurements.
    #[must_use]
    pub const fn unlimited() -> Self {
        Self {
            attempts: false,
            message_rate: Limit::NONE,
            message_burst: Limit::NONE,
            byte_rate: Limit::NONE,
            byte_burst: Limit::NONE,
            day_bytes: Limit::NONE,
            account_bytes: Limit::NONE,
            all_bytes: Limit::NONE,
            file_bytes: Limit::NONE,
            file_account_bytes: Limit::NONE,
            file_all_bytes: Limit::NONE,
            file_day_bytes: Limit::NONE,
            request_rate: Limit::NONE,
            request_burst: Limit::NONE,
            in_flight: Limit::NONE,
            sessions: Limit::NONE,
        }
    }

    /// How large an attached file may be, in bytes.
    #[must_use]
    pub fn file(&self) -> u64 {
        self.file_bytes.or_max().min(FILE_MAX_BYTES)
    }

    /// How much of attached files may be kept.
    #[must_use]
    pub const fn file_quota(&self) -> Quota {
        Quota {
            account_bytes: self.file_account_bytes.get(),
            all_bytes: self.file_all_bytes.get(),
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
