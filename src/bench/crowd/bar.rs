//! The progress bar of a run.

use indicatif::{ProgressBar, ProgressStyle};

/// Without a terminal at standard error it draws nothing.
pub fn progress_bar(members: usize, label: &str) -> ProgressBar {
    let bar = ProgressBar::new(members as u64);
    if let Ok(style) =
        ProgressStyle::with_template("{prefix}{msg:12} {wide_bar} {pos}/{len} {elapsed}")
    {
        bar.set_style(style);
    }
    bar.set_prefix(label.to_owned());
    bar.set_message("signing in");
    bar
}
