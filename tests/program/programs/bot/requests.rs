//! Requests and their answers.

use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::command;
use super::Bot;
use crate::support::Workspace;

/// More than all buffers on the way hold.
const REQUESTS: u64 = 20_000;

#[test]
fn rooms_and_people_are_answered_as_the_schema_has_them() {
    let (_workspace, _server, mut bot) = Bot::of_dice();
    let room = bot.does(json!({"id": "a", "do": "join", "room": "#Games", "private": true}));
    assert_eq!(
        (&room["room"], &room["access"], &room["role"]),
        (&json!("#games"), &json!("private"), &json!("owner"))
    );
    assert_eq!(
        bot.does(json!({"id": "a", "do": "join", "room": "#games"}))["members"],
        1
    );
    bot.does(json!({"id": 1, "do": "topic", "room": "#games", "text": "dice\u{1b}[31m"}));
    let rooms = bot.does(json!({"id": 2, "do": "rooms"}));
    assert_eq!(rooms["rooms"][0]["room"], "#games");
    bot.does(json!({"id": 2, "do": "rooms", "page": 9}));
    let members = bot.does(json!({"id": 3, "do": "members", "room": "#games"}));
    assert_eq!(members["members"][0]["user"], "dice");
    let whois = bot.does(json!({"id": 4, "do": "whois", "user": "bob"}));
    assert_eq!(whois["online"], false);
    bot.does(json!({"id": 5, "do": "away", "text": "maintenance"}));
    assert_eq!(
        bot.does(json!({"id": 5, "do": "whois", "user": "dice"}))["away"],
        "maintenance"
    );
    bot.does(json!({"id": 5, "do": "away"}));
    bot.does(json!({"id": 6, "do": "leave", "room": "#games"}));
    assert_eq!(bot.ends(), Some(0));
}

#[test]
fn what_is_said_and_changed_is_answered_once_it_is_stored_and_history_has_it_as_it_is_by_now() {
    let (_workspace, _server, mut bot) = Bot::of_dice();
    bot.does(json!({"id": 1, "do": "join", "room": "#games"}));
    let keyed = json!({"id": 6, "do": "send", "to": "bob", "text": "one\ntwo", "key": "k"});
    let sent = bot.does(keyed.clone());
    assert_eq!(
        (&sent["conversation"], &sent["recipients"]),
        (&json!("bob"), &json!(1))
    );
    let again = bot.does(keyed);
    assert_eq!(
        (&again["entry"], &again["said_before"]),
        (&sent["entry"], &json!(true))
    );
    let elsewhere = json!({"id": 7, "do": "send", "to": "#games", "text": "one\ntwo", "key": "k"});
    bot.fails(elsewhere, "usage", "the id was used for a message to bob");
    let said =
        bot.does(json!({"id": 8, "do": "send", "to": "#games", "text": "first"}))["entry"].clone();
    let answer = json!({"id": 8, "do": "send", "to": "#games", "text": "second", "answers": said});
    let answer = bot.does(answer)["entry"].clone();
    bot.does(
        json!({"id": 9, "do": "edit", "conversation": "#games", "entry": said, "text": "1st"}),
    );
    let sign = bot.does(
        json!({"id": 10, "do": "react", "conversation": "#games", "entry": said, "sign": "👍"}),
    );
    let history = json!({"id": 11, "do": "history", "conversation": "#games", "limit": 2});
    let page = bot.does(history.clone());
    let texts = |page: &Value| -> Vec<Value> {
        let entries = page["entries"].as_array().unwrap().iter();
        entries.map(|entry| entry["text"].clone()).collect()
    };
    assert_eq!(texts(&page), ["1st", "second"]);
    assert_eq!(page["entries"][0]["reactions"][0]["sign"], "👍");
    assert_eq!(
        (&page["entries"][1]["answers"], &page["more"]),
        (&said, &json!(true))
    );
    bot.does(json!({"id": 12, "do": "delete", "conversation": "#games", "entry": sign["entry"]}));
    bot.does(json!({"id": 12, "do": "delete", "conversation": "#games", "entry": answer}));
    let page = bot.does(history);
    assert_eq!(page["entries"][0].get("reactions"), None);
    assert_eq!(page["entries"][1]["kind"], "deleted");
    let all =
        bot.does(json!({"id": 13, "do": "history", "conversation": "#games", "before": said}));
    assert_eq!(all["more"], false, "{all}");
    assert_eq!(all["entries"][0]["happened"], "joined", "{all}");
    assert_eq!(bot.ends(), Some(0));
}

