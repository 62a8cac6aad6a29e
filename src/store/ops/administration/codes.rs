//! Enrolment codes: who has one may set the password of an account, or open one. Of a code there is a hash that is bound to
//! what it is for, so a code for one account is worth nothing for another.

use crate::protocol::AccountId;
#[cfg(doc)]
use crate::store::Write;
use crate::store::error::{Abort, StoreError, skip_damaged};
use crate::store::ops::administration::{disabled, resets};
use crate::store::ops::{accounts, devices};
use crate::store::schema::admin_records::CodeRecord;
use crate::store::schema::names::{self, NameOf};
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables, Tables};
use crate::store::{CodeHash, CodeUse, NewAccount, NewCode, OpenCode, Refusal, Reply, StoreLimit};

/// How many codes may be open at once; one more is refused. Chosen: a school's newcomers, and few enough to be looked through
/// whenever one is made.
pub(in crate::store) const OPEN_MAX: usize = 1024;

/// In the place of an account's id: who opens one has none yet, and ids begin at 1.
pub(in crate::store) const INVITATION: u64 = 0;

/// Where a code is kept.
pub(in crate::store) type Key = (u64, [u8; 32]);

fn key(account: u64, code: CodeHash) -> Key {
    let mut hasher = blake3::Hasher::new_derive_key("udpchat 1 enrolment row");
    hasher.update(&account.to_be_bytes()).update(&code.0);
    (account, *hasher.finalize().as_bytes())
}

/// The number under which an invitation is revoked: the first bytes of its hash.
pub(in crate::store) fn number((_, hash): &Key) -> u32 {
    let [a, b, c, d, ..] = *hash;
    u32::from_be_bytes([a, b, c, d])
}

/// The number that an invitation of this code has.
#[must_use]
pub fn invitation_number(code: CodeHash) -> u32 {
    number(&key(INVITATION, code))
}

/// Makes a code: see [`Write::MakeCode`].
pub(in crate::store) fn make(tables: &mut Tables, new: &NewCode) -> Result<Reply, Abort> {
    if let Some(account) = new.account
        && accounts::require(tables, account)?.is_deleted()
    {
        return Err(Refusal::NoSuchUser.into());
    }
    let account = new.account.map_or(INVITATION, |account| account.0);
    let mut open = 0;
    for ((owner, hash), record) in all(tables)? {
        let is_open = record.is_some_and(|record| new.time_ms < record.expires_ms);
        // A second code for an account voids the first.
        if !is_open || account != INVITATION && owner == account {
            tables.codes.remove(&(owner, hash));
        } else {
            open += 1;
        }
    }
    if open >= OPEN_MAX {
        return Err(Refusal::LimitReached(StoreLimit::Codes).into());
    }
    let record = CodeRecord {
        made_ms: new.time_ms,
        expires_ms: new.expires_ms,
        uses: new.uses,
        uses_left: new.uses,
        by: new.by.map(|by| by.0),
    };
    tables.codes.insert(key(account, new.code), record);
    Ok(Reply::Nothing)
}

/// Voids an invitation: see [`Write::RevokeInvitation`].
pub(in crate::store) fn revoke(tables: &mut Tables, wanted: u32) -> Result<Reply, Abort> {
    let is_it = |key: &Key| key.0 == INVITATION && number(key) == wanted;
    let found = all(tables)?.into_iter().find(|(key, _)| is_it(key));
    let (key, _) = found.ok_or(Refusal::NoSuchInvitation)?;
    tables.codes.remove(&key);
    Ok(Reply::Nothing)
}

/// The codes of an account that nobody uses any longer.
pub(in crate::store) fn forget_all(tables: &mut Tables, id: AccountId) -> Result<(), StoreError> {
    let rows = tables
        .codes()
        .range((id.0, [0; 32])..=(id.0, [u8::MAX; 32]))?
        .map(|row| row.map(|(key, _)| key));
    let keys: Vec<Key> = rows.collect::<Result<_, _>>()?;
    for key in keys {
        tables.codes.remove(&key);
    }
    Ok(())
}

