//! How well regions and foregrounds agree with those that people drew: `cargo run -p image-seg --example accuracy --
//! FOLDER`, where `FOLDER/images` has pictures and `FOLDER/truth` labels `ID_0.png`, `ID_1.png`, ... of each.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Instant;

use gmm_figures::image;
use image_seg::score::Agreement;
use image_seg::{
    ForegroundOptions, Marks, Options, Picture, RegionOptions, analyze, find_foreground,
    find_regions,
};

/// A picture with the labels that people gave its pixels.
struct Example {
    id: String,
    picture: Picture,
    people: Vec<Vec<u32>>,
}

fn examples(folder: &Path) -> Result<Vec<Example>, Box<dyn Error>> {
    let mut paths: Vec<_> = fs::read_dir(folder.join("images"))?
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    let mut examples = Vec::new();
    for path in paths {
        let id = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let mut people = Vec::new();
        for k in 0.. {
            let labels = folder.join("truth").join(format!("{id}_{k}.png"));
            if !labels.exists() {
                break;
            }
            let labels = image::open(labels)?.into_luma16();
            people.push(labels.pixels().map(|p| u32::from(p.0[0])).collect());
        }
        let picture = Picture::read(&path)?;
        examples.push(Example {
            id,
            picture,
            people,
        });
    }
    Ok(examples)
}

/// Covering, probabilistic Rand index and variation of information: means over people.
fn scores(labels: &[u32], people: &[Vec<u32>]) -> [f64; 3] {
    let each: Vec<[f64; 3]> = people
        .iter()
        .filter_map(|truth| Agreement::of(labels, truth))
        .map(|a| [a.covering(), a.rand_index(), a.variation_of_information()])
        .collect();
    mean(&each)
}

fn mean<const N: usize>(rows: &[[f64; N]]) -> [f64; N] {
    std::array::from_fn(|j| rows.iter().map(|r| r[j]).sum::<f64>() / rows.len() as f64)
}

/// What is to be cut out: the largest segment that any person drew of 3 % to half of the picture, farther from its border
/// than a twentieth of its sides. Its bounding box with such a margin, and the pixels inside.
fn target(example: &Example) -> Option<([u32; 4], Vec<bool>)> {
    let (w, h) = (example.picture.width(), example.picture.height());
    let mut best: Option<(usize, [u32; 4], Vec<bool>)> = None;
    for person in &example.people {
        let mut boxes: BTreeMap<u32, (usize, [u32; 4])> = BTreeMap::new();
        for (i, label) in person.iter().enumerate() {
            let (x, y) = (i as u32 % w, i as u32 / w);
            let (n, [x0, y0, x1, y1]) = boxes.entry(*label).or_insert((0, [w, h, 0, 0]));
            *n += 1;
            (*x0, *y0, *x1, *y1) = ((*x0).min(x), (*y0).min(y), (*x1).max(x), (*y1).max(y));
        }
        for (label, (n, [x0, y0, x1, y1])) in boxes {
            let share = n as f64 / person.len() as f64;
            let (mx, my) = (w / 20, h / 20);
            let is_inside = x0 > mx && y0 > my && x1 + mx + 1 < w && y1 + my + 1 < h;
            let is_larger = best.as_ref().is_none_or(|b| n > b.0);
            if is_inside && is_larger && (0.03..0.5).contains(&share) {
                let rectangle = [x0 - mx, y0 - my, x1 - x0 + 1 + 2 * mx, y1 - y0 + 1 + 2 * my];
                let inside = person.iter().map(|l| *l == label).collect();
                best = Some((n, rectangle, inside));
            }
        }
    }
    best.map(|(_, rectangle, inside)| (rectangle, inside))
}

fn overlap(a: &[bool], b: &[bool]) -> f64 {
    let count = |f: fn(bool, bool) -> bool| a.iter().zip(b).filter(|(a, b)| f(**a, **b)).count();
    count(|a, b| a && b) as f64 / count(|a, b| a || b) as f64
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args()
        .nth(1)
        .ok_or("name the folder of the data")?;
    let examples = examples(Path::new(&folder))?;
    println!(
        "{:<10} {:>8} {:>10} {:>8} {:>8}",
        "picture", "regions", "covering", "PRI", "VI"
    );
    let (mut ours, mut plain, mut cuts) = (Vec::new(), Vec::new(), Vec::new());
    let (mut seconds, mut seconds_of_cuts) = (0.0, 0.0);
    for example in &examples {
        let start = Instant::now();
        let found = find_regions(&example.picture, &RegionOptions::default(), &|_| {})?;
        seconds += start.elapsed().as_secs_f64();
        let labels: Vec<u32> = found.labels.iter().map(|l| u32::from(*l)).collect();
        let row = scores(&labels, &example.people);
        println!(
            "{:<10} {:>8} {:>10.4} {:>8.4} {:>8.4}",
            example.id,
            found.regions.len(),
            row[0],
            row[1],
            row[2]
        );
        ours.push(row);
        let mixture = analyze(&example.picture, &Options::default(), &|_, _| {})?;
        let labels: Vec<u32> = mixture.labels.iter().map(|l| u32::from(*l)).collect();
        plain.push(scores(&labels, &example.people));
        if let Some((rectangle, inside)) = target(example) {
            let size = (example.picture.width(), example.picture.height());
            let marks = Marks::outside(size, rectangle).ok_or("a rectangle in the picture")?;
            let options = ForegroundOptions::default();
            let start = Instant::now();
            let found = find_foreground(&example.picture, &marks, &options, &|_| {})?;
            seconds_of_cuts += start.elapsed().as_secs_f64();
            let iou = overlap(&found.is_foreground, &inside);
            println!(
                "{:<10} {rectangle:?}: IoU {iou:.4}, {} rounds",
                "", found.n_rounds
            );
            cuts.push([iou]);
        }
    }
    for (name, rows) in [("regions", ours), ("plain mixture", plain)] {
        let [covering, rand, vi] = mean(&rows);
        println!("{name:<20} covering {covering:.4}  PRI {rand:.4}  VI {vi:.4}");
    }
    let [iou] = mean(&cuts);
    let n = cuts.len();
    println!("foreground           mean IoU {iou:.4} of {n} rectangles");
    println!(
        "seconds a picture: regions {:.2}, foreground {:.2}",
        seconds / examples.len() as f64,
        seconds_of_cuts / n as f64
    );
    Ok(())
}
