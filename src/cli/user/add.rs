//! `udpchat user add`: creates an account. It runs OPAQUE's client side, so the password stays in this process.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use crate::cli::admin::{self, AdminApi, Answer, Request};
use crate::cli::command::{Context, Subcommand};
use crate::cli::database;
use crate::cli::exit::{Exit, Failure, Outcome};
use crate::cli::options::{DataDirectory, PasswordFile};
use crate::cli::output::print;
use crate::cli::output::quoted;
use crate::cli::password;
use crate::client::opaque::SignUpBegun;
use crate::net;
use crate::protocol::opaque::KeyStretching;
use crate::server::Name;

pub fn command() -> Subcommand {
    Subcommand::new("add", "Create an account", run).section("USER ADD", MANUAL)
}

const MANUAL: &str = "\
    NAME has up to 32 letters, digits, '.', '_' and '-'. Names that look alike count as one (`b0b` and \
    `bob`), as do names that differ in case only (`straße` and `STRASSE`, which is kept as `strasse`), and names that could be taken for the program's are reserved: everyone, all, here, nobody, you, \
    me, server, system, udpchat, admin, administrator, operator, root, moderator. A user who already has \
    such a name keeps it. The letters of a new name are of one script, which languages are \
    written with today; Japanese, Korean and Chinese may stand beside Latin. It ends with a letter or digit, and two signs do \
    not stand side by side. A letter may have four different marks, none drawn over it. The password is asked \
    for twice without being shown. It has at least 12 characters; 15 or more are better. It is compared in the form of RFC 8265 (OpaqueString), so that it is the \
    same however its characters are composed; it has no control or invisible characters. It never leaves this process: the server keeps only what OPAQUE (RFC \
    9807) needs to verify it later. If there is no database in DIR, one is made, so that accounts can be added \
    before the first start.";

#[derive(clap::Args)]
struct Args {
    /// The user's name
    name: String,
    #[command(flatten)]
    password: PasswordFile,
    #[command(flatten)]
    data: DataDirectory,
}

fn run(args: Args, _: &Context<'_>) -> Outcome {
    let (name, data) = (&args.name, args.data.path()?);
    let failed = || format!("cannot add {}", quoted(name));
    // Checked before the user types a password, and again by the server.
    let parsed = Name::parse_new(name).with_context(failed)?;
    let password = if let Some(password) = args.password.read()? {
        password
            .check_new()
            .map_err(|why| Failure::usage(why.to_string()))?;
        password
    } else {
        if is_taken(&data, parsed.canonical())? {
            return Err(anyhow!("the name is taken").context(failed()).into());
        }
        password::ask_twice(name)?
    };
    let mut api = admin::open_or_make(&data)?;
    let added = sign_up(&mut *api, name, password.as_bytes()).with_context(failed)?;
    print(format!("added {added}\n"));
    Ok(Exit::Success)
}

fn is_taken(data: &Path, canonical: &str) -> anyhow::Result<bool> {
    if database::is_missing(data) {
        return Ok(false);
    }
    match admin::open_to_read(data)?.ask(Request::UserList)? {
        Answer::Users { users, .. } => Ok(users.iter().any(|user| user.name == canonical)),
        _ => Err(admin::unexpected()),
    }
}

/// Runs both halves of a sign-up. Returns the canonical name.
fn sign_up(api: &mut dyn AdminApi, name: &str, password: &[u8]) -> anyhow::Result<String> {
    let random = &mut ChaCha20Rng::from_seed(net::seed()?);
    let (begun, request) = SignUpBegun::new(random, password)?;
    let start = Request::UserAddStart {
        name: name.to_owned(),
        request: STANDARD.encode(request),
    };
    let response = match api.ask(start)? {
        Answer::Start { response } => STANDARD.decode(response)?,
        _ => return Err(admin::unexpected()),
    };
    let upload = begun.finish(random, password, &response, KeyStretching::Argon2id)?;
    let finish = Request::UserAddFinish {
        name: name.to_owned(),
        upload: STANDARD.encode(upload),
    };
    match api.ask(finish)? {
        Answer::Added { name } => Ok(name),
        _ => Err(admin::unexpected()),
    }
}