/// All that are kept, the expired among them; a damaged one has no record.
fn all(tables: &impl ReadTables) -> Result<Vec<(Key, Option<CodeRecord>)>, StoreError> {
    let rows = tables.codes().rows()?.map(|row| {
        let (key, record) = row?;
        Ok((key, skip_damaged(record)?))
    });
    rows.collect()
}

/// All that are kept, as an operator sees them.
pub(in crate::store) fn list(tables: &impl ReadTables) -> Result<Reply, Abort> {
    let codes = all(tables)?.into_iter().filter_map(|(key, record)| {
        let record = record?;
        Some(OpenCode {
            number: number(&key),
            account: (key.0 != INVITATION).then_some(AccountId(key.0)),
            made_ms: record.made_ms,
            expires_ms: record.expires_ms,
            uses: record.uses,
            uses_left: record.uses_left,
        })
    });
    Ok(Reply::Codes(codes.collect()))
}

/// A code that is good at this time. What is damaged is good for nothing.
fn good(tables: &impl ReadTables, key: &Key, now_ms: u64) -> Result<Option<CodeRecord>, Abort> {
    let record = skip_damaged(tables.codes().get(key))?.flatten();
    Ok(record.filter(|record| now_ms < record.expires_ms && record.uses_left > 0))
}

/// What somebody of this name may do with a code. Without a good one it is the same whatever there is, and takes the same
/// steps; with an invitation it is told why there can be no account of this name.
pub(in crate::store) fn find(
    tables: &impl ReadTables,
    name: (&str, &str),
    code: CodeHash,
    now_ms: u64,
) -> Result<Reply, Abort> {
    let (name, skeleton) = name;
    let account = match accounts::find_as_if_known(tables, name, None) {
        Ok(account) => Some(account),
        Err(Abort::Refused(Refusal::NoSuchUser)) => None,
        Err(error) => return Err(error),
    };
    // Nobody has the last id.
    let id = account.as_ref().map_or(u64::MAX, |account| account.id.0);
    let reset = good(tables, &key(id, code), now_ms)?;
    let invitation = good(tables, &key(INVITATION, code), now_ms)?;
    match (account, reset, invitation) {
        (Some(account), Some(_), _) => {
            disabled::refuse(tables, account.id)?;
            Ok(Reply::Code(CodeUse::Reset(account.id)))
        }
        (Some(_), None, Some(_)) => Err(Refusal::NameTaken.into()),
        (None, _, Some(_)) => {
            match accounts::find_as_if_known(tables, name, Some(skeleton)) {
                Err(Abort::Refused(Refusal::NoSuchUser)) => {}
                Err(other) => return Err(other),
                Ok(_) => return Err(Refusal::NameTaken.into()),
            }
            Ok(Reply::Code(CodeUse::Invitation))
        }
        (_, _, None) => Err(Refusal::Code.into()),
    }
}

/// Sets the password of an account whose code somebody has: see [`Write::ResetPassword`].
pub(in crate::store) fn reset(
    tables: &mut Tables,
    id: AccountId,
    code: CodeHash,
    new: (&[u8], [u8; 16]),
    time_ms: u64,
) -> Result<Reply, Abort> {
    let key = key(id.0, code);
    good(tables, &key, time_ms)?.ok_or(Refusal::Code)?;
    disabled::refuse(tables, id)?;
    accounts::set_password(tables, id, new)?;
    tables.codes.remove(&key);
    resets::note(tables, id, time_ms)?;
    devices::revoke_all(tables, id)
}

/// Opens an account by an invitation: see [`Write::CreateInvited`].
pub(in crate::store) fn create(
    tables: &mut Tables,
    new: &NewAccount,
    code: CodeHash,
) -> Result<Reply, Abort> {
    let key = key(INVITATION, code);
    let invitation = good(tables, &key, new.time_ms)?.ok_or(Refusal::Code)?;
    let is_new = names::find(tables, NameOf::Account, &new.name)?.is_none();
    let reply = accounts::create(tables, new)?;
    if is_new {
        let uses_left = invitation.uses_left - 1;
        if uses_left == 0 {
            tables.codes.remove(&key);
        } else {
            let left = CodeRecord {
                uses_left,
                ..invitation
            };
            tables.codes.insert(key, left);
        }
    }
    Ok(reply)
}
