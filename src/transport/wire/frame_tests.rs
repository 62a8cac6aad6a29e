//! Tests of the frame codec: what is written comes back, and no bytes of a peer's do harm.

use proptest::prelude::*;

use super::*;
use crate::transport::ranges::RangeSet;

/// Maximum overhead of a STREAM frame with fewer than 256 bytes of data: type, offset, `bin` header.
const SMALL_STREAM_OVERHEAD: usize = 1 + 9 + 2;

impl Frames<'_> {
    /// Bytes that have not been read yet.
    pub(crate) fn left(&self) -> usize {
        self.rest.len()
    }
}

fn all(plaintext: &[u8]) -> Result<Vec<Frame<'_>>, FrameError> {
    Frames::new(plaintext).collect()
}

fn ack(fields: &[u64]) -> Result<Vec<Range<u64>>, FrameError> {
    let mut buffer = vec![ACK];
    for field in fields {
        uint(&mut buffer, *field);
    }
    match Frames::new(&buffer).next() {
        Some(Ok(Frame::Ack { ranges, .. })) => Ok(ranges.collect()),
        Some(Err(error)) => Err(error),
        other => panic!("not an ACK: {other:?}"),
    }
}

#[test]
fn frames_come_back_in_order_and_padding_is_nothing() {
    let mut buffer = Vec::new();
    encode_ping(&mut buffer);
    encode_padding(&mut buffer, 10);
    encode_window(&mut buffer, Channel::Bulk, 1 << 40);
    encode_session_window(&mut buffer, 70_000);
    encode_path_challenge(&mut buffer, [1; 8]);
    encode_path_response(&mut buffer, [2; 8]);
    encode_new_token(&mut buffer, &[3; ADDRESS_TOKEN_LEN]);
    encode_frugal(&mut buffer);
    encode_stream(&mut buffer, Channel::Chat, false, 300, (b"ab", b"c"));
    encode_close(&mut buffer, 256, "bye");
    encode_padding(&mut buffer, 1000);
    let expected = vec![
        Frame::Ping,
        Frame::Window {
            channel: Channel::Bulk,
            max_offset: 1 << 40,
        },
        Frame::SessionWindow { max: 70_000 },
        Frame::PathChallenge([1; 8]),
        Frame::PathResponse([2; 8]),
        Frame::NewToken([3; ADDRESS_TOKEN_LEN]),
        Frame::Frugal,
        Frame::Stream {
            channel: Channel::Chat,
            patient: false,
            offset: 300,
            data: b"abc",
        },
        Frame::Close {
            code: 256,
            reason: "bye",
        },
    ];
    assert_eq!(buffer.len(), 1000);
    assert_eq!(all(&buffer), Ok(expected));
}

#[test]
fn a_small_stream_frame_costs_at_most_12_bytes_even_at_the_largest_offset() {
    for (offset, overhead) in [(0, 4), (5000, 6), (1 << 31, 8), (u64::MAX, 12)] {
        let mut buffer = Vec::new();
        encode_stream(&mut buffer, Channel::Chat, false, offset, (&[7; 200], &[]));
        assert_eq!(buffer.len() - 200, overhead);
        assert!(overhead <= SMALL_STREAM_OVERHEAD);
    }
}

#[test]
fn the_room_told_for_a_stream_is_used_to_the_last_byte_or_all_but_one() {
    for offset in [0, 127, 128, 255, 256, 65_535, 65_536, 1 << 32] {
        for room in 0..1200_usize {
            let data = stream_data_room(offset, room);
            if data == 0 {
                continue;
            }
            let mut buffer = Vec::new();
            encode_stream(
                &mut buffer,
                Channel::Bulk,
                false,
                offset,
                (&vec![1; data], &[]),
            );
            assert!(buffer.len() <= room && buffer.len() + 1 >= room);
        }
    }
}

#[test]
fn a_long_reason_is_cut_between_characters() {
    let mut buffer = Vec::new();
    encode_close(&mut buffer, 1, &"€".repeat(100));
    let expected = Frame::Close {
        code: 1,
        reason: &"€".repeat(42),
    };
    assert_eq!(all(&buffer), Ok(vec![expected]));
}

#[test]
fn a_reason_that_is_too_long_or_no_text_is_refused() {
    let mut long = vec![CLOSE, 1];
    encode::write_str(&mut long, &"x".repeat(MAX_REASON_LEN + 1)).expect(VEC_IS_INFALLIBLE);
    assert_eq!(all(&long), Err(FrameError::OutOfRange));
    let no_text = [CLOSE, 1, 0xa1, 0xff];
    assert_eq!(all(&no_text), Err(FrameError::Malformed));
}

