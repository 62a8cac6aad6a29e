//! What is wrong with a database: every row is read, and what rows say of each other is compared.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use redb::backends::InMemoryBackend;
use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, StorageBackend as _};
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::guard::guard;
use super::live::{Files, Live};
use super::log::KEPT;
use super::meta;
use super::names::NameOf;
use super::open::{OpenError, from_redb, journal_of};
use super::overlay;
use super::record::{
    AccountRecord, ConversationRecord, DeviceRecord, Kind, MemberRecord, RetentionRecord,
    RoomRecord, decode, decode_entry,
};
use super::tables::{Look, Snapshot};
use crate::protocol::Digest;

/// How many findings a report names; more are counted. Chosen: nobody reads more.
const FINDINGS_MAX: usize = 1000;

/// What a check has found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// How many rows were read.
    pub rows: u64,
    /// How many of them were entries of logs.
    pub entries: u64,
    /// What is wrong, up to a limit.
    pub findings: Vec<Finding>,
    /// How many findings more there were.
    pub omitted: u64,
    /// Whether redb's own check was made too, of every page: it needs a database that no server holds.
    pub pages: bool,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// In which table.
    pub table: String,
    /// At which key, as far as that can be told.
    pub key: String,
    /// What.
    pub problem: String,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    fn find(&mut self, table: &str, key: impl std::fmt::Display, problem: impl Into<String>) {
        if self.findings.len() == FINDINGS_MAX {
            self.omitted += 1;
            return;
        }
        self.findings.push(Finding {
            table: table.into(),
            key: key.to_string(),
            problem: problem.into(),
        });
    }
}

/// Opens a database file that no server holds, with what only its journal contains, without writing to either.
/// `true`: the journal is damaged.
pub(super) fn open_to_look(path: &Path) -> Result<(Database, bool), OpenError> {
    let damaged = |error: StoreError| OpenError::Damaged {
        path: path.into(),
        reason: error.to_string(),
    };
    let database = guard(|| Ok(overlay::look(path)))
        .map_err(damaged)?
        .map_err(|error| from_redb(path, 0, error))?;
    let bytes = match fs::read(journal_of(path)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((database, false)),
        Err(cause) => {
            let path = journal_of(path);
            return Err(OpenError::Io { path, cause });
        }
    };
    let Ok(Some(epoch)) = guard(|| meta::check(&database)) else {
        // What is wrong with it is for the caller to find.
        return Ok((database, false));
    };
    let journal = InMemoryBackend::new();
    let with_journal = || -> Result<_, StoreError> {
        journal.set_len(bytes.len() as u64)?;
        journal.write(0, &bytes)?;
        let files = Files {
            database,
            journal: Box::new(journal),
        };
        let (mut live, is_damaged) = Live::new(files, epoch)?;
        live.checkpoint()?;
        Ok((live.into_database().ok_or(StoreError::Closed)?, is_damaged))
    };
    guard(with_journal).map_err(damaged)
}

/// Checks a database file that no server holds, down to every page, without writing to it.
///
/// # Errors
/// If it cannot be opened at all: it is held, not a database, damaged beyond reading, of another schema.
pub fn check_file(path: &Path) -> Result<Report, OpenError> {
    let (database, is_journal_damaged) = open_to_look(path)?;
    let mut report = check_database(database)?;
    if is_journal_damaged {
        report.find(
            "(journal)",
            "",
            "what was stored behind a damaged place in it is lost",
        );
    }
    Ok(report)
}

