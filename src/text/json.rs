//! JSON on one line, for programs.

use std::fmt::Write as _;

use serde::Serialize;

/// A value on a line of its own. JSON lets control characters of Unicode stand in a string, and some terminals run them: they
/// are escaped.
///
/// # Errors
/// If the value has no form in JSON.
pub fn line(value: &impl Serialize) -> serde_json::Result<String> {
    let json = serde_json::to_string(value)?;
    let mut line = String::with_capacity(json.len() + 1);
    for sign in json.chars() {
        if sign.is_control() {
            // Writing to a string cannot fail.
            let _ = write!(line, "\\u{:04x}", u32::from(sign));
        } else {
            line.push(sign);
        }
    }
    line.push('\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_the_line_says_the_same() {
        let text = "a\u{0}\u{1b}[31m\u{7f}\u{9b}2J\n\"é\u{2028}";
        let line = line(&text).unwrap();
        assert_eq!(line.matches(char::is_control).collect::<Vec<_>>(), ["\n"]);
        assert!(line.ends_with('\n'));
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
    }
}
