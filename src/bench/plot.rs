//! Draws the latencies of a measurement, as SVG: how long the share on the horizontal axis took at most.
//!
//! That axis is stretched toward 100 %: each of 90, 99, 99.9 … % is one step further, because the few deliveries that took
//! longest are what is to be seen. The vertical axis is logarithmic too, since they can take a thousand times as long as
//! most.

use std::fmt::Write as _;
use std::time::Duration;

use super::report::{Arguments, Report, Summary};

/// The whole picture, in units that are pixels on a screen.
const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 440.0;
/// Around the axes: room for their names and the title.
const LEFT: f64 = 76.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 84.0;
const BOTTOM: f64 = 60.0;

/// Points of the curve. Chosen: more than one in two pixels.
const POINTS: u32 = 400;

/// The least ratio of the ends of the vertical axis, so that a nearly flat curve is drawn flat.
const SPAN_MIN: f64 = 4.0;

/// Percentiles that are marked, with a value.
const MARKED: [f64; 3] = [0.5, 0.9, 0.99];

/// Light and dark are the viewer's choice.
const STYLE: &str = "\
    :root{color-scheme:light dark}\
    text{font:13px system-ui,sans-serif;fill:#24292f}\
    .title{font-size:17px;font-weight:600}\
    .soft{fill:#57606a}\
    .paper{fill:#ffffff}\
    .grid{stroke:#d8dee4;fill:none}\
    .axis{stroke:#57606a;fill:none}\
    .curve{stroke:#0a63c9;fill:none;stroke-width:2.5;stroke-linejoin:round}\
    .dot{fill:#0a63c9}\
    .value{paint-order:stroke;stroke:#ffffff;stroke-width:4px;stroke-linejoin:round}\
    .mid{text-anchor:middle}\
    .end{text-anchor:end}\
    @media (prefers-color-scheme:dark){\
    text{fill:#e6edf3}.soft{fill:#9da7b1}.paper{fill:#14181d}.grid{stroke:#30363d}.axis{stroke:#9da7b1}\
    .curve{stroke:#6cb6ff}.dot{fill:#6cb6ff}.value{stroke:#14181d}}";

/// The picture. Without a delivery it has axes and says that there was none.
pub fn plot(summary: &Summary) -> String {
    let samples = summary.latencies();
    let report = summary.report();
    let (title, subtitle) = (title(report), subtitle(summary));
    let (middle, title_y) = (WIDTH / 2.0, 28.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" \
         height=\"{HEIGHT}\" role=\"img\" aria-labelledby=\"t d\">\n\
         <title id=\"t\">{title}</title>\n<desc id=\"d\">{}</desc>\n<style>{STYLE}</style>\n\
         <rect class=\"paper\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n\
         <text class=\"title mid\" x=\"{middle}\" y=\"{title_y}\">{title}</text>\n\
         <text class=\"soft mid\" x=\"{middle}\" y=\"50\">{subtitle}</text>\n",
        description(samples),
    );
    let axes = Axes::of(samples);
    axes.draw(&mut svg);
    if samples.is_empty() {
        let (x, y) = ((LEFT + WIDTH - RIGHT) / 2.0, (TOP + HEIGHT - BOTTOM) / 2.0);
        let _ = writeln!(
            svg,
            "<text class=\"mid\" x=\"{x}\" y=\"{y}\">nothing was delivered</text>"
        );
    } else {
        axes.draw_curve(&mut svg, samples);
    }
    svg + "</svg>\n"
}

fn title(report: &Report) -> String {
    format!("udpchat bench {}: latency of deliveries", report.workload)
}

/// The arguments, and how much was delivered. No text of a user is among them.
fn subtitle(summary: &Summary) -> String {
    let report = summary.report();
    let Arguments {
        window,
        messages,
        rate,
        seconds,
        size,
        bytes,
        frugal,
    } = &report.arguments;
    let mut parts = vec![format!("{} clients", report.clients)];
    parts.extend(window.map(|window| format!("window {window}")));
    parts.extend(rate.map(|rate| format!("{rate} a second each")));
    parts.extend(size.map(|size| format!("{size} bytes each")));
    parts.extend(bytes.map(|bytes| format!("streams of {bytes} bytes")));
    parts.extend(messages.map(|messages| format!("{messages} messages of each speaker")));
    parts.extend(seconds.map(|seconds| format!("{seconds} s")));
    parts.extend(frugal.then(|| "frugal".to_owned()));
    parts.extend((summary.repeats() > 1).then(|| format!("{} runs", summary.repeats())));
    parts.push(format!("{} deliveries", summary.latencies().len()));
    parts.join(", ")
}

/// The same in words, for a reader who does not see it.
fn description(samples: &[Duration]) -> String {
    let marks = MARKED.map(|share| (share, at_share(samples, share)));
    let words = marks.into_iter().filter_map(|(share, latency)| {
        Some(format!(
            "{} took {} at most",
            percent(share),
            show(latency?)
        ))
    });
    let mut words: Vec<String> = words.collect();
    words.extend(
        samples
            .last()
            .map(|longest| format!("the longest took {}", show(milliseconds(*longest)))),
    );
    if words.is_empty() {
        return "Nothing was delivered.".into();
    }
    format!("Of the deliveries, {}.", words.join(", "))
}

