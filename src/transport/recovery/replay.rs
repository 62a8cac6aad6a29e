//! Replay protection: which packet numbers have been seen.
//!
//! A window of the last 1024 numbers, as in `WireGuard` and RFC 6479. It is checked before decryption, so that a
//! forged packet is cheap, and updated after it, so that a forged packet cannot move the window.

/// The window, in packets. An older packet is dropped; its sender has long declared it lost.
pub(crate) const REPLAY_WINDOW: u64 = 1024;

const WORDS: usize = 16;
const _: () = assert!(WORDS as u64 * 64 == REPLAY_WINDOW);

#[derive(Debug, Clone, Default)]
pub(crate) struct ReplayWindow {
    newest: Option<u64>,
    /// One bit for each number, at the number modulo the window.
    seen: [u64; WORDS],
}

impl ReplayWindow {
    /// Whether a packet number is new and within the window.
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

    /// The largest number accepted; [`crate::transport::wire::packet_number::expand`] needs it.
    pub(crate) fn newest(&self) -> Option<u64> {
        self.newest
    }
}

#[allow(clippy::cast_possible_truncation)] // Less than 1024.
fn place(packet_number: u64) -> (usize, u64) {
    let index = packet_number % REPLAY_WINDOW;
    ((index / 64) as usize, 1 << (index % 64))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_is_accepted_once() {
        let mut window = ReplayWindow::default();
        assert!(window.check(5));
        window.mark(5);
        assert!(!window.check(5));
        assert!(window.check(4) && window.check(6));
    }

    #[test]
    fn a_check_alone_changes_nothing() {
        let window = ReplayWindow::default();
        assert!(window.check(u64::MAX) && window.check(0));
    }

    #[test]
    fn what_is_too_old_to_tell_is_refused() {
        let mut window = ReplayWindow::default();
        window.mark(REPLAY_WINDOW);
        assert!(!window.check(0));
        assert!(window.check(1));
        window.mark(0);
        assert_eq!(window.newest(), Some(REPLAY_WINDOW));
    }

    #[test]
    fn a_jump_beyond_the_window_forgets_the_old_bits() {
        let mut window = ReplayWindow::default();
        window.mark(3);
        window.mark(3 + REPLAY_WINDOW);
        assert!(window.check(4) && !window.check(3 + REPLAY_WINDOW));
        window.mark(u64::MAX);
        assert!(!window.check(u64::MAX) && window.check(u64::MAX - REPLAY_WINDOW + 1));
    }

    proptest! {
        #[test]
        fn it_says_what_a_set_of_all_numbers_would_say(steps in proptest::collection::vec(0_u64..5000, 1..300)) {
            let mut window = ReplayWindow::default();
            let mut seen = BTreeSet::new();
            for number in steps {
                let newest = seen.last().copied().unwrap_or(0);
                let expected = !seen.contains(&number) && number + REPLAY_WINDOW > newest;
                prop_assert_eq!(window.check(number), expected);
                if expected {
                    window.mark(number);
                    seen.insert(number);
                }
            }
        }
    }
}
