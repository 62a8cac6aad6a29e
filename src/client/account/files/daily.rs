//! How much of the files that save themselves has come in a day.

/// How much may come by itself in a day, in bytes. Chosen: a day of photographs, and far less than a disk has. At the limit the
/// user is told once, and saves what is wanted.
pub(super) const SAVED_A_DAY_MAX_BYTES: u64 = 1_000_000_000;

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
        let sum = self.bytes.saturating_add(bytes);
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
