//! What values a setting takes, in a file and in a variable. An option's own parser has the last word.

use std::any::TypeId;
use std::path::{Path, PathBuf};

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction};
use toml::de::DeValue;

use crate::cli::environment;
use crate::cli::output::quoted;

/// How a setting is written in TOML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Flag,
    /// How often an option is repeated.
    Count,
    Number,
    /// A number or a text, whichever the option's parser takes.
    Any,
    Text,
    /// A text that names a file or a directory.
    Path,
    /// One text, or an array of them.
    List,
    /// A table, or the same as an array of texts such as `own=bold`.
    Table,
}

impl Kind {
    pub fn of(argument: &Arg) -> Self {
        let parsed = argument.get_value_parser().type_id();
        let is = |type_id: TypeId| parsed == type_id;
        let numbers = [
            TypeId::of::<u64>(),
            TypeId::of::<u32>(),
            TypeId::of::<u16>(),
            TypeId::of::<usize>(),
        ];
        // An own parser gives numbers, too.
        let is_sized = argument
            .get_value_names()
            .is_some_and(|names| names == ["SIZE"]);
        let names_parts = argument
            .get_value_names()
            .is_some_and(|names| names.iter().any(|name| name.contains('=')));
        match argument.get_action() {
            ArgAction::SetTrue | ArgAction::SetFalse => Self::Flag,
            ArgAction::Set if is(TypeId::of::<bool>()) => Self::Flag,
            ArgAction::Count => Self::Count,
            ArgAction::Append if names_parts => Self::Table,
            ArgAction::Append => Self::List,
            _ if is(TypeId::of::<PathBuf>()) => Self::Path,
            _ if numbers.into_iter().any(is) && !is_sized => Self::Number,
            _ if is(TypeId::of::<String>()) || !argument.get_possible_values().is_empty() => {
                Self::Text
            }
            _ => Self::Any,
        }
    }

    const fn expected(self) -> &'static str {
        match self {
            Self::Flag => "true or false",
            Self::Count | Self::Number => "a whole number",
            Self::Any => "a number, or a text in quotation marks",
            Self::Text => "a text in quotation marks",
            Self::Path => "a path in quotation marks",
            Self::List => "a text in quotation marks, or an array of them",
            Self::Table => "a table of texts in quotation marks",
        }
    }
}

/// The value of a setting in a file, as the option takes it, or why it cannot be taken.
pub fn of_file(
    argument: &Arg,
    value: &DeValue<'_>,
    directory: &Path,
) -> Result<Vec<String>, String> {
    let kind = Kind::of(argument);
    let wrong = || format!("expected {}, found {}", kind.expected(), found(value));
    let texts = match (kind, value) {
        (Kind::Flag, DeValue::Boolean(flag)) => vec![flag.to_string()],
        (Kind::Count | Kind::Number | Kind::Any, DeValue::Integer(number)) => {
            vec![decimal(number).ok_or_else(wrong)?]
        }
        (Kind::Any, DeValue::Float(number)) => vec![number.as_str().to_owned()],
        (Kind::Any | Kind::Text | Kind::List | Kind::Table, DeValue::String(text)) => {
            vec![text.to_string()]
        }
        (Kind::Path, DeValue::String(text)) => vec![path(text, directory)?],
        (Kind::Table, DeValue::Table(table)) => {
            let texts = table.iter().map(|(key, value)| {
                let (key, value) = (key.get_ref(), value.get_ref());
                let text = value.as_str().ok_or_else(|| {
                    format!(
                        "{key}: expected a text in quotation marks, found {}",
                        found(value)
                    )
                })?;
                Ok(format!("{key}={text}"))
            });
            let texts = texts.collect::<Result<Vec<String>, String>>()?;
            if texts.is_empty() {
                // All its lines are comments.
                return Ok(texts);
            }
            texts
        }
        (Kind::List | Kind::Table, DeValue::Array(values)) => {
            let texts = values
                .iter()
                .map(|value| value.get_ref().as_str().map(str::to_owned));
            texts.collect::<Option<_>>().ok_or_else(wrong)?
        }
        _ => return Err(wrong()),
    };
    check(argument, &texts)?;
    Ok(texts)
}

/// The value of a setting in a variable, in the same form.
pub fn of_variable(argument: &Arg, text: &str) -> Result<Vec<String>, String> {
    let texts = match Kind::of(argument) {
        Kind::Flag => match text.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" | "y" | "t" => vec!["true".to_owned()],
            "0" | "false" | "no" | "off" | "n" | "f" => vec!["false".to_owned()],
            _ => return Err(format!("expected 1 or 0, found {}", quoted(text))),
        },
        Kind::List | Kind::Table => text.split(',').map(str::to_owned).collect(),
        _ => vec![text.to_owned()],
    };
    check(argument, &texts)?;
    Ok(texts)
}

/// A value as a file has it.
pub fn shown(argument: &Arg, texts: &[String]) -> String {
    let quoted = |text: &String| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let first = texts.first().cloned().unwrap_or_default();
    let is_number = !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_digit());
    match Kind::of(argument) {
        Kind::Flag | Kind::Count | Kind::Number => first,
        Kind::Any if is_number => first,
        Kind::List | Kind::Table => format!(
            "[{}]",
            texts.iter().map(quoted).collect::<Vec<_>>().join(", ")
        ),
        Kind::Any | Kind::Text | Kind::Path => quoted(&first),
    }
}

