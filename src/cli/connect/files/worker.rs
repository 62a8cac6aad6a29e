//! A thread for what takes long: copying, hashing, waiting for the disk. It begins with the first piece of work, and does one
//! after the other.

use std::collections::BTreeSet;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::cli::threads::spawn;
use crate::client::TransferId;

/// How many pieces of work wait; a further one is refused. Chosen: more than anybody types while a large file is copied.
const WAITING_MAX: usize = 64;

type Work = Box<dyn FnOnce(&Wanted) + Send>;

/// Of which transfers the work is still wanted.
#[derive(Clone, Default)]
pub struct Wanted(Arc<Mutex<BTreeSet<TransferId>>>);

impl Wanted {
    fn lock(&self) -> MutexGuard<'_, BTreeSet<TransferId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn has(&self, id: TransferId) -> bool {
        self.lock().contains(&id)
    }

    /// The work is done, or is not wanted; returns whether it was.
    pub fn end(&self, id: TransferId) -> bool {
        self.lock().remove(&id)
    }
}

pub struct Worker {
    name: &'static str,
    queue: Option<SyncSender<(TransferId, Work)>>,
    wanted: Wanted,
}

impl Worker {
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            queue: None,
            wanted: Wanted::default(),
        }
    }

    /// Has this done. It says by [`Wanted::end`] that it is.
    ///
    /// # Errors
    /// Why it is not begun.
    pub fn begin(
        &mut self,
        id: TransferId,
        work: impl FnOnce(&Wanted) + Send + 'static,
    ) -> Result<(), String> {
        let queue = self.queue().map_err(|error| format!("{error:#}"))?;
        self.wanted.lock().insert(id);
        let begun = queue.try_send((id, Box::new(work)));
        begun.map_err(|_| {
            self.wanted.end(id);
            "too many files wait: try again when one is done".to_owned()
        })
    }

    fn queue(&mut self) -> anyhow::Result<SyncSender<(TransferId, Work)>> {
        if let Some(queue) = &self.queue {
            return Ok(queue.clone());
        }
        let (queue, waiting) = sync_channel::<(TransferId, Work)>(WAITING_MAX);
        let wanted = self.wanted.clone();
        spawn(self.name, move || {
            for (id, work) in waiting {
                if wanted.has(id) {
                    work(&wanted);
                }
            }
        })?;
        self.queue = Some(queue.clone());
        Ok(queue)
    }

    /// The work is no longer wanted. One that is being done ends soon, and leaves nothing behind.
    pub fn cancel(&self, id: TransferId) {
        self.wanted.end(id);
    }

    /// The same of all.
    pub fn cancel_all(&self) {
        self.wanted.lock().clear();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.cancel_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn work_is_done_in_order_but_for_what_was_cancelled_and_too_much_is_refused() {
        let mut worker = Worker::new("test");
        let (go, wait) = channel::<()>();
        let (say, done) = channel();
        let first = say.clone();
        let begun = worker.begin(TransferId(0), move |wanted| {
            first.send((0, true)).unwrap();
            wait.recv().unwrap();
            first.send((0, wanted.end(TransferId(0)))).unwrap();
        });
        begun.unwrap();
        assert_eq!(done.recv(), Ok((0, true)));
        let mut accepted = Vec::new();
        for number in 1.. {
            let say = say.clone();
            let begun = worker.begin(TransferId(number), move |wanted| {
                say.send((number, wanted.end(TransferId(number)))).unwrap();
            });
            if begun.is_err() {
                break;
            }
            accepted.push(number);
        }
        assert_eq!(accepted.len(), WAITING_MAX);
        worker.cancel(TransferId(0));
        worker.cancel(TransferId(3));
        go.send(()).unwrap();
        let expected = accepted.iter().filter(|number| **number != 3);
        let expected: Vec<_> = [(0, false)]
            .into_iter()
            .chain(expected.map(|number| (*number, true)))
            .collect();
        let told: Vec<_> = done.iter().take(expected.len()).collect();
        assert_eq!(told, expected);
    }
}
