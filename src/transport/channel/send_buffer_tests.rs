//! Tests of the sending side of a channel, alone and together with the receiving side.

use proptest::prelude::*;

use super::super::assembler::{AssembleError, Assembler};
use super::*;

impl ChannelSender {
    /// Whether there is something to send that only the peer's window holds back.
    pub(crate) fn is_blocked_by_window(&self) -> bool {
        self.lost().is_none_or(RangeSet::is_empty)
            && self.next < self.end()
            && self.next >= self.max_offset
    }

    /// Bytes held, sent or not.
    pub(crate) fn buffered(&self) -> usize {
        self.buffer.len()
    }
}

fn sender() -> ChannelSender {
    ChannelSender::new(1000, 400, 1000)
}

/// Chooses the next fragment and says that it went out.
fn send(sender: &mut ChannelSender, max_bytes: usize) -> Option<Fragment> {
    let fragment = sender.next_fragment(max_bytes, u64::MAX)?;
    sender.on_sent(fragment);
    Some(fragment)
}

fn fragment(offset: u64, len: usize) -> Fragment {
    Fragment { offset, len }
}

#[test]
fn messages_become_one_stream_cut_to_measure() {
    let mut sender = sender();
    assert_eq!(sender.push(b"tea"), Ok(()));
    assert_eq!(sender.push(b"four"), Ok(()));
    assert_eq!(sender.next_fragment(0, u64::MAX), None);
    assert_eq!(send(&mut sender, 6), Some(fragment(0, 6)));
    assert_eq!(send(&mut sender, 600), Some(fragment(6, 5)));
    assert_eq!(send(&mut sender, 600), None);
    let (front, back) = sender.data(fragment(0, 11));
    assert_eq!([front, back].concat(), b"\xc4\x03tea\xc4\x04four");
}

#[test]
fn a_full_buffer_and_a_message_that_is_too_long_are_told_apart() {
    let mut sender = sender();
    assert_eq!(sender.push(&[0; 401]), Err(SendError::TooLong));
    assert_eq!(sender.push(&[0; 400]), Ok(()));
    assert_eq!(sender.push(&[0; 400]), Ok(()));
    let room = sender.room();
    assert_eq!(sender.push(&vec![0; room + 1]), Err(SendError::Full));
    assert_eq!(sender.push(&vec![0; room]), Ok(()));
    assert_eq!(sender.room(), 0);
    assert_eq!(sender.buffered(), 1000);
}

#[test]
fn the_peers_window_holds_new_bytes_back_but_not_lost_ones() {
    let mut sender = ChannelSender::new(1000, 400, 10);
    assert_eq!(sender.push(&[7; 20]), Ok(()));
    let first = send(&mut sender, 100).expect("within the window");
    assert_eq!(first, fragment(0, 10));
    assert!(sender.is_blocked_by_window() && !sender.has_pending(u64::MAX));
    sender.on_lost(first);
    assert!(!sender.is_blocked_by_window() && sender.has_pending(u64::MAX));
    assert_eq!(send(&mut sender, 100), Some(first));
    sender.set_max_offset(15);
    sender.set_max_offset(12);
    assert_eq!(send(&mut sender, 100), Some(fragment(10, 5)));
}

#[test]
fn lost_bytes_go_first_and_without_those_that_another_copy_brought() {
    let mut sender = sender();
    assert_eq!(sender.push(&[7; 98]), Ok(()));
    for _ in 0..4 {
        send(&mut sender, 20);
    }
    sender.on_acked(fragment(20, 20));
    sender.on_lost(fragment(0, 60));
    assert_eq!(send(&mut sender, 100), Some(fragment(0, 20)));
    assert_eq!(send(&mut sender, 15), Some(fragment(40, 15)));
    assert_eq!(send(&mut sender, 15), Some(fragment(55, 5)));
    assert_eq!(send(&mut sender, 100), Some(fragment(80, 20)));
}

#[test]
fn an_acknowledged_beginning_is_freed_with_all_that_follows_it() {
    let mut sender = sender();
    assert_eq!(sender.push(&[7; 98]), Ok(()));
    while send(&mut sender, 25).is_some() {}
    sender.on_acked(fragment(50, 25));
    sender.on_acked(fragment(25, 25));
    assert_eq!(sender.buffered(), 100);
    sender.on_acked(fragment(0, 25));
    assert_eq!(sender.buffered(), 25);
    sender.on_acked(fragment(0, 25));
    sender.on_acked(fragment(75, 25));
    assert!(sender.is_drained());
    sender.on_lost(fragment(75, 25));
    assert!(
        !sender.has_pending(u64::MAX),
        "what was acknowledged is not lost"
    );
    sender.release();
    assert_eq!(sender.push(b"again"), Ok(()));
    assert_eq!(send(&mut sender, 100), Some(fragment(100, 7)));
}

