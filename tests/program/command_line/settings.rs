//! Settings from options, the environment and files.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::support::{Host, printed};

/// A home directory with files of settings.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn client_file(&self) -> PathBuf {
        self.0.path().join(".config/udpchat/config.toml")
    }

    fn server_file(&self) -> PathBuf {
        self.0.path().join(".local/share/udpchat/server.toml")
    }

    fn write(path: &PathBuf, text: &str) {
        let mut directory = fs::DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(&mut directory, 0o700);
        directory
            .recursive(true)
            .create(path.parent().unwrap())
            .unwrap();
        fs::write(path, text).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Host::default().udpchat();
        command.env("HOME", self.0.path()).args(arguments);
        for name in ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
            command.env_remove(name);
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> (String, i32) {
        outcome(&self.command(arguments).output().unwrap())
    }
}

fn outcome(output: &Output) -> (String, i32) {
    (printed(output), output.status.code().unwrap())
}

#[test]
fn files_that_init_writes_are_right_and_stay_without_force() {
    let home = Home::new();
    for (side, path) in [
        ("client", home.client_file()),
        ("server", home.server_file()),
    ] {
        assert_eq!(
            home.run(&["config", "init", side]),
            (format!("wrote {}\n", path.display()), 0)
        );
        fs::write(&path, "# mine\n").unwrap();
        let (said, code) = home.run(&["config", "init", side]);
        assert!(
            said.contains("exists") && said.contains("--force"),
            "{said}"
        );
        assert_eq!(
            (code, fs::read_to_string(&path).unwrap()),
            (1, "# mine\n".into())
        );
        assert_eq!(home.run(&["config", "init", side, "--force"]).1, 0);
        assert!(fs::read_to_string(&path).unwrap().contains("\n#log = "));
    }
    // What only all addresses together show.
    let other = home.0.path().join("other.toml");
    Home::write(&other, "listen = ['127.0.0.1:1', '0.0.0.0:2']\n");
    let (said, code) = home.run(&["config", "check", "--config", other.to_str().unwrap()]);
    assert!(said.contains("cannot listen on both"), "{said}");
    assert_eq!(code, 2);
    let (said, code) = home.run(&["config", "check"]);
    assert_eq!(
        (said.matches("nothing is wrong").count(), code),
        (2, 0),
        "{said}"
    );
}

#[test]
fn mistakes_are_all_named_with_line_and_column_wherever_the_file_is_read() {
    let home = Home::new();
    Home::write(
        &home.client_file(),
        "\u{feff}usr = \"erin\"\nverbose = \"2\"\n[profiles.ship]\nlog = 5\n",
    );
    for arguments in [
        &["config", "check"][..],
        &["config", "show", "client"],
        &["connect", "127.0.0.1:9"],
    ] {
        let (said, code) = home.run(arguments);
        assert_eq!(code, 2, "{said}");
        for wrong in [
            "config.toml:1:1: unknown key \"usr\"; did you mean \"user\"?",
            "config.toml:2:11: verbose: expected a whole number, found a text",
            "config.toml:4:7: log: expected a path in quotation marks, found a number",
        ] {
            assert!(said.contains(wrong), "{said}");
        }
    }
    for (text, wrong) in [
        (
            "registration = \"maybe\"\n",
            "server.toml:1:16: registration: expected open or closed, found \"maybe\"",
        ),
        ("rooms = open\n", "server.toml:1:9: "),
        (
            "\nkeep-days = -1\n",
            "server.toml:2:13: keep-days: expected a whole number, found \"-1\"",
        ),
        (
            "rooms = \"open\"\nrooms = \"open\"\n",
            "server.toml:2:1: duplicate key",
        ),
        ("data = \"/tmp\"\n", "server.toml:1:1: data cannot be set"),
        ("config = \"x\"\n", "server.toml:1:1: config cannot be set"),
    ] {
        Home::write(&home.server_file(), text);
        let (said, code) = home.run(&["serve"]);
        assert!(said.contains(wrong), "{text:?}: {said}");
        assert_eq!(code, 2, "{text:?}");
    }
}

