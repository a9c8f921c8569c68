//! How fast files are read: `cargo bench -p gmm-table --bench reading -- FILE…` prints for each the
//! best of five times, the first and the second.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;
use std::time::{Duration, Instant};

use gmm_table::{Format, Source, Table, Wanted};

const REPEATS: usize = 5;

fn main() {
    for file in std::env::args().skip(1).filter(|a| !a.starts_with("--")) {
        let read = || -> (Duration, Table) {
            let start = Instant::now();
            let source = Source::open(Path::new(&file), &Format::default()).unwrap();
            let table = source.read(&Wanted::all_numeric(), &|_, _| {}).unwrap();
            (start.elapsed(), table)
        };
        let (first, table) = read();
        let (second, _) = read();
        let best = (2..REPEATS)
            .map(|_| read().0)
            .fold(first.min(second), Duration::min);
        println!(
            "{file}: {} × {}, best {:.3} s, first {:.3} s, second {:.3} s",
            table.n_rows(),
            table.number_names().len(),
            best.as_secs_f64(),
            first.as_secs_f64(),
            second.as_secs_f64()
        );
    }
}
