//! A signed-in user who breaks every rule: what is kept stays within the limits, and other users are still served.

use rand_core::RngCore as _;

use super::*;

/// What is done with files in one run. Chosen: each kind of step comes often, beside each other one.
const STEPS: usize = 400;
const RUNS: u64 = 6;

/// Bytes that the account may have: those of all files, and of as many that nobody has.
const LIMIT: u64 = 48 * CHUNK_BYTES as u64;

struct Attack {
    bench: Bench,
    two: Two,
    rng: ChaCha20Rng,
    files: Vec<LocalFile>,
    links: Vec<Link>,
}

impl Attack {
    fn new(seed: u64) -> Self {
        let (mut bench, two) = Bench::two();
        bench.limit(limits());
        bench.may_close = true;
        let lengths = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1];
        let files = lengths
            .into_iter()
            .chain([3 * CHUNK_BYTES, 5 * CHUNK_BYTES]);
        let files = files
            .enumerate()
            .map(|(number, bytes)| LocalFile::of(bytes, number));
        Self {
            rng: ChaCha20Rng::seed_from_u64(seed),
            files: files.collect(),
            links: vec![two.erins],
            bench,
            two,
        }
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.rng.next_u64() % most as u64).unwrap()
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    fn link(&mut self) -> Link {
        let at = self.below(self.links.len());
        self.links[at]
    }

    fn request(&mut self) -> ClientMessage {
        let at = self.below(self.files.len());
        let (root, size) = (
            self.files[at].tree.root(),
            self.files[at].tree.size().bytes(),
        );
        let largest = 16 * CHUNK_BYTES as u64;
        let others = [
            0,
            1,
            size.saturating_sub(1),
            size + 1,
            largest,
            largest + 1,
            u64::MAX,
        ];
        let is_other = self.below(3) == 0;
        ClientMessage::control(UploadRequest {
            tag: u32::try_from(self.below(6)).unwrap(),
            root,
            size: if is_other { self.one_of(&others) } else { size },
        })
    }

    fn piece(&mut self) -> ClientMessage {
        let at = self.below(self.files.len());
        let tag = u32::try_from(self.below(7)).unwrap();
        let length = self.files[at].stream.len();
        let some = PIECE_MAX_BYTES * self.below(1 + length / PIECE_MAX_BYTES);
        let offset = self.one_of(&[0, some, some, some, length.saturating_sub(1), length]);
        let most = self.one_of(&[0, 1, PIECE_MAX_BYTES, PIECE_MAX_BYTES, PIECE_MAX_BYTES + 1]);
        let stream = &self.files[at].stream;
        let mut bytes = stream[offset..length.min(offset + most)].to_vec();
        let offset = match self.below(20) {
            0 => u64::MAX,
            1 => u64::MAX - most as u64,
            _ => offset as u64,
        };
        if self.below(6) == 0 {
            bytes = vec![7; most];
        }
        ClientMessage::control(UploadPiece {
            tag,
            offset,
            bytes: bytes.into(),
        })
    }

    fn download(&mut self) -> ClientMessage {
        let edges = [0, 1, CHUNK_BYTES as u64, u64::MAX - 1, u64::MAX];
        ClientMessage::control(DownloadRequest {
            tag: u32::try_from(self.below(4)).unwrap(),
            conversation: self.one_of(&[self.two.conversation, ConversationId(99)]),
            entry: EntryId(self.one_of(&[0, 1, 2, 3, u64::MAX])),
            offset: self.one_of(&edges),
            length: self.one_of(&edges),
        })
    }

    /// Says something, unless the session is over or has no room.
    fn say(&mut self, message: &ClientMessage) {
        let (link, now) = (self.link(), self.bench.now.instant);
        let bytes = encode(message, Hop::default());
        let _ = self.bench.client.send(now, link.client, BULK, &bytes);
    }

    /// A file, as who keeps the rules brings it, as far as that goes.
    fn bring(&mut self) {
        let at = self.below(self.files.len());
        let tag = u32::try_from(self.below(6)).unwrap();
        let file = &self.files[at];
        let mut messages = vec![file.request(tag)];
        let offsets = (0..file.stream.len()).step_by(PIECE_MAX_BYTES);
        messages.extend(offsets.map(|offset| file.piece(tag, offset)));
        for message in messages {
            self.say(&message);
            self.bench.pass(5);
        }
    }

    fn step(&mut self) {
        match self.below(40) {
            0..8 => {
                let message = self.request();
                self.say(&message);
            }
            8..22 => {
                let message = self.piece();
                self.say(&message);
            }
            22..26 => {
                let message = self.download();
                self.say(&message);
            }
            26..30 => self.bring(),
            30 => {
                let at = self.below(self.links.len());
                let link = self.links[at].client;
                self.bench.client.close(self.bench.now.instant, link, 0, "");
                self.bench.pass(20);
                self.links[at] = self.bench.signed_in("erin", self.two.erin);
            }
            31 if self.links.len() < 3 => {
                let link = self.bench.signed_in("erin", self.two.erin);
                self.links.push(link);
            }
            32 => self.bench.are_blobs_held ^= true,
            33 => self.bench.is_held ^= true,
            34 => {
                let is_full = self.below(2) == 0;
                self.bench.disk.set_full(is_full);
            }
            35 => {
                let seconds = self.one_of(&[61, 200, 660]);
                self.bench.jump(Duration::from_secs(seconds));
                self.bench.pass(20);
            }
            36 => {
                self.rest();
                self.bench.restart();
                self.bench.pass(20);
                self.links = vec![self.bench.signed_in("erin", self.two.erin)];
            }
            37 => {
                // Behind the server's back.
                let found = self.bench.on_disk();
                if !found.is_empty() {
                    let at = self.below(found.len());
                    let cut = self.below(CHUNK_BYTES);
                    let (key, is_part) = (found[at].key, found[at].is_part);
                    self.bench
                        .disk
                        .change(&key, is_part, |bytes| bytes.truncate(cut));
                }
            }
            _ => {}
        }
        let passed = self.one_of(&[0, 5, 20]);
        self.bench.pass(passed);
        for link in self.links.clone() {
            self.bench.heard_now(link);
        }
    }

    /// Nothing is held back.
    fn rest(&mut self) {
        self.bench.are_blobs_held = false;
        self.bench.is_held = false;
        self.bench.disk.set_full(false);
        self.bench.pass(200);
    }

    fn check(&self) {
        assert!(self.bench.hub.services.files.upload_count() <= PER_ACCOUNT);
        let (parts, whole): (Vec<_>, Vec<_>) =
            self.bench.on_disk().into_iter().partition(|it| it.is_part);
        if self.bench.are_blobs_held || self.bench.is_held {
            return;
        }
        assert!(parts.len() <= PER_ACCOUNT, "{parts:?}");
        let bytes = |found: Vec<FoundBlob>| found.iter().map(|it| it.stream_bytes).sum::<u64>();
        let trees = 32 * 16 * PER_ACCOUNT as u64;
        assert!(bytes(whole) + bytes(parts) <= LIMIT + trees);
    }
}

