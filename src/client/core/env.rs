//! What the client works with, and each of its parts is handed: what it was told, the console, the files, the link, and
//! what is to be shown and sent.

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

use super::host_key::HostKeys;
use super::link_events::LinkState;
use crate::client::account::Preferences;
use crate::client::account::ctx::pending::ANSWER_WAIT;
use crate::client::auth::{Attempts, Context, reset_notice};
use crate::client::effects::Effects;
use crate::client::env::{Console, Fault, Files, Names, Options, Tone};
use crate::client::name::truncate_name;
use crate::client::storage::Identity;
use crate::client::transfers::TransferId;
use crate::client::ui::time::Clock;
use crate::protocol::SessionStart;
use crate::text::enrolment_code::EnrolmentCode;
use crate::transport::Now;

pub(super) struct Env {
    pub(super) options: Options,
    pub(super) console: Box<dyn Console>,
    pub(super) files: Box<dyn Files>,
    random: ChaCha20Rng,
    attempts: Attempts,
    pub(super) effects: Effects,
    pub(super) host_keys: HostKeys,
    pub(super) link: LinkState,
}

impl Env {
    pub(super) fn new(
        options: Options,
        console: Box<dyn Console>,
        files: Box<dyn Files>,
        seed: [u8; 32],
    ) -> Self {
        let effects = Effects::new(options.program.listener());
        let link = LinkState {
            is_resolved: !options.addresses.is_empty(),
            ..LinkState::default()
        };
        Self {
            options,
            console,
            files,
            random: ChaCha20Rng::from_seed(seed),
            attempts: Attempts::default(),
            effects,
            host_keys: HostKeys::default(),
            link,
        }
    }

    /// Shows why something that was asked for was not reached.
    pub(super) fn fail(&mut self, fault: Fault, text: &str) {
        self.effects.fail(fault, text);
    }

    pub(super) fn show(&mut self, tone: Tone, text: &str) {
        self.effects.show(tone, text);
    }

    /// Whether a person sits at a terminal.
    pub(super) fn is_interactive(&self) -> bool {
        self.console.is_interactive()
    }

    /// How many lines the console was given and has not printed.
    pub(super) fn lines_behind(&self) -> u64 {
        self.console.given().saturating_sub(self.console.printed())
    }

    /// Has the tab key complete the users who have signed in here before.
    pub(super) fn offer_accounts(&mut self) {
        let key = self.host_keys.trusted.as_ref();
        let users = key.map_or_else(Vec::new, |key| self.files.accounts(key));
        self.console.set_names(Names {
            users,
            ..Names::default()
        });
    }

    /// What a sign-in is handed; nothing without a trusted server.
    pub(super) fn context(&mut self, now: Now) -> Option<Context<'_>> {
        let peer = self.link.trusted_peer()?;
        Some(Context {
            now,
            server_key: peer.key,
            handshake_hash: peer.handshake_hash,
            is_interactive: self.console.is_interactive(),
            files: &mut *self.files,
            random: &mut self.random,
            attempts: &mut self.attempts,
            effects: &mut self.effects,
            key_stretching: self.options.key_stretching,
        })
    }

    /// Removes the copy of a file that nobody waits for.
    pub(super) fn remove_copy(&mut self, id: TransferId) {
        if let Some(disk) = self.files.transfers()
            && let Err(error) = disk.remove_copy(id)
        {
            let text = format!("the copy of a file is left behind: {error}");
            self.show(Tone::Error, &text);
        }
    }

    /// Forgets what the user has typed and deleted; before the deletion is durable: after a kill in between it comes again.
    pub(super) fn forget_deleted(&mut self) {
        let deleted = self.effects.take_deleted();
        if !deleted.is_empty()
            && let Err(error) = self.files.forget_typed(&deleted)
        {
            let text = format!("what you deleted is still in the input history: {error}");
            self.show(Tone::Error, &text);
        }
    }

    /// Tells a user what the operator has done to their account since this device last signed in: a password that was reset,
    /// another name.
    pub(super) fn tell_of_changes(
        &mut self,
        now: Now,
        start: &SessionStart,
        known: Option<&Identity>,
    ) {
        if let Some(reset_ms) = start.reset_ms {
            let (now_ms, zone) = (now.unix_ms, &self.options.time_zone);
            let text = reset_notice(Clock { now_ms, zone }, reset_ms);
            self.show(Tone::Notice, &text);
        }
        let known =
            known.filter(|known| known.account == start.account && known.name != start.name);
        let (Some(known), Some(key)) = (known, self.host_keys.trusted) else {
            return;
        };
        let (old, new) = (
            truncate_name(known.name.clone()),
            truncate_name(start.name.clone()),
        );
        let text = format!("your account was renamed: you are {new} now, and no longer {old}");
        self.show(Tone::Notice, &text);
        if let Err(error) = self.files.rename_account(&key, &old, &new) {
            let text = format!("this device is still found under {old}: {error}");
            self.show(Tone::Error, &text);
        }
    }

    /// A code that nobody else knows.
    pub(super) fn make_code(&mut self) -> EnrolmentCode {
        EnrolmentCode::generate(&mut self.random)
    }

    /// What a signed-in user is given of the client: preferences, and randomness.
    pub(super) fn own(&mut self) -> (Preferences, ChaCha20Rng) {
        let mut seed = [0; 32];
        self.random.fill_bytes(&mut seed);
        let is_interactive = self.is_interactive();
        let preferences = Preferences {
            time_zone: self.options.time_zone.clone(),
            // A script has set how long it waits.
            answer_wait: if is_interactive {
                ANSWER_WAIT
            } else {
                self.options.program.timeout
            },
            is_unannounced: self.options.unannounced,
            is_sending_only: self.options.program.is_sending_only,
            tail: self.options.program.tail.clone(),
            is_restricted: self.options.is_restricted,
            is_told_progress: is_interactive && !self.console.edits_lines(),
            is_attended: is_interactive,
            attention: self.options.attention.clone(),
            save_files_below: self.options.save_files_below,
            logs_chat: self.files.logs_chat(),
        };
        (preferences, ChaCha20Rng::from_seed(seed))
    }
}
