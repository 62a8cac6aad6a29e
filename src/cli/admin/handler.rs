//! Answers an operator's requests: behind the control socket of a running server, and directly on the database of a stopped
//! one.

use std::fs::File;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand_core::OsRng;

use super::accounts;
use super::api::{AdminApi, Answer, AuditLine, Device, Done, Request, RetainedConversation, User};
use super::codes;
use super::lifecycle::{self, Lifecycle};
use super::order;
use super::rooms;
use super::status::Status;
use crate::cli::database::Secrets;
use crate::cli::exit::{Coded, Exit};
use crate::cli::logging::{Log, LogLevel};
use crate::cli::monitor::Monitor;
use crate::cli::output::quoted;
use crate::net::{self, InputSender};
use crate::protocol::{AccountId, fingerprint, with_room_sign};
use crate::server::{
    self, Input, Name, OpaqueServer, PendingSignUp, SESSIONS_LISTED_MAX, SessionStatus,
};
use crate::store::{self, Engine, Outcome, Refusal, Reply, RequestId, Snapshots, StoreCaller};
use crate::transport::public_key;

/// The longest wait for what the hub writes. Chosen: a commit on a busy disk, and then some.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// The longest reason of an action. Chosen: a line on a terminal, and then some.
const REASON_MAX_BYTES: usize = 512;

pub enum StoreAccess {
    /// Of a running server.
    Thread(StoreCaller),
    /// Of a stopped server.
    Engine(Box<Engine>),
}

impl StoreAccess {
    pub(super) fn call(
        &mut self,
        request: impl Into<store::Request>,
    ) -> anyhow::Result<Result<Reply, Refusal>> {
        done(self.ask(request))
    }

    fn ask(&mut self, request: impl Into<store::Request>) -> Outcome {
        match self {
            Self::Thread(caller) => caller.call(request),
            Self::Engine(engine) => engine
                .execute(vec![(RequestId(0), request.into())])
                .pop()
                .map_or(Outcome::Unknown, |completion| completion.outcome),
        }
    }
}

fn done(outcome: Outcome) -> anyhow::Result<Result<Reply, Refusal>> {
    match outcome {
        Outcome::Done(reply) => Ok(Ok(reply)),
        Outcome::Refused(refusal) => Ok(Err(refusal)),
        Outcome::Unknown => {
            bail!("the database failed, and whether the change was made is unknown")
        }
    }
}

/// Serves one connection of an operator.
pub struct AdminHandler {
    pub(super) store: StoreAccess,
    opaque: OpaqueServer,
    /// The server's public key.
    pub(super) key: [u8; 32],
    snapshots: Snapshots,
    /// The hub of a running server, and what the server can say of itself.
    hub: Option<(InputSender<Input>, Arc<Monitor>)>,
    /// The log of a running server.
    log: Option<Log>,
    /// What ends a running server.
    pub(super) lifecycle: Option<Arc<dyn Lifecycle>>,
    /// Whether the server is to end once the answer was sent.
    pub(super) stops: bool,
    /// A sign-up after its first half, and the name as typed.
    pending: Option<(String, PendingSignUp)>,
}

