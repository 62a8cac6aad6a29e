//! Tests of the receiving side of a channel.

use proptest::prelude::*;

use super::*;

const WINDOW: u64 = 1000;
const MESSAGE_MAX: usize = 400;

fn assembler() -> Assembler {
    Assembler::new(WINDOW, MESSAGE_MAX)
}

/// A stream of messages, as a sender writes it.
fn stream(messages: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for message in messages {
        let (header, len) = framing::encode(message.len());
        bytes.extend_from_slice(&header[..len]);
        bytes.extend_from_slice(message);
    }
    bytes
}

/// The next message.
fn next(assembler: &mut Assembler) -> Option<Vec<u8>> {
    let mut message = Vec::new();
    assembler.next_message(&mut message).then_some(message)
}

#[test]
fn messages_in_one_fragment_come_out_in_order() {
    let mut assembler = assembler();
    assert_eq!(
        assembler.insert(0, &stream(&[b"tea", b"", b"four"])),
        Ok(())
    );
    assert_eq!(next(&mut assembler).as_deref(), Some(&b"tea"[..]));
    assert_eq!(next(&mut assembler).as_deref(), Some(&b""[..]));
    assert!(assembler.has_message() && !assembler.is_idle());
    assert_eq!(next(&mut assembler).as_deref(), Some(&b"four"[..]));
    assert_eq!(next(&mut assembler), None);
    assert!(assembler.is_idle());
}

#[test]
fn bytes_that_come_one_by_one_and_backwards_make_the_same_message() {
    let bytes = stream(&[b"lifeboat drill"]);
    let mut assembler = assembler();
    for at in (0..bytes.len()).rev() {
        assert!(!assembler.has_message());
        assert_eq!(assembler.insert(at as u64, &bytes[at..=at]), Ok(()));
    }
    let message = next(&mut assembler);
    assert_eq!(message.as_deref(), Some(&b"lifeboat drill"[..]));
}

#[test]
fn a_hole_holds_back_what_is_behind_it() {
    let bytes = stream(&[b"one", b"two"]);
    let mut assembler = assembler();
    assert_eq!(assembler.insert(5, &bytes[5..]), Ok(()));
    assert_eq!(next(&mut assembler), None);
    assert_eq!(assembler.insert(0, &bytes[..5]), Ok(()));
    assert_eq!(next(&mut assembler).as_deref(), Some(&b"one"[..]));
    assert_eq!(next(&mut assembler).as_deref(), Some(&b"two"[..]));
}

#[test]
fn repetitions_are_nothing_before_and_after_the_message_was_taken() {
    let bytes = stream(&[b"once"]);
    let mut assembler = assembler();
    for _ in 0..3 {
        assert_eq!(assembler.insert(0, &bytes), Ok(()));
    }
    assert!(next(&mut assembler).is_some());
    assert_eq!(assembler.insert(0, &bytes), Ok(()));
    assert_eq!(next(&mut assembler), None);
    assert!(assembler.is_idle());
}

#[test]
fn a_repetition_that_goes_on_adds_only_what_is_new() {
    let bytes = stream(&[b"one", b"two"]);
    let mut assembler = assembler();
    assert_eq!(assembler.insert(0, &bytes[..5]), Ok(()));
    assert!(next(&mut assembler).is_some());
    assert_eq!(assembler.insert(0, &bytes), Ok(()));
    assert_eq!(next(&mut assembler).as_deref(), Some(&b"two"[..]));
}

#[test]
fn fragments_that_say_different_things_are_found_out() {
    let bytes = stream(&[&[1; 50]]);
    let mut assembler = assembler();
    assert_eq!(assembler.insert(0, &bytes[..10]), Ok(()));
    assert_eq!(assembler.insert(20, &bytes[20..30]), Ok(()));
    assert_eq!(assembler.insert(9, &[2]), Err(AssembleError::Disagree));
    assert_eq!(
        assembler.insert(25, &[1, 2, 1]),
        Err(AssembleError::Disagree)
    );
    assert_eq!(assembler.insert(5, &[1; 20]), Ok(()));
    assert_eq!(assembler.insert(15, &[1; 37]), Ok(()));
    assert_eq!(next(&mut assembler), Some(vec![1; 50]));
}

