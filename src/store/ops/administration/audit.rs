//! The audit log: what the operator, or who may act as one, has done. A row is written with what it tells of.

use crate::protocol::{Access, AccountId, AccountRole, EVERYONE_NAME};
use crate::store::error::{Abort, StoreError, skip_damaged};
use crate::store::ops::accounts;
use crate::store::ops::administration::codes;
use crate::store::ops::log::delete;
use crate::store::schema::admin_records::AuditRecord;
use crate::store::schema::meta;
use crate::store::schema::table::ReadTable as _;
use crate::store::schema::tables::{ReadTables, Tables};
use crate::store::{
    Audited, AuditedAction, BanSubject, LogOf, Operation, Refusal, Reply, Retention, Write,
};

/// How many actions are kept; one more takes the place of the oldest. Chosen: years of a busy server's, in some 10 MB.
pub(in crate::store) const KEPT_MAX: u64 = 100_000;

/// How many actions are read at once.
pub(in crate::store) const PAGE_MAX: usize = 1_000;

/// What is said of an action.
#[derive(Debug, Default, PartialEq, Eq)]
struct Description {
    action: &'static str,
    subject: String,
    detail: String,
}

/// What is to be done, by whom and when.
pub(in crate::store) struct Action<'a> {
    /// None for the operator.
    pub(in crate::store) by: Option<AccountId>,
    pub(in crate::store) time_ms: u64,
    pub(in crate::store) write: &'a Write,
}

impl<'a> From<&'a Audited> for Action<'a> {
    fn from(audited: &'a Audited) -> Self {
        Self {
            by: audited.by,
            time_ms: audited.time_ms,
            write: &audited.write,
        }
    }
}

/// Does what the operator wants, and notes it: see [`Write::Audited`]. What is refused, or changes nothing, is not noted.
pub(in crate::store) fn perform(
    tables: &mut Tables,
    action: &Action<'_>,
    write: impl FnOnce(&mut Tables, &Write) -> Result<Reply, Abort>,
) -> Result<Reply, Abort> {
    // Before it is done: a deletion may take the name with it.
    let Some(description) = describe(tables, action.write)? else {
        return Err(Refusal::NotPermitted.into());
    };
    let by = match action.by {
        Some(account) => accounts::require(tables, account)?.name,
        None => String::new(),
    };
    let reply = write(tables, action.write)?;
    if matches!(reply, Reply::Unchanged) {
        return Ok(reply);
    }
    let record = AuditRecord {
        time_ms: action.time_ms,
        by,
        action: description.action.to_owned(),
        subject: description.subject,
        detail: description.detail,
    };
    note(tables, record)?;
    Ok(reply)
}

/// Refuses what an account wants whose role is not (any longer) this one, or not above that of whom it is about: see
/// [`Write::Delegated`].
pub(in crate::store) fn check_role(
    tables: &Tables,
    (by, role): (AccountId, AccountRole),
    write: &Write,
) -> Result<(), Abort> {
    let record = accounts::require(tables, by)?;
    if record.is_deleted() || record.role() != role {
        return Err(Refusal::NotPermitted.into());
    }
    let subject = match write {
        Write::DeleteEntry { log, entry, .. } => {
            // What two say to each other is theirs, and the operator's.
            if matches!(log, LogOf::Pair(..)) {
                return Err(Refusal::NotPermitted.into());
            }
            // What one has said oneself takes no role.
            delete::author_in(tables, log, *entry)?.filter(|author| *author != by)
        }
        _ => write.subject(),
    };
    let subject = match subject {
        Some(account) => accounts::load(tables, account)?,
        None => None,
    };
    let given = match write {
        Write::SetRole { role, .. } => Some(*role),
        _ => None,
    };
    let others = [subject.map(|record| record.role()), given];
    if others.into_iter().flatten().all(|it| role.is_above(it)) {
        Ok(())
    } else {
        Err(Refusal::Outranked.into())
    }
}

fn note(tables: &mut Tables, record: AuditRecord) -> Result<(), StoreError> {
    let number = meta::next_audit(tables)?;
    tables.audit.insert(number, record);
    if let Some(oldest) = number.checked_sub(KEPT_MAX) {
        tables.audit.remove(&oldest);
    }
    Ok(())
}

