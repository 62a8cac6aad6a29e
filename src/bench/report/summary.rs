//! What several runs of one measurement have in common: the median of each figure, the range, and the ratios to a baseline.

use std::fmt;
use std::time::Duration;

use anyhow::Context as _;
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::figures::{self, Figure};
use super::histogram::Histogram;
use super::{Baseline, Errand, Errands, Report};

/// The report of all runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// The median of each figure; the counts and the latencies are those of all runs together.
    middle: Report,
    /// At least one.
    runs: Vec<Report>,
    baseline: Option<Baseline>,
}

/// The fields of the median's report are those of one run.
#[derive(Serialize)]
struct Json<'a> {
    #[serde(flatten)]
    middle: &'a Report,
    repeats: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    ratios: Option<Value>,
    /// Only if there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    runs: Option<&'a [Report]>,
}

impl Summary {
    /// Of at least one run.
    pub fn of(mut runs: Vec<Report>, baseline: Option<Baseline>) -> anyhow::Result<Self> {
        let reports: Result<Vec<Value>, _> = runs.iter().map(serde_json::to_value).collect();
        let middle = reports.and_then(|reports| serde_json::from_value(figures::medians(&reports)));
        let mut middle: Report = middle.context("cannot summarize the runs")?;
        middle.deliveries = runs.iter().map(|run| run.deliveries).sum();
        middle.deliveries_expected = runs.iter().map(|run| run.deliveries_expected).sum();
        if let Some(errands) = &mut middle.errands {
            for (kind, errand) in errands.all_mut().into_iter().enumerate() {
                let of_runs = runs
                    .iter()
                    .filter_map(|run| Some(*run.errands.as_ref()?.all()[kind]));
                let sum = |of: fn(Errand) -> u64| of_runs.clone().map(of).sum();
                errand.begun = sum(|it| it.begun);
                errand.done = sum(|it| it.done);
                errand.left_out = sum(|it| it.left_out);
            }
        }
        for run in &mut runs {
            middle.latencies.append(&mut run.latencies);
        }
        middle.latencies.sort_unstable();
        Ok(Self {
            middle,
            runs,
            baseline,
        })
    }

    /// Messages that did not arrive, in all runs.
    pub const fn missing(&self) -> u64 {
        self.middle.deliveries_expected - self.middle.deliveries
    }

    /// Reads, joins, leaves and reconnections that were not answered, in all runs.
    pub fn unanswered(&self) -> u64 {
        let errands = self.middle.errands.iter().flat_map(Errands::all);
        errands.map(|errand| errand.begun - errand.done).sum()
    }

    pub const fn report(&self) -> &Report {
        &self.middle
    }

    pub const fn repeats(&self) -> usize {
        self.runs.len()
    }

    /// Of all runs, from the shortest to the longest.
    pub fn latencies(&self) -> &[Duration] {
        &self.middle.latencies
    }
}

impl Serialize for Summary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let report = serde_json::to_value(&self.middle).map_err(S::Error::custom)?;
        let baseline = self.baseline.as_ref();
        let json = Json {
            middle: &self.middle,
            repeats: self.runs.len(),
            ratios: baseline.map(|baseline| figures::ratios(&report, baseline.report())),
            runs: (self.runs.len() > 1).then_some(&self.runs),
        };
        json.serialize(serializer)
    }
}

/// The columns after the name of a figure. Chosen: the longest number, and two spaces.
const COLUMN: usize = 11;

impl fmt::Display for Summary {
    /// One run by itself is told in words; what is to be compared, in a table.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let several = self.runs.len() > 1;
        if !several && self.baseline.is_none() {
            return self.middle.fmt(f);
        }
        let to_value = |report: &Report| serde_json::to_value(report).map_err(|_| fmt::Error);
        let middle = to_value(&self.middle)?;
        let runs: Vec<Value> = self.runs.iter().map(to_value).collect::<Result<_, _>>()?;
        let baseline = self.baseline.as_ref().map(Baseline::report);
        let Report {
            workload,
            clients,
            deliveries,
            deliveries_expected,
            ..
        } = &self.middle;
        write!(f, "{workload}: {clients} clients")?;
        if several {
            write!(f, ", {} runs", runs.len())?;
        }
        writeln!(f, "\ndelivered  {deliveries} of {deliveries_expected}")?;
        if let Some(errands) = &self.middle.errands {
            errands.fmt(f)?;
        }

        let mut heads = vec![if several { "median" } else { "measured" }];
        if several {
            heads.extend(["lowest", "highest"]);
        }
        if baseline.is_some() {
            heads.extend(["baseline", "ratio"]);
        }
        row(f, "", &heads)?;
        for figure in figures::ALL.iter().filter(|it| it.of(&middle).is_some()) {
            let mut cells = vec![figure.show(figure.of(&middle))];
            if several {
                let (lowest, highest) = range(figure, &runs);
                cells.extend([lowest, highest].map(|end| figure.show(end)));
            }
            if let Some(baseline) = baseline {
                let ratio = figure.ratio(&middle, baseline);
                let ratio = ratio.map_or("-".into(), |ratio| format!("{ratio:.2}"));
                cells.extend([figure.show(figure.of(baseline)), ratio]);
            }
            row(f, figure.name, &cells)?;
        }
        Histogram::of(self.latencies()).fmt(f)
    }
}