#[test]
fn file_is_sent_with_a_word_of_how_far_it_is_and_answered_once_it_is_stored() {
    let (workspace, server, mut bot) = Bot::of_dice();
    let path = workspace.file("chart.pdf");
    std::fs::write(&path, vec![b'x'; 3_000_000]).unwrap();
    let request = json!({"id": "f", "do": "send", "to": "bob", "file": path, "text": "the new chart", "key": "chart"});
    let sent = bot.does(request.clone());
    let last = bot.event("progress", |line| line["percent"] == 100);
    assert_eq!(
        (&last["request"], &last["sent"], &last["size"]),
        (&json!("f"), &json!(3_000_000), &json!(3_000_000))
    );
    let again = bot.does(request);
    assert_eq!(
        (&again["entry"], &again["said_before"]),
        (&sent["entry"], &json!(true))
    );
    let page = bot.does(json!({"id": 1, "do": "history", "conversation": "bob"}));
    let entry = &page["entries"][0];
    assert_eq!(
        (&entry["kind"], &entry["text"]),
        (&json!("file"), &json!("the new chart"))
    );
    assert_eq!(entry["file"]["name"], "chart.pdf");
    assert_eq!(entry["file"]["size"], 3_000_000);
    let alone = workspace.file("alone.txt");
    std::fs::write(&alone, "alone").unwrap();
    let answered = &sent["entry"];
    bot.does(json!({"id": 2, "do": "send", "to": "bob", "file": alone, "answers": answered}));
    let page = bot.does(json!({"id": 1, "do": "history", "conversation": "bob"}));
    assert_eq!(&page["entries"][1]["answers"], answered, "{page}");
    let missing = workspace.file("missing.txt");
    let request = json!({"id": 3, "do": "send", "to": "bob", "file": missing});
    bot.fails(request, "failed", "missing.txt");
    bot.writes(br#"{"id": 4, "do": "send", "to": "bob"}"#);
    let answer = bot.line("refusal", |line| line["id"] == 4);
    assert_eq!(answer["error"]["code"], "usage", "{answer}");
    let text = answer["error"]["text"].as_str().unwrap();
    assert!(text.contains("missing field"), "{answer}");
    assert_eq!(bot.ends(), Some(0));
    let bob = workspace.sign_in(server.address, "bob");
    bob.sees(1, "[file] chart.pdf");
}

#[test]
fn what_is_refused_is_an_answer_with_its_code_and_no_failure_of_the_run() {
    let (_workspace, _server, mut bot) = Bot::of_dice();
    bot.does(json!({"id": 1, "do": "send", "to": "bob", "text": "tea?"}));
    for (request, code, why) in [
        (
            json!({"id": 20, "do": "send", "to": "nobody1", "text": "x"}),
            "no_recipient",
            "no user",
        ),
        (
            json!({"id": 20, "do": "send", "to": "#none", "text": "x"}),
            "no_recipient",
            "not a member",
        ),
        (
            json!({"id": 20, "do": "send", "to": "bob", "text": " "}),
            "usage",
            "empty",
        ),
        (
            json!({"id": 20, "do": "send", "to": "dice", "text": "x"}),
            "no_recipient",
            "yourself",
        ),
        (
            json!({"id": 20, "do": "send", "to": "bob", "text": "x", "answers": 99}),
            "failed",
            "",
        ),
        (
            json!({"id": 20, "do": "edit", "conversation": "bob", "entry": 99, "text": "x"}),
            "failed",
            "",
        ),
        (
            json!({"id": 20, "do": "edit", "conversation": "carol", "entry": 1, "text": "x"}),
            "no_recipient",
            "carol",
        ),
        (
            json!({"id": 20, "do": "react", "conversation": "bob", "entry": 1, "sign": "a b"}),
            "usage",
            "one word",
        ),
        (
            json!({"id": 20, "do": "ack", "conversation": "bob", "entry": 99}),
            "failed",
            "was not sent to this bot",
        ),
        (
            json!({"id": 20, "do": "leave", "room": "#none"}),
            "no_recipient",
            "not a member",
        ),
        (
            json!({"id": 20, "do": "members", "room": "#none"}),
            "no_recipient",
            "not a member",
        ),
        (
            json!({"id": 20, "do": "whois", "user": "nobody1"}),
            "no_recipient",
            "nobody1",
        ),
        (
            json!({"id": 20, "do": "history", "conversation": "#none"}),
            "no_recipient",
            "not a member",
        ),
        (
            json!({"id": 20, "do": "send", "to": "bob", "text": "x".repeat(20_000)}),
            "usage",
            "too long",
        ),
    ] {
        bot.fails(request, code, why);
    }
    assert_eq!(bot.ends(), Some(0));
}

#[test]
fn line_that_is_no_request_is_answered_and_the_next_one_works() {
    let (_workspace, _server, mut bot) = Bot::of_dice();
    let long = format!(
        r#"{{"id": 1, "do": "rooms", "x": "{}"}}"#,
        "x".repeat(1 << 20)
    );
    let deep = format!(r#"{{"id": 1, "do": {}"#, "[".repeat(1 << 19));
    for (line, id, why) in [
        (&b"tea"[..], json!(null), "no request"),
        (b"[1]", json!(null), "an object"),
        (b"\0", json!(null), "no request"),
        (
            b"{\"id\": 1, \"do\": \"rooms\", \"x\": \"\xff\"}",
            json!(null),
            "UTF-8",
        ),
        (long.as_bytes(), json!(null), "1048576 bytes"),
        (deep.as_bytes(), json!(null), "recursion"),
        (br#"{"do": "rooms"}"#, json!(null), "`id`"),
        (br#"{"id": 1.5, "do": "rooms"}"#, json!(null), "integer"),
        (br#"{"id": 7, "do": "dance"}"#, json!(7), "unknown variant"),
        (
            br#"{"id": 7, "do": "rooms", "pages": 1}"#,
            json!(7),
            "unknown field",
        ),
        (
            br#"{"id": 7, "do": "rooms", "do": "rooms"}"#,
            json!(null),
            "duplicate field `do`",
        ),
        (
            br#"{"id": 7, "do": "rooms", "page": 0}"#,
            json!(7),
            "from 1",
        ),
    ] {
        bot.writes(line);
        let answer = bot.line("refusal", |line| line.get("error").is_some());
        assert_eq!(
            (&answer["id"], &answer["error"]["code"]),
            (&id, &json!("usage")),
            "{answer}"
        );
        assert!(
            answer["error"]["text"].as_str().unwrap().contains(why),
            "{answer}"
        );
        bot.does(json!({"id": "next", "do": "rooms"}));
    }
    // A blank line is none, and the last one needs no end.
    bot.writes(b" \r");
    bot.input
        .as_mut()
        .unwrap()
        .write_all(br#"{"id": "last", "do": "rooms"}"#)
        .unwrap();
    bot.input = None;
    bot.line("last answer", |line| line["id"] == "last");
    assert_eq!(bot.ends(), Some(0));
}

#[test]
fn output_that_nobody_reads_ends_it_and_a_flood_of_requests_waits() {
    let (workspace, server, mut bot) = Bot::of_dice();
    let mut input = bot.input.take().unwrap();
    let writer = std::thread::spawn(move || {
        for id in 0..REQUESTS {
            let line = format!(
                "{{\"id\": {id}, \"do\": \"ack\", \"conversation\": \"bob\", \"entry\": 9}}\n"
            );
            input.write_all(line.as_bytes()).unwrap();
        }
    });
    for id in 0..REQUESTS {
        let answer = bot.line("answer", |_| true);
        assert_eq!(answer["id"], id);
    }
    writer.join().unwrap();
    assert_eq!(bot.ends(), Some(0));
    let address = server.address.to_string();
    let (reader, pipe) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = command("bot", &workspace, ("state-of-dice", "dice"), &[&address]);
    let output = command.stdin(Stdio::piped()).stdout(pipe).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains("cannot write standard output"), "{errors}");
}

#[test]
fn end_without_a_server_answers_what_was_asked_and_keeps_what_was_said() {
    let workspace = Workspace::new(&["dice", "bob"]);
    let mut server = workspace.serve();
    let address = server.address.to_string();
    let arguments = [&*address, "--timeout", "1"];
    let mut command = command("bot", &workspace, ("state-of-dice", "dice"), &arguments);
    let mut bot = Bot::spawn(&mut command);
    bot.event("ready", |_| true);
    server.signal("TERM");
    bot.event("offline", |_| true);
    bot.fails(
        json!({"id": 1, "do": "whois", "user": "bob"}),
        "unreachable",
        "",
    );
    bot.writes(br#"{"id": 2, "do": "send", "to": "bob", "text": "later"}"#);
    bot.input = None;
    let answer = bot.line("answer", |line| line["id"] == 2);
    assert_eq!(answer["error"]["code"], "unconfirmed", "{answer}");
    assert_eq!(bot.ends(), Some(6));
    server.restart();
    let mut bob = workspace.sign_in(server.address, "bob");
    let mut bot = Bot::of(&workspace, &server, ("state-of-dice", "dice"));
    bob.sees(1, "later");
    assert_eq!(bot.ends(), Some(0));
    bob.closes_input();
}

#[test]
fn server_that_goes_away_is_told_and_what_is_said_meanwhile_is_sent() {
    let workspace = Workspace::new(&["dice", "bob"]);
    let mut server = workspace.serve();
    let bob = workspace.sign_in(server.address, "bob");
    let mut bot = Bot::of(&workspace, &server, ("state-of-dice", "dice"));
    server.signal("TERM");
    bot.event("offline", |_| true);
    bot.writes(br#"{"id": 1, "do": "send", "to": "bob", "text": "while you were away"}"#);
    bot.writes(br#"{"id": 2, "do": "whois", "user": "bob"}"#);
    std::thread::sleep(Duration::from_millis(200));
    server.restart();
    bot.event("online", |_| true);
    bot.line("answer", |line| line["id"] == 1 && line["ok"]["entry"] == 1);
    bot.line("answer", |line| {
        line["id"] == 2 && line["ok"]["user"] == "bob"
    });
    bob.sees(1, "while you were away");
    let receipt = bot.event("received", |_| true);
    assert_eq!(
        (&receipt["user"], &receipt["entry"]),
        (&json!("bob"), &json!(1))
    );
    assert_eq!(bot.ends(), Some(0));
}
