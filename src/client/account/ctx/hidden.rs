//! Whose words are not shown here, as every part has to know that shows something.

use std::collections::BTreeSet;

use crate::protocol::AccountId;

/// The users whom the user blocks, or ignores on this device. [`BlockedUsers`] keeps it in step with its lists.
///
/// [`BlockedUsers`]: crate::client::account::blocked::BlockedUsers
#[derive(Debug, Default)]
pub(crate) struct Hidden {
    accounts: BTreeSet<AccountId>,
    names: BTreeSet<String>,
}

impl Hidden {
    /// Users by name, and by account where that is known.
    pub(crate) fn of(users: impl IntoIterator<Item = (Option<AccountId>, String)>) -> Self {
        let mut hidden = Self::default();
        for (account, name) in users {
            hidden.accounts.extend(account);
            hidden.names.insert(name);
        }
        hidden
    }

    /// Whether nothing that this account says, or puts to what others say, is shown.
    pub(crate) fn has(&self, author: AccountId) -> bool {
        self.accounts.contains(&author)
    }

    /// The same of the user with this name.
    pub(crate) fn has_name(&self, name: &str) -> bool {
        self.names.contains(name)
    }
}
