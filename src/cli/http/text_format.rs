//! Metrics in Prometheus' own text format, for whoever does not ask for OpenMetrics: a browser, curl, promtool.
//!
//! It differs in what stands before the samples: there a counter is named as its samples are, with `_total`, and no unit and
//! no end is marked.

use std::fmt::Write as _;

pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The same metrics as in this text, which is in the form of OpenMetrics.
pub fn from(open_metrics: &str) -> String {
    let mut text = String::with_capacity(open_metrics.len());
    let mut lines = open_metrics.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(about) = line.strip_prefix("# HELP ") else {
            if !line.starts_with("# UNIT ") && line != "# EOF" {
                text += line;
                text.push('\n');
            }
            continue;
        };
        let (name, help) = about.split_once(' ').unwrap_or((about, ""));
        // Its type is on the line that follows.
        let kind = lines.next_if(|next| next.starts_with("# TYPE "));
        let kind = kind.and_then(|line| line.rsplit(' ').next());
        let name = match kind {
            Some("counter") => format!("{name}_total"),
            _ => name.to_owned(),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# HELP {name} {help}");
        if let Some(kind) = kind {
            let _ = writeln!(text, "# TYPE {name} {kind}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_named_as_their_samples_are() {
        let open_metrics = "\
            # HELP a_bytes How much.\n# TYPE a_bytes counter\n# UNIT a_bytes bytes\na_bytes_total 1\n\
            # HELP b Much.\n# TYPE b gauge\nb{c=\"# EOF\"} 2\n# EOF\n";
        let expected = "\
            # HELP a_bytes_total How much.\n# TYPE a_bytes_total counter\na_bytes_total 1\n\
            # HELP b Much.\n# TYPE b gauge\nb{c=\"# EOF\"} 2\n";
        assert_eq!(from(open_metrics), expected);
    }
}
