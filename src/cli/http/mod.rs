//! A page and metrics by HTTP, for whoever watches a server: `udpchat serve --http`.
//!
//! It runs on one thread of its own, and the server never waits for it: what it shows it asks the monitor for. It shows no
//! text of a message and no name of a user or room, takes nothing but GET and HEAD, and whoever connects gets one answer
//! within a few seconds, at most 32 at once.

mod guard;
mod metrics;
mod options;
mod page;
mod plot;
mod server;
mod site;
mod text_format;

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use tokio::runtime;

use super::exit::Failure;
use super::monitor::Monitor;
use super::threads::spawn;
pub use options::HttpOptions;
use site::Site;

/// How many threads wait for the monitor at most. One asks it, and others get the same answer.
const WAITING_THREADS: usize = 2;

/// Listens already, and serves nothing yet.
pub struct Http {
    listener: TcpListener,
    address: SocketAddr,
    names: Vec<String>,
}

impl Http {
    /// Listens where that is wanted.
    pub fn bind(options: &HttpOptions) -> Result<Option<Self>, Failure> {
        let Some((address, names)) = options.wanted()? else {
            return Ok(None);
        };
        let listener = TcpListener::bind(address).map_err(|error| match error.kind() {
            ErrorKind::AddrInUse => Failure::from(anyhow!(
                "cannot serve HTTP on {address}: the port is in use"
            ))
            .hint("--http ADDR:PORT takes another port"),
            _ => Failure::from(
                anyhow::Error::new(error).context(format!("cannot serve HTTP on {address}")),
            ),
        })?;
        listener
            .set_nonblocking(true)
            .context("cannot serve HTTP")?;
        let address = listener.local_addr().context("cannot serve HTTP")?;
        Ok(Some(Self {
            listener,
            address,
            names: names.to_vec(),
        }))
    }

    /// With the port that the system has chosen where 0 was named.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves from now on, until the process ends.
    pub fn serve(self, monitor: Arc<Monitor>) -> anyhow::Result<()> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .max_blocking_threads(WAITING_THREADS)
            .thread_name("http monitor")
            .build()
            .context("cannot serve HTTP")?;
        let site = Site::new(monitor, self.names);
        let listener = self.listener;
        spawn("http", move || {
            let served = runtime.block_on(server::serve(listener, site.router()));
            if let Err(error) = served {
                tracing::error!(%error, "serving HTTP has failed");
            }
        })
    }
}
