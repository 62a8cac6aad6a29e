//! `udpchat user add`: opens an account. It plays OPAQUE's client half itself, so the password stays here.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use opaque_ke::{ClientRegistration, ClientRegistrationFinishParameters, RegistrationResponse};
use rand_core::OsRng;

use crate::cli::admin::{self, AdminApi, Answer, Request};
use crate::cli::command::{Context, Subcommand};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::options::{DataDirectory, PasswordFile};
use crate::cli::output::print;
use crate::cli::password;
use crate::protocol::opaque::{IDENTITIES, KeyStretching, Suite};
use crate::server::Name;

/// The subcommand.
pub fn command() -> Subcommand {
    Subcommand::new("add", "Open an account", run).section("USER ADD", MANUAL)
}

const MANUAL: &str = "\
    NAME may have 32 letters, digits, '.', '_' and '-'; two names that look alike are one (`b0b` and `bob`), and \
    a name that would be read as one of the program's is nobody's: everyone, all, here, nobody, you, me, server, \
    system, udpchat, admin, administrator, operator, root, moderator. Who has such a name of before keeps it. A \
    letter may bear four marks, each once, and none that is drawn over it. The password is asked for twice, \
    unseen, and never leaves this process: the server keeps only what OPAQUE (RFC 9807) needs to have it proved \
    later.";

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
    let failed = || format!("cannot add {name:?}");
    // Said before a password is typed in vain; whoever answers checks it again.
    let parsed = Name::parse_new(name).with_context(failed)?;
    let password = if let Some(password) = args.password.read()? {
        password
    } else {
        if is_taken(&data, parsed.canonical())? {
            return Err(anyhow!("the name is taken").context(failed()).into());
        }
        password::ask_twice(name)?
    };
    let mut api = admin::open(&data)?;
    let added = sign_up(
        &mut *api,
        name,
        password.as_bytes(),
        KeyStretching::Argon2id,
    )
    .with_context(failed)?;
    print(format!("added {added}\n"));
    Ok(Exit::Success)
}

/// Whether there is an account of this name now.
fn is_taken(data: &Path, canonical: &str) -> anyhow::Result<bool> {
    match admin::open(data)?.ask(Request::UserList)? {
        Answer::Users { users, .. } => Ok(users.iter().any(|user| user.name == canonical)),
        _ => Err(admin::unexpected()),
    }
}

/// Both halves of a sign-up; the canonical name of the account.
fn sign_up(
    api: &mut dyn AdminApi,
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
    let response = match api.ask(begin)? {
        Answer::Start { response } => STANDARD.decode(response)?,
        _ => return Err(admin::unexpected()),
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
    match api.ask(finish)? {
        Answer::Added { name } => Ok(name),
        _ => Err(admin::unexpected()),
    }
}
