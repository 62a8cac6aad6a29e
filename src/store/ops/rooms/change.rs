//! What members do to a room and to each other.
//!
//! What is so already is answered before anybody's permission is looked at, so that a change which took the actor's
//! own permission away can be asked for again.

use super::super::{access, accounts, blocks, conversations, pairs};
use super::list::Invitation;
use super::permission::{Deed, permits};
use super::{INVITATIONS_MAX, list, membership, put_access, require, require_member};
use crate::protocol::{
    Access, AccountId, Change, ConversationId, EventKind, MemberRole, RoomEvent, TOPIC_MAX_BYTES,
    history_of, history_text,
};
use crate::store::error::{Abort, StoreError};
use crate::store::ops::log::events;
use crate::store::schema::records::{ConversationRecord, MemberRecord, RoomRecord};
use crate::store::schema::tables::{ReadTables, Tables};
use crate::store::{Account, Refusal, Reply, StoreLimit};

/// Who changes which room, and when.
struct Scene {
    id: ConversationId,
    record: ConversationRecord,
    room: RoomRecord,
    actor: AccountId,
    role: MemberRole,
    time_ms: u64,
}

/// Changes a room, or who belongs to it. What a change lacks that its kind needs, nobody is permitted.
pub(in crate::store) fn change(
    tables: &mut Tables,
    id: ConversationId,
    actor: AccountId,
    change: &Change,
    time_ms: u64,
) -> Result<Reply, Abort> {
    let (record, acting) = require_member(tables, id, actor)?;
    let scene = Scene {
        id,
        record,
        room: require(tables, id)?,
        actor,
        role: acting.role,
        time_ms,
    };
    let text = change.text.as_deref();
    if text.is_some_and(|text| text.len() > TOPIC_MAX_BYTES) {
        return Err(Refusal::LimitReached(StoreLimit::TopicBytes).into());
    }
    match change.kind {
        EventKind::Topic => scene.topic(tables, text.unwrap_or_default()),
        EventKind::Access => scene.access(tables, change.access),
        EventKind::Invited => {
            let subject = subject(tables, change)?;
            scene.invite(tables, &subject)
        }
        EventKind::Kicked => {
            let subject = subject(tables, change)?;
            scene.kick(tables, &subject, text)
        }
        EventKind::Role => {
            let subject = subject(tables, change)?;
            scene.role(tables, &subject, change.role)
        }
        EventKind::History => scene.history(tables, text.and_then(history_of)),
        EventKind::Joined
        | EventKind::Left
        | EventKind::Announced
        | EventKind::Deleted
        | EventKind::Other(_) => Err(Refusal::NotPermitted.into()),
    }
}

fn subject(tables: &impl ReadTables, change: &Change) -> Result<Account, Abort> {
    let name = change.subject.as_deref().ok_or(Refusal::NoSuchUser)?;
    let account = accounts::find(tables, name)?.ok_or(Refusal::NoSuchUser)?;
    if accounts::is_deleted(tables, account.id)? {
        return Err(Refusal::Deleted.into());
    }
    Ok(account)
}

impl Scene {
    fn require(&self, deed: Deed) -> Result<(), Abort> {
        if permits(self.role, deed) {
            Ok(())
        } else {
            Err(Refusal::NotPermitted.into())
        }
    }

    fn event(&self, tables: &Tables, kind: EventKind) -> Result<RoomEvent, StoreError> {
        events::event(tables, kind, self.actor)
    }

    fn write(
        &mut self,
        tables: &mut Tables,
        event: RoomEvent,
        subject: Option<AccountId>,
    ) -> Result<Reply, Abort> {
        let event = events::write(
            tables,
            self.id,
            &mut self.record,
            self.actor,
            event,
            self.time_ms,
        )?;
        Ok(Reply::Changed {
            event: Some(event),
            subject,
        })
    }

    fn topic(mut self, tables: &mut Tables, topic: &str) -> Result<Reply, Abort> {
        if self.room.topic == topic {
            return Ok(unchanged(None));
        }
        self.require(Deed::Topic)?;
        topic.clone_into(&mut self.room.topic);
        tables.rooms.insert(self.id.0, self.room.clone());
        let mut event = self.event(tables, EventKind::Topic)?;
        event.text = Some(topic.to_owned());
        self.write(tables, event, None)
    }

    fn access(mut self, tables: &mut Tables, access: Option<Access>) -> Result<Reply, Abort> {
        let access = match access {
            Some(access) if access == self.room.access => return Ok(unchanged(None)),
            Some(Access::Other(_)) | None => return Err(Refusal::NotPermitted.into()),
            Some(access) => access,
        };
        self.require(Deed::Access)?;
        put_access(tables, self.id, &mut self.room, access);
        let mut event = self.event(tables, EventKind::Access)?;
        event.access = Some(access);
        self.write(tables, event, None)
    }

    /// How many of the last entries newcomers may read from now on. What was said while that was none they never read.
    fn history(mut self, tables: &mut Tables, last: Option<u64>) -> Result<Reply, Abort> {
        let last = last.ok_or(Refusal::NotPermitted)?;
        let history = &mut self.room.history;
        if history.last == last {
            return Ok(unchanged(None));
        }
        if history.last == 0 {
            history.after = self.record.head;
        }
        history.last = last;
        self.require(Deed::History)?;
        tables.rooms.insert(self.id.0, self.room.clone());
        let mut event = self.event(tables, EventKind::History)?;
        event.text = Some(history_text(last));
        self.write(tables, event, None)
    }

