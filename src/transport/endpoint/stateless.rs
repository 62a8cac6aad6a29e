//! Answers without a session: COOKIE, `SYN_ACK`, RESET and VERSION. One bounded queue holds them, so that a flood of
//! requests uses no more memory than that.

use std::collections::VecDeque;

use crate::transport::limits::MAX_ANSWERS;
use crate::transport::route::{Route, Transmit};

#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// Answers dropped at [`MAX_ANSWERS`], or because they would have been as large as what provoked them.
    pub(crate) dropped: u64,
    waiting: VecDeque<(Route, Vec<u8>)>,
}

impl Answers {
    /// Queues what `write` writes, unless the queue is full or the answer is not smaller than the request of
    /// `provoked_by` bytes, so that nobody can use the server as an amplifier. Returns whether it was queued.
    pub(crate) fn push(
        &mut self,
        route: Route,
        provoked_by: usize,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> bool {
        let mut answer = Vec::with_capacity(160);
        if self.waiting.len() < MAX_ANSWERS {
            write(&mut answer);
        }
        let is_queued = !answer.is_empty() && answer.len() < provoked_by;
        if is_queued {
            self.waiting.push_back((route, answer));
        } else {
            self.dropped += 1;
        }
        is_queued
    }

    pub(crate) fn pop(&mut self, buffer: &mut Vec<u8>) -> Option<Transmit> {
        let (route, answer) = self.waiting.pop_front()?;
        buffer.extend_from_slice(&answer);
        Some(Transmit::one(route, answer.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queue_is_bounded_and_no_answer_is_as_large_as_its_question() {
        let route = Route {
            remote: ([192, 0, 2, 1], 7).into(),
            local_ip: None,
        };
        let mut answers = Answers::default();
        assert!(!answers.push(route, 3, |answer| answer.extend([0; 3])));
        assert!(answers.push(route, 4, |answer| answer.extend([0; 3])));
        let pushed =
            (0..2 * MAX_ANSWERS).filter(|_| answers.push(route, 4, |answer| answer.push(0)));
        assert_eq!(pushed.count(), MAX_ANSWERS - 1);
    }
}
