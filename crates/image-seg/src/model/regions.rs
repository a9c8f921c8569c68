//! Regions: patches of a picture merged until what is left differs.

mod colors;
mod summary;

use std::collections::BTreeMap;

use gmm_core::ndarray::{Array2, Axis};
use gmm_core::rand::SeedableRng;
use gmm_core::rand_xoshiro::Xoshiro256Plus;
use gmm_core::{Gmm, GmmError, InitMethod, Mending, Ridge};
use gmm_figures::Color;

use self::colors::RegionColors;
use super::boundaries::{contrast, sums_of};
use super::merging::{Border, Mosaic, Piece, Step, Weights, after};
use super::outline::{Edges, Outline};
use super::parts::{neighbours, without_islands};
use super::superpixels::patches;
use crate::data::Picture;
use crate::features::{Appearance, N_FEATURES, magnified, shrunk, shrunk_size};

/// Pixels at which a picture is looked at: larger ones are made smaller.
pub(super) const MOST_PIXELS: usize = 160_000;
/// Components of the mixture of what is seen at a pixel.
const N_KINDS: usize = 24;
/// Pixels that the mixture is fitted to.
const N_FITTED: usize = 12_000;
const N_ITERATIONS: usize = 30;
/// What is added to all variances, in squared units of Lab: differences far below are not seen.
const RIDGE: Ridge = Ridge::Absolute(1.0);
/// Half the lengths of the windows beside a border.
const HALF_SIDES: [usize; 2] = [3, 6];
/// What tells regions apart; the scale is such that a threshold of 1 is the usual one.
const WEIGHTS: Weights = Weights {
    kinds: 0.33,
    color: 0.19,
    borders: [0.94, 0.47],
    size: 0.12,
};
/// What a pair of different regions costs where the picture is even, in nats.
const SMOOTHNESS: f64 = 4.0;
/// The most regions that can be asked for: there are about 600 patches to make them of.
pub const MOST_REGIONS: usize = 400;

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RegionOptions {
    /// How much two regions must differ to stay apart, above 0: smaller values leave more regions.
    pub threshold: f64,
    /// The number of regions, in place of a threshold. Pictures of few pixels may have fewer.
    pub n_regions: Option<usize>,
    /// Seed of the mixture's start.
    pub seed: u64,
}

impl Default for RegionOptions {
    /// As many regions as differ by 1, the threshold that suits photographs (`docs/accuracy.md`).
    fn default() -> Self {
        Self {
            threshold: 1.0,
            n_regions: None,
            seed: 42,
        }
    }
}

/// A region of a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Region {
    /// Number of pixels.
    pub size: usize,
    /// Their mean colour, in sRGB.
    pub mean_color: Color,
    /// The same colour in Lab.
    pub mean_lab: [f64; 3],
    /// The smallest rectangle around them: its first column and row, its width and its height.
    pub bounding_box: [u32; 4],
    /// The mean column and row of its pixels, where that of the first pixel is 0.
    pub centre: [f64; 2],
}

/// A picture in regions.
#[derive(Debug, Clone, PartialEq)]
pub struct Regions {
    /// The region of each pixel, row by row. The pixels of a region are connected.
    pub labels: Vec<u16>,
    /// The regions, the largest first.
    pub regions: Vec<Region>,
    /// How much the two regions differ that merge next, by the number of regions before: from 2 on, at most 50.
    pub differences: Vec<(usize, f64)>,
    /// Components of the mixture of what is seen at a pixel.
    pub n_kinds: usize,
}

