//! Errors of the operating system as a user reads them: in words, without the number that Rust writes after these.

use std::borrow::Cow;
use std::io;

/// What stands between the words and the number.
const NUMBER: &str = " (os error ";

/// An error in words.
#[must_use]
pub fn words(error: &io::Error) -> String {
    without_numbers(&error.to_string()).into_owned()
}

/// A text, in which errors may be told, without their numbers.
#[must_use]
pub fn without_numbers(text: &str) -> Cow<'_, str> {
    let Some((begin, behind)) = text.split_once(NUMBER) else {
        return text.into();
    };
    let mut plain = begin.to_owned();
    let mut rest = behind;
    loop {
        let digits = rest.trim_start_matches(|sign: char| sign.is_ascii_digit());
        match digits.strip_prefix(')') {
            Some(after) if digits.len() < rest.len() => rest = after,
            _ => plain.push_str(NUMBER),
        }
        let Some((words, behind)) = rest.split_once(NUMBER) else {
            plain.push_str(rest);
            return plain.into();
        };
        plain.push_str(words);
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_is_told_in_words_wherever_it_stands() {
        let error = io::Error::from_raw_os_error(2);
        assert_eq!(words(&error), "No such file or directory");
        let told = format!("cannot read a: {error}; cannot read b: {error}");
        assert_eq!(
            without_numbers(&told),
            "cannot read a: No such file or directory; cannot read b: No such file or directory"
        );
        for text in [
            "none",
            "",
            "a (os error 2",
            "a (os error )",
            "a (os error x)",
        ] {
            assert_eq!(without_numbers(text), text);
        }
    }
}
