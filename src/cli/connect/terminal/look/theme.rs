//! What each piece of a line is painted with: the defaults, and what the user has set instead.

use super::colour::{Colour, Depth};
use super::hue::{self, Background, Vision};
use super::layout::Style;
use crate::client::Tone;
use crate::registry::nearest;

/// A piece's paint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Paint {
    colour: Option<Colour>,
    /// In the order of [`SWITCHES`].
    switches: [bool; SWITCHES.len()],
}

/// Words that may stand beside a colour, and the parameter of each (ECMA-48 SGR).
const SWITCHES: [(&str, &str); 4] = [
    ("bold", "1"),
    ("dim", "2"),
    ("italic", "3"),
    ("underline", "4"),
];

/// What is painted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Painted {
    Time,
    Name,
    Own,
    Room,
    Private,
    Everyone,
    Text,
    Receipt,
    Event,
    Error,
    Remark,
    Day,
}

/// The name of each in the configuration, and how it is painted if the user sets nothing; in the order of their numbers.
const PAINTED: [(Painted, &str, &str); 12] = [
    (Painted::Time, "time", "dim"),
    (Painted::Name, "name", HUE),
    (Painted::Own, "own", "bold"),
    (Painted::Room, "room", "cyan"),
    (Painted::Private, "private", "magenta"),
    (Painted::Everyone, "everyone", "yellow"),
    (Painted::Text, "text", "none"),
    (Painted::Receipt, "receipt", "green"),
    (Painted::Event, "event", "dim"),
    (Painted::Error, "error", "red"),
    (Painted::Remark, "remark", "dim"),
    (Painted::Day, "day", "dim"),
];

const BACKGROUND: &str = "background";
const VISION: &str = "vision";

/// The paint of names by which each has a colour of its own.
const HUE: &str = "hue";

/// One thing that the user has set, such as `own=bold green`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting(Value);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    Background(Background),
    Vision(Vision),
    /// Nothing for a colour by the name.
    Paint(Painted, Option<Paint>),
}

impl std::str::FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text
            .split_once('=')
            .ok_or("expected a part and its style, such as own=bold")?;
        let (name, value) = (name.trim(), value.trim());
        let value = match name {
            BACKGROUND => match value {
                "dark" => Value::Background(Background::Dark),
                "light" => Value::Background(Background::Light),
                _ => return Err(format!("{BACKGROUND} is dark or light")),
            },
            VISION => match value {
                "all" => Value::Vision(Vision::All),
                "red-green" => Value::Vision(Vision::RedGreen),
                "blue" => Value::Vision(Vision::Blue),
                _ => return Err(format!("{VISION} is all, red-green or blue")),
            },
            name => {
                let part = PAINTED.iter().find(|(_, own, _)| *own == name);
                let (part, ..) = part.ok_or_else(|| unknown(name))?;
                let is_hue = *part == Painted::Name && value == HUE;
                Value::Paint(*part, if is_hue { None } else { Some(paint(value)?) })
            }
        };
        Ok(Self(value))
    }
}

fn unknown(name: &str) -> String {
    let names = || {
        let painted = PAINTED.iter().map(|(_, own, _)| *own);
        painted.chain([BACKGROUND, VISION])
    };
    if let Some(near) = nearest(names(), name) {
        return format!("there is no part {name}; did you mean {near}?");
    }
    let all: Vec<&str> = names().collect();
    format!("there is no part {name}; the parts are {}", all.join(", "))
}

/// Reads words such as `bold red`, of which one may be a colour.
fn paint(text: &str) -> Result<Paint, String> {
    let mut paint = Paint::default();
    for word in text.split_whitespace() {
        let switch = SWITCHES.iter().position(|(name, _)| *name == word);
        if let Some(switch) = switch {
            paint.switches[switch] = true;
        } else if word != "none" {
            let colour = Colour::parse(word).ok_or_else(|| {
                format!(
                    "{word} is no style: it is none, bold, dim, italic, underline, a colour such as red or bright-red, or \
                     #rrggbb"
                )
            })?;
            if paint.colour.replace(colour).is_some() {
                return Err(format!("{word} is a second colour"));
            }
        }
    }
    Ok(paint)
}

/// All paints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    background: Background,
    vision: Vision,
    /// In the order of [`PAINTED`]; nothing for a colour by the name.
    paints: [Option<Paint>; PAINTED.len()],
}

impl Default for Theme {
    fn default() -> Self {
        Self {
            background: Background::default(),
            vision: Vision::default(),
            // The default of names is no paint, but their hue.
            paints: PAINTED.map(|(_, _, style)| paint(style).ok()),
        }
    }
}

impl Theme {
    /// The defaults, with what the user has set; the last one counts.
    pub fn new(settings: &[Setting]) -> Self {
        let mut theme = Self::default();
        for Setting(value) in settings {
            match *value {
                Value::Background(background) => theme.background = background,
                Value::Vision(vision) => theme.vision = vision,
                Value::Paint(part, paint) => theme.paints[part as usize] = paint,
            }
        }
        theme
    }

