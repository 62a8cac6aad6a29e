//! A line of a bot's: its id, and what it asks for.

use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::client::Request;

/// The longest line, in both directions, without its end.
pub const LINE_MAX_BYTES: usize = 1024 * 1024;

/// The longest id, in bytes. Chosen: any that programs make; it stands in the answer, which is no longer than a line.
pub const ID_MAX_BYTES: usize = 256;

/// By what an answer names its request; none where the line had none that can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Id {
    None,
    Text(String),
    Number(serde_json::Number),
}

/// An object without duplicate fields, of which one reader might see another than the next.
struct Object(Map<String, Value>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Object, A::Error> {
                let mut fields = Map::new();
                while let Some((name, value)) = access.next_entry::<String, Value>()? {
                    if fields.contains_key(&name) {
                        let name = shortened(&name);
                        return Err(A::Error::custom(format!("duplicate field `{name}`")));
                    }
                    fields.insert(name, value);
                }
                Ok(Object(fields))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

/// Reads a line: what it asks for, or why it asks for nothing.
pub fn read(line: &[u8]) -> (Id, Result<Request, String>) {
    let Ok(text) = std::str::from_utf8(line) else {
        return (Id::None, Err("the line is not UTF-8".into()));
    };
    let mut fields = match serde_json::from_str(text) {
        Ok(Object(fields)) => fields,
        Err(error) => return (Id::None, Err(format!("no request: {}", told(&error)))),
    };
    let id = match fields.remove("id") {
        Some(Value::String(text)) if text.len() <= ID_MAX_BYTES => Id::Text(text),
        Some(Value::String(_)) => {
            let text = format!("an id has at most {ID_MAX_BYTES} bytes");
            return (Id::None, Err(text));
        }
        Some(Value::Number(number)) if !number.is_f64() => Id::Number(number),
        Some(_) => return (Id::None, Err("`id` is a string or an integer".into())),
        None => return (Id::None, Err("missing field `id`".into())),
    };
    let request = serde_json::from_value(Value::Object(fields));
    (id, request.map_err(|error| told(&error)))
}

/// What is wrong, without what a bot has sent of any length.
fn told(error: &serde_json::Error) -> String {
    shortened(&error.to_string())
}

/// How much of a text is repeated, in bytes. Chosen: more than any sentence about a request.
const TOLD_MAX_BYTES: usize = 400;

fn shortened(text: &str) -> String {
    let end = text.floor_char_boundary(TOLD_MAX_BYTES);
    match &text[end..] {
        "" => text.to_owned(),
        _ => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: &str) -> (Id, String) {
        let (id, request) = read(line.as_bytes());
        (id, request.expect_err(line))
    }

    #[test]
    fn request_has_an_id_and_its_fields() {
        let (id, request) =
            read(br#"{"id": "a", "do": "send", "to": "bob", "text": "tea?", "answers": 3}"#);
        assert_eq!(id, Id::Text("a".into()));
        let send = Request::Send {
            to: "bob".into(),
            text: Some("tea?".into()),
            file: None,
            key: None,
            answers: Some(3),
        };
        assert_eq!(request, Ok(send));
        for id in [i64::MIN.to_string(), "-1".into(), u64::MAX.to_string()] {
            let line = format!(r#"{{"do":"rooms","id":{id}}}"#);
            let (read, request) = read(line.as_bytes());
            assert_eq!(serde_json::to_string(&read).unwrap(), id);
            assert_eq!(request, Ok(Request::Rooms { page: 1 }));
        }
    }

    #[test]
    fn what_is_no_request_is_refused_by_its_id_where_it_has_one() {
        for line in [
            "",
            "tea",
            "[]",
            "{",
            r#"{"do":"rooms"}"#,
            r#"{"id":null,"do":"rooms"}"#,
            r#"{"id":1.5,"do":"rooms"}"#,
            r#"{"id":1e3,"do":"rooms"}"#,
            r#"{"id":18446744073709551616,"do":"rooms"}"#,
            r#"{"id":1e999,"do":"rooms"}"#,
            r#"{"id":[1],"do":"rooms"}"#,
            r#"{"id":1,"id":2,"do":"rooms"}"#,
            r#"{"id":1,"do":"rooms"} {"id":2,"do":"rooms"}"#,
        ] {
            assert_eq!(refused(line).0, Id::None, "{line}");
        }
        for (line, why) in [
            (r#"{"id":1}"#, "missing field `do`"),
            (r#"{"id":1,"do":"dance"}"#, "unknown variant `dance`"),
            (r#"{"id":1,"do":7}"#, "invalid type"),
            (
                r#"{"id":1,"do":"send","text":"tea?"}"#,
                "missing field `to`",
            ),
            (
                r#"{"id":1,"do":"send","to":"bob","text":"tea?","reply":3}"#,
                "unknown field `reply`",
            ),
            (
                r#"{"id":1,"do":"ack","conversation":"bob","entry":-1}"#,
                "invalid value",
            ),
            (
                r#"{"id":1,"do":"ack","conversation":"bob","entry":"3"}"#,
                "invalid type",
            ),
            (
                r#"{"id":1,"do":"rooms","page":4294967296}"#,
                "invalid value",
            ),
        ] {
            let (id, text) = refused(line);
            assert_eq!(id, Id::Number(1.into()), "{line}");
            assert!(text.contains(why), "{line}: {text}");
        }
    }

    #[test]
    fn no_line_is_too_deep_or_is_repeated_whole() {
        let deep = format!(r#"{{"id":1,"do":{}"#, "[".repeat(LINE_MAX_BYTES - 20));
        assert!(refused(&deep).1.contains("recursion"));
        let long = "x".repeat(LINE_MAX_BYTES / 2);
        for line in [
            format!(r#"{{"id":1,"do":"{long}"}}"#),
            format!(r#"{{"id":1,"do":"rooms","{long}":1}}"#),
            format!(r#"{{"{long}":1,"{long}":1}}"#),
            format!(r#"{{"id":"{long}","do":"rooms"}}"#),
        ] {
            assert!(refused(&line).1.len() < 2 * TOLD_MAX_BYTES);
        }
        let (id, request) = read(b"{\"id\":1,\"do\":\"\xff\"}");
        assert_eq!(
            (id, request),
            (Id::None, Err("the line is not UTF-8".into()))
        );
    }
}
