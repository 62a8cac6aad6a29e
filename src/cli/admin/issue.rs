//! An enrolment code as a command prints it, once, and the link that goes with it.

use std::net::SocketAddr;

use anyhow::Context as _;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use serde::Serialize;

use super::{Answer, Request};
use crate::cli::address::{ServerName, Target};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::options::Administration;
use crate::cli::output::{one_line, print, print_error, print_json};
use crate::client::rfc3339;
use crate::net;
use crate::server::hash_code;
use crate::text::enrolment_code::EnrolmentCode;

/// Where others reach the server, which does not know that itself.
#[derive(clap::Args)]
pub struct Host {
    /// Also print a link to the server, which others reach under this name or address
    #[arg(long, value_name = "HOST[:PORT]")]
    host: Option<ServerName>,
}

impl Host {
    /// The same, or at this address where none was named.
    pub fn or_at(mut self, address: Option<SocketAddr>) -> Self {
        // What is written as an address and a port is a name of a server.
        let at = || address.and_then(|address| address.to_string().parse().ok());
        self.host = self.host.or_else(at);
        self
    }

    /// The link, if one is wanted, to the server with the key of this fingerprint.
    pub fn link(self, fingerprint: &str) -> Option<String> {
        self.host.map(|server| {
            let mut link = Target::from(server);
            link.key = Some(fingerprint.to_owned());
            link.to_string()
        })
    }
}

/// What is made, and what is said of it.
pub struct Wanted<'a> {
    /// The command that makes it.
    pub action: &'a str,
    /// What who has it can do, to an account of this name if it is for one.
    pub power: &'a dyn Fn(&str) -> String,
    /// What is typed with it at the prompt.
    pub hint: &'a dyn Fn(&str) -> String,
}

/// A code, as `--json` prints it.
#[derive(Serialize)]
struct Record<'a> {
    action: &'a str,
    subject: Option<&'a str>,
    code: String,
    id: Option<String>,
    expires: String,
    link: Option<String>,
}

/// Makes a code, has the server take its hash, and prints it.
pub fn issue(
    administration: &Administration,
    host: Host,
    wanted: &Wanted<'_>,
    request: impl FnOnce(String) -> Request,
) -> Outcome {
    let seed = net::seed().context("cannot make a code")?;
    let code = EnrolmentCode::generate(&mut ChaCha20Rng::from_seed(seed));
    let hash = blake3::Hash::from(hash_code(&code.bytes()).0).to_hex();
    let mut api = super::open(&administration.data.path()?)?;
    let Answer::Code {
        number,
        expires_ms,
        fingerprint,
        account,
    } = api.ask(request(hash.to_string()))?
    else {
        return Err(super::unexpected().into());
    };
    let link = host.link(&fingerprint);
    let expires = rfc3339(expires_ms);
    let shown = one_line(account.as_deref().unwrap_or_default());
    print_error(format_args!(
        "{} until {expires}: give it to nobody else, and on a way that you trust; it is not shown again",
        (wanted.power)(&shown)
    ));
    if administration.json {
        print_json(&Record {
            action: wanted.action,
            subject: account.as_deref(),
            code: code.to_string(),
            id: account.is_none().then(|| format!("{number:08x}")),
            expires,
            link,
        })?;
        return Ok(Exit::Success);
    }
    print(format!("{code}\n"));
    if let Some(link) = link {
        print(format!("{link}\n"));
    }
    print_error((wanted.hint)(&shown));
    Ok(Exit::Success)
}
