//! The figures of `docs/fitting.md`, and the numbers beside them.
//!
//! `cargo run -p density --example fitting` draws them into `docs/figures`, or into a folder that is named.

mod choice;
mod data;
mod page;
mod robust;
mod seen;
mod shapes;
mod start;

use std::error::Error;
use std::path::{Path, PathBuf};

use page::{Shown, small_png};

/// Makes a figure.
type Draw = fn() -> Result<Shown, Box<dyn Error>>;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/figures"),
        PathBuf::from,
    );
    std::fs::create_dir_all(&folder)?;
    let figures: [Draw; 14] = [
        shapes::families,
        shapes::all_families,
        shapes::factors,
        seen::missing,
        seen::noise,
        seen::labels,
        robust::background,
        robust::trimming,
        robust::prior,
        robust::frozen,
        start::needles,
        start::moves,
        choice::selection,
        choice::standard_errors,
    ];
    for draw in figures {
        let Shown { name, facts, sheet } = draw()?;
        std::fs::write(
            folder.join(format!("fitting-{name}.png")),
            small_png(&sheet)?,
        )?;
        println!("{name}: {facts}");
    }
    println!("\n{}", seen::together()?);
    println!("{}", choice::tests()?);
    println!("{}", choice::audit()?);
    Ok(())
}
