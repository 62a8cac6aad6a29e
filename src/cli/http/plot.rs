//! Plots of the last hour, as SVG that a browser shows without a script: each a line or two over sixty minutes.
//!
//! Colours, widths and dashes are classes of the page's style sheet. The second line is dashed, so that the two differ
//! without colour, and what a plot shows is also said in words, for who cannot see it.

use std::fmt::Write as _;

use super::page::escape;

/// The whole picture, in units that are pixels on a phone.
const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 132.0;
/// Around the lines: room for the names of the axes.
const LEFT: f64 = 50.0;
const RIGHT: f64 = 8.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 20.0;

/// The span of the time axis, in seconds.
const SPAN_S: f64 = 3600.0;
/// Between two samples that are further apart than this, in seconds, no line is drawn: the server did not run.
const GAP_S: f64 = 35.0;

/// A line: how long ago, in seconds, and how much. The oldest comes first.
pub struct Series {
    pub name: &'static str,
    pub points: Vec<(f64, f64)>,
}

pub struct Plot {
    pub title: &'static str,
    /// How a value is written, with its unit.
    pub show: fn(f64) -> String,
    /// The least that the axis reaches up to.
    pub least: f64,
    pub series: Vec<Series>,
}

impl Plot {
    /// The picture, with its description.
    pub fn svg(&self, id: &str) -> String {
        let top = self.top();
        let mut svg = format!(
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\">\
             <title id=\"{id}-t\">{}, last hour</title><desc id=\"{id}-d\">{}</desc>",
            escape(self.title),
            escape(&self.description()),
        );
        for part in [0.0, 0.5, 1.0] {
            let y = vertical(part);
            let class = if part == 0.0 { "axis" } else { "grid" };
            let label = (self.show)(top * part);
            let label = escape(&label);
            let (right, baseline) = (WIDTH - RIGHT, y + 3.5);
            let _ = write!(
                svg,
                "<path class=\"{class}\" d=\"M{LEFT} {y:.1}H{right}\"/>\
                 <text class=\"y\" x=\"{:.0}\" y=\"{baseline:.1}\">{label}</text>",
                LEFT - 6.0,
            );
        }
        for (minutes, anchor) in [(60.0, "start"), (40.0, "mid"), (20.0, "mid"), (0.0, "end")] {
            let x = horizontal(minutes * 60.0);
            let label = if minutes == 0.0 {
                "now".to_owned()
            } else {
                format!("−{minutes:.0} min")
            };
            let _ = write!(
                svg,
                "<text class=\"x {anchor}\" x=\"{x:.1}\" y=\"{:.0}\">{label}</text>",
                HEIGHT - 5.0
            );
        }
        for (index, series) in self.series.iter().enumerate() {
            for stretch in stretches(&series.points) {
                svg += &drawn(stretch, top, index);
            }
        }
        svg + "</svg>"
    }

    /// In words: of each line the last, the least and the greatest value.
    fn description(&self) -> String {
        let words = self.series.iter().map(|series| {
            let values = || series.points.iter().map(|(_, value)| *value);
            let Some(now) = values().next_back() else {
                return format!("{}: no values yet", series.name);
            };
            let (least, most) = (values().fold(now, f64::min), values().fold(now, f64::max));
            let [now, least, most] = [now, least, most].map(self.show);
            format!("{}: now {now}, least {least}, most {most}", series.name)
        });
        words.collect::<Vec<_>>().join("; ")
    }

    /// The value at the top of the axis.
    fn top(&self) -> f64 {
        let values = self.series.iter().flat_map(|series| &series.points);
        nice(values.map(|(_, value)| *value).fold(self.least, f64::max))
    }
}

/// The least of 1, 2, 4, 6, 8 and 10 times a power of ten that is not below: half of it is written with few digits, too.
fn nice(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 4.0, 6.0, 8.0, 10.0];
    let enough = |step: &f64| step * power >= value * 0.999_999;
    steps.into_iter().find(enough).unwrap_or(10.0) * power
}

/// The parts of a line that a server which ran all the time has drawn.
fn stretches(points: &[(f64, f64)]) -> impl Iterator<Item = &[(f64, f64)]> {
    points.chunk_by(|(one, _), (next, _)| one - next <= GAP_S)
}

/// A line; of the first series, with the area below it.
fn drawn(points: &[(f64, f64)], top: f64, index: usize) -> String {
    let mut line = String::new();
    for (number, (ago_s, value)) in points.iter().enumerate() {
        let command = if number == 0 { 'M' } else { 'L' };
        let (x, y) = (horizontal(*ago_s), vertical(value / top));
        let _ = write!(line, "{command}{x:.1} {y:.1}");
    }
    let (Some((first, _)), Some((last, value))) = (points.first(), points.last()) else {
        return String::new();
    };
    let mut svg = String::new();
    if index == 0 && points.len() > 1 {
        let (floor, from, to) = (vertical(0.0), horizontal(*first), horizontal(*last));
        let _ = write!(
            svg,
            "<path class=\"area\" d=\"{line}L{to:.1} {floor:.1}L{from:.1} {floor:.1}Z\"/>"
        );
    }
    let _ = write!(svg, "<path class=\"line s{index}\" d=\"{line}\"/>");
    if *last < GAP_S {
        let (x, y) = (horizontal(*last), vertical(value / top));
        let _ = write!(
            svg,
            "<circle class=\"dot s{index}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.6\"/>"
        );
    }
    svg
}

fn horizontal(ago_s: f64) -> f64 {
    let part = 1.0 - (ago_s / SPAN_S).clamp(0.0, 1.0);
    LEFT + part * (WIDTH - LEFT - RIGHT)
}

fn vertical(part: f64) -> f64 {
    HEIGHT - BOTTOM - part.clamp(0.0, 1.0) * (HEIGHT - TOP - BOTTOM)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(points: Vec<(f64, f64)>) -> Plot {
        Plot {
            title: "Users <online>",
            show: |value| format!("{value:.0}"),
            least: 4.0,
            series: vec![Series {
                name: "online",
                points,
            }],
        }
    }

    #[test]
    fn axis_ends_at_a_number_that_is_easy_to_read() {
        for (value, expected) in [
            (0.0, 1.0),
            (1.0, 1.0),
            (1.1, 2.0),
            (3.0, 4.0),
            (7.0, 8.0),
            (9.0, 10.0),
            (101.0, 200.0),
            (0.03, 0.04),
        ] {
            assert!((nice(value) - expected).abs() < 1e-9, "{value}");
        }
    }

    #[test]
    fn no_line_is_drawn_over_a_time_in_which_the_server_did_not_run() {
        let svg = plot(vec![(100.0, 1.0), (90.0, 2.0), (30.0, 3.0), (20.0, 4.0)]).svg("p");
        assert_eq!(svg.matches("class=\"line s0\"").count(), 2, "{svg}");
        assert_eq!(svg.matches("<circle").count(), 1, "{svg}");
    }

    #[test]
    fn plot_says_in_words_what_it_shows() {
        let svg = plot(vec![(20.0, 1.0), (10.0, 9.0), (0.0, 3.0)]).svg("p");
        assert!(svg.contains("online: now 3, least 1, most 9"), "{svg}");
        assert!(svg.contains("Users &lt;online&gt;, last hour"), "{svg}");
        let empty = plot(Vec::new()).svg("p");
        assert!(empty.contains("online: no values yet"), "{empty}");
        assert!(!empty.contains("NaN"), "{empty}");
    }
}
