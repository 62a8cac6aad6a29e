//! `udpchat link`: prints a link to a server.

use std::path::{Path, PathBuf};

use anyhow::anyhow;

use super::address::{ServerName, Target};
use super::admin::{self, Answer, Request};
use super::command::{self, Context, Subcommand};
use super::connect::KnownServers;
use super::environment;
use super::exit::{Exit, Failure, Outcome};
use super::output::{print, quoted};
use super::settings::{self, SettingsFile, Side};
use crate::server::{RoomName, RoomNameError};

pub fn command() -> Subcommand {
    let summary = "Print a link to a server, with its key, for others";
    Subcommand::new("link", summary, run)
        .section("WHAT IS PRINTED", WHAT_IS_PRINTED)
        .section("EXAMPLES", EXAMPLES)
}

const WHAT_IS_PRINTED: &str = "\
    One line: udpchat://HOST:PORT/?key=SHA256:…&room=NAME. On a client's machine the key is the one that was trusted when \
    you connected to that server, by the same name; with --data it is the key of the server in that directory, which may be \
    running. For root, without --data and --state, a server that is not known is the one of /etc/udpchat/server.toml, if that is \
    there. HOST is how others reach the server: a server does not know that itself. `udpchat connect LINK` compares the key \
    (LINKS in udpchat-connect(1)). A link holds no secret, but somebody who changes it can name another server and \
    another key: send it on a way that you trust.";

const EXAMPLES: &str = "\
    On a client's machine, for somebody who is to come to #bridge:\n\
    udpchat link chat.example --room bridge\n\
    On the server's own machine:\n\
    udpchat link chat.example --data ~/.local/share/udpchat";

#[derive(clap::Args)]
struct Args {
    /// The server, as others reach it, or a profile of the settings
    #[arg(value_name = "HOST[:PORT]")]
    server: ServerName,
    /// A room that who opens the link is asked to join; its # may be left out
    #[arg(long, value_name = "ROOM", value_parser = room)]
    room: Option<String>,
    /// Take the key of the server in this directory
    // Not by the variable of a server's directory: a client may run where it is set.
    #[arg(long, value_name = "DIR", conflicts_with = "state")]
    data: Option<PathBuf>,
    /// The client's directory, whose known servers are looked through [default: $XDG_STATE_HOME/udpchat]
    #[arg(long, value_name = "DIR", env = "UDPCHAT_STATE")]
    state: Option<PathBuf>,
}

fn room(typed: &str) -> Result<String, RoomNameError> {
    Ok(RoomName::parse_unsigned(typed)?.into_forms().0)
}

fn run(args: Args, context: &Context<'_>) -> Outcome {
    let server = match &context.host {
        Some(host) => host.parse::<Target>().map_err(Failure::usage)?.server,
        None => args.server,
    };
    let key = if let Some(data) = &args.data {
        own_key(data)?
    } else {
        let data = match &args.state {
            Some(_) => None,
            None => data_of_package(context)?,
        };
        let state = args.state.map_or_else(environment::state_directory, Ok);
        match (state.and_then(|state| known_key(&state, &server)), data) {
            (Err(_), Some(data)) => own_key(&data)?,
            (known, _) => known?,
        }
    };
    let link = Target {
        server,
        others: Vec::new(),
        key: Some(key),
        room: args.room,
    };
    let text = link.to_string();
    if link.server.clone().or_loopback().1.is_some() || text.parse::<Target>().is_err() {
        let problem = format!(
            "{} leads nobody else here",
            quoted(&link.server.to_string())
        );
        let failure = Failure::usage(problem);
        return Err(failure.hint("give the name or the address by which others reach the server"));
    }
    print(text + "\n");
    Ok(Exit::Success)
}

/// The directory of the server that a package has installed, for who administers the machine.
fn data_of_package(context: &Context<'_>) -> Result<Option<PathBuf>, Failure> {
    let Some(file) = environment::package_settings() else {
        return Ok(None);
    };
    let parser = command::parser(context.commands);
    let table = settings::table_of_file(&parser, Side::Server, true);
    let file = SettingsFile::read(&file, Side::Server, &table, true)?;
    let data = file.entries.get("data");
    Ok(data.and_then(|data| data.texts.first()).map(PathBuf::from))
}

fn own_key(data: &Path) -> Result<String, Failure> {
    match admin::open_to_read(data)?.ask(Request::ServerKey)? {
        Answer::ServerKey { fingerprint, .. } => Ok(fingerprint),
        _ => Err(admin::unexpected().into()),
    }
}

fn known_key(state: &Path, server: &ServerName) -> Result<String, Failure> {
    let file = KnownServers::of(state);
    let Some(known) = file.find(&server.to_string())? else {
        let error = anyhow!("the key of {} is not known here", server.shown());
        return Err(Failure::from(error).hint(format!(
            "`udpchat connect {server}` asks about it; on the server's own machine, name its directory with --data DIR"
        )));
    };
    known.fingerprint.ok_or_else(|| {
        let place = file.place(known.line);
        let error = anyhow!(
            "the fingerprint on file of {} is damaged: {place}",
            server.shown()
        );
        Failure::from(error)
            .hint("compare it with what the server prints at its start, and mend the line")
    })
}
