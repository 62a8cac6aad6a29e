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

#[cfg(test)]
mod tests {
    use super::*;

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
