//! Whether the threads of a running server answer, for the watchdog of a service manager.

use crate::cli::monitor;
use crate::cli::service::Watch;
use crate::net::InputSender;
use crate::server::Input;
use crate::store::{self, StoreCaller};

pub struct Answers {
    pub hub: InputSender<Input>,
    pub store: StoreCaller,
}

impl Watch for Answers {
    /// Waits for the store for as long as it takes: where that never answers, the watchdog hears nothing either. A database that
    /// cannot be written is answered for: starting again would not mend it.
    fn state(&mut self) -> Option<String> {
        let hub = monitor::ask_hub(&self.hub).ok()?;
        // What costs least: the thread takes it in its turn.
        let nothing = store::Read::Audit {
            before: 0,
            count: 0,
        };
        let _ = self.store.call(nothing);
        let (online, sessions) = (hub.online, hub.sessions);
        Some(format!("users online: {online}, sessions: {sessions}"))
    }
}
