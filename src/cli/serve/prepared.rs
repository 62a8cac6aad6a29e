//! What a server has before it opens its database: its directory, its log, its sockets, and where its backups go. A server
//! that could not serve anybody makes no database.

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};

use super::args::{self, Args};
use crate::cli::backups::Plan;
use crate::cli::command::Context;
use crate::cli::database;
use crate::cli::exit::Failure;
#[cfg(feature = "http")]
use crate::cli::http::Http;
use crate::cli::logging::Log;
use crate::cli::output::print_error;
use crate::cli::service;
use crate::net::Socket;
use crate::store;

pub struct Prepared {
    /// The server's directory.
    pub data: PathBuf,
    pub log: Log,
    pub sockets: Vec<Socket>,
    #[cfg(feature = "http")]
    pub http: Option<Http>,
    pub plan: Option<Plan>,
}

impl Prepared {
    pub fn new(args: &Args, context: &Context<'_>) -> Result<Self, Failure> {
        // Before any other thread is started.
        let inherited = service::inherited()?;
        let (data, listen) = (args.data.path()?, args.listen(&context.sources)?);
        #[cfg(feature = "http")]
        args.http.wanted()?;
        // Before the log, which may be in it.
        let prepared =
            store::prepare_directory(&data, context.log.file()).map_err(anyhow::Error::new)?;
        let log = context.log.start_server(args.measured);
        let log = log.map_err(context.blame("log"))?;
        database::tell_of_mode(&data, prepared);
        database::set_last_words();
        let sockets = if inherited.is_empty() {
            bind(&listen, args.is_default())?
        } else {
            adopt(inherited, (!args.is_default()).then_some(&listen))?
        };
        Ok(Self {
            sockets,
            #[cfg(feature = "http")]
            http: Http::bind(&args.http)?,
            plan: backup_plan(args, &data)?,
            data,
            log,
        })
    }
}

/// Where backups go, if they are wanted.
fn backup_plan(args: &Args, data: &Path) -> Result<Option<Plan>, Failure> {
    let plan = args.backing_up.plan()?;
    if let Some(plan) = &plan {
        plan.check(data)?;
    }
    Ok(plan)
}

/// Takes over the sockets of a service manager. They must be those that were asked for, if any were.
fn adopt(
    inherited: Vec<(UdpSocket, SocketAddr)>,
    asked: Option<&Vec<SocketAddr>>,
) -> Result<Vec<Socket>, Failure> {
    let addresses: Vec<SocketAddr> = inherited.iter().map(|(_, address)| *address).collect();
    if let Some(asked) = asked {
        service::check(&addresses, asked)?;
    }
    args::check(&addresses)?;
    let adopted = inherited.into_iter().map(|(socket, address)| {
        Socket::adopt(socket).with_context(|| format!("cannot listen on {address}"))
    });
    Ok(adopted.collect::<anyhow::Result<_>>()?)
}

/// Binds all addresses. Of the default ones it leaves out a family that this host does not have, with a warning.
fn bind(listen: &[SocketAddr], is_default: bool) -> Result<Vec<Socket>, Failure> {
    let mut sockets = Vec::with_capacity(listen.len());
    for &address in listen {
        match Socket::bind(address) {
            Ok(socket) => sockets.push(socket),
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                let failure =
                    Failure::from(anyhow!("cannot listen on {address}: the port is in use"));
                return Err(failure
                    .hint("is a server running already? --listen ADDR:PORT takes another port"));
            }
            Err(error) if is_default => {
                print_error(format_args!("udpchat: not listening on {address}: {error}"));
            }
            Err(error) => {
                return Err(anyhow::Error::new(error)
                    .context(format!("cannot listen on {address}"))
                    .into());
            }
        }
    }
    if sockets.is_empty() {
        return Err(anyhow!("there is no address to listen on").into());
    }
    Ok(sockets)
}
