//! Under which name a file of somebody else's is kept.
//!
//! The name comes from anybody. It must not lead out of the folder, hide there, look like another, be taken for an option by
//! the programs that it is given to, or be refused by a file system on which it may end up: one of a memory card, or of Windows.

use super::printable;
use super::unicode::{self, Kind};

/// The longest name, in bytes: what file systems take (`NAME_MAX` of Linux, 255 in UTF-16 for NTFS and exFAT).
pub const NAME_MAX_BYTES: usize = 255;

/// The longest ending that is kept when a name is cut, in bytes with its dot. Chosen: `.webmanifest` has 12; what is longer is no
/// ending by which a program would know the file.
const ENDING_MAX_BYTES: usize = 16;

/// The name where nothing is left of one.
const NAMELESS: &str = "file";

/// What stands for a sign that a file system refuses, and before a name that is a device's.
const INSTEAD: char = '_';

/// Signs that FAT and NTFS refuse, and that separate folders there and here.
const REFUSED: [char; 9] = ['/', '\\', ':', '*', '?', '"', '<', '>', '|'];

/// What names a device in each folder of Windows, with any ending and in any case.
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

/// The same with a digit after it.
const NUMBERED_DEVICES: [&str; 2] = ["COM", "LPT"];

/// A name for a file of this name that does no harm anywhere: of the last folder's, in one line and of visible characters.
#[must_use]
pub fn harmless(name: &str) -> String {
    let parts = name.split(['/', '\\']);
    let last = parts.map(trimmed_line).rfind(|part| !part.is_empty());
    let name = last.unwrap_or_default().replace(REFUSED, "_");
    let mut name = undeviced(trimmed(&name));
    loop {
        // What is cut may have another ending. Each step makes the name shorter.
        let fitted = fitting(&name, "");
        if fitted == name {
            return name;
        }
        name = fitted;
    }
}

/// The name for the file of this name where so many others have it, such as `chart (2).pdf` for `chart.pdf`.
#[must_use]
pub fn numbered(name: &str, number: u32) -> String {
    fitting(name, &format!(" ({number})"))
}

fn trimmed_line(part: &str) -> String {
    trimmed(&printable::line(part)).to_owned()
}

/// Without what hides a file, what looks like an option, and what Windows drops at the end.
fn trimmed(name: &str) -> &str {
    let leads = |sign: char| {
        let is_seen = matches!(unicode::kind(sign), Kind::Base | Kind::Unknown);
        !is_seen || sign == '.' || sign == '-'
    };
    let trails = |sign: char| sign == '.' || unicode::is_blank(sign);
    name.trim_start_matches(leads).trim_end_matches(trails)
}

/// The name, or one that names no device.
fn undeviced(name: &str) -> String {
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    let is = |device: &&str| stem.eq_ignore_ascii_case(device);
    let has_number = |device: &&str| {
        let (begin, digit) = stem.split_at_checked(device.len()).unwrap_or_default();
        let mut digits = digit.chars();
        let is_digit = |sign: char| sign.is_ascii_digit() || "¹²³".contains(sign);
        begin.eq_ignore_ascii_case(device)
            && digits.next().is_some_and(is_digit)
            && digits.next().is_none()
    };
    if DEVICES.iter().any(is) || NUMBERED_DEVICES.iter().any(has_number) {
        format!("{INSTEAD}{name}")
    } else {
        name.to_owned()
    }
}

/// The name with this before its ending, cut so that it fits.
fn fitting(name: &str, mark: &str) -> String {
    let (stem, ending) = with_ending(name);
    let room = NAME_MAX_BYTES.saturating_sub(ending.len() + mark.len());
    let cut = stem[..stem.floor_char_boundary(room)].trim_end_matches(unicode::is_blank);
    let stem = if ending.is_empty() && mark.is_empty() {
        trimmed(cut)
    } else {
        cut
    };
    let stem = if stem.is_empty() { NAMELESS } else { stem };
    format!("{stem}{mark}{ending}")
}

