//! Numbers in as few bytes as they need: seven bits in each, the lowest first (LEB128).

/// Adds a number.
pub(in crate::store) fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

/// Takes a number from the front.
pub(in crate::store) fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let part = u64::from(byte & 0x7f);
        if part << shift >> shift != part {
            return None;
        }
        number |= part << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_read_as_it_was_written_and_no_cut_one_is() {
        for number in (0..64)
            .flat_map(|bit| [(1_u64 << bit) - 1, 1 << bit])
            .chain([u64::MAX])
        {
            let mut bytes = Vec::new();
            put(&mut bytes, number);
            for len in 0..bytes.len() {
                assert_eq!(take(&mut &bytes[..len]), None);
            }
            bytes.push(7);
            let mut rest = &*bytes;
            assert_eq!((take(&mut rest), rest), (Some(number), &[7][..]));
        }
        assert_eq!(take(&mut &[0xff; 9][..]), None);
        assert_eq!(
            take(&mut &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2][..]),
            None
        );
    }
}