    /// A piece in its colours.
    pub fn paint(&self, style: Style, text: &str, depth: Depth) -> String {
        let part = match style {
            Style::Time => Painted::Time,
            Style::Name(_) => Painted::Name,
            Style::Own => Painted::Own,
            Style::Room => Painted::Room,
            Style::Private => Painted::Private,
            Style::Everyone => Painted::Everyone,
            Style::Text(Tone::Said | Tone::Plain) => Painted::Text,
            Style::Text(Tone::Receipt) => Painted::Receipt,
            Style::Text(Tone::Event | Tone::Notice) => Painted::Event,
            Style::Text(Tone::Error) => Painted::Error,
            Style::Remark => Painted::Remark,
            Style::Day => Painted::Day,
        };
        let paint = match (self.paints[part as usize], style) {
            (Some(paint), _) => paint,
            (None, Style::Name(hash)) => Paint {
                colour: Some(self.colour_of(hash)),
                ..Paint::default()
            },
            (None, _) => Paint::default(),
        };
        let codes = paint.codes(depth);
        if codes.is_empty() || text.is_empty() {
            return text.to_owned();
        }
        format!("\x1b[{codes}m{text}\x1b[0m")
    }

    fn colour_of(&self, hash: u16) -> Colour {
        let (red, green, blue) = hue::colour(hue::angle(hash, self.vision), self.background);
        Colour::Exact(red, green, blue)
    }
}

impl Paint {
    /// The parameters of ECMA-48 SGR.
    fn codes(self, depth: Depth) -> String {
        let set = SWITCHES
            .iter()
            .zip(self.switches)
            .filter(|(_, is_on)| *is_on);
        let mut codes: Vec<String> = set.map(|((_, code), _)| (*code).to_owned()).collect();
        codes.extend(self.colour.map(|colour| colour.code(depth)));
        codes.join(";")
    }
}

#[cfg(test)]
mod tests {
    use super::super::hue::hash;
    use super::*;

    fn theme(settings: &[&str]) -> Theme {
        let settings: Vec<Setting> = settings.iter().map(|text| text.parse().unwrap()).collect();
        Theme::new(&settings)
    }

    fn wrong(setting: &str) -> String {
        setting.parse::<Setting>().unwrap_err()
    }

    #[test]
    fn parts_stand_in_the_order_of_their_numbers() {
        for (number, (part, name, style)) in PAINTED.into_iter().enumerate() {
            assert_eq!(part as usize, number);
            assert!(
                format!("{name}={style}").parse::<Setting>().is_ok(),
                "{name}"
            );
        }
    }

    #[test]
    fn receipts_are_green_and_names_have_the_colour_of_their_hash() {
        let theme = theme(&[]);
        let receipt = Style::Text(Tone::Receipt);
        assert_eq!(
            theme.paint(receipt, "✓", Depth::Sixteen),
            "\x1b[32m✓\x1b[0m"
        );
        assert_eq!(theme.paint(Style::Text(Tone::Said), "x", Depth::True), "x");
        let name = |depth| theme.paint(Style::Name(hash("bob")), "bob", depth);
        assert!(
            name(Depth::True).starts_with("\x1b[38;2;"),
            "{}",
            name(Depth::True)
        );
        assert!(name(Depth::TwoHundredFiftySix).starts_with("\x1b[38;5;"));
        assert!(name(Depth::Sixteen).starts_with("\x1b[9"));
        // The same wherever the name is broken.
        let part = theme.paint(Style::Name(hash("bob")), "bo", Depth::True);
        assert_eq!(part.replace("bo", "bob"), name(Depth::True));
    }

    #[test]
    fn what_the_user_sets_takes_the_place_of_the_default() {
        let theme = theme(&[
            "own=green",
            "own=bold underline #ff0000",
            "name=none",
            "receipt = bright-blue ",
        ]);
        assert_eq!(
            theme.paint(Style::Own, "x", Depth::True),
            "\x1b[1;4;38;2;255;0;0mx\x1b[0m"
        );
        assert_eq!(theme.paint(Style::Name(7), "x", Depth::True), "x");
        let receipt = theme.paint(Style::Text(Tone::Receipt), "x", Depth::True);
        assert_eq!(receipt, "\x1b[94mx\x1b[0m");
    }

    #[test]
    fn wrong_setting_is_told_with_what_could_be_meant() {
        for (setting, why) in [
            ("bold", "expected a part and its style, such as own=bold"),
            (
                "recipt=green",
                "there is no part recipt; did you mean receipt?",
            ),
            ("own=blod", "blod is no style"),
            ("own=red blue", "blue is a second colour"),
            ("background=#000000", "background is dark or light"),
            ("vision=red", "vision is all, red-green or blue"),
            ("own=hue", "hue is no style"),
        ] {
            assert!(
                wrong(setting).starts_with(why),
                "{setting}: {}",
                wrong(setting)
            );
        }
        assert!(wrong("x=red").contains("the parts are time, name"));
    }
}
