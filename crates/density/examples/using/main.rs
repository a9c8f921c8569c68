//! The figures of `docs/using.md`, and the numbers beside them.
//!
//! `cargo run -p density --example using` draws them into `docs/figures`, or into a folder that is named.

mod classes;
mod compare;
mod curve;
#[path = "../fitting/data.rs"]
#[allow(dead_code)]
mod data;
mod draws;
mod given;
mod groups;
mod maps;
#[path = "../fitting/page.rs"]
#[allow(dead_code)]
mod page;
mod regions;

use std::error::Error;
use std::path::{Path, PathBuf};

use page::{Shown, small_png};

/// Makes a figure.
type Draw = fn() -> Result<Shown, Box<dyn Error>>;
/// Tells numbers without one.
type Tell = fn() -> Result<String, Box<dyn Error>>;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/figures"),
        PathBuf::from,
    );
    std::fs::create_dir_all(&folder)?;
    let figures: [Draw; 8] = [
        given::regression,
        regions::intervals,
        regions::contours,
        compare::reduction,
        groups::clusters,
        groups::subspace,
        classes::classes,
        maps::product,
    ];
    for draw in figures {
        let Shown { name, facts, sheet } = draw()?;
        std::fs::write(folder.join(format!("using-{name}.png")), small_png(&sheet)?)?;
        println!("{name}: {facts}\n");
    }
    let tales: [Tell; 4] = [
        given::probabilities,
        compare::divergences,
        draws::draws,
        maps::units,
    ];
    for tell in tales {
        println!("{}\n", tell()?);
    }
    Ok(())
}
