//! Memory: a table takes that of its numbers, and pieces of it next to none.
//!
//! One test alone, so that nothing else in the process uses memory at the same time.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::io::{BufWriter, Write};

use gmm_table::{Format, Source, Wanted};
use trial::memory;

#[test]
fn a_table_takes_the_memory_of_its_numbers() {
    const N_ROWS: usize = 500_000;
    /// Pieces of text that threads work on, and what they make of them.
    const MORE: usize = 48;
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut out = BufWriter::new(file.as_file());
    writeln!(out, "a,b,c,d,e,f,g,h,i,j").unwrap();
    for row in 0..N_ROWS {
        let x = row as f64 / 7.0;
        writeln!(out, "{x:.6},{x},{row},1,2,3,4,5,6,{}", -x).unwrap();
    }
    out.flush().unwrap();
    drop(out);

    let open = || Source::open(file.path(), &Format::default()).unwrap();
    let before = memory("VmHWM");
    let blocks = open().blocks(&Wanted::all_numeric(), &|_, _| {}).unwrap();
    assert_eq!(
        blocks.map(|block| block.unwrap().n_rows()).sum::<usize>(),
        N_ROWS
    );
    let used = memory("VmHWM") - before;
    assert!(used <= MORE, "pieces took {used} MiB");

    let table = open().read(&Wanted::all_numeric(), &|_, _| {}).unwrap();
    let numbers = (N_ROWS * 10 * size_of::<f64>()) >> 20;
    let used = memory("VmHWM") - before;
    assert!(
        used <= numbers + MORE,
        "{numbers} MiB of numbers took {used}"
    );
    assert_eq!(table.n_rows(), N_ROWS);
}
