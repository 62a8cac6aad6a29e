//! What a bot is told, and told again.

use serde_json::json;

use super::super::command;
use super::Bot;
use crate::support::{Host, Script, Server, Workspace, printed};

fn bob_says(workspace: &Workspace, server: &Server, lines: &[&str]) -> Script {
    let mut bob = workspace.sign_in(server.address, "bob");
    for line in lines {
        bob.types(line);
    }
    bob.sees(1, "stored");
    bob
}

#[test]
fn what_is_not_acknowledged_is_told_again_from_any_device() {
    let workspace = Workspace::new(&["dice", "bob"]);
    let server = workspace.serve();
    let mut bob = bob_says(&workspace, &server, &["message dice before the first run"]);
    let mut bot = Bot::of(&workspace, &server, ("state-of-dice", "dice"));
    for text in ["one", "two", "three"] {
        bob.types(&format!("message dice {text}"));
    }
    // It begins with what comes.
    let first = bot.event("entry", |_| true);
    assert_eq!(
        (&first["text"], &first["conversation"]),
        (&json!("one"), &json!("bob"))
    );
    let second = bot.hears("two");
    bot.does(json!({"id": 1, "do": "ack", "conversation": "bob", "entry": first["entry"]}));
    bot.does(json!({"id": 2, "do": "send", "to": "bob", "text": "own"}));
    bot.child.kill().unwrap();
    drop(bot);
    bob.types("message dice four");
    // The first device is held by another client: this is a new one.
    let address = server.address.to_string();
    let host = Host::default();
    let open = workspace.connect(&host, &address, "dice", "dice");
    open.sees(1, "Greetings from the Chat Room!");
    let mut bot = Bot::of(&workspace, &server, ("state-of-dice", "dice"));
    let told = ["two", "three", "four"].map(|text| {
        let told = bot.event("entry", |_| true);
        assert_eq!(told["text"], text);
        told
    });
    assert_eq!(told[0], second);
    let up_to = told[2]["entry"].clone();
    bot.does(json!({"id": 3, "do": "ack", "conversation": "Bob", "entry": up_to}));
    bot.does(json!({"id": 3, "do": "ack", "conversation": "bob", "entry": first["entry"]}));
    assert_eq!(bot.ends(), Some(0));
    let mut bot = Bot::of(&workspace, &server, ("state-of-dice", "dice"));
    bob.types("message dice five");
    assert_eq!(bot.event("entry", |_| true)["text"], "five");
    bot.child.kill().unwrap();
}

#[test]
fn room_is_told_from_the_joining_on_and_what_the_account_does_is_not() {
    let workspace = Workspace::new(&["dice", "bob"]);
    let server = workspace.serve();
    let mut bob = bob_says(
        &workspace,
        &server,
        &[
            "join #games",
            "access history all #games",
            "message #games !old",
        ],
    );
    let mut bot = Bot::of(&workspace, &server, ("state-of-dice", "dice"));
    bot.does(json!({"id": 1, "do": "join", "room": "#games"}));
    bot.does(json!({"id": 2, "do": "send", "to": "#games", "text": "own"}));
    bob.types("message #games !new");
    assert_eq!(bot.event("entry", |_| true)["text"], "!new");
    // Nor when the bot was away while it was put into a room.
    bot.does(json!({"id": 3, "do": "leave", "room": "#games"}));
    assert_eq!(bot.ends(), Some(0));
    let mut other = workspace.connect(
        &Host::default(),
        &server.address.to_string(),
        "dice",
        "other",
    );
    bob.types("join #more");
    bob.types("access history all #more");
    bob.types("message #more !old");
    bob.sees(1, "#more");
    other.types("join #more");
    other.types("message #more own");
    other.sees(1, "received by");
    bob.types("message #more !meanwhile");
    other.sees(1, "!meanwhile");
    other.closes_input();
    other.ends();
    let mut bot = Bot::of(&workspace, &server, ("state-of-dice", "dice"));
    let told = bot.event("entry", |line| line["conversation"] == "#more");
    assert_eq!(told["text"], "!meanwhile", "{told}");
}

#[test]
fn second_bot_of_a_user_is_refused_and_another_user_is_not() {
    let workspace = Workspace::new(&["dice", "bob"]);
    let server = workspace.serve();
    let _bot = Bot::of(&workspace, &server, ("state-of-dice", "dice"));
    let address = server.address.to_string();
    let output = command("bot", &workspace, ("state-of-dice", "dice"), &[&address])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains("another bot of this user runs"), "{errors}");
    assert!(output.stdout.is_empty(), "{}", printed(&output));
    let _other = Bot::of(&workspace, &server, ("state-of-dice", "bob"));
}

#[test]
fn account_that_is_marked_as_a_bot_s_is_quiet_and_says_so() {
    let workspace = Workspace::new(&["dice", "bob"]);
    let server = workspace.serve();
    let mark = |word: &[&str]| workspace.run(&[&["user", "bot", "dice"][..], word].concat());
    let listed = || workspace.run(&["user", "list"]).0;
    assert!(!listed().contains("bot"), "{}", listed());
    assert_eq!(mark(&[]), ("dice is marked as a bot\n".to_owned(), Some(0)));
    let line = listed()
        .lines()
        .find(|line| line.starts_with("dice"))
        .unwrap()
        .to_owned();
    assert!(line.ends_with("  bot"), "{line}");
    let mut bob = workspace.sign_in(server.address, "bob");
    // At a prompt, not unannounced.
    let mut dice = workspace.sign_in(server.address, "dice");
    bob.types("contacts");
    bob.sees(1, "  bot");
    bob.types("whois dice");
    bob.sees(1, "dice: online  bot");
    dice.types("join #games");
    dice.sees(1, "#games");
    bob.types("join #games");
    bob.types("members #games");
    bob.sees(1, "online  bot");
    let mut bot = Bot::of(&workspace, &server, ("state-of-bob", "bob"));
    let whois = bot.does(json!({"id": 1, "do": "whois", "user": "dice"}));
    assert_eq!(whois["bot"], true, "{whois}");
    let members = bot.does(json!({"id": 2, "do": "members", "room": "#games"}));
    assert_eq!(members["members"][1]["bot"], true, "{members}");
    assert_eq!(members["members"][0].get("bot"), None, "{members}");
    dice.closes_input();
    dice.ends();
    assert_eq!(
        mark(&["off"]),
        ("dice is no longer marked as a bot\n".to_owned(), Some(0))
    );
    assert!(!listed().contains("bot"), "{}", listed());
    let mut dice = workspace.sign_in(server.address, "dice");
    bob.sees(1, "dice is online!");
    dice.closes_input();
    let lines = [bob.lines(), vec![bob.errors()]].concat().join("\n");
    assert_eq!(lines.matches("dice is online!").count(), 1, "{lines}");
    let nobody = workspace.run(&["user", "bot", "nobody1"]);
    assert_eq!(nobody.1, Some(5), "{nobody:?}");
}
