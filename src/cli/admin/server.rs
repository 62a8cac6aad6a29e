//! The server of the control socket: a thread that accepts, and one for each connection.

use std::fs::{self, File};
use std::io::{self, BufReader, ErrorKind, Write as _};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};

use super::api::{AdminApi, Answer, Request};
use super::passing::Receiver;
use super::socket::{self, socket_path};
use super::spare_descriptor::SpareDescriptor;
use crate::cli::exit::Failure;
use crate::cli::streams::line_reader::{self, LINE_MAX_BYTES, Line};
use crate::cli::threads::spawn;

/// Connections at the same time; a further one gets an error. Chosen: scripts run one at a time.
const CONNECTIONS_MAX: usize = 8;

/// The first and the longest pause after a failure to accept; each failure in a row doubles it. Chosen: nobody notices the
/// first, and the last costs no CPU time.
const PAUSE: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// The longest silence of a connection. Chosen: stretching a password takes a tenth of a second.
const SILENCE_MAX: Duration = Duration::from_secs(10);

/// Dropping it removes the socket; open connections end with the process.
pub struct AdminServer {
    path: PathBuf,
}

type Handlers = dyn Fn() -> anyhow::Result<Box<dyn AdminApi>> + Send + Sync;

impl AdminServer {
    /// Listens in this data directory. Only the process that holds the database calls this, so an existing socket was left
    /// by a killed process.
    pub fn start(
        data: &Path,
        handlers: impl Fn() -> anyhow::Result<Box<dyn AdminApi>> + Send + Sync + 'static,
    ) -> anyhow::Result<Self> {
        let path = socket_path(data);
        let listener = listen(data)
            .with_context(|| format!("cannot make the control socket {}", path.display()))?;
        let handlers: Arc<Handlers> = Arc::new(handlers);
        spawn("control", move || accept_all(&listener, &handlers))?;
        Ok(Self { path })
    }
}

impl Drop for AdminServer {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, "cannot remove the control socket");
        }
    }
}

