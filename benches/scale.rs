//! How soon a server with 10,000 accounts, 1,000 rooms and 10,000,000 entries of 64 bytes serves: after an orderly stop, and
//! after it was killed with tens of thousands of them not in its tables. Beside it what it costs: the time in which a
//! group is durable, and the bytes of its files.
//! `cargo bench --bench scale [-- DIRECTORY]`; the directory is made, must not exist, and is removed. Without one it is
//! a temporary one, where the figures are those of the disk's fsync. It takes 4 GB.
#![allow(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and its arguments"
)]

mod support;

use std::fs::{self, DirBuilder};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use support::{NOW_MS, Speaker, account, ask, device, in_directory};
use udpchat::protocol::{Access, AccountId, DeviceId};
use udpchat::store::{BATCH_MAX, Engine, Reply, Request, Write};

const ACCOUNTS: usize = 10_000;
const ROOMS: usize = 1_000;
const ENTRIES: usize = 10_000_000;

/// How many of them the tables lack at a kill: nearly as many as a checkpoint lets wait.
const BEHIND: usize = 60_000;

/// How many commits are measured of each kind.
const COMMITS: usize = 200;

/// The goals.
const AFTER_STOP: Duration = Duration::from_secs(1);
const AFTER_KILL: Duration = Duration::from_secs(2);

/// Opens the accounts, each with a device.
fn people(engine: &mut Engine) -> Vec<(AccountId, DeviceId)> {
    let made = ask(engine, (0..ACCOUNTS).map(account).collect());
    let open = made.into_iter().map(|reply| match reply {
        Reply::Account(account) => device(account.id),
        other => panic!("{other:?}"),
    });
    let opened = ask(engine, open.collect());
    let user = |reply| match reply {
        Reply::Device {
            account, device, ..
        } => (account, device),
        other => panic!("{other:?}"),
    };
    opened.into_iter().map(user).collect()
}

/// Makes the rooms, in each of which its maker speaks; each account is in one, beside its maker.
fn rooms(engine: &mut Engine, people: &[(AccountId, DeviceId)]) -> Vec<Speaker> {
    let join = |(number, &(account, device)): (usize, &(AccountId, DeviceId))| Write::Join {
        account,
        device,
        name: format!("#room{}", number % ROOMS),
        skeleton: format!("#room{}", number % ROOMS),
        access: Access::Public,
        may_make: true,
        time_ms: NOW_MS,
    };
    let joined = ask(engine, people.iter().enumerate().map(join).collect());
    let room = |(reply, &(author, device))| match reply {
        Reply::Joined(joined) => Speaker {
            conversation: joined.standing.conversation,
            author,
            device,
            said: 0,
        },
        other => panic!("{other:?}"),
    };
    joined
        .into_iter()
        .zip(people)
        .take(ROOMS)
        .map(room)
        .collect()
}

/// The times of commits of so many appends each, in order of length.
fn commits(engine: &mut Engine, rooms: &mut [Speaker], appends: usize) -> Vec<Duration> {
    let mut times: Vec<Duration> = (0..COMMITS)
        .map(|round| {
            let says = (0..appends).map(|one| rooms[(round * 37 + one * 11) % ROOMS].say());
            let says = says.collect();
            let start = Instant::now();
            ask(engine, says);
            start.elapsed()
        })
        .collect();
    times.sort();
    times
}

/// Starts the server; how long until it says that it listens.
fn serve(data: &Path) -> (Child, Duration) {
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_udpchat"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let output = BufReader::new(child.stdout.take().expect("it is piped"));
    let said = output.lines().take(2).map_while(Result::ok).count();
    assert_eq!(said, 2, "it says where it listens");
    (child, start.elapsed())
}

fn end(mut child: Child, signal: &str) {
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-s", signal, &pid]).status();
    assert!(sent.is_ok_and(|status| status.success()));
    child.wait().expect("it ends");
}

fn measure(data: &Path) {
    // The server makes its keys when it makes the database, and takes none with accounts and without keys.
    end(serve(data).0, "TERM");
    let start = Instant::now();
    let mut engine = Engine::open(data, [9; 32]).expect("a new database");
    let people = people(&mut engine);
    let mut rooms = rooms(&mut engine, &people);
    for from in (0..ENTRIES).step_by(BATCH_MAX) {
        let to = (from + BATCH_MAX).min(ENTRIES);
        let says = (from..to).map(|entry| rooms[entry % ROOMS].say());
        ask(&mut engine, says.collect());
    }
    println!("made in {:.1?}", start.elapsed());
    for appends in [1, BATCH_MAX] {
        let times = commits(&mut engine, &mut rooms, appends);
        println!(
            "a group of {appends} appends: median {:.2?}, 95th percentile {:.2?}",
            times[COMMITS / 2],
            times[COMMITS * 95 / 100]
        );
    }
    ask(&mut engine, vec![Request::Checkpoint]);
    for from in (0..BEHIND).step_by(BATCH_MAX) {
        let says = (from..from + BATCH_MAX).map(|entry| rooms[entry % ROOMS].say());
        ask(&mut engine, says.collect());
    }
    // As a kill leaves it: the engine holds the file, and would bring its tables up to date.
    let killed = data.with_extension("killed");
    copy(data, &killed);
    drop(engine);
    let bytes = size(data);
    println!(
        "the files: {} MB, {} bytes an entry",
        bytes / 1_000_000,
        bytes / ENTRIES as u64
    );
    let (child, after_kill) = serve(&killed);
    end(child, "TERM");
    println!("serves {after_kill:.2?} after a kill (goal {AFTER_KILL:?})");
    fs::remove_dir_all(&killed).expect("it is ours");
    for _ in 0..3 {
        let (child, stopped) = serve(data);
        end(child, "TERM");
        println!("serves {stopped:.2?} after a stop (goal {AFTER_STOP:?})");
    }
}

/// The files of a directory and of those in it.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("it is ours").flatten();
    let of = |entry: fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => files(&entry.path()),
        Ok(kind) if kind.is_file() => vec![entry.path()],
        _ => Vec::new(),
    };
    entries.flat_map(of).collect()
}

fn size(directory: &Path) -> u64 {
    let len = |path: &PathBuf| fs::metadata(path).map_or(0, |file| file.len());
    files(directory).iter().map(len).sum()
}

fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).expect("it is in there"));
        let parent = target.parent().expect("it is in a directory");
        let made = DirBuilder::new().recursive(true).mode(0o700).create(parent);
        made.expect("there is room");
        fs::copy(&file, &target).expect("there is room");
    }
}

fn main() {
    in_directory(measure);
}
