//! The beginning without a link: a device that can sign in by its ticket shows what it has, and takes what is typed.

use std::time::{Duration, Instant};

use super::env::Env;
use crate::client::env::Tone;
use crate::client::name::canonical;
use crate::client::storage::State;

/// How long the link is waited for before the user is told that there is none, and a script's lines are read. Chosen: most
/// servers have answered by then.
const LINK_WAIT: Duration = Duration::from_secs(1);

/// A beginning without a link.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Offline {
    /// The client did not begin so, or there is a link now.
    #[default]
    No,
    /// The user is told at this time.
    Since(Instant),
    Told,
}

/// Opens the device that was used last, or that of the user on the command line.
pub(super) fn open_known(env: &mut Env) -> Option<State> {
    // With a code the ticket that there is here is not meant: it will be void.
    if env.options.code.is_some() {
        return None;
    }
    let user = env.options.user.as_deref().map(canonical);
    let fingerprint = env.options.pinned_fingerprint.as_deref();
    let opened = env.files.open_known(fingerprint, user.as_deref());
    // Whatever is wrong with it, the sign-in says so.
    State::open(opened.ok()??).ok()
}

impl Offline {
    pub(super) fn begin(now: Instant) -> Self {
        Self::Since(now + LINK_WAIT)
    }

    /// Tells the user that there is no link, if it is time. Returns whether it is.
    pub(super) fn tell(&mut self, now: Instant, env: &mut Env) -> bool {
        let is_due = self.due().is_some_and(|due| due <= now);
        if is_due {
            *self = Self::Told;
            let text = format!(
                "offline: no answer from {} yet; still trying. `/history` and `/search` work, and what you write is sent later",
                env.options.server_name
            );
            env.show(Tone::Notice, &text);
        }
        is_due
    }

    /// When there is something to tell.
    pub(super) const fn due(self) -> Option<Instant> {
        match self {
            Self::Since(due) => Some(due),
            Self::No | Self::Told => None,
        }
    }

    /// There is a link, to the right server, for the first time.
    pub(super) fn end(&mut self, env: &mut Env) {
        if std::mem::take(self) == Self::Told {
            let text = format!("connected to {}", env.options.server_name);
            env.show(Tone::Notice, &text);
        }
    }
}