impl AdminHandler {
    pub fn new(
        store: StoreAccess,
        secrets: &Secrets,
        snapshots: Snapshots,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            store,
            opaque: secrets.opaque()?,
            key: public_key(&secrets.static_key),
            snapshots,
            hub: None,
            log: None,
            lifecycle: None,
            stops: false,
            pending: None,
        })
    }

    /// For a server that can be told to end.
    pub fn with_lifecycle(mut self, lifecycle: Arc<dyn Lifecycle>) -> Self {
        self.lifecycle = Some(lifecycle);
        self
    }

    /// For a running server.
    pub fn with_hub(mut self, log: Log, hub: InputSender<Input>, monitor: Arc<Monitor>) -> Self {
        self.log = Some(log);
        self.hub = Some((hub, monitor));
        self
    }

    fn status(&self) -> anyhow::Result<Answer> {
        let (_, monitor) = self.hub.as_ref().context("no server is running")?;
        Ok(Answer::Status(Status::of(monitor)?))
    }

    fn server_key(&self) -> Answer {
        let hub = self.hub.as_ref();
        Answer::ServerKey {
            fingerprint: fingerprint(&self.key),
            listening: hub.map(|(_, monitor)| monitor.listening().clone()),
        }
    }

    /// How much the server logs, from now on if that is said.
    fn log_level(&self, level: Option<LogLevel>) -> anyhow::Result<Answer> {
        let log = self.log.as_ref().context("no server is running")?;
        level.map_or(Ok(()), |level| log.set_level(level))?;
        Ok(Answer::LogLevel { level: log.level() })
    }

    fn list(&mut self) -> anyhow::Result<Answer> {
        let (users, unreadable) = self.users()?;
        let users = users.into_iter().map(|(_, user)| user).collect();
        Ok(Answer::Users { users, unreadable })
    }

    /// All accounts, and how many others have a damaged record.
    fn users(&mut self) -> anyhow::Result<(Vec<(AccountId, User)>, u64)> {
        match self.store.call(store::Read::ListAccounts)? {
            Ok(Reply::Accounts {
                accounts,
                mut disabled,
                unreadable,
            }) => {
                let user = |account: store::Account| {
                    let user = User {
                        disabled: disabled.remove(&account.id),
                        name: account.name,
                        created_ms: account.created_ms,
                        is_bot: account.is_bot,
                        role: account.role.into(),
                    };
                    (account.id, user)
                };
                Ok((accounts.into_iter().map(user).collect(), unreadable))
            }
            other => bail!("unexpected answer from the database: {other:?}"),
        }
    }

    /// The sessions of a running server, and how many there are beside those; none if no server is running.
    pub(super) fn sessions(&self) -> anyhow::Result<Option<(Vec<SessionStatus>, usize)>> {
        let hub = self.hub.as_ref();
        hub.map(|(_, monitor)| monitor.sessions(SESSIONS_LISTED_MAX))
            .transpose()
    }

    /// Reads what the store has.
    pub(super) fn read(&mut self, read: store::Read) -> anyhow::Result<Result<Reply, Refusal>> {
        self.store.call(read)
    }

    /// Writes what others may have to learn of: they are online, and the hub knows them.
    fn write(&mut self, write: store::Write) -> anyhow::Result<Result<Reply, Refusal>> {
        let Some((hub, _)) = &self.hub else {
            return self.store.call(write);
        };
        let (reply, answer) = mpsc::sync_channel(1);
        hub.try_send(Input::Write(Box::new(write), reply))?;
        let outcome = answer.recv_timeout(ANSWER_TIMEOUT);
        done(outcome.context("the server is too busy; try again")?)
    }

    fn mark_bot(&mut self, typed: &str, is_bot: bool) -> anyhow::Result<Answer> {
        self.act_on(typed, |account| store::Write::MarkBot { account, is_bot })
    }

    fn disable(&mut self, typed: &str, reason: Option<String>) -> anyhow::Result<Answer> {
        if let Some(reason) = &reason
            && reason.len() > REASON_MAX_BYTES
        {
            bail!("the reason is longer than {REASON_MAX_BYTES} bytes");
        }
        if let Some(reason) = reason.as_ref().filter(|reason| !reason.is_empty()) {
            rooms::require_visible("reason", reason)?;
        }
        self.act_on(typed, |account| store::Write::Disable { account, reason })
    }

    /// Does what a deletion has left to do, where no server is running that does it beside messages.
    pub(super) fn finish_chores(&mut self) -> anyhow::Result<()> {
        while self.hub.is_none() {
            let write = match self.store.call(store::Read::NextChore)? {
                Ok(Reply::Chore(Some(store::Chore::Room(conversation)))) => {
                    store::Write::ClearRoom { conversation }
                }
                Ok(Reply::Chore(Some(store::Chore::Purge(purge)))) => store::Write::Purge {
                    purge,
                    time_ms: net::now().unix_ms,
                },
                _ => break,
            };
            if let Err(refusal) = self.store.call(write)? {
                bail!("unexpected answer from the database: {refusal:?}");
            }
        }
        Ok(())
    }

    /// Does what the operator wants, and notes it in the audit log.
    pub(super) fn audited(
        &mut self,
        write: store::Write,
    ) -> anyhow::Result<Result<Reply, Refusal>> {
        self.write(store::Write::Audited(store::Audited {
            by: None,
            time_ms: net::now().unix_ms,
            write: Box::new(write),
        }))
    }

    /// The same, for what needs no answer but that it is done.
    pub(super) fn act(&mut self, write: store::Write) -> anyhow::Result<Answer> {
        match self.audited(write)? {
            Ok(reply @ (Reply::Nothing | Reply::Unchanged | Reply::Deleted(_))) => {
                Ok(Answer::Done(Done {
                    account: None,
                    is_unchanged: matches!(reply, Reply::Unchanged),
                }))
            }
            Err(Refusal::LimitReached(limit)) => bail!("{}", limit.sentence()),
            other => bail!("unexpected answer from the database: {other:?}"),
        }
    }

    /// The same to an account, by any name that it has or had; the answer has the present one.
    pub(super) fn act_on(
        &mut self,
        typed: &str,
        write: impl FnOnce(AccountId) -> store::Write,
    ) -> anyhow::Result<Answer> {
        let account = self.account("the user", typed)?;
        match self.act(write(account.id))? {
            Answer::Done(done) => Ok(Answer::Done(Done {
                account: Some(account.name),
                ..done
            })),
            other => Ok(other),
        }
    }

    fn show(&mut self, typed: &str) -> anyhow::Result<Answer> {
        let account = self.account("the user", typed)?.id;
        let mut users = self.users()?.0.into_iter();
        // By its id, since an old name is the account's, too.
        let user = users.find(|(id, _)| *id == account).map(|(_, user)| user);
        let user = user.context("its record is damaged; see `udpchat store check`")?;
        match self.store.call(store::Read::Devices { account })? {
            Ok(Reply::Devices(devices)) => {
                let device = |device: store::Device| Device {
                    id: device.device.0,
                    used_ms: device.used_ms,
                    address: device.address.map(|address| address.ip_address),
                    has_ticket: device.expires_ms > net::now().unix_ms,
                };
                let devices = devices.into_iter().map(device).collect();
                Ok(Answer::User { user, devices })
            }
            other => bail!("unexpected answer from the database: {other:?}"),
        }
    }

    fn audit(&mut self, before: u64, count: u64) -> anyhow::Result<Answer> {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        match self.store.call(store::Read::Audit { before, count })? {
            Ok(Reply::Audit(actions)) => {
                let line = |action: store::AuditedAction| AuditLine {
                    number: action.number,
                    time_ms: action.time_ms,
                    by: action.by,
                    action: action.action,
                    subject: action.subject,
                    detail: action.detail,
                };
                let actions = actions.into_iter().map(line).collect();
                Ok(Answer::Audit { actions })
            }
            other => bail!("unexpected answer from the database: {other:?}"),
        }
    }

    /// The account that has, or had, a name, in this part.
    pub(super) fn account(&mut self, part: &str, typed: &str) -> anyhow::Result<store::Account> {
        let parsed = Name::parse(typed).with_context(|| format!("{part} {}", quoted(typed)));
        let name = parsed?.canonical().to_owned();
        let request = store::Read::FindAccount {
            name,
            skeleton: None,
        };
        match self.store.call(request)? {
            Ok(Reply::Account(account)) => Ok(account),
            Err(Refusal::NoSuchUser) => {
                let text = format!("there is no account {}", quoted(typed));
                Err(Coded::new(Exit::NoRecipient, text).into())
            }
            other => bail!("unexpected answer from the database: {other:?}"),
        }
    }

    fn retain(&mut self, typed: &str, keep: store::Retention) -> anyhow::Result<Answer> {
        let name = conversation(typed)?;
        match self.audited(store::Write::Retain { name, keep })? {
            Ok(Reply::Nothing) => Ok(Answer::Done(Done::default())),
            other => no_such_room(typed, &other),
        }
    }

    /// The limits of one conversation, or of all that have their own.
    fn retained(&mut self, typed: Option<&str>) -> anyhow::Result<Answer> {
        let read = match typed {
            Some(typed) => store::Read::Retained {
                name: conversation(typed)?,
            },
            None => store::Read::ListRetained,
        };
        match self.store.call(read)? {
            Ok(Reply::Retained(conversations)) => {
                let conversations = conversations.into_iter();
                Ok(Answer::Retained {
                    conversations: conversations
                        .map(|(name, limits)| RetainedConversation { name, limits })
                        .collect(),
                })
            }
            other => no_such_room(typed.unwrap_or_default(), &other),
        }
    }

    /// Brings the tables' file up to date, which check and backup read.
    fn checkpoint(&mut self) -> anyhow::Result<()> {
        match self.store.call(store::Request::Checkpoint)? {
            Ok(_) => Ok(()),
            Err(refusal) => bail!("unexpected answer from the database: {refusal:?}"),
        }
    }

    fn check(&mut self) -> anyhow::Result<Answer> {
        let found = self.snapshots.found_files()?;
        self.checkpoint()?;
        let mut report = self.snapshots.check()?;
        self.snapshots.note_unneeded(&mut report, &found)?;
        let suspects = self.snapshots.suspect_files()?;
        if !suspects.is_empty() {
            // What was deleted meanwhile is no problem.
            self.checkpoint()?;
            self.snapshots.confirm(&mut report, suspects)?;
        }
        Ok(Answer::Checked { report })
    }

    fn start(&mut self, typed: String, request: &str) -> anyhow::Result<Answer> {
        let name = Name::parse_new(&typed)?;
        let request = STANDARD.decode(request).context("bad base64")?;
        let (pending, response) = self.opaque.start_sign_up(&mut OsRng, name, &request)?;
        self.pending = Some((typed, pending));
        Ok(Answer::Start {
            response: STANDARD.encode(response),
        })
    }

    fn finish(&mut self, typed: &str, upload: &str) -> anyhow::Result<Answer> {
        let pending = match self.pending.take() {
            Some((name, pending)) if name == typed => pending,
            _ => bail!("no sign-up of {} has begun", quoted(typed)),
        };
        let upload = STANDARD.decode(upload).context("bad base64")?;
        let account = OpaqueServer::finish_sign_up(pending, &upload, net::now().unix_ms)?;
        match self.audited(store::Write::CreateAccount(account))? {
            Ok(Reply::Account(account)) => Ok(Answer::Added { name: account.name }),
            Err(Refusal::NameTaken) => bail!("the name is taken"),
            Err(Refusal::LooksLike(other)) => {
                bail!("the name looks like {}, which is taken", quoted(&other))
            }
            other => bail!("unexpected answer from the database: {other:?}"),
        }
    }
}

