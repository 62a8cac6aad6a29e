//! The queue through which other threads pass input to the network thread.
//!
//! [`InputSender::send`] waits for room, as the prompt may. [`InputSender::send_reserved`] never waits: it is for
//! completions whose number is bounded elsewhere (the store accepts a request only if it reserves the slot of its
//! completion), so two full queues cannot deadlock.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use mio::Waker;
use thiserror::Error;

/// Inputs without a reserved slot that are queued before [`InputSender::send`] blocks and [`InputSender::try_send`]
/// fails. Reserved ones do not count, so a busy store shuts no other thread out. Chosen: more than a person types,
/// few enough for one turn of the loop.
pub const INPUT_QUEUE_ENTRIES: usize = 256;

/// The network thread has ended and reads no input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the network thread has ended")]
pub struct Disconnected;

/// Why [`InputSender::try_send`] failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refused {
    /// [`INPUT_QUEUE_ENTRIES`] are queued.
    #[error("the network thread is busy; try again")]
    Full,
    /// The network thread has ended.
    #[error("the network thread has ended")]
    Disconnected,
}

struct State<I> {
    queue: VecDeque<I>,
    /// Queued inputs without a reserved slot.
    unreserved: usize,
    open: bool,
}

impl<I> State<I> {
    const fn has_room(&self) -> bool {
        self.unreserved < INPUT_QUEUE_ENTRIES
    }
}

struct Shared<I> {
    state: Mutex<State<I>>,
    room: Condvar,
    waker: Waker,
}

impl<I> Shared<I> {
    fn lock(&self) -> MutexGuard<'_, State<I>> {
        // A thread that panicked with the lock held had at most pushed or popped: the queue is intact.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The sender, for other threads.
pub struct InputSender<I> {
    shared: Arc<Shared<I>>,
}

impl<I> Clone for InputSender<I> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<I> InputSender<I> {
    /// Queues an input; waits for room.
    ///
    /// # Errors
    /// [`Disconnected`] if the network thread has ended.
    pub fn send(&self, input: I) -> Result<(), Disconnected> {
        let mut state = self.shared.lock();
        while state.open && !state.has_room() {
            state = self
                .shared
                .room
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.unreserved += 1;
        self.push(state, [input])
    }

    /// Queues an input if there is room.
    ///
    /// # Errors
    /// [`Refused`] if the queue is full, or the network thread has ended.
    pub fn try_send(&self, input: I) -> Result<(), Refused> {
        let mut state = self.shared.lock();
        if state.open && !state.has_room() {
            return Err(Refused::Full);
        }
        state.unreserved += 1;
        self.push(state, [input])
            .map_err(|Disconnected| Refused::Disconnected)
    }

    /// Queues an input whose slot was reserved elsewhere. It never waits and never fails for lack of room; the caller
    /// bounds the number.
    ///
    /// # Errors
    /// [`Disconnected`] if the network thread has ended.
    pub fn send_reserved(&self, input: I) -> Result<(), Disconnected> {
        self.send_all_reserved([input])
    }

    /// [`InputSender::send_reserved`] for several inputs, which are handled in the same turn.
    ///
    /// # Errors
    /// [`Disconnected`] if the network thread has ended.
    pub fn send_all_reserved(
        &self,
        inputs: impl IntoIterator<Item = I>,
    ) -> Result<(), Disconnected> {
        self.push(self.shared.lock(), inputs)
    }

    fn push(
        &self,
        mut state: MutexGuard<'_, State<I>>,
        inputs: impl IntoIterator<Item = I>,
    ) -> Result<(), Disconnected> {
        if !state.open {
            return Err(Disconnected);
        }
        let was_empty = state.queue.is_empty();
        state.queue.extend(inputs);
        let is_empty = state.queue.is_empty();
        drop(state);
        // One wake-up covers everything queued before the reader takes it.
        if was_empty
            && !is_empty
            && let Err(error) = self.shared.waker.wake()
        {
            tracing::warn!(%error, "cannot wake the network thread");
        }
        Ok(())
    }
}

/// The receiver, for the network thread.
pub(super) struct InputReceiver<I> {
    shared: Arc<Shared<I>>,
}

/// A queue whose sender wakes the poll of `waker`.
pub(super) fn queue<I>(waker: Waker) -> (InputSender<I>, InputReceiver<I>) {
    let shared = Arc::new(Shared {
        state: Mutex::new(State {
            queue: VecDeque::new(),
            unreserved: 0,
            open: true,
        }),
        room: Condvar::new(),
        waker,
    });
    let sender = InputSender {
        shared: Arc::clone(&shared),
    };
    (sender, InputReceiver { shared })
}

impl<I> InputReceiver<I> {
    /// Everything queued, in order.
    pub(super) fn take(&self) -> VecDeque<I> {
        let mut state = self.shared.lock();
        state.unreserved = 0;
        let taken = std::mem::take(&mut state.queue);
        drop(state);
        if !taken.is_empty() {
            self.shared.room.notify_all();
        }
        taken
    }
}

impl<I> Drop for InputReceiver<I> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.open = false;
        state.queue.clear();
        drop(state);
        self.shared.room.notify_all();
    }
}

