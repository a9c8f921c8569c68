//! Small patches of one colour, of which regions are made.

use rayon::prelude::*;

use super::parts::{connected, squared_distance};
use crate::features::Appearance;

/// About how many patches a picture has.
const N_PATCHES: f64 = 600.0;
/// How far in Lab colours may be apart in a patch, against the side of a patch.
const COMPACTNESS: f64 = 10.0;
const N_ITERATIONS: usize = 8;

/// Place and colour of a patch.
#[derive(Debug, Clone, Copy, Default)]
struct Patch {
    x: f64,
    y: f64,
    color: [f64; 3],
}

/// The patch of each pixel, patches numbered from 0 without gaps, and how many there are. Every patch is connected.
///
/// k-means of place and colour from a grid of starts, each pixel among the patches that began near it (SLIC: Achanta
/// et al., *PAMI* 34, 2012): a mixture of spherical Gaussians whose pixels choose.
pub(super) fn patches(seen: &Appearance) -> (Vec<u32>, usize) {
    let (w, h) = (seen.width, seen.height);
    let side = ((w * h) as f64 / N_PATCHES).sqrt().max(1.0);
    let count = |n: usize| ((n as f64 / side).round() as usize).clamp(1, n);
    let (across, down) = (count(w), count(h));
    let cell = |i: usize, cells: usize, n: usize| i * cells / n;
    let home = |i: usize| cell(i / w, down, h) * across + cell(i % w, across, w);
    let mut labels: Vec<u32> = (0..w * h).map(|i| home(i) as u32).collect();
    let weight = (COMPACTNESS / side).powi(2);
    for _ in 0..N_ITERATIONS {
        let means = means(seen, &labels, across * down);
        labels = (0..w * h)
            .into_par_iter()
            .map(|i| {
                let (x, y, color) = (i % w, i / w, seen.colors[i]);
                let (column, row) = (cell(x, across, w), cell(y, down, h));
                let near = |at: usize, n: usize| at.saturating_sub(1)..(at + 2).min(n);
                let candidates =
                    near(row, down).flat_map(|r| near(column, across).map(move |c| r * across + c));
                let distance = |k: usize| {
                    let patch = &means[k];
                    let place = (patch.x - x as f64).powi(2) + (patch.y - y as f64).powi(2);
                    squared_distance(patch.color, color) + weight * place
                };
                let mut best = (f64::INFINITY, home(i));
                for k in candidates {
                    let distance = distance(k);
                    if distance < best.0 {
                        best = (distance, k);
                    }
                }
                best.1 as u32
            })
            .collect();
    }
    connected((w, h), &labels, (side * side / 4.0) as usize)
}

fn means(seen: &Appearance, labels: &[u32], n: usize) -> Vec<Patch> {
    let mut sums = vec![(Patch::default(), 0.0); n];
    for (i, (label, color)) in labels.iter().zip(&seen.colors).enumerate() {
        let (sum, count) = &mut sums[*label as usize];
        *count += 1.0;
        sum.x += (i % seen.width) as f64;
        sum.y += (i / seen.width) as f64;
        sum.color.iter_mut().zip(color).for_each(|(s, c)| *s += c);
    }
    let mean = |(sum, count): (Patch, f64)| match count > 0.0 {
        true => Patch {
            x: sum.x / count,
            y: sum.y / count,
            color: sum.color.map(|c| c / count),
        },
        // Without pixels it is nowhere.
        false => Patch {
            x: f64::INFINITY,
            ..sum
        },
    };
    sums.into_iter().map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Picture;

    #[test]
    fn patches_are_connected_and_keep_to_edges() {
        let (w, h) = (90, 60);
        let bytes: Vec<u8> = (0..w * h)
            .flat_map(|i| [if i % w < 41 { 40 } else { 200 }; 3])
            .collect();
        let picture = Picture::from_rgb8(w as u32, h as u32, &bytes).unwrap();
        let (labels, n) = patches(&Appearance::of(&picture));
        assert!((300..900).contains(&n), "{n}");
        assert_eq!(connected((w, h), &labels, 0), (labels.clone(), n));
        let straddles = (0..h).any(|y| labels[y * w + 40] == labels[y * w + 41]);
        assert!(!straddles);
    }
}
