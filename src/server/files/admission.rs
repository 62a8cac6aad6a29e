//! Whether another upload is begun: the limits of files, and what their users are told of them.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::uploads::Uploads;
use crate::protocol::{AccountId, ErrorCode, Failure};
use crate::server::ctx::Ctx;
use crate::store::{BlobKey, counted_bytes};
use crate::text::number::size;

/// When an upload is to be asked for again that had to wait for others. Chosen: files of some megabytes are over by then, and
/// who asks so often costs nothing.
const WAIT: Duration = Duration::from_secs(15);

/// A day's bytes are those of so long.
const DAY: Duration = Duration::from_hours(24);

/// Accounts that are asked for what they had uploaded before the server's start. Chosen: as many as upload in a day, half a
/// megabyte. At the limit what others had uploaded is not counted.
const ACCOUNTS_MAX: usize = 65_536;

/// What accounts had uploaded in the day before the server's start, as far as the store still has it: the budgets are new, and
/// a restart is to give nobody another day's bytes.
#[derive(Debug)]
pub struct EarlierDays {
    until: Instant,
    asked: BTreeSet<AccountId>,
}

impl EarlierDays {
    pub fn new(start: Instant) -> Self {
        Self {
            until: start + DAY,
            asked: BTreeSet::new(),
        }
    }

    /// The time for which the store is to tell of an account, if it is. It is asked once: each
    /// answer looks at all files of the account.
    pub(super) fn take_wanted(&mut self, ctx: &Ctx<'_>, account: AccountId) -> Option<u64> {
        let is_wanted = ctx.now.instant < self.until
            && ctx.config.limits.files.day_bytes.get().is_some()
            && self.asked.len() < ACCOUNTS_MAX
            && self.asked.insert(account);
        is_wanted.then_some(ctx.now.unix_ms)
    }

    /// The store has told of an account, if it was asked.
    pub(super) fn count(ctx: &mut Ctx<'_>, account: AccountId, bytes: Option<u64>) {
        if let Some(bytes) = bytes {
            ctx.budgets.charge_earlier(ctx.now.instant, account, bytes);
        }
    }

    /// An earlier server has left a part that is so old.
    pub(super) fn count_part(ctx: &mut Ctx<'_>, account: AccountId, bytes: u64, age: Duration) {
        if age < DAY {
            ctx.budgets.charge_earlier(ctx.now.instant, account, bytes);
        }
    }
}

/// Whether there is room for a file beside those that are kept and those under way, and whether the account may bring so
/// much today.
pub(super) fn check_room(
    ctx: &mut Ctx<'_>,
    uploads: &Uploads,
    key: &BlobKey,
    (account_bytes, all_bytes): (u64, u64),
    left: u64,
) -> Result<(), Failure> {
    let quota = ctx.config.limits.files.quota();
    let (own, all) = uploads.reserved(ctx.now.instant, key);
    let bytes = counted_bytes(key.size.bytes());
    let over = |limit: Option<u64>, kept: u64, reserved: u64| {
        let wanted = kept.saturating_add(bytes);
        let limit = limit.filter(|limit| wanted.saturating_add(reserved) > *limit);
        limit.map(|limit| (limit, wanted > limit))
    };
    // What never fits need not wait, and nothing that is deleted makes room for it.
    for limit in [quota.account_bytes, quota.all_bytes] {
        if let Some(limit) = limit.filter(|limit| bytes > *limit) {
            let detail = format!("larger than all files together may be ({})", size(limit));
            return Err(Failure::new(ErrorCode::QuotaFull, detail));
        }
    }
    // Where only uploads under way are in the way, some of them may come to nothing.
    let told = |failure: Failure, is_kept: bool| {
        if is_kept {
            failure
        } else {
            waiting(failure, WAIT)
        }
    };
    if let Some((limit, is_kept)) = over(quota.account_bytes, account_bytes, own) {
        ctx.counters.at_file_limits.account += 1;
        return Err(told(account_full(limit), is_kept));
    }
    if let Some((_, is_kept)) = over(quota.all_bytes, all_bytes, all) {
        ctx.counters.at_file_limits.all += 1;
        return Err(told(server_full(), is_kept));
    }
    let now = ctx.now.instant;
    let to_come = uploads.to_come(key);
    if let Some(wait) = ctx
        .budgets
        .time_to_upload(now, key.account, (to_come, left))
    {
        ctx.counters.at_file_limits.day += 1;
        let day = size(ctx.config.limits.files.day_bytes.or_max());
        let detail = format!("{day} of files a day");
        return Err(waiting(Failure::new(ErrorCode::LimitReached, detail), wait));
    }
    Ok(())
}

/// There is no room beside the uploads that are under way, but there will be.
pub(super) fn at_limit(detail: String) -> Failure {
    waiting(Failure::new(ErrorCode::LimitReached, detail), WAIT)
}

fn waiting(failure: Failure, wait: Duration) -> Failure {
    let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
    Failure {
        wait_ms: Some(wait_ms),
        ..failure
    }
}

pub(super) fn account_full(limit: u64) -> Failure {
    let detail = format!(
        "file quota used up ({}): delete messages with files",
        size(limit)
    );
    Failure::new(ErrorCode::QuotaFull, detail)
}

pub(super) fn server_full() -> Failure {
    let detail = "the server's room for files is full";
    Failure::new(ErrorCode::QuotaFull, detail)
}
