//! From which networks each user has signed in of late: there they are not held up by strangers.
//!
//! Kept in memory only. After a restart the devices that come back by ticket fill it again; and from a network that is
//! not known an owner has what every new network has.

use std::collections::{BTreeMap, VecDeque};

use super::prefix::Prefix;

/// Networks that are remembered of one user, the last ones. Chosen: home, work, a phone, and one more.
const NETWORKS_MAX: usize = 4;
/// Users of whom they are remembered; the one least recently added is forgotten. Chosen: as many as sign in within a day
/// or two on a large server, some megabytes.
const USERS_MAX: usize = 32_768;

/// The networks of users, by canonical name.
#[derive(Debug, Default)]
pub struct Known {
    networks: BTreeMap<String, VecDeque<Prefix>>,
    order: VecDeque<String>,
}

impl Known {
    /// A user has signed in from here.
    pub fn add(&mut self, name: &str, from: Prefix) {
        if !self.networks.contains_key(name) {
            self.order.push_back(name.to_owned());
        }
        let networks = self.networks.entry(name.to_owned()).or_default();
        networks.retain(|network| *network != from);
        networks.push_front(from);
        networks.truncate(NETWORKS_MAX);
        if self.networks.len() > USERS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.networks.remove(&oldest);
        }
    }

    /// Whether a user has signed in from here of late.
    #[must_use]
    pub fn has(&self, name: &str, from: Prefix) -> bool {
        let networks = self.networks.get(name);
        networks.is_some_and(|networks| networks.contains(&from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(number: u32) -> Prefix {
        Prefix::of(std::net::IpAddr::from(number.to_be_bytes()))
    }

    #[test]
    fn last_networks_of_a_user_are_known() {
        let mut known = Known::default();
        for number in 0..6 {
            known.add("bob", network(number));
        }
        known.add("bob", network(2));
        let of_bob: Vec<u32> = (0..6).filter(|it| known.has("bob", network(*it))).collect();
        assert_eq!(of_bob, [2, 3, 4, 5]);
        known.add("bob", network(9));
        assert!(known.has("bob", network(2)), "used later than 3");
        assert!(!known.has("erin", network(9)));
    }

    #[test]
    fn users_that_are_remembered_are_bounded() {
        let mut known = Known::default();
        for number in 0..40_000 {
            known.add(&format!("user{number}"), network(number));
        }
        assert_eq!(known.networks.len(), USERS_MAX);
        assert_eq!(known.order.len(), USERS_MAX);
        assert!(known.has("user39999", network(39_999)));
    }
}
