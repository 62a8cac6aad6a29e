//! Whole numbers that somebody writes for an option or a setting.

use std::ops::RangeInclusive;

/// What takes such a number within limits, and else says which it takes.
pub fn whole(range: RangeInclusive<u64>) -> impl Fn(&str) -> Result<u64, String> + Clone {
    move |text| {
        let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|_| is_digits);
        number
            .filter(|number| range.contains(number))
            .ok_or_else(|| {
                let kind = "expected a whole number";
                match (*range.start(), *range.end()) {
                    (0, u64::MAX) => kind.to_owned(),
                    (least, u64::MAX) => format!("{kind}, {least} or more"),
                    (least, most) => format!("{kind} from {least} to {most}"),
                }
            })
    }
}

/// The same of seconds, which may also be written with their unit: `90s`, `2m` or `1h`.
pub fn seconds(range: RangeInclusive<u64>) -> impl Fn(&str) -> Result<u64, String> + Clone {
    move |text| {
        let units = [('s', 1), ('m', 60), ('h', 3600)];
        let unit = units.into_iter().find(|(sign, _)| text.ends_with(*sign));
        let Some((sign, unit)) = unit else {
            return whole(range.clone())(text);
        };
        let number = text.strip_suffix(sign).map(whole(0..=u64::MAX));
        number
            .and_then(Result::ok)
            .and_then(|number| number.checked_mul(unit))
            .filter(|seconds| range.contains(seconds))
            .ok_or_else(|| {
                let (least, most) = (range.start(), range.end());
                format!("expected {least} to {most} seconds, such as 90, 90s, 2m or 1h")
            })
    }
}

/// A number of bytes for a person, such as `812 bytes`, `12 kB` or `5.2 MB` (1000 each), cut off after two digits or so. What a
/// user is told of files and of limits has this form, so that the two can be compared.
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000)];
    let Some((unit, one)) = UNITS.into_iter().rev().find(|(_, one)| bytes >= *one) else {
        let unit = if bytes == 1 { "byte" } else { "bytes" };
        return format!("{bytes} {unit}");
    };
    let (whole, tenth) = (bytes / one, bytes % one * 10 / one);
    if whole < 10 && tenth > 0 {
        format!("{whole}.{tenth} {unit}")
    } else {
        format!("{whole} {unit}")
    }
}

/// How much of something is done, in whole hundredths, of which the last is only there once all is. Of nothing all is done.
#[must_use]
pub fn percent(done: u64, of: u64) -> u64 {
    if of == 0 {
        return 100;
    }
    let hundredths = u128::from(done.min(of)) * 100 / u128::from(of);
    u64::try_from(hundredths).unwrap_or(100)
}

/// The letters that multiply a size, the largest first.
const MULTIPLES: [(char, u64); 4] = [
    ('T', 1 << 40),
    ('G', 1 << 30),
    ('M', 1 << 20),
    ('K', 1 << 10),
];

/// A size in bytes, as [`bytes`] reads it.
#[must_use]
pub fn shown_bytes(bytes: u64) -> String {
    let fits = |(_, factor): &&(char, u64)| bytes > 0 && bytes.is_multiple_of(*factor);
    match MULTIPLES.iter().find(fits) {
        Some((letter, factor)) => format!("{}{letter}", bytes / factor),
        None => bytes.to_string(),
    }
}

/// Reads a size in bytes, or with K, M, G or T after it (1024 each).
///
/// # Errors
/// What it takes, if it is none.
pub fn bytes(text: &str) -> Result<u64, String> {
    let wrong = || "expected a number of bytes, as in 65536, 64K or 200M".to_owned();
    let multiple = text.chars().next_back().and_then(|last| {
        let mut multiples = MULTIPLES.iter();
        multiples.find(|(letter, _)| letter.eq_ignore_ascii_case(&last))
    });
    let (digits, factor) = match multiple {
        Some((_, factor)) => (&text[..text.len() - 1], *factor),
        None => (text, 1),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let count: u64 = digits.parse().map_err(|_| wrong())?;
    count.checked_mul(factor).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_they_are_shown() {
        for (text, count) in [
            ("0", 0),
            ("1000", 1000),
            ("64K", 64 << 10),
            ("200M", 200 << 20),
            ("3G", 3 << 30),
            ("1T", 1 << 40),
        ] {
            assert_eq!(bytes(text), Ok(count));
            assert_eq!(shown_bytes(count), text);
        }
        assert_eq!(bytes("64k"), Ok(64 << 10));
        for wrong in [
            "",
            "K",
            "-1",
            "+1",
            "1.5M",
            "1 M",
            "99999999T",
            "1KK",
            "1é",
            "64KiB",
        ] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn seconds_may_have_a_unit() {
        let timeout = seconds(1..=86_400);
        for (text, expected) in [("30", 30), ("30s", 30), ("2m", 120), ("24h", 86_400)] {
            assert_eq!(timeout(text), Ok(expected), "{text}");
        }
        for wrong in [
            "0s",
            "25h",
            "1d",
            "m",
            "2ss",
            "-1m",
            "1.5h",
            "2 m",
            "99999999999999999999h",
        ] {
            assert!(timeout(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn number_within_the_limits_is_taken_and_all_else_told_of_them() {
        let seconds = whole(1..=86_400);
        assert_eq!(seconds("1"), Ok(1));
        assert_eq!(seconds("86400"), Ok(86_400));
        for wrong in [
            "",
            "0",
            "86401",
            "1.5",
            "-1",
            "+1",
            " 1",
            "ten",
            "18446744073709551616",
        ] {
            let error = seconds(wrong).unwrap_err();
            assert_eq!(error, "expected a whole number from 1 to 86400", "{wrong}");
        }
        let any = |range| whole(range)("-1").unwrap_err();
        assert_eq!(any(0..=u64::MAX), "expected a whole number");
        assert_eq!(any(1..=u64::MAX), "expected a whole number, 1 or more");
    }

    #[test]
    fn percentage_is_100_at_the_end_only() {
        for (sent, size, expected) in [
            (0, 5, 0),
            (4, 5, 80),
            (999, 1000, 99),
            (5, 5, 100),
            (6, 5, 100),
            (0, 0, 100),
            (u64::MAX, u64::MAX, 100),
        ] {
            assert_eq!(percent(sent, size), expected, "{sent} of {size}");
        }
    }
}
