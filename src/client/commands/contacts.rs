//! `contacts`: who is online.

use super::{ChatCommand, Usage};
use crate::client::core::Core;
use crate::registry::Entry;
use crate::transport::Now;

/// See the summary.
pub(super) struct Contacts;

impl Entry for Contacts {
    fn name(&self) -> &'static str {
        "contacts"
    }
    fn aliases(&self) -> &'static [&'static str] {
        &["who"]
    }
    fn summary(&self) -> &'static str {
        "show who is online, and at which address"
    }
}

impl ChatCommand for Contacts {
    fn usage(&self) -> Usage {
        Usage {
            arguments: "",
            least: 0,
            most: 0,
            needs_sign_in: true,
        }
    }

    fn run(&self, core: &mut Core, now: Now, arguments: &[&str]) {
        let _ = arguments;
        core.list_contacts(now);
    }
}