    /// The invitation is an entry of the pair's log: it reaches the subject alone, once, and also when they are away. If
    /// they block the actor, the entry is withheld from them as all others are, and so is the invitation.
    ///
    /// Whoever invites somebody who has an invitation already is told that nothing has changed, and nothing is written
    /// in their log, whether that one is seen or withheld: else whoever is blocked would learn it by another account.
    /// What was withheld is seen from then on, among the rooms of the invited.
    fn invite(self, tables: &mut Tables, subject: &Account) -> Result<Reply, Abort> {
        let row = (subject.id.0, self.id.0);
        let invitation = if blocks::blocks(tables, subject.id, self.actor)? {
            Invitation::Withheld
        } else {
            Invitation::Shown
        };
        let known = list::invitation(tables, subject.id, self.id)?;
        if self.current(tables, subject.id)?.is_some() {
            return Ok(unchanged(Some(subject.id)));
        }
        let permitted = self.require(Deed::Invite(self.room.access));
        let has_room = list::invitations(tables, subject.id)?.len() < INVITATIONS_MAX;
        if let Some(known) = known {
            let is_news = known == Invitation::Withheld && invitation == Invitation::Shown;
            if is_news && permitted.is_ok() && has_room {
                tables
                    .invited
                    .insert(row, invitation == Invitation::Withheld);
            }
            return Ok(unchanged(Some(subject.id)));
        }
        permitted?;
        if !has_room {
            return Err(Refusal::LimitReached(StoreLimit::Invitations).into());
        }
        tables
            .invited
            .insert(row, invitation == Invitation::Withheld);
        let pair = pairs::find(self.actor, subject.id)?;
        let (mut record, _) = access::membership(tables, pair, self.actor)?;
        pairs::begin(tables, pair, &record)?;
        let mut event = self.event(tables, EventKind::Invited)?;
        event.subject = Some(subject.name.clone());
        event.text = Some(self.room.name);
        let event = events::write(tables, pair, &mut record, self.actor, event, self.time_ms)?;
        Ok(Reply::Changed {
            event: Some(event),
            subject: Some(subject.id),
        })
    }

    fn kick(
        mut self,
        tables: &mut Tables,
        subject: &Account,
        reason: Option<&str>,
    ) -> Result<Reply, Abort> {
        let member =
            conversations::load_member(tables, self.id, subject.id)?.ok_or(Refusal::NotAMember)?;
        if let Some(until) = member.until {
            return if self.has_kicked(tables, subject.id, until)? {
                Ok(unchanged(Some(subject.id)))
            } else {
                Err(Refusal::NotAMember.into())
            };
        }
        // Who wants to go leaves; so there is an owner as long as there is a member.
        if subject.id == self.actor {
            return Err(Refusal::NotPermitted.into());
        }
        self.require(Deed::Kick(member.role))?;
        let mut event = self.event(tables, EventKind::Kicked)?;
        event.subject = Some(subject.name.clone());
        event.text = reason.map(ToOwned::to_owned);
        self.record.members = self.record.members.saturating_sub(1);
        let id = self.id;
        let reply = self.write(tables, event, Some(subject.id))?;
        membership::end(tables, id, &self.record, subject.id, member)?;
        Ok(reply)
    }

    /// Whether the entry that ended a membership is a removal by this actor: then this is a repetition.
    fn has_kicked(
        &self,
        tables: &impl ReadTables,
        subject: AccountId,
        until: u64,
    ) -> Result<bool, StoreError> {
        let stored = tables.entry((self.id.0, until))?;
        let is_own = stored.is_some_and(|stored| stored.row().author == self.actor.0);
        Ok(is_own && self.actor != subject)
    }

    fn role(
        mut self,
        tables: &mut Tables,
        subject: &Account,
        role: Option<MemberRole>,
    ) -> Result<Reply, Abort> {
        let mut member = self
            .current(tables, subject.id)?
            .ok_or(Refusal::NotAMember)?;
        let role = match role {
            Some(role) if role == member.role => return Ok(unchanged(Some(subject.id))),
            Some(role @ (MemberRole::Member | MemberRole::Moderator | MemberRole::Owner)) => role,
            Some(MemberRole::Other(_)) | None => return Err(Refusal::NotPermitted.into()),
        };
        self.require(Deed::Role)?;
        // Only of themselves can an owner take the last ownership, and then there would be none.
        if subject.id == self.actor && !membership::has_other_owner(tables, self.id, self.actor)? {
            return Err(Refusal::NotPermitted.into());
        }
        member.role = role;
        conversations::save_member(tables, self.id, subject.id, member);
        let mut event = self.event(tables, EventKind::Role)?;
        event.subject = Some(subject.name.clone());
        event.role = Some(role);
        self.write(tables, event, Some(subject.id))
    }

    /// Somebody's record, if they belong to the room now.
    fn current(
        &self,
        tables: &impl ReadTables,
        account: AccountId,
    ) -> Result<Option<MemberRecord>, StoreError> {
        let member = conversations::load_member(tables, self.id, account)?;
        Ok(member.filter(|member| member.until.is_none()))
    }
}

fn unchanged(subject: Option<AccountId>) -> Reply {
    Reply::Changed {
        event: None,
        subject,
    }
}
