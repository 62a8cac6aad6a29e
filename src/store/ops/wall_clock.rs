//! Times of the server's clock, which an operator or a time service may set back or ahead. Nothing is ordered by them.

/// How far back a clock may step before its later times are believed. Chosen: corrections of a running clock are smaller, and
/// a time is shown to the minute.
pub(in crate::store) const SMALL_STEP_MS: u64 = 60 * 1000;

/// The time of what happens now, after something that happened at `last_ms`: a small step back is left out, a large one
/// means that the earlier time was wrong.
pub(in crate::store) const fn after(last_ms: u64, now_ms: u64) -> u64 {
    if now_ms < last_ms && last_ms - now_ms <= SMALL_STEP_MS {
        last_ms
    } else {
        now_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_step_back_is_left_out_and_a_large_one_believed() {
        let now_ms = 1_773_756_120_000;
        assert_eq!(after(now_ms - 5, now_ms), now_ms);
        assert_eq!(
            after(now_ms + SMALL_STEP_MS, now_ms),
            now_ms + SMALL_STEP_MS
        );
        assert_eq!(after(now_ms + SMALL_STEP_MS + 1, now_ms), now_ms);
        assert_eq!(after(now_ms, 0), 0);
        assert_eq!(after(u64::MAX, now_ms), now_ms);
        assert_eq!(after(0, u64::MAX), u64::MAX);
    }
}
