//! The examples of the manual pages, run as they stand there, with a server of the test's in the place of theirs.

use std::path::Path;

use crate::support::{Host, Workspace, printed};

/// The commands of the section EXAMPLES of a page.
fn examples(page: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("man").join(page);
    let text = std::fs::read_to_string(path).expect("a page");
    let (_, section) = text.split_once("\n.SH EXAMPLES\n").expect("examples");
    let section = section.split("\n.SH ").next().unwrap_or_default();
    let plain = section.replace("\\-", "-").replace("\\&", "");
    let commands = plain.lines().filter(|line| line.starts_with("udpchat "));
    commands.map(str::to_owned).collect()
}

#[test]
fn examples_of_the_manual_do_what_they_say() {
    let workspace = Workspace::new(&["erin"]);
    let server = workspace.serve();
    let address = server.address.to_string();
    // The server is known to erin, who has signed in here before.
    let device = workspace.sign_in(server.address, "erin");
    drop(device);
    let mut count = 0;
    for page in ["udpchat-link.1", "udpchat-discover.1", "udpchat-doctor.1"] {
        for example in examples(page) {
            let line = example
                .replace("chat.example", &address)
                .replace("~/.local/share/udpchat", &workspace.file("data"));
            let mut command = Host::default().udpchat();
            command.args(line.split_whitespace().skip(1));
            command.env("UDPCHAT_STATE", workspace.path("state-of-erin"));
            let output = command.output().expect("it runs");
            assert!(output.status.success(), "{example}: {}", printed(&output));
            count += 1;
        }
    }
    assert_eq!(count, 7, "each page has its examples");
}
