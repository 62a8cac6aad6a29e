//! The arguments of `udpchat serve`.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};

use super::cluster::ClusterOptions;
use super::limits::ServerLimits;
use super::others::OtherServers;
use crate::cli::address::{self, DEFAULT_PORT};
use crate::cli::backups::{self, Pace, Plan};
use crate::cli::discover::announced_name;
use crate::cli::environment;
use crate::cli::exit::Failure;
#[cfg(feature = "http")]
use crate::cli::http::HttpOptions;
use crate::cli::options::DataDirectory;
use crate::cli::settings::Sources;
use crate::client::span_ms;
use crate::server::{Registration, RoomCreationPolicy, ShowAddresses};
use crate::store::Retention;
use crate::text::number::whole;

#[derive(clap::Args)]
pub struct Args {
    /// Listen on this address, IPv4 or IPv6; repeatable [default: 0.0.0.0:7777,[::]:7777]
    #[arg(
        long,
        value_name = "ADDR:PORT",
        env = "UDPCHAT_LISTEN",
        value_delimiter = ',',
        value_parser = address::parse_listen,
    )]
    listen: Option<Vec<SocketAddr>>,
    #[command(flatten)]
    pub data: DataDirectory,
    /// Who may create accounts: anybody (open), who has a code of `udpchat invite` (invitation), or only `udpchat user add` (closed)
    #[arg(
        long,
        value_name = "WHO",
        env = "UDPCHAT_REGISTRATION",
        default_value = "open",
        value_parser = PossibleValuesParser::new(REGISTRATIONS).map(|word| match &*word {
            CLOSED => Registration::Closed,
            INVITATION => Registration::Invitation,
            _ => Registration::Open,
        }),
    )]
    pub registration: Registration,
    /// Limit no address, and stop when standard input ends
    // For `udpchat bench` alone, whose clients all come from one address.
    #[arg(long, hide = true)]
    pub measured: bool,
    /// Who may create rooms: every user (open), or only `udpchat room add` (closed)
    #[arg(
        long,
        value_name = "HOW",
        env = "UDPCHAT_ROOMS",
        default_value = "open",
        value_parser = PossibleValuesParser::new(POLICIES).map(|word| match &*word {
            CLOSED => RoomCreationPolicy::Closed,
            _ => RoomCreationPolicy::Open,
        }),
    )]
    pub rooms: RoomCreationPolicy,
    /// Who sees in `/contacts` at which address others are: every user (all), moderators and administrators, or nobody
    #[arg(
        long,
        value_name = "WHOM",
        env = "UDPCHAT_SHOW_ADDRESSES",
        default_value = "all",
        value_parser = PossibleValuesParser::new(READERS).map(|word| match &*word {
            NOBODY => ShowAddresses::Nobody,
            MODERATORS => ShowAddresses::Moderators,
            _ => ShowAddresses::All,
        }),
    )]
    pub show_addresses: ShowAddresses,
    #[command(flatten)]
    pub announcing: Announcing,
    #[command(flatten)]
    pub keeping: Keeping,
    #[command(flatten)]
    pub backing_up: BackingUp,
    #[cfg(feature = "http")]
    #[command(flatten)]
    pub http: HttpOptions,
    #[command(flatten)]
    pub cluster: ClusterOptions,
    #[command(flatten)]
    pub others: OtherServers,
    #[command(flatten)]
    pub limits: ServerLimits,
}

/// Whether the local network learns of the server.
#[derive(clap::Args)]
pub struct Announcing {
    /// Announce the server in the local network, by multicast DNS, with its name and its key, for `udpchat discover`
    #[arg(long, env = "UDPCHAT_ANNOUNCE")]
    announce: bool,
    /// The name under which it is announced [default: that of this machine]
    #[arg(long, value_name = "NAME", env = "UDPCHAT_ANNOUNCE_NAME", value_parser = announced_name)]
    announce_name: Option<String>,
}

impl Announcing {
    /// The name under which the server is announced, if it is.
    pub fn name(&self) -> Option<String> {
        let own = || self.announce_name.clone();
        self.announce
            .then(|| own().unwrap_or_else(environment::machine_name))
    }
}

/// How long messages and attached files are kept.
#[derive(clap::Args)]
#[expect(clippy::struct_field_names, reason = "fields name the options")]
pub struct Keeping {
    /// Remove entries older than N days (0: never)
    #[arg(long, value_name = "N", value_parser = whole(0..=u64::MAX))]
    keep_days: Option<u64>,
    /// Keep at most the last N entries of a conversation (0: all)
    #[arg(long, value_name = "N", value_parser = whole(0..=u64::MAX))]
    keep_messages: Option<u64>,
    /// Keep at most the last N million bytes of a conversation (0: all)
    #[arg(long, value_name = "N", value_parser = whole(0..=u64::MAX))]
    keep_megabytes: Option<u64>,
    /// Remove attached files after N days, whatever becomes of their messages (0: as long as these are kept)
    #[arg(long, value_name = "N", value_parser = whole(0..=u64::MAX))]
    keep_files_days: Option<u64>,
}

impl Keeping {
    /// How long attached files are kept, in milliseconds.
    pub fn files_kept_ms(&self) -> Option<u64> {
        let days = self.keep_files_days.filter(|days| *days > 0);
        days.map(|days| days.saturating_mul(DAY_MS))
    }

