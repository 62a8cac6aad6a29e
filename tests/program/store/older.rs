//! A server of the version before, whose files the program finds: they are copied and brought forward, also what only its
//! journal has, and whatever only looks at them leaves them as they are.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::older::{self, End};
use crate::support::{Host, PATIENCE, Script, Server, Workspace};

const JOURNAL: &str = "udpchat.redb.journal";

/// Shorter than a new one may be.
const PASSWORD: &str = "swordfish";

/// What a server of schema 6 has left.
fn left(end: End) -> Workspace {
    let workspace = Workspace::new(&[]);
    for (path, bytes) in older::files(end) {
        let path = workspace.path(&path);
        let directory = path.parent().unwrap();
        fs::create_dir_all(directory).unwrap();
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(directory, Permissions::from_mode(0o700)).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    }
    for name in ["alice", "bob", "carol"] {
        let file = workspace.password_file(name);
        fs::write(&file, format!("{PASSWORD}\n")).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    }
    workspace
}

/// The files of a server's directory, by their names.
fn files(workspace: &Workspace) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(workspace.data()).unwrap();
    let files = entries.filter_map(|entry| {
        let entry = entry.unwrap();
        let bytes = fs::read(entry.path()).ok()?;
        Some((entry.file_name().into_string().unwrap(), bytes))
    });
    files.collect()
}

/// The one file whose name begins and ends so.
fn named(workspace: &Workspace, start: &str, end: &str) -> Option<Vec<u8>> {
    let files = files(workspace).into_iter();
    let mut named = files.filter(|(name, _)| name.starts_with(start) && name.ends_with(end));
    let found = named.next().map(|file| file.1);
    assert!(named.next().is_none(), "there is one");
    found
}

