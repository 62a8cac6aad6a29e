//! The subcommands for programs, which have no prompt.

mod bot;
mod files;
mod send;
mod tail;

use std::process::{Command, Stdio};

use crate::support::{Host, Workspace};

/// A subcommand of a user with a state directory of this name, not started yet.
fn command(
    subcommand: &str,
    workspace: &Workspace,
    (state, user): (&str, &str),
    arguments: &[&str],
) -> Command {
    let mut command = Host::default().udpchat();
    command
        .arg(subcommand)
        .args(arguments)
        .args(["--accept-new", "--user", user, "--password-file"])
        .arg(workspace.password_file(user))
        .arg("--state")
        .arg(workspace.path(state))
        .stdin(Stdio::null());
    command
}
