//! The distribution of latencies, as bars of text.

use std::fmt;
use std::time::Duration;

/// Classes. The upper bound of each is twice that of the class before it; the last holds all the rest. Chosen: from
/// 125 µs to a minute.
const CLASSES: usize = 20;

/// The upper bound of the first class, in microseconds.
const FIRST_US: u64 = 125;

/// The longest bar, in characters.
const WIDTH: u64 = 40;

/// Samples in each class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram([u64; CLASSES]);

impl Histogram {
    pub fn of(samples: &[Duration]) -> Self {
        let mut counts = [0; CLASSES];
        for sample in samples {
            let fits = |class: &usize| sample.as_micros() <= u128::from(FIRST_US << class);
            let class = (0..CLASSES).find(fits).unwrap_or(CLASSES - 1);
            counts[class] += 1;
        }
        Self(counts)
    }
}

impl fmt::Display for Histogram {
    /// A line for each class, from the first to the last that is not empty: upper bound, bar, number of samples.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let used = |count: &u64| *count > 0;
        let (Some(first), Some(last)) =
            (self.0.iter().position(used), self.0.iter().rposition(used))
        else {
            return Ok(());
        };
        let most = self.0.iter().copied().max().unwrap_or(1);
        for class in first..=last {
            let count = self.0[class];
            #[allow(
                clippy::cast_precision_loss,
                reason = "a minute in microseconds is far below 2^52"
            )]
            let bound_ms = (FIRST_US << class) as f64 / 1000.0;
            let length = usize::try_from((count * WIDTH).div_ceil(most)).unwrap_or_default();
            let digits = if bound_ms < 1.0 { 3 } else { 1 };
            writeln!(
                f,
                "{bound_ms:>8.digits$} ms {:<40} {count}",
                "#".repeat(length)
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_in_proportion_and_name_the_upper_bound() {
        let ms = Duration::from_millis;
        let samples: Vec<Duration> = [ms(1), ms(1), ms(1), ms(1), ms(3), ms(1_000_000)].into();
        let text = Histogram::of(&samples).to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 17);
        assert_eq!(lines[0], format!("     1.0 ms {} 4", "#".repeat(40)));
        assert_eq!(lines[2], format!("     4.0 ms {:<40} 1", "#".repeat(10)));
        assert!(lines[1].ends_with(" 0") && lines[16].ends_with(" 1"));
        assert_eq!(Histogram::default().to_string(), "");
    }
}