/// Checks a database that nobody else uses, down to every page.
///
/// # Errors
/// If it is not a database of this schema.
pub(super) fn check_database(mut database: Database) -> Result<Report, OpenError> {
    guard(|| meta::check(&database))?.ok_or(OpenError::Foreign)?;
    let walked = guard(|| Ok(walk(&Snapshot::open(&database.begin_read()?)?)));
    let mut report = walked.unwrap_or_else(|error: StoreError| {
        let mut report = Report::default();
        report.find("(all)", "", error.to_string());
        report
    });
    let pages: Result<Result<bool, DatabaseError>, StoreError> =
        guard(|| Ok(database.check_integrity()));
    match pages {
        Ok(Ok(true)) => report.pages = true,
        Ok(Ok(false)) => {
            report.pages = true;
            report.find("(pages)", "", "redb finds pages that do not fit each other");
        }
        Ok(Err(error)) => report.find("(pages)", "", format!("redb's own check: {error}")),
        Err(error) => report.find("(pages)", "", error.to_string()),
    }
    super::guard::give_up(Some(std::sync::Arc::new(database)));
    Ok(report)
}

/// What the log of one conversation must be like, from its record, and what was seen of it.
struct Log {
    record: ConversationRecord,
    last: u64,
    time_ms: u64,
    bytes: u64,
}

/// Reads one table.
type Part = fn(&Snapshot, &mut Report, &mut BTreeMap<u64, Log>) -> Result<(), StoreError>;

/// Reads every table.
pub(super) fn walk(look: &Snapshot) -> Report {
    let mut report = Report::default();
    let mut logs = BTreeMap::new();
    // Conversations first: the others are compared with them.
    let parts: [(&str, Part); 12] = [
        ("conversations", conversations),
        ("log", log),
        ("names", names),
        ("accounts", accounts),
        ("devices", devices),
        ("pairs", pairs),
        ("members", members),
        ("joined", joined),
        ("senders", senders),
        ("sent", sent),
        ("retention", retention),
        ("rooms", rooms),
    ];
    for (table, part) in parts {
        if let Err(error) = guard(|| part(look, &mut report, &mut logs)) {
            report.find(table, "", format!("the rest cannot be read: {error}"));
        }
    }
    report
}

/// Decodes a row, or names it.
macro_rules! row {
    ($report:expr, $table:literal, $key:expr, $value:expr) => {
        row!($report, $table, $key => decode($table, $value))
    };
    ($report:expr, $table:literal, $key:expr => $decoded:expr) => {{
        $report.rows += 1;
        match $decoded {
            Ok(record) => record,
            Err(error) => {
                let problem = match error {
                    StoreError::Damaged { reason, .. } => reason,
                    other => other.to_string(),
                };
                $report.find($table, $key, problem);
                continue;
            }
        }
    }};
}

fn conversations(
    look: &Snapshot,
    report: &mut Report,
    logs: &mut BTreeMap<u64, Log>,
) -> Result<(), StoreError> {
    let counts = meta::counted(look)?;
    for row in look.conversations().iter()? {
        let (id, value) = row?;
        let id = id.value();
        let record: ConversationRecord = row!(report, "conversations", id, value.value());
        if record.floor > record.head {
            report.find("conversations", id, "its floor is above its head");
        }
        if id >= counts.next_conversation {
            report.find("conversations", id, "its id has not been given out yet");
        }
        if let Kind::Pair(low, high) = record.kind
            && look.pairs().get((low, high))?.map(|pair| pair.value()) != Some(id)
        {
            report.find("conversations", id, "its pair does not point to it");
        }
        logs.insert(
            id,
            Log {
                last: record.floor,
                time_ms: 0,
                bytes: 0,
                record,
            },
        );
    }
    Ok(())
}

