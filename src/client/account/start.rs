//! The start of a session: which of the tables still hold, and who this device is from now on.

use std::time::Duration;

use jiff::tz::TimeZone;
use rand_chacha::ChaCha20Rng;

use super::attention::Attention;
use super::blocked::BlockedUsers;
use super::ctx::conversations::Conversations;
use super::ctx::focus::Focus;
use super::ctx::hidden::Hidden;
use super::ctx::pending::PendingRequests;
use super::ctx::{Me, SessionState, Shared};
use super::display::{self, Display};
use super::files::FileTransfers;
use super::history::HistoryPager;
use super::history::chat_log::ChatLog;
use super::inbox::Inbox;
use super::mending::eraser::Eraser;
use super::mending::recent::Recent;
use super::people::People;
use super::places::Places;
use super::reading::ReadReports;
use super::receipts::Receipts;
use super::resync::{self, Resync};
use super::roster::Roster;
use super::sender::outbox::Typed;
use super::sender::{self, Sender};
use super::{Parts, SignedIn};
use crate::client::effects::Effects;
use crate::client::env::{AttentionOptions, Tone};
use crate::client::storage::records::StoredConversation;
use crate::client::storage::{Identity, Loaded, State, StateError};
use crate::client::tail::TailOptions;
use crate::protocol::{ConversationId, SessionStart};
use crate::transport::Now;

/// What the command line says that lasts as long as the user is signed in.
#[expect(clippy::struct_excessive_bools, reason = "each is a wish of its own")]
pub(in crate::client) struct Preferences {
    pub(in crate::client) time_zone: TimeZone,
    /// How long the server's answer to a request is waited for.
    pub(in crate::client) answer_wait: Duration,
    /// What rings.
    pub(in crate::client) attention: AttentionOptions,
    /// Whether others are not to be told that this session comes and goes.
    pub(in crate::client) is_unannounced: bool,
    /// Whether the session is there to send only.
    pub(in crate::client) is_sending_only: bool,
    /// What a program that reads is told.
    pub(in crate::client) tail: Option<TailOptions>,
    /// Below which size files are saved by themselves, in bytes.
    pub(in crate::client) save_files_below: u64,
    /// Whether what is said is to be kept in logs.
    pub(in crate::client) logs_chat: bool,
    /// Whether nothing may be done that needs files.
    pub(in crate::client) is_restricted: bool,
    /// Whether somebody reads at a terminal whose prompt does not tell how far files are.
    pub(in crate::client) is_told_progress: bool,
    /// Whether somebody reads at a terminal.
    pub(in crate::client) is_attended: bool,
}

impl SignedIn {
    /// A session begins for the device whose tables these are.
    pub(in crate::client) fn new(
        now: Now,
        (state, typed): (State, &[(u64, Typed)]),
        start: &SessionStart,
        preferences: Preferences,
        random: ChaCha20Rng,
        effects: &mut Effects,
    ) -> Result<Self, StateError> {
        let state = (state, typed);
        let mut signed_in = Self::load(now, state, start, preferences, random, effects)?;
        signed_in.start_session(now, start, effects)?;
        Ok(signed_in)
    }

    /// The device whose tables these are, before there is a link; nothing if it has no ticket.
    pub(in crate::client) fn offline(
        now: Now,
        state: State,
        preferences: Preferences,
        random: ChaCha20Rng,
        effects: &mut Effects,
    ) -> Result<Option<Self>, StateError> {
        let known = state.identity().and_then(last_session);
        let load = |start: SessionStart| {
            Self::load(now, (state, &[]), &start, preferences, random, effects)
        };
        known.map(load).transpose()
    }

    /// The device whose tables these are, in no session yet.
    fn load(
        now: Now,
        (mut state, typed): (State, &[(u64, Typed)]),
        start: &SessionStart,
        preferences: Preferences,
        random: ChaCha20Rng,
        effects: &mut Effects,
    ) -> Result<Self, StateError> {
        let loaded = load(&mut state, typed, start, effects)?;
        let mut signed_in = Self {
            shared: shared(now, state, start, loaded.conversations, &preferences),
            parts: Parts {
                files: FileTransfers::load(
                    loaded.downloads,
                    preferences.save_files_below,
                    random.clone(),
                ),
                sender: Sender::new(loaded.outbox, random),
                inbox: Inbox::default(),
                receipts: Receipts::default(),
                resync: Resync::default(),
                display: Display::default(),
                roster: Roster::default(),
                people: People::default(),
                blocked: BlockedUsers::load(loaded.blocked, loaded.ignored),
                history: HistoryPager::new(preferences.tail),
                attention: Attention::new(preferences.attention, &start.name, loaded.is_quiet),
                places: Places::load(loaded.places),
                recent: Recent::default(),
                eraser: Eraser::default(),
                reading: ReadReports::default(),
            },
        };
        let (parts, mut ctx) = signed_in.split(now, effects);
        for (sequence, typed) in typed {
            parts.sender.outbox.note_typed(*sequence, *typed);
        }
        parts.blocked.note(&mut ctx);
        parts.history.chat_log = ChatLog::begin(&mut ctx, preferences.logs_chat, loaded.logs_chat);
        for (conversation, entry, awaited) in loaded.awaited {
            let place = (conversation, ctx.is_many(conversation));
            parts
                .receipts
                .track(now.instant, place, entry, awaited, None);
        }
        if ctx.me.is_tailing != loaded.is_tailed && !ctx.me.is_sending_only {
            ctx.state.put_tailed(ctx.me.is_tailing);
        }
        let is_certain = loaded.is_tailed;
        display::show_undisplayed(&mut ctx, &parts.sender, &parts.blocked, is_certain)?;
        Ok(signed_in)
    }

