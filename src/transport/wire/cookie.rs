//! Tokens that a server checks without state: the cookie and the address token, which validate a client's address,
//! and the reset token.

use std::net::{IpAddr, SocketAddr};

use super::packet::{ADDRESS_TOKEN_LEN, COOKIE_LEN, EPHEMERAL_LEN, TOKEN_LEN};

/// The lifetime of a cookie, in milliseconds. Chosen: several round trips of a lossy satellite path, and too short to
/// collect cookies for an attack.
pub(crate) const COOKIE_LIFETIME_MS: u64 = 30_000;

/// The lifetime of an address token, in seconds: a day. Chosen (RFC 9000 §8.1.3 leaves it to the server): offices and
/// homes keep an address for longer, and other limits bound what a stolen token can do.
pub(crate) const ADDRESS_TOKEN_LIFETIME_S: u32 = 24 * 60 * 60;

/// The derivation context of the key of address tokens.
const ADDRESS_TOKEN_CONTEXT: &str = "udpchat 2026 transport address token";

const MAC_LEN: usize = 16;
const TIME_LEN: usize = 8;
const SECONDS_LEN: usize = 4;
const _: () = assert!(SECONDS_LEN + MAC_LEN == ADDRESS_TOKEN_LEN);
const _: () = assert!(TIME_LEN + MAC_LEN == COOKIE_LEN);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CookieCheck {
    Good,
    /// Valid for this client but too old, or the clock was set back: the client gets a new one.
    Expired,
    /// Not made by this server, or not for this address, connection id and key.
    Wrong,
}

pub(crate) struct CookieJar {
    key: [u8; 32],
}

impl CookieJar {
    /// `key` is known to this process only. A restart invalidates cookies, which costs a round trip.
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// A cookie for this address, connection id and ephemeral key.
    pub(crate) fn make(
        &self,
        now_ms: u64,
        remote: SocketAddr,
        client_id: u64,
        ephemeral: &[u8; EPHEMERAL_LEN],
    ) -> [u8; COOKIE_LEN] {
        let mut cookie = [0; COOKIE_LEN];
        cookie[..TIME_LEN].copy_from_slice(&now_ms.to_be_bytes());
        cookie[TIME_LEN..].copy_from_slice(&self.mac(now_ms, remote, client_id, ephemeral));
        cookie
    }

    pub(crate) fn check(
        &self,
        now_ms: u64,
        remote: SocketAddr,
        client_id: u64,
        ephemeral: &[u8; EPHEMERAL_LEN],
        cookie: &[u8; COOKIE_LEN],
    ) -> CookieCheck {
        let (time, mac) = split::<TIME_LEN>(cookie);
        let time_ms = u64::from_be_bytes(time);
        if !token_matches(&mac, &self.mac(time_ms, remote, client_id, ephemeral)) {
            return CookieCheck::Wrong;
        }
        match now_ms.checked_sub(time_ms) {
            Some(age_ms) if age_ms <= COOKIE_LIFETIME_MS => CookieCheck::Good,
            _ => CookieCheck::Expired,
        }
    }

    fn mac(
        &self,
        time_ms: u64,
        remote: SocketAddr,
        client_id: u64,
        ephemeral: &[u8; EPHEMERAL_LEN],
    ) -> [u8; MAC_LEN] {
        // All fields have fixed lengths, so no two inputs are encoded alike.
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher
            .update(&time_ms.to_be_bytes())
            .update(&address_octets(remote.ip()))
            .update(&remote.port().to_be_bytes())
            .update(&client_id.to_be_bytes())
            .update(ephemeral);
        first_half(hasher.finalize())
    }
}

/// Makes and checks address tokens (NEW_TOKEN, RFC 9000 §8.1.3).
///
/// A token is bound to the IP address alone. Not to the port, which a NAT changes at will and which §8.1.4 does not
/// require; not to a connection, because it is for the next one. So it is reusable until it expires, and an attacker
/// who reads it on the path can use it with a forged source address.
/// [`crate::transport::limits::Limits::handshakes_by_token`] bounds the gain.
pub(crate) struct AddressTokens {
    key: [u8; 32],
    /// The wall clock at the start, in seconds since 1970.
    began_s: u64,
}