/// Runs the option's own parser.
fn check(argument: &Arg, texts: &[String]) -> Result<(), String> {
    match Kind::of(argument) {
        Kind::Flag => return Ok(()),
        Kind::Count => {
            return match texts.iter().find(|text| text.parse::<u8>().is_err()) {
                Some(text) => Err(format!(
                    "expected a number from 0 to 255, found {}",
                    quoted(text)
                )),
                None => Ok(()),
            };
        }
        _ => {}
    }
    if texts.is_empty() || texts.iter().any(String::is_empty) {
        return Err("it cannot be empty".into());
    }
    let alone = argument
        .clone()
        .env(Resettable::Reset)
        .global(false)
        .required(false);
    let command = clap::Command::new("udpchat")
        .no_binary_name(true)
        .arg(alone);
    let words: Vec<String> = match argument.get_long() {
        Some(long) => texts
            .iter()
            .map(|text| format!("--{long}={text}"))
            .collect(),
        None => [&["--".to_owned()], texts].concat(),
    };
    let parsed = command.try_get_matches_from(words);
    parsed.map(drop).map_err(|error| reason(&error, texts))
}

/// Why an option's parser refuses a value, without the option.
fn reason(error: &clap::Error, texts: &[String]) -> String {
    let value = texts.join(", ");
    let shown = quoted(&value);
    match (error.kind(), error.get(ContextKind::ValidValue)) {
        (ErrorKind::InvalidValue, Some(ContextValue::Strings(valid))) if !valid.is_empty() => {
            let words = match valid.split_last() {
                Some((last, others)) if !others.is_empty() => {
                    format!("{} or {last}", others.join(", "))
                }
                _ => valid.concat(),
            };
            format!("expected {words}, found {shown}")
        }
        _ => match std::error::Error::source(error) {
            Some(source) if source.to_string().contains(&shown) => source.to_string(),
            Some(source) if source.to_string().starts_with("expected ") => {
                format!("{source}, found {shown}")
            }
            Some(source) => format!("{shown} is not valid: {source}"),
            None => format!("{shown} is not valid"),
        },
    }
}

/// A path of a file is relative to the file's directory, and `~/` is the user's own. `-` is standard input.
fn path(text: &str, directory: &Path) -> Result<String, String> {
    if text == "-" || text.is_empty() {
        return Ok(text.to_owned());
    }
    let path = environment::expanded(text).ok_or("HOME names no directory")?;
    let path = directory.join(path);
    path.into_os_string()
        .into_string()
        .map_err(|_| "the path is not UTF-8".into())
}

fn decimal(number: &toml::de::DeInteger<'_>) -> Option<String> {
    let number = i128::from_str_radix(number.as_str(), number.radix()).ok()?;
    Some(number.to_string())
}

const fn found(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "an array of something else",
        DeValue::Table(_) => "a table",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(argument: &Arg, value: &str) -> Result<Vec<String>, String> {
        let value = DeValue::parse(value).unwrap();
        of_file(argument, value.get_ref(), Path::new("/etc/udpchat"))
    }

    #[test]
    fn value_has_the_type_that_the_option_has() {
        let seconds = Arg::new("x")
            .long("x")
            .value_parser(|text: &str| text.parse().map(std::time::Duration::from_secs));
        assert_eq!(read(&seconds, "30").unwrap(), ["30"]);
        assert_eq!(read(&seconds, "'30'").unwrap(), ["30"]);
        assert!(
            read(&seconds, "'soon'")
                .unwrap_err()
                .contains("\"soon\" is not valid")
        );
        assert!(
            read(&seconds, "true")
                .unwrap_err()
                .contains("found true or false")
        );
        let count = Arg::new("x")
            .long("x")
            .value_parser(clap::value_parser!(u64).range(1..10));
        assert_eq!(read(&count, "0x7").unwrap(), ["7"]);
        assert!(read(&count, "'7'").unwrap_err().contains("a whole number"));
        assert!(
            read(&count, "70")
                .unwrap_err()
                .contains("70 is not in 1..10")
        );
        let text = Arg::new("x").long("x");
        assert_eq!(read(&text, "'-x=y'").unwrap(), ["-x=y"]);
        assert!(read(&text, "''").unwrap_err().contains("empty"));
        assert!(read(&text, "7").unwrap_err().contains("quotation marks"));
        let table = Arg::new("x")
            .long("x")
            .value_name("PART=STYLE")
            .action(ArgAction::Append);
        assert_eq!(
            read(&table, "{ a = 'b', c = 'd' }").unwrap(),
            ["a=b", "c=d"]
        );
        assert_eq!(read(&table, "['a=b']").unwrap(), ["a=b"]);
        assert!(read(&table, "{}").unwrap().is_empty());
        let number = read(&table, "{ a = 7 }").unwrap_err();
        assert_eq!(
            number,
            "a: expected a text in quotation marks, found a number"
        );
        let list = Arg::new("x").long("x").action(ArgAction::Append);
        assert_eq!(read(&list, "['a', 'b']").unwrap(), ["a", "b"]);
        assert!(read(&list, "[]").is_err() && read(&list, "['a', 1]").is_err());
    }

    #[test]
    fn path_is_relative_to_the_file_and_standard_input_is_none() {
        let path = Arg::new("x")
            .long("x")
            .value_parser(clap::value_parser!(PathBuf));
        assert_eq!(read(&path, "'pw'").unwrap(), ["/etc/udpchat/pw"]);
        assert_eq!(read(&path, "'/pw'").unwrap(), ["/pw"]);
        assert_eq!(read(&path, "'-'").unwrap(), ["-"]);
    }
}
