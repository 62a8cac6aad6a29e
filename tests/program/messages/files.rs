//! Files at the prompt: they are sent and saved, and do no harm to who saves them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use crate::support::{Host, Person, Workspace};

/// Somebody at a terminal, whose home is the workspace.
fn person(workspace: &Workspace, name: &str, server: &str, more: &[&str]) -> Person {
    let mut command = Host::default().udpchat();
    command
        .args([
            "connect",
            server,
            "--accept-new",
            "--user",
            name,
            "--password-file",
        ])
        .arg(workspace.password_file(name))
        .arg("--state")
        .arg(workspace.path(&format!("state-of-{name}")))
        .args(more)
        .env("HOME", workspace.path(""))
        .env_remove("XDG_DOWNLOAD_DIR")
        .env_remove("XDG_CONFIG_HOME");
    let mut person = Person::runs(command, name);
    person.sees(&format!("{name}> "));
    person
}

fn names(directory: PathBuf) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn file_is_sent_by_the_tab_key_and_saved_to_the_usual_folder_and_never_shown() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let address = server.address.to_string();
    let mut bob = person(&workspace, "bob", &address, &[]);
    let mut alice = person(&workspace, "alice", &address, &[]);
    let content = "\u{1b}]0;owned\u{7}\u{1b}[2Jowned";
    fs::write(workspace.path("my chart.pdf"), content).unwrap();
    fs::create_dir(workspace.path("Downloads")).unwrap();
    alice.types_without_enter("/file bob ~/my\t");
    alice.sees("my\\ chart.pdf");
    alice.types("see this");
    bob.sees("[file] my chart.pdf");
    alice.sees("received by bob");
    bob.types("/save");
    bob.sees("saved as ");
    bob.sees("Downloads/my chart.pdf");
    assert_eq!(
        fs::read_to_string(workspace.path("Downloads/my chart.pdf")).unwrap(),
        content
    );
    bob.types("/save --in alice #1 ~/");
    bob.sees("saved as ");
    bob.sees("my chart (2).pdf");
    let shown = bob.rows().concat();
    assert!(!shown.contains("owned"), "{shown}");
    bob.types("/quit");
    assert_eq!(bob.ends(), 0);
}

#[test]
fn names_of_others_lead_nowhere_and_overwrite_nothing() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let address = server.address.to_string();
    let folder = workspace.path("downloads");
    fs::create_dir(&folder).unwrap();
    fs::write(workspace.path("victim"), "keep").unwrap();
    fs::write(folder.join("bashrc"), "mine").unwrap();
    symlink(workspace.path("victim"), folder.join("rf")).unwrap();
    fs::create_dir(folder.join("_CON")).unwrap();
    let more = ["--download-dir", &*workspace.file("downloads")];
    let connect = |name, more: &[&str]| {
        let client = workspace.connect_with(&Host::default(), &address, (name, name), more);
        client.sees(1, "Greetings from the Chat Room!");
        client
    };
    let (mut alice, mut bob) = (connect("alice", &[]), connect("bob", &more));
    let hostile = [
        (".bashrc", "bashrc (2)"),
        ("-rf", "rf (2)"),
        ("CON", "_CON (2)"),
        ("..\\..\\victim", "victim"),
        ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
        ("\u{1b}]0;owned\u{7}x", "x"),
        ("...", "file"),
    ];
    let own = workspace.path("own");
    fs::create_dir(&own).unwrap();
    for (at, (name, _)) in hostile.iter().enumerate() {
        fs::write(own.join(name), name).unwrap();
        alice.types(&format!("/file bob '{}'", own.join(name).display()));
        bob.sees(at + 1, "[file] ");
        bob.types(&format!("/save --in alice #{}", at + 1));
        bob.sees(at + 1, "● saved as ");
    }
    for (name, saved) in hostile {
        let content = fs::read_to_string(folder.join(saved));
        assert_eq!(content.unwrap(), name, "{saved}");
    }
    assert_eq!(
        fs::read_to_string(workspace.path("victim")).unwrap(),
        "keep"
    );
    assert_eq!(fs::read_to_string(folder.join("bashrc")).unwrap(), "mine");
    assert_eq!(names(folder).len(), hostile.len() + 3);
    let shown = bob.lines().concat();
    assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{shown}");
    for mut client in [alice, bob] {
        client.closes_input();
        assert_eq!(client.ends(), Some(0), "{}", client.errors());
    }
}

#[test]
fn restricted_client_neither_sends_nor_saves_nor_looks_at_files() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let address = server.address.to_string();
    fs::write(workspace.path("secret-plan.pdf"), "secret").unwrap();
    let mut alice = person(&workspace, "alice", &address, &["--restricted"]);
    alice.types_without_enter("/file bob ~/secret\t");
    alice.types(".pdf");
    alice.sees("`/file` is not available here");
    alice.types("/save #1");
    alice.sees("`/save` is not available here");
    let shown = alice.rows().concat();
    assert!(!shown.contains("secret-plan"), "{shown}");
    alice.types("/quit");
    assert_eq!(alice.ends(), 0);
}
