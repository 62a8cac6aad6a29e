//! Opens the server's database and reads the secrets in it.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use rand_chacha::ChaCha20Rng;
use rand_core::RngCore as _;

use super::output::{one_line, print_error, shown};
use crate::fence;
use crate::net;
use crate::server::OpaqueServer;
use crate::store::{
    self, BlobDirectory, DATABASE_FILE, Engine, InPlace, Migrated, OpenError, Prepared,
};

/// Names of the secrets in the database.
pub const SECRETS: [&str; 3] = [STATIC_KEY, RESET_KEY, OPAQUE];

const STATIC_KEY: &str = "noise static key";
const RESET_KEY: &str = "reset key";
const OPAQUE: &str = "opaque setup";

/// Generated with the database.
pub struct Secrets {
    /// X25519, private.
    pub static_key: [u8; 32],
    /// Derives the reset tokens.
    pub reset_key: [u8; 32],
    /// OPAQUE's server setup, serialized.
    pub opaque: Vec<u8>,
}

/// Whether a database would be made in this directory.
pub fn is_missing(data: &Path) -> bool {
    let found = store::require_database(data);
    matches!(found, Err(OpenError::NoDatabase { .. }))
}

/// What is said where redb fails a second time over a damaged page, and the server must end.
pub fn set_last_words() {
    fence::set_last_words(|text| {
        print_error(format_args!("udpchat: {text}: restore it from a backup"));
    });
}

/// Tells the operator of a database that was made, since a typing error in --data makes one too.
pub fn tell_of_new(data: &Path) {
    notice(&format!("made a new database in {}", data.display()));
}

/// Tells the operator of a directory that was made private.
pub fn tell_of_mode(data: &Path, prepared: Prepared) {
    if let Some(mode) = prepared.was_open {
        notice(&format!(
            "other users could enter {} (mode {mode:o}): it is private now (mode 700)",
            shown(data)
        ));
    }
}

/// Tells the operator of a database that was brought forward.
fn tell_of_migration(Migrated { copy, loss }: &Migrated) {
    let schema = store::SCHEMA_VERSION;
    let copy = copy.as_deref().map(shown);
    match &copy {
        Some(copy) => print_error(format_args!(
            "udpchat: the database was migrated to schema {schema}; a copy of the old one is in {copy}"
        )),
        None => print_error(format_args!(
            "udpchat: the database was migrated to schema {schema}, which an earlier start had begun"
        )),
    }
    if let Some(loss) = loss {
        let copy = copy.unwrap_or_else(|| "FILE".into());
        print_error(format_args!(
            "udpchat: {loss} ({DATABASE_FILE}.journal of the old server): messages are lost, and the database has a new epoch, \
             so that clients notice\n\
             hint: if that file is elsewhere, stop the server, move it to {copy}.journal, and run `udpchat store restore --replace {copy}`"
        ));
    }
}

/// Opens the database of this directory to read it.
pub fn open_to_read(data: &Path) -> anyhow::Result<Engine> {
    let engine = Engine::look(data, net::seed()?);
    Ok(engine.map_err(|error| error.at(&data.join(DATABASE_FILE)))?)
}

/// Opens the database of this directory for its administrator, or creates it. Root becomes the directory's owner.
pub fn open_as_owner(data: &Path) -> anyhow::Result<Engine> {
    store::act_as_owner(data)?;
    open(data)
}

/// Opens the database of this directory, or creates it. One of a cluster is refused: what would be written to it the other servers
/// would not have.
pub fn open(data: &Path) -> anyhow::Result<Engine> {
    let engine = open_replica(data)?;
    if engine.replica().is_some() {
        return Err(anyhow!(
            "the database in {} is of a cluster: start its server with --cluster and --node, or take a backup of it out with `udpchat store restore --leave-cluster`",
            shown(data)
        ));
    }
    Ok(engine)
}

/// The same, of a server that is one of several.
pub fn open_replica(data: &Path) -> anyhow::Result<Engine> {
    tell_of_mode(data, store::prepare_directory(data, None)?);
    let (files, migrated) = store::open_current(data, net::now().unix_ms, net::seed()?)
        .map_err(|error| error.at(&data.join(DATABASE_FILE)))?;
    if let Some(migrated) = &migrated {
        tell_of_migration(migrated);
    }
    let file = data.join(DATABASE_FILE);
    let begun = store::begin_service(data, &files.database, net::seed()?);
    if begun.map_err(|error| error.at(&file))? {
        print_error(format_args!(
            "udpchat: the database is a copy, or older than the one that was served here before: it has a new epoch, so that \
             clients notice what is missing"
        ));
    }
    let again = data.to_owned();
    let engine = Engine::new(files, net::seed()?).map_err(|error| error.at(&file))?;
    Ok(engine
        .with_loss(migrated.and_then(|migrated| migrated.loss))
        .with_reopen(Box::new(move || store::reopen(&again)))
        .with_blobs(Arc::new(BlobDirectory::new(store::blobs_of(&file))))
        .with_files_at(InPlace::note(data)?))
}

/// Tells the operator: in the log where there is one, which a server keeps.
fn notice(text: &str) {
    let text = one_line(text);
    if tracing::enabled!(tracing::Level::WARN) {
        tracing::warn!("{text}");
    } else {
        print_error(format_args!("udpchat: {text}"));
    }
}

impl Secrets {
    /// Reads the secrets, and generates missing ones.
    pub fn of(engine: &mut Engine, data: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            static_key: key(engine, data, STATIC_KEY)?,
            reset_key: key(engine, data, RESET_KEY)?,
            opaque: secret(engine, data, OPAQUE, OpaqueServer::generate)?,
        })
    }

    pub fn opaque(&self) -> anyhow::Result<OpaqueServer> {
        OpaqueServer::load(&self.opaque).context("the server's half of OPAQUE is damaged")
    }
}

fn key(engine: &mut Engine, data: &Path, name: &str) -> anyhow::Result<[u8; 32]> {
    let bytes = secret(engine, data, name, |rng| {
        let mut key = vec![0; 32];
        rng.fill_bytes(&mut key);
        key
    })?;
    bytes
        .try_into()
        .map_err(|_| anyhow!("the {name} in the database is damaged"))
}

fn secret(
    engine: &mut Engine,
    data: &Path,
    name: &str,
    make: impl FnOnce(&mut ChaCha20Rng) -> Vec<u8>,
) -> anyhow::Result<Vec<u8>> {
    let read = engine.secret(name, make);
    read.map_err(|error| OpenError::from(error).at(&data.join(DATABASE_FILE)))
        .with_context(|| format!("cannot read the {name}"))
}
