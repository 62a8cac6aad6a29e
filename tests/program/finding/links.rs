//! Links to a server: printed, opened, and refused.

use std::fs;

use crate::support::{Host, PASSWORD, Person, Workspace, printed};

/// Runs `udpchat connect` without a terminal and without input.
fn opens(workspace: &Workspace, link: &str, state: &str) -> (String, Option<i32>) {
    let file = workspace.password_file("alice").display().to_string();
    let state = workspace.file(state);
    workspace.run_plain(&[
        "connect",
        link,
        "--state",
        &state,
        "--user",
        "alice",
        "--password-file",
        &file,
    ])
}

/// The link to a server at this address, from the operator's side.
fn link_of(workspace: &Workspace, address: &str, more: &[&str]) -> String {
    let (printed, code) = workspace.run(&[&["link", address], more].concat());
    assert_eq!(code, Some(0), "{printed}");
    printed.trim_end().to_owned()
}

#[test]
fn link_is_printed_on_both_sides_and_takes_the_place_of_the_question_about_the_key() {
    let workspace = Workspace::new(&["alice"]);
    let server = workspace.serve();
    let address = server.address.to_string();
    let link = link_of(&workspace, &address, &["--room", "bridge"]);
    let key = link.split(['=', '&']).nth(1).unwrap();
    assert!(server.first_lines[1].contains(key), "{link}");
    assert!(link.starts_with(&format!("udpchat://{address}/?key=SHA256:")));
    assert!(link.ends_with("&room=bridge"), "{link}");

    let state = workspace.file("state");
    let (printed, code) = workspace.run_plain(&["link", &address, "--state", &state]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains("is not known here") && printed.contains("--data DIR"));

    let (printed, code) = opens(&workspace, &link, "state");
    assert_eq!(code, Some(0), "{printed}");
    for told in ["has the key that the link names", "#bridge is not joined"] {
        assert!(printed.contains(told), "{printed}");
    }
    let known = fs::read_to_string(workspace.path("state/known_servers")).unwrap();
    assert_eq!(known, format!("{address} {key}\n"));
    let (printed, code) = workspace.run_plain(&["link", &address, "--state", &state]);
    assert_eq!(
        (printed.trim_end(), code),
        (&*format!("udpchat://{address}/?key={key}"), Some(0))
    );

    // Of a stopped server.
    drop(server);
    assert_eq!(link_of(&workspace, &address, &["--room", "bridge"]), link);
}

#[test]
fn link_with_another_key_is_refused_like_a_changed_key_and_replaces_none() {
    let workspace = Workspace::new(&["alice"]);
    let server = workspace.serve();
    let address = server.address.to_string();
    let link = link_of(&workspace, &address, &[]);
    let right = link.split('=').nth(1).unwrap();
    let wrong = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let forged = link.replace(right, wrong);
    // Unknown, and trusted before.
    for state in ["new", "known"] {
        if state == "known" {
            assert_eq!(opens(&workspace, &link, state).1, Some(0));
        }
        let (printed, code) = opens(&workspace, &forged, state);
        assert_eq!(code, Some(4), "{printed}");
        for part in ["than the link says", right, wrong] {
            assert!(printed.contains(part), "{printed}");
        }
    }
    // The server has the link's key, but another one is on file.
    let file = workspace.path("known/known_servers");
    let before = format!("{address} {wrong}\n");
    fs::write(&file, &before).unwrap();
    let (printed, code) = opens(&workspace, &link, "known");
    assert_eq!(code, Some(4), "{printed}");
    assert!(printed.contains("has changed") && printed.contains("known_servers line 1"));
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
    assert!(!workspace.path("new/known_servers").exists());
}

#[test]
fn link_with_anything_unknown_in_it_is_refused_before_anything_is_sent() {
    let workspace = Workspace::new(&[]);
    for (link, why) in [
        (
            "udpchat://-oProxyCommand=x/",
            "neither an address nor a host name",
        ),
        ("udpchat://erin@127.0.0.1/", "names no user"),
        ("udpchat://127.0.0.1/?run=ls", "unknown in a link"),
        ("udpchat://127.0.0.1/?room=a%1b[2J", "control characters"),
        ("udpchat://127.0.0.1/?room=a&room=b", "once"),
        ("http://127.0.0.1/", "without \"http://\""),
    ] {
        let (printed, code) = workspace.run_plain(&["connect", link]);
        assert_eq!(code, Some(2), "{link}: {printed}");
        assert!(printed.contains(why), "{link}: {printed}");
    }
}

#[test]
fn room_of_a_link_is_asked_about_at_the_terminal() {
    let workspace = Workspace::new(&["alice", "bob"]);
    let server = workspace.serve();
    let mut bob = workspace.sign_in(server.address, "bob");
    bob.types("/join #bridge");
    bob.sees(1, "#bridge");
    let link = link_of(
        &workspace,
        &server.address.to_string(),
        &["--room", "bridge"],
    );
    let mut alice = Person::connect(&Host::default(), "alice", &link, &[]);
    alice.sees("has the key that the link names");
    alice.types("/login");
    alice.sees("username: ");
    alice.types("alice");
    alice.sees("password: ");
    alice.types(PASSWORD);
    alice.sees("join #bridge, as the link asks? [y/N] ");
    alice.types("y");
    alice.sees("in #bridge: what you type goes here");
    alice.types("ahoy");
    bob.sees(1, "ahoy");
    alice.types("/quit");
    assert_eq!(alice.ends(), 0);
}

/// Root's commands find the server that a package has installed; these looked in root's own directories.
#[test]
fn link_and_settings_of_an_installed_server_are_found_by_root() {
    let workspace = Workspace::new(&["alice"]);
    let script = "mount -t tmpfs none /etc || exit 99; mkdir /etc/udpchat; \
                  printf 'data = \"%s\"\\nregistration = \"closed\"\\n' \"$DATA\" >/etc/udpchat/server.toml; \
                  \"$UDPCHAT\" key show; \"$UDPCHAT\" link chat.example; \"$UDPCHAT\" config check server; \
                  \"$UDPCHAT\" config show server; \"$UDPCHAT\" config init server; echo \"exit $?\"";
    let udpchat = Host::default().udpchat();
    let output = Host::default()
        .command("unshare")
        .args(["--mount", "--map-root-user", "sh", "-c", script])
        .env("UDPCHAT", udpchat.get_program())
        .env("DATA", workspace.data())
        .env("HOME", workspace.path("home"))
        .output()
        .unwrap();
    if output.status.code() == Some(99) {
        return;
    }
    let text = printed(&output);
    let key = text.lines().find(|line| line.contains("SHA256:"));
    let key = key.and_then(|line| {
        line.split_whitespace()
            .find(|word| word.starts_with("SHA256:"))
    });
    let link = format!("udpchat://chat.example:7777/?key={}", key.unwrap_or(&text));
    for part in [
        &link,
        "/etc/udpchat/server.toml: nothing is wrong",
        "# udpchat serve: /etc/udpchat/server.toml\n",
        "registration = \"closed\"",
        "/etc/udpchat/server.toml exists",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}
