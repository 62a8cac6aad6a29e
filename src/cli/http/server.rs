//! Connections: how many there are, how long each may take, and which one goes where another has no place.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// Connections at the same time. For one more, the one goes that has been there the longest without a whole request; where all
/// have one, it waits until one of these is over. Chosen: a browser opens six.
pub const CONNECTIONS_MAX: usize = 32;

/// How long a request may take until its header is there. Chosen: a hand that types it into telnet is too slow.
const HEADER_WITHIN: Duration = Duration::from_secs(5);

/// How long a connection may take as a whole. Chosen: a busy server answers, and a page goes over a satellite.
const ALL_WITHIN: Duration = Duration::from_secs(15);

/// The longest header, in bytes. Chosen: that of browsers with cookies of other services on the same host.
const HEADER_MAX_BYTES: usize = 16 * 1024;

/// How long a connection keeps its place before its request is there, though another one has none. Chosen: a request that
/// was sent with the connection is read by then, also on a busy host.
const SPARED: Duration = Duration::from_millis(100);

/// The pause after a failure to accept. Chosen: descriptors become free meanwhile.
const PAUSE: Duration = Duration::from_millis(200);

/// The connections whose request is not there yet, the oldest first, and since when: at most [`CONNECTIONS_MAX`].
#[derive(Clone, Default)]
struct Requestless(Arc<Mutex<BTreeMap<u64, (Instant, AbortHandle)>>>);

impl Requestless {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, (Instant, AbortHandle)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remove(&self, number: u64) {
        self.lock().remove(&number);
    }

    /// Until when the one that has been there the longest keeps its place.
    fn first_due(&self) -> Option<Instant> {
        let all = self.lock();
        all.first_key_value().map(|(_, (since, _))| *since + SPARED)
    }

    /// Closes the one that has been there the longest, if it has had its time.
    fn close_due(&self) -> bool {
        let mut all = self.lock();
        let first = all.first_entry();
        let due = first.filter(|first| first.get().0 + SPARED <= Instant::now());
        due.map(|first| first.remove().1.abort()).is_some()
    }
}

/// A place for one more connection, once there is one.
async fn place(slots: &Arc<Semaphore>, requestless: &Requestless) -> Option<OwnedSemaphorePermit> {
    let free = || Arc::clone(slots).acquire_owned();
    while let Some(due) = requestless.first_due() {
        match timeout_at(due, free()).await {
            Ok(slot) => return slot.ok(),
            // It leaves its place as soon as it is closed.
            Err(_) if requestless.close_due() => break,
            Err(_) => {}
        }
    }
    free().await.ok()
}

/// Serves until the process ends.
pub async fn serve(listener: std::net::TcpListener, router: Router) -> std::io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let requestless = Requestless::default();
    for number in 0.. {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection by HTTP for now");
                sleep(PAUSE).await;
                continue;
            }
        };
        let Some(slot) = place(&slots, &requestless).await else {
            // Nobody closes it.
            return Ok(());
        };
        let (router, list) = (router.clone(), requestless.clone());
        // It is in the list before it can take itself out.
        let mut listed = requestless.lock();
        let connection = tokio::spawn(async move {
            // What is too late is cut off.
            let _ = timeout(ALL_WITHIN, answer(stream, router, || list.remove(number))).await;
            list.remove(number);
            drop(slot);
        });
        listed.insert(number, (Instant::now(), connection.abort_handle()));
    }
    Ok(())
}

