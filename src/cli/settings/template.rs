//! The commented file that `udpchat config init` writes.

use std::fmt::Write as _;

use clap::Arg;

use super::Side;
use super::value::{Kind, shown};

/// Comments are broken at this width, in columns.
const WIDTH: usize = 78;

const CLIENT: &str = "\
# How parts of a line are painted: time, name, own, room, private, everyone,
# text, receipt, event, error, remark, day. See COLOURS in udpchat-connect(1).
#[theme]
#own = \"bold\"
#background = \"dark\"

# A profile is chosen by its name: `udpchat connect ship`. Its keys are those above.
#[profiles.ship]
#host = \"chat.example.org\"
#user = \"erin\"
";

/// These settings of one side, each with its explanation, and each commented out at its default.
pub fn template(table: &[(String, Arg)], side: Side) -> String {
    let (subcommand, name) = (side.subcommand(), side.file_name());
    let mut text = comment(&format!(
        "{name}: settings of `udpchat {subcommand}`, explained in udpchat-{subcommand}(1). A line takes effect without its #. An \
         option takes precedence over a variable of the environment, and that over this file. `udpchat config check` \
         checks the file, `udpchat config show` shows what is set. It holds no secrets: passwords stay in files of their own."
    ));
    for (key, argument) in table {
        let help = argument
            .get_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        let _ = write!(text, "\n{}#{key} = {}\n", comment(&help), example(argument));
    }
    if side == Side::Client {
        let _ = write!(text, "\n{CLIENT}");
    }
    text
}

/// The default in TOML, or for a setting without one the name of its value.
fn example(argument: &Arg) -> String {
    default(argument).unwrap_or_else(|| {
        let names = argument.get_value_names().unwrap_or_default();
        let name = names.iter().map(ToString::to_string).collect();
        match Kind::of(argument) {
            Kind::Number => "0".into(),
            _ => shown(argument, &[name]),
        }
    })
}

/// The default of an option in TOML, from its parser or from its help; none if it depends on the environment.
pub fn default(argument: &Arg) -> Option<String> {
    let kind = Kind::of(argument);
    if let Some(default) = argument.get_default_values().first() {
        return default
            .to_str()
            .map(|default| shown(argument, &[default.to_owned()]));
    }
    let texts = match kind {
        Kind::Flag => vec!["false".to_owned()],
        Kind::Count => vec!["0".to_owned()],
        _ => {
            let help = argument.get_help()?.to_string();
            let default = help.rsplit_once("[default: ")?.1.strip_suffix(']')?;
            let parts = default.split(|sign| sign == ',' && kind == Kind::List);
            parts.map(str::to_owned).collect()
        }
    };
    let is_fixed = texts.iter().all(|text| !text.contains('$'));
    is_fixed.then(|| shown(argument, &texts))
}

fn comment(text: &str) -> String {
    let mut lines = vec![String::from("#")];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is a first line");
        if last.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(format!("# {word}"));
        } else {
            last.push(' ');
            last.push_str(word);
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::{SettingsFile, table};
    use super::*;
    use crate::cli::{command, commands};

    fn read(text: &str, side: Side) -> Result<SettingsFile, String> {
        let parser = command::parser(&commands());
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(side.file_name());
        fs::write(&path, text).unwrap();
        let read = SettingsFile::read(&path, side, &table(&parser, side), true);
        read.map_err(|failure| failure.to_string())
    }

    #[test]
    fn template_sets_nothing_and_has_every_key() {
        let parser = command::parser(&commands());
        for side in Side::ALL {
            let text = template(&table(&parser, side), side);
            assert!(read(&text, side).unwrap().entries.is_empty());
            for (key, argument) in table(&parser, side) {
                let line = format!("\n#{key} = {}\n", example(&argument));
                assert!(text.contains(&line), "{key}");
            }
        }
    }

    #[test]
    fn lines_of_the_template_are_understood_without_their_sign() {
        let parser = command::parser(&commands());
        for side in Side::ALL {
            for (key, argument) in table(&parser, side) {
                let example = example(&argument);
                let is_placeholder = example
                    .trim_matches(['[', ']', '"'])
                    .starts_with(|sign: char| sign.is_ascii_uppercase());
                let read = read(&format!("{key} = {example}\n"), side);
                match read {
                    Ok(file) => assert_eq!(file.entries.len(), 1, "{key}"),
                    Err(why) => assert!(
                        is_placeholder && !why.contains("unknown"),
                        "{key} = {example}: {why}"
                    ),
                }
            }
        }
    }
}
