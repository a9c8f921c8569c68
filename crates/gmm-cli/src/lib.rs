//! What every command line of the Gaussian-mixture programs shares: flags that become an estimator,
//! progress, errors that become exit codes, output that is never half-written, and the report's common
//! names.

mod failure;
mod fit_args;
mod output;
mod output_args;
mod progress;
mod report;
mod sink;

pub use clap;
pub use failure::{Failure, parse, run};
pub use fit_args::{FitArgs, SearchArgs, Span, parse_count, parse_seed, parse_share, parse_size};
pub use output::{Outputs, print, same_file};
pub use output_args::{FIGURE, OutputArgs, Places, TableArgs, Targets, named_after};
pub use progress::Bar;
pub use report::{FitReport, closing, notes, to_json};
pub use sink::Sink;