fn range(figure: &Figure, runs: &[Value]) -> (Option<f64>, Option<f64>) {
    let values = || runs.iter().filter_map(|run| figure.of(run));
    (values().reduce(f64::min), values().reduce(f64::max))
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, cells: &[impl fmt::Display]) -> fmt::Result {
    write!(f, "{name:<26}")?;
    for cell in cells {
        write!(f, "{cell:>COLUMN$}")?;
    }
    writeln!(f)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::{Cost, Latency};

    fn run(ms: &[u64], cpu: f64) -> Report {
        let mut latencies: Vec<Duration> = ms.iter().copied().map(Duration::from_millis).collect();
        Report {
            deliveries: ms.len() as u64,
            deliveries_expected: 3,
            latency_us: Latency::of(&mut latencies),
            cost: Cost {
                server_cpu_us_per_delivery: Some(cpu),
                ..Cost::default()
            },
            latencies,
            ..Report::of_test()
        }
    }

    fn baseline() -> Baseline {
        let mut before = Report::of_test();
        before.cost.server_cpu_us_per_delivery = Some(20.0);
        before.latency_us.p50 = Some(1000);
        let Report {
            workload,
            clients,
            arguments,
            ..
        } = &before;
        let bytes = serde_json::to_vec(&before).unwrap();
        Baseline::read(&bytes, workload, *clients, arguments).unwrap()
    }

    #[test]
    fn one_run_is_told_as_ever() {
        let report = run(&[1, 2, 3], 7.0);
        let summary = Summary::of(vec![report.clone()], None).unwrap();
        assert_eq!(summary.to_string(), report.to_string());
        let json = serde_json::to_value(&summary).unwrap();
        assert_eq!(json["repeats"], 1);
        assert!(json.get("runs").is_none() && json.get("ratios").is_none());
    }

    #[test]
    fn several_runs_are_their_median_and_range_beside_the_baseline() {
        let runs = vec![
            run(&[1, 1, 1], 16.0),
            run(&[3, 3], 30.0),
            run(&[2, 2, 2], 18.0),
        ];
        let summary = Summary::of(runs, Some(baseline())).unwrap();
        let json = serde_json::to_value(&summary).unwrap();
        assert_eq!(json["latency_us"]["p50"], 2000);
        assert_eq!(json["ratios"]["latency_us"]["p50"], 2.0);
        assert_eq!(json["ratios"]["server_cpu_us_per_delivery"], 0.9);
        assert_eq!(json["runs"][1]["latency_us"]["p50"], 3000);
        assert_eq!(
            (&json["deliveries"], &json["deliveries_expected"]),
            (&8.into(), &9.into())
        );
        assert_eq!((summary.missing(), summary.latencies().len()), (1, 8));
        let text = summary.to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[..4],
            [
                "paced: 2 clients, 3 runs",
                "delivered  8 of 9",
                "                               median     lowest    highest   baseline      ratio",
                "latency p50, ms                 2.000      1.000      3.000      1.000       2.00",
            ]
        );
        let cpu =
            "CPU each delivery, µs            18.0       16.0       30.0       20.0       0.90";
        assert!(lines.contains(&cpu), "{text}");
        assert!(lines.last().unwrap().ends_with(" 2"), "{text}");
    }

    #[test]
    fn what_clients_did_besides_is_added_up_and_missed_if_it_was_not_answered() {
        let errand = |begun, done, left_out| Errand {
            begun,
            done,
            left_out,
            latency_us: Latency::default(),
        };
        let with = |history, reconnection| Report {
            errands: Some(Errands {
                history,
                membership: errand(1, 1, 0),
                reconnection,
            }),
            ..run(&[1, 1, 1], 1.0)
        };
        let runs = vec![
            with(errand(5, 5, 2), errand(4, 3, 0)),
            with(errand(7, 6, 1), errand(2, 2, 0)),
        ];
        let summary = Summary::of(runs, None).unwrap();
        assert_eq!((summary.missing(), summary.unanswered()), (0, 2));
        let json = serde_json::to_value(&summary).unwrap();
        assert_eq!(json["errands"]["history"]["left_out"], 3);
        let text = summary.to_string();
        assert!(text.contains("history    11 of 12, "), "{text}");
        assert!(
            text.contains("; 3 more left out\njoin/leave 2 of 2, "),
            "{text}"
        );
    }

    #[test]
    fn run_without_anything_delivered_is_summarized_too() {
        let summary = Summary::of(vec![run(&[], 1.0); 2], Some(baseline())).unwrap();
        assert!(serde_json::to_value(&summary).unwrap()["latency_us"]["max"].is_null());
        assert!(summary.to_string().contains("delivered  0 of 6"));
    }
}
