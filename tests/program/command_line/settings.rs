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
            "server.toml:1:16: registration: expected open, invitation or closed, found \"maybe\"",
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
fn profile_names_the_server_for_what_only_asks_about_one_too() {
    let home = Home::new();
    Home::write(
        &home.client_file(),
        "[profiles.ship]\nhost = \"ship.invalid:7\"\nuser = \"erin\"\nstate = \"ships\"\n",
    );
    let (said, code) = home.run(&["link", "ship"]);
    assert!(
        said.contains("the key of ship.invalid:7 is not known"),
        "{said}"
    );
    assert_eq!(code, 1);
    let (said, code) = home.run(&["doctor", "ship", "--timeout", "1"]);
    assert!(said.contains("ship.invalid"), "{said}");
    assert_eq!(code, 3);
    // Nobody signs in who is not named here.
    assert!(!said.contains("sign-in"), "{said}");
    let (said, _) = home.run(&["link", "other.invalid"]);
    assert!(said.contains("other.invalid"), "{said}");
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

#[test]
fn profile_that_the_host_names_is_shown_as_connect_takes_it() {
    let home = Home::new();
    Home::write(
        &home.client_file(),
        "host = \"ship\"\nuser = \"file\"\n[profiles.ship]\nhost = \"ship.invalid\"\nuser = \"erin\"\n[profiles.shore]\nuser = \"bob\"\n",
    );
    let shown = |variable: &str, more: &[&str]| {
        let mut command = home.command(&["config", "show", "client"]);
        let said = printed(
            &command
                .args(more)
                .env("UDPCHAT_HOST", variable)
                .output()
                .unwrap(),
        );
        let line = |key: &str| {
            let mut lines = said.lines();
            let line = lines.find(|line| line.starts_with(key)).expect(&said);
            let (value, source) = line.split_once("  # ").unwrap();
            let source = source.rsplit('/').next().unwrap();
            format!("{} {source}", value.trim_end())
        };
        [line("host"), line("user")]
    };
    let of_ship = [
        "host = \"ship.invalid\" config.toml:4",
        "user = \"erin\" config.toml:5",
    ];
    assert_eq!(shown("", &[]), of_ship);
    assert_eq!(shown("ship", &[]), of_ship);
    let of_shore = |by: &str| {
        [
            format!("host = \"shore\" {by}"),
            "user = \"bob\" config.toml:7".into(),
        ]
    };
    assert_eq!(shown("shore", &[]), of_shore("UDPCHAT_HOST"));
    assert_eq!(
        shown("ship", &["--profile", "shore"]),
        of_shore("the profile \"shore\"")
    );
    let other = shown("other.invalid", &[]);
    assert_eq!(
        other,
        [
            "host = \"other.invalid\" UDPCHAT_HOST",
            "user = \"file\" config.toml:2"
        ]
    );
    // It is what `connect` does.
    let (said, code) = home.run(&["connect"]);
    assert!(said.contains("ship.invalid"), "{said}");
    assert_eq!(code, 3);
}

#[test]
fn addresses_that_cannot_be_listened_on_together_are_named_with_the_reason_and_their_source() {
    let home = Home::new();
    let said = |listen: &str, arguments: &[&str]| {
        let mut command = home.command(&[&["serve"], arguments].concat());
        let output = command.env("UDPCHAT_LISTEN", listen).output().unwrap();
        outcome(&output)
    };
    let ports =
        "cannot listen on both 127.0.0.1:1 and 127.0.0.1:2: a server has one port on an address";
    let (by_option, code) = said("", &["--listen", "127.0.0.1:1", "--listen", "127.0.0.1:2"]);
    assert_eq!(
        (by_option, code),
        (format!("udpchat: --listen: {ports}\n"), 2)
    );
    let (by_variable, code) = said("127.0.0.1:1,127.0.0.1:2", &[]);
    let named = format!("udpchat: the variable UDPCHAT_LISTEN: {ports}\n");
    assert_eq!((by_variable, code), (named, 2));
    Home::write(
        &home.server_file(),
        "\nlisten = ['127.0.0.1:1', '0.0.0.0:2']\n",
    );
    let (by_file, code) = said("", &[]);
    let file = home.server_file().display().to_string();
    assert!(
        by_file.starts_with(&format!("udpchat: {file}:2: listen: cannot listen on both")),
        "{by_file}"
    );
    assert!(by_file.contains("0.0.0.0 includes 127.0.0.1"), "{by_file}");
    assert_eq!(code, 2);
    let (checked, code) = home.run(&["config", "check", "server"]);
    assert_eq!((checked, code), (by_file, 2));
    let twice = said("127.0.0.1:1,127.0.0.1:1", &[]).0;
    assert!(twice.contains("127.0.0.1:1 is named twice"), "{twice}");
}

#[test]
fn value_that_turns_out_wrong_is_named_with_the_variable_or_the_line_that_set_it() {
    let home = Home::new();
    Home::write(&home.client_file(), "\npassword-file = \"missing\"\n");
    let (by_file, code) = home.run(&["connect", "127.0.0.1:9"]);
    assert!(
        by_file.contains("config.toml:2: password-file: cannot read"),
        "{by_file}"
    );
    assert_eq!(code, 2);
    let mut command = home.command(&["connect", "127.0.0.1:9"]);
    let by_variable = outcome(
        &command
            .env("UDPCHAT_PASSWORD_FILE", "gone")
            .output()
            .unwrap(),
    );
    assert!(
        by_variable
            .0
            .contains("the variable UDPCHAT_PASSWORD_FILE: cannot read"),
        "{by_variable:?}"
    );
}

#[test]
fn client_and_server_have_a_variable_of_their_own_for_their_file() {
    // With one for both, a client's file stopped every command of the operator.
    let home = Home::new();
    let [client, server] = ["c.toml", "s.toml"].map(|name| home.0.path().join(name));
    Home::write(&client, "user = \"erin\"\n");
    Home::write(&server, "data = \"data\"\nlisten = \"127.0.0.1:0\"\n");
    let run = |arguments: &[&str]| {
        let mut command = home.command(arguments);
        command
            .env("UDPCHAT_CONFIG", &client)
            .env("UDPCHAT_SERVER_CONFIG", &server);
        outcome(&command.output().unwrap())
    };
    assert_eq!(run(&["config", "check"]).1, 0);
    let shown = run(&["config", "show"]).0;
    assert!(
        shown.contains("c.toml\n") && shown.contains("s.toml\n"),
        "{shown}"
    );
    assert!(
        shown.contains("c.toml:1") && shown.contains("s.toml:2"),
        "{shown}"
    );
    let (said, code) = run(&["serve", "--measured"]);
    assert_eq!(code, 0, "{said}");
    assert!(home.0.path().join("data/udpchat.redb").exists());
    assert_eq!(run(&["user", "list"]).1, 0);
    // The file is named only where it is read.
    let help = run(&["help", "connect"]).0;
    assert!(
        help.contains("UDPCHAT_CONFIG") && !help.contains("UDPCHAT_SERVER_CONFIG"),
        "{help}"
    );
    assert!(
        run(&["help", "user", "list"])
            .0
            .contains("UDPCHAT_SERVER_CONFIG")
    );
}

#[test]
fn switch_that_a_weaker_source_has_set_is_taken_back_by_every_stronger_one() {
    let workspace = crate::support::Workspace::new(&[]);
    let server = workspace.serve();
    let address = server.address.to_string();
    let home = Home::new();
    Home::write(&home.client_file(), "accept-new = true\n");
    // Whoever accepts a new key goes on to the sign-in, and ends in order with the input.
    let code = |variable: &str, more: &[&str]| {
        let mut command = home.command(&[&["connect", &address], more].concat());
        let state = tempfile::tempdir().unwrap();
        command
            .env("UDPCHAT_ACCEPT_NEW", variable)
            .arg("--state")
            .arg(state.path().join("new"));
        outcome(&command.stdin(std::process::Stdio::null()).output().unwrap()).1
    };
    let (accepted, refused) = (0, 4);
    assert_eq!(code("", &[]), accepted);
    assert_eq!(code("0", &[]), refused);
    assert_eq!(code("1", &["--accept-new=false"]), refused);
    assert_eq!(code("", &["--accept-new=no"]), refused);
    assert_eq!(code("0", &["--accept-new"]), accepted);
    assert_eq!(code("0", &["--accept-new=true"]), accepted);
    assert_eq!(code("", &["--accept-new=maybe"]), 2);
}
