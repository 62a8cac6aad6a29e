//! Whom the server does not let in. That a ban has ended is for the asker to see; some later write removes its row.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Bound;

use crate::protocol::AccountId;
use crate::store::error::{Abort, StoreError, skip_damaged};
use crate::store::ops::accounts;
use crate::store::schema::meta;
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables, Tables};
use crate::store::{
    BAN_REASON_MAX_BYTES, Ban, BanOf, BanSubject, Prefix, Refusal, Reply, StoreLimit,
};

/// How many bans there are at most, with those that have ended. Chosen: more than a person, or a program that reads a log, bans in
/// years; all of them are some 10 MB in the hub.
pub(in crate::store) const BANS_MAX: u64 = 50_000;

/// How many bans are read at once.
pub(in crate::store) const PAGE_MAX: usize = 1_000;

/// The least number of bans at which those that have ended are looked for. Twice as many at each further time, so that each write
/// pays for a few rows.
const SWEPT_MIN: u64 = 64;

/// The key of a ban: 0 and an account, or the family and the length of a prefix and its bits.
type BanKey = (u64, u64, u64);

/// The family of a prefix, before its length, in a key.
const V4: u64 = 4 << 8;
const V6: u64 = 6 << 8;

fn key_of(subject: BanSubject) -> BanKey {
    match subject {
        BanSubject::Account(account) => (0, account.0, 0),
        BanSubject::Prefix(prefix) => {
            let length = u64::from(prefix.length());
            match prefix.address() {
                IpAddr::V4(v4) => (V4 | length, 0, v4.to_bits().into()),
                IpAddr::V6(v6) => {
                    let bits = v6.to_bits();
                    let half = |bits: u128| u64::try_from(bits).unwrap_or_default();
                    let low = half(bits & u128::from(u64::MAX));
                    (V6 | length, half(bits >> 64), low)
                }
            }
        }
    }
}

/// Whom a ban with this key is of; none if nobody can be banned by it.
pub(in crate::store) fn subject_of((kind, high, low): BanKey) -> Option<BanSubject> {
    let length = u8::try_from(kind & 0xff).ok()?;
    let address: IpAddr = match kind & !0xff {
        0 if kind == 0 && low == 0 => return Some(BanSubject::Account(AccountId(high))),
        V4 if high == 0 => Ipv4Addr::from_bits(u32::try_from(low).ok()?).into(),
        V6 => Ipv6Addr::from_bits(u128::from(high) << 64 | u128::from(low)).into(),
        _ => return None,
    };
    let subject = BanSubject::Prefix(Prefix::new(address, length).ok()?);
    (key_of(subject) == (kind, high, low)).then_some(subject)
}

/// Bans an account or a prefix, in place of a ban that it has: see [`Write::Ban`](crate::store::Write::Ban).
pub(in crate::store) fn add(
    tables: &mut Tables,
    subject: BanSubject,
    ban: &Ban,
) -> Result<Reply, Abort> {
    if let BanSubject::Account(account) = subject {
        let known = accounts::load(tables, account)?;
        if known.is_none_or(|known| known.is_deleted()) {
            return Err(Refusal::NoSuchUser.into());
        }
    }
    if ban.reason.len() > BAN_REASON_MAX_BYTES {
        return Err(Refusal::LimitReached(StoreLimit::TopicBytes).into());
    }
    let key = key_of(subject);
    let known = skip_damaged(tables.bans().get(&key))?.flatten();
    let is_same = |known: Ban| {
        let is_as_long = known.until_ms == ban.until_ms && !known.has_ended(ban.since_ms);
        is_as_long && known.reason == ban.reason
    };
    if known.is_some_and(is_same) {
        return Ok(Reply::Unchanged);
    }
    if !tables.bans().has(&key)? {
        let count = make_room(tables, ban.since_ms)?;
        if count >= BANS_MAX {
            return Err(Refusal::LimitReached(StoreLimit::Bans).into());
        }
        meta::note_bans(tables, count + 1);
    }
    tables.bans.insert(key, ban.clone());
    Ok(Reply::Nothing)
}

/// How many bans there are, once those that have ended are removed if it is time for that.
fn make_room(tables: &mut Tables, now_ms: u64) -> Result<u64, StoreError> {
    let count = meta::ban_count(tables)?;
    let is_due = count >= SWEPT_MIN && (count.is_power_of_two() || count >= BANS_MAX);
    if !is_due {
        return Ok(count);
    }
    let mut ended = Vec::new();
    for row in tables.bans().rows()? {
        let (key, ban) = row?;
        // One that is damaged is left for `store check` to tell of.
        if skip_damaged(ban)?.is_some_and(|ban| ban.has_ended(now_ms)) {
            ended.push(key);
        }
    }
    for key in &ended {
        tables.bans.remove(key);
    }
    let left = count.saturating_sub(ended.len() as u64);
    meta::note_bans(tables, left);
    Ok(left)
}

/// Lifts a ban: see [`Write::Unban`](crate::store::Write::Unban).
pub(in crate::store) fn remove(tables: &mut Tables, subject: BanSubject) -> Result<Reply, Abort> {
    if forget(tables, subject)? {
        Ok(Reply::Nothing)
    } else {
        Err(Refusal::NoSuchBan.into())
    }
}

/// Removes a ban, if there is one.
fn forget(tables: &mut Tables, subject: BanSubject) -> Result<bool, StoreError> {
    let key = key_of(subject);
    let is_there = tables.bans().has(&key)?;
    if is_there {
        tables.bans.remove(&key);
        let count = meta::ban_count(tables)?;
        meta::note_bans(tables, count.saturating_sub(1));
    }
    Ok(is_there)
}

/// An account is deleted: nobody can sign in to it in any case.
pub(in crate::store) fn forget_account(
    tables: &mut Tables,
    account: AccountId,
) -> Result<(), StoreError> {
    forget(tables, BanSubject::Account(account)).map(drop)
}

/// The bans after this one, in the order of their keys, so many at most, with those that have ended: see
/// [`Read::Bans`](crate::store::Read::Bans).
pub(in crate::store) fn list(
    tables: &impl ReadTables,
    after: Option<BanSubject>,
) -> Result<Reply, Abort> {
    let after = after.map(key_of);
    let from = after.map_or(Bound::Unbounded, Bound::Excluded);
    let rows = tables.bans().range((from, Bound::Unbounded))?;
    let mut bans = Vec::new();
    let mut has_more = false;
    for row in rows {
        if bans.len() == PAGE_MAX {
            has_more = true;
            break;
        }
        let (key, ban) = row?;
        // One that is damaged is told of by `store check`.
        let (Some(ban), Some(subject)) = (skip_damaged(ban)?, subject_of(key)) else {
            continue;
        };
        let name = match subject {
            BanSubject::Account(account) => accounts::name(tables, account)?.unwrap_or_default(),
            BanSubject::Prefix(_) => String::new(),
        };
        bans.push(BanOf { subject, name, ban });
    }
    Ok(Reply::Bans { bans, has_more })
}