fn limits() -> server_limits::Limits {
    server_limits::Limits {
        files: FileLimits {
            bytes: Limit::of(16 * CHUNK_BYTES as u64),
            account_bytes: Limit::of(LIMIT),
            day_bytes: Limit::NONE,
            ..FileLimits::default()
        },
        requests: Allowance::NONE,
        ..server_limits::Limits::default()
    }
}

#[test]
fn whatever_a_user_sends_about_files_costs_no_more_than_the_limits_and_harms_nobody() {
    for seed in 0..RUNS {
        eprintln!("seed {seed}");
        let mut attack = Attack::new(seed);
        for _ in 0..STEPS {
            attack.step();
            attack.check();
        }
        attack.rest();
        attack.check();
        // Those who keep the rules go on, the account's own users after a while.
        let Attack {
            mut bench,
            two,
            files,
            ..
        } = attack;
        let bobs = bench.signed_in("bob", two.bob);
        for (file, tag) in files.iter().zip(1..) {
            bench.upload(bobs, file, tag);
        }
        bench.jump(Duration::from_mins(11));
        bench.pass(100);
        let erins = bench.signed_in("erin", two.erin);
        for (file, tag) in files.iter().zip(1..) {
            // A tree of which a part was brought wrong is found damaged once.
            let told = states(&bench.tell(erins, &file.request(tag)));
            let mut told = told.last().cloned().unwrap();
            for _ in 0..2 {
                if !told.is_complete {
                    let from = usize::try_from(told.taken).unwrap();
                    let heard = bench.bring(erins, file, tag, from);
                    told = states(&heard).pop().unwrap();
                }
            }
            assert_eq!(told, state(tag, file.stream.len(), true));
        }
    }
}