fn log(
    look: &Snapshot,
    report: &mut Report,
    logs: &mut BTreeMap<u64, Log>,
) -> Result<(), StoreError> {
    for row in look.log().iter()? {
        let (key, value) = row?;
        let (id, entry) = key.value();
        let place = format!("conversation {id}, entry {entry}");
        report.entries += 1;
        let Some(log) = logs.get_mut(&id) else {
            report.find("log", place, "there is no such conversation");
            continue;
        };
        if entry != log.last + 1 {
            let problem = format!("the entry before it is {}", log.last);
            report.find("log", &place, problem);
        }
        log.last = entry;
        log.bytes += value.value().len() as u64;
        let row = row!(report, "log", place => decode_entry(id, entry, value.value()));
        if row.prev + 1 != entry {
            report.find(
                "log",
                &place,
                format!("it names {} as the entry before it", row.prev),
            );
        }
        if Digest::of(row.content) != row.digest {
            report.find("log", &place, "its content does not have its digest");
        }
        if row.time_ms < log.time_ms || row.time_ms > log.record.time_ms {
            report.find("log", &place, "its time is not between its neighbours'");
        }
        log.time_ms = log.time_ms.max(row.time_ms);
        if look.accounts().get(row.author)?.is_none() {
            report.find("log", place, "its author is no account");
        }
    }
    for (id, log) in logs {
        if log.last != log.record.head {
            let problem = format!("its log ends at {}, not at {}", log.last, log.record.head);
            report.find("conversations", id, problem);
        } else if log.bytes != log.record.bytes {
            let problem = format!("its log has {} bytes, not {}", log.bytes, log.record.bytes);
            report.find("conversations", id, problem);
        }
    }
    Ok(())
}

fn names(
    look: &Snapshot,
    report: &mut Report,
    _: &mut BTreeMap<u64, Log>,
) -> Result<(), StoreError> {
    for row in look.names().iter()? {
        let (key, id) = row?;
        report.rows += 1;
        let (kind, name) = key.value();
        if kind > NameOf::AccountSkeleton.number() {
            continue;
        }
        match look.accounts().get(id.value())? {
            None => report.find("names", format!("{name:?}"), "its account is missing"),
            Some(value) if kind == NameOf::Account.number() => {
                let account: Result<AccountRecord, _> = decode("accounts", value.value());
                if account.is_ok_and(|account| account.name != name) {
                    let key = format!("{name:?}");
                    report.find("names", key, "its account has another name");
                }
            }
            Some(_) => {}
        }
    }
    Ok(())
}

fn accounts(
    look: &Snapshot,
    report: &mut Report,
    _: &mut BTreeMap<u64, Log>,
) -> Result<(), StoreError> {
    let counts = meta::counted(look)?;
    let mut found = 0;
    for row in look.accounts().iter()? {
        let (id, value) = row?;
        let id = id.value();
        found += 1;
        let account: AccountRecord = row!(report, "accounts", id, value.value());
        let name = (NameOf::Account.number(), &*account.name);
        if look.names().get(name)?.map(|id| id.value()) != Some(id) {
            report.find("accounts", id, "its name does not point to it");
        }
        if id >= counts.next_account {
            report.find("accounts", id, "its id has not been given out yet");
        }
    }
    if found != counts.accounts {
        let problem = format!("{found} accounts are there, not {}", counts.accounts);
        report.find("meta", "accounts", problem);
    }
    Ok(())
}

fn devices(
    look: &Snapshot,
    report: &mut Report,
    _: &mut BTreeMap<u64, Log>,
) -> Result<(), StoreError> {
    let counts = meta::counted(look)?;
    for row in look.devices().iter()? {
        let (key, value) = row?;
        let (account, device) = key.value();
        let place = format!("account {account}, device {device}");
        let _: DeviceRecord = row!(report, "devices", place, value.value());
        if look.accounts().get(account)?.is_none() {
            report.find("devices", &place, "its account is missing");
        }
        if device >= counts.next_device {
            report.find("devices", place, "its id has not been given out yet");
        }
    }
    Ok(())
}

fn pairs(
    look: &Snapshot,
    report: &mut Report,
    logs: &mut BTreeMap<u64, Log>,
) -> Result<(), StoreError> {
    for row in look.pairs().iter()? {
        let (key, id) = row?;
        report.rows += 1;
        let (low, high) = key.value();
        let kind = logs.get(&id.value()).map(|log| log.record.kind);
        if low >= high || kind != Some(Kind::Pair(low, high)) {
            let key = format!("accounts {low} and {high}");
            report.find("pairs", key, "its conversation is not theirs");
        }
    }
    Ok(())
}

