//! Connections: how many there are, and how long each may take.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::site::Site;

/// Connections at the same time. Others wait in the queue of the operating system until one of these is over. Chosen: a
/// browser opens six.
pub const CONNECTIONS_MAX: usize = 32;

/// How long a request may take until its header is there. Chosen: a hand that types it into telnet is too slow.
const HEADER_WITHIN: Duration = Duration::from_secs(5);

/// How long a connection may take as a whole. Chosen: a busy server answers, and a page goes over a satellite.
const ALL_WITHIN: Duration = Duration::from_secs(15);

/// The longest header, in bytes. Chosen: that of browsers with cookies of other services on the same host.
const HEADER_MAX_BYTES: usize = 16 * 1024;

/// The pause after a failure to accept. Chosen: descriptors become free meanwhile.
const PAUSE: Duration = Duration::from_millis(200);

/// Serves until the process ends.
pub async fn serve(listener: std::net::TcpListener, site: Site) -> std::io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let router = site.router();
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
            // Nobody closes it.
            return Ok(());
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                let router = router.clone();
                tokio::spawn(async move {
                    // What is too late is cut off.
                    let _ = timeout(ALL_WITHIN, answer(stream, router)).await;
                    drop(slot);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection by HTTP for now");
                sleep(PAUSE).await;
            }
        }
    }
}

/// One request and its answer.
async fn answer(stream: TcpStream, router: Router) {
    let service = TowerToHyperService::new(router);
    let answered = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_WITHIN)
        .max_buf_size(HEADER_MAX_BYTES)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = answered {
        tracing::debug!(%error, "a connection by HTTP failed");
    }
}
