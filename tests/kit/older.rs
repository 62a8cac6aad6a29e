//! The files of a server of schema 6, the version before, and of two of its clients: once it was stopped in order, and once
//! killed, with the same behind it. Nobody can make them with this program, so they stand here, without their zeros.
//!
//! Alice, bob, carol, dave and erin have accounts; the password of all is "swordfish". Dave has signed in once, while the
//! server's clock was ahead, so that his ticket stays good until the year 2095. When the server was last started, alice
//! and bob had a pair, all had "notice 1" to "notice 7", bob was a moderator of #bridge and blocked carol, and #cabin was
//! private. What came then is only in the journal of the server that was killed:
//!
//! | who | what |
//! |---|---|
//! | the operator | the account of erin; 30 days of #bridge |
//! | alice | the kettle is on (bob), #deck (private), another topic of #bridge; she blocks erin |
//! | alice on another device | from the second device (bob), welcome aboard (erin); she logs out there |
//! | bob | on my way (alice), "notice 8" to "notice 10", kicks carol from #bridge, joins #cabin: nice cabin; unblocks carol |
//! | carol | still behind the block (bob, not given to him), after the block (bob), see you next week (dave) |
//! | erin | joins #bridge, erin reports, leaves |
//! | retention | keeps the last 5 of what was said to everyone |

const CLIENTS: &[u8] = include_bytes!("schema_6/clients.sparse");
const KILLED: &[u8] = include_bytes!("schema_6/killed.sparse");
const STOPPED: &[u8] = include_bytes!("schema_6/stopped.sparse");

/// How the server came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Killed,
    Stopped,
}

/// The server's files and the clients', by their paths.
pub fn files(end: End) -> Vec<(String, Vec<u8>)> {
    let server = match end {
        End::Killed => KILLED,
        End::Stopped => STOPPED,
    };
    let mut files = unpack(server);
    files.extend(unpack(CLIENTS));
    files
}

/// One of the server's files.
pub fn file(end: End, name: &str) -> Vec<u8> {
    let path = format!("data/{name}");
    let mut files = files(end).into_iter();
    files.find(|file| file.0 == path).expect("it is there").1
}

/// Takes files apart: of each the length of its path (2 bytes), the path, its length and how many parts of it are not zeros
/// (4 each), and of each part where it begins, its length (4 each) and its bytes.
fn unpack(mut packed: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    while !packed.is_empty() {
        let path_len = number(&mut packed, 2);
        let path = String::from_utf8(take(&mut packed, path_len).to_vec()).expect("a path is text");
        let mut bytes = vec![0; number(&mut packed, 4)];
        for _ in 0..number(&mut packed, 4) {
            let (at, len) = (number(&mut packed, 4), number(&mut packed, 4));
            bytes[at..at + len].copy_from_slice(take(&mut packed, len));
        }
        files.push((path, bytes));
    }
    files
}

fn take<'b>(packed: &mut &'b [u8], len: usize) -> &'b [u8] {
    let (taken, rest) = packed.split_at(len);
    *packed = rest;
    taken
}

fn number(packed: &mut &[u8], len: usize) -> usize {
    let bytes = take(packed, len).iter().rev();
    bytes.fold(0, |number, byte| number << 8 | usize::from(*byte))
}
