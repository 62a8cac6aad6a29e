//! The schema of a bot's lines, and that it has teeth.

use jsonschema::Validator;
use serde_json::{Value, json};

const SCHEMA: &str = include_str!("../../../../schema/bot.json");

/// The kinds of lines. To readers an answer may have more fields than are known; here each must be in the schema.
pub struct Schema {
    request: Validator,
    answer: Validator,
    event: Validator,
    whole: Value,
}

impl Schema {
    pub fn read() -> Self {
        let mut whole: Value = serde_json::from_str(SCHEMA).unwrap();
        assert!(jsonschema::meta::is_valid(&whole));
        close(&mut whole);
        let [request, answer, event] =
            ["request", "answer", "event"].map(|kind| validator(&whole, kind));
        Self {
            request,
            answer,
            event,
            whole,
        }
    }

    pub fn check_request(&self, line: &Value) {
        check(&self.request, line);
    }

    /// What comes out is an answer or an event.
    pub fn check_output(&self, line: &Value) {
        let kind = if line.get("event").is_some() {
            &self.event
        } else {
            &self.answer
        };
        check(kind, line);
    }

    /// What comes of a request is what the schema has for it.
    pub fn check_answer(&self, request: &Value, answer: &Value) {
        let Some(done) = answer.get("ok") else {
            return;
        };
        let form = format!("ok_{}", request["do"].as_str().unwrap());
        check(&validator(&self.whole, &form), done);
    }
}

fn check(validator: &Validator, line: &Value) {
    let errors: Vec<String> = validator
        .iter_errors(line)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{line}: {errors:?}");
}

fn validator(whole: &Value, kind: &str) -> Validator {
    let mut schema = whole.clone();
    schema.as_object_mut().unwrap().remove("anyOf");
    schema["$ref"] = json!(format!("#/$defs/{kind}"));
    jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap()
}

/// Refuses fields that the schema does not have.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.get("type") == Some(&json!("object")) && fields.contains_key("properties") {
                fields.insert("unevaluatedProperties".into(), json!(false));
            }
            fields.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

#[test]
fn wrong_lines_are_refused() {
    let schema = Schema::read();
    for line in [
        json!({"id": 1, "do": "send", "to": "bob"}),
        json!({"id": 1, "do": "send", "to": "bob", "text": "x", "reply_to": 1}),
        json!({"id": 1, "do": "send", "to": "bob", "file": "x", "answers": "1"}),
        json!({"id": 1, "do": "send", "to": "bob", "file": null}),
        json!({"id": 1.5, "do": "rooms"}),
        json!({"id": null, "do": "rooms"}),
        json!({"do": "rooms"}),
        json!({"id": 1, "do": "dance"}),
        json!({"id": 1, "do": "rooms", "page": 0}),
        json!({"id": 1, "do": "join", "room": "games"}),
        json!({"id": "x".repeat(257), "do": "rooms"}),
        json!([]),
    ] {
        assert!(!schema.request.is_valid(&line), "{line}");
    }
    let entry = || {
        json!({"event": "entry", "conversation": "bob", "entry": 4, "time": "2026-11-29T17:35:00Z", "author": "bob",
               "kind": "text", "text": "yes"})
    };
    schema.check_output(&entry());
    let mut without = entry();
    without.as_object_mut().unwrap().remove("author");
    let with = |field: &str, value: Value| {
        let mut line = entry();
        line[field] = value;
        line
    };
    for line in [
        without,
        with("kind", json!("song")),
        with("time", json!("yesterday")),
        with("entry", json!("4")),
        with("undocumented", json!(1)),
        with("reactions", json!([{"sign": "+"}])),
        json!({"event": "arrived"}),
        json!({"event": "offline", "since": 1}),
    ] {
        assert!(!schema.event.is_valid(&line), "{line}");
    }
    for line in [
        json!({"id": 1}),
        json!({"id": 1, "ok": {}, "error": {"code": "failed", "text": ""}}),
        json!({"id": 1, "ok": {"surprise": 1}}),
        json!({"id": 1, "error": {"code": "odd", "text": ""}}),
        json!({"id": 1, "error": "failed"}),
        json!({"id": null, "ok": {}}),
    ] {
        assert!(!schema.answer.is_valid(&line), "{line}");
    }
}

#[test]
fn schema_has_every_request_and_what_comes_of_it() {
    let whole: Value = serde_json::from_str(SCHEMA).unwrap();
    let definitions = whole["$defs"].as_object().unwrap();
    let requests = definitions
        .keys()
        .filter_map(|name| name.strip_prefix("do_"));
    for request in requests {
        assert!(
            definitions.contains_key(&format!("ok_{request}")),
            "{request}"
        );
        let manual = include_str!("../../../../man/udpchat-bot.7");
        assert!(
            manual.contains(&format!("\n.TP\n.B {request}\n")),
            "{request}"
        );
    }
}

/// What a list of the manual has, which begins behind this text: the words that are bold at its heads.
fn heads<'a>(manual: &'a str, begin: &str) -> Vec<&'a str> {
    let (_, list) = manual.split_once(begin).unwrap();
    let (list, _) = list.split_once("\n.RE\n").unwrap();
    let heads = list.split("\n.TP").skip(1).map(|item| {
        let head = item.lines().nth(1).unwrap();
        head.trim_start_matches(".BR ").trim_start_matches(".B ")
    });
    heads.flat_map(|head| head.split(" \", \" ")).collect()
}

#[test]
fn manual_has_every_kind_of_entry_and_what_can_happen() {
    let whole: Value = serde_json::from_str(SCHEMA).unwrap();
    let manual = include_str!("../../../../man/udpchat-bot.7");
    let words = |field: &str| -> Vec<String> {
        let words = whole["$defs"]["record"]["properties"][field]["enum"].as_array();
        let mut words: Vec<String> = words
            .unwrap()
            .iter()
            .map(|word| word.as_str().unwrap().to_owned())
            .collect();
        words.sort();
        words
    };
    let mut kinds = heads(manual, "\n.I kind\nsays what it is:\n.RS");
    kinds.sort_unstable();
    assert_eq!(kinds, words("kind"));
    let (_, happened) = manual.split_once("\n.I happened\nis ").unwrap();
    let (happened, _) = happened.split_once(" (of a").unwrap();
    let happened = happened.replace('\n', " ");
    let mut happened: Vec<&str> = happened
        .split([',', ' '])
        .filter(|word| !word.is_empty() && *word != "or")
        .collect();
    happened.sort_unstable();
    assert_eq!(happened, words("happened"));
}

#[test]
fn lines_of_the_manual_are_lines_of_the_schema() {
    let manual = include_str!("../../../../man/udpchat-bot.7");
    let schema = Schema::read();
    let (mut lines, mut line) = (Vec::new(), String::new());
    for row in manual
        .lines()
        .map(|row| row.replace("\\-", "-").replace("\\e", "\\"))
    {
        match row.strip_prefix("  ") {
            Some(rest) if !line.is_empty() => line.push_str(rest),
            _ => {
                lines.extend(Some(std::mem::take(&mut line)).filter(|line| !line.is_empty()));
                if row.starts_with('{') {
                    line = row;
                }
            }
        }
    }
    assert!(lines.len() > 20, "{lines:#?}");
    for line in lines {
        let value: Value =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
        if value.get("do").is_some() {
            schema.check_request(&value);
        } else {
            schema.check_output(&value);
        }
    }
}
