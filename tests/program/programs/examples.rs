//! Runs the examples of a manual page as they stand there.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::{Host, Server, Workspace, printed};

/// Runs them one after the other as alice, with this server in the place of the one that they name, in a home directory with
/// what is put there. None may fail, or say anything on standard error. Returns the home directory.
pub fn run(
    workspace: &Workspace,
    server: &Server,
    page: &str,
    furnish: impl FnOnce(&Path),
) -> PathBuf {
    let address = server.address.to_string();
    let config = workspace.path("config.toml");
    let text = format!(
        "host = \"{address}\"\nuser = \"alice\"\npassword-file = \"{}\"\naccept-new = true\nstate = \"{}\"\n",
        workspace.password_file("alice").display(),
        workspace.file("examples"),
    );
    std::fs::write(&config, text).unwrap();
    let home = workspace.path("home");
    std::fs::create_dir(&home).unwrap();
    furnish(&home);
    let program = Host::default().udpchat().get_program().to_owned();
    let bin = workspace.path("bin");
    std::fs::create_dir(&bin).unwrap();
    symlink(&program, bin.join("udpchat")).unwrap();
    let examples = of(page);
    assert!(examples.len() >= 4, "{examples:?}");
    for example in examples {
        let line = example.replace("chat.example", &address);
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        if line.contains("jq") && !has_jq() {
            continue;
        }
        let output = Command::new("sh")
            .args(["-c", &format!("set -e; {line}")])
            .current_dir(&home)
            .env("PATH", path)
            .env("HOME", &home)
            .env("UDPCHAT_CONFIG", &config)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{line}: {}",
            printed(&output)
        );
    }
    home
}

/// The lines of a page's examples.
fn of(page: &str) -> Vec<String> {
    let manual = format!("{}/man/{page}", env!("CARGO_MANIFEST_DIR"));
    let manual = std::fs::read_to_string(manual).unwrap();
    let section = manual.split(".SH EXAMPLES\n").nth(1);
    let section = section.expect("there are examples").split(".SH ").next();
    let text = section.unwrap_or_default();
    let text = text.replace("\\-", "-").replace("\\*(Aq", "'");
    let lines = text.split(".br\n");
    lines.map(|line| line.trim().replace('\n', " ")).collect()
}

fn has_jq() -> bool {
    let jq = Command::new("jq").arg("--version").output();
    jq.is_ok_and(|output| output.status.success())
}