    /// Makes the identity durable, before anything else, and sends where this device stands.
    pub(in crate::client) fn start_session(
        &mut self,
        now: Now,
        start: &SessionStart,
        effects: &mut Effects,
    ) -> Result<(), StateError> {
        let Shared {
            me, session, state, ..
        } = &mut self.shared;
        let known = state.identity().map(|identity| identity.epoch);
        session.epoch = start.epoch;
        session.has_link = true;
        if known.is_some_and(|known| known != start.epoch) {
            self.parts.receipts.forget_marks();
            self.parts.recent = Recent::default();
            effects.show(
                Tone::Notice,
                "the server's database was restored from a backup; recent messages may be missing",
            );
        }
        me.name.clone_from(&start.name);
        state.set_identity(Identity {
            account: start.account,
            name: start.name.clone(),
            device: Some(start.device),
            // Until the positions are settled they are those of the logs of before.
            epoch: known.unwrap_or(start.epoch),
            ticket: Some(start.ticket.clone()),
        });
        state.commit()?;
        let (parts, mut ctx) = self.split(now, effects);
        if !std::mem::take(&mut parts.resync.is_hello_sent) {
            resync::send_hello(&mut ctx);
        }
        Ok(())
    }
}

/// What the parts are handed, in no session yet.
fn shared(
    now: Now,
    state: State,
    start: &SessionStart,
    known: Vec<(ConversationId, StoredConversation)>,
    preferences: &Preferences,
) -> Shared {
    let mut conversations = Conversations::new(preferences.is_attended);
    for (id, stored) in known {
        conversations.insert(id, stored);
    }
    Shared {
        me: Me {
            id: start.account,
            name: start.name.clone(),
            device: start.device,
            signed_in_at: now.instant,
            time_zone: preferences.time_zone.clone(),
            is_unannounced: preferences.is_unannounced,
            is_sending_only: preferences.is_sending_only,
            is_restricted: preferences.is_restricted,
            is_told_progress: preferences.is_told_progress,
            is_tailing: preferences.tail.is_some(),
        },
        session: SessionState {
            has_new_names: true,
            ..SessionState::default()
        },
        state,
        conversations,
        pending: PendingRequests::new(preferences.answer_wait),
        focus: Focus::default(),
        hidden: Hidden::default(),
    }
}

/// The session that a device would go on with; nothing if it cannot sign in without a password.
fn last_session(identity: &Identity) -> Option<SessionStart> {
    Some(SessionStart {
        account: identity.account,
        name: identity.name.clone(),
        device: identity.device?,
        epoch: identity.epoch,
        ticket: identity.ticket.clone()?,
        reset_ms: None,
    })
}

/// Reads the tables, less what is another account's or device's; but what was typed in this run and never sent is this
/// device's.
pub(super) fn load(
    state: &mut State,
    typed: &[(u64, Typed)],
    start: &SessionStart,
    effects: &mut Effects,
) -> Result<Loaded, StateError> {
    let identity = state.identity();
    let is_other_account = identity.is_some_and(|known| known.account != start.account);
    let is_other_device = identity.is_some_and(|known| known.device != Some(start.device));
    let mut loaded = state.load()?;
    if is_other_account || is_other_device {
        for (sequence, mut unsent) in std::mem::take(&mut loaded.outbox) {
            let was_never_sent = typed.iter().any(|(typed, _)| *typed == sequence);
            if (unsent.can_be_said_again() || was_never_sent) && !is_other_account {
                unsent.numbered = None;
                state.put_unsent(sequence, &unsent);
                loaded.outbox.push((sequence, unsent));
                continue;
            }
            sender::show_unconfirmed(&unsent, None, effects);
            state.remove_unsent(sequence);
        }
    }
    if is_other_account {
        state.clear();
        return Ok(Loaded::default());
    }
    if is_other_device {
        for (_, stored) in &mut loaded.conversations {
            stored.last_own_seq = None;
        }
    }
    Ok(loaded)
}
