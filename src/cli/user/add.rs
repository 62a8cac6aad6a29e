//! `udpchat user add`: opens an account. It plays OPAQUE's client half itself, so the password stays here.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Arg, ArgMatches};
use opaque_ke::{ClientRegistration, ClientRegistrationFinishParameters, RegistrationResponse};
use rand_core::OsRng;

use crate::cli::admin::desk;
use crate::cli::admin::{Answer, Desk, Request};
use crate::cli::exit::{Exit, Failure, Outcome};
use crate::cli::{options, password};
use crate::protocol::opaque::{IDENTITIES, KeyStretching, Suite};
use crate::server::Name;

/// The word that calls it.
pub const NAME: &str = "add";

pub fn arguments() -> clap::Command {
    clap::Command::new(NAME)
        .about("Open an account")
        .arg(
            Arg::new("name")
                .value_name("NAME")
                .required(true)
                .help("The user's name"),
        )
        .arg(options::password_file())
}

pub fn run(matches: &ArgMatches) -> Outcome {
    let data = options::data_directory(matches)?;
    let name = matches
        .get_one::<String>("name")
        .ok_or_else(|| Failure::usage("no name"))?;
    // Said before a password is typed in vain; whoever answers checks it again.
    let canonical = Name::parse_new(name).with_context(|| format!("cannot add {name:?}"))?;
    let password = if let Some(path) = matches.get_one::<PathBuf>("password-file") {
        password::from_file(path)?
    } else {
        if is_taken(&data, canonical.canonical())? {
            return Err(anyhow!("cannot add {name:?}: the name is taken").into());
        }
        password::ask_twice(name)?
    };
    let mut desk = desk::open(&data)?;
    let added = sign_up(
        &mut *desk,
        name,
        password.as_bytes(),
        KeyStretching::Argon2id,
    )
    .with_context(|| format!("cannot add {name:?}"))?;
    // A reader that has gone away is no reason to fail: the account is open.
    let _ = writeln!(io::stdout(), "added {added}");
    Ok(Exit::Success)
}

/// Whether there is an account of this name now.
fn is_taken(data: &Path, canonical: &str) -> anyhow::Result<bool> {
    match desk::ask(&mut *desk::open(data)?, Request::UserList)? {
        Answer::Users { users, .. } => Ok(users.iter().any(|user| user.name == canonical)),
        _ => Err(desk::unexpected()),
    }
}

/// Both halves of a sign-up; the canonical name of the account.
fn sign_up(
    desk: &mut dyn Desk,
    name: &str,
    password: &[u8],
    stretching: KeyStretching,
) -> anyhow::Result<String> {
    let failed = |error| anyhow!("the password exchange failed: {error:?}");
    let start = ClientRegistration::<Suite>::start(&mut OsRng, password).map_err(failed)?;
    let begin = Request::UserAddStart {
        name: name.to_owned(),
        request: STANDARD.encode(start.message.serialize()),
    };
    let response = match desk::ask(desk, begin)? {
        Answer::Start { response } => STANDARD.decode(response)?,
        _ => return Err(desk::unexpected()),
    };
    let response = RegistrationResponse::deserialize(&response).map_err(failed)?;
    let parameters = ClientRegistrationFinishParameters::new(IDENTITIES, Some(&stretching));
    let finish = start
        .state
        .finish(&mut OsRng, password, response, parameters)
        .map_err(failed)?;
    let finish = Request::UserAddFinish {
        name: name.to_owned(),
        upload: STANDARD.encode(finish.message.serialize()),
    };
    match desk::ask(desk, finish)? {
        Answer::Added { name } => Ok(name),
        _ => Err(desk::unexpected()),
    }
}
