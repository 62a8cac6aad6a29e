//! Whose words are not shown here, as every part has to know that shows something.

use std::collections::BTreeSet;

use crate::protocol::AccountId;

/// The accounts that the user blocks, or ignores on this device. [`BlockedUsers`] keeps it in step with its lists.
///
/// [`BlockedUsers`]: crate::client::account::blocked::BlockedUsers
#[derive(Debug, Default)]
pub(crate) struct Hidden(BTreeSet<AccountId>);

impl Hidden {
    pub(crate) fn set(&mut self, accounts: impl Iterator<Item = AccountId>) {
        self.0 = accounts.collect();
    }

    /// Whether nothing that this account says, or puts to what others say, is shown.
    pub(crate) fn has(&self, author: AccountId) -> bool {
        self.0.contains(&author)
    }
}