/// A name's parts before and after the dot by which programs know the file: of `a.tar.gz` that is the first one.
fn with_ending(name: &str) -> (&str, &str) {
    let is_ending = |at: &usize| {
        let ending = &name[*at + 1..];
        *at > 0
            && !ending.is_empty()
            && ending.len() < ENDING_MAX_BYTES
            && !ending.contains(char::is_whitespace)
    };
    let Some(dot) = name.rfind('.').filter(is_ending) else {
        return (name, "");
    };
    let archive = name[..dot].strip_suffix(".tar").map(str::len);
    name.split_at(archive.filter(|stem| *stem > 0).unwrap_or(dot))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_name_stays_as_it_is() {
        for name in [
            "chart.pdf",
            "Grüße an alle.txt",
            "世界.tar.gz",
            "a",
            "v1.2-final (3).odt",
            "👩‍👩‍👧 family.jpg",
            "~notes#2.md",
            "Contract.pdf",
            "com10.txt",
            "console.log",
        ] {
            assert_eq!(harmless(name), name);
        }
    }

    #[test]
    fn name_leads_nowhere_and_hides_nothing() {
        for (name, kept) in [
            ("/etc/passwd", "passwd"),
            ("../../.ssh/authorized_keys", "authorized_keys"),
            ("C:\\Users\\erin\\chart.pdf", "chart.pdf"),
            ("folder/", "folder"),
            ("folder/..", "folder"),
            ("..", "file"),
            (".", "file"),
            ("", "file"),
            ("/", "file"),
            ("   ", "file"),
            ("\u{202e}", "file"),
            (".bashrc", "bashrc"),
            ("...x", "x"),
            ("-rf", "rf"),
            ("- .-x", "x"),
            ("\u{301}x", "x"),
            ("chart.pdf. . ", "chart.pdf"),
            ("chart\n1.pdf", "chart 1.pdf"),
            ("chart\u{1b}[31m.pdf\0\u{7f}", "chart.pdf"),
            ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
            ("pass\u{200b}word\u{feff}.txt", "password.txt"),
            ("a:b*c?.txt", "a_b_c_.txt"),
            ("chart.pdf                  .exe", "chart.pdf.exe"),
            ("CON", "_CON"),
            ("nul.txt", "_nul.txt"),
            ("Com1.tar.gz", "_Com1.tar.gz"),
            ("lpt¹", "_lpt¹"),
            ("aux .x", "_aux.x"),
            ("conin$", "_conin$"),
        ] {
            assert_eq!(harmless(name), kept, "{name:?}");
        }
    }

    #[test]
    fn long_name_is_cut_at_a_character_and_keeps_its_ending() {
        let long = |sign: &str, ending: &str| format!("{}{ending}", sign.repeat(300));
        let name = harmless(&long("x", ".pdf"));
        assert_eq!(name, format!("{}.pdf", "x".repeat(251)));
        let name = harmless(&long("世", ".tar.gz"));
        assert!(name.len() > 250 && name.ends_with("世.tar.gz"), "{name}");
        // That is no ending.
        let name = harmless(&format!("x.{}", "y".repeat(300)));
        assert_eq!(name.len(), NAME_MAX_BYTES);
        assert_eq!(harmless(&long("x. ", "")).len(), 253);
    }

    #[test]
    fn number_stands_before_the_ending() {
        for (name, numbered_name) in [
            ("chart.pdf", "chart (2).pdf"),
            ("chart", "chart (2)"),
            ("chart.tar.gz", "chart (2).tar.gz"),
            ("v1. 5", "v1. 5 (2)"),
            ("tar.gz", "tar (2).gz"),
        ] {
            assert_eq!(numbered(name, 2), numbered_name);
        }
        let name = numbered(&format!("{}.pdf", "x".repeat(251)), 17);
        assert_eq!(name.len(), NAME_MAX_BYTES);
        assert!(name.ends_with("x (17).pdf"), "{name}");
    }

    /// Pieces of which hostile names are made.
    fn hostile() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            any::<char>().prop_map(String::from),
            "[ -~]{0,9}",
            prop::sample::select(vec![
                "..", "/", "\\", ".", "-", " ", "\u{a0}", "\u{202e}", "\u{2066}", "\u{200d}",
                "\u{ad}", "\0", "\n", "\u{1b}]", "CON", "nul", "com1", ".tar.gz", "\u{301}", "👩",
                "\u{2028}", "\u{e000}", "$",
            ])
            .prop_map(str::to_owned),
            "[a-z世]{1,200}",
        ];
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn every_name_becomes_a_harmless_one(name in hostile(), number in 2_u32..1000) {
            let kept = harmless(&name);
            prop_assert_eq!(&harmless(&kept), &kept);
            let numbered = numbered(&kept, number);
            for kept in [&kept, &numbered] {
                prop_assert!((1..=NAME_MAX_BYTES).contains(&kept.len()));
                prop_assert!(!kept.contains(['/', '\\', '\0', '\n', ':']));
                prop_assert!(!kept.starts_with(['.', '-', ' ']) && !kept.ends_with(['.', ' ']), "{kept:?}");
                prop_assert!(!kept.chars().any(|sign| sign.is_control() || unicode::is_hidden(sign)), "{kept:?}");
                prop_assert_eq!(&undeviced(kept), kept);
                prop_assert_eq!(&*printable::line(kept), kept.as_str());
            }
            prop_assert_ne!(kept, numbered);
        }
    }
}
