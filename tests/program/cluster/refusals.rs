//! What is refused at a server's start, and with which words.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use super::engine::{Engine, free_port};
use super::nodes::Node;
use crate::support::{Host, PATIENCE, Workspace, wait};

/// Starts a server that is to end by itself: what it has said, and its exit code.
fn refused(arguments: &[&str]) -> (String, Option<i32>) {
    let mut command: Command = Host::default().udpchat();
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| wait(&mut child)));
    // One that has started is not left.
    let _ = child.kill();
    let status = ended.unwrap_or_else(|_| panic!("it was not refused: {arguments:?}"));
    let output = child.wait_with_output().expect("it has ended");
    (
        String::from_utf8_lossy(&output.stderr).into_owned(),
        status.code(),
    )
}

#[track_caller]
fn is_refused(arguments: &[&str], exit_code: i32, words: &[&str]) {
    let (text, code) = refused(arguments);
    assert_eq!(code, Some(exit_code), "{text}");
    for words in words {
        assert!(text.contains(words), "{words:?} is not in:\n{text}");
    }
}

#[test]
fn options_of_a_cluster_that_do_not_fit_are_refused() {
    let workspace = Workspace::new(&[]);
    let data = workspace.file("data");
    let serve = |more: &[&'static str]| {
        let mut words = vec!["serve", "--listen", "127.0.0.1:0"];
        words.extend(more);
        words.push("--data");
        words
    };
    let cases: [(&[&str], &[&str]); 4] = [
        (
            &["--node", "one"],
            &["--node is without --cluster", "--cluster nats://HOST:4222"],
        ),
        (
            &["--cluster", "nats://127.0.0.1:1"],
            &["--cluster is without --node", "--node one"],
        ),
        (
            &["--cluster", "nats://127.0.0.1:1", "--node", "Node One"],
            &[
                "'Node One'",
                "--node",
                "expected lower-case letters, digits and -",
            ],
        ),
        (
            &[
                "--cluster",
                "nats://127.0.0.1:1",
                "--node",
                "one",
                "--cluster-name",
                "a.b",
            ],
            &[
                "'a.b'",
                "--cluster-name",
                "expected lower-case letters, digits and -",
            ],
        ),
    ];
    for (arguments, words) in cases {
        let mut arguments = serve(arguments);
        arguments.push(&data);
        is_refused(&arguments, 2, words);
    }
    assert!(!workspace.database().exists(), "nothing was made");
}

#[test]
fn log_that_is_not_there_is_refused() {
    let workspace = Workspace::new(&[]);
    let (data, url) = (
        workspace.file("data"),
        format!("nats://127.0.0.1:{}", free_port()),
    );
    let arguments = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data",
        &data,
        "--cluster",
        &url,
        "--node",
        "one",
    ];
    is_refused(
        &arguments,
        1,
        &[
            "cannot join cluster chat",
            &format!("cannot connect to {url}"),
        ],
    );
}

#[test]
fn database_that_is_not_of_the_cluster_is_refused_and_one_of_a_cluster_serves_nowhere_else() {
    let Some(engine) = Engine::start(1) else {
        return;
    };
    let urls = engine.urls();
    let workspace = Workspace::new(&[]);
    let directory = |name: &str| workspace.file(name);
    let found = |name: &str| {
        let seat = ("one", Host::default(), format!("127.0.0.1:{}", free_port()));
        let more = ["--cluster-replicas", "1", "--cluster-name", name];
        let mut node = Node::begin(seat, workspace.path(name), &urls, &more);
        node.is_up_within(PATIENCE);
        node.stops();
    };
    found("chat");
    found("ship");
    let refused = |data: &str, more: &[&str], words: &[&str]| {
        let data = directory(data);
        let serve = ["serve", "--listen", "127.0.0.1:0", "--data", &data];
        is_refused(&[&serve, more].concat(), 1, words);
    };
    let one_copy = [
        "--cluster",
        &urls,
        "--node",
        "two",
        "--cluster-replicas",
        "1",
    ];
    let of = |name: &'static str| [&one_copy[..], &["--cluster-name", name]].concat();
    let seed = "start with a backup of the database of a server of the cluster";
    let none_of_it = "cluster chat exists, and this database is not of it";
    refused("new", &of("chat"), &[none_of_it, seed]);
    refused(
        "ship",
        &of("chat"),
        &["this database is of another cluster than chat", seed],
    );
    let gone = "there is no log of cluster lost, and this database has applied ";
    refused(
        "ship",
        &of("lost"),
        &[gone, "--cluster-name names another one"],
    );
    let three_copies = ["--cluster", &urls, "--node", "two"];
    let copies = "the stream `udpchat-chat` has 1 copies, and 3 (--cluster-replicas) is needed";
    refused("chat", &three_copies, &["cannot join cluster chat", copies]);

    let of_a_cluster = format!(
        "the database in {} is of a cluster: start its server with --cluster and --node",
        directory("chat")
    );
    refused("chat", &[], &[&of_a_cluster]);
    let password = directory("password");
    std::fs::write(&password, "swordfish in tea\n").expect("a file");
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(&password, private).expect("it is ours");
    let chat = directory("chat");
    let add = [
        "user",
        "add",
        "zoe",
        "--password-file",
        &password,
        "--data",
        &chat,
    ];
    is_refused(&add, 1, &[&of_a_cluster]);
}
