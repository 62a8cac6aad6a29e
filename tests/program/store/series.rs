//! Backups that a server makes of itself, and what is restored from them.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;

use crate::support::{Host, PATIENCE, Server, Workspace, printed};

const ACCOUNTS: &[&str] = &["alice", "bob", "carol"];

/// The name of a backup that was made so many seconds ago.
fn named(age_s: u64) -> String {
    let time = SystemTime::now() - Duration::from_secs(age_s);
    let time = Timestamp::try_from(time).unwrap();
    format!("udpchat-{}", time.strftime("%Y%m%dT%H%M%SZ"))
}

/// A directory for backups. The last one was made so many seconds ago.
fn series(workspace: &Workspace, age_s: Option<u64>) -> PathBuf {
    let directory = workspace.path("backups");
    let make = |path: &Path| DirBuilder::new().mode(0o700).create(path).unwrap();
    make(&directory);
    if let Some(age_s) = age_s {
        let backup = directory.join(named(age_s));
        make(&backup);
        fs::write(backup.join("udpchat.redb"), "rows").unwrap();
    }
    directory
}

fn serve(workspace: &Workspace, directory: &Path, keep: &str) -> Server {
    let directory = directory.to_str().unwrap();
    let often = ["--backup-every", "1m", "--backup-keep", keep];
    workspace.serve_with(&[&["--backup-dir", directory], &often[..]].concat())
}

/// The backups that are there, the oldest first: those that are whole, or those that are not.
fn found(directory: &Path, is_whole: bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_none() == is_whole);
    paths.sort_unstable();
    paths
}

