//! The progress bar of a run.

use indicatif::{ProgressBar, ProgressStyle};

/// Without a terminal at standard error it draws nothing.
pub struct Progress {
    bar: ProgressBar,
    /// Something has changed since it was shown.
    is_due: bool,
}

impl Progress {
    /// Of so many members that begin to sign in.
    pub fn new(members: usize, label: &str) -> Self {
        let bar = ProgressBar::new(members as u64);
        if let Ok(style) =
            ProgressStyle::with_template("{prefix}{msg:12} {wide_bar} {pos}/{len} {elapsed}")
        {
            bar.set_style(style);
        }
        bar.set_prefix(label.to_owned());
        bar.set_message("signing in");
        Self { bar, is_due: false }
    }

    pub fn signed_in(&self, members: usize) {
        self.bar.set_position(members as u64);
    }

    pub fn restart(&self) {
        self.bar.set_message("restarting");
    }

    pub fn measure(&self) {
        self.bar.reset();
        self.bar.set_message("measuring");
    }

    /// Something was measured.
    pub const fn changed(&mut self) {
        self.is_due = true;
    }

    pub const fn is_due(&self) -> bool {
        self.is_due
    }

    pub fn show(&mut self, done: u64, of: u64) {
        self.is_due = false;
        self.bar.set_length(of);
        self.bar.set_position(done);
    }

    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}
