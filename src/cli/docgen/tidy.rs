//! Makes the generated manual pages such that `mandoc -T lint` has nothing to say about them.

/// Text lines that are longer are broken, in bytes as mandoc counts them; its own limit is 80.
const LINE_MAX_BYTES: usize = 78;

/// What mandoc counts for a character outside ASCII, which it reads as `\[uXXXX]`.
const ESCAPED_BYTES: usize = 8;

/// Where the generator defines the apostrophe, once before each section.
const APOSTROPHE: [&str; 2] = [r".ie \n(.g .ds Aq \(aq", ".el .ds Aq '"];

/// Removes what has no effect (repeated definitions, line breaks where a line ends anyway, blanks at the end of a line),
/// and breaks long lines of text, which are filled again.
pub fn tidy(page: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut source = page.lines().enumerate().peekable();
    while let Some((at, line)) = source.next() {
        let line = line.trim_end();
        let next = source.peek().map(|(_, next)| *next);
        let is_repeated = at >= APOSTROPHE.len() && APOSTROPHE.contains(&line);
        let is_idle_break = line == ".br"
            && (breaks_before(next) || lines.last().is_some_and(|last| breaks_after(last)));
        if line.is_empty() || is_repeated || is_idle_break {
            continue;
        }
        if is_request(line) || counted(line) <= LINE_MAX_BYTES {
            lines.push(line.to_owned());
        } else {
            lines.extend(broken(line));
        }
    }
    lines.join("\n") + "\n"
}

fn is_request(line: &str) -> bool {
    line.starts_with(['.', '\''])
}

/// Whether the line before this one ends in any case.
fn breaks_before(next: Option<&str>) -> bool {
    next.is_none_or(|next| {
        next.starts_with(' ')
            || APOSTROPHE.contains(&next)
            || [".SH", ".sp", ".TP", ".PP", ".RS", ".RE", ".br"]
                .iter()
                .any(|request| next.starts_with(request))
    })
}

fn breaks_after(last: &str) -> bool {
    [".SH", ".sp", ".br"]
        .iter()
        .any(|request| last.starts_with(request))
}

fn counted(text: &str) -> usize {
    text.chars()
        .map(|sign| if sign.is_ascii() { 1 } else { ESCAPED_BYTES })
        .sum()
}

/// The words of a text in lines of at most [`LINE_MAX_BYTES`], where a word is not longer itself.
fn broken(text: &str) -> Vec<String> {
    let rest = text.trim_start_matches(' ');
    let mut words = rest.split(' ');
    // The indentation belongs to the first word.
    let indented = text.len() - rest.len() + words.next().map_or(0, str::len);
    let mut lines: Vec<String> = vec![text[..indented].to_owned()];
    for word in words {
        let last = lines.last_mut().expect("there is a first line");
        let is_full = counted(last) + 1 + counted(word) > LINE_MAX_BYTES;
        // A word that looks like a request, or that follows an escaped blank, stays where it is.
        if is_full && !word.is_empty() && !is_request(word) && !last.ends_with('\\') {
            lines.push(word.to_owned());
        } else {
            last.push(' ');
            last.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_that_have_no_effect_are_removed_and_the_others_stay() {
        let page = "x \n.br\ny\n.br\n  z\n.br\n.SH A\n.br\nb\n.br\n";
        assert_eq!(tidy(page), "x\n.br\ny\n  z\n.SH A\nb\n");
    }

    #[test]
    fn apostrophe_is_defined_once() {
        let define = APOSTROPHE.join("\n");
        let page = format!("{define}\n.TH X\n{define}\n.SH A\nb\n");
        assert_eq!(tidy(&page), format!("{define}\n.TH X\n.SH A\nb\n"));
    }

    #[test]
    fn long_text_is_broken_between_words_and_no_line_becomes_a_request() {
        let text = format!("  {}.SH {} end", "word ".repeat(15), "x".repeat(90));
        let page = tidy(&text);
        let words: Vec<&str> = page.split_whitespace().collect();
        assert_eq!(words, text.split_whitespace().collect::<Vec<_>>());
        assert!(page.starts_with("  word"), "{page}");
        assert!(page.lines().all(|line| !is_request(line)), "{page}");
    }
}
