//! The beginning without a link: a device that can sign in by its ticket shows what it has, and takes what is typed.

use std::time::{Duration, Instant};

use super::Core;
use crate::client::account::SignedIn;
use crate::client::env::{End, Fault, Tone};
use crate::client::name::canonical;
use crate::client::script::Exit;
use crate::client::storage::State;
use crate::transport::Now;

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

impl Core {
    /// Opens the device that was used last, or that of the user on the command line, if it can sign in by itself. Returns
    /// whether there is one: the link is then tried until there is one, too.
    pub(in crate::client) fn begin_offline(&mut self, now: Now) -> bool {
        // With a code the ticket that there is here is not meant: it will be void.
        if self.env.options.code.is_some() {
            return false;
        }
        let user = self.env.options.user.as_deref().map(canonical);
        let fingerprint = self.env.options.pinned_fingerprint.as_deref();
        let opened = self.env.files.open_known(fingerprint, user.as_deref());
        // Whatever is wrong with it, the sign-in says so.
        let Some(state) = opened
            .ok()
            .flatten()
            .and_then(|database| State::open(database).ok())
        else {
            return false;
        };
        let account = state.identity().map(|identity| identity.account);
        self.meant_account = account.filter(|_| user.is_some());
        let (preferences, random) = self.env.own();
        match SignedIn::offline(now, state, preferences, random, &mut self.env.effects) {
            Ok(None) => return false,
            Ok(Some(signed_in)) => self.signed_in = Some(signed_in),
            Err(error) => {
                self.finish(End::Failed(error.to_string()));
                return false;
            }
        }
        self.pending_user = None;
        self.offline = Offline::Since(now.instant + LINK_WAIT);
        true
    }

    /// Tells the user that there is no link, if it is time.
    pub(super) fn tell_offline(&mut self, now: Now) {
        let is_due = self.offline_due().is_some_and(|due| due <= now.instant);
        if !is_due {
            return;
        }
        self.offline = Offline::Told;
        let text = format!(
            "offline: no answer from {} yet; still trying. `/history` and `/search` work, and what you write is sent later",
            self.env.options.server_name
        );
        self.show(Tone::Notice, &text);
        if let Some(script) = &mut self.script {
            script.begin_offline();
        }
    }

    pub(super) const fn offline_due(&self) -> Option<Instant> {
        match self.offline {
            Offline::Since(due) => Some(due),
            Offline::No | Offline::Told => None,
        }
    }

    /// There is a link, to the right server, for the first time.
    pub(super) fn end_offline(&mut self) {
        if std::mem::take(&mut self.offline) == Offline::Told {
            let text = format!("connected to {}", self.env.options.server_name);
            self.show(Tone::Notice, &text);
        }
    }

    /// A script has waited long enough for a server that it never met. What it has written is kept; what an earlier run wrote is
    /// no failure of this one.
    pub(super) fn give_up_offline(&mut self) {
        let (name, seconds) = (
            &self.env.options.server_name,
            self.env.options.timeout.as_secs(),
        );
        let text = if self.env.link.is_greeted {
            format!("no sign-in at {name} within {seconds} s\nhint: --timeout SECONDS waits longer")
        } else {
            self.unreachable(&format!(" within {seconds} s"))
        };
        let has_written = |signed_in: &SignedIn| {
            let mut unsent = signed_in.parts.sender.unsent();
            unsent.any(|(line, ..)| line.is_some())
        };
        if self.signed_in.as_ref().is_some_and(has_written) {
            // The next step is told with what was not sent.
            self.show(Tone::Error, text.lines().next().unwrap_or_default());
            // That there was no server is why the messages wait, too.
            self.env.effects.uncount(Fault::Unreachable);
            self.exit_now(Exit::Quit);
        } else {
            self.finish(End::Unreachable(text));
        }
    }
}
