//! How much of the files that save themselves has come in a day.

/// How much may come by itself in a day, in bytes. Chosen: a day of photographs, and far less than a disk has. At the limit the
/// user is told once, and saves what is wanted.
pub(super) const SAVED_A_DAY_MAX_BYTES: u64 = 1_000_000_000;

/// What a file counts at least, in bytes. Chosen: ten thousand empty files a day fill no folder.
const COUNTED_LEAST_BYTES: u64 = 100_000;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// What has come in the day that is counted, in this run.
#[derive(Debug, Default)]
pub(super) struct SavedToday {
    /// Days since 1970, in UTC.
    day: u64,
    bytes: u64,
    is_told: bool,
}

/// Whether there is room for a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Room {
    Left,
    /// There is none, and the user does not know yet.
    OverNow,
    Over,
}

impl SavedToday {
    /// Counts a file, if there is room for it.
    pub(super) fn add(&mut self, unix_ms: u64, bytes: u64) -> Room {
        let day = unix_ms / DAY_MS;
        if day != self.day {
            *self = Self {
                day,
                ..Self::default()
            };
        }
        let sum = self.bytes.saturating_add(bytes.max(COUNTED_LEAST_BYTES));
        if sum <= SAVED_A_DAY_MAX_BYTES {
            self.bytes = sum;
            return Room::Left;
        }
        if std::mem::replace(&mut self.is_told, true) {
            Room::Over
        } else {
            Room::OverNow
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn day_has_room_for_some_and_the_user_is_told_once_when_it_is_full() {
        let mut today = SavedToday::default();
        let half = SAVED_A_DAY_MAX_BYTES / 2;
        assert_eq!(today.add(DAY_MS, half), Room::Left);
        assert_eq!(today.add(DAY_MS, half + 1), Room::OverNow);
        assert_eq!(today.add(DAY_MS + 1, half + 1), Room::Over);
        // A smaller one has room.
        assert_eq!(today.add(DAY_MS + 2, half), Room::Left);
        assert_eq!(today.add(DAY_MS + 3, 1), Room::Over);
        assert_eq!(today.add(2 * DAY_MS, half + 1), Room::Left);
    }

    /// Empty files counted nothing, so that anybody could fill the folder with them.
    #[test]
    fn empty_files_have_room_for_so_many_only() {
        let mut today = SavedToday::default();
        let saved = (0..20_000).filter(|_| today.add(DAY_MS, 0) == Room::Left);
        assert_eq!(saved.count(), 10_000);
    }
}
