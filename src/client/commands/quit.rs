//! `quit`: as Ctrl-D. The ticket is kept, so that the next start asks for no password.

use super::{ChatCommand, Usage};
use crate::client::core::Core;
use crate::registry::Entry;
use crate::transport::Now;

/// See the summary.
pub(super) struct Quit;

impl Entry for Quit {
    fn name(&self) -> &'static str {
        "quit"
    }
    fn aliases(&self) -> &'static [&'static str] {
        &["exit"]
    }
    fn summary(&self) -> &'static str {
        "leave; the next `login` here asks for no password"
    }
}

impl ChatCommand for Quit {
    fn usage(&self) -> Usage {
        Usage {
            arguments: "",
            least: 0,
            most: 0,
            needs_sign_in: false,
        }
    }

    fn run(&self, core: &mut Core, now: Now, arguments: &[&str]) {
        let _ = arguments;
        core.quit(now);
    }
}