impl AddressTokens {
    /// `secret` outlives the process.
    pub(crate) fn new(secret: &[u8; 32], began_unix_ms: u64) -> Self {
        Self {
            key: blake3::derive_key(ADDRESS_TOKEN_CONTEXT, secret),
            began_s: began_unix_ms / 1000,
        }
    }

    /// A token for a client at `ip`, `age_s` seconds after the start.
    pub(crate) fn make(&self, age_s: u64, ip: IpAddr) -> [u8; ADDRESS_TOKEN_LEN] {
        let given = self.seconds(age_s).to_be_bytes();
        let mut token = [0; ADDRESS_TOKEN_LEN];
        token[..SECONDS_LEN].copy_from_slice(&given);
        token[SECONDS_LEN..].copy_from_slice(&self.mac(given, ip));
        token
    }

    /// Whether `token` was issued to `ip` within [`ADDRESS_TOKEN_LIFETIME_S`]. One from the future, issued before the
    /// clock was set back, is invalid.
    pub(crate) fn is_good(&self, age_s: u64, ip: IpAddr, token: &[u8; ADDRESS_TOKEN_LEN]) -> bool {
        let (given, mac) = split::<SECONDS_LEN>(token);
        let age = self.seconds(age_s).checked_sub(u32::from_be_bytes(given));
        token_matches(&mac, &self.mac(given, ip))
            && age.is_some_and(|age| age <= ADDRESS_TOKEN_LIFETIME_S)
    }

    /// Seconds since 1970. They fit until 2106; after that only cookies work.
    fn seconds(&self, age_s: u64) -> u32 {
        u32::try_from(self.began_s.saturating_add(age_s)).unwrap_or(u32::MAX)
    }

    fn mac(&self, given: [u8; SECONDS_LEN], ip: IpAddr) -> [u8; MAC_LEN] {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(&given).update(&address_octets(ip));
        first_half(hasher.finalize())
    }
}

/// Makes reset tokens. The key is persisted, so that a restarted server can reset old sessions.
pub(crate) struct ResetKey {
    key: [u8; 32],
}

impl ResetKey {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    pub(crate) fn token(&self, connection_id: u64) -> [u8; TOKEN_LEN] {
        first_half(blake3::keyed_hash(&self.key, &connection_id.to_be_bytes()))
    }
}

/// An IPv4 address equals its v4-mapped form.
fn address_octets(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
        IpAddr::V6(ip) => ip.octets(),
    }
}

/// The time and the MAC of a cookie or address token.
fn split<const N: usize>(token: &[u8]) -> ([u8; N], [u8; MAC_LEN]) {
    let (mut time, mut mac) = ([0; N], [0; MAC_LEN]);
    time.copy_from_slice(&token[..N]);
    mac.copy_from_slice(&token[N..]);
    (time, mac)
}

fn first_half(hash: blake3::Hash) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&hash.as_bytes()[..16]);
    half
}

