//! How much what is on the two sides of a pixel differs.

use gmm_core::ndarray::Array2;
use rayon::prelude::*;

use crate::features::{Raster, Sums};

/// The directions from a pixel to the middles of its sides, in units of a window's half side, and half the lengths and
/// widths of the two windows: along columns, rows and both diagonals.
fn sides(r: usize) -> [((isize, isize), (usize, usize)); 4] {
    let (near, slanted) = (r.div_ceil(2) as isize, (3 * r).div_ceil(4) as isize);
    [
        ((near, 0), (r / 2, r)),
        ((0, near), (r, r / 2)),
        ((slanted, slanted), (r / 2, r / 2)),
        ((slanted, -slanted), (r / 2, r / 2)),
    ]
}

/// The greatest difference of any two sides of each pixel, from 0 to 1: ½ Σ (a − b)² / (a + b) between the mean
/// posteriors of the mixture's components in two windows (χ², as of histograms in Martin, Fowlkes & Malik, *PAMI* 26,
/// 2004, section 3.2). `kinds` are the sums of each component's posteriors, `r` half the length of a window.
pub(super) fn contrast(kinds: &[Sums], (w, h): (usize, usize), r: usize) -> Vec<f64> {
    let sides = sides(r);
    let mut contrast = vec![0.0; w * h];
    contrast.par_chunks_mut(w).enumerate().for_each(|(y, row)| {
        for (x, value) in row.iter_mut().enumerate() {
            let between = |((dx, dy), half): ((isize, isize), (usize, usize))| {
                let at = |sign: isize| {
                    let place = (x as isize + sign * dx, y as isize + sign * dy);
                    Sums::window((w, h), place, half)
                };
                let (a, b) = (at(-1)?, at(1)?);
                let of = |sums: &Sums| half_chi_square(sums.mean(a), sums.mean(b));
                Some(kinds.iter().map(of).sum::<f64>())
            };
            *value = sides.into_iter().filter_map(between).fold(0.0, f64::max);
        }
    });
    contrast
}

/// ½ (a − b)² / (a + b), of two shares.
pub(super) fn half_chi_square(a: f64, b: f64) -> f64 {
    0.5 * (a - b).powi(2) / (a + b + 1e-9)
}

/// The sums of each component's posteriors, of those of all pixels, pixels × components.
pub(super) fn sums_of(posteriors: &Array2<f64>, (width, height): (usize, usize)) -> Vec<Sums> {
    let of = |k: usize| {
        let raster = Raster {
            width,
            height,
            values: posteriors.column(k).to_vec(),
        };
        raster.sums()
    };
    let n_kinds = posteriors.ncols();
    (0..n_kinds).into_par_iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_of_any_direction_stand_out() {
        let (w, h) = (30, 20);
        for side in [
            |x: usize, _: usize| x < 15,
            |_, y| y < 10,
            |x, y| x < y + 5,
            |x, y| x + y < 25,
        ] {
            let posteriors = Array2::from_shape_fn((w * h, 2), |(i, k)| {
                f64::from(u8::from(side(i % w, i / w) == (k == 0)))
            });
            let found = contrast(&sums_of(&posteriors, (w, h)), (w, h), 3);
            assert!(found.iter().all(|c| (0.0..=1.0 + 1e-9).contains(c)));
            let edge = (0..w - 1)
                .find(|x| side(*x, 10) != side(x + 1, 10))
                .unwrap_or(15);
            let y = if edge == 15 && side(15, 10) == side(14, 10) {
                9
            } else {
                10
            };
            assert!(found[y * w + edge] > 0.5, "{}", found[y * w + edge]);
        }
    }
}
