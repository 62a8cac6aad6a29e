//! The page for a person: what a server does now, and did over the last hour.
//!
//! It is read without a script, without colour, on a phone, and by ear: each plot has its values as text beside it, and the
//! hour stands in a table as well. It shows numbers only, no names of users or rooms.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::plot::{Plot, Series};
use crate::cli::monitor::{
    History, Rates, SAMPLE_EVERY, Sample, Snapshot, float, problems, rate, size_of, span, time,
};
use crate::text::number::size;

const STYLE: &str = include_str!("style.css");

/// After so many seconds a browser asks again.
const REFRESH_S: u64 = SAMPLE_EVERY.as_secs();

/// Over how many seconds a row of the table goes.
const ROW_S: f64 = 600.0;

/// The hash of the style sheet, as a policy names it.
pub fn style_hash() -> &'static str {
    static HASH: LazyLock<String> =
        LazyLock::new(|| format!("sha256-{}", STANDARD.encode(Sha256::digest(STYLE))));
    &HASH
}

/// Text in a page.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"']) {
        return text.into();
    }
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;").into()
}

/// The whole page.
pub fn render(snapshot: &Snapshot, history: &History) -> String {
    let now = Sample::of(snapshot, snapshot.recent_stall_us);
    let steps = steps(history, &now);
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta http-equiv=\"refresh\" content=\"{REFRESH_S}\"><title>udpchat: {}</title>\
         <style>{STYLE}</style></head><body><main>",
        if problems(snapshot).is_empty() {
            "well"
        } else {
            "not well"
        },
    );
    page += &heading(snapshot);
    page += &tiles(snapshot);
    if steps.is_empty() {
        let _ = write!(
            page,
            "<p class=\"note\">The server has just started: the first values of the plots come within {REFRESH_S} seconds.</p>"
        );
    }
    page += "<div class=\"plots\">";
    for (index, plot) in plots(&steps).enumerate() {
        page += &figure(&plot, index);
    }
    page += "</div><div class=\"tables\">";
    page += &kept(snapshot);
    page += &waiting(snapshot);
    page += &at_limits(snapshot);
    page += "</div>";
    page += &hour(&steps);
    let _ = write!(
        page,
        "<footer><p>At {} UTC. It asks again every {REFRESH_S} seconds. <a href=\"/metrics\">Metrics</a></p></footer>",
        clock(snapshot.unix_ms)
    );
    page + "</main></body></html>\n"
}

fn clock(unix_ms: u64) -> String {
    time(unix_ms)
        .replace('T', " ")
        .trim_end_matches('Z')
        .to_owned()
}

fn heading(snapshot: &Snapshot) -> String {
    let problems = problems(snapshot);
    let state = if problems.is_empty() {
        "<p class=\"state good\">✓ well</p>"
    } else {
        "<p class=\"state bad\">▲ not well</p>"
    };
    let mut html = format!(
        "<header><h1>udpchat</h1>{state}<p class=\"soft about\">version {}, up {} since {} UTC</p></header>",
        env!("CARGO_PKG_VERSION"),
        span(snapshot.uptime),
        clock(snapshot.started_ms),
    );
    if !problems.is_empty() {
        html += "<ul class=\"problems\">";
        for problem in problems {
            let _ = write!(html, "<li>{}</li>", escape(&problem.text));
        }
        html += "</ul>";
    }
    html
}

fn tiles(snapshot: &Snapshot) -> String {
    let (hub, rates) = (&snapshot.hub, &snapshot.rates);
    let memory = snapshot.process.resident_bytes;
    let tiles = [
        (hub.online.to_string(), "users online"),
        (hub.sessions.to_string(), "sessions"),
        (rate(rates.stored), "messages a second"),
        (rate(rates.packets_received), "packets in a second"),
        (rate(rates.packets_sent), "packets out a second"),
        (memory.map_or("–".into(), size), "memory"),
    ];
    let mut html = String::from("<div class=\"tiles\">");
    for (value, name) in tiles {
        let _ = write!(
            html,
            "<p class=\"tile\"><b>{value}</b><span>{name}</span></p>"
        );
    }
    html + "</div>"
}

/// What was done between one sample and the next.
struct Step {
    /// How long ago it ended, in seconds.
    ago_s: f64,
    sample: Sample,
    rates: Rates,
}

fn steps(history: &History, now: &Sample) -> Vec<Step> {
    let samples: Vec<&Sample> = history.samples().collect();
    let steps = samples.windows(2).filter_map(|pair| {
        let &[earlier, later] = pair else {
            return None;
        };
        let ago_s = now.at.saturating_duration_since(later.at).as_secs_f64();
        Some(Step {
            ago_s,
            sample: *later,
            rates: Rates::between(earlier, later),
        })
    });
    steps.collect()
}

/// A plot of the page: its title, how its values are shown, the least value at the top of its axis, and what it shows.
struct PlotRow {
    title: &'static str,
    show: fn(f64) -> String,
    least: f64,
    series: &'static [(&'static str, ValueOf)],
}