/// What is said of a write that can be audited; none of another. Long: one arm for each of them.
fn describe(tables: &impl ReadTables, write: &Write) -> Result<Option<Description>, StoreError> {
    let name = |account: AccountId| accounts::name(tables, account).map(Option::unwrap_or_default);
    let (action, subject, detail) = match write {
        Write::CreateAccount(new) => ("user add", new.name.clone(), String::new()),
        Write::MarkBot { account, is_bot } => {
            let mark = if *is_bot { "on" } else { "off" };
            ("user bot", name(*account)?, mark.to_owned())
        }
        Write::Disable { account, reason } => match reason {
            Some(reason) => ("user disable", name(*account)?, reason.clone()),
            None => ("user enable", name(*account)?, String::new()),
        },
        Write::MakeCode(new) => {
            if let Some(account) = new.account {
                ("user reset", name(account)?, String::new())
            } else {
                let number = codes::invitation_number(new.code);
                let detail = format!("{number:08x}, uses {}", new.uses);
                ("invite create", String::new(), detail)
            }
        }
        Write::RevokeInvitation { number } => {
            ("invite revoke", String::new(), format!("{number:08x}"))
        }
        Write::Ban { subject, ban } => ("ban add", banned(tables, *subject)?, ban.to_string()),
        Write::Unban { subject } => ("ban remove", banned(tables, *subject)?, String::new()),
        Write::EndSessions { account, session } => {
            let whose = account.map(name).transpose()?.unwrap_or_default();
            let which = session.map_or(String::new(), |id| format!("session {id}"));
            ("session end", whose, which)
        }
        Write::Operate(operation) => {
            let action = match operation {
                Operation::Stop => "stop",
                Operation::Reload => "reload",
            };
            (action, String::new(), String::new())
        }
        Write::Announce { .. } => ("announce", EVERYONE_NAME.to_owned(), String::new()),
        Write::SetRole { account, role } => {
            ("user role", name(*account)?, role.word().to_lowercase())
        }
        Write::Rename {
            account, name: new, ..
        } => ("user rename", name(*account)?, new.clone()),
        Write::DeleteAccount { account, .. } => ("user delete", name(*account)?, String::new()),
        Write::MakeRoom {
            owner,
            name: room,
            access,
            ..
        } => {
            let access = match *access {
                Access::Public => String::new(),
                access => format!("{}, ", access_word(access)),
            };
            let detail = format!("{access}owner {}", name(*owner)?);
            ("room add", room.clone(), detail)
        }
        Write::DeleteRoom { name, .. } => ("room delete", name.clone(), String::new()),
        Write::SetOwner {
            name: room,
            account,
            ..
        } => ("room owner", room.clone(), name(*account)?),
        Write::SetAccess {
            name: room, access, ..
        } => ("room access", room.clone(), access_word(*access).to_owned()),
        Write::DeleteEntry { log, entry, .. } => {
            let of = match log {
                LogOf::Everyone => EVERYONE_NAME.to_owned(),
                LogOf::Room(room) => room.clone(),
                LogOf::Pair(one, other) => format!("{} {}", name(*one)?, name(*other)?),
            };
            ("message delete", of, entry.0.to_string())
        }
        Write::PurgeAccount { name, .. } => ("user delete", name.clone(), "purge".to_owned()),
        Write::Retain { name, keep } => ("store retain", name.clone(), limits(*keep)),
        _ => return Ok(None),
    };
    Ok(Some(Description {
        action,
        subject,
        detail,
    }))
}

/// Who may join a room, and who may say something there, as it is typed.
const fn access_word(access: Access) -> &'static str {
    match access {
        Access::Public => "public",
        Access::Private | Access::Other(_) => "private",
        Access::ReadOnly => "readonly",
        Access::PrivateReadOnly => "private-readonly",
    }
}

/// Whom a ban is of, as they are typed.
fn banned(tables: &impl ReadTables, subject: BanSubject) -> Result<String, StoreError> {
    match subject {
        BanSubject::Account(id) => accounts::name(tables, id).map(Option::unwrap_or_default),
        BanSubject::Prefix(prefix) => Ok(prefix.to_string()),
    }
}

/// The limits of a conversation, as they are typed.
fn limits(keep: Retention) -> String {
    let limits = [
        ("days", keep.days),
        ("messages", keep.messages),
        ("megabytes", keep.megabytes),
    ];
    let given = limits
        .iter()
        .filter_map(|(unit, limit)| Some(format!("{unit} {}", (*limit)?)));
    let given: Vec<String> = given.collect();
    if given.is_empty() {
        "as all others".to_owned()
    } else {
        given.join(", ")
    }
}

/// The last actions before this one, newest first, so many at most.
pub(in crate::store) fn list(
    tables: &impl ReadTables,
    before: u64,
    count: usize,
) -> Result<Reply, Abort> {
    let (newest, oldest) = meta::audit_range(tables, KEPT_MAX)?;
    let mut actions = Vec::new();
    let mut number = before.min(newest);
    while number > oldest && actions.len() < count.min(PAGE_MAX) {
        number -= 1;
        // One that is damaged is told of by `store check`.
        if let Some(record) = skip_damaged(tables.audit().get(&number))?.flatten() {
            actions.push(AuditedAction {
                number,
                time_ms: record.time_ms,
                by: record.by,
                action: record.action,
                subject: record.subject,
                detail: record.detail,
            });
        }
    }
    Ok(Reply::Audit(actions))
}
