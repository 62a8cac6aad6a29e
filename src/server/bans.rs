//! Whom the server does not let in: what the store has, in memory, so that an address is looked up for each session that begins
//! or moves.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::ctx::requests::Pending;
use super::ctx::store_link::StoreLink;
use crate::protocol::AccountId;
use crate::store::{Ban, BanOf, BanSubject, Outcome, Prefix, Read, Reply};

/// The least number of bans at which those that have ended are forgotten; then at twice as many, and so on. The store has
/// a limit for those that have not.
const SWEPT_MIN: usize = 64;

/// All bans.
#[derive(Debug, Default)]
pub struct Bans {
    of: BTreeMap<BanSubject, Ban>,
    /// How many prefixes of addresses of IPv6 (or not) there are of each length: as many are looked up for an address.
    lengths: BTreeMap<(bool, u8), usize>,
    progress: Progress,
}

/// How far the store was read.
#[derive(Debug, Default, PartialEq, Eq)]
enum Progress {
    /// The next page is not asked for yet.
    #[default]
    Due,
    Asked,
    Loaded,
}

impl Bans {
    /// Asks the store for all bans, page by page; once more after it has failed.
    pub fn load(&mut self, store: &mut StoreLink) {
        self.ask(store, None);
    }

    /// Asks again after a failure. What was read by then is read once more.
    pub fn retry(&mut self, store: &mut StoreLink) {
        if self.progress == Progress::Due {
            self.load(store);
        }
    }

    fn ask(&mut self, store: &mut StoreLink, after: Option<BanSubject>) {
        self.progress = if store.submit(Pending::Bans, Read::Bans { after }) {
            Progress::Asked
        } else {
            Progress::Due
        };
    }

    /// The store has answered: whom the page bans, and whether all went well so far. What was banned or not since the page was
    /// read comes after it.
    pub fn on_read(&mut self, store: &mut StoreLink, outcome: Outcome) -> (Vec<BanSubject>, bool) {
        let Outcome::Done(Reply::Bans { bans, has_more }) = outcome else {
            self.progress = Progress::Due;
            return (Vec::new(), false);
        };
        let subjects: Vec<BanSubject> = bans.iter().map(|it| it.subject).collect();
        for BanOf { subject, ban, .. } in bans {
            self.insert(subject, ban);
        }
        if has_more {
            self.ask(store, subjects.last().copied());
        } else {
            self.progress = Progress::Loaded;
        }
        (subjects, self.progress != Progress::Due)
    }

    /// Somebody is banned.
    pub fn add(&mut self, subject: BanSubject, ban: Ban) {
        let now_ms = ban.since_ms;
        self.insert(subject, ban);
        let count = self.of.len();
        if count >= SWEPT_MIN && count.is_power_of_two() {
            let is_over =
                |(subject, ban): (&BanSubject, &Ban)| ban.has_ended(now_ms).then_some(*subject);
            let ended: Vec<BanSubject> = self.of.iter().filter_map(is_over).collect();
            for subject in ended {
                self.remove(subject);
            }
        }
    }

    fn insert(&mut self, subject: BanSubject, ban: Ban) {
        if self.of.insert(subject, ban).is_none()
            && let BanSubject::Prefix(prefix) = subject
        {
            *self.lengths.entry(length(prefix)).or_default() += 1;
        }
    }

    /// A ban is lifted, or has ended.
    pub fn remove(&mut self, subject: BanSubject) {
        if self.of.remove(&subject).is_some()
            && let BanSubject::Prefix(prefix) = subject
            && let Some(count) = self.lengths.get_mut(&length(prefix))
        {
            *count -= 1;
            if *count == 0 {
                self.lengths.remove(&length(prefix));
            }
        }
    }

    /// The ban of an account, unless it has ended.
    #[must_use]
    pub fn of_account(&self, account: AccountId, now_ms: u64) -> Option<&Ban> {
        let ban = self.of.get(&BanSubject::Account(account))?;
        (!ban.has_ended(now_ms)).then_some(ban)
    }

    /// A ban of an address, unless all have ended. This machine's own are never banned: through them come tunnels, and the
    /// operator.
    #[must_use]
    pub fn of_address(&self, address: IpAddr, now_ms: u64) -> Option<&Ban> {
        let address = address.to_canonical();
        if self.lengths.is_empty() || address.is_loopback() {
            return None;
        }
        let is_v6 = address.is_ipv6();
        let lengths = self.lengths.range((is_v6, 0)..=(is_v6, u8::MAX)).rev();
        lengths
            .filter_map(|((_, length), _)| {
                let prefix = Prefix::of(address, *length);
                self.of.get(&BanSubject::Prefix(prefix))
            })
            .find(|ban| !ban.has_ended(now_ms))
    }
}

