//! A steady colour for each name (XEP-0392, version 1.0): the hue is a hash of the name, and other programs that follow it
//! choose the same.

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

/// Which colours the reader tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Vision {
    #[default]
    All,
    /// Not red and green (section 5.2.1): only one side of the circle is used.
    RedGreen,
    /// Not blue and yellow (section 5.2.2).
    Blue,
}

/// What the terminal's background is like. The specification leaves the lightness to the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Background {
    #[default]
    Dark,
    Light,
}

impl Background {
    /// In percent. Chosen: 9 : 1 against black, 5 : 1 against white, where WCAG 2.2 (1.4.3) asks for 4.5 : 1.
    const fn lightness(self) -> f64 {
        match self {
            Self::Dark => 70.0,
            Self::Light => 45.0,
        }
    }
}

/// What decides a name's hue (section 5.1). Nothing depends on the strength of the hash.
pub fn hash(name: &str) -> u16 {
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, name.as_bytes());
    let bytes = hash.as_ref();
    u16::from_le_bytes([bytes[0], bytes[1]])
}

/// The hue of a hash, in degrees.
pub fn angle(hash: u16, vision: Vision) -> f64 {
    let angle = f64::from(hash) / 65536.0 * 360.0;
    match vision {
        Vision::All => angle,
        Vision::RedGreen => ((angle + 90.0) % 180.0 + 270.0) % 360.0,
        Vision::Blue => angle % 180.0,
    }
}

/// The colour of a hue: red, green and blue.
pub fn colour(angle: f64, background: Background) -> (u8, u8, u8) {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is clamped to a byte's range"
    )]
    let byte = |part: f64| (part.clamp(0.0, 1.0) * 255.0).round() as u8;
    let [red, green, blue] = hsluv(angle, background.lightness()).map(byte);
    (red, green, blue)
}

/// From XYZ to linear sRGB (IEC 61966-2-1), as HSLuv has it.
const TO_RGB: [[f64; 3]; 3] = [
    [
        3.240_969_941_904_521,
        -1.537_383_177_570_093,
        -0.498_610_760_293,
    ],
    [
        -0.969_243_636_280_87,
        1.875_967_501_507_72,
        0.041_555_057_407_175,
    ],
    [
        0.055_630_079_696_993,
        -0.203_976_958_888_97,
        1.056_971_514_242_878,
    ],
];

/// White (D65) in the plane of u and v.
const WHITE: (f64, f64) = (0.197_830_006_642_83, 0.468_319_994_938_79);

/// Where the lightness of CIE LUV is no longer a cube root (29/3 to the power of 3).
const KAPPA: f64 = 903.296_296_296_296;

/// A hue at its greatest chroma in HSLuv (revision 4, hsluv.org), for a lightness from 8 to 100: parts of sRGB from 0 to 1.
fn hsluv(angle: f64, lightness: f64) -> [f64; 3] {
    let (sine, cosine) = angle.to_radians().sin_cos();
    let chroma = chroma_max(sine, cosine, lightness);
    let scale = chroma / (13.0 * lightness);
    let (u, v) = (cosine * scale + WHITE.0, sine * scale + WHITE.1);
    let luminance = ((lightness + 16.0) / 116.0).powi(3);
    let in_x = 9.0 * luminance * u / (4.0 * v);
    let in_z = luminance * (12.0 - 3.0 * u - 20.0 * v) / (4.0 * v);
    TO_RGB.map(|[of_x, of_y, of_z]| {
        let linear = of_x * in_x + of_y * luminance + of_z * in_z;
        if linear <= 0.003_130_8 {
            12.92 * linear
        } else {
            1.055 * linear.powf(1.0 / 2.4) - 0.055
        }
    })
}

/// How far one gets from grey into a hue before a part of sRGB is beyond 0 or 1: the bounds are six lines in the plane of u
/// and v.
fn chroma_max(sine: f64, cosine: f64, lightness: f64) -> f64 {
    let cube = (lightness + 16.0).powi(3) / 1_560_896.0;
    let scale = if cube > 1.0 / KAPPA * 8.0 {
        cube
    } else {
        lightness / KAPPA
    };
    let mut nearest = f64::MAX;
    for [of_x, of_y, of_z] in TO_RGB {
        for bound in [0.0, 1.0] {
            let slope = (284_517.0 * of_x - 94_839.0 * of_z) * scale;
            let intercept =
                (838_422.0 * of_z + 769_860.0 * of_y + 731_718.0 * of_x) * lightness * scale
                    - 769_860.0 * bound * lightness;
            let divisor = (632_260.0 * of_z - 126_452.0 * of_y) * scale + 126_452.0 * bound;
            let length = intercept / divisor / (sine - slope / divisor * cosine);
            if length >= 0.0 {
                nearest = nearest.min(length);
            }
        }
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The specification's test vectors (section 13).
    #[test]
    fn hues_are_those_of_the_specification() {
        for (name, all, red_green, blue) in [
            ("Romeo", 327.255_249, 327.255_249, 147.255_249),
            ("juliet@capulet.lit", 209.410_400, 29.410_400, 29.410_400),
            ("😺", 331.199_341, 331.199_341, 151.199_341),
            ("council", 359.994_507, 359.994_507, 179.994_507),
            ("Board", 171.430_664, 351.430_664, 171.430_664),
        ] {
            for (vision, expected) in [
                (Vision::All, all),
                (Vision::RedGreen, red_green),
                (Vision::Blue, blue),
            ] {
                let angle = angle(hash(name), vision);
                assert!(
                    (angle - expected).abs() < 1e-5,
                    "{name} {vision:?}: {angle}"
                );
            }
        }
    }

    /// At the lightness of its test vectors, 50.
    #[test]
    fn colours_are_those_of_the_specification() {
        for (angle, expected) in [
            (327.255_249, [0.865, 0.0, 0.686]),
            (209.410_400, [0.0, 0.515, 0.573]),
            (331.199_341, [0.872, 0.0, 0.659]),
            (359.994_507, [0.918, 0.0, 0.394]),
            (171.430_664, [0.0, 0.527, 0.457]),
        ] {
            for (part, expected) in hsluv(angle, 50.0).into_iter().zip(expected) {
                assert!((part - expected).abs() < 1e-3, "{angle}: {part} {expected}");
            }
        }
    }

    #[test]
    fn name_is_readable_on_its_background() {
        let luminance = |(red, green, blue): (u8, u8, u8)| {
            let linear = |part: u8| {
                let part = f64::from(part) / 255.0;
                if part <= 0.040_45 {
                    part / 12.92
                } else {
                    ((part + 0.055) / 1.055).powf(2.4)
                }
            };
            0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
        };
        for degree in 0..360_u16 {
            let dark = luminance(colour(degree.into(), Background::Dark));
            let light = luminance(colour(degree.into(), Background::Light));
            assert!(
                (dark + 0.05) / 0.05 > 4.5 && 1.05 / (light + 0.05) > 4.5,
                "{degree}"
            );
        }
    }
}
