use proptest::prelude::*;

use super::*;

/// A name that was typed in its parts was shown with escapes.
#[test]
fn quoted_text_is_shown_as_it_was_typed() {
    assert_eq!(quoted("#i\u{307}van"), "\"#i\u{307}van\"");
    assert_eq!(quoted("a\nb\u{1b}[2J"), "\"a b\"");
}

#[test]
fn escape_sequences_are_left_out_whole() {
    assert_eq!(line("a\u{1b}[31;1mred\u{1b}[0mb"), "aredb");
    assert_eq!(line("a\u{1b}]0;title\u{7}b"), "ab");
    assert_eq!(line("a\u{1b}Pq\u{1b}\\b"), "ab");
    assert_eq!(line("a\u{1b}]0;no end"), "a0;no end");
    assert_eq!(line("a\u{1b}[é\u{1b}"), "aé");
    assert_eq!(line("\u{9b}31mx"), "31mx");
}

/// The end of each of them was looked for up to the end of the text: a second for one message of the longest.
#[test]
fn thousands_of_strings_without_an_end_cost_no_more_than_one() {
    let text = "\u{1b}]".repeat(1 << 20);
    assert_eq!(line(&text), "");
}

#[test]
fn line_breaks_become_blanks() {
    assert_eq!(line("one\r\ntwo\tthree"), "one two three");
    assert_eq!(line("a\u{85}b\u{2028}c\u{b}d"), "a b c d");
}

#[test]
fn text_of_several_lines_keeps_its_form_and_nothing_else() {
    assert_eq!(
        text("if x:\r\n\treturn  (  1 )\r\n"),
        "if x:\n\treturn  (  1 )"
    );
    assert_eq!(text("\n\n a\n\u{200b}\n\n \nb  \n\n"), " a\n\nb");
    assert_eq!(text("a\n    b\u{1b}[2Jc\u{7}"), "a\n    bc");
    // A sequence ends with its line.
    assert_eq!(text("a\u{1b}]0;b\nc\u{7}d"), "a0;b\ncd");
    assert_eq!(text("a\u{2028}b\u{85}c\u{b}d\re"), "a b c d e");
    // Of one line no blanks are needed, and a tab is one.
    assert_eq!(text("a      b\t\t\tc"), "a  b\t\tc");
    let far = format!("a\n{}b", " ".repeat(100));
    assert_eq!(text(&far).len(), "a\nb".len() + BLANKS_IN_LINES_MAX);
    assert_eq!(text_or_nothing("\n\t\u{200b}\n"), NOTHING_VISIBLE);
}

