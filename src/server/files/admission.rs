//! Whether another upload is begun: the limits of files, and what their users are told of them.

use std::time::Duration;

use super::Files;
use super::uploads::Room;
use crate::protocol::{ErrorCode, Failure};
use crate::server::ctx::Ctx;
use crate::store::BlobKey;
use crate::text::number::size;

impl Files {
    /// Makes room for one more upload, or says which limit is reached.
    pub(super) fn make_room(
        &mut self,
        ctx: &mut Ctx<'_>,
        key: &BlobKey,
    ) -> Result<(), &'static str> {
        // At most one of each kind has to go.
        for _ in 0..3 {
            match self.uploads.room_for(ctx.now.instant, key) {
                Room::Free => return Ok(()),
                Room::None(limit) => return Err(limit),
                Room::Drop(other) => {
                    self.uploads.remove(&other);
                    self.drop_blobs(ctx, [other]);
                }
                Room::Close(other) => self.close(ctx, other),
            }
        }
        Err("this server has as many uploads as it may; try again later")
    }

    /// Whether there is room for a file beside those that are kept and those under way, and whether the account may bring so
    /// much today.
    pub(super) fn check_room(
        &self,
        ctx: &mut Ctx<'_>,
        key: &BlobKey,
        (account_bytes, all_bytes): (u64, u64),
        left: u64,
    ) -> Result<(), Failure> {
        let quota = ctx.config.limits.file_quota();
        let (own, all) = self.uploads.reserved(key);
        let bytes = key.size.bytes();
        let is_over = |limit: Option<u64>, kept: u64, reserved: u64| {
            let wanted = kept.saturating_add(reserved).saturating_add(bytes);
            limit.filter(|limit| wanted > *limit)
        };
        if let Some(limit) = is_over(quota.account_bytes, account_bytes, own) {
            ctx.counters.at_file_limits.account += 1;
            return Err(account_full(limit));
        }
        if is_over(quota.all_bytes, all_bytes, all).is_some() {
            ctx.counters.at_file_limits.all += 1;
            return Err(server_full());
        }
        let now = ctx.now.instant;
        if let Some(wait) = ctx.budgets.time_to_upload(now, key.account, left) {
            ctx.counters.at_file_limits.day += 1;
            let day = size(ctx.config.limits.file_day_bytes.or_max());
            let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
            let detail = format!("{day} of files a day; try again in {}", spoken(wait));
            return Err(Failure {
                wait_ms: Some(wait_ms),
                ..Failure::new(ErrorCode::LimitReached, detail)
            });
        }
        Ok(())
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

/// A time to wait, for a person: rounded up.
fn spoken(wait: Duration) -> String {
    let minutes = wait.as_secs().div_ceil(60).max(1);
    match minutes {
        1 => "a minute".into(),
        2..=90 => format!("{minutes} minutes"),
        _ => format!("{} hours", minutes.div_ceil(60)),
    }
}
