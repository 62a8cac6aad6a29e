//! Requests of `udpchat user`, `udpchat status` and the like to a server.
//!
//! A running server answers on a Unix socket beside its database, one JSON object a line in each direction. Only the owner
//! can enter the directory (0700) and open the socket (0600), and so administer the server. If no server runs, the same
//! handler works directly on the database, so that the output is the same.

mod access;
mod accounts;
mod api;
mod client;
mod codes;
mod handler;
pub mod issue;
mod lifecycle;
mod order;
mod passing;
mod rooms;
mod server;
mod socket;
mod spare_descriptor;
mod status;

use std::path::Path;

use anyhow::anyhow;
use serde_json::{Value, json};

use super::database::{self, Secrets};
use super::exit::{Exit, Failure, Outcome};
use super::options::Administration;
use super::output::{one_line, print, print_error, print_json, shown};
use crate::store::{self, Engine};

pub use access::{Role, RoomAccess};
pub use api::{
    AdminApi, Answer, AuditLine, BanLine, Device, LogName, Reloaded, Request, RetainedConversation,
    RoomLine, SessionLine, User,
};
use client::AdminClient;
pub use client::connect;
pub use handler::{AdminHandler, StoreAccess};
pub use lifecycle::Lifecycle;
pub use server::AdminServer;
pub use status::Status;

/// The section FILES in the manual of each group of subcommands that use the socket.
pub const FILES: &str = "A running server is spoken to through DIR/control.sock; if none runs, DIR/udpchat.redb is \
                         opened directly. The outcome is the same. A command that only shows something writes \
                         nothing, also after a crash: what that has left to do is done in memory, and by the \
                         next server for good. Meanwhile no server can start. Root, in a directory of another \
                         user, acts as that user, so that every new file belongs to them; the server itself \
                         must be started by its owner.";

/// The running server of this directory.
pub fn running(data: &Path) -> Result<AdminClient, Failure> {
    if let Some(server) = connect(data)? {
        return Ok(server);
    }
    let found = store::require_database(data).map_err(anyhow::Error::new);
    if let Err(failure) = found.map_err(Failure::from)
        && failure.exit == Exit::Usage
    {
        return Err(failure);
    }
    if !data.exists() {
        let error = anyhow!(
            "there is no directory {}, so no server can be reached",
            shown(data)
        );
        return Err(Failure::new(Exit::Unreachable, error)
            .hint("name the server's directory with --data DIR"));
    }
    let error = anyhow!("no server is running with {}", data.display());
    Err(Failure::new(Exit::Unreachable, error).hint("for another data directory use --data DIR"))
}

/// The running server of this directory, or its database if none runs, for what only reads.
pub fn open_to_read(data: &Path) -> anyhow::Result<Box<dyn AdminApi>> {
    if let Some(server) = connect(data)? {
        return Ok(Box::new(server));
    }
    let engine = database::open_to_read(data)?;
    if let Some(loss) = engine.loss() {
        print_error(format_args!("udpchat: {loss}: stored messages are lost"));
    }
    direct(engine, data)
}

/// The same for what changes something that is there.
pub fn open(data: &Path) -> anyhow::Result<Box<dyn AdminApi>> {
    if let Some(server) = connect(data)? {
        return Ok(Box::new(server));
    }
    store::require_database(data)?;
    open_or_make(data)
}

/// The same for what may come before the first start of the server: a database is made if there is none.
pub fn open_or_make(data: &Path) -> anyhow::Result<Box<dyn AdminApi>> {
    if let Some(server) = connect(data)? {
        return Ok(Box::new(server));
    }
    let is_new = database::is_missing(data);
    let engine = database::open_as_owner(data)?;
    if let Some(loss) = engine.loss() {
        print_error(format_args!(
            "udpchat: {loss}: stored messages are lost; the database has a new epoch, so that clients notice"
        ));
    }
    let api = direct(engine, data)?;
    if is_new {
        database::tell_of_new(data);
    }
    Ok(api)
}

/// Does what answers nothing, and says so: the name and what is the case with it now.
pub fn act(
    administration: &Administration,
    request: Request,
    (action, subject): (&str, &str),
    done: &str,
) -> Outcome {
    let (subject, _) = ask_done(administration, request, subject)?;
    if administration.json {
        print_json(&json!({ "action": action, "subject": subject }))?;
    } else {
        print(format!("{} {done}\n", one_line(&subject)));
    }
    Ok(Exit::Success)
}

/// Does what may be so already, and says which of both is the case: what is so now, or was before. With `--json` it says
/// whether anything has changed, and `more`.
pub fn change(
    administration: &Administration,
    request: Request,
    (action, subject): (&str, &str),
    (done, already): (&str, &str),
    more: Value,
) -> Outcome {
    let (subject, is_unchanged) = ask_done(administration, request, subject)?;
    if administration.json {
        let is_changed = !is_unchanged;
        let mut object = json!({ "action": action, "subject": subject, "changed": is_changed });
        if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
            object.extend(more);
        }
        print_json(&object)?;
    } else {
        let is_so = if is_unchanged { already } else { done };
        print(format!("{} {is_so}\n", one_line(&subject)));
    }
    Ok(Exit::Success)
}

/// Has something done. Returns to what: the account by its present name, else the subject; and whether it was so already.
fn ask_done(
    administration: &Administration,
    request: Request,
    subject: &str,
) -> Result<(String, bool), Failure> {
    let mut api = open(&administration.data.path()?)?;
    let Answer::Done(done) = api.ask(request)? else {
        return Err(unexpected().into());
    };
    let subject = done.account.unwrap_or_else(|| subject.to_owned());
    Ok((subject, done.is_unchanged))
}

fn direct(mut engine: Engine, data: &Path) -> anyhow::Result<Box<dyn AdminApi>> {
    let secrets = Secrets::of(&mut engine, data)?;
    let snapshots = engine.snapshots();
    let store = StoreAccess::Engine(Box::new(engine));
    Ok(Box::new(AdminHandler::new(store, &secrets, snapshots)?))
}

pub fn unexpected() -> anyhow::Error {
    anyhow!("unexpected answer from the server")
}