fn conversation(typed: &str) -> anyhow::Result<String> {
    let parsed = server::parse_conversation(typed);
    parsed.with_context(|| format!("{} names no conversation", quoted(typed)))
}

pub(super) fn no_such_room(typed: &str, answer: &Result<Reply, Refusal>) -> anyhow::Result<Answer> {
    match answer {
        Err(Refusal::NoSuchRoom) => {
            let text = format!("there is no room {}", quoted(&with_room_sign(typed)));
            Err(Coded::new(Exit::NoRecipient, text).into())
        }
        other => bail!("unexpected answer from the database: {other:?}"),
    }
}

impl AdminApi for AdminHandler {
    fn ask(&mut self, request: Request) -> anyhow::Result<Answer> {
        match request {
            Request::Status => self.status(),
            Request::UserList => self.list(),
            Request::UserAddStart { name, request } => self.start(name, &request),
            Request::UserAddFinish { name, upload } => self.finish(&name, &upload),
            Request::UserBot { name, is_bot } => self.mark_bot(&name, is_bot),
            Request::UserRename { name, new } => accounts::rename(self, &name, &new),
            Request::UserRole { name, role } => accounts::set_role(self, &name, role),
            Request::UserDisable { name, reason } => self.disable(&name, Some(reason)),
            Request::UserEnable { name } => self.disable(&name, None),
            Request::UserDelete { name, purge } => rooms::delete_user(self, &name, purge),
            Request::UserReset { name, code } => codes::reset(self, &name, &code),
            Request::InviteCreate { code, uses, for_ms } => {
                codes::invite(self, &code, uses, for_ms)
            }
            Request::InviteList => codes::list(self),
            Request::InviteRevoke { number } => codes::revoke(self, number),
            Request::BanAdd {
                who,
                until_ms,
                reason,
            } => order::ban(self, &who, until_ms, reason),
            Request::BanRemove { who } => order::unban(self, &who),
            Request::BanList { after } => order::bans(self, after),
            Request::SessionList => order::sessions(self),
            Request::SessionEnd { who } => order::end(self, &who),
            Request::Announce { text } => rooms::announce(self, text),
            Request::UserShow { name } => self.show(&name),
            Request::Audit { before, count } => self.audit(before, count),
            Request::RoomAdd {
                name,
                owner,
                access,
            } => rooms::add(self, &name, &owner, access),
            Request::RoomList { after } => rooms::list(self, after),
            Request::RoomShow { name, after } => rooms::show(self, &name, after),
            Request::RoomDelete { name } => rooms::delete(self, &name),
            Request::RoomOwner { name, user } => rooms::set_owner(self, &name, &user),
            Request::RoomAccess { name, access } => rooms::set_access(self, &name, access),
            Request::MessageDelete { log, number } => rooms::delete_entry(self, log, number),
            Request::Retain { name, limits } => self.retain(&name, limits),
            Request::RetainList => self.retained(None),
            Request::RetainShow { name } => self.retained(Some(&name)),
            Request::StoreCheck => self.check(),
            Request::LogLevel { level } => self.log_level(level),
            Request::Stop => lifecycle::stop(self),
            Request::Reload => lifecycle::reload(self),
            Request::ServerKey => Ok(self.server_key()),
            Request::StoreBackup => bail!("no file came with the request"),
        }
    }

    fn back_up(&mut self, copy: File) -> anyhow::Result<u64> {
        self.checkpoint()?;
        Ok(self.snapshots.back_up(copy, net::now().unix_ms)?)
    }

    fn on_answered(&mut self) {
        if self.stops
            && let Some(lifecycle) = &self.lifecycle
        {
            lifecycle.stop();
        }
    }
}