type ValueOf = fn(&Step) -> f64;

const PLOTS: [PlotRow; 8] = [
    PlotRow {
        title: "People",
        show: whole,
        least: 4.0,
        series: &[
            ("users online", |it| float(it.sample.online)),
            ("sessions", |it| float(it.sample.sessions)),
        ],
    },
    PlotRow {
        title: "Messages",
        show: per_second,
        least: 1.0,
        series: &[
            ("stored", |it| it.rates.stored),
            ("delivered", |it| it.rates.delivered),
        ],
    },
    PlotRow {
        title: "Packets",
        show: per_second,
        least: 10.0,
        series: &[
            ("in", |it| it.rates.packets_received),
            ("out", |it| it.rates.packets_sent),
        ],
    },
    PlotRow {
        title: "Network",
        show: bytes_per_second,
        least: 1000.0,
        series: &[
            ("in", |it| it.rates.bytes_received),
            ("out", |it| it.rates.bytes_sent),
        ],
    },
    PlotRow {
        title: "Longest stall",
        show: milliseconds,
        least: 10.0,
        series: &[("in 10 seconds", |it| float(it.sample.stall_us) / 1000.0)],
    },
    PlotRow {
        title: "At limits",
        show: per_second,
        least: 1.0,
        series: &[("refused or slowed down", |it| it.rates.at_limits)],
    },
    PlotRow {
        title: "Processor",
        show: percent,
        least: 0.04,
        series: &[("of one processor", |it| it.rates.cpu)],
    },
    PlotRow {
        title: "Memory",
        show: size_of,
        least: 1e7,
        series: &[("in use", |it| float(it.sample.resident_bytes))],
    },
];

fn plots(steps: &[Step]) -> impl Iterator<Item = Plot> {
    PLOTS.iter().map(|row| {
        let series = row.series.iter().map(|&(name, value)| Series {
            name,
            points: steps.iter().map(|it| (it.ago_s, value(it))).collect(),
        });
        Plot {
            title: row.title,
            show: row.show,
            least: row.least,
            series: series.collect(),
        }
    })
}

fn whole(value: f64) -> String {
    format!("{value:.0}")
}

fn per_second(value: f64) -> String {
    // As short as an axis has room for.
    let text = if value >= 10.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.1}")
    };
    format!("{}/s", text.trim_end_matches(".0"))
}

fn bytes_per_second(value: f64) -> String {
    format!(
        "{}/s",
        size_of(value)
            .replace(" bytes", " B")
            .replace(" byte", " B")
    )
}

fn milliseconds(value: f64) -> String {
    if value >= 10_000.0 {
        format!("{:.0} s", value / 1000.0)
    } else if value >= 10.0 {
        format!("{value:.0} ms")
    } else {
        format!("{} ms", format!("{value:.1}").trim_end_matches(".0"))
    }
}

fn percent(value: f64) -> String {
    let text = format!("{:.1}", value * 100.0);
    format!("{} %", text.trim_end_matches(".0"))
}

fn figure(plot: &Plot, index: usize) -> String {
    let mut html = format!(
        "<figure><figcaption>{}</figcaption><p class=\"key\">",
        escape(plot.title)
    );
    for (number, series) in plot.series.iter().enumerate() {
        let last = series.points.last().map(|(_, value)| (plot.show)(*value));
        let _ = write!(
            html,
            "<span><svg viewBox=\"0 0 26 10\" aria-hidden=\"true\"><path class=\"line s{number}\" d=\"M1 5H25\"/></svg>\
             {} <b>{}</b></span>",
            escape(series.name),
            escape(last.as_deref().unwrap_or("–")),
        );
    }
    html += "</p>";
    html += &plot.svg(&format!("p{index}"));
    html + "</figure>"
}

fn table<'a>(title: &str, rows: impl IntoIterator<Item = (Cow<'a, str>, String)>) -> String {
    let mut html = format!("<section><h2>{title}</h2><table>");
    for (name, value) in rows {
        let _ = write!(
            html,
            "<tr><th scope=\"row\">{}</th><td>{}</td></tr>",
            escape(&name),
            escape(&value)
        );
    }
    html + "</table></section>"
}

fn row(name: &'static str, value: String) -> (Cow<'static, str>, String) {
    (Cow::Borrowed(name), value)
}

fn count(name: &'static str, number: u64) -> (Cow<'static, str>, String) {
    row(name, number.to_string())
}

fn kept(snapshot: &Snapshot) -> String {
    let (store, sizes) = (&snapshot.store, &snapshot.sizes);
    let free = sizes.disk_free_bytes.map_or("–".into(), size);
    table(
        "What there is",
        [
            count("accounts", store.accounts),
            count("rooms", store.rooms),
            count(
                "messages stored since the start",
                snapshot.hub.counters.stored,
            ),
            row("stored messages", size(store.log_bytes)),
            row("database", size(sizes.database_bytes)),
            row("message log", size(sizes.segments_bytes)),
            row("attached files", size(sizes.files_bytes)),
            row("free on the disk", free),
            row("last backup", backup(snapshot)),
        ],
    )
}