fn listen(data: &Path) -> anyhow::Result<UnixListener> {
    let path = socket_path(data);
    match socket::connect(data) {
        Ok(_) => bail!("another server answers there"),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            let is_socket = fs::symlink_metadata(&path)?.file_type().is_socket();
            if !is_socket {
                bail!("{} is in the way: move it elsewhere", path.display());
            }
            fs::remove_file(&path)?;
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    let listener = socket::bind(data)?;
    // Until here the mode of the directory protects it.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

fn accept_all(listener: &UnixListener, handlers: &Arc<Handlers>) {
    let open = Arc::new(AtomicUsize::new(0));
    let mut reserve = SpareDescriptor::default();
    let mut pause = PAUSE;
    loop {
        reserve.refill();
        let stream = match reserve.accept(listener) {
            Ok(stream) => stream,
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::ConnectionAborted | ErrorKind::Interrupted
                ) =>
            {
                continue;
            }
            Err(error) => {
                // Out of descriptors or memory: both become free again, and connections wait meanwhile.
                tracing::error!(%error, "cannot accept a control connection for now");
                std::thread::park_timeout(pause);
                pause = (pause * 2).min(PAUSE_MAX);
                continue;
            }
        };
        pause = PAUSE;
        if open.fetch_add(1, Ordering::SeqCst) >= CONNECTIONS_MAX {
            open.fetch_sub(1, Ordering::SeqCst);
            refuse(&stream);
            continue;
        }
        let (handlers, counter) = (Arc::clone(handlers), Arc::clone(&open));
        let started = spawn("control connection", move || {
            if let Err(error) = serve(&stream, &*handlers) {
                tracing::info!(%error, "a control connection failed");
            }
            counter.fetch_sub(1, Ordering::SeqCst);
        });
        if let Err(error) = started {
            open.fetch_sub(1, Ordering::SeqCst);
            tracing::warn!(%error, "cannot serve a control connection");
        }
    }
}

/// Sends an error, unless that would block.
fn refuse(stream: &UnixStream) {
    let busy = anyhow!("{CONNECTIONS_MAX} others are being served: try again");
    // It is closed either way.
    let _ = stream
        .set_nonblocking(true)
        .and_then(|()| send(stream, &error_answer(busy)));
}

fn serve(stream: &UnixStream, handlers: &Handlers) -> anyhow::Result<()> {
    stream.set_read_timeout(Some(SILENCE_MAX))?;
    stream.set_write_timeout(Some(SILENCE_MAX))?;
    let mut handler = handlers()?;
    let mut reader = BufReader::new(Receiver::new(stream));
    loop {
        let text = match line_reader::read(&mut reader, LINE_MAX_BYTES) {
            Ok(Line::Text(text)) => text,
            Ok(Line::TooLong) => bail!("a line was too long"),
            Ok(Line::End) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        // Taken even if the line is no request: it must not go with the next one.
        let file = reader.get_mut().take_file();
        let request = serde_json::from_str(&text).context("not a request");
        let is_stop = matches!(request, Ok(Request::Stop));
        let answer = request.and_then(|request| answer(&mut *handler, request, file));
        let is_done = answer.is_ok();
        send(stream, &answer.unwrap_or_else(error_answer))?;
        handler.on_answered();
        if is_stop && is_done {
            // It ends with the process, and so tells the other end when that was.
            stream.set_read_timeout(None)?;
        }
    }
}

fn error_answer(error: anyhow::Error) -> Answer {
    let Failure { exit, error, .. } = error.into();
    Answer::Error {
        message: format!("{error:#}"),
        code: exit.code(),
    }
}

fn answer(
    handler: &mut dyn AdminApi,
    request: Request,
    file: Option<File>,
) -> anyhow::Result<Answer> {
    match (request, file) {
        (Request::StoreBackup, Some(copy)) => {
            let rows = handler.back_up(copy)?;
            Ok(Answer::BackedUp { rows })
        }
        (request, _) => handler.ask(request),
    }
}

fn send(mut stream: &UnixStream, answer: &Answer) -> io::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    stream.write_all(&line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::admin::{Request, connect, passing};

    struct Echo;

    impl AdminApi for Echo {
        fn ask(&mut self, request: Request) -> anyhow::Result<Answer> {
            match request {
                Request::UserList => Ok(Answer::Users {
                    users: vec![],
                    unreadable: 0,
                }),
                _ => bail!("only lists"),
            }
        }

        fn back_up(&mut self, _: File) -> anyhow::Result<u64> {
            Ok(7)
        }
    }

    fn start(directory: &tempfile::TempDir) -> AdminServer {
        AdminServer::start(directory.path(), || Ok(Box::new(Echo))).unwrap()
    }

    #[test]
    fn request_is_answered_and_an_error_is_an_answer_too() {
        let directory = tempfile::tempdir().unwrap();
        let _server = start(&directory);
        let mut remote = connect(directory.path()).unwrap().unwrap();
        let answer = remote.ask(Request::UserList).unwrap();
        assert_eq!(
            answer,
            Answer::Users {
                users: vec![],
                unreadable: 0
            }
        );
        let request = Request::UserAddStart {
            name: "erin".into(),
            request: String::new(),
        };
        assert_eq!(remote.ask(request).unwrap_err().to_string(), "only lists");
    }

    #[test]
    fn file_that_comes_with_no_request_is_not_the_next_ones() {
        let directory = tempfile::tempdir().unwrap();
        let _server = start(&directory);
        let mut stream = UnixStream::connect(socket_path(directory.path())).unwrap();
        stream.set_read_timeout(Some(SILENCE_MAX)).unwrap();
        let mut answers = BufReader::new(stream.try_clone().unwrap());
        let mut ask = |line: &str, file: Option<&File>| {
            match file {
                Some(file) => passing::write_with(&stream, line.as_bytes(), file).unwrap(),
                None => io::Write::write_all(&mut stream, line.as_bytes()).unwrap(),
            }
            let mut answer = String::new();
            io::BufRead::read_line(&mut answers, &mut answer).unwrap();
            answer
        };
        let file = tempfile::tempfile().unwrap();
        let request = serde_json::to_string(&Request::StoreBackup).unwrap() + "\n";
        assert!(ask("nonsense\n", Some(&file)).contains("not a request"));
        assert!(ask(&request, None).contains("only lists"));
        assert!(ask(&request, Some(&file)).contains('7'));
    }

    #[test]
    fn nobody_listens_before_the_start_and_after_the_end() {
        let directory = tempfile::tempdir().unwrap();
        assert!(connect(directory.path()).unwrap().is_none());
        drop(start(&directory));
        assert!(!socket_path(directory.path()).exists());
    }

    #[test]
    fn socket_of_a_server_that_was_killed_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        drop(UnixListener::bind(socket_path(directory.path())).unwrap());
        assert!(connect(directory.path()).unwrap().is_none());
        let _server = start(&directory);
        assert!(connect(directory.path()).unwrap().is_some());
    }

    #[test]
    fn directory_with_a_path_longer_than_a_socket_address_is_served() {
        let directory = tempfile::tempdir().unwrap();
        for part in [
            "with a blank, and \u{e4}\u{4e16}",
            &"x".repeat(110),
            &"y".repeat(250),
        ] {
            let data = directory.path().join(part).join(part);
            fs::create_dir_all(&data).unwrap();
            assert!(connect(&data).unwrap().is_none());
            let server = AdminServer::start(&data, || Ok(Box::new(Echo))).unwrap();
            let mode = fs::metadata(socket_path(&data))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
            let mut remote = connect(&data).unwrap().unwrap();
            assert!(remote.ask(Request::UserList).is_ok());
            assert!(AdminServer::start(&data, || Ok(Box::new(Echo))).is_err());
            drop(server);
            assert!(!socket_path(&data).exists());
        }
    }

    #[test]
    fn second_server_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let _server = start(&directory);
        assert!(AdminServer::start(directory.path(), || Ok(Box::new(Echo))).is_err());
    }

    #[test]
    fn connection_beyond_the_limit_is_told_so() {
        let directory = tempfile::tempdir().unwrap();
        let _server = start(&directory);
        let mut served = Vec::new();
        for _ in 0..CONNECTIONS_MAX {
            let mut remote = connect(directory.path()).unwrap().unwrap();
            remote.ask(Request::UserList).unwrap();
            served.push(remote);
        }
        let mut one_more = connect(directory.path()).unwrap().unwrap();
        // The refusal is there before anything is asked, and the connection may be closed by then.
        one_more.wait_for_answer();
        let refusal = one_more.ask(Request::UserList).unwrap_err().to_string();
        assert!(refusal.contains("try again"), "{refusal}");
    }

    #[test]
    fn socket_is_its_owners_alone() {
        let directory = tempfile::tempdir().unwrap();
        let _server = start(&directory);
        let metadata = fs::metadata(socket_path(directory.path())).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn nonsense_is_answered_and_an_endless_line_ends_the_connection() {
        let directory = tempfile::tempdir().unwrap();
        let _server = start(&directory);
        let mut stream = UnixStream::connect(socket_path(directory.path())).unwrap();
        stream.write_all(b"{}\n").unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let Line::Text(text) = line_reader::read(&mut reader, LINE_MAX_BYTES).unwrap() else {
            panic!("no answer");
        };
        assert!(text.contains("not a request"), "{text}");
        // The rest of the line may meet a closed socket.
        let _ = stream.write_all(&vec![b'x'; LINE_MAX_BYTES + 1]);
        let _ = stream.write_all(b"\n");
        assert!(!matches!(
            line_reader::read(&mut reader, LINE_MAX_BYTES),
            Ok(Line::Text(_))
        ));
    }
}
