//! Which requests work through the cache, and how its rows get to the tables before any other request reads those.

use std::sync::atomic::Ordering;

use super::execute::Access;
use crate::store::error::StoreError;
use crate::store::ops::{conversations, log, usage};
use crate::store::schema::tables::Tables;

/// So many rows are kept between groups. Chosen: those of ten thousand people who write to each other, some megabytes.
const ROWS_MAX: usize = 65_536;

impl Tables<'_> {
    /// Prepares for a request: only one that works through the cache may find the tables behind it, and whoever writes
    /// without it leaves nothing in it that could be out of date.
    pub(in crate::store) fn prepare_for(&mut self, access: Access) -> Result<(), StoreError> {
        match access {
            Access::CachedRead => {
                self.without_dirty(Self::write_new)?;
                self.is_cached = true;
                Ok(())
            }
            Access::PointRead | Access::CachedWrite => {
                self.is_cached = true;
                Ok(())
            }
            Access::Read => self.flush(),
            Access::Write => self.flush_and_clear(),
        }
    }

    /// Bounds what the cache takes, between groups.
    pub(in crate::store) fn trim(&mut self) -> Result<(), StoreError> {
        if self.cache.len() > ROWS_MAX {
            self.flush_and_clear()?;
        }
        Ok(())
    }

    /// Writes all dirty rows to the tables and empties the cache.
    pub(in crate::store) fn flush_and_clear(&mut self) -> Result<(), StoreError> {
        self.flush()?;
        self.cache.clear();
        Ok(())
    }

    /// Writes all dirty rows to the tables; from here on only the tables are read.
    pub(in crate::store) fn flush(&mut self) -> Result<(), StoreError> {
        self.is_cached = false;
        self.without_dirty(|tables| {
            for (account, bytes) in tables.cache.usage.take_changed() {
                usage::save(tables, account, bytes)?;
            }
            for (conversation, record) in tables.cache.conversations.take_changed() {
                tables.cache.writing.begin(conversation);
                conversations::save(tables, conversation, &record)?;
            }
            for ((conversation, account), record) in tables.cache.members.take_changed() {
                tables.cache.writing.begin(conversation);
                conversations::save_member(tables, conversation, account, &record)?;
            }
            for ((conversation, device), number) in tables.cache.senders.take_changed() {
                tables.cache.writing.begin(conversation);
                log::set_last_seq(tables, conversation, device, number)?;
            }
            tables.write_new()
        })
    }

    /// Runs `write` without marking the transaction as changed: these rows were changes when they entered the cache.
    fn without_dirty(
        &mut self,
        write: impl FnOnce(&mut Self) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let is_changed = self.changed.load(Ordering::Relaxed);
        write(self)?;
        self.changed.store(is_changed, Ordering::Relaxed);
        Ok(())
    }
}
