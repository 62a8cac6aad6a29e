//! The options of `serve` that set limits, in one table from which arguments, parsing and the manual derive.
//!
//! A new limit is a row of [`TABLE`], and a field in the layer that enforces it.

use clap::{Arg, ArgMatches, FromArgMatches};

use crate::server::{self, Limit};
use crate::text::number::{bytes, shown_bytes, whole};
use crate::transport;

#[derive(Debug, Clone, Copy, Default)]
pub struct ServerLimits {
    pub hub: server::Limits,
    pub transport: transport::Limits,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// A plain number.
    Count,
    /// A number, or one with K, M, G or T after it (1024 each).
    Bytes,
}

struct Row {
    /// The option, without the dashes.
    option: &'static str,
    /// The environment variable: the option's name in capitals.
    variable: &'static str,
    unit: Unit,
    /// A few words without a full stop.
    help: &'static str,
    /// Whole sentences about what the server does at the limit.
    at_limit: &'static str,
    get: fn(&ServerLimits) -> Limit,
    set: fn(&mut ServerLimits, Limit),
}

const HEADING: &str = "Limits";

const SLOWED: &str =
    "Above it the server reads from the account more slowly; nothing is refused or lost.";

const REFUSED: &str = "Above it the next one is refused, and its user is told when to try again.";

/// What stands for no limit of sessions that are not signed in, and of handshakes a second: the memory and the time of the
/// largest server.
const STRANGERS_MAX: usize = 1 << 24;
const HANDSHAKES_MAX: usize = 1 << 24;