#[test]
fn unknown_types_channels_and_cut_frames_are_errors_and_end_the_packet() {
    let mut frames = Frames::new(&[99, PING]);
    assert_eq!(frames.next(), Some(Err(FrameError::UnknownType)));
    assert_eq!(frames.next(), None);
    assert_eq!(all(&[31]), Err(FrameError::UnknownType));
    assert_eq!(all(&[STREAM + 3, 0, 0xc4, 0]), Err(FrameError::UnknownType));
    assert_eq!(all(&[WINDOW, 3, 1]), Err(FrameError::OutOfRange));
    assert_eq!(all(&[STREAM, 0, 0xc4, 5, 1]), Err(FrameError::Malformed));
    assert_eq!(all(&[STREAM, 0xff, 0xc4, 0]), Err(FrameError::Malformed));
    let short_token = [PATH_CHALLENGE, 0xc4, 1, 1];
    assert_eq!(all(&short_token), Err(FrameError::OutOfRange));
    let long_token = [&[NEW_TOKEN, 0xc4, 21][..], &[1; 21]].concat();
    assert_eq!(all(&long_token), Err(FrameError::OutOfRange));
}

#[test]
fn impossible_acknowledgements_are_refused() {
    // largest, delay, loss, count, length, then gap and length of each further range
    assert_eq!(ack(&[9, 0, 0, 2, 2, 3, 4]), Ok(vec![8..10, 1..5]));
    assert_eq!(
        ack(&[9, 0, 0, 1, 10]),
        Ok(vec![Range { start: 0, end: 10 }])
    );
    let out_of_range: [&[u64]; 8] = [
        &[9, 0, 0, 1, 11],
        &[9, 0, 0, 1, 0],
        &[9, 0, 0, 0],
        &[9, 0, 0, 2, 2, 0, 4],
        &[9, 0, 0, 2, 2, 9, 1],
        &[9, 0, 0, 2, 2, 3, u64::MAX],
        &[9, 0, 1001, 1, 1],
        &[MAX_PACKET_NUMBER + 1, 0, 0, 1, 1],
    ];
    for fields in out_of_range {
        assert_eq!(ack(fields), Err(FrameError::OutOfRange), "{fields:?}");
    }
    assert_eq!(ack(&[9, 0, 0, 33, 1]), Err(FrameError::OutOfRange));
    assert_eq!(ack(&[9, 0, 0, 2, 1]), Err(FrameError::Malformed));
}

#[test]
fn only_acknowledgements_and_goodbyes_are_not_answered() {
    let mut buffer = Vec::new();
    encode_ack(&mut buffer, [Range { start: 0, end: 1 }].into_iter(), 0, 0);
    encode_close(&mut buffer, 0, "");
    encode_ping(&mut buffer);
    let eliciting: Vec<bool> = Frames::new(&buffer)
        .map(|frame| frame.is_ok_and(|frame| frame.is_ack_eliciting()))
        .collect();
    assert_eq!(eliciting, [false, false, true]);
}

proptest! {
    #[test]
    fn acknowledgements_come_back_up_to_the_limit(
        numbers in proptest::collection::vec(0..MAX_PACKET_NUMBER, 1..20),
        near in proptest::collection::vec(0_u64..100, 0..40),
        delay: u64,
        loss in 0_u16..=1000,
    ) {
        let mut set = RangeSet::default();
        for number in numbers.into_iter().chain(near) {
            set.insert(number..number + 1);
        }
        let mut buffer = Vec::new();
        encode_ack(&mut buffer, set.iter().rev(), delay, loss);
        encode_ping(&mut buffer);
        let frames = all(&buffer).expect("what was just written");
        prop_assert_eq!(frames.len(), 2);
        let Frame::Ack { ranges, delay_us, loss_permille } = frames[0].clone() else {
            return Err(TestCaseError::fail("not an ACK"));
        };
        prop_assert_eq!((delay_us, loss_permille), (delay, loss));
        prop_assert_eq!(Some(ranges.largest() + 1), set.iter().next_back().map(|last| last.end));
        prop_assert!(ranges.eq(set.iter().rev().take(MAX_RANGES)));
    }

    #[test]
    fn streams_come_back(
        number in 0_usize..3,
        patient: bool,
        offset: u64,
        data in proptest::collection::vec(any::<u8>(), 0..1200),
        cut: prop::sample::Index,
    ) {
        let channel = Channel::ALL[number];
        let mut buffer = Vec::new();
        encode_stream(&mut buffer, channel, patient, offset, data.split_at(cut.index(data.len() + 1)));
        prop_assert!(buffer.len() <= data.len() + STREAM_OVERHEAD);
        let expected = Frame::Stream { channel, patient, offset, data: &data };
        prop_assert_eq!(all(&buffer), Ok(vec![expected]));
    }

    #[test]
    fn any_bytes_are_read_without_a_panic_and_their_ranges_hold(
        kind in 0_u8..12,
        bytes in proptest::collection::vec(prop_oneof![0_u8..40, any::<u8>()], 0..120),
    ) {
        let plaintext: Vec<u8> = std::iter::once(kind).chain(bytes).collect();
        for frame in Frames::new(&plaintext) {
            if let Ok(Frame::Ack { ranges, .. }) = frame {
                let mut lower = ranges.largest() + 2;
                for range in ranges {
                    prop_assert!(range.start < range.end && range.end < lower);
                    lower = range.start;
                }
            }
        }
    }
}

/// Appends padding up to `len` bytes in all.
fn encode_padding(buffer: &mut Vec<u8>, len: usize) {
    buffer.resize(buffer.len().max(len), PADDING);
}
