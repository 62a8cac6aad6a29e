//! What the benchmarks of the store share: an engine that is asked directly, who speaks there, and a directory for it.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use udpchat::protocol::{AccountId, ConversationId, DeviceId, DeviceSeq, Digest};
use udpchat::store::{
    Append, Completion, Engine, NewAccount, Outcome, Quota, Reply, Request, RequestId, TicketHash,
    Write,
};

/// The content of a message, in bytes. Chosen: a line of chat, with what the protocol puts around it.
const CONTENT_BYTES: usize = 150;

static CONTENT: [u8; CONTENT_BYTES] = [b'x'; CONTENT_BYTES];
static DIGEST: LazyLock<Digest> = LazyLock::new(|| Digest::of(&CONTENT));

/// When it all happens, in milliseconds since 1970 (UTC).
pub const NOW_MS: u64 = 1_700_000_000_000;

/// Has requests done.
pub fn ask(engine: &mut Engine, requests: Vec<impl Into<Request>>) -> Vec<Reply> {
    let numbered = requests
        .into_iter()
        .map(|request| (RequestId(0), request.into()));
    let completions = engine.execute(numbered.collect());
    let reply = |completion: Completion| match completion.outcome {
        Outcome::Done(reply) => reply,
        other => panic!("not done: {other:?}"),
    };
    completions.into_iter().map(reply).collect()
}

/// The name of the account with this number.
pub fn name(number: usize) -> String {
    format!("user{number}")
}

/// Opens the account with this number.
pub fn account(number: usize) -> Write {
    let mut credential_identifier = [0; 16];
    credential_identifier[..8].copy_from_slice(&(number as u64).to_le_bytes());
    Write::CreateAccount(NewAccount {
        name: name(number),
        skeleton: name(number),
        record: vec![1; 192],
        credential_identifier,
        time_ms: NOW_MS,
    })
}

/// Gives an account a device.
pub fn device(account: AccountId) -> Write {
    Write::OpenDevice {
        account,
        device: None,
        ticket: TicketHash([1; 32]),
        expires_ms: NOW_MS * 2,
    }
}

/// One who speaks in a conversation, with one device.
#[derive(Clone, Copy)]
pub struct Speaker {
    pub conversation: ConversationId,
    pub author: AccountId,
    pub device: DeviceId,
    pub said: u64,
}

impl Speaker {
    /// The next message.
    pub fn say(&mut self) -> Write {
        self.said += 1;
        Write::Append(Append {
            conversation: self.conversation,
            author: self.author,
            device: self.device,
            number: DeviceSeq(self.said),
            digest: *DIGEST,
            content: CONTENT.to_vec(),
            time_ms: NOW_MS + self.said,
            quota: Quota::default(),
            relation: None,
            has_file: false,
            key: None,
        })
    }
}

/// Measures in a directory that is made for it and removed: the one that the command line names, which must not be
/// there yet, or a temporary one.
pub fn in_directory(measure: impl FnOnce(&Path)) {
    let given = std::env::args().skip(1).find(|it| !it.starts_with('-'));
    let temporary = tempfile::tempdir().expect("a temporary directory");
    let data = given.map_or_else(|| temporary.path().join("data"), PathBuf::from);
    let made = fs::DirBuilder::new().mode(0o700).create(&data);
    made.expect("the directory can be made, and was not there");
    measure(&data);
    fs::remove_dir_all(&data).expect("it is ours");
}