const TABLE: &[Row] = &[
    Row {
        option: "limit-message-rate",
        variable: "UDPCHAT_LIMIT_MESSAGE_RATE",
        unit: Unit::Count,
        help: "Messages that one account may send a second",
        at_limit: "Above it the server reads from the account more slowly, and tells its clients when that \
                   lasts; nothing is refused or lost. In a room, or to everyone, a message counts once more for each 64 \
                   who read it.",
        get: |limits| limits.hub.messages.rate,
        set: |limits, limit| limits.hub.messages.rate = limit,
    },
    Row {
        option: "limit-message-burst",
        variable: "UDPCHAT_LIMIT_MESSAGE_BURST",
        unit: Unit::Count,
        help: "Messages that one account may send at once after a pause",
        at_limit: SLOWED,
        get: |limits| limits.hub.messages.burst,
        set: |limits, limit| limits.hub.messages.burst = limit,
    },
    Row {
        option: "limit-byte-rate",
        variable: "UDPCHAT_LIMIT_BYTE_RATE",
        unit: Unit::Bytes,
        help: "Bytes of messages that one account may send a second",
        at_limit: SLOWED,
        get: |limits| limits.hub.bytes.rate,
        set: |limits, limit| limits.hub.bytes.rate = limit,
    },
    Row {
        option: "limit-byte-burst",
        variable: "UDPCHAT_LIMIT_BYTE_BURST",
        unit: Unit::Bytes,
        help: "Bytes of messages that one account may send at once after a pause",
        at_limit: SLOWED,
        get: |limits| limits.hub.bytes.burst,
        set: |limits, limit| limits.hub.bytes.burst = limit,
    },
    Row {
        option: "limit-day-bytes",
        variable: "UDPCHAT_LIMIT_DAY_BYTES",
        unit: Unit::Bytes,
        help: "Bytes of messages that one account may send a day",
        at_limit: "The day's bytes become available evenly, and an account that has sent nothing for a day \
                   may send all of them at once. Above the limit the server reads from the account as slowly \
                   as they become available, and tells its clients; nothing is refused or lost. A restart \
                   forgets what was sent before.",
        get: |limits| limits.hub.day_bytes,
        set: |limits, limit| limits.hub.day_bytes = limit,
    },
    Row {
        option: "limit-account-bytes",
        variable: "UDPCHAT_LIMIT_ACCOUNT_BYTES",
        unit: Unit::Bytes,
        help: "Bytes of stored messages of one account",
        at_limit: "Above it the account's messages are refused, and its users are told, until retention has \
                   removed older ones (--keep-days and the like). The limit itself removes nothing.",
        get: |limits| limits.hub.account_bytes,
        set: |limits, limit| limits.hub.account_bytes = limit,
    },
    Row {
        option: "limit-all-bytes",
        variable: "UDPCHAT_LIMIT_ALL_BYTES",
        unit: Unit::Bytes,
        help: "Bytes of stored messages of all accounts together",
        at_limit: "When less than a sixteenth is left, messages of accounts that have written more than an \
                   even share are refused; above the limit everybody's are, and the users are told, until \
                   retention has removed older ones. The limit itself removes nothing.",
        get: |limits| limits.hub.all_bytes,
        set: |limits, limit| limits.hub.all_bytes = limit,
    },
    Row {
        option: "limit-file",
        variable: "UDPCHAT_LIMIT_FILE",
        unit: Unit::Bytes,
        help: "Bytes of one attached file",
        at_limit: "A larger one is refused; clients learn the limit when they sign in. Without a limit files have at most \
                   16 GiB.",
        get: |limits| limits.hub.files.bytes,
        set: |limits, limit| limits.hub.files.bytes = limit,
    },
    Row {
        option: "limit-files-account",
        variable: "UDPCHAT_LIMIT_FILES_ACCOUNT",
        unit: Unit::Bytes,
        help: "Bytes of the attached files of one account",
        at_limit: "Above it another upload of the account is refused, and its users are told, until messages with files are \
                   deleted or expire. An upload counts with the whole size of its file while it goes on, \
                   and after 10 idle minutes with what has come of it, over restarts too. Each file counts 4 KiB at least.",
        get: |limits| limits.hub.files.account_bytes,
        set: |limits, limit| limits.hub.files.account_bytes = limit,
    },
    Row {
        option: "limit-files",
        variable: "UDPCHAT_LIMIT_FILES",
        unit: Unit::Bytes,
        help: "Bytes of the attached files of all accounts together",
        at_limit: "Above it every upload is refused, and the users are told, until messages with files are deleted or \
                   expire. It should leave room on the disk for messages.",
        get: |limits| limits.hub.files.all_bytes,
        set: |limits, limit| limits.hub.files.all_bytes = limit,
    },
    Row {
        option: "limit-files-day",
        variable: "UDPCHAT_LIMIT_FILES_DAY",
        unit: Unit::Bytes,
        help: "Bytes of files that one account may upload a day",
        at_limit: "The day's bytes become available evenly. An upload takes them when it begins, and gives back what does \
                   not come. One for which there are not enough is refused, and its users are told when there will be. After \
                   a restart what is still there of the last day's files counts. Downloads have no such limit: they take \
                   turns, behind all other traffic.",
        get: |limits| limits.hub.files.day_bytes,
        set: |limits, limit| limits.hub.files.day_bytes = limit,
    },
    Row {
        option: "limit-request-rate",
        variable: "UDPCHAT_LIMIT_REQUEST_RATE",
        unit: Unit::Count,
        help: "Other requests that one account may make a second",
        at_limit: SLOWED,
        get: |limits| limits.hub.requests.rate,
        set: |limits, limit| limits.hub.requests.rate = limit,
    },
    Row {
        option: "limit-request-burst",
        variable: "UDPCHAT_LIMIT_REQUEST_BURST",
        unit: Unit::Count,
        help: "Other requests that one account may make at once after a pause",
        at_limit: SLOWED,
        get: |limits| limits.hub.requests.burst,
        set: |limits, limit| limits.hub.requests.burst = limit,
    },
    Row {
        option: "limit-in-flight",
        variable: "UDPCHAT_LIMIT_IN_FLIGHT",
        unit: Unit::Count,
        help: "Messages and requests of one account that the store handles at once",
        at_limit: SLOWED,
        get: |limits| limits.hub.in_flight,
        set: |limits, limit| limits.hub.in_flight = limit,
    },
    Row {
        option: "limit-sessions",
        variable: "UDPCHAT_LIMIT_SESSIONS",
        unit: Unit::Count,
        help: "Signed-in sessions of all accounts together",
        at_limit: "Above it the account with the most sessions loses one, or the session that has been silent \
                   longest is closed; if no account has two and none is silent, a new session is refused.",
        get: |limits| limits.hub.sessions,
        set: |limits, limit| limits.hub.sessions = limit,
    },
    Row {
        option: "limit-sign-in-rate",
        variable: "UDPCHAT_LIMIT_SIGN_IN_RATE",
        unit: Unit::Count,
        help: "Passwords that are tried by all together, a second",
        at_limit: "Above it those wait who have tried the most of late, and then everybody; a device that has signed in before needs no password. Each name has limits of its own beside this: 5 tries at its password from one address, then waits that grow up to 15 minutes.",
        get: |limits| limits.hub.throttle.sign_ins.rate,
        set: |limits, limit| limits.hub.throttle.sign_ins.rate = limit,
    },
    Row {
        option: "limit-sign-in-burst",
        variable: "UDPCHAT_LIMIT_SIGN_IN_BURST",
        unit: Unit::Count,
        help: "Passwords that are tried at once after a pause",
        at_limit: "One address may use half of them; a sign-in needs two. Above it as with --limit-sign-in-rate.",
        get: |limits| limits.hub.throttle.sign_ins.burst,
        set: |limits, limit| limits.hub.throttle.sign_ins.burst = limit,
    },
    Row {
        option: "limit-sign-up-rate",
        variable: "UDPCHAT_LIMIT_SIGN_UP_RATE",
        unit: Unit::Count,
        help: "Accounts that are opened by all together, an hour",
        at_limit: REFUSED,
        get: |limits| limits.hub.throttle.sign_ups.rate,
        set: |limits, limit| limits.hub.throttle.sign_ups.rate = limit,
    },
    Row {
        option: "limit-sign-up-burst",
        variable: "UDPCHAT_LIMIT_SIGN_UP_BURST",
        unit: Unit::Count,
        help: "Accounts that are opened at once after a pause",
        at_limit: "One address may open half of them at most. Above it the next one is refused, and its user is told when to try again.",
        get: |limits| limits.hub.throttle.sign_ups.burst,
        set: |limits, limit| limits.hub.throttle.sign_ups.burst = limit,
    },
    Row {
        option: "limit-address-sign-up-rate",
        variable: "UDPCHAT_LIMIT_ADDRESS_SIGN_UP_RATE",
        unit: Unit::Count,
        help: "Accounts that are opened from one address (IPv6: /64), an hour",
        at_limit: REFUSED,
        get: |limits| limits.hub.throttle.address_sign_ups.rate,
        set: |limits, limit| limits.hub.throttle.address_sign_ups.rate = limit,
    },
    Row {
        option: "limit-address-sign-up-burst",
        variable: "UDPCHAT_LIMIT_ADDRESS_SIGN_UP_BURST",
        unit: Unit::Count,
        help: "Accounts that are opened at once from one address after a pause",
        at_limit: "Above it the next one is refused, and its user is told when to try again. Users behind one router or aboard one ship may share an address.",
        get: |limits| limits.hub.throttle.address_sign_ups.burst,
        set: |limits, limit| limits.hub.throttle.address_sign_ups.burst = limit,
    },
    Row {
        option: "limit-room-rate",
        variable: "UDPCHAT_LIMIT_ROOM_RATE",
        unit: Unit::Count,
        help: "Rooms that all accounts make together, an hour",
        at_limit: REFUSED,
        get: |limits| limits.hub.throttle.rooms.rate,
        set: |limits, limit| limits.hub.throttle.rooms.rate = limit,
    },
    Row {
        option: "limit-room-burst",
        variable: "UDPCHAT_LIMIT_ROOM_BURST",
        unit: Unit::Count,
        help: "Rooms that all accounts make at once after a pause",
        at_limit: "Accounts that have made many of late may use half of them. Above it the next one is refused, and its user is told when to try again.",
        get: |limits| limits.hub.throttle.rooms.burst,
        set: |limits, limit| limits.hub.throttle.rooms.burst = limit,
    },
    Row {
        option: "limit-account-room-rate",
        variable: "UDPCHAT_LIMIT_ACCOUNT_ROOM_RATE",
        unit: Unit::Count,
        help: "Rooms that one account makes, an hour",
        at_limit: REFUSED,
        get: |limits| limits.hub.throttle.account_rooms.rate,
        set: |limits, limit| limits.hub.throttle.account_rooms.rate = limit,
    },
    Row {
        option: "limit-account-room-burst",
        variable: "UDPCHAT_LIMIT_ACCOUNT_ROOM_BURST",
        unit: Unit::Count,
        help: "Rooms that one account makes at once after a pause",
        at_limit: REFUSED,
        get: |limits| limits.hub.throttle.account_rooms.burst,
        set: |limits, limit| limits.hub.throttle.account_rooms.burst = limit,
    },
    Row {
        option: "limit-room-change-rate",
        variable: "UDPCHAT_LIMIT_ROOM_CHANGE_RATE",
        unit: Unit::Count,
        help: "Rooms that one account joins or changes, and users whom it invites, a minute",
        at_limit: REFUSED,
        get: |limits| limits.hub.throttle.room_changes.rate,
        set: |limits, limit| limits.hub.throttle.room_changes.rate = limit,
    },
    Row {
        option: "limit-room-change-burst",
        variable: "UDPCHAT_LIMIT_ROOM_CHANGE_BURST",
        unit: Unit::Count,
        help: "The same at once after a pause",
        at_limit: REFUSED,
        get: |limits| limits.hub.throttle.room_changes.burst,
        set: |limits, limit| limits.hub.throttle.room_changes.burst = limit,
    },
    Row {
        option: "limit-strangers",
        variable: "UDPCHAT_LIMIT_STRANGERS",
        unit: Unit::Count,
        help: "Sessions that are not signed in, of all addresses together",
        at_limit: "Above it a new one takes the place of the oldest from the networks that have the most of them; where those \
                   are its own and the oldest is new too, its client tries again for half a minute. A quarter is for clients \
                   that have been here before.",
        get: |limits| of_count(limits.transport.unauthenticated),
        set: |limits, limit| limits.transport.unauthenticated = count_of(limit, STRANGERS_MAX),
    },
    Row {
        option: "limit-handshake-rate",
        variable: "UDPCHAT_LIMIT_HANDSHAKE_RATE",
        unit: Unit::Count,
        help: "Sessions that are begun, of all addresses together, a second",
        at_limit: "Above it the server does not answer, and clients try again for half a minute; twice as many may come at once \
                   after a pause. A quarter is for clients that have been here before.",
        get: |limits| of_count(limits.transport.handshakes_per_second as usize),
        set: |limits, limit| {
            let most = u32::try_from(count_of(limit, HANDSHAKES_MAX)).unwrap_or(u32::MAX);
            limits.transport.handshakes_per_second = most;
            limits.transport.handshakes_burst = most.saturating_mul(2);
        },
    },
    Row {
        option: "limit-buffers",
        variable: "UDPCHAT_LIMIT_BUFFERS",
        unit: Unit::Bytes,
        help: "Memory for the send and receive buffers of all sessions",
        at_limit: "Above half of it, messages wait longer in the store for slow readers. Above all of it the \
                   session with the most is closed, sessions that are not signed in first; its client \
                   reconnects.",
        get: |limits| match limits.transport.buffers {
            usize::MAX => Limit::NONE,
            bytes => Limit::of(bytes as u64),
        },
        set: |limits, limit| {
            limits.transport.buffers = usize::try_from(limit.or_max()).unwrap_or(usize::MAX);
        },
    },
];

