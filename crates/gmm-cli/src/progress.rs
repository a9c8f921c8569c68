//! Progress on a terminal.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A line on standard error that tells how far the work is; nothing where that is no terminal.
#[derive(Debug)]
pub struct Bar(ProgressBar);

impl Bar {
    /// A bar of `n_stages` stages (of one, only what is being done), hidden when `quiet`.
    pub fn new(n_stages: usize, quiet: bool) -> Self {
        if quiet || !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
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
        Self(bar)
    }

    /// Tells what is being done.
    pub fn say(&self, what: impl Into<String>) {
        if !self.0.is_hidden() {
            self.0.set_message(what.into());
        }
    }

    /// Tells that stage `done` (counted from 0) is being worked on.
    pub fn at(&self, done: usize) {
        self.0.set_position(done as u64);
    }

    /// Takes the line away.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.finish();
    }
}
