//! Enrolment codes: with one that the operator has issued, a user sets a password without the old one, or opens an account.

use std::fmt;
use std::str::FromStr;

use rand_core::{CryptoRng, RngCore};
use thiserror::Error;
use zeroize::Zeroizing;

/// The digits, as Crockford has them: none looks like another one, and no case matters.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// How many digits a code has: 5 bits each. The last one has 3 bits, and two zeros after them.
const LENGTH: usize = 26;

/// How many digits stand together.
const GROUP: usize = 4;

/// A code of 128 random bits. It is a secret, so it has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolmentCode(Zeroizing<[u8; 16]>);

/// What was typed is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("that is no code: it has {LENGTH} letters and digits, in groups of {GROUP}")]
pub struct BadCode;

impl EnrolmentCode {
    /// Another code.
    pub fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut code = Zeroizing::new([0; 16]);
        rng.fill_bytes(&mut *code);
        Self(code)
    }

    /// Its bits, as they travel.
    #[must_use]
    pub fn bytes(&self) -> [u8; 16] {
        *self.0
    }
}

impl fmt::Display for EnrolmentCode {
    /// In groups, for somebody who reads it aloud.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = u128::from_be_bytes(*self.0);
        for place in 0..LENGTH {
            if place > 0 && place % GROUP == 0 {
                f.write_str("-")?;
            }
            // The last digit reaches 2 bits past the end.
            let end = 128_usize.saturating_sub(5 * (place + 1));
            let digit = if place + 1 == LENGTH {
                (bits << 2) & 31
            } else {
                (bits >> end) & 31
            };
            let digit = usize::try_from(digit).unwrap_or_default();
            write!(f, "{}", char::from(DIGITS[digit]))?;
        }
        Ok(())
    }
}

impl FromStr for EnrolmentCode {
    type Err = BadCode;

    /// Takes it in any case, with or without hyphens and blanks, and what is easily taken for a digit as that.
    fn from_str(text: &str) -> Result<Self, BadCode> {
        let (mut bits, mut count) = (0_u128, 0);
        for sign in text.chars().filter(|sign| !matches!(sign, '-' | ' ')) {
            let digit = match sign.to_ascii_lowercase() {
                'o' => '0',
                'i' | 'l' => '1',
                other => other,
            };
            let value = DIGITS.iter().position(|known| char::from(*known) == digit);
            let value = u128::try_from(value.ok_or(BadCode)?).map_err(|_| BadCode)?;
            count += 1;
            bits = match count {
                LENGTH if value.trailing_zeros() >= 2 => bits << 3 | value >> 2,
                1..LENGTH => bits << 5 | value,
                _ => return Err(BadCode),
            };
        }
        if count != LENGTH {
            return Err(BadCode);
        }
        Ok(Self(Zeroizing::new(bits.to_be_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;

    #[test]
    fn code_is_read_as_it_is_shown_and_as_people_type_it() {
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        for _ in 0..200 {
            let code = EnrolmentCode::generate(&mut rng);
            let shown = code.to_string();
            assert_eq!(shown.len(), LENGTH + 6, "{shown}");
            let typed = shown.to_uppercase().replace('-', " ");
            let typed = typed.replace('0', "O").replace('1', "l");
            for text in [&*shown, &*shown.replace('-', ""), &*typed] {
                assert!(text.parse() == Ok(code.clone()), "{text}");
            }
        }
        let highest = EnrolmentCode(Zeroizing::new([u8::MAX; 16]));
        assert_eq!(highest.to_string(), "zzzz-zzzz-zzzz-zzzz-zzzz-zzzz-zw");
    }

    #[test]
    fn what_is_no_code_is_refused_and_none_has_two_forms() {
        let wrong = [
            "",
            "correct horse battery staple",
            "zzzz-zzzz-zzzz-zzzz-zzzz-zzzz-z",
            "zzzz-zzzz-zzzz-zzzz-zzzz-zzzz-zz",
            "zzzz-zzzz-zzzz-zzzz-zzzz-zzzz-zw0",
            "uuuu-zzzz-zzzz-zzzz-zzzz-zzzz-zw",
        ];
        for text in wrong {
            assert!(text.parse::<EnrolmentCode>().is_err(), "{text}");
        }
    }
}
