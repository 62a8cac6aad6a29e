//! Whether the threads of a running server answer, for the watchdog of a service manager.

use crate::cli::monitor;
use crate::cli::service::Watch;
use crate::net::InputSender;
use crate::server::Input;
use crate::store::{self, StoreCaller};

#[derive(Clone)]
pub struct Answers {
    pub hub: InputSender<Input>,
    pub store: StoreCaller,
}

impl Watch for Answers {
    /// Waits for the store for as long as it takes: where that never answers, the watchdog hears nothing either. A database that
    /// cannot be written is answered for: starting again would not mend it.
    fn state(&mut self) -> Option<String> {
        let hub = monitor::ask_hub(&self.hub).ok()?;
        // What costs least: the thread takes it in its turn.
        let nothing = store::Read::Audit {
            before: 0,
            count: 0,
        };
        let _ = self.store.call(nothing);
        let (online, sessions) = (hub.online, hub.sessions);
        Some(format!("users online: {online}, sessions: {sessions}"))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{self, Receiver};
    use std::sync::{Arc, Mutex};
    use std::thread::{self, JoinHandle};
    use std::time::Duration;

    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;
    use tempfile::TempDir;

    use super::*;
    use crate::net::{self, Driver, Setup, Socket};
    use crate::protocol::AccountId;
    use crate::server::{Hub, HubConfig, OpaqueServer};
    use crate::store::fault_disk::MemoryDisk;
    use crate::store::{
        BlobDirectory, BlobThread, Blobs, Engine, Request, RequestId, Store, StoreHandle,
        StoreThread, Write,
    };
    use crate::transport::{Endpoint, ServerConfig};

    /// For as long as somebody has it, a thread hangs.
    type Gate = Arc<Mutex<()>>;

    fn pass(gate: &Gate) {
        drop(gate.lock().expect("nobody panics with it"));
    }

    /// A store over which the network thread hangs.
    struct Gated {
        store: StoreHandle,
        gate: Gate,
    }

    impl Store for Gated {
        fn submit(&mut self, id: RequestId, request: Request) -> bool {
            self.store.submit(id, request)
        }

        fn flush(&mut self) {
            pass(&self.gate);
            self.store.flush();
        }

        fn room(&self) -> usize {
            self.store.room()
        }

        fn release(&mut self) {
            self.store.release();
        }
    }

    /// A server, both of whose threads can be hung.
    struct Running {
        answers: Answers,
        network: Gate,
        storage: Gate,
        driver: JoinHandle<()>,
        store: StoreThread,
        blobs: BlobThread,
        _directory: TempDir,
    }

    impl Running {
        fn start() -> Self {
            let (network, storage) = (Gate::default(), Gate::default());
            let (setup, hub) = Setup::new().expect("a poll");
            let files = MemoryDisk::new().files().expect("an empty disk");
            let engine = Engine::new(files, [1; 32]).expect("an empty database");
            let (inputs, gate) = (hub.clone(), Arc::clone(&storage));
            let clock = || net::now().instant;
            let (handle, store) = StoreThread::spawn(engine, clock, move |group| {
                pass(&gate);
                let _ = inputs.send_all_reserved(group.into_iter().map(Input::Completion));
            });
            let directory = TempDir::new().expect("a directory");
            let blobs = Blobs::new(Box::new(BlobDirectory::new(directory.path().join("blobs"))));
            let inputs = hub.clone();
            let (blob_handle, blobs) = BlobThread::spawn(blobs, move |group| {
                let _ = inputs.send_all_reserved(group.into_iter().map(Input::Blob));
            });
            let answers = Answers {
                hub,
                store: store.caller(),
            };
            let handle = Gated {
                store: handle,
                gate: Arc::clone(&network),
            };
            let now = net::now();
            let config = ServerConfig {
                static_key: [3; 32],
                reset_key: [4; 32],
                unix_ms: now.unix_ms,
                limits: crate::transport::Limits::default(),
            };
            let endpoint = Endpoint::server(now.instant, config, [5; 32]);
            let opaque = OpaqueServer::generate(&mut ChaCha20Rng::from_seed([6; 32]));
            let opaque = OpaqueServer::load(&opaque).expect("made just now");
            let (handle, blob_handle) = (Box::new(handle), Box::new(blob_handle));
            let config = HubConfig::default();
            let hub = Hub::new(now, config, handle, blob_handle, opaque, [7; 32], [8; 32]);
            let socket = Socket::bind(([127, 0, 0, 1], 0).into()).expect("a port");
            let driver = Driver::new(setup, vec![socket], endpoint, hub).expect("a socket");
            let driver = thread::spawn(move || drop(driver.run().expect("it can wait")));
            Self {
                answers,
                network,
                storage,
                driver,
                store,
                blobs,
                _directory: directory,
            }
        }

        /// The state, from a thread that waits for it.
        fn asked(&self) -> Receiver<Option<String>> {
            let (told, state) = mpsc::channel();
            let mut answers = self.answers.clone();
            thread::spawn(move || told.send(answers.state()));
            state
        }

        fn state(&self) -> Option<String> {
            let state = self.asked().recv_timeout(Duration::from_secs(30));
            state.expect("it comes to an answer")
        }

        fn stop(self) {
            let _ = self.answers.hub.send_reserved(Input::Stop);
            self.driver.join().expect("it ends");
            self.blobs.stop();
            self.store.stop();
        }
    }

    const ALIVE: &str = "users online: 0, sessions: 0";

    #[test]
    fn server_whose_network_thread_hangs_has_no_state_until_it_goes_on() {
        let server = Running::start();
        assert_eq!(server.state().as_deref(), Some(ALIVE));
        let hung = server.network.lock().expect("nobody panics with it");
        // It may answer once more before it comes to where it hangs.
        let is_silent = (0..3).any(|_| server.state().is_none());
        assert!(is_silent, "it does not hang");
        drop(hung);
        assert_eq!(server.state().as_deref(), Some(ALIVE));
        server.stop();
    }

    #[test]
    fn server_whose_storage_thread_hangs_answers_nothing_until_it_goes_on() {
        let server = Running::start();
        assert_eq!(server.state().as_deref(), Some(ALIVE));
        let hung = server.storage.lock().expect("nobody panics with it");
        // Its completion is what the thread hangs with.
        let write = Write::EndSessions {
            account: Some(AccountId(1)),
            session: None,
        };
        let (told, _done) = mpsc::sync_channel(1);
        let input = Input::Write(Box::new(write), told);
        server.answers.hub.send(input).expect("it runs");
        // It may be asked before that has reached the thread.
        let asked = |within| server.asked().recv_timeout(Duration::from_millis(within));
        for tries in 0.. {
            assert!(tries < 10, "it does not hang");
            if asked(1000).is_err() {
                break;
            }
        }
        let waits = server.asked();
        assert!(waits.recv_timeout(Duration::from_secs(2)).is_err());
        drop(hung);
        let state = waits.recv_timeout(Duration::from_secs(30));
        assert_eq!(state.expect("it goes on").as_deref(), Some(ALIVE));
        server.stop();
    }
}
