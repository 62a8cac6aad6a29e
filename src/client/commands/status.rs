//! `status`: how the link to the server does.

use super::{ChatCommand, Usage};
use crate::client::core::Core;
use crate::registry::Entry;
use crate::transport::Now;

/// See the summary.
pub(super) struct Status;

impl Entry for Status {
    fn name(&self) -> &'static str {
        "status"
    }
    fn summary(&self) -> &'static str {
        "show how the link does: round trip, losses, bytes"
    }
}

impl ChatCommand for Status {
    fn usage(&self) -> Usage {
        Usage {
            arguments: "",
            least: 0,
            most: 0,
            needs_sign_in: false,
        }
    }

    fn run(&self, core: &mut Core, now: Now, arguments: &[&str]) {
        let _ = (now, arguments);
        core.wish_status();
    }
}