#[test]
fn the_window_is_not_to_be_exceeded_even_by_a_byte() {
    let mut assembler = assembler();
    assert_eq!(assembler.insert(WINDOW - 1, &[1]), Ok(()));
    for (offset, len) in [(WINDOW - 1, 2), (WINDOW, 1), (u64::MAX, 1), (u64::MAX, 2)] {
        assert_eq!(
            assembler.insert(offset, &vec![1; len]),
            Err(AssembleError::WindowExceeded)
        );
    }
}

#[test]
fn a_message_that_is_too_long_is_refused_by_its_header() {
    let (header, len) = framing::encode(MESSAGE_MAX + 1);
    let refused = assembler().insert(0, &header[..len]);
    assert_eq!(refused, Err(AssembleError::MessageTooLong));
    let mut second = stream(&[b"ok"]);
    second.extend_from_slice(&header[..len]);
    let refused = assembler().insert(0, &second);
    assert_eq!(refused, Err(AssembleError::MessageTooLong));
    let refused = assembler().insert(0, b"GET /");
    assert_eq!(refused, Err(AssembleError::NoMessage));
}

#[test]
fn too_many_holes_are_refused_without_a_trace_and_filling_them_makes_room() {
    let bytes = stream(&[&[1; 300]]);
    let mut assembler = assembler();
    for hole in 1..=MAX_HOLES {
        assert_eq!(
            assembler.insert(hole as u64 * 4, &bytes[hole * 4..=hole * 4]),
            Ok(())
        );
    }
    let refused = assembler.insert(290, &bytes[290..]);
    assert_eq!(refused, Err(AssembleError::TooManyHoles));
    assert_eq!(assembler.insert(0, &bytes[..290]), Ok(()));
    assert!(!assembler.has_message());
    assert_eq!(assembler.insert(290, &bytes[290..]), Ok(()));
    assert_eq!(next(&mut assembler), Some(vec![1; 300]));
}

#[test]
fn the_window_moves_when_half_of_it_was_taken_and_not_when_it_only_came() {
    let bytes = stream(&[&[1; 240], &[2; 240], &[3; 240]]);
    let mut assembler = assembler();
    assert_eq!(assembler.insert(0, &bytes), Ok(()));
    assert_eq!(assembler.window_update(), None);
    next(&mut assembler);
    next(&mut assembler);
    assert_eq!(assembler.window_update(), None);
    next(&mut assembler);
    assert_eq!(assembler.window_update(), Some(WINDOW + 726));
    assert_eq!(assembler.window_update(), None);
    assert_eq!(assembler.max_offset(), WINDOW + 726);
}

#[test]
fn a_message_as_large_as_the_window_is_let_in_although_less_than_half_was_taken() {
    let mut assembler = Assembler::new(100, 1000);
    assert_eq!(assembler.insert(0, &stream(&[&[1; 30]])), Ok(()));
    next(&mut assembler);
    let bytes = stream(&[&[2; 95]]);
    assert_eq!(assembler.window_update(), None);
    assert_eq!(assembler.insert(32, &bytes[..68]), Ok(()));
    assert_eq!(assembler.window_update(), Some(132));
    assert_eq!(assembler.insert(100, &bytes[68..]), Ok(()));
    assert_eq!(next(&mut assembler), Some(vec![2; 95]));
}

#[test]
fn a_wider_limit_is_told_at_once_and_a_narrower_one_takes_nothing_back() {
    let mut assembler = assembler();
    assembler.set_limits(4 * WINDOW, MESSAGE_MAX);
    assert_eq!(assembler.window_update(), Some(4 * WINDOW));
    assembler.set_limits(WINDOW, MESSAGE_MAX);
    assert_eq!(assembler.window_update(), None);
    assert_eq!(assembler.insert(4 * WINDOW - 1, &[0]), Ok(()));
}

#[test]
fn what_is_held_never_outgrows_the_window_and_is_given_back_when_idle() {
    let mut assembler = Assembler::new(10_000, 1000);
    let bytes = stream(&[&[1; 900]]);
    let mut offset = 0;
    for _ in 0..200 {
        assert_eq!(assembler.insert(offset, &bytes), Ok(()));
        offset += bytes.len() as u64;
        next(&mut assembler);
        let _told = assembler.window_update();
        assert!(assembler.buffer.capacity() <= 10_000);
    }
    assert!(assembler.is_idle());
    assembler.release();
    assert_eq!(assembler.buffer.capacity(), 0);
    assert_eq!(assembler.insert(offset, &bytes), Ok(()));
    assert_eq!(next(&mut assembler), Some(vec![1; 900]));
}