fn members(
    look: &Snapshot,
    report: &mut Report,
    logs: &mut BTreeMap<u64, Log>,
) -> Result<(), StoreError> {
    for row in look.members().iter()? {
        let (key, value) = row?;
        let (id, account) = key.value();
        let place = format!("conversation {id}, account {account}");
        let member: MemberRecord = row!(report, "members", place, value.value());
        let Some(log) = logs.get(&id) else {
            report.find("members", place, "there is no such conversation");
            continue;
        };
        if member.mark.max(member.since) > log.record.head {
            report.find("members", &place, "it is ahead of the log");
        }
        if look.accounts().get(account)?.is_none() {
            report.find("members", place, "the account is missing");
        }
    }
    Ok(())
}

fn joined(
    look: &Snapshot,
    report: &mut Report,
    _: &mut BTreeMap<u64, Log>,
) -> Result<(), StoreError> {
    for row in look.joined().iter()? {
        report.rows += 1;
        let (account, id) = row?.0.value();
        if look.members().get((id, account))?.is_none() {
            let place = format!("account {account}, conversation {id}");
            report.find("joined", place, "the account is no member");
        }
    }
    Ok(())
}

fn senders(
    look: &Snapshot,
    report: &mut Report,
    logs: &mut BTreeMap<u64, Log>,
) -> Result<(), StoreError> {
    for row in look.senders().iter()? {
        report.rows += 1;
        let (id, device) = row?.0.value();
        if !logs.contains_key(&id) {
            let place = format!("conversation {id}, device {device}");
            report.find("senders", place, "there is no such conversation");
        }
    }
    Ok(())
}

fn sent(
    look: &Snapshot,
    report: &mut Report,
    logs: &mut BTreeMap<u64, Log>,
) -> Result<(), StoreError> {
    for row in look.sent().iter()? {
        report.rows += 1;
        let (key, value) = row?;
        let (id, device, slot) = key.value();
        let (number, digest, entry) = value.value();
        let place = format!("conversation {id}, device {device}, number {number}");
        let Some(log) = logs.get(&id) else {
            report.find("sent", place, "there is no such conversation");
            continue;
        };
        let last = look.senders().get((id, device))?;
        if number % KEPT != slot || last.is_none_or(|last| last.value() < number) {
            report.find("sent", &place, "its number is not one that was used");
        }
        if entry > log.record.head {
            report.find("sent", &place, "its entry is ahead of the log");
        }
        if let Some(value) = look.log().get((id, entry))? {
            let row = decode_entry(id, entry, value.value());
            let differs = row.is_ok_and(|row| {
                row.digest.0 != digest || row.device != device || row.number != number
            });
            if differs {
                report.find("sent", place, "its entry is another message");
            }
        }
    }
    Ok(())
}

fn retention(
    look: &Snapshot,
    report: &mut Report,
    logs: &mut BTreeMap<u64, Log>,
) -> Result<(), StoreError> {
    for row in look.retention().iter()? {
        let (id, value) = row?;
        let id = id.value();
        let _: RetentionRecord = row!(report, "retention", id, value.value());
        if !logs.contains_key(&id) {
            report.find("retention", id, "there is no such conversation");
        }
    }
    Ok(())
}

fn rooms(
    look: &Snapshot,
    report: &mut Report,
    logs: &mut BTreeMap<u64, Log>,
) -> Result<(), StoreError> {
    for row in look.rooms().iter()? {
        let (id, value) = row?;
        let id = id.value();
        let _: RoomRecord = row!(report, "rooms", id, value.value());
        if logs.get(&id).map(|log| log.record.kind) != Some(Kind::Room) {
            report.find("rooms", id, "its conversation is not a room's");
        }
    }
    Ok(())
}