/// Divides a picture into connected regions that differ in colour or texture, as many as there are.
///
/// A mixture of 24 Gaussians of colour and unevenness says of which kind each pixel is; small patches (SLIC) are merged,
/// the least different first, until the next two differ by the threshold; a minimum cut draws the borders at full size.
/// What patches have of each kind, their mean colours, and the contrast of kinds along the common border make the
/// difference. `observe` hears what is being done.
///
/// # Errors
/// [`GmmError::InvalidParameter`] for a threshold that is not above 0, and for no regions or more than
/// [`MOST_REGIONS`].
pub fn find_regions(
    picture: &Picture,
    options: &RegionOptions,
    observe: &dyn Fn(&'static str),
) -> Result<Regions, GmmError> {
    check(options)?;
    let factor = magnification(picture);
    let found = match factor {
        1 => divided(picture, options, observe)?,
        _ => divided(&magnified(picture, factor), options, observe)?,
    };
    // The pixel in the middle of each square.
    let (factor, width) = (factor as usize, picture.width() as usize);
    let middle = |i: usize| {
        let [x, y] = [i % width, i / width].map(|at| at * factor + factor / 2);
        found.labels[y * width * factor + x]
    };
    let mut labels: Vec<u16> = (0..picture.pixels().len()).map(middle).collect();
    without_islands((width, picture.height() as usize), &mut labels);
    Ok(Regions::described(
        picture,
        &labels,
        found.differences,
        found.n_kinds,
    ))
}

/// Small pictures are looked at with every pixel a square, so that smoothing leaves something between edges.
fn magnification(picture: &Picture) -> u32 {
    const LEAST_PIXELS: f64 = 40_000.0;
    const MOST: f64 = 8.0;
    let factor = (LEAST_PIXELS / picture.pixels().len() as f64).sqrt();
    factor.ceil().clamp(1.0, MOST) as u32
}

/// What was found before it is described.
struct Divided {
    labels: Vec<u16>,
    differences: Vec<(usize, f64)>,
    n_kinds: usize,
}

fn divided(
    picture: &Picture,
    options: &RegionOptions,
    observe: &dyn Fn(&'static str),
) -> Result<Divided, GmmError> {
    observe("colours and textures");
    let size = shrunk_size((picture.width(), picture.height()), MOST_PIXELS);
    let small = shrunk(picture, size);
    let seen = Appearance::of(&small);
    let kinds = kinds(&seen, options.seed)?;
    let posteriors = kinds.responsibilities(&seen.rows)?;
    observe("patches");
    let (patch_of, n_patches) = patches(&seen);
    let mosaic = mosaic(&seen, &posteriors, &patch_of, n_patches);
    observe("merging");
    let steps = mosaic.clone().merged(&WEIGHTS);
    let n_steps = n_steps(&steps, n_patches, options);
    let (of_patch, n_regions) = numbered(&after(&steps, n_steps, n_patches));
    let labels = patch_of.iter().map(|p| of_patch[*p as usize]).collect();
    observe("borders");
    let colors = RegionColors::of(&kinds, &mosaic.pieces, &of_patch, n_regions)?;
    let outline = Outline {
        n_labels: n_regions,
        smoothness: SMOOTHNESS,
        edges: Edges::of(&seen.colors, (seen.width, seen.height)),
        costs: &|seen| colors.costs(seen),
    };
    Ok(Divided {
        labels: outline.enlarged(picture, &small, labels),
        differences: differences(&steps, n_patches),
        n_kinds: kinds.n_components(),
    })
}

fn check(options: &RegionOptions) -> Result<(), GmmError> {
    let refused = |name, value: String, allowed| {
        Err(GmmError::InvalidParameter {
            name,
            value,
            allowed,
        })
    };
    let is_possible = |n: &usize| (1..=MOST_REGIONS).contains(n);
    if let Some(n) = options.n_regions.filter(|n| !is_possible(n)) {
        return refused("number of regions", n.to_string(), "from 1 to 400");
    }
    if !(options.threshold > 0.0 && options.threshold.is_finite()) {
        return refused("threshold", options.threshold.to_string(), "above 0");
    }
    Ok(())
}

/// How many steps are taken.
fn n_steps(steps: &[Step], n_patches: usize, options: &RegionOptions) -> usize {
    match options.n_regions {
        Some(n) => n_patches.saturating_sub(n).min(steps.len()),
        None => steps.partition_point(|s| s.difference < options.threshold),
    }
}

fn differences(steps: &[Step], n_patches: usize) -> Vec<(usize, f64)> {
    const TOLD: usize = 50;
    let before = steps.iter().enumerate().rev().take(TOLD - 1);
    before.map(|(i, s)| (n_patches - i, s.difference)).collect()
}

/// The same numbers without gaps, and how many there are.
fn numbered(regions: &[u32]) -> (Vec<u16>, usize) {
    let mut place: BTreeMap<u32, u16> = BTreeMap::new();
    let of = regions.iter().map(|r| {
        let next = place.len() as u16;
        *place.entry(*r).or_insert(next)
    });
    let of = of.collect();
    (of, place.len())
}

/// The mixture of what is seen, fitted to pixels that are spread evenly.
fn kinds(seen: &Appearance, seed: u64) -> Result<Gmm, GmmError> {
    /// The golden section in 32 bits: its multiples fill a circle evenly, so that places in a step follow no column.
    const GOLDEN: u64 = 0x9E37_79B9;
    let step = seen.n_pixels().div_ceil(N_FITTED);
    let within = |i: usize| (((i as u64 * GOLDEN % (1 << 32)) * step as u64) >> 32) as usize;
    let n = seen.n_pixels() / step;
    let places: Vec<usize> = (0..n).map(|i| i * step + within(i)).collect();
    let rows = seen.rows.select(Axis(0), &places);
    // At least as many pixels a component as it has features, and some more.
    let n_kinds = N_KINDS.min(n / (4 * N_FEATURES)).max(1);
    let fitted = Gmm::params_with_rng(n_kinds, Xoshiro256Plus::seed_from_u64(seed))
        .ridge(RIDGE)
        .init_method(InitMethod::KMeans)
        .mending(Mending::Keep)
        .max_n_iterations(N_ITERATIONS)
        .tolerance(1e-3)
        .fit_report(&rows)?;
    Ok(fitted.model)
}

/// The patches with what is known of them and their borders.
fn mosaic(
    seen: &Appearance,
    posteriors: &Array2<f64>,
    patch_of: &[u32],
    n_patches: usize,
) -> Mosaic {
    let size = (seen.width, seen.height);
    let n_kinds = posteriors.ncols();
    let sums = sums_of(posteriors, size);
    let contrasts = HALF_SIDES.map(|r| contrast(&sums, size, r));
    let empty = Piece {
        n_pixels: 0.0,
        kinds: vec![0.0; n_kinds],
        color: [0.0; 3],
    };
    let mut pieces = vec![empty; n_patches];
    let mut borders: BTreeMap<(u32, u32), Border> = BTreeMap::new();
    for (i, &patch) in patch_of.iter().enumerate() {
        let piece = &mut pieces[patch as usize];
        piece.n_pixels += 1.0;
        let both = piece.kinds.iter_mut().zip(posteriors.row(i));
        both.for_each(|(s, p)| *s += p);
        let both = piece.color.iter_mut().zip(seen.colors[i]);
        both.for_each(|(s, c)| *s += c);
        for j in neighbours(size, i).filter(|j| *j > i && patch_of[*j] != patch) {
            let pair = (patch.min(patch_of[j]), patch.max(patch_of[j]));
            borders.entry(pair).or_default().add(Border {
                length: 1.0,
                contrasts: contrasts.each_ref().map(|c| c[i].max(c[j])),
            });
        }
    }
    Mosaic { pieces, borders }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sky, a wall of fine stripes of the sky's mean lightness, and a ball on the wall.
    fn scene(w: usize, h: usize) -> (Picture, Vec<u16>) {
        let truth = |i: usize| {
            let (x, y) = ((i % w) as f64 / w as f64, (i / w) as f64 / h as f64);
            match ((x - 0.5).hypot(y - 0.7) < 0.15, y < 0.4) {
                (true, _) => 2,
                (_, true) => 1,
                _ => 0,
            }
        };
        let bytes: Vec<u8> = (0..w * h)
            .flat_map(|i| {
                let noise = (i * 7919 % 13) as u8;
                match truth(i) {
                    2 => [190 + noise, 70, 60],
                    1 => [120 + noise, 126, 126],
                    _ => {
                        [if i % w % 4 < 2 {
                            60 + noise
                        } else {
                            180 + noise
                        }; 3]
                    }
                }
            })
            .collect();
        let picture = Picture::from_rgb8(w as u32, h as u32, &bytes).unwrap();
        (picture, (0..w * h).map(truth).collect())
    }

    fn found(picture: &Picture, options: &RegionOptions) -> Regions {
        find_regions(picture, options, &|_| {}).unwrap()
    }

    #[test]
    fn regions_of_colour_and_texture_are_found_and_described() {
        for (w, h) in [(240, 180), (480, 320)] {
            let (picture, truth) = scene(w, h);
            let found = found(&picture, &RegionOptions::default());
            assert_eq!(found.regions.len(), 3);
            let same = found
                .labels
                .iter()
                .zip(&truth)
                .filter(|(a, b)| a == b)
                .count();
            assert!(
                same as f64 > 0.97 * truth.len() as f64,
                "{same} of {}",
                w * h
            );
            assert_eq!(found.regions.iter().map(|r| r.size).sum::<usize>(), w * h);
            let ball = found.regions[2];
            assert!(ball.mean_color.0 > 180 && ball.mean_color.1 < 90);
            assert!((ball.centre[0] - w as f64 * 0.5).abs() < w as f64 * 0.03);
            let [left, top, across, down] = ball.bounding_box;
            assert!(left < w as u32 / 2 && left + across > w as u32 / 2);
            assert!(top > h as u32 / 2 && top + down < 9 * h as u32 / 10);
        }
    }

    #[test]
    fn as_many_as_asked_for_and_each_connected() {
        let (picture, _) = scene(240, 180);
        for n in [1, 2, 7, 40] {
            let options = RegionOptions {
                n_regions: Some(n),
                ..RegionOptions::default()
            };
            let found = found(&picture, &options);
            assert_eq!(found.regions.len(), n);
            let wide: Vec<u32> = found.labels.iter().map(|l| u32::from(*l)).collect();
            assert_eq!(super::super::parts::connected((240, 180), &wide, 0).1, n);
            assert!(found.regions.is_sorted_by(|a, b| a.size >= b.size));
        }
    }

    #[test]
    fn pictures_of_one_colour_or_few_pixels_have_regions_too() {
        for (w, h) in [(1, 1), (1, 7), (300, 1), (3, 2), (64, 48)] {
            let one = Picture::from_rgb8(w, h, &vec![200; (w * h * 3) as usize]).unwrap();
            let one = found(&one, &RegionOptions::default());
            assert_eq!(one.regions.len(), 1, "{w} × {h}");
            assert_eq!(one.regions[0].size, (w * h) as usize);
            let options = RegionOptions {
                n_regions: Some(400),
                ..RegionOptions::default()
            };
            let bytes: Vec<u8> = (0..w * h * 3).map(|i| (i * 37 % 251) as u8).collect();
            let mixed = found(&Picture::from_rgb8(w, h, &bytes).unwrap(), &options);
            assert!((1..=400.min(w * h) as usize).contains(&mixed.regions.len()));
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let picture = Picture::from_rgb8(1, 1, &[0; 3]).unwrap();
        for (threshold, n_regions) in [
            (0.0, None),
            (-1.0, None),
            (f64::NAN, None),
            (1.0, Some(0)),
            (1.0, Some(401)),
        ] {
            let options = RegionOptions {
                threshold,
                n_regions,
                seed: 1,
            };
            assert!(find_regions(&picture, &options, &|_| {}).is_err());
        }
    }

    #[test]
    fn the_regions_are_the_same_on_any_number_of_threads() {
        let (picture, _) = scene(500, 400);
        let on = |n| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(n)
                .build()
                .unwrap();
            pool.install(|| found(&picture, &RegionOptions::default()))
        };
        assert_eq!(on(1), on(3));
    }
}