/// One request and its answer. `is_there` is called once the request is.
async fn answer(stream: TcpStream, router: Router, is_there: impl Fn()) {
    let service = TowerToHyperService::new(router);
    let service = service_fn(|request| {
        is_there();
        service.call(request)
    });
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

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read as _, Write as _};
    use std::net::{SocketAddr, TcpStream};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::routing::get;
    use tokio::runtime;

    use super::*;
    use crate::net;

    /// How many slow requests have come.
    type Come = Arc<AtomicUsize>;

    fn wait_for(come: &Come, count: usize) {
        let begun = net::now().instant;
        while come.load(Ordering::SeqCst) < count {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "they do not come"
            );
            std::thread::yield_now();
        }
    }

    /// Serves on a thread of its own, for as long as the tests run.
    fn serving() -> (SocketAddr, Come) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let come = Come::default();
        let counted = Arc::clone(&come);
        let slow = move || {
            counted.fetch_add(1, Ordering::SeqCst);
            async {
                sleep(Duration::from_secs(3)).await;
                "slow"
            }
        };
        let router = Router::new()
            .route("/", get(|| async { "prompt" }))
            .route("/slow", get(slow));
        std::thread::spawn(move || {
            let mut runtime = runtime::Builder::new_current_thread();
            let runtime = runtime.enable_io().enable_time().build().unwrap();
            runtime.block_on(serve(listener, router)).unwrap();
        });
        (address, come)
    }

    fn connect(address: SocketAddr, bytes: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).unwrap();
        let patience = Some(Duration::from_secs(20));
        stream.set_read_timeout(patience).unwrap();
        stream.write_all(bytes.as_bytes()).unwrap();
        stream
    }

    fn rest(mut stream: TcpStream) -> String {
        let mut rest = String::new();
        // Closed, with or without a word.
        let _ = stream.read_to_string(&mut rest);
        rest
    }

    /// Whether a connection is still open on which nothing has come.
    fn is_open(mut stream: &TcpStream) -> bool {
        stream.set_nonblocking(true).unwrap();
        let read = stream.read(&mut [0]);
        read.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }

    #[test]
    fn connection_that_has_said_nothing_for_the_longest_makes_room_for_one_that_asks() {
        // They held all places for five seconds at a time.
        let (address, come) = serving();
        let begun = net::now().instant;
        let slow = connect(address, "GET /slow HTTP/1.1\r\n\r\n");
        wait_for(&come, 1);
        let half = connect(address, "GET / HTTP/1.1\r\nX: ");
        let idle: Vec<TcpStream> = (2..CONNECTIONS_MAX).map(|_| connect(address, "")).collect();
        for _ in 0..2 {
            let answer = rest(connect(address, "GET / HTTP/1.1\r\n\r\n"));
            assert!(answer.ends_with("prompt"), "{answer:?}");
        }
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(2), "{took:?}");
        // The first one took the place of the oldest, and left it to the second.
        assert_eq!(rest(half), "");
        assert!(idle.iter().all(is_open));
        assert!(rest(slow).ends_with("slow"));
    }

    #[test]
    fn request_that_came_with_its_connection_is_answered_however_many_come_at_once() {
        // The next connection was taken before the request of the one before was read, which then had none.
        let (address, _) = serving();
        for count in [CONNECTIONS_MAX + 1, 4 * CONNECTIONS_MAX] {
            let all = (0..count).map(|_| connect(address, "GET / HTTP/1.1\r\n\r\n"));
            let all: Vec<TcpStream> = all.collect();
            for stream in all {
                assert!(rest(stream).ends_with("prompt"));
            }
        }
    }

    #[test]
    fn request_is_never_given_up_for_another_one_which_waits() {
        let (address, come) = serving();
        let slow = |_| connect(address, "GET /slow HTTP/1.1\r\n\r\n");
        let slow: Vec<TcpStream> = (0..CONNECTIONS_MAX).map(slow).collect();
        wait_for(&come, CONNECTIONS_MAX);
        let begun = net::now().instant;
        let answer = rest(connect(address, "GET / HTTP/1.1\r\n\r\n"));
        assert!(answer.ends_with("prompt"), "{answer:?}");
        assert!(begun.elapsed() > Duration::from_secs(1));
        for stream in slow {
            assert!(rest(stream).ends_with("slow"));
        }
    }
}
