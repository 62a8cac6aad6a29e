//! An event as a JSON object.

use std::fmt;

use serde_json::{Map, Value};
use tracing::Event;
use tracing::field::{Field, Visit};

use crate::cli::output::one_line;
use crate::client::rfc3339;
use crate::net;

/// An event's time, level, target, message and fields, and how many like it were left out before.
pub fn object(event: &Event<'_>, left_out: u64) -> Value {
    let metadata = event.metadata();
    let mut fields = Fields(Map::new());
    event.record(&mut fields);
    let Fields(mut object) = fields;
    // A field of one of these names gives way.
    for (key, value) in [
        ("time", rfc3339(net::now().unix_ms)),
        ("level", metadata.level().to_string()),
        ("target", metadata.target().to_owned()),
    ] {
        object.insert(key.into(), value.into());
    }
    if left_out > 0 {
        object.insert("left_out".into(), left_out.into());
    }
    Value::Object(object)
}

/// Texts are as harmless as in lines for people.
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, one_line(&format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, one_line(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }
}
