//! A path as a word of a line, written as for a shell.
//!
//! Blanks and the signs that mean something to a shell stand in quotation marks or behind a backslash. In `'` all is as it stands,
//! in `"` a backslash is one unless it stands before a sign that it takes the meaning from. A quotation mark begins what it
//! quotes only at the beginning of a name, or beside another part that is quoted: it's.pdf is a name as it stands. A backslash
//! before a letter or a digit is itself, so that C:\new.pdf is one.

/// The first word of a line, as a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathWord {
    /// What is meant.
    pub plain: String,
    /// How many bytes of the line it takes.
    pub length: usize,
    /// Whether a blank follows it.
    pub is_ended: bool,
    /// The quotation mark that is still open.
    pub open: Option<char>,
}

impl PathWord {
    /// Reads a word of a line that is being typed.
    #[must_use]
    pub fn typing(line: &str) -> Self {
        read(line, true)
    }

    /// Reads a word of a line that is complete: a quotation mark without another is a sign like any.
    #[must_use]
    pub fn of(line: &str) -> Self {
        read(line, false)
    }
}

fn read(line: &str, is_typing: bool) -> PathWord {
    let mut plain = String::new();
    let mut rest = line;
    let mut may_open = true;
    loop {
        let mut signs = rest.chars();
        let sign = signs.next();
        let behind = signs.as_str();
        let Some(sign) = sign.filter(|sign| !sign.is_whitespace()) else {
            return PathWord {
                plain,
                length: line.len() - rest.len(),
                is_ended: sign.is_some(),
                open: None,
            };
        };
        if may_open && matches!(sign, '"' | '\'') {
            let (inside, after) = quoted(behind, sign);
            match after {
                Some(after) => {
                    plain.push_str(&inside);
                    rest = after;
                    continue;
                }
                None if is_typing => {
                    plain.push_str(&inside);
                    return PathWord {
                        plain,
                        length: line.len(),
                        is_ended: false,
                        open: Some(sign),
                    };
                }
                None => {}
            }
        }
        let next = behind.chars().next();
        if let Some(next) = next.filter(|next| sign == '\\' && has_meaning(*next)) {
            plain.push(next);
            rest = &behind[next.len_utf8()..];
            may_open = true;
        } else {
            plain.push(sign);
            rest = behind;
            may_open = sign == '/';
        }
    }
}

/// What stands behind an opening quotation mark up to the closing one, and what is behind that.
fn quoted(line: &str, quote: char) -> (String, Option<&str>) {
    let mut inside = String::new();
    let mut signs = line.char_indices().peekable();
    while let Some((at, sign)) = signs.next() {
        if sign == quote {
            return (inside, Some(&line[at + quote.len_utf8()..]));
        }
        let next = signs.peek().map(|(_, next)| *next);
        let is_escaped = |next: &char| quote == '"' && sign == '\\' && "\\\"$`".contains(*next);
        match next.filter(is_escaped) {
            Some(next) => {
                inside.push(next);
                signs.next();
            }
            None => inside.push(sign),
        }
    }
    (inside, None)
}

/// Whether a sign means something to a shell, or here.
fn has_meaning(sign: char) -> bool {
    sign.is_whitespace() || "\\\"'`$&;()<>|*?[]{}!#~=".contains(sign)
}

/// A name as it is written: in the open quotation mark, or with backslashes.
#[must_use]
pub fn written(name: &str, open: Option<char>) -> String {
    let mut written = String::new();
    for sign in name.chars() {
        match open {
            Some('\'') if sign == '\'' => written.push_str("'\\'"),
            Some('"') if "\\\"$`".contains(sign) => written.push('\\'),
            None if sign.is_whitespace() || "\\\"'".contains(sign) => written.push('\\'),
            _ => {}
        }
        written.push(sign);
    }
    written
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The path, and what follows it.
    fn split(line: &str) -> (String, &str) {
        let word = PathWord::of(line);
        (word.plain, &line[word.length..])
    }

    #[test]
    fn path_is_written_as_for_a_shell() {
        for (line, path, behind) in [
            ("chart.pdf see this", "chart.pdf", " see this"),
            ("\"my chart.pdf\" see", "my chart.pdf", " see"),
            ("'it is.pdf'", "it is.pdf", ""),
            (r"my\ chart.pdf see", "my chart.pdf", " see"),
            (r"my\ chart\ \(2\).pdf", "my chart (2).pdf", ""),
            // In quotation marks a backslash takes the meaning from few signs, and in single ones from none.
            (r#""a \"b\" \\ c.pdf" x"#, r#"a "b" \ c.pdf"#, " x"),
            (r#"'a \"b.pdf' x"#, r#"a \"b.pdf"#, " x"),
            (r"'it'\''s'.pdf", "it's.pdf", ""),
            // A part of a path can be quoted.
            ("~/\"My Files\"/a.pdf x", "~/My Files/a.pdf", " x"),
            ("/tmp/'a b'.pdf", "/tmp/a b.pdf", ""),
            // What is none is a sign like any.
            ("it's.pdf for bob's", "it's.pdf", " for bob's"),
            ("\"open it", "\"open", " it"),
            ("'", "'", ""),
            ("a\\", "a\\", ""),
            ("", "", ""),
            // As another system writes them.
            (r"C:\new\chart.pdf x", r"C:\new\chart.pdf", " x"),
            (
                r#""C:\My Files\chart.pdf" x"#,
                r"C:\My Files\chart.pdf",
                " x",
            ),
            (r"\\host\share", r"\host\share", ""),
        ] {
            assert_eq!(split(line), (path.to_owned(), behind), "{line}");
        }
    }

    #[test]
    fn quotation_mark_is_open_while_it_is_being_typed() {
        let typed = |line| {
            let word = PathWord::typing(line);
            (word.plain, word.open, word.is_ended)
        };
        assert_eq!(typed("\"my ch"), ("my ch".into(), Some('"'), false));
        assert_eq!(typed(r#""a\"b"#), ("a\"b".into(), Some('"'), false));
        assert_eq!(typed("~/'my ch"), ("~/my ch".into(), Some('\''), false));
        assert_eq!(typed("it's"), ("it's".into(), None, false));
        assert_eq!(typed("'a' "), ("a".into(), None, true));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_it_was(name in r#"[a-zA-Z \\"'$`~#().]{1,12}"#) {
            for open in ['"', '\''] {
                let line = format!("{open}{}{open} behind", written(&name, Some(open)));
                prop_assert_eq!(split(&line), (name.clone(), " behind"));
            }
            let line = format!("{} behind", written(&name, None));
            prop_assert_eq!(split(&line), (name, " behind"));
        }
    }
}
