//! Executes one request on the tables: each read and each write is one arm here, beside what it touches.

use super::page::Page;
use crate::protocol::DeviceId;
use crate::store::error::{Abort, StoreError};
use crate::store::ops::administration::{
    announcements, audit, bans, chores, codes, disabled, purges,
};
use crate::store::ops::devices::{self, Opening, Resumption};
use crate::store::ops::log::{delete, history};
use crate::store::ops::rooms::{self, Joining, change, operator};
use crate::store::ops::{
    accounts, acquaintances, blocks, files, log, marks, reading, resync, retention, usage,
};
use crate::store::schema::meta;
use crate::store::schema::tables::{ReadTables, Tables};
use crate::store::{BlobKey, Outcome, Read, Reply, Request, Write};

/// What came of a request, and the files that are kept no longer since.
pub(super) type Executed = (Outcome, Vec<BlobKey>);

/// Executes a request. One that is refused has written nothing.
pub(super) fn execute(
    tables: &mut Tables,
    epoch: u64,
    request: &Request,
) -> Result<Executed, StoreError> {
    let result = match request {
        Request::Read(read) => match Page::plan(tables, request) {
            Some(mut page) => {
                page.fetch();
                page.answer(tables, read)
            }
            None => answer(tables, read),
        },
        Request::Write(write) => execute_write(tables, epoch, write),
        // The engine makes it, after the group.
        Request::Checkpoint => Ok(Reply::Nothing),
    };
    let outcome = outcome(result)?;
    Ok((outcome, std::mem::take(&mut tables.freed)))
}

pub(super) fn outcome(result: Result<Reply, Abort>) -> Result<Outcome, StoreError> {
    match result {
        Ok(reply) => Ok(Outcome::Done(reply)),
        Err(Abort::Refused(refusal)) => Ok(Outcome::Refused(refusal)),
        Err(Abort::Failed(error)) => Err(error),
    }
}

/// Answers what only reads.
pub(super) fn answer(tables: &impl ReadTables, read: &Read) -> Result<Reply, Abort> {
    match read {
        Read::FindAccount { name, skeleton } => {
            accounts::find_as_if_known(tables, name, skeleton.as_deref()).map(Reply::Account)
        }
        Read::Audit { before, count } => audit::list(tables, *before, *count),
        Read::FindCode {
            name,
            skeleton,
            code,
            now_ms,
        } => codes::find(tables, (name, skeleton), *code, *now_ms),
        Read::NextChore => chores::next(tables),
        Read::ListRooms { after } => operator::list(tables, after),
        Read::ShowRoom { name, after } => operator::show(tables, name, *after),
        Read::ListCodes => codes::list(tables),
        Read::Bans { after } => bans::list(tables, *after),
        Read::Devices { account } => devices::list(tables, *account),
        Read::ListAccounts => accounts::list(tables),
        Read::Hello {
            account,
            device,
            epoch: named,
            positions,
        } => {
            let epoch = meta::number(tables, meta::EPOCH)?;
            let earlier = named.filter(|named| *named != epoch);
            let stands = resync::stand(tables, (*account, *device), earlier, positions)?;
            Ok(stands.0)
        }
        Read::Resolve {
            account,
            device,
            name,
        } => resync::resolve(tables, *account, *device, name),
        Read::Entries {
            conversation,
            reader,
            after,
            max_bytes,
        } => log::read(tables, *conversation, *reader, *after, *max_bytes),
        Read::History {
            conversation,
            reader,
            before,
            max_entries,
            max_bytes,
        } => history::read_back(
            tables,
            *conversation,
            *reader,
            *before,
            *max_entries,
            *max_bytes,
        ),
        Read::Marks {
            conversation,
            account,
            named_max,
        } => marks::list(tables, *conversation, *account, *named_max),
        Read::Rooms {
            account,
            own,
            public,
        } => rooms::rooms(tables, *account, *own, public),
        Read::RoomUses { after, count } => rooms::uses(tables, after, *count),
        Read::Members {
            conversation,
            account,
        } => rooms::members(tables, *conversation, *account),
        Read::Acquaintances { account } => acquaintances::list(tables, *account),
        Read::Acquaintance { account, name } => acquaintances::find(tables, *account, name),
        Read::ListRetained => retention::list(tables),
        Read::Retained { name } => retention::show(tables, name),
        Read::File {
            conversation,
            entry,
            reader,
        } => files::reading::of_entry(tables, *conversation, *entry, *reader),
        Read::HasFile {
            account,
            root,
            day_ms,
        } => files::reading::has(tables, *account, *root, *day_ms),
        Read::FilesKept { files } => files::reading::kept(tables, files),
        Read::Usage { account_bytes } => usage::tell(tables, *account_bytes),
    }
}