proptest! {
    #[test]
    fn text_holds_no_control_but_line_breaks_and_tabs_and_is_stable(
        given in "(\\PC|[\n\r\t\u{1b}\u{9b}\u{7}\u{2028}\u{200d}\u{fe0f} \\[\\]a]){0,60}"
    ) {
        let clean = text(&given).into_owned();
        prop_assert!(clean.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t')), "{:?}", clean);
        prop_assert_eq!(text(&clean), clean.as_str());
    }
}

#[test]
fn what_cannot_be_seen_is_left_out() {
    for hidden in [
        "\u{ad}",
        "\u{34f}",
        "\u{115f}\u{1160}\u{3164}\u{ffa0}",
        "\u{17b4}\u{17b5}",
        "\u{180b}\u{180e}",
        "\u{200b}\u{200c}\u{200d}\u{200e}\u{feff}",
        "\u{202e}\u{2066}\u{2069}",
        "\u{2060}\u{2065}\u{206f}",
        "\u{fe00}\u{fe0e}\u{fe0f}\u{e0100}",
        "\u{fff9}\u{fffa}\u{fffb}",
        "\u{13430}\u{1343f}",
        "\u{1bca0}\u{1bca3}",
        "\u{1d173}\u{1d17a}",
        "\u{e0001}\u{e0067}\u{e007f}",
    ] {
        assert_eq!(line(&format!("bo{hidden}b")), "bob", "{hidden:?}");
        assert_eq!(line(&format!("é{hidden}é")), "éé", "{hidden:?}");
        assert!(is_blank(hidden), "{hidden:?}");
    }
}

#[test]
fn what_nobody_knows_is_seen_to_be_there() {
    for unknown in ["\u{e000}", "\u{10fffd}", "\u{fdd0}", "\u{ffff}", "\u{378}"] {
        assert_eq!(line(&format!("bo{unknown}b")), "bo\u{fffd}b", "{unknown:?}");
    }
}

#[test]
fn marks_in_a_row_stop_at_the_tallest_stack_that_is_written() {
    let over = "\u{300}".repeat(4000);
    assert_eq!(line(&format!("a{over}b")), format!("a{}b", &over[..16]));
    // A joiner does not begin another stack.
    let again = "क\u{94d}\u{200d}".to_owned() + &"\u{94d}\u{200d}".repeat(100);
    assert!(line(&again).chars().count() <= 1 + 2 * MARKS_MAX);
    let jamo = "\u{1161}".repeat(100);
    assert_eq!(
        line(&format!("\u{1100}{jamo}")).chars().count(),
        1 + MARKS_MAX
    );
}

#[test]
fn runs_of_blanks_are_shortened_whatever_they_are_made_of() {
    for blank in [
        " ",
        "\u{a0}",
        "\u{2003}",
        "\u{3000}",
        "\u{2800}",
        "\t",
        "\n",
        "\u{1d159}",
        "\u{202f}",
    ] {
        let text = format!("a{}b", blank.repeat(50));
        assert_eq!(line(&text).chars().count(), 2 + BLANKS_MAX, "{blank:?}");
    }
    assert_eq!(line("a \u{3000}\u{200b}\u{2003}\u{7} b"), "a \u{3000}b");
    assert_eq!(line("one.  Two"), "one.  Two");
}

#[test]
fn text_of_nothing_visible_is_told_as_such() {
    for text in [
        "",
        " ",
        "\u{3164}",
        "\u{2800}\u{a0}",
        "\u{e0067}\u{200d}",
        "\u{1b}[2J\n",
    ] {
        assert!(is_blank(text), "{text:?}");
        assert_eq!(line_or_nothing(text), NOTHING_VISIBLE, "{text:?}");
    }
    assert!(!is_blank("\u{fffd}") && !is_blank("."));
}

/// A family of emoji came apart into its members, and Persian words lost their spelling, since joiners were taken for
/// invisible characters like any other.
#[test]
fn real_texts_of_many_scripts_stay_as_they_are() {
    for text in [
        "tea at four? ☕ Grüße, 世界. Ça va\u{a0}?",
        "สวัสดีครับ น้ำใจ ปู่ย่าตายาย",
        "မြန်မာနိုင်ငံ ကျေးဇူးတင်ပါတယ် ဩဂုတ်",
        "क्षत्रिय क्\u{200d}ष क्\u{200c}ष र\u{94d}\u{200d}य हिन्दी श्री",
        "র\u{200d}্যাব র\u{200d}্যাপ বাংলা ৎ",
        "ശ്രീ അവൻ ന്\u{200d} മലയാളം",
        "ශ්\u{200d}රී ලංකාව",
        "ಕನ್ನಡ ರ\u{200d}್ಯಾಂಕ್",
        "می\u{200c}خواهم خانه\u{200c}ها کار\u{200c}ها نامه\u{200c}ای",
        "ه\u{200d} \u{200d}ه",
        "ᠮᠣᠩᠭᠣᠯ ᠬᠡᠯᠡ ᠠ\u{180b} ᠭᠠᠷ\u{180e}ᠠ",
        "ភាសាខ្មែរ ព្រះ",
        "ཧྐྵྨླྺྼྻྂ བོད་སྐད",
        "한국어 훈민정음",
        "\u{1112}\u{119e}\u{11ab}",
        "葛\u{e0100}飾区 㐂\u{fe00}",
        "שָׁלוֹם العَرَبِيَّة \u{600}\u{661}\u{662}",
        "tiếng Việt Ɛ̃ n̈",
        "👩\u{200d}👩\u{200d}👧\u{200d}👦 👍🏽 👩🏿\u{200d}🚀 ❤\u{fe0f}\u{200d}🔥 🏳\u{fe0f}\u{200d}🌈 🏴\u{200d}☠\u{fe0f}",
        "🇩🇪 🇺🇳 1\u{fe0f}\u{20e3} #\u{fe0f}\u{20e3} ☺\u{fe0e} ©\u{fe0f}",
        "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
        "⠓⠑⠇⠇⠕⠀⠺⠕⠗⠇⠙",
    ] {
        assert_eq!(line(text), text);
    }
}

#[test]
fn joiners_selectors_and_tags_go_where_they_spell_nothing() {
    assert_eq!(line("bo\u{200d}b\u{200c} \u{200d}"), "bob ");
    assert_eq!(line("é\u{200d}\u{200d}é\u{200d}"), "éé");
    assert_eq!(line("👩\u{200d}\u{200d}👧\u{200d}"), "👩\u{200d}👧");
    assert_eq!(line("ه\u{200d}\u{200d}\u{200d}"), "ه\u{200d}");
    assert_eq!(line("1\u{fe0f} a\u{fe0f}"), "1 a");
    assert_eq!(line("❤\u{fe0f}\u{fe0f}\u{fe0e}"), "❤\u{fe0f}");
    // A flag that there is not, one without its end, and a name that no flag stands before.
    let flag = |name: &str| -> String {
        let tag = |letter| char::from_u32(0xe0000 + u32::from(letter)).unwrap();
        name.chars().map(tag).collect()
    };
    assert_eq!(line(&format!("🏴{}\u{e007f}", flag("usxx"))), "🏴");
    assert_eq!(line(&format!("🏴{}", flag("gbeng"))), "🏴");
    assert_eq!(line(&format!("🏁{}\u{e007f}", flag("gbeng"))), "🏁");
    assert_eq!(line(&format!("🏴{}\u{e007f}x", flag("gbengsecret"))), "🏴x");
}

/// Texts of all that is treated in some way, near each other.
fn nasty() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => prop::sample::select(
            "a1 ❤👩🏽🏴🇩\u{200c}\u{200d}\u{fe0f}\u{fe0e}\u{20e3}ब\u{94d}र\u{9cd}هرᠠ\u{180b}\u{180e}葛\u{e0100}\u{fe00}\
             \u{300}\u{1161}\u{3164}\u{2800}\u{3000}\u{e0067}\u{e007f}\u{1b}[]P\\\u{7}\r\n\u{e000}\u{fffd}\u{34f}"
                .chars()
                .collect::<Vec<char>>()
        ),
        1 => any::<char>(),
    ];
    let piece = prop_oneof![
        8 => character.prop_map(String::from),
        1 => prop::sample::select(FLAGS.map(|name| format!("{BLACK_FLAG}{name}")).to_vec()),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn line_holds_nothing_hidden_and_stays_as_it_is(text in nasty()) {
        let clean = line(&text).into_owned();
        prop_assert_eq!(line(&clean), clean.as_str());
        let mut without_flags = clean.clone();
        for name in FLAGS {
            let flag = format!("{BLACK_FLAG}{name}");
            without_flags = without_flags.replace(&flag, &BLACK_FLAG.to_string());
        }
        let (mut marks, mut blanks, mut shaping) = (0, 0, false);
        for character in without_flags.chars() {
            prop_assert!(!character.is_control());
            let kind = unicode::kind(character);
            prop_assert!(!matches!(kind, Kind::Hidden | Kind::Unknown), "{:?}", character);
            // One joiner or selector at a time, but for a selector and the joiner after it.
            let is_joiner = JOINERS.contains(&character);
            prop_assert!(!(shaping && kind == Kind::Shaping && !is_joiner));
            shaping = kind == Kind::Shaping;
            marks = match kind { Kind::Mark => marks + 1, Kind::Shaping => marks, _ => 0 };
            blanks = if kind == Kind::Blank { blanks + 1 } else { 0 };
            prop_assert!(marks <= MARKS_MAX && blanks <= BLANKS_MAX);
        }
    }
}

#[test]
fn strings_with_ends_of_one_kind_are_read_once() {
    // A text of 16 KiB kept each reader's client busy for 100 ms, and twice as long a text four times that: after each
    // introducer both ends were looked for, and one of them was nowhere. With a text of this length that took minutes.
    let most = 1 << 20;
    for string in ["\u{1b}]\u{7}", "\u{1b}P\u{1b}\\", "\u{1b}_\u{7}", "\u{1b}X"] {
        let text = string.repeat(most / string.len());
        assert!(line(&text).len() <= text.len());
        let ended = [&text, "\u{1b}\\"].concat();
        assert!(line(&ended).len() <= text.len());
    }
}
