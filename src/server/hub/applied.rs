//! What others than the asker must learn of a write that the store has applied, no matter who asked for it: an entry goes
//! to the readers of its log, a membership begins or ends, a device's earlier session is over.

use crate::protocol::{
    AccountId, AccountRole, ConversationId, DeviceId, EndReason, EntryId, EventKind,
};
use crate::server::ctx::{CODE_RENAMED, CODE_UNSURE, Ctx};
use crate::server::messages::fanout::{OutgoingEntry, fan_out};
use crate::server::receipts::Receipts;
use crate::server::rooms::membership;
use crate::store::{Ban, BanSubject, Event, Joined, Outcome, Removal, Reply, StoredEntry, Write};
use crate::transport::SessionId;

/// A write with its result.
pub enum Applied<'a> {
    /// It changed nothing that others learn of.
    Nothing,
    /// A message was stored.
    Entry(OutgoingEntry<'a>, &'a StoredEntry),
    /// An account belongs to a room from now on.
    Joined(AccountId, &'a Joined),
    /// An account belongs to a room no longer.
    Left(AccountId, ConversationId, Option<&'a Event>),
    /// A room was changed, or something was said to all users.
    Changed(&'a Event),
    /// A room was deleted.
    RoomDeleted(&'a Event),
    /// A room has another owner, who has perhaps joined it, after this entry.
    OwnerSet(AccountId, Option<&'a (u64, Event)>, &'a [Event]),
    /// The operator has deleted entries.
    Removed(&'a [Removal]),
    /// A device has signed in: on this session, or at another server.
    DeviceOpened(AccountId, DeviceId, Option<SessionId>),
    /// The tickets of an account's devices are void, but for this one's.
    OthersRevoked(AccountId, DeviceId),
    /// The password of an account was set by a code: all its tickets are void.
    PasswordReset(AccountId),
    /// A device was revoked.
    DeviceRevoked(AccountId, DeviceId),
    /// An account was deleted, and has left its rooms with these.
    AccountDeleted(AccountId, &'a [Event]),
    /// An account was disabled.
    AccountDisabled(AccountId),
    /// An account or addresses were banned.
    Banned(BanSubject, &'a Ban),
    /// A ban was lifted.
    Unbanned(BanSubject),
    /// Sessions are to end: of this account, or of nobody who is signed in, and only this one.
    SessionsEnded(Option<AccountId>, Option<SessionId>),
    /// An account has another name.
    Renamed(AccountId, &'a str),
    /// An account may do at the server from now on what this role may.
    RoleSet(AccountId, AccountRole),
    /// Nobody knows whether an account was changed, as this session has asked.
    Unsure(AccountId, SessionId),
}

impl<'a> Applied<'a> {
    /// A write with its result. `author_name` is for the readers of a message, which does not hold it.
    pub fn of(write: &'a Write, author_name: Option<&'a str>, outcome: &'a Outcome) -> Self {
        let Outcome::Done(reply) = outcome else {
            return Self::Nothing;
        };
        match (write, reply) {
            (_, Reply::Unchanged) => Self::Nothing,
            (Write::Append(append), Reply::Stored(stored)) if !stored.repeated => {
                Self::Entry(OutgoingEntry::of(append, author_name), stored)
            }
            (
                Write::Join { account, .. } | Write::MakeRoom { owner: account, .. },
                Reply::Joined(joined),
            ) => Self::Joined(*account, joined),
            (
                Write::Leave {
                    account,
                    conversation,
                    ..
                },
                Reply::Changed { event, .. },
            ) => Self::Left(*account, *conversation, event.as_ref()),
            (
                Write::ChangeRoom { conversation, .. },
                Reply::Changed {
                    event: Some(event),
                    subject,
                },
            ) => match (event.kind, subject) {
                // A removed member leaves by the change that removed them.
                (EventKind::Kicked, Some(subject)) => {
                    Self::Left(*subject, *conversation, Some(event))
                }
                _ => Self::Changed(event),
            },
            (
                Write::DeleteRoom { .. },
                Reply::Changed {
                    event: Some(event), ..
                },
            ) => Self::RoomDeleted(event),
            (Write::SetOwner { account, .. }, Reply::OwnerSet { joined, events, .. }) => {
                Self::OwnerSet(*account, joined.as_ref(), events)
            }
            (_, Reply::Removed(removals)) => Self::Removed(removals),
            (_, Reply::Purging { account, left }) => Self::AccountDeleted(*account, left),
            (
                Write::Announce { .. } | Write::SetAccess { .. },
                Reply::Changed {
                    event: Some(event), ..
                },
            ) => Self::Changed(event),
            (
                Write::ChangePassword {
                    account, device, ..
                },
                _,
            ) => Self::OthersRevoked(*account, *device),
            (
                Write::RevokeDevice {
                    account, device, ..
                },
                _,
            ) => Self::DeviceRevoked(*account, *device),
            (Write::DeleteAccount { account, .. }, Reply::Deleted(left)) => {
                Self::AccountDeleted(*account, left)
            }
            (
                Write::Disable {
                    account,
                    reason: Some(_),
                },
                _,
            ) => Self::AccountDisabled(*account),
            (Write::ResetPassword { account, .. }, _) => Self::PasswordReset(*account),
            (Write::Ban { subject, ban }, _) => Self::Banned(*subject, ban),
            (Write::Unban { subject }, _) => Self::Unbanned(*subject),
            (Write::EndSessions { account, session }, _) => {
                Self::SessionsEnded(*account, session.map(SessionId))
            }
            (Write::Rename { account, name, .. }, _) => Self::Renamed(*account, name),
            (Write::SetRole { account, role }, _) => Self::RoleSet(*account, *role),
            (Write::Audited(audited), _) => Self::of(&audited.write, author_name, outcome),
            (Write::Delegated { write, .. }, _) => Self::of(write, author_name, outcome),
            _ => Self::Nothing,
        }
    }
}

/// Others learn of a write.
pub fn on_applied(ctx: &mut Ctx<'_>, receipts: &mut Receipts, applied: &Applied<'_>) {
    match *applied {
        Applied::Nothing => {}
        Applied::Entry(ref outgoing, stored) => publish(ctx, receipts, outgoing, stored),
        Applied::Joined(account, joined) => {
            let room = joined.standing.conversation;
            membership::add_member(ctx, account, room, joined.standing.joined_after);
            publish_event(ctx, receipts, joined.event.as_ref());
        }
        Applied::Left(account, room, event) => leave(ctx, receipts, account, room, event),
        Applied::Changed(event) => publish_event(ctx, receipts, Some(event)),
        Applied::RoomDeleted(event) => {
            publish_event(ctx, receipts, Some(event));
            let room = event.conversation;
            let members: Vec<AccountId> = ctx.presence.in_room(room).map(|(id, _)| id).collect();
            for account in members {
                ctx.presence.exit(account, room);
                receipts.leave(ctx, account, room);
            }
        }
        Applied::OwnerSet(account, joined, events) => {
            if let Some((since, event)) = joined {
                membership::add_member(ctx, account, event.conversation, EntryId(*since));
                publish_event(ctx, receipts, Some(event));
            }
            for event in events {
                publish_event(ctx, receipts, Some(event));
            }
        }
        Applied::Removed(removals) => {
            for removal in removals {
                publish(ctx, receipts, &removal.into(), &removal.stored);
            }
        }
        Applied::DeviceOpened(account, device, newest) => {
            for earlier in ctx.sessions_of(account) {
                if Some(earlier) != newest && ctx.is_on(earlier, device) {
                    ctx.end(earlier, EndReason::Superseded);
                }
            }
        }
        Applied::OthersRevoked(account, kept) => {
            for id in ctx.sessions_of(account) {
                if !ctx.is_on(id, kept) {
                    ctx.end(id, EndReason::PasswordChanged);
                }
            }
        }
        Applied::PasswordReset(account) => {
            for id in ctx.sessions_of(account) {
                ctx.end(id, EndReason::PasswordReset);
            }
        }
        Applied::DeviceRevoked(account, device) => {
            for id in ctx.sessions_of(account) {
                if ctx.is_on(id, device) {
                    ctx.end(id, EndReason::Revoked);
                }
            }
        }
        Applied::AccountDeleted(account, left) => {
            for event in left {
                let room = event.conversation;
                leave(ctx, receipts, account, room, Some(event));
            }
            for id in ctx.sessions_of(account) {
                ctx.end(id, EndReason::AccountDeleted);
            }
        }
        Applied::AccountDisabled(account) => {
            for id in ctx.sessions_of(account) {
                ctx.end(id, EndReason::AccountDisabled);
            }
        }
        Applied::Banned(subject, ban) => {
            ctx.bans.add(subject, ban.clone());
            enforce(ctx, &[subject]);
        }
        Applied::Unbanned(subject) => ctx.bans.remove(subject),
        Applied::Renamed(account, name) => {
            if ctx
                .presence
                .get(account)
                .is_some_and(|here| *here.name != *name)
            {
                // They come back under the new one, and others see one go and the other come.
                for id in ctx.sessions_of(account) {
                    ctx.evict(id, CODE_RENAMED, "the account was renamed");
                }
            }
        }
        Applied::RoleSet(account, role) => ctx.presence.set_role(account, role),
        Applied::SessionsEnded(account, session) => end_sessions(ctx, account, session),
        Applied::Unsure(account, asker) => {
            // Their tickets tell them which it is.
            for id in ctx.sessions_of(account) {
                if id != asker {
                    ctx.evict(id, CODE_UNSURE, "the account may have been changed");
                }
            }
        }
    }
}

/// The sessions of those who are banned come to their end.
pub fn enforce(ctx: &mut Ctx<'_>, banned: &[BanSubject]) {
    for subject in banned {
        if let BanSubject::Account(account) = subject {
            for id in ctx.sessions_of(*account) {
                ctx.turn_away(id);
            }
        }
    }
    let is_address = |subject: &BanSubject| matches!(subject, BanSubject::Prefix(_));
    if banned.iter().any(is_address) {
        for id in ctx.sessions.ids() {
            if ctx.address_ban(id).is_some() {
                ctx.turn_away(id);
            }
        }
    }
}

/// What the operator ends comes to its end.
fn end_sessions(ctx: &mut Ctx<'_>, account: Option<AccountId>, only: Option<SessionId>) {
    let ids = match (account, only) {
        (Some(account), _) => ctx.sessions_of(account),
        (None, Some(id)) => vec![id],
        (None, None) => Vec::new(),
    };
    for id in ids {
        let user = ctx.sessions.user(id).map(|user| user.account);
        if user == account && only.is_none_or(|only| only == id) {
            ctx.end(id, EndReason::EndedByOperator);
        }
    }
}

/// An account belongs to a room no longer.
fn leave(
    ctx: &mut Ctx<'_>,
    receipts: &mut Receipts,
    account: AccountId,
    room: ConversationId,
    event: Option<&Event>,
) {
    // Who leaves is sent the entry that says so, as the last one.
    publish_event(ctx, receipts, event);
    ctx.presence.exit(account, room);
    receipts.leave(ctx, account, room);
}

fn publish_event(ctx: &mut Ctx<'_>, receipts: &mut Receipts, event: Option<&Event>) {
    if let Some(event) = event {
        publish(ctx, receipts, &event.into(), &event.stored);
    }
}

/// An entry goes to all who read its log, and tells how many they are.
fn publish(
    ctx: &mut Ctx<'_>,
    receipts: &mut Receipts,
    outgoing: &OutgoingEntry<'_>,
    stored: &StoredEntry,
) {
    fan_out(ctx, outgoing, stored);
    receipts.update_mode(ctx, outgoing.conversation, &stored.audience);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Change;
    use crate::server::ctx::Followup;
    use crate::server::ctx::testing::Parts;
    use crate::store::Audience;

    const ROOM: ConversationId = ConversationId(7);
    const ALICE: AccountId = AccountId(1);
    const BOB: AccountId = AccountId(2);

    fn event(kind: EventKind) -> Event {
        Event {
            conversation: ROOM,
            kind,
            author: ALICE,
            content: vec![7; 16],
            digest: crate::protocol::Digest([7; 32]),
            stored: StoredEntry {
                entry: EntryId(5),
                prev: EntryId(4),
                time_ms: 1,
                repeated: false,
                audience: Audience::Room { members: 2 },
            },
        }
    }

    #[test]
    fn removed_member_is_sent_the_entry_that_says_so_and_none_after_it() {
        let mut parts = Parts::new();
        let mut receipts = Receipts::default();
        let bobs = parts.signed_in(BOB, "bob");
        let ctx = &mut parts.ctx();
        ctx.presence.enter(BOB, ROOM);
        let user = ctx.sessions.user_mut(bobs).unwrap();
        user.note_sent(ROOM, EntryId(4));
        let outcome = Outcome::Done(Reply::Changed {
            event: Some(event(EventKind::Kicked)),
            subject: Some(BOB),
        });
        let write = Write::ChangeRoom {
            conversation: ROOM,
            actor: ALICE,
            change: Change {
                kind: EventKind::Kicked,
                subject: Some("bob".into()),
                text: None,
                role: None,
                access: None,
            },
            time_ms: 1,
        };
        on_applied(ctx, &mut receipts, &Applied::of(&write, None, &outcome));
        // The endpoint of the test has no such session, so that what was not sent is to be read from the log.
        let user = ctx.sessions.user(bobs).unwrap();
        assert_eq!(user.lagging[&ROOM].head, EntryId(5));
        assert!(!ctx.presence.is_in(BOB, ROOM));
        let topic = event(EventKind::Topic);
        on_applied(ctx, &mut receipts, &Applied::Changed(&topic));
        assert_eq!(ctx.sessions.user(bobs).unwrap().lagging.len(), 1);
    }

    #[test]
    fn device_that_signs_in_again_ends_its_earlier_session_and_no_other() {
        let mut parts = Parts::new();
        let earlier = parts.signed_in(BOB, "bob");
        let newest = parts.signed_in(BOB, "bob");
        parts.signed_in(ALICE, "alice");
        let ctx = &mut parts.ctx();
        let device = ctx.sessions.user(newest).unwrap().device;
        let applied = Applied::DeviceOpened(BOB, device, Some(newest));
        on_applied(ctx, &mut Receipts::default(), &applied);
        let ended = Followup::End(earlier, EndReason::Superseded);
        assert_eq!(ctx.followups.drain(..).collect::<Vec<_>>(), [ended]);
    }
}