/// Executes a write. One that is refused has written nothing.
#[expect(
    clippy::too_many_lines,
    reason = "one arm for each write, and nothing else"
)]
pub(super) fn execute_write(
    tables: &mut Tables,
    epoch: u64,
    write: &Write,
) -> Result<Reply, Abort> {
    match write {
        Write::CreateAccount(new) => accounts::create(tables, new),
        Write::OpenDevice {
            account,
            device,
            ticket,
            expires_ms,
        } => devices::open(
            tables,
            epoch,
            &Opening {
                account: *account,
                device: *device,
                ticket: *ticket,
                expires_ms: *expires_ms,
                attempt: None,
            },
        ),
        Write::Resume {
            account,
            device,
            ticket,
            successor,
            now_ms,
            expires_ms,
            attempt,
        } => devices::resume(
            tables,
            epoch,
            &Resumption {
                account: *account,
                device: *device,
                ticket: *ticket,
                successor: *successor,
                now_ms: *now_ms,
                expires_ms: *expires_ms,
                attempt: *attempt,
            },
        ),
        Write::RevokeTickets { account, device } => devices::revoke(tables, *account, *device),
        Write::Hello {
            account,
            device,
            epoch: named,
            positions,
        } => {
            let earlier = named.filter(|named| *named != epoch);
            resync::hello(tables, (*account, *device), earlier, positions)
        }
        Write::Append(append) => log::append(tables, append),
        // Only with the entry that follows it.
        Write::Keyed { .. } => Err(StoreError::missing("log").into()),
        Write::Void {
            conversation,
            account,
            device,
            number,
        } => log::void(tables, *conversation, *account, *device, *number),
        Write::Join {
            account,
            device,
            name,
            skeleton,
            access,
            may_make,
            time_ms,
        } => rooms::join(
            tables,
            &Joining {
                account: *account,
                device: *device,
                name,
                skeleton,
                access: *access,
                may_make: *may_make,
                time_ms: *time_ms,
            },
        ),
        Write::MakeRoom {
            owner,
            name,
            skeleton,
            access,
            time_ms,
        } => rooms::make_for(
            tables,
            &Joining {
                account: *owner,
                // The reply concerns no device of the owner's.
                device: DeviceId::SERVER,
                name,
                skeleton,
                access: *access,
                may_make: true,
                time_ms: *time_ms,
            },
        ),
        Write::Leave {
            conversation,
            account,
            time_ms,
        } => rooms::leave(tables, *conversation, *account, *time_ms),
        Write::ChangeRoom {
            conversation,
            actor,
            change,
            time_ms,
        } => change::change(tables, *conversation, *actor, change, *time_ms),
        Write::Block {
            account,
            name,
            is_blocking,
        } => blocks::block(tables, *account, name, *is_blocking),
        Write::Expire { from, keep, now_ms } => retention::expire(tables, *from, *keep, *now_ms),
        Write::Retain { name, keep } => retention::retain(tables, name, *keep),
        Write::Delete {
            conversation,
            actor,
            entry,
            time_ms,
        } => delete::delete(tables, *conversation, *actor, *entry, *time_ms),
        Write::Advance { marks, seen } => marks::advance(tables, marks, seen),
        Write::Login {
            account,
            proved,
            device,
            ticket,
            expires_ms,
            attempt,
        } => {
            accounts::check_proof(tables, *account, Some(*proved))?;
            devices::open(
                tables,
                epoch,
                &Opening {
                    account: *account,
                    device: *device,
                    ticket: *ticket,
                    expires_ms: *expires_ms,
                    attempt: Some(*attempt),
                },
            )
        }
        Write::ChangePassword {
            account,
            proved,
            device,
            record,
            credential_identifier,
        } => {
            let new = (&**record, *credential_identifier);
            accounts::change_password(tables, *account, *proved, new)?;
            devices::revoke_others(tables, *account, *device)
        }
        Write::RevokeDevice {
            account,
            proved,
            device,
        } => {
            accounts::check_proof(tables, *account, *proved)?;
            devices::forget(tables, *account, *device)
        }
        Write::DeleteAccount {
            account,
            proved,
            time_ms,
        } => accounts::delete(tables, *account, *proved, *time_ms),
        Write::MarkBot { account, is_bot } => accounts::mark_bot(tables, *account, *is_bot),
        Write::Disable { account, reason } => disabled::set(tables, *account, reason.as_deref()),
        Write::Ban { subject, ban } => bans::add(tables, *subject, ban),
        Write::Unban { subject } => bans::remove(tables, *subject),
        Write::EndSessions { .. } | Write::Operate(_) => Ok(Reply::Nothing),
        Write::Announce {
            author,
            text,
            time_ms,
        } => announcements::announce(tables, *author, text, *time_ms),
        Write::DeleteRoom {
            name,
            skeleton,
            time_ms,
        } => operator::delete(tables, name, skeleton, *time_ms),
        Write::SetOwner {
            name,
            account,
            time_ms,
        } => operator::set_owner(tables, name, *account, *time_ms),
        Write::SetAccess {
            name,
            access,
            time_ms,
        } => operator::set_access(tables, name, *access, *time_ms),
        Write::ClearRoom { conversation } => chores::clear_room(tables, *conversation),
        Write::DeleteEntry {
            log,
            entry,
            time_ms,
        } => delete::remove_from(tables, log, *entry, *time_ms),
        Write::PurgeAccount { name, time_ms } => purges::begin(tables, name, *time_ms),
        Write::Purge { purge, time_ms } => chores::purge(tables, purge, *time_ms),
        Write::Audited(audited) => audit::perform(tables, &audited.into(), |tables, write| {
            execute_write(tables, epoch, write)
        }),
        Write::Delegated {
            by,
            role,
            time_ms,
            write,
        } => {
            audit::check_role(tables, (*by, *role), write)?;
            let action = audit::Action {
                by: Some(*by),
                time_ms: *time_ms,
                write,
            };
            audit::perform(tables, &action, |tables, write| {
                execute_write(tables, epoch, write)
            })
        }
        Write::Rename {
            account,
            name,
            skeleton,
        } => accounts::rename(tables, *account, (name, skeleton)),
        Write::SetRole { account, role } => accounts::set_role(tables, *account, *role),
        Write::MakeCode(new) => codes::make(tables, new),
        Write::RevokeInvitation { number } => codes::revoke(tables, *number),
        Write::ResetPassword {
            account,
            code,
            record,
            credential_identifier,
            time_ms,
        } => {
            let new = (&**record, *credential_identifier);
            codes::reset(tables, *account, *code, new, *time_ms)
        }
        Write::CreateInvited { account, code } => codes::create(tables, account, *code),
        Write::NoteUses(uses) => devices::note_uses(tables, uses),
        Write::Read { reads } => reading::read(tables, reads),
        Write::Mute {
            conversation,
            account,
            until_ms,
        } => reading::mute(tables, *conversation, *account, *until_ms),
        Write::AddFile {
            account,
            root,
            size,
            time_ms,
            quota,
        } => files::add(tables, (*account, *root), *size, *time_ms, *quota),
        Write::SweepFiles {
            after,
            kept_ms,
            now_ms,
        } => files::upkeep::sweep(tables, *after, *kept_ms, *now_ms),
        Write::Raise { meaning } => {
            meta::raise_meaning(tables, *meaning)?;
            Ok(Reply::Nothing)
        }
    }
}
