//! The options that say how much of a conversation is kept, for all of them and for one.

use clap::{Arg, ArgMatches, value_parser};

use crate::store::Retention;

/// What is limited: the option's name for one conversation and for all, and its help.
const LIMITS: [(&str, &str, &str); 3] = [
    (
        "days",
        "keep-days",
        "Let entries expire that are older than N days (0: never)",
    ),
    (
        "messages",
        "keep-messages",
        "Keep no more than the last N entries of a conversation (0: all)",
    ),
    (
        "megabytes",
        "keep-megabytes",
        "Keep no more than the last N million bytes of a conversation (0: all)",
    ),
];

/// For which conversations the options are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// `--days N`, `--messages N` and `--megabytes N`.
    One,
    /// The same with `keep-` before each name.
    All,
}

/// The options.
pub fn arguments(of: Of) -> Vec<Arg> {
    LIMITS
        .iter()
        .map(|(name, for_all, help)| {
            Arg::new(*name)
                .long(if of == Of::All { for_all } else { name })
                .value_name("N")
                .value_parser(value_parser!(u64))
                .help(*help)
        })
        .collect()
}

/// What these options say.
pub fn limits(matches: &ArgMatches) -> Retention {
    let limit = |name| matches.get_one::<u64>(name).copied();
    Retention {
        days: limit("days"),
        messages: limit("messages"),
        megabytes: limit("megabytes"),
    }
}
