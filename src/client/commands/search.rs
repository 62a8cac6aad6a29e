//! `search WORDS`: in what this device holds.

use super::{ChatCommand, Usage};
use crate::client::core::Core;
use crate::registry::Entry;
use crate::transport::Now;

/// See the summary.
pub(super) struct Search;

impl Entry for Search {
    fn name(&self) -> &'static str {
        "search"
    }
    fn summary(&self) -> &'static str {
        "find what was said, in what this device holds"
    }
}

impl ChatCommand for Search {
    fn usage(&self) -> Usage {
        Usage {
            arguments: "WORDS",
            least: 1,
            most: 1,
            needs_sign_in: true,
        }
    }

    fn run(&self, core: &mut Core, now: Now, arguments: &[&str]) {
        if let [words] = arguments {
            core.with_account(|account, effects| account.search(now, words, effects));
        }
    }
}