/// What the shares and latencies of the ends are.
struct Axes {
    /// In powers of ten: `n` is the share `1 − 10^−n`.
    steps: f64,
    /// In milliseconds.
    low: f64,
    high: f64,
}

impl Axes {
    fn of(samples: &[Duration]) -> Self {
        let ends = samples.first().zip(samples.last());
        let (low, high) = ends.map_or((1.0, 10.0), |(first, last)| {
            (milliseconds(*first), milliseconds(*last))
        });
        let wider = (SPAN_MIN / (high / low)).max(1.0).sqrt();
        Self {
            // As far as one sample can be told from the next.
            steps: (count(samples.len().max(1)) * 2.0).log10().max(1.2),
            low: low / wider / 1.05,
            high: high * wider * 1.05,
        }
    }

    fn x(&self, steps: f64) -> f64 {
        LEFT + (WIDTH - LEFT - RIGHT) * steps / self.steps
    }

    fn y(&self, latency_ms: f64) -> f64 {
        let part = (latency_ms / self.low).ln() / (self.high / self.low).ln();
        HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * part.clamp(0.0, 1.0)
    }

    fn draw(&self, svg: &mut String) {
        let (right, floor) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        for tick in ticks(self.low, self.high) {
            let y = self.y(tick);
            let _ = writeln!(
                svg,
                "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{right}\"/>\
                 <text class=\"soft end\" x=\"{:.0}\" y=\"{:.1}\">{}</text>",
                LEFT - 8.0,
                y + 4.5,
                show_tick(tick),
            );
        }
        let shares = [0.0, 0.5]
            .into_iter()
            .chain((1..12).map(|nines| 1.0 - 0.1_f64.powi(nines)));
        for share in shares {
            let steps = steps_of(share);
            if steps > self.steps {
                break;
            }
            let x = self.x(steps);
            let _ = writeln!(
                svg,
                "<path class=\"grid\" d=\"M{x:.1} {TOP}V{floor}\"/>\
                 <text class=\"soft mid\" x=\"{x:.1}\" y=\"{:.0}\">{}</text>",
                floor + 20.0,
                percent(share),
            );
        }
        let (across, down) = (LEFT.midpoint(right), TOP.midpoint(floor));
        let _ = writeln!(
            svg,
            "<path class=\"axis\" d=\"M{LEFT} {TOP}V{floor}H{right}\"/>\n\
             <text class=\"mid\" x=\"{across}\" y=\"{:.0}\">share of the deliveries that took at most so long</text>\n\
             <text class=\"mid\" transform=\"translate(20 {down}) rotate(-90)\">latency (ms)</text>",
            HEIGHT - 14.0,
        );
    }

    fn draw_curve(&self, svg: &mut String, samples: &[Duration]) {
        let mut path = String::new();
        for point in 0..=POINTS {
            let steps = self.steps * f64::from(point) / f64::from(POINTS);
            let share = 1.0 - 10_f64.powf(-steps);
            if let Some(latency) = at_share(samples, share) {
                let command = if path.is_empty() { 'M' } else { 'L' };
                let _ = write!(path, "{command}{:.1} {:.1}", self.x(steps), self.y(latency));
            }
        }
        let _ = writeln!(svg, "<path class=\"curve\" d=\"{path}\"/>");
        for share in MARKED {
            if let Some(latency) = at_share(samples, share) {
                self.mark(svg, steps_of(share), latency, "mid");
            }
        }
        if let Some(longest) = samples.last() {
            self.mark(svg, self.steps, milliseconds(*longest), "end");
        }
    }

    /// A point of the curve with its value above it.
    fn mark(&self, svg: &mut String, steps: f64, latency_ms: f64, anchor: &str) {
        if steps > self.steps {
            return;
        }
        let (x, y) = (self.x(steps), self.y(latency_ms));
        let _ = writeln!(
            svg,
            "<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>\
             <text class=\"value {anchor}\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
            y - 11.0,
            show(latency_ms),
        );
    }
}

/// The latency that this share of the samples had at most, by nearest rank as in the report, in milliseconds.
fn at_share(samples: &[Duration], share: f64) -> Option<f64> {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from nothing to the number of samples"
    )]
    // A rank that only rounding lifts above a whole number is that number.
    let rank = (share * count(samples.len()) - 1e-6).ceil().max(1.0) as usize;
    let sample = samples.get(rank.min(samples.len()).checked_sub(1)?)?;
    Some(milliseconds(*sample))
}

fn steps_of(share: f64) -> f64 {
    -(1.0 - share).log10()
}

/// At least a microsecond, as the report counts: nothing has no logarithm.
fn milliseconds(latency: Duration) -> f64 {
    (latency.as_secs_f64() * 1000.0).max(0.001)
}