#[test]
fn what_was_never_sent_can_be_neither_acknowledged_nor_lost() {
    let mut sender = sender();
    assert_eq!(sender.push(&[7; 50]), Ok(()));
    send(&mut sender, 10);
    sender.on_acked(fragment(0, 40));
    assert_eq!(sender.buffered(), 42);
    sender.on_lost(fragment(20, usize::MAX));
    assert_eq!(send(&mut sender, 100), Some(fragment(10, 42)));
}

/// What happens to a fragment that went out.
#[derive(Debug, Clone)]
enum Fate {
    Arrives,
    /// It arrives, but is taken for lost.
    ArrivesUnnoticed,
    Vanishes,
    /// It is held back until others have passed it.
    Lags,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        3 => Just(Fate::Arrives),
        1 => Just(Fate::ArrivesUnnoticed),
        2 => Just(Fate::Vanishes),
        2 => Just(Fate::Lags),
    ]
}

#[test]
fn copy_of_a_fragment_whose_beginning_has_arrived_holds_only_the_rest() {
    // A line was sent, taken for lost, and sent again in two pieces, of which the first arrived. Its copy was then
    // made from where the buffer begins by now, under the offset where the line had begun: the reader threw it away,
    // and its acknowledgement passed for that of the rest. The channel stood still for good (simulator, seed 4751).
    let mut sender = ChannelSender::new(1000, 500, 1000);
    sender.push(&[7; 98]).unwrap();
    let line = send(&mut sender, 100).unwrap();
    assert_eq!(line, fragment(0, 100));
    sender.on_lost(line);
    let first = send(&mut sender, 40).unwrap();
    sender.on_acked(first);
    assert_eq!(sender.unacked(line), Some(fragment(40, 60)));
    let (front, back) = sender.data(fragment(40, 60));
    assert_eq!(front.len() + back.len(), 60);
    sender.on_acked(fragment(40, 60));
    assert_eq!(sender.unacked(line), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn over_loss_reordering_and_repetition_every_message_arrives_once_and_in_order(
        messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..350), 1..30),
        fates in proptest::collection::vec((fate(), 1_usize..200), 1..100),
    ) {
        const WINDOW: u64 = 600;
        let mut sender = ChannelSender::new(700, 400, WINDOW);
        let mut assembler = Assembler::new(WINDOW, 400);
        let mut waiting = messages.iter();
        let mut next = waiting.next();
        let mut received = Vec::new();
        let mut lagging = Vec::new();
        // After the planned fates everything arrives.
        let fates = fates.into_iter().chain(std::iter::repeat((Fate::Arrives, 100)));
        for (fate, max_bytes) in fates.take(5000) {
            while let Some(message) = next.filter(|message| sender.push(message).is_ok()) {
                prop_assert!(message.len() <= 350);
                next = waiting.next();
            }
            let mut arriving = Vec::new();
            if let Some(fragment) = send(&mut sender, max_bytes) {
                let (front, back) = sender.data(fragment);
                let data = [front, back].concat();
                prop_assert_eq!(data.len(), fragment.len);
                match fate {
                    Fate::Arrives => arriving.push((fragment, data, true)),
                    Fate::ArrivesUnnoticed => arriving.push((fragment, data, false)),
                    Fate::Vanishes => sender.on_lost(fragment),
                    Fate::Lags => lagging.push((fragment, data, true)),
                }
            } else {
                arriving.append(&mut lagging);
                arriving.reverse();
            }
            for (fragment, data, noticed) in arriving {
                match assembler.insert(fragment.offset, &data) {
                    Ok(()) if noticed => sender.on_acked(fragment),
                    Ok(()) | Err(AssembleError::TooManyHoles) => sender.on_lost(fragment),
                    Err(error) => return Err(TestCaseError::fail(format!("{error:?}"))),
                }
            }
            received.extend(std::iter::from_fn(|| {
                let mut message = Vec::new();
                assembler.next_message(&mut message).then_some(message)
            }));
            if let Some(max_offset) = assembler.window_update() {
                sender.set_max_offset(max_offset);
            }
            if next.is_none() && sender.is_drained() {
                break;
            }
        }
        prop_assert!(sender.is_drained() && assembler.is_idle());
        prop_assert_eq!(received, messages);
    }

    #[test]
    fn whatever_is_said_of_fragments_the_books_stay_straight(
        steps in proptest::collection::vec((0_u8..5, 0_u64..300, 0_usize..120), 0..80),
    ) {
        let mut sender = ChannelSender::new(500, 100, 200);
        for (what, offset, len) in steps {
            let said = fragment(offset, len);
            match what {
                0 => drop(sender.push(&vec![1; len])),
                1 => drop(send(&mut sender, len)),
                2 => sender.on_acked(said),
                3 => sender.on_lost(said),
                _ => sender.set_max_offset(offset),
            }
            prop_assert!(sender.buffered() <= 500);
            prop_assert_eq!(sender.has_pending(u64::MAX), sender.next_fragment(1, u64::MAX).is_some());
            if let Some(next) = sender.next_fragment(1200, u64::MAX) {
                let (front, back) = sender.data(next);
                prop_assert_eq!(front.len() + back.len(), next.len);
                prop_assert!(next.range().end <= sender.max_offset);
            }
        }
    }
}