/// Waits until there are so many.
fn wait_for(directory: &Path, is_whole: bool, count: usize) -> Vec<PathBuf> {
    let began = Instant::now();
    loop {
        let found = found(directory, is_whole);
        if found.len() >= count {
            return found;
        }
        assert!(began.elapsed() < 3 * PATIENCE, "{found:?}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A file of carol's for bob, which she sends; returns once it is stored.
fn sends_file(workspace: &Workspace, server: &Server, name: &str, length: usize) {
    let mut content = format!("{name} ").repeat(length / name.len());
    content.truncate(length);
    fs::write(workspace.path(name), content).unwrap();
    let address = server.address.to_string();
    let file = workspace.file(name);
    let words = ["send", &address, "--to", "bob", "--file", &file, name];
    let sent = client(workspace, "carol", &words, &["--accept-new"]);
    assert!(sent.status.success(), "{}", printed(&sent));
}

fn client(workspace: &Workspace, user: &str, words: &[&str], more: &[&str]) -> Output {
    let mut command = Host::default().udpchat();
    command.args(words).args(more).args(["--user", user]);
    command
        .arg("--password-file")
        .arg(workspace.password_file(user));
    command
        .arg("--state")
        .arg(workspace.path(&format!("state-of-{user}-at-work")));
    command.output().unwrap()
}

#[test]
fn backup_that_a_server_makes_under_load_restores_to_what_had_been_stored() {
    let workspace = Workspace::new(ACCOUNTS);
    let directory = series(&workspace, Some(40));
    let mut server = serve(&workspace, &directory, "5");
    let bob = workspace.sign_in(server.address, "bob");
    let mut alice = workspace.sign_in(server.address, "alice");
    for number in 0..50 {
        alice.types(&format!("message bob before {number}."));
    }
    sends_file(&workspace, &server, "chart.bin", 1_000_000);
    bob.sees(1, "before 49.");
    assert_eq!(found(&directory, true).len(), 1, "it came too early");
    let mut number = 0;
    while found(&directory, true).len() < 2 {
        alice.types(&format!("message bob during {number}."));
        if number % 500 == 0 {
            sends_file(&workspace, &server, &format!("{number}.bin"), 100_000);
        }
        number += 1;
        thread::sleep(Duration::from_millis(1));
    }
    server.kill();
    drop((alice, bob));
    let backup = found(&directory, true).pop().unwrap().display().to_string();

    // As on a new machine: nothing of the server is there.
    let moved = workspace.file("moved");
    let looked = workspace.run_plain(&["store", "restore", "--dry-run", &backup, "--data", &moved]);
    assert_eq!(looked.1, Some(0), "{}", looked.0);
    assert!(looked.0.contains("accounts 3 "), "{}", looked.0);
    assert!(!Path::new(&moved).exists(), "it wrote");
    let (text, code) = workspace.run_plain(&["store", "restore", &backup, "--data", &moved]);
    assert_eq!(code, Some(0), "{text}");
    let (text, code) = workspace.run_plain(&["store", "check", "--data", &moved]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("nothing is wrong"), "{text}");
    let address = server.address.to_string();
    let _restored = Server::start(&Host::default(), Path::new(&moved), &[&address], &[]);
    // carol's client knows the server, and asks nothing: it has the same key.
    let known = client(
        &workspace,
        "carol",
        &["send", &address, "--to", "bob", "again"],
        &[],
    );
    assert!(known.status.success(), "{}", printed(&known));
    let words = ["tail", &address, "alice", "carol", "--since", "2020-01-01"];
    let told = client(&workspace, "bob", &words, &["--accept-new", "--json"]);
    assert!(told.status.success(), "{}", printed(&told));
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.contains("chart.bin"), "{told}");
    let texts = |word: &str| -> Vec<usize> {
        let lines = told.lines().filter_map(|line| line.split_once(word));
        let numbers = lines.map(|(_, rest)| rest.split_once('.').expect("it is whole").0);
        numbers.map(|number| number.parse().unwrap()).collect()
    };
    assert_eq!(texts("before "), (0..50).collect::<Vec<_>>());
    let during = texts("during ");
    assert!(during.iter().copied().eq(0..during.len()), "{during:?}");
}

#[test]
fn killed_server_leaves_no_backup_that_a_restore_takes_and_makes_another_at_its_start() {
    let workspace = Workspace::new(ACCOUNTS);
    let mut server = workspace.serve();
    for name in ["one.bin", "two.bin", "three.bin"] {
        sends_file(&workspace, &server, name, 4_000_000);
    }
    server.signal("TERM");
    let directory = series(&workspace, None);
    let mut server = serve(&workspace, &directory, "5");
    let half = wait_for(&directory, false, 1).pop().unwrap();
    server.kill();
    assert!(half.exists(), "the test was too slow");
    let elsewhere = workspace.file("elsewhere");
    let restore = |backup: &Path| {
        let backup = backup.to_str().unwrap();
        workspace.run_plain(&["store", "restore", backup, "--data", &elsewhere])
    };
    for backup in [half.clone(), half.join("udpchat.redb")] {
        let (text, code) = restore(&backup);
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains("never finished"), "{text}");
    }
    assert!(!Path::new(&elsewhere).exists());
    let _server = serve(&workspace, &directory, "5");
    let whole = wait_for(&directory, true, 1);
    assert!(!half.exists());
    let (text, code) = restore(&whole[0]);
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn unchanged_files_are_copied_once_old_backups_go_and_failures_are_told() {
    let workspace = Workspace::new(ACCOUNTS);
    let server = workspace.serve();
    sends_file(&workspace, &server, "chart.bin", 300_000);
    drop(server);
    let directory = series(&workspace, None);
    let blob = |backup: &Path| {
        let mut folders = fs::read_dir(backup.join("udpchat.redb.files")).unwrap();
        let folder = folders.next().unwrap().unwrap().path();
        let mut files = fs::read_dir(folder).unwrap();
        files.next().unwrap().unwrap().path()
    };
    // The schedule goes by the newest name, so an older one makes the next due at once.
    for age_s in [300, 200] {
        let server = serve(&workspace, &directory, "2");
        let made = wait_for(&directory, true, if age_s == 300 { 1 } else { 2 });
        drop(server);
        fs::rename(made.last().unwrap(), directory.join(named(age_s))).unwrap();
    }
    let [oldest, newer] = &found(&directory, true)[..] else {
        panic!("there are two");
    };
    let inode = |backup: &Path| fs::metadata(blob(backup)).unwrap().ino();
    assert_eq!(inode(oldest), inode(newer), "it is the same file");
    // One that the disk has damaged is not passed on.
    let sound = fs::read(blob(newer)).unwrap();
    let mut damaged = sound.clone();
    damaged[200_000] ^= 1;
    fs::write(blob(newer), damaged).unwrap();
    let backup = newer.to_str().unwrap();
    let (text, code) = workspace.run(&["store", "restore", "--dry-run", backup]);
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("its content does not have its root"),
        "{text}"
    );

    let server = serve(&workspace, &directory, "2");
    let began = Instant::now();
    while oldest.exists() {
        assert!(began.elapsed() < PATIENCE);
        thread::sleep(Duration::from_millis(5));
    }
    let newest = found(&directory, true).pop().unwrap();
    assert_eq!(found(&directory, true).len(), 2);
    assert!(fs::read(blob(&newest)).unwrap() == sound);
    let name = newest.file_name().unwrap().to_str().unwrap();
    let (text, _) = workspace.run(&["status"]);
    assert!(text.contains("backups: every 1 min"), "{text}");
    let (text, _) = workspace.run(&["status", "--json"]);
    let time = format!("{}-{}-{}T", &name[8..12], &name[12..14], &name[14..16]);
    let last = format!(r#""last":"{time}"#);
    assert!(
        text.contains(r#""failure":null"#) && text.contains(&last),
        "{text}"
    );
    drop(server);

    fs::rename(&directory, workspace.path("gone")).unwrap();
    let server = serve(&workspace, &directory, "2");
    let began = Instant::now();
    let text = loop {
        let (text, _) = workspace.run(&["status"]);
        if text.contains("the last try failed: ") {
            break text;
        }
        assert!(began.elapsed() < PATIENCE, "{text}");
    };
    assert!(text.contains("make it, or mount its disk"), "{text}");
    sends_file(&workspace, &server, "more.bin", 1000);
}

#[test]
fn backups_in_the_servers_own_directory_are_refused() {
    let workspace = Workspace::new(&["alice"]);
    let inside = workspace.data().join("backups").display().to_string();
    let own = workspace.data().display().to_string();
    for directory in [&inside, &own] {
        let words = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--backup-dir",
            directory,
        ];
        let (text, code) = workspace.run(&words);
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains("the server's own directory"), "{text}");
    }
}

#[test]
fn database_that_is_there_is_replaced_only_where_that_is_said() {
    let workspace = Workspace::new(&["alice"]);
    let backup = workspace.file("backup");
    assert_eq!(workspace.run(&["store", "backup", &backup]).1, Some(0));
    workspace.add("bob");
    let (text, code) = workspace.run(&["store", "restore", &backup]);
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("--replace") && text.contains("--data DIR"),
        "{text}"
    );
    let looked = workspace.run(&["store", "restore", "--dry-run", "--json", &backup]);
    assert_eq!(looked.1, Some(0), "{}", looked.0);
    for part in [
        r#""accounts":1"#,
        r#""database_is_there":true"#,
        r#""schema":8"#,
    ] {
        assert!(looked.0.contains(part), "{}", looked.0);
    }
    assert!(
        workspace.run(&["user", "list"]).0.contains("bob"),
        "nothing has changed"
    );
    let (text, code) = workspace.run(&["store", "restore", "--replace", "--json", &backup]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("udpchat.redb.replaced."), "{text}");
    assert!(!workspace.run(&["user", "list"]).0.contains("bob"));
}