/// `blake3::Hash` compares in constant time; both sides are padded to its size.
pub(crate) fn token_matches(one: &[u8; 16], other: &[u8; 16]) -> bool {
    let widen = |half: &[u8; 16]| {
        let mut whole = [0; 32];
        whole[..16].copy_from_slice(half);
        blake3::Hash::from_bytes(whole)
    };
    widen(one) == widen(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    const E: [u8; EPHEMERAL_LEN] = [5; EPHEMERAL_LEN];
    const NOW: u64 = 1_700_000_000_000;

    fn jar() -> CookieJar {
        CookieJar::new([1; 32])
    }

    fn remote(text: &str) -> SocketAddr {
        text.parse().expect("a literal address")
    }

    #[test]
    fn a_cookie_is_good_for_fifteen_seconds_and_then_expired() {
        let remote = remote("192.0.2.1:4000");
        let cookie = jar().make(NOW, remote, 7, &E);
        let at = |time| jar().check(time, remote, 7, &E, &cookie);
        assert_eq!(at(NOW), CookieCheck::Good);
        assert_eq!(at(NOW + COOKIE_LIFETIME_MS), CookieCheck::Good);
        assert_eq!(at(NOW + COOKIE_LIFETIME_MS + 1), CookieCheck::Expired);
        assert_eq!(at(NOW - 1), CookieCheck::Expired);
    }

    #[test]
    fn a_cookie_is_wrong_for_any_other_client() {
        let here = remote("192.0.2.1:4000");
        let cookie = jar().make(NOW, here, 7, &E);
        let check = |remote, id, e: &[u8; 32]| jar().check(NOW, remote, id, e, &cookie);
        assert_eq!(check(remote("192.0.2.2:4000"), 7, &E), CookieCheck::Wrong);
        assert_eq!(check(remote("192.0.2.1:4001"), 7, &E), CookieCheck::Wrong);
        assert_eq!(check(here, 8, &E), CookieCheck::Wrong);
        assert_eq!(check(here, 7, &[6; 32]), CookieCheck::Wrong);
        let other = CookieJar::new([2; 32]);
        assert_eq!(other.check(NOW, here, 7, &E, &cookie), CookieCheck::Wrong);
    }

    #[test]
    fn a_cookie_with_any_bit_changed_is_wrong() {
        let here = remote("[2001:db8::1]:4000");
        let cookie = jar().make(NOW, here, 7, &E);
        for bit in 0..COOKIE_LEN * 8 {
            let mut forged = cookie;
            forged[bit / 8] ^= 1 << (bit % 8);
            let check = jar().check(NOW, here, 7, &E, &forged);
            assert_eq!(check, CookieCheck::Wrong, "bit {bit}");
        }
    }

    #[test]
    fn a_mapped_address_is_the_same_address() {
        let cookie = jar().make(NOW, remote("192.0.2.1:4000"), 7, &E);
        let mapped = remote("[::ffff:192.0.2.1]:4000");
        let check = jar().check(NOW, mapped, 7, &E, &cookie);
        assert_eq!(check, CookieCheck::Good);
    }

    #[test]
    fn an_address_token_is_good_for_a_day_also_after_a_restart_and_for_no_other_address() {
        let (before, after) = (
            AddressTokens::new(&[1; 32], NOW),
            AddressTokens::new(&[1; 32], NOW + 60_000),
        );
        let here = remote("192.0.2.1:4000").ip();
        let token = before.make(30, here);
        let day = u64::from(ADDRESS_TOKEN_LIFETIME_S);
        assert!(before.is_good(30, here, &token) && before.is_good(30 + day, here, &token));
        assert!(
            !before.is_good(31 + day, here, &token),
            "a day and a second old"
        );
        assert!(!before.is_good(29, here, &token), "from the future");
        assert!(after.is_good(0, here, &token), "another process");
        let mapped = remote("[::ffff:192.0.2.1]:9").ip();
        assert!(after.is_good(0, mapped, &token));
        assert!(!after.is_good(0, remote("192.0.2.2:4000").ip(), &token));
        let other = AddressTokens::new(&[2; 32], NOW);
        assert!(!other.is_good(30, here, &token), "another server");
        for bit in 0..ADDRESS_TOKEN_LEN * 8 {
            let mut forged = token;
            forged[bit / 8] ^= 1 << (bit % 8);
            assert!(!after.is_good(0, here, &forged), "bit {bit}");
        }
    }

    #[test]
    fn a_reset_token_belongs_to_one_key_and_one_connection() {
        let token = ResetKey::new([1; 32]).token(7);
        assert!(token_matches(&token, &ResetKey::new([1; 32]).token(7)));
        assert!(!token_matches(&token, &ResetKey::new([1; 32]).token(8)));
        assert!(!token_matches(&token, &ResetKey::new([2; 32]).token(7)));
    }
}
