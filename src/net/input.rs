//! The queue by which other threads hand something to the network thread.
//!
//! There are two ways in. [`InputSender::send`] waits for room, as the prompt may. [`InputSender::send_reserved`]
//! never waits: it is for answers whose number is bounded elsewhere (the store takes a request only if it
//! reserves the slot of its completion), so that two full queues cannot wait for each other.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use mio::Waker;
use thiserror::Error;

/// How many inputs wait at most before [`InputSender::send`] blocks and [`InputSender::try_send`] refuses; those with
/// room of their own are not among them, or a busy store would shut everybody else out. Chosen: more than a person types,
/// few enough to be handled in one turn of the loop.
pub const INPUT_QUEUE_ENTRIES: usize = 256;

/// The network thread has ended; nobody will read this input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the network thread has ended")]
pub struct Disconnected;

/// Why [`InputSender::try_send`] did not take an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refused {
    /// [`INPUT_QUEUE_ENTRIES`] wait already.
    #[error("the network thread is busy; try again")]
    Full,
    /// Nobody reads any more.
    #[error("the network thread has ended")]
    Disconnected,
}

struct State<I> {
    queue: VecDeque<I>,
    /// How many of those that wait have no room of their own.
    unreserved: usize,
    open: bool,
}

impl<I> State<I> {
    /// Whether one more may wait that has no room of its own.
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
        // A thread that panicked while it held the lock had at most pushed or popped: the queue is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end of the queue that other threads hold.
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
    /// Hands an input in, waiting for room if there is none.
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

    /// Hands an input in if there is room.
    ///
    /// # Errors
    /// [`Refused`] if the queue is full, or nobody reads it any more.
    pub fn try_send(&self, input: I) -> Result<(), Refused> {
        let mut state = self.shared.lock();
        if state.open && !state.has_room() {
            return Err(Refused::Full);
        }
        state.unreserved += 1;
        self.push(state, [input])
            .map_err(|Disconnected| Refused::Disconnected)
    }

    /// Hands an input in whose room was reserved elsewhere. Never waits and is never refused for want of room: the
    /// caller sees to it that there are few of them.
    ///
    /// # Errors
    /// [`Disconnected`] if the network thread has ended.
    pub fn send_reserved(&self, input: I) -> Result<(), Disconnected> {
        self.send_all_reserved([input])
    }

    /// The same for several, which are handled in the same turn.
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
        // One wake-up is enough for all that comes before the reader has looked.
        if was_empty
            && !is_empty
            && let Err(error) = self.shared.waker.wake()
        {
            tracing::warn!(%error, "cannot wake the network thread");
        }
        Ok(())
    }
}

/// The end of the queue that the network thread holds.
pub(super) struct InputReceiver<I> {
    shared: Arc<Shared<I>>,
}

/// Makes a queue whose sender wakes the poll that `waker` belongs to.
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
    /// All that waits, in the order in which it came.
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

/// A waker of this poll.
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