fn of_count(count: usize) -> Limit {
    Limit::of(if count == STRANGERS_MAX {
        0
    } else {
        count as u64
    })
}

fn count_of(limit: Limit, most: usize) -> usize {
    usize::try_from(limit.or_max()).map_or(most, |count| count.min(most))
}

impl clap::Args for ServerLimits {
    fn augment_args(command: clap::Command) -> clap::Command {
        command.args(TABLE.iter().map(Row::argument))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ServerLimits {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut limits = Self::default();
        limits.update_from_arg_matches(matches)?;
        Ok(limits)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for row in TABLE {
            if let Some(limit) = matches.get_one::<u64>(row.option) {
                (row.set)(self, Limit::of(*limit));
            }
        }
        Ok(())
    }
}

impl Row {
    fn argument(&self) -> Arg {
        let default = self.unit.show((self.get)(&ServerLimits::default()));
        let help = format!("{}; 0: no limit [default: {default}]", self.help);
        let long = format!(
            "{}. {} 0 means no limit. The default is {default}.",
            self.help, self.at_limit
        );
        let argument = Arg::new(self.option)
            .long(self.option)
            .env(self.variable)
            .help_heading(HEADING)
            .help(help)
            .long_help(long);
        match self.unit {
            Unit::Count => argument.value_name("N").value_parser(whole(0..=u64::MAX)),
            Unit::Bytes => argument.value_name("SIZE").value_parser(bytes),
        }
    }
}

impl Unit {
    /// A limit as the user would write it.
    fn show(self, limit: Limit) -> String {
        let most = limit.get().unwrap_or_default();
        match self {
            Self::Count => most.to_string(),
            Self::Bytes => shown_bytes(most),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> ServerLimits {
        let command = <ServerLimits as clap::Args>::augment_args(clap::Command::new("serve"));
        let matches = command.get_matches_from([&["serve"], words].concat());
        ServerLimits::from_arg_matches(&matches).unwrap()
    }

    #[test]
    fn variable_of_each_limit_is_its_option_in_capitals() {
        for row in TABLE {
            let capitals = row.option.to_uppercase().replace('-', "_");
            assert_eq!(row.variable, format!("UDPCHAT_{capitals}"));
            assert!(row.option.starts_with("limit-"), "{}", row.option);
        }
    }

    #[test]
    fn each_option_sets_its_own_limit_and_0_means_none() {
        for row in TABLE {
            let option = format!("--{}", row.option);
            let chosen = parsed(&[&option, "12345"]);
            for other in TABLE {
                let expected = if other.option == row.option {
                    Limit::of(12345)
                } else {
                    (other.get)(&ServerLimits::default())
                };
                assert_eq!(
                    (other.get)(&chosen),
                    expected,
                    "{} {}",
                    row.option,
                    other.option
                );
            }
            let chosen = parsed(&[&option, "0"]);
            assert_eq!((row.get)(&chosen), Limit::NONE, "{}", row.option);
        }
    }
}
