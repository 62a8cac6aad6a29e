//! Checks that the server is the intended one.
//!
//! A server key on file is trusted, an unknown one only if the user agrees, and a changed one never. Within one run
//! only one key is accepted, whatever the file says meanwhile.

use crate::client::env::{End, Files, Options, Trust};
use crate::client::ui::prompt::Question;
use crate::protocol::fingerprint;

/// The server keys of this run.
#[derive(Debug, Default)]
pub(super) struct HostKeys {
    /// The key that this run has trusted; no other will do.
    pub(super) trusted: Option<[u8; 32]>,
    /// The key that the user is being asked about.
    asked: Option<[u8; 32]>,
}

/// What becomes of a link to a server with a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Trusted,
    /// The key was unknown, and is the one that a link names: it is on file now.
    TrustedByLink,
    Ask,
    Refused(End),
}

fn refused(text: String) -> Verdict {
    Verdict::Refused(End::Refused(text))
}

impl HostKeys {
    /// Checks the key of the server that has just answered, before anything is sent to it.
    pub(super) fn check(
        &mut self,
        key: [u8; 32],
        options: &Options,
        files: &mut dyn Files,
        is_interactive: bool,
    ) -> Verdict {
        if let Some(verdict) = self.check_in_this_run(key, &options.server_name) {
            return verdict;
        }
        let (name, print) = (&options.server_name, fingerprint(&key));
        let pinned = options.pinned_fingerprint.as_ref();
        match files.check_server(&key) {
            Ok(Trust::Known | Trust::Unknown) if pinned.is_some_and(|pinned| *pinned != print) => {
                not_pinned(options, &print)
            }
            Ok(Trust::Known) => {
                self.trusted = Some(key);
                Verdict::Trusted
            }
            Ok(Trust::Unknown) if pinned.is_some() || options.accept_new => {
                match self.trust(key, files) {
                    Verdict::Trusted if options.linked.has_key => Verdict::TrustedByLink,
                    verdict => verdict,
                }
            }
            Ok(Trust::Unknown) if is_interactive => {
                self.asked = Some(key);
                Verdict::Ask
            }
            Ok(Trust::Unknown) => refused(format!(
                "the server key of {name} is not known here ({print}), and nobody is asked here\n\
                 hint: compare it with what the server prints at its start, and give --server-key {print}, \
                 or --accept-new"
            )),
            Ok(Trust::Changed { known, place }) => refused(format!(
                "the server key of {name} has changed\n  it was {known}\n  it is  {print}\n\
                 hint: the connection may be intercepted; if the server was really given a new key, \
                 remove the old one: {place}"
            )),
            Ok(Trust::Damaged { place }) => refused(format!(
                "the fingerprint on file of {name} is damaged: {place}\n  the server has {print}\n\
                 hint: compare it with what the server prints at its start, and mend the line"
            )),
            Err(error) => Verdict::Refused(End::Failed(format!(
                "the file of known servers cannot be read: {error}"
            ))),
        }
    }

    /// What follows from the keys that this run has met already.
    fn check_in_this_run(&self, key: [u8; 32], name: &str) -> Option<Verdict> {
        let print = fingerprint(&key);
        match (self.trusted, self.asked) {
            (Some(trusted), _) if trusted == key => Some(Verdict::Trusted),
            (Some(trusted), _) => Some(refused(format!(
                "the server key of {name} changed while this client was running\n  it was {}\n  it is  {print}\n\
                 hint: the connection may be intercepted; ask the operator before you connect again",
                fingerprint(&trusted)
            ))),
            // The answer that is still to come would be about another key.
            (None, Some(asked)) if asked != key => Some(refused(format!(
                "the server key of {name} changed while you were asked about it; it is now {print}"
            ))),
            (None, _) => None,
        }
    }

    /// Whether the user is to be asked about a key, and how.
    pub(super) fn question(&self, options: &Options) -> Option<(Question, String)> {
        let text = format!(
            "{} has the key {} (not seen before). Trust it? [y/N] ",
            options.server_name,
            fingerprint(self.asked.as_ref()?)
        );
        Some((Question::Trust, text))
    }

    /// Puts the key on file.
    fn trust(&mut self, key: [u8; 32], files: &mut dyn Files) -> Verdict {
        if let Err(error) = files.trust_server(&key) {
            return Verdict::Refused(End::Failed(format!(
                "the file of known servers cannot be written: {error}"
            )));
        }
        self.trusted = Some(key);
        Verdict::Trusted
    }

    /// The user has answered whether the key is to be trusted.
    pub(super) fn answer(&mut self, is_yes: bool, files: &mut dyn Files) -> Verdict {
        match self.asked.take() {
            Some(key) if is_yes => self.trust(key, files),
            _ => refused(
                "the server's key was not trusted\n\
                 hint: compare it with what the server prints at its start (`server key SHA256:…`), or ask the operator for that; \
                 then connect again and answer y"
                    .into(),
            ),
        }
    }
}

/// The key is not the one that the command line names.
fn not_pinned(options: &Options, print: &str) -> Verdict {
    let name = &options.server_name;
    let pinned = options.pinned_fingerprint.as_deref().unwrap_or_default();
    let source = if options.linked.has_key {
        "the link"
    } else {
        "--server-key"
    };
    refused(format!(
        "{name} has a different server key than {source} says\n  wanted {pinned}\n  it has {print}\n\
         hint: compare both with what the server prints at its start"
    ))
}
