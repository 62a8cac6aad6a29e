//! The examples of all manual pages, run as they stand there by a user whose server this is, with a server of the test's in
//! the place of the one that they name.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::{Host, PASSWORD, Script, Server, Workspace, printed, wait};

/// Those who have an account before the first example.
const USERS: [&str; 5] = ["alice", "bob", "cron", "erin", "mallory"];

/// Pages whose commands tell people what they do, on standard error.
const TALKING: [&str; 5] = [
    "udpchat-bench.1",
    "udpchat-connect.1",
    "udpchat-discover.1",
    "udpchat-invite.1",
    "udpchat-user.1",
];

/// What the examples find: a home directory, a server with its users and a room.
struct World {
    workspace: Workspace,
    server: Server,
    /// bob, who is there all the time and owns #ops.
    bob: Script,
    path: String,
}

impl World {
    fn new() -> Self {
        let workspace = Workspace::new(&USERS);
        let server = workspace.serve();
        let bob = workspace.sign_in(server.address, "bob");
        let home = workspace.path("home");
        fs::create_dir(&home).expect("a directory");
        for name in ["dave", "carol"] {
            fs::write(home.join(format!("{name}.password")), PASSWORD).expect("a file");
            make_private(&home.join(format!("{name}.password")));
        }
        fs::copy(workspace.password_file("cron"), home.join(".chat-password")).expect("a file");
        make_private(&home.join(".chat-password"));
        fs::write(home.join("chart.pdf"), "a chart").expect("a file");
        let bin = workspace.path("bin");
        fs::create_dir(&bin).expect("a directory");
        let program = Host::default().udpchat().get_program().to_owned();
        symlink(program, bin.join("udpchat")).expect("a link");
        let path = std::env::var("PATH").expect("there is one");
        let path = format!("{}:{path}", bin.display());
        let mut world = Self {
            workspace,
            server,
            bob,
            path,
        };
        world.bob.types("join #ops");
        world.bob.sees(1, "#ops");
        for name in ["alice", "cron"] {
            let mut member = world.workspace.sign_in(world.server.address, name);
            member.types("join #ops");
            member.sees(1, "#ops");
            member.closes_input();
            assert_eq!(member.ends(), Some(0), "{}", member.errors());
        }
        world
    }

    fn home(&self) -> PathBuf {
        self.workspace.path("home")
    }

    /// The client's settings: alice, on the device that she signed in with before, unless the page is of another.
    fn settings(&self, page: &str) -> PathBuf {
        let user = if page == "udpchat-doctor.1" {
            "erin"
        } else {
            "alice"
        };
        let config = self.workspace.path("config.toml");
        let text = format!(
            "host = \"{}\"\nuser = \"{user}\"\npassword-file = \"{}\"\naccept-new = true\n",
            self.server.address,
            self.workspace.password_file(user).display(),
        );
        fs::write(&config, text).expect("a file");
        config
    }

    fn shell(&self, page: &str, line: &str) -> Command {
        let mut command = Command::new("bash");
        command
            .args(["-c", &format!("set -e -o pipefail; {line}")])
            .current_dir(self.home())
            .env("PATH", &self.path)
            .env("HOME", self.home())
            .env("UDPCHAT_CONFIG", self.settings(page))
            .env("UDPCHAT_DATA", self.workspace.data())
            .stdin(Stdio::null());
        command
    }

    fn run(&mut self, page: &str, example: &str) {
        let line = example
            .replace("chat.example", &self.server.address.to_string())
            .replace("~/.local/share/udpchat", &self.workspace.file("data"));
        if line.starts_with("udpchat serve") {
            return self.serve(page, &line);
        }
        if line.contains("--watch") {
            return self.watch(page, &line);
        }
        let output = self.shell(page, &line).output().expect("bash is there");
        let is_silent = output.stderr.is_empty() || TALKING.contains(&page);
        let what = format!("{page}: {line}: {:?}: {}", output.status, printed(&output));
        assert!(output.status.success() && is_silent, "{what}");
        if line.starts_with("udpchat stop") {
            self.server.wait();
            self.server.restart();
        }
    }

    /// What goes on until it is interrupted.
    fn watch(&self, page: &str, line: &str) {
        let shell = self.shell(page, &format!("timeout --signal INT 3 {line}"));
        let output = { shell }.output().expect("bash is there");
        let what = format!("{page}: {line}: {}", printed(&output));
        assert!(!output.stdout.is_empty(), "{what}");
        // 0 where its reader has had enough.
        assert!(matches!(output.status.code(), Some(0 | 124)), "{what}");
    }

    /// A server that listens, and stops in order.
    fn serve(&self, page: &str, line: &str) {
        let line = line.replace(":7778", ":0");
        let any_port = if line.contains("--listen") {
            ""
        } else {
            " --listen 127.0.0.1:0"
        };
        let mut command = self.shell(page, &format!("exec {line}{any_port}"));
        let command = command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("bash is there");
        let output = child.stdout.take().expect("a pipe");
        let mut lines = BufReader::new(output).lines();
        let first = lines.next().expect("a line").expect("it is text");
        assert!(first.contains("listening on"), "{line}: {first}");
        let pid = child.id().to_string();
        let sent = Command::new("kill").args(["-s", "TERM", &pid]).status();
        assert!(sent.is_ok_and(|status| status.success()));
        assert_eq!(wait(&mut child).code(), Some(0), "{line}");
    }
}

fn make_private(file: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).expect("it is ours");
}

/// The pages of the commands, each with its examples: of its section every line but those that say what follows.
fn pages() -> Vec<(String, Vec<String>)> {
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("man");
    let entries = fs::read_dir(manual).expect("the pages");
    let mut pages: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|it| it == "1"))
        .map(|path| {
            let text = fs::read_to_string(&path).expect("text");
            let name = path.file_name().expect("a name");
            (name.to_string_lossy().into_owned(), examples(&text))
        })
        .collect();
    pages.sort();
    pages
}

fn examples(page: &str) -> Vec<String> {
    let section = page.split(".SH EXAMPLES\n").nth(1).unwrap_or_default();
    let text = section.split(".SH ").next().unwrap_or_default();
    let text = text.replace("\\-", "-").replace("\\*(Aq", "'");
    let text = text.replace("\\&", "");
    text.split(".br\n")
        .map(|line| line.trim().replace('\n', " "))
        .filter(|line| !line.ends_with(':') && !line.is_empty())
        .collect()
}

#[test]
fn examples_of_every_page_run() {
    let mut world = World::new();
    for (page, examples) in pages() {
        assert!(!examples.is_empty(), "{page} has no examples");
        // Each page finds mallory signed in, whatever the one before has done to them.
        let mallory = world.workspace.sign_in(world.server.address, "mallory");
        for example in examples {
            world.run(&page, &example);
        }
        drop(mallory);
    }
    for said in [
        "cron: disk sda1 is full",
        "alice: the backup is done",
        "alice: [file] chart.pdf, 7 bytes, PDF: the new chart",
        "alice: are you there?",
        "alice: tea?",
    ] {
        world.bob.sees(1, said);
    }
    let file = world.home().join("said.jsonl");
    let read = fs::read_to_string(file).expect("the pages of tail write it");
    assert!(read.contains("disk sda1 is full"), "{read}");
}
