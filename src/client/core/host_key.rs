//! Whether the server at the other end is the one that was meant.
//!
//! A key that is on file is trusted, an unknown one only by the user's word, and a changed one never. Within one
//! run only one key will do, whatever is on file meanwhile.

use super::Core;
use crate::client::env::{End, Trust};
use crate::client::ui::prompt::yes;
use crate::protocol::fingerprint;
use crate::transport::Now;

impl Core {
    /// Checks the key of the server that has just answered, before anything is said to it.
    pub(in crate::client) fn check_key(&mut self, now: Now) {
        let Some(key) = self.peer.as_ref().map(|peer| peer.key) else {
            return;
        };
        let print = fingerprint(&key);
        let name = self.options.server_name.clone();
        if let Some(trusted) = self.trusted_key {
            if trusted == key {
                self.trusted(now);
            } else {
                self.finish(End::Refused(format!(
                    "the server key of {name} changed while this client was running\n  it was {}\n  it is  {print}\n\
                     hint: the connection may be intercepted; ask the operator before you connect again",
                    fingerprint(&trusted)
                )));
            }
            return;
        }
        if self.asked_key.is_some_and(|asked| asked != key) {
            // The answer that is still to come would be about another key.
            self.finish(End::Refused(format!(
                "the server key of {name} changed while you were asked about it; it is now {print}"
            )));
            return;
        }
        match self.files.check_server(&key) {
            Ok(Trust::Known) => match &self.options.pinned_fingerprint {
                Some(pinned) if *pinned != print => self.finish(not_pinned(&name, &print, pinned)),
                _ => self.trusted(now),
            },
            Ok(Trust::Unknown) => match &self.options.pinned_fingerprint {
                Some(pinned) if *pinned == print => self.trust(now, key),
                Some(pinned) => self.finish(not_pinned(&name, &print, pinned)),
                None if self.options.accept_new => self.trust(now, key),
                None if self.console.is_interactive() => self.asked_key = Some(key),
                None => self.finish(End::Refused(format!(
                    "the server key of {name} is not known here ({print}), and there is no terminal to ask\n\
                     hint: compare it with what the server prints at its start, and give --server-key {print}, \
                     or --accept-new"
                ))),
            },
            Ok(Trust::Changed { known, place }) => self.finish(End::Refused(format!(
                "the server key of {name} has changed\n  it was {known}\n  it is  {print}\n\
                 hint: the connection may be intercepted; if the server was really given a new key, \
                 remove the old one: {place}"
            ))),
            Err(error) => self.finish(End::Failed(format!(
                "the file of known servers cannot be read: {error}"
            ))),
        }
    }

    /// Puts the key on file and goes on.
    fn trust(&mut self, now: Now, key: [u8; 32]) {
        if let Err(error) = self.files.trust_server(&key) {
            self.finish(End::Failed(format!(
                "the file of known servers cannot be written: {error}"
            )));
            return;
        }
        self.trusted_key = Some(key);
        self.check_key(now);
    }

    /// The user has answered whether the key is to be trusted.
    pub(in crate::client) fn answer_trust(&mut self, now: Now, answer: &str) {
        match self.asked_key.take() {
            Some(key) if yes(answer, false) => self.trust(now, key),
            _ => self.distrust(),
        }
    }

    /// The user does not trust the key.
    pub(in crate::client) fn distrust(&mut self) {
        self.asked_key = None;
        self.finish(End::Refused("the server's key was not trusted".into()));
    }
}

/// The key is not the one that the command line names.
fn not_pinned(name: &str, print: &str, pinned: &str) -> End {
    End::Refused(format!(
        "{name} has a different server key than --server-key says\n  wanted {pinned}\n  it has {print}\n\
         hint: compare both with what the server prints at its start"
    ))
}
