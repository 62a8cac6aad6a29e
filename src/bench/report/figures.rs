//! The figures of a report: what a measurement can be compared by, each with its name and its place in the JSON.

use serde_json::{Map, Value};

/// A figure.
pub struct Figure {
    /// With its unit.
    pub name: &'static str,
    /// Where it is in the JSON: the names of its fields, from the outermost.
    pub path: &'static [&'static str],
    /// What one of the named unit is in the JSON's.
    unit: f64,
    digits: usize,
}

/// Microseconds in a millisecond.
const MS: f64 = 1000.0;

const fn figure(
    name: &'static str,
    path: &'static [&'static str],
    unit: f64,
    digits: usize,
) -> Figure {
    Figure {
        name,
        path,
        unit,
        digits,
    }
}

/// In the order of the table.
pub const ALL: [Figure; 25] = [
    figure("deliveries a second", &["deliveries_per_s"], 1.0, 1),
    figure("latency p50, ms", &["latency_us", "p50"], MS, 3),
    figure("latency p90, ms", &["latency_us", "p90"], MS, 3),
    figure("latency p99, ms", &["latency_us", "p99"], MS, 3),
    figure("latency max, ms", &["latency_us", "max"], MS, 3),
    figure("packets each delivery", &["packets_per_delivery"], 1.0, 2),
    figure("bytes each delivery", &["bytes_per_delivery"], 1.0, 0),
    figure(
        "CPU each delivery, µs",
        &["server_cpu_us_per_delivery"],
        1.0,
        1,
    ),
    figure(
        "CPU each client, µs/s",
        &["server_cpu_us_per_client_s"],
        1.0,
        1,
    ),
    figure(
        "memory each client, bytes",
        &["server_rss_bytes_per_client"],
        1.0,
        0,
    ),
    figure("commits", &["commits"], 1.0, 0),
    figure(
        "longest stall, network, ms",
        &["server_longest_stall_us", "network"],
        MS,
        1,
    ),
    figure(
        "longest stall, store, ms",
        &["server_longest_stall_us", "store"],
        MS,
        1,
    ),
    figure("streams, s", &["stream", "seconds"], 1.0, 1),
    figure("streams, Mbit/s", &["stream", "bits_per_s"], 1e6, 2),
    figure("beside p50, ms", &["stream", "latency_us", "p50"], MS, 3),
    figure("beside p90, ms", &["stream", "latency_us", "p90"], MS, 3),
    figure("beside p99, ms", &["stream", "latency_us", "p99"], MS, 3),
    figure("beside max, ms", &["stream", "latency_us", "max"], MS, 3),
    figure(
        "history p50, ms",
        &["errands", "history", "latency_us", "p50"],
        MS,
        3,
    ),
    figure(
        "history p99, ms",
        &["errands", "history", "latency_us", "p99"],
        MS,
        3,
    ),
    figure(
        "join/leave p50, ms",
        &["errands", "membership", "latency_us", "p50"],
        MS,
        3,
    ),
    figure(
        "join/leave p99, ms",
        &["errands", "membership", "latency_us", "p99"],
        MS,
        3,
    ),
    figure(
        "reconnect p50, ms",
        &["errands", "reconnection", "latency_us", "p50"],
        MS,
        3,
    ),
    figure(
        "reconnect p99, ms",
        &["errands", "reconnection", "latency_us", "p99"],
        MS,
        3,
    ),
];

impl Figure {
    /// Its value in a report.
    pub fn of(&self, report: &Value) -> Option<f64> {
        let place = self.path.iter().try_fold(report, |at, name| at.get(name));
        place?.as_f64()
    }

    pub fn show(&self, value: Option<f64>) -> String {
        let digits = self.digits;
        value.map_or("-".into(), |value| {
            format!("{:.digits$}", value / self.unit)
        })
    }

    /// The ratio of a report's value to another's.
    pub fn ratio(&self, report: &Value, baseline: &Value) -> Option<f64> {
        let (value, of) = (self.of(report)?, self.of(baseline)?);
        (of > 0.0).then(|| value / of)
    }
}

/// The ratio of each figure that a report has, under the names of the report; null where there is none.
pub fn ratios(report: &Value, baseline: &Value) -> Value {
    let mut all = Map::new();
    for figure in ALL.iter().filter(|figure| figure.of(report).is_some()) {
        put(&mut all, figure.path, figure.ratio(report, baseline).into());
    }
    Value::Object(all)
}

fn put(into: &mut Map<String, Value>, path: &[&str], value: Value) {
    match path {
        [] => {}
        [name] => drop(into.insert((*name).into(), value)),
        [name, rest @ ..] => {
            let inner = into
                .entry(*name)
                .or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

/// The median of each number in reports of one shape; that of an even number is the mean of the two in the middle. What is
/// null in a report does not count.
pub fn medians(reports: &[Value]) -> Value {
    let known = || reports.iter().filter(|value| !value.is_null());
    match known().next() {
        Some(Value::Object(first)) => {
            let field = |name: &String| -> Vec<Value> {
                let fields = known().filter_map(|report| report.get(name));
                fields.cloned().collect()
            };
            let names = first.keys();
            Value::Object(
                names
                    .map(|name| (name.clone(), medians(&field(name))))
                    .collect(),
            )
        }
        Some(Value::Number(_)) => median(&known().collect::<Vec<_>>()),
        Some(other) => other.clone(),
        None => Value::Null,
    }
}

/// Of whole numbers a whole number.
fn median(values: &[&Value]) -> Value {
    let whole: Option<Vec<u64>> = values.iter().map(|value| value.as_u64()).collect();
    if let Some(mut whole) = whole {
        whole.sort_unstable();
        let (low, high) = middle(&whole);
        return low.midpoint(high).into();
    }
    let mut all: Vec<f64> = values.iter().filter_map(|value| value.as_f64()).collect();
    all.sort_unstable_by(f64::total_cmp);
    let (low, high) = middle(&all);
    low.midpoint(high).into()
}

/// The two in the middle, which are one if the number is odd. There is at least one.
fn middle<T: Copy>(sorted: &[T]) -> (T, T) {
    (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn median_is_taken_of_each_number_at_any_depth() {
        let run = |p50: u64, rate: f64, commits: Value| json!({"latency_us": {"p50": p50}, "deliveries_per_s": rate, "commits": commits, "workload": "pairs"});
        let runs = [
            run(30, 1.5, 7.into()),
            run(10, 9.0, Value::Null),
            run(20, 2.5, 4.into()),
        ];
        let expected = json!({"latency_us": {"p50": 20}, "deliveries_per_s": 2.5, "commits": 5, "workload": "pairs"});
        assert_eq!(medians(&runs), expected);
        assert_eq!(medians(&[Value::Null, Value::Null]), Value::Null);
        let even = medians(&[json!(1.0), json!(2.0)]);
        assert_eq!(even, json!(1.5));
    }

    #[test]
    fn ratio_is_null_where_there_is_nothing_to_compare_with() {
        let report = json!({"deliveries_per_s": 30.0, "commits": 5, "latency_us": {"p50": 90, "p99": 100, "max": null}});
        let before = json!({"deliveries_per_s": 40.0, "commits": 0, "latency_us": {"p50": 100, "p99": "many"}});
        let expected = json!({"deliveries_per_s": 0.75, "commits": null, "latency_us": {"p50": 0.9, "p99": null}});
        assert_eq!(ratios(&report, &before), expected);
    }
}
