//! A database that follows the log of a cluster: records are applied in that log's order, and the log makes them durable, so
//! that nothing is synced here before a checkpoint.

use rand_core::RngCore as _;

use super::{Engine, run};
use crate::protocol::EntryId;
use crate::store::catch_panic::guard;
use crate::store::error::StoreError;
use crate::store::ops::{accounts, marks, resync};
use crate::store::schema::meta;
use crate::store::{
    Completion, CompletionBox, Details, Outcome, Read, ReplicaState, Request, Write,
};

impl Engine {
    /// How far the log of a cluster was followed; none if the database belongs to no cluster.
    #[must_use]
    pub fn replica(&self) -> Option<&ReplicaState> {
        self.store.as_ref()?.replica.as_ref()
    }

    /// By which meaning writes are executed ([`crate::store::MEANING`]).
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn meaning(&self) -> Result<u64, StoreError> {
        let store = self.store.as_ref().ok_or(StoreError::Closed)?;
        guard(|| meta::meaning(store.tables()))
    }

    /// Makes the database the first one of a new cluster, durably.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn found_cluster(&mut self) -> Result<&ReplicaState, StoreError> {
        let mut cluster = [0; 16];
        self.rng.fill_bytes(&mut cluster);
        let store = self.store.as_mut().ok_or(StoreError::Closed)?;
        store.follow(ReplicaState::founding(cluster));
        guard(|| store.checkpoint())?;
        self.replica().ok_or(StoreError::Closed)
    }

    /// Applies a record: does its requests in order and sets the outcome of each. `after` says from the outcomes how far the log
    /// was followed then.
    ///
    /// # Errors
    /// If that is not possible here though it may be elsewhere: by a failing disk, or by damage. Nothing was applied, and nothing
    /// after it may be.
    pub fn apply(
        &mut self,
        record: &mut [CompletionBox],
        after: impl FnOnce(&[CompletionBox]) -> ReplicaState,
    ) -> Result<(), StoreError> {
        self.look_for_files();
        if self.is_displaced {
            return Err(StoreError::Closed);
        }
        let store = self.store.as_mut().ok_or(StoreError::Closed)?;
        let done = run(store, self.epoch, record);
        if done.is_ok() {
            store.replica = Some(after(record));
        }
        self.commits += store.take_commits();
        done
    }

    /// Brings the tables' file up to what was applied, and waits for that.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn checkpoint_applied(&mut self) -> Result<(), StoreError> {
        let store = self.store.as_mut().ok_or(StoreError::Closed)?;
        guard(|| store.checkpoint())
    }

    /// Makes the checkpoint that is due, if one is, and waits for it.
    pub fn checkpoint_if_due(&mut self) {
        self.checkpoint(false);
    }

    /// Takes out of a HELLO what it writes, which is all of it that concerns other servers: it becomes a read, and what is returned
    /// moves the marks before it, if any move.
    pub fn split_hello(&self, request: &mut Request) -> Option<Write> {
        let Request::Write(write) = request else {
            return None;
        };
        let Write::Hello {
            account,
            device,
            epoch,
            positions,
        } = write
        else {
            return None;
        };
        let (account, device, epoch) = (*account, *device, *epoch);
        let positions = std::mem::take(positions);
        let earlier = epoch.filter(|named| *named != self.epoch);
        let store = self.store.as_ref();
        let stands = store.and_then(|store| {
            let look = || resync::stand(store.tables(), (account, device), earlier, &positions);
            // Where it cannot be read now, it cannot be answered then.
            guard(look).ok()
        });
        let marks: Vec<_> = stands
            .into_iter()
            .flat_map(|(_, moved)| moved)
            .map(|(conversation, member)| (conversation, account, EntryId(member.delivered_up_to)))
            .collect();
        *request = Request::Read(Read::Hello {
            account,
            device,
            epoch,
            positions,
        });
        (!marks.is_empty()).then(|| Write::Advance {
            marks,
            seen: Vec::new(),
        })
    }

    /// What those who learn of a write that was asked for elsewhere need beside it and its outcome.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn details(&self, done: &Completion) -> Result<Details, StoreError> {
        let mut details = Details::default();
        let (Request::Write(write), Outcome::Done(_)) = (&done.request, &done.outcome) else {
            return Ok(details);
        };
        let store = self.store.as_ref().ok_or(StoreError::Closed)?;
        let tables = store.tables();
        let mark = |conversation, account| marks::of(tables, conversation, account);
        guard(|| {
            match write {
                Write::Append(append) => {
                    details.author_name = accounts::name(tables, append.author)?;
                }
                Write::Advance { marks, .. } => {
                    for (conversation, account, _) in marks {
                        let mark = mark(*conversation, *account)?;
                        details.marks.extend(mark.map(|mark| (*conversation, mark)));
                    }
                }
                _ => {}
            }
            Ok(details)
        })
    }
}
