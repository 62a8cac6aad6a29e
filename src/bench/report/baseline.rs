//! An earlier report that a measurement is compared with.

use std::fmt::Display;

use serde_json::Value;

use super::Arguments;

/// What `udpchat bench --json` wrote.
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline(Value);

impl Baseline {
    /// Refuses what is no report, and the report of a measurement that another one with these arguments cannot be compared
    /// with. Each text goes after the file's name.
    pub fn read(
        bytes: &[u8],
        workload: &str,
        clients: usize,
        arguments: &Arguments,
    ) -> Result<Self, String> {
        let none = |why: &dyn Display| format!("is not a report of bench --json: {why}");
        let report: Value = serde_json::from_slice(bytes).map_err(|error| none(&error))?;
        let field = |name: &str| {
            let value = report.get(name);
            value.ok_or_else(|| none(&format_args!("it has no {name}")))
        };
        let mut others = Vec::new();
        let own = [("workload", workload.into()), ("clients", clients.into())];
        for (name, value) in &own {
            others.extend(difference(name, Some(field(name)?), Some(value)));
        }
        let before = field("arguments")?;
        let now = serde_json::to_value(arguments).map_err(|error| none(&error))?;
        for name in NAMES {
            others.extend(difference(name, before.get(name), now.get(name)));
        }
        if others.is_empty() {
            return Ok(Self(report));
        }
        Err(format!("is of another measurement: {}", others.join(", ")))
    }

    pub const fn report(&self) -> &Value {
        &self.0
    }
}

/// The fields of [`Arguments`].
const NAMES: [&str; 7] = [
    "window", "messages", "rate", "seconds", "size", "bytes", "frugal",
];

/// What is different, if it is.
fn difference(name: &str, before: Option<&Value>, now: Option<&Value>) -> Option<String> {
    let known = |value: Option<&Value>| value.filter(|value| !value.is_null()).cloned();
    let (before, now) = (known(before), known(now));
    let same = match (&before, &now) {
        (Some(before), Some(now)) if before.is_number() => before.as_f64() == now.as_f64(),
        (before, now) => before == now,
    };
    let show = |value: &Option<Value>| match value {
        None => "none".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    };
    (!same).then(|| format!("{name} {}, not {}", show(&before), show(&now)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn arguments() -> Arguments {
        Arguments {
            rate: Some(2.0),
            seconds: Some(3),
            size: Some(64),
            ..Arguments::default()
        }
    }

    fn read(report: &Value) -> Result<Baseline, String> {
        Baseline::read(report.to_string().as_bytes(), "paced", 4, &arguments())
    }

    #[test]
    fn names_are_all_fields_of_the_arguments() {
        let all = Arguments {
            window: Some(1),
            messages: Some(1),
            bytes: Some(1),
            ..arguments()
        };
        let value = serde_json::to_value(all).unwrap();
        let mut names: Vec<&str> = value.as_object().unwrap().keys().map(|it| &**it).collect();
        let mut expected = NAMES;
        names.sort_unstable();
        expected.sort_unstable();
        assert_eq!(names, expected);
    }

    #[test]
    fn only_a_report_of_the_same_measurement_is_a_baseline() {
        let same = json!({"workload": "paced", "clients": 4, "arguments": arguments()});
        assert_eq!(read(&same), Ok(Baseline(same.clone())));
        let mut whole = same.clone();
        whole["arguments"]["rate"] = 2.into();
        assert!(read(&whole).is_ok(), "2 is 2.0");

        let mut other = same.clone();
        other["workload"] = "idle\u{1b}[2J".into();
        other["clients"] = 5.into();
        other["arguments"]["size"] = Value::Null;
        other["arguments"]["window"] = 2.into();
        let why = read(&other).unwrap_err();
        assert!(
            why.ends_with("clients 5, not 4, window 2, not none, size none, not 64"),
            "{why}"
        );
        for missing in ["workload", "clients", "arguments"] {
            let mut report = same.clone();
            report.as_object_mut().unwrap().remove(missing);
            assert!(read(&report).unwrap_err().contains(missing));
        }
        for no_report in ["", "{", "[1]", "7", "\"x\"", "null", "{} {}"] {
            let why = Baseline::read(no_report.as_bytes(), "paced", 4, &arguments()).unwrap_err();
            assert!(why.starts_with("is not a report"), "{why}");
        }
    }
}