pub(super) fn waker(poll: &mio::Poll, token: mio::Token) -> io::Result<Waker> {
    Waker::new(poll.registry(), token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (mio::Poll, InputSender<usize>, InputReceiver<usize>) {
        let poll = mio::Poll::new().unwrap();
        let (sender, receiver) = queue(waker(&poll, mio::Token(0)).unwrap());
        (poll, sender, receiver)
    }

    #[test]
    fn inputs_come_out_in_the_order_in_which_they_went_in() {
        let (_poll, sender, receiver) = pair();
        sender.send(1).unwrap();
        sender.try_send(2).unwrap();
        sender.send_reserved(3).unwrap();
        assert_eq!(receiver.take(), [1, 2, 3]);
        assert!(receiver.take().is_empty());
    }

    #[test]
    fn full_queue_refuses_what_may_wait_and_takes_what_was_reserved() {
        let (_poll, sender, receiver) = pair();
        for input in 0..INPUT_QUEUE_ENTRIES {
            sender.try_send(input).unwrap();
        }
        assert_eq!(sender.try_send(0), Err(Refused::Full));
        assert_eq!(sender.send_reserved(0), Ok(()));
        assert_eq!(receiver.take().len(), INPUT_QUEUE_ENTRIES + 1);
    }

    #[test]
    fn what_has_room_of_its_own_takes_none_from_the_others() {
        let (_poll, sender, receiver) = pair();
        let reserved = 0..INPUT_QUEUE_ENTRIES;
        sender.send_all_reserved(reserved).unwrap();
        for input in 0..INPUT_QUEUE_ENTRIES {
            sender.try_send(input).unwrap();
        }
        assert_eq!(sender.try_send(0), Err(Refused::Full));
        assert_eq!(receiver.take().len(), 2 * INPUT_QUEUE_ENTRIES);
        assert_eq!(sender.try_send(0), Ok(()));
    }

    #[test]
    fn sender_that_waits_for_room_gets_it() {
        let (_poll, sender, receiver) = pair();
        for input in 0..INPUT_QUEUE_ENTRIES {
            sender.send(input).unwrap();
        }
        let waiting = std::thread::spawn(move || sender.send(INPUT_QUEUE_ENTRIES));
        let mut seen = 0;
        while seen <= INPUT_QUEUE_ENTRIES {
            seen += receiver.take().len();
        }
        assert_eq!(waiting.join().unwrap(), Ok(()));
    }

    #[test]
    fn sender_is_told_when_nobody_reads_any_more() {
        let (_poll, sender, receiver) = pair();
        drop(receiver);
        assert_eq!(sender.send(1), Err(Disconnected));
        assert_eq!(sender.try_send(1), Err(Refused::Disconnected));
    }
}
