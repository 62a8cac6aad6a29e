//! `udpchat room list`: the rooms of the server.

use serde::Serialize;

use crate::cli::admin::{self, Answer, Request, RoomAccess, RoomLine};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::options::Administration;
use crate::cli::output::{one_line, print, print_json};
use crate::client::rfc3339;

pub fn command() -> Subcommand {
    let summary = "List the rooms: members, owners, sizes and last use";
    Subcommand::new("list", summary, run).section("ROOM LIST", MANUAL)
}

const MANUAL: &str = "\
    A line for each room, by name: who may join and write, how many members it has, its owners (four at most), how \
    many entries the server keeps of it and how many bytes they are counted as, and when the last one was written (UTC).";

/// A line of `--json`.
#[derive(Serialize)]
pub struct Record<'a> {
    room: &'a str,
    topic: &'a str,
    access: RoomAccess,
    members: u32,
    owners: &'a [String],
    entries: u64,
    bytes: u64,
    last: Option<String>,
}

fn run(administration: Administration, _: &Context<'_>) -> Outcome {
    let mut api = admin::open_to_read(&administration.data.path()?)?;
    let mut after = Some(String::new());
    while let Some(name) = after {
        let Answer::Rooms { rooms, next } = api.ask(Request::RoomList { after: name })? else {
            return Err(admin::unexpected().into());
        };
        for room in &rooms {
            if administration.json {
                print_json(&record(room))?;
            } else {
                print(format!("{}\n", line(room)));
            }
        }
        after = next;
    }
    Ok(Exit::Success)
}

pub fn record(room: &RoomLine) -> Record<'_> {
    Record {
        room: &room.name,
        topic: &room.topic,
        access: room.access,
        members: room.members,
        owners: &room.owners,
        entries: room.entries,
        bytes: room.bytes,
        last: last(room),
    }
}

fn last(room: &RoomLine) -> Option<String> {
    (room.last_ms > 0).then(|| rfc3339(room.last_ms))
}

/// A room, on one line.
pub fn line(room: &RoomLine) -> String {
    let many = |count: u64, one: &str, more: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {more}"),
    };
    let owners = match &*room.owners {
        [] => "no owner".to_owned(),
        owners => format!("owner {}", owners.join(", ")),
    };
    let parts = [
        room.name.clone(),
        room.access.word().to_owned(),
        many(room.members.into(), "member", "members"),
        owners,
        many(room.entries, "entry", "entries"),
        many(room.bytes, "byte", "bytes"),
        last(room).map_or("never used".to_owned(), |last| format!("last {last}")),
    ];
    one_line(&parts.join("  "))
}
