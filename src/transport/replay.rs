//! Which packet numbers have been seen, so that a recorded packet does nothing when it is played again.
//!
//! A window of the last 1024 numbers, as in WireGuard and RFC 6479: checked before decryption, because a forged
//! packet must be cheap, and marked after it, because a forged packet must not shift the window.

/// How far behind the newest a packet may arrive, in packets. What is older is dropped (and was lost for the
/// sender long ago).
pub(crate) const REPLAY_WINDOW: u64 = 1024;

const WORDS: usize = 16;
const _: () = assert!(WORDS as u64 * 64 == REPLAY_WINDOW);

/// The packet numbers seen lately.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReplayWindow {
    newest: Option<u64>,
    /// One bit for each number of the window, at the number modulo its size.
    seen: [u64; WORDS],
}

impl ReplayWindow {
    /// Whether a packet of this number may be accepted: it is new, and not too old to tell.
    pub(crate) fn check(&self, packet_number: u64) -> bool {
        let Some(newest) = self.newest else {
            return true;
        };
        if packet_number > newest {
            return true;
        }
        let (word, bit) = place(packet_number);
        newest - packet_number < REPLAY_WINDOW && self.seen[word] & bit == 0
    }

    /// Notes that a packet of this number has been accepted.
    pub(crate) fn mark(&mut self, packet_number: u64) {
        match self.newest {
            Some(newest) if packet_number <= newest => {
                if newest - packet_number >= REPLAY_WINDOW {
                    return;
                }
            }
            Some(newest) if packet_number - newest < REPLAY_WINDOW => {
                for skipped in newest + 1..packet_number {
                    let (word, bit) = place(skipped);
                    self.seen[word] &= !bit;
                }
                self.newest = Some(packet_number);
            }
            _ => {
                self.seen = [0; WORDS];
                self.newest = Some(packet_number);
            }
        }
        let (word, bit) = place(packet_number);
        self.seen[word] |= bit;
    }

    /// The largest number accepted so far; what [`super::packet::expand`] needs.
    pub(crate) fn newest(&self) -> Option<u64> {
        self.newest
    }
}

#[allow(clippy::cast_possible_truncation)] // Less than 1024.
fn place(packet_number: u64) -> (usize, u64) {
    let index = packet_number % REPLAY_WINDOW;
    ((index / 64) as usize, 1 << (index % 64))
}