#[allow(clippy::cast_precision_loss, reason = "a count far below 2^52")]
const fn count(samples: usize) -> f64 {
    samples as f64
}

/// Numbers between the ends that are easy to read: 1, 2 and 5 times the powers of ten, or only these if there are many.
fn ticks(low: f64, high: f64) -> Vec<f64> {
    let steps: &[f64] = if high / low > 1e4 {
        &[1.0]
    } else {
        &[1.0, 2.0, 5.0]
    };
    let powers = (-3..9).map(|power| 10_f64.powi(power));
    let all = powers.flat_map(|power| steps.iter().map(move |step| step * power));
    all.filter(|tick| (low..=high).contains(tick)).collect()
}

fn show_tick(latency_ms: f64) -> String {
    let digits = match latency_ms {
        small if small < 0.009 => 3,
        small if small < 0.09 => 2,
        small if small < 0.9 => 1,
        _ => 0,
    };
    format!("{latency_ms:.digits$}")
}

/// With three digits that mean something.
fn show(latency_ms: f64) -> String {
    let digits = match latency_ms {
        small if small < 1.0 => 3,
        small if small < 10.0 => 2,
        small if small < 100.0 => 1,
        _ => 0,
    };
    format!("{latency_ms:.digits$} ms")
}

/// A share with as many digits as it has nines.
fn percent(share: f64) -> String {
    let text = format!("{:.9}", share * 100.0);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text} %")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::Latency;

    fn summary(mut samples: Vec<Duration>) -> Summary {
        let report = Report {
            latency_us: Latency::of(&mut samples),
            latencies: samples,
            arguments: Arguments {
                rate: Some(2.0),
                size: Some(64),
                ..Arguments::default()
            },
            ..Report::of_test()
        };
        Summary::of(vec![report], None).unwrap()
    }

    /// Whether each element that is opened is closed in order.
    fn is_well_formed(svg: &str) -> bool {
        let mut open = Vec::new();
        for part in svg.split('<').skip(1) {
            let Some((tag, text)) = part.split_once('>') else {
                return false;
            };
            let name = |tag: &str| tag.split_whitespace().next().map(str::to_owned);
            let is_right = if let Some(closed) = tag.strip_prefix('/') {
                open.pop() == name(closed)
            } else {
                open.extend(name(tag).filter(|_| !tag.ends_with('/')));
                tag.matches('"').count().is_multiple_of(2)
            };
            if !is_right || text.contains('&') {
                return false;
            }
        }
        open.is_empty()
    }

    #[test]
    fn curve_goes_up_to_the_longest_and_its_marks_are_those_of_the_report() {
        let samples: Vec<_> = (1..=1000).map(Duration::from_millis).collect();
        let summary = summary(samples);
        let svg = plot(&summary);
        assert!(is_well_formed(&svg), "{svg}");
        for expected in [
            ">udpchat bench paced: latency of deliveries<",
            ">2 clients, 2 a second each, 64 bytes each, 1000 deliveries<",
            ">latency (ms)<",
            ">500 ms<",
            ">900 ms<",
            ">990 ms<",
            ">1000 ms<",
            ">99.9 %<",
        ] {
            assert!(svg.contains(expected), "{expected}: {svg}");
        }
        assert!(!svg.contains(">99.99 %<") && !svg.contains("<script"));
        let curve = svg.split("class=\"curve\" d=\"M").nth(1).unwrap();
        let points = curve.split('"').next().unwrap().split('L');
        let heights: Vec<f64> = points
            .map(|point| point.split_once(' ').unwrap().1.parse().unwrap())
            .collect();
        assert_eq!(heights.len(), POINTS as usize + 1);
        assert!(heights.is_sorted_by(|one, next| one >= next), "{heights:?}");
    }

    #[test]
    fn ranks_are_the_nearest() {
        for of in 1..300 {
            let mut samples: Vec<_> = (1..=of).map(Duration::from_micros).collect();
            let exact = Latency::of(&mut samples);
            let drawn = MARKED.map(|share| at_share(&samples, share));
            let expected = [exact.p50, exact.p90, exact.p99];
            for (drawn, expected) in drawn.into_iter().zip(expected) {
                #[allow(clippy::cast_precision_loss, reason = "below 300")]
                let expected = expected.unwrap() as f64 / 1000.0;
                assert!((drawn.unwrap() - expected).abs() < 1e-9, "{of}");
            }
        }
    }

    #[test]
    fn few_and_equal_and_far_samples_are_drawn_without_a_number_that_is_none() {
        for samples in [
            vec![],
            vec![Duration::ZERO],
            vec![Duration::from_millis(3); 50],
            vec![Duration::from_nanos(1), Duration::from_secs(100_000)],
        ] {
            let is_empty = samples.is_empty();
            let svg = plot(&summary(samples));
            assert!(is_well_formed(&svg), "{svg}");
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
            assert_eq!(svg.contains("nothing was delivered"), is_empty);
        }
    }
}