fn waiting(snapshot: &Snapshot) -> String {
    let (queues, usage) = (&snapshot.hub.queues, &snapshot.hub.usage);
    let of = |used: usize, most: usize| format!("{used} of {most}");
    let bytes = |bytes: usize| size(bytes as u64);
    let stall = |us: u64| milliseconds(float(us) / 1000.0);
    table(
        "What waits",
        [
            row(
                "requests for the store",
                of(queues.store, queues.store_limit),
            ),
            count("requests for files", queues.files as u64),
            count("channels of sessions", queues.channels as u64),
            count("uploads, or interrupted", snapshot.hub.uploads as u64),
            row("not signed in", of(usage.strangers, usage.strangers_limit)),
            row(
                "session buffers",
                format!(
                    "{} of {}",
                    bytes(usage.buffers_bytes),
                    bytes(usage.buffers_limit_bytes)
                ),
            ),
            row("longest stall, network", stall(snapshot.network.longest_us)),
            row(
                "longest stall, store",
                stall(snapshot.store.stalls.longest_us),
            ),
        ],
    )
}

fn at_limits(snapshot: &Snapshot) -> String {
    let seen = snapshot.hub.limits.iter().filter(|(_, count)| **count > 0);
    let mut seen: Vec<_> = seen
        .map(|(name, count)| (Cow::Owned(name.replace('_', " ")), count.to_string()))
        .collect();
    if seen.is_empty() {
        seen.push(row("nothing was refused or slowed down", String::new()));
    }
    table("At limits since the start", seen)
}

fn backup(snapshot: &Snapshot) -> String {
    match &snapshot.backup {
        None => "not by the server".into(),
        Some(backup) => match backup.last_ms {
            None => "none yet".into(),
            Some(last_ms) => {
                let age_ms = snapshot.unix_ms.saturating_sub(last_ms);
                format!("{} ago", span(std::time::Duration::from_millis(age_ms)))
            }
        },
    }
}

/// The hour as a table, a row for ten minutes.
fn hour(steps: &[Step]) -> String {
    let mut html = String::from(
        "<section class=\"wide\"><h2>The last hour as a table</h2><table><thead><tr><th scope=\"col\">minutes ago</th>\
         <th scope=\"col\">users online</th><th scope=\"col\">messages</th><th scope=\"col\">packets in</th>\
         <th scope=\"col\">packets out</th><th scope=\"col\">longest stall</th><th scope=\"col\">at limits</th>\
         <th scope=\"col\">processor</th><th scope=\"col\">memory</th></tr></thead><tbody>",
    );
    for row in 0..6_u8 {
        let from = f64::from(row) * ROW_S;
        let is_in = |step: &&Step| step.ago_s >= from && step.ago_s < from + ROW_S;
        let within: Vec<&Step> = steps.iter().filter(is_in).collect();
        let name = format!("{} to {}", row * 10, (row + 1) * 10);
        let _ = write!(html, "<tr><th scope=\"row\">{name}</th>");
        if within.is_empty() {
            html += &"<td>–</td>".repeat(8);
        } else {
            for cell in cells(&within) {
                let _ = write!(html, "<td>{}</td>", escape(&cell));
            }
        }
        html += "</tr>";
    }
    html + "</tbody></table></section>"
}

/// The means, of stalls and users the most.
fn cells(steps: &[&Step]) -> [String; 8] {
    let mean = |value: ValueOf| {
        let sum: f64 = steps.iter().map(|step| value(step)).sum();
        sum / float(steps.len() as u64)
    };
    let most = |value: ValueOf| steps.iter().map(|step| value(step)).fold(0.0, f64::max);
    [
        whole(most(|it| float(it.sample.online))),
        per_second(mean(|it| it.rates.stored)),
        per_second(mean(|it| it.rates.packets_received)),
        per_second(mean(|it| it.rates.packets_sent)),
        milliseconds(most(|it| float(it.sample.stall_us) / 1000.0)),
        per_second(mean(|it| it.rates.at_limits)),
        percent(mean(|it| it.rates.cpu)),
        size_of(mean(|it| float(it.sample.resident_bytes))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_page_is_no_markup() {
        assert_eq!(escape("<b a=\"1\">&"), "&lt;b a=&quot;1&quot;&gt;&amp;");
        assert_eq!(escape("plain"), "plain");
    }

    #[test]
    fn numbers_have_units_and_few_digits() {
        assert_eq!(per_second(0.0), "0/s");
        assert_eq!(per_second(0.25), "0.2/s");
        assert_eq!(per_second(120.4), "120/s");
        assert_eq!(bytes_per_second(500.0), "500 B/s");
        assert_eq!(bytes_per_second(12_000.0), "12 kB/s");
        assert_eq!(milliseconds(0.25), "0.2 ms");
        assert_eq!(milliseconds(12_300.0), "12 s");
        assert_eq!(percent(0.123), "12.3 %");
        assert_eq!(percent(0.02), "2 %");
    }
}