#[test]
fn holes_cost_what_came_and_not_what_they_span() {
    // A hole was filled with zeros up to the byte after it.
    let window = 1024 * 1024;
    let mut assembler = Assembler::new(window, MESSAGE_MAX);
    assert_eq!(assembler.insert(window - 1, &[1]), Ok(()));
    assert!(assembler.memory() < 512, "{} bytes", assembler.memory());
    for piece in 1..MAX_HOLES as u64 {
        assert_eq!(assembler.insert(piece * 1000, &[1]), Ok(()));
    }
    let memory = assembler.memory();
    assert!(memory < MAX_HOLES * 256, "{memory} bytes for {MAX_HOLES}");
    assert!(memory > MAX_HOLES * 64, "each costs more than its byte");
    assembler.clear();
    assert_eq!(assembler.memory(), 0);
}

proptest! {
    #[test]
    fn pieces_in_any_order_make_the_stream(
        pieces in proptest::collection::vec((0_usize..900, 1_usize..200), 0..60),
        taken in proptest::collection::vec(any::<bool>(), 60),
    ) {
        let message: Vec<u8> = (0..90).collect();
        let bytes = stream(&[&message[..]; 10]);
        let mut assembler = assembler();
        let mut messages = 0;
        let insert = |assembler: &mut Assembler, start: usize, len: usize| {
            let end = (start + len).min(bytes.len());
            if start < end {
                assert_eq!(assembler.insert(start as u64, &bytes[start..end]), Ok(()));
            }
        };
        for (piece, takes) in pieces.iter().zip(taken) {
            insert(&mut assembler, piece.0, piece.1);
            if takes && let Some(taken) = next(&mut assembler) {
                prop_assert_eq!(&taken, &message);
                messages += 1;
            }
        }
        insert(&mut assembler, 0, 2000);
        while let Some(taken) = next(&mut assembler) {
            prop_assert_eq!(&taken, &message);
            messages += 1;
        }
        prop_assert_eq!(messages, 10);
        prop_assert!(assembler.is_idle());
    }
}

/// A client that signs out while it sends files has long messages under way: the session ended over them, although they had been
/// allowed when they were sent.
#[test]
fn message_in_the_window_given_before_may_be_as_long_as_then() {
    let mut assembler = assembler();
    let long = [7; 300];
    let bytes = stream(&[&long, &long, &long, &long]);
    let (sent, later) = bytes.split_at(1000);
    assert_eq!(assembler.insert(0, &sent[..100]), Ok(()));
    assembler.set_limits(100, MESSAGE_MAX);
    assert_eq!(assembler.insert(100, &sent[100..]), Ok(()));
    for _ in 0..3 {
        assert_eq!(next(&mut assembler).as_deref(), Some(&long[..]));
    }
    // The fourth began before the end of the window, too, and becomes whole once the limits are wide again. Until then the
    // window stays as it is.
    assert_eq!(next(&mut assembler), None);
    assert_eq!(assembler.window_update(), None);
    assembler.set_limits(WINDOW, MESSAGE_MAX);
    assert!(assembler.window_update().is_some());
    assert_eq!(assembler.insert(WINDOW, later), Ok(()));
    assert_eq!(next(&mut assembler).as_deref(), Some(&long[..]));
    // Behind that window they are not.
    let mut narrow = Assembler::new(100, MESSAGE_MAX);
    let refused = Err(AssembleError::MessageTooLong);
    assert_eq!(narrow.insert(0, &bytes[..50]), refused);
    narrow = Assembler::new(400, MESSAGE_MAX);
    narrow.set_limits(100, MESSAGE_MAX);
    assert_eq!(narrow.insert(0, &bytes[..303]), Ok(()));
    assert!(next(&mut narrow).is_some());
    let short = stream(&[&[1; 95], &long]);
    assert_eq!(narrow.insert(303, &short[..97]), Ok(()));
    assert!(next(&mut narrow).is_some() && narrow.window_update().is_some());
    assert_eq!(narrow.insert(400, &short[97..150]), refused);
}
