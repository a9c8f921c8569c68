//! Progress on a terminal.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gmm_core::Progress;
use indicatif::{ProgressBar, ProgressStyle};

/// A line on standard error that tells how far the work is; nothing where that is no terminal.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    /// Runs of fits that have ended.
    n_finished: AtomicUsize,
}

impl Bar {
    /// A bar of `n_stages` stages (of one, only what is being done), hidden when `quiet`.
    pub fn new(n_stages: usize, quiet: bool) -> Self {
        if quiet || !std::io::stderr().is_terminal() {
            return Self::of(ProgressBar::hidden());
        }
        let bar = ProgressBar::new(n_stages as u64);
        let template = if n_stages > 1 {
            "{spinner} {bar:16} {pos}/{len}  {wide_msg}"
        } else {
            "{spinner} {wide_msg}"
        };
        // The templates are constants; were one wrong, the default would do.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self::of(bar)
    }

    /// A bar of the bytes of a file that is read, hidden when `quiet`.
    pub fn of_bytes(name: &str, quiet: bool) -> Self {
        if quiet || !std::io::stderr().is_terminal() {
            return Self::of(ProgressBar::hidden());
        }
        let bar = ProgressBar::no_length().with_message(format!("reading {name}"));
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} {bytes:>10} {bytes_per_sec:>12}  {wide_msg}")
        {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self::of(bar)
    }

    /// Tells that so many bytes were read, of so many if that is known.
    pub fn at_byte(&self, read: u64, all: Option<u64>) {
        const WITH_END: &str =
            "{spinner} {bar:16} {bytes}/{total_bytes} {bytes_per_sec:>12}  {wide_msg}";
        if let (None, Some(all)) = (self.bar.length(), all) {
            self.bar.set_length(all);
            if let Ok(style) = ProgressStyle::with_template(WITH_END) {
                self.bar.set_style(style);
            }
        }
        self.bar.set_position(read);
    }

    fn of(bar: ProgressBar) -> Self {
        Self {
            bar,
            n_finished: AtomicUsize::new(0),
        }
    }

    /// Tells what is being done.
    pub fn say(&self, what: impl Into<String>) {
        if !self.bar.is_hidden() {
            self.bar.set_message(what.into());
        }
    }

    /// Tells how far the fit of `n_components` is; each fit is a stage.
    pub fn tell(&self, n_components: usize, progress: Progress) {
        match progress {
            Progress::Climbing {
                iteration,
                objective,
                ..
            } => self.say(format!(
                "K = {n_components}: iteration {iteration}, mean log-likelihood {objective:.4}"
            )),
            Progress::Starting { .. } => {
                self.say(format!("K = {n_components}: looking for a start"));
            }
            Progress::Finished { n_runs, .. } => {
                self.at((self.n_finished.fetch_add(1, Ordering::Relaxed) + 1) / n_runs);
            }
            _ => {}
        }
    }

    /// Tells that stage `done` (counted from 0) is being worked on.
    pub fn at(&self, done: usize) {
        self.bar.set_position(done as u64);
    }

    /// Takes the line away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.finish();
    }
}