#[test]
fn option_comes_before_variable_before_profile_before_file_before_default() {
    let home = Home::new();
    Home::write(
        &home.client_file(),
        "user = \"file\"\nlog = \"a.log\"\n[profiles.ship]\nhost = \"127.0.0.1:9\"\nuser = \"profile\"\n",
    );
    let user = |variable: &str, more: &[&str]| {
        let mut command = home.command(&["config", "show", "client"]);
        let output = command
            .args(more)
            .env("UDPCHAT_USER", variable)
            .output()
            .unwrap();
        let said = printed(&output);
        said.lines()
            .find(|line| line.starts_with("user"))
            .map(str::to_owned)
            .expect(&said)
    };
    let ship = ["--profile", "ship"];
    assert!(user("variable", &ship).starts_with("user = \"variable\""));
    assert!(user("variable", &ship).ends_with("# UDPCHAT_USER"));
    assert!(user("", &ship).starts_with("user = \"profile\""));
    assert!(user("", &ship).ends_with("config.toml:5"));
    assert!(user("", &[]).starts_with("user = \"file\""));
    fs::remove_file(home.client_file()).unwrap();
    assert!(user("", &[]).starts_with("user is not set"));

    // The server says what holds.
    let server_file = home.server_file();
    Home::write(
        &server_file,
        "listen = [\"127.0.0.1:0\"]\nregistration = \"closed\"\nverbose = 1\n",
    );
    let registration = |variable: &str, more: &[&str]| {
        let mut command = home.command(&[&["serve", "--measured"], more].concat());
        printed(
            &command
                .env("UDPCHAT_REGISTRATION", variable)
                .output()
                .unwrap(),
        )
    };
    assert!(registration("", &[]).contains("registration closed"));
    assert!(registration("open", &[]).contains("registration open"));
    assert!(registration("closed", &["--registration", "open"]).contains("registration open"));
}

#[test]
fn profile_names_the_server_and_a_path_is_relative_to_its_file() {
    let home = Home::new();
    Home::write(
        &home.client_file(),
        "log = \"a.log\"\n[profiles.ship]\nhost = \"ship.invalid\"\nlog = \"ship.log\"\n",
    );
    let (said, code) = home.run(&["connect", "ship"]);
    assert!(said.contains("ship.invalid"), "{said}");
    assert_eq!(code, 3);
    let beside = |name: &str| home.client_file().with_file_name(name).exists();
    assert!(beside("ship.log") && !beside("a.log"));
}

#[test]
fn variable_that_is_wrong_is_named_and_an_empty_one_counts_as_unset() {
    let home = Home::new();
    let said = |name: &str, value: &str, arguments: &[&str]| {
        outcome(&home.command(arguments).env(name, value).output().unwrap())
    };
    for (name, arguments) in [
        ("UDPCHAT_LISTEN", &["serve"][..]),
        ("UDPCHAT_LIMIT_SESSIONS", &["serve"]),
        ("UDPCHAT_REGISTRATION", &["serve"]),
        ("UDPCHAT_ACCEPT_NEW", &["connect"]),
        ("UDPCHAT_SERVER_KEY", &["connect"]),
        ("UDPCHAT_VERBOSE", &["user", "list"]),
    ] {
        let (wrong, code) = said(name, "x", arguments);
        assert!(wrong.contains(&format!("the variable {name}: ")), "{wrong}");
        assert_eq!(code, 2, "{name}");
    }
    for name in [
        "UDPCHAT_LISTEN",
        "UDPCHAT_DATA",
        "UDPCHAT_LOG",
        "UDPCHAT_CONFIG",
        "UDPCHAT_LIMIT_SESSIONS",
    ] {
        let (said, code) = said(
            name,
            "",
            &["serve", "--measured", "--listen", "127.0.0.1:0"],
        );
        assert_eq!(code, 0, "{name}: {said}");
    }
    // Help must work whatever is set.
    assert_eq!(said("UDPCHAT_VERBOSE", "x", &["help", "serve"]).1, 0);
}

#[test]
fn file_that_is_named_must_exist_and_be_nobody_elses_to_write() {
    let home = Home::new();
    let (said, code) = home.run(&["serve", "--config", "/nonexistent.toml"]);
    assert!(said.contains("/nonexistent.toml: No such file"), "{said}");
    assert_eq!(code, 2);
    let path = home.0.path().join("s.toml");
    Home::write(&path, "data = \"data\"\nlisten = \"127.0.0.1:0\"\n");
    let named = path.to_str().unwrap();
    let (said, code) = home.run(&["serve", "--measured", "--config", named]);
    assert_eq!(code, 0, "{said}");
    assert!(home.0.path().join("data/udpchat.redb").exists());
    assert_eq!(home.run(&["user", "list", "--config", named]).1, 0);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    let (said, code) = home.run(&["serve", "--config", named]);
    assert!(said.contains("chmod go-w"), "{said}");
    assert_eq!(code, 2);
}
