//! Packet numbers on the wire: the low 32 bits travel, the receiver finds the rest again.

/// What of a packet number travels: its low 32 bits.
#[allow(clippy::cast_possible_truncation)] // The point of it.
pub(crate) fn truncate(packet_number: u64) -> u32 {
    packet_number as u32
}

/// The packet number nearest to the one expected that has these low bits (RFC 9000, appendix A.3).
/// `largest` is the largest number decrypted so far.
pub(crate) fn expand(truncated: u32, largest: Option<u64>) -> u64 {
    const WINDOW: u64 = 1 << 32;
    const HALF: u64 = WINDOW / 2;
    let expected = largest.map_or(0, |largest| largest.saturating_add(1));
    let candidate = (expected & !(WINDOW - 1)) | u64::from(truncated);
    if candidate.saturating_add(HALF) <= expected {
        candidate.checked_add(WINDOW).unwrap_or(candidate)
    } else if candidate > expected.saturating_add(HALF) && candidate >= WINDOW {
        candidate - WINDOW
    } else {
        candidate
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_expand_to_the_nearest_one_expected() {
        assert_eq!(expand(0, None), 0);
        assert_eq!(expand(0, Some(u64::from(u32::MAX))), 1 << 32);
        assert_eq!(expand(u32::MAX, Some(1 << 32)), u64::from(u32::MAX));
        assert_eq!(expand(5, Some(u64::MAX)) & 0xffff_ffff, 5);
        // Exactly half a window away on both sides: the later one.
        assert_eq!(expand(0, Some((3 << 31) - 1)), 2 << 32);
    }

    proptest! {
        #[test]
        fn a_number_near_the_largest_comes_back(largest in 0_u64..1 << 61, ahead in -0x7fff_ffff_i64..0x7fff_ffff) {
            if let Some(number) = largest.checked_add_signed(ahead) {
                prop_assert_eq!(expand(truncate(number), Some(largest)), number);
            }
        }
    }
}