/// Has a client show something: lines that begin and end with these texts, one behind the other.
#[track_caller]
fn shows(script: &mut Script, line: &str, texts: &[(&str, &str)]) {
    let is_it = |(line, (start, end)): (&String, &(&str, &str))| {
        line.starts_with(start) && line.ends_with(end)
    };
    script.types(line);
    let start = Instant::now();
    let is_shown = |lines: &[String]| lines.iter().zip(texts).all(is_it);
    while !script.lines().windows(texts.len()).any(is_shown) {
        let lines = script.lines();
        assert!(start.elapsed() < PATIENCE, "{lines:#?} lack {texts:#?}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// The same where only the ends are known.
#[track_caller]
fn shows_ends(script: &mut Script, line: &str, texts: &[&str]) {
    let texts: Vec<_> = texts.iter().map(|end| ("", *end)).collect();
    shows(script, line, &texts);
}

/// A client comes to its end, and the server knows.
fn leaves(mut script: Script) {
    script.closes_input();
    assert_eq!(script.ends(), Some(0), "{}", script.errors());
}

/// All that stood in the database of schema 6 is there.
fn holds_everything(workspace: &Workspace, server: &Server) {
    let server = server.address.to_string();
    dave_signs_in_by_ticket(workspace, &server);
    bob_reads_everything_on_a_new_device(workspace, &server);
    alice_goes_on_where_her_device_was(workspace, &server);
    let mut carol = signs_in(workspace, &server, "carol", "carol again");
    carol.types("message #bridge let me in");
    carol.sees(1, "`/join #bridge` first");
}

fn signs_in(workspace: &Workspace, server: &str, name: &str, device: &str) -> Script {
    let script = workspace.connect(&Host::default(), server, name, device);
    script.sees(1, "Greetings");
    script
}

fn dave_signs_in_by_ticket(workspace: &Workspace, server: &str) {
    let state = workspace.path("state-of-dave");
    let mut dave = Script::connect(&Host::default(), "dave", server, &state, &[]);
    dave.sees(1, "carol: see you next week");
    dave.sees(1, "alice invites you to #cabin");
    dave.types("rooms");
    dave.sees(1, "#cabin   2 members, private");
    leaves(dave);
}

fn bob_reads_everything_on_a_new_device(workspace: &Workspace, server: &str) {
    let mut bob = signs_in(workspace, server, "bob", "bob again");
    shows_ends(
        &mut bob,
        "history alice 20",
        &[
            "alice: tea at four?",
            "(you): four it is",
            "alice invites you to #cabin  (`/join #cabin`)",
            "alice: the kettle is on",
            "(you): on my way",
            "alice: from the second device",
        ],
    );
    shows_ends(
        &mut bob,
        "history carol 20",
        &["carol: before the block", "carol: after the block"],
    );
    shows_ends(
        &mut bob,
        "history #bridge 20",
        &[
            "you joined #bridge",
            "carol joined #bridge",
            "alice set the topic of #bridge: the watch list",
            "you are moderator of #bridge now, by alice",
            "alice: first on the bridge",
            "you kicked carol from #bridge: off watch",
            "erin joined #bridge",
            "erin: erin reports",
            "alice set the topic of #bridge: a new watch list",
            "erin left #bridge",
        ],
    );
    let notices = [6, 7, 8, 9, 10].map(|number| format!(": notice {number}"));
    shows_ends(
        &mut bob,
        "history everyone 20",
        &notices.each_ref().map(|text| &**text),
    );
    bob.sees(1, "older messages have expired");
    shows(
        &mut bob,
        "members #bridge",
        &[("alice  owner", ""), ("bob    moderator", "(you)")],
    );
    leaves(bob);
}

fn alice_goes_on_where_her_device_was(workspace: &Workspace, server: &str) {
    let mut alice = signs_in(workspace, server, "alice", "alice");
    alice.types("message bob once more");
    alice.sees(1, "stored; bob is offline");
    shows_ends(
        &mut alice,
        "history bob 20",
        &["(you): from the second device", "(you): once more"],
    );
    shows(&mut alice, "block", &[("erin", "")]);
    shows_ends(&mut alice, "rooms", &["#deck    1 member, owner, private"]);
    for notice in ["was restored from a backup", "log has changed"] {
        assert!(!alice.errors().contains(notice), "{}", alice.errors());
    }
    leaves(alice);
}

/// What commands that need no server say of it.
fn shows_everything(workspace: &Workspace, end: End) {
    let (text, code) = workspace.run(&["store", "check"]);
    // The journal has noted when three accounts were last seen, which is kept in rows of their own by now.
    let rows = match end {
        End::Stopped => 157,
        End::Killed => 160,
    };
    let told = format!("nothing is wrong: {rows} rows");
    assert!(text.starts_with(&told), "{text}");
    assert_eq!(code, Some(0));
    let (text, _) = workspace.run(&["user", "list"]);
    assert_eq!(text.lines().count(), 5, "{text}");
    let listed = "everyone  5 messages\n#bridge  30 days\n".to_owned();
    assert_eq!(workspace.run(&["store", "retain"]), (listed, Some(0)));
}

#[test]
fn database_of_the_version_before_is_copied_and_brought_forward_with_its_journal() {
    // The server had to be stopped in order by the program that was replaced.
    for end in [End::Stopped, End::Killed] {
        let workspace = left(end);
        let mut server = workspace.serve();
        let copy = ("udpchat.redb.schema-6.", ".journal");
        let journal = older::file(end, JOURNAL);
        assert_eq!(named(&workspace, copy.0, copy.1), Some(journal), "{end:?}");
        assert_eq!(named(&workspace, JOURNAL, ""), None, "{end:?}");
        holds_everything(&workspace, &server);
        let status = workspace.run(&["status", "--json"]).0;
        assert!(status.contains("\"lost\":null"), "{status}");
        assert_eq!(server.signal("TERM").code(), Some(0));
        let (text, code) = workspace.run(&["store", "check"]);
        assert_eq!(code, Some(0), "{text}");
        let backup = workspace.file("backup");
        assert_eq!(workspace.run(&["store", "backup", &backup]).1, Some(0));
        // It is done once, and what came since is there.
        let before = files(&workspace).len();
        let mut server = workspace.serve();
        assert_eq!(files(&workspace).len(), before, "{end:?}");
        server.kill();
        let (text, code) = workspace.run(&["store", "check"]);
        assert_eq!(code, Some(0), "{text}");
    }
}

#[test]
fn journal_that_a_kill_left_behind_is_removed_and_no_other() {
    let workspace = left(End::Killed);
    workspace.serve().signal("TERM");
    let journal = workspace.data().join(JOURNAL);
    let copy = files(&workspace).into_keys();
    let copy = copy.into_iter().find(|name| name.ends_with(".journal"));
    // The start was killed before it had removed it.
    fs::hard_link(workspace.data().join(copy.unwrap()), &journal).unwrap();
    workspace.serve().signal("TERM");
    assert!(!journal.exists());
    fs::write(&journal, "an operator's").unwrap();
    workspace.serve().signal("TERM");
    assert_eq!(fs::read(&journal).unwrap(), b"an operator's");
    let (text, code) = workspace.run(&["store", "check"]);
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn whatever_only_looks_at_a_database_of_the_version_before_leaves_it_as_it_is() {
    for end in [End::Stopped, End::Killed] {
        let workspace = left(end);
        let before = files(&workspace);
        shows_everything(&workspace, end);
        let copies = ["backup", "rescued"].map(|name| workspace.file(name));
        assert_eq!(workspace.run(&["store", "backup", &copies[0]]).1, Some(0));
        let (text, _) = workspace.run(&["store", "rescue", &copies[1]]);
        assert!(text.contains("nothing was lost"), "{text}");
        let (text, _) = workspace.run(&["status"]);
        assert!(text.contains("no server is running"), "{text}");
        assert!(files(&workspace) == before, "{end:?}: it wrote");
        // What was copied is all of it, and so is the file itself with its journal.
        let database = workspace.database().display().to_string();
        for copy in [&copies[0], &copies[1], &database] {
            let elsewhere = workspace.file("elsewhere");
            let restored = ["store", "restore", copy, "--data", &elsewhere];
            let (text, code) = workspace.run_plain(&restored);
            assert_eq!(code, Some(0), "{text}");
            let (text, code) = workspace.run_plain(&["store", "check", "--data", &elsewhere]);
            assert!(text.contains("34 of them entries"), "{copy}: {text}");
            assert_eq!(code, Some(0), "{text}");
            fs::remove_dir_all(elsewhere).unwrap();
        }
        assert!(files(&workspace) == before, "{end:?}: it wrote");
    }
}

#[test]
fn lost_journal_of_the_version_before_is_named_and_its_copy_can_be_brought_forward_later() {
    let workspace = left(End::Killed);
    let journal = workspace.data().join(JOURNAL);
    let elsewhere = workspace.path("journal");
    fs::rename(&journal, &elsewhere).unwrap();
    let (text, code) = workspace.run(&["store", "check"]);
    assert_eq!(code, Some(1));
    assert!(
        text.contains("the message log is missing or empty"),
        "{text}"
    );
    let log = workspace.file("log");
    let mut server = workspace.serve_with(&["--log", &log]);
    let lost = "the message log is missing or empty: stored messages are lost";
    assert!(fs::read_to_string(&log).unwrap().contains(lost));
    let (text, _) = workspace.run(&["status"]);
    let lost = "lost before the start: the message log is missing or empty";
    assert!(text.contains(lost), "{text}");
    assert!(!workspace.run(&["user", "list"]).0.contains("erin"));
    server.signal("TERM");
    assert_eq!(workspace.run(&["store", "check"]).1, Some(0));

    // What the copy is for.
    let copy = files(&workspace).into_keys();
    let copy = copy.into_iter().find(|name| name.contains(".schema-6."));
    let copy = workspace.data().join(copy.unwrap()).display().to_string();
    fs::rename(&elsewhere, format!("{copy}.journal")).unwrap();
    let (text, code) = workspace.run(&["store", "restore", &copy, "--replace"]);
    assert_eq!(code, Some(0), "{text}");
    shows_everything(&workspace, End::Killed);
}

#[test]
fn database_of_the_version_before_that_is_replaced_keeps_its_journal() {
    let workspace = left(End::Killed);
    let backup = workspace.file("backup");
    assert_eq!(workspace.run(&["store", "backup", &backup]).1, Some(0));
    let (text, code) = workspace.run(&["store", "restore", &backup, "--replace"]);
    assert_eq!(code, Some(0), "{text}");
    let journal = older::file(End::Killed, JOURNAL);
    let kept = named(&workspace, "udpchat.redb.replaced.", ".journal");
    assert_eq!(kept, Some(journal));
    assert_eq!(named(&workspace, JOURNAL, ""), None);
    // Where only the journal is left, nobody begins with an empty database.
    let workspace = left(End::Killed);
    for name in ["udpchat.redb", "udpchat.generation"] {
        fs::remove_file(workspace.data().join(name)).unwrap();
    }
    let (text, code) = workspace.run(&["user", "list"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains(JOURNAL), "{text}");
}

#[test]
fn damaged_page_of_the_version_before_ends_in_one_clear_sentence() {
    const PAGE_BYTES: usize = 4096;
    let workspace = left(End::Killed);
    let whole = fs::read(workspace.database()).unwrap();
    let copy = workspace.file("copy");
    let mut told = [0; 3];
    for start in (0..whole.len()).step_by(PAGE_BYTES) {
        if whole[start..start + PAGE_BYTES]
            .iter()
            .all(|byte| *byte == 0)
        {
            continue;
        }
        let mut damaged = whole.clone();
        for byte in &mut damaged[start + 64..start + 128] {
            *byte = !*byte;
        }
        fs::write(workspace.database(), &damaged).unwrap();
        let commands: [&[&str]; 3] = [
            &["store", "check"],
            &["store", "rescue", &copy, "--force"],
            &["user", "list"],
        ];
        for command in commands {
            let (text, code) = workspace.run(command);
            assert!(!text.contains("panicked"), "{command:?} {start}: {text}");
            assert!(matches!(code, Some(0 | 1)), "{command:?} {code:?}: {text}");
            told[0] += usize::from(text.contains("with the udpchat that wrote it"));
            told[1] += usize::from(text.contains("redb cannot continue"));
            told[2] += usize::from(code == Some(0));
            assert!(
                fs::read(workspace.database()).unwrap() == damaged,
                "it wrote"
            );
        }
    }
    assert!(told[0] > 0 && told[2] > 0, "{told:?}");
}
