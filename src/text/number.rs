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

#[cfg(test)]
mod tests {
    use super::*;

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
}
