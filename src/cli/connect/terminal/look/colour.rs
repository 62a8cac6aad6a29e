//! Colours, as many as the terminal has (ECMA-48 SGR; ITU-T T.416 for more than eight).

use crate::cli::environment;

/// How many colours a terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    Sixteen,
    /// 16 of the terminal's own, a cube of 216 and 24 greys.
    TwoHundredFiftySix,
    /// 24 bits.
    True,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// One of the 16 whose shades the terminal's own settings say; from 8 on they are bright.
    Own(u8),
    Exact(u8, u8, u8),
}

/// The names of the first eight.
const NAMES: [&str; 8] = [
    "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white",
];

/// The parts of the colours of the cube, as xterm has them.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The bright colours that are hues, with the angle of each in the circle of red, green and blue.
const HUES: [(u8, i32); 6] = [(9, 0), (11, 60), (10, 120), (14, 180), (12, 240), (13, 300)];

impl Depth {
    /// What the environment says of the terminal.
    pub fn of_environment() -> Self {
        match (environment::is_true_colour(), environment::terminal()) {
            (true, _) => Self::True,
            (false, term) if term.ends_with("-direct") => Self::True,
            (false, term) if term.contains("256color") => Self::TwoHundredFiftySix,
            _ => Self::Sixteen,
        }
    }
}

impl Colour {
    /// A name such as `red` or `bright-red`, or `#rrggbb`.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(digits) = text.strip_prefix('#') {
            let is_whole =
                digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            let part = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
            return is_whole.then(|| Some(Self::Exact(part(0)?, part(2)?, part(4)?)))?;
        }
        let (name, bright) = match text.strip_prefix("bright-") {
            Some(name) => (name, 8),
            None => (text, 0),
        };
        let number = (0..).zip(NAMES).find(|(_, own)| *own == name)?.0;
        Some(Self::Own(number + bright))
    }

    /// The parameters that select it, or the nearest that the terminal has.
    pub fn code(self, depth: Depth) -> String {
        match (self, depth) {
            (Self::Own(number @ 0..8), _) => (30 + number).to_string(),
            (Self::Own(number), _) => (82 + number).to_string(),
            (Self::Exact(red, green, blue), Depth::True) => format!("38;2;{red};{green};{blue}"),
            (Self::Exact(red, green, blue), Depth::TwoHundredFiftySix) => {
                format!("38;5;{}", nearest_of_256([red, green, blue]))
            }
            (Self::Exact(red, green, blue), Depth::Sixteen) => {
                nearest_of_16([red, green, blue].map(i32::from)).code(depth)
            }
        }
    }
}

/// The nearest colour of the cube, or grey if that is nearer.
fn nearest_of_256(exact: [u8; 3]) -> u8 {
    let distance = |other: [u8; 3]| -> u32 {
        let parts = exact.iter().zip(other);
        parts
            .map(|(one, other)| u32::from(one.abs_diff(other)).pow(2))
            .sum()
    };
    let nearest = |part: u8| (0_u8..).zip(CUBE).min_by_key(|(_, own)| own.abs_diff(part));
    let steps = exact.map(|part| nearest(part).unwrap_or_default());
    let cube = 16 + 36 * steps[0].0 + 6 * steps[1].0 + steps[2].0;
    let greys = (0..24_u8).map(|step| (232 + step, [8 + 10 * step; 3]));
    let all = greys.chain([(cube, steps.map(|(_, part)| part))]);
    let nearest = all.min_by_key(|(_, colour)| distance(*colour));
    nearest.map_or(cube, |(number, _)| number)
}

/// The nearest hue, darker where the colour is, or black, grey or white.
fn nearest_of_16([red, green, blue]: [i32; 3]) -> Colour {
    let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
    let spread = most - least;
    if spread < 40 {
        return Colour::Own(match most {
            0..64 => 0,
            64..160 => 8,
            160..224 => 7,
            _ => 15,
        });
    }
    let angle = if most == red {
        (60 * (green - blue) / spread).rem_euclid(360)
    } else if most == green {
        60 * (blue - red) / spread + 120
    } else {
        60 * (red - green) / spread + 240
    };
    let distance = |other: i32| {
        let apart = (angle - other).abs();
        apart.min(360 - apart)
    };
    let nearest = HUES.into_iter().min_by_key(|(_, hue)| distance(*hue));
    let bright = nearest.map_or(15, |(number, _)| number);
    Colour::Own(if most < 192 { bright - 8 } else { bright })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_the_nearest_that_the_terminal_has() {
        let orange = Colour::parse("#ff8800").unwrap();
        assert_eq!(orange.code(Depth::True), "38;2;255;136;0");
        assert_eq!(orange.code(Depth::TwoHundredFiftySix), "38;5;208");
        assert_eq!(orange.code(Depth::Sixteen), "93");
        let own = Colour::parse("bright-magenta").unwrap();
        assert_eq!(own.code(Depth::Sixteen), "95");
        assert_eq!(own.code(Depth::True), "95");
        for (text, code) in [
            ("#808080", "90"),
            ("#ffffff", "97"),
            ("#800000", "31"),
            ("#00ff10", "92"),
            ("#ff00a0", "95"),
        ] {
            let colour = Colour::parse(text).unwrap();
            assert_eq!(colour.code(Depth::Sixteen), code, "{text}");
        }
        assert_eq!(
            Colour::parse("#777777")
                .unwrap()
                .code(Depth::TwoHundredFiftySix),
            "38;5;243"
        );
    }

    #[test]
    fn what_is_no_colour_is_none() {
        for text in [
            "",
            "#",
            "#12345",
            "#1234567",
            "#12345é",
            "#+12345",
            "rot",
            "bright-",
            "bright-bright-red",
            "38",
        ] {
            assert_eq!(Colour::parse(text), None, "{text}");
        }
    }
}