const fn length(prefix: Prefix) -> (bool, u8) {
    (prefix.address().is_ipv6(), prefix.length())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ban(until_ms: Option<u64>, reason: &str) -> Ban {
        Ban {
            until_ms,
            reason: reason.into(),
            since_ms: 100,
        }
    }

    fn prefix(typed: &str) -> BanSubject {
        BanSubject::Prefix(Prefix::parse(typed).unwrap())
    }

    #[test]
    fn address_is_banned_by_each_prefix_of_it_for_as_long_as_one_lasts() {
        let mut bans = Bans::default();
        for (typed, until_ms) in [
            ("192.0.2.0/24", None),
            ("198.51.100.7", Some(200)),
            ("198.51.0.0/16", Some(300)),
            ("2001:db8::", None),
            ("2001:db8:7::/48", Some(150)),
        ] {
            bans.add(prefix(typed), ban(until_ms, typed));
        }
        let cases = [
            ("192.0.2.9", 150, Some("192.0.2.0/24")),
            ("::ffff:192.0.2.9", 150, Some("192.0.2.0/24")),
            ("192.0.3.9", 150, None),
            ("198.51.100.7", 199, Some("198.51.100.7")),
            ("198.51.100.7", 200, Some("198.51.0.0/16")),
            ("198.51.100.7", 300, None),
            ("198.51.100.8", 150, Some("198.51.0.0/16")),
            ("2001:db8::ffff", 150, Some("2001:db8::")),
            ("2001:db8:0:1::", 150, None),
            ("2001:db8:7:ff::1", 149, Some("2001:db8:7::/48")),
            ("2001:db8:7:ff::1", 150, None),
            // Its first bits are those of 192.0.2.0/24.
            ("c000:200::1", 150, None),
            ("127.0.0.1", 150, None),
            ("::1", 150, None),
        ];
        let reason = |bans: &Bans, address: &str, now_ms| {
            let ban = bans.of_address(address.parse().unwrap(), now_ms);
            ban.map(|ban| ban.reason.clone())
        };
        for (address, now_ms, expected) in cases {
            let found = reason(&bans, address, now_ms);
            assert_eq!(found.as_deref(), expected, "{address} at {now_ms}");
        }
        bans.add(prefix("192.0.2.0/24"), ban(None, "another"));
        assert_eq!(reason(&bans, "192.0.2.9", 150).as_deref(), Some("another"));
        bans.remove(prefix("192.0.2.0/24"));
        bans.remove(prefix("192.0.2.0/24"));
        assert_eq!(reason(&bans, "192.0.2.9", 150), None);
    }

    #[test]
    fn account_is_banned_until_the_end_of_its_ban() {
        let mut bans = Bans::default();
        bans.add(BanSubject::Account(AccountId(1)), ban(Some(200), ""));
        assert!(bans.of_account(AccountId(1), 199).is_some());
        assert!(bans.of_account(AccountId(1), 200).is_none());
        assert!(bans.of_account(AccountId(2), 199).is_none());
    }

    #[test]
    fn bans_that_have_ended_are_forgotten_and_cost_nothing() {
        let mut bans = Bans::default();
        for number in 0..63_u64 {
            bans.add(BanSubject::Account(AccountId(number)), ban(Some(50), ""));
        }
        bans.add(prefix("192.0.2.0/24"), ban(Some(100), ""));
        assert_eq!((bans.of.len(), bans.lengths.len()), (0, 0));
    }

    #[test]
    fn address_is_looked_up_among_ten_thousand_bans_in_a_few_steps() {
        let mut bans = Bans::default();
        for number in 0..10_000_u32 {
            let address = std::net::Ipv4Addr::from_bits(0x0b00_0000 + number * 7);
            bans.add(prefix(&address.to_string()), ban(None, ""));
        }
        // As many look-ups as there are lengths.
        assert_eq!(bans.lengths.len(), 1);
        let banned = |number: u32| {
            let address = std::net::Ipv4Addr::from_bits(0x0b00_0000 + number);
            bans.of_address(address.into(), 150).is_some()
        };
        assert!(banned(7 * 9_999) && !banned(7 * 9_999 + 1) && !banned(7 * 10_000));
    }
}