    pub const fn retention(&self) -> Retention {
        Retention {
            days: self.keep_days,
            messages: self.keep_messages,
            megabytes: self.keep_megabytes,
        }
    }
}

/// Whether the server makes backups of itself, and how often.
#[derive(clap::Args)]
#[expect(clippy::struct_field_names, reason = "fields name the options")]
pub struct BackingUp {
    /// Have the server make backups of itself in this directory, which must be there
    #[arg(long, value_name = "DIR", env = "UDPCHAT_BACKUP_DIR")]
    backup_dir: Option<PathBuf>,
    /// How often, such as 30m, 6h or 1d
    #[arg(long, value_name = "TIME", env = "UDPCHAT_BACKUP_EVERY", default_value = "6h", value_parser = interval)]
    backup_every: Duration,
    /// How many of them are kept: when a new one is whole, the oldest goes
    #[arg(long, value_name = "N", env = "UDPCHAT_BACKUP_KEEP", default_value_t = 14, value_parser = whole(1..=BACKUPS_MAX))]
    backup_keep: u64,
}

impl BackingUp {
    /// Where the server makes backups of itself, if it does, and how often.
    pub fn plan(&self) -> anyhow::Result<Option<Plan>> {
        let Some(directory) = &self.backup_dir else {
            return Ok(None);
        };
        Ok(Some(Plan {
            directory: backups::absolute(directory)?,
            pace: self.pace(),
        }))
    }

    pub fn pace(&self) -> Pace {
        Pace {
            every: self.backup_every,
            keep: usize::try_from(self.backup_keep).unwrap_or(usize::MAX),
        }
    }
}

/// The most backups that are kept. Chosen: one an hour for a year, and then some.
const BACKUPS_MAX: u64 = 10_000;

/// The shortest and the longest time between two backups. Chosen: the shortest leaves a database of some gigabytes time, the longest is a
/// year.
const BACKUP_EVERY: RangeInclusive<u64> = 60_000..=366 * DAY_MS;

fn interval(typed: &str) -> Result<Duration, String> {
    let span = span_ms(typed).filter(|span| BACKUP_EVERY.contains(span));
    let span = span.map(Duration::from_millis);
    span.ok_or_else(|| "expected a time from 1m to 366d, such as 30m or 6h".to_owned())
}

/// A day, in milliseconds.
const DAY_MS: u64 = 86_400_000;

const CLOSED: &str = "closed";
const INVITATION: &str = "invitation";
const REGISTRATIONS: [&str; 3] = ["open", INVITATION, CLOSED];
const MODERATORS: &str = "moderators";
const NOBODY: &str = "nobody";
const READERS: [&str; 3] = ["all", MODERATORS, NOBODY];
const POLICIES: [&str; 2] = ["open", CLOSED];

impl Args {
    /// In the order in which they are shown.
    pub fn listen(&self, sources: &Sources) -> Result<Vec<SocketAddr>, Failure> {
        let Some(listen) = &self.listen else {
            let any = [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()];
            return Ok(any.map(|ip| SocketAddr::new(ip, DEFAULT_PORT)).into());
        };
        check(listen).map_err(|failure| match sources.of("listen") {
            Some(source) => failure.context(source.to_owned()),
            None => failure,
        })?;
        Ok(listen.clone())
    }

    /// Whether the addresses are the defaults, one of which may be missing on this host.
    pub const fn is_default(&self) -> bool {
        self.listen.is_none()
    }
}

/// A reply is sent from the address that the client sent to, which also selects the socket. Sockets that share an address
/// are refused, because it would not be unique.
pub fn check(listen: &[SocketAddr]) -> Result<(), Failure> {
    for (index, one) in listen.iter().enumerate() {
        for other in &listen[index + 1..] {
            let is_within = |one: &SocketAddr, other: &SocketAddr| {
                one.is_ipv4() == other.is_ipv4() && one.ip().is_unspecified()
            };
            let why = if one == other {
                return Err(Failure::usage(format!("{one} is named twice")));
            } else if one.ip() == other.ip() {
                "a server has one port on an address".to_owned()
            } else if is_within(one, other) {
                format!("{} includes {}", one.ip(), other.ip())
            } else if is_within(other, one) {
                format!("{} includes {}", other.ip(), one.ip())
            } else {
                continue;
            };
            let problem = format!("cannot listen on both {one} and {other}: {why}");
            return Err(Failure::usage(problem));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(listen: &[&str]) -> bool {
        let listen: Vec<SocketAddr> = listen.iter().map(|text| text.parse().unwrap()).collect();
        check(&listen).is_ok()
    }

    #[test]
    fn addresses_whose_replies_could_be_confused_are_refused() {
        assert!(checked(&["0.0.0.0:7", "[::]:7"]));
        assert!(checked(&["127.0.0.1:7", "10.0.0.1:7", "[::1]:9"]));
        assert!(!checked(&["127.0.0.1:7", "127.0.0.1:8"]));
        assert!(!checked(&["127.0.0.1:7", "0.0.0.0:8"]));
        assert!(!checked(&["[::]:7", "[::1]:7"]));
        assert!(!checked(&["127.0.0.1:7", "127.0.0.1:7"]));
    }
}
