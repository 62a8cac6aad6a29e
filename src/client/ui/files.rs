//! How files are spoken of: name, size and kind, in plain words.

use crate::text::number::percent;
use crate::text::printable;

pub(crate) use crate::text::number::size;

/// How much of a file's name is repeated when it is spoken of, in characters. Chosen: most names, and a line has room beside it.
const NAME_MAX_CHARS: usize = 80;

/// A file as it stands in a line, such as `[file] chart.pdf, 5.2 MB, PDF: the new one`. The text is as its author wrote it.
pub(crate) fn shared((name, size, media_type): (&str, u64, &str), text: &str) -> String {
    let kind = kind(media_type);
    let kind = kind.map(|kind| format!(", {kind}")).unwrap_or_default();
    let text = match text {
        "" => String::new(),
        text => format!(": {text}"),
    };
    let (name, size) = (self::name(name), self::size(size));
    format!("[file] {name}, {size}{kind}{text}")
}

/// A file's name as it is shown, which may come from anybody: one line, with nothing in it that a terminal would run, and not
/// longer than names are. The end of it stays, which says what the file is.
pub(crate) fn name(name: &str) -> String {
    let shown = printable::line_or_nothing(name);
    let count = shown.chars().count();
    if count <= NAME_MAX_CHARS {
        return shown.into_owned();
    }
    let (begin, end) = (NAME_MAX_CHARS * 2 / 3, NAME_MAX_CHARS / 3);
    let begin: String = shown.chars().take(begin).collect();
    let end: String = shown.chars().skip(count - end).collect();
    format!("{begin}…{end}")
}

/// How far a transfer has come, such as `40 % (2.1 MB of 5.2 MB)`.
pub(crate) fn progress(done: u64, of: u64) -> String {
    format!("{} % ({} of {})", percent(done, of), size(done), size(of))
}

/// What a media type says in a word, if it is one of those that people name. What stands in it is its author's belief.
fn kind(media_type: &str) -> Option<String> {
    let plain = media_type.split(';').next().unwrap_or_default().trim();
    let (class, kind) = plain.split_once('/')?;
    let is_name = |kind: &str| {
        let is_of_one = |sign: char| sign.is_ascii_alphanumeric();
        (1..=8).contains(&kind.len()) && kind.chars().all(is_of_one)
    };
    Some(match (class, kind) {
        ("application", "pdf") => "PDF".into(),
        ("application", "zip" | "gzip" | "x-tar" | "zstd" | "x-xz" | "x-7z-compressed") => {
            "archive".into()
        }
        ("application", "json") => "JSON".into(),
        ("text", "plain") => "text file".into(),
        ("text", "html" | "csv") => kind.to_ascii_uppercase(),
        ("image", kind) if is_name(kind) => format!("{} image", kind.to_ascii_uppercase()),
        ("image", _) => "image".into(),
        ("audio", _) => "audio".into(),
        ("video", _) => "video".into(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_is_shown_by_name_size_and_kind() {
        let chart = ("chart.pdf", 5_240_000, "application/pdf");
        assert_eq!(shared(chart, ""), "[file] chart.pdf, 5.2 MB, PDF");
        let notes = ("notes", 0, "");
        assert_eq!(shared(notes, "see"), "[file] notes, 0 bytes: see");
        let photo = ("a.png", 12_300, "image/png");
        assert_eq!(shared(photo, ""), "[file] a.png, 12 kB, PNG image");
    }

    #[test]
    fn name_and_type_of_a_stranger_are_harmless_and_of_one_line() {
        let hostile = (
            "a\n14:02 carol: \u{1b}[31mhi\u{202e}fdp.exe",
            1,
            "image/\u{1b}[2J",
        );
        let shown = shared(hostile, "");
        assert!(!shown.contains(['\n', '\u{1b}', '\u{202e}']), "{shown}");
        assert!(shown.ends_with("1 byte, image"), "{shown}");
        let long = name(&format!("{}.pdf", "x".repeat(250)));
        assert_eq!(long.chars().count(), NAME_MAX_CHARS);
        assert!(long.ends_with("xx.pdf"), "{long}");
        assert_ne!(name("\u{200b}"), "");
    }

    #[test]
    fn sizes_and_progress_are_said_in_few_digits() {
        let shown = [1, 999, 1_000, 9_990, 5_200_000, 41_000_000, 1_300_000_000].map(size);
        let expected = [
            "1 byte",
            "999 bytes",
            "1 kB",
            "9.9 kB",
            "5.2 MB",
            "41 MB",
            "1.3 GB",
        ];
        assert_eq!(shown, expected);
        assert_eq!(progress(2_100_000, 5_200_000), "40 % (2.1 MB of 5.2 MB)");
    }
}
